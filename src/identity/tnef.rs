//! The files inside a `winmail.dat` (MS-OXTNEF): their names, types and bytes.
//!
//! A reader of just enough of the format; a stream that breaks off gives the files before the break. It must not
//! read message text or any other property.

use super::charset;
use super::families::Leaf;
use super::structure::ENTITY_LIMIT;

const SIGNATURE: [u8; 4] = [0x78, 0x9f, 0x3e, 0x22];
/// Signature and key.
const PREAMBLE: usize = 6;

/// One file of the stream.
#[derive(Debug, Default)]
pub(super) struct Member<'c> {
    pub(super) name_raw: Option<Vec<u8>>,
    pub(super) name: Option<String>,
    pub(super) media_type: Option<String>,
    pub(super) content: &'c [u8],
}

/// Whether a part says that it is such a stream.
pub(super) fn is_tnef(leaf: &Leaf<'_, '_>) -> bool {
    let named = || leaf.name.as_ref().is_some_and(|name| name.text.eq_ignore_ascii_case("winmail.dat"));
    matches!(leaf.entity.media.token.as_str(), "application/ms-tnef" | "application/vnd.ms-tnef") || named()
}

/// Whether bytes open like a stream, as a message inside a stream does.
pub(super) fn opens_like_tnef(content: &[u8]) -> bool {
    content.starts_with(&SIGNATURE)
}

/// The files in the order of the stream; `None` where the bytes are no stream.
pub(super) fn members(content: &[u8]) -> Option<Vec<Member<'_>>> {
    if !opens_like_tnef(content) {
        return None;
    }
    let mut rest = Bytes(content.get(PREAMBLE..)?);
    let mut code_page = None;
    let mut found: Vec<Found<'_>> = Vec::new();
    let mut attributes = 0_u32;
    while let Some((id, value)) = rest.attribute() {
        attributes += 1;
        let is_full = found.len() > ENTITY_LIMIT;
        match (id, found.last_mut()) {
            (0x9007, _) => code_page = Bytes(value).u32(),
            // attAttachRendData opens the next file; one more than the limit, so that the limit is noticed.
            (0x9002, _) if is_full => break,
            (0x9002, _) => found.push(Found::default()),
            (0x800f, Some(file)) => file.data = Some(value),
            (0x8010, Some(file)) => file.title = Some(value),
            (0x9005, Some(file)) => file.properties(value),
            _ => {}
        }
    }
    let is_stream = attributes > 0 || rest.0.is_empty();
    is_stream.then(|| found.into_iter().map(|file| file.member(code_page)).collect())
}

/// What the stream said about one file.
#[derive(Default)]
struct Found<'c> {
    data: Option<&'c [u8]>,
    object: Option<&'c [u8]>,
    title: Option<&'c [u8]>,
    long_name: Option<Text<'c>>,
    short_name: Option<Text<'c>>,
    display_name: Option<Text<'c>>,
    media_type: Option<Text<'c>>,
}

#[derive(Clone, Copy)]
struct Text<'c> {
    bytes: &'c [u8],
    wide: bool,
}

impl<'c> Text<'c> {
    fn raw(self) -> &'c [u8] {
        let end = if self.wide {
            self.bytes.chunks_exact(2).position(|unit| unit == [0, 0]).map(|units| units * 2)
        } else {
            memchr::memchr(0, self.bytes)
        };
        &self.bytes[..end.unwrap_or(self.bytes.len())]
    }

    fn read(self, code_page: Option<u32>) -> String {
        let label = if self.wide { Some("utf-16le".to_owned()) } else { code_page.map(label_of) };
        charset::decode(label.as_deref(), self.raw())
    }
}

impl<'c> Found<'c> {
    fn properties(&mut self, value: &'c [u8]) {
        let mut rest = Bytes(value);
        let count = rest.u32().unwrap_or_default();
        for _ in 0..count {
            let Some((id, kind, value)) = rest.property() else { break };
            let text = value.filter(|_| matches!(kind, 0x1e | 0x1f)).map(|bytes| Text { bytes, wide: kind == 0x1f });
            match id {
                0x3701 if kind == 0x0d => self.object = value.and_then(|object| object.get(16..)),
                0x3701 => self.data = value.or(self.data),
                0x3707 => self.long_name = text,
                0x3704 => self.short_name = text,
                0x3001 => self.display_name = text,
                0x370e => self.media_type = text,
                _ => {}
            }
        }
    }

    fn member(self, code_page: Option<u32>) -> Member<'c> {
        let title = self.title.map(|bytes| Text { bytes, wide: false });
        let name = [self.long_name, self.short_name, self.display_name, title]
            .into_iter()
            .flatten()
            .find(|name| !name.raw().is_empty());
        let content = self.object.or(self.data).unwrap_or_default();
        let embedded = opens_like_tnef(content).then(|| "application/ms-tnef".to_owned());
        Member {
            name_raw: name.map(|name| name.raw().to_vec()),
            name: name.map(|name| name.read(code_page)),
            media_type: self.media_type.map(|kind| kind.read(None).to_ascii_lowercase()).or(embedded),
            content,
        }
    }
}

/// The charset label of a Windows code page.
fn label_of(code_page: u32) -> String {
    match code_page {
        932 => "shift_jis".to_owned(),
        936 => "gbk".to_owned(),
        949 => "euc-kr".to_owned(),
        950 => "big5".to_owned(),
        65001 => "utf-8".to_owned(),
        other => format!("windows-{other}"),
    }
}

/// Little-endian bytes that are read from the front; `None` when they run out.
struct Bytes<'c>(&'c [u8]);

impl<'c> Bytes<'c> {
    fn take(&mut self, length: usize) -> Option<&'c [u8]> {
        let (front, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(front)
    }

    fn u16(&mut self) -> Option<u16> {
        Some(u16::from_le_bytes(self.take(2)?.try_into().ok()?))
    }

    fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.take(4)?.try_into().ok()?))
    }

    fn length(&mut self) -> Option<usize> {
        self.u32().and_then(|length| usize::try_from(length).ok())
    }

    /// The next attribute: its id without the type, and its value. The checksum after it is not checked.
    fn attribute(&mut self) -> Option<(u16, &'c [u8])> {
        let _level = self.take(1)?;
        let id = self.u16()?;
        let _kind = self.u16()?;
        let length = self.length()?;
        let value = self.take(length)?;
        self.0 = self.0.get(2..).unwrap_or_default();
        Some((id, value))
    }

    /// The next MAPI property: id, type and, for text, binary and object types, its first value.
    fn property(&mut self) -> Option<(u16, u16, Option<&'c [u8]>)> {
        let kind = self.u16()?;
        let id = self.u16()?;
        if id >= 0x8000 {
            self.take(16)?;
            match self.u32()? {
                0 => self.take(4)?,
                _ => self.padded()?,
            };
        }
        let many = kind & 0x1000 != 0;
        let kind = kind & 0x0fff;
        let variable = matches!(kind, 0x1e | 0x1f | 0x0d | 0x102);
        let count = if many || variable { self.u32()? } else { 1 };
        let mut first = None;
        for _ in 0..count {
            let value = match kind {
                0x1e | 0x1f | 0x0d | 0x102 => Some(self.padded()?),
                0x02 | 0x03 | 0x04 | 0x0a | 0x0b => self.take(4).map(|_| None)?,
                0x05 | 0x06 | 0x07 | 0x14 | 0x40 => self.take(8).map(|_| None)?,
                0x48 => self.take(16).map(|_| None)?,
                _ => return None,
            };
            first = first.or(value);
        }
        Some((id, kind, first))
    }

    /// A length and as many bytes, padded to four.
    fn padded(&mut self) -> Option<&'c [u8]> {
        let length = self.length()?;
        let value = self.take(length)?;
        let padding = length.wrapping_neg() % 4;
        self.0 = self.0.get(padding..).unwrap_or_default();
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(id: u16, value: &[u8]) -> Vec<u8> {
        let length = u32::try_from(value.len()).expect("short").to_le_bytes();
        [&[2][..], &id.to_le_bytes(), &[6, 0], &length, value, &[0, 0]].concat()
    }

    fn text(id: u16, value: &[u8]) -> Vec<u8> {
        let length = u32::try_from(value.len()).expect("short").to_le_bytes();
        let padding = vec![0; value.len().wrapping_neg() % 4];
        [&[0x1e, 0][..], &id.to_le_bytes(), &1_u32.to_le_bytes(), &length, value, &padding].concat()
    }

    fn stream() -> Vec<u8> {
        let properties =
            [&2_u32.to_le_bytes()[..], &text(0x3707, b"\xfcber.txt\0"), &text(0x370e, b"Text/Plain\0")].concat();
        [
            &SIGNATURE[..],
            &[1, 0],
            &attribute(0x9007, &1252_u32.to_le_bytes()),
            &attribute(0x9002, &[0; 14]),
            &attribute(0x8010, b"BER~1.TXT\0"),
            &attribute(0x800f, b"hello"),
            &attribute(0x9005, &properties),
            &attribute(0x9002, &[0; 14]),
            &attribute(0x8010, b"b.bin\0"),
        ]
        .concat()
    }

    #[test]
    fn members_have_their_long_name_type_and_bytes() {
        let stream = stream();
        let members = members(&stream).expect("a stream");
        assert_eq!(members.len(), 2);
        assert_eq!(members[0].name.as_deref(), Some("\u{fc}ber.txt"));
        assert_eq!(members[0].name_raw.as_deref(), Some(&b"\xfcber.txt"[..]));
        assert_eq!(members[0].media_type.as_deref(), Some("text/plain"));
        assert_eq!(members[0].content, b"hello");
        assert_eq!((members[1].name.as_deref(), members[1].content), (Some("b.bin"), &b""[..]));
    }

    #[test]
    fn a_stream_that_breaks_off_anywhere_never_panics_and_other_bytes_are_no_stream() {
        let stream = stream();
        for end in 0..stream.len() {
            assert!(members(&stream[..end]).is_none_or(|members| members.len() <= 2));
        }
        assert!(members(b"\x89PNG").is_none());
        assert!(members(&[&SIGNATURE[..], &[0; 20]].concat()).is_some());
    }
}
