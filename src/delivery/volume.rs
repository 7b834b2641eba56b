//! One volume in the making: a whole ZIP that is closed and hashed while it is written.
//!
//! Bytes go through in one direction: archive, hash of the archive, lock, hash of what is delivered, disk. Times in it are
//! the same for every member, so equal packages give equal volumes where nothing is encrypted. It must not know packages.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};

use camino::{Utf8Path, Utf8PathBuf};
use zip::write::{SimpleFileOptions, StreamWriter};
use zip::{AesMode, CompressionMethod, DateTime, ZipWriter};

use super::locks::{Closing, Lock};
use crate::terms::{Hasher, Sha256, pour};

/// Written in pieces of this many bytes.
const PIECE: usize = 64 * 1024;
/// From here on a member needs Zip64; a little less, because its compressed form may be longer.
const LARGE: u64 = 0xFFFF_0000 - (64 << 20);

/// Hashes and counts what goes through.
pub(super) struct Hashing<W> {
    out: W,
    hasher: Hasher,
}

impl<W: Write> Hashing<W> {
    fn new(out: W) -> Self {
        Self { out, hasher: Hasher::new() }
    }
}

impl<W: Write> Write for Hashing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

type Through = Hashing<Closing<Hashing<BufWriter<File>>>>;

/// A volume in the making.
pub(super) struct Volume {
    pub(super) path: Utf8PathBuf,
    archive: ZipWriter<StreamWriter<Through>>,
    options: SimpleFileOptions,
    pub(super) members: u64,
    /// Upper bound of its length so far.
    pub(super) at_most: u64,
}

/// A finished volume.
pub(super) struct Written {
    pub(super) bytes: u64,
    pub(super) sha256: Sha256,
    /// Of the archive inside of the encryption.
    pub(super) inner: Sha256,
    pub(super) members: u64,
}

/// What a member adds to a volume at the most: its bytes, as deflate may stretch them, and its entries.
pub(super) fn at_most(name: &str, bytes: u64) -> u64 {
    bytes + bytes / 1_000 + 2 * name.len() as u64 + 512
}

impl Volume {
    pub(super) fn new(path: &Utf8Path, lock: &Lock) -> io::Result<Self> {
        let file = Hashing::new(BufWriter::with_capacity(PIECE, File::create_new(path)?));
        let archive = ZipWriter::new_stream(Hashing::new(lock.around(file)?));
        let options = SimpleFileOptions::default().last_modified_time(DateTime::default()).unix_permissions(0o644);
        Ok(Self { path: path.to_owned(), archive, options, members: 0, at_most: 1_024 })
    }

    /// Adds a member; returns the SHA-256 of its bytes.
    pub(super) fn add(&mut self, name: &str, from: &mut dyn Read, bytes: u64, lock: &Lock) -> io::Result<Sha256> {
        let is_packed = [".zip", ".docx"].iter().any(|end| name.ends_with(end));
        let method = if is_packed { CompressionMethod::Stored } else { CompressionMethod::Deflated };
        let mut options = self.options.compression_method(method).large_file(bytes >= LARGE);
        if let Some(password) = lock.password() {
            options = options.with_aes_encryption(AesMode::Aes256, password);
        }
        self.archive.start_file(name, options)?;
        let (sha256, _) = pour(from, &mut self.archive)?;
        self.members += 1;
        self.at_most += at_most(name, bytes);
        Ok(sha256)
    }

    /// Ends the archive and its encryption, durably.
    pub(super) fn finish(self) -> io::Result<Written> {
        let members = self.members;
        let Hashing { out, hasher } = self.archive.finish()?.into_inner();
        let (inner, _) = hasher.finish();
        let Hashing { out, hasher } = out.finish()?;
        let (sha256, bytes) = hasher.finish();
        out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
        Ok(Written { bytes, sha256, inner, members })
    }
}
