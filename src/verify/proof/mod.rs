//! Proofs for single messages checked by a stranger, without the package.
//!
//! A proof is a folder: the native, its log line, the path from the line to the signed head of the log. Nothing here
//! is shared with what wrote it; the path is walked by RFC 9162's algorithm. `schemas/FORMAT.md` tells how to do the
//! same by hand.

mod folder;
mod native;
mod report;
mod text;

use camino::{Utf8Path, Utf8PathBuf};

pub use report::{ProofCheck, ProofCheckName, ProofReport, ProofsReport, Stated};

use super::canonical;
use super::log::{Body, text_of};
use super::merkle::{leaf, root_by_path};
use super::note::Key;
use super::report::{Class, Verdict};
use crate::terms::UtcInstant;
use folder::Folder;
use report::Found;
use text::{Head, Proof};

/// The kinds of lines that tell what became of a message.
const COLLECTED: &str = "item.collected";
const EXCEPTED: &str = "item.excepted";

/// Checks the proofs in these folders: each holds one, or folders that do.
///
/// `key` is the public key that the heads must bear, told from outside. Reads only, blocks: call it off the reactor.
/// What cannot be read is a finding, so there is no error.
pub fn verify_proofs(paths: &[Utf8PathBuf], key: Option<&Key>) -> ProofsReport {
    let mut proofs = Vec::new();
    for path in paths {
        let folders = folder::of(path);
        if folders.is_empty() {
            proofs.push(no_proof(path));
        }
        proofs.extend(folders.iter().map(|folder| check(folder, key)));
    }
    ProofsReport::over(proofs)
}

fn no_proof(path: &Utf8Path) -> ProofReport {
    let mut found = Found::default();
    found.add(
        ProofCheckName::Files,
        Class::Unreadable,
        "",
        "no folder with a .tlog-proof, nor one that holds such folders",
    );
    let (_, mut checks) = found.checks();
    checks.truncate(1);
    let verdict = Verdict::Unreadable;
    ProofReport { folder: path.to_string(), verdict, stated: Stated::default(), is_key_given: None, checks }
}

fn check(path: &Utf8Path, key: Option<&Key>) -> ProofReport {
    let (mut found, mut stated) = (Found::default(), Stated::default());
    let is_key_given = Folder::open(path, &mut found).and_then(|folder| one(&folder, key, &mut stated, &mut found));
    let (verdict, checks) = found.checks();
    ProofReport { folder: path.to_string(), verdict, stated, is_key_given, checks }
}

/// Makes every check of one proof; tells whether the key that was given signed it.
fn one(folder: &Folder<'_>, key: Option<&Key>, stated: &mut Stated, found: &mut Found) -> Option<bool> {
    stated.control_number = Some(folder.number().to_string());
    let (proof_text, line_text) = (folder.proof(found), folder.line(found));
    let proof = proof_text.as_deref().and_then(|text| match text::read(text) {
        Ok(proof) => Some(proof),
        Err(why) => {
            found.add(ProofCheckName::Form, Class::Wrong, folder.name(".tlog-proof"), why);
            None
        }
    });
    let line = line_text.as_deref().and_then(|text| read_line(folder, text, proof.as_ref(), found));
    if let Some(line) = &line {
        stated.tell(line);
    }
    if let (Some(proof), Some(text)) = (&proof, &line_text)
        && root_by_path(leaf(text.as_bytes()), proof.index, proof.head.size, &proof.path) != Some(proof.head.root)
    {
        let why = "the path does not lead from the line to the root of the checkpoint";
        found.add(ProofCheckName::Inclusion, Class::Wrong, folder.name(".tlog-proof"), why);
    }
    let came = folder.vkey(found);
    let is_key_given = proof.as_ref().and_then(|proof| {
        stated.lead_to(proof);
        signature(folder, &proof.head, came.as_deref(), key, found)
    });
    stated.vkey = came.map(|vkey| vkey.trim_end().to_owned());
    let collected = line.as_ref().is_none_or(|line| text_of(line, "kind") == COLLECTED);
    folder.strangers(collected, found);
    if let Some(line) = line.filter(|_| collected) {
        native::check(folder.native(), &folder.name(".eml"), &line, found);
    }
    is_key_given
}

impl Stated {
    fn tell(&mut self, line: &Body) {
        let text = |name| line.get(name).and_then(|value| value.as_str()).map(str::to_owned);
        (self.kind, self.at, self.sha256) = (text("kind"), text("at"), text("sha256"));
    }

    fn lead_to(&mut self, proof: &Proof<'_>) {
        self.acquisition_id = Some(proof.head.acquisition_id().to_owned());
        (self.index, self.log_size) = (Some(proof.index), Some(proof.head.size));
        self.log_root = Some(proof.head.root.to_string());
    }
}

/// The line's members, if it is canonical; says what is wrong with them.
fn read_line(folder: &Folder<'_>, text: &str, proof: Option<&Proof<'_>>, found: &mut Found) -> Option<Body> {
    let mut wrong = |why: &str| found.add(ProofCheckName::Line, Class::Wrong, folder.name(".log.json"), why);
    let body = match canonical::read(text) {
        Ok(body) => body,
        Err(why) => {
            wrong(&why.to_string());
            return None;
        }
    };
    let number = folder.number().to_string();
    let (kind, at) = (text_of(&body, "kind"), text_of(&body, "at"));
    if kind != COLLECTED && kind != EXCEPTED {
        wrong("it is neither item.collected nor item.excepted");
    }
    if proof.is_some_and(|proof| body.get("seq").and_then(serde_json::Value::as_u64) != Some(proof.index)) {
        wrong("its seq is not the index of the proof");
    }
    if text_of(&body, "control_number") != number {
        wrong("it is about another control number than the files are named by");
    }
    if kind == COLLECTED && text_of(&body, "path").rsplit('/').next() != Some(&*format!("{number}.eml")) {
        wrong("its path does not end with its control number");
    }
    if !UtcInstant::parse(at).is_ok_and(|instant| instant.to_string() == at) {
        wrong("at is not YYYY-MM-DDThh:mm:ss.sssZ");
    }
    Some(body)
}

/// Checks the signature against the key that was given, and else against the one that came along.
fn signature(
    folder: &Folder<'_>,
    head: &Head<'_>,
    came: Option<&str>,
    given: Option<&Key>,
    found: &mut Found,
) -> Option<bool> {
    let mut add = |class, end: &str, why: &str| found.add(ProofCheckName::Signature, class, folder.name(end), why);
    let own = came.and_then(|vkey| Key::from_vkey(vkey.strip_suffix('\n')?));
    if came.is_some() && own.is_none() {
        add(Class::Wrong, ".vkey", "it is no vkey on one line");
    }
    let signs = |key: &Key| key.under(head.origin).is_some_and(|key| head.note.is_signed_by(&key));
    if let Some(own) = &own
        && !signs(own)
    {
        add(Class::Wrong, ".vkey", "it is not the key that signed the checkpoint");
    }
    let Some(given) = given else {
        if came.is_none() {
            add(Class::Missing, ".vkey", "no key came along, and none was given");
        }
        return None;
    };
    let signed = signs(given);
    if !signed {
        add(Class::Wrong, ".tlog-proof", "its checkpoint is not signed by the key that was given");
    }
    Some(signed)
}
