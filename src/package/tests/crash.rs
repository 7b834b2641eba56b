//! The states that a kill can leave, built by hand, and what the next session makes of each.

use super::*;

#[tokio::test]
async fn nothing_is_found_where_nothing_happened() {
    for format in [Format::Eml, SMALL_ZIP] {
        let bench = Bench::new();
        let rows = collect(&bench.begin(format), 1, &bodies(10)).await;
        let (_, recovered) = bench.resume(format, &rows, &[]).await;
        assert_eq!(recovered, Recovered::default());
    }
}

#[tokio::test]
async fn killed_before_the_rename_a_native_is_swept() {
    let bench = Bench::new();
    drop(bench.begin(Format::Eml));
    fs::write(bench.at("affiant/incoming/0000002a.part"), b"half").expect("written");
    let (_, recovered) = bench.resume(Format::Eml, &[], &[]).await;
    assert_eq!(recovered, Recovered::default());
    assert_eq!(files(&bench.root()), [MANIFEST]);
}

#[tokio::test]
async fn killed_between_rename_and_row_what_was_named_is_an_orphan_and_is_moved_aside() {
    for format in [Format::Eml, SMALL_ZIP] {
        let bench = Bench::new();
        let package = bench.begin(format);
        let mut rows = collect(&package, 1, &bodies(4)).await;
        let lost = collect(&package, 5, &bodies(1)).await.remove(0);
        rows.extend(collect(&package, 6, &bodies(1)).await);
        drop(package);
        let (package, recovered) = bench.resume(format, &rows, &[]).await;
        assert_eq!(recovered.damage, []);
        let [orphan] = recovered.orphans.as_slice() else { panic!("one orphan: {recovered:?}") };
        let found = fs::read(bench.at(&orphan.path)).expect("there");
        assert_eq!((orphan.sha256, orphan.bytes), (Sha256::of(&found), found.len() as u64));
        match format {
            Format::Eml => assert_eq!((orphan.sha256, orphan.bytes), (lost.sha256, lost.bytes)),
            Format::Zip { .. } => assert_eq!(orphan.path, "affiant/staging/VOL002/AFF-0000005.zip"),
        }
        assert!(bench.at(&orphan.path).exists(), "not moved before it is logged");
        package.set_aside(recovered.orphans.clone()).await.expect("moved");
        package.set_aside(recovered.orphans.clone()).await.expect("again");
        assert_eq!(fs::read(bench.at(&orphan.aside())).expect("there"), found);
        drop(package);

        let (package, recovered) = bench.resume(format, &rows, &[]).await;
        assert_eq!(recovered, Recovered::default());
        // The item is fetched again under its number, this time with other bytes.
        let body = vec![b"rendered anew".to_vec()];
        assert_eq!(collect(&package, 5, &body).await[0].path, lost.path);
    }
}

#[tokio::test]
async fn a_row_without_its_bytes_is_damage() {
    let bench = Bench::new();
    let rows = collect(&bench.begin(Format::Eml), 1, &bodies(3)).await;
    fs::remove_file(bench.at(&rows[0].path)).expect("removed");
    fs::write(bench.at(&rows[2].path), b"short").expect("written");
    let (_, recovered) = bench.resume(Format::Eml, &rows, &[]).await;
    let damage = |row: &Native, found| Damage { path: row.path.clone(), recorded: row.bytes, found };
    assert_eq!(recovered.damage, [damage(&rows[0], None), damage(&rows[2], Some(5))]);
    assert_eq!(recovered.orphans, []);
}

#[tokio::test]
async fn rows_without_their_batch_are_damage_and_what_is_no_batch_is_moved_aside() {
    let bench = Bench::new();
    let package = bench.begin(SMALL_ZIP);
    let mut rows = collect(&package, 1, &bodies(2)).await;
    rows.extend(collect(&package, 3, &bodies(1)).await);
    drop(package);
    fs::remove_file(bench.at("affiant/staging/VOL001/AFF-0000001.zip")).expect("removed");
    fs::write(bench.at("affiant/staging/VOL001/AFF-0000003.zip"), b"PK").expect("written");
    let longer = Native { bytes: 1, ..rows[0].clone() };
    let (_, recovered) = bench.resume(SMALL_ZIP, &rows, &[]).await;
    let damage = |row: &Native, found| Damage { path: row.path.clone(), recorded: row.bytes, found };
    assert_eq!(recovered.damage, [damage(&rows[0], None), damage(&rows[1], None), damage(&rows[2], None)]);
    assert_eq!(recovered.orphans.len(), 1);

    let bench = Bench::new();
    let mut rows = collect(&bench.begin(SMALL_ZIP), 1, &bodies(2)).await;
    let bytes = rows[0].bytes;
    rows[0] = longer;
    let (_, recovered) = bench.resume(SMALL_ZIP, &rows, &[]).await;
    assert_eq!(recovered.damage, [damage(&rows[0], Some(bytes))]);
}

#[tokio::test]
async fn a_batch_that_is_on_record_in_part_ends_the_recovery() {
    let bench = Bench::new();
    let mut rows = collect(&bench.begin(SMALL_ZIP), 1, &bodies(3)).await;
    let unknown = rows.remove(1);
    let package = Package::open(&bench.root(), now()).expect("opened");
    package.set_format(SMALL_ZIP).expect("valid");
    let refused = package.recover(rows.into_iter(), Vec::new()).await;
    assert!(matches!(refused, Err(PackageError::Unrecorded { path }) if path == unknown.path));
}

fn staged(bench: &Bench) -> Vec<Utf8PathBuf> {
    let paths = files(&bench.root()).into_iter().filter(|path| path.starts_with("affiant/staging"));
    paths.map(|path| bench.at(&path)).collect()
}

#[tokio::test]
async fn killed_while_a_volume_is_written_it_is_written_again() {
    let bench = Bench::new();
    let rows = collect(&bench.begin(SMALL_ZIP), 1, &bodies(3)).await;
    fs::write(bench.at("affiant/incoming/VOL001.zip.part"), b"PK half").expect("written");
    let (package, recovered) = bench.resume(SMALL_ZIP, &rows, &[]).await;
    assert_eq!(recovered, Recovered::default());
    assert!(!bench.at("affiant/incoming/VOL001.zip.part").exists());
    assert_eq!(pack(&package, 1, &rows).await.members, 3);
}

#[tokio::test]
async fn killed_between_a_volume_and_its_row_the_same_volume_is_made_again() {
    let bench = Bench::new();
    let package = bench.begin(SMALL_ZIP);
    let rows = collect(&package, 1, &bodies(4)).await;
    let before = pack(&package, 1, &rows).await;
    drop(package);
    let (package, recovered) = bench.resume(SMALL_ZIP, &rows, &[]).await;
    assert_eq!(recovered, Recovered { unrecorded_volumes: 1, ..Recovered::default() });
    assert!(!bench.at("data/VOL001.zip").exists());
    assert_eq!(package.take_due_volumes(), [1], "full, and not packed as far as the manifest knows");
    assert_eq!(pack(&package, 1, &rows).await, before);
}

#[tokio::test]
async fn killed_between_the_row_and_the_removal_of_natives_the_removal_is_finished() {
    for halfway in [false, true] {
        let bench = Bench::new();
        let package = bench.begin(SMALL_ZIP);
        let mut rows = collect(&package, 1, &bodies(2)).await;
        rows.extend(collect(&package, 3, &bodies(2)).await);
        let facts = pack(&package, 1, &rows).await;
        drop(package);
        if halfway {
            fs::remove_file(bench.at("affiant/staging/VOL001/AFF-0000001.zip")).expect("removed");
        }
        let (package, recovered) = bench.resume(SMALL_ZIP, &rows, std::slice::from_ref(&facts)).await;
        assert_eq!(recovered, Recovered::default());
        assert_eq!(staged(&bench), [bench.at("affiant/staging/VOL002/AFF-0000004.zip")]);
        assert_eq!(package.place(number(5), 10).volume, 2, "goes on in the volume that was open");
    }
}

#[tokio::test]
async fn an_unrecorded_volume_stays_while_its_natives_are_not_all_there() {
    let bench = Bench::new();
    let package = bench.begin(SMALL_ZIP);
    let rows = collect(&package, 1, &bodies(3)).await;
    pack(&package, 1, &rows).await;
    package.unstage(1).await.expect("removed too early, which Affiant itself never does");
    drop(package);
    let (_, recovered) = bench.resume(SMALL_ZIP, &rows, &[]).await;
    assert_eq!(recovered.damage.len(), 3);
    assert_eq!(recovered.orphans.len(), 1, "the only copy is reported, not removed");
    assert!(bench.at("data/VOL001.zip").exists());
}

#[tokio::test]
async fn a_recorded_volume_that_is_gone_or_short_is_damage() {
    let bench = Bench::new();
    let package = bench.begin(SMALL_ZIP);
    let rows = collect(&package, 1, &bodies(6)).await;
    let facts = [pack(&package, 1, &rows).await, pack(&package, 2, &rows).await];
    drop(package);
    fs::remove_file(bench.at("data/VOL001.zip")).expect("removed");
    fs::write(bench.at("data/VOL002.zip"), b"PK").expect("written");
    let (_, recovered) = bench.resume(SMALL_ZIP, &rows, &facts).await;
    let found: Vec<_> = recovered.damage.iter().map(|damage| (damage.path.as_str(), damage.found)).collect();
    assert_eq!(found, [("data/VOL001.zip", None), ("data/VOL002.zip", Some(2))]);
}

#[tokio::test]
async fn killed_while_sealing_the_package_is_not_sealed_and_no_bag() {
    let bench = Bench::new();
    let rows = collect(&bench.begin(Format::Eml), 1, &bodies(2)).await;
    for name in ["bagit.txt", "bag-info.txt", "manifest-sha256.txt", "affiant/incoming/tagmanifest-sha256.txt.part"] {
        fs::write(bench.at(name), b"of a sealing").expect("written");
    }
    let (_, recovered) = bench.resume(Format::Eml, &rows, &[]).await;
    assert_eq!(recovered, Recovered::default());
    let mut expected = vec![MANIFEST.to_owned()];
    expected.extend(rows.into_iter().map(|row| row.path));
    assert_eq!(files(&bench.root()), expected);
}

#[test]
fn killed_after_the_seal_the_lock_goes_with_the_next_look() {
    let bench = Bench::new();
    drop(bench.begin(Format::Eml));
    fs::write(bench.at("tagmanifest-sha256.txt"), b"").expect("written");
    fs::write(bench.at("affiant/lock.json"), b"{}").expect("written");
    assert!(matches!(Package::open(&bench.root(), now()), Err(PackageError::Sealed { .. })));
    assert!(!bench.at("affiant/lock").exists() && !bench.at("affiant/lock.json").exists());
}

#[tokio::test]
async fn rows_out_of_order_or_with_foreign_paths_end_the_recovery() {
    let bench = Bench::new();
    let package = bench.begin(Format::Eml);
    let mut rows = collect(&package, 1, &bodies(3)).await;
    let attempt = |rows: Vec<Native>| package.recover(rows.into_iter(), Vec::new());
    let mut outside = rows.clone();
    outside[0].path = "data/../../etc/passwd".into();
    assert!(matches!(attempt(outside).await, Err(PackageError::NotOurs { .. })));
    rows.swap(0, 1);
    assert!(matches!(attempt(rows).await, Err(PackageError::Unordered { .. })));
}

#[tokio::test]
async fn a_comparison_alone_finds_what_recovery_finds_and_changes_nothing() {
    let bench = Bench::new();
    let package = bench.begin(Format::Eml);
    let mut rows = collect(&package, 1, &bodies(3)).await;
    let lost = rows.pop().expect("three");
    fs::write(bench.at("affiant/incoming/half"), b"half").expect("written");
    let before = files(&bench.root());
    let seen = package.compare(rows.clone().into_iter()).expect("compared");
    assert_eq!(seen.orphans.iter().map(|orphan| &orphan.path).collect::<Vec<_>>(), [&lost.path]);
    assert_eq!(files(&bench.root()), before);
    assert_eq!(package.recover(rows.into_iter(), Vec::new()).await.expect("recovered"), seen);
    fs::write(bench.at("affiant/incoming/half"), b"half").expect("written");
    package.sweep().await.expect("swept");
    assert!(!bench.at("affiant/incoming/half").exists());
}

#[test]
fn listing_ahead_gives_the_files_in_the_same_order() {
    let bench = Bench::new();
    drop(bench.begin(Format::Eml));
    for folder in 0..40 {
        for file in 0..folder % 5 {
            let path = bench.at(&format!("data/{}/{folder:03}/deep/{file}.eml", folder % 3));
            fs::create_dir_all(path.parent().expect("inside the root")).expect("made");
            fs::write(path, b"x").expect("written");
        }
        fs::write(bench.at(&format!("data/{folder}.eml")), b"xy").expect("written");
    }
    let layout = Layout::new(&bench.root());
    let walked = |walk: tree::Walk| walk.map(|found| found.expect("readable")).collect::<Vec<_>>();
    let (plain, ahead) = (walked(tree::Walk::new(&layout, "data")), walked(tree::Walk::ahead(&layout, "data")));
    assert_eq!(plain, ahead);
    assert!(plain.is_sorted_by(|a, b| a.path < b.path));
    let paths = walked(tree::Walk::to_read(&layout, "data")).into_iter().map(|found| found.path);
    assert!(paths.eq(plain.into_iter().map(|found| found.path)));
    // A walk that is not finished leaves no thread behind that would keep it from ending.
    drop(tree::Walk::ahead(&layout, "data").next());
}

#[cfg(unix)]
#[tokio::test]
async fn a_link_in_the_payload_is_refused() {
    let bench = Bench::new();
    let package = bench.begin(Format::Eml);
    std::os::unix::fs::symlink("/etc/hostname", bench.at("data/link")).expect("made");
    let refused = package.recover(std::iter::empty(), Vec::new()).await;
    assert!(matches!(refused, Err(PackageError::Foreign { path }) if path == "data/link"));
}
