//! Content-Transfer-Encoding undone: the bytes a part stands for, streamed so that an attachment is never held whole.
//!
//! The tolerances are those of Python's `email` package, so that a stranger with a Python prompt gets the same bytes
//! and the same hash from the same native. It must not know what the bytes mean.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use memchr::{memchr, memchr2};

use super::charset::base64_digit;
use super::headers::{Headers, line_at, without_line_end};
use super::params::hex_pair;
use crate::terms::{Hasher, Sha256};

/// How a body is written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// 7bit, 8bit, binary, nothing stated, or a word nobody knows: the bytes are the content.
    Identity,
    /// RFC 2045 6.8.
    Base64,
    /// RFC 2045 6.7.
    QuotedPrintable,
    /// The old x-uuencode.
    Uuencode,
}

impl Encoding {
    /// What a part's header states.
    pub(super) fn stated(headers: &Headers<'_>) -> Self {
        let value = headers.first("Content-Transfer-Encoding").unwrap_or_default();
        let word = value.split(|byte| matches!(byte, b';' | b'(')).next().unwrap_or_default().trim_ascii();
        let is = |name: &str| word.eq_ignore_ascii_case(name.as_bytes());
        if is("base64") {
            Self::Base64
        } else if is("quoted-printable") {
            Self::QuotedPrintable
        } else if is("x-uuencode") || is("uuencode") || is("uue") || is("x-uue") {
            Self::Uuencode
        } else {
            Self::Identity
        }
    }
}

/// The content, borrowed where nothing had to be undone.
pub(super) fn decoded(encoding: Encoding, raw: &[u8]) -> Cow<'_, [u8]> {
    if encoding == Encoding::Identity {
        return Cow::Borrowed(raw);
    }
    let mut out = Vec::with_capacity(if encoding == Encoding::Base64 { raw.len() / 4 * 3 + 3 } else { raw.len() });
    if stream(encoding, raw, &mut |bytes| out.extend_from_slice(bytes)).is_err() {
        out.clear();
        unbroken(raw, &mut |bytes| out.extend_from_slice(bytes));
    }
    Cow::Owned(out)
}

/// Hash and length of the content, in constant memory.
pub(super) fn hashed(encoding: Encoding, raw: &[u8]) -> (Sha256, u64) {
    let mut hasher = Hasher::new();
    if stream(encoding, raw, &mut |bytes| hasher.update(bytes)).is_err() {
        hasher = Hasher::new();
        unbroken(raw, &mut |bytes| hasher.update(bytes));
    }
    hasher.finish()
}

/// The text is no base64 at all, whatever the header says.
struct NotBase64;

/// Feeds the content to `sink`, piece by piece; after an error what was fed is void.
fn stream(encoding: Encoding, raw: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<(), NotBase64> {
    match encoding {
        Encoding::Identity => sink(raw),
        Encoding::Base64 => base64(raw, sink)?,
        Encoding::QuotedPrintable => quoted_printable(raw, sink),
        Encoding::Uuencode => uuencode(raw, sink),
    }
    Ok(())
}

/// What stands for content that cannot be decoded: the text itself without its line ends.
fn unbroken(raw: &[u8], sink: &mut dyn FnMut(&[u8])) {
    raw.split(|byte| matches!(byte, b'\r' | b'\n')).for_each(sink);
}

/// Digits gathered before one call of the fast decoder.
const GATHER: usize = 16 * 1024;

/// Foreign characters are skipped; the first complete padding ends the data; a last group of two or three digits
/// counts. A single digit left over cannot come from an encoder: the text was not base64.
fn base64(raw: &[u8], sink: &mut dyn FnMut(&[u8])) -> Result<(), NotBase64> {
    let mut reader = Base64::default();
    let mut digits = Vec::with_capacity(GATHER.min(raw.len()));
    let mut rest = raw;
    while !rest.is_empty() && !reader.ended {
        let end = memchr2(b'\r', b'\n', rest).unwrap_or(rest.len()).min(GATHER);
        if digits.len() + end > GATHER {
            reader.take(&mut digits, sink);
        }
        digits.extend_from_slice(&rest[..end]);
        let breaks = rest[end..].iter().take_while(|byte| matches!(byte, b'\r' | b'\n')).count();
        rest = &rest[end + breaks..];
    }
    reader.take(&mut digits, sink);
    reader.tolerant(&digits, sink);
    reader.finish(sink)
}

/// The tolerant reader, and the fast one for as long as the text is clean.
#[derive(Default)]
struct Base64 {
    group: u32,
    held: u8,
    pads: u8,
    ended: bool,
    out: Vec<u8>,
}

impl Base64 {
    /// Reads all whole groups of four and leaves the rest in `digits`.
    fn take(&mut self, digits: &mut Vec<u8>, sink: &mut dyn FnMut(&[u8])) {
        let whole = digits.len() / 4 * 4;
        self.out.resize(whole / 4 * 3, 0);
        match STANDARD.decode_slice(&digits[..whole], &mut self.out) {
            // A short result means padding: the tolerant reader has to see it, to end the data there.
            Ok(length) if self.held == 0 && length == self.out.len() => sink(&self.out),
            _ => self.tolerant(&digits[..whole], sink),
        }
        digits.drain(..whole);
    }

    fn tolerant(&mut self, digits: &[u8], sink: &mut dyn FnMut(&[u8])) {
        self.out.clear();
        for &byte in digits {
            if self.ended {
                break;
            }
            if byte == b'=' {
                if self.held >= 2 {
                    self.pads += 1;
                    self.ended = self.held + self.pads >= 4;
                }
            } else if let Some(six) = base64_digit(byte) {
                self.pads = 0;
                self.group = self.group << 6 | u32::from(six);
                self.held += 1;
                if self.held == 4 {
                    self.out.extend_from_slice(&self.group.to_be_bytes()[1..]);
                    (self.group, self.held) = (0, 0);
                }
            }
        }
        sink(&self.out);
    }

    fn finish(&mut self, sink: &mut dyn FnMut(&[u8])) -> Result<(), NotBase64> {
        match self.held {
            1 => return Err(NotBase64),
            2 => sink(&(self.group << 12).to_be_bytes()[1..2]),
            3 => sink(&(self.group << 6).to_be_bytes()[1..3]),
            _ => {}
        }
        Ok(())
    }
}

/// `=` before a line end joins lines, `=XX` is a byte, `==` is one equals sign, any other `=` stays.
fn quoted_printable(raw: &[u8], sink: &mut dyn FnMut(&[u8])) {
    let mut out = Vec::with_capacity(GATHER.min(raw.len()));
    let mut rest = raw;
    while let Some(equals) = memchr(b'=', rest) {
        out.extend_from_slice(&rest[..equals]);
        rest = &rest[equals + 1..];
        match rest {
            [] => {}
            [b'\r', b'\n', ..] => rest = &rest[2..],
            [b'\n' | b'\r', ..] => rest = &rest[1..],
            [b'=', ..] => {
                out.push(b'=');
                rest = &rest[1..];
            }
            _ => match rest.get(..2).and_then(hex_pair) {
                Some(byte) => {
                    out.push(byte);
                    rest = &rest[2..];
                }
                None => out.push(b'='),
            },
        }
        if out.len() >= GATHER {
            sink(&out);
            out.clear();
        }
    }
    sink(&out);
    sink(rest);
}

/// From the `begin` line to `end`; without a `begin` line the bytes are the content.
fn uuencode(raw: &[u8], sink: &mut dyn FnMut(&[u8])) {
    let mut at = 0;
    let mut begun = false;
    let mut out = Vec::new();
    while at < raw.len() {
        let line = line_at(raw, at);
        at += line.len();
        let line = without_line_end(line);
        if !begun {
            begun = line.strip_prefix(b"begin ").is_some_and(|rest| rest.first().is_some_and(u8::is_ascii_digit));
        } else if line.trim_ascii() == b"end" {
            break;
        } else if let [length, digits @ ..] = line {
            uuencoded_line(usize::from(length.wrapping_sub(32) & 63), digits, &mut out);
        }
        if out.len() >= GATHER {
            sink(&out);
            out.clear();
        }
    }
    sink(if begun { &out } else { raw });
}

fn uuencoded_line(length: usize, digits: &[u8], out: &mut Vec<u8>) {
    let end = out.len() + length;
    for group in digits.chunks(4) {
        let digit = |at: usize| group.get(at).map_or(0, |byte| u32::from(byte.wrapping_sub(32) & 63));
        let bytes = digit(0) << 18 | digit(1) << 12 | digit(2) << 6 | digit(3);
        out.extend_from_slice(&bytes.to_be_bytes()[1..]);
    }
    out.truncate(end);
}

#[cfg(test)]
mod tests {
    use super::*;
    use Encoding::{Base64, QuotedPrintable, Uuencode};

    fn undone(encoding: Encoding, raw: &str) -> String {
        String::from_utf8_lossy(&decoded(encoding, raw.as_bytes())).into_owned()
    }

    #[test]
    fn base64_skips_foreign_characters_and_ends_at_the_first_complete_padding() {
        assert_eq!(undone(Base64, "aGVs\r\nbG8=\r\n"), "hello");
        assert_eq!(undone(Base64, "aG!V s\nb\tG8"), "hello");
        assert_eq!(undone(Base64, "aGk=aGk="), "hi");
        assert_eq!(undone(Base64, "=aGVsbG8"), "hello");
        assert_eq!(undone(Base64, "a=GVs"), "hel");
        assert_eq!(undone(Base64, "aG"), "h");
    }

    #[test]
    fn text_that_no_encoder_made_stays_without_its_line_ends() {
        assert_eq!(undone(Base64, "aGVs\r\nb"), "aGVsb");
        assert_eq!(hashed(Base64, b"aGVs\nb\n"), (Sha256::of(b"aGVsb"), 5));
    }

    #[test]
    fn long_base64_is_the_same_in_lines_and_in_one_piece() {
        let content: Vec<u8> = (0..100_000_u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        let one = STANDARD.encode(&content);
        let lines: Vec<_> = one.as_bytes().chunks(76).map(|line| [line, b"\r\n"].concat()).collect();
        for raw in [one.into_bytes(), lines.concat()] {
            assert_eq!(&*decoded(Base64, &raw), &*content);
            assert_eq!(hashed(Base64, &raw), (Sha256::of(&content), 100_000));
        }
    }

    #[test]
    fn quoted_printable_joins_soft_breaks_and_leaves_what_is_no_escape() {
        assert_eq!(undone(QuotedPrintable, "a=\r\nb=3D=\nc=zz=41=E"), "ab=c=zzA=E");
        assert_eq!(undone(QuotedPrintable, "x=="), "x=");
        assert_eq!(undone(QuotedPrintable, "end=\r\n"), "end");
    }

    #[test]
    fn uuencode_reads_between_begin_and_end() {
        assert_eq!(undone(Uuencode, "note\nbegin 644 cat.txt\n#0V%T\n`\nend\nafter"), "Cat");
        assert_eq!(undone(Uuencode, "no such line"), "no such line");
    }
}
