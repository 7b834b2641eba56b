//! The main job, end to end, on the built-in tenant.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::tenant::{JONAS, MARA, PARALEGAL, Tenant, affiant, rows, sha256};

const RANGE: [&str; 6] = ["--from", "2024-01-01", "--to", "2024-03-31", "--zone", "Europe/Berlin"];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tenant")
}

fn fixture(file: &str) -> Value {
    let text = std::fs::read_to_string(fixtures().join(file)).expect("a fixture");
    serde_json::from_str(&text).expect("JSON")
}

#[test]
fn the_demo_does_the_whole_job_and_ends_with_exceptions() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("demo");
    let begun = std::time::Instant::now();
    let ran = affiant(folder.path(), &["demo", "--out", out.to_str().expect("UTF-8")]).exits(3);
    assert!(begun.elapsed().as_secs() < 60, "under a minute");
    for said in [
        "signed in as paula.quist",
        "denied",
        "Add-MailboxPermission",
        "verified:",
        "Exit code 3",
        "0 of them to change",
    ] {
        assert!(ran.stdout.contains(said), "{said}\n{}", ran.stdout);
    }
    assert!(!ran.stdout.to_lowercase().contains("success"), "not complete, so no success");
    for package in ["mara-and-jonas", "ines-zip"] {
        affiant(folder.path(), &["verify", out.join(package).to_str().expect("UTF-8")]).exits(0);
    }
}

#[test]
fn login_says_who_whoami_repeats_it_and_logout_forgets() {
    let tenant = Tenant::start(&[]);
    tenant.run(&["whoami"]).fails(4, "nobody is signed in");
    let ran = tenant.login().exits(0);
    assert!(ran.stdout.contains("signed in as paula.quist@brackwater.example"), "{}", ran.stdout);
    let who = tenant.run(&["whoami", "--json"]).exits(0).json();
    assert_eq!(who["user_principal_name"], PARALEGAL);
    assert_eq!(who["write_scopes"], serde_json::json!([]));
    tenant.run(&["logout"]).exits(0);
    tenant.run(&["users"]).fails(4, "nobody is signed in");
}

#[test]
fn users_lists_everybody_with_addresses_and_aliases() {
    let tenant = Tenant::with_sign_in(&[]);
    let listed = tenant.run(&["users", "--json"]).exits(0).json();
    let listed = listed.as_array().expect("an array");
    let fixture = fixture("users.json");
    assert_eq!(listed.len(), fixture.as_array().expect("users").len());
    for field in
        ["id", "display_name", "user_principal_name", "mail", "aliases", "user_type", "account_enabled", "mailbox"]
    {
        assert!(listed.iter().all(|user| user.get(field).is_some()), "{field}");
    }
    let csv = tenant.run(&["users", "--csv"]).exits(0);
    assert_eq!(csv.stdout.lines().count(), listed.len() + 1);
}

#[test]
fn check_gives_each_mailbox_its_verdict_and_never_calls_an_unreadable_one_empty() {
    let tenant = Tenant::with_sign_in(&[]);
    let cases = [
        (MARA, "ready"),
        (PARALEGAL, "ready"),
        ("petra.novak@brackwater.example", "denied"),
        ("samir.haddad@brackwater.example", "denied"),
        ("yuki.tanaka@brackwater.example", "denied"),
        ("oskar.berg@brackwater.example", "denied"),
        ("nobody@brackwater.example", "not_found"),
    ];
    let names: Vec<&str> = cases.iter().map(|(name, _)| *name).collect();
    let found = tenant.run(&[&["check", "--json"], names.as_slice()].concat()).exits(5).json();
    for (row, (name, verdict)) in found.as_array().expect("rows").iter().zip(cases) {
        assert_eq!((row["custodian"].as_str(), row["verdict"].as_str()), (Some(name), Some(verdict)));
        if verdict == "denied" {
            let observed = row["observations"].as_array().expect("observations");
            assert!(observed.iter().any(|one| one["request_id"].is_string()), "{row}");
            let advice = row["advice"].as_str().expect("advice");
            assert!(advice.contains("Add-MailboxPermission") && advice.contains("24 hours"), "{advice}");
        }
    }
    tenant.run(&["check", MARA]).exits(0);
}

#[test]
fn without_the_shared_scope_the_verdict_is_about_the_scope() {
    let tenant = Tenant::with_sign_in(&["--withhold-scope", "Mail.Read.Shared"]);
    let found = tenant.run(&["check", "--json", MARA, "me"]).exits(5).json();
    assert_eq!((found[0]["verdict"].as_str(), found[1]["verdict"].as_str()), (Some("scope_missing"), Some("ready")));
}

/// Messages of a fixture mailbox whose received date lies in the range, by file.
fn in_range(mailbox: &str) -> usize {
    let listed = fixture(&format!("mailboxes/{mailbox}/mailbox.json"));
    let outside: BTreeSet<&str> = listed["folders"]
        .as_array()
        .expect("folders")
        .iter()
        .filter(|folder| folder["outside_root"] == true || folder["search"] == true)
        .filter_map(|folder| folder["path"].as_str())
        .collect();
    let messages = listed["messages"].as_array().expect("messages").iter();
    let inside = messages.filter(|message| {
        let received = message["received"].as_str().unwrap_or_default();
        !outside.contains(message["folder"].as_str().unwrap_or_default())
            && ("2023-12-31T23"..="2024-03-31T21~").contains(&received)
    });
    inside.count()
}

#[test]
fn every_message_of_the_range_is_collected_with_the_bytes_that_were_served_and_nothing_else() {
    let tenant = Tenant::with_sign_in(&[]);
    let (ran, package) = tenant.collect("eml", &[&[MARA, JONAS], RANGE.as_slice()].concat());
    let result = ran.exits(3).last();
    assert_eq!(result["state"], "complete_with_exceptions");
    assert_eq!(result["totals"]["listed"], result["totals"]["collected"]);
    assert!(result["seal"]["root"].as_str().is_some_and(|root| root.len() == 64));

    // What was listed is what the fixtures hold in the range, generated mail aside.
    for (owner, mailbox) in [(MARA, "mara.okafor"), (JONAS, "jonas.weber")] {
        let sql = format!(
            "select count(*) from listed l join mailbox m using (mailbox_id) join folder f using (folder_id)
              where m.upn = '{owner}' and f.path not like '%/Volume' and f.path not like '%/Masse'"
        );
        assert_eq!(rows(&package, &sql), [in_range(mailbox).to_string()], "{mailbox}");
    }
    let outside = "select control_number from item where received_utc < '2023-12-31T23:00:00.000Z' or received_utc >= '2024-03-31T22:00:00.000Z'";
    assert!(rows(&package, outside).is_empty());

    // The bytes on disk, the manifest's hash and a second reading by another client are the same.
    let sql = "select '/v1.0/users/' || m.object_id || '/messages/' || i.graph_id || '/$value', i.path, lower(hex(i.sha256)), i.source_kind
                 from item i join mailbox m using (mailbox_id)";
    let items: Vec<Vec<String>> =
        rows(&package, sql).iter().map(|row| row.split('|').map(str::to_owned).collect()).collect();
    let paths: Vec<String> = items.iter().map(|item| item[0].clone()).collect();
    let mut rebuilt = 0;
    for (item, served) in items.iter().zip(tenant.served(&paths)) {
        let native = std::fs::read(package.join(&item[1])).expect("a native");
        assert_eq!(sha256(&native), item[2], "{}", item[1]);
        match served {
            Some(served) => assert_eq!(served, item[2], "{}", item[1]),
            None => {
                rebuilt += 1;
                assert_eq!(item[3], "rebuilt_from_json");
                assert!(native.starts_with(b"X-Affiant-Source: rebuilt_from_json\r\n"));
            }
        }
    }
    assert_eq!(rebuilt, result["totals"]["rebuilt"].as_u64().expect("a count"));
    assert!(rebuilt > 0);

    // Everything asked of the tenant was a reading.
    let seen = tenant.control("GET", "requests");
    assert_eq!(seen["counts"]["writes"], 0);
    assert!(seen["most_at_once"].as_u64().is_some_and(|most| most <= 4));
    let posts = "select count(*) from request where method <> 'GET' and purpose <> 'token'";
    assert_eq!(rows(&package, posts), ["0"]);

    // The log can go to the other side: no subject, no third party, no file name, no folder of somebody's making.
    let log = std::fs::read_to_string(package.join("affiant/log.jsonl")).expect("the log");
    for subject in rows(&package, "select distinct subject from item where length(subject) > 8") {
        assert!(!log.contains(&subject), "{subject}");
    }
    for name in rows(&package, "select distinct name from part where length(name) > 8") {
        assert!(!log.contains(&name), "{name}");
    }
    assert!(!log.contains("Kestrel") && !log.contains("Bearer"));
}

#[test]
fn zip_volumes_hold_the_same_bytes_as_the_tree() {
    let tenant = Tenant::with_sign_in(&[]);
    let range = [&["iduarte@brackwater.example"], RANGE.as_slice()].concat();
    let (_, eml) = tenant.collect("eml", &range);
    let small = [range.as_slice(), &["--format", "zip", "--volume-size", "400kB"]].concat();
    let (ran, zip) = tenant.collect("zip", &small);
    ran.exits(3);
    let hashes = "select graph_id, lower(hex(sha256)) from item order by 1";
    assert_eq!(rows(&eml, hashes), rows(&zip, hashes));
    let volumes = rows(&zip, "select name from volume");
    assert!(volumes.len() > 1, "{volumes:?}");
    for volume in &volumes {
        let file = zip.join("data").join(volume);
        assert!(std::fs::metadata(&file).expect("a volume").len() <= 400_000);
        match std::process::Command::new("unzip").arg("-tq").arg(&file).status() {
            Ok(status) => assert!(status.success(), "unzip -t {volume}"),
            Err(_) => eprintln!("SKIPPED: unzip is not installed"),
        }
    }
    for package in [eml, zip] {
        let report = tenant.run(&["verify", "--json", package.to_str().expect("UTF-8")]).exits(0).json();
        assert_eq!(report["verdict"], "verified");
    }
}

#[test]
fn an_instant_is_exact_and_an_end_is_excluded() {
    let tenant = Tenant::with_sign_in(&[]);
    let dates = |package: &Path| rows(package, "select received_utc from item order by 1");
    let (_, whole) = tenant.collect("whole", &[&[MARA], RANGE.as_slice()].concat());
    let all = dates(&whole);
    let (from, to) = (&all[3], &all[all.len() - 2]);
    let (_, part) = tenant.collect("part", &[MARA, "--from", from, "--to", to]);
    let want: Vec<String> = all.iter().filter(|at| *at >= from && *at < to).cloned().collect();
    assert_eq!(dates(&part), want);
}

#[test]
fn folders_can_be_chosen_and_left_out_and_the_plan_can_come_first() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) =
        tenant.collect("f", &[MARA, "--folder", "inbox", "--exclude-folder", "Inbox/Volume", "--plan-only"]);
    assert_eq!(rows(&package, "select count(*) from item"), ["0"]);
    let planned = rows(&package, "select graph_id from listed order by 1");
    assert!(!planned.is_empty());
    let ran = tenant.run(&["resume", "--json", package.to_str().expect("UTF-8")]);
    assert!(matches!(ran.exit, 0 | 3), "{}", ran.stderr);
    assert_eq!(rows(&package, "select graph_id from item order by 1"), planned, "exactly the plan");
    let paths = rows(&package, "select distinct f.path from item join folder f using (folder_id)");
    assert!(paths.iter().all(|path| path.starts_with("Inbox") && path != "Inbox/Volume"), "{paths:?}");
}

#[test]
fn diagnostics_at_the_highest_level_tell_no_secret_and_no_content() {
    let tenant = Tenant::with_sign_in(&[]);
    let out = tenant.text("p");
    let ran = tenant.run(&[&["-vvv", "collect", MARA, "--yes", "--out", &out], RANGE.as_slice()].concat());
    let package = tenant.path("p");
    for subject in rows(&package, "select distinct subject from item where length(subject) > 8") {
        assert!(!ran.stderr.contains(&subject), "{subject}");
    }
    assert!(!ran.stderr.contains("Bearer ") && !ran.stderr.contains("AT.") && !ran.stderr.contains("RT."));
}
