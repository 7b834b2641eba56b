//! Why nothing was added to a package, each with what the person does next.
//!
//! It must not hold what an event says.

use camino::Utf8PathBuf;

use crate::custody::CustodyError;
use crate::package::PackageError;
use crate::verify::{EndorsementError, RecordError, StampError};

/// Why nothing was added.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum AttestError {
    /// The package's record does not hold, or there is none.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Record(#[from] RecordError),
    /// The folder cannot be added to.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Package(#[from] PackageError),
    /// The event cannot be sworn.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Custody(#[from] CustodyError),
    /// A file of the package cannot be read.
    #[error("could not read {path}: {source}")]
    #[diagnostic(code(affiant::attest::read), help("check the disk and the folder's permissions; nothing was added"))]
    Read {
        /// Which.
        path: Utf8PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// Something that must be said is empty, too long, or more than a line.
    #[error("{what} is empty, longer than {most} characters, or holds line ends or other control characters")]
    #[diagnostic(code(affiant::attest::text), help("say it in one line; nothing was added"))]
    Text {
        /// Which part.
        what: &'static str,
        /// The most characters it may have.
        most: usize,
    },
    /// Names for further files are used up.
    #[error("the package holds {0} of these already")]
    #[diagnostic(code(affiant::attest::full), help("nothing was added"))]
    Full(u32),
    /// The time stamp does not hold.
    #[error("the time stamp was not taken: {0}")]
    #[diagnostic(
        code(affiant::attest::stamp),
        help(
            "nothing was added; ask for one over this package's affiant/checkpoint (--request-out writes the request)"
        )
    )]
    Stamp(#[source] StampError),
    /// The signature does not hold.
    #[error("the signature was not taken: {0}")]
    #[diagnostic(
        code(affiant::attest::signature),
        help(
            "nothing was added; sign this package's affiant/checkpoint: ssh-keygen -Y sign -n affiant-checkpoint -f KEY affiant/checkpoint"
        )
    )]
    Endorsement(#[source] EndorsementError),
    /// Larger than any token or signature.
    #[error("the file is far larger than a time stamp or a signature")]
    #[diagnostic(code(affiant::attest::large), help("nothing was added; check which file was named"))]
    Large,
    /// The authority's address cannot be used.
    #[error("the address of the time-stamp authority is not one that is asked: {0}")]
    #[diagnostic(
        code(affiant::attest::address),
        help(
            "give an https address, or http on this machine; for an authority that has only http, write the request with --request-out, send it yourself (curl --data-binary @FILE -H 'Content-Type: application/timestamp-query' URL -o ANSWER), and bring the answer with --response"
        )
    )]
    Address(&'static str),
    /// The authority did not answer with a stamp.
    #[error("the time-stamp authority gave no stamp: {0}")]
    #[diagnostic(
        code(affiant::attest::service),
        help("nothing was added; try again, name another authority, or use --request-out and --response")
    )]
    Service(String),
}
