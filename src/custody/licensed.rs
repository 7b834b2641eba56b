//! Facts about a custodian's licences and mailbox: one line and one row each.
//!
//! It must not know where they come from.

use rusqlite::params;

use crate::terms::{FactName, LicenceFact};

use super::writer::sql_int;
use super::{CustodyError, EventKind, Ledger, Line, Writer};

/// A fact as it is on record.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct LicenceFactRow {
    /// Which.
    #[serde(rename = "fact")]
    pub name: FactName,
    /// What it is; `None`: not known.
    pub value: Option<String>,
    /// The dataset it was read in.
    pub dataset: Option<String>,
    /// As of when.
    pub as_of: Option<String>,
}

impl Writer<'_> {
    /// Puts on record what was known of a custodian when the collection began.
    ///
    /// # Errors
    /// As every row: [`CustodyError::Refused`], and the disk's.
    pub fn licence_facts(&mut self, custodian_id: u64, facts: &[LicenceFact]) -> Result<(), CustodyError> {
        for fact in facts {
            let source = fact.source.as_ref();
            let line = Line::new(EventKind::CustodianLicensed)
                .int("custodian_id", custodian_id)
                .text("fact", fact.name.as_str())
                .opt_text("value", fact.value.as_deref())
                .opt_text("dataset", source.map(|source| source.dataset.as_str()))
                .opt_text("period", source.map(|source| source.period.as_str()))
                .opt_text("as_of", source.map(|source| source.as_of.as_str()))
                .opt_int("snapshot_id", source.map(|source| source.snapshot_id))
                .put("snapshot_sha256", source.map(|source| source.snapshot_sha256));
            let seq = self.append(line)?;
            let sql = "INSERT INTO licence_fact (custodian_id, fact, value, dataset, period, as_of, snapshot_id,
                         snapshot_sha256, entry_seq) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
            let values = params![
                sql_int(custodian_id)?,
                fact.name.as_str(),
                fact.value,
                source.map(|source| &source.dataset),
                source.map(|source| &source.period),
                source.map(|source| &source.as_of),
                source.map(|source| sql_int(source.snapshot_id)).transpose()?,
                source.map(|source| source.snapshot_sha256.as_bytes().to_vec()),
                sql_int(seq)?
            ];
            self.run(sql, values)?;
        }
        Ok(())
    }
}

impl Ledger<'_> {
    /// What is on record of a custodian: the facts, and as of when each is.
    ///
    /// # Errors
    /// The disk's.
    pub fn licence_facts(&self, custodian_id: u64) -> Result<Vec<LicenceFactRow>, CustodyError> {
        let sql = "SELECT fact, value, dataset, as_of FROM licence_fact WHERE custodian_id = ?1 ORDER BY entry_seq";
        let mut query = self.db.prepare_cached(sql)?;
        let rows = query.query_map([sql_int(custodian_id)?], |row| {
            let fact: String = row.get(0)?;
            Ok(FactName::from_word(&fact).map(|name| (name, row.get(1), row.get(2), row.get(3))))
        })?;
        let mut facts = Vec::new();
        for (name, value, dataset, as_of) in rows.collect::<Result<Vec<_>, _>>()?.into_iter().flatten() {
            facts.push(LicenceFactRow { name, value: value?, dataset: dataset?, as_of: as_of? });
        }
        Ok(facts)
    }

    /// Whether a custodian's facts are on record.
    ///
    /// # Errors
    /// The disk's.
    pub fn has_licence_facts(&self, custodian_id: u64) -> Result<bool, CustodyError> {
        let sql = "SELECT EXISTS (SELECT 1 FROM licence_fact WHERE custodian_id = ?1)";
        Ok(self.db.query_row(sql, [sql_int(custodian_id)?], |row| row.get(0))?)
    }
}
