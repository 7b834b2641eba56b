//! The head of the log and the signed text that states it (C2SP tlog-checkpoint).
//!
//! Three lines: origin, number of lines, root in base64; below an empty line the signature. Must not know the database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use super::note;
use crate::terms::{Clock, SealingKey, Sha256, UtcInstant};

/// How long the log is and what its root is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of lines.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Sha256,
}

impl Head {
    /// The checkpoint text, with its last line end.
    pub(super) fn text(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\n", self.size, STANDARD.encode(self.root.as_bytes()))
    }

    /// The text with a signature below it.
    pub(super) fn note(&self, origin: &str, key: &SealingKey) -> String {
        note::signed(&self.text(origin), origin, key)
    }
}

/// Who stamps lines with the time and signs checkpoints.
#[derive(Clone)]
pub struct Notary {
    /// What time it is.
    pub clock: Clock,
    /// What checkpoints are signed with.
    pub key: SealingKey,
}

impl std::fmt::Debug for Notary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Notary(…)")
    }
}

/// Lines after which the head is stated anew.
const EVERY_LINES: u64 = 1_000;
/// Milliseconds after which it is stated with the next line.
const EVERY_MS: i64 = 5 * 60 * 1_000;

/// Where the head was stated last.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stated {
    pub(super) size: u64,
    pub(super) at: UtcInstant,
}

impl Stated {
    /// Whether it is time to state it again.
    pub(super) fn is_due(self, size: u64, now: UtcInstant) -> bool {
        size - self.size >= EVERY_LINES || now.millis() - self.at.millis() >= EVERY_MS
    }
}

/// The public key of an acquisition's checkpoints, as verifiers want it (C2SP signed-note vkey).
pub fn vkey(acquisition_id: &Uuid, key: &SealingKey) -> String {
    note::vkey(&origin(acquisition_id), &key.public())
}

/// The name a log signs as: unique to the acquisition, and no real domain.
pub(super) fn origin(acquisition_id: &Uuid) -> String {
    format!("affiant.invalid/acq/{}", acquisition_id.hyphenated())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_checkpoint_has_its_published_text() {
        let root = STANDARD.decode("gzBIPuA4SD0N/JWqGHWV20SC8sGI0hq/1ri7GQLN+V4=").expect("base64");
        let head = Head { size: 14, root: Sha256::from_slice(&root).expect("32 bytes") };
        let id = Uuid::parse_str("0190c2f0-7b1e-7c3a-9a51-2f6d3c1e8b77").expect("valid");
        let want = "affiant.invalid/acq/0190c2f0-7b1e-7c3a-9a51-2f6d3c1e8b77\n14\ngzBIPuA4SD0N/JWqGHWV20SC8sGI0hq/1ri7GQLN+V4=\n";
        assert_eq!(head.text(&origin(&id)), want);
    }
}
