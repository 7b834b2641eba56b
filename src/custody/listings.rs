//! The long reads: what remains to fetch, the files, the exceptions. Each goes in bounded steps or row by row.

use rusqlite::{Connection, params};

use crate::terms::{ControlNumber, ExceptionCode, GraphId, Severity, Sha256};

use super::writer::sql_int;
use super::{CustodyError, ListedRow, read_back};

/// A native in the package, as the manifest knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFile {
    /// Its name.
    pub control_number: ControlNumber,
    /// Where it is in the package.
    pub path: String,
    /// Its size in bytes.
    pub bytes: u64,
    /// Its hash.
    pub sha256: Sha256,
}

/// An exception with what a report needs to show it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExceptionSeen {
    /// Its number.
    pub exception_id: u64,
    /// Why.
    pub code: ExceptionCode,
    /// What it means.
    pub severity: Severity,
    /// The mailbox: its own, or that of its item.
    pub mailbox_id: Option<u64>,
    /// The item, whether collected or missing.
    pub control_number: Option<ControlNumber>,
    /// The folder: its own, or that of its item.
    pub folder_path: Option<String>,
    /// The service's id of what it is about: its own, or that of its item.
    pub graph_id: Option<GraphId>,
    /// What was seen.
    pub detail: String,
    /// How often it was tried.
    pub attempts: Option<u64>,
    /// The log line that tells it.
    pub entry_seq: u64,
    /// Whether a later line resolved it.
    pub resolved: bool,
}

/// Which of the listed items.
#[derive(Debug, Clone, Copy)]
pub(super) enum Which {
    /// Neither collected nor known to be missing.
    Remaining,
    /// Known to be missing and not collected since.
    Missing,
}

pub(super) fn listed(
    db: &Connection,
    which: Which,
    mailbox_id: u64,
    after: u64,
    limit: u32,
) -> Result<Vec<ListedRow>, CustodyError> {
    // The plus sign keeps the walk in listing order: without it the planner may sort the whole mailbox per step.
    let missing = "EXISTS (SELECT 1 FROM exception e WHERE e.listed_id = l.listed_id AND e.severity = 'item_missing')";
    let not = match which {
        Which::Remaining => "NOT ",
        Which::Missing => "",
    };
    let mut query = db.prepare_cached(&format!(
        "SELECT l.* FROM listed l WHERE +l.mailbox_id = ?1 AND l.listed_id > ?2
            AND NOT EXISTS (SELECT 1 FROM item i WHERE i.item_id = l.listed_id) AND {not}{missing}
          ORDER BY l.listed_id LIMIT ?3"
    ))?;
    let mut rows = query.query(params![sql_int(mailbox_id)?, sql_int(after)?, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_back::listed(row)?);
    }
    Ok(found)
}

pub(super) fn item_files(db: &Connection, after: u64, limit: u32) -> Result<Vec<ItemFile>, CustodyError> {
    let mut query = db.prepare_cached(
        "SELECT control_number, path, bytes, sha256 FROM item WHERE item_id > ?1 ORDER BY item_id LIMIT ?2",
    )?;
    let mut rows = query.query(params![sql_int(after)?, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_back::item_file(row)?);
    }
    Ok(found)
}

pub(super) fn each_item(
    db: &Connection,
    each: &mut dyn FnMut(ItemFile) -> Result<(), CustodyError>,
) -> Result<(), CustodyError> {
    let mut query = db.prepare_cached("SELECT control_number, path, bytes, sha256 FROM item ORDER BY item_id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        each(read_back::item_file(row)?)?;
    }
    Ok(())
}

pub(super) fn each_exception(
    db: &Connection,
    each: &mut dyn FnMut(ExceptionSeen) -> Result<(), CustodyError>,
) -> Result<(), CustodyError> {
    let mut query = db.prepare_cached(
        "SELECT e.exception_id, e.code, e.severity, e.detail, e.attempts, e.entry_seq,
                coalesce(e.mailbox_id, l.mailbox_id) AS mailbox_id, l.listed_id AS number,
                f.path AS folder_path, coalesce(e.graph_id, l.graph_id) AS graph_id,
                EXISTS (SELECT 1 FROM entry r WHERE r.kind = 'exception.resolved'
                           AND json_extract(r.body,'$.exception_id') = e.exception_id) AS resolved
           FROM exception e LEFT JOIN listed l ON l.listed_id = coalesce(e.listed_id, e.item_id)
           LEFT JOIN folder f ON f.folder_id = coalesce(e.folder_id, l.folder_id)
          ORDER BY e.exception_id",
    )?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        each(read_back::exception(row)?)?;
    }
    Ok(())
}
