//! What can go wrong while proofs are made.

use std::io;

use camino::Utf8PathBuf;

use crate::terms::ControlNumber;

/// Why there are no proofs.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ProveError {
    /// The record does not answer.
    #[error("the record cannot be read")]
    #[diagnostic(code(affiant::prove::record), help("check the package first: affiant verify"))]
    Record(#[from] rusqlite::Error),
    /// Nothing is overwritten.
    #[error("{folder} is there already")]
    #[diagnostic(code(affiant::prove::taken), help("give a folder that does not exist yet with --out"))]
    Taken {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// A sealed package is never changed.
    #[error("{folder} lies inside the package")]
    #[diagnostic(
        code(affiant::prove::inside),
        help("a sealed package is never changed; give a folder outside of it with --out")
    )]
    Inside {
        /// The folder.
        folder: Utf8PathBuf,
    },
    /// The package neither has the message nor says that it is missing.
    #[error("{number} is not in this package")]
    #[diagnostic(
        code(affiant::prove::unknown),
        help(
            "control numbers are in the column control_number of affiant/manifest.sqlite, table item; a message that an earlier package holds is proven from that package"
        )
    )]
    Unknown {
        /// The number.
        number: ControlNumber,
    },
    /// The bytes are not those that were sworn to.
    #[error("the native of {number} is not what its row states: {why}")]
    #[diagnostic(
        code(affiant::prove::differs),
        help("nothing is proven with bytes that were changed; see every difference with: affiant verify")
    )]
    Differs {
        /// Whose.
        number: ControlNumber,
        /// How.
        why: String,
    },
    /// A file cannot be written.
    #[error("{path} cannot be written: {}", source.kind())]
    #[diagnostic(code(affiant::prove::write), help("make room, or give a folder that you may write to with --out"))]
    Write {
        /// The file.
        path: Utf8PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What was made does not verify.
    #[error("the proofs that were made do not verify, and were thrown away")]
    #[diagnostic(
        code(affiant::prove::internal),
        help("check the package: affiant verify; if it verifies, report this as a defect")
    )]
    Internal,
}
