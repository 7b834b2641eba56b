//! One message from a file: its dates and facts, and its bytes as they will be served.
//!
//! Files are served as they are; only a marker line may stand for a large attachment made at run time.

use std::io;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::{Bytes, BytesMut};

use crate::simulator::chance::Chance;
use crate::terms::DateField;

use super::head::Head;
use super::shelf::Stored;

/// The line that stands for an attachment made at run time.
const MARKER: &[u8] = b"@@PAD@@";
/// Decoded bytes in one line of 76 base64 characters.
const LINE: u64 = 57;
/// Lines made at a time: about 78 KiB.
const LINES: u64 = 1024;

/// The four dates of a message, in milliseconds since 1970, whole seconds as in Graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) struct Dates {
    pub(in crate::simulator) received: i64,
    pub(in crate::simulator) sent: Option<i64>,
    pub(in crate::simulator) created: i64,
    pub(in crate::simulator) modified: i64,
}

impl Dates {
    /// One of them.
    pub(in crate::simulator) fn get(&self, field: DateField) -> Option<i64> {
        match field {
            DateField::Received => Some(self.received),
            DateField::Sent => self.sent,
            DateField::Created => Some(self.created),
            DateField::Modified => Some(self.modified),
        }
    }
}

/// What `$value` answers for a message that Exchange cannot render.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct ValueError {
    pub(in crate::simulator) status: u16,
    pub(in crate::simulator) code: String,
    pub(in crate::simulator) message: String,
}

/// One message.
pub(in crate::simulator) struct Loaded {
    pub(in crate::simulator) folder: usize,
    pub(in crate::simulator) dates: Dates,
    pub(in crate::simulator) is_draft: bool,
    pub(in crate::simulator) is_read: bool,
    pub(in crate::simulator) categories: Vec<String>,
    pub(in crate::simulator) value_error: Option<ValueError>,
    pub(in crate::simulator) bcc: Vec<String>,
    /// Cloud attachments: name and address.
    pub(in crate::simulator) references: Vec<(String, String)>,
    pub(in crate::simulator) head: Head,
    /// Bytes as served.
    pub(in crate::simulator) bytes: u64,
    pub(super) stored: Stored,
    pub(super) pad: Option<u64>,
}

impl Loaded {
    /// Its bytes. Blocks while a file is read.
    pub(in crate::simulator) fn render(&self) -> io::Result<Rendered> {
        Ok(Rendered::new(self.stored.read()?, self.pad))
    }
}

/// A message's bytes, some of which may not exist yet.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Rendered {
    before: Bytes,
    padding: u64,
    after: Bytes,
}

impl Rendered {
    /// The file's bytes, with the marker line replaced by `pad` bytes of base64-encoded data where both are given.
    pub(in crate::simulator) fn new(file: Bytes, pad: Option<u64>) -> Self {
        let marker = pad.and_then(|padding| Some((padding, file.windows(MARKER.len()).position(|at| at == MARKER)?)));
        let Some((padding, at)) = marker else {
            return Self { before: file, padding: 0, after: Bytes::new() };
        };
        let after = file.slice(at + MARKER.len()..);
        // The last line of padding brings its own line end only if more lines follow; the file's own end closes it.
        Self { before: file.slice(..at), padding, after }
    }

    /// How many bytes there are.
    pub(in crate::simulator) fn len(&self) -> u64 {
        let lines = self.padding.div_ceil(LINE);
        let text = self.padding.div_ceil(3) * 4 + lines.saturating_sub(1) * 2;
        let fixed = self.before.len() + self.after.len();
        u64::try_from(fixed).unwrap_or_default() + text
    }

    /// All bytes, made where needed.
    pub(in crate::simulator) fn whole(&self) -> Bytes {
        if self.padding == 0 && self.after.is_empty() {
            return self.before.clone();
        }
        let mut whole = BytesMut::with_capacity(usize::try_from(self.len()).unwrap_or_default());
        for piece in self.pieces() {
            whole.extend_from_slice(&piece);
        }
        whole.freeze()
    }

    /// The bytes in pieces of at most 80 KiB.
    pub(in crate::simulator) fn pieces(&self) -> impl Iterator<Item = Bytes> + Send + use<> {
        let padding = self.padding;
        let blocks = padding.div_ceil(LINE * LINES);
        let middle = (0..blocks).map(move |block| padding_block(block, padding));
        slices(self.before.clone()).chain(middle).chain(slices(self.after.clone()))
    }
}

fn slices(bytes: Bytes) -> impl Iterator<Item = Bytes> + Send {
    const PIECE: usize = 64 * 1024;
    let count = bytes.len().div_ceil(PIECE);
    (0..count).map(move |n| bytes.slice(n * PIECE..bytes.len().min((n + 1) * PIECE)))
}

fn padding_block(block: u64, padding: u64) -> Bytes {
    let mut text = String::new();
    for line in block * LINES..(block + 1) * LINES {
        let start = line * LINE;
        if start >= padding {
            break;
        }
        let mut chance = Chance::new(0x5041_4444, line);
        let data: Vec<u8> = (0..8).flat_map(|_| chance.next().to_le_bytes()).take(57).collect();
        let length = usize::try_from((padding - start).min(LINE)).unwrap_or(57);
        STANDARD.encode_string(data.get(..length).unwrap_or_default(), &mut text);
        if start + LINE < padding {
            text.push_str("\r\n");
        }
    }
    Bytes::from(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_marker_becomes_exactly_that_many_decoded_bytes() {
        for wanted in [1, 56, 57, 58, 57 * 1024, 57 * 1024 + 1, 200_000] {
            let rendered = Rendered::new(Bytes::from_static(b"head\r\n\r\n@@PAD@@\r\ntail"), Some(wanted));
            let whole = rendered.whole();
            assert_eq!(u64::try_from(whole.len()).expect("small"), rendered.len(), "{wanted}");
            let text = std::str::from_utf8(&whole).expect("ascii");
            let middle =
                text.strip_prefix("head\r\n\r\n").and_then(|text| text.strip_suffix("\r\ntail")).expect("framed");
            assert!(middle.split("\r\n").all(|line| line.len() <= 76));
            let data = STANDARD.decode(middle.replace("\r\n", "")).expect("base64");
            assert_eq!(u64::try_from(data.len()).expect("small"), wanted);
        }
    }

    #[test]
    fn a_file_without_a_marker_is_served_as_it_is() {
        let rendered = Rendered::new(Bytes::from_static(b"a\nb\n"), Some(10));
        assert_eq!(rendered.whole(), Bytes::from_static(b"a\nb\n"));
        assert_eq!(rendered.len(), 4);
    }
}
