//! Two renderings of one message side by side: which header fields differ, and whether the body does.
//!
//! Exchange makes the bytes anew for each request, so they may differ where the message does not. Names only, never values.
//! It must not know where the bytes are from.

use std::collections::BTreeSet;

use super::headers::read_block;

/// Names that are listed; a message may be made of any number.
const LISTED: usize = 50;

/// How two renderings differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Difference {
    /// Names of header fields whose values differ, lower case, sorted; at most 50.
    pub headers: Vec<String>,
    /// Whether the bytes after the header differ.
    pub is_in_body: bool,
}

/// Compares two renderings. Both empty when they differ by nothing but the order or spacing of header fields.
pub fn difference(one: &[u8], other: &[u8]) -> Difference {
    let (ours, our_body) = read_block(one, 0, |_| false);
    let (theirs, their_body) = read_block(other, 0, |_| false);
    let names: BTreeSet<String> = ours.names().chain(theirs.names()).filter_map(plain).collect();
    let differs = |name: &String| !ours.all(name).eq(theirs.all(name));
    Difference {
        headers: names.into_iter().filter(differs).take(LISTED).collect(),
        is_in_body: one.get(our_body..) != other.get(their_body..),
    }
}

/// A field name as it may be shown.
fn plain(name: &[u8]) -> Option<String> {
    let is_plain = name.len() <= 76 && name.iter().all(u8::is_ascii_graphic);
    is_plain.then(|| String::from_utf8_lossy(name).to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_that_differ_are_named_and_the_body_apart() {
        let one = b"Subject: a\r\nImportance: normal\r\nX-A: 1\r\nX-A: 2\r\n\r\nbody";
        let same = difference(one, one);
        assert_eq!(same, Difference::default());
        let other = b"Importance: high\r\nSubject: a\r\nX-A: 2\r\nX-A: 1\r\nKeywords: k\r\n\r\nbody";
        let found = difference(one, other);
        assert_eq!(found.headers, ["importance", "keywords", "x-a"]);
        assert!(!found.is_in_body);
        assert!(difference(one, b"Subject: a\r\n\r\nbody2").is_in_body);
    }
}
