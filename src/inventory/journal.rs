//! What runs had to say, line by line, and how they ended.
//!
//! It must not know the terminal.

use rusqlite::params;

use super::store::{Store, StoreError};

/// One line of a run's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// The run's number.
    pub run: i64,
    /// The connection's name.
    pub connection: String,
    /// The line's number in its run.
    pub seq: i64,
    /// When, UTC.
    pub at: String,
    /// `info`, `warning` or `error`.
    pub level: String,
    /// A word for programs.
    pub code: String,
    /// A sentence for people.
    pub text: String,
    /// More, as JSON.
    pub fields: Option<String>,
}

impl Store {
    /// The lines after this place, oldest first; at most `limit` of them.
    ///
    /// # Errors
    /// The store's.
    pub fn journal(
        &self,
        connection: Option<i64>,
        run: Option<i64>,
        after: (i64, i64),
        limit: u32,
    ) -> Result<Vec<Entry>, StoreError> {
        let mut select = self.db.prepare_cached(
            "SELECT l.run_id, c.label, l.seq, l.at, l.level, l.code, l.text, l.fields_json
             FROM sync_log l JOIN sync_run r USING (run_id) JOIN connection c USING (connection_id)
             WHERE (?1 IS NULL OR r.connection_id = ?1) AND (?2 IS NULL OR l.run_id = ?2)
               AND (l.run_id, l.seq) > (?3, ?4) ORDER BY l.run_id, l.seq LIMIT ?5",
        )?;
        let rows = select.query_map(params![connection, run, after.0, after.1, limit], |row| {
            Ok(Entry {
                run: row.get(0)?,
                connection: row.get(1)?,
                seq: row.get(2)?,
                at: row.get(3)?,
                level: row.get(4)?,
                code: row.get(5)?,
                text: row.get(6)?,
                fields: row.get(7)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The newest run, of a connection or of all.
    ///
    /// # Errors
    /// The store's.
    pub fn latest_run(&self, connection: Option<i64>) -> Result<Option<i64>, StoreError> {
        let sql = "SELECT max(run_id) FROM sync_run WHERE ?1 IS NULL OR connection_id = ?1";
        Ok(self.db.query_row(sql, [connection], |row| row.get(0))?)
    }

    /// Whether a run is still going on; false for none.
    ///
    /// # Errors
    /// The store's.
    pub fn is_running(&self, run: i64) -> Result<bool, StoreError> {
        let sql = "SELECT count(*) FROM sync_run WHERE run_id = ?1 AND status = 'running'";
        Ok(self.db.query_row(sql, [run], |row| row.get::<_, i64>(0))? > 0)
    }
}
