//! Why nothing could be compared, each with what the person does next.
//!
//! It must not be about one message: what becomes of one is a result.

use crate::graph::Fault;

/// Why the comparison ended.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum RefetchError {
    /// The service.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Graph(#[from] Fault),
    /// The manifest.
    #[error("the manifest cannot be read: {0}")]
    #[diagnostic(code(affiant::refetch::manifest), help("check the package first: affiant verify"))]
    Manifest(#[from] rusqlite::Error),
    /// A native.
    #[error("a native of the package cannot be read: {0}")]
    #[diagnostic(code(affiant::refetch::native), help("check the package first: affiant verify"))]
    Native(std::io::Error),
    /// The messages are in another tenant.
    #[error("the package is from another tenant than the one that is signed in to")]
    #[diagnostic(
        code(affiant::refetch::tenant),
        help("sign in to the tenant of the collection, or choose the account with --account")
    )]
    OtherTenant,
}
