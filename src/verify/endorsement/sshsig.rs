//! One SSH signature (OpenSSH PROTOCOL.sshsig): taken apart, and checked against what it is over.
//!
//! Ed25519, ECDSA and RSA keys, and the first two on security keys. SHA-1 signatures are refused, as OpenSSH does. It must
//! not know whose key it is.

use aws_lc_rs::{digest, signature};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD};

use super::NAMESPACE;
use super::wire::{Wire, string};
use crate::terms::Sha256;

const BEGIN: &str = "-----BEGIN SSH SIGNATURE-----";
const END: &str = "-----END SSH SIGNATURE-----";
const MAGIC: &[u8] = b"SSHSIG";

/// Why a signature does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EndorsementError {
    /// Other bytes than an SSH signature.
    #[error("it is no SSH signature")]
    NotASignature,
    /// It was made for something else.
    #[error("it was not made for checkpoints: its namespace is not {NAMESPACE}")]
    Namespace,
    /// The kind of key or digest is not known.
    #[error("it uses a kind of key that is not checked here")]
    Algorithm,
    /// It does not hold.
    #[error("it does not hold for this checkpoint")]
    Broken,
    /// The key is on no list.
    #[error("its key is none of the allowed signers")]
    Stranger,
}

/// A signature, taken apart.
#[derive(Debug)]
pub(super) struct Signature {
    /// The public key, as it is sent.
    pub(super) key: Vec<u8>,
    /// Its kind.
    pub(super) algorithm: String,
    namespace: Vec<u8>,
    reserved: Vec<u8>,
    hash: String,
    value: Vec<u8>,
}

/// Reads the armored form.
pub(super) fn read(armored: &[u8]) -> Result<Signature, EndorsementError> {
    let read = || {
        let text = std::str::from_utf8(armored).ok()?.trim();
        let body: String = text.strip_prefix(BEGIN)?.strip_suffix(END)?.split_whitespace().collect();
        let bytes = STANDARD.decode(body).ok()?;
        let mut wire = Wire(&bytes);
        if wire.take(MAGIC.len())? != MAGIC || wire.number()? != 1 {
            return None;
        }
        let key = wire.string()?.to_vec();
        let algorithm = Wire(&key).text()?.to_owned();
        let (namespace, reserved) = (wire.string()?.to_vec(), wire.string()?.to_vec());
        let (hash, value) = (wire.text()?.to_owned(), wire.string()?.to_vec());
        wire.end()?;
        Some(Signature { key, algorithm, namespace, reserved, hash, value })
    };
    read().ok_or(EndorsementError::NotASignature)
}

enum Verified {
    Holds,
    Broken,
    Unknown,
}

impl Signature {
    /// The key as OpenSSH prints it: `SHA256:…`.
    pub(super) fn fingerprint(&self) -> String {
        format!("SHA256:{}", STANDARD_NO_PAD.encode(Sha256::of(&self.key).as_bytes()))
    }

    /// Whether it is over these bytes, and made for a checkpoint.
    pub(super) fn must_hold(&self, over: &[u8]) -> Result<(), EndorsementError> {
        if self.namespace != NAMESPACE.as_bytes() {
            return Err(EndorsementError::Namespace);
        }
        let hash = match self.hash.as_str() {
            "sha512" => digest::digest(&digest::SHA512, over),
            "sha256" => digest::digest(&digest::SHA256, over),
            _ => return Err(EndorsementError::Algorithm),
        };
        let parts = [&self.namespace[..], &self.reserved, self.hash.as_bytes(), hash.as_ref()].map(string);
        let signed = [MAGIC, &parts.concat()].concat();
        match self.verified(&signed).ok_or(EndorsementError::NotASignature)? {
            Verified::Holds => Ok(()),
            Verified::Broken => Err(EndorsementError::Broken),
            Verified::Unknown => Err(EndorsementError::Algorithm),
        }
    }

    /// `None` for something malformed.
    fn verified(&self, signed: &[u8]) -> Option<Verified> {
        let (mut key, mut own) = (Wire(&self.key), Wire(&self.value));
        let (kind, made) = (key.text()?, own.text()?);
        let value = own.string()?;
        let on_a_card = kind.starts_with("sk-");
        let is_fitting = made == kind || (kind == "ssh-rsa" && made.starts_with("rsa-sha2-"));
        if !is_fitting {
            return Some(Verified::Unknown);
        }
        let verified = match kind {
            "ssh-ed25519" | "sk-ssh-ed25519@openssh.com" => {
                let public = key.string()?;
                let signed = if on_a_card { card(&mut key, &mut own, signed)? } else { signed.to_vec() };
                check(&signature::ED25519, public, &signed, value)
            }
            "ecdsa-sha2-nistp256" | "sk-ecdsa-sha2-nistp256@openssh.com" => {
                let (_, point) = (key.string()?, key.string()?);
                let signed = if on_a_card { card(&mut key, &mut own, signed)? } else { signed.to_vec() };
                check(&signature::ECDSA_P256_SHA256_FIXED, point, &signed, &fixed(value, 32)?)
            }
            "ecdsa-sha2-nistp384" => {
                let (_, point) = (key.string()?, key.string()?);
                check(&signature::ECDSA_P384_SHA384_FIXED, point, signed, &fixed(value, 48)?)
            }
            "ecdsa-sha2-nistp521" => {
                let (_, point) = (key.string()?, key.string()?);
                check(&signature::ECDSA_P521_SHA512_FIXED, point, signed, &fixed(value, 66)?)
            }
            "ssh-rsa" => {
                let (e, n) = (key.integer()?, key.integer()?);
                let parameters = match made {
                    "rsa-sha2-256" => &signature::RSA_PKCS1_2048_8192_SHA256,
                    "rsa-sha2-512" => &signature::RSA_PKCS1_2048_8192_SHA512,
                    _ => return Some(Verified::Unknown),
                };
                signature::RsaPublicKeyComponents { n, e }.verify(parameters, signed, value).is_ok()
            }
            _ => return Some(Verified::Unknown),
        };
        key.end()?;
        own.end()?;
        Some(if verified { Verified::Holds } else { Verified::Broken })
    }
}

fn check(algorithm: &'static dyn signature::VerificationAlgorithm, key: &[u8], signed: &[u8], value: &[u8]) -> bool {
    signature::UnparsedPublicKey::new(algorithm, key).verify(signed, value).is_ok()
}

/// What a security key signs: the digests of application and message, with its flags and counter between them.
fn card(key: &mut Wire<'_>, own: &mut Wire<'_>, signed: &[u8]) -> Option<Vec<u8>> {
    let application = Sha256::of(key.string()?);
    let flags_and_counter = own.take(5)?;
    Some([application.as_bytes(), flags_and_counter, Sha256::of(signed).as_bytes()].concat())
}

/// Two integers as two numbers of the same length.
fn fixed(value: &[u8], length: usize) -> Option<Vec<u8>> {
    let mut wire = Wire(value);
    let mut both = Vec::new();
    for _ in 0..2 {
        let number = wire.integer()?;
        both.resize(both.len() + length.checked_sub(number.len())?, 0);
        both.extend_from_slice(number);
    }
    wire.end()?;
    Some(both)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn no_bytes_are_too_odd(bytes: Vec<u8>, key: Vec<u8>, signature: Vec<u8>) {
            let _ = read(&bytes);
            let signature =
                Signature { key, algorithm: String::new(), namespace: NAMESPACE.into(), reserved: bytes, hash: "sha512".into(), value: signature };
            let _ = signature.must_hold(b"");
        }
    }
}
