//! A message opened for readers: its head and body text, the content of every part, embedded messages alike.
//!
//! Walks the tree as `families` does, so that every piece has the path of its row. It decodes what is asked for, one
//! piece at a time, and keeps none. It must not know what becomes of it.

use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::ControlFlow;

use super::charset;
use super::families::Leaf;
use super::head::Head;
use super::structure::{Entity, Kind, MESSAGE_DEPTH, Tree};
use super::tnef;
use super::transfer::decoded;

/// A piece of body text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Body {
    /// Text as it is read.
    Plain(String),
    /// HTML source.
    Html(String),
}

/// One piece of a message: a message of its own or a file.
pub struct Piece<'p>(Held<'p>);

enum Held<'p> {
    Message { tree: &'p Tree<'p>, root: usize, raw: &'p [u8] },
    File { entity: &'p Entity<'p> },
    Member { content: &'p [u8] },
}

/// Hands out the pieces of a message in the order of its rows: the message itself, under the empty path, then every part
/// with content under the path of its row.
///
/// Total over all inputs, with the limits of [`super::examine`].
pub fn open(bytes: &[u8], take: &mut dyn FnMut(&str, &Piece<'_>) -> ControlFlow<()>) -> ControlFlow<()> {
    let tree = Tree::of(bytes, "", 0);
    message(&tree, 0, ("", bytes), 0, take)
}

type Take<'t> = &'t mut dyn FnMut(&str, &Piece<'_>) -> ControlFlow<()>;

fn message(tree: &Tree<'_>, root: usize, held: (&str, &[u8]), depth: usize, take: Take<'_>) -> ControlFlow<()> {
    let (path, raw) = held;
    take(path, &Piece(Held::Message { tree, root, raw }))?;
    for leaf in tree.of_message(root).filter_map(|index| Leaf::of(tree, index)) {
        let entity = leaf.entity;
        let whole = (&*entity.path, entity.raw);
        if leaf.is_body() || leaf.is_hollow() {
            continue;
        }
        if entity.kind != Kind::Message {
            take(&entity.path, &Piece(Held::File { entity }))?;
            if tnef::is_tnef(&leaf) {
                members(&entity.path, &decoded(entity.encoding, entity.raw), depth, take)?;
            }
        } else if let Some(inner) = tree.opened(leaf.index()) {
            message(tree, inner, whole, depth + 1, take)?;
        } else if depth < MESSAGE_DEPTH {
            let content = decoded(entity.encoding, entity.raw);
            message(&Tree::of(&content, &format!("{}/", entity.path), depth + 1), 0, whole, depth + 1, take)?;
        } else {
            take(&entity.path, &Piece(Held::Member { content: entity.raw }))?;
        }
    }
    ControlFlow::Continue(())
}

fn members(path: &str, content: &[u8], depth: usize, take: Take<'_>) -> ControlFlow<()> {
    for (member, number) in tnef::members(content).into_iter().flatten().zip(1..) {
        let path = format!("{path}/{number}");
        take(&path, &Piece(Held::Member { content: member.content }))?;
        if tnef::opens_like_tnef(member.content) && depth < MESSAGE_DEPTH {
            members(&path, member.content, depth + 1, take)?;
        }
    }
    ControlFlow::Continue(())
}

impl Piece<'_> {
    /// The head of a message; `None` for a file.
    pub fn head(&self) -> Option<Head> {
        let Held::Message { tree, root, .. } = self.0 else { return None };
        tree.entities.get(root).map(|entity| Head::of(&entity.headers))
    }

    /// The bytes that the row's hash is of: decoded, or as they stand in the parent for an embedded message.
    pub fn content(&self) -> Cow<'_, [u8]> {
        match self.0 {
            Held::Message { raw, .. } => Cow::Borrowed(raw),
            Held::File { entity } => decoded(entity.encoding, entity.raw),
            Held::Member { content } => Cow::Borrowed(content),
        }
    }

    /// What can be read as text: the body of a message, a file that is text. Of alternatives the HTML is taken, which is
    /// what mail readers show, unless `reads` says that there is nothing to read in it.
    pub fn text(&self, reads: impl Fn(&str) -> bool) -> Vec<Body> {
        match self.0 {
            Held::Message { tree, root, .. } => body(tree, root, &reads),
            Held::File { entity } => file(entity).into_iter().collect(),
            Held::Member { .. } => Vec::new(),
        }
    }
}

fn body(tree: &Tree<'_>, root: usize, reads: &dyn Fn(&str) -> bool) -> Vec<Body> {
    let leaves: Vec<_> =
        tree.of_message(root).filter_map(|index| Leaf::of(tree, index)).filter(Leaf::is_body).collect();
    let text = |leaf: &Leaf<'_, '_>| {
        let content = decoded(leaf.entity.encoding, leaf.entity.raw);
        charset::decode(leaf.entity.media.text("charset").as_deref(), &content)
    };
    let mut said = HashSet::new();
    let mut found = Vec::new();
    // First the HTML, so that each alternative is known to be said before its plain text is looked at.
    for (at, leaf) in leaves.iter().enumerate().filter(|(_, leaf)| leaf.is_html()) {
        let html = text(leaf);
        if reads(&html) {
            said.extend(alternative(tree, root, leaf.index()));
            found.push((at, Body::Html(html)));
        }
    }
    for (at, leaf) in leaves.iter().enumerate().filter(|(_, leaf)| leaf.is_plain()) {
        if alternative(tree, root, leaf.index()).is_none_or(|group| !said.contains(&group)) {
            found.push((at, Body::Plain(text(leaf))));
        }
    }
    found.sort_by_key(|(at, _)| *at);
    found.into_iter().map(|(_, body)| body).collect()
}

/// The innermost multipart of alternatives, within the message, that an entity stands in.
fn alternative(tree: &Tree<'_>, root: usize, index: usize) -> Option<usize> {
    let mut at = index;
    while at != root {
        at = tree.entities.get(at)?.parent?;
        if tree.entities.get(at)?.media.token == "multipart/alternative" {
            return Some(at);
        }
    }
    None
}

/// A file that says it is text. Without a charset it is UTF-8, or what its byte order mark says.
fn file(entity: &Entity<'_>) -> Option<Body> {
    let token = entity.media.token.as_str();
    let is_text = token.starts_with("text/")
        || matches!(
            token,
            "application/json" | "application/xml" | "message/delivery-status" | "message/disposition-notification"
        );
    if !is_text {
        return None;
    }
    let content = decoded(entity.encoding, entity.raw);
    let text = match encoding_rs::Encoding::for_bom(&content) {
        Some((encoding, _)) => encoding.decode_with_bom_removal(&content).0.into_owned(),
        None => match entity.media.text("charset") {
            Some(charset) => charset::decode(Some(&charset), &content),
            None => charset::lenient(&content).into_owned(),
        },
    };
    Some(if token == "text/html" { Body::Html(text) } else { Body::Plain(text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::examine;

    const MAIL: &str = "From: a@x.example\r\nSubject: outer\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\
        Content-Type: multipart/alternative; boundary=a\r\n\r\n--a\r\n\r\nplain\r\n--a\r\nContent-Type: text/html\r\n\r\n\
        <p>rich</p>\r\n--a--\r\n--m\r\nContent-Type: text/plain\r\n\r\nfooter\r\n--m\r\nContent-Type: message/rfc822\r\n\r\n\
        Subject: inner\r\nContent-Type: multipart/mixed; boundary=i\r\n\r\n--i\r\n\r\ndeep\r\n--i\r\nContent-Type: text/csv; \
        name=x.csv\r\nContent-Transfer-Encoding: base64\r\n\r\nYSxi\r\n--i--\r\n--m--\r\n";

    /// Path, subject, text, content.
    type Seen = (String, Option<String>, Vec<Body>, Vec<u8>);

    fn pieces(mail: &[u8], reads: fn(&str) -> bool) -> Vec<Seen> {
        let mut seen = Vec::new();
        let _ = open(mail, &mut |path, piece| {
            let subject = piece.head().and_then(|head| head.subject);
            seen.push((path.to_owned(), subject, piece.text(reads), piece.content().into_owned()));
            ControlFlow::Continue(())
        });
        seen
    }

    #[test]
    fn every_piece_has_the_path_and_the_bytes_of_its_row() {
        let rows = examine(MAIL.as_bytes()).parts;
        let seen = pieces(MAIL.as_bytes(), |_| true);
        assert_eq!(seen.len(), rows.len() + 1);
        for (row, (path, _, _, content)) in rows.iter().zip(&seen[1..]) {
            assert_eq!((path, row.sha256), (&row.mime_path, Some(crate::terms::Sha256::of(content))));
        }
        assert_eq!(seen[1].1.as_deref(), Some("inner"));
        assert_eq!(seen[2].2, [Body::Plain("a,b".to_owned())]);
    }

    #[test]
    fn alternatives_are_read_once_and_what_stands_beside_them_is_kept() {
        let plain = |text: &str| Body::Plain(text.to_owned());
        let html = Body::Html("<p>rich</p>".to_owned());
        assert_eq!(pieces(MAIL.as_bytes(), |_| true)[0].2, [html, plain("footer")]);
        assert_eq!(pieces(MAIL.as_bytes(), |_| false)[0].2, [plain("plain"), plain("footer")]);
    }
}
