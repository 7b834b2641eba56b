//! One open file read by several threads, each at its own position.
//!
//! What an archive's directory and headers need comes in many small reads, so each position has a window of its own. It
//! must not know what is in the file.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8Path;

/// Bytes that one position holds.
const WINDOW: usize = 32 * 1024;

/// A position in a shared file; a clone starts where this one is.
#[derive(Debug)]
pub(super) struct SharedFile {
    /// The lock is held for one read at a time; inflating and hashing, which cost far more, run side by side.
    file: Arc<Mutex<File>>,
    position: u64,
    length: u64,
    /// Bytes of the file from `begin` on.
    window: Vec<u8>,
    begin: u64,
}

impl Clone for SharedFile {
    fn clone(&self) -> Self {
        let Self { file, position, length, .. } = self;
        Self { file: Arc::clone(file), position: *position, length: *length, window: Vec::new(), begin: 0 }
    }
}

impl SharedFile {
    /// Opens a file that does not change while it is read.
    pub(super) fn open(path: &Utf8Path) -> io::Result<Self> {
        let file = File::open(path)?;
        let length = file.metadata()?.len();
        Ok(Self { file: Arc::new(Mutex::new(file)), position: 0, length, window: Vec::new(), begin: 0 })
    }

    /// What the window holds from the position on.
    fn at_hand(&self) -> &[u8] {
        let offset = self.position.checked_sub(self.begin).and_then(|offset| usize::try_from(offset).ok());
        offset.and_then(|offset| self.window.get(offset..)).unwrap_or_default()
    }

    fn read_at(&self, position: u64, buffer: &mut [u8]) -> io::Result<usize> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(position))?;
        file.read(buffer)
    }
}

impl Read for SharedFile {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at_hand().is_empty() {
            if buffer.len() >= WINDOW {
                let read = self.read_at(self.position, buffer)?;
                self.position += read as u64;
                return Ok(read);
            }
            let mut window = std::mem::take(&mut self.window);
            window.resize(WINDOW, 0);
            let read = self.read_at(self.position, &mut window);
            window.truncate(*read.as_ref().unwrap_or(&0));
            (self.window, self.begin) = (window, self.position);
            read?;
        }
        let read = self.at_hand().read(buffer)?;
        self.position += read as u64;
        Ok(read)
    }
}

impl Seek for SharedFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.length.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        self.position = position.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_positions_read_the_same_bytes_in_pieces_of_any_size() {
        let dir = tempfile::tempdir().expect("a folder");
        let path = Utf8Path::from_path(dir.path()).expect("UTF-8").join("file");
        let bytes: Vec<u8> = (0..100_000u32).map(|n| n.to_le_bytes()[0] ^ n.to_le_bytes()[1]).collect();
        std::fs::write(&path, &bytes).expect("written");
        let mut first = SharedFile::open(&path).expect("opened");
        let mut second = first.clone();
        for (from, length) in [(0, 10), (5, 40_000), (99_990, 100), (32_760, 20), (70_000, 3), (69_999, 30_001)] {
            for file in [&mut first, &mut second] {
                file.seek(SeekFrom::Start(from as u64)).expect("there");
                let mut read = Vec::new();
                file.take(length).read_to_end(&mut read).expect("readable");
                let end = (from + usize::try_from(length).expect("small")).min(bytes.len());
                assert_eq!(read, bytes[from..end], "{length} from {from}");
            }
        }
        assert_eq!(first.seek(SeekFrom::End(-4)).expect("there"), 99_996);
        assert!(first.seek(SeekFrom::Current(-100_000)).is_err());
    }
}
