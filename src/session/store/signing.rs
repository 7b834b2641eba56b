//! The key that signs checkpoints, made on first use and kept like the sign-ins: in a sealed file of its own.
//!
//! It outlives every sign-in, so that one machine's packages can be told by one public key. It must not know what is
//! signed with it.

use camino::Utf8PathBuf;
use zeroize::Zeroizing;

use crate::terms::SealingKey;

use super::key::random;
use super::{Store, StoreError, files, sealed};

/// What the sealed file is bound to.
const NAME: &str = "sealing-key";

impl Store {
    /// The key that signs checkpoints; made where there is none yet.
    ///
    /// # Errors
    /// [`StoreError::SealingKey`] when the file is there and cannot be opened; [`StoreError::File`]; what the key store says.
    pub async fn sealing_key(&self) -> Result<SealingKey, StoreError> {
        self.off_the_reactor(Self::key_on_file).await
    }

    /// Whether there is one, without making or opening it.
    pub(super) fn has_sealing_key(&self) -> bool {
        self.sealing_file().exists()
    }

    fn key_on_file(&self) -> Result<SealingKey, StoreError> {
        let mut ephemeral = self.signing.lock().map_err(|_| StoreError::Seal)?;
        if let Some(key) = &*ephemeral {
            return Ok(key.clone());
        }
        let Some(lock) = self.lock() else {
            let seed = Zeroizing::new(random::<{ SealingKey::SEED }>()?);
            let key = SealingKey::from_seed(&*seed).ok_or(StoreError::Random)?;
            *ephemeral = Some(key.clone());
            return Ok(key);
        };
        let path = self.sealing_file();
        for _ in 0..2 {
            if let Some(bytes) = files::read(&path)? {
                let seed = sealed::open_bytes(&bytes, NAME, &path, &self.keys).map_err(|error| match error {
                    StoreError::Seal
                    | StoreError::WrongPassphrase
                    | StoreError::KeyGone { .. }
                    | StoreError::KeyLost => StoreError::SealingKey { path: path.clone() },
                    error => error,
                })?;
                return SealingKey::from_seed(&seed).ok_or(StoreError::SealingKey { path });
            }
            let seed = Zeroizing::new(random::<{ SealingKey::SEED }>()?.to_vec());
            let bytes = sealed::seal_bytes(seed, NAME, &self.keys, lock)?;
            // Another process may be first; its key is read then.
            files::write_new(&path, &bytes)?;
        }
        Err(StoreError::SealingKey { path })
    }

    fn sealing_file(&self) -> Utf8PathBuf {
        self.home.join("sealing-key.sealed")
    }
}
