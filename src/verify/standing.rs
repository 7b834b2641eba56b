//! What kind of folder this is: a sealed package, an unfinished acquisition, or neither.
//!
//! Decided from several signs, so that damage to one of them does not turn evidence into "not a
//! package". It must not judge the package itself.

use std::fs;

use camino::Utf8Path;

use super::ledger::{DATABASE, Ledger};
use super::lines::Lines;
use super::log::LOG;
use super::{checkpoint, listing};

/// The file that is there while a run works on the folder, or died doing so.
const LOCK: &str = "affiant/lock";

/// The kind of folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// Sealed, or claims to be: to be checked.
    Sealed,
    /// Begun and not sealed: to be resumed.
    Unsealed,
    /// No package, for the reason given.
    NotAPackage(&'static str),
}

/// Looks at the folder.
pub(super) fn of(root: &Utf8Path) -> Standing {
    if !root.is_dir() {
        return Standing::NotAPackage("there is no such folder");
    }
    let has = |path: &str| root.join(path).symlink_metadata().is_ok();
    if has(listing::TAGS) {
        let ours = has("affiant") || lists_our_files(root);
        return if ours { Standing::Sealed } else { Standing::NotAPackage("a bag, but not one that Affiant made") };
    }
    let sealed_by_log = last_line_seals(root);
    let remains = [listing::PAYLOAD, "bagit.txt", "bag-info.txt", checkpoint::FILE].into_iter().any(has);
    // Sealing writes the log's last entry first and the tag manifest last, under the lock.
    let being_sealed = has(LOCK) && has(DATABASE);
    match last_kind(root) {
        _ if being_sealed => Standing::Unsealed,
        Some(kind) if kind == "acquisition.sealed" => Standing::Sealed,
        Some(_) if sealed_by_log => Standing::Sealed,
        Some(_) => Standing::Unsealed,
        None if sealed_by_log || (has("affiant") && remains) => Standing::Sealed,
        // A database that was never brought into one file cannot be read as one.
        None if has(DATABASE) => Standing::Unsealed,
        None => Standing::NotAPackage("it has no affiant/manifest.sqlite and no manifests"),
    }
}

fn lists_our_files(root: &Utf8Path) -> bool {
    let lines = listing::listed(root, listing::TAGS, true);
    lines.is_ok_and(|mut lines| lines.any(|listed| listed.path.starts_with("affiant/")))
}

fn last_kind(root: &Utf8Path) -> Option<String> {
    let ledger = Ledger::open(root).ok()?;
    ledger.text("SELECT kind FROM entry ORDER BY seq DESC LIMIT 1").ok().flatten()
}

fn last_line_seals(root: &Utf8Path) -> bool {
    let file = root.join(LOG);
    if !fs::symlink_metadata(&file).is_ok_and(|facts| facts.is_file()) {
        return false;
    }
    let last = Lines::open(&file).ok().and_then(|lines| lines.map_while(Result::ok).last());
    let seal = br#""kind":"acquisition.sealed""#;
    last.is_some_and(|line| line.bytes.windows(seal.len()).any(|part| part == seal))
}
