//! HTML to comparable text, by the letter of content id v1: no parser, no entities, only cutting.
//!
//! It must not try to be a browser; the rule has to be reproducible in two lines of any language.

use std::ops::Range;

use memchr::{memchr, memchr_iter};

/// Removes `<style>` and `<script>` elements, then everything between `<` and `>`; in place, as bodies can be large.
pub(super) fn text_of(html: String) -> String {
    let mut hidden = [Hidden::new("style"), Hidden::new("script")];
    let without_hidden = without(html, |bytes, from| {
        memchr_iter(b'<', &bytes[from..]).map(|found| from + found).find_map(|at| {
            let end = hidden.iter_mut().find_map(|element| element.end_of(bytes, at))?;
            Some(at..end)
        })
    });
    without(without_hidden, |bytes, from| {
        let open = from + memchr(b'<', &bytes[from..])?;
        Some(open..open + memchr(b'>', &bytes[open..])? + 1)
    })
}

/// Cuts the ranges that `next_cut` finds from an offset on. They start and end at ASCII, so the rest stays UTF-8.
fn without(text: String, mut next_cut: impl FnMut(&[u8], usize) -> Option<Range<usize>>) -> String {
    let mut bytes = text.into_bytes();
    let (mut kept, mut from) = (0, 0);
    while let Some(cut) = next_cut(&bytes, from) {
        bytes.copy_within(from..cut.start, kept);
        kept += cut.start - from;
        from = cut.end;
    }
    let end = bytes.len();
    bytes.copy_within(from..end, kept);
    bytes.truncate(kept + end - from);
    String::from_utf8(bytes).unwrap_or_default()
}

/// An element whose content is not text.
struct Hidden {
    name: &'static str,
    /// Set once no closing tag is left, so that a text full of opening tags is still read once.
    never_closed: bool,
}

impl Hidden {
    const fn new(name: &'static str) -> Self {
        Self { name, never_closed: false }
    }

    /// Where the element that opens at `at` ends, if it is this one and closed.
    fn end_of(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        if self.never_closed || !starts_with_name(bytes, at + 1, self.name) {
            return None;
        }
        let end = self.closing_end(bytes, at);
        self.never_closed = end.is_none();
        end
    }

    fn closing_end(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let open = at + memchr(b'>', &bytes[at..])?;
        let closing = memchr_iter(b'<', &bytes[open..])
            .map(|found| open + found)
            .find(|found| bytes.get(found + 1) == Some(&b'/') && starts_with_name(bytes, found + 2, self.name))?;
        Some(closing + memchr(b'>', &bytes[closing..])? + 1)
    }
}

/// Whether the element name stands at `at`, followed by the end of a name.
fn starts_with_name(bytes: &[u8], at: usize, name: &str) -> bool {
    let end = at + name.len();
    bytes.get(at..end).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()))
        && !bytes.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
}

#[cfg(test)]
mod tests {
    fn text_of(html: &str) -> String {
        super::text_of(html.to_owned())
    }

    #[test]
    fn tags_go_and_the_text_stays_with_its_entities() {
        assert_eq!(text_of("<p class=\"x\">a &amp; b</p>1 < 2"), "a &amp; b1 < 2");
    }

    #[test]
    fn style_and_script_go_with_their_content_when_they_are_closed() {
        assert_eq!(text_of("a<STYLE type=x>p > b {}</Style >b<script>if (1 < 2) {}</script>c"), "abc");
        assert_eq!(text_of("a<style>b"), "ab");
        assert_eq!(text_of("<styled>b</styled>"), "b");
        assert_eq!(text_of("ä < <style>x</style> ö > ü <b"), "ä  ü <b");
    }
}
