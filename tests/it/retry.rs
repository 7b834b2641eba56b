//! What vanished is looked for, and what failed is tried again, without a second copy of anything.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::resume::{HASHES, items, kill_at};
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

/// The same tenant in better health.
fn healthy(options: &[&str]) -> Tenant {
    let mail = format!("{MARA}=400:2000");
    Tenant::with_sign_in(&[&["--synthetic", &mail, "--seed", "7"], options].concat())
}

/// Collects and leaves the package open; returns its folder.
fn left_open(tenant: &Tenant) -> (String, PathBuf) {
    let (ran, package) = tenant.collect("p", &[&VOLUME[..], &["--leave-open-on-exceptions"]].concat());
    let last = ran.exits(3).last();
    assert_eq!((last["state"].as_str(), last["exit_code"].as_u64()), (Some("incomplete"), Some(3)));
    assert!(last["seal"].is_null());
    let out = tenant.text("p");
    tenant.run(&["verify", &out]).exits(1);
    (out, package)
}

#[test]
fn what_failed_is_fetched_again_alone_and_the_record_keeps_both() {
    let tenant = tenant("vanish:ids=3:times=4:after=20");
    let (out, package) = left_open(&tenant);
    let missing = rows(&package, "select graph_id from exception where severity = 'item_missing'");
    let before = tenant.control("GET", "requests")["requests"].as_array().expect("requests").len();
    let ran = tenant.run(&["resume", &out, "--retry-exceptions", "--json"]).exits(0).last();
    assert_eq!((ran["state"].as_str(), ran["totals"]["collected"].as_u64()), (Some("complete"), Some(640)));
    assert_eq!(ran["exceptions"], serde_json::json!({}));
    let seen = tenant.control("GET", "requests");
    let later = seen["requests"].as_array().expect("requests").iter().skip(before);
    let paths = later.filter_map(|one| one["path"].as_str()).filter(|path| path.ends_with("$value"));
    // One message is read by the test of access.
    let again: BTreeSet<&str> = paths.collect();
    assert!(again.len() <= missing.len() + 1, "{again:?}");
    assert!(missing.iter().all(|id| again.iter().any(|path| path.contains(id))));
    assert_eq!(rows(&package, "select count(*) from exception where severity = 'item_missing'"), ["3"]);
    let resolved = "select count(*) from entry where kind = 'exception.resolved' \
                    and json_extract(body, '$.outcome') = 'collected'";
    assert_eq!(rows(&package, resolved), ["3"]);
    tenant.run(&["verify", &out]).exits(0);
    by_python(&package);
}

#[test]
fn what_fails_again_is_one_exception_and_a_sealed_package_stays_sealed() {
    let tenant = tenant("vanish:ids=3:after=20");
    let (out, package) = left_open(&tenant);
    let again = tenant.run(&["resume", &out, "--retry-exceptions", "--leave-open-on-exceptions", "--json"]);
    assert_eq!(again.exits(3).last()["exceptions"], serde_json::json!({ "gone": 3 }));
    let said = tenant.run(&["resume", &out, "--leave-open-on-exceptions"]).exits(3);
    assert!(said.stdout.contains("NOT sealed") && said.stdout.contains("--retry-exceptions"), "{}", said.stdout);
    let sealed = tenant.run(&["resume", &out, "--json"]).exits(3).last();
    assert_eq!(
        (sealed["state"].as_str(), &sealed["exceptions"]["gone"]),
        (Some("complete_with_exceptions"), &3.into())
    );
    assert_eq!(rows(&package, "select count(*) from exception where severity = 'item_missing'"), ["6"]);
    tenant.run(&["verify", &out]).exits(0);
    by_python(&package);
    tenant.run(&["resume", &out, "--retry-exceptions"]).fails(1, "its exceptions stand");
}

#[test]
fn what_the_service_fails_to_give_waits_for_a_retry_and_is_rebuilt_only_at_the_end() {
    let ill = tenant("value-503-forever:ids=3:after=20");
    let (out, package) = left_open(&ill);
    assert_eq!(rows(&package, "select count(*) from exception where code = 'mime_unavailable'"), ["3"]);
    assert_eq!(items(&package), 637);
    let well = healthy(&[]);
    let ran = well.run(&["resume", &out, "--retry-exceptions", "--json"]).exits(0).last();
    assert_eq!((ran["totals"]["collected"].as_u64(), ran["totals"]["rebuilt"].as_u64()), (Some(640), Some(0)));
    well.run(&["verify", &out]).exits(0);

    let other = tenant("value-503-forever:ids=3:after=20");
    let (out, _) = left_open(&other);
    let ran = other.run(&["resume", &out, "--retry-exceptions", "--json"]).exits(3).last();
    assert_eq!((ran["totals"]["collected"].as_u64(), ran["totals"]["rebuilt"].as_u64()), (Some(640), Some(3)));
    other.run(&["verify", &out]).exits(0);
}

#[test]
fn without_exceptions_a_package_is_sealed_whatever_was_wished() {
    let tenant = healthy(&[]);
    let (ran, _) = tenant.collect("p", &[&VOLUME[..], &["--leave-open-on-exceptions"]].concat());
    assert_eq!(ran.exits(0).last()["state"], "complete");
}

#[test]
fn a_folder_that_could_not_be_listed_is_listed_by_a_retry() {
    let ill = tenant("sorted-500-forever");
    let (out, package) = left_open(&ill);
    let well = healthy(&[]);
    let ran = well.run(&["resume", &out, "--retry-exceptions", "--json"]).exits(0).last();
    assert_eq!((ran["totals"]["collected"].as_u64(), ran["state"].as_str()), (Some(640), Some("complete")));
    assert_ne!(rows(&package, "select count(*) from exception where severity = 'fatal'"), ["0"]);
    well.run(&["verify", &out]).exits(0);
    by_python(&package);
}

#[test]
fn killed_in_the_middle_of_a_retry_the_next_one_ends_with_the_same_set() {
    for format in [&[][..], &["--format", "zip", "--volume-size", "400kB"]] {
        let well = healthy(&["--latency-ms", "2"]);
        let (ran, whole) = well.collect("whole", &[&VOLUME[..], format].concat());
        ran.exits(0);
        let ill = tenant("vanish:rate=0.3");
        let (ran, package) = ill.collect("p", &[&VOLUME[..], format, &["--leave-open-on-exceptions"]].concat());
        ran.exits(3);
        let (out, had) = (ill.text("p"), items(&package));
        let missing = 640 - had;
        assert!(missing > 100, "{missing}");
        for durable in [had + 1, had + missing / 2] {
            kill_at(&well, &["resume", &out, "--retry-exceptions"], &package, durable);
        }
        well.run(&["resume", &out, "--retry-exceptions"]).exits(0);
        assert_eq!(rows(&package, HASHES), rows(&whole, HASHES));
        let standing = "select count(*) from exception where severity = 'item_missing' and exception_id not in \
                        (select json_extract(body, '$.exception_id') from entry where kind = 'exception.resolved')";
        assert_eq!(rows(&package, standing), ["0"]);
        well.run(&["verify", &out]).exits(0);
    }
}

/// The published script finds nothing wrong either.
fn by_python(package: &Path) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/verify.py");
    let Ok(ran) = std::process::Command::new("python3").arg(script).arg(package).output() else {
        eprintln!("skipped: no python3");
        return;
    };
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stdout));
}
