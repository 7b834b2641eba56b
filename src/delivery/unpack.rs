//! Unpacking: every member of every volume to its place below one new folder, and nothing anywhere else.
//!
//! Names are taken apart and refused unless each part is plain; nothing is ever overwritten. It must not run, follow or
//! interpret what it unpacks.

use std::fs::{self, File};
use std::io::{self, BufReader, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::ExposeSecret as _;
use zip::ZipArchive;
use zip::result::ZipError;

use super::place::Making;
use super::{DeliveryError, Keys, lists, unlock};
use crate::verify::Record;

/// What came out.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Unpacked {
    /// The package's folder.
    #[schemars(with = "String")]
    pub folder: Utf8PathBuf,
    /// Its acquisition.
    pub acquisition_id: String,
    /// Lines of its log.
    pub log_size: u64,
    /// The root over them, lower-case hex.
    pub log_root: String,
    /// Volumes that were read.
    pub volumes: u64,
    /// How many of them stood in a list with their SHA-256, and had it.
    pub listed: u64,
    /// Files that were written.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// Unpacks the volumes of a folder into a new one, and checks the record of the package that comes out. `tell` hears how
/// many bytes are written. Blocks: call it off the reactor.
///
/// # Errors
/// [`DeliveryError`]; then the folder is not there.
pub fn unpack(
    from: &Utf8Path,
    out: &Utf8Path,
    keys: &Keys,
    tell: &mut dyn FnMut(u64),
) -> Result<Unpacked, DeliveryError> {
    let expected = lists::read(from)?;
    let making = Making::new(out, from)?;
    let beside = making.aside()?;
    let mut target = Target { root: making.path(), top: None, files: 0, bytes: 0 };
    for name in expected.delivered.keys() {
        let opened = unlock::open(from, name, &expected, keys, &beside)?;
        target.members(name, &opened.file, keys, tell)?;
    }
    let Target { files, bytes, .. } = target;
    let record = Record::open(making.path())?;
    let (acquisition_id, log_size) = (record.head().acquisition_id.clone(), record.head().size);
    let log_root = record.head().root.to_string();
    drop(record);
    let folder = making.done()?;
    let volumes = expected.delivered.len() as u64;
    let listed = expected.delivered.values().flatten().count() as u64;
    Ok(Unpacked { folder, acquisition_id, log_size, log_root, volumes, listed, files, bytes })
}

struct Target<'a> {
    root: &'a Utf8Path,
    /// The folder that all members lie in.
    top: Option<String>,
    files: u64,
    bytes: u64,
}

impl Target<'_> {
    fn members(
        &mut self,
        volume: &str,
        file: &File,
        keys: &Keys,
        tell: &mut dyn FnMut(u64),
    ) -> Result<(), DeliveryError> {
        let broken = |why: &str| DeliveryError::Archive { name: volume.to_owned(), why: why.to_owned() };
        let archive = ZipArchive::new(BufReader::new(file));
        let mut archive = archive.map_err(|_| broken("it is no ZIP, or was cut short"))?;
        self.must_fit(archive.decompressed_size())?;
        for place in 0..archive.len() {
            let hostile = || DeliveryError::Hostile { name: volume.to_owned(), number: place + 1 };
            let (inside, is_encrypted) = {
                let member = archive.by_index_raw(place).map_err(|_| broken("its directory is damaged"))?;
                let name = member.name().map_err(|_| hostile())?;
                let inside = self.inside(&name).filter(|_| member.is_file()).ok_or_else(hostile)?;
                (inside, member.encrypted())
            };
            let password = keys.passphrase.as_ref().map(|passphrase| passphrase.expose_secret().as_bytes());
            let opened = match (is_encrypted, password) {
                (false, _) => archive.by_index(place),
                (true, Some(password)) => archive.by_index_decrypt(place, password),
                (true, None) => return Err(DeliveryError::Locked { name: volume.to_owned() }),
            };
            let member = opened.map_err(|error| match error {
                ZipError::InvalidPassword => DeliveryError::Key { name: volume.to_owned() },
                _ => broken("a member cannot be read"),
            })?;
            let to = self.root.join(&inside);
            let stated = member.size();
            let mut member = member.take(stated.saturating_add(1));
            let written = write(&to, &mut member).map_err(|error| match error.kind() {
                io::ErrorKind::InvalidData | io::ErrorKind::InvalidInput | io::ErrorKind::UnexpectedEof => {
                    broken("a member is damaged")
                }
                io::ErrorKind::AlreadyExists => hostile(),
                _ => DeliveryError::io("write", &to)(error),
            })?;
            if written != stated {
                return Err(broken("a member is longer or shorter than stated"));
            }
            self.files += 1;
            self.bytes += written;
            tell(self.bytes);
        }
        Ok(())
    }

    /// The path below the top folder, if every part of it is plain and the top is that of the members before.
    fn inside(&mut self, name: &str) -> Option<Utf8PathBuf> {
        let (top, rest) = name.split_once('/')?;
        let plain = |part: &str| {
            let odd = |c: char| c.is_control() || matches!(c, '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|');
            !part.is_empty() && part != "." && part != ".." && !part.contains(odd) && !part.ends_with(['.', ' '])
        };
        if !name.split('/').all(plain) || self.top.as_deref().is_some_and(|known| known != top) {
            return None;
        }
        self.top = Some(top.to_owned());
        Some(rest.split('/').collect())
    }

    fn must_fit(&self, needed: Option<u128>) -> Result<(), DeliveryError> {
        let free = fs4::available_space(self.root).map_err(DeliveryError::io("look at", self.root))?;
        let needed = needed.map_or(0, |needed| u64::try_from(needed).unwrap_or(u64::MAX));
        if needed > free { Err(DeliveryError::Space { needed, free }) } else { Ok(()) }
    }
}

fn write(to: &Utf8Path, from: &mut dyn io::Read) -> io::Result<u64> {
    if let Some(folder) = to.parent() {
        fs::create_dir_all(folder)?;
    }
    let mut file = File::create_new(to)?;
    let written = io::copy(from, &mut file)?;
    file.sync_data()?;
    Ok(written)
}
