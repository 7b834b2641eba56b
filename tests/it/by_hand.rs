//! The package checked without Affiant: the published script, its instructions, and other people's tools.
#![expect(clippy::print_stderr, reason = "a test that skips says so")]

use std::fs;
use std::process::Command;

use camino::{Utf8Path, Utf8PathBuf};

use super::damage::{self, Said};
use super::handmade::Shape;
use super::stranger::{Folder, SHAPES};

/// The path of `schemas/verify.py`, and whether Python is there to run it.
fn python() -> Option<Utf8PathBuf> {
    let script = Utf8PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/verify.py"));
    let there = Command::new("python3").arg("--version").output().is_ok_and(|output| output.status.success());
    if !there {
        eprintln!("SKIPPED: python3 is not installed");
    }
    there.then_some(script)
}

fn by_hand(script: &Utf8Path, root: &Utf8Path) -> (Option<i32>, String) {
    let output = Command::new("python3").arg(script).arg(root).output().expect("python3 runs");
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&text).into_owned())
}

/// How the published script ends on a package; nothing where there is no Python.
pub(crate) fn script_says(root: &Utf8Path) -> Option<i32> {
    by_hand(&python()?, root).0
}

#[test]
fn the_published_script_accepts_sound_packages_and_finds_damage() {
    let Some(script) = python() else { return };
    for shape in SHAPES {
        let folder = Folder::sealed(shape);
        let (code, text) = by_hand(&script, folder.root());
        assert_eq!(code, Some(0), "{text}");
        assert!(!folder.root().join("affiant/manifest.sqlite-shm").exists());
        for sql in [
            "UPDATE item SET sha256 = zeroblob(32) WHERE item_id = 1",
            "UPDATE entry SET body = replace(body, 'desk', 'tool') WHERE seq = 1",
            "UPDATE checkpoint SET root = zeroblob(32) WHERE size > 4",
            "UPDATE reconciliation SET listed = listed + 1, collected = collected + 1 WHERE folder_id = 1",
            "DELETE FROM exception WHERE exception_id = 2",
            "DELETE FROM item WHERE item_id = 1",
        ] {
            damage::forge(folder.root(), sql, "", &|root| {
                let (code, text) = by_hand(&script, root);
                let verdict = if code == Some(1) { "differs" } else { "accepted" };
                Said { verdict: verdict.to_owned(), text }
            });
        }
    }
}

#[test]
fn the_published_script_finds_what_happens_to_files() {
    let Some(script) = python() else { return };
    let verifier = |root: &Utf8Path| {
        let (code, text) = by_hand(&script, root);
        Said { verdict: if code == Some(1) { "differs" } else { "accepted" }.to_owned(), text }
    };
    let folder = Folder::sealed(Shape::Eml);
    damage::add_extra_files(folder.root(), &verifier);
    for path in damage::files(folder.root()) {
        damage::flip(folder.root(), &path, 3, 0x01, &verifier);
    }
}

#[test]
fn the_instructions_hold_the_script_word_for_word() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas");
    let read = |name: &str| fs::read_to_string(format!("{folder}/{name}")).expect(name).replace("\r\n", "\n");
    let (script, format) = (read("verify.py"), read("FORMAT.md"));
    assert!(format.contains(&format!("```python\n{script}```")), "copy schemas/verify.py into schemas/FORMAT.md");
}

#[test]
fn other_peoples_tools_accept_the_package() {
    let folder = Folder::sealed(Shape::Eml);
    let tools: [&[&str]; 5] = [
        &["sha256sum", "--quiet", "-c", "manifest-sha256.txt", "tagmanifest-sha256.txt"],
        &["hashdeep", "-c", "md5,sha256", "-r", "-l", "-a", "-k", "affiant/hashdeep.txt", "data"],
        &["python3", "-m", "bagit", "--validate", "--quiet", "."],
        &["bagit.py", "--validate", "--quiet", "."],
        &["sqlite3", "file:affiant/manifest.sqlite?immutable=1", "PRAGMA integrity_check"],
    ];
    for tool in tools {
        let there = match tool {
            [python, "-m", module, ..] => Command::new(python).args(["-c", &format!("import {module}")]).output(),
            ["hashdeep", ..] => Command::new("hashdeep").arg("-V").output(),
            [name, ..] => Command::new(name).arg("--version").output(),
            [] => continue,
        };
        if !there.is_ok_and(|output| output.status.success()) {
            eprintln!("SKIPPED: {} is not installed", tool.join(" "));
            continue;
        }
        let output = Command::new(tool[0]).args(&tool[1..]).current_dir(folder.root()).output().expect("it runs");
        assert!(output.status.success(), "{tool:?}: {}", String::from_utf8_lossy(&output.stderr));
    }
}
