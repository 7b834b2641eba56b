//! The key that signs checkpoints: Ed25519 (RFC 8032), held so that it cannot be printed.
//!
//! It must not know where it is kept, nor what is signed.

use std::sync::Arc;

use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};

/// A private key; clones share it.
#[derive(Clone)]
pub struct SealingKey {
    pair: Arc<Ed25519KeyPair>,
    public: [u8; 32],
}

impl SealingKey {
    /// Bytes of the secret it is made from.
    pub const SEED: usize = 32;

    /// The key of a seed; `None` when it is not 32 bytes.
    pub fn from_seed(seed: &[u8]) -> Option<Self> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed).ok()?;
        let public = pair.public_key().as_ref().try_into().ok()?;
        Some(Self { pair: Arc::new(pair), public })
    }

    /// The public half, as it may be given to anyone.
    pub const fn public(&self) -> [u8; 32] {
        self.public
    }

    /// Signs; the same bytes always give the same 64.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.pair.sign(message).as_ref().to_vec()
    }
}

impl std::fmt::Debug for SealingKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealingKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_public_half_and_the_signature_are_those_of_the_published_vector() {
        // RFC 8032, section 7.1, test 1.
        let seed = hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").expect("hex");
        let key = SealingKey::from_seed(&seed).expect("32 bytes");
        let public = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a";
        assert_eq!(hex::encode(key.public()), public);
        assert!(hex::encode(key.sign(b"")).starts_with("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974"));
        assert!(SealingKey::from_seed(b"short").is_none());
        assert_eq!(format!("{key:?}"), "SealingKey(…)");
    }
}
