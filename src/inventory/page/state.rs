//! How fresh and how whole everything is, and what the findings come to.

use std::collections::BTreeMap;

use maud::{Markup, html};

use super::frame::{Column::Number, Column::Short, Column::Text, counted, figure, moment, notes, number, table};
use super::shape::{Bar, Ink, Title, bars};
use crate::inventory::ask::{Answer, Freshness, Gap};
use crate::inventory::findings::{Finding, Rule};

/// Every dataset, and what the latest run did not get.
pub(super) fn freshness(answer: &Answer<Freshness>, gaps: &[Gap]) -> Markup {
    let rows: Vec<Vec<String>> = answer.rows.iter().map(fresh).collect();
    let missing: Vec<Vec<String>> = gaps
        .iter()
        .map(|gap| vec![gap.endpoint.clone(), said(&gap.outcome).to_owned(), gap.code.clone().unwrap_or_default()])
        .collect();
    html! {
        p { "Usage reports are one to three days behind: their figures are of the report's own date. Rejected rows could not be read, and are in no figure." }
        @if !rows.is_empty() {
            (table("Datasets, each as it was last read whole", &[("Dataset", Text), ("Period", Short), ("Figures of", Short), ("Read", Short), ("Rows", Number), ("Rejected", Number), ("Names", Text), ("Latest attempt", Text)], &rows, false))
        }
        @if missing.is_empty() { p { "Of what the latest run asked for, nothing failed." } }
        @else { (table("Asked for in the latest run, and not had", &[("Question", Text), ("How it ended", Text), ("The service's word", Text)], &missing, false)) }
        (notes(&answer.notes))
    }
}

fn fresh(row: &Freshness) -> Vec<String> {
    let names = match (row.concealment.as_str(), &row.refresh_date) {
        ("all", _) => "pseudonyms",
        ("mixed", _) => "some are pseudonyms",
        (_, Some(_)) => "as they are",
        (_, None) => "–",
    };
    vec![
        row.dataset.clone(),
        row.period.clone().unwrap_or_else(|| "–".to_owned()),
        row.refresh_date.clone().unwrap_or_else(|| "–".to_owned()),
        moment(&row.taken_at),
        number(row.rows),
        number(row.rejected),
        names.to_owned(),
        row.latest_outcome.as_deref().map_or("not known", said).to_owned(),
    ]
}

/// How an attempt ended, in words.
fn said(outcome: &str) -> &str {
    match outcome {
        "ok" => "whole",
        "not_modified" => "not changed since",
        "forbidden" => "not allowed",
        "unlicensed" => "not in the tenant's licence",
        "unsupported" => "not there in this cloud",
        "throttled" => "refused as too much",
        other => other,
    }
}

/// Findings counted by rule.
pub(super) fn findings(answer: &Answer<Finding>) -> Markup {
    let mut counts = BTreeMap::<&str, (i64, Option<i64>)>::new();
    for finding in &answer.rows {
        let (count, seats) = counts.entry(finding.rule.as_str()).or_default();
        *count += 1;
        *seats = finding.seats.map(|more| seats.unwrap_or(0).saturating_add(more)).or(*seats);
    }
    let of = |rule: &Rule| counts.get(rule.as_str()).copied().unwrap_or_default();
    let bars_of: Vec<Bar> = Rule::ALL
        .iter()
        .filter(|rule| of(rule).0 > 0)
        .map(|rule| Bar {
            name: rule.as_str().to_owned(),
            said: number(of(rule).0),
            parts: vec![(Ink::Solid, of(rule).0)],
            under: None,
        })
        .collect();
    let rows: Vec<Vec<String>> = Rule::ALL
        .iter()
        .map(|rule| vec![rule.as_str().to_owned(), meaning(*rule).to_owned(), number(of(rule).0), counted(of(rule).1)])
        .collect();
    let title = Title {
        id: "findings",
        name: "Findings by rule",
        description: "One bar for each rule that found something, with the number of its findings. All bars are on one scale; the table below gives the numbers.",
    };
    html! {
        p { "What to look at, by rule; " code { "affiant findings" } " lists each with its evidence. People on a legal hold are not marked here: give that verb the list before a licence is taken from anybody." }
        @if !bars_of.is_empty() { (figure("Rules with findings", &bars(&title, &[], &bars_of))) }
        (table("Findings by rule", &[("Rule", Text), ("What it finds", Text), ("Findings", Number), ("Seats", Number)], &rows, false))
        (notes(&answer.notes))
    }
}

const fn meaning(rule: Rule) -> &'static str {
    match rule {
        Rule::SeatsUnassigned => "Usable seats that nobody has",
        Rule::SeatsOver => "More assigned than bought",
        Rule::SubExpiring => "A subscription changes its state soon unless renewed",
        Rule::SubTrial => "A trial",
        Rule::SubSuspendedAssigned => "Suspended, and still assigned",
        Rule::UserDisabledLicensed => "A licence of an account that cannot sign in",
        Rule::UserInactive => "A licence whose measured services were not used for long",
        Rule::UserNeverActive => "A licence whose measured services have no activity on record",
        Rule::MailUnused => "A mailbox in which nothing was sent or read",
        Rule::AppNeverActivated => "Desktop apps that were never activated",
        Rule::LicDuplicatePath => "The same product directly and by a group",
        Rule::LicRedundant => "A product wholly contained in another of the same person",
        Rule::LicAssignmentError => "An assignment that failed",
        Rule::MbxSharedLicensed => "A licence of a shared mailbox that may need none",
        Rule::MbxSharedNeedsLicense => "A shared mailbox that needs Exchange Online Plan 2",
        Rule::MbxNearQuota => "A mailbox near its quota",
        Rule::ConnSecretExpiring => "A secret or certificate that ends soon",
        Rule::ConnConcealed => "Names in reports are pseudonyms",
        Rule::ConnStale => "What is there is old",
        Rule::ConnScopeLost => "A permission that was there once is not any more",
    }
}
