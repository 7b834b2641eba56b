//! What can go wrong with the record, and what the person does next.
//!
//! SQLite's own words are passed on only where they name tables and columns, never values.

use camino::{Utf8Path, Utf8PathBuf};
use rusqlite::ErrorCode;

use super::LineError;

/// Why the record could not be read or written. After any of these the manifest is as it was before the call.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum CustodyError {
    /// There is no such file.
    #[error("there is no manifest at {file}")]
    #[diagnostic(
        code(affiant::custody::missing),
        help("give the folder of an acquisition; if it never got this far, start the collection in an empty folder")
    )]
    Missing {
        /// Where it was looked for.
        file: Utf8PathBuf,
    },
    /// A manifest must not be made over something else.
    #[error("{file} already holds something")]
    #[diagnostic(
        code(affiant::custody::exists),
        help("choose an empty folder, or go on with what is there by `affiant resume`")
    )]
    Exists {
        /// The file.
        file: Utf8PathBuf,
    },
    /// The file is something else.
    #[error("{file} is not an Affiant manifest")]
    #[diagnostic(
        code(affiant::custody::not_a_manifest),
        help(
            "give the folder of an acquisition; if this is one, its manifest was overwritten: restore it from a copy"
        )
    )]
    NotAManifest {
        /// The file.
        file: Utf8PathBuf,
    },
    /// The file is from a newer version of the format.
    #[error("{file} has format {found}, and this program knows formats up to {known}")]
    #[diagnostic(
        code(affiant::custody::newer),
        help("use the version of affiant that made it, or a newer one; nothing was changed")
    )]
    Newer {
        /// The file.
        file: Utf8PathBuf,
        /// Its format.
        found: i64,
        /// The newest format known here.
        known: i64,
    },
    /// The database is damaged.
    #[error("the manifest is damaged: {what}")]
    #[diagnostic(
        code(affiant::custody::corrupt),
        help("keep this folder as it is and restore the manifest from a copy; the files under data/ are not affected")
    )]
    Corrupt {
        /// What does not hold.
        what: String,
    },
    /// The log does not follow from its lines.
    #[error("the log is broken at line {seq}: {what}")]
    #[diagnostic(
        code(affiant::custody::log_broken),
        help(
            "the record was changed after it was written: keep this folder as it is, and collect anew into another folder"
        )
    )]
    LogBroken {
        /// The first line that does not hold, counted from 0.
        seq: u64,
        /// What does not hold.
        what: String,
    },
    /// The first line was never written.
    #[error("the acquisition was never opened: its log is empty")]
    #[diagnostic(
        code(affiant::custody::never_opened),
        help("it was stopped before anything was recorded: start the collection again in an empty folder")
    )]
    NeverOpened,
    /// Another program holds the database.
    #[error("the manifest is in use by another program")]
    #[diagnostic(
        code(affiant::custody::busy),
        help("close whatever else has affiant/manifest.sqlite open, then run `affiant resume`")
    )]
    Busy,
    /// There is no room.
    #[error("the manifest cannot grow: the disk is full")]
    #[diagnostic(
        code(affiant::custody::disk_full),
        help("make room on the disk, then run `affiant resume`; everything recorded so far is kept")
    )]
    DiskFull,
    /// The file or its folder cannot be written.
    #[error("the manifest cannot be written: the file or its folder is read-only")]
    #[diagnostic(
        code(affiant::custody::read_only),
        help("allow writing to the acquisition's folder, then run `affiant resume`")
    )]
    ReadOnly,
    /// The file system would not do it.
    #[error("the manifest cannot be reached: {what}")]
    #[diagnostic(
        code(affiant::custody::unreachable),
        help("check that the drive is connected and that you may read and write the acquisition's folder")
    )]
    Unreachable {
        /// What the system said.
        what: String,
    },
    /// A row that the schema does not allow: a mistake in the program.
    #[error("the manifest refused a row: {what}")]
    #[diagnostic(
        code(affiant::custody::refused),
        help("nothing of this step was recorded; this is a defect, please report the line above")
    )]
    Refused {
        /// Which rule; names tables and columns only.
        what: String,
    },
    /// A line that cannot be said: a mistake in the program.
    #[error("a line of the log cannot be written: {0}")]
    #[diagnostic(
        code(affiant::custody::line),
        help("nothing of this step was recorded; this is a defect, please report the line above")
    )]
    Line(#[from] LineError),
    /// The code that composed rows panicked.
    #[error("composing the record failed")]
    #[diagnostic(
        code(affiant::custody::panicked),
        help("nothing of this step was recorded; this is a defect, please report it, then run `affiant resume`")
    )]
    Panicked,
    /// The pen was put down before this call.
    #[error("the manifest is already closed")]
    #[diagnostic(code(affiant::custody::closed), help("run `affiant resume` to go on"))]
    Closed,
    /// The log could not be written out.
    #[error("the log cannot be written out: {0}")]
    #[diagnostic(code(affiant::custody::export), help("check the free space of the disk, then run `affiant resume`"))]
    Export(#[source] std::io::Error),
    /// Anything else SQLite said.
    #[error("the manifest cannot be used: {0}")]
    #[diagnostic(
        code(affiant::custody::database),
        help("run `affiant resume`; if it happens again, please report the line above")
    )]
    Database(#[source] rusqlite::Error),
}

impl CustodyError {
    pub(super) fn corrupt(what: impl Into<String>) -> Self {
        Self::Corrupt { what: what.into() }
    }

    pub(super) fn refused(what: impl Into<String>) -> Self {
        Self::Refused { what: what.into() }
    }

    /// What the file system said about a file of the manifest.
    pub(super) fn file(error: &std::io::Error) -> Self {
        match error.kind() {
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => Self::DiskFull,
            std::io::ErrorKind::ReadOnlyFilesystem | std::io::ErrorKind::PermissionDenied => Self::ReadOnly,
            _ => Self::Unreachable { what: error.to_string() },
        }
    }

    /// An error met while opening `file`, where "not a database" means that it is no manifest.
    pub(super) fn on_opening(file: &Utf8Path, error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::NotADatabase) => Self::NotAManifest { file: file.to_owned() },
            _ => Self::from(error),
        }
    }
}

impl From<rusqlite::Error> for CustodyError {
    fn from(error: rusqlite::Error) -> Self {
        let words = |error: &rusqlite::Error| match error {
            rusqlite::Error::SqliteFailure(_, Some(message)) => message.clone(),
            other => other.to_string(),
        };
        match error.sqlite_error_code() {
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked | ErrorCode::FileLockingProtocolFailed) => {
                Self::Busy
            }
            Some(ErrorCode::DiskFull) => Self::DiskFull,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::CannotOpen | ErrorCode::SystemIoFailure) => Self::Unreachable { what: words(&error) },
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt { what: words(&error) },
            Some(ErrorCode::ConstraintViolation) => Self::Refused { what: words(&error) },
            _ => match error {
                // A column whose content the schema does not allow: the file was changed by other means.
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::Utf8Error(..) => Self::Corrupt { what: error.to_string() },
                other => Self::Database(other),
            },
        }
    }
}
