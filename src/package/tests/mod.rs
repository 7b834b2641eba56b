//! The package as a whole: what each kill leaves, what other tools say, what is refused.

mod crash;
mod kill;
mod opening;
mod sealing;
mod settling;
mod tools;
mod volumes;

use std::fs;
use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};

use super::layout::MANIFEST;
use super::*;

/// A small ZIP format: few members, so that tests meet several volumes.
const SMALL_ZIP: Format =
    Format::Zip { volume_bytes: VOLUME_BYTES_MIN, volume_members: 3, compression: Compression::Deflate };

/// A folder of its own for one test.
struct Bench {
    dir: tempfile::TempDir,
}

impl Bench {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().expect("a temporary folder") }
    }

    fn root(&self) -> Utf8PathBuf {
        Utf8PathBuf::from_path_buf(self.dir.path().join("acquisition")).expect("UTF-8")
    }

    fn at(&self, inside: &str) -> Utf8PathBuf {
        self.root().join(inside)
    }

    /// A package with something in the place of its manifest.
    fn begin(&self, format: Format) -> Package {
        let package = Package::create(&self.root(), format, now()).expect("created");
        fs::write(package.manifest_file(), b"in the place of a database").expect("written");
        package
    }

    /// What the next session does first.
    async fn resume(&self, format: Format, natives: &[Native], volumes: &[VolumeFacts]) -> (Package, Recovered) {
        let package = Package::open(&self.root(), now()).expect("opened");
        package.set_format(format).expect("valid");
        let (natives, volumes) = (natives.to_vec(), volumes.to_vec());
        let recovered = package.recover(natives.into_iter(), volumes).await.expect("recovered");
        (package, recovered)
    }
}

/// Says why a test did not run.
#[expect(clippy::print_stderr, reason = "a skipped test must be seen")]
fn skipped(why: &str) {
    eprintln!("skipped: {why}");
}

fn now() -> UtcInstant {
    UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid")
}

fn number(ordinal: u64) -> ControlNumber {
    ControlNumber::new(ordinal).expect("positive")
}

fn landed(package: &Package, body: &[u8]) -> Landed {
    let mut landing = package.landing();
    for piece in body.chunks(50_000) {
        landing.write(piece).expect("written");
    }
    landing.finish().expect("finished")
}

/// Bytes that do not compress, the same for the same seed.
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()
    };
    std::iter::repeat_with(&mut next).flatten().take(length).collect()
}

/// Collects bodies as items `from`, `from + 1`, … and returns their rows in path order.
async fn collect(package: &Package, from: u64, bodies: &[Vec<u8>]) -> Vec<Native> {
    let mut rows = Vec::new();
    let mut batch = Vec::new();
    for (ordinal, body) in (from..).zip(bodies) {
        let landed = landed(package, body);
        let placement = package.place(number(ordinal), landed.bytes);
        rows.push(Native { path: placement.path.clone(), sha256: landed.sha256, bytes: landed.bytes });
        batch.push((landed, placement));
    }
    package.settle(batch).await.expect("settled");
    rows.sort_by(|a, b| a.path.cmp(&b.path));
    rows
}

fn of_volume(natives: &[Native], volume: u32) -> Vec<Native> {
    let prefix = format!("data/VOL{volume:03}.zip/");
    natives.iter().filter(|native| native.path.starts_with(&prefix)).cloned().collect()
}

async fn pack(package: &Package, volume: u32, natives: &[Native]) -> VolumeFacts {
    package.pack(volume, of_volume(natives, volume), |_| ControlFlow::Continue(())).await.expect("packed")
}

fn bodies(count: u64) -> Vec<Vec<u8>> {
    (0..count).map(|n| format!("Message-ID: <{n}@example.org>\r\n\r\nBody {n}\r\n").into_bytes()).collect()
}

/// Every file of the package, as paths from its root, but for the lock.
fn files(root: &Utf8Path) -> Vec<String> {
    let found = tree::Walk::new(&Layout::new(root), "").map(|found| found.expect("readable").path);
    found.filter(|path| !path.starts_with("affiant/lock")).collect()
}
