//! What is put beside a sealed package later: time stamps, signatures, custody events.
//!
//! Nothing that was sealed is touched. New files are made durable first, then the tag manifest is replaced in one step;
//! its older lines stay as they are, so nobody's change to a sealed file is made good here. Killed in between, the files
//! are listed nowhere and were never reported as added: the next addition removes them. It must not know what they say.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use camino::{Utf8Path, Utf8PathBuf};

use super::PackageError;
use super::durable::{sync_directory, write_whole};
use super::layout::{INCOMING, Layout, OWN, TAG_MANIFEST};
use super::lock::Lock;
use super::space::At as _;
use super::tree::{Walk, file_name, is_plain};
use crate::terms::{Sha256, UtcInstant};

/// The largest tag manifest that is read, in bytes: reports and segments make it long, messages do not.
const LARGEST_LIST: u64 = 64 << 20;

/// A sealed package and the right to add to it, which ends with this value.
#[derive(Debug)]
pub struct Addition {
    layout: Layout,
    lock: Lock,
    /// Path to digest, as the tag manifest has them.
    listed: BTreeMap<String, String>,
}

impl Addition {
    /// Opens a sealed package to add to it, and removes what an interrupted addition left: files for which `is_ours` says
    /// that additions make them, and that the tag manifest does not list. Blocks: call it off the reactor.
    ///
    /// # Errors
    /// [`PackageError`]: not there, no package, not sealed, in use, not writable.
    pub fn open(root: &Utf8Path, now: UtcInstant, is_ours: impl Fn(&str) -> bool) -> Result<Self, PackageError> {
        let layout = Layout::new(root);
        must_be_sealed(&layout)?;
        let lock = Lock::take(&layout, now)?;
        let opened = listed(&layout).and_then(|listed| {
            clear(&layout, &listed, is_ours)?;
            Ok(listed)
        });
        match opened {
            Ok(listed) => Ok(Self { layout, lock, listed }),
            Err(error) => {
                lock.remove_files();
                Err(error)
            }
        }
    }

    /// Whether the package has such a file.
    pub fn has(&self, path: &str) -> bool {
        self.listed.contains_key(path)
    }

    /// Puts files beside what was sealed, all of them or none; returns the new tag manifest's SHA-256.
    ///
    /// # Errors
    /// [`PackageError::Occupied`] for a path that is taken; what the disk says.
    pub fn put(&mut self, files: &[(String, Vec<u8>)]) -> Result<Sha256, PackageError> {
        self.lock.must_be_in_place()?;
        if let Some((path, _)) = files.iter().find(|(path, _)| !is_plain(path)) {
            return Err(PackageError::Foreign { path: path.clone() });
        }
        if let Some((path, _)) = files.iter().find(|(path, _)| self.has(path) || self.layout.at(path).exists()) {
            return Err(PackageError::Occupied { path: self.layout.at(path) });
        }
        let incoming = self.layout.at(INCOMING);
        fs::create_dir_all(&incoming).at("make", &incoming)?;
        let mut listed = self.listed.clone();
        for (path, bytes) in files {
            let to = self.layout.at(path);
            if let Some(folder) = to.parent().filter(|folder| !folder.is_dir()) {
                fs::create_dir_all(folder).at("make", folder)?;
                sync_directory(&self.layout.at(OWN)).at("sync", self.layout.at(OWN))?;
            }
            write_whole(self.draft(path), &to, bytes)?;
            listed.insert(path.clone(), Sha256::of(bytes).to_string());
        }
        let lines: String = listed.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect();
        write_whole(self.draft(TAG_MANIFEST), &self.layout.at(TAG_MANIFEST), lines.as_bytes())?;
        self.listed = listed;
        Ok(Sha256::of(lines.as_bytes()))
    }

    fn draft(&self, path: &str) -> Utf8PathBuf {
        self.layout.at(&format!("{INCOMING}/{}.part", file_name(path)))
    }
}

impl Drop for Addition {
    fn drop(&mut self) {
        // What a kill leaves of these is no part of the package, and the next look at it takes it away.
        let _ = fs::remove_dir_all(self.layout.at(INCOMING));
        self.lock.remove_files();
    }
}

fn must_be_sealed(layout: &Layout) -> Result<(), PackageError> {
    let root = layout.root().to_owned();
    let facts = match fs::metadata(&root) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(PackageError::NotThere { root }),
        facts => facts.at("look at", layout.root())?,
    };
    if !facts.is_dir() {
        return Err(PackageError::NotAFolder { path: root });
    }
    match (layout.has_manifest(), layout.is_sealed()) {
        (true, true) => Ok(()),
        (true, false) => Err(PackageError::Unsealed { root }),
        (false, _) => Err(PackageError::NotAPackage { root }),
    }
}

/// The tag manifest; a line that is none of ours is nobody's to rewrite.
fn listed(layout: &Layout) -> Result<BTreeMap<String, String>, PackageError> {
    let file = layout.at(TAG_MANIFEST);
    let bad = || PackageError::Foreign { path: TAG_MANIFEST.to_owned() };
    if fs::symlink_metadata(&file).at("look at", &file)?.len() > LARGEST_LIST {
        return Err(bad());
    }
    let text = String::from_utf8(fs::read(&file).at("read", &file)?).map_err(|_| bad())?;
    let mut listed = BTreeMap::new();
    for line in text.lines() {
        let (digest, path) = line.split_once("  ").ok_or_else(bad)?;
        listed.insert(path.to_owned(), digest.to_owned());
    }
    let again: String = listed.iter().map(|(path, digest)| format!("{digest}  {path}\n")).collect();
    if again == text { Ok(listed) } else { Err(bad()) }
}

/// Removes what an addition that was killed left.
fn clear(
    layout: &Layout,
    listed: &BTreeMap<String, String>,
    is_ours: impl Fn(&str) -> bool,
) -> Result<(), PackageError> {
    match fs::remove_dir_all(layout.at(INCOMING)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        other => other.at("clear", layout.at(INCOMING))?,
    }
    for found in Walk::new(layout, OWN) {
        let path = found?.path;
        if !listed.contains_key(&path) && is_ours(&path) {
            fs::remove_file(layout.at(&path)).at("remove", layout.at(&path))?;
        }
    }
    Ok(())
}
