//! Questions answered from the store: as of any moment, with the dates of what they were answered from.
//!
//! Each dataset is read in its newest whole snapshot of the moment asked about; different datasets may be of different
//! days, and the answer names each. It only reads, and must not know the service.

mod activity;
mod apps;
mod choice;
mod cost;
mod coverage;
mod filter;
mod overlap;
mod people;
mod renewals;
mod seats;
mod sheet;
mod usage;

use rusqlite::{Connection, OptionalExtension as _, params};
use schemars::JsonSchema;
use serde::Serialize;

use super::catalogue::Names;
use super::{Store, StoreError};
use crate::terms::UtcInstant;

pub use self::activity::{Activity, Measurable};
pub(in crate::inventory) use self::activity::{Dates, PLANS, service};
pub use self::apps::{Activated, AppUse};
pub use self::cost::{Cost, CostBy};
pub use self::coverage::{Freshness, Unmatched};
pub(in crate::inventory) use self::coverage::{Gap, Nobodies};
pub use self::filter::Filter;
pub use self::overlap::Overlap;
pub use self::people::{Assignment, Held};
pub use self::renewals::Renewal;
pub(in crate::inventory) use self::renewals::days;
pub use self::seats::Seats;
pub use self::sheet::Custodian;
pub(in crate::inventory) use self::sheet::POP_OR_IMAP;
pub use self::usage::{MailUse, MailboxUse, ServiceUse};

/// An answer: rows, what they were read in, and what to know about them.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Answer<T> {
    /// The datasets it was read in.
    pub as_of: Vec<AsOf>,
    /// The rows.
    pub rows: Vec<T>,
    /// What to know about them.
    pub notes: Vec<String>,
}

/// One dataset that an answer was read in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct AsOf {
    /// The dataset.
    pub dataset: String,
    /// The period of a usage report, such as `D30`; null for others.
    pub period: Option<String>,
    /// The date that a usage report says its figures are of; null for others.
    pub refresh_date: Option<String>,
    /// When it was asked for.
    pub taken_at: String,
    /// The snapshot's number.
    pub snapshot: i64,
}

impl std::fmt::Display for AsOf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let taken = self.taken_at.get(..16).unwrap_or(&self.taken_at);
        match (&self.refresh_date, &self.period) {
            (Some(date), Some(period)) => write!(f, "{} {period} of {date}, asked {taken}", self.dataset),
            _ => write!(f, "{} of {taken}", self.dataset),
        }
    }
}

/// One tenant's store, as of a moment.
#[derive(Debug)]
pub struct View<'s> {
    pub(in crate::inventory) db: &'s Connection,
    pub(in crate::inventory) tenant: String,
    at: Option<String>,
    pub(in crate::inventory) names: Names,
}

/// A snapshot to read in.
#[derive(Debug, Clone)]
pub(in crate::inventory) struct Seen {
    /// Its number: versions hold at this one.
    pub(in crate::inventory) snap: i64,
    /// Where its rows are, if it has any of its own.
    pub(in crate::inventory) rows_at: i64,
    pub(in crate::inventory) as_of: AsOf,
}

impl Store {
    /// What products are called.
    ///
    /// # Errors
    /// The database's.
    pub fn product_names(&self) -> Result<Names, StoreError> {
        Ok(Names::of(&self.db)?)
    }

    /// What the store says of a tenant: now, or as of a moment.
    ///
    /// # Errors
    /// The database's.
    pub fn view(&self, tenant: &str, at: Option<UtcInstant>) -> Result<View<'_>, StoreError> {
        let names = Names::of(&self.db)?;
        Ok(View { db: &self.db, tenant: tenant.to_owned(), at: at.map(|at| at.to_string()), names })
    }
}

impl View<'_> {
    /// The newest whole snapshot of a dataset; of a usage report, that with the newest figures.
    pub(in crate::inventory) fn seen(&self, dataset: &str) -> Result<Option<Seen>, StoreError> {
        self.seen_over(dataset, None)
    }

    /// The same, of one period where one is named.
    pub(super) fn seen_over(&self, dataset: &str, period: Option<&str>) -> Result<Option<Seen>, StoreError> {
        let sql = "SELECT snap_id, coalesce(same_as, snap_id), period, refresh_date, taken_at FROM snapshot
            WHERE tenant_id = ?1 AND dataset = ?2 AND complete = 1 AND (?3 IS NULL OR taken_at <= ?3)
              AND (?4 IS NULL OR period = ?4)
            ORDER BY refresh_date DESC, snap_id DESC LIMIT 1";
        let found = self.db.query_row(sql, params![self.tenant, dataset, self.at, period], |row| {
            let full = |text: String| Some(text).filter(|text| !text.is_empty());
            let snap = row.get(0)?;
            Ok(Seen {
                snap,
                rows_at: row.get(1)?,
                as_of: AsOf {
                    dataset: dataset.to_owned(),
                    period: full(row.get(2)?),
                    refresh_date: full(row.get(3)?),
                    taken_at: row.get(4)?,
                    snapshot: snap,
                },
            })
        });
        Ok(found.optional()?)
    }

    /// How many report rows are not about a known person: pseudonyms, and names that match nobody.
    pub(super) fn nobody(&self, seen: &Seen) -> Result<(i64, i64), StoreError> {
        let sql =
            "SELECT coalesce(sum(kind = 'concealed'), 0), coalesce(sum(kind <> 'concealed' AND user_id IS NULL), 0)
            FROM principal WHERE snap_id = ?1";
        Ok(self.db.query_row(sql, [seen.rows_at], |row| Ok((row.get(0)?, row.get(1)?)))?)
    }
}

impl<T> Answer<T> {
    /// An answer from nothing: the dataset was never synced.
    pub(super) fn never(dataset: &str) -> Self {
        let note = format!("{dataset}: never synced, or not by then; `affiant sync log` shows what was");
        Self { as_of: Vec::new(), rows: Vec::new(), notes: vec![note] }
    }

    pub(super) fn of(seen: &Seen, rows: Vec<T>) -> Self {
        Self { as_of: vec![seen.as_of.clone()], rows, notes: Vec::new() }
    }

    /// Says how many rows of a report are about nobody who is known.
    pub(super) fn telling_nobody(mut self, (concealed, unmatched): (i64, i64)) -> Self {
        if concealed > 0 {
            self.notes.push(format!(
                "{concealed} rows are under pseudonyms, because reports conceal names in this tenant or from this account: they are in no line above"
            ));
        }
        if unmatched > 0 {
            self.notes
                .push(format!("{unmatched} rows match nobody in the directory; `affiant usage unmatched` lists them"));
        }
        self
    }
}

#[cfg(test)]
pub(in crate::inventory) mod testing;
