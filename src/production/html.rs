//! HTML as the text that a person sees in it.
//!
//! The tokenizer of `html5ever` reads it, no tree is built, so depth and order of tags do no harm. It must not know the
//! parts of a message.

use std::borrow::Cow;
use std::cell::RefCell;

use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::RawKind;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

/// The text of HTML: blocks on lines of their own, cells parted by tabs, links with their address, entities decoded.
pub(super) fn of_html(html: &str) -> String {
    let html = &*without_stuffed_tags(html);
    let tokenizer = Tokenizer::new(Reader(RefCell::new(Page::default())), TokenizerOpts::default());
    let input = BufferQueue::default();
    // A tendril holds less than 4 GiB; no body is that long, and what would be is read in pieces.
    let mut rest = html;
    while !rest.is_empty() {
        let (piece, after) = rest.split_at(rest.floor_char_boundary(PIECE));
        input.push_back(StrTendril::from_slice(piece));
        // A script never runs here: the rest is simply read on.
        while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
        rest = after;
    }
    tokenizer.end();
    tokenizer.sink.0.take().finish()
}

/// Attributes that one tag may have.
const ATTRIBUTES: usize = 500;

/// Leaves out tags with more attributes than anybody writes: the tokenizer compares each with all before it, so one tag
/// of a large message could keep it busy for hours.
fn without_stuffed_tags(html: &str) -> Cow<'_, str> {
    let bytes = html.as_bytes();
    let (mut kept, mut from, mut at) = (String::new(), 0, 0);
    while let Some(found) = bytes.get(at..).and_then(|rest| memchr::memchr(b'<', rest)) {
        let start = at + found;
        let (end, attributes) = tag_at(bytes, start + 1);
        if attributes > ATTRIBUTES {
            kept.push_str(html.get(from..start).unwrap_or_default());
            from = end;
        }
        at = end;
    }
    if from == 0 {
        return Cow::Borrowed(html);
    }
    kept.push_str(html.get(from..).unwrap_or_default());
    Cow::Owned(kept)
}

/// Where the tag ends whose name starts here, and how many attributes it can have at most. What is no tag ends at once.
fn tag_at(bytes: &[u8], start: usize) -> (usize, usize) {
    let name = bytes.get(start).filter(|byte| **byte != b'/').or_else(|| bytes.get(start + 1));
    if !name.is_some_and(u8::is_ascii_alphabetic) {
        return (start, 0);
    }
    let (mut quote, mut after_sign, mut attributes) = (None, false, 0);
    for (at, byte) in bytes.iter().enumerate().skip(start) {
        match (quote, *byte) {
            (Some(open), byte) => quote = Some(open).filter(|open| *open != byte),
            (None, b'>') => return (at + 1, attributes),
            (None, b'=') => after_sign = true,
            (None, byte @ (b'"' | b'\'')) if after_sign => {
                (quote, after_sign) = (Some(byte), false);
                attributes += 1;
            }
            (None, byte) if byte.is_ascii_whitespace() => attributes += 1,
            (None, b'/') => attributes += 1,
            (None, _) => after_sign = false,
        }
    }
    (bytes.len(), attributes)
}

/// Bytes that are handed to the tokenizer at a time.
const PIECE: usize = 1 << 20;

struct Reader(RefCell<Page>);

impl TokenSink for Reader {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.0.borrow_mut();
        match token {
            Token::CharacterTokens(text) => page.words(&text),
            Token::TagToken(tag) => return page.tag(&tag),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// The text so far.
#[derive(Default)]
struct Page {
    text: String,
    /// A space is due before the next word.
    space: bool,
    /// Line ends that are due before the next word.
    lines: usize,
    /// Within preformatted text.
    pre: usize,
    /// Within an element whose text nobody sees.
    hidden: Option<String>,
    /// The address of the link that is open, and where its words start.
    link: Option<(String, usize)>,
}

impl Page {
    fn words(&mut self, text: &str) {
        if self.hidden.is_some() {
            return;
        }
        for char in text.chars() {
            if self.pre > 0 && char == '\n' {
                self.lines = (self.lines + 1).min(2);
            } else if self.pre == 0 && matches!(char, ' ' | '\t' | '\n' | '\r' | '\u{c}') {
                self.space = true;
            } else if char != '\r' {
                self.due();
                // A no-break space is there to be seen, not to be searched for.
                self.text.push(if char == '\u{a0}' { ' ' } else { char });
            }
        }
    }

    /// Writes the white space that is due; none at the start.
    fn due(&mut self) {
        if !self.text.is_empty() {
            if self.lines > 0 {
                self.text.truncate(self.text.trim_end_matches([' ', '\t']).len());
                (0..self.lines).for_each(|_| self.text.push('\n'));
            } else if self.space && !self.text.ends_with([' ', '\t', '\n']) {
                self.text.push(' ');
            }
        }
        (self.space, self.lines) = (false, 0);
    }

    fn line(&mut self, lines: usize) {
        self.lines = self.lines.max(lines);
    }

    fn tag(&mut self, tag: &Tag) -> TokenSinkResult<()> {
        let (name, opens) = (&*tag.name, tag.kind == TagKind::StartTag);
        if let Some(hidden) = &self.hidden {
            if !opens && *hidden == name {
                self.hidden = None;
            }
            return TokenSinkResult::Continue;
        }
        let attribute = |name: &str| {
            let found = tag.attrs.iter().find(|attribute| &*attribute.name.local == name);
            found.map(|attribute| attribute.value.trim().to_owned()).filter(|value| !value.is_empty())
        };
        match name {
            "script" | "style" | "title" if opens => {
                self.hidden = Some(name.to_owned());
                let raw = match name {
                    "script" => RawKind::ScriptData,
                    "style" => RawKind::Rawtext,
                    _ => RawKind::Rcdata,
                };
                return TokenSinkResult::RawData(raw);
            }
            "br" => self.lines = (self.lines + 1).min(2),
            "p" | "blockquote" | "ul" | "ol" | "table" | "pre" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" => {
                self.line(2);
            }
            "hr" | "div" | "tr" | "dl" | "dt" | "dd" | "section" | "article" | "header" | "footer" | "form" => {
                self.line(1);
            }
            "li" => {
                self.line(1);
                if opens {
                    self.due();
                    self.text.push_str("- ");
                }
            }
            "td" | "th" if opens && self.lines == 0 && !self.text.is_empty() => {
                self.text.push('\t');
                self.space = false;
            }
            "img" => {
                if let Some(alt) = attribute("alt") {
                    self.due();
                    self.text.push_str(&format!("[{alt}]"));
                }
            }
            _ => {}
        }
        match (name, opens) {
            ("pre", true) => self.pre += 1,
            ("pre", false) => self.pre = self.pre.saturating_sub(1),
            ("a", true) => {
                self.end_link();
                self.link = attribute("href").map(|href| (href, self.text.len()));
            }
            ("a", false) => self.end_link(),
            _ => {}
        }
        TokenSinkResult::Continue
    }

    /// Puts a link's address behind its words, unless they are the address or it leads nowhere outside.
    fn end_link(&mut self) {
        let Some((href, from)) = self.link.take() else { return };
        let words = self.text.get(from..).unwrap_or_default().trim();
        let scheme = href.split(':').next().unwrap_or_default().to_ascii_lowercase();
        let leads = matches!(&*scheme, "http" | "https" | "mailto" | "ftp" | "file" | "tel" | "sip" | "onenote");
        let bare = |address: &str| address.trim_start_matches("mailto:").trim_end_matches('/').to_owned();
        if leads && bare(words) != bare(&href) {
            let (space, lines) = (self.space, self.lines);
            (self.space, self.lines) = (!words.is_empty(), 0);
            self.due();
            self.text.push_str(&format!("<{href}>"));
            (self.space, self.lines) = (space, lines);
        }
    }

    fn finish(mut self) -> String {
        self.end_link();
        self.text.trim_matches(['\n', ' ']).to_owned()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn paragraphs_lines_lists_and_cells_stay_apart_and_entities_are_read() {
        let html = "<html><head><title>t</title><style>p{}</style></head><body><p>One &amp; two&nbsp;&#8364;<br>three</p>\
                    <p>four   five\n six</p><ul><li>a<li>b</ul><table><tr><td>1<td>2</tr><tr><td>3<td>4</tr></table>\
                    <script>var x = '<p>no</p>';</script><pre>  x\n    y</pre>end";
        let text = "One & two €\nthree\n\nfour five six\n\n- a\n- b\n\n1\t2\n3\t4\n\n  x\n    y\n\nend";
        assert_eq!(of_html(html), text);
    }

    #[test]
    fn the_address_of_a_link_is_not_lost() {
        assert_eq!(
            of_html(
                "See <a href=\"https://x.example/a?b=1&amp;c=2\">the draft</a>, <a href='https://y.example/'>https://y.example</a>, \
                     <a href='mailto:a@x.example'>a@x.example</a> <a href='#top'>top</a>"
            ),
            "See the draft <https://x.example/a?b=1&c=2>, https://y.example, a@x.example top"
        );
    }

    #[test]
    fn broken_and_hostile_html_is_read_without_harm() {
        let deep = "<div><a href=x:y><table>".repeat(50_000) + "deep";
        assert_eq!(of_html(&deep), "deep");
        assert_eq!(of_html("a < b <p"), "a < b");
        let stuffed: String = (0..400_000).map(|n| format!(" a{n}")).collect();
        assert_eq!(of_html(&format!("<p>a<p{stuffed}>b<p{stuffed} title='>'>c</p{stuffed}>d")), "abcd");
        assert_eq!(of_html(&format!("<p>a<img alt=x src=\"data:{}\">b", "A b/".repeat(100_000))), "a[x]b");
        assert_eq!(of_html("<style>never closed <p>x"), "");
        assert_eq!(of_html("<!-- a --><p>b<!-- c"), "b");
    }

    const FRAGMENTS: [&str; 24] = [
        "<p>",
        "</p>",
        "<br>",
        "<pre>",
        "</pre>",
        "<a href=\"https://x.example\">",
        "</a>",
        "<li>",
        "<td>",
        "<style>",
        "</style>",
        "<script>",
        "<title>",
        "<!--",
        "-->",
        "<",
        ">",
        "&amp",
        "&#0;",
        "\n",
        " ",
        "\u{feff}word",
        "\0",
        "\"'=/",
    ];

    proptest! {
        #[test]
        fn any_html_gets_some_text(picks in proptest::collection::vec(0..FRAGMENTS.len(), 0..80)) {
            let html: String = picks.iter().map(|pick| FRAGMENTS[*pick]).collect();
            let text = of_html(&html);
            prop_assert!(!text.contains("\n\n\n") || html.contains("pre"));
            prop_assert_eq!(text, of_html(&html));
        }
    }
}
