//! Licences of people outside the domains: counted per product as they are dropped, so that seats still add up.
//!
//! Only counts are kept, in the stored page beside the entries that stay, so that they can be read again from there.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;
use serde::{Deserialize, Serialize};
use serde_json::Value as Json;

use super::page::{list, said};
use crate::inventory::store::{Stage, StoreError};

/// The name beside `value` in a stored page.
pub(super) const NAME: &str = "affiant.leftOut";

/// People who have a product and were dropped for one reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct LeftOut {
    sku: String,
    /// `outside` or `no_address`.
    reason: String,
    people: i64,
}

/// Counts the products of dropped accounts.
#[derive(Debug, Default)]
pub(super) struct Count(BTreeMap<(String, &'static str), i64>);

impl Count {
    pub(super) fn add(&mut self, entry: &Json) {
        let reason = if said(entry, "mail").is_some_and(|mail| mail.contains('@')) { "outside" } else { "no_address" };
        let sku = |one: &Json| said(one, "skuId").map(str::to_lowercase);
        let states: Vec<_> = list(entry, "licenseAssignmentStates").collect();
        // A failed assignment holds no seat.
        let mut skus: BTreeSet<String> = states
            .iter()
            .filter(|state| said(state, "state") != Some("Error"))
            .filter_map(|state| sku(state))
            .collect();
        let stated: BTreeSet<String> = states.iter().filter_map(|state| sku(state)).collect();
        skus.extend(list(entry, "assignedLicenses").filter_map(sku).filter(|sku| !stated.contains(sku)));
        for sku in skus {
            *self.0.entry((sku, reason)).or_default() += 1;
        }
    }

    pub(super) fn lines(self) -> Vec<LeftOut> {
        let line = |((sku, reason), people): ((String, &str), i64)| LeftOut { sku, reason: reason.to_owned(), people };
        self.0.into_iter().map(line).collect()
    }
}

/// Stages what a stored page says was dropped; pages add up.
pub(super) fn stage_lines(lines: &[LeftOut], stage: &Stage<'_>) -> Result<(), StoreError> {
    let sql = "INSERT INTO temp.s_left_out_v (sku_id, reason, people) VALUES (?1, ?2, ?3)
        ON CONFLICT (sku_id, reason) DO UPDATE SET people = people + excluded.people";
    for line in lines {
        let mut put = stage.db().prepare_cached(sql)?;
        put.execute(params![line.sku, line.reason, line.people])?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn each_product_of_a_dropped_account_counts_once_and_failed_ones_not() {
        let mut count = Count::default();
        count.add(&json!({ "id": "1", "mail": "a@other.example", "licenseAssignmentStates": [
            { "skuId": "A", "state": "Active" }, { "skuId": "a", "state": "Active", "assignedByGroup": "g" },
            { "skuId": "b", "state": "Error" } ], "assignedLicenses": [{ "skuId": "a" }, { "skuId": "c" }] }));
        count.add(&json!({ "id": "2", "mail": null, "assignedLicenses": [{ "skuId": "a" }] }));
        let told: Vec<_> = count.lines().into_iter().map(|line| (line.sku, line.reason, line.people)).collect();
        let line = |sku: &str, reason: &str| (sku.to_owned(), reason.to_owned(), 1);
        assert_eq!(told, [line("a", "no_address"), line("a", "outside"), line("c", "outside")]);
    }
}
