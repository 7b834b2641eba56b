//! Who has which licence, directly or by a group, and who had which one when.
//!
//! What somebody has is what the directory says; the names in usage reports are not asked.

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, Filter, Seen, View};
use crate::inventory::StoreError;

/// One way in which a person has a product. People without any have one row without a product.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Assignment {
    /// The sign-in name.
    pub user: String,
    /// The name people know.
    pub display_name: Option<String>,
    /// The primary address.
    pub mail: Option<String>,
    /// Department.
    pub department: Option<String>,
    /// `Member` or `Guest`.
    pub user_type: Option<String>,
    /// What the mailbox report calls the recipient; null where no report names them.
    pub resource: Option<String>,
    /// Whether the account can sign in.
    pub enabled: Option<bool>,
    /// The product.
    pub product: Option<String>,
    /// Its part number.
    pub part_number: Option<String>,
    /// `direct`, or the group that gives it.
    pub through: Option<String>,
    /// The service's word for the assignment's state.
    pub state: Option<String>,
    /// What is wrong with it.
    pub error: Option<String>,
    /// When it was last changed.
    pub changed: Option<String>,
    /// The directory object.
    pub user_id: String,
    /// As of when.
    pub as_of: String,
}

/// A span in which a person had a product.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Held {
    /// The sign-in name, as it is now.
    pub user: String,
    /// The product.
    pub product: String,
    /// Its part number.
    pub part_number: String,
    /// `direct`, or the group that gave it.
    pub through: String,
    /// The state in this span.
    pub state: Option<String>,
    /// The first sync that saw it.
    pub seen_from: String,
    /// The first sync that no longer saw it; null while it is there.
    pub seen_until: Option<String>,
}

impl View<'_> {
    /// Every person with every licence, chosen by a filter.
    ///
    /// # Errors
    /// The store's.
    pub fn assignments(&self, filter: &Filter) -> Result<Answer<Assignment>, StoreError> {
        let Some(seen) = self.seen("users")? else { return Ok(Answer::never("users")) };
        let (mailbox, groups) = (self.seen("mailbox")?, self.seen("groups")?);
        let sql = "SELECT u.upn, u.display_name, u.mail, u.department, u.user_type, u.account_enabled, u.user_id,
              l.sku_id, (SELECT sku_part_number FROM sku_v s WHERE s.tenant_id = l.tenant_id AND s.sku_id = l.sku_id
                 ORDER BY s.from_snap DESC LIMIT 1), l.via_group, l.state, l.error, l.updated_at,
              (SELECT m.recipient_type FROM principal p CROSS JOIN use_mailbox m USING (snap_id, principal)
                WHERE p.snap_id = ?3 AND p.user_id = u.user_id LIMIT 1),
              (SELECT g.display_name FROM licensed_group_v g WHERE g.tenant_id = u.tenant_id AND g.group_id = l.via_group
                 AND g.from_snap <= ?4 AND (g.to_snap IS NULL OR g.to_snap > ?4) LIMIT 1)
            FROM user_v u
            LEFT JOIN user_license_v l ON l.tenant_id = u.tenant_id AND l.user_id = u.user_id
              AND l.from_snap <= ?2 AND (l.to_snap IS NULL OR l.to_snap > ?2)
            WHERE u.tenant_id = ?1 AND u.from_snap <= ?2 AND (u.to_snap IS NULL OR u.to_snap > ?2)
            ORDER BY u.upn, 9, l.via_group";
        let at = |seen: &Option<Seen>| seen.as_ref().map_or(0, |seen| seen.snap);
        let mailbox_rows = mailbox.as_ref().map_or(0, |seen| seen.rows_at);
        let mut query = self.db.prepare(sql)?;
        let mut rows = query.query(params![self.tenant, seen.snap, mailbox_rows, at(&groups)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (sku, part): (Option<String>, Option<String>) = (row.get(7)?, row.get(8)?);
            let product = sku.as_deref().map(|sku| self.names.resolve(sku, part.as_deref().unwrap_or_default()).name);
            let (via, group): (Option<String>, Option<String>) = (row.get(9)?, row.get(14)?);
            let one = Assignment {
                user: row.get(0)?,
                display_name: row.get(1)?,
                mail: row.get(2)?,
                department: row.get(3)?,
                user_type: row.get(4)?,
                resource: row.get(13)?,
                enabled: row.get(5)?,
                through: via.map(|via| if via.is_empty() { "direct".to_owned() } else { group.unwrap_or(via) }),
                part_number: part.or(sku),
                product,
                state: row.get(10)?,
                error: row.get(11)?,
                changed: row.get(12)?,
                user_id: row.get(6)?,
                as_of: seen.as_of.taken_at.clone(),
            };
            if one.is_chosen(filter) {
                found.push(one);
            }
        }
        let mut answer = Answer::of(&seen, found);
        answer.as_of.extend([mailbox, groups].into_iter().flatten().map(|seen| seen.as_of));
        Ok(answer)
    }

    /// Every span in which a person had a product, by sign-in name, address or object id.
    ///
    /// # Errors
    /// The store's.
    pub fn history(&self, person: &str) -> Result<Answer<Held>, StoreError> {
        let Some(seen) = self.seen("users")? else { return Ok(Answer::never("users")) };
        let sql = "SELECT coalesce((SELECT upn FROM user_v u WHERE u.tenant_id = l.tenant_id AND u.user_id = l.user_id
                 ORDER BY from_snap DESC LIMIT 1), l.user_id),
              l.sku_id, coalesce((SELECT sku_part_number FROM sku_v s WHERE s.tenant_id = l.tenant_id AND s.sku_id = l.sku_id
                 ORDER BY from_snap DESC LIMIT 1), l.sku_id),
              l.via_group, l.state, f.taken_at, t.taken_at
            FROM user_license_v l JOIN snapshot f ON f.snap_id = l.from_snap LEFT JOIN snapshot t ON t.snap_id = l.to_snap
            WHERE l.tenant_id = ?1 AND l.from_snap <= ?3 AND l.user_id IN (
              SELECT user_id FROM user_v WHERE tenant_id = ?1 AND (user_id = ?2 OR upn = ?2 COLLATE NOCASE)
              UNION SELECT user_id FROM user_address_v WHERE tenant_id = ?1 AND address = lower(?2))
            ORDER BY f.taken_at, 3, l.via_group";
        let mut query = self.db.prepare(sql)?;
        let mut rows = query.query(params![self.tenant, person.trim(), seen.snap])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            let (sku, part, via): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
            found.push(Held {
                user: row.get(0)?,
                product: self.names.resolve(&sku, &part).name,
                part_number: part,
                through: if via.is_empty() { "direct".to_owned() } else { via },
                state: row.get(4)?,
                seen_from: row.get(5)?,
                seen_until: row.get(6)?,
            });
        }
        let mut answer = Answer::of(&seen, found);
        if answer.rows.is_empty() {
            answer.notes.push("no sync saw this person with a licence".to_owned());
        }
        Ok(answer)
    }
}

impl Assignment {
    fn is_chosen(&self, filter: &Filter) -> bool {
        let licence = match (&self.part_number, &self.product) {
            (Some(part), product) => filter.licence(part, product.as_deref().unwrap_or_default()),
            (None, _) => filter.wants_unlicensed(),
        };
        licence
            && filter.department(self.department.as_deref())
            && filter.user_type(self.user_type.as_deref())
            && filter.resource(self.resource.as_deref())
            && filter.domain(self.mail.as_deref())
            && filter.enabled(self.enabled)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};

    fn told(filter: &Filter) -> Vec<String> {
        let (_folder, store) = filled();
        let answer = store.view(TENANT, None).expect("a view").assignments(filter).expect("rows");
        let line = |row: &Assignment| {
            format!(
                "{} {} {}",
                row.user,
                row.part_number.as_deref().unwrap_or("-"),
                row.through.as_deref().unwrap_or("-")
            )
        };
        answer.rows.iter().map(line).collect()
    }

    #[test]
    fn everybody_is_there_with_every_way_in_which_they_have_a_product() {
        assert_eq!(
            told(&Filter::default()),
            [
                "ana@x.example SPE_E3 direct",
                "ana@x.example SPE_E3 Everybody",
                "ben@x.example SPE_E3 direct",
                "cleo@y.example - -"
            ]
        );
        let one = |change: fn(&mut Filter)| {
            let mut filter = Filter::default();
            change(&mut filter);
            told(&filter).len()
        };
        assert_eq!(one(|filter| filter.departments.push("legal".into())), 2);
        assert_eq!(one(|filter| filter.licences.push("none".into())), 1);
        assert_eq!(one(|filter| filter.domains.push("y.example".into())), 1);
        assert_eq!(one(|filter| filter.resources.push("shared".into())), 1);
        assert_eq!(one(|filter| filter.only_enabled = true), 3);
    }

    #[test]
    fn history_tells_spans_and_a_moment_tells_what_was_then() {
        let (_folder, store) = filled();
        let rows = store.view(TENANT, None).expect("a view").history("CLEO@y.example").expect("rows").rows;
        let spans: Vec<_> = rows.iter().map(|row| (row.part_number.as_str(), row.seen_until.is_some())).collect();
        assert_eq!(spans, [("SPE_E3", true)]);
        let then = crate::terms::UtcInstant::parse("2026-11-02T00:00:00Z").ok();
        let then = store.view(TENANT, then).expect("a view").assignments(&Filter::default()).expect("rows").rows;
        assert!(then.iter().any(|row| row.user == "cleo@y.example" && row.part_number.as_deref() == Some("SPE_E3")));
    }
}
