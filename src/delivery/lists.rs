//! The lists beside volumes: what was delivered, and what is inside of the encryption, as `sha256sum` reads them.
//!
//! It must not read volumes.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::Write as _;

use camino::Utf8Path;

use super::DeliveryError;
use super::pack::PackedVolume;
use crate::terms::Sha256;

/// The largest list that is read, in bytes.
const LARGEST: u64 = 16 << 20;
/// What the names of the lists end with.
const DELIVERED: &str = ".sha256";
const DECRYPTED: &str = ".decrypted.sha256";

/// Writes the lists.
pub(super) fn write(folder: &Utf8Path, base: &str, volumes: &[PackedVolume]) -> Result<(), DeliveryError> {
    let delivered = volumes.iter().map(|volume| format!("{}  {}\n", volume.sha256, volume.name));
    put(folder, &format!("{base}{DELIVERED}"), &delivered.collect::<String>())?;
    let inner = volumes.iter().filter_map(|volume| {
        let name = volume.name.strip_suffix(".age")?;
        Some(format!("{}  {name}\n", volume.decrypted_sha256?))
    });
    let inner: String = inner.collect();
    if inner.is_empty() { Ok(()) } else { put(folder, &format!("{base}{DECRYPTED}"), &inner) }
}

fn put(folder: &Utf8Path, name: &str, text: &str) -> Result<(), DeliveryError> {
    let path = folder.join(name);
    let written =
        File::create_new(&path).and_then(|mut file| file.write_all(text.as_bytes()).and_then(|()| file.sync_all()));
    written.map_err(DeliveryError::io("write", path))
}

/// The volumes of a folder with what is known of each, in order of their names.
pub(super) struct Expected {
    pub(super) delivered: BTreeMap<String, Option<Sha256>>,
    pub(super) decrypted: BTreeMap<String, Sha256>,
}

/// Reads what a folder holds, or should hold.
pub(super) fn read(folder: &Utf8Path) -> Result<Expected, DeliveryError> {
    let entries = folder.read_dir_utf8().map_err(DeliveryError::io("read", folder))?;
    let names: Result<Vec<String>, _> = entries.map(|entry| entry.map(|entry| entry.file_name().to_owned())).collect();
    let names = names.map_err(DeliveryError::io("read", folder))?;
    let (mut delivered, mut decrypted) = (BTreeMap::new(), BTreeMap::new());
    for name in &names {
        if name.ends_with(DECRYPTED) {
            decrypted.extend(list(folder, name)?);
        } else if name.ends_with(DELIVERED) {
            delivered.extend(list(folder, name)?.into_iter().map(|(name, sha256)| (name, Some(sha256))));
        }
    }
    let volumes = names.iter().filter(|name| [".zip", ".zip.age"].iter().any(|end| name.ends_with(end)));
    for name in volumes {
        delivered.entry(name.clone()).or_insert(None);
    }
    if delivered.is_empty() {
        return Err(DeliveryError::Nothing { folder: folder.to_owned() });
    }
    Ok(Expected { delivered, decrypted })
}

/// Names without any path, and their digests; other lines are somebody else's.
fn list(folder: &Utf8Path, name: &str) -> Result<Vec<(String, Sha256)>, DeliveryError> {
    let path = folder.join(name);
    let facts = fs::metadata(&path).map_err(DeliveryError::io("read", &path))?;
    if facts.len() > LARGEST {
        return Ok(Vec::new());
    }
    let text = fs::read_to_string(&path).map_err(DeliveryError::io("read", &path))?;
    let line = |line: &str| {
        let (digest, name) = line.split_once("  ")?;
        let is_volume = [".zip", ".zip.age"].iter().any(|end| name.ends_with(end)) && !name.contains(['/', '\\']);
        is_volume.then_some(())?;
        Some((name.to_owned(), Sha256::from_hex(digest).ok()?))
    };
    Ok(text.lines().filter_map(line).collect())
}
