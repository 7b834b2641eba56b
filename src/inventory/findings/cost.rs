//! What findings come to in money: each seat once, each currency for itself, and what has no price by its name.

use std::collections::{BTreeMap, BTreeSet};

use super::{Finding, Rule};
use crate::inventory::Money;

/// Sentences about the cost of seats that nobody has or needs.
pub(super) fn told(found: &[Finding], without_list: bool) -> Vec<String> {
    // A licence that is unused, of a disabled account and redundant is still one seat.
    let mut seats: BTreeMap<&str, &Finding> = BTreeMap::new();
    for finding in found.iter().filter(|finding| finding.sku.is_some() && finding.seats.is_some() && !finding.held) {
        if Rule::from_word(&finding.rule).is_some_and(|rule| rule.is_reclaim() || rule == Rule::SeatsUnassigned) {
            seats.entry(&finding.key).or_insert(finding);
        }
    }
    if seats.is_empty() || without_list {
        return Vec::new();
    }
    let (mut sums, mut unpriced) = (BTreeMap::<&str, (i64, i64)>::new(), BTreeSet::<&str>::new());
    for finding in seats.values() {
        match &finding.cost {
            Some(cost) => {
                let sum = sums.entry(&cost.currency).or_default();
                *sum = (sum.0.saturating_add(cost.minor), sum.1 + finding.seats.unwrap_or(0));
            }
            None => drop(unpriced.insert(finding.product.as_deref().unwrap_or_default())),
        }
    }
    let mut notes: Vec<String> = sums
        .into_iter()
        .map(|(currency, (minor, seats))| {
            let sum = Money { minor, currency: currency.to_owned() };
            format!("{sum} a month for {seats} seats that nobody has or uses, each counted once")
        })
        .collect();
    if !unpriced.is_empty() {
        let names: Vec<&str> = unpriced.into_iter().collect();
        notes.push(format!("without a price, and in no sum: {}", names.join(", ")));
    }
    notes
}
