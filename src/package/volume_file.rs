//! The file of a volume that is being written: its first failure is its last word.
//!
//! The archive code finishes an archive even when it is thrown away, and says on standard error when that fails. So
//! once a write has failed, everything after it is taken and dropped; [`VolumeFile::whole`] tells the two apart.

use std::fs::File;
use std::io::{self, BufWriter, Seek, SeekFrom, Write};

/// Buffer before the file, in bytes.
const BUFFER: usize = 256 * 1024;

/// A buffered file that is written from its start.
#[derive(Debug)]
pub(super) struct VolumeFile {
    to: BufWriter<File>,
    /// Kept here, because the archive code asks for it with every member, and asking the buffer writes it out.
    position: u64,
    failed: bool,
}

impl VolumeFile {
    /// Nothing is written yet.
    pub(super) fn new(file: File) -> Self {
        Self { to: BufWriter::with_capacity(BUFFER, file), position: 0, failed: false }
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
        let written = self.tried(tried)?;
        self.position += written as u64;
        Ok(written)
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
        if matches!(to, SeekFrom::Current(0)) || to == SeekFrom::Start(self.position) {
            return Ok(self.position);
        }
        let tried = self.to.seek(to);
        self.position = self.tried(tried)?;
        Ok(self.position)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_position_is_that_of_the_file_wherever_it_goes() {
        let mut file = VolumeFile::new(tempfile::tempfile().expect("a file"));
        file.write_all(b"0123456789").expect("written");
        assert_eq!(file.stream_position().expect("known"), 10);
        assert_eq!(file.seek(SeekFrom::Start(4)).expect("there"), 4);
        file.write_all(b"x").expect("written");
        assert_eq!(file.stream_position().expect("known"), 5);
        assert_eq!(file.seek(SeekFrom::End(0)).expect("there"), 10);
        file.write_all(b"y").expect("written");
        let mut file = file.whole().expect("written");
        let mut text = String::new();
        file.rewind().expect("there");
        io::Read::read_to_string(&mut file, &mut text).expect("readable");
        assert_eq!(text, "0123x56789y");
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn after_a_failure_everything_is_taken_and_nothing_counts_as_written() {
        let full = File::options().write(true).open("/dev/full").expect("Linux has /dev/full");
        let mut file = VolumeFile::new(full);
        assert!(file.write_all(&vec![0; 2 * BUFFER]).is_err());
        assert!(file.write_all(b"more").and_then(|()| file.flush()).is_ok());
        assert!(file.whole().is_err());
    }
}
