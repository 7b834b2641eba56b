//! The stranger: reads a package and the published schema, and imports nothing that wrote it.
//!
//! [`verify`] recomputes everything a sealed package states about itself: both BagIt manifests, the log and
//! its Merkle tree, rows against log against files, families, the balance, dates, requests. It gathers every
//! difference and never stops at the first. `schemas/FORMAT.md` tells how to do the same by hand.
//!
//! It may import `terms` and `identity` only; hashing of log, tree and bag is written again here, because a
//! check that shares the writer's code shares its mistakes.

mod bag_info;
mod authenticity;
mod balance;
mod canonical;
mod checkpoint;
mod chosen;
mod custody;
mod database;
mod dates;
mod endorsement;
mod family;
mod ledger;
mod lines;
mod listing;
mod log;
mod matching;
mod merge;
mod merkle;
mod native;
mod note;
mod orphans;
mod payload;
mod projection;
mod proof;
mod reading;
mod record;
mod report;
mod requests;
mod since;
mod slice;
mod stamp;
mod standing;
mod structure;
mod tables;
mod volume;
mod walk;

use std::thread::{self, ScopedJoinHandle};

use camino::Utf8Path;

pub use endorsement::{AllowedSigners, EndorsementError, NAMESPACE, NoSigners, endorsed};
pub use listing::{ListedFile, listed_files};
pub use native::copy_native;
pub use note::{Key, NoKey};
pub use proof::{ProofCheck, ProofCheckName, ProofReport, ProofsReport, Stated as ProofStated, verify_proofs};
pub use record::{Record, RecordError, RecordHead};
pub use report::{Check, CheckName, Class, CustodyEvent, Earlier, Endorsement, Finding, Head, Report, Stamp, Verdict};
pub use slice::{NoSlice, Slice};
pub use stamp::{Authorities, NoAuthority, StampError, stamped};

use ledger::{DATABASE, Ledger};
use log::End;
use reading::{Progress, Readers, with_readers};
use report::{Findings, Told, Unchecked};
use standing::Standing;

/// What a check is asked for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// The key that the collection's checkpoint must bear, told from outside of the package.
    pub key: Option<Key>,
    /// Authorities whose time stamps are believed; then the checkpoint must have one from them.
    pub authorities: Option<Authorities>,
    /// People whose signatures are accepted; then the checkpoint must bear one of theirs.
    pub signers: Option<AllowedSigners>,
    /// Which natives are read.
    pub slice: Slice,
}

/// Verifies the package in a folder.
///
/// `progress` is told how many bytes were read and how many there are to read, often. Reads only; nothing is
/// written or left behind. Blocks, and uses every core: call it off the reactor. What cannot be read is a
/// finding, so there is no error.
pub fn verify(root: &Utf8Path, asked: &Asked, progress: &mut dyn FnMut(u64, u64)) -> Report {
    match look(root) {
        Ok(()) => verify_sealed(root, asked, progress),
        Err(why) => Report::unchecked(why),
    }
}

/// Whether there is a sealed package to check; where not, the answer.
fn look(root: &Utf8Path) -> Result<(), Unchecked> {
    match standing::of(root) {
        Standing::Sealed => Ok(()),
        Standing::Unsealed => Err(Unchecked {
            verdict: Verdict::Unsealed,
            class: Class::Missing,
            path: listing::TAGS,
            detail: "this acquisition was not finished and sealed; go on with it: affiant resume".to_owned(),
        }),
        Standing::NotAPackage(why) => Err(Unchecked {
            verdict: Verdict::Unreadable,
            class: Class::Unreadable,
            path: "",
            detail: format!("not an Affiant package: {why}"),
        }),
    }
}

fn verify_sealed(root: &Utf8Path, asked: &Asked, tell: &mut dyn FnMut(u64, u64)) -> Report {
    let mut findings = Findings::default();
    let stated = structure::check(root, &mut findings);
    let payload_sorted = listing::check_form(root, listing::PAYLOAD, &mut findings);
    let mut progress = Progress { done: 0, total: stated.map_or(0, |stated| stated.bytes), tell };
    let ledger = thread::scope(|scope| {
        let lists = scope.spawn(|| apart(|findings| matching::check(root, findings)));
        let ledger = tags_and_database(root, &mut findings, &mut progress);
        joined(lists, &mut findings);
        ledger
    });
    let ledger = match ledger {
        Ok(ledger) => ledger,
        Err(why) => return Report::unchecked(why),
    };
    // The record needs no payload and the payload no log, so neither waits for the other. A connection is one thread's.
    let is_there = ledger.is_some();
    let (mut told, walked) = thread::scope(|scope| {
        let record = scope.spawn(|| {
            apart(|findings| {
                let ledger = if is_there { open(root, findings) } else { None };
                check_log_and_record(root, ledger.as_ref(), asked, findings)
            })
        });
        let walked = with_readers(root, &mut findings, &mut progress, |readers| {
            check_payload(root, payload_sorted, ledger.as_ref(), asked.slice, readers)
        });
        (joined(record, &mut findings), walked)
    });
    structure::compare(stated, walked.oxum, &mut findings);
    (told.items, told.natives) = (walked.items, walked.natives);
    findings.report(told)
}

/// What a check came to on a thread of its own, with what it found there.
fn apart<T>(check: impl FnOnce(&mut Findings) -> T) -> (T, Findings) {
    let mut findings = Findings::default();
    let value = check(&mut findings);
    (value, findings)
}

/// Waits for such a thread; its panic is passed on.
fn joined<T>(thread: ScopedJoinHandle<'_, (T, Findings)>, findings: &mut Findings) -> T {
    let (value, found) = thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    findings.take(found);
    value
}

/// The log with everything that hangs on it: record, checkpoints, signatures, what was sworn after the seal.
fn check_log_and_record(root: &Utf8Path, ledger: Option<&Ledger>, asked: &Asked, findings: &mut Findings) -> Told {
    let (since, end) = match ledger {
        Some(ledger) => check_record(root, ledger, findings),
        None => (None, log::check_alone(root, findings)),
    };
    let given = asked.key.as_ref();
    let is_key_given = given.map(|given| end.named.is(given));
    if is_key_given == Some(false) {
        let why = "the log's key is not the one that was given";
        findings.add(CheckName::Signature, Class::Wrong, checkpoint::FILE, why);
    }
    let (size, tree_root) = (end.tree.size(), end.tree.root().to_string());
    let head = Head { size, root: tree_root, vkey: end.named.vkey().to_owned(), is_key_given };
    let origin = ledger.and_then(|ledger| database::origin(ledger).ok().flatten()).unwrap_or_default();
    let custody = custody::check(root, &origin, end, findings);
    let stamps = stamp::check(root, asked.authorities.as_ref(), findings);
    let endorsements = endorsement::check(root, asked.signers.as_ref(), findings);
    Told { since, head: Some(head), custody, stamps, endorsements, ..Told::default() }
}

/// Checks everything that needs no payload, for those who present the record.
fn prepare(root: &Utf8Path, findings: &mut Findings) -> Result<(Option<Ledger>, Told), Unchecked> {
    look(root)?;
    let mut progress = Progress { done: 0, total: 0, tell: &mut |_, _| {} };
    structure::check(root, findings);
    let ledger = tags_and_database(root, findings, &mut progress)?;
    let told = check_log_and_record(root, ledger.as_ref(), &Asked::default(), findings);
    Ok((ledger, told))
}

/// Checks the tag files; the database is hashed here, before it is opened.
fn tags_and_database(
    root: &Utf8Path,
    findings: &mut Findings,
    progress: &mut Progress<'_>,
) -> Result<Option<Ledger>, Unchecked> {
    let tags_sorted = listing::check_form(root, listing::TAGS, findings);
    with_readers(root, findings, progress, |readers| payload::check_tags(root, tags_sorted, readers));
    let ledger = open(root, findings);
    if let Some(format) = ledger.as_ref().and_then(database::newer_format)
        && findings.is_clean(CheckName::TagManifest)
    {
        let detail = format!("format {format}; this version reads format {}: use a newer Affiant", database::FORMAT);
        return Err(Unchecked { verdict: Verdict::Unreadable, class: Class::Unreadable, path: DATABASE, detail });
    }
    Ok(ledger)
}

fn open(root: &Utf8Path, findings: &mut Findings) -> Option<Ledger> {
    let ledger = Ledger::open(root);
    broken(CheckName::Database, &ledger, findings);
    ledger.ok()
}

fn check_payload(
    root: &Utf8Path,
    sorted: bool,
    ledger: Option<&Ledger>,
    slice: Slice,
    readers: &mut Readers<'_, '_>,
) -> payload::Walked {
    let (walked, done) = payload::check_payload(root, sorted, ledger, slice, readers);
    broken(CheckName::Items, &done, readers.findings);
    walked
}

/// Everything that needs no payload file; returns what the package says of the one before it, and where its log ends.
fn check_record(root: &Utf8Path, ledger: &Ledger, findings: &mut Findings) -> (Option<Earlier>, End) {
    thread::scope(|scope| {
        // The database as a whole takes as long as its log.
        let database = scope.spawn(|| {
            apart(|findings| {
                let checked = Ledger::open(root).and_then(|ledger| database::check(&ledger, findings));
                broken(CheckName::Database, &checked, findings);
            })
        });
        let checked = check_lines_and_rows(root, ledger, findings);
        joined(database, findings);
        checked
    })
}

fn check_lines_and_rows(root: &Utf8Path, ledger: &Ledger, findings: &mut Findings) -> (Option<Earlier>, End) {
    let account = log::check(root, ledger, findings);
    broken(CheckName::Log, &account, findings);
    let mut account = match account {
        Ok(account) => account,
        Err(_) => log::Account { end: log::check_alone(root, findings), ..log::Account::default() },
    };
    broken(CheckName::Log, &account.trouble, findings);
    broken(CheckName::Database, &database::check_meta(ledger, account.opened.as_ref(), findings), findings);
    broken(CheckName::Balance, &balance::check(ledger, &account, findings), findings);
    broken(CheckName::Dates, &dates::check(ledger, &account, findings), findings);
    chosen::check(root, &account, findings);
    orphans::check(root, &account, findings);
    broken(CheckName::CanonicalForm, &bag_info::check(root, ledger, findings), findings);
    broken(CheckName::Authenticity, &authenticity::check(ledger, findings), findings);
    broken(CheckName::Requests, &requests::check(ledger, findings), findings);
    broken(CheckName::Database, &tables::check(ledger, &account, findings), findings);
    let since = since::check(ledger, &account, findings);
    broken(CheckName::Balance, &since, findings);
    (since.unwrap_or_default(), std::mem::take(&mut account.end))
}

/// A query that SQLite could not carry out is a finding of the check that made it.
fn broken<T>(check: CheckName, done: &rusqlite::Result<T>, findings: &mut Findings) {
    if let Err(error) = done {
        findings.add(check, Class::Unreadable, DATABASE, error.to_string());
    }
}
