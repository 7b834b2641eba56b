//! A sealed file: version, salt, nonce, and the tokens under ChaCha20-Poly1305 (RFC 8439).
//!
//! The account's file name is authenticated too, so that one account's file cannot stand in for another's.

use aws_lc_rs::aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use camino::Utf8Path;
use serde::{Deserialize, Serialize};
use zeroize::{Zeroize as _, Zeroizing};

use crate::terms::{Secret, UtcInstant};

use super::key::{key, random};
use super::{StoreError, StoreKind, Tokens};

const VERSION: u8 = 1;
const SALT: usize = 16;

#[derive(Serialize, Deserialize)]
struct Plain {
    access: String,
    refresh: Option<String>,
    issued_at: UtcInstant,
    expires_at: UtcInstant,
}

impl Drop for Plain {
    fn drop(&mut self) {
        self.access.zeroize();
        self.refresh.zeroize();
    }
}

pub(super) fn seal(tokens: &Tokens, name: &str, home: &Utf8Path, kind: &StoreKind) -> Result<Vec<u8>, StoreError> {
    let plain = Plain {
        access: tokens.access.expose().to_owned(),
        refresh: tokens.refresh.as_ref().map(|token| token.expose().to_owned()),
        issued_at: tokens.issued_at,
        expires_at: tokens.expires_at,
    };
    let mut text = Zeroizing::new(serde_json::to_vec(&plain).map_err(|_| StoreError::Seal)?);
    let (salt, nonce) = (random::<SALT>()?, random::<NONCE_LEN>()?);
    let tag = cipher(home, kind, &salt, true)?
        .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bound(name, &salt)), &mut text)
        .map_err(|_| StoreError::Seal)?;
    Ok([&[VERSION][..], &salt, &nonce, &text, tag.as_ref()].concat())
}

pub(super) fn open(bytes: &[u8], name: &str, home: &Utf8Path, kind: &StoreKind) -> Result<Tokens, StoreError> {
    let (&[VERSION], rest) = bytes.split_first_chunk::<1>().ok_or(StoreError::Seal)? else {
        return Err(StoreError::Seal);
    };
    let (salt, rest) = rest.split_first_chunk::<SALT>().ok_or(StoreError::Seal)?;
    let (nonce, rest) = rest.split_first_chunk::<NONCE_LEN>().ok_or(StoreError::Seal)?;
    let mut text = Zeroizing::new(rest.to_vec());
    let plain = cipher(home, kind, salt, false)?
        .open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::from(bound(name, salt)), &mut text)
        .map_err(|_| StoreError::Seal)?;
    let plain: Plain = serde_json::from_slice(plain).map_err(|_| StoreError::Seal)?;
    Ok(Tokens {
        access: Secret::new(plain.access.clone()),
        refresh: plain.refresh.clone().map(Secret::new),
        issued_at: plain.issued_at,
        expires_at: plain.expires_at,
    })
}

/// What the seal covers besides the tokens: every byte of the file, and whose it is.
fn bound(name: &str, salt: &[u8]) -> Vec<u8> {
    [&[VERSION][..], salt, name.as_bytes()].concat()
}

fn cipher(home: &Utf8Path, kind: &StoreKind, salt: &[u8], make: bool) -> Result<LessSafeKey, StoreError> {
    let key = key(home, kind, salt, make)?;
    UnboundKey::new(&CHACHA20_POLY1305, &*key).map(LessSafeKey::new).map_err(|_| StoreError::Seal)
}

#[cfg(test)]
mod tests {
    use camino::Utf8PathBuf;

    use super::*;

    fn tokens() -> Tokens {
        let at = UtcInstant::from_millis(1_700_000_000_000).expect("in range");
        Tokens {
            access: Secret::new("AT-secret".into()),
            refresh: Some(Secret::new("RT-secret".into())),
            issued_at: at,
            expires_at: at,
        }
    }

    #[test]
    fn what_is_sealed_opens_with_the_same_key_and_name_and_with_nothing_else() {
        let home = tempfile::tempdir().expect("a folder");
        let home = Utf8PathBuf::try_from(home.path().to_owned()).expect("UTF-8");
        let kind = StoreKind::File { passphrase: None };
        let bytes = seal(&tokens(), "a", &home, &kind).expect("seals");
        assert!(!bytes.windows(6).any(|window| window == b"secret"));
        assert_eq!(open(&bytes, "a", &home, &kind).expect("opens").access.expose(), "AT-secret");
        assert!(matches!(open(&bytes, "b", &home, &kind), Err(StoreError::Seal)));
        for at in [0, 1, 20, bytes.len() - 1] {
            let mut changed = bytes.clone();
            changed[at] ^= 1;
            assert!(matches!(open(&changed, "a", &home, &kind), Err(StoreError::Seal)), "byte {at}");
        }
        assert!(matches!(open(&[], "a", &home, &kind), Err(StoreError::Seal)));
    }

    #[test]
    fn a_wrong_passphrase_does_not_open() {
        let home = Utf8PathBuf::from("/nonexistent");
        let with = |text: &str| StoreKind::File { passphrase: Some(Secret::new(text.into())) };
        let bytes = seal(&tokens(), "a", &home, &with("right")).expect("seals");
        assert!(open(&bytes, "a", &home, &with("right")).is_ok());
        assert!(matches!(open(&bytes, "a", &home, &with("wrong")), Err(StoreError::Seal)));
    }

    #[cfg(unix)]
    #[test]
    fn a_key_file_that_others_can_read_is_refused() {
        use std::os::unix::fs::PermissionsExt as _;
        let home = tempfile::tempdir().expect("a folder");
        let home = Utf8PathBuf::try_from(home.path().to_owned()).expect("UTF-8");
        let kind = StoreKind::File { passphrase: None };
        let bytes = seal(&tokens(), "a", &home, &kind).expect("seals");
        let key = home.join("token.key");
        assert_eq!(std::fs::metadata(&key).expect("there").permissions().mode() & 0o777, 0o600);
        std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("chmod");
        assert!(matches!(open(&bytes, "a", &home, &kind), Err(StoreError::OpenToOthers { .. })));
    }
}
