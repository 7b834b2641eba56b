//! What was sworn after the seal: each segment goes on where the log ended, and has a signed checkpoint of its own.
//!
//! Segments are `affiant/custody/000001.jsonl` with `000001.checkpoint`, and so on without a gap. A segment is one
//! session: opened, what happened, closed. It must not know the files of the collection.

use std::collections::BTreeMap;

use camino::Utf8Path;
use serde_json::Value;

use super::checkpoint::{self, text};
use super::log::{Body, End, LogFile, text_of};
use super::report::{CheckName, Class, CustodyEvent, Findings};

/// Where segments lie.
const FOLDER: &str = "affiant/custody";
/// What a segment may tell.
const KINDS: [&str; 3] = ["custody.transferred", "custody.noted", "disposed"];
/// What may lie beside a segment, after its number.
const ENDS: [&str; 2] = [".jsonl", ".checkpoint"];

/// Checks every segment; returns what they tell.
pub(super) fn check(root: &Utf8Path, origin: &str, end: End, findings: &mut Findings) -> Vec<CustodyEvent> {
    let (mut told, mut end) = (Vec::new(), end);
    let mut count = 0_u32;
    while is_there(root, count + 1) {
        count += 1;
        end = segment(root, count, origin, end, &mut told, findings);
    }
    strangers(root, count, findings);
    told
}

fn at(number: u32, end: &str) -> String {
    format!("{FOLDER}/{number:06}{end}")
}

fn is_there(root: &Utf8Path, number: u32) -> bool {
    [".jsonl", ".checkpoint"].iter().any(|end| root.join(at(number, end)).symlink_metadata().is_ok())
}

fn segment(
    root: &Utf8Path,
    number: u32,
    origin: &str,
    before: End,
    told: &mut Vec<CustodyEvent>,
    findings: &mut Findings,
) -> End {
    let path = at(number, ".jsonl");
    let first = before.tree.size();
    let mut file = LogFile::open(root, &path, before, findings);
    let mut seq = first;
    let mut last = String::new();
    while let Some(line) = file.next(seq, findings) {
        if let Some(body) = line.body {
            let kind = text_of(&body, "kind").to_owned();
            let opens = kind == "session.opened";
            let allowed = opens || kind == "session.closed" || KINDS.contains(&kind.as_str());
            let size = body.get("log_size").and_then(Value::as_u64);
            if opens != (seq == first) || !allowed || last == "session.closed" || (opens && size != Some(first)) {
                let detail = format!("line {}: {kind} has no place here", seq + 1);
                findings.add(CheckName::Log, Class::Wrong, &*path, detail);
            }
            if KINDS.contains(&kind.as_str()) {
                told.push(event(&body, file.named.vkey()));
            }
            last = kind;
        }
        seq += 1;
    }
    file.must_end_with("session.closed", findings);
    let head = at(number, ".checkpoint");
    if let Some(note) = checkpoint::read(root, &head, findings)
        && let Some(flaw) = file.named.flaw(&note, &text(origin, &file.tree))
    {
        let (check, why) = flaw.said();
        findings.add(check, Class::Wrong, head, why);
    }
    file.end()
}

fn event(body: &Body, vkey: &str) -> CustodyEvent {
    let stamps = ["seq", "kind", "at"];
    let facts: BTreeMap<String, String> = body
        .iter()
        .filter(|(name, _)| !stamps.contains(&name.as_str()))
        .filter_map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned())))
        .collect();
    let text = |name| text_of(body, name).to_owned();
    let seq = body.get("seq").and_then(Value::as_u64).unwrap_or_default();
    CustodyEvent { seq, at: text("at"), kind: text("kind"), vkey: vkey.to_owned(), facts }
}

/// Files that belong to no segment; the tag manifest may list them, and still nothing accounts for them.
fn strangers(root: &Utf8Path, count: u32, findings: &mut Findings) {
    let Ok(entries) = root.join(FOLDER).read_dir_utf8() else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let known = name.split_at_checked(6).is_some_and(|(number, end)| {
            number.parse().is_ok_and(|number: u32| (1..=count).contains(&number)) && ENDS.contains(&end)
        });
        if !known {
            findings.add(
                CheckName::Log,
                Class::Extra,
                format!("{FOLDER}/{name}"),
                "it belongs to no segment of the log",
            );
        }
    }
}
