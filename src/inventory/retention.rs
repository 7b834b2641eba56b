//! Stored bodies that are old enough to go: rows never do.
//!
//! What came last, the last snapshot of each month, what a finding refers to and what a custody record swears to keep
//! their bodies. It must not know the
//! terminal.

use std::collections::BTreeSet;
use std::time::Duration;

use rusqlite::params;

use super::store::{Store, StoreError};

/// How long a collection waits for a sync that writes, to note what it swears to.
const WAIT: Duration = Duration::from_secs(1);

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
        OR s.snap_id IN (SELECT snap_id FROM sworn_to UNION SELECT p.same_as FROM sworn_to JOIN snapshot p USING (snap_id))
        OR f.run_id IN (SELECT first_run FROM finding UNION SELECT last_run FROM finding)))";

impl Store {
    /// Notes that a custody record swears to snapshots. Where the store cannot be written, nothing is noted: the record
    /// has the snapshots' digests either way. It waits for another writer once, and not for long.
    pub(super) fn swear_to(&self, snapshots: &BTreeSet<u64>) {
        let note = || -> Result<(), rusqlite::Error> {
            self.db.pragma_update(None, "query_only", false)?;
            self.db.busy_timeout(WAIT)?;
            let transaction = rusqlite::Transaction::new_unchecked(&self.db, rusqlite::TransactionBehavior::Immediate)?;
            let mut put = transaction.prepare_cached("INSERT OR IGNORE INTO sworn_to (snap_id) VALUES (?1)")?;
            for snapshot in snapshots {
                put.execute([i64::try_from(*snapshot).unwrap_or_default()])?;
            }
            drop(put);
            transaction.commit()
        };
        let _ = note();
        let _ = self.db.pragma_update(None, "query_only", true);
    }

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

#[cfg(test)]
mod tests {
    use crate::inventory::ask::testing::filled;

    #[test]
    fn what_a_record_swears_to_keeps_its_body() {
        let (_folder, store) = filled();
        store
            .db
            .execute_batch(
                "INSERT INTO raw_body VALUES ('aa', 1, 'raw', x'00'), ('bb', 1, 'raw', x'00');
                 INSERT INTO fetch (run_id, seq, endpoint, api_version, request_url, requested_at, client_request_id, body_sha256, outcome, snap_id)
                 VALUES (1, 1, 'e', 'v1.0', 'u', '2026-11-01', 'c', 'aa', 'ok', 1), (1, 2, 'e', 'v1.0', 'u', '2026-11-01', 'c', 'bb', 'ok', NULL);",
            )
            .expect("rows");
        let count = || store.prune("2026-11-20", true).expect("counted").bodies;
        assert_eq!(count(), 2);
        store.swear_to(&std::collections::BTreeSet::from([1]));
        assert_eq!(count(), 1);
        store.prune("2026-11-20", false).expect_err("only to be read from now on");
    }
}
