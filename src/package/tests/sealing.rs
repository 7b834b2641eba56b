//! Reading everything again, and the bag.

use super::*;
use crate::terms::Md5;

fn reread(package: &Package, rows: &[Native], volumes: &[VolumeFacts]) -> (Vec<Mismatch>, Payload, u64) {
    let mut done = 0;
    let reread = package
        .reread(rows.iter().cloned(), volumes, &mut |n| {
            done = n;
            ControlFlow::Continue(())
        })
        .expect("read");
    (reread.mismatches, reread.payload, done)
}

fn flip(file: &Utf8Path, at: usize) {
    let mut bytes = fs::read(file).expect("there");
    bytes[at] ^= 1;
    fs::write(file, bytes).expect("written");
}

fn info() -> bag::BagInfo {
    bag::BagInfo {
        software_agent: "affiant 0.1.0".into(),
        acquisition_id: "0190-test".into(),
        matter: Some("Smith v. Jones\nPayload-Oxum: 0.0\u{2028}x".into()),
        bagged_at: now(),
    }
}

#[tokio::test]
async fn an_untouched_package_has_no_mismatch_and_its_payload_is_counted() {
    let bench = Bench::new();
    let package = bench.begin(Format::Eml);
    let rows = collect(&package, 1, &bodies(50)).await;
    let (mismatches, payload, done) = reread(&package, &rows, &[]);
    assert_eq!(mismatches, []);
    assert_eq!((payload.files, payload.bytes, done), (50, rows.iter().map(|row| row.bytes).sum(), 50));
}

#[tokio::test]
async fn a_changed_missing_or_extra_native_is_a_mismatch() {
    let bench = Bench::new();
    let package = bench.begin(Format::Eml);
    let rows = collect(&package, 1, &bodies(4)).await;
    flip(&bench.at(&rows[0].path), 3);
    fs::remove_file(bench.at(&rows[2].path)).expect("removed");
    fs::write(bench.at("data/extra.txt"), b"extra").expect("written");
    let (mismatches, ..) = reread(&package, &rows, &[]);
    let seen: Vec<_> =
        mismatches.iter().map(|found| (found.path.as_str(), found.expected.is_some(), found.found.is_some())).collect();
    let expected =
        [(rows[0].path.as_str(), true, true), (rows[2].path.as_str(), true, false), ("data/extra.txt", false, true)];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn any_changed_byte_of_a_volume_is_a_mismatch() {
    let bench = Bench::new();
    let package = bench.begin(SMALL_ZIP);
    let rows = collect(&package, 1, &bodies(5)).await;
    package.close_volumes();
    let mut facts = Vec::new();
    for volume in package.take_due_volumes() {
        facts.push(pack(&package, volume, &rows).await);
    }
    let (mismatches, payload, done) = reread(&package, &rows, &facts);
    assert_eq!((mismatches, payload.files, done), (Vec::new(), 2, 5));

    let file = bench.at("data/VOL001.zip");
    let whole = fs::read(&file).expect("there");
    for at in 0..whole.len() {
        flip(&file, at);
        let (mismatches, ..) = reread(&package, &rows, &facts);
        assert!(mismatches.iter().any(|found| found.path == "data/VOL001.zip"), "byte {at}");
        fs::write(&file, &whole).expect("written");
    }
    fs::remove_file(&file).expect("removed");
    let (mismatches, ..) = reread(&package, &rows, &facts);
    assert_eq!(mismatches.len(), 4, "three natives and their volume: {mismatches:?}");
    // A volume that the manifest does not know, and a row whose member is not in its volume.
    fs::write(&file, &whole).expect("written");
    let (mismatches, ..) = reread(&package, &rows, &facts[1..]);
    assert_eq!(mismatches.iter().filter(|found| found.expected.is_none()).count(), 1);
    let (mismatches, ..) = reread(&package, &rows[1..], &facts);
    assert_eq!(mismatches, [Mismatch { path: rows[0].path.clone(), expected: None, found: None }]);
}

#[tokio::test]
async fn a_sealed_bag_lists_every_file_once_in_canonical_form() {
    let bench = Bench::new();
    let package = bench.begin(Format::Eml);
    let rows = collect(&package, 1, &bodies(12)).await;
    fs::write(bench.at("affiant/log.jsonl"), b"{}\n").expect("written");
    fs::create_dir(bench.at("REPORT")).expect("made");
    fs::write(bench.at("REPORT/report.html"), b"<p>").expect("written");
    let (mismatches, payload, _) = reread(&package, &rows, &[]);
    assert_eq!(mismatches, []);
    let payload_sha256 = payload.sha256;
    let bagged = bag::write(&package, &info(), payload).expect("sealed");

    let text = |name: &str| fs::read_to_string(bench.at(name)).expect("there");
    assert_eq!(text("bagit.txt"), "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n");
    let oxum = format!("Payload-Oxum: {}.12\n", rows.iter().map(|row| row.bytes).sum::<u64>());
    let expected = "Bag-Software-Agent: affiant 0.1.0\nBagging-Date: 2024-06-04\nExternal-Identifier: 0190-test\n\
                    Bag-Group-Identifier: Smith v. Jones Payload-Oxum: 0.0 x\n";
    assert_eq!(text("bag-info.txt"), format!("{expected}{oxum}"));
    let lines: Vec<String> = rows.iter().map(|row| format!("{}  {}\n", row.sha256, row.path)).collect();
    let lines = lines.concat();
    assert_eq!(text("manifest-sha256.txt"), lines);
    assert_eq!(Sha256::of(lines.as_bytes()), payload_sha256);
    let tags = text("tagmanifest-sha256.txt");
    assert_eq!(Sha256::of(tags.as_bytes()), bagged.tag_manifest);
    let names = [
        "REPORT/report.html",
        "affiant/hashdeep.txt",
        "affiant/log.jsonl",
        MANIFEST,
        "bag-info.txt",
        "bagit.txt",
        "manifest-md5.txt",
        "manifest-sha256.txt",
    ];
    let md5 = |row: &Native| Md5::of(&fs::read(bench.at(&row.path)).expect("there"));
    let by_md5: Vec<String> = rows.iter().map(|row| format!("{}  {}\n", md5(row), row.path)).collect();
    assert_eq!(text("manifest-md5.txt"), by_md5.concat());
    let deep = |row: &Native| format!("{},{},{},{}\n", row.bytes, md5(row), row.sha256, row.path);
    let deep: Vec<String> = rows.iter().map(deep).collect();
    let header = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n";
    assert_eq!(text("affiant/hashdeep.txt"), format!("{header}{}", deep.concat()));
    let line = |name: &&str| format!("{}  {name}\n", Sha256::of(&fs::read(bench.at(name)).expect("there")));
    assert_eq!(tags, names.iter().map(line).collect::<Vec<_>>().concat());
    assert_eq!(bagged.tag_files, 8);

    drop(package);
    assert!(!bench.at("affiant/lock").exists() && !bench.at("affiant/incoming").exists());
    assert!(matches!(Package::open(&bench.root(), now()), Err(PackageError::Sealed { .. })));
}

#[tokio::test]
async fn a_package_with_open_ends_is_not_sealed() {
    let bench = Bench::new();
    let package = bench.begin(SMALL_ZIP);
    let seal = |rows: &[Native]| {
        let (_, payload, _) = reread(&package, rows, &[]);
        bag::write(&package, &info(), payload)
    };
    fs::write(bench.at("affiant/manifest.sqlite-wal"), b"").expect("written");
    assert!(matches!(seal(&[]), Err(PackageError::NotClean { path }) if path.ends_with("-wal")));
    fs::remove_file(bench.at("affiant/manifest.sqlite-wal")).expect("removed");
    fs::write(bench.at("affiant/100%.txt"), b"").expect("written");
    assert!(matches!(seal(&[]), Err(PackageError::Foreign { .. })));
    fs::remove_file(bench.at("affiant/100%.txt")).expect("removed");
    collect(&package, 1, &bodies(1)).await;
    assert!(matches!(seal(&[]), Err(PackageError::NotClean { path }) if path.starts_with("affiant/staging")));
    assert!(!bench.at("tagmanifest-sha256.txt").exists());
}
