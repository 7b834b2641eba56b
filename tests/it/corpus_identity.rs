//! Identity over real mail: golden answers, copies that must agree, and Python's email package as a second reader.
//!
//! The corpus lies beside a development checkout, or where `AFFIANT_TEST_CORPUS` says; without it these tests say so
//! and pass.

#![expect(clippy::print_stderr, reason = "a skipped test says so")]

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use affiant::identity::{Examined, PartFacts, Role, examine};
use affiant::terms::{ExceptionCode, Sha256, UtcInstant};
use serde_json::Value;

/// The corpus folder, or `None` with a visible message.
fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/corpus");
    let folder = std::env::var_os("AFFIANT_TEST_CORPUS").map_or_else(beside, PathBuf::from);
    if folder.join("index.csv").is_file() {
        return Some(folder);
    }
    eprintln!("skipped: no mail corpus at {}", folder.display());
    None
}

fn messages(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for source in std::fs::read_dir(folder).expect("the corpus is readable").flatten() {
        for file in std::fs::read_dir(source.path()).into_iter().flatten().flatten() {
            let path = file.path();
            if path.extension().is_some_and(|extension| extension == "eml") {
                let name = path.strip_prefix(folder).expect("inside").to_string_lossy().into_owned();
                found.push((name, std::fs::read(path).expect("readable")));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn every_message_of_the_corpus_is_read_and_its_rows_are_well_formed() {
    let Some(folder) = corpus() else { return };
    let messages = messages(&folder);
    assert!(messages.len() >= 1500);
    for (name, bytes) in &messages {
        let examined = examine(bytes);
        let mut paths: Vec<_> = examined.parts.iter().map(|part| &part.mime_path).collect();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), examined.parts.len(), "{name}: two rows with one path");
        for (index, part) in examined.parts.iter().enumerate() {
            assert_eq!(part.ordinal, index + 1, "{name}");
            assert!(part.parent.is_none_or(|parent| parent < index), "{name}: a parent comes before its members");
            assert_eq!(part.role == Role::Reference, part.sha256.is_none(), "{name}");
        }
    }
}

#[test]
fn the_golden_answers_hold() {
    let Some(folder) = corpus() else { return };
    check_golden(&folder, &folder.join("affiant-made/expected.json"), true);
}

/// The answers were computed with Python's email package; what it cannot say is named in `omitted`.
#[test]
fn the_golden_answers_of_the_simulated_tenant_hold() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tenant");
    let file = std::fs::read(folder.join("expected.json")).expect("the answers");
    let expected: Vec<Value> = serde_json::from_slice(&file).expect("a list");
    assert!(expected.len() > 60);
    for facts in &expected {
        let word = |key: &str| facts[key].as_str().unwrap_or_default();
        let name = format!("{}/{}", word("mailbox"), word("file"));
        let path = folder.join("mailboxes").join(word("mailbox")).join("mail").join(word("file"));
        let bytes = std::fs::read(path).expect("every golden answer has its file");
        let examined = examine(&bytes);
        let agrees = |key: &str, found: Option<String>| {
            if facts.get(key).is_some() && facts["omitted"].get(key).is_none() {
                assert_eq!(found.as_deref(), facts[key].as_str(), "{name}: {key}");
            }
        };
        agrees("sha256", text(Some(Sha256::of(&bytes))));
        agrees("mih", text(examined.mih));
        agrees("message_id", examined.message_id.clone());
        agrees("header_date_utc", examined.header_instant.map(UtcInstant::odata));
        if facts["omitted"].get("attachments").is_none() {
            for attachment in facts["attachments"].as_array().into_iter().flatten() {
                let (sha256, bytes) = (attachment["sha256"].as_str(), attachment["bytes"].as_u64());
                let same = |part: &PartFacts| text(part.sha256).as_deref() == sha256 && part.bytes == bytes;
                assert!(examined.parts.iter().any(same), "{name}: no row for {attachment}");
            }
        }
    }
}

/// Compares with a JSON object: file to `sha256`, `mih`, `date_utc`, `subject`, `attachments`, `exception` and others;
/// what an answer leaves out is not compared.
/// With `only_named`, the attachments listed are all rows with a name.
fn check_golden(folder: &Path, expected: &Path, only_named: bool) {
    let expected: BTreeMap<String, Value> =
        serde_json::from_slice(&std::fs::read(expected).expect("readable")).expect("an object");
    let mut by_group: HashMap<String, Vec<Sha256>> = HashMap::new();
    let mut by_conflict: HashMap<String, Vec<Sha256>> = HashMap::new();
    for (name, facts) in &expected {
        let bytes = std::fs::read(folder.join(name)).expect("every golden answer has its file");
        let examined = examine(&bytes);
        let agrees = |key: &str, found: Option<String>| {
            if let Some(expected) = facts.get(key) {
                assert_eq!(found.as_deref(), expected.as_str(), "{name}: {key}");
            }
        };
        agrees("sha256", text(Some(Sha256::of(&bytes))));
        agrees("mih", text(examined.mih));
        agrees("date_utc", examined.header_instant.map(UtcInstant::odata));
        agrees("subject", examined.subject.clone());
        agrees("item_class", Some(examined.item_class.clone()));
        agrees("content_id", text(Some(examined.content_id)));
        for attachment in facts["attachments"].as_array().into_iter().flatten() {
            let found = examined.parts.iter().any(|part| {
                text(part.sha256).as_deref() == attachment["sha256"].as_str()
                    && part.bytes == attachment["bytes"].as_u64()
                    && part.name.as_deref() == attachment["name"].as_str()
            });
            assert!(found, "{name}: no row for {attachment} in {:?}", examined.parts);
        }
        let named = examined.parts.iter().filter(|part| part.name.is_some() && part.parent.is_none()).count();
        if let (Some(attachments), true) = (facts["attachments"].as_array(), only_named) {
            assert_eq!(named, attachments.len(), "{name}: named rows {:?}", examined.parts);
        }
        if let Some(code) = facts["exception"].as_str().and_then(ExceptionCode::from_word) {
            assert!(examined.notes.iter().any(|note| note.code == code), "{name}: no note {code}");
        }
        let group = |key: &str, groups: &mut HashMap<String, Vec<Sha256>>| {
            if let Some(group) = facts[key].as_str() {
                groups.entry(group.to_owned()).or_default().push(examined.content_id);
            }
        };
        group("dup_group", &mut by_group);
        group("conflict_group", &mut by_conflict);
    }
    for (group, ids) in &by_group {
        assert!(ids.iter().all(|id| *id == ids[0]), "copies of {group} differ");
        for conflict in by_conflict.get(group).into_iter().flatten() {
            assert_ne!(*conflict, ids[0], "{group}: another content has the same id");
        }
    }
}

fn text(value: Option<impl ToString>) -> Option<String> {
    value.map(|value| value.to_string())
}

/// The archives of one mailing list deliver the same message over different routes with other bytes.
#[test]
fn copies_that_came_over_different_routes_share_their_content_id() {
    let Some(folder) = corpus() else { return };
    let mut groups: HashMap<String, Vec<(String, Vec<u8>, Examined)>> = HashMap::new();
    for (name, bytes) in messages(&folder) {
        if let (true, examined) = (name.starts_with("ponymail/"), examine(&bytes))
            && let Some(id) = examined.message_id.clone()
        {
            groups.entry(id).or_default().push((name, bytes, examined));
        }
    }
    let groups: Vec<_> = groups.into_values().filter(|copies| copies.iter().any(|c| c.1 != copies[0].1)).collect();
    let differ: Vec<_> = groups
        .iter()
        .filter(|copies| copies.iter().any(|copy| copy.2.content_id != copies[0].2.content_id))
        .map(|copies| copies.iter().map(|copy| copy.0.clone()).collect::<Vec<_>>())
        .collect();
    eprintln!("{} groups of copies with other bytes, {} of them differ", groups.len(), differ.len());
    assert!(groups.len() >= 50);
    assert!(differ.is_empty(), "{differ:#?}");
}

/// What Python's email package says about one message.
struct Second {
    family: Vec<(String, u64)>,
    content_id: String,
}

fn second_reader(folder: &Path, names: &[String]) -> Option<Vec<Option<Second>>> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python/facts.py");
    let mut python = match Command::new("python3").arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn() {
        Ok(python) => python,
        Err(error) => {
            eprintln!("skipped: python3 does not start: {error}");
            return None;
        }
    };
    let paths: Vec<_> = names.iter().map(|name| folder.join(name).display().to_string()).collect();
    let paths = paths.join("\n");
    let mut stdin = python.stdin.take().expect("piped");
    let writer = std::thread::spawn(move || stdin.write_all(paths.as_bytes()));
    let output = python.wait_with_output().expect("python ends");
    writer.join().expect("no panic").expect("python reads its input");
    assert!(output.status.success());
    let lines = String::from_utf8(output.stdout).expect("JSON is UTF-8");
    let facts = lines.lines().map(|line| {
        let facts: Value = serde_json::from_str(line).expect("one object a line");
        let family = facts["family"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|part| Some((part[0].as_str()?.to_owned(), part[1].as_u64()?)));
        facts["error"].is_null().then(|| Second {
            family: family.collect(),
            content_id: facts["content_id"].as_str().unwrap_or_default().to_owned(),
        })
    });
    Some(facts.collect())
}

/// Messages that Python splits otherwise: it does not unfold a boundary that is folded inside its quotes.
const FOLDED_BOUNDARY: [&str; 2] = ["mime4j/multi-badnames-", "stalwart-mail-parser/012-0a349a7d2712"];

#[test]
fn family_members_and_content_ids_agree_with_pythons_email_package() {
    let Some(folder) = corpus() else { return };
    let messages = messages(&folder);
    let names: Vec<_> = messages.iter().map(|(name, _)| name.clone()).collect();
    let Some(second) = second_reader(&folder, &names) else { return };
    assert_eq!(second.len(), messages.len());
    let (mut parts, mut missing, mut ids, mut other_ids) = (0, Vec::new(), 0, Vec::new());
    for ((name, bytes), second) in messages.iter().zip(second) {
        let Some(second) = second else { continue };
        if FOLDED_BOUNDARY.iter().any(|known| name.starts_with(known)) {
            continue;
        }
        let examined = examine(bytes);
        let mut ours: Vec<_> = examined
            .parts
            .iter()
            .filter(|part| !matches!(part.role, Role::EmbeddedMessage | Role::TnefMember | Role::Reference))
            .map(|part| (text(part.sha256).unwrap_or_default(), part.bytes.unwrap_or_default()))
            .collect();
        parts += second.family.len();
        for part in &second.family {
            match ours.iter().position(|own| own == part) {
                Some(at) => drop(ours.swap_remove(at)),
                None => missing.push(format!("{name}: {part:?}, left over: {ours:?}")),
            }
        }
        if second.content_id != "unknown" {
            ids += 1;
            if examined.content_id.to_string() != second.content_id {
                other_ids.push(name);
            }
        }
    }
    eprintln!("{parts} parts, {} differ; {ids} content ids, {} differ", missing.len(), other_ids.len());
    assert!(parts >= 450);
    assert!(missing.is_empty(), "{missing:#?}");
    // Malformed mail only: fields with a space before the colon, addresses and dates that Python guesses at, embedded
    // messages in base64 (which Python leaves closed), a byte order mark before the first field.
    assert!(other_ids.len() * 1000 <= ids * 23, "{other_ids:#?}");
}

/// A figure for the log, not a bar: the bar is held by the benchmarks in release mode.
#[test]
fn examining_the_corpus_takes_a_moment() {
    let Some(folder) = corpus() else { return };
    let messages = messages(&folder);
    let begun = Instant::now();
    let parts: usize = messages.iter().map(|(_, bytes)| examine(bytes).parts.len()).sum();
    eprintln!("{} messages, {parts} rows in {:?}", messages.len(), begun.elapsed());
}
