//! One digest per table over all its rows, for the last line of the log: what no other line tells of is held by it.
//!
//! A digest is SHA-256 over lines: the manifest's salt in hex, so that nobody who has the log alone can guess what a
//! table says, and then a JSON array per row, so that a stranger can make the same with `sqlite3` and `sha256sum`.
//! `entry` is left out, because its leaves are the tree. Must not know what a table is for.

use rusqlite::Connection;

use super::{CustodyError, Ledger, Object};
use crate::terms::{Hasher, Sha256};

impl Ledger<'_> {
    /// The digest of each table by its name, as `acquisition.sealed` states them. Reads every row.
    pub fn tables(&self) -> Result<Object, CustodyError> {
        let mut names = self.db.prepare(
            "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'entry'
              ORDER BY name",
        )?;
        let names = names.query_map([], |row| row.get(0))?.collect::<Result<Vec<String>, _>>()?;
        names.iter().try_fold(Object::new(), |tables, name| {
            Ok(tables.text(name, digest(self.db, name, &self.meta.path_salt)?.to_string()))
        })
    }
}

fn digest(db: &Connection, table: &str, salt: &[u8]) -> Result<Sha256, CustodyError> {
    let mut query = db.prepare(&lines_of(db, table)?)?;
    let mut rows = query.query([])?;
    let mut hasher = Hasher::new();
    hasher.update(hex::encode(salt).as_bytes());
    hasher.update(b"\n");
    while let Some(row) = rows.next()? {
        hasher.update(row.get_ref(0)?.as_bytes().unwrap_or_default());
        hasher.update(b"\n");
    }
    Ok(hasher.finish().0)
}

/// The query for a table's lines: its columns in order, bytes as lower-case hex, rows by primary key.
fn lines_of(db: &Connection, table: &str) -> Result<String, CustodyError> {
    let mut columns = db.prepare("SELECT name, type, pk FROM pragma_table_info(?1) ORDER BY cid")?;
    let columns = columns.query_map([table], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    let columns = columns.collect::<Result<Vec<(String, String, i64)>, _>>()?;
    let values = columns.iter().map(|(name, kind, _)| match kind.as_str() {
        "BLOB" => format!("CASE WHEN {name} IS NOT NULL THEN lower(hex({name})) END"),
        _ => name.clone(),
    });
    let values: Vec<String> = values.collect();
    let mut key: Vec<_> = columns.iter().filter(|(_, _, place)| *place > 0).collect();
    key.sort_by_key(|(_, _, place)| *place);
    let key: Vec<&str> = key.iter().map(|(name, _, _)| name.as_str()).collect();
    Ok(format!("SELECT json_array({}) FROM {table} ORDER BY {}", values.join(", "), key.join(", ")))
}
