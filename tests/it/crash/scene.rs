//! One small tenant, what an undisturbed run of it comes to, and what every disturbed one must come to in the end.

use std::collections::BTreeSet;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::resume::HASHES;
use crate::tenant::{JONAS, MARA, Ran, Tenant, rows};

use super::strace::{self, Call};

/// Runs at once; most of a run is waiting.
const SIDE_BY_SIDE: usize = 4;

/// A tenant and an undisturbed run.
pub(super) struct Scene {
    pub(super) tenant: Tenant,
    format: &'static str,
    /// The exit code of the undisturbed run: something had to be rebuilt.
    pub(super) exit: i32,
    hashes: Vec<String>,
    files: BTreeSet<String>,
    /// Subjects and names of attachments.
    pub(super) secrets: Vec<String>,
    /// What the undisturbed run did, in order.
    pub(super) calls: Vec<Call>,
}

impl Scene {
    /// Two mailboxes of a few dozen messages, with mail that must be rebuilt; several volumes where it is `zip`.
    pub(super) fn of(format: &'static str) -> Self {
        let tenant = Tenant::with_sign_in(&["--latency-ms", "1"]);
        let mut scene =
            Self { tenant, format, exit: 0, hashes: vec![], files: BTreeSet::new(), secrets: vec![], calls: vec![] };
        let (root, log) = (scene.tenant.path("undisturbed"), scene.tenant.path("trace"));
        let ran = scene.traced("undisturbed", &strace::record(&log, strace::EVERYTHING));
        assert_eq!(ran.exit, 3, "{}", ran.stderr);
        scene.exit = ran.exit;
        scene.hashes = rows(&root, HASHES);
        scene.files = beside_data(&root);
        let names =
            "select subject from item where length(subject) > 7 union select name from part where length(name) > 7";
        scene.secrets = rows(&root, names);
        assert!(scene.secrets.len() > 20, "there is something to keep quiet about");
        scene.calls = strace::calls(&std::fs::read_to_string(log).expect("a trace"), &root);
        scene
    }

    /// Whether each native is a file of its own.
    pub(super) fn is_tree(&self) -> bool {
        self.format == "eml"
    }

    /// The command that collects into a folder.
    pub(super) fn collect(&self, name: &str) -> Command {
        self.collect_into(&self.tenant.path(name))
    }

    /// The same for any folder.
    pub(super) fn collect_into(&self, out: &Path) -> Command {
        let out = out.to_str().expect("UTF-8");
        let mut args = vec!["collect", MARA, JONAS, "--yes", "--json", "--out", out, "--format", self.format];
        args.extend(["--exclude-folder", "Inbox/Volume", "--exclude-folder", "Posteingang/Masse"]);
        if self.format == "zip" {
            args.extend(["--volume-size", "65536"]);
        }
        self.tenant.command(&args)
    }

    /// Collects under `strace`.
    pub(super) fn traced(&self, name: &str, options: &[String]) -> Ran {
        ran(strace::before(&self.collect(name), options))
    }

    /// Goes on under `strace`.
    pub(super) fn resume_traced(&self, name: &str, options: &[String]) -> Ran {
        let out = self.tenant.text(name);
        ran(strace::before(&self.tenant.command(&["resume", &out, "--json"]), options))
    }

    /// Goes on as the messages tell a person to, and compares what it comes to with the undisturbed run.
    pub(super) fn comes_to_the_same(&self, name: &str) -> Result<(), String> {
        let (out, root) = (self.tenant.text(name), self.tenant.path(name));
        let mut ran = self.tenant.run(&["resume", &out, "--json"]);
        if ran.exit != self.exit
            && ran.stderr.contains("affiant collect")
            && !root.join("affiant/manifest.sqlite").exists()
        {
            ran = self::ran(self.collect(name));
        }
        let sealed_before = ran.exit == 1 && ran.stderr.contains("is sealed");
        if ran.exit != self.exit && !sealed_before {
            return Err(format!("going on ends with {}: {}", ran.exit, ran.stderr.trim()));
        }
        if rows(&root, HASHES) != self.hashes {
            return Err("other items than the undisturbed run's".to_owned());
        }
        let verified = self.tenant.run(&["verify", &out]);
        if verified.exit != 0 {
            return Err(format!("verify ends with {}: {}{}", verified.exit, verified.stdout, verified.stderr));
        }
        let left: Vec<_> = beside_data(&root).difference(&self.files).cloned().collect();
        if !left.is_empty() {
            return Err(format!("left behind: {left:?}"));
        }
        let _ = std::fs::remove_dir_all(root);
        Ok(())
    }
}

/// Runs a command to its end. Killed counts as -1.
pub(super) fn ran(mut command: Command) -> Ran {
    let Output { status, stdout, stderr } = command.output().expect("it runs");
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ran { exit: status.code().unwrap_or(-1), stdout: text(stdout), stderr: text(stderr) }
}

/// A query over a copy of an unfinished package's manifest, which may need its log or journal to be read.
pub(super) fn record_of(root: &Path, sql: &str) -> Vec<String> {
    let copy = tempfile::tempdir().expect("a folder");
    std::fs::create_dir(copy.path().join("affiant")).expect("made");
    let file = |root: &Path, end: &str| root.join(format!("affiant/manifest.sqlite{end}"));
    for end in ["", "-wal", "-journal"] {
        let _ = std::fs::copy(file(root, end), file(copy.path(), end));
    }
    // Whoever opens it for writing takes the log over, or undoes what the journal says.
    let db = rusqlite::Connection::open(file(copy.path(), "")).expect("a manifest");
    db.query_row("SELECT count(*) FROM entry", [], |row| row.get::<_, i64>(0)).expect("a log");
    drop(db);
    rows(copy.path(), sql)
}

/// Every file of a package that is not payload and was not moved aside, and every folder beside the payload.
fn beside_data(root: &Path) -> BTreeSet<String> {
    fn walk(root: &Path, folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let path = entry.path();
            let below = path.strip_prefix(root).expect("below").display().to_string();
            if below != "data" && below != "affiant/orphans" {
                if path.is_dir() {
                    walk(root, &path, found);
                }
                found.insert(below);
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(root, root, &mut found);
    found
}

/// Does something with each of these, several at a time, and returns the complaints.
pub(super) fn for_each<T: Sync>(all: &[T], work: impl Fn(usize, &T) -> Result<(), String> + Sync) -> Vec<String> {
    let (next, complaints) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..SIDE_BY_SIDE {
            scope.spawn(|| {
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    let Some(one) = all.get(index) else { return };
                    if let Err(complaint) = work(index, one) {
                        complaints.lock().unwrap_or_else(PoisonError::into_inner).push(complaint);
                    }
                }
            });
        }
    });
    complaints.into_inner().unwrap_or_else(PoisonError::into_inner)
}

/// A number that looks random and is always the same.
pub(super) fn chance(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
