//! The page of what was synced: charts with their tables, one self-contained file for people to read and print.
//!
//! Everything is read at one moment of the store, so its sections agree. There are counts and no people's names on it.
//! It must not know the terminal or where the file goes.

mod departments;
mod frame;
mod renewals;
mod seats;
mod shape;
mod state;

use maud::{Markup, html};

use self::frame::{Column::Number, Column::Short, Column::Text, facts, moment, number, table};
use super::ask::{Answer, AsOf, Filter, Freshness, Gap, Nobodies, Renewal, Seats, View};
use super::connection::{Connection, Domains};
use super::findings::{Department, Finding, Thresholds};
use super::{Store, StoreError};
use crate::terms::UtcInstant;

/// What the figures are read in, besides what answers name themselves.
const USED: [&str; 6] = ["users", "skus", "subscriptions", "active", "email", "mailbox"];

/// Everything that the page shows.
struct Shown {
    seats: Answer<Seats>,
    departments: Answer<Department>,
    renewals: Answer<Renewal>,
    freshness: Answer<Freshness>,
    gaps: Vec<Gap>,
    findings: Answer<Finding>,
    nobodies: Vec<Nobodies>,
    read_in: Vec<AsOf>,
}

impl Store {
    /// The page about one connection's tenant: now, or as of a moment.
    ///
    /// # Errors
    /// The database's.
    pub fn page(
        &self,
        connection: &Connection,
        at: Option<UtcInstant>,
        made: UtcInstant,
        limits: &Thresholds,
    ) -> Result<String, StoreError> {
        // A sync that ends meanwhile changes no section.
        let moment_of_the_store = self.db.unchecked_transaction()?;
        let now = at.unwrap_or(made);
        let shown = Shown::of(&self.view(&connection.tenant.id, at)?, limits, now)?;
        drop(moment_of_the_store);
        let name = connection.tenant.name.as_deref().unwrap_or(&connection.tenant.id);
        let body = html! {
            (head(connection, &shown, at, made))
            section { h2 { "1. Seats by product" } (seats::seats(&shown.seats)) }
            section { h2 { "2. Activity by department" } (concealed_here(&shown.nobodies)) (departments::departments(&shown.departments, limits)) }
            section { h2 { "3. Renewals" } (renewals::renewals(&shown.renewals, now)) }
            section { h2 { "4. Freshness and coverage" } (state::freshness(&shown.freshness, &shown.gaps)) }
            section { h2 { "5. Reconciliation" } (seats::reconciliation(&shown.seats)) }
            section { h2 { "6. Findings by rule" } (state::findings(&shown.findings)) }
        };
        Ok(frame::frame(&format!("Licences and usage: {name}"), &body))
    }
}

impl Shown {
    fn of(view: &View<'_>, limits: &Thresholds, now: UtcInstant) -> Result<Self, StoreError> {
        let mut read_in = Vec::new();
        for dataset in USED {
            read_in.extend(view.seen(dataset)?.map(|seen| seen.as_of));
        }
        Ok(Self {
            seats: view.seats()?,
            departments: view.departments(limits, now)?,
            renewals: view.renewals(now, None)?,
            freshness: view.freshness()?,
            gaps: view.gaps()?,
            findings: view.findings(limits, &Filter::default(), now)?,
            nobodies: view.nobodies()?,
            read_in,
        })
    }
}

/// Whose figures these are, of when, and who made the page.
fn head(connection: &Connection, shown: &Shown, at: Option<UtcInstant>, made: UtcInstant) -> Markup {
    let tenant = &connection.tenant;
    let people = match &connection.domains {
        Domains::All => "everybody".to_owned(),
        Domains::Listed(names) => format!(
            "addresses in {}; seats and totals are of the whole organisation",
            names.iter().cloned().collect::<Vec<_>>().join(", ")
        ),
    };
    let as_of = at.map_or_else(|| "the newest figures".to_owned(), |at| moment(&at.to_string()));
    let read: Vec<Vec<String>> = shown.read_in.iter().map(read_in).collect();
    html! {
        h1 { "Licences and usage" }
        (facts(&[
            ("Tenant", tenant.name.clone()),
            ("Tenant id", Some(tenant.id.clone())),
            ("Default domain", tenant.default_domain.clone()),
            ("Connection", Some(connection.label.to_string())),
            ("People", Some(people)),
            ("As of", Some(as_of)),
            ("Made", Some(moment(&made.to_string()))),
            ("Made by", Some(concat!("affiant ", env!("CARGO_PKG_VERSION")).to_owned())),
        ]))
        (names(&shown.nobodies))
        @if read.is_empty() { p class="says" { "Nothing was synced, or not by then." } }
        @else { (table("The figures are read in", &[("Dataset", Text), ("Period", Short), ("Figures of", Short), ("Read", Short), ("Snapshot", Number)], &read, false)) }
    }
}

fn read_in(as_of: &AsOf) -> Vec<String> {
    let or_dash = |text: &Option<String>| text.clone().unwrap_or_else(|| "–".to_owned());
    vec![
        as_of.dataset.clone(),
        or_dash(&as_of.period),
        or_dash(&as_of.refresh_date),
        moment(&as_of.taken_at),
        as_of.snapshot.to_string(),
    ]
}

/// Whether names in reports are pseudonyms, with the number of rows under them.
fn names(nobodies: &[Nobodies]) -> Markup {
    let under: Vec<String> = nobodies
        .iter()
        .filter(|one| one.concealed > 0)
        .map(|one| format!("{} in {}", number(one.concealed), one.dataset))
        .collect();
    let unmatched: i64 = nobodies.iter().map(|one| one.unmatched).sum();
    html! {
        @if nobodies.is_empty() { p { "No usage report about people was read." } }
        @else if under.is_empty() { p { "Names in usage reports are shown as they are." } }
        @else { p class="says" { "Names in usage reports are concealed. Rows under pseudonyms: " (under.join(", ")) ". They are about nobody here, and are never traced back." } }
        @if unmatched > 0 { p class="small" { (number(unmatched)) " report rows are under names that match nobody in the directory." } }
    }
}

/// Said where the report on activity itself is under pseudonyms.
fn concealed_here(nobodies: &[Nobodies]) -> Markup {
    let concealed = nobodies.iter().find(|one| one.dataset == "active").map_or(0, |one| one.concealed);
    html! {
        @if concealed > 0 { p class="says" { "The report on activity names " (number(concealed)) " accounts by pseudonyms: whoever they are, they stand under not measurable." } }
    }
}
