//! The walk over a message's entities: hashes, roles, family rows, and the pieces of its content id.
//!
//! It decodes one part at a time and keeps none. It must not decide what a note means for the run.

use std::collections::{BTreeMap, HashSet};

use super::Role;
use super::charset;
use super::content::{self, Parts};
use super::facts::{Embedded, Note, PartFacts};
use super::headers::unfold;
use super::html;
use super::links;
use super::message_id;
use super::params::{Structured, Value};
use super::protection;
use super::structure::{ENTITY_LIMIT, Entity, Gaps, Kind, MESSAGE_DEPTH, Tree};
use super::tnef;
use super::transfer::{decoded, hashed};
use crate::terms::{ExceptionCode, Severity, Sha256};

/// What the walk gathered so far, over all messages of the family.
#[derive(Debug, Default)]
pub(super) struct Survey {
    pub(super) parts: Vec<PartFacts>,
    pub(super) gaps: Gaps,
    /// Paths by the kind of note they give rise to.
    noted: BTreeMap<ExceptionCode, Vec<String>>,
}

/// An entity with content, and what its header says about it.
pub(super) struct Leaf<'t, 'a> {
    pub(super) entity: &'t Entity<'a>,
    index: usize,
    pub(super) name: Option<Value>,
    /// `attachment`, `inline` or another word, lower-cased.
    disposition: Option<String>,
    content_id: Option<String>,
}

impl<'t, 'a> Leaf<'t, 'a> {
    pub(super) fn of(tree: &'t Tree<'a>, index: usize) -> Option<Self> {
        let entity = tree.entities.get(index).filter(|entity| entity.kind != Kind::Multipart)?;
        let disposition = entity.headers.first("Content-Disposition").map(Structured::parse);
        let name = disposition
            .as_ref()
            .and_then(|disposition| disposition.get("filename"))
            .or_else(|| entity.media.get("name"))
            .filter(|name| !name.raw.is_empty());
        let content_id = entity.headers.first("Content-ID").map(|raw| {
            let id = charset::lenient(&unfold(raw)).into_owned();
            id.trim_matches(['<', '>']).to_owned()
        });
        let disposition = disposition.map(|disposition| disposition.token);
        Some(Self { entity, index, name, disposition, content_id })
    }

    /// Its place in the tree.
    pub(super) const fn index(&self) -> usize {
        self.index
    }

    pub(super) fn is_attachment(&self) -> bool {
        self.disposition.as_deref() == Some("attachment")
    }

    /// A multipart without any part: a leaf like any other to the content id, but nobody's attachment.
    pub(super) fn is_hollow(&self) -> bool {
        self.entity.media.token.starts_with("multipart/") && self.entity.raw.trim_ascii().is_empty()
    }

    /// See the module documentation of `identity`.
    pub(super) fn is_body(&self) -> bool {
        self.is_plain() || self.is_html()
    }

    pub(super) fn is_plain(&self) -> bool {
        self.entity.media.token == "text/plain" && self.shown_as_text()
    }

    pub(super) fn is_html(&self) -> bool {
        self.entity.media.token == "text/html" && self.shown_as_text()
    }

    fn shown_as_text(&self) -> bool {
        self.name.is_none() && !self.is_attachment()
    }

    /// An image or other part that the body shows: one that the HTML refers to, one that is related to the text and
    /// can be referred to, or an image sent to be shown in place. A file marked inline without an id is an attachment:
    /// some mail programs mark every file so.
    fn is_inline(&self, tree: &Tree<'_>, shown: &HashSet<String>) -> bool {
        let token = &self.entity.media.token;
        let parent = self.entity.parent.and_then(|parent| tree.entities.get(parent));
        let within = |kind: &str| parent.is_some_and(|parent| parent.media.token == kind);
        let has_id = self.content_id.as_ref().is_some_and(|id| !id.is_empty());
        let is_shown = self.content_id.as_ref().is_some_and(|id| shown.contains(id));
        let inline = self.disposition.as_deref() == Some("inline");
        let alternative = within("multipart/alternative") && token.starts_with("text/") && self.shown_as_text();
        is_shown
            || alternative
            || has_id && !self.is_attachment() && (inline || within("multipart/related"))
            || inline && token.starts_with("image/")
    }

    fn role(&self, tree: &Tree<'_>, shown: &HashSet<String>) -> Role {
        match self.entity.media.token.as_str() {
            "message/rfc822" | "message/global" | "message/news" => Role::EmbeddedMessage,
            "text/calendar" if !self.is_attachment() => Role::Calendar,
            "application/pkcs7-signature" | "application/x-pkcs7-signature" | "application/pgp-signature" => {
                Role::Signature
            }
            _ if self.is_inline(tree, shown) => Role::Inline,
            _ => Role::Attachment,
        }
    }
}

/// What the body text of one message gave.
#[derive(Default)]
struct BodyText {
    digest: Option<Sha256>,
    /// Content-IDs that the HTML refers to.
    shown: HashSet<String>,
    /// Links to cloud files, by entity index.
    links: BTreeMap<usize, Vec<String>>,
    parts: Parts,
}

impl Survey {
    /// Walks the message at `root`, adds its rows under `parent`, and returns its content id.
    pub(super) fn message(&mut self, tree: &Tree<'_>, root: usize, parent: Option<usize>, depth: usize) -> Sha256 {
        self.gaps.too_deep |= tree.gaps.too_deep;
        self.gaps.too_many |= tree.gaps.too_many;
        self.gaps.unsplit |= tree.gaps.unsplit;
        let leaves: Vec<_> = tree.of_message(root).filter_map(|index| Leaf::of(tree, index)).collect();
        let mut body = body_text(&leaves);
        for leaf in &leaves {
            if leaf.is_body() {
                self.links(leaf, body.links.remove(&leaf.index), parent);
            } else if leaf.entity.kind == Kind::Message {
                let content_id = self.embedded(tree, leaf, parent, depth);
                body.parts.message(content_id);
            } else {
                let role = leaf.role(tree, &body.shown);
                let (sha256, bytes) = self.file(leaf, role, parent, depth);
                body.parts.leaf(sha256, bytes);
            }
        }
        let Some(message) = tree.entities.get(root) else {
            unreachable!("the root of a message is in its tree");
        };
        if protection::is_rights_managed(&message.headers) {
            self.note(ExceptionCode::IrmProtected, message.path.clone());
        }
        content::content_id(&message.headers, body.digest, body.parts)
    }

    fn file(&mut self, leaf: &Leaf<'_, '_>, role: Role, parent: Option<usize>, depth: usize) -> (Sha256, u64) {
        let entity = leaf.entity;
        let row = self.parts.len();
        let facts = hashed(entity.encoding, entity.raw);
        if leaf.is_hollow() {
            return facts;
        }
        self.push(row_of(leaf, role, parent, facts));
        if tnef::is_tnef(leaf) {
            self.tnef(&entity.path, &decoded(entity.encoding, entity.raw), row, depth);
        }
        if let Some(code) = protection::of(leaf) {
            self.note(code, entity.path.clone());
        }
        facts
    }

    /// Lists the files of a TNEF stream, and those of a message inside it.
    fn tnef(&mut self, path: &str, content: &[u8], row: usize, depth: usize) {
        let Some(members) = tnef::members(content) else {
            return self.note(ExceptionCode::TnefOpaque, path.to_owned());
        };
        for (member, number) in members.into_iter().zip(1..) {
            let inner = self.parts.len();
            let mime_path = format!("{path}/{number}");
            self.push(PartFacts {
                name_raw: member.name_raw,
                name: member.name,
                media_type: member.media_type,
                bytes: Some(member.content.len() as u64),
                sha256: Some(Sha256::of(member.content)),
                ..PartFacts::bare(Some(row), mime_path.clone(), Role::TnefMember)
            });
            if tnef::opens_like_tnef(member.content) {
                if depth < MESSAGE_DEPTH {
                    self.tnef(&mime_path, member.content, inner, depth + 1);
                } else {
                    self.gaps.too_deep = true;
                }
            }
        }
    }

    fn embedded(&mut self, tree: &Tree<'_>, leaf: &Leaf<'_, '_>, parent: Option<usize>, depth: usize) -> Sha256 {
        let entity = leaf.entity;
        let row = self.parts.len();
        let facts = (Sha256::of(entity.raw), entity.raw.len() as u64);
        self.push(row_of(leaf, Role::EmbeddedMessage, parent, facts));
        let embedded = match tree.opened(leaf.index) {
            Some(root) => self.opened(tree, root, row, depth + 1),
            None if depth < MESSAGE_DEPTH => {
                let content = decoded(entity.encoding, entity.raw);
                let inner = Tree::of(&content, &format!("{}/", entity.path), depth + 1);
                self.opened(&inner, 0, row, depth + 1)
            }
            None => {
                self.gaps.too_deep = true;
                return facts.0;
            }
        };
        let content_id = embedded.content_id;
        if let Some(row) = self.parts.get_mut(row) {
            row.embedded = Some(embedded);
        }
        content_id
    }

    fn opened(&mut self, tree: &Tree<'_>, root: usize, row: usize, depth: usize) -> Embedded {
        let content_id = self.message(tree, root, Some(row), depth);
        let headers = &tree.entities[root].headers;
        Embedded { message_id: message_id::message_id(headers), mih: message_id::mih(headers), content_id }
    }

    fn links(&mut self, leaf: &Leaf<'_, '_>, links: Option<Vec<String>>, parent: Option<usize>) {
        for (url, number) in links.into_iter().flatten().zip(1..) {
            let mime_path = format!("{}#{number}", leaf.entity.path);
            self.note(ExceptionCode::CloudAttachment, mime_path.clone());
            self.push(PartFacts { target_url: Some(url), ..PartFacts::bare(parent, mime_path, Role::Reference) });
        }
    }

    /// Adds a row; beyond the limit it is dropped and said.
    fn push(&mut self, row: PartFacts) {
        if self.parts.len() >= ENTITY_LIMIT {
            self.gaps.too_many = true;
            return;
        }
        let ordinal = self.parts.len() + 1;
        self.parts.push(PartFacts { ordinal, ..row });
    }

    fn note(&mut self, code: ExceptionCode, path: String) {
        self.noted.entry(code).or_default().push(path);
    }

    /// One informational note per kind, naming the first few places.
    pub(super) fn notes(&self) -> Vec<Note> {
        const NAMED: usize = 8;
        self.noted
            .iter()
            .map(|(code, paths)| {
                let named: Vec<_> =
                    paths.iter().take(NAMED).map(|path| if path.is_empty() { "1" } else { path }).collect();
                let more =
                    if paths.len() > NAMED { format!(" and {} more", paths.len() - NAMED) } else { String::new() };
                Note::new(*code, Severity::Info, format!("{} at {}{more}", protection::words(*code), named.join(", ")))
            })
            .collect()
    }
}

/// Reads the body text: first the plain one, else the HTML one, decides the digest; every other is a part by its hash.
fn body_text(leaves: &[Leaf<'_, '_>]) -> BodyText {
    let chosen = leaves.iter().position(Leaf::is_plain).or_else(|| leaves.iter().position(Leaf::is_html));
    let has_html = leaves.iter().any(Leaf::is_html);
    let may_be_shown = leaves.iter().any(|leaf| leaf.content_id.is_some());
    let mut found = BodyText::default();
    for (at, leaf) in leaves.iter().enumerate().filter(|(_, leaf)| leaf.is_body()) {
        let content = decoded(leaf.entity.encoding, leaf.entity.raw);
        let is_chosen = Some(at) == chosen;
        if !is_chosen {
            found.parts.leaf(Sha256::of(&content), content.len() as u64);
        }
        if !is_chosen && !leaf.is_html() {
            continue;
        }
        let text = charset::decode_cow(leaf.entity.media.text("charset").as_deref(), &content);
        if leaf.is_html() && may_be_shown {
            links::shown_ids(&text, &mut found.shown);
        }
        if leaf.is_html() || !has_html {
            let links = links::cloud_links(&text, leaf.is_html(), ENTITY_LIMIT + 1);
            found.links.insert(leaf.index, links);
        }
        if is_chosen {
            let text = if leaf.is_html() { html::text_of(text.into_owned()).into() } else { text };
            found.digest = Some(content::body_digest(&text));
        }
    }
    found
}

fn row_of(leaf: &Leaf<'_, '_>, role: Role, parent: Option<usize>, (sha256, bytes): (Sha256, u64)) -> PartFacts {
    let (name_raw, name) = leaf.name.clone().map(|name| (name.raw, name.text)).unzip();
    PartFacts {
        name_raw,
        name,
        media_type: Some(leaf.entity.media.token.clone()),
        bytes: Some(bytes),
        sha256: Some(sha256),
        ..PartFacts::bare(parent, leaf.entity.path.clone(), role)
    }
}
