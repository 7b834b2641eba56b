//! One signature field, read: DKIM-Signature, ARC-Message-Signature or ARC-Seal.
//!
//! It must not know the message around it.

use super::canon::{BodyHash, Canon};
use super::key::{Algorithm, KeyName};
use super::tags::{NoNumber, Tags};
use crate::terms::Remark;

/// Names of signed fields that are followed; more are made to cost time.
const SIGNED_MAX: usize = 1_000;

/// What every kind of signature says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stated {
    pub(super) algorithm: Algorithm,
    pub(super) signature: Vec<u8>,
    pub(super) key: KeyName,
}

impl Stated {
    fn of(tags: &Tags<'_>) -> Result<Self, Remark> {
        let algorithm = tags.get("a").ok_or(Remark::Malformed)?;
        let algorithm = Algorithm::of(algorithm).ok_or(Remark::AlgorithmUnknown)?;
        let signature = tags.bytes("b").filter(|bytes| !bytes.is_empty()).ok_or(Remark::Malformed)?;
        let key = name(tags).ok_or(Remark::NameInvalid)?;
        Ok(Self { algorithm, signature, key })
    }
}

/// The name of a signature's key, as far as its tags make one.
fn name(tags: &Tags<'_>) -> Option<KeyName> {
    KeyName::new(tags.get("s")?, tags.get("d")?)
}

/// The name of the key that a signature field asks for.
pub(super) fn key_name(value: &[u8]) -> Option<KeyName> {
    name(&Tags::read(std::str::from_utf8(value).ok()?)?)
}

/// A signature over fields and body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Signature {
    pub(super) stated: Stated,
    pub(super) header: Canon,
    pub(super) body: BodyHash,
    /// `bh`, taken as given by the header's signature.
    pub(super) body_hash: Vec<u8>,
    /// The names of the signed fields, lower case, in order.
    pub(super) signed: Vec<String>,
    /// Whether it speaks for its very domain and not for one below.
    pub(super) exact: bool,
    /// When it expires, in Unix seconds.
    pub(super) expires: Option<u64>,
    /// What makes it void whatever the key says.
    pub(super) void: Option<Remark>,
}

/// Which field is read: they differ in what `v` and `i` are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Dkim,
    Arc,
}

impl Signature {
    /// Reads the value of a field.
    pub(super) fn read(kind: Kind, value: &[u8]) -> Result<Self, Remark> {
        let text = std::str::from_utf8(value).map_err(|_| Remark::Malformed)?;
        let tags = Tags::read(text).ok_or(Remark::Malformed)?;
        if kind == Kind::Dkim && tags.get("v") != Some("1") {
            return Err(Remark::Malformed);
        }
        let stated = Stated::of(&tags)?;
        let (header, body) = Canon::pair(tags.get("c")).ok_or(Remark::Malformed)?;
        let body_hash = tags.bytes("bh").ok_or(Remark::Malformed)?;
        let number = |name: &str| tags.number(name).map_err(|NoNumber| Remark::Malformed);
        let (limit, signed_at, expires) = (number("l")?, number("t")?, number("x")?);
        if signed_at.zip(expires).is_some_and(|(signed, expires)| expires < signed) {
            return Err(Remark::Malformed);
        }
        let signed: Vec<String> = tags.list("h").ok_or(Remark::Malformed)?.map(str::to_ascii_lowercase).collect();
        if signed.len() > SIGNED_MAX || signed.iter().any(String::is_empty) {
            return Err(Remark::Malformed);
        }
        let (exact, inside) = match tags.get("i").filter(|_| kind == Kind::Dkim) {
            Some(identity) => speaks_for(identity, stated.key.domain()),
            None => (true, true),
        };
        let from_signed = signed.iter().any(|name| name == "from");
        // RFC 8617 4.1.2: a message signature that covers a seal would break with the next one.
        let over_seal = kind == Kind::Arc && signed.iter().any(|name| name == "arc-seal");
        let void = [
            (!from_signed, Remark::FromNotSigned),
            (!inside, Remark::IdentityOutside),
            (over_seal, Remark::Malformed),
            (tags.list("q").is_some_and(|mut ways| !ways.any(|way| way == "dns/txt")), Remark::KeyUnsuitable),
        ];
        let void = void.into_iter().find(|(is, _)| *is).map(|(_, remark)| remark);
        let body = BodyHash { canon: body, hash: stated.algorithm.hash(), limit };
        Ok(Self { stated, header, body, body_hash, signed, exact, expires, void })
    }
}

/// Whether an identity is of the very domain, and whether it is of the domain or of one below.
fn speaks_for(identity: &str, domain: &str) -> (bool, bool) {
    let own = identity.rsplit_once('@').map_or("", |(_, own)| own).to_ascii_lowercase();
    let exact = own == domain;
    (exact, exact || own.strip_suffix(domain).is_some_and(|above| above.ends_with('.')))
}

/// A seal over the ARC fields.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Seal {
    pub(super) stated: Stated,
    /// What the sealer found of the chain before it.
    pub(super) chain: Remark,
}

impl Seal {
    /// Reads the value of an ARC-Seal.
    pub(super) fn read(value: &[u8]) -> Result<Self, Remark> {
        let text = std::str::from_utf8(value).map_err(|_| Remark::Malformed)?;
        let tags = Tags::read(text).ok_or(Remark::Malformed)?;
        let chain = match tags.get("cv").map(str::to_ascii_lowercase).as_deref() {
            Some("none") => Remark::CvNone,
            Some("pass") => Remark::CvPass,
            Some("fail") => Remark::CvFail,
            _ => return Err(Remark::Malformed),
        };
        // RFC 8617 4.1.3: what a seal covers is fixed.
        if tags.get("h").is_some() || tags.get("bh").is_some() {
            return Err(Remark::Malformed);
        }
        Ok(Self { stated: Stated::of(&tags)?, chain })
    }
}

/// The instance of an ARC field: `i=` in a signature or seal, or what ARC-Authentication-Results begins with.
pub(super) fn instance(value: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(value).ok()?;
    let found = text.split(';').find_map(|piece| {
        let (name, number) = piece.split_once('=')?;
        (name.trim_ascii() == "i").then(|| number.trim_ascii())
    })?;
    let digits = (1..=2).contains(&found.len()) && found.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| found.parse().ok()).flatten().filter(|number| (1..=super::SETS_MAX).contains(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &str = "v=1; a=rsa-sha256; d=example.com; s=s; h=From:To; bh=AAAA; b=AAAA";

    fn read(text: &str) -> Result<Signature, Remark> {
        Signature::read(Kind::Dkim, text.as_bytes())
    }

    #[test]
    fn a_field_says_what_is_wrong_with_it() {
        let read_ok = read(WHOLE).expect("well-formed");
        assert_eq!((read_ok.void, read_ok.exact, read_ok.header), (None, true, Canon::Simple));
        for (from, to, remark) in [
            ("v=1; ", "", Remark::Malformed),
            ("v=1", "v=2", Remark::Malformed),
            ("a=rsa-sha256", "a=rsa-sha512", Remark::AlgorithmUnknown),
            ("d=example.com", "d=../etc", Remark::NameInvalid),
            ("s=s;", "s=s._domainkey.x y;", Remark::NameInvalid),
            ("bh=AAAA", "bh=?", Remark::Malformed),
            ("b=AAAA", "b=", Remark::Malformed),
            ("h=From:To", "h=From::To", Remark::Malformed),
            ("bh=", "c=loose; bh=", Remark::Malformed),
            ("bh=", "l=x; bh=", Remark::Malformed),
            ("bh=", "t=20; x=10; bh=", Remark::Malformed),
        ] {
            // `b=AAAA` is also the end of `bh=AAAA`'s neighbour: the last place is meant.
            let at = WHOLE.rfind(from).expect("in the field");
            let text = format!("{}{to}{}", &WHOLE[..at], &WHOLE[at + from.len()..]);
            assert_eq!(read(&text), Err(remark), "{text}");
        }
        assert_eq!(read(&WHOLE.replace("From:", "")).expect("read").void, Some(Remark::FromNotSigned));
        let with = |identity: &str| read(&format!("{WHOLE}; i={identity}")).expect("read");
        assert_eq!((with("a@b.EXAMPLE.com").void, with("a@b.example.com").exact), (None, false));
        assert_eq!(with("a@badexample.com").void, Some(Remark::IdentityOutside));
        assert_eq!(with("example.com").void, Some(Remark::IdentityOutside));
    }

    #[test]
    fn an_instance_is_a_number_from_1_to_50() {
        assert_eq!(instance(b" i=1; mx.example.com; dkim=pass i=@x"), Some(1));
        assert_eq!(instance(b"a=rsa-sha256;\r\n i=50; b=x"), Some(50));
        for wrong in [&b"i=0;"[..], b"i=51", b"i=", b"i=+1", b"i=1x", b"", b"i=\xff"] {
            assert_eq!(instance(wrong), None);
        }
    }
}
