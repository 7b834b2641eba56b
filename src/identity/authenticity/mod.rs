//! What the signatures in a message's header are worth, from its bytes and the keys that DNS had.
//!
//! [`signers`] says which keys are asked for; [`judge`] weighs every signature with what was answered. For each there
//! are separate answers: does the signature over the fields verify, its stated body hash taken as given, and is the body
//! the one that was signed? Exchange renders bodies anew, so the second often fails where the first still shows who
//! vouched for sender, date and subject.
//!
//! This module is pure: it asks neither DNS nor a clock, so a verifier can repeat it. The rules are those of RFC 6376
//! (DKIM), RFC 8301 (weak algorithms), RFC 8463 (Ed25519) and RFC 8617 (ARC).

mod arc;
mod canon;
mod key;
mod signature;
mod tags;

use std::collections::{BTreeMap, BTreeSet, HashMap};

pub use key::{KeyAnswer, KeyName};

use super::headers::{Field, Headers, read_block};
use crate::terms::{AuthMethod, Remark, UtcInstant};
use canon::{BodyHash, Canon, Hashed};
use key::Weighed;
use signature::{Kind, Signature};

/// DKIM signatures of one message that are weighed, from the top.
const SIGNATURES_MAX: usize = 20;
/// ARC sets that are weighed; RFC 8617 allows no more.
const SETS_MAX: u32 = 50;
/// Different body hashes that are made for one message: each costs a pass over the body.
const BODIES_MAX: usize = 8;

/// What one signature is worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Judged {
    /// Which kind.
    pub method: AuthMethod,
    /// DKIM: its place among the DKIM signatures, from 1 at the top. ARC: the instance of the set.
    pub ordinal: u32,
    /// The name of its key, where it states one that can be asked for.
    pub key: Option<KeyName>,
    /// Whether the signature over the fields verifies, the body hash in it taken as given. `None` where that cannot be
    /// said; then a remark says why.
    pub header_ok: Option<bool>,
    /// Whether the body, or the part of it that is covered, has the hash that was signed.
    pub body_ok: Option<bool>,
    /// ARC: whether the seal verifies over all sets up to this one.
    pub seal_ok: Option<bool>,
    /// What else is to be said, in order.
    pub remarks: Vec<Remark>,
}

/// The keys that a message's signatures ask for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Signers {
    /// Signatures and ARC sets: as many results as [`judge`] will give.
    pub signatures: usize,
    /// The names of their keys.
    pub keys: BTreeSet<KeyName>,
}

/// Says which keys [`judge`] will ask for.
pub fn signers(bytes: &[u8]) -> Signers {
    let message = Message::of(bytes);
    let dkim: Vec<_> = message.named("dkim-signature").take(SIGNATURES_MAX).collect();
    let sets = arc::sets(&message);
    let fields = dkim.iter().copied().chain(sets.values().flat_map(arc::Set::signing));
    let keys = fields.filter_map(|field| signature::key_name(field.value)).collect();
    Signers { signatures: dkim.len() + sets.len(), keys }
}

/// Weighs every signature of a message: as of the time at which it was received, with the keys that `known` has.
///
/// Total over all bytes. The first 20 DKIM signatures and the ARC sets 1 to 50 are weighed.
pub fn judge<'k>(bytes: &[u8], received: UtcInstant, known: &dyn Fn(&KeyName) -> KeyAnswer<'k>) -> Vec<Judged> {
    let message = Message::of(bytes);
    let mut bodies = Bodies { body: message.body, made: HashMap::new() };
    let mut judged = Vec::new();
    let mut signatures = message.named("dkim-signature");
    for (field, ordinal) in signatures.by_ref().take(SIGNATURES_MAX).zip(1..) {
        let read = Signature::read(Kind::Dkim, field.value);
        judged.push(one(&message, (AuthMethod::Dkim, ordinal), (field, &read), received, known, &mut bodies));
    }
    if signatures.next().is_some()
        && let Some(last) = judged.last_mut()
    {
        last.remarks.push(Remark::MoreNotRead);
    }
    judged.extend(arc::judge(&message, received, known, &mut bodies));
    judged
}

/// A message's own header and body.
struct Message<'a> {
    headers: Headers<'a>,
    body: &'a [u8],
}

impl<'a> Message<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        let data = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let (headers, body) = read_block(data, 0, |_| false);
        Self { headers, body: data.get(body..).unwrap_or_default() }
    }

    fn named(&self, name: &'static str) -> impl Iterator<Item = &Field<'a>> {
        self.headers.fields().iter().filter(move |field| field.name.eq_ignore_ascii_case(name.as_bytes()))
    }

    /// What a signature is over: the named fields, each name taking the next field from the bottom, and the field itself
    /// without its signature and without a line end.
    fn signed(&self, names: &[String], canon: Canon, own: &Field<'_>) -> Vec<u8> {
        let mut by_name: BTreeMap<Vec<u8>, Vec<&[u8]>> = BTreeMap::new();
        for field in self.headers.fields() {
            by_name.entry(field.name.to_ascii_lowercase()).or_default().push(field.raw);
        }
        let mut data = Vec::new();
        for name in names {
            // A name without a field that is left stands for none: nobody may add one.
            if let Some(field) = by_name.get_mut(name.as_bytes()).and_then(Vec::pop) {
                canon.header(field, &mut data);
                data.extend_from_slice(b"\r\n");
            }
        }
        canon.header(&tags::without_signature(own.raw), &mut data);
        data
    }
}

/// Body hashes, each made once.
struct Bodies<'a> {
    body: &'a [u8],
    made: HashMap<BodyHash, Hashed>,
}

impl Bodies<'_> {
    /// The hash; `None` where too many were asked for.
    fn of(&mut self, how: BodyHash) -> Option<&Hashed> {
        if self.made.len() >= BODIES_MAX && !self.made.contains_key(&how) {
            return None;
        }
        Some(self.made.entry(how).or_insert_with(|| how.of(self.body)))
    }
}

/// Weighs a signature over fields and body.
fn one<'k>(
    message: &Message<'_>,
    (method, ordinal): (AuthMethod, u32),
    (field, read): (&Field<'_>, &Result<Signature, Remark>),
    received: UtcInstant,
    known: &dyn Fn(&KeyName) -> KeyAnswer<'k>,
    bodies: &mut Bodies<'_>,
) -> Judged {
    let mut judged = Judged {
        method,
        ordinal,
        key: signature::key_name(field.value),
        header_ok: None,
        body_ok: None,
        seal_ok: None,
        remarks: Vec::new(),
    };
    let signature = match read {
        Ok(signature) => signature,
        Err(remark) => {
            judged.remarks.push(*remark);
            return judged;
        }
    };
    if let Some(Hashed { digest, whole }) = bodies.of(signature.body) {
        let covered = signature.body.limit;
        judged.body_ok = Some(*digest == signature.body_hash && covered.is_none_or(|covered| covered <= *whole));
        judged.remarks.extend(covered.map(|_| Remark::BodyLength));
        judged.remarks.extend(covered.filter(|covered| covered < whole).map(|_| Remark::BodyBeyond));
    }
    if let Some(remark) = signature.void {
        judged.remarks.push(remark);
        return judged;
    }
    let data = message.signed(&signature.signed, signature.header, field);
    let stated = &signature.stated;
    let Weighed { ok, remarks } =
        key::weigh(known(&stated.key), stated.algorithm, signature.exact, &data, &stated.signature);
    judged.header_ok = ok;
    judged.remarks.extend(remarks);
    let seconds = u64::try_from(received.millis().div_euclid(1000)).unwrap_or(0);
    judged.remarks.extend(signature.expires.filter(|expires| *expires < seconds).map(|_| Remark::Expired));
    judged
}

#[cfg(test)]
mod tests;
