//! Whether the store is what came: every stored body has its digest, every snapshot can be read again from its bodies,
//! and the tables say what was read.
//!
//! It must not know the service or the terminal.

use std::io::{self, Seek as _};

use rusqlite::params;

use super::dataset::{Dataset, group_of, members, read_page, tables};
use super::report;
use super::store::{Stage, Store, StoreError, digest_as_of, join};

/// A place where the store is not what came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `body` (damaged), `reading` (the bodies say something else) or `rows` (the tables do).
    pub what: &'static str,
    /// The snapshot; `None` for a body by itself.
    pub snapshot: Option<i64>,
    /// Its dataset.
    pub dataset: Option<String>,
    /// What differs.
    pub text: String,
}

/// What was looked at, and what differs.
#[derive(Debug, Clone, Default)]
pub struct Audit {
    /// Bodies with the right digest.
    pub bodies: u64,
    /// Snapshots that were read again.
    pub snapshots: u64,
    /// Snapshots whose rows could not be read again, because their bodies were pruned.
    pub pruned: u64,
    /// What differs.
    pub differences: Vec<Difference>,
}

struct Snapshot {
    id: i64,
    tenant: String,
    dataset: Dataset,
    content: String,
}

/// A body that a snapshot came from.
struct Source {
    url: String,
    sha256: Option<String>,
}

impl Store {
    /// Checks everything.
    ///
    /// # Errors
    /// The database's own; what differs is in the result.
    pub fn audit(&self) -> Result<Audit, StoreError> {
        let mut audit = Audit::default();
        self.audit_bodies(&mut audit)?;
        for snapshot in self.own_snapshots(&mut audit)? {
            self.audit_snapshot(&snapshot, &mut audit)?;
        }
        self.audit_repeats(&mut audit)?;
        Ok(audit)
    }

    fn audit_bodies(&self, audit: &mut Audit) -> Result<(), StoreError> {
        let mut select = self.db.prepare("SELECT sha256 FROM raw_body ORDER BY sha256")?;
        let digests = select.query_map([], |row| row.get::<_, String>(0))?.collect::<Result<Vec<_>, _>>()?;
        for sha256 in digests {
            match self.unpack_body(&sha256, io::sink()) {
                Ok(_) => audit.bodies += 1,
                Err(StoreError::Body) => audit.differences.push(Difference {
                    what: "body",
                    snapshot: None,
                    dataset: None,
                    text: format!("the stored body {sha256} is damaged"),
                }),
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The snapshots that have rows of their own.
    fn own_snapshots(&self, audit: &mut Audit) -> Result<Vec<Snapshot>, StoreError> {
        let sql = "SELECT snap_id, tenant_id, dataset, content_sha256 FROM snapshot
           WHERE complete = 1 AND same_as IS NULL ORDER BY snap_id";
        let mut select = self.db.prepare(sql)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get::<_, String>(2)?, row.get(3)?)))?;
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        let mut known = Vec::with_capacity(rows.len());
        for (id, tenant, dataset, content) in rows {
            match dataset.parse() {
                Ok(dataset) => known.push(Snapshot { id, tenant, dataset, content }),
                Err(_) => audit.differences.push(Difference {
                    what: "rows",
                    snapshot: Some(id),
                    dataset: Some(dataset),
                    text: "no such dataset is known, so it cannot be read again".to_owned(),
                }),
            }
        }
        Ok(known)
    }

    fn sources(&self, snapshot: i64) -> Result<Vec<Source>, StoreError> {
        let sql = "SELECT request_url, coalesce(kept_sha256, body_sha256) FROM fetch WHERE snap_id = ?1 ORDER BY seq";
        let mut select = self.db.prepare_cached(sql)?;
        let rows = select.query_map([snapshot], |row| Ok(Source { url: row.get(0)?, sha256: row.get(1)? }))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn audit_snapshot(&self, snapshot: &Snapshot, audit: &mut Audit) -> Result<(), StoreError> {
        let differs = |what, text: &str| Difference {
            what,
            snapshot: Some(snapshot.id),
            dataset: Some(snapshot.dataset.to_string()),
            text: text.to_owned(),
        };
        let tables = tables(snapshot.dataset);
        let rows = digest_as_of(&self.db, tables, &snapshot.tenant, snapshot.id)?;
        if rows.to_string() != snapshot.content {
            audit.differences.push(differs("rows", "rows in the tables are not those that were read"));
        }
        let stage = Stage::begin(&self.db, tables)?;
        match self.read_again(snapshot, &stage)? {
            Some(true) => {
                audit.snapshots += 1;
                if stage.digest()?.to_string() != snapshot.content {
                    audit.differences.push(differs("reading", "the stored bodies say something else than was read"));
                } else if self.is_joined_otherwise(snapshot, &stage)? {
                    audit.differences.push(differs("rows", "report rows are joined to other people than they were"));
                }
            }
            Some(false) => audit.differences.push(differs("reading", "a stored body can no longer be read")),
            None => audit.pruned += 1,
        }
        Ok(())
    }

    /// Stages a snapshot from its bodies: whether they could be read; `None` where one is not kept any more.
    fn read_again(&self, snapshot: &Snapshot, stage: &Stage<'_>) -> Result<Option<bool>, StoreError> {
        for source in self.sources(snapshot.id)? {
            let Some(sha256) = &source.sha256 else { return Ok(None) };
            let mut file = tempfile::tempfile().map_err(StoreError::File)?;
            match self.unpack_body(sha256, &mut file) {
                Ok(Some(_)) => {}
                Ok(None) => return Ok(None),
                Err(StoreError::Body) => return Ok(Some(false)),
                Err(error) => return Err(error),
            }
            file.rewind().map_err(StoreError::File)?;
            let read = match (report::of(snapshot.dataset), group_of(&source.url)) {
                (Some(report), _) => {
                    let transaction = self.db.unchecked_transaction()?;
                    let read = report::read(report, io::BufReader::new(file), stage, &|_| true, None);
                    transaction.commit()?;
                    read.is_ok()
                }
                (None, group) => {
                    let mut bytes = Vec::new();
                    io::Read::read_to_end(&mut file, &mut bytes).map_err(StoreError::File)?;
                    match group {
                        Some(group) => members(group, &bytes, stage).is_ok(),
                        None => read_page(snapshot.dataset, &bytes, stage).is_ok(),
                    }
                }
            };
            if !read {
                return Ok(Some(false));
            }
        }
        Ok(Some(true))
    }

    /// Whether the people behind report rows are others than when they are found again.
    fn is_joined_otherwise(&self, snapshot: &Snapshot, stage: &Stage<'_>) -> Result<bool, StoreError> {
        if !stage.tables().iter().any(|table| table.name == "principal") {
            return Ok(false);
        }
        let sql = "SELECT refresh_date FROM snapshot WHERE snap_id = ?1";
        let refresh: String = self.db.query_row(sql, [snapshot.id], |row| row.get(0))?;
        join(&self.db, &snapshot.tenant, snapshot.id, &refresh)?;
        let sql = "SELECT count(*) FROM principal p JOIN temp.s_principal s USING (principal)
           WHERE p.snap_id = ?1 AND (p.user_id IS NOT s.user_id OR p.match_method IS NOT s.match_method)";
        Ok(self.db.query_row(sql, params![snapshot.id], |row| row.get::<_, i64>(0))? > 0)
    }

    /// A snapshot that says it repeats another one must have the same digest.
    fn audit_repeats(&self, audit: &mut Audit) -> Result<(), StoreError> {
        let sql = "SELECT s.snap_id, s.dataset FROM snapshot s LEFT JOIN snapshot o ON o.snap_id = s.same_as
           WHERE s.same_as IS NOT NULL AND s.content_sha256 IS NOT o.content_sha256 ORDER BY 1";
        let mut select = self.db.prepare(sql)?;
        let rows = select.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        for row in rows {
            let (snapshot, dataset) = row?;
            let text = "it is said to repeat another snapshot and does not".to_owned();
            audit.differences.push(Difference { what: "rows", snapshot: Some(snapshot), dataset: Some(dataset), text });
        }
        Ok(())
    }
}
