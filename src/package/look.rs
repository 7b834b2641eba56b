//! Reading some natives again, wherever they lie: for those who need to see the bytes once more.
//!
//! A native that is not what its row says is never shown. It must not know what is looked for.

use std::fs::File;
use std::io::{self, Read as _};

use zip::ZipArchive;

use super::lanes::in_order;
use super::layout::Layout;
use super::shared_file::SharedFile;
use super::space::At as _;
use super::{Native, Package, PackageError};
use crate::terms::Sha256;

impl Package {
    /// Shows the bytes of each native to `look`, on several threads, and returns what it made of them, in order.
    ///
    /// Natives in volumes must be packed. Blocks: call it off the reactor. Memory is bounded by the natives under way:
    /// 8 MiB, or one that is larger.
    ///
    /// # Errors
    /// [`PackageError::Changed`] for a native that is not what its row says; the disk's.
    pub fn look<R: Send>(
        &self,
        natives: Vec<Native>,
        look: impl Fn(&Native, &[u8]) -> R + Sync,
    ) -> Result<Vec<R>, PackageError> {
        let layout = self.layout();
        let mut seen = Vec::with_capacity(natives.len());
        let worker = || {
            let mut shelf = Shelf { layout, open: None };
            let look = &look;
            move |native: Native| shelf.take(&native).map(|bytes| look(&native, &bytes))
        };
        let jobs = natives.into_iter().map(Ok);
        in_order(
            jobs,
            |native: &Native| native.bytes,
            worker,
            |one: Result<R, PackageError>| {
                seen.push(one?);
                Ok(())
            },
        )?;
        Ok(seen)
    }
}

/// Where natives are taken from; the volume read last stays open.
struct Shelf<'a> {
    layout: &'a Layout,
    open: Option<(String, ZipArchive<SharedFile>)>,
}

impl Shelf<'_> {
    fn take(&mut self, native: &Native) -> Result<Vec<u8>, PackageError> {
        let bytes = match within(&native.path) {
            Some((volume, name)) => self.member(volume, name, native.bytes),
            None => {
                let path = self.layout.at(&native.path);
                whole(File::open(&path), native.bytes).at("read", &path)
            }
        }?;
        let found = Sha256::of(&bytes);
        if found == native.sha256 {
            return Ok(bytes);
        }
        Err(PackageError::Changed { path: native.path.clone(), expected: native.sha256, found })
    }

    fn member(&mut self, volume: &str, name: &str, bytes: u64) -> Result<Vec<u8>, PackageError> {
        let path = self.layout.at(volume);
        let mut archive = match self.open.take() {
            Some((open, archive)) if open == volume => archive,
            _ => {
                let opened = SharedFile::open(&path).at("open", &path)?;
                ZipArchive::new(opened).map_err(io::Error::other).at("read", &path)?
            }
        };
        let read = whole(archive.by_name(name).map_err(io::Error::other), bytes).at("read", &path);
        self.open = Some((volume.to_owned(), archive));
        read
    }
}

/// The volume of a path, and the name of the member in it.
fn within(path: &str) -> Option<(&str, &str)> {
    let end = path.find(".zip/")? + ".zip".len();
    Some((path.get(..end)?, path.get(end + 1..)?))
}

/// As many bytes as were recorded, and one more: what grew must not grow the memory.
fn whole(from: io::Result<impl io::Read>, recorded: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(usize::try_from(recorded).unwrap_or(0).min(1 << 20));
    from?.take(recorded.saturating_add(1)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
