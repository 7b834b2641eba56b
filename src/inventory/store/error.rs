//! What can be wrong with the store, with advice.

use std::io;

use camino::{Utf8Path, Utf8PathBuf};

/// Why the store cannot be used.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum StoreError {
    /// The home folder cannot be written.
    #[error("the folder {path} cannot be written: {kind}")]
    #[diagnostic(code(affiant::inventory::folder), help("see who owns it, or name another with AFFIANT_HOME"))]
    Folder {
        /// The folder.
        path: Utf8PathBuf,
        /// What the system says.
        kind: io::ErrorKind,
    },
    /// Another program's database, or none.
    #[error("{file} is not a store of this program")]
    #[diagnostic(code(affiant::inventory::foreign), help("move the file away; the next sync makes a new store"))]
    Foreign {
        /// The file.
        file: Utf8PathBuf,
    },
    /// Written by a newer program.
    #[error("{file} has format {format}, which this program does not know")]
    #[diagnostic(code(affiant::inventory::newer), help("use the program that made it, or a newer one"))]
    Newer {
        /// The file.
        file: Utf8PathBuf,
        /// Its format.
        format: i64,
    },
    /// Another process holds it.
    #[error("the store is in use by another process")]
    #[diagnostic(code(affiant::inventory::busy), help("wait until it is done, then run the command again"))]
    Busy,
    /// A stored body is damaged.
    #[error("a stored body is damaged")]
    #[diagnostic(help("`affiant sync verify` names it; what was read from it before is still there"))]
    Body,
    /// A file on the way.
    #[error("a temporary file cannot be read or written: {0}")]
    #[diagnostic(help("free some space in the temporary folder, or name another with TMPDIR"))]
    File(#[source] std::io::Error),
    /// The disk or the database itself.
    #[error("the store cannot be read or written: {0}")]
    #[diagnostic(
        code(affiant::inventory::database),
        help("see that the disk has room and works; `affiant sync verify` tells whether the store is sound")
    )]
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => Self::Busy,
            _ => Self::Database(error),
        }
    }
}

impl StoreError {
    /// Says which file it is where SQLite finds that it is no database.
    pub(super) fn about(self, file: &Utf8Path) -> Self {
        match self {
            Self::Database(error) if error.sqlite_error_code() == Some(rusqlite::ErrorCode::NotADatabase) => {
                Self::Foreign { file: file.to_owned() }
            }
            other => other,
        }
    }
}
