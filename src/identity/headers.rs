//! Raw access to header blocks: where a block ends, which fields it holds, and their bytes as they stand.
//!
//! It must not know what a field means; nothing here is decoded.

use std::borrow::Cow;

use memchr::memchr;

/// Fields of one block that are kept; a message with more is made to exhaust memory.
const FIELD_LIMIT: usize = 10_000;

/// One header block, borrowed from the message.
#[derive(Debug, Default)]
pub(super) struct Headers<'a> {
    fields: Vec<Field<'a>>,
}

/// One field, without the last line end.
#[derive(Debug, Clone, Copy)]
pub(super) struct Field<'a> {
    /// The name as written.
    pub(super) name: &'a [u8],
    /// Everything after the colon, folds included.
    pub(super) value: &'a [u8],
    /// The whole of it, name and colon included.
    pub(super) raw: &'a [u8],
}

impl<'a> Headers<'a> {
    /// The raw value of the first field of this name, in any letter case.
    pub(super) fn first(&self, name: &str) -> Option<&'a [u8]> {
        self.all(name).next()
    }

    /// The raw values of all fields of this name, top to bottom.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'a [u8]> + 's {
        self.fields
            .iter()
            .filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
            .map(|field| field.value)
    }

    /// The names of all fields, as written.
    pub(super) fn names(&self) -> impl Iterator<Item = &'a [u8]> {
        self.fields.iter().map(|field| field.name)
    }

    /// Every field, top to bottom.
    pub(super) fn fields(&self) -> &[Field<'a>] {
        &self.fields
    }

    /// Whether no field was found.
    pub(super) fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }
}

/// Reads the block that starts at `at`; returns it with the offset of the first byte of the body.
///
/// The block ends at an empty line, at the first line that is no field (which then opens the body, as in mail
/// whose separator got lost), or at a line that `ends` claims, such as the delimiter of an enclosing multipart.
pub(super) fn read_block(data: &[u8], at: usize, ends: impl Fn(&[u8]) -> bool) -> (Headers<'_>, usize) {
    let mut headers = Headers::default();
    let mut open: Option<Open<'_>> = None;
    let mut pos = at;
    let mut body = None;
    while pos < data.len() {
        let line = line_at(data, pos);
        let text = without_line_end(line);
        let next = pos + line.len();
        if text.is_empty() {
            body = Some(next);
            break;
        }
        if ends(line) {
            break;
        }
        if matches!(text.first(), Some(b' ' | b'\t')) {
            pos = next;
            continue;
        }
        let mailbox_line = text.starts_with(b"From ") && (pos == at || field_name(line_at(data, next)).is_some());
        let Some(name) = field_name(text) else {
            if mailbox_line {
                close(&mut headers, data, &mut open, pos);
                pos = next;
                continue;
            }
            break;
        };
        close(&mut headers, data, &mut open, pos);
        open = Some(Open { name, start: pos, value: pos + colon_of(text) + 1 });
        pos = next;
    }
    close(&mut headers, data, &mut open, pos);
    (headers, body.unwrap_or(pos))
}

/// Whether the bytes open like a header block: their first line is a field.
pub(super) fn opens_with_field(data: &[u8]) -> bool {
    field_name(without_line_end(line_at(data, 0))).is_some()
}

/// The value on one line: every line end that is followed by white space is taken out, the white space stays
/// (RFC 5322 2.2.3), and the ends are trimmed.
pub(super) fn unfold(value: &[u8]) -> Cow<'_, [u8]> {
    let value = value.trim_ascii();
    if memchr(b'\n', value).is_none() {
        return Cow::Borrowed(value);
    }
    let mut flat = Vec::with_capacity(value.len());
    let mut pos = 0;
    while pos < value.len() {
        let line = line_at(value, pos);
        flat.extend_from_slice(without_line_end(line));
        pos += line.len();
    }
    Cow::Owned(flat)
}

/// The line that starts at `at`, with its line end. Only LF and CRLF end a line.
pub(super) fn line_at(data: &[u8], at: usize) -> &[u8] {
    let rest = data.get(at..).unwrap_or_default();
    memchr(b'\n', rest).map_or(rest, |end| &rest[..=end])
}

/// A line without its LF or CRLF.
pub(super) fn without_line_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A field whose end is not known yet, with the offsets of its first byte and of its value.
struct Open<'a> {
    name: &'a [u8],
    start: usize,
    value: usize,
}

fn close<'a>(headers: &mut Headers<'a>, data: &'a [u8], open: &mut Option<Open<'a>>, end: usize) {
    if let Some(Open { name, start, value }) = open.take()
        && headers.fields.len() < FIELD_LIMIT
    {
        let until_end = |from: usize| without_line_end(data.get(from..end).unwrap_or_default());
        headers.fields.push(Field { name, value: until_end(value), raw: until_end(start) });
    }
}

fn colon_of(line: &[u8]) -> usize {
    memchr(b':', line).unwrap_or(line.len())
}

/// The field name of a line that starts a field; white space before the colon is the obsolete form of RFC 5322 4.5.
fn field_name(line: &[u8]) -> Option<&[u8]> {
    let name = line.get(..memchr(b':', line)?)?.trim_ascii_end();
    let printable = !name.is_empty() && name.iter().all(|byte| matches!(byte, 33..=57 | 59..=126));
    printable.then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(data: &[u8]) -> (Headers<'_>, usize) {
        read_block(data, 0, |_| false)
    }

    #[test]
    fn a_folded_value_keeps_its_bytes_and_unfolds_to_one_line() {
        let data = b"Message-ID:\r\n\t<a@b>\r\nX: 1\r\n\r\nbody";
        let (headers, body) = read(data);
        assert_eq!(headers.first("message-id"), Some(&b"\r\n\t<a@b>"[..]));
        assert_eq!(&*unfold(headers.first("message-id").expect("present")), b"<a@b>");
        assert_eq!(&data[body..], b"body");
    }

    #[test]
    fn a_lost_separator_makes_the_first_line_that_is_no_field_the_body() {
        let data = b"Subject: x\nno field here\n\nmore";
        let (headers, body) = read(data);
        assert_eq!(headers.first("Subject"), Some(&b" x"[..]));
        assert_eq!(&data[body..], b"no field here\n\nmore");
    }

    #[test]
    fn repeated_fields_come_in_order_and_a_mailbox_line_is_passed_over() {
        let (headers, _) = read(b"From x@y Mon Jun 3\nA: 1\na : 2\n\n");
        assert_eq!(headers.all("A").collect::<Vec<_>>(), [&b" 1"[..], &b" 2"[..]]);
    }

    #[test]
    fn a_block_without_body_or_final_line_end_is_read_whole() {
        let data = b"A: 1\nB: 2";
        let (headers, body) = read(data);
        assert_eq!(headers.first("b"), Some(&b" 2"[..]));
        assert_eq!(body, data.len());
    }
}
