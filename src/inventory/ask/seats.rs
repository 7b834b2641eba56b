//! Seats per product: bought, in grace, suspended, assigned, free, too many.
//!
//! Seats are those that are enabled or in grace; a product that is suspended has none, and what is still assigned is said
//! as such, never as a negative number. Source: Microsoft, "subscribedSku resource type".

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, View};
use crate::inventory::StoreError;
use crate::inventory::catalogue::Origin;

/// A product and its seats.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Seats {
    /// Its name.
    pub product: String,
    /// Its part number.
    pub part_number: String,
    /// Its id.
    pub sku_id: String,
    /// Where the name comes from.
    pub name_from: Origin,
    /// The service's word for its state.
    pub status: Option<String>,
    /// `User` or `Company`.
    pub applies_to: Option<String>,
    /// Seats that are enabled.
    pub enabled: Option<i64>,
    /// Seats in grace after a renewal was missed: usable still.
    pub in_grace: Option<i64>,
    /// Seats that are suspended.
    pub suspended: Option<i64>,
    /// Seats that are locked out.
    pub locked_out: Option<i64>,
    /// Seats that are assigned, by the service's own count.
    pub assigned: Option<i64>,
    /// Usable seats that nobody has; null where that means nothing: free products, whole companies, suspended ones.
    pub unassigned: Option<i64>,
    /// Assigned beyond the usable seats; null where that means nothing.
    pub over: Option<i64>,
    /// People in the store who have it; those whose assignment failed hold no seat.
    pub people: i64,
    /// Assigned to people outside the connection's domains.
    pub outside: i64,
    /// Assigned to people without an address, where the connection names domains.
    pub without_address: i64,
    /// Assigned beyond all of these: to deleted accounts or groups of devices, or counted at another moment. Negative where
    /// more people hold it than the service counts.
    pub elsewhere: Option<i64>,
    /// What to know about it.
    pub note: Option<String>,
    /// Whether somebody chose to have no findings about it.
    #[serde(skip)]
    pub(in crate::inventory) is_left_out: bool,
    /// As of when.
    pub as_of: String,
}

impl View<'_> {
    /// Every product with its seats.
    ///
    /// # Errors
    /// The store's.
    pub fn seats(&self) -> Result<Answer<Seats>, StoreError> {
        let Some(seen) = self.seen("skus")? else { return Ok(Answer::never("skus")) };
        let users = self.seen("users")?;
        let sql = "SELECT s.sku_id, sku_part_number, applies_to, capability_status, enabled, warning, suspended, locked_out,
              consumed,
              (SELECT count(DISTINCT user_id) FROM user_license_v l WHERE l.tenant_id = s.tenant_id AND l.sku_id = s.sku_id
                 AND coalesce(l.state, '') <> 'Error'
                 AND l.from_snap <= ?3 AND (l.to_snap IS NULL OR l.to_snap > ?3)),
              p.ignore_in, coalesce(p.reason, ''),
              (SELECT sum(people) FROM left_out_v o WHERE o.tenant_id = s.tenant_id AND o.sku_id = s.sku_id AND o.reason = 'outside'
                 AND o.from_snap <= ?3 AND (o.to_snap IS NULL OR o.to_snap > ?3)),
              (SELECT sum(people) FROM left_out_v o WHERE o.tenant_id = s.tenant_id AND o.sku_id = s.sku_id AND o.reason = 'no_address'
                 AND o.from_snap <= ?3 AND (o.to_snap IS NULL OR o.to_snap > ?3))
            FROM sku_v s LEFT JOIN sku_policy p ON p.tenant_id = s.tenant_id AND p.sku_id = s.sku_id
            WHERE s.tenant_id = ?1 AND s.from_snap <= ?2 AND (s.to_snap IS NULL OR s.to_snap > ?2)";
        let mut query = self.db.prepare(sql)?;
        let at_users = users.as_ref().map_or(0, |users| users.snap);
        let mut rows = query.query(params![self.tenant, seen.snap, at_users])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (sku_id, part_number): (String, String) = (row.get(0)?, row.get(1)?);
            let product = self.names.resolve(&sku_id, &part_number);
            let [enabled, in_grace, suspended, locked_out, assigned]: [Option<i64>; 5] =
                [row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?, row.get(8)?];
            let (applies_to, status): (Option<String>, Option<String>) = (row.get(2)?, row.get(3)?);
            let people: i64 = row.get(9)?;
            let counts = Counts { enabled, in_grace, assigned };
            let count = |at| row.get::<_, Option<i64>>(at).map(Option::unwrap_or_default);
            let (outside, without_address) = (count(12)?, count(13)?);
            let left_out: Option<String> = row.get(10)?;
            let reason: String = row.get(11)?;
            let said = left_out.as_deref().map(|of| match of {
                "all" => format!("left out: {reason}"),
                _ => format!("left out of findings: {reason}"),
            });
            let company = applies_to.as_deref() == Some("Company");
            let counted = !company && !product.free && left_out.as_deref() != Some("all");
            let (unassigned, over) = if counted { counts.free_and_over(status.as_deref()) } else { (None, None) };
            found.push(Seats {
                note: said.or_else(|| note(product.free, company, status.as_deref(), assigned)),
                is_left_out: left_out.is_some(),
                product: product.name,
                part_number,
                sku_id,
                name_from: product.origin,
                status,
                applies_to,
                enabled,
                in_grace,
                suspended,
                locked_out,
                assigned,
                unassigned,
                over,
                people,
                outside,
                without_address,
                elsewhere: users.as_ref().and(assigned).map(|assigned| assigned - people - outside - without_address),
                as_of: seen.as_of.taken_at.clone(),
            });
        }
        found.sort_by(|a, b| (&a.product, &a.sku_id).cmp(&(&b.product, &b.sku_id)));
        let mut answer = Answer::of(&seen, found);
        answer.as_of.extend(users.map(|users| users.as_of));
        if answer
            .rows
            .iter()
            .any(|row| row.elsewhere.is_some_and(|count| count != 0) || row.outside + row.without_address > 0)
        {
            answer.notes.push("assigned = people + outside + without_address + elsewhere; elsewhere are deleted accounts, devices, or changes between the two answers".to_owned());
        }
        Ok(answer)
    }
}

struct Counts {
    enabled: Option<i64>,
    in_grace: Option<i64>,
    assigned: Option<i64>,
}

impl Counts {
    /// Free seats, and those assigned beyond the usable ones; both mean something only while the product can be used.
    fn free_and_over(&self, status: Option<&str>) -> (Option<i64>, Option<i64>) {
        let usable = matches!(status, Some("Enabled" | "Warning"));
        match (self.enabled, self.assigned, usable) {
            (Some(enabled), Some(assigned), true) => {
                let seats = enabled.saturating_add(self.in_grace.unwrap_or(0));
                (Some(seats.saturating_sub(assigned).max(0)), Some(assigned.saturating_sub(seats).max(0)))
            }
            _ => (None, None),
        }
    }
}

fn note(free: bool, company: bool, status: Option<&str>, assigned: Option<i64>) -> Option<String> {
    match (status, assigned.filter(|assigned| *assigned > 0)) {
        (Some("Suspended" | "LockedOut" | "Deleted"), Some(count)) => {
            Some(format!("{}, {count} still assigned", status.unwrap_or_default().to_lowercase()))
        }
        _ if company => Some("for the whole company".to_owned()),
        _ if free => Some("costs nothing".to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn a_suspended_product_has_no_negative_seats_and_grace_counts_as_usable() {
        let (_folder, store) = filled();
        let answer = store.view(TENANT, None).expect("a view").seats().expect("seats");
        let of = |part: &str| answer.rows.iter().find(|row| row.part_number == part).expect("there").clone();
        let e3 = of("SPE_E3");
        assert_eq!((e3.product.as_str(), e3.unassigned, e3.over), ("Microsoft 365 E3", Some(5), Some(0)));
        assert_eq!((e3.people, e3.elsewhere), (1, Some(7)));
        let suspended = of("VISIOCLIENT");
        assert_eq!((suspended.unassigned, suspended.over), (None, None));
        assert_eq!(suspended.note.as_deref(), Some("suspended, 14 still assigned"));
        let over = of("SPE_E5");
        assert_eq!((over.unassigned, over.over), (Some(0), Some(2)));
        assert_eq!((of("FLOW_FREE").unassigned, of("FLOW_FREE").note.as_deref()), (None, Some("costs nothing")));
        assert_eq!(of("COMPANY_WIDE").note.as_deref(), Some("for the whole company"));
    }
}
