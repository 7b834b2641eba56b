//! Subscriptions by the day on which they change their state unless renewed.
//!
//! The service tells no term, no price and no automatic renewal, so none is derived. Source: Microsoft,
//! "companySubscription resource type".

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, View};
use crate::inventory::StoreError;
use crate::terms::UtcInstant;

/// A subscription.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Renewal {
    /// The product.
    pub product: String,
    /// Its part number.
    pub part_number: Option<String>,
    /// Its id.
    pub sku_id: Option<String>,
    /// The subscription's id.
    pub subscription_id: String,
    /// The service's word for its state.
    pub status: Option<String>,
    /// Seats.
    pub seats: Option<i64>,
    /// Whether it is a trial.
    pub trial: Option<bool>,
    /// Whether a partner sold it.
    pub by_partner: bool,
    /// When it was begun.
    pub created: Option<String>,
    /// The day on which its state changes unless it is renewed; null where there is none.
    pub changes_unless_renewed: Option<String>,
    /// Whole days from the moment asked about until then; negative when it is past.
    pub days: Option<i64>,
    /// As of when.
    pub as_of: String,
}

impl View<'_> {
    /// Subscriptions, the next to change first; only those that do so within some days where a number is given.
    ///
    /// # Errors
    /// The store's.
    pub fn renewals(&self, now: UtcInstant, within: Option<i64>) -> Result<Answer<Renewal>, StoreError> {
        let Some(seen) = self.seen("subscriptions")? else { return Ok(Answer::never("subscriptions")) };
        let sql = "SELECT subscription_id, coalesce(sku_id, ''), sku_part_number, status, total_licenses, is_trial,
              owner_tenant_id IS NOT NULL AND owner_tenant_id <> '', created_at, next_lifecycle_at
            FROM subscription_v WHERE tenant_id = ?1 AND from_snap <= ?2 AND (to_snap IS NULL OR to_snap > ?2)
            ORDER BY next_lifecycle_at IS NULL, next_lifecycle_at, subscription_id";
        let mut query = self.db.prepare(sql)?;
        let mut rows = query.query(params![self.tenant, seen.snap])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (sku, part): (String, Option<String>) = (row.get(1)?, row.get(2)?);
            let next: Option<String> = row.get(8)?;
            let days = next.as_deref().and_then(|next| UtcInstant::parse(next).ok()).map(|at| days(now, at));
            if within.is_some_and(|within| days.is_none_or(|days| days > within)) {
                continue;
            }
            found.push(Renewal {
                sku_id: Some(sku.clone()).filter(|sku| !sku.is_empty()),
                product: self.names.resolve(&sku, part.as_deref().unwrap_or_default()).name,
                part_number: part,
                subscription_id: row.get(0)?,
                status: row.get(3)?,
                seats: row.get(4)?,
                trial: row.get(5)?,
                by_partner: row.get(6)?,
                created: row.get(7)?,
                changes_unless_renewed: next,
                days,
                as_of: seen.as_of.taken_at.clone(),
            });
        }
        Ok(Answer::of(&seen, found))
    }
}

/// Whole days, rounded down.
pub(in crate::inventory) fn days(from: UtcInstant, to: UtcInstant) -> i64 {
    (to.millis() - from.millis()).div_euclid(24 * 3600 * 1000)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{NOW, TENANT, filled};

    #[test]
    fn the_next_to_change_comes_first_and_one_without_a_date_last() {
        let (_folder, store) = filled();
        let view = store.view(TENANT, None).expect("a view");
        let now = UtcInstant::parse(NOW).expect("an instant");
        let all = view.renewals(now, None).expect("rows").rows;
        let told: Vec<_> = all.iter().map(|row| (row.subscription_id.as_str(), row.days)).collect();
        assert_eq!(told, [("s-past", Some(-2)), ("s-soon", Some(20)), ("s-late", Some(300)), ("s-never", None)]);
        assert_eq!(view.renewals(now, Some(30)).expect("rows").rows.len(), 2);
        assert!(all[1].by_partner && all[1].trial == Some(false));
    }
}
