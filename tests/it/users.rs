//! `affiant users`: everybody once, with reasons, filtered by plain rules, in forms that others read back.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::signing_in::finished;
use crate::tenant::{AFFIANT, MARA, PARALEGAL, Ran, Tenant};

/// How many people the built-in tenant has.
fn builtin() -> usize {
    let text = include_str!("../../fixtures/tenant/users.json");
    serde_json::from_str::<Vec<Value>>(text).expect("the fixture").len()
}

/// A tenant whose directory is readable in full.
fn readable(options: &[&str]) -> Tenant {
    let tenant = Tenant::start(options);
    tenant.run(&["login", "--flow", "device-code", "--with", "directory"]).exits(0);
    tenant
}

fn people(ran: &Ran) -> Vec<Value> {
    ran.json().as_array().expect("an array").clone()
}

fn listed(tenant: &Tenant, args: &[&str]) -> Vec<Value> {
    people(&tenant.run(&[&["users", "--json"], args].concat()).exits(0))
}

fn ids(people: &[Value]) -> BTreeSet<String> {
    people.iter().map(|person| person["id"].as_str().expect("an id").to_owned()).collect()
}

fn of<'a>(people: &'a [Value], upn: &str) -> &'a Value {
    let is = |person: &&Value| person["user_principal_name"].as_str().is_some_and(|name| name.starts_with(upn));
    people.iter().find(is).unwrap_or_else(|| panic!("{upn} is listed"))
}

#[test]
fn every_state_is_told_with_its_reason() {
    let tenant = readable(&[]);
    let people = listed(&tenant, &[]);
    for (upn, state, says) in [
        ("mara.okafor", "likely", ""),
        ("walter.kern", "likely", ""),
        ("nils.aker", "unlicensed", "suspended"),
        ("c7@", "unlicensed", "taken away"),
        ("karin.elm", "unlicensed", "no Exchange Online plan"),
        ("viktor.sand", "on_premises", "likely on premises"),
        ("claims@", "disabled_account", "likely shared: disabled account with an address and no plan"),
        ("emil.ross", "disabled_account", "licensed"),
        ("dora.lind", "guest", "guest's own tenant"),
        ("$print", "none", "no mail address"),
    ] {
        let mailbox = &of(&people, upn)["mailbox"];
        assert_eq!(mailbox["state"], state, "{upn}");
        assert!(mailbox["reason"].as_str().unwrap_or_default().contains(says), "{upn}: {mailbox}");
    }
    assert_eq!(of(&people, "mara.okafor")["mailbox"]["kind"], "user");
    assert_eq!(of(&people, "claims@")["mailbox"]["kind"], "unknown", "inferred, so not named");
}

#[test]
fn states_and_kinds_filter_and_may_be_repeated() {
    let tenant = readable(&[]);
    let everybody = listed(&tenant, &[]);
    let with = |wanted: &[&str]| {
        let is = |person: &&Value| wanted.contains(&person["mailbox"]["state"].as_str().expect("a state"));
        ids(&everybody.iter().filter(is).cloned().collect::<Vec<_>>())
    };
    assert_eq!(ids(&listed(&tenant, &["--state", "guest"])), with(&["guest"]));
    let two = listed(&tenant, &["--state", "unlicensed", "--state", "on-premises"]);
    assert_eq!(ids(&two), with(&["unlicensed", "on_premises"]));
    let kinds = listed(&tenant, &["--kind", "user"]);
    assert!(!kinds.is_empty() && kinds.iter().all(|person| person["mailbox"]["kind"] == "user"));
    let shared = tenant.run(&["users", "--kind", "shared"]).exits(0);
    assert!(shared.stderr.contains("--purpose"), "{}", shared.stderr);
    let summary = tenant.run(&["users"]).exits(0).stderr;
    let line = summary.lines().last().expect("a summary");
    assert!(line.starts_with(&format!("{} people: ", builtin())), "{line}");
    let counts = line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse::<usize>().ok());
    assert_eq!(counts.skip(1).sum::<usize>(), builtin(), "{line}");
    tenant.run(&["users", "--state", "reachable"]).exits(2);
}

#[test]
fn any_address_finds_its_owner_where_aliases_are_visible() {
    let tenant = readable(&[]);
    for text in ["chartering.lead", "MARA.LINDHOLM@brackwater.example", "m.okafor", "Okafor"] {
        let found = listed(&tenant, &[text]);
        assert_eq!(found.len(), 1, "{text}");
        assert_eq!(found[0]["mail"], MARA);
    }
    assert_eq!(listed(&tenant, &["dispatch@brackwater.example"]).len(), 2, "an alias that two have");
}

#[test]
fn where_aliases_are_hidden_that_is_said_once_and_a_whole_one_is_looked_up() {
    let tenant = Tenant::with_sign_in(&[]);
    let part = tenant.run(&["users", "chartering.lead", "--json"]).exits(0);
    assert_eq!(part.stdout, "[]\n");
    assert_eq!(part.stderr.matches("aliases are not visible").count(), 1, "{}", part.stderr);
    let whole = tenant.run(&["users", "chartering.lead@brackwater.example", "--json"]).exits(0);
    assert_eq!(people(&whole)[0]["mail"], MARA);
    assert_eq!(whole.stderr.matches("aliases are not visible").count(), 1, "{}", whole.stderr);
    let quote = tenant.run(&["users", "o'nobody@brackwater.example", "--json"]).exits(0);
    assert_eq!(quote.stdout, "[]\n");
    assert!(!tenant.run(&["users", "--json"]).exits(0).stderr.contains("aliases"), "nobody asked");
}

#[test]
fn domains_are_exact_and_the_account_closes() {
    let tenant = readable(&["--synthetic-users", "200"]);
    let inside = tenant.run(&["users", "--json", "--domain", "BRACKWATER.example", "--domain", "@harrowvale.example"]);
    let inside = inside.exits(0);
    for person in people(&inside) {
        let mail = person["mail"].as_str().expect("an address");
        assert!(mail.ends_with("@brackwater.example") || mail.ends_with("@harrowvale.example"), "{mail}");
    }
    let line = inside.stderr.lines().find(|line| line.contains("in the directory = ")).expect("the account");
    let numbers: Vec<usize> = line.split(|c: char| !c.is_ascii_digit()).filter_map(|word| word.parse().ok()).collect();
    assert_eq!(numbers[0], builtin() + 200);
    assert_eq!(numbers[0], numbers[1] + numbers[2] + numbers[3], "{line}");
    assert_eq!(numbers[1], people(&inside).len());
    assert!(numbers[3] >= 20, "{line}");
    assert_eq!(listed(&tenant, &["--domain", "example"]).len(), 0, "no subdomains are implied");
    let star = tenant.run(&["users", "--json", "--domain", "harrowvale.example", "--domain", "*"]).exits(0);
    assert_eq!(people(&star).len(), builtin() + 200);
    assert!(star.stderr.contains("harrowvale.example has no effect"), "{}", star.stderr);
    tenant.run(&["users", "--domain", "a@b.example"]).fails(2, "is not a domain");
    tenant.run(&["users", "--domain", "*.example"]).fails(2, "is not a domain");
}

#[test]
fn a_directory_that_may_not_be_listed_is_about_consent() {
    let tenant = Tenant::with_sign_in(&["--withhold-scope", "User.ReadBasic.All"]);
    for form in ["--json", "--csv", "--quiet"] {
        let ran = tenant.run(&["users", form]).exits(4);
        assert!(ran.stdout.is_empty() && ran.stderr.contains("User.ReadBasic.All"), "{}", ran.stderr);
    }
}

#[test]
fn departments_filter_where_they_are_visible_and_are_said_to_be_hidden_elsewhere() {
    let tenant = readable(&["--synthetic-users", "40"]);
    let found = listed(&tenant, &["--department", "legal", "--department", "ACCOUNTS"]);
    let everybody = listed(&tenant, &[]);
    let count =
        |is: &dyn Fn(Option<&str>) -> bool| everybody.iter().filter(|person| is(person["department"].as_str())).count();
    assert_eq!(found.len(), count(&|department| matches!(department, Some("Legal" | "Accounts"))));
    assert!(found.len() > 20, "generated people and those of the fixtures");
    assert!(found.iter().all(|person| ["Legal", "Accounts"].contains(&person["department"].as_str().expect("one"))));
    let none = count(&|department| department.is_none());
    assert!(none > 0 && none < everybody.len());
    assert_eq!(listed(&tenant, &["--department", "none"]).len(), none);
    let basic = Tenant::with_sign_in(&["--synthetic-users", "40"]);
    let ran = basic.run(&["users", "--json", "--department", "legal"]).exits(0);
    assert_eq!(ran.stdout, "[]\n");
    assert!(ran.stderr.contains("departments of"), "{}", ran.stderr);
}

#[test]
fn purposes_are_asked_only_with_their_scope_and_refusals_are_no_noise() {
    let without = Tenant::with_sign_in(&[]);
    let ran = without.run(&["users", "--json", "--purpose"]).exits(0);
    assert!(ran.stderr.contains("no MailboxSettings.Read"), "{}", ran.stderr);
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    let with = Tenant::start(&[]);
    with.run(&["login", "--flow", "device-code", "--with", "directory", "--with", "mailbox-settings"]).exits(0);
    let ran = with.run(&["users", "--json", "--purpose"]).exits(0);
    let people = people(&ran);
    assert_eq!(people.len(), builtin());
    let own = &of(&people, "paula.quist")["mailbox"];
    assert_eq!((&own["kind"], &own["kind_from"]), (&"user".into(), &"user_purpose".into()));
    assert_eq!(of(&people, "claims@")["mailbox"]["kind"], "unknown");
    assert_eq!(ran.stderr.lines().count(), 1, "{}", ran.stderr);
    assert!(ran.stderr.contains("as is normal for mailboxes of others"), "{}", ran.stderr);
}

#[test]
fn an_application_reads_every_kind_and_kinds_filter_by_what_was_answered() {
    let tenant = Tenant::start(&["--grant-scope", "MailboxSettings.Read"]);
    let mut login = tenant.command(&["login", "--flow", "client-secret"]);
    login.env("AFFIANT_CLIENT_ID", "715c42ed-3276-46d1-86b2-e00fec66cf3c");
    finished(login.env("AFFIANT_CLIENT_SECRET", "simulated-secret-not-a-secret")).exits(0);
    let people = listed(&tenant, &["--purpose"]);
    let shared = &of(&people, "claims@")["mailbox"];
    assert_eq!((&shared["kind"], &shared["state"]), (&"shared".into(), &"likely".into()), "{shared}");
    assert_eq!(shared["kind_from"], "user_purpose");
    let gone = &of(&people, "karin.elm")["mailbox"];
    assert!(gone["state"] == "unlicensed" && gone["reason"].as_str().expect("one").contains("no mailbox"), "{gone}");
    let filtered = listed(&tenant, &["--purpose", "--kind", "shared"]);
    assert!(!filtered.is_empty() && filtered.iter().all(|person| person["mailbox"]["kind"] == "shared"));
}

#[test]
fn many_pages_hold_everybody_once_whatever_the_pages_look_like() {
    let tenant = readable(&[
        "--synthetic-users",
        "2500",
        "--faults",
        "empty-page:ids=2,throttle-users:every=3:retry-after=none,wrong-count",
    ]);
    let people = listed(&tenant, &[]);
    assert_eq!((people.len(), ids(&people).len()), (builtin() + 2500, builtin() + 2500));
    let last = people.last().expect("people");
    assert_eq!(last["display_name"], Value::Null);
    assert_eq!(last["user_principal_name"], Value::Null);
    assert!(people.iter().any(|person| person["user_type"].is_null()));
    let order: Vec<&str> = people.iter().skip(builtin()).filter_map(|person| person["id"].as_str()).collect();
    assert!(order.is_sorted(), "the directory's order is kept over pages");
    let table = tenant.run(&["users"]).exits(0);
    assert_eq!(table.stdout.lines().count(), builtin() + 2500 + 1, "people without a name have a line too");
    let csv = tenant.run(&["users", "--csv"]).exits(0);
    assert_eq!(csv.stdout.matches('\u{feff}').count(), 1);
    assert_eq!(csv.stdout.lines().count(), builtin() + 2500 + 1);
}

#[test]
fn an_entry_that_comes_again_is_counted_once_and_said() {
    let tenant = Tenant::with_sign_in(&["--synthetic-users", "1500", "--faults", "twice"]);
    let ran = tenant.run(&["users", "--json"]).exits(0);
    assert_eq!(people(&ran).len(), builtin() + 1500);
    assert!(ran.stderr.contains("counted once: 2"), "{}", ran.stderr);
}

#[test]
fn a_listing_that_ends_early_or_goes_astray_is_never_called_whole() {
    let short = Tenant::with_sign_in(&["--synthetic-users", "1500", "--faults", "no-link:once"]);
    let ran = short.run(&["users", "--json"]).exits(0);
    assert_eq!(people(&ran).len(), 999);
    assert!(ran.stderr.contains("warning: the directory counts"), "{}", ran.stderr);
    for (fault, exit) in [("same-link:forever", 1), ("foreign-link:forever", 1)] {
        let tenant = Tenant::with_sign_in(&["--synthetic-users", "1500", "--faults", fault]);
        let ran = tenant.run(&["users", "--csv", "--out", &tenant.text("people.csv")]).exits(exit);
        assert!(ran.stderr.contains("help:"), "{}", ran.stderr);
        assert!(!tenant.path("people.csv").exists(), "{fault}: no file that looks whole");
        let left = std::fs::read_dir(tenant.path("")).expect("a folder").map(|entry| entry.expect("one").file_name());
        assert_eq!(left.collect::<Vec<_>>(), ["home"], "and no draft of one");
    }
}

#[test]
fn a_list_from_users_is_checked_as_it_is() {
    let tenant = readable(&[]);
    let file = tenant.text("custodians.csv");
    for text in ["o'hara", "Okafor", "Contractor 7"] {
        tenant.run(&["users", text, "--csv", "--out", &file, "--force"]).exits(0);
        let row = tenant.run(&["users", text, "--json"]).json();
        let checked = tenant.run(&["check", "--custodians", &file, "--json"]).json();
        assert_eq!(checked.as_array().map(Vec::len), Some(1), "{text}");
        assert_eq!(checked[0]["user_id"], row[0]["id"], "{text}");
    }
    let csv = std::fs::read_to_string(&file).expect("written");
    assert!(csv.contains("\"'=HYPERLINK("), "{csv}");
}

#[test]
fn a_file_that_is_there_is_kept_unless_it_is_to_be_replaced() {
    let tenant = Tenant::with_sign_in(&[]);
    let file = tenant.text("people.csv");
    std::fs::write(&file, "mine").expect("written");
    tenant.run(&["users", "--csv", "--out", &file]).fails(2, "is there already");
    assert_eq!(std::fs::read_to_string(&file).expect("there"), "mine");
    tenant.run(&["users", "--csv", "--out", &file, "--force"]).exits(0);
    assert_eq!(std::fs::read_to_string(&file).expect("there").lines().count(), builtin() + 1);
    let nowhere = tenant.text("no/such/people.csv");
    tenant.run(&["users", "--csv", "--out", &nowhere]).fails(1, "cannot be written");
    tenant.run(&["users", "--force"]).exits(2);
}

#[test]
fn picking_without_a_terminal_is_refused_with_what_to_do_instead() {
    let tenant = Tenant::with_sign_in(&[]);
    let file = tenant.text("custodians.csv");
    let ran = tenant.run(&["users", "--pick", "--out", &file]).fails(2, "needs a terminal");
    assert!(ran.stderr.contains("affiant users --csv --state likely > custodians.csv"), "{}", ran.stderr);
    tenant.run(&["users", "--pick"]).exits(2);
    tenant.run(&["users", "--pick", "--csv", "--out", &file]).exits(2);
    assert!(!Path::new(&file).exists());
}

/// The binary on a terminal of its own, made by `script` of util-linux; `None` where that is not there.
fn on_a_terminal(tenant: &Tenant, args: &[&str], typed: &str) -> Option<String> {
    use std::io::Write as _;
    let quoted: Vec<String> =
        std::iter::once(&AFFIANT).chain(args).map(|word| format!("'{}'", word.replace('\'', r"'\''"))).collect();
    let plain = tenant.command(args);
    let mut script = Command::new("script");
    script.args(["-qec", &quoted.join(" "), "/dev/null"]);
    for (name, value) in plain.get_envs() {
        match value {
            Some(value) => script.env(name, value),
            None => script.env_remove(name),
        };
    }
    script.env("SHELL", "/bin/sh").stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = script.spawn() else {
        eprintln!("skipped: there is no script(1) to make a terminal");
        return None;
    };
    child.stdin.take().expect("piped").write_all(typed.as_bytes()).expect("typed");
    let output = child.wait_with_output().expect("ends");
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[cfg(target_os = "linux")]
#[test]
fn custodians_are_picked_by_number_on_a_terminal_and_read_back() {
    let tenant = readable(&[]);
    let file = tenant.text("picked.csv");
    let args = ["users", "okafor", "--pick", "--out", &file];
    let Some(screen) = on_a_terminal(&tenant, &args, "9\n1\ny\n") else { return };
    assert!(screen.contains("    1  Mara Okafor") && screen.contains("the list goes from 1 to 1"), "{screen}");
    let csv = std::fs::read_to_string(&file).expect("written");
    let lines: Vec<&str> = csv.lines().collect();
    assert_eq!(lines[0], "\u{feff}custodian,user_id,display_name,address,kind,state,reason");
    assert!(lines.len() == 2 && lines[1].starts_with(MARA), "{csv}");
    tenant.run(&["check", "--custodians", &file]).exits(0);
    let Some(refused) = on_a_terminal(&tenant, &args, "1\ny\n") else { return };
    assert!(refused.contains("is there already"), "{refused}");
    for (typed, says) in [("all\nn\n", "nothing was written"), ("\n", "nothing was written")] {
        let other = tenant.text("other.csv");
        let args = ["users", "--pick", "--out", &other, "--account", PARALEGAL];
        let Some(screen) = on_a_terminal(&tenant, &args, typed) else { return };
        assert!(screen.contains(says), "{screen}");
        assert!(!Path::new(&other).exists());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_table_on_a_terminal_has_no_line_longer_than_it() {
    let tenant = readable(&[]);
    let Some(screen) = on_a_terminal(&tenant, &["users"], "") else { return };
    assert!(screen.contains('…') && !screen.contains('\u{1b}'), "{screen}");
    // A terminal that does not say how wide it is counts as 120 columns.
    assert!(screen.lines().all(|line| line.chars().count() <= 120), "{screen}");
}

#[test]
fn a_state_that_the_sign_in_cannot_see_is_said_and_not_taken_for_nobody() {
    let tenant = Tenant::with_sign_in(&[]);
    let blind = tenant.run(&["users", "--state", "disabled_account"]).exits(0);
    assert!(
        blind.stderr.contains("--state cannot tell") && blind.stderr.contains("--with directory"),
        "{}",
        blind.stderr
    );
    tenant.run(&["login", "--flow", "device-code", "--with", "directory"]).exits(0);
    let seeing = tenant.run(&["users", "--state", "disabled_account"]).exits(0);
    assert!(!seeing.stderr.contains("--state cannot tell") && seeing.stdout.lines().count() > 1, "{}", seeing.stdout);
}
