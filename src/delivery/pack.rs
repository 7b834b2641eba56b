//! Packing: every file that the package's lists name, each compared with its list, into volumes.
//!
//! It must not change the package.

use std::fs::{self, File};

use camino::{Utf8Path, Utf8PathBuf};

use super::place::Making;
use super::volume::{Volume, at_most};
use super::{DeliveryError, Lock, VOLUME_MEMBERS, lists};
use crate::terms::Sha256;
use crate::verify::{Record, listed_files};

/// How a package is packed.
#[derive(Debug)]
pub struct Packing {
    /// Bytes of a volume at the most, unless one file alone is larger.
    pub volume_bytes: u64,
    /// What volumes are closed with.
    pub lock: Lock,
}

/// One volume as it is delivered.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct PackedVolume {
    /// Its file name.
    pub name: String,
    /// Its length.
    pub bytes: u64,
    /// SHA-256 of the file, lower-case hex.
    #[schemars(with = "String")]
    pub sha256: Sha256,
    /// SHA-256 of the archive inside of the encryption; `null` where the file is the archive.
    #[schemars(with = "Option<String>")]
    pub decrypted_sha256: Option<Sha256>,
    /// Files in it.
    pub members: u64,
}

/// A delivery.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Packed {
    /// The folder.
    #[schemars(with = "String")]
    pub folder: Utf8PathBuf,
    /// The acquisition that was packed.
    pub acquisition_id: String,
    /// SHA-256 of the package's tag manifest: what `affiant custody transfer` records.
    #[schemars(with = "String")]
    pub tagmanifest_sha256: Sha256,
    /// Files of the package.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// The volumes, in order.
    pub volumes: Vec<PackedVolume>,
}

/// Packs a sealed package into a new folder. `tell` hears how many bytes of it are packed. Blocks: call it off the reactor.
///
/// # Errors
/// [`DeliveryError`]; then the folder is not there.
pub fn pack(
    record: &Record,
    out: &Utf8Path,
    packing: &Packing,
    tell: &mut dyn FnMut(u64),
) -> Result<Packed, DeliveryError> {
    let root = record.root();
    let making = Making::new(out, root)?;
    let base = base(root);
    let mut packer = Packer { making: &making, base: &base, packing, open: None, volumes: Vec::new() };
    let (mut files, mut bytes) = (0, 0);
    let mut tagmanifest_sha256 = None;
    for listed in listed_files(root).map_err(DeliveryError::io("read", root))? {
        let path = root.join(&listed.path);
        let facts = fs::symlink_metadata(&path).map_err(DeliveryError::io("read", &path))?;
        if !facts.is_file() {
            return Err(DeliveryError::Differs { path: listed.path });
        }
        let sha256 = packer.add(&path, &listed.path, facts.len())?;
        if listed.sha256.is_some_and(|stated| stated != sha256) {
            return Err(DeliveryError::Differs { path: listed.path });
        }
        if listed.sha256.is_none() {
            tagmanifest_sha256 = Some(sha256);
        }
        files += 1;
        bytes += facts.len();
        tell(bytes);
    }
    packer.close()?;
    let volumes = packer.volumes;
    lists::write(making.path(), &base, &volumes)?;
    let differs = || DeliveryError::Differs { path: "tagmanifest-sha256.txt".to_owned() };
    let tagmanifest_sha256 = tagmanifest_sha256.ok_or_else(differs)?;
    let folder = making.done()?;
    let acquisition_id = record.head().acquisition_id.clone();
    Ok(Packed { folder, acquisition_id, tagmanifest_sha256, files, bytes, volumes })
}

struct Packer<'a> {
    making: &'a Making,
    base: &'a str,
    packing: &'a Packing,
    open: Option<Volume>,
    volumes: Vec<PackedVolume>,
}

impl Packer<'_> {
    fn add(&mut self, path: &Utf8Path, inside: &str, bytes: u64) -> Result<Sha256, DeliveryError> {
        let name = format!("{}/{inside}", self.base);
        let is_full = self.open.as_ref().is_some_and(|open| {
            open.members >= VOLUME_MEMBERS || open.at_most + at_most(&name, bytes) > self.packing.volume_bytes
        });
        if is_full {
            self.close()?;
        }
        let open = match &mut self.open {
            Some(open) => open,
            none => {
                let number = self.volumes.len() + 1;
                let path = self.making.path().join(format!("{}.{number:03}.{}", self.base, self.packing.lock.end()));
                let made = Volume::new(&path, &self.packing.lock).map_err(DeliveryError::io("make", path))?;
                none.insert(made)
            }
        };
        let mut file = File::open(path).map_err(DeliveryError::io("read", path))?;
        let written = open.path.clone();
        open.add(&name, &mut file, bytes, &self.packing.lock).map_err(DeliveryError::io("write", written))
    }

    fn close(&mut self) -> Result<(), DeliveryError> {
        let Some(open) = self.open.take() else { return Ok(()) };
        let path = open.path.clone();
        let written = open.finish().map_err(DeliveryError::io("write", &path))?;
        let is_encrypted = path.extension() == Some("age");
        self.volumes.push(PackedVolume {
            name: path.file_name().unwrap_or_default().to_owned(),
            bytes: written.bytes,
            sha256: written.sha256,
            decrypted_sha256: is_encrypted.then_some(written.inner),
            members: written.members,
        });
        Ok(())
    }
}

/// A name for the package that is one on every system.
fn base(root: &Utf8Path) -> String {
    let whole = root.canonicalize_utf8().unwrap_or_else(|_| root.to_owned());
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c } else { '_' };
    let name: String = whole.file_name().unwrap_or_default().chars().take(60).map(plain).collect();
    if name.chars().any(|c| c.is_ascii_alphanumeric()) { name } else { "package".to_owned() }
}
