//! The file of a volume that is being written: its first failure is its last word.
//!
//! The archive code finishes an archive even when it is thrown away, and says on standard error when that fails. So
//! once a write has failed, everything after it is taken and dropped; [`VolumeFile::whole`] tells the two apart.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

/// Buffer before the file, in bytes.
const BUFFER: usize = 256 * 1024;

/// A buffered file.
#[derive(Debug)]
pub(super) struct VolumeFile {
    to: BufWriter<File>,
    failed: bool,
}

impl VolumeFile {
    /// Nothing is written yet.
    pub(super) fn new(file: File) -> Self {
        Self { to: BufWriter::with_capacity(BUFFER, file), failed: false }
    }

    /// The file, with every byte of it handed to the system.
    ///
    /// # Errors
    /// What the system says; an error without words of its own when an earlier one was passed over.
    pub(super) fn whole(self) -> io::Result<File> {
        match self.failed {
            true => Err(io::Error::other("an earlier write failed")),
            false => self.to.into_inner().map_err(io::IntoInnerError::into_error),
        }
    }

    fn tried<T>(&mut self, tried: io::Result<T>) -> io::Result<T> {
        // An interrupted call is made again by whoever made it.
        self.failed |= tried.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::Interrupted);
        tried
    }
}

impl Write for VolumeFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.failed {
            return Ok(bytes.len());
        }
        let tried = self.to.write(bytes);
        self.tried(tried)
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.failed {
            return Ok(());
        }
        let tried = self.to.flush();
        self.tried(tried)
    }
}

impl Seek for VolumeFile {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        if self.failed {
            return Ok(0);
        }
        let tried = self.to.seek(to);
        self.tried(tried)
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn after_a_failure_everything_is_taken_and_nothing_counts_as_written() {
        let full = File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
        let mut file = VolumeFile::new(full);
        assert!(file.write_all(&vec![0; 2 * BUFFER]).is_err());
        assert!(file.write_all(b"more").and_then(|()| file.flush()).is_ok());
        assert!(file.whole().is_err());
    }
}
