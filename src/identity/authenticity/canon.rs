//! Canonical forms of header and body (RFC 6376 3.4).
//!
//! Signatures are made over lines that end in CRLF; a line that ends in a lone LF is taken as one, because stores and
//! version control change line ends and not messages. It must not know keys or signatures.

use sha1::Sha1;
use sha2::{Digest, Sha256};

use super::super::headers::line_at;

/// How much change on the way is forgiven.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Canon {
    /// None.
    Simple,
    /// White space and the case of field names.
    Relaxed,
}

impl Canon {
    /// The forms for header and body; `None` for words that RFC 6376 does not know.
    pub(super) fn pair(text: Option<&str>) -> Option<(Self, Self)> {
        let word = |word: &str| match word {
            "simple" => Some(Self::Simple),
            "relaxed" => Some(Self::Relaxed),
            _ => None,
        };
        let Some(text) = text else { return Some((Self::Simple, Self::Simple)) };
        match text.split_once('/') {
            Some((header, body)) => Some((word(header)?, word(body)?)),
            None => Some((word(text)?, Self::Simple)),
        }
    }

    /// Appends a field (name, colon, value; no line end after it), without a line end.
    pub(super) fn header(self, field: &[u8], out: &mut Vec<u8>) {
        match self {
            Self::Simple => {
                for (n, line) in lines(field).enumerate() {
                    if n > 0 {
                        out.extend_from_slice(b"\r\n");
                    }
                    out.extend_from_slice(line);
                }
            }
            Self::Relaxed => {
                let colon = field.iter().position(|byte| *byte == b':').unwrap_or(field.len());
                let (name, value) = field.split_at(colon);
                out.extend(name.trim_ascii_end().iter().map(u8::to_ascii_lowercase));
                out.push(b':');
                // A fold may have white space on both sides of its line end.
                let flat: Vec<u8> = lines(value.strip_prefix(b":").unwrap_or_default()).flatten().copied().collect();
                squeeze(trim(&flat), out);
            }
        }
    }
}

/// The lines of some bytes, without LF or CRLF. Bytes after the last line end are a line if there are any.
fn lines(data: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut at = 0;
    std::iter::from_fn(move || {
        let line = line_at(data, at);
        at += line.len();
        let whole = line.strip_suffix(b"\n").map(|line| line.strip_suffix(b"\r").unwrap_or(line));
        (!line.is_empty()).then(|| whole.unwrap_or(line))
    })
}

const fn is_wsp(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Appends a line with every run of white space made one space.
fn squeeze(line: &[u8], out: &mut Vec<u8>) {
    let mut after_space = false;
    for byte in line {
        let space = is_wsp(*byte);
        if !(space && after_space) {
            out.push(if space { b' ' } else { *byte });
        }
        after_space = space;
    }
}

fn trim(bytes: &[u8]) -> &[u8] {
    let bytes = trim_end(bytes);
    let start = bytes.iter().position(|byte| !is_wsp(*byte)).unwrap_or(bytes.len());
    bytes.get(start..).unwrap_or_default()
}

fn trim_end(bytes: &[u8]) -> &[u8] {
    let end = bytes.iter().rposition(|byte| !is_wsp(*byte)).map_or(0, |at| at + 1);
    bytes.get(..end).unwrap_or_default()
}

/// The hash of a signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Hash {
    /// SHA-256.
    Sha256,
    /// SHA-1, weak.
    Sha1,
}

enum Engine {
    Sha256(Sha256),
    Sha1(Sha1),
}

impl Engine {
    fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Sha256(engine) => engine.update(bytes),
            Self::Sha1(engine) => engine.update(bytes),
        }
    }

    fn finish(self) -> Vec<u8> {
        match self {
            Self::Sha256(engine) => engine.finalize().to_vec(),
            Self::Sha1(engine) => engine.finalize().to_vec(),
        }
    }
}

/// How a body is to be hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct BodyHash {
    /// The canonical form.
    pub(super) canon: Canon,
    /// The hash.
    pub(super) hash: Hash,
    /// `l=`: the bytes of the canonical form that count; `None` for all.
    pub(super) limit: Option<u64>,
}

/// A body's hash.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hashed {
    /// Over what is covered.
    pub(super) digest: Vec<u8>,
    /// How many bytes the whole canonical form has.
    pub(super) whole: u64,
}

/// The body on its way into the hash.
struct Flow {
    engine: Engine,
    limit: u64,
    bytes: u64,
}

impl Flow {
    fn put(&mut self, bytes: &[u8]) {
        let left = usize::try_from(self.limit.saturating_sub(self.bytes)).unwrap_or(usize::MAX);
        self.engine.update(bytes.get(..left).unwrap_or(bytes));
        self.bytes += bytes.len() as u64;
    }
}

impl BodyHash {
    /// Hashes a body.
    pub(super) fn of(self, body: &[u8]) -> Hashed {
        let engine = match self.hash {
            Hash::Sha256 => Engine::Sha256(Sha256::new()),
            Hash::Sha1 => Engine::Sha1(Sha1::new()),
        };
        let mut flow = Flow { engine, limit: self.limit.unwrap_or(u64::MAX), bytes: 0 };
        let mut empty = 0_u64;
        let mut tidy = Vec::new();
        for line in lines(body) {
            let line = match self.canon {
                Canon::Simple => line,
                Canon::Relaxed => {
                    tidy.clear();
                    squeeze(trim_end(line), &mut tidy);
                    &tidy
                }
            };
            if line.is_empty() {
                empty += 1;
                continue;
            }
            for _ in 0..std::mem::take(&mut empty) {
                flow.put(b"\r\n");
            }
            flow.put(line);
            flow.put(b"\r\n");
        }
        if flow.bytes == 0 && self.canon == Canon::Simple {
            flow.put(b"\r\n");
        }
        Hashed { digest: flow.engine.finish(), whole: flow.bytes }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(canon: Canon, field: &str) -> String {
        let mut out = Vec::new();
        canon.header(field.as_bytes(), &mut out);
        String::from_utf8(out).expect("text")
    }

    fn body_sha256(canon: Canon, body: &str) -> String {
        hex::encode(BodyHash { canon, hash: Hash::Sha256, limit: None }.of(body.as_bytes()).digest)
    }

    #[test]
    fn the_example_of_rfc_6376_section_3_4_5_comes_out_as_written_there() {
        assert_eq!(header(Canon::Relaxed, "A: X"), "a:X");
        assert_eq!(header(Canon::Relaxed, "B : Y\t\r\n\tZ  "), "b:Y Z");
        assert_eq!(header(Canon::Simple, "B : Y\t\r\n\tZ  "), "B : Y\t\r\n\tZ  ");
        assert_eq!(header(Canon::Simple, "B : Y\t\n\tZ"), "B : Y\t\r\n\tZ");
        let body = " C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(body_sha256(Canon::Relaxed, body), body_sha256(Canon::Simple, " C\r\nD E\r\n"));
        assert_ne!(body_sha256(Canon::Simple, body), body_sha256(Canon::Simple, " C\r\nD E\r\n"));
        assert_eq!(body_sha256(Canon::Simple, body), body_sha256(Canon::Simple, " C \nD \t E"));
    }

    #[test]
    fn an_empty_body_has_the_hashes_that_rfc_6376_states() {
        use base64::Engine as _;
        use base64::engine::general_purpose::STANDARD;
        let of = |canon, hash, body: &[u8]| STANDARD.encode(BodyHash { canon, hash, limit: None }.of(body).digest);
        for body in [&b""[..], b"\r\n", b"\r\n\r\n", b"\n"] {
            assert_eq!(of(Canon::Simple, Hash::Sha1, body), "uoq1oCgLlTqpdDX/iUbLy7J1Wic=");
            assert_eq!(of(Canon::Simple, Hash::Sha256, body), "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=");
            assert_eq!(of(Canon::Relaxed, Hash::Sha1, body), "2jmj7l5rSw0yVb/vlWAYkK/YBwk=");
            assert_eq!(of(Canon::Relaxed, Hash::Sha256, body), "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=");
        }
    }

    #[test]
    fn a_length_cuts_the_canonical_form_anywhere() {
        let all = BodyHash { canon: Canon::Simple, hash: Hash::Sha256, limit: None };
        let cut = BodyHash { limit: Some(4), ..all };
        assert_eq!(
            cut.of(b"abc\r\ndef\r\n").digest,
            hex::decode(crate::terms::Sha256::of(b"abc\r").to_string()).expect("hex")
        );
        assert_eq!(cut.of(b"abc\r\ndef\r\n").whole, 10);
        assert_eq!(BodyHash { limit: Some(0), ..all }.of(b"abc").digest, Sha256::digest(b"").to_vec());
    }
}
