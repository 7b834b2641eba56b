//! Folders that the service's listings leave out (container class `IPF.Imap`): their mail is found and collected.

use std::path::Path;

use crate::tenant::{MARA, Tenant, rows};

const IMPORT: &str = "legacy-import@brackwater.example";
const LOOKED: &str = "select json_extract(body,'$.unlisted_check'), json_extract(body,'$.in_mailbox') - json_extract(body,'$.in_folders'),
                             json_extract(body,'$.unlisted_folder_ids')
                        from entry where kind = 'folder.listed' and json_extract(body,'$.pass') = 0";

fn imap(package: &Path) -> Vec<String> {
    let sql = "select f.path, f.included, count(i.item_id) from folder f left join item i using (folder_id)
                where f.path like '%IMAP%' group by 1, 2";
    rows(package, sql)
}

#[test]
fn mail_in_a_folder_that_no_listing_shows_is_collected_and_the_folder_named() {
    let tenant = Tenant::with_sign_in(&[]);
    let (ran, package) = tenant.collect("p", &[IMPORT]);
    assert!(matches!(ran.exit, 0 | 3), "{}", ran.stderr);
    assert_eq!(imap(&package), ["Inbox/IMAP|1|1"]);
    let folder = rows(&package, "select folder_id from folder where path = 'Inbox/IMAP'")[0].clone();
    assert_eq!(rows(&package, LOOKED), [format!("walked|1|[{folder}]")]);
    let named = "select code, severity from exception where folder_id = (select folder_id from folder where path = 'Inbox/IMAP')
                  and item_id is null and listed_id is null";
    assert_eq!(rows(&package, named), ["count_mismatch|info"]);
    tenant.run(&["verify", &tenant.text("p")]).exits(0);
}

#[test]
fn a_folder_found_so_is_in_scope_or_not_like_any_other() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, without) = tenant.collect("without", &[IMPORT, "--exclude-folder", "Inbox/IMAP"]);
    assert_eq!(imap(&without), ["Inbox/IMAP|0|0"]);
    let (_, only) = tenant.collect("only", &[IMPORT, "--folder", "Inbox/IMAP", "--include-recoverable"]);
    assert_eq!(imap(&only), ["Inbox/IMAP|1|1"]);
    tenant.run(&["verify", &tenant.text("only")]).exits(0);
}

#[test]
fn a_range_that_does_not_reach_it_costs_no_walk() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("p", &[IMPORT, "--from", "1999-01-01", "--to", "1999-12-31"]);
    assert_eq!(rows(&package, LOOKED), ["agrees|0|[]"]);
    assert!(imap(&package).is_empty());
}

#[test]
fn hidden_folders_recoverable_items_and_search_folders_are_not_mistaken_for_it() {
    let tenant = Tenant::with_sign_in(&[]);
    for (name, more) in [("all", vec![MARA]), ("recoverable", vec![MARA, "--include-recoverable"])] {
        let more = [more.as_slice(), &["--plan-only"]].concat();
        let (_, package) = tenant.collect(name, &more);
        assert_eq!(rows(&package, LOOKED), ["agrees|0|[]"], "{name}");
        assert_ne!(
            rows(&package, "select count(*) from folder where is_hidden or excluded_because = 'search_folder'"),
            ["0"]
        );
    }
    let seen = tenant.control("GET", "requests");
    let walked = |one: &&serde_json::Value| {
        let path = one["path"].as_str().unwrap_or_default();
        path.ends_with("/messages") && !path.contains("/mailFolders/")
    };
    let walks = seen["requests"].as_array().expect("requests").iter().filter(walked);
    // The test of access reads one message of the mailbox; nothing else lists it as a whole.
    assert!(walks.count() <= 2, "the mailbox was not walked");
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a folder");
    for entry in std::fs::read_dir(from).expect("a folder") {
        let entry = entry.expect("an entry");
        let (from, to) = (entry.path(), to.join(entry.file_name()));
        if from.is_dir() {
            copy(&from, &to);
        } else {
            std::fs::copy(from, to).expect("copied");
        }
    }
}

/// The built-in tenant with the mail of the unlisted folder one level deeper.
fn deeper(folder: &Path) -> String {
    let tenant = folder.join("tenant");
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tenant"), &tenant);
    let file = tenant.join("mailboxes/legacy-import/mailbox.json");
    let text = std::fs::read_to_string(&file).expect("a mailbox").replace("Inbox/IMAP\"", "Inbox/IMAP/Deep\"");
    std::fs::write(
        &file,
        text.replace(
            "\"Inbox/IMAP/Deep\", \"class\"",
            "\"Inbox/IMAP\", \"class\": \"IPF.Imap\"}, {\"path\": \"Inbox/IMAP/Deep\", \"class\"",
        ),
    )
    .expect("written");
    tenant.to_str().expect("UTF-8").to_owned()
}

#[test]
fn its_parents_are_found_with_it_even_when_no_mail_lies_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = Tenant::with_sign_in(&["--tenant", &deeper(folder.path())]);
    let (_, package) = tenant.collect("p", &[IMPORT, "--folder", "Inbox/IMAP"]);
    assert_eq!(imap(&package), ["Inbox/IMAP|1|0", "Inbox/IMAP/Deep|1|1"]);
    tenant.run(&["verify", &tenant.text("p")]).exits(0);
}

#[test]
fn where_only_some_folders_open_there_is_nothing_to_compare() {
    let tenant = Tenant::with_sign_in(&["--access", &format!("{MARA}=folders:Inbox")]);
    let (ran, package) = tenant.collect("p", &[MARA, "--plan-only"]);
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    assert_eq!(rows(&package, LOOKED), ["not_tried||[]"]);
}
