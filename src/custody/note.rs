//! Signed notes (C2SP signed-note, Ed25519) around checkpoint texts, and the key's name for strangers, the vkey.
//!
//! A note is the text, an empty line, and one line per signature: em dash, space, key name, space, base64 of the key's
//! four-byte id and the signature over the text with its last line end. Must not know what a checkpoint states.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::terms::{Hasher, SealingKey};

/// The signature type of Ed25519 in key ids and vkeys.
const ED25519_TYPE: u8 = 0x01;

/// The first four bytes of SHA-256 over name, line feed, type and public key.
fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let mut hasher = Hasher::new();
    for part in [name.as_bytes(), b"\n", &[ED25519_TYPE], public] {
        hasher.update(part);
    }
    let (digest, _) = hasher.finish();
    let [a, b, c, d, ..] = *digest.as_bytes();
    [a, b, c, d]
}

/// The public key as strangers are given it: name, key id in hex, base64 of type and key, joined by `+`.
pub(super) fn vkey(name: &str, public: &[u8; 32]) -> String {
    let typed = [&[ED25519_TYPE][..], public].concat();
    format!("{name}+{}+{}", hex::encode(key_id(name, public)), STANDARD.encode(typed))
}

/// The text with the key's signature below it. `text` ends with a line end.
pub(super) fn signed(text: &str, name: &str, key: &SealingKey) -> String {
    let signature = [&key_id(name, &key.public())[..], &key.sign(text.as_bytes())].concat();
    format!("{text}\n\u{2014} {name} {}\n", STANDARD.encode(signature))
}

/// Whether the note is this text with one signature below it, by the key of a vkey.
pub(super) fn is_signed(note: &str, text: &str, vkey: &str) -> bool {
    let checked = || {
        let mut halves = vkey.splitn(3, '+');
        let (name, _, typed) = (halves.next()?, halves.next()?, STANDARD.decode(halves.next()?).ok()?);
        let public: &[u8; 32] = typed.strip_prefix(&[ED25519_TYPE])?.try_into().ok()?;
        let line = note.strip_prefix(text)?.strip_prefix("\n\u{2014} ")?.strip_suffix('\n')?;
        let payload = STANDARD.decode(line.strip_prefix(name)?.strip_prefix(' ')?).ok()?;
        let signature = payload.strip_prefix(&key_id(name, public))?;
        UnparsedPublicKey::new(&ED25519, public).verify(text.as_bytes(), signature).ok()
    };
    checked().is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::terms::Sha256;

    const NAME: &str = "affiant.invalid/acq/0190c2f0-7b1e-7c3a-9a51-2f6d3c1e8b77";

    fn key() -> SealingKey {
        SealingKey::from_seed(Sha256::of(b"affiant test key - not a secret").as_bytes()).expect("32 bytes")
    }

    #[test]
    fn a_note_and_its_vkey_are_those_that_openssl_made() {
        let text = format!("{NAME}\n14\ngzBIPuA4SD0N/JWqGHWV20SC8sGI0hq/1ri7GQLN+V4=\n");
        let signature = "gAbSctpgmzLM2KzOlVmfxTJrs4QVcucmA6A/Jlndw9HCMItOUTD8dgsAvG+LExg/AvyE31oGA5XoCH/ahkd5gdT9hgU=";
        let note = signed(&text, NAME, &key());
        assert_eq!(note, format!("{text}\n\u{2014} {NAME} {signature}\n"));
        let vkey = vkey(NAME, &key().public());
        assert_eq!(vkey, format!("{NAME}+8006d272+Abv9sFKxIjOkRjguFeyM4t1v7+WKphW8KWn3JzHwiQkI"));
        assert!(is_signed(&note, &text, &vkey));
        for other in [note.replace("gAb", "gAc"), note.replace("\u{2014}", "-"), text.clone(), format!("{note}x")] {
            assert!(!is_signed(&other, &text, &vkey), "{other}");
        }
    }

    #[test]
    fn the_example_of_the_note_format_verifies() {
        let vkey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
        let text = "This is an example message.\n";
        let signature = "Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=";
        assert!(is_signed(&format!("{text}\n\u{2014} example.com/foo {signature}\n"), text, vkey));
    }
}
