//! Licences of people: of accounts that are disabled, of services that nobody used, twice, failed, contained in others.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::params;

use super::apps::Apps;
use super::{Finding, Look, Rule, about};
use crate::inventory::StoreError;
use crate::inventory::ask::{Dates, PLANS, Seen, service};

/// One way in which a person has a product.
struct Way {
    sku: String,
    product: String,
    paid: bool,
    via: String,
    state: Option<String>,
    error: Option<String>,
    changed: Option<String>,
    chosen: bool,
}

struct Person {
    id: String,
    upn: String,
    mail: Option<String>,
    enabled: Option<bool>,
    chosen: bool,
    ways: Vec<Way>,
}

/// What a product measures, and what it is made of.
#[derive(Default)]
pub(super) struct Content {
    pub(super) services: BTreeSet<&'static str>,
    plans: BTreeSet<String>,
}

pub(super) fn look(look: &mut Look<'_, '_>) -> Result<(), StoreError> {
    let Some(users) = look.view.seen("users")? else { return Ok(()) };
    let (active, email) = (look.view.seen("active")?, look.view.seen("email")?);
    let contents = contents(look)?;
    let apps = Apps::of(look)?;
    let mut unmeasured = 0_u64;
    let sql = "SELECT u.user_id, u.department, u.user_type, u.mail, u.account_enabled, u.upn,
          l.sku_id, coalesce((SELECT sku_part_number FROM sku_v s WHERE s.tenant_id = l.tenant_id AND s.sku_id = l.sku_id
             ORDER BY s.from_snap DESC LIMIT 1), ''), l.via_group, l.state, l.error, l.updated_at,
          EXISTS (SELECT 1 FROM sku_policy p WHERE p.sku_id = l.sku_id AND coalesce(p.tenant_id, l.tenant_id) = l.tenant_id)
        FROM user_v u JOIN user_license_v l ON l.tenant_id = u.tenant_id AND l.user_id = u.user_id
          AND l.from_snap <= ?2 AND (l.to_snap IS NULL OR l.to_snap > ?2)
        WHERE u.tenant_id = ?1 AND u.from_snap <= ?2 AND (u.to_snap IS NULL OR u.to_snap > ?2)
        ORDER BY u.user_id";
    let choice = look.view.choice(look.filter)?;
    let db = look.view.db;
    let mut query = db.prepare(sql)?;
    let mut rows = query.query(params![look.view.tenant, users.snap])?;
    let mut current: Option<Person> = None;
    while let Some(row) = rows.next()? {
        let id: String = row.get(0)?;
        if current.as_ref().is_none_or(|person| person.id != id) {
            if let Some(person) = current.take() {
                unmeasured += judge(look, &person, &contents, (&users, active.as_ref(), email.as_ref(), &apps))?;
            }
            let (upn, chosen) = (row.get(5)?, choice.admits(row, 0)?);
            current = Some(Person { id, upn, mail: row.get(3)?, enabled: row.get(4)?, chosen, ways: Vec::new() });
        }
        let (sku, part): (String, String) = (row.get(6)?, row.get(7)?);
        let product = look.view.names.resolve(&sku, &part);
        let ignored: bool = row.get(12)?;
        let way = Way {
            chosen: look.filter.licence(&part, &product.name),
            sku,
            paid: !product.free && !ignored,
            product: product.name,
            via: row.get(8)?,
            state: row.get(9)?,
            error: row.get(10)?,
            changed: row.get(11)?,
        };
        if let Some(person) = &mut current {
            person.ways.push(way);
        }
    }
    if let Some(person) = current.take() {
        unmeasured += judge(look, &person, &contents, (&users, active.as_ref(), email.as_ref(), &apps))?;
    }
    if unmeasured > 0 {
        look.note(format!("{unmeasured} paid licences have no service that the reports measure, or no report row: nothing is said of their use"));
    }
    Ok(())
}

/// What each product of the tenant contains, as the tenant has it.
pub(super) fn contents(look: &Look<'_, '_>) -> Result<BTreeMap<String, Content>, StoreError> {
    let mut contents: BTreeMap<String, Content> = BTreeMap::new();
    let Some(skus) = look.view.seen("skus")? else { return Ok(contents) };
    let mut query = look.view.db.prepare(PLANS)?;
    let mut rows = query.query(params![look.view.tenant, skus.snap])?;
    while let Some(row) = rows.next()? {
        let (sku, plan): (String, String) = (row.get(0)?, row.get(1)?);
        let content = contents.entry(sku).or_default();
        content.services.extend(service(&plan));
        content.plans.insert(plan);
    }
    Ok(contents)
}

type Snapshots<'a> = (&'a Seen, Option<&'a Seen>, Option<&'a Seen>, &'a Apps);

/// Everything about one person; returns how many paid licences could not be measured.
fn judge(
    look: &mut Look<'_, '_>,
    person: &Person,
    contents: &BTreeMap<String, Content>,
    (users, active, email, apps): Snapshots<'_>,
) -> Result<u64, StoreError> {
    if !person.chosen {
        return Ok(0);
    }
    let held = look.is_held(&[Some(&person.upn), person.mail.as_deref(), Some(&person.id)]);
    let from = (active, apps.used());
    let (dates, refreshed) = (look.view.dates_of(&person.id, from)?, refreshed(from.0, from.1));
    let evidence =
        [from.0, from.1].into_iter().flatten().map(|seen| seen.as_of.to_string()).collect::<Vec<_>>().join("; ");
    let mut unmeasured = 0;
    let mut seen_skus = BTreeSet::new();
    for way in person.ways.iter().filter(|way| way.chosen) {
        let key = format!("{}|{}", person.id, way.sku);
        let one = |finding: String, evidence: String| Finding {
            product: Some(way.product.clone()),
            sku: Some(way.sku.clone()),
            seats: Some(1),
            held,
            ..about("person", &person.upn, finding, evidence)
        };
        let of_users = users.as_of.to_string();
        if matches!(way.state.as_deref(), Some("Error" | "ActiveWithError")) {
            let why = way.error.as_deref().filter(|error| *error != "None").unwrap_or("no reason given");
            look.add(Rule::LicAssignmentError, &key, one(format!("the assignment failed: {why}"), of_users.clone()));
        }
        if !seen_skus.insert(way.sku.as_str()) || !way.paid {
            continue;
        }
        let ways: Vec<&Way> = person.ways.iter().filter(|other| other.sku == way.sku).collect();
        if ways.iter().any(|way| way.via.is_empty()) && ways.iter().any(|way| !way.via.is_empty()) {
            look.add(Rule::LicDuplicatePath, &key, one("held directly and by a group".to_owned(), of_users.clone()));
        }
        if person.enabled == Some(false) {
            look.add(Rule::UserDisabledLicensed, &key, one("the account is disabled".to_owned(), of_users.clone()));
        }
        let content = contents.get(&way.sku);
        let within = |other: &&Way| {
            let (ours, theirs) =
                (content.map(|content| &content.plans), contents.get(&other.sku).map(|content| &content.plans));
            other.sku != way.sku
                && matches!((ours, theirs), (Some(ours), Some(theirs)) if !ours.is_empty() && ours.len() < theirs.len() && ours.is_subset(theirs))
        };
        if let Some(other) = person.ways.iter().find(within) {
            let text = format!("everything in it is in {} too", other.product);
            look.add(Rule::LicRedundant, &key, one(text, of_users.clone()));
        }
        let now = look.now.to_string();
        let long =
            way.changed.as_deref().and_then(|at| days(at, &now)).is_some_and(|days| days >= look.limits.assigned_days);
        if long
            && content.is_some_and(|content| content.services.contains("apps"))
            && let Some(evidence) = apps.never(look, &person.id)?
        {
            let text = "desktop apps were never activated, and none was used on Windows or macOS".to_owned();
            look.add(Rule::AppNeverActivated, &key, one(text, evidence));
        }
        let services = content.map(|content| content.services.iter().copied().collect::<Vec<_>>()).unwrap_or_default();
        let old_enough = way
            .changed
            .as_deref()
            .and_then(|at| days(at, &refreshed))
            .is_some_and(|days| days >= look.limits.assigned_days);
        let (names, evidence) = (services.join(", "), evidence.clone());
        match latest(&dates, &services) {
            Measured::No => unmeasured += 1,
            Measured::Never if old_enough => {
                look.add(Rule::UserNeverActive, &key, one(format!("no activity on record in {names}"), evidence));
            }
            Measured::On(day)
                if old_enough && days(&day, &refreshed).is_some_and(|days| days >= look.limits.inactive_days) =>
            {
                look.add(Rule::UserInactive, &key, one(format!("latest activity in {names} on {day}"), evidence));
            }
            Measured::Never | Measured::On(_) => {}
        }
    }
    if person.ways.iter().any(|way| way.paid) {
        mail(look, person, email, held)?;
    }
    Ok(unmeasured)
}

/// What the reports say of a licence's use.
pub(super) enum Measured {
    /// No report says anything of any of its services.
    No,
    /// They are in a report, without any activity on record.
    Never,
    /// The latest day of any of them.
    On(String),
}

/// What the reports say of these services.
pub(super) fn latest(dates: &Dates, services: &[&str]) -> Measured {
    let measured: Vec<&Option<String>> = services.iter().filter_map(|service| dates.get(*service)).collect();
    match measured.iter().copied().flatten().max() {
        Some(day) => Measured::On(day.clone()),
        None if measured.is_empty() => Measured::No,
        None => Measured::Never,
    }
}

/// The day that a report's figures are of.
pub(super) fn refreshed(active: Option<&Seen>, apps: Option<&Seen>) -> String {
    active.or(apps).and_then(|seen| seen.as_of.refresh_date.clone()).unwrap_or_default()
}

/// Whole days between two dates, or moments by their dates.
pub(super) fn days(from: &str, to: &str) -> Option<i64> {
    let date = |text: &str| text.get(..10)?.parse::<jiff::civil::Date>().ok();
    Some(i64::from((date(to)? - date(from)?).get_days()))
}

fn mail(look: &mut Look<'_, '_>, person: &Person, email: Option<&Seen>, held: bool) -> Result<(), StoreError> {
    let Some(email) = email else { return Ok(()) };
    let sql = "SELECT m.sent, m.read, m.received FROM principal p CROSS JOIN use_email m USING (snap_id, principal)
        WHERE p.snap_id = ?1 AND p.user_id = ?2 LIMIT 1";
    let mut query = look.view.db.prepare_cached(sql)?;
    let mut rows = query.query(params![email.rows_at, person.id])?;
    let Some(row) = rows.next()? else { return Ok(()) };
    let (sent, read, received): (Option<i64>, Option<i64>, Option<i64>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    if (sent, read) == (Some(0), Some(0)) {
        let came = received.map_or_else(|| "not known how much came".to_owned(), |count| format!("{count} came"));
        let text = format!("nothing sent, nothing read; {came}");
        let finding = Finding { held, ..about("person", &person.upn, text, email.as_of.to_string()) };
        look.add(Rule::MailUnused, &person.id, finding);
    }
    Ok(())
}
