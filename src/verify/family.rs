//! A native parsed again: its identities and its family must be those of its rows.
//!
//! Says which column of which part differs, never its value. It must not read files.

use rusqlite::{Row, Statement};

use super::ledger::Ledger;
use crate::identity::{Examined, PartFacts, examine};
use crate::terms::{Md5, Sha256};

/// The columns of an item that its bytes decide.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) mih: Option<Vec<u8>>,
    pub(super) content_id: Vec<u8>,
    pub(super) header_date: Option<String>,
    /// Topmost Received, Authentication-Results, ARC-Authentication-Results.
    pub(super) top: [Option<String>; 3],
    pub(super) parts: Vec<Part>,
}

/// A row of `part`.
#[derive(Debug)]
pub(super) struct Part {
    id: i64,
    parent: Option<i64>,
    ordinal: i64,
    mime_path: String,
    role: String,
    name_raw: Option<Vec<u8>>,
    name: Option<String>,
    media_type: Option<String>,
    bytes: Option<i64>,
    sha256: Option<Vec<u8>>,
    target_url: Option<String>,
}

fn part(row: &Row<'_>) -> rusqlite::Result<Part> {
    Ok(Part {
        id: row.get(0)?,
        parent: row.get(1)?,
        ordinal: row.get(2)?,
        mime_path: row.get(3)?,
        role: row.get(4)?,
        name_raw: row.get(5)?,
        name: row.get(6)?,
        media_type: row.get(7)?,
        bytes: row.get(8)?,
        sha256: row.get(9)?,
        target_url: row.get(10)?,
    })
}

/// The query for one item's parts.
pub(super) struct Parts<'d>(Statement<'d>);

impl<'d> Parts<'d> {
    /// Prepares the query.
    pub(super) fn new(ledger: &'d Ledger) -> rusqlite::Result<Self> {
        let columns = "part_id, parent_part_id, ordinal, mime_path, role, name_raw, name, media_type, bytes, sha256, \
                       target_url";
        let sql = format!("SELECT {columns} FROM part WHERE item_id = ?1 ORDER BY ordinal, part_id");
        ledger.db().prepare(&sql).map(Self)
    }

    /// The parts of an item, in order.
    pub(super) fn of(&mut self, item_id: i64) -> rusqlite::Result<Vec<Part>> {
        self.0.query_map([item_id], part)?.collect()
    }
}

/// Parses the native and names what differs from the rows.
pub(super) fn differences(rows: &Family, native: &[u8]) -> Vec<String> {
    let read = examine(native);
    let mut differing = Vec::new();
    if rows.mih.as_deref().map(Md5::from_slice) != read.mih.map(Some) {
        differing.push("mih".to_owned());
    }
    if Sha256::from_slice(&rows.content_id) != Some(read.content_id) {
        differing.push("content_id".to_owned());
    }
    if rows.header_date != read.header_date {
        differing.push("header_date".to_owned());
    }
    let top = &read.top;
    let top = [&top.received, &top.authentication_results, &top.arc_authentication_results];
    let names = ["top_received", "top_authentication_results", "top_arc_authentication_results"];
    for (name, _) in names.iter().zip(rows.top.iter().zip(top)).filter(|(_, (row, read))| row != read) {
        differing.push((*name).to_owned());
    }
    compare_parts(&rows.parts, &read, &mut differing);
    differing
}

fn compare_parts(rows: &[Part], read: &Examined, differing: &mut Vec<String>) {
    if rows.len() != read.parts.len() {
        differing.push(format!("parts: expected {} rows  found {}", read.parts.len(), rows.len()));
        return;
    }
    for (n, (row, facts)) in rows.iter().zip(&read.parts).enumerate() {
        let parent = facts.parent.and_then(|index| rows.get(index)).map(|parent| parent.id);
        let columns = [
            ("parent_part_id", row.parent == parent),
            ("ordinal", usize::try_from(row.ordinal) == Ok(facts.ordinal)),
            ("mime_path", row.mime_path == facts.mime_path),
            ("role", row.role == facts.role.as_str()),
            ("name_raw", row.name_raw == facts.name_raw),
            ("name", row.name == facts.name),
            ("media_type", row.media_type == facts.media_type),
            ("bytes", row.bytes.map(u64::try_from) == facts.bytes.map(Ok)),
            ("sha256", same_digest(row, facts)),
            ("target_url", row.target_url == facts.target_url),
        ];
        for (column, _) in columns.iter().filter(|(_, same)| !same) {
            differing.push(format!("part {}: {column}", n + 1));
        }
    }
}

fn same_digest(row: &Part, facts: &PartFacts) -> bool {
    row.sha256.as_deref().map(Sha256::from_slice) == facts.sha256.map(Some)
}
