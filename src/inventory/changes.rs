//! What changed between two moments: people, licences, seats, renewals, permissions.
//!
//! Each dataset is taken as of the newest whole snapshot up to the moment. It must not know the terminal.

use rusqlite::types::Value;
use rusqlite::{OptionalExtension as _, params};

use super::dataset::Dataset;
use super::store::table::{self, Table};
use super::store::{Store, StoreError};

/// A moment: a run, by number or by the day's last one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Moment {
    /// After this run.
    Run(i64),
    /// At the end of this day (UTC, `YYYY-MM-DD`).
    Day(String),
}

impl std::str::FromStr for Moment {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim();
        if let Ok(run) = text.parse::<i64>() {
            return Ok(Self::Run(run));
        }
        let is_day = text.len() == 10 && text.parse::<jiff::civil::Date>().is_ok();
        if is_day {
            Ok(Self::Day(text.to_owned()))
        } else {
            Err("neither a run's number nor a date like 2026-09-30".into())
        }
    }
}

/// One thing that changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change {
    /// `people`, `licences`, `seats`, `renewals` or `permissions`.
    pub area: &'static str,
    /// `added`, `removed` or `changed`.
    pub kind: &'static str,
    /// What it is about: ids, and a name where there is one.
    pub subject: String,
    /// The columns that differ, from what to what.
    pub columns: Vec<(String, Option<String>, Option<String>)>,
}

/// What is compared: the area, its dataset and its table.
static COMPARED: [(&str, Dataset, &Table); 4] = [
    ("people", Dataset::Users, &table::USER),
    ("licences", Dataset::Users, &table::LICENCE),
    ("seats", Dataset::Skus, &table::SKU),
    ("renewals", Dataset::Subscriptions, &table::SUBSCRIPTION),
];

impl Store {
    /// The run that a moment means; `None` when there is none.
    ///
    /// # Errors
    /// The store's.
    pub fn run_at(&self, tenant: Option<&str>, moment: &Moment) -> Result<Option<(i64, String)>, StoreError> {
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let found = match moment {
            Moment::Run(run) => {
                self.db.query_row("SELECT run_id, tenant_id FROM sync_run WHERE run_id = ?1", [run], read)
            }
            Moment::Day(day) => {
                let sql = "SELECT run_id, tenant_id FROM sync_run WHERE substr(started_at, 1, 10) <= ?1
                   AND (?2 IS NULL OR tenant_id = ?2) ORDER BY run_id DESC LIMIT 1";
                self.db.query_row(sql, params![day, tenant], read)
            }
        };
        Ok(found.optional()?)
    }

    /// What changed in a tenant from one run to another.
    ///
    /// # Errors
    /// The store's.
    pub fn changes(&self, tenant: &str, from: i64, to: i64) -> Result<Vec<Change>, StoreError> {
        let mut all = Vec::new();
        for (area, dataset, table) in COMPARED {
            let (Some(a), Some(b)) = (self.newest(tenant, dataset, from)?, self.newest(tenant, dataset, to)?) else {
                continue;
            };
            if a != b {
                self.compare(area, table, tenant, (a, b), &mut all)?;
            }
        }
        self.permissions(tenant, (from, to), &mut all)?;
        Ok(all)
    }

    fn newest(&self, tenant: &str, dataset: Dataset, run: i64) -> Result<Option<i64>, StoreError> {
        let sql =
            "SELECT max(snap_id) FROM snapshot WHERE tenant_id = ?1 AND dataset = ?2 AND run_id <= ?3 AND complete = 1";
        Ok(self.db.query_row(sql, params![tenant, dataset.as_str(), run], |row| row.get(0))?)
    }

    fn compare(
        &self,
        area: &'static str,
        table: &Table,
        tenant: &str,
        (a, b): (i64, i64),
        all: &mut Vec<Change>,
    ) -> Result<(), StoreError> {
        let (name, keys) = (table.name, table.keys.join(", "));
        let columns = |side: &str| table.columns.iter().map(|column| format!(", {side}.{column}")).collect::<String>();
        let at = |snap: &str| {
            format!(
                "SELECT * FROM {name} WHERE tenant_id = ?1 AND from_snap <= {snap} AND (to_snap IS NULL OR to_snap > {snap})"
            )
        };
        let shown = table.keys.iter().map(|key| format!(", coalesce(a.{key}, b.{key})")).collect::<String>();
        let sql = format!(
            "SELECT a.row_hash, b.row_hash{shown}{}{} FROM ({}) a FULL JOIN ({}) b USING ({keys})
             WHERE a.row_hash IS NOT b.row_hash ORDER BY {keys}",
            columns("a"),
            columns("b"),
            at("?2"),
            at("?3")
        );
        let mut select = self.db.prepare(&sql)?;
        let mut rows = select.query(params![tenant, a, b])?;
        let (first, width) = (2 + table.keys.len(), table.columns.len());
        while let Some(row) = rows.next()? {
            let (was, is): (Option<String>, Option<String>) = (row.get(0)?, row.get(1)?);
            let kind = match (was, is) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            };
            let mut parts = Vec::new();
            for i in 2..first {
                parts.extend(shown_value(row.get::<_, Value>(i)?).filter(|part| !part.is_empty()));
            }
            let mut differing = Vec::new();
            for (i, column) in table.columns.iter().enumerate() {
                let was = shown_value(row.get::<_, Value>(first + i)?);
                let is = shown_value(row.get::<_, Value>(first + width + i)?);
                if was != is {
                    differing.push(((*column).to_owned(), was, is));
                }
            }
            all.push(Change { area, kind, subject: parts.join(" "), columns: differing });
        }
        Ok(())
    }

    /// Permissions as the runs had them.
    fn permissions(&self, tenant: &str, (from, to): (i64, i64), all: &mut Vec<Change>) -> Result<(), StoreError> {
        let sql = "SELECT g.scope, g.first_run <= ?2 AND g.last_run >= ?2, g.first_run <= ?3 AND g.last_run >= ?3
           FROM scope_grant g JOIN connection c USING (connection_id) WHERE c.tenant_id = ?1 ORDER BY g.scope";
        let mut select = self.db.prepare(sql)?;
        let rows = select.query_map(params![tenant, from, to], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, Option<bool>>(1)?, row.get::<_, Option<bool>>(2)?))
        })?;
        for row in rows {
            let (subject, was, is) = row?;
            let kind = match (was.unwrap_or_default(), is.unwrap_or_default()) {
                (false, true) => "added",
                (true, false) => "removed",
                _ => continue,
            };
            all.push(Change { area: "permissions", kind, subject, columns: Vec::new() });
        }
        Ok(())
    }
}

fn shown_value(value: Value) -> Option<String> {
    match value {
        Value::Null | Value::Blob(_) => None,
        Value::Integer(number) => Some(number.to_string()),
        Value::Real(number) => Some(number.to_string()),
        Value::Text(text) => Some(text),
    }
}
