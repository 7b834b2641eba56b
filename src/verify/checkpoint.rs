//! Checkpoints: each is the root over the log's first `size` lines, signed; the last one covers all.
//!
//! The text is the C2SP tlog-checkpoint body: origin, size, base64 of the root, one line each. Below it stands one
//! signature, by the key that the session named which wrote the lines. Whose key that is must be told from outside.

use std::fs;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use camino::Utf8Path;
use rusqlite::{Row, Rows};

use super::ledger::{Cursor, DATABASE};
use super::merkle::Tree;
use super::note::{Key, Note};
use super::report::{CheckName, Class, Findings};
use crate::terms::Sha256;

/// Package path of the last checkpoint.
pub(super) const FILE: &str = "affiant/checkpoint";
/// Package path of the public key it is signed with.
pub(super) const VKEY: &str = "affiant/checkpoint.vkey";

/// The text that states a tree.
pub(super) fn text(origin: &str, tree: &Tree) -> String {
    format!("{origin}\n{}\n{}\n", tree.size(), STANDARD.encode(tree.root().as_bytes()))
}

/// The key that the lines so far name, as they name it.
#[derive(Debug, Default, Clone)]
pub(super) struct Named {
    vkey: String,
    key: Option<Key>,
}

impl Named {
    /// Takes it from a line's `note_vkey`.
    pub(super) fn hear(&mut self, vkey: Option<&str>) {
        if let Some(vkey) = vkey.filter(|vkey| *vkey != self.vkey) {
            *self = Self { vkey: vkey.to_owned(), key: Key::from_vkey(vkey) };
        }
    }

    /// As it is spelt.
    pub(super) fn vkey(&self) -> &str {
        &self.vkey
    }

    /// Whether it is the key that somebody was given.
    pub(super) fn is(&self, given: &Key) -> bool {
        self.key.as_ref().is_some_and(|key| given.is(key))
    }

    /// What is wrong with a note that should state this text and bear this key's signature.
    pub(super) fn flaw(&self, note: &str, text: &str) -> Option<Flaw> {
        let Some(parsed) = Note::parse(note) else { return Some(Flaw::Text("it is no signed note")) };
        if parsed.text != text {
            return Some(Flaw::Text("its text does not state its size and root"));
        }
        let signed = self.key.as_ref().is_some_and(|key| parsed.is_signed_by(key));
        (!signed).then_some(Flaw::Signature("it does not bear the signature of the key that the log names"))
    }
}

/// What is wrong with a checkpoint.
pub(super) enum Flaw {
    Text(&'static str),
    Signature(&'static str),
}

impl Flaw {
    /// The check that it belongs to, and the words.
    pub(super) const fn said(&self) -> (CheckName, &'static str) {
        match self {
            Self::Text(why) => (CheckName::Checkpoint, why),
            Self::Signature(why) => (CheckName::Signature, why),
        }
    }
}

struct Head {
    size: i64,
    root: Vec<u8>,
    note: String,
    stamped: bool,
}

fn head(row: &Row<'_>) -> rusqlite::Result<Head> {
    Ok(Head { size: row.get(0)?, root: row.get(1)?, note: row.get(2)?, stamped: row.get(3)? })
}

/// The checkpoint rows, checked as the tree over the database's entries grows.
pub(super) struct Heads<'s> {
    rows: Cursor<'s, Head>,
    tree: Tree,
    origin: Option<String>,
    named: Named,
    last: Option<Head>,
}

impl<'s> Heads<'s> {
    /// Starts with an empty tree; `rows` are size, root, note, and whether there is a token, ordered by size.
    pub(super) fn new(rows: Rows<'s>, origin: Option<String>) -> Self {
        Self { rows: Cursor::new(rows, head), tree: Tree::default(), origin, named: Named::default(), last: None }
    }

    /// Adds the next entry's leaf, and the key that the entry names.
    pub(super) fn grow(&mut self, leaf: Sha256, vkey: Option<&str>, findings: &mut Findings) {
        self.tree.push(leaf);
        self.named.hear(vkey);
        let size = i64::try_from(self.tree.size()).unwrap_or(i64::MAX);
        while let Some(head) = self.rows.next_if(|head| head.size <= size) {
            let mut wrong = |check, why: &str| {
                findings.add(check, Class::Wrong, DATABASE, format!("checkpoint of size {}: {why}", head.size));
            };
            if head.size < size || Sha256::from_slice(&head.root) != Some(self.tree.root()) {
                wrong(CheckName::Checkpoint, "its root is not the root of the log's first lines");
            } else {
                let stated = text(self.origin.as_deref().unwrap_or_default(), &self.tree);
                if let Some(flaw) = self.named.flaw(&head.note, &stated) {
                    let (check, why) = flaw.said();
                    wrong(check, why);
                }
            }
            if head.stamped {
                wrong(CheckName::Checkpoint, "it has a time-stamp token; this format keeps none there");
            }
            self.last = Some(head);
        }
    }

    /// Ends the check with the last checkpoint and its files; `lines` is what the log file came to.
    pub(super) fn finish(
        mut self,
        root: &Utf8Path,
        lines: (&Tree, &Named),
        findings: &mut Findings,
    ) -> rusqlite::Result<()> {
        let entries = self.tree.size();
        if let Some(beyond) = self.rows.next() {
            let detail = format!("checkpoint of size {}: the log has {entries} entries", beyond.size);
            findings.add(CheckName::Checkpoint, Class::Wrong, DATABASE, detail);
        }
        if !self.last.as_ref().is_some_and(|head| u64::try_from(head.size) == Ok(entries)) {
            let detail = format!("no checkpoint over all {entries} entries");
            findings.add(CheckName::Checkpoint, Class::Missing, DATABASE, detail);
        }
        let stated = read(root, FILE, findings);
        if let Some(stated) = &stated {
            if self.last.as_ref().is_none_or(|head| head.note != *stated) {
                let detail = format!("not the text of the last checkpoint in {DATABASE}");
                findings.add(CheckName::Checkpoint, Class::Changed, FILE, detail);
            }
            check_text(stated, self.origin.as_deref(), lines, findings);
        }
        check_vkey(root, lines.1, findings);
        self.rows.finish()
    }
}

/// Checks the checkpoint files when there is no database to read.
pub(super) fn check_alone(root: &Utf8Path, lines: (&Tree, &Named), findings: &mut Findings) {
    if let Some(stated) = read(root, FILE, findings) {
        check_text(&stated, None, lines, findings);
    }
    check_vkey(root, lines.1, findings);
}

fn check_text(stated: &str, origin: Option<&str>, (lines, named): (&Tree, &Named), findings: &mut Findings) {
    let origin = origin.or_else(|| stated.lines().next()).unwrap_or_default();
    match named.flaw(stated, &text(origin, lines)) {
        Some(Flaw::Text(_)) => {
            let detail = format!("not the checkpoint of log.jsonl: {} lines with root {}", lines.size(), lines.root());
            findings.add(CheckName::Checkpoint, Class::Wrong, FILE, detail);
        }
        Some(Flaw::Signature(why)) => findings.add(CheckName::Signature, Class::Wrong, FILE, why),
        None => {}
    }
}

fn check_vkey(root: &Utf8Path, named: &Named, findings: &mut Findings) {
    let stated = small(root, VKEY);
    if stated.as_deref() != Some(&format!("{}\n", named.vkey())) {
        let class = if stated.is_none() { Class::Unreadable } else { Class::Changed };
        findings.add(CheckName::Signature, class, VKEY, "not the key that the log's last session names");
    }
}

/// A checkpoint's text; that there is none is a finding.
pub(super) fn read(root: &Utf8Path, path: &str, findings: &mut Findings) -> Option<String> {
    let text = small(root, path);
    if text.is_none() {
        findings.add(CheckName::Checkpoint, Class::Unreadable, path, "no checkpoint text");
    }
    text
}

/// Whether a package path is of a file that is about the last checkpoint: `affiant/checkpoint` with this end, or the same
/// with a number from 2 on before it (`affiant/checkpoint.2.tsr`).
pub(super) fn is_beside(path: &str, end: &str) -> bool {
    let middle = path.strip_prefix(FILE).and_then(|rest| rest.strip_suffix(end));
    middle.is_some_and(|middle| {
        let number = middle.strip_prefix('.').and_then(|digits| Some((digits, digits.parse::<u32>().ok()?)));
        middle.is_empty() || number.is_some_and(|(digits, number)| number >= 2 && digits == number.to_string())
    })
}

/// The files of a package for which [`is_beside`] holds, sorted.
pub(super) fn beside(root: &Utf8Path, end: &str) -> Vec<String> {
    let entries = root.join("affiant").read_dir_utf8().into_iter().flatten().flatten();
    let paths = entries.map(|entry| format!("affiant/{}", entry.file_name()));
    let mut paths: Vec<String> = paths.filter(|path| is_beside(path, end)).collect();
    paths.sort_unstable();
    paths
}

fn small(root: &Utf8Path, path: &str) -> Option<String> {
    // Far larger than any checkpoint; a file of any size must not be read whole.
    const LARGEST: u64 = 1 << 16;
    let file = root.join(path);
    let small = fs::symlink_metadata(&file).is_ok_and(|facts| facts.is_file() && facts.len() <= LARGEST);
    if small { fs::read_to_string(&file).ok() } else { None }
}
