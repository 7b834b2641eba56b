//! What a message is: its ids, its family, what protects it, all read from the bytes of the native alone.
//!
//! [`examine`] is pure and total: any bytes give an answer, and what could not be read is a note in it. The same
//! bytes give the same answer anywhere, so a verifier can repeat it. This module must not know Graph, files or time.
//!
//! The steps, in order: `structure` splits the message into entities without decoding anything; `families` walks
//! them, hashes the decoded content of each (`transfer`), and gives every one its role; `content` folds the result
//! into the content id; `message_id`, `class`, `protection`, `links` and `tnef` each answer one question.
//!
//! [`open`] walks the same tree again for readers: it hands out heads, body text and decoded content, under the paths of
//! the rows.
//!
//! **Body or family member.** Every entity with content of its own is a family row, except body text: a `text/plain`
//! or `text/html` part that has no file name and is not marked as an attachment. All such parts are body text,
//! wherever they stand, because every mail reader shows them as text: the alternatives, and equally the footer that a
//! list server adds as a part of its own.

mod address;
mod authenticity;
mod charset;
mod class;
mod content;
mod contents;
mod date;
mod encoded_word;
mod families;
mod facts;
mod head;
mod headers;
mod html;
mod links;
mod message_id;
mod params;
mod protection;
mod renderings;
mod structure;
mod tnef;
mod transfer;

pub use crate::terms::PartRole as Role;
pub use authenticity::{Judged, KeyAnswer, KeyName, Signers, judge, signers};
pub use content::CONTENT_ID_VERSION;
pub use contents::{Body, Piece, open};
pub use facts::{Embedded, Examined, Note, PartFacts, TopFields};
pub use head::Head;
pub use renderings::{Difference, difference};

use crate::terms::{ExceptionCode, Severity, UtcInstant};
use families::Survey;
use headers::unfold;
use structure::{ENTITY_LIMIT, MESSAGE_DEPTH, Tree};

/// Reads everything about a message that its bytes say.
///
/// Total over all inputs. Memory beyond the message itself is at most about twice its size: one text or
/// transfer-encoded part is decoded at a time. Embedded messages are opened to a depth of 50, and 20,000 entities are
/// read; beyond either, a note says so and the rest is covered by the hash of what encloses it.
pub fn examine(bytes: &[u8]) -> Examined {
    let tree = Tree::of(bytes, "", 0);
    let mut survey = Survey::default();
    let content_id = survey.message(&tree, 0, None, 0);
    let item_class = class::item_class(&tree);
    let Some(root) = tree.entities.first() else {
        unreachable!("a tree has at least the message itself");
    };
    let mut notes = survey.notes();
    notes.extend(reading_notes(bytes, root.headers.is_empty(), &survey));
    let date = root.headers.first("Date");
    let top = |name| root.headers.first(name).map(|raw| charset::lenient(raw).into_owned());
    Examined {
        message_id: message_id::message_id(&root.headers),
        mih: message_id::mih(&root.headers),
        content_id,
        item_class,
        header_date: date.map(|raw| charset::lenient(&unfold(raw)).into_owned()),
        header_instant: date
            .and_then(date::unix_seconds)
            .and_then(|seconds| UtcInstant::from_millis(seconds.checked_mul(1000)?)),
        subject: root.headers.first("Subject").map(|raw| encoded_word::decode(&unfold(raw))),
        top: TopFields {
            received: top("Received"),
            authentication_results: top("Authentication-Results"),
            arc_authentication_results: top("ARC-Authentication-Results"),
        },
        signers: signers(bytes),
        parts: survey.parts,
        unclosed: tree.unclosed || !has_body(bytes),
        notes,
    }
}

/// Whether an empty line ends the header.
fn has_body(bytes: &[u8]) -> bool {
    memchr::memmem::find(bytes, b"\n\r\n").is_some()
        || memchr::memmem::find(bytes, b"\n\n").is_some()
        || bytes.starts_with(b"\n")
        || bytes.starts_with(b"\r\n")
}

/// What kept the reading from being complete.
fn reading_notes(bytes: &[u8], no_headers: bool, survey: &Survey) -> Vec<Note> {
    let note = |detail: &str| Note::new(ExceptionCode::ParseError, Severity::Warning, detail);
    let mut notes = Vec::new();
    if bytes.is_empty() {
        notes.push(note("the message has no bytes"));
    } else if no_headers {
        notes.push(note("no header fields were found"));
    }
    if survey.gaps.too_deep {
        notes.push(note(&format!("parts nested deeper than {MESSAGE_DEPTH} messages were hashed but not opened")));
    }
    if survey.gaps.too_many {
        notes.push(note(&format!("only the first {ENTITY_LIMIT} parts were listed")));
    }
    if survey.gaps.unsplit {
        notes.push(note("a multipart could not be split because its boundary is missing"));
    }
    notes
}

#[cfg(test)]
mod tests;
