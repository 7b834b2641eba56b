//! Messages named by id: only these, or all but these; what is named and not there is an exception.

use std::path::Path;

use crate::tenant::{MARA, Tenant, python_agrees, rows, sha256};

const RANGE: [&str; 6] = ["--from", "2024-01-01", "--to", "2024-03-31", "--zone", "Europe/Berlin"];
const ITEMS: &str = "select graph_id || ' ' || lower(hex(sha256)) from item order by 1";
const ABSENT: &str = "AAMkAGZvbGRlciBvZiBub2JvZHk=";

fn write(tenant: &Tenant, name: &str, text: &str) -> String {
    std::fs::write(tenant.path(name), text).expect("a list");
    tenant.text(name)
}

fn collect(tenant: &Tenant, name: &str, more: &[&str]) -> (serde_json::Value, std::path::PathBuf) {
    let (ran, package) = tenant.collect(name, &[&[MARA], RANGE.as_slice(), more].concat());
    assert!(matches!(ran.exit, 0 | 3), "{}", ran.stderr);
    (ran.last(), package)
}

fn number(package: &Path, sql: &str) -> u64 {
    rows(package, sql)[0].parse().expect("a number")
}

/// Two ids of the service, one Message-ID that one message has, and how many messages there are.
fn known(whole: &Path) -> (Vec<String>, String) {
    let ids = rows(whole, "select graph_id from listed order by listed_id limit 2");
    let message_id = "select internet_message_id from listed where internet_message_id like '<%@%>'
                       and listed_id > 2 group by 1 having count(*) = 1 order by min(listed_id) limit 1";
    (ids, rows(whole, message_id)[0].clone())
}

#[test]
fn only_the_named_messages_are_collected_and_every_other_one_is_counted() {
    let tenant = Tenant::with_sign_in(&[]);
    let (all, whole) = collect(&tenant, "whole", &[]);
    let (ids, message_id) = known(&whole);
    let text = format!(
        "# asked for by the other side\r\n{}\r\n{}\r\n{ABSENT}\r\n{message_id}\r\n<absent@nowhere.example>\r\n",
        ids[0], ids[1]
    );
    let list = write(&tenant, "ids.txt", &text);
    let (result, package) = collect(&tenant, "only", &["--only-ids", &list]);
    assert_eq!((result["exit_code"].as_u64(), result["totals"]["listed"].as_u64()), (Some(3), Some(3)), "{result}");
    let listed = all["totals"]["listed"].as_u64().expect("a count");
    assert_eq!(result["not_chosen"].as_u64(), Some(listed - 3));

    // The same bytes as without a list.
    let named = format!(
        "select graph_id || ' ' || lower(hex(sha256)) from item where graph_id in ('{}','{}') or item_id =
        (select listed_id from listed where internet_message_id = '{message_id}') order by 1",
        ids[0], ids[1]
    );
    assert_eq!(rows(&package, ITEMS), rows(&whole, &named));

    // What was asked for and is not there, by line: the log tells nobody's Message-ID.
    let missing =
        "select code, severity, detail, graph_id from exception where severity = 'item_missing' order by detail";
    assert_eq!(
        rows(&package, missing),
        [
            format!("other|item_missing|asked for by id and not found in scope: line 4 of affiant/chosen-ids|{ABSENT}"),
            "other|item_missing|asked for by id and not found in scope: line 6 of affiant/chosen-ids|".to_owned(),
        ]
    );
    let log = std::fs::read_to_string(package.join("affiant/log.jsonl")).expect("the log");
    assert!(!log.contains("absent@nowhere.example") && !log.contains(message_id.trim_matches(['<', '>'])));

    // The list is in the package, and the first log line swears to it.
    let kept = std::fs::read(package.join("affiant/chosen-ids")).expect("the list");
    assert_eq!(kept, text.as_bytes());
    let chosen = "select json_extract(body,'$.scope.chosen.way'), json_extract(body,'$.scope.chosen.sha256'),
                         json_extract(body,'$.scope.chosen.entries') from entry where seq = 0";
    assert_eq!(rows(&package, chosen), [format!("only|{}|5", sha256(&kept))]);
    let open = "select count(*) from entry where kind = 'folder.reconciled'
                 and json_extract(body,'$.expected') <> json_extract(body,'$.listed') + json_extract(body,'$.not_chosen')";
    assert_eq!(number(&package, open), 0, "the balance names what was not chosen");
    tenant.run(&["verify", &tenant.text("only")]).exits(0);
    python_agrees(&package, true);

    // Another list than the sworn one is noticed, even where the tag manifest was made anew.
    std::fs::write(package.join("affiant/chosen-ids"), ABSENT).expect("written");
    let report = tenant.run(&["verify", "--json", &tenant.text("only")]).exits(6);
    assert!(report.stdout.contains("in the first log entry"), "{}", report.stdout);
    python_agrees(&package, false);
}

#[test]
fn skipping_what_was_chosen_gives_the_rest() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, whole) = collect(&tenant, "whole", &[]);
    let (ids, message_id) = known(&whole);
    let list =
        write(&tenant, "ids.csv", &format!("Message ID;Subject\n{};x\n{};\"y\nz\"\n{message_id};\n", ids[0], ids[1]));
    let (_, only) = collect(&tenant, "only", &["--only-ids", &list]);
    let (result, rest) = collect(&tenant, "rest", &["--skip-ids", &list]);
    assert_eq!(result["not_chosen"].as_u64(), Some(3));
    let mut both = [rows(&only, ITEMS), rows(&rest, ITEMS)].concat();
    both.sort();
    assert_eq!(both, rows(&whole, ITEMS));
    tenant.run(&["verify", &tenant.text("rest")]).exits(0);
}

#[test]
fn a_resumed_run_goes_by_the_list_it_was_started_with() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, whole) = collect(&tenant, "whole", &[]);
    let (ids, _) = known(&whole);
    let list = write(&tenant, "ids.txt", &ids[0]);
    let (_, package) = tenant.collect("cut", &[MARA, "--only-ids", &list, "--plan-only"]);
    std::fs::write(&list, ABSENT).expect("changed outside");
    tenant.run(&["resume", &tenant.text("cut")]).exits(0);
    assert_eq!(rows(&package, "select graph_id from item"), [ids[0].clone()]);
    tenant.run(&["verify", &tenant.text("cut")]).exits(0);

    let (_, other) =
        tenant.collect("other", &[MARA, "--only-ids", &write(&tenant, "more.txt", &ids[1]), "--plan-only"]);
    std::fs::write(other.join("affiant/chosen-ids"), ABSENT).expect("changed inside");
    tenant.run(&["resume", &tenant.text("other")]).fails(1, "the list of ids in the package is not the one");
}

#[test]
fn a_list_that_cannot_be_used_is_refused_before_anything_is_written() {
    let tenant = Tenant::with_sign_in(&[]);
    let (out, empty) = (tenant.text("p"), write(&tenant, "empty.txt", "# nothing\n"));
    let collect = |more: &[&str]| tenant.run(&[&["collect", MARA, "--out", &out, "--yes"], more].concat());
    collect(&["--only-ids", &empty]).fails(2, "holds no id");
    collect(&["--skip-ids", &tenant.text("absent")]).fails(2, "cannot be read");
    assert_eq!(collect(&["--only-ids", &empty, "--skip-ids", &empty]).exit, 2);
    assert!(!tenant.path("p").exists());
}
