//! What can go wrong while a report is made.

use std::io;

use camino::Utf8PathBuf;

/// Why there is no report.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ReportError {
    /// The record does not answer.
    #[error("the record cannot be read")]
    #[diagnostic(code(affiant::report::record), help("check the package first: affiant verify"))]
    Record(#[from] rusqlite::Error),
    /// Reports go to a folder of their own.
    #[error("{folder} is not empty")]
    #[diagnostic(
        code(affiant::report::taken),
        help("give a folder that is new or empty with --out; nothing is overwritten")
    )]
    Taken {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// A sealed package is never changed.
    #[error("{folder} lies inside the package")]
    #[diagnostic(
        code(affiant::report::inside),
        help("a sealed package is never changed; give a folder outside of it with --out")
    )]
    Inside {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written: {}", source.kind())]
    #[diagnostic(code(affiant::report::write), help("make room, or give a folder that you may write to with --out"))]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The PDF file would break the rules it claims to keep (PDF/A-2a, PDF/UA-1).
    #[error("the report cannot be made as PDF")]
    #[diagnostic(
        code(affiant::report::paper),
        help("acquisition-report.html says the same and prints; please report this with the version of Affiant")
    )]
    Paper,
    /// No such time zone.
    #[error("there is no time zone named \"{0}\"")]
    #[diagnostic(code(affiant::report::zone), help("use an IANA name such as Europe/Berlin, America/New_York or UTC"))]
    Zone(String),
}
