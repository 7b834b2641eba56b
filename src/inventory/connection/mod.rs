//! Connections: one tenant's sign-in for the sync, how it is shown, and which people it is about.
//!
//! Several tenants may be connected, and one tenant more than once. The secrets lie in a token store of the
//! connection's own; here is only where. It must not know how one signs in.

mod domains;
mod error;
mod organisation;
mod register;

use crate::session::Flow;
use crate::terms::UtcInstant;

pub use self::domains::{Domains, EVERYBODY, NotADomain, Understood};
pub use self::error::ConnectionError;
pub use self::organisation::{Organisation, organisation};
pub use self::register::NewConnection;

/// The name a connection goes by: what people type, up to 64 characters.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Label(String);

impl Label {
    /// Longest label, in characters.
    pub const LONGEST: usize = 64;

    /// Reads a label; blanks around it are dropped.
    ///
    /// # Errors
    /// [`ConnectionError::Label`] for an empty or long one, or one that would disturb a terminal or a shell.
    pub fn parse(text: &str) -> Result<Self, ConnectionError> {
        let bare = text.trim();
        let fits = !bare.is_empty() && bare.chars().count() <= Self::LONGEST && !bare.starts_with('-');
        let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.' | '&' | '(' | ')');
        if fits && bare.chars().all(plain) { Ok(Self(bare.to_owned())) } else { Err(ConnectionError::Label) }
    }

    /// As it was typed.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for Label {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

/// How a connection signs in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// A person, whose roles and rights it has.
    Delegated,
    /// The application itself, with a client secret.
    AppSecret,
    /// The application itself, with a certificate.
    AppCertificate,
}

impl Way {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Delegated => "delegated",
            Self::AppSecret => "app_secret",
            Self::AppCertificate => "app_certificate",
        }
    }

    /// The way of a sign-in.
    pub const fn of(flow: Flow) -> Self {
        match flow {
            Flow::Browser | Flow::DeviceCode => Self::Delegated,
            Flow::ClientSecret => Self::AppSecret,
            Flow::Certificate => Self::AppCertificate,
        }
    }

    fn parse(word: &str) -> Option<Self> {
        [Self::Delegated, Self::AppSecret, Self::AppCertificate].into_iter().find(|way| way.as_str() == word)
    }
}

/// A connection on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Connection {
    /// Its number in the store.
    pub id: i64,
    /// What people call it.
    pub label: Label,
    /// The tenant.
    pub tenant: Tenant,
    /// How it signs in.
    pub way: Way,
    /// The application.
    pub client_id: String,
    /// The sign-in name, or the application's stand-in for one.
    pub account: String,
    /// The folder of its token store, below the home folder.
    pub place: String,
    /// When its secret or certificate ends, where that is known.
    pub secret_ends: Option<UtcInstant>,
    /// Which people it is about.
    pub domains: Domains,
    /// Whether runs over all connections take it.
    pub enabled: bool,
    /// When it was added.
    pub added_at: UtcInstant,
    /// Its latest run.
    pub last_run: Option<LastRun>,
}

/// A tenant as far as it is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its id, or the domain it was named by until a sync tells more.
    pub id: String,
    /// The organisation's name.
    pub name: Option<String>,
    /// Its default domain.
    pub default_domain: Option<String>,
    /// The cloud's name.
    pub cloud: String,
}

/// How the latest run of a connection went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastRun {
    /// When it began.
    pub started_at: String,
    /// `running`, `ok`, `partial`, `failed` or `cancelled`.
    pub status: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_label_is_short_and_plain() {
        assert_eq!(Label::parse("  Contoso (main) ").expect("fine").as_str(), "Contoso (main)");
        for wrong in ["", "   ", "-x", "a\nb", "a\u{1b}[2J", "a/b", &"x".repeat(65)] {
            assert!(Label::parse(wrong).is_err(), "{wrong:?}");
        }
    }
}
