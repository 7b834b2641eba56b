//! Rows on their way into the store: kept in temporary tables until their dataset is whole, then compared and hashed.
//!
//! However many there are, they lie on disk and not in memory. It must not know where rows come from.

use rusqlite::types::{Value, ValueRef};
use rusqlite::{Connection, params_from_iter};

use super::StoreError;
use super::table::Table;
use crate::terms::{Hasher, Sha256};

/// The staged rows of one dataset.
pub(in crate::inventory) struct Stage<'a> {
    db: &'a Connection,
    tables: &'static [&'static Table],
}

impl<'a> Stage<'a> {
    /// Begins with nothing staged.
    pub(in crate::inventory) fn begin(
        db: &'a Connection,
        tables: &'static [&'static Table],
    ) -> Result<Self, StoreError> {
        for table in tables {
            let columns: Vec<&str> = table.all().collect();
            let unique = if table.keys.is_empty() {
                String::new()
            } else {
                format!(", PRIMARY KEY ({})) WITHOUT ROWID", table.keys.join(", "))
            };
            let end = if unique.is_empty() { ")" } else { &unique };
            let (name, columns) = (table.name, columns.join(", "));
            db.execute_batch(&format!(
                "DROP TABLE IF EXISTS temp.s_{name}; CREATE TABLE temp.s_{name} ({columns}{end}"
            ))?;
        }
        Ok(Self { db, tables })
    }

    /// The connection behind it, for questions about what is staged.
    pub(in crate::inventory) fn db(&self) -> &'a Connection {
        self.db
    }

    /// The tables that are staged.
    pub(in crate::inventory) fn tables(&self) -> &'static [&'static Table] {
        self.tables
    }

    /// Stages one row: keys, columns, what is found out, scratch. False when its key is staged already; then the first stays.
    pub(in crate::inventory) fn put(&self, table: &Table, values: &[Value]) -> Result<bool, StoreError> {
        let mut sql = format!("INSERT OR IGNORE INTO temp.s_{} VALUES (", table.name);
        sql.push_str(&"?,".repeat(values.len() + usize::from(table.has_hash)));
        sql.pop();
        sql.push(')');
        let mut insert = self.db.prepare_cached(&sql)?;
        let written = if table.has_hash {
            let mut hasher = Hasher::new();
            for value in values {
                feed(&mut hasher, ValueRef::from(value));
            }
            let hash = Value::Text(hasher.finish().0.to_string());
            insert.execute(params_from_iter(values.iter().chain([&hash])))?
        } else {
            insert.execute(params_from_iter(values))?
        };
        Ok(written > 0)
    }

    /// How many rows of the first table there are.
    pub(in crate::inventory) fn count(&self) -> Result<i64, StoreError> {
        let Some(first) = self.tables.first() else { return Ok(0) };
        let sql = format!("SELECT count(*) FROM temp.s_{}", first.name);
        Ok(self.db.query_row(&sql, [], |row| row.get(0))?)
    }

    /// The digest of what is staged.
    pub(in crate::inventory) fn digest(&self) -> Result<Sha256, StoreError> {
        let mut hasher = Hasher::new();
        for table in self.tables {
            let (columns, order) = (table.content().join(", "), table.order());
            let sql = format!("SELECT {columns} FROM temp.s_{} ORDER BY {order}", table.name);
            digest_of(self.db, table, &sql, &[], &mut hasher)?;
        }
        Ok(hasher.finish().0)
    }
}

impl Drop for Stage<'_> {
    fn drop(&mut self) {
        for table in self.tables {
            // Temporary in any case; it goes with the connection.
            let _ = self.db.execute_batch(&format!("DROP TABLE IF EXISTS temp.s_{}", table.name));
        }
    }
}

impl Table {
    /// Every column of the staging.
    fn all(&self) -> impl Iterator<Item = &'static str> {
        let hash = self.has_hash.then_some("row_hash");
        let parts = self.keys.iter().chain(self.columns).chain(self.found).chain(self.scratch);
        parts.copied().chain(hash)
    }
}

/// Adds a table's rows to a digest: its name, then every value with its kind and length, so that nothing runs together.
pub(in crate::inventory) fn digest_of(
    db: &Connection,
    table: &Table,
    sql: &str,
    with: &[&dyn rusqlite::ToSql],
    hasher: &mut Hasher,
) -> Result<(), StoreError> {
    feed(hasher, ValueRef::Text(table.name.as_bytes()));
    let mut select = db.prepare(sql)?;
    let columns = select.column_count();
    let mut rows = select.query(with)?;
    while let Some(row) = rows.next()? {
        for i in 0..columns {
            feed(hasher, row.get_ref(i)?);
        }
    }
    Ok(())
}

fn feed(hasher: &mut Hasher, value: ValueRef<'_>) {
    match value {
        ValueRef::Null => hasher.update(b"n"),
        ValueRef::Integer(number) => hasher.update(format!("i{number};").as_bytes()),
        ValueRef::Real(number) => hasher.update(format!("r{number};").as_bytes()),
        ValueRef::Text(bytes) => {
            hasher.update(format!("t{};", bytes.len()).as_bytes());
            hasher.update(bytes);
        }
        ValueRef::Blob(bytes) => {
            hasher.update(format!("b{};", bytes.len()).as_bytes());
            hasher.update(bytes);
        }
    }
}
