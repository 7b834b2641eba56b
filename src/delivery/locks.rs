//! What a delivery is closed with, and what opens it: age recipients, a passphrase, or the AES of ZIP tools.
//!
//! It must not know volumes.

use std::io::{self, Write};

use age::stream::StreamWriter;
use secrecy::{ExposeSecret as _, SecretString};

use super::DeliveryError;

/// The fewest characters of a passphrase.
const SHORTEST: usize = 12;

/// What volumes are closed with.
pub enum Lock {
    /// Nothing.
    Open,
    /// age, to these recipients.
    Recipients(Vec<age::x25519::Recipient>),
    /// age, with a passphrase.
    Passphrase(SecretString),
    /// AES-256 inside of the ZIP (WinZip AE-2): what is in the files is hidden, names and sizes are not.
    AesZip(SecretString),
}

impl std::fmt::Debug for Lock {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::Open => "Open",
            Self::Recipients(_) => "Recipients(…)",
            Self::Passphrase(_) => "Passphrase(…)",
            Self::AesZip(_) => "AesZip(…)",
        })
    }
}

impl Lock {
    /// To recipients: lines of `age1…`, `#` for comments.
    ///
    /// # Errors
    /// [`DeliveryError::Recipient`] for a line that is none, or no line at all.
    pub fn to(text: &str) -> Result<Self, DeliveryError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        let recipients: Result<Vec<_>, _> = lines.map(str::parse).collect();
        let recipients = recipients.map_err(|_| DeliveryError::Recipient)?;
        if recipients.is_empty() { Err(DeliveryError::Recipient) } else { Ok(Self::Recipients(recipients)) }
    }

    /// With a passphrase, by age or inside of the ZIP.
    ///
    /// # Errors
    /// [`DeliveryError::Weak`] for one with fewer than 12 characters.
    pub fn with(passphrase: SecretString, in_zip: bool) -> Result<Self, DeliveryError> {
        if passphrase.expose_secret().chars().count() < SHORTEST {
            return Err(DeliveryError::Weak(SHORTEST));
        }
        Ok(if in_zip { Self::AesZip(passphrase) } else { Self::Passphrase(passphrase) })
    }

    /// What a volume's name ends with.
    pub(super) const fn end(&self) -> &'static str {
        match self {
            Self::Open | Self::AesZip(_) => "zip",
            Self::Recipients(_) | Self::Passphrase(_) => "zip.age",
        }
    }

    /// The password of the members, where they are closed one by one.
    pub(super) fn password(&self) -> Option<&str> {
        match self {
            Self::AesZip(password) => Some(password.expose_secret()),
            _ => None,
        }
    }

    /// Closes what goes through.
    pub(super) fn around<W: Write>(&self, out: W) -> io::Result<Closing<W>> {
        let encryptor = match self {
            Self::Open | Self::AesZip(_) => return Ok(Closing::Open(out)),
            Self::Passphrase(passphrase) => age::Encryptor::with_user_passphrase(passphrase.clone()),
            Self::Recipients(recipients) => {
                let all = recipients.iter().map(|recipient| recipient as &dyn age::Recipient);
                age::Encryptor::with_recipients(all).map_err(io::Error::other)?
            }
        };
        Ok(Closing::Age(encryptor.wrap_output(out)?))
    }
}

/// Bytes on their way through a lock.
pub(super) enum Closing<W: Write> {
    Open(W),
    Age(StreamWriter<W>),
}

impl<W: Write> Closing<W> {
    /// Writes what is still held back.
    pub(super) fn finish(self) -> io::Result<W> {
        match self {
            Self::Open(out) => Ok(out),
            Self::Age(out) => out.finish(),
        }
    }
}

impl<W: Write> Write for Closing<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Open(out) => out.write(bytes),
            Self::Age(out) => out.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Open(out) => out.flush(),
            Self::Age(out) => out.flush(),
        }
    }
}

/// What opens a delivery.
#[derive(Default)]
pub struct Keys {
    pub(super) identities: Vec<Box<dyn age::Identity + Send + Sync>>,
    pub(super) passphrase: Option<SecretString>,
}

impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Keys(…)")
    }
}

impl Keys {
    /// Adds the identities of a file that `age-keygen` made.
    ///
    /// # Errors
    /// [`DeliveryError::Identity`].
    pub fn with_identities(mut self, file: &[u8]) -> Result<Self, DeliveryError> {
        let read = age::IdentityFile::from_buffer(file).map_err(|_| DeliveryError::Identity)?;
        let identities = read.into_identities().map_err(|_| DeliveryError::Identity)?;
        if identities.is_empty() {
            return Err(DeliveryError::Identity);
        }
        self.identities.extend(identities);
        Ok(self)
    }

    /// Adds a passphrase.
    #[must_use]
    pub fn with_passphrase(self, passphrase: SecretString) -> Self {
        Self { passphrase: Some(passphrase), ..self }
    }
}
