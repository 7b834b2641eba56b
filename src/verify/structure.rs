//! The BagIt skeleton (RFC 8493 section 2): declaration, bag-info, the tag files that must be there.
//!
//! It must not read the payload; sizes come from the walk.

use std::fs;

use camino::Utf8Path;

use super::report::{CheckName, Class, Findings};
use super::{checkpoint, chosen, ledger, listing, log, matching, orphans};

/// The whole of bagit.txt.
const DECLARATION: &str = "BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n";
pub(super) const BAG_INFO: &str = "bag-info.txt";
/// Largest bag-info.txt that is read, in bytes.
const MAX_TAG_FILE: u64 = 1 << 20;

/// Where what is sworn after the seal lies; which files belong there, and to the orphans, is the matter of those checks.
const CUSTODY: &str = "affiant/custody/";

/// What every sealed package has outside of the payload.
const NEEDED: [&str; 9] = [
    "bagit.txt",
    BAG_INFO,
    listing::PAYLOAD,
    listing::TAGS,
    matching::MD5S,
    matching::HASHDEEP,
    ledger::DATABASE,
    log::LOG,
    checkpoint::FILE,
];

/// Whether the format has a file of this path outside of the payload.
pub(super) fn has_place_for(path: &str) -> bool {
    let known = NEEDED.contains(&path) || [checkpoint::VKEY, chosen::LIST].contains(&path);
    let is_seal = [".tsr", ".sig"].iter().any(|end| checkpoint::is_beside(path, end));
    known || is_seal || path.starts_with(CUSTODY) || path.starts_with(orphans::FOLDER)
}

/// Payload bytes and files.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Oxum {
    /// Bytes of all payload files.
    pub(super) bytes: u64,
    /// Number of payload files.
    pub(super) files: u64,
}

/// Checks the skeleton; returns what bag-info.txt says the payload amounts to.
pub(super) fn check(root: &Utf8Path, findings: &mut Findings) -> Option<Oxum> {
    for path in NEEDED {
        if !fs::symlink_metadata(root.join(path)).is_ok_and(|facts| facts.is_file()) {
            findings.add(CheckName::Structure, Class::Missing, path, "every sealed package has this file");
        }
    }
    if !root.join("data").is_dir() {
        findings.add(CheckName::Structure, Class::Missing, "data", "every sealed package has this folder");
    }
    if let Some(text) = read(root, "bagit.txt", findings)
        && text != DECLARATION
    {
        findings.add(CheckName::CanonicalForm, Class::Wrong, "bagit.txt", "not the declaration of a BagIt 1.0 bag");
    }
    let info = read(root, BAG_INFO, findings)?;
    let oxum = stated(&info);
    if oxum.is_none() {
        findings.add(CheckName::Structure, Class::Wrong, BAG_INFO, "no single Payload-Oxum: bytes.files");
    }
    oxum
}

/// Compares what was stated with what was walked over.
pub(super) fn compare(stated: Option<Oxum>, found: Oxum, findings: &mut Findings) {
    let Some(stated) = stated.filter(|stated| *stated != found) else { return };
    let detail = format!(
        "Payload-Oxum: expected {}.{}  found {}.{} in data/",
        stated.bytes, stated.files, found.bytes, found.files
    );
    findings.add(CheckName::Structure, Class::Wrong, BAG_INFO, detail);
}

fn read(root: &Utf8Path, path: &str, findings: &mut Findings) -> Option<String> {
    let file = root.join(path);
    let facts = fs::symlink_metadata(&file).ok().filter(fs::Metadata::is_file)?;
    let text = if facts.len() > MAX_TAG_FILE { None } else { fs::read(&file).ok().map(String::from_utf8) };
    if let Some(Ok(text)) = text {
        return Some(text);
    }
    findings.add(CheckName::Structure, Class::Unreadable, path, "not a short UTF-8 text");
    None
}

fn stated(info: &str) -> Option<Oxum> {
    let mut values = info.lines().filter_map(|line| line.strip_prefix("Payload-Oxum: "));
    let (bytes, files) = values.next()?.split_once('.')?;
    let oxum = Oxum { bytes: bytes.parse().ok()?, files: files.parse().ok()? };
    let canonical = format!("{}.{}", oxum.bytes, oxum.files) == format!("{bytes}.{files}");
    (values.next().is_none() && canonical).then_some(oxum)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_payload_is_stated_once_as_bytes_and_files() {
        assert_eq!(stated("Bagging-Date: 2024-06-04\nPayload-Oxum: 12.3\n"), Some(Oxum { bytes: 12, files: 3 }));
        for wrong in
            ["", "Payload-Oxum: 12", "Payload-Oxum: 012.3", "Payload-Oxum: 1.2\nPayload-Oxum: 1.2", "payload-oxum: 1.2"]
        {
            assert_eq!(stated(wrong), None, "{wrong}");
        }
    }
}
