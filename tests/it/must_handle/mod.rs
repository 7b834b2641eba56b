//! The must-handle list: what Graph and others are known to do, and where it is proven that nothing is lost by it.
//!
//! A row for each number. `fault` is the simulator's name for it, or `none:` and why no server can cause it. A test is
//! named by the file it stands in and its own name.

mod rows_1;
mod rows_2;
mod rows_3;
mod rows_4;
mod rows_5;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use affiant::simulator::{Options, fault_names, start};
use affiant::terms::UtcInstant;

/// One case of the list.
pub(super) struct Row {
    number: u32,
    what: &'static str,
    fault: &'static str,
    behaviour: &'static str,
    tests: &'static [&'static str],
}

/// Number, what happens, fault, behaviour, tests.
pub(super) const fn row(
    number: u32,
    what: &'static str,
    fault: &'static str,
    behaviour: &'static str,
    tests: &'static [&'static str],
) -> Row {
    Row { number, what, fault, behaviour, tests }
}

fn table() -> impl Iterator<Item = &'static Row> {
    [rows_1::ROWS, rows_2::ROWS, rows_3::ROWS, rows_4::ROWS, rows_5::ROWS].into_iter().flatten()
}

/// The text of every source file, by its path without `src/` or `tests/it/`.
fn sources() -> BTreeMap<String, String> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path: PathBuf = entry.expect("an entry").path();
            if path.is_dir() {
                walk(root, &path, found);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let below = path.strip_prefix(root).expect("below").with_extension("");
                let name = below.to_string_lossy().replace(['/', '\\'], "::");
                let name = name.trim_end_matches("::mod").to_owned();
                found.insert(name, fs::read_to_string(&path).expect("a source file"));
            }
        }
    }
    let mut found = BTreeMap::new();
    for root in ["src", "tests/it"] {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).join(root);
        walk(&root, &root, &mut found);
    }
    found
}

#[test]
fn every_number_stands_in_the_table_once_and_in_order() {
    let numbers: Vec<u32> = table().map(|row| row.number).collect();
    assert_eq!(numbers, (1..=111).collect::<Vec<u32>>());
    let empty = table().find(|row| row.what.is_empty() || row.behaviour.is_empty() || row.tests.is_empty());
    assert!(empty.is_none(), "G{:02} is not told whole", empty.map(|row| row.number).unwrap_or_default());
}

#[test]
fn every_test_that_the_table_names_stands_where_it_says() {
    let sources = sources();
    let missing: Vec<String> = table()
        .flat_map(|row| row.tests.iter().map(move |test| (row.number, *test)))
        .filter(|(_, test)| {
            let found = test.rsplit_once("::").and_then(|(place, name)| Some((sources.get(place)?, name)));
            !found.is_some_and(|(text, name)| text.contains(&format!("fn {name}(")))
        })
        .map(|(number, test)| format!("G{number:02}: {test}"))
        .collect();
    assert!(missing.is_empty(), "{missing:#?}");
}

#[test]
fn every_fault_of_the_table_is_the_simulators_and_every_case_of_the_simulator_stands_in_the_table() {
    let cases: BTreeSet<&str> = fault_names().map(|(name, _)| name).filter(|name| is_case(name)).collect();
    let named: BTreeSet<&str> = table().map(|row| row.fault).filter(|fault| is_case(fault)).collect();
    assert_eq!(named, cases);
    let odd: Vec<u32> = table()
        .filter(|row| row.fault != format!("g{:02}", row.number) && !row.fault.starts_with("none: "))
        .map(|row| row.number)
        .collect();
    assert!(odd.is_empty(), "{odd:?} have neither their own fault nor a reason");
    let storage = table().filter(|row| row.number >= 100 && is_case(row.fault)).count();
    assert_eq!(storage, 0, "no server can break the rules of storage");
}

fn is_case(name: &str) -> bool {
    name.strip_prefix('g').is_some_and(|rest| rest.len() == 2 && rest.bytes().all(|byte| byte.is_ascii_digit()))
}

#[tokio::test]
async fn all_cases_together_in_any_spelling_are_a_specification_the_simulator_starts_with() {
    let clock: affiant::terms::Clock =
        std::sync::Arc::new(|| UtcInstant::parse("2024-04-01T00:00:00Z").expect("valid"));
    let cases: Vec<&str> = table().map(|row| row.fault).filter(|fault| is_case(fault)).collect();
    let shouted: Vec<String> = cases.iter().map(|case| format!("{}:ids=3", case.to_uppercase())).collect();
    for faults in [cases.join(","), shouted.join(";"), "G12:rate=0.05,G71:ids=2".to_owned()] {
        let started = start(Options { faults, ..Options::new(clock.clone()) }).await;
        started.expect("the simulator starts").stop().await;
    }
}
