//! The folder's own geography: what lies where, from its root.
//!
//! It must not touch the disk. Names inside the package use `/` on every platform.

use camino::{Utf8Path, Utf8PathBuf};

use crate::terms::ControlNumber;

/// Payload, from the root.
pub(super) const DATA: &str = "data";
/// Affiant's own tag files, from the root.
pub(super) const OWN: &str = "affiant";
/// Files that are still arriving or being written; never part of a sealed package.
pub(super) const INCOMING: &str = "affiant/incoming";
/// Batches of natives that wait to be packed into a volume.
pub(super) const STAGING: &str = "affiant/staging";
/// Files without a row, moved aside.
pub(super) const ORPHANS: &str = "affiant/orphans";
/// The file whose lock is the right to change the folder.
pub(super) const LOCK: &str = "affiant/lock";
/// Who holds that lock. Apart from it, because some systems refuse reading a locked file.
pub(super) const HOLDER: &str = "affiant/lock.json";
/// The chain-of-custody database.
pub(super) const MANIFEST: &str = "affiant/manifest.sqlite";
/// Files that may be there before the manifest is: what it is made as, and what is kept before it.
pub(super) const BEGINNING: [&str; 4] = [
    "affiant/manifest.sqlite.part",
    "affiant/manifest.sqlite.part-journal",
    "affiant/chosen-ids",
    "affiant/manifest.sqlite-journal",
];
/// The last file of a bag: once it is there, the package is sealed.
pub(super) const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// The payload manifest.
pub(super) const PAYLOAD_MANIFEST: &str = "manifest-sha256.txt";
/// The same with MD5, for tools that know files by it.
pub(super) const PAYLOAD_MANIFEST_MD5: &str = "manifest-md5.txt";
/// The payload as `hashdeep` lists it.
pub(super) const HASHDEEP: &str = "affiant/hashdeep.txt";
/// The bag's declaration.
pub(super) const BAGIT: &str = "bagit.txt";
/// The bag's metadata.
pub(super) const BAG_INFO: &str = "bag-info.txt";

/// A package's root, and paths from it.
#[derive(Debug, Clone)]
pub(super) struct Layout {
    root: Utf8PathBuf,
}

impl Layout {
    /// The geography under a root.
    pub(super) fn new(root: &Utf8Path) -> Self {
        // An empty path would escape every check of what the folder holds.
        let root = if root.as_str().is_empty() { Utf8Path::new(".") } else { root };
        Self { root: root.to_owned() }
    }

    /// The root.
    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// Where a path inside the package lies on the disk.
    pub(super) fn at(&self, inside: &str) -> Utf8PathBuf {
        let mut path = self.root.clone();
        path.extend(inside.split('/'));
        path
    }

    /// Whether the last file of sealing is there.
    pub(super) fn is_sealed(&self) -> bool {
        self.at(TAG_MANIFEST).is_file()
    }

    /// Whether a manifest is there.
    pub(super) fn has_manifest(&self) -> bool {
        self.at(MANIFEST).is_file()
    }
}

/// A volume's file name: `VOL001.zip`.
pub(super) fn volume_name(volume: u32) -> String {
    format!("VOL{volume:03}.zip")
}

/// Where a volume's waiting batches lie.
pub(super) fn staged_volume(volume: u32) -> String {
    format!("{STAGING}/VOL{volume:03}")
}

/// A batch's file name: that of its first native, which is in no other.
pub(super) fn batch_name(first: ControlNumber) -> String {
    format!("{first}.zip")
}
