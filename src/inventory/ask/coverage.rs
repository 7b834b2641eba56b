//! How fresh and how whole the store is, and which report rows are about nobody it knows.

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, View};
use crate::inventory::StoreError;

/// The state of one dataset.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Freshness {
    /// The dataset.
    pub dataset: String,
    /// The period of a usage report.
    pub period: Option<String>,
    /// The day its figures are of, for a usage report.
    pub refresh_date: Option<String>,
    /// When it was last read whole.
    pub taken_at: String,
    /// Its rows.
    pub rows: i64,
    /// Rows that could not be read.
    pub rejected: i64,
    /// `none`, `all`, `mixed`: whether its names are pseudonyms.
    pub concealment: String,
    /// How the latest attempt ended, whole or not.
    pub latest_outcome: Option<String>,
    /// SHA-256 of the body, where it came in one.
    pub body_sha256: Option<String>,
    /// The service's request id.
    pub request_id: Option<String>,
}

/// A dataset that the latest run wanted and did not get whole.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct Gap {
    /// What was asked for.
    pub(in crate::inventory) endpoint: String,
    /// How the last attempt ended.
    pub(in crate::inventory) outcome: String,
    /// The service's word for why.
    pub(in crate::inventory) code: Option<String>,
}

/// Rows of a report that are about nobody in the directory.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct Nobodies {
    pub(in crate::inventory) dataset: String,
    /// Under pseudonyms.
    pub(in crate::inventory) concealed: i64,
    /// Under names that match nobody.
    pub(in crate::inventory) unmatched: i64,
}

/// The reports whose rows are about people, groups or sites.
const REPORTS: [&str; 9] =
    ["email", "mailbox", "active", "activations", "apps", "teams", "onedrive", "sharepoint", "email-apps"];

/// Report rows that belong to nobody in the directory.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Unmatched {
    /// The report.
    pub dataset: String,
    /// What it calls whom the row is about.
    pub principal: String,
    /// `real`, `concealed`, `unknown`, `empty` or `other`.
    pub kind: String,
    /// The day its figures are of.
    pub as_of: String,
}

impl View<'_> {
    /// Every dataset with its dates, its size, and the answer it came from.
    ///
    /// # Errors
    /// The store's.
    pub fn freshness(&self) -> Result<Answer<Freshness>, StoreError> {
        let sql = "SELECT s.dataset, nullif(s.period, ''), nullif(s.refresh_date, ''), s.taken_at, s.row_count, s.concealment,
              f.rows_rejected, f.body_sha256, f.graph_request_id,
              (SELECT l.outcome FROM fetch l JOIN sync_run r ON r.run_id = l.run_id AND r.tenant_id = s.tenant_id
                 WHERE l.endpoint = f.endpoint ORDER BY l.fetch_id DESC LIMIT 1)
            FROM snapshot s
            LEFT JOIN fetch f ON f.fetch_id = (SELECT max(fetch_id) FROM fetch WHERE snap_id = s.snap_id)
            WHERE s.tenant_id = ?1 AND s.complete = 1 AND (?2 IS NULL OR s.taken_at <= ?2)
              AND s.snap_id = (SELECT max(snap_id) FROM snapshot n WHERE n.tenant_id = s.tenant_id AND n.dataset = s.dataset
                 AND n.period = s.period AND n.complete = 1 AND (?2 IS NULL OR n.taken_at <= ?2))
            ORDER BY s.dataset, s.period";
        let mut query = self.db.prepare(sql)?;
        let rows = query.query_map(params![self.tenant, self.at], |row| {
            Ok(Freshness {
                dataset: row.get(0)?,
                period: row.get(1)?,
                refresh_date: row.get(2)?,
                taken_at: row.get(3)?,
                rows: row.get(4)?,
                rejected: row.get::<_, Option<i64>>(6)?.unwrap_or(0),
                concealment: row.get(5)?,
                latest_outcome: row.get(9)?,
                body_sha256: row.get(7)?,
                request_id: row.get(8)?,
            })
        })?;
        let rows: Vec<Freshness> = rows.collect::<Result<_, _>>()?;
        let notes = if rows.is_empty() { Answer::<Freshness>::never("everything").notes } else { Vec::new() };
        Ok(Answer { as_of: Vec::new(), rows, notes })
    }

    /// Rows of the newest reports that are about nobody in the directory.
    ///
    /// # Errors
    /// The store's.
    pub fn unmatched(&self) -> Result<Answer<Unmatched>, StoreError> {
        let mut answer = Answer { as_of: Vec::new(), rows: Vec::new(), notes: Vec::new() };
        let mut are_old = false;
        for dataset in REPORTS {
            let Some(seen) = self.seen(dataset)? else { continue };
            let as_of = seen.as_of.refresh_date.clone().unwrap_or_else(|| seen.as_of.taken_at.clone());
            let sql = "SELECT principal, kind, match_method FROM principal WHERE snap_id = ?1 AND user_id IS NULL ORDER BY kind, principal";
            let mut query = self.db.prepare_cached(sql)?;
            let rows = query.query_map([seen.rows_at], |row| {
                let (principal, kind) = (row.get(0)?, row.get(1)?);
                Ok((
                    row.get::<_, String>(2)?,
                    Unmatched { dataset: dataset.to_owned(), principal, kind, as_of: as_of.clone() },
                ))
            })?;
            for row in rows {
                let (method, row) = row?;
                are_old |= method == "people_too_old";
                answer.rows.push(row);
            }
            answer.as_of.push(seen.as_of);
        }
        if are_old {
            let text =
                "people were last read more than seven days before a report's date: its rows are not joined to them";
            answer.notes.push(text.to_owned());
        }
        if answer.rows.iter().any(|row| row.kind == "concealed") {
            answer
                .notes
                .push("concealed rows are pseudonyms that the service made; they are never traced back".to_owned());
        }
        Ok(answer)
    }

    /// How many rows of the newest reports are about nobody, report by report.
    pub(in crate::inventory) fn nobodies(&self) -> Result<Vec<Nobodies>, StoreError> {
        let mut all = Vec::new();
        for dataset in REPORTS {
            let Some(seen) = self.seen(dataset)? else { continue };
            let (concealed, unmatched) = self.nobody(&seen)?;
            all.push(Nobodies { dataset: dataset.to_owned(), concealed, unmatched });
        }
        Ok(all)
    }

    /// What the latest run asked for and did not get.
    pub(in crate::inventory) fn gaps(&self) -> Result<Vec<Gap>, StoreError> {
        let sql = "SELECT endpoint, outcome, error_code FROM fetch WHERE fetch_id IN (
              SELECT max(fetch_id) FROM fetch WHERE run_id = (
                SELECT max(run_id) FROM sync_run WHERE tenant_id = ?1 AND (?2 IS NULL OR started_at <= ?2))
              GROUP BY endpoint)
            AND outcome NOT IN ('ok', 'not_modified') ORDER BY endpoint";
        let mut query = self.db.prepare(sql)?;
        let rows = query.query_map(params![self.tenant, self.at], |row| {
            Ok(Gap { endpoint: row.get(0)?, outcome: row.get(1)?, code: row.get(2)? })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn every_dataset_has_its_dates_and_rows_about_nobody_are_listed() {
        let (_folder, store) = filled();
        let view = store.view(TENANT, None).expect("a view");
        let fresh = view.freshness().expect("rows").rows;
        let email = fresh.iter().find(|row| row.dataset == "email").expect("there");
        assert_eq!((email.refresh_date.as_deref(), email.period.as_deref()), (Some("2026-11-27"), Some("D90")));
        let counts: Vec<_> = view
            .nobodies()
            .expect("counts")
            .into_iter()
            .map(|one| (one.dataset, one.concealed, one.unmatched))
            .collect();
        assert_eq!(counts[0], ("email".to_owned(), 1, 1));
        assert!(view.gaps().expect("none").is_empty());
        let nobody = view.unmatched().expect("rows");
        let told: Vec<_> = nobody.rows.iter().map(|row| (row.principal.as_str(), row.kind.as_str())).collect();
        assert_eq!(told, [("0123456789ABCDEF0123456789ABCDEF", "concealed"), ("gone@x.example", "real")]);
        assert!(
            store.view("another", None).expect("a view").freshness().expect("rows").notes[0].contains("never synced")
        );
    }
}
