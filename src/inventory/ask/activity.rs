//! When each licence, and each person, was last active; and which products the reports can say that of at all.
//!
//! A licence was last active when the newest of its services was: which one, and by which report, stands beside the date.
//! A product without a measured service is never called inactive. Source of the dates: Microsoft, "reportRoot:
//! getOffice365ActiveUserDetail" and "getM365AppUserDetail".

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Answer, Filter, Seen, View};
use crate::inventory::StoreError;
use crate::inventory::catalogue::{PlanClass, class, is_desktop};

/// A person's licence with its latest activity.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Activity {
    /// The sign-in name.
    pub user: String,
    /// Department.
    pub department: Option<String>,
    /// The product.
    pub product: String,
    /// Its part number.
    pub part_number: String,
    /// The day of the latest activity in any of its services; null for none on record, or not measured.
    pub last_activity: Option<String>,
    /// The service that was active then; `apps` for Microsoft 365 apps.
    pub service: Option<String>,
    /// The report that says so.
    pub report: Option<String>,
    /// `yes`, or `no` where no service of it is in the reports, or the person is in none.
    pub measured: String,
    /// The latest activity of the person in any licence.
    pub account_last_activity: Option<String>,
    /// The day the figures are of.
    pub as_of: Option<String>,
}

/// What the reports measure of a product.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Measurable {
    /// The product.
    pub product: String,
    /// Its part number.
    pub part_number: String,
    /// `yes`: every plan that is for use; `partly`; `no`.
    pub measured: String,
    /// The services whose activity is in the reports, with commas between.
    pub services: Option<String>,
    /// How many of its plans no report is about.
    pub plans_without: i64,
    /// As of when.
    pub as_of: String,
}

/// The latest day of each service that a report says something of.
pub(in crate::inventory) type Dates = BTreeMap<String, Option<String>>;

/// The services of each product that are measured; `apps` among them.
type Services = BTreeMap<String, BTreeSet<&'static str>>;

/// Plans that carry nothing to use by themselves.
pub(super) const FOUNDATION: [&str; 2] =
    ["113feb6c-3fe4-4440-bddc-54d774bf0318", "922ba911-5694-4e99-a794-73aed9bfeec8"];

/// The service by which the reports measure a plan; `apps` for desktop apps.
pub(in crate::inventory) fn service(plan: &str) -> Option<&'static str> {
    if is_desktop(plan) { Some("apps") } else { class(plan).and_then(PlanClass::measured_as) }
}

struct Person {
    id: String,
    user: String,
    department: Option<String>,
    chosen: bool,
    licences: Vec<(String, String)>,
}

impl View<'_> {
    /// Every licence of everybody with its latest activity, the longest unused first.
    ///
    /// # Errors
    /// The store's.
    pub fn activity(&self, filter: &Filter) -> Result<Answer<Activity>, StoreError> {
        let Some(seen) = self.seen("users")? else { return Ok(Answer::never("users")) };
        let (active, apps) = (self.seen("active")?, self.seen("apps")?);
        let services = self.services_of_products()?;
        let sql = "SELECT DISTINCT u.user_id, u.department, u.user_type, u.mail, u.account_enabled, u.upn, l.sku_id,
              coalesce((SELECT sku_part_number FROM sku_v s WHERE s.tenant_id = l.tenant_id AND s.sku_id = l.sku_id
                 ORDER BY s.from_snap DESC LIMIT 1), '')
            FROM user_v u JOIN user_license_v l ON l.tenant_id = u.tenant_id AND l.user_id = u.user_id
              AND l.from_snap <= ?2 AND (l.to_snap IS NULL OR l.to_snap > ?2) AND coalesce(l.state, '') <> 'Error'
            WHERE u.tenant_id = ?1 AND u.from_snap <= ?2 AND (u.to_snap IS NULL OR u.to_snap > ?2) ORDER BY u.user_id";
        let mut query = self.db.prepare(sql)?;
        let mut rows = query.query(params![self.tenant, seen.snap])?;
        let choice = self.choice_but_licences(filter)?;
        let (mut found, mut current) = (Vec::new(), None::<Person>);
        let from = (active.as_ref(), apps.as_ref());
        while let Some(row) = rows.next()? {
            let id: String = row.get(0)?;
            if current.as_ref().is_none_or(|person| person.id != id) {
                if let Some(person) = current.take() {
                    self.tell(&person, &services, from, filter, &mut found)?;
                }
                let (user, department, chosen) = (row.get(5)?, row.get(1)?, choice.admits(row, 0)?);
                current = Some(Person { id, user, department, chosen, licences: Vec::new() });
            }
            if let Some(person) = &mut current {
                person.licences.push((row.get(6)?, row.get(7)?));
            }
        }
        if let Some(person) = current.take() {
            self.tell(&person, &services, from, filter, &mut found)?;
        }
        found.sort_by(|a: &Activity, b| {
            (&a.last_activity, &a.user, &a.product).cmp(&(&b.last_activity, &b.user, &b.product))
        });
        let mut answer = Answer::of(&seen, found);
        let nobody = active.as_ref().map(|seen| self.nobody(seen)).transpose()?.unwrap_or_default();
        answer.as_of.extend([active, apps].into_iter().flatten().map(|seen| seen.as_of));
        Ok(answer.telling_nobody(nobody))
    }

    fn tell(
        &self,
        person: &Person,
        services: &Services,
        from: (Option<&Seen>, Option<&Seen>),
        filter: &Filter,
        found: &mut Vec<Activity>,
    ) -> Result<(), StoreError> {
        if !person.chosen {
            return Ok(());
        }
        let dates = self.dates_of(&person.id, from)?;
        let newest = |of: &BTreeSet<&'static str>| {
            let known = dates.iter().filter(|(service, _)| of.contains(service.as_str()));
            known.filter_map(|(service, day)| Some((day.as_deref()?, service.as_str()))).max()
        };
        let none = BTreeSet::new();
        let of = |sku: &String| services.get(sku).unwrap_or(&none);
        let account =
            person.licences.iter().filter_map(|(sku, _)| newest(of(sku))).max().map(|(day, _)| day.to_owned());
        for (sku, part) in &person.licences {
            let name = self.names.resolve(sku, part).name;
            if !filter.licence(part, &name) {
                continue;
            }
            let latest = newest(of(sku));
            let measured = of(sku).iter().any(|service| dates.contains_key(*service));
            let report = |service: &str| if service == "apps" { "apps" } else { "active" };
            let seen = if latest.is_some_and(|(_, service)| service == "apps") { from.1 } else { from.0.or(from.1) };
            found.push(Activity {
                user: person.user.clone(),
                department: person.department.clone(),
                product: name,
                part_number: if part.is_empty() { sku.clone() } else { part.clone() },
                last_activity: latest.map(|(day, _)| day.to_owned()),
                service: latest.map(|(_, service)| service.to_owned()),
                report: latest.map(|(_, service)| report(service).to_owned()),
                measured: if measured { "yes" } else { "no" }.to_owned(),
                account_last_activity: account.clone(),
                as_of: seen.and_then(|seen| seen.as_of.refresh_date.clone()),
            });
        }
        Ok(())
    }

    /// The latest day of each service of a person; a service that is there without a day was not used in the period.
    pub(in crate::inventory) fn dates_of(
        &self,
        person: &str,
        (active, apps): (Option<&Seen>, Option<&Seen>),
    ) -> Result<Dates, StoreError> {
        let mut dates = BTreeMap::new();
        if let Some(seen) = active {
            let sql = "SELECT a.service, max(nullif(a.last_activity, '')) FROM principal p
                CROSS JOIN use_active a USING (snap_id, principal) WHERE p.snap_id = ?1 AND p.user_id = ?2 GROUP BY a.service";
            let mut query = self.db.prepare_cached(sql)?;
            let rows = query.query_map(params![seen.rows_at, person], |row| Ok((row.get(0)?, row.get(1)?)))?;
            dates = rows.collect::<Result<_, _>>()?;
        }
        if let Some(seen) = apps {
            let sql = "SELECT max(m.txt), count(*) FROM principal p LEFT JOIN use_metric m ON m.snap_id = p.snap_id
                AND m.principal = p.principal AND m.metric = 'apps.last_activity_date' WHERE p.snap_id = ?1 AND p.user_id = ?2";
            let mut query = self.db.prepare_cached(sql)?;
            let (day, rows): (Option<String>, i64) =
                query.query_row(params![seen.rows_at, person], |row| Ok((row.get(0)?, row.get(1)?)))?;
            if rows > 0 {
                dates.insert("apps".to_owned(), day.filter(|day| !day.is_empty()));
            }
        }
        Ok(dates)
    }

    fn services_of_products(&self) -> Result<Services, StoreError> {
        let mut services = Services::new();
        let Some(skus) = self.seen("skus")? else { return Ok(services) };
        let mut query = self.db.prepare(PLANS)?;
        let mut rows = query.query(params![self.tenant, skus.snap])?;
        while let Some(row) = rows.next()? {
            let (sku, plan): (String, String) = (row.get(0)?, row.get(1)?);
            services.entry(sku).or_default().extend(service(&plan));
        }
        Ok(services)
    }

    /// What the reports measure of each product of the tenant, by its plans.
    ///
    /// # Errors
    /// The store's.
    pub fn measurable(&self) -> Result<Answer<Measurable>, StoreError> {
        let Some(seen) = self.seen("skus")? else { return Ok(Answer::never("skus")) };
        let mut query = self.db.prepare(PLANS)?;
        let mut rows = query.query(params![self.tenant, seen.snap])?;
        let mut products: BTreeMap<(String, String), (BTreeSet<&'static str>, i64)> = BTreeMap::new();
        while let Some(row) = rows.next()? {
            let (sku, plan, part): (String, String, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            let (services, without) = products.entry((sku, part)).or_default();
            match service(&plan) {
                Some(service) => drop(services.insert(service)),
                None if FOUNDATION.iter().any(|id| id.eq_ignore_ascii_case(&plan)) => {}
                None => *without += 1,
            }
        }
        let row = |((sku, part), (services, without)): ((String, String), (BTreeSet<&str>, i64))| Measurable {
            product: self.names.resolve(&sku, &part).name,
            part_number: part,
            measured: match (services.is_empty(), without) {
                (true, _) => "no",
                (false, 0) => "yes",
                (false, _) => "partly",
            }
            .to_owned(),
            services: Some(services.into_iter().collect::<Vec<_>>().join(", ")).filter(|names| !names.is_empty()),
            plans_without: without,
            as_of: seen.as_of.taken_at.clone(),
        };
        let mut found: Vec<Measurable> = products.into_iter().map(row).collect();
        found.sort_by(|a, b| a.product.cmp(&b.product));
        Ok(Answer::of(&seen, found))
    }
}

/// The plans of each product that are for people, as the tenant has them.
pub(in crate::inventory) const PLANS: &str =
    "SELECT p.sku_id, p.service_plan_id, coalesce((SELECT sku_part_number FROM sku_v s
      WHERE s.tenant_id = p.tenant_id AND s.sku_id = p.sku_id ORDER BY s.from_snap DESC LIMIT 1), '')
    FROM sku_plan_v p WHERE p.tenant_id = ?1 AND p.from_snap <= ?2 AND (p.to_snap IS NULL OR p.to_snap > ?2)
      AND coalesce(p.applies_to, 'User') = 'User'";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inventory::ask::testing::{TENANT, filled};

    #[test]
    fn a_licence_was_last_active_when_its_newest_service_was() {
        let (_folder, store) = filled();
        store
            .db
            .execute_batch(&format!(
                "INSERT INTO sku_plan_v (tenant_id, sku_id, service_plan_id, from_snap) SELECT tenant_id, sku_id,
                   '57ff2da0-773e-42df-b2af-ffb7a2317929', 12 FROM sku_v WHERE sku_part_number = 'SPE_E3';
                 INSERT INTO use_active (snap_id, principal, service, has_license, last_activity) VALUES
                   (18, 'ana@x.example', 'teams', 1, '2026-11-27'), (18, 'ana@x.example', 'yammer', 1, '2026-11-28');
                 UPDATE sku_plan_v SET tenant_id = '{TENANT}';"
            ))
            .expect("rows");
        let view = store.view(TENANT, None).expect("a view");
        let rows = view.activity(&Filter::default()).expect("rows").rows;
        let told: Vec<_> = rows
            .iter()
            .map(|row| (row.user.as_str(), row.last_activity.as_deref(), row.service.as_deref(), row.measured.as_str()))
            .collect();
        // Yammer is no part of the product; Ben's assignment failed.
        assert_eq!(told, [("ana@x.example", Some("2026-11-27"), Some("teams"), "yes")]);
        let measured = view.measurable().expect("rows").rows;
        assert_eq!((measured[0].measured.as_str(), measured[0].services.as_deref()), ("yes", Some("exchange, teams")));
    }
}
