//! Faults of the service: whatever it does, the balance closes and the bytes are those that were served.

use crate::tenant::{MARA, Tenant, rows};

/// Runs a collection under faults; every listed item must have ended, and the package must verify.
fn survives(faults: &str, exit: i32) -> (Tenant, std::path::PathBuf) {
    let mail = format!("{MARA}=400:2000");
    let tenant = Tenant::with_sign_in(&["--synthetic", &mail, "--faults", faults, "--seed", "7"]);
    let (ran, package) = tenant.collect("p", &[MARA, "--folder", "Inbox/Volume"]);
    let totals = ran.exits(exit).last()["totals"].clone();
    let count = |name: &str| totals[name].as_u64().expect("a count");
    assert_eq!(count("listed"), count("collected") + count("excepted"), "{faults}: {totals}");
    tenant.run(&["verify", package.to_str().expect("UTF-8")]).exits(0);
    (tenant, package)
}

#[test]
fn passing_faults_cost_nothing() {
    for faults in
        ["value-503:rate=0.1", "throttle:every=40", "cut-body:rate=0.1", "empty-404:rate=0.1", "token-expire:every=90"]
    {
        survives(faults, 0);
    }
}

#[test]
fn listings_that_fail_time_out_or_come_empty_still_list_everything() {
    for faults in ["list-504:above=100", "sorted-500", "empty-page:times=1"] {
        let (_tenant, package) = survives(faults, 0);
        assert_eq!(rows(&package, "select count(*) from listed"), ["640"], "{faults}");
    }
}

#[test]
fn messages_that_cannot_be_rendered_are_rebuilt_and_named() {
    let (_tenant, package) = survives("value-500:rate=0.05,forever", 3);
    let rebuilt = rows(&package, "select count(*) from item where source_kind = 'rebuilt_from_json'");
    let named = rows(
        &package,
        "select count(distinct item_id) from exception where code = 'mime_unavailable' and severity = 'warning'",
    );
    assert_eq!(rebuilt, named);
    assert_ne!(rebuilt, ["0"]);
}

#[test]
fn messages_that_vanish_are_named_and_the_balance_closes() {
    let (_tenant, package) = survives("vanish:rate=0.05,forever", 3);
    let gone = rows(&package, "select count(*) from exception where code = 'gone' and severity = 'item_missing'");
    assert_eq!(gone, rows(&package, "select sum(vanished) from reconciliation"));
    assert_ne!(gone, ["0"]);
}

#[test]
fn many_faults_at_once_still_close_the_balance() {
    survives(
        "value-503:rate=0.05 throttle:every=60 cut-body:rate=0.05 value-500:rate=0.02,forever list-504:above=200 vanish:rate=0.01,forever",
        3,
    );
}

#[test]
fn a_listing_that_never_ends_or_never_works_ends_and_is_named_never_taken_for_an_empty_folder() {
    for (faults, says) in [("empty-list:forever", "lead nowhere"), ("sorted-500-forever", "cannot list")] {
        let (_tenant, package) = survives(faults, 3);
        let named = format!("select count(*) > 0 from exception where severity = 'fatal' and detail like '%{says}%'");
        assert_eq!(rows(&package, &named), ["1"], "{faults}");
    }
}
