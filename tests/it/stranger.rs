//! `verify` against packages written by hand: sound ones pass, and every damage is found and named.

use std::fmt::Write as _;
use std::fs;

use affiant::verify::{Asked, Key, Report, Slice, Verdict, verify};
use camino::Utf8Path;
use proptest::prelude::*;
use serde_json::json;

use super::damage::{self, Said};
use super::handmade::{self, Shape};

const NATIVE: &str = "data/NATIVES/VOL001/0001/AFF-0000001.eml";
pub(crate) const SHAPES: [Shape; 2] = [Shape::Eml, Shape::Zip];

/// A temporary folder that is gone at the end.
pub(crate) struct Folder(tempfile::TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary folder"))
    }

    pub(crate) fn root(&self) -> &Utf8Path {
        Utf8Path::from_path(self.0.path()).expect("temporary folders are UTF-8 here")
    }

    pub(crate) fn sealed(shape: Shape) -> Self {
        let folder = Self::new();
        handmade::sealed(folder.root(), shape);
        folder
    }
}

fn report(root: &Utf8Path) -> Report {
    verify(root, &Asked::default(), &mut |_, _| {})
}

fn library(root: &Utf8Path) -> Said {
    let report = report(root);
    let text = report.findings().fold(String::new(), |mut text, (check, finding)| {
        writeln!(text, "{check} {} {} {}", finding.class, finding.path, finding.detail).expect("a string");
        text
    });
    Said { verdict: report.verdict.to_string(), text }
}

#[test]
fn a_sound_package_verifies_and_nothing_appears_beside_its_database() {
    for shape in SHAPES {
        let folder = Folder::sealed(shape);
        let before = damage::files(folder.root());
        let mut last = (0, 0);
        let report = verify(folder.root(), &Asked::default(), &mut |done, total| last = (done, total));
        assert_eq!(report.verdict, Verdict::Verified, "{:#?}", report.checks);
        assert_eq!(report.items, 4);
        assert!(report.checks.iter().all(|check| check.ok));
        assert_eq!(damage::files(folder.root()), before);
        assert!(last.0 > 0 && last.0 <= last.1, "{last:?}");
    }
}

#[test]
fn a_read_only_package_verifies() {
    let folder = Folder::sealed(Shape::Eml);
    for path in damage::files(folder.root()) {
        let file = folder.root().join(path);
        let mut permissions = fs::metadata(&file).expect("a file").permissions();
        permissions.set_readonly(true);
        fs::set_permissions(&file, permissions).expect("permissions");
    }
    assert_eq!(report(folder.root()).verdict, Verdict::Verified);
}

#[test]
fn damage_to_any_file_is_found_and_the_file_is_named() {
    for shape in SHAPES {
        let folder = Folder::sealed(shape);
        damage::damage_each_file(folder.root(), &library);
        assert_eq!(report(folder.root()).verdict, Verdict::Verified, "the matrix puts everything back");
    }
}

#[test]
fn a_file_added_anywhere_is_found() {
    for shape in SHAPES {
        damage::add_extra_files(Folder::sealed(shape).root(), &library);
    }
}

#[test]
fn exchanged_files_and_lines_are_found() {
    for shape in SHAPES {
        let folder = Folder::sealed(shape);
        damage::swap_files(folder.root(), &library);
        damage::damage_lines(folder.root(), &library);
    }
}

#[test]
fn any_single_flipped_byte_of_a_manifest_is_found_and_the_file_is_named() {
    let folder = Folder::sealed(Shape::Eml);
    for path in ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"] {
        damage::flip_every_byte(folder.root(), path, &library);
    }
}

#[test]
fn any_single_flipped_byte_of_the_log_and_the_checkpoint_is_found() {
    let folder = Folder::sealed(Shape::Zip);
    for path in ["affiant/checkpoint", "affiant/checkpoint.vkey", "affiant/log.jsonl"] {
        damage::flip_every_byte(folder.root(), path, &library);
    }
}

#[test]
fn any_edit_to_the_record_is_found_though_all_manifests_are_rewritten() {
    let entry = |seq: u32, from: &str, to: &str| {
        format!("UPDATE entry SET body = replace(body, '{from}', '{to}') WHERE seq = {seq}")
    };
    let forgeries: Vec<(String, &str)> = [
        ("UPDATE item SET sha256 = zeroblob(32) WHERE item_id = 1", "items"),
        ("UPDATE item SET bytes = bytes + 1 WHERE item_id = 1", "items"),
        ("UPDATE item SET path = 'data/NATIVES/VOL001/0001/AFF-0000009.eml' WHERE item_id = 1", "items"),
        ("UPDATE item SET graph_id = 'other' WHERE item_id = 1", "items"),
        ("UPDATE item SET change_key = NULL WHERE item_id = 1", "items"),
        ("UPDATE item SET mih = NULL WHERE item_id = 1", "items"),
        ("UPDATE item SET mih = zeroblob(16) WHERE item_id = 4", "items"),
        ("UPDATE item SET content_id = zeroblob(32) WHERE item_id = 1", "families"),
        ("UPDATE item SET source_kind = 'mime_value' WHERE item_id = 5", "balance"),
        ("UPDATE item SET control_number = 'AFF-0000009' WHERE item_id = 1", "balance"),
        ("UPDATE item SET folder_id = 2 WHERE item_id = 1", "balance"),
        ("UPDATE item SET entry_seq = 0 WHERE item_id = 1", "items"),
        ("UPDATE item SET entry_seq = 999 WHERE item_id = 1", "items"),
        ("UPDATE item SET header_date = NULL WHERE item_id = 1", "families"),
        ("UPDATE item SET received_utc = '2024-04-01T00:00:00.000Z' WHERE item_id = 1", "dates"),
        ("UPDATE item SET received_utc = NULL WHERE item_id = 1", "dates"),
        ("UPDATE item SET received_utc = 'March' WHERE item_id = 1", "dates"),
        ("DELETE FROM item WHERE item_id = 1", "items"),
        ("UPDATE part SET sha256 = NULL WHERE part_id = 1", "families"),
        ("UPDATE part SET sha256 = zeroblob(32) WHERE part_id = 1", "families"),
        ("UPDATE part SET bytes = bytes + 1 WHERE part_id = 1", "families"),
        ("UPDATE part SET role = 'inline' WHERE part_id = 1", "families"),
        ("UPDATE part SET name = 'other' WHERE part_id = 1", "families"),
        ("DELETE FROM part WHERE part_id = 1", "families"),
        ("INSERT INTO part SELECT 99, item_id, NULL, 99, '99', role, NULL, NULL, NULL, NULL, NULL, NULL FROM part LIMIT 1", "families"),
        ("UPDATE reconciliation SET listed = listed + 1, collected = collected + 1 WHERE folder_id = 1", "balance"),
        ("UPDATE reconciliation SET excepted = excepted + 1 WHERE folder_id = 1", "balance"),
        ("UPDATE reconciliation SET rebuilt = 0", "balance"),
        ("UPDATE reconciliation SET vanished = 0", "balance"),
        ("UPDATE reconciliation SET expected = 99", "balance"),
        ("UPDATE reconciliation SET mailbox_id = 2", "balance"),
        ("DELETE FROM reconciliation WHERE folder_id = 2", "balance"),
        ("DELETE FROM exception WHERE exception_id = 2", "balance"),
        ("UPDATE exception SET code = 'gone' WHERE exception_id = 2", "balance"),
        ("UPDATE exception SET severity = 'info' WHERE exception_id = 2", "balance"),
        ("UPDATE exception SET listed_id = NULL WHERE exception_id = 2", "balance"),
        ("UPDATE exception SET listed_id = 1 WHERE exception_id = 2", "balance"),
        ("INSERT INTO exception SELECT 9, 1, 1, NULL, 1, NULL, code, 'item_missing', '', 1, entry_seq FROM exception WHERE exception_id = 2", "balance"),
        ("DELETE FROM listed WHERE listed_id = 6", "balance"),
        ("INSERT INTO listed SELECT 7, 1, 1, 'm7', NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, NULL, 2, 4", "balance"),
        ("UPDATE listed SET graph_id = 'other' WHERE listed_id = 1", "balance"),
        ("UPDATE listed SET folder_id = 2 WHERE listed_id = 3", "balance"),
        ("DELETE FROM folder WHERE folder_id = 2", "database"),
        ("DELETE FROM custodian", "database"),
        ("UPDATE mailbox SET access_basis = 'self'", "log"),
        ("UPDATE meta SET value = 'other' WHERE key = 'acquisition_id'", "database"),
        ("UPDATE meta SET value = 'other' WHERE key = 'origin'", "database"),
        ("UPDATE meta SET value = '2' WHERE key = 'format'", "database"),
        ("UPDATE meta SET value = 'other' WHERE key = 'note_vkey'", "database"),
        ("DELETE FROM meta", "database"),
        ("PRAGMA application_id = 1", "database"),
        ("PRAGMA user_version = 0", "database"),
        ("DROP INDEX item_mih", "database"),
        ("DROP VIEW item_vs_log; CREATE VIEW item_vs_log AS SELECT 1 AS item_id, '' AS control_number WHERE 0", "database"),
        ("CREATE TABLE note (text TEXT)", "database"),
        ("DELETE FROM entry WHERE seq = (SELECT max(seq) FROM entry)", "log"),
        ("DELETE FROM entry WHERE seq = 2", "log"),
        ("DELETE FROM entry", "log"),
        ("UPDATE entry SET leaf = zeroblob(32) WHERE seq = 2", "checkpoint"),
        ("UPDATE checkpoint SET root = zeroblob(32) WHERE size = 4", "checkpoint"),
        ("UPDATE checkpoint SET note = 'x' WHERE size = 4", "checkpoint"),
        ("UPDATE checkpoint SET size = 5 WHERE size = 4", "checkpoint"),
        ("UPDATE checkpoint SET size = 5000 WHERE size > 4", "checkpoint"),
        ("UPDATE checkpoint SET tsr = x'30' WHERE size = 4", "checkpoint"),
        ("UPDATE checkpoint SET note = replace(note, '—', '-') WHERE size = 4", "checkpoint"),
        ("UPDATE checkpoint SET note = substr(note, 1, length(note) - 8) || 'AAAAAA=' || char(10) WHERE size = 4", "signature"),
        ("DELETE FROM checkpoint", "checkpoint"),
        ("UPDATE request SET method = 'POST' WHERE purpose = 'list'", "requests"),
        ("UPDATE request SET method = 'DELETE' WHERE purpose = 'token'", "requests"),
        ("DROP TABLE part", "database"),
        ("DROP TABLE entry", "log"),
    ]
    .into_iter()
    .map(|(sql, check)| (sql.to_owned(), check))
    .chain([
        (entry(2, "o-1", "o-2"), "log"),
        (entry(2, ":1", ": 1"), "log"),
        (entry(5, "item.collected", "item.excepted"), "items"),
    ])
    .collect();
    let folder = Folder::sealed(Shape::Eml);
    for (sql, check) in forgeries {
        damage::forge(folder.root(), &sql, check, &library);
    }
    assert_eq!(report(folder.root()).verdict, Verdict::Verified, "the forger puts everything back");
}

#[test]
fn any_edit_to_a_volume_is_found_though_all_manifests_are_rewritten() {
    let folder = Folder::sealed(Shape::Zip);
    for (sql, check) in [
        ("UPDATE volume SET members = 3", "items"),
        ("UPDATE volume SET sha256 = zeroblob(32)", "items"),
        ("UPDATE volume SET bytes = 1", "items"),
        ("UPDATE volume SET name = 'VOL002.zip'", "items"),
        ("DELETE FROM volume", "items"),
        ("UPDATE item SET path = 'data/VOL001.zip/other' WHERE item_id = 1", "items"),
        ("UPDATE item SET sha256 = zeroblob(32) WHERE item_id = 1", "items"),
        ("UPDATE item SET md5 = zeroblob(16) WHERE item_id = 1", "items"),
        ("UPDATE item SET sha1 = NULL WHERE item_id = 1", "items"),
        ("DELETE FROM item WHERE item_id = 5", "items"),
        ("UPDATE part SET sha256 = zeroblob(32) WHERE part_id = 1", "families"),
    ] {
        damage::forge(folder.root(), sql, check, &library);
    }
}

#[test]
fn a_column_set_to_null_in_the_log_and_its_row_alike_still_breaks_the_root() {
    let folder = Folder::sealed(Shape::Eml);
    let sql = "UPDATE item SET mih = NULL WHERE item_id = 1;
               UPDATE entry SET body = json_set(body, '$.mih', NULL) WHERE seq = (SELECT entry_seq FROM item WHERE item_id = 1)";
    damage::forge(folder.root(), sql, "checkpoint", &library);
}

/// Runs an edit of payload or log files, rewrites every manifest, and returns what was said.
fn rewritten(shape: Shape, edit: impl FnOnce(&Utf8Path)) -> Said {
    let folder = Folder::sealed(shape);
    edit(folder.root());
    damage::rewrite_manifests(folder.root());
    library(folder.root())
}

#[test]
fn natives_that_were_edited_removed_or_added_are_found_though_all_manifests_are_rewritten() {
    type Edit = fn(&Utf8Path);
    let cases: [(&str, Edit); 5] = [
        (NATIVE, |root| fs::write(root.join(NATIVE), b"Subject: other\r\n\r\n").expect("edit")),
        (NATIVE, |root| fs::remove_file(root.join(NATIVE)).expect("remove")),
        (NATIVE, |root| fs::rename(root.join(NATIVE), root.join("data/other.eml")).expect("rename")),
        ("data/NATIVES/x.eml", |root| fs::write(root.join("data/NATIVES/x.eml"), b"x").expect("add")),
        ("affiant/checkpoint", |root| fs::write(root.join("affiant/checkpoint"), b"x\n1\nx\n").expect("edit")),
    ];
    for (path, edit) in cases {
        let said = rewritten(Shape::Eml, edit);
        assert_eq!(said.verdict, "differs");
        assert!(said.text.contains(path), "{path}: {}", said.text);
    }
}

#[test]
fn a_log_forged_in_file_and_database_alike_has_another_root() {
    let said = rewritten(Shape::Eml, |root| {
        let log = fs::read_to_string(root.join("affiant/log.jsonl")).expect("log");
        fs::write(root.join("affiant/log.jsonl"), log.replace("\"host\":\"desk\"", "\"host\":\"other\"")).expect("log");
        let line = log.lines().nth(1).expect("a second line").replace("\"host\":\"desk\"", "\"host\":\"other\"");
        let leaf = handmade::leaf_of(&line).iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a string");
            text
        });
        damage::edit_database(root, &format!("UPDATE entry SET body = '{line}', leaf = x'{leaf}' WHERE seq = 1"));
    });
    assert_eq!(said.verdict, "differs");
    assert!(said.text.lines().all(|line| line.starts_with("checkpoint ")), "{}", said.text);
    assert!(said.text.contains("affiant/checkpoint"), "{}", said.text);
}

/// Changes one list for matching by hand and lists it anew in the tag manifest.
fn relisted(path: &str, from: &str, to: &str) -> Said {
    let folder = Folder::sealed(Shape::Eml);
    let file = folder.root().join(path);
    let text = fs::read_to_string(&file).expect("a list");
    assert!(text.contains(from), "{path} has no {from}");
    fs::write(&file, text.replacen(from, to, 1)).expect("edit");
    damage::rewrite_tag_manifest(folder.root());
    library(folder.root())
}

#[test]
fn a_list_for_matching_that_does_not_say_what_the_payload_is_is_found() {
    let first = |path: &str, field: usize| {
        let text = fs::read_to_string(Folder::sealed(Shape::Eml).root().join(path)).expect("a list");
        let line = text.lines().find(|line| line.contains(NATIVE)).expect("the native is listed").to_owned();
        line.split([',', ' ']).nth(field).expect("a field").to_owned()
    };
    for (path, field) in
        [("manifest-md5.txt", 0), ("affiant/hashdeep.txt", 0), ("affiant/hashdeep.txt", 1), ("affiant/hashdeep.txt", 2)]
    {
        let stated = first(path, field);
        let other: String = stated.chars().map(|c| if c == '1' { '2' } else { '1' }).collect();
        let said = relisted(path, &stated, &other);
        assert_eq!(said.verdict, "differs", "{path} {field}");
        assert!(said.text.contains(path), "{path} {field}: {}", said.text);
    }
    for path in ["manifest-md5.txt", "affiant/hashdeep.txt"] {
        assert_eq!(relisted(path, NATIVE, "data/NATIVES/VOL001/0001/AFF-0000009.eml").verdict, "differs", "{path}");
    }
}

/// A package that was handed over and noted upon, by two keys.
pub(crate) fn handed_over() -> Folder {
    let folder = Folder::sealed(Shape::Eml);
    let transfer = json!({ "from": "A", "to": "B", "medium": "disk", "sha256": "00" });
    handmade::swear_after(folder.root(), 1, handmade::SEALER, &[("custody.transferred", transfer)]);
    let noted = ("custody.noted", json!({ "text": "arrived" }));
    let disposed = ("disposed", json!({ "what": "the working copy" }));
    handmade::swear_after(folder.root(), 2, "the other side", &[noted, disposed]);
    folder
}

#[test]
fn what_is_sworn_after_the_seal_is_read_with_whose_key_it_is() {
    let folder = handed_over();
    let report = report(folder.root());
    assert_eq!(report.verdict, Verdict::Verified, "{:#?}", report.checks);
    let told: Vec<_> = report.custody.iter().map(|event| (event.kind.as_str(), event.vkey.clone())).collect();
    let (ours, theirs) = (handmade::vkey(handmade::SEALER), handmade::vkey("the other side"));
    let expected =
        [("custody.transferred", ours.clone()), ("custody.noted", theirs.clone()), ("disposed", theirs.clone())];
    assert_eq!(told, expected);
    assert_eq!(report.custody[0].facts["medium"], "disk");
    let head = report.head.expect("a log");
    assert_eq!((head.vkey, head.is_key_given), (ours.clone(), None));
    for (key, verdict) in [(ours, Verdict::Verified), (theirs, Verdict::Differs)] {
        let asked = Asked { key: Some(Key::parse(&key).expect("a key")), ..Asked::default() };
        assert_eq!(verify(folder.root(), &asked, &mut |_, _| {}).verdict, verdict, "{key}");
    }
}

#[test]
fn a_segment_after_the_seal_cannot_be_changed_cut_dropped_or_added_to() {
    let must_differ = |what: &str, damage: &dyn Fn(&Utf8Path)| {
        let folder = handed_over();
        damage(&folder.root().join("affiant/custody"));
        damage::rewrite_manifests(folder.root());
        assert_eq!(library(folder.root()).verdict, "differs", "{what}");
        by_hand_refuses(folder.root(), what);
    };
    let (theirs, third) = (handmade::vkey("the other side"), handmade::vkey("a third"));
    for (from, to) in [("arrived", "got lost"), ("custody.noted", "item.excepted"), (&theirs, &third)] {
        must_differ(from, &|custody| {
            let file = custody.join("000002.jsonl");
            let text = fs::read_to_string(&file).expect("a segment");
            fs::write(file, text.replace(from, to)).expect("edit");
        });
    }
    must_differ("last line cut", &|custody| {
        let file = custody.join("000002.jsonl");
        let text = fs::read_to_string(&file).expect("a segment");
        let lines: Vec<&str> = text.split_inclusive('\n').collect();
        fs::write(file, lines[..lines.len() - 1].concat()).expect("edit");
    });
    must_differ("an older checkpoint", &|custody| {
        fs::copy(custody.join("000001.checkpoint"), custody.join("000002.checkpoint")).expect("copied");
    });
    for dropped in [&["000001.jsonl", "000001.checkpoint"][..], &["000002.checkpoint"], &["000002.jsonl"]] {
        must_differ(dropped[0], &|custody| {
            for name in dropped {
                fs::remove_file(custody.join(name)).expect("removed");
            }
        });
    }
    must_differ("a stranger beside", &|custody| fs::write(custody.join("note.txt"), "x").expect("written"));
}

fn by_hand_refuses(root: &Utf8Path, what: &str) {
    if let Some(code) = super::by_hand::script_says(root) {
        assert_eq!(code, 1, "{what}");
    }
}

#[test]
fn the_published_script_reads_what_is_sworn_after_the_seal() {
    if let Some(code) = super::by_hand::script_says(handed_over().root()) {
        assert_eq!(code, 0);
    }
}

#[test]
fn a_part_and_a_sample_read_less_and_all_parts_find_what_a_whole_check_finds() {
    for shape in SHAPES {
        let folder = Folder::sealed(shape);
        let whole = report(folder.root());
        assert_eq!((whole.items, whole.natives), (4, 4));
        let read = |slice| verify(folder.root(), &Asked { slice, ..Asked::default() }, &mut |_, _| {});
        let parts: Vec<_> = (1..=3).map(|number| read(Slice::Part { number, of: 3 })).collect();
        assert!(parts.iter().all(|part| part.verdict == Verdict::Verified && part.items == 4 && part.natives < 4));
        assert_eq!(parts.iter().map(|part| part.natives).sum::<u64>(), 4);
        assert_eq!(read(Slice::Sample { share: 10_000, draw: 1 }).natives, 4);
    }
    let folder = Folder::sealed(Shape::Eml);
    let file = folder.root().join(NATIVE);
    let native = fs::read(&file).expect("a native");
    fs::write(&file, [&native[..native.len() - 1], b"?"].concat()).expect("edit");
    let finders = (1..=3).filter(|number| {
        let asked = Asked { slice: Slice::Part { number: *number, of: 3 }, ..Asked::default() };
        verify(folder.root(), &asked, &mut |_, _| {}).verdict == Verdict::Differs
    });
    assert_eq!(finders.count(), 1, "one of three parts holds it");
}

#[test]
fn a_volume_that_is_no_archive_or_lacks_a_member_is_found() {
    let volume = "data/VOL001.zip";
    let garbage = rewritten(Shape::Zip, |root| fs::write(root.join(volume), b"PK\x05\x06 no archive").expect("edit"));
    assert!(garbage.text.contains(&format!("items unreadable {volume}")), "{}", garbage.text);
    let emptied = rewritten(Shape::Zip, |root| {
        let mut archive = zip::ZipWriter::new(fs::File::create(root.join(volume)).expect("volume"));
        let options = zip::write::SimpleFileOptions::default();
        archive.start_file("../../up.eml", options).expect("member");
        archive.finish().expect("volume");
    });
    assert!(emptied.text.contains("items extra data/VOL001.zip/../../up.eml"), "{}", emptied.text);
    assert!(
        emptied.text.contains("items missing data/VOL001.zip/NATIVES/VOL001/0001/AFF-0000001.eml"),
        "{}",
        emptied.text
    );
}

#[cfg(unix)]
#[test]
fn a_link_in_place_of_a_file_is_found_though_it_leads_to_the_same_bytes() {
    let folder = Folder::sealed(Shape::Eml);
    let elsewhere = Folder::new();
    let native = folder.root().join("data/NATIVES/VOL001/0001/AFF-0000001.eml");
    let target = elsewhere.root().join("x");
    fs::rename(&native, &target).expect("move");
    std::os::unix::fs::symlink(&target, &native).expect("link");
    let said = library(folder.root());
    assert!(
        said.text.contains("payload_manifest unreadable data/NATIVES/VOL001/0001/AFF-0000001.eml"),
        "{}",
        said.text
    );
}

#[test]
fn an_unfinished_acquisition_is_to_be_resumed_and_not_a_difference() {
    let folder = Folder::new();
    handmade::unsealed(folder.root(), Shape::Eml);
    let said = library(folder.root());
    assert_eq!(said.verdict, "unsealed");
    assert!(said.text.contains("affiant resume"), "{}", said.text);
}

#[test]
fn an_acquisition_whose_seal_was_interrupted_is_to_be_resumed() {
    let folder = Folder::sealed(Shape::Eml);
    fs::remove_file(folder.root().join("tagmanifest-sha256.txt")).expect("remove");
    fs::write(folder.root().join("affiant/lock"), b"").expect("lock");
    assert_eq!(library(folder.root()).verdict, "unsealed");
}

#[test]
fn a_sealed_package_without_its_tag_manifest_differs() {
    let folder = Folder::sealed(Shape::Eml);
    fs::remove_file(folder.root().join("tagmanifest-sha256.txt")).expect("remove");
    let said = library(folder.root());
    assert_eq!(said.verdict, "differs");
    assert!(said.text.contains("structure missing tagmanifest-sha256.txt"), "{}", said.text);
}

#[test]
fn a_folder_that_is_no_package_is_not_called_different() {
    let folder = Folder::new();
    assert_eq!(library(folder.root()).verdict, "unreadable");
    assert_eq!(library(&folder.root().join("none")).verdict, "unreadable");
    fs::write(folder.root().join("letter.txt"), b"x").expect("write");
    assert_eq!(library(folder.root()).verdict, "unreadable");
    fs::create_dir(folder.root().join("data")).expect("folder");
    damage::rewrite_manifests(folder.root());
    let said = library(folder.root());
    assert_eq!(said.verdict, "unreadable");
    assert!(said.text.contains("not one that Affiant made"), "{}", said.text);
}

#[test]
fn a_package_of_a_newer_format_could_not_be_checked_but_a_flipped_byte_is_not_a_newer_format() {
    let folder = Folder::sealed(Shape::Eml);
    damage::edit_database(folder.root(), "PRAGMA user_version = 2");
    assert_eq!(library(folder.root()).verdict, "differs", "the manifests say that the database was changed");
    damage::rewrite_manifests(folder.root());
    let said = library(folder.root());
    assert_eq!(said.verdict, "unreadable");
    assert!(said.text.contains("newer Affiant"), "{}", said.text);
}

#[test]
fn a_destroyed_database_is_a_finding_and_the_files_are_still_checked() {
    let folder = Folder::sealed(Shape::Eml);
    let native = "data/NATIVES/VOL001/0001/AFF-0000004.eml";
    fs::write(folder.root().join("affiant/manifest.sqlite"), b"SQLite format 3\0 and then nothing").expect("edit");
    fs::write(folder.root().join(native), b"x").expect("edit");
    let said = library(folder.root());
    assert_eq!(said.verdict, "differs");
    assert!(said.text.contains("tag_manifest changed affiant/manifest.sqlite"), "{}", said.text);
    assert!(said.text.contains(&format!("payload_manifest changed {native}")), "{}", said.text);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn any_byte_flipped_anywhere_is_found_and_the_file_is_named(
        zip: bool, flips in prop::collection::vec((any::<prop::sample::Index>(), 1u8..), 8),
    ) {
        let folder = Folder::sealed(if zip { Shape::Zip } else { Shape::Eml });
        // By offset in the whole package, so that a file is met as often as it is long.
        let files: Vec<(String, usize)> = damage::files(folder.root())
            .into_iter()
            .map(|path| (path.clone(), fs::read(folder.root().join(path)).expect("a file").len()))
            .collect();
        let total = files.iter().map(|(_, length)| length).sum();
        for (at, bits) in flips {
            let mut at = at.index(total);
            let (path, _) = files.iter().find(|(_, length)| {
                let inside = at < *length;
                if !inside { at -= length; }
                inside
            }).expect("below the total");
            damage::flip(folder.root(), path, at, bits, &library);
        }
    }

    #[test]
    fn several_random_bytes_in_the_database_never_end_in_a_panic_or_in_verified(
        writes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..200),
        rewrite: bool,
    ) {
        let folder = Folder::sealed(Shape::Eml);
        let file = folder.root().join("affiant/manifest.sqlite");
        let before = fs::read(&file).expect("database");
        let mut bytes = before.clone();
        for (at, byte) in writes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        fs::write(&file, &bytes).expect("damage");
        if rewrite {
            damage::rewrite_manifests(folder.root());
        }
        let verdict = report(folder.root()).verdict;
        prop_assert!(rewrite || bytes == before || verdict != Verdict::Verified);
    }

    #[test]
    fn garbage_in_the_shape_of_a_package_never_ends_in_a_panic_or_in_verified(
        files in prop::collection::vec(
            (prop::sample::select(vec![
                "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt", "affiant/manifest.sqlite",
                "affiant/log.jsonl", "affiant/checkpoint", "data/VOL001.zip", "data/NATIVES/VOL001/0001/AFF-0000001.eml",
                "affiant/lock", "data",
            ]), prop::collection::vec(any::<u8>(), 0..300)),
            0..12,
        ),
        whole: bool,
    ) {
        let folder = if whole { Folder::sealed(Shape::Zip) } else { Folder::new() };
        let mut changed = !whole;
        for (path, bytes) in files {
            let file = folder.root().join(path);
            let _ = fs::create_dir_all(file.parent().expect("below the root"));
            changed |= fs::write(file, bytes).is_ok();
        }
        prop_assert!(!changed || report(folder.root()).verdict != Verdict::Verified);
    }
}
