//! The tree of a message: which entities it has, where each one's header and body lie in the bytes.
//!
//! One pass over the bytes, nothing decoded, nothing copied. Splitting follows RFC 2046 with the tolerances of
//! Python's `email` package. It must not know families, roles or hashes.
//!
//! Paths: the sections of a multipart count from 1 and nest with dots (`2.1`), the content of a message that is no
//! multipart is section 1, and `/` enters an embedded message (`2/1` is the body of the message at section 2).

use memchr::memmem;

use super::headers::{Headers, line_at, opens_with_field, read_block, without_line_end};
use super::params::Structured;
use super::transfer::Encoding;

/// Embedded messages are opened to this depth; deeper ones are hashed and stay closed.
pub(super) const MESSAGE_DEPTH: usize = 50;
/// Multiparts and messages together are opened to this depth.
const CONTAINER_DEPTH: usize = 2 * MESSAGE_DEPTH;
/// Entities that are read; a message with more is read up to here.
pub(super) const ENTITY_LIMIT: usize = 20_000;

/// What an entity is to its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A multipart that was split.
    Multipart,
    /// Content of its own, including a multipart that could not be split.
    Leaf,
    /// An embedded message; its one child, if it was opened here, is the message.
    Message,
}

/// One entity. Its descendants follow it directly, up to `end`.
#[derive(Debug)]
pub(super) struct Entity<'a> {
    /// Index of the enclosing entity.
    pub(super) parent: Option<usize>,
    /// Index after its last descendant.
    pub(super) end: usize,
    pub(super) kind: Kind,
    pub(super) headers: Headers<'a>,
    /// The Content-Type, or the default of the place.
    pub(super) media: Structured,
    pub(super) encoding: Encoding,
    /// The body as it stands, up to the line end that belongs to the delimiter; nothing for a split multipart.
    pub(super) raw: &'a [u8],
    pub(super) path: String,
}

/// What kept the tree from being whole.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gaps {
    /// A container was deeper than allowed.
    pub(super) too_deep: bool,
    /// There were more entities than allowed.
    pub(super) too_many: bool,
    /// A multipart with content had no usable boundary.
    pub(super) unsplit: bool,
}

/// A message as a list of entities in document order; the first is the message itself.
#[derive(Debug)]
pub(super) struct Tree<'a> {
    pub(super) entities: Vec<Entity<'a>>,
    pub(super) gaps: Gaps,
    /// The message's own multipart has no closing delimiter line (RFC 2046, section 5.1.1): it may have been cut short.
    pub(super) unclosed: bool,
}

impl<'a> Tree<'a> {
    /// Splits a message. `prefix` goes before every path, `depth` is how many messages enclose this one.
    pub(super) fn of(bytes: &'a [u8], prefix: &str, depth: usize) -> Self {
        let data = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let mut reader = Reader {
            data,
            open: Vec::new(),
            tree: Self { entities: Vec::new(), gaps: Gaps::default(), unclosed: false },
            messages: depth,
        };
        reader.entity(0, None, &Place { prefix, section: "", digest: false });
        reader.tree
    }

    /// The message that an embedded-message entity holds, if it was opened here.
    pub(super) fn opened(&self, message: usize) -> Option<usize> {
        let entity = self.entities.get(message)?;
        (entity.kind == Kind::Message && entity.end > message + 1).then_some(message + 1)
    }

    /// The entities of one message in document order, without those of messages inside it.
    pub(super) fn of_message(&self, root: usize) -> impl Iterator<Item = usize> + '_ {
        let end = self.entities.get(root).map_or(root, |entity| entity.end);
        let mut next = root;
        std::iter::from_fn(move || {
            let index = next;
            let entity = self.entities.get(index).filter(|_| index < end)?;
            next = if entity.kind == Kind::Message { entity.end } else { index + 1 };
            Some(index)
        })
    }
}

/// Where an entity stands: what goes before its path, its section in the message, and whether the default is a message.
struct Place<'p> {
    prefix: &'p str,
    section: &'p str,
    digest: bool,
}

impl Place<'_> {
    fn path(&self, kind: Kind) -> String {
        match (self.section, kind) {
            ("", Kind::Multipart) => self.prefix.to_owned(),
            ("", Kind::Leaf | Kind::Message) => format!("{}1", self.prefix),
            (section, _) => format!("{}{section}", self.prefix),
        }
    }
}

/// A line that ends an entity.
#[derive(Clone, Copy)]
struct Delimiter {
    /// Index of the boundary in the stack of open ones.
    level: usize,
    /// Whether it closes the multipart.
    closes: bool,
    /// Where the line starts.
    start: usize,
    /// End of the content before it: its own line end is not content.
    content_end: usize,
    /// Where the next line starts.
    next: usize,
}

struct Reader<'a> {
    data: &'a [u8],
    /// Boundaries of the multiparts that are open, outermost first.
    open: Vec<Vec<u8>>,
    tree: Tree<'a>,
    /// Messages that enclose the current place.
    messages: usize,
}

impl Reader<'_> {
    /// Reads the entity at `at`; returns the delimiter of an enclosing multipart that ended it, `None` at the end.
    fn entity(&mut self, at: usize, parent: Option<usize>, place: &Place<'_>) -> Option<Delimiter> {
        let (headers, body) = read_block(self.data, at, |line| self.delimits(line).is_some());
        let media = media_of(&headers, place.digest);
        let encoding = Encoding::stated(&headers);
        let index = self.tree.entities.len();
        let deep = self.open.len() + self.messages >= CONTAINER_DEPTH;
        self.tree.entities.push(Entity {
            parent,
            end: index + 1,
            kind: Kind::Leaf,
            headers,
            media,
            encoding,
            raw: &[],
            path: String::new(),
        });
        let media = &self.tree.entities[index].media;
        let ended = if media.token.starts_with("multipart/") {
            let boundary = media.get("boundary").map(|value| value.raw.trim_ascii_end().to_vec());
            match boundary.filter(|boundary| !boundary.is_empty()) {
                Some(boundary) if !deep => self.multipart(index, body, boundary, place),
                boundary => {
                    let ended = self.next_delimiter(body);
                    self.whole(index, body, ended.map_or(self.data.len(), |ended| ended.start), boundary.is_some());
                    ended
                }
            }
        } else if is_message(&media.token) {
            self.message(index, body, place)
        } else {
            self.leaf(index, body)
        };
        let kind = self.tree.entities[index].kind;
        let end = self.tree.entities.len();
        let entity = &mut self.tree.entities[index];
        entity.path = place.path(kind);
        entity.end = end;
        ended
    }

    fn leaf(&mut self, index: usize, body: usize) -> Option<Delimiter> {
        let ended = self.next_delimiter(body);
        self.set_raw(index, body, ended);
        ended
    }

    /// A multipart that stays whole: without a usable boundary, or too deep. All that stands before the next delimiter
    /// line is its content.
    fn whole(&mut self, index: usize, body: usize, end: usize, deep: bool) {
        let raw = self.data.get(body..end).unwrap_or_default();
        self.tree.entities[index].raw = raw;
        self.tree.gaps.too_deep |= deep;
        self.tree.gaps.unsplit |= !deep && !raw.trim_ascii().is_empty();
    }

    fn multipart(&mut self, index: usize, body: usize, boundary: Vec<u8>, place: &Place<'_>) -> Option<Delimiter> {
        let level = self.open.len();
        self.open.push(boundary);
        let first = self.next_delimiter(body);
        let ended = if let Some(first) = first.filter(|first| first.level == level && !first.closes) {
            self.tree.entities[index].kind = Kind::Multipart;
            self.sections(index, level, first, place)
        } else {
            self.whole(index, body, first.map_or(self.data.len(), |first| first.start), false);
            first
        };
        self.open.truncate(level);
        // A message's own multipart ends with its closing line, whatever stands after it.
        let closes = ended.is_some_and(|last| last.level == level && last.closes);
        self.tree.unclosed |= index == 0 && !closes && !self.tree.gaps.too_many;
        match ended {
            Some(last) if last.level == level => self.next_delimiter(last.next),
            ended => ended,
        }
    }

    /// Reads the parts of a multipart from its first delimiter on; returns the delimiter after the last part.
    fn sections(&mut self, index: usize, level: usize, first: Delimiter, place: &Place<'_>) -> Option<Delimiter> {
        let digest = self.tree.entities[index].media.token == "multipart/digest";
        let mut ended = Some(first);
        let mut number = 0_usize;
        while let Some(delimiter) = ended.filter(|delimiter| delimiter.level == level && !delimiter.closes) {
            // Two delimiters in a row hold no part between them.
            if let Some(again) = self.delimiter_at(delimiter.next).filter(|again| again.level == level) {
                ended = Some(again);
                continue;
            }
            if self.tree.entities.len() >= ENTITY_LIMIT {
                self.tree.gaps.too_many = true;
                break;
            }
            number += 1;
            let dot = if place.section.is_empty() { "" } else { "." };
            let section = format!("{}{dot}{number}", place.section);
            ended =
                self.entity(delimiter.next, Some(index), &Place { prefix: place.prefix, section: &section, digest });
        }
        ended
    }

    /// An embedded message: opened in place when it stands there as it is; an encoded one is opened by whoever decodes it.
    fn message(&mut self, index: usize, body: usize, place: &Place<'_>) -> Option<Delimiter> {
        let rest = self.data.get(body..).unwrap_or_default();
        let plain = self.tree.entities[index].encoding == Encoding::Identity || opens_with_field(rest);
        if self.messages + 1 > MESSAGE_DEPTH || self.open.len() + self.messages >= CONTAINER_DEPTH {
            self.tree.gaps.too_deep = true;
            return self.leaf(index, body);
        }
        self.tree.entities[index].kind = Kind::Message;
        if !plain {
            return self.leaf(index, body);
        }
        self.tree.entities[index].encoding = Encoding::Identity;
        let prefix = format!("{}/", place.path(Kind::Message));
        self.messages += 1;
        let ended = self.entity(body, Some(index), &Place { prefix: &prefix, section: "", digest: false });
        self.messages -= 1;
        self.set_raw(index, body, ended);
        ended
    }

    /// A part that breaks off with the message ends before a last line end, as it would before its lost delimiter.
    fn set_raw(&mut self, index: usize, body: usize, ended: Option<Delimiter>) {
        let rest = self.data.get(body..).unwrap_or_default();
        self.tree.entities[index].raw = match ended {
            Some(delimiter) => rest.get(..delimiter.content_end.saturating_sub(body)).unwrap_or_default(),
            None if self.open.is_empty() => rest,
            None => without_line_end(rest),
        };
    }

    /// The next line from `from` on, itself a line start, that delimits an open multipart.
    fn next_delimiter(&self, from: usize) -> Option<Delimiter> {
        if self.open.is_empty() {
            return None;
        }
        let rest = self.data.get(from..)?;
        let first = rest.starts_with(b"--").then_some(from);
        let later = memmem::find_iter(rest, b"\n--").map(|found| from + found + 1);
        first.into_iter().chain(later).find_map(|start| self.delimiter_at(start))
    }

    fn delimiter_at(&self, start: usize) -> Option<Delimiter> {
        let line = line_at(self.data, start);
        let (level, closes) = self.delimits(line)?;
        let before = &self.data[..start];
        let content_end = before.strip_suffix(b"\n").map_or(start, |before| without_return(before).len());
        Some(Delimiter { level, closes, start, content_end, next: start + line.len() })
    }

    /// Which open boundary a line delimits, outermost first, and whether it closes it.
    fn delimits(&self, line: &[u8]) -> Option<(usize, bool)> {
        let text = without_line_end(line.strip_prefix(b"--")?);
        self.open.iter().enumerate().find_map(|(level, boundary)| {
            let rest = text.strip_prefix(&**boundary)?;
            let (closes, rest) = rest.strip_prefix(b"--").map_or((false, rest), |rest| (true, rest));
            rest.iter().all(|byte| matches!(byte, b' ' | b'\t')).then_some((level, closes))
        })
    }
}

fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A Content-Type that names no type and subtype is read as text, as RFC 2045 5.2 advises.
fn media_of(headers: &Headers<'_>, digest: bool) -> Structured {
    let default = if digest { "message/rfc822" } else { "text/plain" };
    match headers.first("Content-Type") {
        Some(value) => {
            let mut media = Structured::parse(value);
            if media.token.matches('/').count() != 1 {
                "text/plain".clone_into(&mut media.token);
            }
            media
        }
        None => Structured::bare(default),
    }
}

/// Types that hold a whole message; other `message/` types are reports and fragments.
fn is_message(token: &str) -> bool {
    matches!(token, "message/rfc822" | "message/global" | "message/news")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(message: &str) -> Vec<String> {
        let crlf = message.replace('\n', "\r\n");
        let both = [message, &crlf].map(|text| {
            let tree = Tree::of(text.as_bytes(), "", 0);
            tree.entities
                .iter()
                .map(|entity| {
                    let raw = String::from_utf8_lossy(entity.raw).replace("\r\n", "\n");
                    format!("{:?} [{}] {} {raw:?}", entity.kind, entity.path, entity.media.token)
                })
                .collect::<Vec<_>>()
        });
        assert_eq!(both[0], both[1], "line ends must not matter");
        both[0].clone()
    }

    #[test]
    fn a_plain_message_is_one_leaf_at_section_1() {
        assert_eq!(outline("Subject: x\n\nhello\n"), [r#"Leaf [1] text/plain "hello\n""#]);
        assert_eq!(outline(""), [r#"Leaf [1] text/plain """#]);
    }

    #[test]
    fn sections_nest_with_dots_and_messages_with_a_slash() {
        let message = "Content-Type: multipart/mixed; boundary=a\n\npreamble\n--a\nContent-Type: multipart/alternative; \
                       boundary=b\n\n--b\n\none\n--b\nContent-Type: text/html\n\ntwo\n--b--\n--a\nContent-Type: \
                       message/rfc822\n\nSubject: inner\n\ndeep\n--a--\nepilogue\n";
        let outline = outline(message);
        assert_eq!(
            outline[1..],
            [
                r#"Multipart [1] multipart/alternative """#,
                "Leaf [1.1] text/plain \"one\"",
                "Leaf [1.2] text/html \"two\"",
                "Message [2] message/rfc822 \"Subject: inner\\n\\ndeep\"",
                "Leaf [2/1] text/plain \"deep\"",
            ]
        );
        assert!(outline[0].starts_with("Multipart [] multipart/mixed"));
    }

    #[test]
    fn a_missing_close_an_empty_part_and_doubled_delimiters_are_survived() {
        let outline = outline("Content-Type: multipart/mixed; boundary=\"a b\"\n\n--a b  \n--a b\n\n--a b\n\nlast\n");
        assert_eq!(outline[1..], [r#"Leaf [1] text/plain """#, r#"Leaf [2] text/plain "last""#]);
    }

    #[test]
    fn a_multipart_without_its_boundary_is_a_leaf_and_a_gap() {
        for message in ["Content-Type: multipart/mixed\n\nx\n", "Content-Type: multipart/mixed; boundary=q\n\n--r\nx\n"]
        {
            let tree = Tree::of(message.as_bytes(), "", 0);
            assert_eq!(tree.entities.len(), 1);
            assert_eq!((tree.entities[0].kind, tree.gaps.unsplit), (Kind::Leaf, true));
        }
    }

    #[test]
    fn depth_and_number_are_bounded_and_said() {
        let deep = "Content-Type: message/rfc822\n\n".repeat(5_000);
        let tree = Tree::of(deep.as_bytes(), "", 0);
        assert_eq!((tree.entities.len(), tree.gaps.too_deep), (MESSAGE_DEPTH + 1, true));

        let open = |level| format!("Content-Type: multipart/mixed; boundary={level}\n\n--{level}\n");
        let nested: String = (0..5_000).map(open).collect();
        let tree = Tree::of(nested.as_bytes(), "", 0);
        assert_eq!((tree.entities.len(), tree.gaps.too_deep), (CONTAINER_DEPTH + 1, true));

        let wide = format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\n".repeat(30_000));
        let tree = Tree::of(wide.as_bytes(), "", 0);
        assert_eq!((tree.entities.len(), tree.gaps.too_many), (ENTITY_LIMIT, true));
    }
}
