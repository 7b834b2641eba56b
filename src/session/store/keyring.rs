//! The operating system's key store: Credential Manager, Keychain, or the Secret Service (feature `secret-service`).
//!
//! It holds one 32-byte key per home folder, not the tokens: Windows takes at most 2,560 bytes per entry.

use camino::Utf8Path;
use zeroize::Zeroizing;

use super::StoreError;
use super::key::random;

/// Whether this system has a key store that can be used.
pub(super) fn is_there() -> bool {
    open_platform_store().is_ok()
}

/// The key of a home folder; made where there is none and `make` is set.
pub(super) fn key(home: &Utf8Path, make: bool) -> Result<Zeroizing<[u8; 32]>, StoreError> {
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

/// Removes the key, if there is one and a store to hold it.
pub(super) fn forget(home: &Utf8Path) {
    if let Ok(entry) = entry(home) {
        // The tokens are gone already; a key that opens nothing is no secret.
        let _ = entry.delete_credential();
    }
}

fn entry(home: &Utf8Path) -> Result<keyring_core::Entry, StoreError> {
    open_platform_store()?;
    // One key per home folder, so that two homes do not share a fate.
    keyring_core::Entry::new("affiant", home.as_str()).map_err(|_| StoreError::NoKeyring)
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
