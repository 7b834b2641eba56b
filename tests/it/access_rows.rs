//! Proof of access, row by row: what the service was seen to answer, in each state of delegation.
//!
//! For every row the verdict of `check` is compared with what `collect` then comes to: ready means that everything
//! is collected, anything else that the run does not end as complete and that the custodian is named.

use serde_json::{Value, json};

use crate::tenant::{MARA, PARALEGAL, Ran, Tenant};

/// Four messages; the paralegal's share is the folder Inbox/Deal with two of them.
pub(crate) const TOMAS: &str = "tomas.lindqvist@brackwater.example";
const MESSAGES: u64 = 4;

/// What a row of the table comes to.
struct Row<'a> {
    /// The situation, and the answer that stands for it.
    name: String,
    custodian: &'a str,
    /// What the mailbox holds.
    messages: u64,
    /// Any of these is right.
    verdict: &'a [&'a str],
}

/// Checks and collects; the verdict must be the one expected, and must keep its word.
fn holds(tenant: &Tenant, row: &Row<'_>) -> Vec<String> {
    let Row { name, custodian, verdict, .. } = row;
    let mut wrong = Vec::new();
    let checked = tenant.run(&["check", custodian, "--json"]);
    let said = checked.json()[0].clone();
    let given = said["verdict"].as_str().unwrap_or_default().to_owned();
    if !verdict.contains(&given.as_str()) {
        wrong.push(format!("{name}: check says {given}, expected {verdict:?}"));
    }
    let ready = given == "ready";
    if checked.exit != if ready { 0 } else { 5 } {
        wrong.push(format!("{name}: {given}, but check exits with {}", checked.exit));
    }
    if ready != said["advice"].is_null() {
        wrong.push(format!("{name}: {given}, advice {}", said["advice"]));
    }
    let folder = format!("p-{}", name.replace(|c: char| !c.is_ascii_alphanumeric(), "-"));
    let (ran, _) = tenant.collect(&folder, &[custodian]);
    assert!(!ran.stderr.contains("panicked"), "{name}: {}", ran.stderr);
    wrong.extend(word_kept(row, &given, &ran));
    wrong
}

/// What a run comes to that contradicts the verdict before it.
fn word_kept(row: &Row<'_>, verdict: &str, ran: &Ran) -> Option<String> {
    let tally: Value = ran.stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let count = |what: &str| tally["totals"][what].as_u64();
    let whole = ran.exit == 0 && count("listed") == Some(row.messages) && count("collected") == Some(row.messages);
    let named = ran.stdout.contains(row.custodian) || ran.stderr.contains(row.custodian);
    let kept = if verdict == "ready" { whole } else { ran.exit != 0 && named };
    (!kept).then(|| format!("{}: {verdict}, but collect exits with {} after {}", row.name, ran.exit, tally["totals"]))
}

pub(crate) fn all_hold(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

/// Shapes that mean a missing right or may mean one.
pub(crate) const CLOSED: [&str; 8] = [
    "denied",
    "item_not_found",
    "root_not_found",
    "root_without_code",
    "folder_not_found",
    "odata_disabled",
    "token_lacks_scope",
    "token_lacks_scope_404",
];
/// Shapes that mean a mailbox which is not there.
pub(crate) const ABSENT: [&str; 7] = [
    "resource_not_found",
    "request_resource_not_found",
    "invalid_user",
    "mailbox_not_enabled_old",
    "mailbox_not_enabled_new",
    "extension_error",
    "non_existent_mailbox",
];

fn with_access(state: &str, shapes: &[&str], verdict: &[&str]) {
    let tenant = Tenant::with_sign_in(&[]);
    let mut found = Vec::new();
    for shape in shapes {
        tenant.tell("access", &json!({ "rule": format!("{TOMAS}={state},{shape}") }));
        let row = Row { name: format!("{state} {shape}"), custodian: TOMAS, messages: MESSAGES, verdict };
        found.extend(holds(&tenant, &row));
    }
    all_hold(&found);
}

#[test]
fn full_access_is_ready_however_the_mailbox_would_refuse_others() {
    with_access("full", &["denied", "item_not_found", "mailbox_not_enabled_new"], &["ready"]);
}

#[test]
fn no_rights_at_all_are_denied_in_each_of_the_shapes() {
    with_access("none", &CLOSED, &["denied"]);
}

#[test]
fn a_mailbox_that_is_not_in_the_cloud_is_no_mailbox_in_each_of_the_shapes() {
    with_access("none", &ABSENT, &["no_mailbox"]);
}

#[test]
fn a_mailbox_whose_licence_is_gone_is_no_mailbox() {
    with_access("none", &["failed_precondition"], &["no_mailbox"]);
}

#[test]
fn one_shared_folder_of_the_well_known_ones_is_partial() {
    with_access("folders:Inbox", &CLOSED, &["partial"]);
}

#[test]
fn one_shared_folder_that_nobody_can_list_is_never_ready() {
    with_access("folders:Inbox/Deal", &CLOSED, &["denied"]);
}

#[test]
fn folders_that_show_and_cannot_be_read_are_never_ready() {
    with_access("listed", &CLOSED, &["denied"]);
    with_access("listed:Inbox+Inbox/Deal", &CLOSED, &["partial"]);
}

#[test]
fn a_share_in_a_mailbox_that_says_it_is_not_there_is_never_ready() {
    with_access("folders:Inbox", &ABSENT, &["partial", "no_mailbox", "denied", "unknown"]);
    with_access("listed:Inbox", &ABSENT, &["partial", "no_mailbox", "denied", "unknown"]);
}

#[test]
fn all_folders_readable_but_the_tree_closed_is_partial() {
    let all = "folders:Inbox+Inbox/Deal+Inbox/Deal/Sub+Drafts+Sent Items+Deleted Items+Junk Email+Outbox+Archive";
    with_access(all, &CLOSED, &["partial"]);
}

#[test]
fn ones_own_mailbox_is_ready_and_refused_for_reasons_other_than_delegation() {
    let tenant = Tenant::with_sign_in(&[]);
    let mut found = holds(&tenant, &Row { name: "own".into(), custodian: PARALEGAL, messages: 3, verdict: &["ready"] });
    found.extend(holds(&tenant, &Row { name: "me".into(), custodian: "me", messages: 3, verdict: &["ready"] }));
    for (shapes, verdict) in [
        (&CLOSED[..1], &["denied"][..]),
        (&CLOSED[5..7], &["denied"]),
        // Nobody can hide one's own mailbox from oneself: not found is not there.
        (&CLOSED[1..5], &["no_mailbox"]),
        (&CLOSED[7..], &["no_mailbox"]),
        (&ABSENT[..], &["no_mailbox"]),
    ] {
        for shape in shapes {
            tenant.tell("refuse", &json!({ "rule": format!("{PARALEGAL}={shape}") }));
            let row = Row { name: format!("own {shape}"), custodian: PARALEGAL, messages: 3, verdict };
            found.extend(holds(&tenant, &row));
        }
    }
    all_hold(&found);
}

#[test]
fn people_without_a_mailbox_guests_and_strangers_are_named_for_what_they_are() {
    let tenant = Tenant::with_sign_in(&[]);
    let guest = "dora.lind_harrowvale.example#EXT#@brackwater.onmicrosoft.example";
    let greta = "greta.holm@brackwater.example";
    let mut found = Vec::new();
    for (name, custodian, messages, verdict) in [
        ("never had a mailbox", "karin.elm@brackwater.example", 0, "no_mailbox"),
        ("left, mailbox inactive", "rosa.campo@brackwater.example", 0, "no_mailbox"),
        ("on premises", "viktor.sand@brackwater.example", 0, "no_mailbox"),
        ("unlicensed, answers alternate", "nils.aker@brackwater.example", 0, "no_mailbox"),
        ("guest", guest, 0, "no_mailbox"),
        ("not in the directory", "nobody@brackwater.example", 0, "not_found"),
        ("no address at all", "kestrel", 0, "not_found"),
        ("an empty mailbox", "nina.blank@brackwater.example", 0, "ready"),
        ("not effective yet", greta, 2, "denied"),
    ] {
        found.extend(holds(&tenant, &Row { name: name.into(), custodian, messages, verdict: &[verdict] }));
    }
    tenant.tell("advance", &json!({ "seconds": 91 }));
    let row = Row { name: "effective now".into(), custodian: greta, messages: 2, verdict: &["ready"] };
    found.extend(holds(&tenant, &row));
    all_hold(&found);
}

#[test]
fn a_token_without_the_shared_scope_is_told_from_missing_delegation() {
    let withhold = |scopes: &[&str]| {
        let options: Vec<&str> = scopes.iter().flat_map(|scope| ["--withhold-scope", scope]).collect();
        Tenant::with_sign_in(&options)
    };
    let shared = withhold(&["Mail.Read.Shared"]);
    let row = |name: &str, custodian, messages, verdict| Row { name: name.into(), custodian, messages, verdict };
    all_hold(&holds(&shared, &row("another's", TOMAS, MESSAGES, &["scope_missing"])));
    all_hold(&holds(&shared, &row("own", PARALEGAL, 3, &["ready"])));
    let all = withhold(&["Mail.Read.Shared", "Mail.Read"]);
    all_hold(&holds(&all, &row("own, no scope for mail", PARALEGAL, 3, &["scope_missing"])));
}

#[test]
fn an_account_that_answers_differently_from_one_request_to_the_next_is_never_ready() {
    let tenant = Tenant::with_sign_in(&["--access", &format!("{TOMAS}=full")]);
    let mut found = Vec::new();
    for turns in [
        "alternating",
        "alternating:every=2",
        "alternating:every=3",
        "denied+item_not_found+folder_not_found",
        "granted+denied",
        "denied+granted",
        "granted+item_not_found:every=2",
        "granted+mailbox_not_enabled_new:every=3",
        "granted+resource_not_found:every=5",
    ] {
        tenant.tell("refuse", &json!({ "rule": format!("{TOMAS}={turns}") }));
        let row = Row {
            name: turns.into(),
            custodian: TOMAS,
            messages: MESSAGES,
            verdict: &["denied", "no_mailbox", "partial", "unknown"],
        };
        found.extend(holds(&tenant, &row));
    }
    all_hold(&found);
}

#[test]
fn an_account_that_answers_differently_hours_apart_gets_the_verdict_of_the_hour() {
    let tenant = Tenant::with_sign_in(&["--access", &format!("{TOMAS}=full"), "--token-lifetime-s", "900000"]);
    let hour = || tenant.tell("advance", &json!({ "seconds": 3600 }));
    let turns = "mailbox_not_enabled_new+resource_not_found+granted+denied:every=3600s:once";
    tenant.tell("refuse", &json!({ "rule": format!("{TOMAS}={turns}") }));
    let mut found = Vec::new();
    for (number, verdict) in ["no_mailbox", "no_mailbox", "ready", "denied"].into_iter().enumerate() {
        let row = Row { name: format!("hour {number}"), custodian: TOMAS, messages: MESSAGES, verdict: &[verdict] };
        found.extend(holds(&tenant, &row));
        hour();
    }
    all_hold(&found);
}

#[test]
fn a_licence_that_was_just_assigned_is_no_mailbox_for_a_quarter_of_an_hour() {
    let tenant = Tenant::with_sign_in(&["--access", &format!("{TOMAS}=full")]);
    let turns = "mailbox_not_enabled_new+granted:every=900s:once";
    tenant.tell("refuse", &json!({ "rule": format!("{TOMAS}={turns}") }));
    let row = |name: &str, verdict| Row { name: name.into(), custodian: TOMAS, messages: MESSAGES, verdict };
    let mut found = holds(&tenant, &row("at once", &["no_mailbox"]));
    tenant.tell("advance", &json!({ "seconds": 901 }));
    found.extend(holds(&tenant, &row("after 15 minutes", &["ready"])));
    all_hold(&found);
}

#[test]
fn many_custodians_at_once_each_get_their_own_verdict_and_the_ready_ones_are_collected_whole() {
    let at = |name: &str| format!("{name}@brackwater.example");
    let cases = [
        ("walter.kern", "granted", "ready", 1),
        ("petra.novak", "denied", "denied", 0),
        ("ann.lee", "item_not_found", "denied", 0),
        ("emil.ross", "granted", "ready", 2),
        ("claims", "root_not_found", "denied", 0),
        ("fiona.o'hara", "mailbox_not_enabled_old", "no_mailbox", 0),
        ("THEO.Lang", "alternating", "no_mailbox", 0),
        ("karin.elm", "non_existent_mailbox", "no_mailbox", 0),
    ];
    let tenant = Tenant::with_sign_in(&[]);
    for (name, shape, _, _) in cases {
        tenant.tell("refuse", &json!({ "rule": format!("{}={shape}", at(name)) }));
    }
    let names: Vec<String> = cases.iter().map(|(name, ..)| at(name)).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let checked = tenant.run(&[&["check", "--json"][..], &names].concat()).exits(5).json();
    let verdicts = |list: &Value, name: &str| -> Vec<String> {
        let list = list.as_array().expect("a list").iter();
        list.map(|row| format!("{} {}", row["custodian"].as_str().unwrap_or_default(), row[name])).collect()
    };
    let expected: Vec<String> =
        cases.iter().map(|(name, _, verdict, _)| format!("{} \"{verdict}\"", at(name))).collect();
    assert_eq!(verdicts(&checked, "verdict"), expected);
    let (ran, package) = tenant.collect("many", &names);
    let tally = ran.exits(3).last();
    assert_eq!(verdicts(&tally["custodians"], "verdict"), expected);
    let collected: Vec<String> = cases.iter().map(|(name, _, _, count)| format!("{} {count}", at(name))).collect();
    assert_eq!(verdicts(&tally["custodians"], "collected"), collected);
    tenant.run(&["verify", package.to_str().expect("UTF-8")]).exits(0);
}

/// Closes one folder of a mailbox with many, the rest being open, and says where ready was said and not kept.
fn with_one_folder_closed(closes: impl Fn(&str) -> bool) {
    let file = include_str!("../../fixtures/tenant/mailboxes/mara.okafor/mailbox.json");
    let file: Value = serde_json::from_str(file).expect("the fixture");
    let texts = |list: &str, name: &str| -> Vec<String> {
        let entries = file[list].as_array().expect("a list").iter();
        entries.filter_map(|entry| entry[name].as_str().map(str::to_owned)).collect()
    };
    let (paths, mut used) = (texts("folders", "path"), texts("messages", "folder"));
    used.sort();
    used.dedup();
    // A second folder of one name cannot be asked for by its path.
    used.retain(|path| !path.starts_with("Recoverable Items") && !path.ends_with("twin (2)") && closes(path));
    assert!(!used.is_empty());
    let tenant = Tenant::with_sign_in(&[]);
    let mut wrong = Vec::new();
    for closed in &used {
        let open: Vec<&str> = paths.iter().filter(|path| *path != closed).map(String::as_str).collect();
        tenant.tell("access", &json!({ "rule": format!("{MARA}=listed:{}", open.join("+")) }));
        let verdict = tenant.run(&["check", MARA, "--json"]).json()[0]["verdict"].clone();
        let (ran, _) = tenant.collect(&format!("p{}", wrong.len()), &[MARA, "--folder", closed]);
        let kept = match verdict.as_str() {
            Some("ready") => ran.exit == 0,
            Some("partial") => [3, 5].contains(&ran.exit),
            _ => false,
        };
        if !kept {
            wrong.push(format!("{closed}: {verdict}, but collecting it exits with {}", ran.exit));
        }
        let _ = std::fs::remove_dir_all(tenant.path(&format!("p{}", wrong.len())));
    }
    all_hold(&wrong);
}

#[test]
fn one_closed_folder_near_the_top_makes_a_mailbox_partial() {
    with_one_folder_closed(|path| !path.contains('/'));
}

#[test]
fn one_closed_folder_far_down_makes_a_mailbox_partial() {
    with_one_folder_closed(|path| path.contains('/'));
}
