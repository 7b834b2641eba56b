//! How many: listed, collected, excepted, per folder, per mailbox and in all.
//!
//! A listed item is *collected* when it has a row in `item`; otherwise it is *excepted* when an exception of
//! severity `item_missing` names it, and *vanished* when the latest of these says `gone`. So an item that was
//! missing and came in on a later try counts once, as collected. *Departed* is what a note (`gone`, `info`) says: listed,
//! and not in its folder any more when that was listed again.

use rusqlite::{Connection, Params, params};

use crate::terms::{ExceptionCode, Severity};

use super::CustodyError;
use super::read_back::{count, word};
use super::writer::sql_int;

/// What became of what was listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Counts {
    /// Items the service listed.
    pub listed: u64,
    /// Items in the package.
    pub collected: u64,
    /// Of these, rebuilt by Affiant.
    pub rebuilt: u64,
    /// Items that are not in the package, with the reason on record.
    pub excepted: u64,
    /// Of these, gone before they could be fetched.
    pub vanished: u64,
    /// Of the listed ones, those that only the second listing showed.
    pub appeared: u64,
    /// Of the listed ones, those that the second listing no longer showed in their folder though they had not vanished.
    pub departed: u64,
    /// Bytes of the collected items.
    pub bytes: u64,
}

impl Counts {
    /// Whether every listed item has ended.
    pub const fn is_balanced(&self) -> bool {
        self.listed == self.collected.saturating_add(self.excepted)
    }

    /// Items still to do.
    pub const fn remaining(&self) -> u64 {
        self.listed.saturating_sub(self.collected).saturating_sub(self.excepted)
    }
}

/// How far a mailbox is: what was listed, and how much of it has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ended {
    /// Items the service listed.
    pub listed: u64,
    /// Items in the package.
    pub collected: u64,
    /// Items that are not in the package, with the reason on record.
    pub excepted: u64,
}

impl Ended {
    /// Items still to do.
    pub const fn remaining(&self) -> u64 {
        self.listed.saturating_sub(self.collected).saturating_sub(self.excepted)
    }
}

/// How many exceptions of one code and severity stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ExceptionCount {
    /// Why.
    pub code: ExceptionCode,
    /// What it means.
    pub severity: Severity,
    /// How many.
    pub count: u64,
}

/// What is counted.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    Everything,
    Mailbox(u64),
    Folder(u64),
}

pub(super) fn counts(db: &Connection, of: Of) -> Result<Counts, CustodyError> {
    let (of, id) = match of {
        Of::Everything => ("?1 = 0", 0),
        Of::Mailbox(id) => ("t.mailbox_id = ?1", sql_int(id)?),
        Of::Folder(id) => ("t.folder_id = ?1", sql_int(id)?),
    };
    let listed = format!("SELECT count(*), coalesce(sum(pass > 1), 0) FROM listed t WHERE {of}");
    let [listed, appeared] = numbers(db, &listed, params![id])?;
    let collected = format!(
        "SELECT count(*), coalesce(sum(source_kind = 'rebuilt_from_json'), 0), coalesce(sum(bytes), 0) FROM item t WHERE {of}"
    );
    let [collected, rebuilt, bytes] = numbers(db, &collected, params![id])?;
    // Beside max(), SQLite takes the other columns from the row that has the maximum: the latest exception.
    let excepted = format!(
        "SELECT count(*), coalesce(sum(code = 'gone'), 0) FROM (
           SELECT e.code, max(e.exception_id) FROM exception e JOIN listed t ON t.listed_id = e.listed_id
            WHERE e.severity = 'item_missing' AND {of} AND NOT EXISTS (SELECT 1 FROM item i WHERE i.item_id = e.listed_id)
            GROUP BY e.listed_id)"
    );
    let [excepted, vanished] = numbers(db, &excepted, params![id])?;
    let departed = format!(
        "SELECT count(DISTINCT e.listed_id) FROM exception e JOIN listed t ON t.listed_id = e.listed_id
          WHERE e.code = 'gone' AND e.severity = 'info' AND {of}"
    );
    let [departed] = numbers(db, &departed, params![id])?;
    Ok(Counts { listed, collected, rebuilt, excepted, vanished, appeared, departed, bytes })
}

/// The numbers of [`counts`] that tell how far a mailbox is, from the indexes of its folders alone: for a million items
/// milliseconds instead of reading every row.
pub(super) fn ended(db: &Connection, mailbox_id: u64) -> Result<Ended, CustodyError> {
    let id = sql_int(mailbox_id)?;
    let of = |table: &str| {
        let sql = format!(
            "SELECT count(*) FROM {table} WHERE folder_id IN (SELECT folder_id FROM folder WHERE mailbox_id = ?1)"
        );
        numbers::<1>(db, &sql, params![id])
    };
    let ([listed], [collected]) = (of("listed")?, of("item")?);
    let excepted = "SELECT count(DISTINCT e.listed_id) FROM exception e JOIN listed t ON t.listed_id = e.listed_id
          WHERE e.severity = 'item_missing' AND t.mailbox_id = ?1
            AND NOT EXISTS (SELECT 1 FROM item i WHERE i.item_id = e.listed_id)";
    let [excepted] = numbers(db, excepted, params![id])?;
    Ok(Ended { listed, collected, excepted })
}

/// How many items are in the package.
pub(super) fn collected(db: &Connection) -> Result<u64, CustodyError> {
    let [collected] = numbers(db, "SELECT count(*) FROM item", [])?;
    Ok(collected)
}

/// The exceptions that no later entry resolved, by code and severity.
pub(super) fn exceptions_by_code(db: &Connection) -> Result<Vec<ExceptionCount>, CustodyError> {
    let mut query = db.prepare_cached(
        "SELECT code, severity, count(*) AS n FROM exception
          WHERE exception_id NOT IN (SELECT json_extract(body,'$.exception_id') FROM entry
                                      WHERE kind = 'exception.resolved' AND json_extract(body,'$.exception_id') IS NOT NULL)
          GROUP BY code, severity ORDER BY code, severity",
    )?;
    let mut rows = query.query([])?;
    let mut counts = Vec::new();
    while let Some(row) = rows.next()? {
        let code = word(row, "code", ExceptionCode::from_word)?;
        let severity = word(row, "severity", Severity::from_word)?;
        counts.push(ExceptionCount { code, severity, count: count(row, "n")? });
    }
    Ok(counts)
}

fn numbers<const N: usize>(db: &Connection, sql: &str, params: impl Params) -> Result<[u64; N], CustodyError> {
    let mut query = db.prepare_cached(sql)?;
    let values = query.query_row(params, |row| {
        let mut values = [0i64; N];
        for (i, value) in values.iter_mut().enumerate() {
            *value = row.get(i)?;
        }
        Ok(values)
    })?;
    let mut numbers = [0; N];
    for (number, value) in numbers.iter_mut().zip(values) {
        *number = u64::try_from(value).map_err(|_| CustodyError::corrupt("a count is negative"))?;
    }
    Ok(numbers)
}
