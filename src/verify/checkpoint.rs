//! Checkpoints: each is the root over the log's first `size` lines, and the last one covers all.
//!
//! The text is the C2SP tlog-checkpoint body: origin, size, base64 of the root, one line each. This
//! format carries no signature yet; anything after the third line is refused.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8Path;
use rusqlite::{Row, Rows};

use super::ledger::{Cursor, DATABASE};
use super::merkle::Tree;
use super::report::{CheckName, Class, Findings};
use crate::terms::Sha256;

/// Package path of the last checkpoint.
pub(super) const FILE: &str = "affiant/checkpoint";

/// The text that states a tree.
fn note(origin: &str, tree: &Tree) -> String {
    format!("{origin}\n{}\n{}\n", tree.size(), STANDARD.encode(tree.root().as_bytes()))
}

struct Head {
    size: i64,
    root: Vec<u8>,
    note: String,
}

fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head { size: row.get(0)?, root: row.get(1)?, note: row.get(2)? })
}

/// The checkpoint rows, checked as the tree over the database's entries grows.
pub(super) struct Heads<'s> {
    rows: Cursor<'s, Head>,
    tree: Tree,
    origin: Option<String>,
    last: Option<Head>,
}

impl<'s> Heads<'s> {
    /// Starts with an empty tree; `rows` are size, root and note, ordered by size.
    pub(super) fn new(rows: Rows<'s>, origin: Option<String>) -> Self {
        Self { rows: Cursor::new(rows, head), tree: Tree::default(), origin, last: None }
    }

    /// Adds the next entry's leaf.
    pub(super) fn grow(&mut self, leaf: Sha256, findings: &mut Findings) {
        self.tree.push(leaf);
        let size = i64::try_from(self.tree.size()).unwrap_or(i64::MAX);
        while let Some(head) = self.rows.next_if(|head| head.size <= size) {
            let mut wrong = |why: &str| {
                let detail = format!("checkpoint of size {}: {why}", head.size);
                findings.add(CheckName::Checkpoint, Class::Wrong, DATABASE, detail);
            };
            if head.size < size || Sha256::from_slice(&head.root) != Some(self.tree.root()) {
                wrong("its root is not the root of the log's first lines");
            } else if self.origin.as_ref().is_none_or(|origin| note(origin, &self.tree) != head.note) {
                wrong("its text does not state its size and root");
            }
            self.last = Some(head);
        }
    }

    /// Ends the check with the last checkpoint and its file; `lines` is the tree over the log file.
    pub(super) fn finish(mut self, root: &Utf8Path, lines: &Tree, findings: &mut Findings) -> rusqlite::Result<()> {
        let entries = self.tree.size();
        if let Some(beyond) = self.rows.next() {
            let detail = format!("checkpoint of size {}: the log has {entries} entries", beyond.size);
            findings.add(CheckName::Checkpoint, Class::Wrong, DATABASE, detail);
        }
        if !self.last.as_ref().is_some_and(|head| u64::try_from(head.size) == Ok(entries)) {
            let detail = format!("no checkpoint over all {entries} entries");
            findings.add(CheckName::Checkpoint, Class::Missing, DATABASE, detail);
        }
        let stated = read(root, findings);
        if let Some(stated) = &stated {
            if self.last.as_ref().is_none_or(|head| head.note != *stated) {
                let detail = format!("not the text of the last checkpoint in {DATABASE}");
                findings.add(CheckName::Checkpoint, Class::Changed, FILE, detail);
            }
            check_text(stated, self.origin.as_deref(), lines, findings);
        }
        self.rows.finish()
    }
}

/// Checks the checkpoint file when there is no database to read.
pub(super) fn check_alone(root: &Utf8Path, lines: &Tree, findings: &mut Findings) {
    if let Some(stated) = read(root, findings) {
        check_text(&stated, None, lines, findings);
    }
}

fn check_text(stated: &str, origin: Option<&str>, lines: &Tree, findings: &mut Findings) {
    let origin = origin.or_else(|| stated.lines().next()).unwrap_or_default();
    let expected = note(origin, lines);
    if stated != expected {
        let detail = format!("not the checkpoint of log.jsonl: {} lines with root {}", lines.size(), lines.root());
        findings.add(CheckName::Checkpoint, Class::Wrong, FILE, detail);
    }
}

fn read(root: &Utf8Path, findings: &mut Findings) -> Option<String> {
    // Far larger than any checkpoint; a file of any size must not be read whole.
    const LARGEST: u64 = 1 << 16;
    let file = root.join(FILE);
    let small = fs::symlink_metadata(&file).is_ok_and(|facts| facts.is_file() && facts.len() <= LARGEST);
    let text = if small { fs::read_to_string(&file).ok() } else { None };
    if text.is_none() {
        findings.add(CheckName::Checkpoint, Class::Unreadable, FILE, "no checkpoint text");
    }
    text
}
