//! Every write to the package fails once, or from then on: the run says so, keeps what it has, and can go on.

use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::Value;

use super::scene::{Scene, chance, for_each, record_of};
use super::strace::{self, Call};
use crate::tenant::{Ran, sha256};

/// What the disk says.
const ERRORS: [&str; 4] = ["ENOSPC", "EIO", "EROFS", "EDQUOT"];
/// Places of one kind that are tried: the first, and with `AFFIANT_CRASH_ALL` every one.
const OF_EACH: usize = 1;

/// A call that fails, how, and whether it goes on failing.
pub(super) struct Injury {
    pub(super) call: Call,
    pub(super) error: &'static str,
    pub(super) when: String,
}

impl std::fmt::Debug for Injury {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let path = self.call.path.as_deref().unwrap_or("-");
        write!(f, "{} on {path} fails with {}, when={}", self.call.name, self.error, self.when)
    }
}

/// Injuries at every kind of place, or with `AFFIANT_CRASH_ALL` at every place.
pub(super) fn injuries(calls: &[Call], errors: &[&'static str], of_each: usize) -> Vec<Injury> {
    let all = std::env::var_os("AFFIANT_CRASH_ALL").is_some();
    let mut seen = HashSet::new();
    let mut kinds = BTreeMap::<(&str, String), Vec<&Call>>::new();
    let changes = |call: &&Call| call.path.is_some() && (call.name != "openat" || call.creates);
    for call in calls.iter().filter(changes) {
        let path = call.path.as_deref().unwrap_or_default();
        if seen.insert((&call.name, path, call.nth)) {
            // Control numbers, volumes and temporary names are of one kind each.
            let kind = path.replace(|c: char| c.is_ascii_digit(), "").replace(|c: char| matches!(c, 'a'..='f'), "");
            kinds.entry((&call.name, kind)).or_default().push(call);
        }
    }
    let mut injuries = Vec::new();
    for calls in kinds.values() {
        let last = calls.len() - 1;
        let some = (0..of_each).map(|n| last * n / of_each.saturating_sub(1).max(1));
        let chosen: Vec<usize> = if all { (0..=last).collect() } else { some.collect() };
        let mut before = None;
        for index in chosen {
            if before.replace(index) == Some(index) {
                continue;
            }
            let call = calls[index].clone();
            let turn = usize::try_from(chance(7, injuries.len() as u64) % 1024).expect("fits");
            let nth = call.nth;
            let mut add = |when, turn: usize| {
                let error = errors[turn % errors.len()];
                injuries.push(Injury { call: call.clone(), error, when });
            };
            if all || turn % 2 == 0 {
                add(nth.to_string(), turn / 2);
            }
            if all || turn % 2 == 1 {
                add(format!("{nth}+"), turn / 2 + 1);
            }
        }
    }
    injuries
}

/// What a run says and leaves while its disk fails.
fn is_honest(scene: &Scene, root: &Path, ran: &Ran) -> Result<(), String> {
    let said = format!("{}\n{}", ran.stdout, ran.stderr);
    if said.contains("panicked") {
        return Err(format!("it panics: {said}"));
    }
    if let Some(secret) = scene.secrets.iter().find(|secret| said.contains(secret.as_str())) {
        return Err(format!("it names what is in the mail: {secret}"));
    }
    let last: Value = ran.stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    if ran.exit == scene.exit {
        // Nothing that matters failed; what follows checks that this is so.
        return if last["seal"].is_object() {
            Ok(())
        } else {
            Err("it says that it is done, without a seal".to_owned())
        };
    }
    let error: Value = ran.stderr.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default();
    let (code, help) = (error["error"]["code"].as_str(), error["error"]["help"].as_str());
    if ran.exit != 1 || code.is_none() || help.is_none_or(str::is_empty) {
        return Err(format!("it ends with {} and {}", ran.exit, ran.stderr));
    }
    if !code.is_some_and(|code| code.starts_with("affiant::package") || code.starts_with("affiant::custody")) {
        return Err(format!("not an error of the disk: {}", ran.stderr));
    }
    if !root.join("affiant/manifest.sqlite").exists() {
        return Ok(());
    }
    let natives = record_of(root, "select path, lower(hex(sha256)) from item order by 1");
    let reported = last["totals"]["collected"].as_u64().unwrap_or_default();
    if (natives.len() as u64) < reported {
        return Err(format!("{reported} reported as collected, {} on record", natives.len()));
    }
    for row in natives.iter().filter(|_| scene.is_tree()) {
        let (path, expected) = row.split_once('|').expect("two columns");
        let found = std::fs::read(root.join(path)).map(|bytes| sha256(&bytes)).unwrap_or_default();
        if found != expected {
            return Err(format!("{path} is on record and not there"));
        }
    }
    Ok(())
}

fn fails_anywhere(format: &'static str) {
    if !strace::is_there() {
        return;
    }
    let scene = Scene::of(format);
    let all = std::env::var_os("AFFIANT_CRASH_ALL").is_some();
    // The record, the lists and the lock are the same in both forms: they are tried with the tree.
    let own = |injury: &Injury| {
        all || format == "eml"
            || injury.call.path.as_deref().is_some_and(|path| path.contains("data") || path.contains("zip"))
    };
    let injuries: Vec<Injury> = injuries(&scene.calls, &ERRORS, OF_EACH).into_iter().filter(own).collect();
    let failed = AtomicUsize::new(0);
    let complaints = for_each(&injuries, |index, injury| {
        let name = format!("{format}-{index}");
        let root = scene.tenant.path(&name);
        let options = strace::inject(&root, &injury.call, &format!("error={}", injury.error), &injury.when);
        let ran = scene.traced(&name, &options);
        failed.fetch_add(usize::from(ran.exit != scene.exit), Ordering::Relaxed);
        is_honest(&scene, &root, &ran)
            .and_then(|()| scene.comes_to_the_same(&name))
            .map_err(|complaint| format!("{injury:?}: {complaint}"))
    });
    let failed = failed.into_inner();
    eprintln!("{format}: {} failures injected, {failed} of them ended the run", injuries.len());
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), injuries.len(), complaints.join("\n"));
    assert!(failed > injuries.len() / 2, "only {failed} of {} failures were met", injuries.len());
}

#[test]
fn a_tree_of_files_loses_nothing_whatever_write_fails() {
    fails_anywhere("eml");
}

#[test]
fn volumes_lose_nothing_whatever_write_fails() {
    fails_anywhere("zip");
}

/// A call that is only interrupted, or told to come again, is made again.
#[test]
fn an_interrupted_call_does_not_end_a_run() {
    if !strace::is_there() {
        return;
    }
    let scene = Scene::of("eml");
    let injuries: Vec<Injury> = injuries(&scene.calls, &["EINTR"], OF_EACH)
        .into_iter()
        .filter(|injury| {
            matches!(injury.call.name.as_str(), "write" | "pwrite64" | "fsync" | "fdatasync" | "syncfs" | "openat")
        })
        // SQLite takes an interrupted sync for a failed one, and the run ends: safe, and not met on local disks.
        .filter(|injury| {
            injury.call.name != "fsync" || !injury.call.path.as_deref().unwrap_or_default().contains("sqlite")
        })
        .map(|injury| Injury { when: injury.call.nth.to_string(), ..injury })
        .collect();
    let complaints = for_each(&injuries, |index, injury| {
        let name = format!("interrupted-{index}");
        let root = scene.tenant.path(&name);
        let options = strace::inject(&root, &injury.call, &format!("error={}", injury.error), &injury.when);
        let ran = scene.traced(&name, &options);
        if ran.exit != scene.exit {
            return Err(format!("{injury:?}: it ends with {}: {}", ran.exit, ran.stderr.trim()));
        }
        scene.comes_to_the_same(&name).map_err(|complaint| format!("{injury:?}: {complaint}"))
    });
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), injuries.len(), complaints.join("\n"));
}

/// Rows that cannot be read must not make strangers of their files.
#[test]
fn a_record_that_cannot_be_read_moves_nothing_aside() {
    if !strace::is_there() {
        return;
    }
    let scene = Scene::of("eml");
    let half = scene.calls.iter().filter(|call| call.path.as_deref() == Some("affiant/manifest.sqlite-wal"));
    let half = half.filter(|call| call.name == "pwrite64").nth(1300).expect("it writes its log");
    let killed = scene.tenant.path("killed");
    scene.traced("killed", &strace::inject(&killed, half, "signal=KILL", &half.nth.to_string()));
    let files = ["affiant/manifest.sqlite", "affiant/manifest.sqlite-wal"];
    let reads: Vec<_> = files
        .iter()
        .flat_map(|file| [1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144].map(|nth| (*file, nth)))
        .map(|(file, nth)| Call { name: "pread64".to_owned(), path: Some(file.to_owned()), nth, creates: false })
        .collect();
    let met = AtomicUsize::new(0);
    let complaints = for_each(&reads, |index, call| {
        let wrong = |what: String| format!("{call:?}: {what}");
        let name = format!("unreadable-{index}");
        let root = scene.tenant.path(&name);
        let copied = std::process::Command::new("cp").arg("-r").arg(&killed).arg(&root).status();
        copied.map_err(|error| wrong(error.to_string()))?;
        let ran = scene.resume_traced(&name, &strace::inject(&root, call, "error=EIO", &format!("{}+", call.nth)));
        met.fetch_add(usize::from(ran.exit == 1), Ordering::Relaxed);
        if ran.stderr.contains("panicked") || !matches!(ran.exit, 1 | 3) {
            return Err(wrong(format!("it ends with {}: {}", ran.exit, ran.stderr)));
        }
        let wronged = "select count(*) from entry e join item i on json_extract(e.body,'$.path') = i.path
                       where e.kind = 'file.orphaned' and i.entry_seq < e.seq";
        if record_of(&root, wronged) != ["0"] {
            return Err(wrong("a native with a row was moved aside".to_owned()));
        }
        scene.comes_to_the_same(&name).map_err(wrong)
    });
    assert!(complaints.is_empty(), "{} of {}:\n{}", complaints.len(), reads.len(), complaints.join("\n"));
    assert!(met.into_inner() >= 5, "some reads failed");
}
