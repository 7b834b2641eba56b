//! The operating system's key store: Credential Manager, Keychain, or the Secret Service (feature `secret-service`).
//!
//! It holds one 32-byte key per home folder, not the tokens: Windows takes at most 2,560 bytes per entry.

use camino::Utf8Path;
use keyring_core::{Entry, Error};
use zeroize::Zeroizing;

use super::StoreError;
use super::key::random;

/// Whether this system has a key store that can be used.
pub(super) fn is_there() -> bool {
    open_platform_store().is_ok()
}

/// The key of a home folder; made where there is none and `make` is set.
pub(super) fn key(home: &Utf8Path, make: bool) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    key_in(&entry(home)?, make)
}

fn key_in(entry: &Entry, make: bool) -> Result<Zeroizing<[u8; 32]>, StoreError> {
    match entry.get_secret().map(Zeroizing::new) {
        Ok(bytes) => <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new).map_err(|_| StoreError::Seal),
        Err(Error::NoEntry) if make => {
            let key = Zeroizing::new(random::<32>()?);
            entry.set_secret(&*key).map_err(|error| said(&error))?;
            Ok(key)
        }
        Err(Error::NoEntry) => Err(StoreError::KeyLost),
        Err(error) => Err(said(&error)),
    }
}

/// What keeps us from the key. The store's own text is not shown: it may hold names.
fn said(error: &Error) -> StoreError {
    match error {
        Error::NoStorageAccess(_) => StoreError::KeyringLocked,
        // More than one entry, or one of another shape: somebody else's, or damaged.
        Error::Ambiguous(_) | Error::BadEncoding(_) | Error::BadDataFormat(..) => StoreError::Seal,
        _ => StoreError::NoKeyring,
    }
}

/// Removes the key, if there is one and a store to hold it.
pub(super) fn forget(home: &Utf8Path) {
    if let Ok(entry) = entry(home) {
        // The tokens are gone already; a key that opens nothing is no secret.
        let _ = entry.delete_credential();
    }
}

fn entry(home: &Utf8Path) -> Result<Entry, StoreError> {
    open_platform_store()?;
    // One key per home folder, so that two homes do not share a fate.
    Entry::new("affiant", home.as_str()).map_err(|error| said(&error))
}

#[cfg(target_os = "windows")]
fn open_platform_store() -> Result<(), StoreError> {
    let store = windows_native_keyring_store::Store::new().map_err(|error| said(&error))?;
    keyring_core::set_default_store(store);
    Ok(())
}

#[cfg(target_os = "macos")]
fn open_platform_store() -> Result<(), StoreError> {
    let store = apple_native_keyring_store::keychain::Store::new().map_err(|error| said(&error))?;
    keyring_core::set_default_store(store);
    Ok(())
}

#[cfg(all(target_os = "linux", feature = "secret-service"))]
fn open_platform_store() -> Result<(), StoreError> {
    let store = zbus_secret_service_keyring_store::Store::new().map_err(|error| said(&error))?;
    keyring_core::set_default_store(store);
    Ok(())
}

#[cfg(not(any(target_os = "windows", target_os = "macos", all(target_os = "linux", feature = "secret-service"))))]
const fn open_platform_store() -> Result<(), StoreError> {
    Err(StoreError::NoKeyring)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use keyring_core::api::CredentialStoreApi as _;
    use keyring_core::mock;

    use super::*;

    fn entry(store: &Arc<mock::Store>) -> Entry {
        store.build("affiant", "/home/ana/.config/affiant", None).expect("a credential")
    }

    fn refuse(entry: &Entry, error: Error) {
        let credential: &mock::Cred = entry.as_any().downcast_ref().expect("a mock");
        credential.set_error(error);
    }

    #[test]
    fn the_key_is_made_once_and_found_again() {
        let store = mock::Store::new().expect("a store");
        let entry = entry(&store);
        assert!(matches!(key_in(&entry, false), Err(StoreError::KeyLost)));
        let made = key_in(&entry, true).expect("a key");
        assert_eq!(key_in(&entry, true).expect("the same"), made);
        assert_eq!(key_in(&entry, false).expect("the same"), made);
        entry.set_secret(b"short").expect("set");
        assert!(matches!(key_in(&entry, true), Err(StoreError::Seal)), "never replaced by a new one");
    }

    #[test]
    fn a_locked_key_store_is_told_from_one_that_is_not_there() {
        let store = mock::Store::new().expect("a store");
        let entry = entry(&store);
        refuse(&entry, Error::NoStorageAccess("locked".into()));
        assert!(matches!(key_in(&entry, true), Err(StoreError::KeyringLocked)));
        refuse(&entry, Error::PlatformFailure("gone".into()));
        assert!(matches!(key_in(&entry, true), Err(StoreError::NoKeyring)));
    }
}
