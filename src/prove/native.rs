//! One native on its way out of the package: copied byte for byte, hashed meanwhile, refused when it is not what its
//! row states.
//!
//! A native lies in the tree or inside a ZIP volume. Must not know proofs.

use std::fs::{self, File};
use std::io::{self, Read, Write as _};

use camino::{Utf8Component, Utf8Path};
use rusqlite::Row;
use zip::ZipArchive;

use super::{Matching, ProveError, Sha256};
use crate::terms::{ControlNumber, Hasher, MatchingHasher, Md5, Sha1};

/// What the row states.
pub(super) struct Native {
    number: ControlNumber,
    path: String,
    bytes: u64,
    pub(super) sha256: Sha256,
    matching: Matching,
}

impl Native {
    /// Reads the columns path, bytes, sha256, sha1, md5 from the third on; none where one is not of its kind.
    pub(super) fn read(row: &Row<'_>, number: ControlNumber) -> rusqlite::Result<Option<Self>> {
        let (path, bytes): (String, i64) = (row.get(2)?, row.get(3)?);
        let digest = |column| row.get::<_, Option<Vec<u8>>>(column).map(Option::unwrap_or_default);
        let (sha256, sha1, md5) = (digest(4)?, digest(5)?, digest(6)?);
        let read = || {
            let matching = Matching { sha1: Sha1::from_slice(&sha1)?, md5: Md5::from_slice(&md5)? };
            Some(Self {
                number,
                path,
                bytes: u64::try_from(bytes).ok()?,
                sha256: Sha256::from_slice(&sha256)?,
                matching,
            })
        };
        Ok(read())
    }

    /// Copies the bytes into a new file.
    pub(super) fn copy(&self, root: &Utf8Path, to: &Utf8Path) -> Result<(), ProveError> {
        let (outer, inner) = match self.path.find(".zip/") {
            Some(dot) => {
                let (outer, inner) = self.path.split_at(dot + ".zip".len());
                (outer, inner.strip_prefix('/'))
            }
            None => (self.path.as_str(), None),
        };
        let file = self.open(root, outer)?;
        match inner {
            None => self.take(file, to),
            Some(name) => {
                let unreadable = |error: zip::result::ZipError| self.differs(io::Error::from(error).to_string());
                let mut volume = ZipArchive::new(io::BufReader::new(file)).map_err(unreadable)?;
                let member = volume.by_name(name).map_err(unreadable)?;
                self.take(member, to)
            }
        }
    }

    /// Opens a plain file below the package's root, whatever its row says.
    fn open(&self, root: &Utf8Path, path: &str) -> Result<File, ProveError> {
        let below = Utf8Path::new(path).components().all(|part| matches!(part, Utf8Component::Normal(_)));
        let file = root.join(path);
        if !below || !fs::symlink_metadata(&file).is_ok_and(|facts| facts.is_file()) {
            return Err(self.differs("there is no such file".to_owned()));
        }
        File::open(&file).map_err(|error| self.differs(error.kind().to_string()))
    }

    fn take(&self, from: impl Read, to: &Utf8Path) -> Result<(), ProveError> {
        let wrong = |source| ProveError::Write { path: to.to_owned(), source };
        // One byte beyond what the row states is enough to differ.
        let mut from = from.take(self.bytes.saturating_add(1));
        let mut file = File::create_new(to).map_err(wrong)?;
        let (mut hasher, mut matching, mut buffer) = (Hasher::new(), MatchingHasher::default(), vec![0; 1 << 16]);
        loop {
            let count = match from.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(self.differs(error.to_string())),
            };
            let piece = buffer.get(..count).unwrap_or_default();
            hasher.update(piece);
            matching.update(piece);
            file.write_all(piece).map_err(wrong)?;
        }
        file.sync_all().map_err(wrong)?;
        let (sha256, bytes) = hasher.finish();
        if bytes != self.bytes {
            return Err(self.differs(format!("expected {} bytes, found another number", self.bytes)));
        }
        if sha256 != self.sha256 {
            return Err(self.differs(format!("expected SHA-256 {}, found {sha256}", self.sha256)));
        }
        if matching.finish() != self.matching {
            return Err(self.differs("its MD5 or SHA-1 is another".to_owned()));
        }
        Ok(())
    }

    fn differs(&self, why: String) -> ProveError {
        ProveError::Differs { number: self.number, why }
    }
}
