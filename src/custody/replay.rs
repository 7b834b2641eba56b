//! The log read again from its first line: the tree that follows from the lines, or the place where it breaks.
//!
//! Leaves are computed from the lines, never taken from the column beside them. Must not change anything.

use std::collections::BTreeMap;

use rusqlite::Connection;

use crate::terms::Sha256;

use super::tree::{self, Tree};
use super::{CustodyError, Head, Meta, note, read_back};

fn broken(seq: u64, what: &str) -> CustodyError {
    CustodyError::LogBroken { seq, what: what.to_owned() }
}

/// Rebuilds the tree and checks it against the stored leaves and checkpoints; also returns the size stated last.
pub(super) fn tree(db: &Connection, meta: &Meta) -> Result<(Tree, u64), CustodyError> {
    let mut heads = checkpoints(db)?;
    let stated = heads.keys().next_back().copied().unwrap_or(0);
    let mut vkey = None;
    let mut tree = Tree::new();
    let mut query = db.prepare("SELECT seq, body, leaf FROM entry ORDER BY seq")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let place = tree.size();
        // By the places of the columns: their names would be looked for once a line.
        if u64::try_from(row.get::<_, i64>(0)?).ok() != Some(place) {
            return Err(broken(place, "the line is missing"));
        }
        let body = row.get_ref(1)?.as_str().map_err(|_| broken(place, "the line is not text"))?;
        let leaf = tree::leaf(body.as_bytes());
        if row.get_ref(2)?.as_blob().ok() != Some(leaf.as_bytes().as_slice()) {
            return Err(broken(place, "the line was changed: its leaf hash is another"));
        }
        tree.push(leaf);
        vkey = named_vkey(body).or(vkey);
        if let Some((root, note)) = heads.remove(&tree.size()) {
            let head = Head { size: tree.size(), root: tree.root() };
            if head.root != root {
                return Err(broken(place, "a checkpoint over the lines up to here states another root"));
            }
            let text = head.text(&meta.origin());
            if !vkey.as_deref().is_some_and(|vkey| note::is_signed(&note, &text, vkey)) {
                return Err(broken(place, "a checkpoint over the lines up to here is not signed by the session's key"));
            }
        }
    }
    if !heads.is_empty() {
        return Err(broken(tree.size(), "the line is missing: a checkpoint covers more lines than there are"));
    }
    let named: Option<i64> = db.query_row("SELECT max(entry_seq) FROM item", [], |row| row.get(0))?;
    if named.is_some_and(|seq| u64::try_from(seq).is_ok_and(|seq| seq >= tree.size())) {
        return Err(broken(tree.size(), "the line is missing: a collected item belongs to a later one"));
    }
    Ok((tree, stated))
}

/// The key that signs from a line on which it is named.
fn named_vkey(body: &str) -> Option<String> {
    if !body.contains("\"note_vkey\"") {
        return None;
    }
    let line: serde_json::Value = serde_json::from_str(body).ok()?;
    line.get("note_vkey")?.as_str().map(str::to_owned)
}

fn checkpoints(db: &Connection) -> Result<BTreeMap<u64, (Sha256, String)>, CustodyError> {
    let mut query = db.prepare("SELECT size, root, note FROM checkpoint")?;
    let mut rows = query.query([])?;
    let mut heads = BTreeMap::new();
    while let Some(row) = rows.next()? {
        heads.insert(read_back::count(row, "size")?, (read_back::sha256(row, "root")?, row.get("note")?));
    }
    Ok(heads)
}
