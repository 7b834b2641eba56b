//! Public keys as DNS has them (RFC 6376 3.6.1, RFC 8463), their names, and the one question: does it verify?
//!
//! It must not ask DNS, nor know where an answer came from.

use std::fmt;

use aws_lc_rs::rsa::{PublicKey, RsaParameters};
use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY,
    UnparsedPublicKey,
};

use super::canon::Hash;
use super::tags::Tags;
use crate::terms::{Remark, Sha256};

/// The longest name that DNS can carry, in characters.
const NAME_MAX: usize = 253;
/// The longest label.
const LABEL_MAX: usize = 63;
/// Below this many bits an RSA key can be broken by anyone (RFC 8301).
const BITS_MIN: u32 = 1_024;

/// The name that a public key has in DNS, from a message's own header: lower case, and only what a host name may hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyName {
    selector: String,
    domain: String,
}

impl KeyName {
    /// Takes a selector and a domain; `None` where they make no name that can be asked for. A message may say anything
    /// here: only letters, digits, hyphens and underscores pass, in labels of at most 63, 253 characters in all.
    pub fn new(selector: &str, domain: &str) -> Option<Self> {
        let plain = |text: &str| {
            text.split('.').all(|label| {
                (1..=LABEL_MAX).contains(&label.len())
                    && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_'))
            })
        };
        let name = Self { selector: selector.to_ascii_lowercase(), domain: domain.to_ascii_lowercase() };
        let fits = name.to_string().len() <= NAME_MAX;
        (fits && plain(selector) && plain(domain) && domain.contains('.')).then_some(name)
    }

    /// The selector, lower case.
    pub fn selector(&self) -> &str {
        &self.selector
    }

    /// The signer's domain, lower case.
    pub fn domain(&self) -> &str {
        &self.domain
    }
}

/// `selector._domainkey.domain`, without a dot at the end.
impl fmt::Display for KeyName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}._domainkey.{}", self.selector, self.domain)
    }
}

/// What is known of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyAnswer<'k> {
    /// No answer was captured.
    NotCaptured,
    /// DNS had no such record.
    Absent,
    /// The text of the records, one per line; those of one record joined.
    Txt(&'k str),
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rsa(Hash),
    Ed25519,
}

impl Algorithm {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "rsa-sha256" => Some(Self::Rsa(Hash::Sha256)),
            "rsa-sha1" => Some(Self::Rsa(Hash::Sha1)),
            "ed25519-sha256" => Some(Self::Ed25519),
            _ => None,
        }
    }

    /// The hash over header and body.
    pub(super) const fn hash(self) -> Hash {
        match self {
            Self::Rsa(hash) => hash,
            Self::Ed25519 => Hash::Sha256,
        }
    }
}

/// What the key says of a signature.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Weighed {
    /// Whether it verifies; `None` where that cannot be said, and then the remark says why.
    pub(super) ok: Option<bool>,
    pub(super) remarks: Vec<Remark>,
}

impl Weighed {
    fn not(remark: Remark) -> Self {
        Self { ok: None, remarks: vec![remark] }
    }
}

/// Weighs a signature over some data. `exact` is whether the signer speaks for the domain itself, not for one below it.
pub(super) fn weigh(
    answer: KeyAnswer<'_>,
    algorithm: Algorithm,
    exact: bool,
    data: &[u8],
    signature: &[u8],
) -> Weighed {
    let text = match answer {
        KeyAnswer::NotCaptured => return Weighed::not(Remark::KeyNotCaptured),
        KeyAnswer::Absent => return Weighed::not(Remark::KeyAbsent),
        KeyAnswer::Txt(text) => text,
    };
    // Other records may lie under the name; only those with a key are meant.
    let mut records = text.lines().filter_map(Tags::read).filter(|tags| tags.get("p").is_some());
    let Some(tags) = records.next() else { return Weighed::not(Remark::KeyMalformed) };
    if records.next().is_some() {
        return Weighed::not(Remark::KeyAmbiguous);
    }
    if tags.get("v").is_some_and(|version| version != "DKIM1" || tags.first() != Some("v")) {
        return Weighed::not(Remark::KeyMalformed);
    }
    let (kind, hash) = match algorithm {
        Algorithm::Rsa(Hash::Sha256) => ("rsa", "sha256"),
        Algorithm::Rsa(Hash::Sha1) => ("rsa", "sha1"),
        Algorithm::Ed25519 => ("ed25519", "sha256"),
    };
    let hash_allowed = tags.list("h").is_none_or(|mut hashes| hashes.any(|word| word == hash));
    let for_mail = tags.list("s").is_none_or(|mut uses| uses.any(|word| matches!(word, "*" | "email")));
    let flag = |flag: &str| tags.list("t").is_some_and(|mut flags| flags.any(|word| word == flag));
    let key = match tags.bytes("p") {
        Some(key) if key.is_empty() => return Weighed::not(Remark::KeyRevoked),
        Some(key) => key,
        None => return Weighed::not(Remark::KeyMalformed),
    };
    if tags.get("k").unwrap_or("rsa") != kind || !hash_allowed || !for_mail {
        return Weighed::not(Remark::KeyUnsuitable);
    }
    if flag("s") && !exact {
        return Weighed::not(Remark::IdentityOutside);
    }
    let mut weighed = match algorithm {
        Algorithm::Rsa(hash) => rsa(&key, hash, data, signature),
        Algorithm::Ed25519 => ed25519(&key, data, signature),
    };
    weighed.remarks.extend(flag("y").then_some(Remark::Testing));
    weighed
}

fn rsa(key: &[u8], hash: Hash, data: &[u8], signature: &[u8]) -> Weighed {
    let Ok(parsed) = PublicKey::from_der(key) else { return Weighed::not(Remark::KeyMalformed) };
    let Ok(bits) = RsaParameters::public_modulus_len(parsed.as_ref()) else {
        return Weighed::not(Remark::KeyMalformed);
    };
    if bits < BITS_MIN {
        return Weighed::not(Remark::KeyUnder1024);
    }
    let (scheme, remarks) = match hash {
        Hash::Sha256 => (&RSA_PKCS1_1024_8192_SHA256_FOR_LEGACY_USE_ONLY, vec![]),
        Hash::Sha1 => (&RSA_PKCS1_1024_8192_SHA1_FOR_LEGACY_USE_ONLY, vec![Remark::RsaSha1]),
    };
    let ok = UnparsedPublicKey::new(scheme, key).verify(data, signature).is_ok();
    Weighed { ok: Some(ok), remarks }
}

/// RFC 8463: the signature is over the SHA-256 of the data.
fn ed25519(key: &[u8], data: &[u8], signature: &[u8]) -> Weighed {
    if key.len() != 32 {
        return Weighed::not(Remark::KeyMalformed);
    }
    let digest = Sha256::of(data);
    let ok = UnparsedPublicKey::new(&ED25519, key).verify(digest.as_bytes(), signature).is_ok();
    Weighed { ok: Some(ok), remarks: vec![] }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_holds_only_what_a_host_name_may() {
        let name = KeyName::new("S1.Eu", "Example.COM").expect("a name");
        assert_eq!(name.to_string(), "s1.eu._domainkey.example.com");
        let long = "a".repeat(64);
        let longest = ["a".repeat(60).as_str(); 4].join(".");
        for (selector, domain) in [
            ("", "example.com"),
            ("s", ""),
            ("s", "example.com."),
            ("s", ".example.com"),
            ("s", "example..com"),
            ("s\n", "example.com"),
            ("s", "exa mple.com"),
            ("s", "exämple.com"),
            ("../s", "example.com"),
            ("s\0", "example.com"),
            ("s", "localhost"),
            (long.as_str(), "example.com"),
            ("s", longest.as_str()),
        ] {
            assert_eq!(KeyName::new(selector, domain), None, "{selector:?} {domain:?}");
        }
    }

    #[test]
    fn what_is_no_key_is_said_and_never_a_failed_signature() {
        let weigh = |answer| weigh(answer, Algorithm::Rsa(Hash::Sha256), true, b"", b"");
        for (answer, remark) in [
            (KeyAnswer::NotCaptured, Remark::KeyNotCaptured),
            (KeyAnswer::Absent, Remark::KeyAbsent),
            (KeyAnswer::Txt(""), Remark::KeyMalformed),
            (KeyAnswer::Txt("v=spf1 -all"), Remark::KeyMalformed),
            (KeyAnswer::Txt("v=DKIM1; p="), Remark::KeyRevoked),
            (KeyAnswer::Txt("v=DKIM2; p=AAAA"), Remark::KeyMalformed),
            (KeyAnswer::Txt("p=AAAA; v=DKIM1"), Remark::KeyMalformed),
            (KeyAnswer::Txt("v=DKIM1; p=?"), Remark::KeyMalformed),
            (KeyAnswer::Txt("v=DKIM1; p=AAAA"), Remark::KeyMalformed),
            (KeyAnswer::Txt("v=DKIM1; k=ed25519; p=AAAA"), Remark::KeyUnsuitable),
            (KeyAnswer::Txt("v=DKIM1; h=sha1; p=AAAA"), Remark::KeyUnsuitable),
            (KeyAnswer::Txt("v=DKIM1; s=other; p=AAAA"), Remark::KeyUnsuitable),
            (KeyAnswer::Txt("v=DKIM1; p=AAAA\nv=DKIM1; p=BBBB"), Remark::KeyAmbiguous),
        ] {
            assert_eq!(weigh(answer), Weighed { ok: None, remarks: vec![remark] }, "{answer:?}");
        }
    }
}
