//! HTML to comparable text, by the letter of content id v1: no parser, no entities, only cutting.
//!
//! It must not try to be a browser; the rule has to be reproducible in two lines of any language.

use memchr::{memchr, memchr_iter};

/// Removes `<style>` and `<script>` elements, then everything between `<` and `>`.
pub(super) fn text_of(html: &str) -> String {
    let mut kept = String::with_capacity(html.len());
    let mut hidden = [Hidden::new("style"), Hidden::new("script")];
    let mut from = 0;
    for at in memchr_iter(b'<', html.as_bytes()) {
        if at < from {
            continue;
        }
        if let Some(end) = hidden.iter_mut().find_map(|element| element.end_of(html.as_bytes(), at)) {
            kept.push_str(&html[from..at]);
            from = end;
        }
    }
    kept.push_str(&html[from..]);
    without_tags(&kept)
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

fn without_tags(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(open) = memchr(b'<', rest.as_bytes()) {
        let Some(close) = memchr(b'>', &rest.as_bytes()[open..]) else {
            break;
        };
        text.push_str(&rest[..open]);
        rest = &rest[open + close + 1..];
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::text_of;

    #[test]
    fn tags_go_and_the_text_stays_with_its_entities() {
        assert_eq!(text_of("<p class=\"x\">a &amp; b</p>1 < 2"), "a &amp; b1 < 2");
    }

    #[test]
    fn style_and_script_go_with_their_content_when_they_are_closed() {
        assert_eq!(text_of("a<STYLE type=x>p > b {}</Style >b<script>if (1 < 2) {}</script>c"), "abc");
        assert_eq!(text_of("a<style>b"), "ab");
        assert_eq!(text_of("<styled>b</styled>"), "b");
    }
}
