//! What can go wrong while a production is made.

use std::io;

use camino::Utf8PathBuf;

/// Why there is no production.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ProductionError {
    /// The record does not answer.
    #[error("the record cannot be read")]
    #[diagnostic(code(affiant::production::record), help("check the package first: affiant verify"))]
    Record(#[from] rusqlite::Error),
    /// Nothing is overwritten.
    #[error("{folder} is there already")]
    #[diagnostic(
        code(affiant::production::taken),
        help("give a folder that does not exist yet with --out; nothing is overwritten")
    )]
    Taken {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// Another run writes there.
    #[error("{folder} is being written by another run")]
    #[diagnostic(code(affiant::production::busy), help("wait until it is done, or give another folder with --out"))]
    Busy {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// A sealed package is never changed.
    #[error("{folder} lies inside the package")]
    #[diagnostic(
        code(affiant::production::inside),
        help("a sealed package is never changed; give a folder outside of it with --out")
    )]
    Inside {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// The disk has no room for the production.
    #[error("the disk is full: {path} cannot be written")]
    #[diagnostic(
        code(affiant::production::full),
        help(
            "make room, or give a folder on another disk with --out, and run it again: what is half done is replaced"
        )
    )]
    Full {
        /// The file.
        path: Utf8PathBuf,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written: {}", source.kind())]
    #[diagnostic(code(affiant::production::write), help("give a folder that you may write to with --out"))]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file of the package cannot be read.
    #[error("{path} cannot be read: {}", source.kind())]
    #[diagnostic(code(affiant::production::package), help("check the package first: affiant verify"))]
    Package {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A native cannot be read.
    #[error("the native of {control_number} cannot be read: {}", source.kind())]
    #[diagnostic(code(affiant::production::native), help("see what is damaged with: affiant verify"))]
    Unreadable {
        /// Which message.
        control_number: String,
        /// What the system said.
        source: io::Error,
    },
    /// A native is not the one that was sealed.
    #[error("the native of {control_number} is not as it was sealed")]
    #[diagnostic(
        code(affiant::production::differs),
        help("nothing is produced from a package that was changed; see every difference with: affiant verify")
    )]
    Differs {
        /// Which message.
        control_number: String,
    },
}

impl ProductionError {
    /// A file that could not be written; a full disk is told apart.
    pub(super) fn write(path: &camino::Utf8Path, source: io::Error) -> Self {
        let path = path.to_owned();
        let full = matches!(source.kind(), io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
        if full { Self::Full { path } } else { Self::Write { path, source } }
    }
}
