//! Where a listing goes: standard output, or a file that appears whole or not at all.

use std::io::{self, IsTerminal as _, Write as _};

use camino::{Utf8Path, Utf8PathBuf};
use tempfile::NamedTempFile;

use super::super::desk::Desk;
use super::super::failure::Failure;

/// Standard output or a file in the making.
pub(super) enum Destination<'a> {
    Stdout(&'a Desk),
    File(NewFile),
}

/// A file that gets its name when it is complete.
pub(super) struct NewFile {
    draft: NamedTempFile,
    path: Utf8PathBuf,
    replaces: bool,
}

impl<'a> Destination<'a> {
    /// Begins; a file that is there is refused at once unless it is to be replaced.
    pub(super) fn new(path: Option<&Utf8Path>, replaces: bool, desk: &'a Desk) -> Result<Self, Failure> {
        let Some(path) = path else { return Ok(Self::Stdout(desk)) };
        if !replaces && path.symlink_metadata().is_ok() {
            return Err(taken(path));
        }
        let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
        let draft = NamedTempFile::new_in(folder).map_err(|error| unwritable(path, &error))?;
        Ok(Self::File(NewFile { draft, path: path.to_owned(), replaces }))
    }

    /// Whether eyes read it as it comes.
    pub(super) fn is_terminal(&self) -> bool {
        match self {
            Self::Stdout(_) => io::stdout().is_terminal(),
            Self::File(_) => false,
        }
    }

    pub(super) fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Self::Stdout(desk) => {
                desk.print(text);
                Ok(())
            }
            Self::File(file) => file.draft.write_all(text.as_bytes()).map_err(|error| unwritable(&file.path, &error)),
        }
    }

    /// Makes a file durable and gives it its name, which is returned.
    pub(super) async fn finish(self) -> Result<Option<Utf8PathBuf>, Failure> {
        let Self::File(file) = self else { return Ok(None) };
        let path = file.path.clone();
        let named = tokio::task::spawn_blocking(move || file.name()).await;
        let named = named.unwrap_or_else(|_| Err(io::Error::other("the writing thread ended")));
        match named {
            Ok(()) => Ok(Some(path)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(taken(&path)),
            Err(error) => Err(unwritable(&path, &error)),
        }
    }
}

impl NewFile {
    fn name(self) -> io::Result<()> {
        self.draft.as_file().sync_all()?;
        let named =
            if self.replaces { self.draft.persist(&self.path) } else { self.draft.persist_noclobber(&self.path) };
        named.map(drop).map_err(|error| error.error)
    }
}

fn taken(path: &Utf8Path) -> Failure {
    Failure::usage(format!("{path} is there already"), "choose another name, or replace it with --force")
}

fn unwritable(path: &Utf8Path, error: &io::Error) -> Failure {
    Failure::failed(
        format!("{path} cannot be written: {}", error.kind()),
        "check that the folder is there, may be written to and has space left",
    )
}
