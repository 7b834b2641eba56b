//! Names of people and things in the tenant: object ids, item ids, addresses.
//!
//! Ids are opaque and case-sensitive (Graph, "Obtain immutable identifiers for Outlook resources");
//! addresses compare without case. None of these types prints itself into a log by accident:
//! callers choose what to show.

use std::fmt;

/// A value that cannot name what it should.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TermError {
    /// The text is empty, too long, or holds characters an id never has.
    #[error("not an id: empty, longer than 1,024 characters, or with control characters or slashes")]
    Id,
    /// The text is no e-mail address.
    #[error("not an e-mail address")]
    Address,
}

fn checked_id(text: &str) -> Result<String, TermError> {
    let wrong = text.is_empty() || text.len() > 1_024 || text.chars().any(|c| c.is_control() || c == '/');
    // A path segment of dots would change the URL it is put into.
    if wrong || text == "." || text == ".." { Err(TermError::Id) } else { Ok(text.to_owned()) }
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes an id as the service gave it.
            pub fn new(text: &str) -> Result<Self, TermError> {
                checked_id(text).map(Self)
            }

            /// The id as the service gave it.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::new(&text).map_err(serde::de::Error::custom)
            }
        }
    };
}

id!(
    /// A directory object id: stable, used in every mailbox path.
    ObjectId
);
id!(
    /// The id of a folder, message or attachment inside one mailbox: compared exactly, never used as a file name.
    GraphId
);

/// An SMTP address. Keeps the spelling it was given; compares and hashes without case.
#[derive(Debug, Clone)]
pub struct Address(String);

impl Address {
    /// Longest address accepted, in bytes (RFC 5321, section 4.5.3.1.3, and its brackets).
    pub const MAX_BYTES: usize = 256;

    /// Takes something of the form `local@domain` without spaces or control characters.
    pub fn new(text: &str) -> Result<Self, TermError> {
        let text = text.trim();
        let fits = text.len() <= Self::MAX_BYTES && !text.chars().any(|c| c.is_control() || c.is_whitespace());
        match text.rsplit_once('@') {
            Some((local, domain)) if fits && !local.is_empty() && !domain.is_empty() => Ok(Self(text.to_owned())),
            _ => Err(TermError::Address),
        }
    }

    /// The address as given.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The part after the last `@`.
    pub fn domain(&self) -> &str {
        self.0.rsplit_once('@').map_or("", |(_, domain)| domain)
    }

    fn folded(&self) -> String {
        self.0.to_lowercase()
    }
}

impl PartialEq for Address {
    fn eq(&self, other: &Self) -> bool {
        self.folded() == other.folded()
    }
}

impl Eq for Address {}

impl std::hash::Hash for Address {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.folded().hash(state);
    }
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_differ_by_case_and_addresses_do_not() {
        assert_ne!(GraphId::new("AAb=").ok(), GraphId::new("AAB=").ok());
        assert_eq!(Address::new("Ana@Contoso.Example").ok(), Address::new("ana@contoso.example").ok());
    }

    #[test]
    fn an_id_that_would_change_a_url_is_refused() {
        for wrong in ["", "..", ".", "a/b", "a\nb"] {
            assert_eq!(GraphId::new(wrong), Err(TermError::Id), "{wrong:?}");
        }
    }
}
