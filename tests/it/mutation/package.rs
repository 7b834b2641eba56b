//! A package in memory: its files by path, the lists written anew, and what of it has a meaning.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;

use affiant::terms::{Md5, Sha256};
use camino::Utf8Path;
use rusqlite::Connection;
use rusqlite::types::Value;

pub(super) const DATABASE: &str = "affiant/manifest.sqlite";
pub(super) const LOG: &str = "affiant/log.jsonl";
pub(super) const HEAD: &str = "affiant/checkpoint";
pub(super) const TAGS: &str = "tagmanifest-sha256.txt";
/// The lists, which whoever hides an edit writes anew.
pub(super) const LISTS: [&str; 4] = ["manifest-sha256.txt", "manifest-md5.txt", "affiant/hashdeep.txt", TAGS];

/// Files by package path.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Files(pub(super) BTreeMap<String, Vec<u8>>);

impl Files {
    pub(super) fn read(root: &Utf8Path) -> Self {
        let paths = crate::damage::files(root);
        Self(paths.into_iter().map(|path| (path.clone(), fs::read(root.join(path)).expect("a file"))).collect())
    }

    pub(super) fn paths(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    pub(super) fn bytes(&self, path: &str) -> &[u8] {
        self.0.get(path).map_or(&[], Vec::as_slice)
    }

    pub(super) fn text(&self, path: &str) -> String {
        String::from_utf8_lossy(self.bytes(path)).into_owned()
    }

    pub(super) fn put(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.0.insert(path.to_owned(), bytes.into());
    }

    /// Writes every list anew, so that all of them agree with the files.
    pub(super) fn relist(&mut self) {
        let (mut sha256, mut md5, mut size) = (String::new(), String::new(), 0);
        let mut deep = "%%%% HASHDEEP-1.0\n%%%% size,md5,sha256,filename\n".to_owned();
        let payload: Vec<_> = self.0.iter().filter(|(path, _)| path.starts_with("data/")).collect();
        for (path, bytes) in &payload {
            let (digest, matching) = (Sha256::of(bytes), Md5::of(bytes));
            writeln!(sha256, "{digest}  {path}").expect("a string");
            writeln!(md5, "{matching}  {path}").expect("a string");
            writeln!(deep, "{},{matching},{digest},{path}", bytes.len()).expect("a string");
            size += bytes.len();
        }
        let oxum = format!("Payload-Oxum: {size}.{}\n", payload.len());
        let info = self.text("bag-info.txt");
        if info.lines().filter(|line| line.starts_with("Payload-Oxum: ")).count() == 1 {
            let lines =
                info.split_inclusive('\n').map(|line| if line.starts_with("Payload-Oxum: ") { &*oxum } else { line });
            let info: String = lines.collect();
            self.put("bag-info.txt", info);
        }
        self.put("manifest-sha256.txt", sha256);
        self.put("manifest-md5.txt", md5);
        self.put("affiant/hashdeep.txt", deep);
        self.relist_tags();
    }

    /// Writes the tag manifest anew.
    pub(super) fn relist_tags(&mut self) {
        let mut tags = String::new();
        for (path, bytes) in self.0.iter().filter(|(path, _)| !path.starts_with("data/") && *path != TAGS) {
            writeln!(tags, "{}  {path}", Sha256::of(bytes)).expect("a string");
        }
        self.put(TAGS, tags);
    }

    /// Brings a folder that holds `before` to this state.
    pub(super) fn bring(&self, root: &Utf8Path, before: &Self) {
        for path in before.0.keys().filter(|path| !self.0.contains_key(*path)) {
            fs::remove_file(root.join(path)).expect("removed");
            let mut folder = root.join(path);
            while folder.pop() && folder != root && fs::remove_dir(&folder).is_ok() {}
        }
        for (path, bytes) in self.0.iter().filter(|(path, bytes)| before.0.get(*path) != Some(*bytes)) {
            let file = root.join(path);
            fs::create_dir_all(file.parent().expect("below the root")).expect("folder");
            fs::write(file, bytes).expect("written");
        }
        // A package without messages has the folder all the same.
        fs::create_dir_all(root.join("data")).expect("folder");
    }

    /// Runs an edit on the database in a file of its own.
    pub(super) fn edit_database<T>(&mut self, edit: impl FnOnce(&Connection) -> T) -> T {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("manifest.sqlite");
        fs::write(&file, self.bytes(DATABASE)).expect("written");
        let db = Connection::open(&file).expect("a database");
        db.execute_batch(
            "PRAGMA journal_mode = MEMORY; PRAGMA foreign_keys = OFF; PRAGMA ignore_check_constraints = ON;",
        )
        .expect("pragmas");
        let done = edit(&db);
        db.close().expect("closed");
        self.put(DATABASE, fs::read(&file).expect("a database"));
        done
    }
}

/// Whether two packages whose lists were written anew say the same. Two things have no meaning: bytes of the database
/// that are neither its schema, its two header numbers, nor rows; and the day in `Bagging-Date`.
pub(super) fn say_the_same(one: &Files, other: &Files) -> bool {
    let plain = |files: &Files| {
        let mut files = files.0.clone();
        files.retain(|path, _| path != TAGS && path != DATABASE);
        if let Some(info) = files.get_mut("bag-info.txt") {
            *info = without_day(info);
        }
        files
    };
    if plain(one) != plain(other) {
        return false;
    }
    one.bytes(DATABASE) == other.bytes(DATABASE) || {
        let (one, other) = (rows(one.bytes(DATABASE)), rows(other.bytes(DATABASE)));
        one.is_some() && one == other
    }
}

fn without_day(info: &[u8]) -> Vec<u8> {
    let text = String::from_utf8_lossy(info);
    let day = |line: &str| {
        let day = line.strip_prefix("Bagging-Date: ")?.strip_suffix('\n')?;
        affiant::terms::UtcInstant::parse(&format!("{day}T00:00:00Z")).ok().filter(|_| day.len() == 10)
    };
    let lines = text.split_inclusive('\n').map(|line| if day(line).is_some() { "Bagging-Date\n" } else { line });
    lines.collect::<String>().into_bytes()
}

/// Everything that a database says; nothing when it cannot be read to its end, or SQLite finds it unsound.
fn rows(database: &[u8]) -> Option<BTreeSet<String>> {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("manifest.sqlite");
    fs::write(&file, database).expect("written");
    let db = Connection::open(&file).ok()?;
    let read = || -> rusqlite::Result<BTreeSet<String>> {
        let sound: String = db.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
        let header = |name: &str| db.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let mut said = BTreeSet::from([format!("{sound} {} {}", header("application_id")?, header("user_version")?)]);
        let mut schema = db.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema")?;
        let mut tables = schema.query_map([], |row| {
            Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?, row.get::<_, Value>(2)?, row.get::<_, Value>(3)?))
        })?;
        while let Some((kind, name, table, sql)) = tables.next().transpose()? {
            said.insert(format!("{kind} {name} {table:?} {sql:?}"));
            if kind != "table" {
                continue;
            }
            let mut query = db.prepare(&format!("SELECT * FROM {name}"))?;
            let columns = query.column_count();
            let mut rows = query.query([])?;
            while let Some(row) = rows.next()? {
                let cells = (0..columns).map(|n| row.get::<_, Value>(n)).collect::<rusqlite::Result<Vec<_>>>()?;
                said.insert(format!("{name} {cells:?}"));
            }
        }
        Ok(said)
    };
    read().ok().filter(|said| said.iter().any(|line| line.starts_with("ok ")))
}
