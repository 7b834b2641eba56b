//! What is sworn after the seal: a session of its own, whose lines go on where the sealed log ended.
//!
//! The sealed log, its manifest and its checkpoint stay as they are; a segment is two files, its lines and the signed
//! checkpoint over everything up to them. It must not know where they are kept.

use uuid::Uuid;

use super::checkpoint::{Head, Notary, origin, vkey};
use super::tree::{self, Tree};
use super::{CustodyError, EventKind, Line, SealedManifest, Tool};

/// A segment, ready to be put beside the package.
#[derive(Debug, Clone)]
pub struct Segment {
    /// Its lines, each with its line feed.
    pub lines: Vec<u8>,
    /// The signed checkpoint over the whole log, this segment included.
    pub note: String,
    /// What it states.
    pub head: Head,
    /// The public key that signed it.
    pub vkey: String,
}

impl SealedManifest {
    /// Swears a segment. `earlier` are the texts of the segments before it, in order. Blocks: call it off the reactor.
    ///
    /// # Errors
    /// [`CustodyError::Line`] when an event cannot be said.
    pub fn segment(
        &self,
        earlier: &[Vec<u8>],
        tool: &Tool,
        told: Vec<Line>,
        notary: &Notary,
    ) -> Result<Segment, CustodyError> {
        let mut tree = self.tree().clone();
        for text in earlier {
            for line in text.strip_suffix(b"\n").unwrap_or(text).split(|byte| *byte == b'\n') {
                tree.push(tree::leaf(line));
            }
        }
        let id = self.ledger().meta().acquisition_id;
        let vkey = vkey(&id, &notary.key);
        let opened = tool.session(tree.size(), vkey.clone());
        let closed = Line::new(EventKind::SessionClosed).text("reason", "custody");
        let mut lines = Vec::new();
        for line in std::iter::once(opened).chain(told).chain(std::iter::once(closed)) {
            append(&mut lines, &mut tree, line, notary)?;
        }
        let head = Head { size: tree.size(), root: tree.root() };
        Ok(Segment { lines, note: note(&id, head, notary), head, vkey })
    }
}

fn append(lines: &mut Vec<u8>, tree: &mut Tree, line: Line, notary: &Notary) -> Result<(), CustodyError> {
    let body = line.body(tree.size(), (notary.clock)())?;
    tree.push(tree::leaf(body.as_bytes()));
    lines.extend_from_slice(body.as_bytes());
    lines.push(b'\n');
    Ok(())
}

fn note(id: &Uuid, head: Head, notary: &Notary) -> String {
    head.note(&origin(id), &notary.key)
}
