//! The rows of every table against the digests that the last log line states: what no other line tells of.
//!
//! A digest is SHA-256 over lines: `meta.path_salt`, then one JSON array per row, columns in the schema's order, bytes
//! as lower-case hex, rows by primary key. Of `checkpoint` those rows count that were there before the last line. The
//! column names are the published ones, never the package's.

use std::fmt::Write as _;

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
    let mut tables: Vec<(String, String, Vec<(i64, String)>)> = Vec::new();
    while let Some(row) = rows.next()? {
        let (table, name, kind, place): (String, String, String, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
        if tables.last().is_none_or(|(last, _, _)| *last != table) {
            tables.push((table, String::new(), Vec::new()));
        }
        let Some((_, values, key)) = tables.last_mut() else { continue };
        let between = if values.is_empty() { "" } else { ", " };
        let value =
            if kind == "BLOB" { format!("iif({name} IS NULL, NULL, lower(hex({name})))") } else { name.clone() };
        write!(values, "{between}{value}").unwrap_or_default();
        if place > 0 {
            key.push((place, name));
        }
    }
    let query = |(table, values, mut key): (String, String, Vec<(i64, String)>)| {
        key.sort();
        let key: Vec<String> = key.into_iter().map(|(_, name)| name).collect();
        let before = if table == "checkpoint" { format!("WHERE size <= {size}") } else { String::new() };
        let sql = format!("SELECT json_array({values}) FROM {table} {before} ORDER BY {}", key.join(", "));
        (table, sql)
    };
    Ok(tables.into_iter().map(query).collect())
}
