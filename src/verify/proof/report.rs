//! What checking proofs says: a verdict over all, and one entry per proof with its checks.
//!
//! The JSON form is `schemas/verify-proof.schema.json`. This file must not know how anything is checked.

use std::fmt;

use crate::verify::{Class, Finding, Verdict};

/// The checks of one proof, in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProofCheckName {
    /// The files that belong to a proof are there, and no others.
    Files,
    /// The proof has the one form of C2SP tlog-proof that Affiant writes, and a checkpoint of an Affiant log.
    Form,
    /// The log line is canonical, of a kind that can be proven, and has the place and the number that are stated.
    Line,
    /// The path leads from the line to the root that the checkpoint states.
    Inclusion,
    /// The checkpoint bears the signature of the key, which is the one that was given, if one was.
    Signature,
    /// The native has the size and the digests that the line states.
    Native,
    /// The native, parsed again, has the identities that the line states.
    Identities,
}

impl ProofCheckName {
    /// All of them, in order.
    pub const ALL: [Self; 7] =
        [Self::Files, Self::Form, Self::Line, Self::Inclusion, Self::Signature, Self::Native, Self::Identities];
}

impl fmt::Display for ProofCheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Files => "files",
            Self::Form => "form",
            Self::Line => "line",
            Self::Inclusion => "inclusion",
            Self::Signature => "signature",
            Self::Native => "native",
            Self::Identities => "identities",
        })
    }
}

/// One check and what it found.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct ProofCheck {
    /// Which.
    pub name: ProofCheckName,
    /// Whether it was made to its end and found nothing.
    pub ok: bool,
    /// What it found; paths are relative to the proof's folder.
    pub findings: Vec<Finding>,
}

/// What a proof states, as far as it could be read. Believe it only where the verdict is `verified`.
#[derive(Debug, Clone, Default, serde::Serialize, schemars::JsonSchema)]
pub struct Stated {
    /// The message's number.
    pub control_number: Option<String>,
    /// The kind of the line: `item.collected` or `item.excepted`.
    pub kind: Option<String>,
    /// When the line was written, UTC, by the clock of the collecting machine.
    pub at: Option<String>,
    /// SHA-256 of the native, lower-case hex.
    pub sha256: Option<String>,
    /// The acquisition, as the checkpoint names it.
    pub acquisition_id: Option<String>,
    /// The line's place in the log, counted from 0.
    pub index: Option<u64>,
    /// Lines of the log.
    pub log_size: Option<u64>,
    /// The root over them, lower-case hex.
    pub log_root: Option<String>,
    /// The key that came with the proof (C2SP signed-note vkey).
    pub vkey: Option<String>,
}

/// One proof.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct ProofReport {
    /// Its folder, as it was named.
    pub folder: String,
    /// In a word.
    pub verdict: Verdict,
    /// What it states.
    pub stated: Stated,
    /// Whether the key that was given signed it; `null` when none was. Without one a signature only shows that the folder
    /// is of one piece, not whose it is.
    pub is_key_given: Option<bool>,
    /// Every check that was made, in order.
    pub checks: Vec<ProofCheck>,
}

/// The whole answer.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct ProofsReport {
    /// `verified` when every proof is; `differs` when one does; else `unreadable`, when one is no proof.
    pub verdict: Verdict,
    /// The proofs, in the order in which they were named.
    pub proofs: Vec<ProofReport>,
}

impl ProofsReport {
    /// Draws the verdict over all.
    pub(super) fn over(proofs: Vec<ProofReport>) -> Self {
        let is = |verdict| proofs.iter().any(|proof| proof.verdict == verdict);
        let verdict = if is(Verdict::Differs) {
            Verdict::Differs
        } else if proofs.is_empty() || is(Verdict::Unreadable) {
            Verdict::Unreadable
        } else {
            Verdict::Verified
        };
        Self { verdict, proofs }
    }
}

/// Where the checks of one proof write down what they find.
#[derive(Debug, Default)]
pub(super) struct Found([Vec<Finding>; ProofCheckName::ALL.len()]);

impl Found {
    /// Writes down one difference.
    pub(super) fn add(
        &mut self,
        check: ProofCheckName,
        class: Class,
        path: impl Into<String>,
        detail: impl Into<String>,
    ) {
        if let Some(kept) = self.0.get_mut(check as usize) {
            kept.push(Finding { class, path: path.into(), detail: detail.into() });
        }
    }

    /// The checks with their findings, and whether there is none.
    pub(super) fn checks(self) -> (Verdict, Vec<ProofCheck>) {
        let found = ProofCheckName::ALL.into_iter().zip(self.0);
        let checks: Vec<_> =
            found.map(|(name, findings)| ProofCheck { name, ok: findings.is_empty(), findings }).collect();
        let verdict = if checks.iter().all(|check| check.ok) { Verdict::Verified } else { Verdict::Differs };
        (verdict, checks)
    }
}
