//! Where a tenant comes from, and what can be wrong with it.

use camino::Utf8PathBuf;

/// Where the tenant's data lies.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Source {
    /// The tenant inside the program.
    #[default]
    Builtin,
    /// A tenant folder: `tenant.json`, `users.json`, `mailboxes/`.
    Folder(Utf8PathBuf),
    /// A folder of `.eml` files, served as the mailbox of one person who can sign in.
    /// Every sub-folder with mail becomes a folder below the Inbox.
    Mail {
        /// The folder.
        folder: Utf8PathBuf,
        /// The person's sign-in name; its domain becomes the tenant's.
        owner: String,
    },
}

/// A tenant that cannot be loaded.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum TenantError {
    /// A file is missing or cannot be read.
    #[error("cannot read {file}: {reason}")]
    #[diagnostic(
        code(affiant::simulator::unreadable),
        help("check the path, and that the file exists and may be read")
    )]
    Unreadable {
        /// Path inside the tenant folder.
        file: String,
        /// What the system said.
        reason: String,
    },
    /// A file is not what it should be.
    #[error("{file} is not a valid part of a tenant: {reason}")]
    #[diagnostic(code(affiant::simulator::invalid), help("the format is described in fixtures/tenant/README.md"))]
    Invalid {
        /// Path inside the tenant folder.
        file: String,
        /// What is wrong.
        reason: String,
    },
    /// Something names a user, a folder or a mailbox that is not there.
    #[error("{file} names {what} \"{name}\", which does not exist")]
    #[diagnostic(code(affiant::simulator::dangling), help("correct the name, or add what it names"))]
    Dangling {
        /// Path inside the tenant folder.
        file: String,
        /// What kind of thing.
        what: &'static str,
        /// Its name.
        name: String,
    },
}

impl TenantError {
    pub(super) fn unreadable(file: &str, error: &std::io::Error) -> Self {
        Self::Unreadable { file: file.to_owned(), reason: error.to_string() }
    }

    pub(super) fn invalid(file: &str, reason: impl Into<String>) -> Self {
        Self::Invalid { file: file.to_owned(), reason: reason.into() }
    }

    pub(super) fn dangling(file: &str, what: &'static str, name: &str) -> Self {
        Self::Dangling { file: file.to_owned(), what, name: name.to_owned() }
    }
}
