//! ARC sets (RFC 8617): what each hop that passed the message on saw and sealed.
//!
//! Each set is judged by itself: its message signature like a DKIM signature, its seal over all sets up to it. Whether the
//! chain as a whole holds follows from the rows. It must not know keys.

use std::collections::BTreeMap;

use super::super::headers::Field;
use super::canon::Canon;
use super::signature::{Kind, Seal, Signature, instance};
use super::{Bodies, Judged, KeyAnswer, KeyName, Message, key, one, tags};
use crate::terms::{AuthMethod, Remark, UtcInstant};

/// The fields of one instance, as often as they are there.
#[derive(Default)]
pub(super) struct Set<'m, 'a> {
    results: Vec<&'m Field<'a>>,
    signatures: Vec<&'m Field<'a>>,
    seals: Vec<&'m Field<'a>>,
}

impl<'m, 'a> Set<'m, 'a> {
    /// The fields that ask for a key.
    pub(super) fn signing(&self) -> impl Iterator<Item = &'m Field<'a>> {
        self.signatures.first().into_iter().chain(self.seals.first()).copied()
    }

    /// Each field once, in the order in which a seal covers them.
    fn whole(&self) -> Option<[&'m Field<'a>; 3]> {
        match (&self.results[..], &self.signatures[..], &self.seals[..]) {
            ([results], [signature], [seal]) => Some([results, signature, seal]),
            _ => None,
        }
    }
}

/// The sets by instance. Fields without a usable instance belong to none.
pub(super) fn sets<'m, 'a>(message: &'m Message<'a>) -> BTreeMap<u32, Set<'m, 'a>> {
    let mut sets: BTreeMap<u32, Set<'m, 'a>> = BTreeMap::new();
    for (name, place) in [("arc-authentication-results", 0), ("arc-message-signature", 1), ("arc-seal", 2)] {
        for field in message.named(name) {
            let Some(instance) = instance(field.value) else { continue };
            let set = sets.entry(instance).or_default();
            [&mut set.results, &mut set.signatures, &mut set.seals][place].push(field);
        }
    }
    sets
}

/// Weighs every set.
pub(super) fn judge<'k>(
    message: &Message<'_>,
    received: UtcInstant,
    known: &dyn Fn(&KeyName) -> KeyAnswer<'k>,
    bodies: &mut Bodies<'_>,
) -> Vec<Judged> {
    let sets = sets(message);
    let mut covered = Covered { data: Vec::new(), next: Some(1) };
    let mut judged = Vec::new();
    for (instance, set) in &sets {
        let mut row = match set.signatures.first() {
            Some(field) => {
                let read = Signature::read(Kind::Arc, field.value);
                one(message, (AuthMethod::Arc, *instance), (field, &read), received, known, bodies)
            }
            None => bare(*instance),
        };
        let before = covered.add(*instance, set);
        match (set.seals.first(), before) {
            (Some(field), Some(data)) => seal(field, &data, known, &mut row),
            (_, None) | (None, _) => row.remarks.push(Remark::SetIncomplete),
        }
        judged.push(row);
    }
    judged
}

fn bare(ordinal: u32) -> Judged {
    Judged {
        method: AuthMethod::Arc,
        ordinal,
        key: None,
        header_ok: None,
        body_ok: None,
        seal_ok: None,
        remarks: Vec::new(),
    }
}

/// What the seals cover, set after set.
struct Covered {
    data: Vec<u8>,
    /// The instance that must come next; `None` once the row is broken.
    next: Option<u32>,
}

impl Covered {
    /// Adds a set; returns what its seal is over, or `None` where a set up to this one is not whole.
    fn add(&mut self, instance: u32, set: &Set<'_, '_>) -> Option<Vec<u8>> {
        let whole = set.whole().filter(|_| self.next == Some(instance));
        let Some([results, signature, seal]) = whole else {
            self.next = None;
            return None;
        };
        self.next = Some(instance + 1);
        for field in [results, signature] {
            Canon::Relaxed.header(field.raw, &mut self.data);
            self.data.extend_from_slice(b"\r\n");
        }
        let mut sealed = self.data.clone();
        Canon::Relaxed.header(&tags::without_signature(seal.raw), &mut sealed);
        Canon::Relaxed.header(seal.raw, &mut self.data);
        self.data.extend_from_slice(b"\r\n");
        Some(sealed)
    }
}

fn seal<'k>(field: &Field<'_>, data: &[u8], known: &dyn Fn(&KeyName) -> KeyAnswer<'k>, row: &mut Judged) {
    let seal = match Seal::read(field.value) {
        Ok(seal) => seal,
        Err(remark) => return row.say(remark),
    };
    let stated = &seal.stated;
    let weighed = key::weigh(known(&stated.key), stated.algorithm, true, data, &stated.signature);
    row.seal_ok = weighed.ok;
    weighed.remarks.into_iter().for_each(|remark| row.say(remark));
    row.say(seal.chain);
}

impl Judged {
    /// Adds a remark once.
    fn say(&mut self, remark: Remark) {
        if !self.remarks.contains(&remark) {
            self.remarks.push(remark);
        }
    }
}
