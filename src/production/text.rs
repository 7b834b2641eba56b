//! Extracted text: the head of a message, its body as it is read, and how both are written.
//!
//! It must not know the parts of a message.

use super::html::of_html;
use crate::identity::{Body, Head};

/// Whether HTML says anything to a reader.
pub(super) fn says_something(html: &str) -> bool {
    !of_html(html).trim().is_empty()
}

/// Pieces of body text as one text with LF line ends.
pub(super) fn of_bodies(bodies: &[Body]) -> String {
    let pieces = bodies.iter().map(|body| match body {
        Body::Plain(text) => text.replace("\r\n", "\n").replace('\r', "\n").trim_end().to_owned(),
        Body::Html(html) => of_html(html),
    });
    pieces.filter(|piece| !piece.trim().is_empty()).collect::<Vec<_>>().join("\n\n")
}

/// A message as text: the head that a reader sees, then the body.
pub(super) fn of_message(head: &Head, body: &str) -> String {
    let subject: Vec<_> = head.subject.iter().cloned().collect();
    let sent: Vec<_> = head
        .date
        .iter()
        .map(|at| format!("{} UTC", at.to_string().replace('T', " ").trim_end_matches(".000Z")))
        .collect();
    let fields = [
        ("From", &head.from),
        ("Sent", &sent),
        ("To", &head.to),
        ("Cc", &head.cc),
        ("Bcc", &head.bcc),
        ("Subject", &subject),
    ];
    let lines = fields.iter().filter(|(_, values)| !values.is_empty());
    let head: String = lines.map(|(name, values)| format!("{name}: {}\n", values.join("; "))).collect();
    if head.is_empty() { body.to_owned() } else { format!("{head}\n{body}") }
}

/// As it is written: UTF-8 without byte order mark, CRLF, no control characters but tabs.
pub(super) fn written(text: &str) -> Vec<u8> {
    let is_bad = |char: char| char.is_control() && !matches!(char, '\n' | '\t');
    let mut out = text.trim_start_matches('\u{feff}').replace(is_bad, " ").replace('\n', "\r\n");
    if !out.is_empty() && !out.ends_with('\n') {
        out.push_str("\r\n");
    }
    out.into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_written_with_crlf_and_without_mark() {
        assert_eq!(written("\u{feff}a\nb\0"), b"a\r\nb \r\n");
        assert_eq!(written(""), b"");
        assert!(!says_something("<body><img src=x><p>&nbsp;</p>"));
        let bodies =
            [Body::Plain("a\r\nb\r\n".to_owned()), Body::Html("<p>c".to_owned()), Body::Plain(" \n".to_owned())];
        assert_eq!(of_bodies(&bodies), "a\nb\n\nc");
    }
}
