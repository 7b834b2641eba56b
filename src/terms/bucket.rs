//! Bytes on their way from one place to another, hashed as they pass through a bucket.
//!
//! Whoever pours often keeps the bucket: a new one is cleared first, which costs more than hashing a small message.
//! It must not know files.

use std::io;

use super::digest::{Hasher, ListedHasher, Md5, Sha256};

/// Read and copied in pieces of this many bytes.
const PIECE: usize = 64 * 1024;

/// Room for one piece.
#[derive(Debug)]
pub struct Bucket(Box<[u8]>);

impl Default for Bucket {
    fn default() -> Self {
        Self(vec![0; PIECE].into_boxed_slice())
    }
}

impl Bucket {
    /// Copies all of `from` to `to`, hashing what goes through; a call that the system interrupted is made again.
    ///
    /// # Errors
    /// What either side says.
    pub fn pour(&mut self, from: impl io::Read, mut to: impl io::Write) -> io::Result<(Sha256, u64)> {
        let mut hasher = Hasher::new();
        self.each(from, |piece| {
            hasher.update(piece);
            to.write_all(piece)
        })?;
        Ok(hasher.finish())
    }

    /// SHA-256, MD5 and length of all of `from`.
    ///
    /// # Errors
    /// What it says.
    pub fn digests(&mut self, from: impl io::Read) -> io::Result<((Sha256, Md5), u64)> {
        let mut hasher = ListedHasher::default();
        self.each(from, |piece| {
            hasher.update(piece);
            Ok(())
        })?;
        Ok(hasher.finish())
    }

    fn each(&mut self, mut from: impl io::Read, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        loop {
            let read = match from.read(&mut self.0) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                read => read?,
            };
            let Some(piece) = self.0.get(..read).filter(|piece| !piece.is_empty()) else { return Ok(()) };
            take(piece)?;
        }
    }
}

/// [`Bucket::pour`] with a bucket for this once.
///
/// # Errors
/// What either side says.
pub fn pour(from: impl io::Read, to: impl io::Write) -> io::Result<(Sha256, u64)> {
    Bucket::default().pour(from, to)
}
