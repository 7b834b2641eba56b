//! A sealed file: a head that says with what kind of key, and the sign-in under ChaCha20-Poly1305 (RFC 8439).
//!
//! Head and account name are authenticated too, so that neither another head nor another account's file can stand in.
//! Layout: version 1, kind 1, salt 16, passphrase check 32, nonce 12, then ciphertext and tag.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::constant_time;
use camino::{Utf8Path, Utf8PathBuf};
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::terms::{Secret, UtcInstant};

use super::key::{CHECK, Keys, Lock, SALT, random};
use super::{Account, StoreError, Tokens};
use crate::session::Credential;

const VERSION: u8 = 1;
const HEAD: usize = 2 + SALT + CHECK;

#[derive(Serialize, Deserialize)]
struct Plain {
    account: Account,
    access: String,
    refresh: Option<String>,
    issued_at: UtcInstant,
    expires_at: UtcInstant,
    /// What an application signs in with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    credential: Option<PlainCredential>,
    /// What the next sign-in must ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claims: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum PlainCredential {
    Secret(String),
    Certificate { path: Utf8PathBuf, passphrase: Option<String> },
}

impl Drop for PlainCredential {
    fn drop(&mut self) {
        match self {
            Self::Secret(secret) => secret.zeroize(),
            Self::Certificate { passphrase, .. } => passphrase.zeroize(),
        }
    }
}

impl From<&Credential> for PlainCredential {
    fn from(credential: &Credential) -> Self {
        match credential {
            Credential::Secret(secret) => Self::Secret(secret.expose().to_owned()),
            Credential::Certificate { path, passphrase } => Self::Certificate {
                path: path.clone(),
                passphrase: passphrase.as_ref().map(|text| text.expose().to_owned()),
            },
        }
    }
}

impl From<&PlainCredential> for Credential {
    fn from(plain: &PlainCredential) -> Self {
        match plain {
            PlainCredential::Secret(secret) => Self::Secret(Secret::new(secret.clone())),
            PlainCredential::Certificate { path, passphrase } => {
                Self::Certificate { path: path.clone(), passphrase: passphrase.clone().map(Secret::new) }
            }
        }
    }
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.access.zeroize();
        self.refresh.zeroize();
    }
}

/// Seals a sign-in with that kind of key, made where there is none.
pub(super) fn seal(account: &Account, tokens: &Tokens, keys: &Keys, lock: Lock) -> Result<Vec<u8>, StoreError> {
    let plain = Plain {
        account: account.clone(),
        access: tokens.access.expose().to_owned(),
        refresh: tokens.refresh.as_ref().map(|token| token.expose().to_owned()),
        issued_at: tokens.issued_at,
        expires_at: tokens.expires_at,
        credential: tokens.credential.as_ref().map(PlainCredential::from),
        claims: tokens.claims.clone(),
    };
    let text = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| StoreError::Seal)?);
    seal_bytes(text, &account.file(), keys, lock)
}

/// Seals any bytes under a name.
pub(super) fn seal_bytes(
    mut text: Zeroizing<Vec<u8>>,
    name: &str,
    keys: &Keys,
    lock: Lock,
) -> Result<Vec<u8>, StoreError> {
    let (salt, key) = keys.to_seal(lock)?;
    let head = [&[VERSION, lock.byte()][..], &salt, &key.check].concat();
    let nonce = random::<NONCE_LEN>()?;
    let tag = cipher(&key.key)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), aad(&head, name), &mut text)
        .map_err(|_| StoreError::Seal)?;
    Ok([&head, &nonce[..], &text, tag.as_ref()].concat())
}

/// With what kind of key a file is sealed.
pub(super) fn lock_of(bytes: &[u8], path: &Utf8Path) -> Result<Lock, StoreError> {
    match bytes {
        [VERSION, kind, ..] => Lock::from_byte(*kind).ok_or(StoreError::Seal),
        [newer, ..] if *newer > VERSION => Err(StoreError::Newer { path: path.to_owned() }),
        _ => Err(StoreError::Seal),
    }
}

/// Opens the file of the account of this name.
pub(super) fn open(bytes: &[u8], name: &str, path: &Utf8Path, keys: &Keys) -> Result<(Account, Tokens), StoreError> {
    let text = open_bytes(bytes, name, path, keys)?;
    let plain: Plain = serde_json::from_slice(&text).map_err(|_| StoreError::Seal)?;
    let tokens = Tokens {
        access: Secret::new(plain.access.clone()),
        refresh: plain.refresh.clone().map(Secret::new),
        issued_at: plain.issued_at,
        expires_at: plain.expires_at,
        credential: plain.credential.as_ref().map(Credential::from),
        claims: plain.claims.clone(),
    };
    Ok((plain.account.clone(), tokens))
}

/// Opens what was sealed under a name.
pub(super) fn open_bytes(
    bytes: &[u8],
    name: &str,
    path: &Utf8Path,
    keys: &Keys,
) -> Result<Zeroizing<Vec<u8>>, StoreError> {
    let lock = lock_of(bytes, path)?;
    let (head, rest) = bytes.split_first_chunk::<HEAD>().ok_or(StoreError::Seal)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(StoreError::Seal)?;
    let (_, fields) = head.split_first_chunk::<2>().ok_or(StoreError::Seal)?;
    let (salt, check) = fields.split_first_chunk::<SALT>().ok_or(StoreError::Seal)?;
    let key = keys.to_open(lock, salt)?;
    if constant_time::verify_slices_are_equal(check, &key.check).is_err() {
        return Err(if lock == Lock::Passphrase { StoreError::WrongPassphrase } else { StoreError::Seal });
    }
    let mut text = Zeroizing::new(rest.to_vec());
    let opened = cipher(&key.key)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), aad(head, name), &mut text)
        .map_err(|_| StoreError::Seal)?
        .len();
    text.truncate(opened);
    Ok(text)
}

fn aad(head: &[u8], name: &str) -> Aad<Vec<u8>> {
    Aad::from([head, name.as_bytes()].concat())
}

fn cipher(key: &[u8; 32]) -> Result<LessSafeKey, StoreError> {
    UnboundKey::new(&CHACHA20_POLY1305, key).map(LessSafeKey::new).map_err(|_| StoreError::Seal)
}
