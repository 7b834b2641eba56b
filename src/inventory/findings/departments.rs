//! Who uses what they are licensed for, by department: the rules of inactivity, counted once for each person.
//!
//! A person is as active as the most active of the services that their paid licences measure. Whoever is inactive or
//! never active here has a finding that says so of at least one licence.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use rusqlite::params;

use super::licences::{Content, Measured, contents, days, latest, refreshed};
use super::{Look, Thresholds};
use crate::inventory::StoreError;
use crate::inventory::ask::{Answer, AsOf, Filter, Seen, View};
use crate::inventory::money::Prices;
use crate::terms::UtcInstant;

/// People with paid licences in one department.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Department {
    /// Its name; null for people without one.
    pub name: Option<String>,
    /// With activity within the threshold, in any measured service.
    pub active: i64,
    /// With activity on record, the latest before the threshold.
    pub inactive: i64,
    /// Without any activity on record.
    pub never_active: i64,
    /// Without a measured service, without a report row, or licensed too lately to be called unused.
    pub not_measurable: i64,
}

impl Department {
    /// All people in it.
    pub const fn people(&self) -> i64 {
        self.active + self.inactive + self.never_active + self.not_measurable
    }

    /// Counts others in.
    pub(in crate::inventory) const fn add(&mut self, other: &Self) {
        self.active += other.active;
        self.inactive += other.inactive;
        self.never_active += other.never_active;
        self.not_measurable += other.not_measurable;
    }
}

/// A person while their licences are read: when each product was given.
struct Person {
    id: String,
    department: Option<String>,
    given: BTreeMap<String, Option<String>>,
}

#[derive(Clone, Copy)]
enum Use {
    Active,
    Inactive,
    Never,
    NotMeasurable,
}

impl View<'_> {
    /// People with paid licences by department, the largest first; people without a department in a line of their own.
    ///
    /// # Errors
    /// The store's.
    pub fn departments(&self, limits: &Thresholds, now: UtcInstant) -> Result<Answer<Department>, StoreError> {
        let Some(users) = self.seen("users")? else { return Ok(Answer::never("users")) };
        let (active, apps) = (self.seen("active")?, self.seen("apps")?);
        let filter = Filter::default();
        let prices = Prices::default();
        let look = Look { view: self, limits, now, filter: &filter, prices, found: Vec::new(), notes: Vec::new() };
        let contents = contents(&look)?;
        // In this order: each person's licences lie together under their key.
        let sql = "SELECT u.user_id, u.department, l.sku_id, l.updated_at
            FROM user_v u CROSS JOIN user_license_v l ON l.tenant_id = u.tenant_id AND l.user_id = u.user_id
              AND l.from_snap <= ?2 AND (l.to_snap IS NULL OR l.to_snap > ?2)
            WHERE u.tenant_id = ?1 AND u.from_snap <= ?2 AND (u.to_snap IS NULL OR u.to_snap > ?2)
            ORDER BY u.user_id";
        let mut query = self.db.prepare(sql)?;
        let mut rows = query.query(params![self.tenant, users.snap])?;
        let (mut paid, mut found) = (HashMap::new(), BTreeMap::<Option<String>, Department>::new());
        let mut current: Option<Person> = None;
        let mut close = |person: Option<Person>| -> Result<(), StoreError> {
            let Some(person) = person.filter(|person| !person.given.is_empty()) else { return Ok(()) };
            let how = judged(&look, &person, &contents, (active.as_ref(), apps.as_ref()))?;
            let name = person.department.map(|name| name.trim().to_owned()).filter(|name| !name.is_empty());
            let line = found.entry(name.as_deref().map(str::to_lowercase)).or_default();
            line.name = line.name.take().or(name);
            match how {
                Use::Active => line.active += 1,
                Use::Inactive => line.inactive += 1,
                Use::Never => line.never_active += 1,
                Use::NotMeasurable => line.not_measurable += 1,
            }
            Ok(())
        };
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            if current.as_ref().is_none_or(|person| person.id != id) {
                close(current.take())?;
                current = Some(Person { id, department: row.get(1)?, given: BTreeMap::new() });
            }
            let sku: String = row.get(2)?;
            let is_paid = match paid.get(&sku) {
                Some(known) => *known,
                None => *paid.entry(sku.clone()).or_insert(self.is_paid(&sku)?),
            };
            if let Some(person) = current.as_mut().filter(|_| is_paid) {
                person.given.entry(sku).or_insert(row.get(3)?);
            }
        }
        close(current.take())?;
        let mut lines: Vec<Department> = found.into_values().collect();
        lines.sort_by(|a, b| b.people().cmp(&a.people()).then_with(|| a.name.cmp(&b.name)));
        let mut answer = Answer::of(&users, lines);
        let others: Vec<AsOf> =
            self.seen("skus")?.into_iter().chain(active).chain(apps).map(|seen| seen.as_of).collect();
        answer.as_of.extend(others);
        Ok(answer)
    }

    /// Whether a product costs something and nobody said to leave it out.
    fn is_paid(&self, sku: &str) -> Result<bool, StoreError> {
        let sql = "SELECT coalesce((SELECT sku_part_number FROM sku_v WHERE tenant_id = ?1 AND sku_id = ?2
               ORDER BY from_snap DESC LIMIT 1), ''),
             EXISTS (SELECT 1 FROM sku_policy WHERE sku_id = ?2 AND coalesce(tenant_id, ?1) = ?1)";
        let (part, ignored): (String, bool) =
            self.db.query_row(sql, params![self.tenant, sku], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(!ignored && !self.names.resolve(sku, &part).free)
    }
}

fn judged(
    look: &Look<'_, '_>,
    person: &Person,
    contents: &BTreeMap<String, Content>,
    from: (Option<&Seen>, Option<&Seen>),
) -> Result<Use, StoreError> {
    let measured = |sku: &str| contents.get(sku).map(|content| &content.services).filter(|all| !all.is_empty());
    let services: BTreeSet<&str> = person.given.keys().filter_map(|sku| measured(sku)).flatten().copied().collect();
    let services: Vec<&str> = services.into_iter().collect();
    let refreshed = refreshed(from.0, from.1);
    let old_enough = |given: &Option<String>| {
        given.as_deref().and_then(|at| days(at, &refreshed)).is_some_and(|days| days >= look.limits.assigned_days)
    };
    let judged = person.given.iter().any(|(sku, given)| measured(sku).is_some() && old_enough(given));
    Ok(match latest(&look.view.dates_of(&person.id, from)?, &services) {
        Measured::On(day) => match days(&day, &refreshed) {
            Some(days) if days < look.limits.inactive_days => Use::Active,
            Some(_) if judged => Use::Inactive,
            Some(_) | None => Use::NotMeasurable,
        },
        Measured::Never if judged => Use::Never,
        Measured::Never | Measured::No => Use::NotMeasurable,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{NOW, TENANT, filled};
    use crate::inventory::{Rule, Store};

    fn told(store: &Store, limits: &Thresholds) -> Vec<(Option<String>, [i64; 4])> {
        let now = UtcInstant::parse(NOW).expect("an instant");
        let view = store.view(TENANT, None).expect("a view");
        let rows = view.departments(limits, now).expect("rows").rows;
        let unused: i64 = rows.iter().map(|row| row.inactive + row.never_active).sum();
        let found = view.findings(limits, &Filter::default(), now).expect("findings").rows;
        let people: BTreeSet<_> = found
            .iter()
            .filter(|one| [Rule::UserInactive.as_str(), Rule::UserNeverActive.as_str()].contains(&one.rule.as_str()))
            .map(|one| one.subject.clone())
            .collect();
        assert!(usize::try_from(unused).expect("few") <= people.len(), "each has a finding");
        let counts = |row: &Department| [row.active, row.inactive, row.never_active, row.not_measurable];
        rows.iter().map(|row| (row.name.clone(), counts(row))).collect()
    }

    #[test]
    fn each_licensed_person_is_in_one_line_and_one_column() {
        let (_folder, store) = filled();
        let limits = Thresholds::default();
        let legal = |counts| (Some("Legal".to_owned()), counts);
        let sales = |counts| (Some("Sales".to_owned()), counts);
        assert_eq!(told(&store, &limits), [legal([1, 0, 0, 0]), sales([0, 1, 0, 0])]);
        let patient = Thresholds { inactive_days: 180, ..limits.clone() };
        assert_eq!(told(&store, &patient), [legal([1, 0, 0, 0]), sales([1, 0, 0, 0])]);
        let young = Thresholds { assigned_days: 3650, ..limits.clone() };
        assert_eq!(told(&store, &young), [legal([1, 0, 0, 0]), sales([0, 0, 0, 1])]);
        store.db.execute("UPDATE use_active SET last_activity = NULL", []).expect("never");
        store.db.execute("UPDATE user_v SET department = ' legal ' WHERE user_id = 'ben'", []).expect("moved");
        assert_eq!(told(&store, &limits), [legal([0, 0, 2, 0])]);
        store.db.execute("UPDATE user_v SET department = ' ' WHERE user_id = 'ben'", []).expect("moved");
        store.db.execute("DELETE FROM principal WHERE snap_id = 18", []).expect("concealed");
        assert_eq!(told(&store, &limits), [(None, [0, 0, 0, 1]), legal([0, 0, 0, 1])]);
    }
}
