//! The 32-byte key that seals tokens: from the key store, a key file, or a passphrase.

use std::num::NonZeroU32;

use aws_lc_rs::{pbkdf2, rand};
use camino::{Utf8Path, Utf8PathBuf};
use zeroize::Zeroizing;

use super::{StoreError, StoreKind, files};

/// Rounds of PBKDF2-HMAC-SHA256 (OWASP's figure of 2023).
const ROUNDS: NonZeroU32 = match NonZeroU32::new(600_000) {
    Some(rounds) => rounds,
    None => NonZeroU32::MIN,
};

/// A key.
pub(super) type Key = Zeroizing<[u8; 32]>;

/// Random bytes.
pub(super) fn random<const N: usize>() -> Result<[u8; N], StoreError> {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).map_err(|_| StoreError::Random)?;
    Ok(bytes)
}

/// The key for this store, made where there is none and `make` is set.
pub(super) fn key(home: &Utf8Path, kind: &StoreKind, salt: &[u8], make: bool) -> Result<Key, StoreError> {
    match kind {
        StoreKind::File { passphrase: Some(passphrase) } => {
            let mut key = Key::default();
            let secret = passphrase.expose().as_bytes();
            pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, ROUNDS, salt, secret, &mut *key);
            Ok(key)
        }
        StoreKind::File { passphrase: None } => from_file(&key_file(home), make),
        StoreKind::Keyring => keyring(home, make),
        StoreKind::Memory => Err(StoreError::Seal),
    }
}

fn key_file(home: &Utf8Path) -> Utf8PathBuf {
    home.join("token.key")
}

fn from_file(path: &Utf8Path, make: bool) -> Result<Key, StoreError> {
    match files::read(path)?.map(Zeroizing::new) {
        Some(bytes) => {
            if files::is_open_to_others(path)? {
                return Err(StoreError::OpenToOthers { path: path.to_owned() });
            }
            <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| StoreError::Seal)
        }
        None if make => {
            let key = Zeroizing::new(random::<32>()?);
            files::write(path, &*key)?;
            Ok(key)
        }
        None => Err(StoreError::Seal),
    }
}

/// Removes the key once nothing is sealed with it.
pub(super) fn forget(home: &Utf8Path, kind: &StoreKind) -> Result<(), StoreError> {
    match kind {
        StoreKind::Keyring => match entry(home) {
            Ok(entry) => match entry.delete_credential() {
                Ok(()) | Err(keyring_core::Error::NoEntry) => Ok(()),
                Err(_) => Err(StoreError::NoKeyring),
            },
            Err(error) => Err(error),
        },
        StoreKind::File { .. } => files::remove(&key_file(home)),
        StoreKind::Memory => Ok(()),
    }
}

fn keyring(home: &Utf8Path, make: bool) -> Result<Key, StoreError> {
    let entry = entry(home)?;
    match entry.get_secret().map(Zeroizing::new) {
        Ok(bytes) => <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| StoreError::Seal),
        Err(keyring_core::Error::NoEntry) if make => {
            let key = Zeroizing::new(random::<32>()?);
            entry.set_secret(&*key).map_err(|_| StoreError::NoKeyring)?;
            Ok(key)
        }
        Err(keyring_core::Error::NoEntry) => Err(StoreError::Seal),
        Err(_) => Err(StoreError::NoKeyring),
    }
}

fn entry(home: &Utf8Path) -> Result<keyring_core::Entry, StoreError> {
    open_platform_store()?;
    // One key per home folder, so that two homes do not share a fate.
    keyring_core::Entry::new("affiant", home.as_str()).map_err(|_| StoreError::NoKeyring)
}

/// Whether this system has a key store.
pub(super) fn keyring_is_there() -> bool {
    open_platform_store().is_ok()
}

#[cfg(target_os = "windows")]
fn open_platform_store() -> Result<(), StoreError> {
    let store = windows_native_keyring_store::Store::new().map_err(|_| StoreError::NoKeyring)?;
    keyring_core::set_default_store(store);
    Ok(())
}

#[cfg(target_os = "macos")]
fn open_platform_store() -> Result<(), StoreError> {
    let store = apple_native_keyring_store::keychain::Store::new().map_err(|_| StoreError::NoKeyring)?;
    keyring_core::set_default_store(store);
    Ok(())
}

#[cfg(all(target_os = "linux", feature = "secret-service"))]
fn open_platform_store() -> Result<(), StoreError> {
    let store = zbus_secret_service_keyring_store::Store::new().map_err(|_| StoreError::NoKeyring)?;
    keyring_core::set_default_store(store);
    Ok(())
}

#[cfg(not(any(target_os = "windows", target_os = "macos", all(target_os = "linux", feature = "secret-service"))))]
const fn open_platform_store() -> Result<(), StoreError> {
    Err(StoreError::NoKeyring)
}
