//! The bag's tag files (BagIt 1.0, RFC 8493): what makes a folder checkable with `sha256sum` alone.
//!
//! Canonical form: lines sorted by path bytes, lower-case hex, two spaces, path, LF. Each file is written under
//! a temporary name, synced and renamed, and the tag manifest comes last: it is the seal. Killed before it, the
//! package is unsealed, and recovery removes what was written; killed after it, it is sealed.
//! It must not read a clock, nor decide whether a package may be sealed.

use std::fs;
use std::io;

use super::durable::{digest, sync_directory, write_whole};
use super::lanes::{BATCH_BUDGET, in_order};
use super::layout::{BAG_INFO, BAGIT, INCOMING, Layout, OWN, STAGING, TAG_MANIFEST};
use super::lists::Payload;
use super::space::At as _;
use super::tree::{Walk, is_plain};
use super::{Package, PackageError};
use crate::terms::{Sha256, UtcInstant};

/// The declaration that RFC 8493 section 2.1.1 asks for.
const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
/// Longest value of a line in `bag-info.txt`, in characters.
const VALUE_MAX: usize = 500;

/// What the bag says about itself.
#[derive(Debug, Clone)]
pub struct BagInfo {
    /// Name and version of the program.
    pub software_agent: String,
    /// The acquisition's id.
    pub acquisition_id: String,
    /// The matter, where one was named.
    pub matter: Option<String>,
    /// When the bag is made; its UTC date is recorded.
    pub bagged_at: UtcInstant,
}

/// A sealed bag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bagged {
    /// SHA-256 of the tag manifest: one number for the whole package.
    pub tag_manifest: Sha256,
    /// Tag files it lists.
    pub tag_files: u64,
}

/// Writes the bag's files and thereby seals the package. Afterwards nothing may be added.
///
/// Everything that the tag manifest must list has to be in place before: manifest, log, checkpoint, reports.
/// Blocks: call it off the reactor.
pub fn write(package: &Package, info: &BagInfo, payload: Payload) -> Result<Bagged, PackageError> {
    let layout = package.layout();
    package.must_be_in_place()?;
    must_be_clean(layout)?;
    // Log, checkpoint and manifest got their names there, and working files went.
    sync_directory(&layout.at(OWN)).at("sync", layout.at(OWN))?;
    put(layout, BAGIT, DECLARATION.as_bytes())?;
    put(layout, BAG_INFO, describe(info, &payload).as_bytes())?;
    // Synced when it was written.
    payload.put_in_place(layout)?;

    let (lines, tag_files) = tag_lines(layout)?;
    put(layout, TAG_MANIFEST, lines.as_bytes())?;
    // From here on it is sealed. The rest is tidying that a kill may leave undone without harm.
    let _ = fs::remove_dir_all(layout.at(INCOMING));
    package.remove_lock_files();
    Ok(Bagged { tag_manifest: Sha256::of(lines.as_bytes()), tag_files })
}

fn put(layout: &Layout, name: &str, bytes: &[u8]) -> Result<(), PackageError> {
    write_whole(layout.at(&format!("{INCOMING}/{name}.part")), &layout.at(name), bytes)
}

/// Refuses to seal while natives wait to be packed or the database has open side files.
fn must_be_clean(layout: &Layout) -> Result<(), PackageError> {
    if let Some(waiting) = Walk::new(layout, STAGING).next() {
        return Err(PackageError::NotClean { path: waiting?.path });
    }
    match fs::remove_dir_all(layout.at(STAGING)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => other.at("remove", layout.at(STAGING))?,
    }
    for found in Walk::without(layout, OWN, &["affiant/incoming/"]) {
        let path = found?.path;
        if ["-wal", "-shm", "-journal", ".part"].iter().any(|end| path.ends_with(end)) {
            return Err(PackageError::NotClean { path });
        }
    }
    Ok(())
}

fn describe(info: &BagInfo, payload: &Payload) -> String {
    let mut lines = vec![
        ("Bag-Software-Agent", info.software_agent.clone()),
        ("Bagging-Date", info.bagged_at.to_string().chars().take(10).collect()),
        ("External-Identifier", info.acquisition_id.clone()),
    ];
    lines.extend(info.matter.clone().map(|matter| ("Bag-Group-Identifier", matter)));
    lines.push(("Payload-Oxum", format!("{}.{}", payload.bytes, payload.files)));
    let mut text = String::new();
    for (label, value) in lines {
        let value = one_line(&value);
        if !value.is_empty() {
            text.extend([label, ": ", &value, "\n"]);
        }
    }
    text
}

/// A value that cannot start another line in any reader: some also break lines at U+0085, U+2028 and U+2029.
fn one_line(value: &str) -> String {
    let breaks = |c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}');
    let words = value.split(|c: char| breaks(c) || c == ' ').filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ").chars().take(VALUE_MAX).collect()
}

/// One line for every file outside the payload, except tag manifests, working files and the lock.
fn tag_lines(layout: &Layout) -> Result<(String, u64), PackageError> {
    const SKIP: &[&str] = &["data/", "affiant/incoming/", "affiant/lock", "affiant/lock.json", TAG_MANIFEST];
    let mut lines = String::new();
    let mut files = 0;
    let paths = Walk::without(layout, "", SKIP).map(|found| {
        let path = found?.path;
        if is_plain(&path) { Ok(path) } else { Err(PackageError::Foreign { path }) }
    });
    let read = |path: String| {
        let sha256 = digest(&layout.at(&path)).at("read", layout.at(&path))?.0;
        Ok((path, sha256))
    };
    // Log and manifest are as large as a good part of the payload: not one behind the other.
    in_order(
        paths,
        |_: &String| BATCH_BUDGET,
        || read,
        |one: Result<(String, Sha256), PackageError>| {
            let (path, sha256) = one?;
            lines.extend([sha256.to_string().as_str(), "  ", &path, "\n"]);
            files += 1;
            Ok(())
        },
    )?;
    Ok((lines, files))
}
