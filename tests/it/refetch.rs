//! `verify --refetch`: the service is asked again, and only a message that says something else is a difference.

use std::fs;
use std::path::Path;

use crate::tenant::{MARA, Tenant, rows};

/// The built-in tenant in a folder of its own, where its mail can be edited.
fn copy_of_the_tenant(to: &Path) {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).expect("folder");
        for entry in fs::read_dir(from).expect("a folder") {
            let path = entry.expect("an entry").path();
            let target = to.join(path.file_name().expect("a name"));
            if path.is_dir() {
                copy(&path, &target);
            } else {
                fs::copy(&path, &target).expect("copied");
            }
        }
    }
    copy(&Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tenant"), to);
}

fn edit(tenant: &Path, name: &str, old: &str, new: &str) {
    let file = tenant.join("mailboxes/mara.okafor/mail").join(name);
    let text = fs::read(&file).expect("a message");
    let at = text.windows(old.len()).position(|window| window == old.as_bytes()).expect("it is in the message");
    let edited = [&text[..at], new.as_bytes(), &text[at + old.len()..]].concat();
    fs::write(file, edited).expect("written");
}

#[test]
fn messages_are_asked_for_again_and_only_other_content_is_a_difference() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    let root = package.to_str().expect("UTF-8");
    let count: u64 = rows(&package, "select count(*) from item")[0].parse().expect("a number");
    let same = tenant.run(&["verify", root, "--refetch", "100%", "--json"]).exits(0).json();
    assert_eq!(same["verdict"], "verified");
    let said = &same["refetch"];
    assert_eq!((said["identical"].as_u64(), said["natives"].as_u64()), (Some(count), Some(count)));
    assert_eq!(said["messages"].as_array().map(Vec::len), Some(0));
    assert_eq!(said["draw"], serde_json::Value::Null, "all were asked for: at least 25 are");

    // Somebody sets the importance of one, another says something else now.
    let folder = tempfile::tempdir().expect("a folder");
    copy_of_the_tenant(folder.path());
    edit(folder.path(), "0010-kestrel-1.eml", "Subject:", "Importance: high\r\nSubject:");
    edit(folder.path(), "0012-kestrel-3.eml", "Berth is still occupied", "Berth is free");
    let later = Tenant::with_sign_in(&["--tenant", folder.path().to_str().expect("UTF-8")]);
    let said = later.run(&["verify", root, "--refetch", "100%", "--json"]).exits(6).json();
    let outcomes: Vec<_> = said["refetch"]["messages"].as_array().expect("a list").iter().collect();
    assert_eq!(outcomes.len(), 2, "{said}");
    let of = |outcome: &str| {
        outcomes.iter().find(|one| one["outcome"] == outcome).unwrap_or_else(|| panic!("{outcome}: {said}"))
    };
    assert_eq!(of("rendering_differs")["headers"], serde_json::json!(["importance"]));
    assert_eq!(of("rendering_differs")["is_body_rendered_anew"], false);
    assert!(of("content_differs")["request_id"].is_string());
    let shown = later.run(&["verify", root, "--refetch", "100%"]).exits(6).stdout;
    assert!(shown.contains("1  SAY SOMETHING ELSE NOW") && shown.contains("rendering differs  importance"), "{shown}");
}

#[test]
fn what_has_moved_is_followed_and_what_is_gone_is_a_fact() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel", "--folder", "Sent Items"]);
    let root = package.to_str().expect("UTF-8");
    let ids = rows(&package, "select graph_id from item order by 1");
    tenant.tell("mail", &serde_json::json!({ "user": MARA, "id": ids[0], "does": "delete" }));
    tenant.tell("mail", &serde_json::json!({ "user": MARA, "id": ids[1], "does": "move", "folder": "Archive" }));
    let said = tenant.run(&["verify", root, "--refetch", "100%", "--json"]).exits(0).json();
    assert_eq!((said["refetch"]["gone"].as_u64(), said["refetch"]["moved"].as_u64()), (Some(1), Some(1)), "{said}");
    assert_eq!(said["refetch"]["rendering_differs"].as_u64(), Some(0));
}

#[test]
fn asking_again_needs_a_sign_in_a_sound_package_and_a_share() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    let root = package.to_str().expect("UTF-8");
    tenant.run(&["verify", root, "--refetch", "0%"]).exits(2);
    fs::write(package.join("bagit.txt"), "other").expect("written");
    let ran = tenant.run(&["verify", root, "--refetch", "100%", "--json"]).exits(6);
    assert!(ran.json().get("refetch").is_none(), "nothing is compared with a package that is not as it was sealed");
    assert!(ran.stderr.contains("was not asked again"), "{}", ran.stderr);
    tenant.run(&["verify", root, "--draw", "7"]).exits(2);
    let (_, package) = tenant.collect("second", &[MARA, "--folder", "Inbox/Kestrel"]);
    tenant.run(&["logout"]).exits(0);
    let ran = tenant.run(&["verify", package.to_str().expect("UTF-8"), "--refetch", "1%", "--json"]).exits(4);
    assert_eq!(ran.json()["verdict"], "verified", "what the package itself came to is told all the same");
}

#[test]
fn a_message_that_cannot_be_had_again_is_no_difference_and_not_passed_over() {
    let tenant = Tenant::with_sign_in(&[]);
    let (_, package) = tenant.collect("package", &[MARA, "--folder", "Inbox/Kestrel"]);
    let root = package.to_str().expect("UTF-8");
    // One answer that is cut short is no other content.
    tenant.tell("faults", &serde_json::json!({ "faults": "short-body:once" }));
    tenant.run(&["verify", root, "--refetch", "100%"]).exits(0);
    tenant.tell("faults", &serde_json::json!({ "faults": "corrupt:forever" }));
    let said = tenant.run(&["verify", root, "--refetch", "100%", "--json"]).exits(3).json();
    assert_eq!(said["refetch"]["unreadable"], said["refetch"]["natives"], "{said}");
    assert_eq!(said["verdict"], "verified", "the package itself is sound");
}
