//! Stored bodies that are old enough to go: rows never do.
//!
//! What came last, the last snapshot of each month and what a finding refers to keep their bodies. It must not know the
//! terminal.

use rusqlite::params;

use super::store::{Store, StoreError};

/// What went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Pruned {
    /// Bodies.
    pub bodies: u64,
    /// Their bytes, as packed.
    pub bytes: u64,
}

/// Bodies that nothing needs: older than the cutoff (?1), and of no snapshot that keeps them.
const OLD: &str = "FROM raw_body AS b WHERE NOT EXISTS (
    SELECT 1 FROM fetch f LEFT JOIN snapshot s ON s.snap_id = f.snap_id
    WHERE (f.body_sha256 = b.sha256 OR f.kept_sha256 = b.sha256)
      AND (f.requested_at >= ?1
        OR s.snap_id IN (SELECT max(snap_id) FROM snapshot WHERE complete = 1
             GROUP BY tenant_id, dataset, period, substr(taken_at, 1, 7))
        OR s.snap_id IN (SELECT same_as FROM snapshot WHERE same_as IS NOT NULL AND taken_at >= ?1)
        OR f.run_id IN (SELECT first_run FROM finding UNION SELECT last_run FROM finding)))";

impl Store {
    /// Removes bodies that came before the cutoff (an instant, as text) and are not needed; or only counts them.
    ///
    /// # Errors
    /// The store's.
    pub fn prune(&self, before: &str, only_count: bool) -> Result<Pruned, StoreError> {
        let sql = format!("SELECT count(*), coalesce(sum(length(b.body)), 0) {OLD}");
        let (bodies, bytes): (i64, i64) = self.db.query_row(&sql, [before], |row| Ok((row.get(0)?, row.get(1)?)))?;
        if !only_count && bodies > 0 {
            self.db.execute(&format!("DELETE {OLD}"), params![before])?;
            self.db.execute_batch("VACUUM")?;
        }
        let number = |count: i64| u64::try_from(count).unwrap_or_default();
        Ok(Pruned { bodies: number(bodies), bytes: number(bytes) })
    }
}
