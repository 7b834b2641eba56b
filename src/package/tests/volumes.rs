//! ZIP volumes: complete, within their limits, the same for the same natives.

use std::io::Read as _;

use proptest::prelude::*;
use proptest::test_runner::TestRunner;

use super::*;

fn members(file: &Utf8Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = ::zip::ZipArchive::new(fs::File::open(file).expect("there")).expect("an archive");
    let read = |index| {
        let mut member = archive.by_index(index).expect("readable");
        let mut bytes = Vec::new();
        member.read_to_end(&mut bytes).expect("whole");
        assert_eq!(member.unix_mode(), Some(0o100_444));
        (member.name().expect("UTF-8").into_owned(), bytes)
    };
    let count = ::zip::ZipArchive::new(fs::File::open(file).expect("there")).expect("an archive").len();
    (0..count).map(read).collect()
}

#[tokio::test]
async fn a_volume_holds_every_native_under_its_name_in_order() {
    let bench = Bench::new();
    let package = bench.begin(Format::ZIP);
    let mut bodies = bodies(40);
    bodies.push(noise(7, 5 * 1024 * 1024));
    bodies.push(vec![b'a'; 6 * 1024 * 1024]);
    bodies.push(Vec::new());
    let rows = collect(&package, 1, &bodies).await;
    package.close_volumes();
    assert_eq!(package.take_due_volumes(), [1]);
    let (tell, told) = std::sync::mpsc::channel();
    let facts = package
        .pack(1, rows.iter().rev().cloned().collect(), move |n| {
            tell.send(n).expect("heard");
            ControlFlow::Continue(())
        })
        .await
        .expect("packed");
    assert_eq!(told.iter().collect::<Vec<u64>>(), (1..=43).collect::<Vec<u64>>());

    let file = bench.at("data/VOL001.zip");
    let bytes = fs::read(&file).expect("there");
    let expected =
        VolumeFacts { name: "VOL001.zip".into(), bytes: bytes.len() as u64, members: 43, sha256: Sha256::of(&bytes) };
    assert_eq!(facts, expected);
    let names = rows.iter().map(|row| row.path.strip_prefix("data/VOL001.zip/").expect("inside").to_owned());
    assert_eq!(members(&file), names.zip(bodies).collect::<Vec<_>>());

    assert!(bench.at("affiant/staging/VOL001").is_dir(), "natives stay until the volume has its row");
    package.unstage(1).await.expect("removed");
    package.unstage(1).await.expect("again");
    assert!(!bench.at("affiant/staging/VOL001").exists());
}

#[tokio::test]
async fn the_same_natives_give_the_same_volume_bytes() {
    let mut hashes = Vec::new();
    let bodies: Vec<Vec<u8>> = (0..60).map(|n| noise(n, usize::try_from(n * 977).expect("small"))).collect();
    for group in [1, 7, 60] {
        let bench = Bench::new();
        let package = bench.begin(Format::ZIP);
        let mut rows = Vec::new();
        for (from, bodies) in (1..).step_by(group).zip(bodies.chunks(group)) {
            rows.extend(collect(&package, from, bodies).await);
        }
        hashes.push(pack(&package, 1, &rows).await.sha256);
    }
    assert!(hashes.windows(2).all(|pair| pair[0] == pair[1]), "{hashes:?}");
}

#[test]
fn no_volume_exceeds_its_limit_and_every_native_is_in_exactly_one() {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let sizes = prop::collection::vec((any::<u64>(), 0usize..60_000, any::<bool>()), 1..40);
    let mut runner = TestRunner::new(ProptestConfig { cases: 12, ..ProptestConfig::default() });
    let outcome = runner.run(&(sizes, 1u32..20), |(sizes, volume_members)| {
        let bench = Bench::new();
        let compression = Compression::Deflate;
        let format = Format::Zip { volume_bytes: VOLUME_BYTES_MIN, volume_members, compression };
        let package = bench.begin(format);
        let body = |(seed, length, dense)| if dense { noise(seed, length) } else { vec![b'x'; length] };
        let bodies: Vec<Vec<u8>> = sizes.into_iter().map(body).collect();
        let rows = runtime.block_on(collect(&package, 1, &bodies));
        package.close_volumes();
        let mut found = Vec::new();
        for volume in package.take_due_volumes() {
            let facts = runtime.block_on(pack(&package, volume, &rows));
            prop_assert!(facts.bytes <= VOLUME_BYTES_MIN || facts.members == 1, "{facts:?}");
            prop_assert!(facts.members <= u64::from(volume_members));
            found.extend(members(&bench.at(&format!("data/{}", facts.name))).into_iter().map(|(_, bytes)| bytes));
        }
        found.sort();
        let mut bodies = bodies;
        bodies.sort();
        prop_assert!(found == bodies, "every native once");
        Ok(())
    });
    outcome.expect("holds");
}

#[tokio::test]
async fn a_volume_is_not_made_from_anything_but_what_the_manifest_says() {
    let bench = Bench::new();
    let package = bench.begin(SMALL_ZIP);
    let mut rows = collect(&package, 1, &bodies(1)).await;
    rows.extend(collect(&package, 2, &[noise(3, 40_000)]).await);
    rows.extend(collect(&package, 3, &bodies(1)).await);
    let file = bench.at("affiant/staging/VOL001/AFF-0000002.zip");
    let original = fs::read(&file).expect("there");
    let attempt = |rows: Vec<Native>| package.pack(1, rows, |_| ControlFlow::Continue(()));

    let other = Native { sha256: Sha256::of(b"other"), ..rows[1].clone() };
    let changed = attempt(vec![rows[0].clone(), other, rows[2].clone()]).await;
    assert!(matches!(&changed, Err(PackageError::Changed { path, .. }) if *path == rows[1].path), "{changed:?}");
    let mut flipped = original.clone();
    flipped[20_000] ^= 1;
    fs::write(&file, &flipped).expect("written");
    let changed = attempt(rows.clone()).await;
    assert!(matches!(&changed, Err(PackageError::Changed { path, .. }) if *path == rows[1].path), "{changed:?}");
    fs::remove_file(&file).expect("removed");
    assert!(matches!(attempt(rows.clone()).await, Err(PackageError::Missing { .. })));
    fs::write(&file, &original).expect("written");
    assert!(matches!(attempt(rows[..2].to_vec()).await, Err(PackageError::Unrecorded { .. })));
    let elsewhere = Native { path: "data/VOL002.zip/NATIVES/VOL002/0001/AFF-0000001.eml".into(), ..rows[0].clone() };
    assert!(matches!(attempt(vec![elsewhere]).await, Err(PackageError::NotOurs { .. })));

    assert!(!bench.at("data/VOL001.zip").exists());
    assert_eq!(bench.at("affiant/incoming").read_dir_utf8().expect("there").count(), 0);
    assert!(attempt(rows).await.is_ok());
}

#[tokio::test]
async fn members_are_deflated_where_that_makes_them_smaller_and_stored_otherwise() {
    let text = vec![b'a'; 100_000];
    let large = vec![b'b'; 5 * 1024 * 1024];
    let bodies = [text, large, noise(1, 100_000), noise(2, 5 * 1024 * 1024), Vec::new()];
    for (compression, stored) in [(Compression::Deflate, [2, 3, 4].as_slice()), (Compression::Store, &[0, 1, 2, 3, 4])]
    {
        let bench = Bench::new();
        let package = bench.begin(Format::Zip { volume_bytes: VOLUME_BYTES, volume_members: 60_000, compression });
        let rows = collect(&package, 1, &bodies).await;
        pack(&package, 1, &rows).await;
        let file = bench.at("data/VOL001.zip");
        let mut archive = ::zip::ZipArchive::new(fs::File::open(&file).expect("there")).expect("an archive");
        let is_stored = |index: &usize| {
            archive.by_index_raw(*index).expect("there").compression() == ::zip::CompressionMethod::Stored
        };
        assert_eq!((0..bodies.len()).filter(is_stored).collect::<Vec<_>>(), stored);
        assert!(members(&file).into_iter().map(|(_, bytes)| bytes).eq(bodies.iter().cloned()));
    }
}

#[tokio::test]
async fn more_batches_than_are_kept_open_are_packed_in_the_order_of_the_natives() {
    let bench = Bench::new();
    let package = bench.begin(Format::ZIP);
    let mut rows = Vec::new();
    // As two mailboxes that are collected side by side hand them in.
    for n in 1..=30 {
        let pair = vec![format!("first {n}").into_bytes()];
        rows.extend(collect(&package, n, &pair).await);
        rows.extend(collect(&package, n + 1_000, &pair).await);
    }
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    assert_eq!(pack(&package, 1, &rows).await.members, 60);
    let names = rows.iter().map(|row| row.path.strip_prefix("data/VOL001.zip/").expect("inside").to_owned());
    assert!(members(&bench.at("data/VOL001.zip")).into_iter().map(|(name, _)| name).eq(names));
}
