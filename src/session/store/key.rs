//! The 32-byte key that seals sign-ins: from the system's key store, a key file, or a passphrase.
//!
//! It must not know what is sealed.

use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use aws_lc_rs::{pbkdf2, rand};
use camino::{Utf8Path, Utf8PathBuf};
use zeroize::Zeroizing;

use super::{StoreError, files, keyring};
use crate::terms::Secret;

/// Rounds of PBKDF2-HMAC-SHA256 (OWASP's figure of 2023).
const ROUNDS: NonZeroU32 = match NonZeroU32::new(600_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// Bytes of salt.
pub(super) const SALT: usize = 16;
/// Bytes that tell a wrong passphrase from a changed file.
pub(super) const CHECK: usize = 32;

/// What kind of key a file is sealed with; written in its head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Lock {
    Keyring,
    KeyFile,
    Passphrase,
}

impl Lock {
    pub(super) const fn byte(self) -> u8 {
        match self {
            Self::Keyring => 1,
            Self::KeyFile => 2,
            Self::Passphrase => 3,
        }
    }

    pub(super) const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Keyring),
            2 => Some(Self::KeyFile),
            3 => Some(Self::Passphrase),
            _ => None,
        }
    }
}

/// A key, and what shows that it comes from the right passphrase (zeros for the other kinds).
#[derive(Clone)]
pub(super) struct Key {
    pub(super) key: Zeroizing<[u8; 32]>,
    pub(super) check: [u8; CHECK],
}

/// A key and the salt it was derived with.
type Salted = ([u8; SALT], Key);

/// Where one home's keys come from.
#[derive(Clone)]
pub(super) struct Keys {
    home: Utf8PathBuf,
    passphrase: Option<Secret>,
    /// The latest passphrase key with its salt: deriving one takes half a second on purpose.
    derived: Arc<Mutex<Option<Salted>>>,
}

impl Keys {
    pub(super) fn new(home: Utf8PathBuf, passphrase: Option<Secret>) -> Self {
        Self { home, passphrase, derived: Arc::default() }
    }

    /// A key and its salt for sealing; made where there is none.
    pub(super) fn to_seal(&self, lock: Lock) -> Result<Salted, StoreError> {
        let known = self.derived.lock().ok().and_then(|derived| derived.clone());
        match (lock, known) {
            (Lock::Passphrase, Some(known)) => Ok(known),
            _ => {
                let salt = random::<SALT>()?;
                Ok((salt, self.key(lock, &salt, true)?))
            }
        }
    }

    /// The key for opening.
    pub(super) fn to_open(&self, lock: Lock, salt: &[u8; SALT]) -> Result<Key, StoreError> {
        self.key(lock, salt, false)
    }

    fn key(&self, lock: Lock, salt: &[u8; SALT], make: bool) -> Result<Key, StoreError> {
        let plain = |key| Key { key, check: [0; CHECK] };
        match lock {
            Lock::Keyring => keyring::key(&self.home, make).map(plain),
            Lock::KeyFile => from_file(&key_file(&self.home), make).map(plain),
            Lock::Passphrase => self.derive(salt),
        }
    }

    fn derive(&self, salt: &[u8; SALT]) -> Result<Key, StoreError> {
        let mut derived = self.derived.lock().map_err(|_| StoreError::Seal)?;
        if let Some((known, key)) = derived.as_ref()
            && known == salt
        {
            return Ok(key.clone());
        }
        let passphrase = self.passphrase.as_ref().ok_or(StoreError::PassphraseNeeded)?;
        let mut bytes = Zeroizing::new([0; 32 + CHECK]);
        pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, passphrase.expose().as_bytes(), &mut *bytes);
        let mut key = Key { key: Zeroizing::default(), check: [0; CHECK] };
        let (secret, check) = bytes.split_at(32);
        key.key.copy_from_slice(secret);
        key.check.copy_from_slice(check);
        *derived = Some((*salt, key.clone()));
        Ok(key)
    }

    /// Removes the keys once nothing is sealed with them. What has no key store has none in it.
    pub(super) fn forget(&self) -> Result<(), StoreError> {
        keyring::forget(&self.home);
        files::remove(&key_file(&self.home))
    }
}

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| StoreError::Random)?;
    Ok(bytes)
}

fn key_file(home: &Utf8Path) -> Utf8PathBuf {
    home.join("token.key")
}

fn from_file(path: &Utf8Path, make: bool) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    match files::read(path)?.map(Zeroizing::new) {
        Some(bytes) => {
            if files::is_open_to_others(path)? {
                return Err(StoreError::OpenToOthers { path: path.to_owned() });
            }
            <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| StoreError::Seal)
        }
        None if make => {
            let key = Zeroizing::new(random::<32>()?);
            // Another process may have been first: its key counts then.
            if files::write_new(path, &*key)? { Ok(key) } else { from_file(path, false) }
        }
        None => Err(StoreError::KeyGone { path: path.to_owned() }),
    }
}
