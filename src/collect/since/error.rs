//! Why a package cannot be collected against, and what the person does next.

use camino::Utf8PathBuf;
use miette::Diagnostic;
use thiserror::Error;

/// A folder that cannot serve as the earlier package. Nothing was asked of the service, nothing was written.
#[derive(Debug, Error, Diagnostic)]
pub enum SinceError {
    /// The new package would lie inside the earlier one, or in its place.
    #[error("the new package must not lie in the earlier one, {folder}")]
    #[diagnostic(
        code(affiant::since::inside),
        help("nothing is ever added to a sealed package: give --out a folder of its own")
    )]
    Inside {
        /// The earlier package.
        folder: Utf8PathBuf,
    },
    /// No package is there.
    #[error("{folder} is not an Affiant package")]
    #[diagnostic(
        code(affiant::since::not_a_package),
        help("give --since the folder of a package, the one that holds affiant/ and data/")
    )]
    NotAPackage {
        /// The folder that was named.
        folder: Utf8PathBuf,
    },
    /// The acquisition did not come to its end.
    #[error("{folder} is not sealed")]
    #[diagnostic(
        code(affiant::since::unsealed),
        help("finish it first with `affiant resume {folder}`; it then collects what it planned, and is sealed")
    )]
    Unsealed {
        /// The folder that was named.
        folder: Utf8PathBuf,
    },
    /// Made by a newer version.
    #[error("{folder} was made by a version of Affiant that writes another format")]
    #[diagnostic(code(affiant::since::newer), help("use the version that made it, or a newer one"))]
    Newer {
        /// The folder that was named.
        folder: Utf8PathBuf,
    },
    /// It is not as it was sealed.
    #[error("{folder} is not as it was sealed: {what}")]
    #[diagnostic(
        code(affiant::since::damaged),
        help(
            "run `affiant verify {folder}` to see all that differs, and use an undamaged copy of it; without one, collect anew without --since"
        )
    )]
    Damaged {
        /// The folder that was named.
        folder: Utf8PathBuf,
        /// What does not hold.
        what: String,
    },
    /// It cannot be read.
    #[error("{folder} cannot be read: {kind}")]
    #[diagnostic(code(affiant::since::unreadable), help("check the path and the rights to its files"))]
    Unreadable {
        /// The folder that was named.
        folder: Utf8PathBuf,
        /// The system's word.
        kind: std::io::ErrorKind,
    },
    /// It was collected in another tenant.
    #[error("{folder} was collected in another tenant than the one you are signed in to")]
    #[diagnostic(
        code(affiant::since::other_tenant),
        help("sign in to the tenant it was collected in with `affiant login`, or choose that account with --account")
    )]
    OtherTenant {
        /// The folder that was named.
        folder: Utf8PathBuf,
    },
    /// A worker of this program ended without an answer.
    #[error("a part of Affiant stopped unexpectedly while it read the earlier package")]
    #[diagnostic(code(affiant::since::internal), help("run it again; please report this with `-v` output"))]
    Internal,
}
