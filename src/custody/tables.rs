//! One digest per table over all its rows, for the last line of the log: what no other line tells of is held by it.
//!
//! A digest is SHA-256 over lines: the manifest's salt in hex, so that nobody who has the log alone can guess what a
//! table says, and then a JSON array per row, so that a stranger can make the same with `sqlite3` and `sha256sum`.
//! `entry` is left out, because its leaves are the tree. Must not know what a table is for.

use rusqlite::Connection;

use super::{Beside, CustodyError, Ledger, Object};
use crate::terms::{Hasher, Sha256};

/// A table as it was read beside the pen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableRead {
    name: String,
    rows: i64,
    digest: Sha256,
}

impl Ledger<'_> {
    /// The digest of each table by its name, as `acquisition.sealed` states them.
    ///
    /// Reads every row of the tables that are not `read` already, or have more rows by now: rows are never changed and
    /// never removed (the schema's triggers see to that), so a table that has as many as then has the same.
    pub fn tables(&self, read: &[TableRead]) -> Result<Object, CustodyError> {
        names(self.db)?.iter().try_fold(Object::new(), |tables, name| {
            let known = read.iter().find(|table| table.name == *name);
            let digest = match known {
                Some(known) if count(self.db, name)? == known.rows => known.digest,
                _ => digest(self.db, name, &self.meta.path_salt, &mut || true)?.unwrap_or_else(|| Sha256::of(b"")),
            };
            Ok(tables.text(name, digest.to_string()))
        })
    }
}

impl Beside {
    /// Reads the tables for [`Ledger::tables`], each as it is at one moment. Ends early, with those it has, when
    /// `go_on` says so.
    ///
    /// # Errors
    /// What SQLite says.
    pub fn tables(&self, salt: &[u8; 16], mut go_on: impl FnMut() -> bool) -> Result<Vec<TableRead>, CustodyError> {
        let mut read = Vec::new();
        for name in names(self.db())? {
            let moment = self.db().unchecked_transaction()?;
            let rows = count(&moment, &name)?;
            let Some(digest) = digest(&moment, &name, salt, &mut go_on)? else { break };
            read.push(TableRead { name, rows, digest });
        }
        Ok(read)
    }
}

fn names(db: &Connection) -> Result<Vec<String>, CustodyError> {
    let mut names = db.prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' AND name <> 'entry'
          ORDER BY name",
    )?;
    Ok(names.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?)
}

fn count(db: &Connection, table: &str) -> Result<i64, CustodyError> {
    Ok(db.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0))?)
}

/// `None` when `go_on` said no on the way.
fn digest(
    db: &Connection,
    table: &str,
    salt: &[u8],
    go_on: &mut dyn FnMut() -> bool,
) -> Result<Option<Sha256>, CustodyError> {
    let mut query = db.prepare(&lines_of(db, table)?)?;
    let mut rows = query.query([])?;
    let mut hasher = Hasher::new();
    hasher.update(hex::encode(salt).as_bytes());
    hasher.update(b"\n");
    while let Some(row) = rows.next()? {
        hasher.update(row.get_ref(0)?.as_bytes().unwrap_or_default());
        hasher.update(b"\n");
        if !go_on() {
            return Ok(None);
        }
    }
    Ok(Some(hasher.finish().0))
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
