//! A filter at work on people: what it needs to know of them besides their own row is looked up once.
//!
//! Rows name a person by five columns in this order: `user_id, department, user_type, mail, account_enabled`. Every
//! condition counts wherever people are listed; a question about single licences leaves those to its rows.

use std::collections::BTreeMap;

use rusqlite::{Row, params};

use super::{Filter, View};
use crate::inventory::StoreError;

/// A filter, and what it needs of the store.
#[derive(Debug)]
pub(in crate::inventory) struct Choice<'f> {
    filter: &'f Filter,
    /// Whether any licence of a person fits; people without licences are not in it. `None`: not asked about.
    licensed: Option<BTreeMap<String, bool>>,
    /// What the mailbox report calls them. `None`: not asked about.
    kinds: Option<BTreeMap<String, String>>,
}

impl View<'_> {
    /// Chooses people, by their licences too.
    pub(in crate::inventory) fn choice<'f>(&self, filter: &'f Filter) -> Result<Choice<'f>, StoreError> {
        let licensed = if filter.licences.is_empty() { None } else { Some(self.licensed(filter)?) };
        Ok(Choice { licensed, ..self.choice_but_licences(filter)? })
    }

    /// The same where rows are about single licences, which are chosen row by row.
    pub(in crate::inventory) fn choice_but_licences<'f>(&self, filter: &'f Filter) -> Result<Choice<'f>, StoreError> {
        let kinds = if filter.resources.is_empty() { None } else { Some(self.kinds()?) };
        Ok(Choice { filter, licensed: None, kinds })
    }

    fn licensed(&self, filter: &Filter) -> Result<BTreeMap<String, bool>, StoreError> {
        let mut licensed = BTreeMap::new();
        let Some(users) = self.seen("users")? else { return Ok(licensed) };
        let sql = "SELECT l.user_id, l.sku_id, coalesce((SELECT sku_part_number FROM sku_v s
               WHERE s.tenant_id = l.tenant_id AND s.sku_id = l.sku_id ORDER BY s.from_snap DESC LIMIT 1), '')
             FROM user_license_v l WHERE l.tenant_id = ?1 AND l.from_snap <= ?2 AND (l.to_snap IS NULL OR l.to_snap > ?2)";
        let mut query = self.db.prepare(sql)?;
        let mut rows = query.query(params![self.tenant, users.snap])?;
        let mut fits = BTreeMap::<String, bool>::new();
        while let Some(row) = rows.next()? {
            let (user, sku, part): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let fits =
                *fits.entry(sku).or_insert_with_key(|sku| filter.licence(&part, &self.names.resolve(sku, &part).name));
            *licensed.entry(user).or_insert(false) |= fits;
        }
        Ok(licensed)
    }

    fn kinds(&self) -> Result<BTreeMap<String, String>, StoreError> {
        let Some(seen) = self.seen("mailbox")? else { return Ok(BTreeMap::new()) };
        let sql = "SELECT p.user_id, m.recipient_type FROM use_mailbox m JOIN principal p USING (snap_id, principal)
            WHERE m.snap_id = ?1 AND p.user_id IS NOT NULL AND m.recipient_type IS NOT NULL";
        let mut query = self.db.prepare(sql)?;
        let kinds = query.query_map([seen.rows_at], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(kinds.collect::<Result<_, _>>()?)
    }
}

impl Choice<'_> {
    /// Whether the person is chosen whose five columns begin there.
    pub(in crate::inventory) fn admits(&self, row: &Row<'_>, at: usize) -> Result<bool, rusqlite::Error> {
        let text = |column: usize| row.get::<_, Option<String>>(at + column);
        let (id, department, kind, mail) = (text(0)?.unwrap_or_default(), text(1)?, text(2)?, text(3)?);
        let licensed = |licensed: &BTreeMap<String, bool>| {
            licensed.get(&id).copied().unwrap_or_else(|| self.filter.wants_unlicensed())
        };
        Ok(self.filter.department(department.as_deref())
            && self.filter.user_type(kind.as_deref())
            && self.filter.domain(mail.as_deref())
            && self.filter.enabled(row.get(at + 4)?)
            && self.licensed.as_ref().is_none_or(licensed)
            && self.kinds.as_ref().is_none_or(|kinds| self.filter.resource(kinds.get(&id).map(String::as_str))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::Thresholds;
    use crate::inventory::ask::testing::{NOW, TENANT, filled};

    /// How many rows questions about people have with one condition.
    fn told(change: fn(&mut Filter)) -> [usize; 6] {
        let (_folder, store) = filled();
        let view = store.view(TENANT, None).expect("a view");
        let mut filter = Filter::default();
        change(&mut filter);
        let now = crate::terms::UtcInstant::parse(NOW).expect("an instant");
        let people = |about: &str| about == "person" || about == "mailbox";
        let found = view.findings(&Thresholds::default(), &filter, now).expect("findings").rows;
        [
            view.mail(&filter, None).expect("rows").rows.len(),
            view.mailboxes(&filter).expect("rows").rows.len(),
            view.activity(&filter).expect("rows").rows.len(),
            view.cost(crate::inventory::CostBy::Product, &filter, "2026-11-29").expect("rows").rows.len(),
            view.assignments(&filter).expect("rows").rows.len(),
            found
                .iter()
                .filter(|one| people(&one.about))
                .map(|one| one.subject.clone())
                .collect::<std::collections::BTreeSet<_>>()
                .len(),
        ]
    }

    #[test]
    fn every_condition_counts_in_every_question_about_people() {
        assert_eq!(told(|_| ()), [2, 2, 1, 1, 4, 2]);
        assert_eq!(told(|filter| filter.licences.push("e5".into())), [0, 0, 0, 0, 0, 0]);
        assert_eq!(told(|filter| filter.licences.push("SPE_E3".into())), [2, 2, 1, 1, 3, 2]);
        assert_eq!(told(|filter| filter.licences.push("none".into())), [0, 0, 0, 0, 1, 0]);
        assert_eq!(told(|filter| filter.resources.push("shared".into())), [1, 1, 0, 0, 1, 1]);
        assert_eq!(told(|filter| filter.only_enabled = true), [1, 1, 1, 1, 3, 1]);
        assert_eq!(told(|filter| filter.departments.push("legal".into())), [1, 1, 1, 1, 2, 1]);
        assert_eq!(told(|filter| filter.user_types.push("guest".into())), [0, 0, 0, 0, 1, 0]);
        assert_eq!(told(|filter| filter.domains.push("y.example".into())), [0, 0, 0, 0, 1, 0]);
    }
}
