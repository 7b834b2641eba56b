//! What assigned licences cost a month, by department, country, company or product.
//!
//! Seats that nobody has are in no group; licences without a price are counted and in no sum; currencies stay apart.

use std::collections::BTreeMap;
use std::fmt;

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, Filter, View};
use crate::inventory::StoreError;
use crate::inventory::money::{Money, Prices};
use crate::terms::words;

words!(
    /// What cost is added up by.
    CostBy {
        /// The person's department.
        Department = "department",
        /// The person's country.
        Country = "country",
        /// The person's company.
        Company = "company",
        /// The product.
        Product = "product",
    }
);

/// A group and what its licences cost.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cost {
    /// The department, country, company or product; null for people without one.
    pub group: Option<String>,
    /// Licences of people that cost money: each person and product once.
    pub licences: i64,
    /// Those that have a price in this currency.
    pub priced: i64,
    /// Their cost in a month, with a point; null where none has a price.
    pub monthly: Option<String>,
    /// The currency; a group has one row for each.
    pub currency: Option<String>,
    /// Those without any price.
    pub unpriced: i64,
    /// As of when.
    pub as_of: String,
}

#[derive(Default)]
struct Sums {
    licences: i64,
    unpriced: i64,
    by_currency: BTreeMap<String, (i64, i64)>,
}

impl View<'_> {
    /// Cost by group, on a day (`YYYY-MM-DD`).
    ///
    /// # Errors
    /// The store's.
    pub fn cost(&self, by: CostBy, filter: &Filter, day: &str) -> Result<Answer<Cost>, StoreError> {
        let Some(seen) = self.seen("users")? else { return Ok(Answer::never("users")) };
        let prices = Prices::of(self.db, &self.tenant)?;
        let group = match by {
            CostBy::Department => "u.department",
            CostBy::Country => "u.country",
            CostBy::Company => "u.company_name",
            CostBy::Product => "NULL",
        };
        let sql = format!(
            "SELECT DISTINCT u.user_id, u.department, u.user_type, u.mail, u.account_enabled, l.sku_id, {group},
               coalesce((SELECT sku_part_number FROM sku_v s WHERE s.tenant_id = l.tenant_id AND s.sku_id = l.sku_id
                 ORDER BY s.from_snap DESC LIMIT 1), '')
             FROM user_v u JOIN user_license_v l ON l.tenant_id = u.tenant_id AND l.user_id = u.user_id
               AND l.from_snap <= ?2 AND (l.to_snap IS NULL OR l.to_snap > ?2) AND coalesce(l.state, '') <> 'Error'
             WHERE u.tenant_id = ?1 AND u.from_snap <= ?2 AND (u.to_snap IS NULL OR u.to_snap > ?2)
               AND NOT EXISTS (SELECT 1 FROM sku_policy p WHERE p.tenant_id = ?1 AND p.sku_id = l.sku_id AND p.ignore_in = 'all')"
        );
        let mut query = self.db.prepare(&sql)?;
        let mut rows = query.query(params![self.tenant, seen.snap])?;
        let choice = self.choice_but_licences(filter)?;
        let mut sums: BTreeMap<Option<String>, Sums> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (sku, part): (String, String) = (row.get(5)?, row.get(7)?);
            let product = self.names.resolve(&sku, &part);
            let is_chosen = choice.admits(row, 0)? && filter.licence(&part, &product.name);
            if product.free || !is_chosen {
                continue;
            }
            let group = if by == CostBy::Product { Some(product.name) } else { row.get(6)? };
            let sum = sums.entry(group).or_default();
            sum.licences += 1;
            match prices.on(&sku, day) {
                Some(price) => {
                    let (count, minor) = sum.by_currency.entry(price.currency.clone()).or_default();
                    (*count, *minor) = (*count + 1, minor.saturating_add(price.minor));
                }
                None => sum.unpriced += 1,
            }
        }
        let found = sums.into_iter().flat_map(|(group, sums)| sums.rows(group, &seen.as_of.taken_at)).collect();
        let mut answer = Answer::of(&seen, found);
        if prices.is_empty() && !answer.rows.is_empty() {
            answer.notes.push("there is no price list: `affiant licenses prices import FILE` takes one".to_owned());
        }
        Ok(answer)
    }
}

impl Sums {
    fn rows(self, group: Option<String>, as_of: &str) -> Vec<Cost> {
        let empty = Cost {
            group,
            licences: self.licences,
            priced: 0,
            monthly: None,
            currency: None,
            unpriced: self.unpriced,
            as_of: as_of.to_owned(),
        };
        if self.by_currency.is_empty() {
            return vec![empty];
        }
        let row = |(currency, (priced, minor)): (String, (i64, i64))| Cost {
            priced,
            monthly: Some(Money { minor, currency: currency.clone() }.amount()),
            currency: Some(currency),
            ..empty.clone()
        };
        self.by_currency.into_iter().map(row).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn licences_of_people_are_added_up_once_and_what_has_no_price_is_counted() {
        let (_folder, mut store) = filled();
        let of = |store: &crate::inventory::Store| {
            let view = store.view(TENANT, None).expect("a view");
            let answer = view.cost(CostBy::Department, &Filter::default(), "2026-11-29").expect("rows");
            let told = answer.rows.iter().map(|row| {
                format!("{:?} {} {:?} {}", row.group.as_deref(), row.licences, row.monthly.as_deref(), row.unpriced)
            });
            (told.collect::<Vec<_>>(), answer.notes.len())
        };
        assert_eq!(of(&store), (vec![r#"Some("Legal") 1 None 1"#.to_owned()], 1), "a failed assignment holds no seat");
        let list = "sku_id,currency,unit_price,valid_from\nSPE_E3,EUR,36.10,2026-01-01\n";
        store.import_prices(list.as_bytes(), None).expect("taken");
        assert_eq!(of(&store).0, [r#"Some("Legal") 1 Some("36.10") 0"#]);
    }
}
