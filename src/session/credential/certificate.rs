//! A certificate and its private key, from PEM or PKCS#12.
//!
//! Entra knows a certificate by the SHA-256 of its DER form (`x5t#S256`, RFC 7515, section 4.1.8) and takes RSA keys.

use aws_lc_rs::signature::{KeyPair as _, RsaKeyPair};
use camino::Utf8Path;
use p12_keystore::Pkcs12Archive;
use x509_cert::der::Decode as _;
use zeroize::Zeroizing;

use super::CredentialError;
use crate::terms::{Secret, Sha256, UtcInstant};

/// Larger than any file with a certificate and a key.
const MAX_FILE: u64 = 1024 * 1024;
/// Shorter keys are refused.
const MIN_BITS: usize = 2048;

/// A certificate that can sign.
pub struct Certificate {
    key: RsaKeyPair,
    thumbprint: Sha256,
    not_after: UtcInstant,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Certificate({})", self.thumbprint)
    }
}

/// A certificate's DER and a key's PKCS#8, not yet matched.
#[derive(Default)]
struct Found {
    certificates: Vec<Vec<u8>>,
    keys: Vec<Zeroizing<Vec<u8>>>,
}

impl Certificate {
    /// Reads a file with both parts.
    ///
    /// # Errors
    /// [`CredentialError`], naming what is wrong.
    pub fn read(path: &Utf8Path, passphrase: Option<&Secret>) -> Result<Self, CredentialError> {
        let unreadable = |why: String| CredentialError::Read { path: path.to_owned(), why };
        let size = std::fs::metadata(path).map_err(|error| unreadable(error.kind().to_string()))?.len();
        if size > MAX_FILE {
            return Err(unreadable("it is too large for a certificate".to_owned()));
        }
        let bytes = Zeroizing::new(std::fs::read(path).map_err(|error| unreadable(error.kind().to_string()))?);
        let found = match std::str::from_utf8(&bytes) {
            Ok(text) if text.contains("-----BEGIN ") => from_pem(text, path, passphrase)?,
            _ => from_pkcs12(&bytes, path, passphrase)?,
        };
        found.matched(path)
    }

    /// SHA-256 of the DER form.
    pub const fn thumbprint(&self) -> Sha256 {
        self.thumbprint
    }

    /// When it ends.
    pub const fn not_after(&self) -> UtcInstant {
        self.not_after
    }

    /// The key that signs.
    pub(super) const fn key(&self) -> &RsaKeyPair {
        &self.key
    }
}

impl Found {
    fn matched(&self, path: &Utf8Path) -> Result<Certificate, CredentialError> {
        let missing = |what| CredentialError::Missing { path: path.to_owned(), what };
        if self.certificates.is_empty() {
            return Err(missing("certificate"));
        }
        if self.keys.is_empty() {
            return Err(missing("private key"));
        }
        let keys: Vec<RsaKeyPair> = self.keys.iter().filter_map(|der| rsa(der)).collect();
        if keys.is_empty() {
            return Err(CredentialError::NotRsa { path: path.to_owned() });
        }
        for key in keys {
            let own = self.certificates.iter().find_map(|der| {
                let certificate = x509_cert::Certificate::from_der(der).ok()?;
                let tbs = certificate.tbs_certificate();
                let public = tbs.subject_public_key_info().subject_public_key.raw_bytes();
                if public != key.public_key().as_ref() {
                    return None;
                }
                let ends = tbs.validity().not_after.to_unix_duration().as_millis();
                Some((Sha256::of(der), UtcInstant::from_millis(i64::try_from(ends).ok()?)?))
            });
            if let Some((thumbprint, not_after)) = own {
                return Ok(Certificate { key, thumbprint, not_after });
            }
        }
        Err(CredentialError::Unpaired { path: path.to_owned() })
    }
}

/// An RSA key that is long enough, from PKCS#8 or PKCS#1.
fn rsa(der: &[u8]) -> Option<RsaKeyPair> {
    let key = RsaKeyPair::from_pkcs8(der).or_else(|_| RsaKeyPair::from_der(der)).ok()?;
    (key.public_modulus_len() * 8 >= MIN_BITS).then_some(key)
}

fn from_pem(text: &str, path: &Utf8Path, passphrase: Option<&Secret>) -> Result<Found, CredentialError> {
    let blocks = pem::parse_many(text).map_err(|_| CredentialError::Form { path: path.to_owned() })?;
    let mut found = Found::default();
    for block in blocks {
        match block.tag() {
            "CERTIFICATE" => found.certificates.push(block.into_contents()),
            // OpenSSL's old way of locking a key (MD5, one round) is not supported, on purpose.
            "RSA PRIVATE KEY" if block.headers().get("Proc-Type").is_some() => {
                return Err(CredentialError::Form { path: path.to_owned() });
            }
            "PRIVATE KEY" | "RSA PRIVATE KEY" | "EC PRIVATE KEY" => {
                found.keys.push(Zeroizing::new(block.into_contents()));
            }
            "ENCRYPTED PRIVATE KEY" => found.keys.push(unlocked(block.contents(), path, passphrase)?),
            _ => {}
        }
    }
    Ok(found)
}

fn unlocked(der: &[u8], path: &Utf8Path, passphrase: Option<&Secret>) -> Result<Zeroizing<Vec<u8>>, CredentialError> {
    let locked = |given| CredentialError::Locked { path: path.to_owned(), given };
    let passphrase = passphrase.ok_or_else(|| locked("is not given"))?;
    let sealed = pkcs8::EncryptedPrivateKeyInfoRef::try_from(der)
        .map_err(|_| CredentialError::Form { path: path.to_owned() })?;
    let opened = sealed.decrypt(passphrase.expose()).map_err(|_| locked("does not open it"))?;
    Ok(Zeroizing::new(opened.as_bytes().to_vec()))
}

fn from_pkcs12(bytes: &[u8], path: &Utf8Path, passphrase: Option<&Secret>) -> Result<Found, CredentialError> {
    // What is no DER sequence at all is not a matter of passphrases.
    if bytes.first() != Some(&0x30) {
        return Err(CredentialError::Form { path: path.to_owned() });
    }
    let given = passphrase.map_or("", Secret::expose);
    let archive = Pkcs12Archive::from_pkcs12(bytes, given).map_err(|error| match (error, passphrase) {
        (p12_keystore::error::Error::DerError(_) | p12_keystore::error::Error::InvalidVersion, _) => {
            CredentialError::Form { path: path.to_owned() }
        }
        (_, None) => CredentialError::Locked { path: path.to_owned(), given: "is not given" },
        (_, Some(_)) => CredentialError::Locked { path: path.to_owned(), given: "does not open it" },
    })?;
    Ok(Found {
        certificates: archive.certs.iter().map(|bag| bag.cert.as_der().to_vec()).collect(),
        keys: archive.keys.iter().map(|bag| Zeroizing::new(bag.key.as_der().to_vec())).collect(),
    })
}
