//! Content id, version 1: one hash for what a message says, whichever way it was delivered or rendered.
//!
//! SHA-256 over UTF-8 lines, each ended by LF: the version; `from:`, `to:`, `cc:` with sorted distinct addr-specs;
//! `date:` with Unix seconds; `subject:`; `body:` with the hash of the body text without white space; then one sorted
//! line per other part. Bcc, ids, transport headers, display names, file names, flags and categories are left out on
//! purpose, because they differ between copies of one message. It must not know roles.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization as _, is_nfc_quick};

use super::address;
use super::date::unix_seconds;
use super::encoded_word;
use super::headers::{Headers, unfold};
use crate::terms::{Hasher, Sha256};

/// Name and version of the rule; the first line that is hashed.
pub const CONTENT_ID_VERSION: &str = "affiant-content-id-v1";

/// Collects the lines that stand for parts.
#[derive(Debug, Default)]
pub(super) struct Parts(Vec<String>);

impl Parts {
    /// A part by the hash and length of its decoded bytes.
    pub(super) fn leaf(&mut self, sha256: Sha256, bytes: u64) {
        self.0.push(format!("part:{sha256} {bytes}"));
    }

    /// An embedded message by its own content id.
    pub(super) fn message(&mut self, content_id: Sha256) {
        self.0.push(format!("part:msg {content_id}"));
    }
}

/// The content id of a message; `body` is `None` when it has no body text.
pub(super) fn content_id(headers: &Headers<'_>, body: Option<Sha256>, parts: Parts) -> Sha256 {
    let mut hasher = Hasher::new();
    let mut line = |label: &str, value: &str| {
        hasher.update(label.as_bytes());
        hasher.update(value.as_bytes());
        hasher.update(b"\n");
    };
    line(CONTENT_ID_VERSION, "");
    line("from:", &addresses(headers, "From"));
    line("to:", &addresses(headers, "To"));
    line("cc:", &addresses(headers, "Cc"));
    let seconds = headers.first("Date").and_then(unix_seconds);
    line("date:", &seconds.map(|seconds| seconds.to_string()).unwrap_or_default());
    line("subject:", &subject(headers));
    line("body:", &body.unwrap_or_else(|| Sha256::of(b"")).to_string());
    let mut parts = parts.0;
    parts.sort_unstable();
    for part in &parts {
        line(part, "");
    }
    hasher.finish().0
}

/// Hash of the body text: NFC, all white space removed.
pub(super) fn body_digest(text: &str) -> Sha256 {
    let mut said = Said::default();
    if text.is_ascii() {
        said.ascii(text.as_bytes());
    } else if is_nfc(text) {
        text.split(is_space).for_each(|word| said.word(word));
    } else {
        let mut char = [0; 4];
        text.nfc().filter(|char| !is_space(*char)).for_each(|one| said.word(one.encode_utf8(&mut char)));
    }
    said.finish()
}

/// Text without its white space on its way into a hash, in pieces that are worth hashing.
#[derive(Default)]
struct Said {
    hasher: Hasher,
    buffer: Vec<u8>,
}

impl Said {
    /// Bytes that are gathered before they are hashed.
    const PIECE: usize = 4096;

    /// A piece of text that has no white space.
    fn word(&mut self, word: &str) {
        self.buffer.extend_from_slice(word.as_bytes());
        if self.buffer.len() >= Self::PIECE {
            self.hasher.update(&self.buffer);
            self.buffer.clear();
        }
    }

    /// ASCII text as it is. Each byte is written, and the place moves on only where it is no white space: words are so
    /// short that a decision for each costs more than the work.
    fn ascii(&mut self, text: &[u8]) {
        self.buffer.resize(Self::PIECE, 0);
        for piece in text.chunks(Self::PIECE) {
            let mut end = 0;
            for byte in piece {
                if let Some(place) = self.buffer.get_mut(end) {
                    *place = *byte;
                }
                end += usize::from(!matches!(byte, b'\t'..=b'\r' | 0x1c..=b' '));
            }
            self.hasher.update(self.buffer.get(..end).unwrap_or_default());
        }
        self.buffer.clear();
    }

    fn finish(mut self) -> Sha256 {
        self.hasher.update(&self.buffer);
        self.hasher.finish().0
    }
}

fn addresses(headers: &Headers<'_>, field: &str) -> String {
    let mut all = Vec::new();
    headers.all(field).for_each(|value| address::collect(value, &mut all));
    all.sort_unstable();
    all.dedup();
    all.join(",")
}

fn subject(headers: &Headers<'_>) -> String {
    let text = headers.first("Subject").map(|raw| encoded_word::decode(&unfold(raw))).unwrap_or_default();
    let text = if is_nfc(&text) { Cow::Borrowed(&*text) } else { Cow::Owned(text.nfc().collect()) };
    text.split(is_space).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

fn is_nfc(text: &str) -> bool {
    text.is_ascii() || is_nfc_quick(text.chars()) == IsNormalized::Yes
}

/// Unicode white space and the four separators of ASCII that Python counts as white space too.
fn is_space(char: char) -> bool {
    char.is_whitespace() || matches!(char, '\u{1c}'..='\u{1f}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::headers::read_block;

    #[test]
    fn the_lines_hashed_are_the_documented_ones() {
        let block = "From: \"B\" <B@x.example>\nTo: c@x.example, A@x.example\nTo: a@x.example\nBcc: z@x.example\n\
                     Date: Mon, 3 Jun 2024 16:05:09 +0200\nSubject: =?utf-8?Q?A=CC=88?=\n  b\n\n";
        let (headers, _) = read_block(block.as_bytes(), 0, |_| false);
        let mut parts = Parts::default();
        parts.message(Sha256::of(b"inner"));
        parts.leaf(Sha256::of(b"file"), 4);
        let lines = format!(
            "affiant-content-id-v1\nfrom:b@x.example\nto:a@x.example,c@x.example\ncc:\ndate:1717423509\nsubject:Ä b\n\
             body:{}\npart:{} 4\npart:msg {}\n",
            Sha256::of(b"ab"),
            Sha256::of(b"file"),
            Sha256::of(b"inner")
        );
        let body = body_digest(" a\u{a0}\r\nb\t");
        assert_eq!(content_id(&headers, Some(body), parts), Sha256::of(lines.as_bytes()));
    }

    #[test]
    fn body_text_is_compared_composed_and_without_white_space() {
        assert_eq!(body_digest("A\u{308} x"), Sha256::of("\u{c4}x".as_bytes()));
        for byte in 0..=127_u8 {
            let expected = if is_space(char::from(byte)) { Vec::new() } else { vec![byte] };
            assert_eq!(body_digest(&char::from(byte).to_string()), Sha256::of(&expected), "{byte}");
        }
        let composed = "\u{c4}\u{2003}x\u{1f}".repeat(3_000);
        assert_eq!(body_digest(&composed), Sha256::of("\u{c4}x".repeat(3_000).as_bytes()));
        assert_eq!(body_digest(&"A\u{308} ".repeat(3_000)), Sha256::of("\u{c4}".repeat(3_000).as_bytes()));
        let long = "word ".repeat(10_000);
        assert_eq!(body_digest(&long), Sha256::of("word".repeat(10_000).as_bytes()));
        let mixed = "\u{1c}wörd\u{2003}日本 ".repeat(5_000);
        assert_eq!(body_digest(&mixed), Sha256::of("wörd日本".repeat(5_000).as_bytes()));
        let decomposed = "xo\u{308} ".repeat(9_000);
        assert_eq!(body_digest(&decomposed), Sha256::of("xö".repeat(9_000).as_bytes()));
    }
}
