//! Questions to the record. It must not know what the answers are for.

use rusqlite::{Connection, Params, Row};
use serde_json::Value;

use super::super::moment::{Moment, Zone};

/// The record and the zone in which its moments are told.
#[derive(Clone, Copy)]
pub(in super::super) struct Ask<'a> {
    pub(in super::super) db: &'a Connection,
    pub(in super::super) zone: &'a Zone,
}

impl Ask<'_> {
    /// One number; nothing counts as zero.
    pub(in super::super) fn number(self, sql: &str) -> rusqlite::Result<u64> {
        let number: Option<i64> = self.db.query_row(sql, [], |row| row.get(0))?;
        Ok(number.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
    }

    /// All rows of a query that is known to have few.
    pub(in super::super) fn rows<T>(
        self,
        sql: &str,
        params: impl Params,
        read: impl FnMut(&Row<'_>) -> rusqlite::Result<T>,
    ) -> rusqlite::Result<Vec<T>> {
        self.db.prepare(sql)?.query_map(params, read)?.collect()
    }

    /// The lines of one kind, in order; for kinds of which there are few.
    pub(in super::super) fn lines(self, kind: &str) -> rusqlite::Result<Vec<Value>> {
        let read = |row: &Row<'_>| row.get::<_, String>(0);
        let bodies = self.rows("SELECT body FROM entry WHERE kind = ?1 ORDER BY seq LIMIT 10000", [kind], read)?;
        Ok(bodies.iter().map(|body| serde_json::from_str(body).unwrap_or(Value::Null)).collect())
    }

    /// A moment that may not be recorded.
    pub(in super::super) fn moment(self, utc: Option<&str>) -> Option<Moment> {
        utc.filter(|utc| !utc.is_empty()).map(|utc| self.zone.moment(utc))
    }
}

/// A column that counts.
pub(in super::super) fn count(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

/// A column that counts, where it was counted.
pub(in super::super) fn counted(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<u64>> {
    Ok(row.get::<_, Option<i64>>(column)?.and_then(|number| u64::try_from(number).ok()))
}

/// The text of a member of a line.
pub(in super::super) fn text(line: &Value, name: &str) -> Option<String> {
    line.get(name).and_then(Value::as_str).map(str::to_owned)
}

/// The number of a member of a line.
pub(in super::super) fn integer(line: &Value, name: &str) -> Option<u64> {
    line.get(name).and_then(Value::as_u64)
}
