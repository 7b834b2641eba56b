//! One native on its way out of the package: copied byte for byte, hashed meanwhile, refused when it is not what its
//! row states.
//!
//! A native lies in the tree or inside a ZIP volume. Must not know proofs.

use std::fs::File;
use std::io::{self, Write};

use camino::Utf8Path;
use rusqlite::Row;

use super::{Matching, ProveError, Sha256};
use crate::terms::{ControlNumber, MatchingHasher, Md5, Sha1};
use crate::verify::copy_native;

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
        let wrong = |source| ProveError::Write { path: to.to_owned(), source };
        let file = File::create_new(to).map_err(wrong)?;
        let mut out = Copy { file, matching: MatchingHasher::default(), room: self.bytes, trouble: None };
        let copied = copy_native(root, &self.path, &mut out);
        if let Some(source) = out.trouble {
            return Err(wrong(source));
        }
        let (sha256, bytes) = copied.map_err(|error| self.differs(error.to_string()))?;
        out.file.sync_all().map_err(wrong)?;
        if bytes != self.bytes {
            return Err(self.differs(format!("expected {} bytes, found another number", self.bytes)));
        }
        if sha256 != self.sha256 {
            return Err(self.differs(format!("expected SHA-256 {}, found {sha256}", self.sha256)));
        }
        if out.matching.finish() != self.matching {
            return Err(self.differs("its MD5 or SHA-1 is another".to_owned()));
        }
        Ok(())
    }

    fn differs(&self, why: String) -> ProveError {
        ProveError::Differs { number: self.number, why }
    }
}

/// The copy while it grows: no longer than the row states.
struct Copy {
    file: File,
    matching: MatchingHasher,
    room: u64,
    /// What the disk said, as against what is wrong with the native.
    trouble: Option<io::Error>,
}

impl Write for Copy {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let room = self.room.checked_sub(bytes.len() as u64);
        self.room = room.ok_or_else(|| io::Error::other("it is longer than its row states"))?;
        self.matching.update(bytes);
        if let Err(error) = self.file.write_all(bytes) {
            let said = io::Error::from(error.kind());
            self.trouble = Some(error);
            return Err(said);
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
