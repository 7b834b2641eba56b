//! Many new files made durable by one call: the file system is synced as a whole.
//!
//! A sync of each file waits for the disk once per file; a group of natives needs one wait. It is done only where the
//! system waits for everything and tells of failures (syncfs(2): Linux since 5.8), on file systems of which that is
//! known, and only while it is quick: where somebody else keeps the same file system busy, his data would be waited for
//! too. It must not know what is synced.

use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use camino::Utf8Path;

/// A sync that takes longer was about the data of others.
const QUICK: Duration = Duration::from_secs(2);
/// `EXT4_SUPER_MAGIC`, statfs(2).
#[cfg(target_os = "linux")]
const EXT4: u64 = 0xEF53;
/// The first Linux whose syncfs(2) reports failed writes.
#[cfg(target_os = "linux")]
const REPORTS_FAILURES: (u32, u32) = (5, 8);

/// The file system of a folder. Failures are reported to the handle that was open when they happened, so one is kept.
#[derive(Debug)]
pub(super) struct FileSystem {
    folder: File,
    is_busy: AtomicBool,
}

impl FileSystem {
    /// The file system that a folder lies on; `None` where syncing it as a whole is not known to be as good as syncing
    /// each file.
    pub(super) fn of(folder: &Utf8Path) -> Option<Self> {
        let folder = File::open(folder).ok()?;
        is_known(&folder).then(|| Self { folder, is_busy: AtomicBool::new(false) })
    }

    /// Whether others keep it busy.
    pub(super) fn is_busy(&self) -> bool {
        self.is_busy.load(Ordering::Relaxed)
    }

    /// Returns when everything that was written to files on it before is durable.
    ///
    /// # Errors
    /// What the disk says, also of a write that failed since the last call.
    pub(super) fn sync(&self) -> io::Result<()> {
        let begun = Instant::now();
        sync(&self.folder)?;
        if begun.elapsed() > QUICK {
            self.is_busy.store(true, Ordering::Relaxed);
        }
        Ok(())
    }
}

#[cfg(target_os = "linux")]
fn is_known(folder: &File) -> bool {
    let kind = rustix::fs::fstatfs(folder).map(|facts| u64::try_from(facts.f_type).unwrap_or(0));
    let system = rustix::system::uname();
    kind == Ok(EXT4) && system.release().to_str().is_ok_and(reports_failures)
}

#[cfg(target_os = "linux")]
fn sync(folder: &File) -> io::Result<()> {
    Ok(rustix::fs::syncfs(folder)?)
}

#[cfg(not(target_os = "linux"))]
const fn is_known(_: &File) -> bool {
    false
}

#[cfg(not(target_os = "linux"))]
fn sync(folder: &File) -> io::Result<()> {
    folder.sync_all()
}

/// Whether a kernel of this release, such as `6.18.44-generic`, is recent enough.
#[cfg(target_os = "linux")]
fn reports_failures(release: &str) -> bool {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).map(|digits| digits.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= REPORTS_FAILURES
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn only_kernels_that_report_failures_are_trusted() {
        for (release, is_recent) in
            [("6.18.44-generic", true), ("5.8.0", true), ("5.7.19", false), ("4.19", false), ("5", false), ("", false)]
        {
            assert_eq!(reports_failures(release), is_recent, "{release}");
        }
    }

    #[test]
    fn a_file_system_of_another_kind_is_not_synced_as_a_whole() {
        assert!(FileSystem::of(Utf8Path::new("/proc")).is_none());
    }
}
