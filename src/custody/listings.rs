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

/// What comparing a native with its file takes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NativeFile {
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
    let after = match which {
        // Behind the first step, what follows has hardly ended: looking for it again would cost more than it saves.
        Which::Remaining if after == 0 => all_ended(db, mailbox_id)?,
        _ => after,
    };
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

/// A number up to which every listed item of a mailbox has ended: where a session that goes on has to begin to look.
/// Found in the small indexes of the folders, so that what is done is passed over without reading it.
fn all_ended(db: &Connection, mailbox_id: u64) -> Result<u64, CustodyError> {
    let mut folders = db.prepare_cached("SELECT folder_id FROM folder WHERE mailbox_id = ?1")?;
    let folders = folders.query_map([sql_int(mailbox_id)?], |row| row.get(0))?.collect::<Result<Vec<i64>, _>>()?;
    let mut listed = db.prepare_cached("SELECT listed_id FROM listed WHERE folder_id = ?1 ORDER BY listed_id")?;
    let mut item = db.prepare_cached("SELECT item_id FROM item WHERE folder_id = ?1 ORDER BY item_id")?;
    let mut missing =
        db.prepare_cached("SELECT 1 FROM exception WHERE listed_id = ?1 AND severity = 'item_missing'")?;
    let (mut first, mut last) = (i64::MAX, 0);
    for folder in folders {
        let mut items = item.query_map([folder], |row| row.get::<_, i64>(0))?;
        let mut ahead = items.next().transpose()?;
        for id in listed.query_map([folder], |row| row.get::<_, i64>(0))? {
            let id = id?;
            while ahead.is_some_and(|item| item < id) {
                ahead = items.next().transpose()?;
            }
            // An item of this number in another folder goes unseen here; the walk over the rows finds it.
            let ended = ahead == Some(id) || missing.exists([id])?;
            if !ended {
                first = first.min(id);
            }
            if id >= first {
                break;
            }
            last = last.max(id);
        }
    }
    let end = if first == i64::MAX { last } else { first - 1 };
    u64::try_from(end).map_err(|_| CustodyError::corrupt("a row number is negative"))
}

/// Natives after a path, in the order of their paths.
pub(super) fn natives(db: &Connection, after: &str, limit: u32) -> Result<Vec<NativeFile>, CustodyError> {
    let sql = "SELECT path, bytes, sha256 FROM item WHERE path > ?1 ORDER BY path LIMIT ?2";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![after, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read_back::native_file(row)?);
    }
    Ok(found)
}

/// How many messages a folder lists, and their size in the store as far as the service said.
pub(super) fn folder_sizes(db: &Connection, folder_id: u64) -> Result<(u64, u64), CustodyError> {
    let sql = "SELECT count(*) AS n, coalesce(sum(store_bytes), 0) AS bytes FROM listed WHERE folder_id = ?1";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(folder_id)?])?;
    match rows.next()? {
        Some(row) => Ok((read_back::count(row, "n")?, read_back::count(row, "bytes")?)),
        None => Ok((0, 0)),
    }
}

/// The number and the version of a message as it was first listed.
pub(super) fn version(
    db: &Connection,
    mailbox_id: u64,
    graph_id: &GraphId,
) -> Result<Option<(u64, Option<String>)>, CustodyError> {
    let sql = "SELECT listed_id, change_key FROM listed WHERE mailbox_id = ?1 AND graph_id = ?2";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(mailbox_id)?, graph_id.as_str()])?;
    match rows.next()? {
        Some(row) => Ok(Some((read_back::count(row, "listed_id")?, row.get("change_key")?))),
        None => Ok(None),
    }
}

/// The exception that says, last, that a listed item is missing. Each one resolves the one before it.
pub(super) fn last_missing(db: &Connection, listed_id: u64) -> Result<Option<u64>, CustodyError> {
    let sql = "SELECT exception_id FROM exception WHERE listed_id = ?1 AND severity = 'item_missing' \
               ORDER BY exception_id DESC LIMIT 1";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(listed_id)?])?;
    rows.next()?.map(|row| read_back::count(row, "exception_id")).transpose()
}

/// Exceptions that stand and say that a folder of a mailbox, or a part of it, could not be listed: number and folder.
pub(super) fn unlisted(db: &Connection, mailbox_id: u64) -> Result<Vec<(u64, u64)>, CustodyError> {
    let sql = "SELECT exception_id, folder_id FROM exception
                WHERE mailbox_id = ?1 AND folder_id IS NOT NULL AND severity = 'fatal' AND exception_id NOT IN (
                  SELECT json_extract(body,'$.exception_id') FROM entry
                   WHERE kind = 'exception.resolved' AND json_extract(body,'$.exception_id') IS NOT NULL)
                ORDER BY exception_id";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(mailbox_id)?])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((read_back::count(row, "exception_id")?, read_back::count(row, "folder_id")?));
    }
    Ok(found)
}

/// Ids other than the listed ones under which messages of a mailbox were found again. Each has a note, so few rows are
/// looked at however large the mailbox is.
pub(super) fn found_again(db: &Connection, mailbox_id: u64) -> Result<Vec<GraphId>, CustodyError> {
    let sql = "SELECT DISTINCT i.immutable_id FROM exception e JOIN item i ON i.item_id = e.item_id \
               WHERE e.mailbox_id = ?1 AND e.code = 'other' AND i.immutable_id IS NOT i.graph_id";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(mailbox_id)?])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let id: Option<String> = row.get("immutable_id")?;
        let id = id.map(|id| GraphId::new(&id)).transpose();
        found.extend(id.map_err(|_| CustodyError::corrupt("item.immutable_id is not an id"))?);
    }
    Ok(found)
}

/// The service's id of a listed item.
pub(super) fn graph_id(db: &Connection, listed_id: u64) -> Result<Option<GraphId>, CustodyError> {
    let mut query = db.prepare_cached("SELECT graph_id FROM listed WHERE listed_id = ?1")?;
    let mut rows = query.query(params![sql_int(listed_id)?])?;
    let Some(row) = rows.next()? else { return Ok(None) };
    let id: String = row.get("graph_id")?;
    GraphId::new(&id).map(Some).map_err(|_| CustodyError::corrupt("listed.graph_id is not an id"))
}

/// The service's count of a folder in one pass, or what it listed where it gave none.
pub(super) fn expected(db: &Connection, folder_id: u64, pass: u32) -> Result<Option<u64>, CustodyError> {
    let sql = "SELECT coalesce(json_extract(body,'$.expected'), json_extract(body,'$.listed')) AS n FROM entry \
               WHERE kind = 'folder.listed' AND json_extract(body,'$.folder_id') = ?1 \
               AND json_extract(body,'$.pass') = ?2 ORDER BY seq DESC LIMIT 1";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(folder_id)?, pass])?;
    rows.next()?.map(|row| read_back::count(row, "n")).transpose()
}

/// What a pass over a folder passed over; `None` when everything was wanted.
pub(super) fn not_chosen(db: &Connection, folder_id: u64, pass: u32) -> Result<Option<u64>, CustodyError> {
    let sql = "SELECT json_extract(body,'$.not_chosen') AS n FROM entry \
               WHERE kind = 'folder.listed' AND json_extract(body,'$.folder_id') = ?1 \
               AND json_extract(body,'$.pass') = ?2 AND json_extract(body,'$.not_chosen') IS NOT NULL \
               ORDER BY seq DESC LIMIT 1";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(folder_id)?, pass])?;
    rows.next()?.map(|row| read_back::count(row, "n")).transpose()
}

/// What the first listing of a folder showed and nothing calls gone.
pub(super) fn first_listed(
    db: &Connection,
    folder_id: u64,
    after: u64,
    limit: u32,
) -> Result<Vec<(u64, GraphId)>, CustodyError> {
    let sql = "SELECT listed_id, graph_id FROM listed l WHERE folder_id = ?1 AND listed_id > ?2 AND pass = 1
                  AND NOT EXISTS (SELECT 1 FROM exception e WHERE e.listed_id = l.listed_id AND e.code = 'gone')
                ORDER BY listed_id LIMIT ?3";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(folder_id)?, sql_int(after)?, limit])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((read_back::count(row, "listed_id")?, read_back::graph_id(row, "graph_id")?));
    }
    Ok(found)
}

pub(super) fn each_listed_id(db: &Connection, each: &mut dyn FnMut(&str, Option<&str>)) -> Result<(), CustodyError> {
    // What was not fetched again was listed by the service all the same.
    let sql = "SELECT graph_id, internet_message_id FROM listed UNION ALL
               SELECT e.graph_id, e.internet_message_id FROM compared c JOIN earlier e ON e.earlier_id = c.earlier_id
                WHERE c.listed_id IS NULL AND c.outcome <> 'gone'";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (graph_id, message_id): (String, Option<String>) = (row.get(0)?, row.get(1)?);
        each(&graph_id, message_id.as_deref());
    }
    Ok(())
}

/// One collected item with its listed row.
pub(super) fn collected(db: &Connection, listed_id: u64) -> Result<Option<(ItemFile, Sha256)>, CustodyError> {
    let sql = "SELECT control_number, path, bytes, sha256, content_id FROM item WHERE item_id = ?1";
    let mut query = db.prepare_cached(sql)?;
    let mut rows = query.query(params![sql_int(listed_id)?])?;
    match rows.next()? {
        Some(row) => Ok(Some((read_back::item_file(row)?, read_back::sha256(row, "content_id")?))),
        None => Ok(None),
    }
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
                e.exception_id IN (SELECT json_extract(r.body,'$.exception_id') FROM entry r
                                    WHERE r.kind = 'exception.resolved'
                                      AND json_extract(r.body,'$.exception_id') IS NOT NULL) AS resolved
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
