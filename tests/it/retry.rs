//! What vanished is looked for, and what failed is tried again, without a second copy of anything.

use crate::tenant::{MARA, Tenant, rows};

const VOLUME: [&str; 3] = [MARA, "--folder", "Inbox/Volume"];
const FOUND: &str = "select count(*) from entry where json_extract(body, '$.found_again') is not null";

fn tenant(faults: &str) -> Tenant {
    let mail = format!("{MARA}=400:2000");
    Tenant::with_sign_in(&["--synthetic", &mail, "--faults", faults, "--seed", "7"])
}

/// Searches by Message-ID that the tenant has seen.
fn searches(tenant: &Tenant) -> usize {
    let seen = tenant.control("GET", "requests");
    let all = seen["requests"].as_array().expect("requests");
    let ends = |one: &&serde_json::Value| one["path"].as_str().is_some_and(|path| path.ends_with("/messages"));
    let folder = |one: &&serde_json::Value| one["path"].as_str().is_some_and(|path| path.contains("mailFolders"));
    all.iter().filter(ends).filter(|one| !folder(one)).count()
}

#[test]
fn a_message_that_has_another_id_when_it_is_fetched_is_found_and_collected_once() {
    let tenant = tenant("moved:ids=5:after=20");
    let (ran, package) = tenant.collect("p", &VOLUME);
    let ran = ran.exits(0).last();
    assert_eq!((ran["totals"]["listed"].as_u64(), ran["totals"]["collected"].as_u64()), (Some(640), Some(640)));
    assert_eq!(ran["notes"]["other"], 5);
    assert_eq!(rows(&package, FOUND), ["5"]);
    assert_eq!(rows(&package, "select count(*) from item where immutable_id <> graph_id"), ["5"]);
    assert_eq!(rows(&package, "select count(distinct sha256) from item"), rows(&package, "select count(*) from item"));
    assert_eq!(searches(&tenant), 5);
    tenant.run(&["verify", &tenant.text("p")]).exits(0);
}

#[test]
fn a_message_that_was_out_of_sight_for_a_moment_is_collected_under_its_own_id() {
    // Twice: its bytes and its properties.
    let tenant = tenant("vanish:ids=3:times=2:after=20");
    let (ran, package) = tenant.collect("p", &VOLUME);
    assert_eq!(ran.exits(0).last()["totals"]["collected"], 640);
    assert_eq!(rows(&package, FOUND), ["3"]);
    tenant.run(&["verify", &tenant.text("p")]).exits(0);
}

#[test]
fn what_is_not_found_is_looked_for_once_and_the_record_says_so() {
    for (faults, says) in [
        ("vanish:ids=4:after=20", "could not be fetched there"),
        ("vanish:ids=4:after=20 unsorted-403-forever:after=1", "did not look"),
    ] {
        let tenant = tenant(faults);
        let (ran, package) = tenant.collect("p", &VOLUME);
        assert_eq!(ran.exits(3).last()["totals"]["vanished"], 4, "{faults}");
        let told = format!("select count(*) from exception where code = 'gone' and detail like '%{says}%'");
        assert_eq!(rows(&package, &told), ["4"], "{faults}");
        assert_eq!(searches(&tenant), 4, "{faults}");
        tenant.run(&["verify", &tenant.text("p")]).exits(0);
    }
}
