//! Supplemental runs: what is new, changed, moved or gone against an earlier package, and nothing else.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use camino::Utf8Path;
use serde_json::{Value, json};

use crate::damage::{edit_database, rewrite_manifests};
use crate::resume::HASHES;
use crate::tenant::{JONAS, MARA, Ran, Tenant, python_agrees, rows};

/// Eleven messages in four folders that all can be had.
const SCOPE: [&str; 9] =
    [MARA, "--folder", "Inbox/Kestrel", "--folder", "Sent Items", "--folder", "Deleted Items", "--folder", "Archive"];
const COMPARED: &str = "select e.control_number, c.outcome, coalesce(c.seen, ''), c.listed_id is not null
    from compared c join earlier e on e.earlier_id = c.earlier_id
   where c.compared_id = (select max(compared_id) from compared d where d.earlier_id = c.earlier_id) order by 1";

/// Does something to a message of Mara's.
fn does(tenant: &Tenant, does: &str, id: &str) {
    tenant.tell("mail", &json!({ "user": MARA, "id": id, "does": does }));
}

fn moves(tenant: &Tenant, id: &str, folder: &str) {
    tenant.tell("mail", &json!({ "user": MARA, "id": id, "does": "move", "folder": folder }));
}

/// Collects against an earlier package; returns the run and the new package.
fn against(tenant: &Tenant, earlier: &str, name: &str, more: &[&str]) -> (Ran, PathBuf) {
    let earlier = tenant.text(earlier);
    tenant.collect(name, &[&["--since", &earlier], more].concat())
}

/// The ids of a folder's messages, in the order of their control numbers.
fn ids(package: &Path, folder: &str) -> Vec<String> {
    let sql = format!(
        "select l.graph_id from listed l join folder f on f.folder_id = l.folder_id where f.path = '{folder}' order by 1"
    );
    rows(package, &sql)
}

fn number(package: &Path, graph_id: &str) -> String {
    let sql = format!("select printf('AFF-%07d', listed_id) from listed where graph_id = '{graph_id}'");
    rows(package, &sql)[0].clone()
}

/// How many messages were fetched since so many requests had been seen; one more is read by the test of access.
fn fetched(tenant: &Tenant, before: u64) -> usize {
    let seen = tenant.control("GET", "requests");
    let all = seen["requests"].as_array().expect("requests");
    let total = seen["counts"]["total"].as_u64().expect("a count");
    let later = all.iter().skip(all.len().saturating_sub(usize::try_from(total - before).expect("fits")));
    later.filter(|one| one["path"].as_str().is_some_and(|path| path.ends_with("$value"))).count()
}

fn asked(tenant: &Tenant) -> u64 {
    tenant.control("GET", "requests")["counts"]["total"].as_u64().expect("a count")
}

fn counts(tally: &Value) -> [u64; 7] {
    ["new", "retried", "changed", "moved", "moved_held", "unchanged", "gone"]
        .map(|name| tally["since"][name].as_u64().unwrap_or_else(|| panic!("{name} in {tally}")))
}

/// Both verifiers find it sound.
fn verifies(tenant: &Tenant, name: &str) {
    let said = tenant.run(&["verify", &tenant.text(name)]).exits(0);
    assert!(said.stdout.contains("since: the package "), "{}", said.stdout);
    python_agrees(&tenant.path(name), true);
}

#[test]
fn where_nothing_has_happened_nothing_is_fetched_and_the_package_says_so() {
    let tenant = Tenant::with_sign_in(&[]);
    let (ran, first) = tenant.collect("first", &SCOPE);
    assert_eq!(ran.exits(0).last()["totals"]["collected"], 11);
    for (name, more) in [("second", [].as_slice()), ("zipped", ["--format", "zip"].as_slice())] {
        let before = asked(&tenant);
        let (ran, package) = against(&tenant, "first", name, more);
        let ran = ran.exits(0);
        let last = ran.last();
        assert_eq!((&last["state"], &last["totals"]["listed"]), (&json!("complete"), &json!(0)));
        assert_eq!(counts(&last), [0, 0, 0, 0, 0, 11, 0]);
        assert_eq!(
            last["since"],
            last["custodians"][0]["since"].as_object().map_or(Value::Null, |one| {
                let mut all = one.clone();
                all.insert("acquisition_id".to_owned(), last["since"]["acquisition_id"].clone());
                Value::Object(all)
            })
        );
        assert_eq!(fetched(&tenant, before), 1, "only the test of access reads a message");
        assert_eq!(rows(&package, "select count(*) from item"), ["0"]);
        assert_eq!(rows(&package, "select count(*) from earlier e where e.state = 'collected'"), ["11"]);
        let plan: Value = ran
            .stdout
            .lines()
            .find(|line| line.contains("\"plan\""))
            .map_or(Value::Null, |line| serde_json::from_str(line).expect("JSON"));
        assert_eq!((&plan["held_before"], &plan["custodians"][0]["had_before"]), (&json!(11), &json!(true)));
        verifies(&tenant, name);
    }
    // What the first line of the log says is what the earlier package is.
    let since = |name: &str| {
        let sql = format!("select json_extract(body,'$.scope.since.{name}') from entry where seq = 0");
        rows(&tenant.path("second"), &sql)[0].clone()
    };
    let meta = "select value from meta where key = 'acquisition_id'";
    assert_eq!(since("acquisition_id"), rows(&first, meta)[0]);
    let head = rows(&first, "select size, lower(hex(root)) from checkpoint order by size desc limit 1");
    assert_eq!(format!("{}|{}", since("log_size"), since("log_root")), head[0]);
    let file = std::fs::read(first.join("affiant/manifest.sqlite")).expect("a file");
    assert_eq!(since("manifest_sha256"), crate::tenant::sha256(&file));
    assert_eq!(since("sealed_at"), rows(&first, "select max(at) from entry")[0]);
    let taken = since("taken_over");
    assert_eq!(taken, r#"["custodians","range","date field","folders","Recoverable Items","matter"]"#);
    tenant.run(&["verify", &tenant.text("first")]).exits(0);
}

#[test]
fn new_changed_moved_and_gone_messages_are_told_apart_one_by_one() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, whole) = tenant.collect("whole", &SCOPE);
    let (kestrel, sent) = (ids(&whole, "Inbox/Kestrel"), ids(&whole, "Sent Items"));
    does(&tenant, "delete", &kestrel[0]);
    let (ran, first) = tenant.collect("first", &SCOPE);
    assert_eq!(ran.exits(0).last()["totals"]["listed"], 10);

    does(&tenant, "restore", &kestrel[0]);
    does(&tenant, "change", &kestrel[1]);
    moves(&tenant, &kestrel[2], "Sent Items");
    moves(&tenant, &kestrel[3], "Archive");
    does(&tenant, "change", &kestrel[3]);
    does(&tenant, "delete", &sent[0]);
    moves(&tenant, &sent[1], "Inbox/Privileged");
    let (ran, second) = against(&tenant, "first", "second", &[]);
    let last = ran.exits(0).last();
    assert_eq!(counts(&last), [1, 0, 1, 2, 1, 5, 2]);
    assert_eq!((&last["totals"]["listed"], &last["totals"]["collected"]), (&json!(3), &json!(3)));

    let mut collected = vec![kestrel[0].clone(), kestrel[1].clone(), kestrel[3].clone()];
    collected.sort();
    assert_eq!(rows(&second, "select graph_id from item order by 1"), collected);
    let mut told = vec![
        format!("{}|changed||1", number(&first, &kestrel[1])),
        format!("{}|moved||0", number(&first, &kestrel[2])),
        format!("{}|moved||1", number(&first, &kestrel[3])),
        format!("{}|gone|not_found|0", number(&first, &sent[0])),
        format!("{}|gone|other_folder|0", number(&first, &sent[1])),
    ];
    let named = [&kestrel[1..4], &sent[..2]].concat();
    let rest = rows(&first, "select graph_id from item").into_iter().filter(|id| !named.contains(id));
    told.extend(rest.map(|id| format!("{}|unchanged||0", number(&first, &id))));
    told.sort();
    assert_eq!(rows(&second, COMPARED), told);
    // The balance: what the service counts is what is listed and what is held.
    let open = "select count(*) from entry where kind = 'folder.reconciled' and json_extract(body,'$.expected') <>
                json_extract(body,'$.listed') + json_extract(body,'$.held_before')";
    assert_eq!(rows(&second, open), ["0"]);
    assert_eq!(rows(&second, "select count(*) from exception"), ["0"], "that something is gone is no exception");
    // The same content again is collected all the same.
    let same = "select count(*) from item i join compared c on c.listed_id = i.item_id join earlier e
                 on e.earlier_id = c.earlier_id where c.outcome = 'changed' and i.content_id = e.content_id";
    assert_eq!(rows(&second, same), ["1"]);
    verifies(&tenant, "second");
    tampering_is_found(&tenant, "second");
}

/// Each edit of the lists, with all manifests made anew, is found by both verifiers.
fn tampering_is_found(tenant: &Tenant, name: &str) {
    let package = tenant.path(name);
    let root = Utf8Path::from_path(&package).expect("UTF-8");
    let file = root.join("affiant/manifest.sqlite");
    let before = std::fs::read(&file).expect("a file");
    for edit in [
        "DELETE FROM compared WHERE outcome = 'gone' AND seen = 'not_found'",
        "UPDATE compared SET seen = 'not_found' WHERE seen = 'other_folder'",
        "DELETE FROM compared WHERE compared_id = (SELECT min(compared_id) FROM compared WHERE outcome = 'unchanged')",
        "UPDATE compared SET listed_id = NULL, outcome = 'unchanged' WHERE outcome = 'changed'",
        "UPDATE earlier SET control_number = 'AFF-0000099' WHERE earlier_id = 1",
        "UPDATE earlier SET change_key = 'x' WHERE earlier_id = 2",
        "DELETE FROM earlier WHERE earlier_id = 1",
        "DELETE FROM compared; DELETE FROM earlier",
    ] {
        edit_database(root, edit);
        rewrite_manifests(root);
        tenant.run(&["verify", root.as_str()]).exits(6);
        python_agrees(&package, false);
        std::fs::write(&file, &before).expect("put back");
    }
    rewrite_manifests(root);
    tenant.run(&["verify", root.as_str()]).exits(0);
}

#[test]
fn what_a_sealed_package_lacks_is_tried_again_by_the_next() {
    let mail = format!("{MARA}=60:2000");
    let tenant = Tenant::with_sign_in(&["--synthetic", &mail, "--faults", "vanish:ids=3:after=20", "--seed", "7"]);
    let (ran, first) = tenant.collect("first", &[MARA, "--folder", "Inbox/Volume"]);
    let all = ran.exits(3).last()["totals"]["listed"].as_u64().expect("a count");
    let missing = rows(&first, "select l.graph_id from exception e join listed l using (listed_id) order by 1");
    assert_eq!(missing.len(), 3);
    let sealed = tenant.run(&["resume", &tenant.text("first"), "--retry-exceptions"]);
    assert!(sealed.fails(1, "its exceptions stand").stderr.contains("affiant collect --since"));
    tenant.run(&["resume", &tenant.text("first")]).fails(1, "is sealed").exits(1);

    tenant.tell("faults", &json!({ "faults": "" }));
    let (ran, second) = against(&tenant, "first", "second", &[]);
    let last = ran.exits(0).last();
    assert_eq!(counts(&last), [0, 3, 0, 0, 0, all - 3, 0]);
    assert_eq!(rows(&second, "select graph_id from item order by 1"), missing);
    verifies(&tenant, "second");
    let (ran, _) = against(&tenant, "second", "third", &[]);
    assert_eq!(counts(&ran.exits(0).last()), [0, 0, 0, 0, 0, all, 0]);
    verifies(&tenant, "third");
}

#[test]
fn a_chain_of_three_knows_what_each_of_its_packages_holds() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, first) = tenant.collect("first", &SCOPE);
    let kestrel = ids(&first, "Inbox/Kestrel");
    does(&tenant, "change", &kestrel[0]);
    moves(&tenant, &kestrel[4], "Archive");
    let (ran, second) = against(&tenant, "first", "second", &["--format", "zip"]);
    assert_eq!(counts(&ran.exits(0).last()), [0, 0, 1, 1, 1, 9, 0]);
    std::fs::rename(&first, tenant.path("elsewhere")).expect("moved");
    let first = tenant.path("elsewhere");

    does(&tenant, "change", &kestrel[1]);
    does(&tenant, "delete", &kestrel[2]);
    let (ran, third) = against(&tenant, "second", "third", &[]);
    assert_eq!(counts(&ran.exits(0).last()), [0, 0, 1, 0, 0, 9, 1]);
    let meta = "select value from meta where key = 'acquisition_id'";
    let (of_first, of_second) = (rows(&first, meta)[0].clone(), rows(&second, meta)[0].clone());
    let known = |id: &str| {
        let sql = format!("select acquisition_id, control_number, folder_path from earlier where graph_id = '{id}'");
        rows(&third, &sql)[0].clone()
    };
    // Each under the number it has in the package that holds it, and where it was last seen.
    assert_eq!(known(&kestrel[0]), format!("{of_second}|{}|Inbox/Kestrel", number(&second, &kestrel[0])));
    assert_eq!(known(&kestrel[2]), format!("{of_first}|{}|Inbox/Kestrel", number(&first, &kestrel[2])));
    assert_eq!(known(&kestrel[4]), format!("{of_first}|{}|Archive", number(&first, &kestrel[4])));
    assert_eq!(rows(&third, "select graph_id from item"), [kestrel[1].clone()]);
    verifies(&tenant, "third");

    // What is gone from the third is no more known to a fourth; brought back, it is new.
    does(&tenant, "restore", &kestrel[2]);
    let (ran, _) = against(&tenant, "third", "fourth", &[]);
    assert_eq!(counts(&ran.exits(0).last()), [1, 0, 0, 0, 0, 10, 0]);
    verifies(&tenant, "fourth");
}

#[test]
fn a_custodian_and_a_range_that_the_earlier_package_did_not_have_are_collected_whole() {
    let tenant = Tenant::with_sign_in(&[]);
    let range = ["--from", "2024-02-01", "--to", "2024-02-29", "--zone", "Europe/Berlin"];
    let (ran, first) = tenant.collect("first", &[SCOPE.as_slice(), &range].concat());
    let then = ran.exits(0).last()["totals"]["listed"].as_u64().expect("a count");
    let (ran, whole) = tenant.collect("whole", &SCOPE);
    let all = ran.exits(0).last()["totals"]["listed"].as_u64().expect("a count");
    assert!(then > 1 && then < all, "{then} of {all}");

    // Wider: what lies outside of the earlier range is new.
    let (ran, wider) = against(&tenant, "first", "wider", &["--from", "2000-01-01"]);
    assert_eq!(counts(&ran.exits(0).last()), [all - then, 0, 0, 0, 0, then, 0]);
    let both = [rows(&first, HASHES), rows(&wider, HASHES)].concat();
    let (mut both, mut whole) = (both, rows(&whole, HASHES));
    both.sort();
    whole.sort();
    assert_eq!(both, whole);
    verifies(&tenant, "wider");

    // Narrower: what lies outside of the new range is neither unchanged nor gone.
    let newest = rows(&first, "select max(received_utc) from listed")[0].clone();
    let (ran, narrower) = against(&tenant, "first", "narrower", &["--from", &newest, "--to", "2024-02-29"]);
    assert_eq!(counts(&ran.exits(0).last()), [0, 0, 0, 0, 0, 1, 0]);
    assert_eq!(rows(&narrower, "select count(*) from earlier"), [then.to_string()]);
    verifies(&tenant, "narrower");

    let out = tenant.text("more");
    let earlier = tenant.text("first");
    let said = tenant.run(&["collect", MARA, JONAS, "--since", &earlier, "--out", &out, "--yes"]);
    assert!(matches!(said.exit, 0 | 3), "{}", said.stderr);
    assert!(
        said.stderr.contains(&format!("{JONAS}: not in the earlier package, so collected whole")),
        "{}",
        said.stderr
    );
    assert!(said.stderr.contains(&format!("{MARA}: 0 new, 0 changed")), "{}", said.stderr);
    assert!(said.stderr.contains("taken over from it: range, date field, folders"), "{}", said.stderr);
    assert!(said.stdout.contains("against the package"), "{}", said.stdout);
    verifies(&tenant, "more");
    // The other way round the other custodian's messages are nobody's business.
    let (ran, alone) = against(&tenant, "more", "alone", &[JONAS]);
    assert_eq!(ran.exits(0).last()["totals"]["listed"], 0);
    let owners = "select count(distinct object_id) from earlier";
    assert!(matches!(rows(&alone, owners)[0].as_str(), "0" | "1"));
    assert_eq!(
        rows(&alone, "select count(*) from earlier e join mailbox m using (object_id)"),
        rows(&alone, "select count(*) from earlier")
    );
}

#[test]
fn what_no_listing_shows_is_asked_for_by_its_id_before_it_is_called_gone() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, first) = tenant.collect("first", &SCOPE);
    let kestrel = ids(&first, "Inbox/Kestrel");
    does(&tenant, "hide", &kestrel[0]);
    let (ran, second) = against(&tenant, "first", "second", &[]);
    assert_eq!(counts(&ran.exits(0).last()), [0, 0, 0, 0, 0, 11, 0]);
    let found = "select json_extract(body,'$.found_by_id') from entry where kind = 'mailbox.compared'";
    assert_eq!(rows(&second, found), ["1"]);
    verifies(&tenant, "second");

    // In another version it is collected, though no listing has it.
    does(&tenant, "change", &kestrel[0]);
    let (ran, third) = against(&tenant, "second", "third", &[]);
    assert_eq!(counts(&ran.exits(0).last()), [0, 0, 1, 0, 0, 10, 0]);
    assert_eq!(rows(&third, "select graph_id from item"), [kestrel[0].clone()]);
    verifies(&tenant, "third");

    // An answer that says nothing is no proof.
    does(&tenant, "delete", &kestrel[0]);
    tenant.tell("faults", &json!({ "faults": "message-403-forever" }));
    let (ran, fourth) = against(&tenant, "third", "fourth", &[]);
    assert_eq!(counts(&ran.exits(0).last()), [0, 0, 0, 0, 0, 10, 1]);
    assert_eq!(rows(&fourth, "select distinct seen from compared where outcome = 'gone'"), ["refused"]);
    verifies(&tenant, "fourth");
}

#[test]
fn a_mailbox_that_was_emptied_is_asked_for_a_bounded_number_of_messages() {
    let mail = format!("{MARA}=520:500");
    let tenant = Tenant::with_sign_in(&["--synthetic", &mail]);
    let (ran, first) = tenant.collect("first", &[MARA, "--folder", "Inbox/Volume"]);
    let all = ran.exits(0).last()["totals"]["listed"].as_u64().expect("a count");
    let volume = ids(&first, "Inbox/Volume");
    assert!(volume.len() > 500);
    tenant.tell("mail", &json!({ "user": MARA, "does": "delete", "ids": volume }));
    let (ran, second) = against(&tenant, "first", "second", &[]);
    assert_eq!(counts(&ran.exits(0).last()), [0, 0, 0, 0, 0, 0, all]);
    let seen = rows(&second, "select seen, count(*) from compared group by 1 order by 1");
    assert_eq!(seen, [format!("not_asked|{}", all - 500), "not_found|500".to_owned()]);
    verifies(&tenant, "second");
}

#[test]
fn a_list_of_ids_goes_together_with_an_earlier_package() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, first) = tenant.collect("first", &SCOPE);
    let kestrel = ids(&first, "Inbox/Kestrel");
    does(&tenant, "change", &kestrel[0]);
    let list = tenant.text("ids.txt");
    std::fs::write(&list, format!("{}\n{}\n", kestrel[0], kestrel[1])).expect("a list");
    let (ran, _) = against(&tenant, "first", "second", &["--only-ids", &list]);
    let last = ran.exits(0).last();
    assert_eq!(counts(&last), [0, 0, 1, 0, 0, 1, 0], "what the list keeps out is not gone");
    assert_eq!(last["not_chosen"], 9);
    verifies(&tenant, "second");
}

#[test]
fn a_package_that_cannot_serve_is_refused_before_anything_is_asked_or_written() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, first) = tenant.collect("first", &SCOPE);
    tenant.collect("open", &[SCOPE.as_slice(), &["--plan-only"]].concat()).0.exits(0);
    std::fs::create_dir(tenant.path("empty")).expect("a folder");
    let copy = |name: &str| {
        let to = tenant.path(name);
        copy_folder(&first, &to);
        to
    };
    let damage = copy("log");
    let log = std::fs::read_to_string(damage.join("affiant/log.jsonl")).expect("a log");
    std::fs::write(damage.join("affiant/log.jsonl"), log.replace("complete", "complote")).expect("written");
    for (name, sql) in [
        (
            "rewritten",
            "UPDATE entry SET body = replace(body, '\"listed\":11', '\"listed\":10') WHERE kind = 'acquisition.sealed'",
        ),
        ("newer", "PRAGMA user_version = 2"),
    ] {
        let to = copy(name);
        let root = Utf8Path::from_path(&to).expect("UTF-8");
        edit_database(root, sql);
        rewrite_manifests(root);
    }
    std::fs::remove_file(copy("headless").join("affiant/checkpoint")).expect("removed");
    let before = asked(&tenant);
    let out = tenant.text("out");
    for (earlier, code, says) in [
        ("open", 1, "is not sealed"),
        ("empty", 2, "is not an Affiant package"),
        ("absent", 2, "is not an Affiant package"),
        ("log", 1, "affiant/log.jsonl is not the file that"),
        ("rewritten", 1, "is not as it was sealed: the log is broken"),
        ("newer", 1, "another format"),
        ("headless", 1, "affiant/checkpoint is missing"),
    ] {
        let earlier = tenant.text(earlier);
        tenant.run(&["collect", "--since", &earlier, "--out", &out, "--yes"]).fails(code, says);
        assert!(!tenant.path("out").exists(), "{earlier}");
    }
    let earlier = tenant.text("first");
    for inside in ["first", "first/data/new", "first/../first/new"] {
        let out = tenant.text(inside);
        tenant
            .run(&["collect", "--since", &earlier, "--out", &out, "--yes"])
            .fails(2, "must not lie in the earlier one");
    }
    let usage = ["collect", "--since", &earlier, "--out", &out, "--zone", "Europe/Berlin"];
    tenant.run(&usage).fails(2, "--zone says nothing without");
    assert_eq!(asked(&tenant), before, "nothing was asked of the service");
    tenant.run(&["verify", &earlier]).exits(0);

    let other = elsewhere();
    let out = other.text("out");
    other.run(&["collect", "--since", &earlier, "--out", &out, "--yes"]).fails(1, "in another tenant");
    assert!(!other.path("out").exists());
}

/// The same people in another tenant.
fn elsewhere() -> Tenant {
    let folder = tempfile::tempdir().expect("a folder");
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tenant");
    let copy = folder.path().join("tenant");
    copy_folder(&root, &copy);
    let file = copy.join("tenant.json");
    let text = std::fs::read_to_string(&file).expect("a tenant");
    let mut tenant: Value = serde_json::from_str(&text).expect("JSON");
    tenant["tenant_id"] = json!("0badc0de-1111-4222-8333-444455556666");
    std::fs::write(&file, tenant.to_string()).expect("written");
    Tenant::with_sign_in(&["--tenant", copy.to_str().expect("UTF-8")])
}

fn copy_folder(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let to = to.join(entry.file_name());
        if entry.path().is_dir() {
            copy_folder(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).expect("copied");
        }
    }
}

/// A count in a manifest that is being written; nothing while it has no tables yet.
fn count(package: &Path, sql: &str) -> Option<i64> {
    let file = package.join("affiant/manifest.sqlite");
    let db = rusqlite::Connection::open_with_flags(file, rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY).ok()?;
    db.query_row(sql, [], |row| row.get(0)).ok()
}

/// Starts a run and kills it, without warning, once a count in its manifest is reached.
fn kill_when(tenant: &Tenant, args: &[&str], package: &Path, sql: &str, least: i64) {
    let mut run = tenant.command(args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it runs");
    let reached = || {
        let there = package.join("affiant/manifest.sqlite").exists();
        there && count(package, sql).is_some_and(|count| count >= least)
    };
    while !reached() && run.try_wait().expect("its state").is_none() {
        std::thread::yield_now();
    }
    let _ = run.kill();
    let _ = run.wait();
}

#[test]
fn killed_at_any_time_it_goes_on_without_the_earlier_package() {
    let mail = format!("{MARA}=400:2000");
    let tenant = Tenant::with_sign_in(&["--synthetic", &mail, "--latency-ms", "2"]);
    let scope = [MARA, "--folder", "Inbox/Volume", "--folder", "Inbox/Kestrel"];
    let (ran, first) = tenant.collect("first", &[scope.as_slice(), &["--to", "2024-02-10"]].concat());
    ran.exits(0);
    let volume = ids(&first, "Inbox/Volume");
    does(&tenant, "change", &volume[0]);
    does(&tenant, "delete", &volume[1]);
    moves(&tenant, &volume[2], "Inbox/Kestrel");
    let (ran, whole) = against(&tenant, "first", "whole", &["--to", "2024-12-31"]);
    let want = ran.exits(0).last();
    assert!(want["since"]["new"].as_u64().is_some_and(|new| new > 20), "{want}");

    let (out, package, earlier) = (tenant.text("cut"), tenant.path("cut"), tenant.text("first"));
    let start = ["collect", "--since", &earlier, "--to", "2024-12-31", "--out", &out, "--yes"];
    kill_when(&tenant, &start, &package, "select count(*) from earlier", 1);
    std::fs::rename(&first, tenant.path("elsewhere")).expect("moved");
    let resume = ["resume", out.as_str()];
    for (sql, least) in [
        ("select count(*) from listed", 1),
        ("select count(*) from item", 5),
        ("select count(*) from entry where kind = 'folder.listed' and json_extract(body,'$.pass') = 2", 1),
        ("select count(*) from entry where kind = 'mailbox.compared'", 1),
        ("select count(*) from entry where kind = 'folder.reconciled'", 1),
    ] {
        kill_when(&tenant, &resume, &package, sql, least);
    }
    let last = tenant.run(&["resume", &out, "--json"]).exits(0).last();
    assert_eq!(counts(&last), counts(&want));
    assert_eq!(rows(&package, HASHES), rows(&whole, HASHES));
    assert_eq!(rows(&package, COMPARED), rows(&whole, COMPARED));
    verifies(&tenant, "cut");
}

/// What a message is, and what the chain of packages knows of it.
struct Tracked {
    id: String,
    /// Where it was loaded.
    first: &'static str,
    /// Where it is; nowhere when it was deleted.
    folder: Option<&'static str>,
    version: u32,
    known: Option<(&'static str, u32)>,
}

impl Tracked {
    /// What a run must say of it; the chain knows it as it is then.
    fn judged(&mut self) -> Option<(&'static str, bool)> {
        let here = self.folder.filter(|folder| *folder != "Inbox/Privileged");
        let then = std::mem::replace(&mut self.known, here.map(|folder| (folder, self.version)));
        match (then, here) {
            (None, None) => None,
            (None, Some(_)) => Some(("new", true)),
            (Some(_), None) => Some(("gone", false)),
            (Some((folder, version)), Some(here)) => Some(match (folder == here, version == self.version) {
                (true, true) => ("unchanged", false),
                (true, false) => ("changed", true),
                (false, same) => ("moved", !same),
            }),
        }
    }
}

#[test]
fn whatever_happens_between_the_runs_of_a_chain_each_message_is_judged_by_its_folder_and_version() {
    const FOLDERS: [&str; 5] = ["Inbox/Kestrel", "Sent Items", "Deleted Items", "Archive", "Inbox/Privileged"];
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("run-0", &SCOPE);
    let mut mail: Vec<Tracked> = FOLDERS[..3]
        .iter()
        .flat_map(|folder| ids(&package, folder).into_iter().map(move |id| (folder, id)))
        .map(|(first, id)| Tracked { id, first, folder: Some(first), version: 0, known: Some((first, 0)) })
        .collect();
    assert!(mail.len() >= 10);
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    let mut random = |below: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(seed >> 33).expect("small") % below
    };
    for run in 1..=8 {
        for _ in 0..6 {
            let n = random(mail.len());
            let one = &mut mail[n];
            match random(4) {
                0 => {
                    does(&tenant, "delete", &one.id);
                    one.folder = None;
                }
                1 => {
                    does(&tenant, "restore", &one.id);
                    one.folder = Some(one.first);
                }
                2 => {
                    does(&tenant, "change", &one.id);
                    one.version += 1;
                }
                _ => {
                    let folder = FOLDERS[random(FOLDERS.len())];
                    moves(&tenant, &one.id, folder);
                    one.folder = Some(folder);
                }
            }
        }
        let (ran, package) = against(&tenant, &format!("run-{}", run - 1), &format!("run-{run}"), &[]);
        ran.exits(0);
        let mut want: Vec<String> = mail
            .iter_mut()
            .filter_map(|one| one.judged().map(|(fate, again)| format!("{}|{fate}|{}", one.id, u8::from(again))))
            .collect();
        want.sort();
        let judged = "select e.graph_id, c.outcome, c.listed_id is not null from compared c join earlier e
               on e.earlier_id = c.earlier_id where c.compared_id = (select max(compared_id) from compared d
                where d.earlier_id = c.earlier_id)
            union all select graph_id, 'new', 1 from listed where listed_id not in
              (select listed_id from compared where listed_id is not null)";
        let mut found = rows(&package, judged);
        // The one message of the folder that stays as it is.
        found.retain(|line| mail.iter().any(|one| line.starts_with(&one.id)));
        found.sort();
        assert_eq!(found, want, "run {run}");
        tenant.run(&["verify", &tenant.text(&format!("run-{run}"))]).exits(0);
    }
}
