//! What can be wrong with a connection, with advice.

use super::NotADomain;
use crate::inventory::StoreError;

/// Why a connection cannot be added, found or changed.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ConnectionError {
    /// Not a label.
    #[error("a connection's name has 1 to 64 letters, digits, blanks or the characters - _ . & ( )")]
    #[diagnostic(code(affiant::inventory::label), help("give it a short name, such as contoso"))]
    Label,
    /// The label is in use.
    #[error("there is a connection named {0} already")]
    #[diagnostic(
        code(affiant::inventory::taken),
        help("choose another name; `affiant connection reauth` signs in anew, `affiant connection remove` makes room")
    )]
    Taken(String),
    /// No such label.
    #[error("there is no connection named {0}")]
    #[diagnostic(
        code(affiant::inventory::unknown),
        help("`affiant connection list` shows them; `affiant connection add` makes one")
    )]
    Unknown(String),
    /// None at all.
    #[error("there is no connection yet")]
    #[diagnostic(
        code(affiant::inventory::none),
        help("`affiant connection add NAME --tenant … --client-id …` makes one")
    )]
    None,
    /// Several, and none named.
    #[error("there are several connections, and none is named")]
    #[diagnostic(
        code(affiant::inventory::several),
        help("name one with --connection; `affiant connection list` shows them")
    )]
    Several,
    /// The same id twice.
    #[error("the tenant's id and the application's id are the same")]
    #[diagnostic(
        code(affiant::inventory::same_ids),
        help(
            "the Overview page of the app registration shows both: Application (client) ID and Directory (tenant) ID"
        )
    )]
    SameIds,
    /// It would change tenants.
    #[error("this sign-in is of another tenant than the connection")]
    #[diagnostic(
        code(affiant::inventory::other_tenant),
        help("sign in with an account of the connection's tenant, or add a connection of its own for the other one")
    )]
    OtherTenant,
    /// Not a domain.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Domain(#[from] NotADomain),
    /// The store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

impl From<rusqlite::Error> for ConnectionError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Store(error.into())
    }
}
