//! `docs/verify-by-hand.md`, run as it stands by its script: sound packages and proofs pass, damaged ones do not.

use std::fs;
use std::path::Path;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use crate::damage;
use crate::handmade::{self, Shape};
use crate::stranger::{Folder, SHAPES, handed_over};
use crate::tenant::{MARA, Tenant, affiant};

/// Whether every tool of the page is there; one that is not is named.
fn tools() -> bool {
    let missing = |tool: &[&str]| {
        let ran = Command::new(tool[0]).args(&tool[1..]).output();
        !ran.is_ok_and(|ran| ran.status.success() || tool[0] == "unzip")
    };
    let tools: [&[&str]; 8] = [
        &["bash", "--version"],
        &["sha256sum", "--version"],
        &["hashdeep", "-V"],
        &["sqlite3", "--version"],
        &["openssl", "version"],
        &["unzip", "-v"],
        &["awk", "1", "/dev/null"],
        &["python3", "-c", "import bagit"],
    ];
    let lacking: Vec<_> = tools.into_iter().filter(|tool| missing(tool)).collect();
    for tool in &lacking {
        eprintln!("SKIPPED: {} is not installed", tool.join(" "));
    }
    lacking.is_empty()
}

/// Runs the script; what it said, and whether it came to its end.
fn script(args: &[&str]) -> (bool, String) {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/verify-by-hand.sh");
    let ran = Command::new("bash").arg(file).args(args).output().expect("bash runs");
    (ran.status.success(), String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned())
}

#[test]
fn the_page_accepts_what_the_binary_makes_trees_volumes_and_proofs() {
    if !tools() {
        return;
    }
    let tenant = Tenant::with_sign_in(&[]);
    for (name, more) in [("eml", &[][..]), ("zip", &["--format", "zip"])] {
        let (ran, _) = tenant.collect(name, &[&[MARA, "--folder", "Inbox/Kestrel"], more].concat());
        let key = ran.last()["seal"]["vkey"].as_str().expect("a key").to_owned();
        let (good, said) = script(&[&tenant.text(name), &key]);
        assert!(good && said.contains("Signature Verified Successfully"), "{name}: {said}");
        let (good, said) = script(&[&tenant.text(name), &handmade::vkey(handmade::SEALER)]);
        assert!(!good, "another key: {said}");
        let out = tenant.text(&format!("{name}-proofs"));
        let number = crate::tenant::rows(&tenant.path(name), "SELECT max(control_number) FROM item").remove(0);
        affiant(Path::new("/nonexistent/home"), &["prove", &tenant.text(name), &number, "--out", &out]).exits(0);
        let (good, said) = script(&["--proof", &format!("{out}/{number}")]);
        assert!(good && said.contains(&format!("{number}.eml: OK")), "{said}");
    }
    let (_, _) = tenant.collect("supplement", &["--since", &tenant.text("eml")]);
    let (good, said) = script(&[&tenant.text("supplement")]);
    assert!(good, "a package without messages: {said}");
}

/// What is done to a package, and how.
type Damage = (&'static str, fn(&Utf8Path));

#[test]
fn the_page_finds_damage_though_all_lists_are_written_anew() {
    if !tools() {
        return;
    }
    let damages: [Damage; 11] = [
        ("a native or volume is another", |root| {
            let path = damage::files(root).into_iter().find(|path| path.starts_with("data/")).expect("payload");
            fs::write(root.join(path), "Subject: other\r\n\r\n").expect("edit");
        }),
        ("a native or volume is gone", |root| {
            let path = damage::files(root).into_iter().find(|path| path.starts_with("data/")).expect("payload");
            fs::remove_file(root.join(path)).expect("removed");
        }),
        ("a file more", |root| fs::write(root.join("REPORT.html"), "x").expect("added")),
        ("a column that no line tells of", |root| {
            damage::edit_database(root, "UPDATE request SET url = '/v1.0/y' WHERE request_no = 1");
        }),
        ("a row less", |root| damage::edit_database(root, "DELETE FROM part WHERE part_id = 1")),
        ("a row and its line", |root| {
            damage::edit_database(root, "UPDATE item SET bytes = bytes + 1 WHERE item_id = 1");
        }),
        ("another view", |root| {
            damage::edit_database(
                root,
                "DROP VIEW item_vs_log; CREATE VIEW item_vs_log AS SELECT 1 AS item_id, '' AS control_number WHERE 0",
            );
        }),
        ("an older checkpoint less", |root| damage::edit_database(root, "DELETE FROM checkpoint WHERE size = 4")),
        ("the log is cut", |root| {
            let log = fs::read_to_string(root.join("affiant/log.jsonl")).expect("a log");
            let lines: Vec<&str> = log.split_inclusive('\n').collect();
            fs::write(root.join("affiant/log.jsonl"), lines[..lines.len() - 1].concat()).expect("cut");
        }),
        ("another root", |root| {
            let head = fs::read_to_string(root.join("affiant/checkpoint")).expect("a head");
            fs::write(root.join("affiant/checkpoint"), head.replacen('\n', "0\n", 1)).expect("edit");
        }),
        ("another key", |root| {
            let key = handmade::vkey("another") + "\n";
            fs::write(root.join("affiant/checkpoint.vkey"), key).expect("edit");
        }),
    ];
    for shape in SHAPES {
        let (good, said) = script(&[Folder::sealed(shape).root().as_str(), &handmade::vkey(handmade::SEALER)]);
        assert!(good, "{said}");
        for (what, damage) in damages {
            let folder = Folder::sealed(shape);
            damage(folder.root());
            damage::rewrite_manifests(folder.root());
            let (good, said) = script(&[folder.root().as_str()]);
            assert!(!good, "{what}: {said}");
        }
    }
    let (good, said) = script(&[handed_over().root().as_str()]);
    assert!(good, "sworn after the seal: {said}");
    let flipped = Folder::sealed(Shape::Eml);
    fs::write(flipped.root().join("bagit.txt"), "BagIt-Version: 1.0\n").expect("edit");
    assert!(!script(&[flipped.root().as_str()]).0, "lists that were not written anew");
}

#[test]
fn the_page_finds_a_proof_that_is_of_something_else() {
    if !tools() {
        return;
    }
    let package = Folder::sealed(Shape::Eml);
    let out = Utf8PathBuf::from(format!("{}-by-hand", package.root()));
    let args = ["prove", package.root().as_str(), "AFF-0000001", "AFF-0000002", "--out", out.as_str()];
    affiant(Path::new("/nonexistent/home"), &args).exits(0);
    let (one, two) = (out.join("AFF-0000001"), out.join("AFF-0000002"));
    let run = || script(&["--proof", one.as_str()]);
    assert!(run().0, "{}", run().1);
    for end in ["eml", "log.json", "tlog-proof"] {
        let ours = one.join(format!("AFF-0000001.{end}"));
        let kept = fs::read(&ours).expect("a file");
        fs::copy(two.join(format!("AFF-0000002.{end}")), &ours).expect("another's");
        assert!(!run().0, "{end}: {}", run().1);
        fs::write(&ours, kept).expect("put back");
    }
    fs::write(one.join("AFF-0000001.vkey"), handmade::vkey("another") + "\n").expect("edit");
    assert!(!run().0, "another key: {}", run().1);
    fs::remove_dir_all(out).expect("removed");
}

#[test]
fn the_page_has_the_commands_that_go_with_every_proof() {
    let read = |path: &str| {
        let file = format!("{}/{path}", env!("CARGO_MANIFEST_DIR"));
        fs::read_to_string(file).expect(path).replace("\r\n", "\n")
    };
    let (page, commands) = (read("docs/verify-by-hand.md"), read("src/prove/check.sh"));
    let (_, commands) = commands.split_once('\n').expect("a line with the number");
    assert!(page.contains(commands), "copy src/prove/check.sh into docs/verify-by-hand.md");
}
