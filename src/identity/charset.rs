//! Bytes to text: the one place where character sets are named.
//!
//! Rule of content id v1: decode strictly by the stated charset; where it is not stated, not known, or does not fit
//! the bytes, every byte is the character of the same number (Latin-1), so that no text is ever lost. Tables are those
//! of the WHATWG Encoding Standard, except that US-ASCII and ISO-8859-1 mean themselves and not Windows-1252.
//! It must not know where the bytes come from.

use std::borrow::Cow;

use encoding_rs::{Encoding, ISO_2022_JP, UTF_8, WINDOWS_1252};

/// Reads bytes by a charset label; never fails.
pub(super) fn decode(label: Option<&str>, bytes: &[u8]) -> String {
    decode_cow(label, bytes).into_owned()
}

/// As [`decode`], borrowing where the bytes already are the text.
pub(super) fn decode_cow<'a>(label: Option<&str>, bytes: &'a [u8]) -> Cow<'a, str> {
    strict(label, bytes).unwrap_or_else(|| latin1(bytes))
}

/// Bytes that should be UTF-8 and often are not (raw 8-bit headers): UTF-8, else Latin-1.
pub(super) fn lenient(bytes: &[u8]) -> Cow<'_, str> {
    std::str::from_utf8(bytes).map_or_else(|_| latin1(bytes), Cow::Borrowed)
}

fn strict<'a>(label: Option<&str>, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    let label = label?.trim().trim_matches(['"', '\'']);
    let encoding = Encoding::for_label_no_replacement(label.as_bytes());
    match encoding {
        Some(encoding) if encoding == UTF_8 => std::str::from_utf8(bytes).ok().map(Cow::Borrowed),
        Some(encoding) if encoding == WINDOWS_1252 => windows_1252(label, bytes),
        Some(encoding) if encoding == ISO_2022_JP => {
            let joined = without_idle_escapes(bytes);
            let text = encoding.decode_without_bom_handling_and_without_replacement(&joined)?;
            Some(Cow::Owned(text.into_owned()))
        }
        Some(encoding) => encoding.decode_without_bom_handling_and_without_replacement(bytes),
        None if is_utf7(label) => utf7(bytes).map(Cow::Owned),
        None => None,
    }
}

/// The standard folds US-ASCII and Latin-1 into Windows-1252; only labels that name Windows mean it.
fn windows_1252<'a>(label: &str, bytes: &'a [u8]) -> Option<Cow<'a, str>> {
    let windows = label.len() >= 4 && label.ends_with("1252");
    let undefined = |byte: &u8| matches!(byte, 0x81 | 0x8d | 0x8f | 0x90 | 0x9d);
    if !windows || bytes.iter().any(undefined) {
        return None;
    }
    WINDOWS_1252.decode_without_bom_handling_and_without_replacement(bytes)
}

/// Two encoded words joined leave "to ASCII" directly before the next shift, which the standard's decoder refuses.
fn without_idle_escapes(bytes: &[u8]) -> Vec<u8> {
    const TO_ASCII: &[u8] = b"\x1b(B";
    let mut kept = Vec::with_capacity(bytes.len());
    let mut rest = bytes;
    while let Some((&byte, after)) = rest.split_first() {
        match rest.strip_prefix(TO_ASCII) {
            Some(next) if next.first() == Some(&0x1b) => rest = next,
            _ => {
                kept.push(byte);
                rest = after;
            }
        }
    }
    kept
}

fn latin1(bytes: &[u8]) -> Cow<'_, str> {
    if bytes.is_ascii() {
        return String::from_utf8_lossy(bytes);
    }
    Cow::Owned(bytes.iter().copied().map(char::from).collect())
}

fn is_utf7(label: &str) -> bool {
    ["utf-7", "utf7", "unicode-1-1-utf-7"].iter().any(|name| label.eq_ignore_ascii_case(name))
}

/// RFC 2152, which the WHATWG tables leave out. `None` where the bytes are no UTF-7.
fn utf7(bytes: &[u8]) -> Option<String> {
    let mut text = String::with_capacity(bytes.len());
    let mut rest = bytes.iter().copied().peekable();
    while let Some(byte) = rest.next() {
        if !byte.is_ascii() {
            return None;
        }
        if byte != b'+' {
            text.push(char::from(byte));
            continue;
        }
        if rest.next_if_eq(&b'-').is_some() {
            text.push('+');
            continue;
        }
        let mut units = Vec::new();
        let (mut bits, mut held) = (0_u32, 0);
        while let Some(six) = rest.peek().copied().and_then(base64_digit) {
            rest.next();
            bits = (bits << 6 | u32::from(six)) & 0x003f_ffff;
            held += 6;
            if held >= 16 {
                held -= 16;
                units.push(u16::try_from(bits >> held & 0xffff).ok()?);
            }
        }
        rest.next_if_eq(&b'-');
        text.push_str(&String::from_utf16(&units).ok()?);
    }
    Some(text)
}

/// The value of a base64 digit; `None` for any other byte.
pub(super) const fn base64_digit(byte: u8) -> Option<u8> {
    match byte {
        b'A'..=b'Z' => Some(byte - b'A'),
        b'a'..=b'z' => Some(byte - b'a' + 26),
        b'0'..=b'9' => Some(byte - b'0' + 52),
        b'+' => Some(62),
        b'/' => Some(63),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stated_charset_is_used_and_anything_else_becomes_latin_1() {
        assert_eq!(decode(Some("UTF-8"), "\u{fc}".as_bytes()), "\u{fc}");
        assert_eq!(decode(Some("koi8-r"), b"\xe4\xcf"), "\u{414}\u{43e}");
        assert_eq!(decode(Some("utf-8"), b"\xfc"), "\u{fc}");
        assert_eq!(decode(Some("x-no-such"), b"\xfc"), "\u{fc}");
        assert_eq!(decode(None, b"\xe2"), "\u{e2}");
    }

    #[test]
    fn latin_1_means_itself_while_windows_1252_has_its_own_signs() {
        assert_eq!(decode(Some("iso-8859-1"), b"\x93"), "\u{93}");
        assert_eq!(decode(Some("windows-1252"), b"\x93"), "\u{201c}");
        assert_eq!(decode(Some("cp1252"), b"\x93\x81"), "\u{93}\u{81}");
    }

    #[test]
    fn japanese_that_shifts_back_and_forth_is_read() {
        let text = decode(Some("ISO-2022-JP"), b"\x1b$B%F%9%H\x1b(B\x1b$B%F\x1b(B!");
        assert_eq!(text, "\u{30c6}\u{30b9}\u{30c8}\u{30c6}!");
    }

    #[test]
    fn utf_7_is_read_with_its_shifts() {
        assert_eq!(decode(Some("utf-7"), b"Hi Mom +Jjo--!"), "Hi Mom \u{263a}-!");
        assert_eq!(decode(Some("UTF-7"), b"1 +- 1"), "1 + 1");
        assert_eq!(decode(Some("utf-7"), b"+2D0-"), "+2D0-");
    }
}
