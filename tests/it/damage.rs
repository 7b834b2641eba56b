//! A matrix of damage to a sealed package: whatever is done to it, verification finds it and names the file.
//!
//! Works on any package and with any verifier: give it a folder and a function that verifies it. Every
//! kind of damage is undone before the next, so one folder serves for all.

use std::fmt::Write as _;
use std::fs;

use affiant::terms::Md5;
use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

/// What a verifier said: its verdict, and everything it printed or listed.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) verdict: String,
    pub(crate) text: String,
}

/// A verifier: the library, or the binary.
pub(crate) type Verifier<'v> = &'v dyn Fn(&Utf8Path) -> Said;

/// Every file of a package, sorted by path, `/` between names.
pub(crate) fn files(root: &Utf8Path) -> Vec<String> {
    fn list(root: &Utf8Path, folder: &Utf8Path, files: &mut Vec<String>) {
        for entry in folder.read_dir_utf8().expect("a folder") {
            let path = entry.expect("an entry").into_path();
            if path.is_dir() {
                list(root, &path, files);
            } else {
                let inside = path.strip_prefix(root).expect("below the root");
                files.push(inside.as_str().replace('\\', "/"));
            }
        }
    }
    let mut files_ = Vec::new();
    list(root, root, &mut files_);
    files_.sort_unstable();
    files_
}

fn digest(file: &Utf8Path) -> String {
    Sha256::digest(fs::read(file).expect("a file")).iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes everything");
        text
    })
}

/// A manifest's lines for the files that are wanted.
fn lines(root: &Utf8Path, wanted: impl Fn(&str) -> bool) -> String {
    let wanted = files(root).into_iter().filter(|path| wanted(path));
    wanted.fold(String::new(), |lines, path| lines + &digest(&root.join(&path)) + "  " + &path + "\n")
}

/// Writes both manifests, bag-info and declaration anew, as someone would who hides an edit.
pub(crate) fn rewrite_manifests(root: &Utf8Path) {
    let payload: Vec<String> = files(root).into_iter().filter(|path| path.starts_with("data/")).collect();
    let bytes: u64 = payload.iter().map(|path| fs::metadata(root.join(path)).expect("a file").len()).sum();
    let info = fs::read_to_string(root.join("bag-info.txt")).unwrap_or_default();
    let kept = info.split_inclusive('\n').filter(|line| !line.starts_with("Payload-Oxum: "));
    let info = kept.collect::<String>() + &format!("Payload-Oxum: {bytes}.{}\n", payload.len());
    fs::write(root.join("bag-info.txt"), info).expect("bag-info");
    fs::write(root.join("bagit.txt"), "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n").expect("bagit");
    fs::write(root.join("manifest-sha256.txt"), lines(root, |path| path.starts_with("data/"))).expect("manifest");
    write_matching(root);
    rewrite_tag_manifest(root);
}

/// Writes the tag manifest anew.
pub(crate) fn rewrite_tag_manifest(root: &Utf8Path) {
    let tags = lines(root, |path| !path.starts_with("data/") && path != "tagmanifest-sha256.txt");
    fs::write(root.join("tagmanifest-sha256.txt"), tags).expect("tag manifest");
}

/// Writes the lists by MD5 anew.
fn write_matching(root: &Utf8Path) {
    let (mut by_md5, mut deep) = (String::new(), "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n".to_owned());
    for path in files(root).into_iter().filter(|path| path.starts_with("data/")) {
        let bytes = fs::read(root.join(&path)).expect("a file");
        let md5 = Md5::of(&bytes);
        by_md5.push_str(&format!("{md5}  {path}\n"));
        deep.push_str(&format!("{},{md5},{},{path}\n", bytes.len(), digest(&root.join(&path))));
    }
    fs::write(root.join("manifest-md5.txt"), by_md5).expect("manifest");
    // A bag that Affiant did not make has no such folder.
    if root.join("affiant").is_dir() {
        fs::write(root.join("affiant/hashdeep.txt"), deep).expect("hashdeep's list");
    }
}

/// Runs SQL on the manifest with its triggers out of the way, and puts them back.
pub(crate) fn edit_database(root: &Utf8Path, sql: &str) {
    let db = Connection::open(root.join("affiant/manifest.sqlite")).expect("database");
    let triggers: Vec<(String, String)> = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .and_then(|mut query| query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?.collect())
        .expect("triggers");
    for (name, _) in &triggers {
        db.execute_batch(&format!("DROP TRIGGER {name}")).expect("drop");
    }
    db.execute_batch("PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;").expect("pragma");
    db.execute_batch(sql).expect(sql);
    for (_, trigger) in triggers {
        // A table that the edit dropped has no triggers to put back.
        let _ = db.execute_batch(&trigger);
    }
}

/// Does something to one file, has the package verified, and puts the file back.
fn with_damaged(root: &Utf8Path, path: &str, verifier: Verifier<'_>, damage: impl FnOnce(&Utf8Path)) -> Said {
    let file = root.join(path);
    let before = fs::read(&file).expect("a file");
    damage(&file);
    let said = verifier(root);
    if file.is_dir() {
        fs::remove_dir(&file).expect("remove");
    }
    fs::write(&file, before).expect("put back");
    said
}

fn must_name(said: &Said, path: &str, what: &str) {
    assert_eq!(said.verdict, "differs", "{what}: {path}\n{}", said.text);
    assert!(said.text.contains(path), "{what}: {path} is not named in\n{}", said.text);
}

/// Flips bits of one byte.
pub(crate) fn flip(root: &Utf8Path, path: &str, at: usize, bits: u8, verifier: Verifier<'_>) {
    let said = with_damaged(root, path, verifier, |file| {
        let mut bytes = fs::read(file).expect("a file");
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= bits;
        }
        fs::write(file, bytes).expect("flip");
    });
    must_name(&said, path, &format!("byte {at} ^ {bits:#04x}"));
}

/// Every kind of damage to every single file.
pub(crate) fn damage_each_file(root: &Utf8Path, verifier: Verifier<'_>) {
    for path in files(root) {
        let length = usize::try_from(fs::metadata(root.join(&path)).expect("a file").len()).expect("small");
        for at in [0, length / 3, length / 2, length.saturating_sub(1)] {
            flip(root, &path, at, 0x01, verifier);
            flip(root, &path, at, 0x80, verifier);
        }
        let edit = |what: &str, damage: &dyn Fn(&mut Vec<u8>)| {
            let said = with_damaged(root, &path, verifier, |file| {
                let mut bytes = fs::read(file).expect("a file");
                damage(&mut bytes);
                fs::write(file, bytes).expect("damage");
            });
            must_name(&said, &path, what);
        };
        edit("one byte cut off", &|bytes| bytes.truncate(bytes.len().saturating_sub(1)));
        edit("cut in half", &|bytes| bytes.truncate(bytes.len() / 2));
        edit("emptied", &|bytes| bytes.clear());
        edit("a byte appended", &|bytes| bytes.push(b'x'));
        edit("a line feed appended", &|bytes| bytes.push(b'\n'));
        edit("a byte put in front", &|bytes| bytes.insert(0, b' '));
        edit("two neighbours swapped", &|bytes| {
            let at = (0..bytes.len() - 1).find(|at| bytes[*at] != bytes[at + 1]).expect("two that differ");
            bytes.swap(at, at + 1);
        });
        let said = with_damaged(root, &path, verifier, |file| fs::remove_file(file).expect("delete"));
        must_name(&said, &path, "deleted");
        rename(root, &path, &format!("{path}.old"), verifier);
        become_a_folder(root, &path, verifier);
    }
}

fn rename(root: &Utf8Path, path: &str, to: &str, verifier: Verifier<'_>) {
    fs::rename(root.join(path), root.join(to)).expect("rename");
    let said = verifier(root);
    fs::rename(root.join(to), root.join(path)).expect("rename back");
    must_name(&said, path, "renamed");
    // Without the list nothing can be said to be missing from it.
    if !path.ends_with("manifest-sha256.txt") {
        must_name(&said, to, "renamed");
    }
}

fn become_a_folder(root: &Utf8Path, path: &str, verifier: Verifier<'_>) {
    let said = with_damaged(root, path, verifier, |file| {
        fs::remove_file(file).expect("delete");
        fs::create_dir(file).expect("folder");
    });
    must_name(&said, path, "became a folder");
}

/// Files that belong nowhere, anywhere.
pub(crate) fn add_extra_files(root: &Utf8Path, verifier: Verifier<'_>) {
    let extra = [
        "extra.txt",
        "data/extra.eml",
        "data/NATIVES/VOL001/0001/AFF-0009999.eml",
        "affiant/manifest.sqlite-wal",
        "affiant/manifest.sqlite-journal",
        "affiant/extra/deep/file",
        "REPORT/extra.html",
        "tagmanifest-md5.txt",
        ".hidden",
    ];
    for path in extra {
        let file = root.join(path);
        let made: Vec<Utf8PathBuf> =
            file.ancestors().skip(1).take_while(|folder| !folder.exists()).map(Utf8Path::to_owned).collect();
        fs::create_dir_all(file.parent().expect("below the root")).expect("folder");
        fs::write(&file, b"x").expect("extra");
        let said = verifier(root);
        fs::remove_file(&file).expect("remove");
        for folder in made {
            fs::remove_dir(folder).expect("remove");
        }
        must_name(&said, path, "added");
    }
}

/// The contents of two files exchanged.
pub(crate) fn swap_files(root: &Utf8Path, verifier: Verifier<'_>) {
    let files = files(root);
    for pair in files.windows(2) {
        let [one, other] = pair else { continue };
        let contents = [one, other].map(|path| fs::read(root.join(path)).expect("a file"));
        if contents[0] == contents[1] {
            continue;
        }
        fs::write(root.join(one), &contents[1]).expect("swap");
        fs::write(root.join(other), &contents[0]).expect("swap");
        let said = verifier(root);
        fs::write(root.join(one), &contents[0]).expect("swap back");
        fs::write(root.join(other), &contents[1]).expect("swap back");
        must_name(&said, one, "swapped");
        must_name(&said, other, "swapped");
    }
}

/// Lines of the text files dropped, doubled and exchanged.
pub(crate) fn damage_lines(root: &Utf8Path, verifier: Verifier<'_>) {
    for path in
        ["manifest-sha256.txt", "tagmanifest-sha256.txt", "affiant/log.jsonl", "affiant/checkpoint", "bag-info.txt"]
    {
        let edit = |what: &str, damage: &dyn Fn(&mut Vec<&str>)| {
            let said = with_damaged(root, path, verifier, |file| {
                let text = fs::read_to_string(file).expect("text");
                let mut lines: Vec<&str> = text.split_inclusive('\n').collect();
                damage(&mut lines);
                let damaged = lines.concat();
                assert_ne!(damaged, text, "{what} does nothing");
                fs::write(file, damaged).expect("damage");
            });
            must_name(&said, path, what);
        };
        edit("last line cut off", &|lines| lines.truncate(lines.len() - 1));
        edit("first line cut off", &|lines| *lines = lines.split_off(1));
        edit("last line doubled", &|lines| lines.extend(lines.last().copied()));
        let lines = fs::read_to_string(root.join(path)).expect("text").lines().count();
        if lines > 1 {
            edit("lines in reverse", &|lines| lines.reverse());
        }
    }
}

/// Flips one bit of every byte of every text file, another bit at each.
pub(crate) fn flip_every_byte(root: &Utf8Path, path: &str, verifier: Verifier<'_>) {
    let length = fs::read(root.join(path)).expect("a file").len();
    // Each flip verifies the package anew; of a long file every fifth byte is one of each field and each bit.
    let all = length < 2_000 || std::env::var_os("AFFIANT_EVERY_BYTE").is_some();
    for at in (0..length).step_by(if all { 1 } else { 5 }) {
        flip(root, path, at, 1 << (at % 8), verifier);
    }
}

/// Edits the database, hides it behind fresh manifests, and expects one check to find it all the same.
pub(crate) fn forge(root: &Utf8Path, sql: &str, check: &str, verifier: Verifier<'_>) {
    let kept: Vec<(String, Vec<u8>)> = files(root)
        .into_iter()
        .filter(|path| !path.starts_with("data/"))
        .map(|path| (path.clone(), fs::read(root.join(path)).expect("a file")))
        .collect();
    edit_database(root, sql);
    rewrite_manifests(root);
    let said = verifier(root);
    for (path, bytes) in kept {
        fs::write(root.join(path), bytes).expect("put back");
    }
    assert_eq!(said.verdict, "differs", "{sql}\n{}", said.text);
    assert!(said.text.lines().any(|line| line.starts_with(check)), "{check} did not find: {sql}\n{}", said.text);
}
