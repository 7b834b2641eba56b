//! The folders of proofs, and the files in one.
//!
//! Small files are read whole up to a bound; a name is only compared. It must not know what the files say.

use std::fs::{self, File};
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::report::{Found, ProofCheckName};
use crate::terms::ControlNumber;
use crate::verify::report::Class;

/// The ending of a proof's own file.
const PROOF: &str = ".tlog-proof";
/// The page for people.
const PAGE: &str = "explanation.html";

/// The folders of proofs that a path names: itself, or those in it. None when there is no proof.
pub(super) fn of(path: &Utf8Path) -> Vec<Utf8PathBuf> {
    if path.as_str().ends_with(PROOF) && is_plain(path) {
        let parent = path.parent().filter(|parent| !parent.as_str().is_empty());
        return vec![parent.unwrap_or(Utf8Path::new(".")).to_owned()];
    }
    if is_proof(path) {
        return vec![path.to_owned()];
    }
    let inside: Vec<Utf8PathBuf> =
        names(path).into_iter().map(|name| path.join(name)).filter(|folder| folder.is_dir()).collect();
    // One that lacks its proof among others that have theirs is damaged.
    if inside.iter().any(|folder| is_proof(folder)) { inside } else { Vec::new() }
}

fn is_proof(folder: &Utf8Path) -> bool {
    names(folder).iter().any(|name| name.ends_with(PROOF))
}

/// The names in a folder, sorted; those that are not UTF-8 are made so.
fn names(folder: &Utf8Path) -> Vec<String> {
    let Ok(entries) = folder.as_std_path().read_dir() else { return Vec::new() };
    let mut names: Vec<String> =
        entries.flatten().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

fn is_plain(file: &Utf8Path) -> bool {
    fs::symlink_metadata(file).is_ok_and(|facts| facts.is_file())
}

/// A folder that holds one proof.
#[derive(Debug)]
pub(super) struct Folder<'f> {
    path: &'f Utf8Path,
    number: ControlNumber,
}

impl<'f> Folder<'f> {
    /// Looks for the proof, whose name is a control number.
    pub(super) fn open(path: &'f Utf8Path, found: &mut Found) -> Option<Self> {
        let names = names(path);
        let mut proofs = names.iter().filter_map(|name| name.strip_suffix(PROOF)?.parse().ok());
        let (first, second) = (proofs.next(), proofs.next());
        if second.is_some() {
            found.add(ProofCheckName::Files, Class::Extra, "", "more than one proof");
        }
        if first.is_none() {
            found.add(ProofCheckName::Files, Class::Missing, "", "no proof that is named by a control number");
        }
        first.map(|number| Self { path, number })
    }

    /// Whose proof it is.
    pub(super) const fn number(&self) -> ControlNumber {
        self.number
    }

    /// The name of a file of this proof.
    pub(super) fn name(&self, end: &str) -> String {
        format!("{}{end}", self.number)
    }

    /// Finds files that do not belong here.
    pub(super) fn strangers(&self, native: bool, found: &mut Found) {
        let mut own = vec![self.name(PROOF), self.name(".log.json"), self.name(".vkey"), PAGE.to_owned()];
        own.extend(native.then(|| self.name(".eml")));
        for name in names(self.path).into_iter().filter(|name| !own.contains(name)) {
            // Its name may be anybody's.
            let name: String = name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect();
            found.add(ProofCheckName::Files, Class::Extra, name, "it does not belong to this proof");
        }
    }

    /// The text of the proof.
    pub(super) fn proof(&self, found: &mut Found) -> Option<String> {
        self.must(&self.name(PROOF), 1 << 16, found)
    }

    /// The log line.
    pub(super) fn line(&self, found: &mut Found) -> Option<String> {
        self.must(&self.name(".log.json"), crate::verify::lines::MAX_LINE as u64, found)
    }

    /// The key that came along, if one did.
    pub(super) fn vkey(&self, found: &mut Found) -> Option<String> {
        let name = self.name(".vkey");
        self.path.join(&name).symlink_metadata().is_ok().then(|| self.must(&name, 1 << 16, found))?
    }

    /// The native, to be read.
    pub(super) fn native(&self) -> io::Result<File> {
        let file = self.path.join(self.name(".eml"));
        if is_plain(&file) { File::open(file) } else { Err(io::ErrorKind::NotFound.into()) }
    }

    fn must(&self, name: &str, largest: u64, found: &mut Found) -> Option<String> {
        let file = self.path.join(name);
        if !is_plain(&file) {
            found.add(ProofCheckName::Files, Class::Missing, name, "every proof has this file");
            return None;
        }
        let mut text = String::new();
        let read = File::open(&file).and_then(|file| file.take(largest + 1).read_to_string(&mut text));
        if read.is_ok_and(|bytes| bytes as u64 <= largest) {
            return Some(text);
        }
        found.add(ProofCheckName::Files, Class::Unreadable, name, "not a short UTF-8 text");
        None
    }
}
