//! docs/connectors.md, row by row: every command is run where its heading says, ends as it says and prints what it says.

use std::collections::BTreeSet;
use std::process::Command;

use crate::signing_in::finished;
use crate::tenant::{Ran, Tenant};

const PAGE: &str = include_str!("../../docs/connectors.md");
const APP: &str = "715c42ed-3276-46d1-86b2-e00fec66cf3c";
const SECRET: &str = "simulated-secret-not-a-secret";
/// Who has the role Global Reader.
const READER: &str = "adam.stern@brackwater.example";

/// Every row of the connectors' pages that must or should be answered.
const WANTED: &[(&str, &[u8])] = &[
    ("L", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 19, 22, 23, 24, 25, 26]),
    ("C", &[1, 4, 5, 6, 7, 8, 10, 11, 12, 14, 15, 17, 19, 20, 21, 25, 26, 27, 29, 30, 31, 32, 33, 34, 35, 36, 37]),
    ("S", &[1, 2, 3, 4, 5, 6, 7, 8, 9, 12, 14, 15, 16, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]),
    ("N", &[1, 3, 4, 8, 11, 13, 14, 16, 17, 18, 19, 20, 21, 22, 23, 24, 27, 28, 29, 30, 31]),
    ("K", &[1, 2, 3]),
];

struct Row {
    heading: &'static str,
    ids: Vec<&'static str>,
    command: &'static str,
    exit: i32,
    says: Vec<&'static str>,
}

fn quoted(cell: &'static str) -> Vec<&'static str> {
    cell.split('`').skip(1).step_by(2).filter(|text| !text.is_empty()).collect()
}

fn rows() -> Vec<Row> {
    let (mut heading, mut found) = ("", Vec::new());
    for line in PAGE.lines() {
        if let Some(text) = line.strip_prefix("## ") {
            heading = text;
        }
        let cells: Vec<&'static str> = line.split('|').map(str::trim).collect();
        if let ["", ids, _, command, exit, says, ""] = cells[..]
            && let Ok(exit) = exit.parse()
        {
            let command = quoted(command).first().copied().expect("a command");
            assert!(!quoted(says).is_empty(), "{command}: a row says something");
            found.push(Row { heading, ids: ids.split(", ").collect(), command, exit, says: quoted(says) });
        }
    }
    found
}

/// Words of a command line; those in quotes stay together.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (i, part) in line.split('"').enumerate() {
        if i % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

fn add(tenant: &Tenant, more: &[&str]) {
    let mut add = tenant.command(&[&["connection", "add", "brackwater", "--flow", "client-secret"], more].concat());
    finished(add.env("AFFIANT_CLIENT_ID", APP).env("AFFIANT_CLIENT_SECRET", SECRET)).exits(0);
}

fn connected(tenant: Tenant, more: &[&str]) -> Tenant {
    add(&tenant, more);
    tenant.run(&["sync", "run"]).exits(0);
    tenant
}

/// The tenant a heading is about.
fn tenant_of(heading: &str) -> Tenant {
    match heading {
        "Before anything is connected" => Tenant::start(&[]),
        "Where names are concealed" => connected(Tenant::start(&["--conceal-names"]), &[]),
        "Signed in as a person" => Tenant::signed_in_by(READER, &[]),
        "With named domains" => connected(Tenant::start(&[]), &["--domain", "brackwater.example"]),
        "Without Entra ID P1" => {
            let tenant = Tenant::start(&["--faults", "non-premium"]);
            add(&tenant, &["--with", "sign-ins"]);
            tenant
        }
        _ => connected(Tenant::with_sign_in(&[]), &[]),
    }
}

fn run(tenant: &Tenant, row: &Row) -> Ran {
    let filled = |text: &str| {
        text.replace("{app}", APP)
            .replace("{tenant}", tenant.said("tenant"))
            .replace("{person}", READER)
            .replace("{folder}", &tenant.text("of-the-page"))
    };
    let line = filled(row.command);
    let (set, line) = line.split_once("affiant ").expect("a command of this program");
    let args = words(line);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let mut command: Command = tenant.command(&args);
    if row.heading != "Signed in as a person" && row.heading != "While collecting" {
        command.env("AFFIANT_CLIENT_ID", APP).env("AFFIANT_CLIENT_SECRET", SECRET);
    }
    if let Some((name, value)) = set.trim().split_once('=') {
        command.env(name, value);
    }
    let ran = finished(&mut command);
    let told = format!("{}\n{}", ran.stdout, ran.stderr);
    assert_eq!(ran.exit, row.exit, "{:?} {}\n{told}", row.ids, row.command);
    // Help is wrapped to the terminal's width.
    let flat = told.split_whitespace().collect::<Vec<_>>().join(" ");
    for says in &row.says {
        let says = filled(says);
        assert!(told.contains(&says) || flat.contains(&says), "{:?} {}: no {says:?} in\n{told}", row.ids, row.command);
    }
    ran
}

fn under(headings: &[&str]) {
    for heading in headings {
        let of: Vec<Row> = rows().into_iter().filter(|row| row.heading == *heading).collect();
        assert!(!of.is_empty(), "no rows under {heading}");
        let tenant = tenant_of(heading);
        for row in &of {
            run(&tenant, row);
        }
    }
}

#[test]
fn every_row_that_must_or_should_be_answered_is_on_the_page_and_every_heading_is_tried() {
    let told: BTreeSet<String> = rows().iter().flat_map(|row| row.ids.iter().map(|id| (*id).to_owned())).collect();
    for (page, numbers) in WANTED {
        for number in *numbers {
            assert!(told.contains(&format!("{page}{number}")), "{page}{number} is not answered");
        }
    }
    let lines = PAGE.lines().filter(|line| line.starts_with("| ") && line.contains("affiant "));
    assert_eq!(rows().len(), lines.count(), "every line of a table is a row");
    let headings: BTreeSet<&str> = rows().iter().map(|row| row.heading).collect();
    assert_eq!(headings.len(), BEFORE.len() + CONNECTED.len() + OTHERS.len(), "{headings:?}");
}

const BEFORE: [&str; 1] = ["Before anything is connected"];
const CONNECTED: [&str; 1] = ["In a connected tenant"];
const OTHERS: [&str; 6] = [
    "Where names are concealed",
    "Signed in as a person",
    "With named domains",
    "Without Entra ID P1",
    "When a secret is wrong or has ended",
    "While collecting",
];

#[test]
fn what_the_page_says_holds_before_anything_is_connected() {
    under(&BEFORE);
}

#[test]
fn what_the_page_says_holds_in_a_connected_tenant() {
    under(&CONNECTED);
}

#[test]
fn what_the_page_says_holds_where_something_is_in_the_way() {
    under(&OTHERS);
}
