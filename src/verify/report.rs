//! What verification says: a verdict, one entry per check, one finding per difference.
//!
//! The JSON form is `schemas/verify.schema.json`. Findings name files, digests and counts, never a
//! subject, an address or an attachment's name. This file must not know how anything is checked.

use std::collections::BTreeMap;
use std::fmt;

/// Findings kept per check; what comes after is counted, so that a ruined package cannot exhaust memory.
const KEPT_PER_CHECK: usize = 10_000;

/// The one-word answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Every check passed.
    Verified,
    /// Something is not as it was sealed.
    Differs,
    /// The acquisition was not sealed yet: nothing to verify, something to resume.
    Unsealed,
    /// Not a package, or one that this version cannot check.
    Unreadable,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Verified => "verified",
            Self::Differs => "differs",
            Self::Unsealed => "unsealed",
            Self::Unreadable => "unreadable",
        })
    }
}

/// The checks, in the order in which they are made and reported.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CheckName {
    /// The files that make it a sealed BagIt 1.0 package are there and state their own size truly.
    Structure,
    /// `tagmanifest-sha256.txt` against the files outside `data/`, both ways.
    TagManifest,
    /// `manifest-sha256.txt` against the files under `data/`, both ways.
    PayloadManifest,
    /// The manifests and fixed files are in the one form that Affiant writes, byte for byte.
    CanonicalForm,
    /// The database is sound, of this format, and has the published schema.
    Database,
    /// `log.jsonl` is the database's log: gapless, canonical, complete.
    Log,
    /// Leaves, Merkle roots, sizes and checkpoint texts agree.
    Checkpoint,
    /// Every checkpoint bears the signature of the key that the log names, and that is the key given, if one was.
    Signature,
    /// Every time stamp over the checkpoint holds, and comes from an authority that was given, if some were. Listed where
    /// there is one, or an authority was given.
    TimeStamp,
    /// Every signature of a person over the checkpoint holds, and is by one who was given, if some were. Listed where there
    /// is one, or a list of signers was given.
    Endorsement,
    /// Item and volume rows, their log lines and the files agree, one to one.
    Items,
    /// Everything listed ended once, and every sum closes.
    Balance,
    /// Every item's date lies inside the window that was asked for.
    Dates,
    /// The natives, parsed again, give the identities and families of the rows.
    Families,
    /// The natives' signatures, weighed again with the keys on record, are worth what the rows and the log state.
    Authenticity,
    /// Nothing but GET was sent, the token endpoint apart.
    Requests,
}

impl CheckName {
    /// All of them, in order.
    pub const ALL: [Self; 16] = [
        Self::Structure,
        Self::TagManifest,
        Self::PayloadManifest,
        Self::CanonicalForm,
        Self::Database,
        Self::Log,
        Self::Checkpoint,
        Self::Signature,
        Self::TimeStamp,
        Self::Endorsement,
        Self::Items,
        Self::Balance,
        Self::Dates,
        Self::Families,
        Self::Authenticity,
        Self::Requests,
    ];
}

impl fmt::Display for CheckName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Structure => "structure",
            Self::TagManifest => "tag_manifest",
            Self::PayloadManifest => "payload_manifest",
            Self::CanonicalForm => "canonical_form",
            Self::Database => "database",
            Self::Log => "log",
            Self::Checkpoint => "checkpoint",
            Self::Signature => "signature",
            Self::TimeStamp => "time_stamp",
            Self::Endorsement => "endorsement",
            Self::Items => "items",
            Self::Balance => "balance",
            Self::Dates => "dates",
            Self::Families => "families",
            Self::Authenticity => "authenticity",
            Self::Requests => "requests",
        })
    }
}

/// What kind of difference a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// Stated, and not there.
    Missing,
    /// There, and stated nowhere.
    Extra,
    /// There, with other bytes than stated.
    Changed,
    /// There, and could not be read.
    Unreadable,
    /// Readable, and contradicts itself or another part of the record.
    Wrong,
}

impl fmt::Display for Class {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "missing",
            Self::Extra => "extra",
            Self::Changed => "changed",
            Self::Unreadable => "unreadable",
            Self::Wrong => "wrong",
        })
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
pub struct Finding {
    /// What kind.
    pub class: Class,
    /// The file concerned, relative to the package, `/` between names.
    pub path: String,
    /// What was expected and what was found.
    pub detail: String,
}

/// One check and what it found.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct Check {
    /// Which.
    pub name: CheckName,
    /// Whether it was made to its end and found nothing.
    pub ok: bool,
    /// What it found, ordered by file; at most 10,000.
    pub findings: Vec<Finding>,
    /// How many more it found.
    pub omitted: u64,
}

/// What a supplemental package says of the one before it. It is not looked for: who has it compares these.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Earlier {
    /// Its acquisition.
    pub acquisition_id: String,
    /// The number of lines of its log.
    pub log_size: u64,
    /// The root over them, lower-case hex.
    pub log_root: String,
    /// SHA-256 of its `affiant/manifest.sqlite`, lower-case hex.
    pub manifest_sha256: String,
    /// When it was sealed, UTC.
    pub sealed_at: String,
}

/// What the log came to, and whose signature stands below it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Head {
    /// Lines of the collection's log.
    pub size: u64,
    /// The root over them, lower-case hex.
    pub root: String,
    /// The public key that signed it, as the log names it (C2SP signed-note vkey).
    pub vkey: String,
    /// Whether it is the key that was given from outside; `null` when none was. Without one a signature only shows that
    /// the package is of one piece, not whose it is.
    pub is_key_given: Option<bool>,
}

/// A time stamp over the collection's checkpoint whose signature holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Stamp {
    /// The file, relative to the package.
    pub path: String,
    /// The time that it states, UTC.
    pub at: String,
    /// The subject of the certificate that signed it.
    pub authority: String,
    /// The authority's policy, an object identifier.
    pub policy: String,
    /// Its serial number there, lower-case hex.
    pub serial: String,
    /// Whether a chain leads to an authority that was given from outside. Without one the time is only as good as a
    /// certificate that came with it.
    pub is_trusted: bool,
}

/// A person's signature over the collection's checkpoint that holds.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Endorsement {
    /// The file, relative to the package.
    pub path: String,
    /// The key's fingerprint, as OpenSSH prints it: `SHA256:…`.
    pub key: String,
    /// The kind of key, such as `ssh-ed25519`.
    pub algorithm: String,
    /// Whose key it is by the list of allowed signers that was given; `null` when none was.
    pub principals: Option<String>,
}

/// Something sworn after the seal.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct CustodyEvent {
    /// Its place in the log.
    pub seq: u64,
    /// When, UTC, by the clock of whoever wrote it.
    pub at: String,
    /// `custody.transferred`, `custody.noted` or `disposed`.
    pub kind: String,
    /// The key that signed it; it may be another than the collection's.
    pub vkey: String,
    /// What it tells.
    pub facts: BTreeMap<String, String>,
}

/// Why nothing can be checked.
#[derive(Debug)]
pub(super) struct Unchecked {
    pub(super) verdict: Verdict,
    pub(super) class: Class,
    pub(super) path: &'static str,
    pub(super) detail: String,
}

/// The whole answer.
#[derive(Debug, Clone, serde::Serialize, schemars::JsonSchema)]
pub struct Report {
    /// In a word.
    pub verdict: Verdict,
    /// Items whose row was compared with its file.
    pub items: u64,
    /// Natives that were read for it: all, unless a part or a sample was asked for.
    pub natives: u64,
    /// The package that this one supplements, as its first log entry names it; `null` for a package that stands alone.
    pub since: Option<Earlier>,
    /// What the log came to; `null` when nothing could be checked.
    pub head: Option<Head>,
    /// What was sworn after the seal, in order.
    pub custody: Vec<CustodyEvent>,
    /// Time stamps over the checkpoint that hold.
    pub stamps: Vec<Stamp>,
    /// Signatures of people over the checkpoint that hold.
    pub endorsements: Vec<Endorsement>,
    /// Every check made, in order. Those that could not be made at all are not listed.
    pub checks: Vec<Check>,
}

impl Report {
    /// A report that nothing could be checked, and why.
    pub(super) fn unchecked(why: Unchecked) -> Self {
        let finding = Finding { class: why.class, path: why.path.to_owned(), detail: why.detail };
        let check = Check { name: CheckName::Structure, ok: false, findings: vec![finding], omitted: 0 };
        Self {
            verdict: why.verdict,
            items: 0,
            natives: 0,
            since: None,
            head: None,
            custody: Vec::new(),
            stamps: Vec::new(),
            endorsements: Vec::new(),
            checks: vec![check],
        }
    }

    /// Every finding with the check that made it.
    pub fn findings(&self) -> impl Iterator<Item = (CheckName, &Finding)> {
        self.checks.iter().flat_map(|check| check.findings.iter().map(move |finding| (check.name, finding)))
    }
}

/// What a report tells besides findings.
#[derive(Debug, Default)]
pub(super) struct Told {
    pub(super) items: u64,
    pub(super) natives: u64,
    pub(super) since: Option<Earlier>,
    pub(super) head: Option<Head>,
    pub(super) custody: Vec<CustodyEvent>,
    pub(super) stamps: Vec<Stamp>,
    pub(super) endorsements: Vec<Endorsement>,
}

impl Told {
    /// Whether there was something for a check to look at.
    const fn has(&self, check: CheckName) -> bool {
        match check {
            CheckName::TimeStamp => !self.stamps.is_empty(),
            CheckName::Endorsement => !self.endorsements.is_empty(),
            _ => true,
        }
    }
}

/// Where the checks write down what they find while they run.
#[derive(Debug, Default)]
pub(super) struct Findings {
    kept: [Vec<Finding>; CheckName::ALL.len()],
    omitted: [u64; CheckName::ALL.len()],
}

impl Findings {
    /// Writes down one difference.
    pub(super) fn add(&mut self, check: CheckName, class: Class, path: impl Into<String>, detail: impl Into<String>) {
        self.put(check, Finding { class, path: path.into(), detail: detail.into() });
    }

    /// Writes down a difference found elsewhere.
    pub(super) fn put(&mut self, check: CheckName, finding: Finding) {
        let place = check as usize;
        let (Some(kept), Some(omitted)) = (self.kept.get_mut(place), self.omitted.get_mut(place)) else { return };
        if kept.len() < KEPT_PER_CHECK {
            kept.push(finding);
        } else {
            *omitted += 1;
        }
    }

    /// Takes over what was written down elsewhere.
    pub(super) fn take(&mut self, other: Self) {
        let places = self.kept.iter_mut().zip(&mut self.omitted);
        for ((kept, omitted), (mut found, more)) in places.zip(other.kept.into_iter().zip(other.omitted)) {
            let beyond = found.split_off(found.len().min(KEPT_PER_CHECK.saturating_sub(kept.len())));
            kept.append(&mut found);
            *omitted += more + beyond.len() as u64;
        }
    }

    /// Whether a check has found nothing so far.
    pub(super) fn is_clean(&self, check: CheckName) -> bool {
        self.kept.get(check as usize).is_some_and(Vec::is_empty)
    }

    /// Ends the work: orders the findings and draws the verdict.
    pub(super) fn report(self, told: Told) -> Report {
        let found = self.kept.into_iter().zip(self.omitted);
        let checks: Vec<Check> = CheckName::ALL
            .into_iter()
            .zip(found)
            .map(|(name, (mut findings, omitted))| {
                findings.sort_by(|a, b| (&a.path, a.class, &a.detail).cmp(&(&b.path, b.class, &b.detail)));
                Check { name, ok: findings.is_empty(), findings, omitted }
            })
            .filter(|check| !check.ok || told.has(check.name))
            .collect();
        let verdict = if checks.iter().all(|check| check.ok) { Verdict::Verified } else { Verdict::Differs };
        let Told { items, natives, since, head, custody, stamps, endorsements } = told;
        Report { verdict, items, natives, since, head, custody, stamps, endorsements, checks }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn findings_beyond_the_limit_are_counted_and_one_finding_is_enough_to_differ() {
        let mut findings = Findings::default();
        for n in 0..KEPT_PER_CHECK + 5 {
            findings.add(CheckName::Items, Class::Missing, format!("data/{n}"), "");
        }
        let report = findings.report(Told::default());
        let items = report.checks.iter().find(|check| check.name == CheckName::Items).expect("every check is listed");
        assert_eq!((items.findings.len(), items.omitted), (KEPT_PER_CHECK, 5));
        assert_eq!(report.verdict, Verdict::Differs);
        assert_eq!(Findings::default().report(Told::default()).verdict, Verdict::Verified);
    }

    #[test]
    fn findings_of_two_threads_are_together_as_many_as_there_are() {
        let some = |from: usize, count: usize| {
            let mut findings = Findings::default();
            for n in from..from + count {
                findings.add(CheckName::Items, Class::Missing, format!("data/{n}"), "");
            }
            findings
        };
        for (left, right) in [(0, 3), (3, 0), (2, 3), (KEPT_PER_CHECK - 1, 4), (KEPT_PER_CHECK + 2, KEPT_PER_CHECK + 3)]
        {
            let mut together = some(0, left);
            together.take(some(left, right));
            let report = together.report(Told::default());
            let items = report.checks.iter().find(|check| check.name == CheckName::Items);
            let (kept, omitted) = items.map_or((0, 0), |items| (items.findings.len(), items.omitted));
            let all = kept + usize::try_from(omitted).expect("few");
            assert_eq!((kept, all), ((left + right).min(KEPT_PER_CHECK), left + right));
        }
    }

    #[test]
    fn a_check_is_printed_as_it_is_spelt_in_json() {
        for name in CheckName::ALL {
            assert_eq!(serde_json::to_value(name).expect("plain"), serde_json::Value::from(name.to_string()));
        }
    }

    #[test]
    fn the_published_schema_is_the_one_of_the_report() {
        let file = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/verify.schema.json");
        let schema = serde_json::to_string_pretty(&schemars::schema_for!(Report)).expect("a schema is JSON") + "\n";
        if std::env::var_os("AFFIANT_REGENERATE").is_some() {
            std::fs::write(file, &schema).expect("schemas/ is writable");
        }
        let published = std::fs::read_to_string(file).expect("run with AFFIANT_REGENERATE=1 to write it");
        assert_eq!(published.replace("\r\n", "\n"), schema, "run with AFFIANT_REGENERATE=1 to rewrite it");
    }
}
