//! Text files read line by line, with a bound on the line: a file may be anything.
//!
//! A line is its bytes and whether a line feed ended it. It must not know what the lines mean.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};

use camino::Utf8Path;

/// Longest line that is read, in bytes: a log body of 1,000,000 characters of four bytes.
pub(super) const MAX_LINE: usize = 4_000_000;

/// One line.
#[derive(Debug)]
pub(super) struct Line {
    /// Its bytes, without the line feed.
    pub(super) bytes: Vec<u8>,
    /// Whether a line feed ended it; only the last line of a file can lack one.
    pub(super) ended: bool,
}

/// The lines of a file, in order. Ends after the first error.
#[derive(Debug)]
pub(super) struct Lines {
    reader: Option<BufReader<File>>,
}

impl Lines {
    /// Opens a file.
    pub(super) fn open(file: &Utf8Path) -> io::Result<Self> {
        Ok(Self { reader: Some(BufReader::with_capacity(1 << 16, File::open(file)?)) })
    }

    fn read(&mut self) -> io::Result<Option<Line>> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let mut bytes = Vec::new();
        reader.take(MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes)?;
        let ended = bytes.pop_if(|last| *last == b'\n').is_some();
        if bytes.len() > MAX_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a line is longer than any that Affiant writes"));
        }
        Ok((ended || !bytes.is_empty()).then_some(Line { bytes, ended }))
    }
}

impl Iterator for Lines {
    type Item = io::Result<Line>;

    fn next(&mut self) -> Option<Self::Item> {
        let line = self.read().transpose();
        if !matches!(line, Some(Ok(_))) {
            self.reader = None;
        }
        line
    }
}
