//! Runs on record: begun, told about, ended. One that did not end is failed at the next start.
//!
//! It must not know what a run does.

use rusqlite::params;
use uuid::Uuid;

use super::{Store, StoreError};
use crate::terms::{Exchange, UtcInstant};

/// A run that begins.
#[derive(Debug)]
pub(in crate::inventory) struct NewRun<'a> {
    pub(in crate::inventory) connection: i64,
    pub(in crate::inventory) tenant: &'a str,
    /// `manual`, `schedule` or `precollection`.
    pub(in crate::inventory) trigger: &'a str,
    pub(in crate::inventory) domains: &'a str,
    pub(in crate::inventory) app_version: &'a str,
    pub(in crate::inventory) catalogue: &'a str,
}

/// What came of one request.
#[derive(Debug, Default)]
pub(in crate::inventory) struct FetchRow<'a> {
    pub(in crate::inventory) endpoint: &'a str,
    pub(in crate::inventory) trail: &'a [Exchange],
    pub(in crate::inventory) redirect_host: Option<&'a str>,
    pub(in crate::inventory) etag: Option<&'a str>,
    pub(in crate::inventory) content_type: Option<&'a str>,
    pub(in crate::inventory) body: Option<String>,
    /// The stored body where it holds only the rows inside the domains.
    pub(in crate::inventory) kept: Option<String>,
    pub(in crate::inventory) rows: Option<u64>,
    pub(in crate::inventory) rejected: Option<u64>,
    pub(in crate::inventory) outcome: &'a str,
    pub(in crate::inventory) error_code: Option<&'a str>,
    pub(in crate::inventory) error_text: Option<&'a str>,
}

impl Store {
    /// Ends what earlier processes left running; whoever calls this holds the tenant's lock. How many there were.
    pub(in crate::inventory) fn fail_crashed(&self, tenant: &str, now: UtcInstant) -> Result<usize, StoreError> {
        let ended = self.db.execute(
            "UPDATE sync_run SET status = 'failed', finished_at = ?2, error_code = 'crashed',
               error_text = 'the program ended in the middle of the run'
             WHERE tenant_id = ?1 AND status = 'running'",
            params![tenant, now.to_string()],
        )?;
        Ok(ended)
    }

    /// Begins a run.
    pub(in crate::inventory) fn begin_run(
        &self,
        new: &NewRun<'_>,
        now: UtcInstant,
    ) -> Result<(i64, String), StoreError> {
        let uid = Uuid::now_v7().to_string();
        self.db.execute(
            "INSERT INTO sync_run (run_uid, connection_id, tenant_id, trigger, started_at, status, domains_json,
               app_version, catalog_version) VALUES (?1, ?2, ?3, ?4, ?5, 'running', ?6, ?7, ?8)",
            params![
                uid,
                new.connection,
                new.tenant,
                new.trigger,
                now.to_string(),
                new.domains,
                new.app_version,
                new.catalogue
            ],
        )?;
        Ok((self.db.last_insert_rowid(), uid))
    }

    /// Ends a run.
    pub(in crate::inventory) fn end_run(
        &self,
        run: i64,
        status: &str,
        (concealment, basis): (&str, &str),
        error: Option<(&str, &str)>,
        now: UtcInstant,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE sync_run SET status = ?2, finished_at = ?3, concealment = ?4, concealment_basis = ?5,
               error_code = ?6, error_text = ?7 WHERE run_id = ?1",
            params![run, status, now.to_string(), concealment, basis, error.map(|e| e.0), error.map(|e| e.1)],
        )?;
        Ok(())
    }

    /// Writes a line of a run's log.
    pub(in crate::inventory) fn log(
        &self,
        run: i64,
        level: &str,
        code: &str,
        text: &str,
        fields: Option<&serde_json::Value>,
        now: UtcInstant,
    ) -> Result<(), StoreError> {
        let mut insert = self.db.prepare_cached(
            "INSERT INTO sync_log (run_id, seq, at, level, code, text, fields_json)
             VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM sync_log WHERE run_id = ?1), ?2, ?3, ?4, ?5, ?6)",
        )?;
        insert.execute(params![run, now.to_string(), level, code, text, fields.map(ToString::to_string)])?;
        Ok(())
    }

    /// Writes what came of one request: one row, with the first attempt's time and the last one's answer.
    pub(in crate::inventory) fn note_fetch(
        &self,
        run: i64,
        row: &FetchRow<'_>,
        now: UtcInstant,
    ) -> Result<i64, StoreError> {
        // The request that counts is Graph's own; a file's further leg has no request id of Graph's.
        let graph = row.trail.iter().rev().find(|exchange| exchange.request_id.is_some());
        let (first, last) = (row.trail.first(), row.trail.last());
        let asked = graph.or(first);
        let at = first.map_or(now, |exchange| exchange.sent_at);
        let elapsed = last.map(|exchange| exchange.done_at.millis().saturating_sub(at.millis()));
        let waited =
            row.trail.iter().filter_map(|exchange| exchange.retry_after).map(|wait| wait.as_millis()).sum::<u128>();
        let id = asked.map_or_else(Uuid::nil, |exchange| exchange.client_request_id);
        let mut insert = self.db.prepare_cached(
            "INSERT INTO fetch (run_id, seq, endpoint, api_version, request_url, requested_at, elapsed_ms, attempts,
               waited_ms, http_status, graph_request_id, client_request_id, redirect_host, etag, content_type,
               body_sha256, rows, rows_rejected, outcome, error_code, error_text, kept, kept_sha256)
             VALUES (?1, (SELECT coalesce(max(seq), 0) + 1 FROM fetch WHERE run_id = ?1), ?2, 'v1.0', ?3, ?4, ?5, ?6, ?7,
               ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21)",
        )?;
        let kept = match (&row.body, &row.kept) {
            (None, None) => "none",
            (_, Some(_)) => "kept_rows",
            (Some(_), None) => "whole",
        };
        let count = |number: Option<u64>| number.and_then(|number| i64::try_from(number).ok());
        insert.execute(params![
            run,
            row.endpoint,
            asked.map(|exchange| exchange.url.as_str()).unwrap_or_default(),
            at.to_string(),
            elapsed,
            i64::try_from(row.trail.len().max(1)).unwrap_or(i64::MAX),
            i64::try_from(waited).unwrap_or(i64::MAX),
            last.and_then(|exchange| exchange.status),
            graph.and_then(|exchange| exchange.request_id.as_deref()),
            id.to_string(),
            row.redirect_host,
            row.etag,
            row.content_type,
            row.body,
            count(row.rows),
            count(row.rejected),
            row.outcome,
            row.error_code,
            row.error_text,
            kept,
            row.kept,
        ])?;
        Ok(self.db.last_insert_rowid())
    }

    /// Notes which scopes a run had; those it had no longer stay, as not present.
    pub(in crate::inventory) fn note_scopes(
        &self,
        connection: i64,
        run: i64,
        kind: &str,
        scopes: &[&str],
    ) -> Result<Vec<String>, StoreError> {
        let transaction = rusqlite::Transaction::new_unchecked(&self.db, rusqlite::TransactionBehavior::Immediate)?;
        for scope in scopes {
            transaction.execute(
                "INSERT INTO scope_grant (connection_id, scope, kind, present, first_run, last_run)
                 VALUES (?1, ?2, ?3, 1, ?4, ?4)
                 ON CONFLICT (connection_id, kind, scope) DO UPDATE SET present = 1, last_run = excluded.last_run",
                params![connection, scope, kind, run],
            )?;
        }
        let mut lost = transaction.prepare(
            "UPDATE scope_grant SET present = 0 WHERE connection_id = ?1 AND kind = ?2 AND present = 1 AND last_run <> ?3
             RETURNING scope",
        )?;
        let names = lost.query_map(params![connection, kind, run], |row| row.get(0))?;
        let names = names.collect::<Result<Vec<String>, _>>()?;
        drop(lost);
        transaction.commit()?;
        Ok(names)
    }

    /// The scopes that the newest run of a connection had; empty where none ran yet.
    ///
    /// # Errors
    /// The database's.
    pub fn scopes(&self, connection: i64) -> Result<Vec<String>, StoreError> {
        let sql = "SELECT scope FROM scope_grant WHERE connection_id = ?1 AND present = 1 ORDER BY scope";
        let mut query = self.db.prepare(sql)?;
        let scopes = query.query_map([connection], |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(scopes)
    }

    /// What the organisation is called.
    pub(in crate::inventory) fn name_tenant(
        &self,
        tenant: &str,
        name: Option<&str>,
        domain: Option<&str>,
    ) -> Result<(), StoreError> {
        self.db.execute(
            "UPDATE tenant SET display_name = coalesce(?2, display_name), default_domain = coalesce(?3, default_domain)
             WHERE tenant_id = ?1",
            params![tenant, name, domain],
        )?;
        Ok(())
    }
}
