//! One native arriving: bytes are hashed as they come and kept exactly as they come.
//!
//! Most messages are small, and a file that is made, written, read back and renamed costs more than the bytes;
//! so a body stays in memory until it is larger than [`IN_MEMORY`]. It must not know what a message is.

use std::borrow::Cow;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, Write as _};
use std::sync::atomic::{AtomicU64, Ordering};

use camino::{Utf8Path, Utf8PathBuf};

use super::block::block;
use super::durable::Temporary;
use crate::terms::{Hasher, Matching, MatchingHasher, Sha256, hash_alike};

/// Bytes that one arriving native may hold in memory before it goes to a temporary file.
pub const IN_MEMORY: usize = 256 * 1024;

/// Numbers temporary files within the process; the lock keeps other processes away.
static NEXT: AtomicU64 = AtomicU64::new(0);

/// Makes a new, empty temporary file in a folder.
pub(super) fn temporary(folder: &Utf8Path) -> io::Result<(File, Temporary)> {
    loop {
        let path = folder.join(format!("{:08x}.part", NEXT.fetch_add(1, Ordering::Relaxed)));
        match File::options().read(true).write(true).create_new(true).open(&path) {
            // Left by an earlier session; that one is swept, not written into.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            made => return Ok((made?, Temporary::new(path))),
        }
    }
}

#[derive(Debug)]
enum Body {
    Memory(Vec<u8>),
    File(File, Temporary),
}

/// Where one native arrives. Dropping it forgets the bytes and removes its temporary file.
#[derive(Debug)]
pub struct Landing {
    incoming: Utf8PathBuf,
    hasher: Hasher,
    matching: MatchingHasher,
    body: Body,
}

impl Landing {
    /// Nothing arrived yet; a body too large for memory goes to a file in `incoming`, which is there.
    pub(super) fn new(incoming: Utf8PathBuf) -> Self {
        Self { incoming, hasher: Hasher::new(), matching: MatchingHasher::default(), body: Body::Memory(Vec::new()) }
    }

    /// Forgets everything that arrived: the request is made again.
    pub fn restart(&mut self) -> io::Result<()> {
        self.hasher = Hasher::new();
        self.matching = MatchingHasher::default();
        match &mut self.body {
            Body::Memory(bytes) => bytes.clear(),
            Body::File(file, _) => {
                file.set_len(0)?;
                file.rewind()?;
            }
        }
        Ok(())
    }

    /// Takes the next bytes in order. After an error only [`Self::restart`] makes sense.
    pub fn write(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.body {
            Body::Memory(held) if held.len() + bytes.len() <= IN_MEMORY => held.extend_from_slice(bytes),
            Body::Memory(held) => {
                let (mut file, temporary) = temporary(&self.incoming)?;
                file.write_all(held)?;
                file.write_all(bytes)?;
                self.body = Body::File(file, temporary);
            }
            Body::File(file, _) => file.write_all(bytes)?,
        }
        hash_alike(&mut self.hasher, &mut self.matching, bytes);
        Ok(())
    }

    /// Bytes that arrived since the start or the last restart.
    pub const fn bytes(&self) -> u64 {
        self.hasher.bytes()
    }

    /// Ends the arrival. Nothing is durable before the result is settled.
    pub fn finish(self) -> io::Result<Landed> {
        let (sha256, bytes) = self.hasher.finish();
        let body = match self.body {
            Body::Memory(mut bytes) => {
                bytes.shrink_to_fit();
                Arrived::Memory(bytes)
            }
            // Closed here and opened again to be synced: a batch of many must not exhaust file handles.
            Body::File(_, temporary) => Arrived::File(temporary),
        };
        Ok(Landed { sha256, matching: self.matching.finish(), bytes, body })
    }
}

#[derive(Debug)]
pub(super) enum Arrived {
    Memory(Vec<u8>),
    File(Temporary),
}

/// A native that arrived whole; dropping it unsettled removes its temporary file.
#[derive(Debug)]
pub struct Landed {
    /// SHA-256 of the bytes as they arrived.
    pub sha256: Sha256,
    /// MD5 and SHA-1 of the same bytes, for matching only.
    pub matching: Matching,
    /// How many there were.
    pub bytes: u64,
    pub(super) body: Arrived,
}

impl Landed {
    /// The bytes, for parsing; a large native is read from its file into memory as a whole.
    pub fn contents(&self) -> io::Result<Cow<'_, [u8]>> {
        match &self.body {
            Arrived::Memory(bytes) => Ok(Cow::Borrowed(bytes)),
            Arrived::File(temporary) => {
                let mut bytes = block(usize::try_from(self.bytes).unwrap_or(0));
                File::open(temporary.path())?.read_to_end(&mut bytes)?;
                Ok(Cow::Owned(bytes))
            }
        }
    }

    /// Bytes of it that are in memory now: what a batch of natives waiting to be settled costs.
    pub const fn in_memory(&self) -> usize {
        match &self.body {
            Arrived::Memory(bytes) => bytes.len(),
            Arrived::File(_) => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn folder() -> (tempfile::TempDir, Utf8PathBuf) {
        let dir = tempfile::tempdir().expect("a temporary folder");
        let path = Utf8PathBuf::from_path_buf(dir.path().join("incoming")).expect("UTF-8");
        fs::create_dir(&path).expect("made");
        (dir, path)
    }

    fn files(folder: &Utf8Path) -> usize {
        folder.read_dir_utf8().map_or(0, Iterator::count)
    }

    #[test]
    fn a_small_body_makes_no_file_and_a_large_one_makes_one() {
        let (_dir, incoming) = folder();
        for (size, expected) in [(0, 0), (IN_MEMORY, 0), (IN_MEMORY + 1, 1), (3 * IN_MEMORY, 1)] {
            let bytes: Vec<u8> = (0..size).map(|n| u8::try_from(n % 251).expect("below 251")).collect();
            let mut landing = Landing::new(incoming.clone());
            for piece in bytes.chunks(10_000) {
                landing.write(piece).expect("written");
            }
            let landed = landing.finish().expect("finished");
            assert_eq!((landed.sha256, landed.bytes), (Sha256::of(&bytes), size as u64));
            assert_eq!(landed.matching, Matching::of(&bytes));
            assert_eq!(landed.contents().expect("readable").as_ref(), bytes);
            assert_eq!(files(&incoming), expected, "{size} bytes");
            assert_eq!(landed.in_memory() == 0, expected == 1 || size == 0);
            drop(landed);
            assert_eq!(files(&incoming), 0, "an unsettled native leaves nothing");
        }
    }

    #[test]
    fn a_restart_forgets_what_arrived_before() {
        let (_dir, incoming) = folder();
        for size in [100, 2 * IN_MEMORY] {
            let mut landing = Landing::new(incoming.clone());
            landing.write(&vec![b'x'; size]).expect("written");
            landing.restart().expect("restarted");
            assert_eq!(landing.bytes(), 0);
            landing.write(b"whole").expect("written");
            let landed = landing.finish().expect("finished");
            assert_eq!((landed.sha256, landed.matching), (Sha256::of(b"whole"), Matching::of(b"whole")));
            assert_eq!(landed.contents().expect("readable").as_ref(), b"whole");
        }
    }

    #[test]
    fn a_temporary_file_of_an_earlier_session_is_not_written_into() {
        let (_dir, incoming) = folder();
        let ahead = NEXT.load(Ordering::Relaxed);
        for next in ahead..ahead + 50 {
            fs::write(incoming.join(format!("{next:08x}.part")), b"old").expect("written");
        }
        let (_file, temporary) = temporary(&incoming).expect("made");
        assert_eq!(fs::read(temporary.path()).expect("readable"), b"");
    }
}
