//! Reading JSON that is almost right: Exchange lets raw control characters and halves of surrogate pairs
//! through from old mail, and one such subject must not cost a page.
//!
//! Valid JSON is parsed untouched. It must not know what is in it.

use serde::de::DeserializeOwned;

/// Parses; on failure repairs what is known to be broken and parses once more.
pub(super) fn parse<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, serde_json::Error> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    match serde_json::from_slice(bytes) {
        Ok(value) => Ok(value),
        Err(error) => match repaired(bytes) {
            Some(repaired) => serde_json::from_str(&repaired),
            None => Err(error),
        },
    }
}

/// Whether the text is JSON at all, whatever its shape.
pub(super) fn is_json(bytes: &[u8]) -> bool {
    parse::<serde::de::IgnoredAny>(bytes).is_ok()
}

/// The text with control characters inside strings escaped, lone surrogates and invalid UTF-8 replaced by U+FFFD;
/// `None` when there was nothing to repair.
fn repaired(bytes: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(bytes);
    let mut out = String::with_capacity(text.len() + 16);
    let mut chars = text.chars();
    let mut in_string = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => {
                in_string = !in_string;
                out.push(c);
            }
            '\\' if in_string => escape(&mut chars, &mut out),
            c if in_string && u32::from(c) < 0x20 => control(c, &mut out),
            c => out.push(c),
        }
    }
    (out.as_bytes() != bytes).then_some(out)
}

/// Copies the escape after a backslash; a `\u` that is half of a pair becomes U+FFFD.
fn escape(chars: &mut std::str::Chars<'_>, out: &mut String) {
    let Some(kind) = chars.next() else { return out.push('\\') };
    let unit = if kind == 'u' { unit(chars.as_str()) } else { None };
    match (kind, unit) {
        ('u', Some(0xD800..=0xDBFF)) => {
            let rest = chars.as_str();
            let low = rest.get(4..).and_then(|rest| rest.strip_prefix("\\u")).and_then(self::unit);
            if low.is_some_and(|low| (0xDC00..=0xDFFF).contains(&low)) {
                out.push_str("\\u");
                out.push_str(rest.get(..10).unwrap_or_default());
                *chars = rest.get(10..).unwrap_or_default().chars();
            } else {
                out.push_str("\\ufffd");
                *chars = rest.get(4..).unwrap_or_default().chars();
            }
        }
        ('u', Some(0xDC00..=0xDFFF)) => {
            out.push_str("\\ufffd");
            *chars = chars.as_str().get(4..).unwrap_or_default().chars();
        }
        (control, _) if u32::from(control) < 0x20 => {
            out.push_str("\\\\");
            self::control(control, out);
        }
        (kind, _) => {
            out.push('\\');
            out.push(kind);
        }
    }
}

/// Writes a control character the way JSON wants it.
fn control(c: char, out: &mut String) {
    const HEX: &[char; 16] = &['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'a', 'b', 'c', 'd', 'e', 'f'];
    let code = u32::from(c) as usize;
    out.push_str("\\u00");
    out.extend([HEX[(code >> 4) & 15], HEX[code & 15]]);
}

/// The four hex digits at the start of the text.
fn unit(text: &str) -> Option<u32> {
    let digits = text.get(..4)?;
    digits.bytes().all(|b| b.is_ascii_hexdigit()).then(|| u32::from_str_radix(digits, 16).ok())?
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;

    #[test]
    fn raw_control_characters_inside_strings_are_read_as_they_are() {
        let value: Value = parse(b"{\"subject\":\"a\x01b\x0Bc\nd\\\"e\",\n\t\"n\":1}").expect("repaired");
        assert_eq!(value["subject"], "a\u{1}b\u{b}c\nd\"e");
        assert_eq!(value["n"], 1);
    }

    #[test]
    fn half_a_surrogate_pair_and_bad_utf8_become_replacement_characters() {
        let value: Value = parse(br#"["\ud83d\ude00","x\ud83dy","\ude00z","\ud83d\u0041"]"#).expect("repaired");
        assert_eq!(value, serde_json::json!(["\u{1F600}", "x\u{FFFD}y", "\u{FFFD}z", "\u{FFFD}A"]));
        let value: Value = parse(b"[\"caf\xE9\"]").expect("repaired");
        assert_eq!(value, serde_json::json!(["caf\u{FFFD}"]));
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_the_text_and_html_is_no_json() {
        assert!(is_json(b"\xEF\xBB\xBF{}"));
        assert!(!is_json(b"<html></html>"));
        assert!(!is_json(b"{\"a\":\"cut sho"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_refused_or_read_without_a_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse::<Value>(&bytes);
        }

        #[test]
        fn any_text_in_a_string_is_refused_or_read_without_a_panic(text in "[\\\\u d8DcCfF0\"\u{1}\u{1F600}]{0,40}") {
            let _ = parse::<Value>(format!("\"{text}\"").as_bytes());
        }
    }
}
