//! The rows of every table against the digests that the last log line states: what no other line tells of.
//!
//! A digest is SHA-256 over lines: `meta.path_salt`, then one JSON array per row, columns in the schema's order, bytes
//! as lower-case hex, rows by primary key. Of `checkpoint` those rows count that were there before the last line. The
//! column names are the published ones, never the package's.

use serde_json::Value;

use super::database::published;
use super::ledger::{DATABASE, Ledger};
use super::log::{Account, LOG};
use super::report::{CheckName, Class, Findings};
use crate::terms::Hasher;

/// Makes the check.
pub(super) fn check(ledger: &Ledger, account: &Account, findings: &mut Findings) -> rusqlite::Result<()> {
    // That there is no last line is the finding of another check.
    let Some(sealed) = &account.sealed else { return Ok(()) };
    let size = sealed.get("seq").and_then(Value::as_i64).unwrap_or_default();
    let Some(stated) = sealed.get("tables").and_then(Value::as_object) else {
        findings.add(CheckName::Database, Class::Missing, LOG, "acquisition.sealed states no digests of the tables");
        return Ok(());
    };
    let salt = ledger.text("SELECT value FROM meta WHERE key = 'path_salt'")?.unwrap_or_default();
    let mut known = Vec::new();
    for (table, sql) in queries(size)? {
        let mut hasher = Hasher::new();
        hasher.update(format!("{salt}\n").as_bytes());
        ledger.each(&sql, [], |row| {
            hasher.update(row.get_ref(0)?.as_bytes().unwrap_or_default());
            hasher.update(b"\n");
            Ok(())
        })?;
        let found = hasher.finish().0.to_string();
        let stated = stated.get(&table).and_then(Value::as_str).unwrap_or("nothing");
        if stated != found {
            let detail = format!("the rows of {table}: expected {stated} (in the last log line)  found {found}");
            findings.add(CheckName::Database, Class::Changed, DATABASE, detail);
        }
        known.push(table);
    }
    for table in stated.keys().filter(|table| !known.contains(table)) {
        let detail = format!("acquisition.sealed states a digest of {table}, which is no table of this format");
        findings.add(CheckName::Database, Class::Wrong, LOG, detail);
    }
    Ok(())
}

/// Every table but `entry`, with the query for its lines.
fn queries(size: i64) -> rusqlite::Result<Vec<(String, String)>> {
    let published = published()?;
    let mut columns = published.prepare(
        "SELECT t.name, c.name, c.type, c.pk FROM sqlite_schema t, pragma_table_info(t.name) c
          WHERE t.type = 'table' AND t.name <> 'entry' ORDER BY t.name, c.cid",
    )?;
    let mut rows = columns.query([])?;
    let mut tables: Vec<Table> = Vec::new();
    while let Some(row) = rows.next()? {
        let (name, column, kind, place): (String, String, String, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        if tables.last().is_none_or(|last| last.name != name) {
            tables.push(Table { name, ..Table::default() });
        }
        let Some(table) = tables.last_mut() else { continue };
        if place > 0 {
            table.key.push((place, column.clone()));
        }
        let bytes = kind == "BLOB";
        table.values.push(if bytes { format!("iif({column} IS NULL, NULL, lower(hex({column})))") } else { column });
    }
    Ok(tables.into_iter().map(|table| table.query(size)).collect())
}

/// A table of the published schema.
#[derive(Default)]
struct Table {
    name: String,
    /// The values of a line, in the order of the columns.
    values: Vec<String>,
    /// The columns of the primary key, each with its place in it.
    key: Vec<(i64, String)>,
}

impl Table {
    /// Its name, and the query for its lines when the log had this many lines before the last.
    fn query(mut self, size: i64) -> (String, String) {
        self.key.sort();
        let key: Vec<String> = self.key.into_iter().map(|(_, column)| column).collect();
        let (name, values) = (self.name, self.values.join(", "));
        let rows = if name == "checkpoint" { format!("WHERE size <= {size}") } else { String::new() };
        let sql = format!("SELECT json_array({values}) FROM {name} {rows} ORDER BY {}", key.join(", "));
        (name, sql)
    }
}
