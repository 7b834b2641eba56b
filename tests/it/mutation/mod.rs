//! Thousands of seeded mutations of sealed packages: every one is found, and none on the untouched package.
//!
//! Each seed makes one mutation of one package, as a mistake or a forger would: with the lists as they were, or with all
//! of them written anew. The library's `verify`, given the key, must answer `differs`, and name the place where that can
//! be said. Where a mutation left what the package says as it was ([`package::say_the_same`] says when), nothing has to
//! be found. A seed that fails is printed; `AFFIANT_MUTATION=SEED` runs it alone.

mod chance;
mod files;
mod package;
mod record;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use affiant::verify::{Asked, Key, Report, Verdict, verify};
use camino::Utf8Path;

use self::chance::Chance;
use self::package::{DATABASE, Files, TAGS, say_the_same};
use crate::handmade::{self, Shape};
use crate::stranger::{Folder, handed_over};
use crate::tenant::{MARA, Ran, Tenant};

/// Kinds of mutations of files, and of the record.
const OF_FILES: usize = 14;
const OF_RECORD: usize = 10;

/// A package to be mutated, and another one whose parts are mixed in.
struct Subject {
    name: &'static str,
    files: Files,
    other: Files,
    key: Key,
}

/// A package that a run has sealed, and its key.
fn taken(ran: &Ran, folder: &Path) -> (Files, Key) {
    assert!(matches!(ran.exit, 0 | 3), "{}", ran.stderr);
    let key = ran.last()["seal"]["vkey"].as_str().expect("a key").to_owned();
    (Files::read(Utf8Path::from_path(folder).expect("UTF-8")), Key::parse(&key).expect("a key"))
}

fn subjects() -> Vec<Subject> {
    let tenant = Tenant::with_sign_in(&[]);
    let collect = |name: &str, more: &[&str]| {
        let (ran, folder) = tenant.collect(name, more);
        taken(&ran, &folder)
    };
    let one = ["--folder", "Inbox/Kestrel"];
    // Two sessions, so that there is an older checkpoint.
    let (ran, _) = tenant.collect("tree", &[&[MARA, "--plan-only"], &one[..]].concat());
    assert_eq!(ran.exit, 0, "{}", ran.stderr);
    let ran = tenant.run(&["resume", &tenant.text("tree"), "--json"]);
    let (tree, tree_key) = taken(&ran, &tenant.path("tree"));
    let (volume, volume_key) = collect("volume", &[&[MARA, "--format", "zip"], &one[..]].concat());
    let earlier = tenant.text("tree");
    let (supplement, supplement_key) = collect("supplement", &["--since", &earlier]);
    let by_hand = || Key::parse(&handmade::vkey(handmade::SEALER)).expect("a key");
    let read = |folder: &Folder| Files::read(folder.root());
    vec![
        Subject { name: "tree", files: tree.clone(), other: volume.clone(), key: tree_key },
        Subject { name: "volume", files: volume, other: tree.clone(), key: volume_key },
        Subject { name: "supplement", files: supplement, other: tree.clone(), key: supplement_key },
        Subject { name: "tree by hand", files: read(&handed_over()), other: tree.clone(), key: by_hand() },
        Subject { name: "volume by hand", files: read(&Folder::sealed(Shape::Zip)), other: tree, key: by_hand() },
    ]
}

/// What a seed came to.
enum Came {
    Found,
    Meaningless,
    Wrong(String),
}

/// One thread's copy of every package on disk.
struct Bench<'s> {
    subjects: &'s [Subject],
    roots: Vec<tempfile::TempDir>,
}

impl<'s> Bench<'s> {
    fn new(subjects: &'s [Subject]) -> Self {
        let memory = Path::new("/dev/shm");
        let roots = subjects.iter().map(|subject| {
            let folder = if memory.is_dir() { tempfile::tempdir_in(memory) } else { tempfile::tempdir() };
            let folder = folder.expect("a folder");
            subject.files.bring(Utf8Path::from_path(folder.path()).expect("UTF-8"), &Files(BTreeMap::new()));
            folder
        });
        Self { subjects, roots: roots.collect() }
    }

    fn check(&self, at: usize) -> Report {
        let asked = Asked { key: Some(self.subjects[at].key.clone()), ..Asked::default() };
        verify(Utf8Path::from_path(self.roots[at].path()).expect("UTF-8"), &asked, &mut |_, _| {})
    }

    /// Makes the mutation of a seed, has it checked, and puts everything back.
    fn run(&self, seed: u64) -> (String, Came) {
        let mut chance = Chance::of(seed);
        let at = chance.below(self.subjects.len());
        let subject = &self.subjects[at];
        let mut files = subject.files.clone();
        let kind = chance.below(OF_FILES + OF_RECORD);
        let (what, named, hidden) = if kind < OF_FILES {
            let (what, named) = files::mutate(kind, &mut files, &subject.other, &mut chance);
            // An edited list is hidden by the list of lists only; everything else by all of them.
            let list = kind > 10;
            let hidden = chance.coin() && !(list && what.ends_with(TAGS));
            if hidden && list {
                files.relist_tags();
            } else if hidden {
                files.relist();
            }
            (what, named.filter(|_| !hidden || list), hidden)
        } else {
            let (what, named) = record::mutate((kind - OF_FILES).min(8), &mut files, &mut chance);
            files.relist();
            (what, named, true)
        };
        let what = format!("{}: {what}{}", subject.name, if hidden { ", with the lists written anew" } else { "" });
        if files == subject.files || (hidden && say_the_same(&files, &subject.files)) {
            return (what, Came::Meaningless);
        }
        let root = Utf8Path::from_path(self.roots[at].path()).expect("UTF-8");
        files.bring(root, &subject.files);
        let report = self.check(at);
        subject.files.bring(root, &files);
        (what, came(&report, named.as_deref()))
    }
}

fn came(report: &Report, named: Option<&str>) -> Came {
    let said = report.findings().fold(String::new(), |mut text, (check, finding)| {
        writeln!(text, "  {check} {} {} {}", finding.class, finding.path, finding.detail).expect("a string");
        text
    });
    if report.verdict != Verdict::Differs {
        return Came::Wrong(format!("{}\n{said}", report.verdict));
    }
    match named {
        Some(named) if !named.split('|').any(|named| said.contains(named)) => {
            Came::Wrong(format!("{named} is not named\n{said}"))
        }
        _ => Came::Found,
    }
}

/// Runs seeds until so many mutations that mean something were made.
fn mutate(wanted: u64, first: u64) {
    let subjects = subjects();
    let (next, made, meaningless) = (AtomicU64::new(first), AtomicU64::new(0), AtomicU64::new(0));
    let wrong = Mutex::new(Vec::new());
    let alone = std::env::var("AFFIANT_MUTATION").ok().and_then(|seed| seed.parse::<u64>().ok());
    thread::scope(|scope| {
        for _ in 0..if alone.is_some() { 1 } else { thread::available_parallelism().map_or(2, usize::from) } {
            scope.spawn(|| {
                let bench = Bench::new(&subjects);
                let sound = |at: usize| assert_eq!(bench.check(at).verdict, Verdict::Verified, "{}", subjects[at].name);
                (0..subjects.len()).for_each(sound);
                while made.load(Ordering::Relaxed) < wanted {
                    let seed = alone.unwrap_or_else(|| next.fetch_add(1, Ordering::Relaxed));
                    let (what, came) = bench.run(seed);
                    match came {
                        Came::Found => drop(made.fetch_add(1, Ordering::Relaxed)),
                        Came::Meaningless => drop(meaningless.fetch_add(1, Ordering::Relaxed)),
                        Came::Wrong(said) => {
                            made.fetch_add(1, Ordering::Relaxed);
                            eprintln!("NOT FOUND: seed {seed}: {what}");
                            wrong.lock().expect("no panic").push(format!("seed {seed}: {what}\n{said}"));
                        }
                    }
                    if alone.is_some() {
                        break;
                    }
                }
                (0..subjects.len()).for_each(sound);
            });
        }
    });
    let wrong = wrong.into_inner().expect("no panic");
    let (made, meaningless) = (made.into_inner(), meaningless.into_inner());
    eprintln!("{made} mutations, {} not found; {meaningless} more changed nothing that has a meaning", wrong.len());
    assert!(wrong.is_empty(), "{} of {made} were not found:\n{}", wrong.len(), wrong[..wrong.len().min(30)].join("\n"));
}

#[test]
fn some_hundred_seeded_mutations_are_all_found() {
    mutate(400, 0);
}

#[test]
#[ignore = "minutes: thousands of mutations"]
fn thousands_of_seeded_mutations_are_all_found() {
    mutate(6_000, 100_000);
}

#[test]
fn a_whole_package_sealed_anew_by_another_is_told_by_the_key_alone() {
    let folder = Folder::new();
    handmade::sealed_by(folder.root(), Shape::Eml, "a forger");
    let check = |key: Option<Key>| verify(folder.root(), &Asked { key, ..Asked::default() }, &mut |_, _| {});
    assert_eq!(check(None).verdict, Verdict::Verified, "it is of one piece");
    let ours = Key::parse(&handmade::vkey(handmade::SEALER)).expect("a key");
    let report = check(Some(ours));
    let found: Vec<_> = report.findings().map(|(check, finding)| format!("{check} {}", finding.path)).collect();
    assert_eq!(found, ["signature affiant/checkpoint"]);
}

#[test]
fn bytes_of_the_database_that_are_no_rows_have_no_meaning_and_rows_have() {
    let folder = Folder::sealed(Shape::Eml);
    let files = Files::read(folder.root());
    let mut other = files.clone();
    other.edit_database(|db| db.execute_batch("VACUUM").expect("vacuumed"));
    assert!(other.bytes(DATABASE) != files.bytes(DATABASE) && say_the_same(&files, &other));
    crate::damage::edit_database(folder.root(), "UPDATE request SET url = '/v1.0/y' WHERE request_no = 1");
    assert!(!say_the_same(&files, &Files::read(folder.root())));
}
