//! Licences and mailboxes of the custodians, and the usage report's count beside what was found.

use maud::{Markup, html};

use super::super::facts::Report;
use super::super::facts::licences::{Completeness, Fact};
use super::super::words::{bytes, number};
use super::{Number, SHOWN, Short, Text, more, table};

/// A part of the section on access.
pub(super) fn licences(report: &Report) -> Markup {
    let licences = &report.licences;
    if !licences.sync_at_hand {
        return html! {
            h3 { "Licences and mailboxes" }
            p { "Not known: no usage and licence sync of this tenant was at hand on the collecting machine." }
        };
    }
    let known: Vec<&Fact> = licences.facts.iter().filter(|fact| fact.fact != "sync_at_hand").collect();
    let rows: Vec<Vec<String>> = known.iter().take(SHOWN).map(|fact| row(fact)).collect();
    let counts: Vec<Vec<String>> = licences.completeness.iter().take(SHOWN).map(compared).collect();
    html! {
        h3 { "Licences and mailboxes" }
        p { "As the usage and licence sync on the collecting machine knew them when the collection began. Usage reports are some days old and cover the whole mailbox, whatever the range of the collection; online archives are not in their figures, and were not collected." }
        (table("Known of the custodians", &[("Custodian", Text), ("Fact", Text), ("Value", Text), ("As of", Short), ("Snapshot", Short)], &rows, false))
        (more(known.len(), "facts", "acquisition-report.json"))
        @if !counts.is_empty() {
            (table("The usage report's count of items beside what was found", &[("Custodian", Text), ("Report, items of all kinds", Number), ("As of", Short), ("Folders, items of all kinds", Number), ("Messages of the range", Number), ("Collected", Number)], &counts, false))
            p { "The report counts calendar entries, contacts and tasks too, and was made on another day; the folders' own counts are of the day of the plan. What keeps the range, the folders and the kinds apart is in sections 2 and 6." }
        }
    }
}

fn row(fact: &Fact) -> Vec<String> {
    let value = match (fact.value.as_deref(), fact.fact.as_str()) {
        (None, _) => "not known".to_owned(),
        (Some(""), _) => "none".to_owned(),
        (Some(count), "mailbox_bytes" | "recoverable_bytes") => count.parse().map_or_else(|_| count.to_owned(), bytes),
        (Some(count), "mailbox_items" | "recoverable_items") => count.parse().map_or_else(|_| count.to_owned(), number),
        (Some(plan), "mailbox_plan") => plan.replace('_', " "),
        // Part numbers and the like stand as they are.
        (Some(word), _) => word.to_owned(),
    };
    let as_of = fact.as_of.as_deref().map(|at| at.get(..10).unwrap_or(at).to_owned()).unwrap_or_default();
    let snapshot = match (fact.snapshot_id, &fact.dataset) {
        (Some(id), Some(dataset)) => format!("{dataset} {id}"),
        _ => String::new(),
    };
    vec![fact.custodian.clone(), words(&fact.fact), value, as_of, snapshot]
}

fn words(fact: &str) -> String {
    match fact {
        "account_enabled" => "Account can sign in",
        "user_type" => "Kind of account",
        "licences" => "Licences",
        "mailbox_plan" => "Exchange plan",
        "hold_capable" => "Licensed for a hold",
        "ediscovery_premium" => "Premium eDiscovery",
        "audit_premium" => "Premium audit",
        "mailbox_kind" => "Kind of mailbox",
        "archive" => "Online archive (not collected)",
        "mailbox_items" => "Items in the mailbox",
        "mailbox_bytes" => "Size of the mailbox",
        "recoverable_items" => "Recoverable Items",
        "recoverable_bytes" => "Size of Recoverable Items",
        "last_exchange" => "Last activity in Exchange",
        "last_teams" => "Last activity in Teams",
        "last_onedrive" => "Last activity in OneDrive",
        "last_sharepoint" => "Last activity in SharePoint",
        "pop_or_imap" => "Reads mail by POP or IMAP",
        other => other,
    }
    .to_owned()
}

fn compared(one: &Completeness) -> Vec<String> {
    vec![
        one.custodian.clone(),
        number(one.reported_items),
        one.as_of.clone().unwrap_or_default(),
        number(one.items_in_folders),
        number(one.listed),
        number(one.collected),
    ]
}
