//! `affiant check` from outside: waiting, the administrator's hand-out and evidence, and what a collection carries on.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::Path;
use std::process::Stdio;

use serde_json::Value;

use crate::tenant::{MARA, PARALEGAL, Tenant, rows, sha256};

/// Granted 90 seconds after the tenant has started, and three.
const GRETA: &str = "greta.holm@brackwater.example";
const HUGO: &str = "hugo.falk@brackwater.example";
const PETRA: &str = "petra.novak@brackwater.example";

/// The row of a custodian.
fn row<'a>(rows: &'a Value, custodian: &str) -> &'a Value {
    let found = rows.as_array().expect("rows").iter().find(|row| row["custodian"] == custodian);
    found.unwrap_or_else(|| panic!("no {custodian} in {rows}"))
}

/// Writes an export of mailbox permissions; returns its path.
fn export(tenant: &Tenant, name: &str, rows: &[(&str, &str, &str, &str)]) -> String {
    let mut text =
        String::from("#TYPE Selected.Thing\r\n\"Identity\",\"User\",\"AccessRights\",\"IsInherited\",\"Deny\"\r\n");
    for (identity, user, rights, deny) in rows {
        text += &format!("\"{identity}\",\"{user}\",\"{rights}\",\"False\",\"{deny}\"\r\n");
    }
    let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
    fs::write(tenant.path(name), units.flat_map(u16::to_le_bytes).collect::<Vec<u8>>()).expect("written");
    tenant.text(name)
}

#[test]
fn waiting_ends_when_the_grant_takes_effect_and_a_second_check_agrees() {
    let tenant = Tenant::with_sign_in(&[]);
    let ran = tenant.run(&["check", HUGO, MARA, "--wait", "--every", "1s", "--for", "60s"]).exits(0);
    assert!(ran.stdout.ends_with("2 of 2 ready\n"), "{}", ran.stdout);
    // On a slow machine the grant may have been there before the first check.
    if ran.stderr.contains("not ready yet") {
        for said in ["denied -> ready; checking once more", "ready, twice in a row"] {
            assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
        }
    }
}

#[test]
fn waiting_gives_up_when_its_time_is_over_and_says_what_is_known() {
    let tenant = Tenant::with_sign_in(&[]);
    let ran = tenant.run(&["check", GRETA, MARA, "--wait", "--every", "1s", "--for", "2s", "--json"]).exits(5);
    assert_eq!(
        (&row(&ran.json(), GRETA)["verdict"], &row(&ran.json(), MARA)["verdict"]),
        (&"denied".into(), &"ready".into())
    );
    assert!(ran.stderr.contains("1 not ready yet"), "{}", ran.stderr);
    for (args, says) in [
        (["--every", "0s", "--for", "1h"], "at least 1 s"),
        (["--every", "5m", "--for", "40d"], "at most 30 days"),
        (["--every", "5", "--for", "1h"], "not a span"),
    ] {
        let ran = tenant.run(&[&["check", MARA, "--wait"], args.as_slice()].concat()).exits(2);
        assert!(ran.stderr.contains(says), "{says}: {}", ran.stderr);
    }
    tenant.run(&["check", MARA, "--every", "5m"]).exits(2);
}

/// Starts a wait for somebody who is not ready for long, and comes back when it waits.
#[cfg(unix)]
fn waiting(tenant: &Tenant) -> (std::process::Child, BufReader<std::process::ChildStderr>) {
    let args = ["check", GRETA, MARA, "--wait", "--every", "1s", "--for", "1h", "--json"];
    let mut run = tenant.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let mut said = BufReader::new(run.stderr.take().expect("piped"));
    let mut line = String::new();
    while !line.contains("not ready yet") {
        line.clear();
        assert_ne!(said.read_line(&mut line).expect("text"), 0, "it ended before it waited");
    }
    (run, said)
}

#[cfg(unix)]
fn ended(mut run: std::process::Child) -> (i32, Value) {
    let mut text = String::new();
    run.stdout.take().expect("piped").read_to_string(&mut text).expect("text");
    (run.wait().expect("it ends").code().unwrap_or(-1), serde_json::from_str(&text).expect("JSON"))
}

#[cfg(unix)]
#[test]
fn interrupted_while_waiting_it_reports_the_last_state_with_5() {
    let tenant = Tenant::with_sign_in(&[]);
    let (run, _said) = waiting(&tenant);
    let pid = run.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().expect("kill runs").success());
    let (exit, found) = ended(run);
    assert_eq!((exit, &row(&found, GRETA)["verdict"]), (5, &Value::from("denied")));
}

#[cfg(unix)]
#[test]
fn a_sign_in_that_is_lost_while_waiting_ends_with_4_and_with_what_is_known() {
    let tenant = Tenant::with_sign_in(&["--token-lifetime-s", "2"]);
    let (run, mut said) = waiting(&tenant);
    tenant.control("POST", "revoke");
    let (exit, found) = ended(run);
    assert_eq!((exit, &row(&found, MARA)["verdict"]), (4, &Value::from("ready")));
    let mut rest = String::new();
    said.read_to_string(&mut rest).expect("text");
    assert!(rest.contains("affiant login"), "{rest}");
}

#[test]
fn the_administrator_gets_a_page_a_table_and_scripts_and_nothing_is_overwritten() {
    let tenant = Tenant::with_sign_in(&[]);
    let folder = tenant.text("for-the-admin");
    let check = |more: &[&str]| {
        tenant.run(&[&["check", MARA, PETRA, "o'hara@nowhere.example", "--handout", &folder], more].concat())
    };
    check(&[]).exits(5);
    let read = |name: &str| fs::read_to_string(Path::new(&folder).join(name)).expect(name);
    let page = read("access.html");
    for part in ["<!DOCTYPE html>", "petra.novak", "ErrorAccessDenied", "Read and manage", "<caption>", "scope=\"col\""]
    {
        assert!(page.contains(part), "{part}");
    }
    assert!(!page.contains("<script") && !page.contains("src="), "it stands alone");
    let table = read("access.csv");
    assert_eq!(csv::Reader::from_reader(table.trim_start_matches('\u{FEFF}').as_bytes()).records().count(), 3);
    let grant = read("grant-access.ps1");
    let granted: Vec<&str> = grant.lines().filter(|line| line.starts_with("Add-MailboxPermission")).collect();
    let wanted =
        format!("Add-MailboxPermission -Identity '{PETRA}' -User $User -AccessRights FullAccess -AutoMapping $false");
    assert_eq!(granted, [wanted.as_str()]);
    assert!(grant.contains(&format!("$User = '{PARALEGAL}'")) && grant.contains("Export-Csv"));
    assert!(read("revoke-access.ps1").contains(&format!("\nRemove-MailboxPermission -Identity '{PETRA}'")));
    check(&[]).fails(2, "is there already");
    fs::write(Path::new(&folder).join("access.csv"), "mine").expect("written");
    check(&["--force"]).exits(5);
    assert_ne!(read("access.csv"), "mine");
    let one = tenant.text("one.html");
    tenant.run(&["check", MARA, "--handout", &one]).exits(0);
    assert!(fs::read_to_string(&one).expect("a page").contains("No mailbox needs a grant"));
    let balanced = "import sys, html.parser\n\
        class P(html.parser.HTMLParser):\n\
        \x20   open = []\n\
        \x20   def handle_starttag(self, tag, attrs):\n\
        \x20       if tag not in ('meta',): self.open.append(tag)\n\
        \x20   def handle_endtag(self, tag):\n\
        \x20       assert self.open.pop() == tag, tag\n\
        p = P(); p.feed(open(sys.argv[1], encoding='utf-8').read()); p.close(); assert not p.open, p.open\n";
    match std::process::Command::new("python3").args(["-c", balanced, &format!("{folder}/access.html")]).output() {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr)),
        Err(_) => eprintln!("skipped: no python3 to read the page with"),
    }
}

#[test]
fn exchanges_own_evidence_upgrades_what_was_observed_and_contradictions_are_told() {
    let tenant = Tenant::with_sign_in(&[]);
    let file = export(
        &tenant,
        "permissions.csv",
        &[
            ("Mara Okafor", PARALEGAL, "{FullAccess, ReadPermission}", "False"),
            (PETRA, PARALEGAL, "FullAccess", "False"),
            ("jonas.weber", "eDiscovery Team", "FullAccess", "False"),
            (HUGO, PARALEGAL, "System.String[]", "False"),
        ],
    );
    let jonas = "jonas.weber@brackwater.example";
    let given = ["--evidence", &file, "--exported-by", "Adam Stern", "--exported-at", "2024-06-04T09:00:00Z"];
    let ran = tenant.run(&[&["check", MARA, PETRA, jonas, "--json"], given.as_slice()].concat()).exits(5);
    assert!(ran.stderr.contains("row at 6: not used: AccessRights holds a type's name"), "{}", ran.stderr);
    let found = ran.json();
    let said = |name: &str, field: &str| row(&found, name)[field].to_string();
    let origin = "Full Access per Exchange, exported by Adam Stern at 2024-06-04T09:00:00.000Z";
    assert!(said(MARA, "meaning").contains(origin), "{}", said(MARA, "meaning"));
    assert!(said(PETRA, "meaning").contains("granted, not yet effective or blocked"), "{}", said(PETRA, "meaning"));
    assert!(said(jonas, "meaning").contains("consistent with Full Access"), "a group is no upgrade");
    assert!(said(jonas, "notes").contains("group grant"), "{}", said(jonas, "notes"));
    assert_eq!(row(&found, MARA)["exchange_evidence"]["matched_by"], "display_name");
    assert_eq!(row(&found, MARA)["basis"], "full_access_delegation");
    let ran = tenant.run(&["check", MARA, "--evidence", &file]).exits(0);
    assert!(ran.stdout.contains("exported by somebody unnamed at an unstated time"), "{}", ran.stdout);
    fs::write(tenant.path("broken.json"), "[{\"Identity\":\"x\",").expect("written");
    tenant.run(&["check", MARA, "--evidence", &tenant.text("broken.json")]).fails(2, "broken.json");
    tenant.run(&["check", MARA, "--evidence", &tenant.text("nowhere.csv")]).fails(2, "cannot be read");
    let late = ["--evidence", &file, "--exported-at", "2999-01-01T00:00:00Z"];
    tenant.run(&[&["check", MARA], late.as_slice()].concat()).fails(2, "in the future");
    tenant.run(&["check", MARA, "--exported-by", "Adam"]).exits(2);
}

#[test]
fn a_check_is_kept_privately_and_carried_into_the_record_of_the_collection() {
    let tenant = Tenant::with_sign_in(&[]);
    let file = export(&tenant, "permissions.csv", &[(MARA, PARALEGAL, "FullAccess", "False")]);
    let given = ["--evidence", &file, "--exported-by", "Adam Stern"];
    tenant.run(&[&["check", MARA], given.as_slice()].concat()).exits(0);
    let again = tenant.run(&["check", MARA]).exits(0);
    assert!(again.stdout.contains("on record since") && again.stdout.contains("Adam Stern"), "{}", again.stdout);
    let kept = tenant.path("home").join("access");
    let files: Vec<_> = fs::read_dir(&kept).expect("kept").map(|entry| entry.expect("an entry").path()).collect();
    assert!(files.iter().any(|path| path.extension().is_some_and(|end| end == "json")));
    for path in &files {
        assert!(!fs::read_to_string(path).expect("text").contains('@'), "no address is kept");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(fs::metadata(path).expect("there").permissions().mode() & 0o077, 0);
        }
    }
    let (ran, package) = tenant.collect("p", &[MARA, "--folder", "Drafts"]);
    ran.exits(0);
    tenant.run(&["verify", package.to_str().expect("UTF-8")]).exits(0);
    let field = |name: &str| {
        let sql = format!("select json_extract(body, '$.{name}') from entry where kind = 'access.tested'");
        rows(&package, &sql).join(",")
    };
    assert_eq!(
        (field("exchange_evidence.says"), field("exchange_evidence.exported_by")),
        ("full_access".into(), "Adam Stern".into())
    );
    assert_eq!(field("exchange_evidence.file_sha256"), sha256(&fs::read(&file).expect("the file")));
    assert_eq!((field("prior_check.verdict"), field("verdict")), ("ready".into(), "ready".into()));
    assert_eq!(rows(&package, "select access_basis from mailbox"), ["full_access_delegation"]);
    assert!(field("facts.items").parse::<u64>().is_ok_and(|items| items > 0));
    assert!(!rows(&package, "select body from entry where kind = 'access.tested'")[0].contains("permissions.csv"));
    let (ran, package) = tenant.collect("without", &["jonas.weber@brackwater.example", "--folder", "Entwürfe"]);
    assert!([0, 3].contains(&ran.exit), "{}", ran.stderr);
    let sql = "select json_type(body, '$.prior_check') || json_type(body, '$.exchange_evidence') from entry where kind = 'access.tested'";
    assert_eq!(rows(&package, sql), ["nullnull"]);
}

#[test]
fn licences_and_sizes_are_told_as_far_as_the_scopes_show_them() {
    for (options, login, plan, source) in [
        (&[][..], &[][..], "unknown", "none"),
        (&[], &["--with", "directory"], "plan_2", "assigned_plans"),
        (&["--grant-scope", "LicenseAssignment.Read.All"], &[], "plan_2", "license_details"),
    ] {
        let tenant = Tenant::start(options);
        tenant.run(&[&["login", "--flow", "device-code"], login].concat()).exits(0);
        let found = tenant.run(&["check", MARA, "--json"]).exits(0).json();
        let facts = &found[0]["facts"];
        assert_eq!((facts["exchange_plan"].as_str(), facts["source"].as_str()), (Some(plan), Some(source)), "{facts}");
        assert_eq!(facts["unknown_because"].is_null(), plan != "unknown", "{facts}");
        assert!(facts["size_bytes"].as_u64() > Some(0) && facts["items"].as_u64() > Some(0), "{facts}");
    }
}

#[test]
fn logging_out_forgets_the_checks_of_the_account_too() {
    let tenant = Tenant::with_sign_in(&[]);
    tenant.run(&["check", MARA]).exits(0);
    let kept = tenant.path("home").join("access");
    assert!(std::fs::read_dir(&kept).expect("checks are kept").count() > 1);
    tenant.run(&["logout"]).exits(0);
    assert!(!kept.exists(), "nothing is left");
}
