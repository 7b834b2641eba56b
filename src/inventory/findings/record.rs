//! Findings on record: which run saw each first and which last, and whether it still stands.

use rusqlite::params;

use super::Finding;
use crate::inventory::{Store, StoreError};

/// The rules' version: goes up when one says something else by the same name.
const VERSION: i64 = 1;

impl Store {
    /// Notes what stands as of the tenant's latest run; what was noted before and no longer stands is closed.
    ///
    /// # Errors
    /// The database's.
    pub fn note_findings(&mut self, tenant: &str, findings: &[Finding]) -> Result<(), StoreError> {
        let transaction = self.db.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
        let run: Option<i64> =
            transaction
                .query_row("SELECT max(run_id) FROM sync_run WHERE tenant_id = ?1", [tenant], |row| row.get(0))?;
        let Some(run) = run else { return Ok(()) };
        transaction.execute("UPDATE finding SET state = 'closed' WHERE tenant_id = ?1 AND state = 'open'", [tenant])?;
        let mut note = transaction.prepare(
            "INSERT INTO finding (tenant_id, rule, rule_version, subject_kind, subject_id, first_run, last_run, state, severity, evidence_json,
               minor_per_month, currency)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?6, 'open', ?7, ?8, ?9, ?10)
             ON CONFLICT (tenant_id, rule, subject_kind, subject_id) DO UPDATE SET last_run = excluded.last_run, state = 'open',
               rule_version = excluded.rule_version, severity = excluded.severity, evidence_json = excluded.evidence_json,
               minor_per_month = excluded.minor_per_month, currency = excluded.currency",
        )?;
        for finding in findings {
            let evidence =
                serde_json::json!({ "finding": finding.finding, "read_in": finding.evidence, "seats": finding.seats });
            let severity = if finding.held { "held" } else { "advice" };
            note.execute(params![
                tenant,
                finding.rule,
                VERSION,
                finding.about,
                finding.key,
                run,
                severity,
                evidence.to_string(),
                finding.cost.as_ref().map(|cost| cost.minor),
                finding.currency,
            ])?;
        }
        drop(note);
        Ok(transaction.commit()?)
    }
}
