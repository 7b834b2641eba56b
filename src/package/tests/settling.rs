//! Groups of natives becoming durable.

use super::*;

#[tokio::test]
async fn a_settled_native_lies_at_its_place_with_exactly_its_bytes() {
    let bench = Bench::new();
    let package = bench.begin(Format::Eml);
    let mut bodies = bodies(100);
    bodies.push(Vec::new());
    bodies.push(noise(1, 3 * IN_MEMORY));
    let rows = collect(&package, 990, &bodies).await;
    assert_eq!(rows.len(), bodies.len());
    for (row, body) in rows.iter().zip(&bodies) {
        assert_eq!(&fs::read(bench.at(&row.path)).expect("there"), body, "{}", row.path);
        assert_eq!(row.sha256, Sha256::of(body));
    }
    assert_eq!(rows[10].path, "data/NATIVES/VOL001/0001/AFF-0001000.eml");
    assert_eq!(rows[11].path, "data/NATIVES/VOL001/0002/AFF-0001001.eml");
    assert_eq!(bench.at("affiant/incoming").read_dir_utf8().expect("there").count(), 0);
}

#[tokio::test]
async fn an_existing_file_is_never_overwritten() {
    let bench = Bench::new();
    let package = bench.begin(Format::Eml);
    collect(&package, 1, &[b"first".to_vec()]).await;
    // The same bytes again are what a session killed before its row would leave.
    collect(&package, 1, &[b"first".to_vec()]).await;
    let other = vec![(landed(&package, b"other"), package.place(number(1), 5))];
    assert!(matches!(package.settle(other).await, Err(PackageError::Occupied { .. })));
    assert_eq!(fs::read(bench.at("data/NATIVES/VOL001/0001/AFF-0000001.eml")).expect("there"), b"first");
    assert_eq!(bench.at("affiant/incoming").read_dir_utf8().expect("there").count(), 0);
}

/// A large native waits in a file; what became of it there must not become a member under the digest of what arrived.
#[tokio::test]
async fn a_large_native_that_changed_while_it_waited_is_no_member() {
    type Injury = fn(&mut Vec<u8>);
    let flip: Injury = |bytes| bytes[IN_MEMORY] ^= 1;
    let injuries: [Injury; 3] = [flip, |bytes| bytes.truncate(IN_MEMORY), |bytes| bytes.push(0)];
    for injure in injuries {
        let bench = Bench::new();
        let package = bench.begin(Format::ZIP);
        let body = noise(1, 2 * IN_MEMORY);
        let landed = landed(&package, &body);
        let incoming = bench.at("affiant/incoming");
        let waiting = incoming.read_dir_utf8().expect("there").next().expect("one file").expect("named");
        let mut bytes = fs::read(waiting.path()).expect("readable");
        assert_eq!(bytes, body);
        injure(&mut bytes);
        fs::write(waiting.path(), bytes).expect("written");
        let settled = package.settle(vec![(landed, package.place(number(1), body.len() as u64))]).await;
        assert!(
            matches!(&settled, Err(PackageError::Changed { expected, .. }) if *expected == Sha256::of(&body)),
            "{settled:?}"
        );
        assert_eq!(incoming.read_dir_utf8().expect("there").count(), 0);
        assert!(!bench.at("affiant/staging").exists());
    }
}

#[tokio::test]
async fn an_empty_group_is_settled_at_once() {
    let bench = Bench::new();
    bench.begin(Format::Eml).settle(Vec::new()).await.expect("nothing to do");
}

/// A mounted small file system; unmounted when the test ends, however it ends.
#[cfg(target_os = "linux")]
struct Small(Utf8PathBuf);

#[cfg(target_os = "linux")]
impl Small {
    fn mount(at: Utf8PathBuf) -> Option<Self> {
        let words = ["-t", "tmpfs", "-o", "size=256k", "affiant-test", at.as_str()];
        let done = std::process::Command::new("mount").args(words).output().ok()?;
        done.status.success().then_some(Self(at))
    }
}

#[cfg(target_os = "linux")]
impl Drop for Small {
    fn drop(&mut self) {
        let _ = std::process::Command::new("umount").arg(&self.0).output();
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_full_disk_is_told_as_such_and_harms_nothing_that_is_there() {
    let bench = Bench::new();
    fs::create_dir_all(bench.root()).expect("made");
    let Some(_small) = Small::mount(bench.root()) else {
        return skipped("a small file system cannot be mounted here");
    };
    let package = bench.begin(Format::Eml);
    let rows = collect(&package, 1, &bodies(5)).await;
    let batch = (6..10).map(|n| (landed(&package, &noise(n, 100_000)), package.place(number(n), 100_000)));
    let full = package.settle(batch.collect()).await;
    assert!(matches!(full, Err(PackageError::Full { .. })), "{full:?}");
    let mut large = package.landing();
    let written = large.write(&noise(1, 400_000)).map_err(|error| error.kind());
    assert_eq!(written, Err(io::ErrorKind::StorageFull));
    drop((large, package));
    let (package, recovered) = bench.resume(Format::Eml, &rows, &[]).await;
    assert_eq!(recovered.damage, []);
    drop(package);
}
