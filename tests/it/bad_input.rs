//! Wrong input of every kind: one clear error, what to do next, the right exit code, nothing lost.

use std::fs;
use std::process::Stdio;

use crate::tenant::{MARA, Tenant, affiant, rows};

#[test]
fn custodians_that_are_not_one_person_are_named() {
    let tenant = Tenant::with_sign_in(&[]);
    let (ran, _) = tenant.collect("a", &["nobody@brackwater.example"]);
    ran.exits(5);
    // An alias that two people have: visible, and then refused, only to who may read the directory.
    let hidden = tenant.run(&["check", "dispatch@brackwater.example"]).exits(5);
    assert!(hidden.stdout.contains("--with directory"), "{}", hidden.stdout);
    tenant.run(&["login", "--flow", "device-code", "--with", "directory"]).exits(0);
    let found = tenant.run(&["check", "dispatch@brackwater.example"]).exits(5);
    assert!(found.stdout.contains("vogt"), "both are named: {}", found.stdout);
    let (ran, _) = tenant.collect("b", &["iduarte@brackwater.example", "ines.duarte@brackwater.example"]);
    ran.exits(2);
    let (ran, _) = tenant.collect("c", &[]);
    ran.exits(2);
}

#[test]
fn dates_and_zones_that_mean_nothing_are_refused_before_anything_is_written() {
    let tenant = Tenant::with_sign_in(&[]);
    let cases: [(&[&str], &str); 6] = [
        (&["--from", "2024-03-02", "--to", "2024-03-01"], "range is empty"),
        (&["--zone", "Mars/Base"], "no time zone"),
        (&["--from", "31.03.2024"], "neither a date nor a time"),
        (&["--from", "2024-03-31T02:30", "--zone", "Europe/Berlin"], "clocks jumped"),
        (&["--to", "2024-10-27T02:30", "--zone", "Europe/Berlin"], "clocks were turned back"),
        (&["--from", "2011-12-30", "--zone", "Pacific/Apia"], "does not exist"),
    ];
    for (args, says) in cases {
        let out = tenant.text("never");
        tenant.run(&[&["collect", MARA, "--yes", "--out", &out], args].concat()).fails(2, says);
        assert!(!tenant.path("never").exists());
    }
}

#[test]
fn output_folders_that_hold_something_are_left_alone() {
    let tenant = Tenant::with_sign_in(&[]);
    fs::create_dir(tenant.path("full")).expect("made");
    fs::write(tenant.path("full").join("letter.txt"), "mine").expect("written");
    let collect = |out: &str| tenant.run(&["collect", MARA, "--folder", "Drafts", "--yes", "--out", out]);
    collect(&tenant.text("full")).fails(1, "empty");
    assert_eq!(fs::read_to_string(tenant.path("full").join("letter.txt")).expect("still there"), "mine");
    fs::write(tenant.path("file"), "").expect("written");
    collect(&tenant.text("file")).exits(1);
    collect(&tenant.text("done")).exits(0);
    collect(&tenant.text("done")).exits(1);
    tenant.run(&["resume", &tenant.text("done")]).exits(1);
    tenant.run(&["verify", &tenant.text("done")]).exits(0);
    tenant.run(&["resume", &tenant.text("nowhere")]).exits(1);
}

#[test]
fn a_second_run_on_the_same_folder_is_refused_and_told_who_is_at_work() {
    let mail = format!("{MARA}=3000:2000");
    let tenant = Tenant::with_sign_in(&["--synthetic", &mail, "--latency-ms", "20"]);
    let out = tenant.text("p");
    let args = ["collect", MARA, "--folder", "Inbox/Volume", "--yes", "--out", &out];
    let mut first = tenant.command(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    while !tenant.path("p").join("affiant/lock.json").exists() {
        std::thread::yield_now();
    }
    let pid = first.id().to_string();
    for args in [args.as_slice(), &["resume", &out]] {
        tenant.run(args).fails(1, &pid);
    }
    let _ = first.kill();
    let _ = first.wait();
}

#[test]
fn manifests_from_the_future_and_damaged_ones_are_told_apart_and_left_alone() {
    let tenant = Tenant::with_sign_in(&[]);
    let plan = |name: &str| {
        tenant.collect(name, &[MARA, "--folder", "Drafts", "--plan-only"]).1.join("affiant/manifest.sqlite")
    };
    let future = plan("future");
    let db = rusqlite::Connection::open(&future).expect("opens");
    db.pragma_update(None, "user_version", 99).expect("set");
    drop(db);
    tenant.run(&["resume", &tenant.text("future")]).fails(1, "newer");
    let damaged = plan("damaged");
    let mut bytes = fs::read(&damaged).expect("a manifest");
    bytes[..64].fill(7);
    fs::write(&damaged, &bytes).expect("written");
    tenant.run(&["resume", &tenant.text("damaged")]).exits(1);
    assert_eq!(fs::read(&damaged).expect("still there"), bytes);
}

#[test]
fn a_web_page_instead_of_json_and_a_link_to_another_host_end_the_run_with_what_to_do() {
    let tenant = Tenant::start(&["--faults", "html:forever"]);
    tenant.login().exits(0);
    tenant.run(&["users"]).fails(1, "not from Graph");
    let tenant = Tenant::with_sign_in(&["--faults", "foreign-link"]);
    let (ran, package) = tenant.collect("p", &[MARA, "--folder", "Inbox/Volume"]);
    assert_ne!(ran.exit, 0, "{}", ran.stderr);
    assert!(package.join("affiant/manifest.sqlite").exists());
}

#[test]
fn a_token_that_can_write_is_refused_unless_insisted_on_and_then_recorded() {
    let tenant = Tenant::start(&["--grant-scope", "Mail.ReadWrite"]);
    tenant.login().fails(4, "Mail.ReadWrite");
    tenant.run(&["users"]).fails(4, "nobody is signed in");
    tenant.run(&["login", "--flow", "device-code", "--allow-write-scopes"]).exits(0);
    let (_, package) = tenant.collect("p", &[MARA, "--folder", "Drafts"]);
    let recorded =
        rows(&package, "select json_extract(body,'$.write_scopes_allowed') from entry where kind = 'auth.obtained'");
    assert_eq!(recorded, ["1"]);
}

#[test]
fn settings_that_cannot_be_meant_are_named() {
    let home = tempfile::tempdir().expect("a folder");
    let plain = ["--login-url", "http://login.example", "--graph-url", "http://graph.example", "users"];
    affiant(home.path(), &plain).fails(2, "plain http");
    affiant(home.path(), &["--login-url", "https://login.example", "users"]).fails(2, "both addresses");
    affiant(home.path(), &["users"]).fails(4, "nobody is signed in");
    affiant(home.path(), &["collect", "x@y.example"]).exits(2);
    affiant(home.path(), &["no-such-verb"]).exits(2);
    affiant(home.path(), &["simulate", "--faults", "nonsense"]).fails(2, "no fault named");
    fs::write(home.path().join("affiant.toml"), "tennant = \"x\"\n").expect("written");
    affiant(home.path(), &["users"]).fails(2, "tennant");
}

#[test]
fn a_folder_that_exists_nowhere_is_named_before_anything_is_fetched() {
    let tenant = Tenant::with_sign_in(&[]);
    let out = tenant.text("p");
    tenant.run(&["collect", MARA, "--yes", "--out", &out, "--folder", "Inbox/Nowhere"]).fails(2, "Nowhere");
}
