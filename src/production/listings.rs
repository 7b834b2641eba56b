//! The lists beside the load files: exceptions of the collection, and the folders of the messages.
//!
//! They come from the manifest alone. It must not read natives.

use std::collections::HashSet;

use rusqlite::{Connection, Statement};

use super::duplicates::Duplicates;
use super::edrm::Edrm;
use super::error::ProductionError;
use super::family::shown_folder;
use super::table::Table;

/// Columns of `exceptions.csv`.
pub(super) const EXCEPTION_HEADS: [&str; 12] = [
    "exception_id",
    "control_number",
    "produced",
    "custodian",
    "folder",
    "code",
    "severity",
    "detail",
    "recorded_utc",
    "attempts",
    "resolved",
    "graph_id",
];

/// Exceptions that a later try resolved.
pub(super) fn resolved(db: &Connection) -> rusqlite::Result<HashSet<i64>> {
    let sql = "SELECT json_extract(body, '$.exception_id') FROM entry WHERE kind = 'exception.resolved' \
               AND typeof(json_extract(body, '$.exception_id')) = 'integer'";
    db.prepare(sql)?.query_map([], |row| row.get(0))?.collect()
}

/// The query for the exceptions of one message.
pub(super) struct Codes<'d> {
    statement: Statement<'d>,
    resolved: HashSet<i64>,
}

impl<'d> Codes<'d> {
    pub(super) fn new(db: &'d Connection) -> rusqlite::Result<Self> {
        let sql = "SELECT exception_id, code FROM exception WHERE listed_id = ?1 AND severity <> 'item_missing' \
                   ORDER BY code, exception_id";
        Ok(Self { statement: db.prepare(sql)?, resolved: resolved(db)? })
    }

    /// The codes that stand, each once.
    pub(super) fn of(&mut self, item_id: i64) -> rusqlite::Result<Vec<String>> {
        let rows = self.statement.query_map([item_id], |row| Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?)))?;
        let mut codes = Vec::new();
        for row in rows {
            let (id, code) = row?;
            if !self.resolved.contains(&id) && !codes.contains(&code) {
                codes.push(code);
            }
        }
        Ok(codes)
    }
}

/// Writes every exception of the collection, resolved ones too.
pub(super) fn exceptions(db: &Connection, duplicates: &Duplicates, table: &mut Table) -> Result<(), ProductionError> {
    let resolved = resolved(db)?;
    let sql = "SELECT e.exception_id, i.item_id, coalesce(i.control_number, json_extract(n.body, '$.control_number')), \
               coalesce(nullif(trim(c.display_name), ''), c.asked_as), f.path, e.code, e.severity, e.detail, n.at, \
               e.attempts, e.graph_id, e.listed_id FROM exception e JOIN entry n ON n.seq = e.entry_seq \
               LEFT JOIN item i ON i.item_id = coalesce(e.item_id, e.listed_id) \
               LEFT JOIN mailbox m ON m.mailbox_id = e.mailbox_id \
               LEFT JOIN custodian c ON c.custodian_id = m.custodian_id LEFT JOIN folder f ON f.folder_id = e.folder_id \
               ORDER BY e.exception_id";
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let text = |column| Ok::<_, rusqlite::Error>(row.get::<_, Option<String>>(column)?.unwrap_or_default());
        let exception_id: i64 = row.get(0)?;
        let (item, listed): (Option<i64>, Option<i64>) = (row.get(1)?, row.get(11)?);
        let produced = match item {
            Some(item_id) if duplicates.kept_for(item_id).is_none() => "Yes",
            Some(_) => "No",
            None if listed.is_some() => "No",
            None => "",
        };
        let attempts = row.get::<_, Option<i64>>(9)?.map(|attempts| attempts.to_string()).unwrap_or_default();
        let control = if listed.is_some() || item.is_some() { text(2)? } else { String::new() };
        let folder = row.get::<_, Option<String>>(4)?.map(|path| shown_folder(&path)).unwrap_or_default();
        let cells = [
            exception_id.to_string(),
            control,
            produced.to_owned(),
            text(3)?,
            folder,
            text(5)?,
            text(6)?,
            text(7)?,
            text(8)?,
            attempts,
            if resolved.contains(&exception_id) { "Yes" } else { "No" }.to_owned(),
            text(10)?,
        ];
        table.row(cells.iter().map(String::as_str))?;
    }
    Ok(())
}

/// Writes what lies in which folder.
pub(super) fn folders(db: &Connection, duplicates: &Duplicates, edrm: &mut Edrm) -> Result<(), ProductionError> {
    edrm.folders()?;
    let sql = "SELECT i.item_id, i.control_number, f.folder_id, f.path FROM item i JOIN folder f USING (folder_id) \
               ORDER BY f.folder_id, i.item_id";
    let mut statement = db.prepare(sql)?;
    let mut rows = statement.query([])?;
    let mut open: Option<i64> = None;
    while let Some(row) = rows.next()? {
        let (item_id, folder_id): (i64, i64) = (row.get(0)?, row.get(2)?);
        if duplicates.kept_for(item_id).is_some() {
            continue;
        }
        if open != Some(folder_id) {
            if open.is_some() {
                edrm.end_folder()?;
            }
            edrm.folder(&shown_folder(&row.get::<_, String>(3)?))?;
            open = Some(folder_id);
        }
        edrm.lies_here(&row.get::<_, String>(1)?)?;
    }
    if open.is_some() {
        edrm.end_folder()?;
    }
    Ok(())
}
