//! Signed notes (C2SP signed-note) read by a stranger: text, empty line, signature lines; and the keys that verify them.
//!
//! Written apart from the code that signs. It must not know what the text states.

use aws_lc_rs::signature::{ED25519, UnparsedPublicKey};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::terms::Sha256;

/// The mark that begins a signature line.
const MARK: &str = "\u{2014} ";
/// The type byte of Ed25519.
const ED25519_TYPE: u8 = 1;
/// What a PEM public key of Ed25519 holds before the 32 bytes (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// A key that can verify: with a name (a vkey), or the bare public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key {
    name: Option<String>,
    public: [u8; 32],
}

/// Text that is no key.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("neither a vkey (name+keyid+base64), nor an Ed25519 public key in PEM, nor 64 hex digits")]
pub struct NoKey;

impl Key {
    /// Reads a vkey, a PEM public key, or 64 hex digits.
    ///
    /// # Errors
    /// [`NoKey`], also for a vkey whose key id is not the one of its name and key.
    pub fn parse(text: &str) -> Result<Self, NoKey> {
        let text = text.trim();
        Self::from_vkey(text).or_else(|| Self::from_pem(text)).or_else(|| Self::from_hex(text)).ok_or(NoKey)
    }

    pub(super) fn from_vkey(text: &str) -> Option<Self> {
        let (name, rest) = text.split_once('+')?;
        let (id, typed) = rest.split_once('+')?;
        let typed = STANDARD.decode(typed).ok()?;
        let (kind, public) = typed.split_first()?;
        let public: [u8; 32] = public.try_into().ok()?;
        let fits = *kind == ED25519_TYPE && is_name(name) && hex::decode(id).ok()? == key_id(name, &public);
        fits.then(|| Self { name: Some(name.to_owned()), public })
    }

    fn from_pem(text: &str) -> Option<Self> {
        let body = text.strip_prefix("-----BEGIN PUBLIC KEY-----")?.strip_suffix("-----END PUBLIC KEY-----")?;
        let body: String = body.split_whitespace().collect();
        let der = STANDARD.decode(body).ok()?;
        let public = der.strip_prefix(&SPKI)?.try_into().ok()?;
        Some(Self { name: None, public })
    }

    fn from_hex(text: &str) -> Option<Self> {
        let public = hex::decode(text).ok()?.try_into().ok()?;
        Some(Self { name: None, public })
    }

    /// Whether it is the same key: the same bytes, and the same name where both have one.
    pub(super) fn is(&self, other: &Self) -> bool {
        let named = self.name.as_ref().zip(other.name.as_ref()).is_none_or(|(ours, theirs)| ours == theirs);
        named && self.public == other.public
    }

    /// The same key under this name; `None` when it has another.
    pub(super) fn under(&self, name: &str) -> Option<Self> {
        let fits = self.name.as_deref().is_none_or(|own| own == name);
        fits.then(|| Self { name: Some(name.to_owned()), ..self.clone() })
    }

    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    fn verifies(&self, text: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ED25519, self.public).verify(text, signature).is_ok()
    }
}

/// A name holds neither white space nor `+`.
fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c == '+')
}

fn key_id(name: &str, public: &[u8; 32]) -> [u8; 4] {
    let digest = Sha256::of(&[name.as_bytes(), &[b'\n', ED25519_TYPE], public].concat());
    let mut id = [0; 4];
    id.copy_from_slice(digest.as_bytes().split_at(4).0);
    id
}

/// A note cut into what is signed and its signatures.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note<'n> {
    /// With its last line end.
    pub(super) text: &'n str,
    signatures: &'n str,
}

impl<'n> Note<'n> {
    /// Cuts a note; `None` when it is none.
    pub(super) fn parse(note: &'n str) -> Option<Self> {
        let cut = note.rfind("\n\n")?;
        let (text, rest) = note.split_at_checked(cut + 1)?;
        let signatures = rest.strip_prefix('\n')?.strip_suffix('\n')?;
        let well_formed = signatures.split('\n').all(|line| parts(line).is_some());
        well_formed.then_some(Self { text, signatures })
    }

    /// Whether there is exactly one signature, by this key and under its name, and it verifies.
    pub(super) fn is_signed_by(&self, key: &Key) -> bool {
        let Some((name, payload)) = parts(self.signatures) else { return false };
        let Some((id, signature)) = payload.split_first_chunk::<4>() else { return false };
        let named = key.name().is_none_or(|own| own == name);
        named && *id == key_id(name, &key.public) && key.verifies(self.text.as_bytes(), signature)
    }
}

/// Name and decoded payload of one signature line.
fn parts(line: &str) -> Option<(&str, Vec<u8>)> {
    let (name, payload) = line.strip_prefix(MARK)?.split_once(' ')?;
    let payload = STANDARD.decode(payload).ok()?;
    (is_name(name) && payload.len() > 4).then_some((name, payload))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const VKEY: &str = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k";
    const NOTE: &str = "This is an example message.\n\n\u{2014} example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";

    #[test]
    fn the_example_of_the_note_format_verifies_and_no_other() {
        let key = Key::parse(VKEY).expect("a vkey");
        let note = Note::parse(NOTE).expect("a note");
        assert_eq!(note.text, "This is an example message.\n");
        assert!(note.is_signed_by(&key));
        for other in
            [NOTE.replace("an example", "no example"), NOTE.replace("foo Uw", "bar Uw"), NOTE.replace("Uw2Q", "Uw2R")]
        {
            assert!(!Note::parse(&other).is_some_and(|note| note.is_signed_by(&key)), "{other}");
        }
        assert!(Note::parse(&NOTE.replace("\n\n", "\n")).is_none());
        assert!(Note::parse(NOTE.trim_end()).is_none());
        assert!(Key::parse(&VKEY.replace("530d", "530e")).is_err(), "its key id is another");
    }

    #[test]
    fn a_key_may_be_given_as_pem_or_hex_and_is_the_same() {
        let vkey = Key::parse(VKEY).expect("a vkey");
        let hex = Key::parse(&hex::encode(vkey.public)).expect("hex");
        let pem = STANDARD.encode([&SPKI[..], &vkey.public].concat());
        let pem = Key::parse(&format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n")).expect("PEM");
        assert!(hex.is(&vkey) && pem.is(&vkey));
        assert!(Note::parse(NOTE).expect("a note").is_signed_by(&pem));
        assert_eq!(Key::parse("none"), Err(NoKey));
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".{0,200}") {
            let _ = (Key::parse(&text), Note::parse(&text).map(|note| note.is_signed_by(&Key::parse(VKEY).expect("a vkey"))));
        }
    }
}
