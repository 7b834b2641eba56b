//! What an application shows instead of a person: a client secret, or a certificate and its key.
//!
//! Values are examined before anything is sent, because most mistakes here are mix-ups (the secret's id for its
//! value, the tenant's id for the application's). It must not know the token endpoint.

mod assertion;
mod certificate;
mod error;

use camino::{Utf8Path, Utf8PathBuf};

use crate::terms::{Secret, UtcInstant};

pub use self::certificate::Certificate;
pub use self::error::CredentialError;

pub(super) use self::assertion::assertion;

/// What an application signs in with.
#[derive(Clone)]
pub enum Credential {
    /// A client secret's value.
    Secret(Secret),
    /// A certificate registered for the application. Its file is read again whenever it is needed: no copy is kept.
    Certificate {
        /// Where it is, absolute.
        path: Utf8PathBuf,
        /// What its key is locked with.
        passphrase: Option<Secret>,
    },
}

impl std::fmt::Debug for Credential {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Secret(_) => "Credential::Secret(not shown)",
            Self::Certificate { .. } => "Credential::Certificate(not shown)",
        })
    }
}

impl Credential {
    /// Reads a secret as it was pasted: blanks around it are dropped.
    ///
    /// # Errors
    /// [`CredentialError::SecretId`] for what looks like the secret's id; [`CredentialError::NoSecret`] for nothing.
    pub fn secret(pasted: &Secret) -> Result<Self, CredentialError> {
        let value = pasted.expose().trim();
        if value.is_empty() {
            return Err(CredentialError::NoSecret);
        }
        if uuid::Uuid::parse_str(value).is_ok() {
            return Err(CredentialError::SecretId);
        }
        // RFC 6749, appendix A.2: printable ASCII. Anything else was not copied from the portal.
        if value.chars().any(|c| !c.is_ascii_graphic()) {
            return Err(CredentialError::SecretText);
        }
        Ok(Self::Secret(Secret::new(value.to_owned())))
    }

    /// Reads a certificate file once, to see that it can be used.
    ///
    /// # Errors
    /// [`CredentialError`], naming what is wrong with the file.
    pub fn certificate(path: &Utf8Path, passphrase: Option<Secret>) -> Result<(Self, Certificate), CredentialError> {
        let path = absolute(path)?;
        let certificate = Certificate::read(&path, passphrase.as_ref())?;
        Ok((Self::Certificate { path, passphrase }, certificate))
    }

    /// When a certificate ends, in milliseconds of UTC; a secret does not say.
    pub(super) fn ends(&self) -> Result<Option<UtcInstant>, CredentialError> {
        match self {
            Self::Secret(_) => Ok(None),
            Self::Certificate { path, passphrase } => {
                Certificate::read(path, passphrase.as_ref()).map(|certificate| Some(certificate.not_after()))
            }
        }
    }
}

fn absolute(path: &Utf8Path) -> Result<Utf8PathBuf, CredentialError> {
    let unreadable =
        |error: std::io::Error| CredentialError::Read { path: path.to_owned(), why: error.kind().to_string() };
    let whole = std::path::absolute(path).map_err(unreadable)?;
    Utf8PathBuf::from_path_buf(whole)
        .map_err(|_| CredentialError::Read { path: path.to_owned(), why: "its path is not UTF-8".to_owned() })
}

#[cfg(test)]
mod tests;
