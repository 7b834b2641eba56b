//! An interrupted run goes on, and comes to what an undisturbed one comes to.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Stdio};

use crate::tenant::{MARA, Tenant, rows};

const VOLUME: [&str; 3] = [MARA, "--folder", "Inbox/Volume"];
pub(crate) const HASHES: &str = "select graph_id, lower(hex(sha256)) from item order by 1";

pub(crate) fn items(package: &Path) -> usize {
    if !package.join("affiant/manifest.sqlite").exists() {
        return 0;
    }
    // While the manifest is being made it may not have its tables yet.
    std::panic::catch_unwind(|| rows(package, "select count(*) from item")[0].parse().expect("a count")).unwrap_or(0)
}

/// Starts a run and kills it, without warning, once so many items are durable.
pub(crate) fn kill_at(tenant: &Tenant, args: &[&str], package: &Path, durable: usize) {
    let mut run = tenant.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    while items(package) < durable && run.try_wait().expect("its state").is_none() {
        std::thread::yield_now();
    }
    let _ = run.kill();
    let _ = run.wait();
}

/// A tenant whose mailbox takes a moment.
fn slow_tenant() -> Tenant {
    Tenant::with_sign_in(&["--synthetic", &format!("{MARA}=1200:2000"), "--latency-ms", "2"])
}

/// Starts a run and returns once it fetches, with the lines that are still to come.
fn fetching(tenant: &Tenant, out: &str) -> (Child, impl Iterator<Item = String>) {
    let args = [&["collect", "--yes", "--json", "--out", out], VOLUME.as_slice()].concat();
    let mut run = tenant.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
    let mut lines = BufReader::new(run.stdout.take().expect("piped")).lines().map_while(Result::ok);
    assert!(lines.any(|line| line.contains("\"fetching\"")), "it began to fetch");
    (run, lines)
}

#[test]
fn killed_again_and_again_a_run_still_ends_with_what_an_undisturbed_one_has() {
    let mail = format!("{MARA}=1500:2000");
    let tenant = Tenant::with_sign_in(&["--synthetic", &mail, "--latency-ms", "2"]);
    let (ran, whole) = tenant.collect("whole", &VOLUME);
    ran.exits(0);
    let (out, package) = (tenant.text("cut"), tenant.path("cut"));
    let start = [&["collect", "--yes", "--out", &out], VOLUME.as_slice()].concat();
    kill_at(&tenant, &start, &package, 1);
    for durable in [300, 700, 1200] {
        kill_at(&tenant, &["resume", &out], &package, durable);
    }
    let durable = rows(&package, "select graph_id from item");
    let before = tenant.control("GET", "requests")["counts"]["total"].as_u64();
    tenant.run(&["resume", &out]).exits(0);
    assert_eq!(rows(&package, HASHES), rows(&whole, HASHES));
    assert_eq!(rows(&package, "select count(*) from entry where kind = 'session.opened'"), ["5"]);
    tenant.run(&["verify", &out]).exits(0);
    // Nothing that was durable before the last session was fetched in it.
    let seen = tenant.control("GET", "requests");
    let all = seen["requests"].as_array().expect("requests");
    let skip = all.len().saturating_sub(
        usize::try_from(seen["counts"]["total"].as_u64().unwrap_or(0) - before.unwrap_or(0)).expect("fits"),
    );
    let fetched: Vec<&str> =
        all.iter().skip(skip).filter_map(|one| one["path"].as_str()).filter(|path| path.ends_with("$value")).collect();
    for id in durable {
        assert!(!fetched.iter().any(|path| path.contains(&id)), "{id} was fetched again");
    }
}

#[test]
fn a_revoked_sign_in_pauses_the_run_and_a_new_one_goes_on() {
    let tenant = slow_tenant();
    let out = tenant.text("p");
    let (mut run, lines) = fetching(&tenant, &out);
    tenant.control("POST", "revoke");
    let last = lines.last().unwrap_or_default();
    let status = run.wait().expect("it ends");
    assert_eq!(status.code(), Some(4), "{last}");
    tenant.run(&["verify", &out]).exits(1);
    tenant.login().exits(0);
    tenant.run(&["resume", &out]).exits(0);
    tenant.run(&["verify", &out]).exits(0);
    assert_eq!(
        rows(&tenant.path("p"), "select json_extract(body,'$.reason') from entry where kind = 'session.closed'"),
        ["sign_in_needed", "sealed"]
    );
}

#[cfg(unix)]
#[test]
fn interrupted_once_it_saves_what_it_has_and_leaves_with_7() {
    let tenant = slow_tenant();
    let out = tenant.text("p");
    let (mut run, lines) = fetching(&tenant, &out);
    let pid = run.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
    let last: serde_json::Value = serde_json::from_str(&lines.last().unwrap_or_default()).expect("a result");
    assert_eq!(run.wait().expect("it ends").code(), Some(7));
    assert_eq!((last["state"].as_str(), last["seal"].is_null()), (Some("interrupted"), true));
    assert!(last["totals"]["collected"].as_u64() < last["totals"]["listed"].as_u64());
    tenant.run(&["resume", &out]).exits(0);
    tenant.run(&["verify", &out]).exits(0);
    // What was on the wire when it was asked to stop was finished, not thrown away.
    let seen = tenant.control("GET", "requests");
    let mut fetched = std::collections::BTreeMap::<&str, u32>::new();
    for one in seen["requests"].as_array().expect("requests") {
        let path = one["path"].as_str().unwrap_or_default();
        if path.ends_with("$value") && one["status"] == 200 {
            *fetched.entry(path).or_default() += 1;
        }
    }
    // One message is read by each test of access.
    let again = fetched.values().filter(|times| **times > 1).count();
    assert!(again <= 1, "{again} items were fetched twice");
}

#[test]
fn tokens_that_end_in_the_middle_are_renewed_and_nobody_notices() {
    let mail = format!("{MARA}=300:2000");
    // Shorter than the margin before the end: renewed at every use.
    let tenant = Tenant::with_sign_in(&["--synthetic", &mail, "--token-lifetime-s", "60"]);
    let (ran, _) = tenant.collect("p", &VOLUME);
    ran.exits(0);
    tenant.run(&["verify", &tenant.text("p")]).exits(0);
}
