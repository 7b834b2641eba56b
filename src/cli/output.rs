//! Standard output for data: a reader that left is no failure, a full disk is, and it is told at the end.

use std::io::{self, ErrorKind, Write};
use std::sync::{Arc, OnceLock};

/// What went wrong with the output, if anything; shared by all who write.
#[derive(Debug, Clone, Default)]
pub(super) struct Trouble(Arc<OnceLock<ErrorKind>>);

impl Trouble {
    /// Why data could not be written.
    pub(super) fn seen(&self) -> Option<ErrorKind> {
        self.0.get().copied()
    }

    /// Standard output, watched.
    pub(super) fn stdout(&self) -> Watched<io::Stdout> {
        Watched { to: io::stdout(), trouble: self.clone() }
    }
}

/// A writer whose troubles are noted once and do not stop the work.
pub(super) struct Watched<W> {
    to: W,
    trouble: Trouble,
}

impl<W: Write> Watched<W> {
    fn note(&self, error: &io::Error) {
        if error.kind() != ErrorKind::BrokenPipe {
            let _ = self.trouble.0.set(error.kind());
        }
    }
}

impl<W: Write> Write for Watched<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.to.write(bytes) {
            Err(error) if error.kind() != ErrorKind::Interrupted => {
                self.note(&error);
                Ok(bytes.len())
            }
            written => written,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        if let Err(error) = self.to.flush() {
            self.note(&error);
        }
        Ok(())
    }
}

/// A result for programs: one line of JSON.
pub(super) fn json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Broken(ErrorKind);

    impl Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn a_reader_that_left_is_no_trouble_and_a_full_disk_is() {
        for (kind, seen) in [(ErrorKind::BrokenPipe, None), (ErrorKind::StorageFull, Some(ErrorKind::StorageFull))] {
            let trouble = Trouble::default();
            let mut out = Watched { to: Broken(kind), trouble: trouble.clone() };
            assert!(out.write_all(b"data").is_ok());
            assert_eq!(trouble.seen(), seen);
        }
    }
}
