//! What the usage and licence sync knows of a custodian goes into the record of a collection, or that it is not known.

use std::process::{Command, Stdio};

use crate::tenant::{MARA, Tenant, rows};

const DDL: &str = include_str!("../../schemas/inventory.sql");
const PLAN_2: &str = "efb87545-963c-4e0d-99df-69c6916d9eb0";
const RANGE: [&str; 6] = ["--from", "2024-01-01", "--to", "2024-12-31", "--zone", "UTC"];

/// A store as a sync leaves it, with what this test is about.
fn synced(tenant: &Tenant, person: &str) {
    let (id, digest) = (tenant.said("tenant"), "ab".repeat(32));
    let sql = format!(
        "{DDL}
         INSERT INTO tenant VALUES ('{id}', NULL, NULL, 'custom', 'x');
         INSERT INTO connection (connection_id, tenant_id, label, auth_kind, client_id, added_at) VALUES (1, '{id}', 'l', 'delegated', 'c', 'x');
         INSERT INTO sync_run (run_id, run_uid, connection_id, tenant_id, trigger, started_at, status, domains_json, app_version, catalog_version)
           VALUES (1, 'u', 1, '{id}', 'manual', 'x', 'ok', '[]', '1', '1');
         INSERT INTO snapshot (snap_id, run_id, tenant_id, dataset, period, refresh_date, taken_at, complete, row_count, content_sha256) VALUES
           (1, 1, '{id}', 'users', '', '', '2026-11-28T08:00:00.000Z', 1, 1, '{digest}'),
           (2, 1, '{id}', 'mailbox', 'D30', '2026-11-26', 't', 1, 1, '{digest}');
         INSERT INTO user_v (tenant_id, user_id, from_snap, row_hash, upn, account_enabled) VALUES ('{id}', '{person}', 1, 'h', 'x', 1);
         INSERT INTO user_plan_v VALUES ('{id}', '{person}', '{PLAN_2}', 1, NULL, 'exchange', 'Enabled', NULL);
         INSERT INTO principal VALUES (2, 'somebody', 'real', '{person}', 'upn');
         INSERT INTO use_mailbox (snap_id, principal, recipient_type, item_count, used_bytes, has_archive) VALUES (2, 'somebody', 'user', 4321, 9876543, 1);"
    );
    let file = tenant.path("home/inventory.sqlite");
    let mut sqlite = Command::new("sqlite3").arg(file).stdin(Stdio::piped()).spawn().expect("sqlite3 runs");
    std::io::Write::write_all(&mut sqlite.stdin.take().expect("piped"), sql.as_bytes()).expect("written");
    assert!(sqlite.wait().expect("ends").success());
}

fn collected(tenant: &Tenant) -> (crate::tenant::Ran, std::path::PathBuf) {
    let args: Vec<&str> = [MARA].iter().chain(&RANGE).copied().collect();
    tenant.collect("package", &args)
}

#[test]
fn facts_of_the_sync_are_sworn_to_with_their_snapshots_and_shown_in_plan_and_report() {
    let tenant = Tenant::with_sign_in(&[]);
    let people = tenant.run(&["users", MARA, "--json"]).exits(0).json();
    synced(&tenant, people[0]["id"].as_str().expect("an id"));
    let (out, package) = (tenant.text("by-hand"), tenant.path("by-hand"));
    let args: Vec<&str> = ["collect", MARA, "--yes", "--out", &out].iter().chain(&RANGE).copied().collect();
    let ran = tenant.run(&args);
    for says in ["4,321 items of all kinds, 9.8 MB, by the usage report of 2026-11-26", "an online archive exists"] {
        assert!(ran.stderr.contains(says), "{}", ran.stderr);
    }
    let facts = rows(&package, "select fact, value, dataset, snapshot_id, as_of from licence_fact order by entry_seq");
    for fact in [
        "sync_at_hand|yes|users|1|2026-11-28T08:00:00.000Z",
        "mailbox_plan|plan_2|users|1|2026-11-28T08:00:00.000Z",
        "hold_capable|yes|users|1|2026-11-28T08:00:00.000Z",
        "mailbox_items|4321|mailbox|2|2026-11-26",
        "archive|yes|mailbox|2|2026-11-26",
        "recoverable_items||mailbox|2|2026-11-26",
        "last_teams||||",
    ] {
        assert!(facts.iter().any(|row| row == fact), "{fact} in {facts:#?}");
    }
    let root = package.to_str().expect("UTF-8");
    tenant.run(&["verify", root]).exits(0);
    crate::tenant::python_agrees(&package, true);
    let report = tenant.text("report");
    tenant.run(&["report", root, "--out", &report]).exits(0);
    let page = std::fs::read_to_string(tenant.path("report/acquisition-report.html")).expect("a page");
    for says in ["Licences and mailboxes", "Exchange plan", "4,321", "not known"] {
        assert!(page.contains(says), "{says}");
    }
}

#[test]
fn without_a_sync_the_record_says_that_nothing_was_known() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = collected(&tenant);
    assert_eq!(rows(&package, "select fact, value, dataset from licence_fact"), ["sync_at_hand||"]);
    tenant.run(&["verify", package.to_str().expect("UTF-8")]).exits(0);
}

#[test]
fn a_store_that_is_not_ours_costs_the_facts_and_not_the_collection() {
    let tenant = Tenant::with_sign_in(&[]);
    std::fs::write(tenant.path("home/inventory.sqlite"), "not a database, but long enough to look like a file")
        .expect("written");
    let (ran, package) = collected(&tenant);
    assert!(ran.stderr.contains("licence facts are not known"), "{}", ran.stderr);
    assert_eq!(rows(&package, "select fact, value, dataset from licence_fact"), ["sync_at_hand||"]);
}
