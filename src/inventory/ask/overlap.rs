//! People with two products that contain some of the same plans: paid for twice, in part or wholly.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::activity::{FOUNDATION, PLANS};
use super::{Answer, Filter, View};
use crate::inventory::StoreError;

/// A person's two products.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Overlap {
    /// The sign-in name.
    pub user: String,
    /// Department.
    pub department: Option<String>,
    /// The product with fewer plans.
    pub product: String,
    /// The other one.
    pub other: String,
    /// Plans that both contain.
    pub shared: i64,
    /// Plans in the first.
    pub plans: i64,
    /// Plans in the other.
    pub other_plans: i64,
    /// Whether everything in the first is in the other.
    pub whole: bool,
    /// As of when.
    pub as_of: String,
}

/// The plans of a product that are for use.
type Plans = BTreeMap<String, (String, BTreeSet<String>)>;

impl View<'_> {
    /// Everybody with two paid products that overlap, the largest overlap first.
    ///
    /// # Errors
    /// The store's.
    pub fn overlaps(&self, filter: &Filter) -> Result<Answer<Overlap>, StoreError> {
        let (Some(users), Some(skus)) = (self.seen("users")?, self.seen("skus")?) else {
            return Ok(Answer::never("users or skus"));
        };
        let plans = self.plans_of_products(skus.snap)?;
        let sql = "SELECT DISTINCT u.user_id, u.department, u.user_type, u.mail, u.account_enabled, u.upn, l.sku_id
            FROM user_v u JOIN user_license_v l ON l.tenant_id = u.tenant_id AND l.user_id = u.user_id
              AND l.from_snap <= ?2 AND (l.to_snap IS NULL OR l.to_snap > ?2) AND coalesce(l.state, '') <> 'Error'
            WHERE u.tenant_id = ?1 AND u.from_snap <= ?2 AND (u.to_snap IS NULL OR u.to_snap > ?2)
            ORDER BY u.user_id, l.sku_id";
        let choice = self.choice(filter)?;
        let mut query = self.db.prepare(sql)?;
        let mut rows = query.query(params![self.tenant, users.snap])?;
        let (mut found, mut before): (Vec<Overlap>, (String, Vec<String>)) = (Vec::new(), Default::default());
        while let Some(row) = rows.next()? {
            let (id, sku): (String, String) = (row.get(0)?, row.get(6)?);
            if before.0 != id {
                before = (id, Vec::new());
            }
            let chosen = choice.admits(row, 0)?;
            for earlier in before.1.iter().filter(|_| chosen) {
                let (user, department) = (row.get(5)?, row.get(1)?);
                found.extend(overlap(&plans, (earlier, &sku)).map(|one| Overlap {
                    user,
                    department,
                    as_of: users.as_of.taken_at.clone(),
                    ..one
                }));
            }
            before.1.push(sku);
        }
        found.sort_by(|a, b| (b.shared, &a.user, &a.product).cmp(&(a.shared, &b.user, &b.product)));
        let mut answer = Answer::of(&users, found);
        answer.as_of.push(skus.as_of);
        Ok(answer)
    }

    fn plans_of_products(&self, snap: i64) -> Result<Plans, StoreError> {
        let mut plans = Plans::new();
        let mut query = self.db.prepare(PLANS)?;
        let mut rows = query.query(params![self.tenant, snap])?;
        while let Some(row) = rows.next()? {
            let (sku, plan, part): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let product = self.names.resolve(&sku, &part);
            if product.free || FOUNDATION.iter().any(|id| id.eq_ignore_ascii_case(&plan)) {
                continue;
            }
            plans.entry(sku).or_insert_with(|| (product.name, BTreeSet::new())).1.insert(plan);
        }
        Ok(plans)
    }
}

fn overlap(plans: &Plans, (one, other): (&str, &str)) -> Option<Overlap> {
    let (mut one, mut other) = (plans.get(one)?, plans.get(other)?);
    if one.1.len() > other.1.len() {
        std::mem::swap(&mut one, &mut other);
    }
    let count = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let shared = count(one.1.intersection(&other.1).count());
    (shared > 0).then(|| Overlap {
        user: String::new(),
        department: None,
        product: one.0.clone(),
        other: other.0.clone(),
        shared,
        plans: count(one.1.len()),
        other_plans: count(other.1.len()),
        whole: shared == count(one.1.len()),
        as_of: String::new(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn two_products_overlap_in_the_plans_they_share() {
        let (_folder, store) = filled();
        let none = store.view(TENANT, None).expect("a view").overlaps(&Filter::default()).expect("rows");
        assert!(none.rows.is_empty());
        store
            .db
            .execute_batch(&format!(
                "INSERT INTO sku_plan_v (tenant_id, sku_id, service_plan_id, from_snap) SELECT tenant_id, sku_id, p, 12 FROM sku_v,
                   (SELECT 'efb87545-963c-4e0d-99df-69c6916d9eb0' AS p UNION SELECT 'another' UNION SELECT '113feb6c-3fe4-4440-bddc-54d774bf0318')
                   WHERE sku_part_number = 'SPE_E5';
                 INSERT INTO user_license_v (tenant_id, user_id, sku_id, via_group, from_snap, row_hash, state, updated_at)
                   SELECT '{TENANT}', 'ana', sku_id, '', 11, 'h', 'Active', '2026-01-01T00:00:00Z' FROM sku_v WHERE sku_part_number = 'SPE_E5';"
            ))
            .expect("rows");
        let rows = store.view(TENANT, None).expect("a view").overlaps(&Filter::default()).expect("rows").rows;
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.user.as_str(), row.product.as_str(), row.shared, row.other_plans, row.whole))
            .collect();
        assert_eq!(told, [("ana@x.example", "Microsoft 365 E3", 1, 2, true)]);
    }
}
