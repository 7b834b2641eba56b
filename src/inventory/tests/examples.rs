//! Published and seen answers, read by what reads real ones. They are no part of this repository.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::Value;

use super::{reference, store, tell};
use crate::inventory::dataset::{Dataset, read_page, tables};
use crate::inventory::report::{self, Kind, Report, classify};
use crate::inventory::store::{Stage, Store};

/// What became of one file.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Became {
    /// Entries or rows taken, and those that were not.
    Taken(u64, u64),
    Refused(String),
    /// Nothing of ours reads it.
    Unread,
}

fn reports() -> Vec<&'static Report> {
    Dataset::ALL.into_iter().filter_map(report::of).collect()
}

/// The report that an address asks for.
fn report_of(endpoint: &str) -> Option<&'static Report> {
    let function = endpoint.strip_prefix("/reports/")?.split(['(', '?']).next()?;
    reports().into_iter().find(|report| report.function == function)
}

/// The listing that an address asks for.
fn listing_of(endpoint: &str) -> Option<Dataset> {
    match endpoint.split('?').next()? {
        "/users" | "/users/{id}" | "/users/delta" => Some(Dataset::Users),
        "/groups" | "/groups/{id}" => Some(Dataset::Groups),
        "/subscribedSkus" | "/subscribedSkus/{id}" => Some(Dataset::Skus),
        "/organization" | "/organization/{id}" => Some(Dataset::Org),
        "/domains" => Some(Dataset::Domains),
        "/directory/subscriptions" => Some(Dataset::Subscriptions),
        "/security/secureScores" => Some(Dataset::Securescore),
        "/admin/reportSettings" => Some(Dataset::ReportSettings),
        _ => None,
    }
}

fn page(store: &Store, dataset: Dataset, bytes: &[u8]) -> Became {
    let stage = Stage::begin(&store.db, tables(dataset)).expect("a staging");
    match read_page(dataset, bytes, &stage) {
        Ok(page) => Became::Taken(page.rows, page.rejected),
        Err(error) => Became::Refused(error.to_string()),
    }
}

fn file(store: &Store, report: &'static Report, bytes: &[u8]) -> Became {
    match store.rehearse(report.dataset, bytes).expect("a report") {
        Ok(summary) => Became::Taken(summary.rows, summary.rejected),
        Err(error) => Became::Refused(error.to_string()),
    }
}

/// What fits reads it; whatever does not may refuse it and may not panic.
fn became(store: &Store, example: &Value, bytes: &[u8]) -> Became {
    for dataset in Dataset::ALL.into_iter().filter(|dataset| !dataset.is_report()) {
        page(store, dataset, bytes);
    }
    for report in reports() {
        file(store, report, bytes);
    }
    let endpoint = example["endpoint"].as_str().unwrap_or_default();
    // A tool took the list out of its page.
    let wrapped = serde_json::from_slice::<Value>(bytes).ok().filter(Value::is_array);
    let wrapped = wrapped.map(|list| serde_json::json!({ "value": list }).to_string().into_bytes());
    match (report_of(endpoint), listing_of(endpoint)) {
        (Some(report), _) => file(store, report, bytes),
        (None, Some(dataset)) => page(store, dataset, wrapped.as_deref().unwrap_or(bytes)),
        (None, None) => Became::Unread,
    }
}

#[test]
fn every_published_answer_is_taken_or_refused_with_a_reason_and_every_header_is_known() {
    let Some(root) = reference("report-examples", "index.json") else { return };
    let index = fs::read(root.join("index.json")).expect("an index");
    let index: Value = serde_json::from_slice(&index).expect("an index in JSON");
    let (_folder, store) = store();
    let mut all = BTreeMap::new();
    let mut functions = BTreeSet::new();
    for example in index["entries"].as_array().expect("entries") {
        let name = example["file"].as_str().expect("a name");
        let bytes = fs::read(root.join(name)).expect("a listed file");
        let became = became(&store, example, &bytes);
        let version = example["api_version"].as_str().unwrap_or_default();
        let report = example["endpoint"].as_str().and_then(report_of);
        if let Some(report) = report.filter(|_| {
            version == "v1.0" && example["format"].as_str().is_some_and(|format| format.starts_with("csv-header"))
        }) {
            assert_eq!(became, Became::Taken(0, 0), "{name}");
            let summary = store.rehearse(report.dataset, bytes.as_slice()).expect("a report").expect("taken before");
            assert!(summary.unknown.is_empty(), "{name}: {:?}", summary.unknown);
            functions.insert(report.function);
        }
        all.insert(name.to_owned(), (became, example["parses_as_json"].as_bool()));
    }
    assert_eq!(functions.len(), reports().len(), "a header for each report: {functions:?}");
    let count = |of: &dyn Fn(&Became) -> bool| all.values().filter(|(became, _)| of(became)).count();
    let taken = count(&|became| matches!(became, Became::Taken(..)));
    let refused = count(&|became| matches!(became, Became::Refused(_)));
    let unread = count(&|became| *became == Became::Unread);
    // A published sample has a row of 26 fields below a header of 24.
    let csv = |name: &str| name.rsplit('.').next() == Some("csv");
    let refusals = all.iter().filter(|(name, (became, _))| csv(name) && matches!(became, Became::Refused(_)));
    let refusals: Vec<&str> = refusals.map(|(name, _)| name.as_str()).collect();
    assert_eq!(refusals, ["tool-pnp/getOffice365ActiveUserDetail.csv"]);
    // What is no JSON is never taken for a page of a listing.
    let odd = |(became, json): &(Became, Option<bool>)| *json == Some(false) && matches!(became, Became::Taken(..));
    assert!(!all.values().any(odd), "{all:#?}");
    assert!(taken >= 100 && taken + refused + unread == all.len(), "{taken} {refused} {unread}");
    tell(&format!("{} answers: {taken} taken, {refused} refused, {unread} that nothing reads", all.len()));
    for (name, (became, _)) in &all {
        tell(&format!("{name}: {became:?}"));
    }
}

#[test]
fn every_stand_in_that_was_seen_is_none_of_anybodys_names() {
    let Some(root) = reference("report-examples", "issues/concealed_identifier_samples.csv") else { return };
    let mut samples = csv::Reader::from_path(root.join("issues/concealed_identifier_samples.csv")).expect("samples");
    let mut seen = 0;
    for sample in samples.records() {
        let sample = sample.expect("a sample");
        let kind = classify(&sample[1]);
        let want = if sample[0].contains("literal") { Kind::Unknown } else { Kind::Concealed };
        assert_eq!(kind, want, "{}", &sample[1]);
        seen += 1;
    }
    assert_eq!(seen, 7);
}
