//! Reading and hashing files on all cores while the rows are walked.
//!
//! Jobs wait in a short queue and findings come back as they arise, so memory does not grow with the
//! package. A native is read once: hashed, compared with its row and parsed. It must not know lists.

use std::fs::File;
use std::io::{self, Read};
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

use camino::Utf8Path;

use super::authenticity::{self, Weighed};
use super::family::{self, Family};
use super::listing::mismatch;
use super::matching;
use super::report::{CheckName, Class, Finding, Findings};
use super::volume::Archive;
use crate::terms::{Hasher, ListedHasher, Matching, MatchingHasher, Md5, Sha256, hash_alike};

/// Jobs that may wait or be under way.
const QUEUE: usize = 32;
/// Files that are one job at most: waking a thread for each costs more than reading a small message.
const FILES: usize = 32;
/// Bytes of files with which a job is full.
const FILES_BYTES: u64 = 256 << 10;
/// Threads at the most: each may hold a native in memory.
const READERS_MAX: usize = 8;
/// Natives above this many bytes are held in memory one at a time.
const LARGE: u64 = 32 << 20;
/// Natives above this many bytes are hashed but not parsed; Exchange Online carries messages up to 150 MB.
const PARSED_MAX: u64 = 1 << 30;
const BUFFER: usize = 1 << 18;

/// Something to read.
#[derive(Debug)]
pub(super) enum Job {
    /// Files of the package.
    Files(Vec<FileJob>),
    /// Natives inside a volume.
    Members {
        /// Package path of the volume.
        volume: String,
        /// The rows whose members are to be read.
        natives: Vec<Native>,
    },
}

/// A file, with everything that states what it should be.
#[derive(Debug)]
pub(super) struct FileJob {
    /// Its package path.
    pub(super) path: String,
    /// Its size.
    pub(super) bytes: u64,
    /// The check and the manifest that list it.
    pub(super) list: (CheckName, &'static str),
    /// The digest listed, if it is listed.
    pub(super) listed: Option<Sha256>,
    /// The MD5 that the lists for matching state.
    pub(super) md5: Option<Md5>,
    /// The row that names it.
    pub(super) row: Stated,
}

/// What a row states about a file.
#[derive(Debug)]
pub(super) enum Stated {
    /// No row names it.
    Nothing,
    /// It is a native.
    Native(Box<Native>),
    /// It is a volume, or a native of which nothing else is known.
    Contents(Contents),
}

/// Size and digest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Contents {
    pub(super) bytes: i64,
    pub(super) sha256: Vec<u8>,
}

/// The row of an item.
#[derive(Debug)]
pub(super) struct Native {
    pub(super) item_id: i64,
    pub(super) path: String,
    pub(super) contents: Contents,
    pub(super) sha1: Option<Vec<u8>>,
    pub(super) md5: Option<Vec<u8>>,
    pub(super) family: Family,
    /// Whether it was rebuilt from properties.
    pub(super) rebuilt: bool,
    /// What its signatures are worth.
    pub(super) weighed: Option<Weighed>,
}

/// What reading a file showed: as many digests as something states of it.
struct Digests {
    sha256: Sha256,
    md5: Option<Md5>,
    matching: Option<Matching>,
    bytes: u64,
}

/// The digests that are wanted of a file, while it is read.
enum Running {
    Sha256(Hasher),
    Listed(ListedHasher),
    Native(Hasher, MatchingHasher),
}

impl Running {
    fn update(&mut self, piece: &[u8]) {
        match self {
            Self::Sha256(hasher) => hasher.update(piece),
            Self::Listed(hasher) => hasher.update(piece),
            Self::Native(hasher, matching) => hash_alike(hasher, matching, piece),
        }
    }

    fn finish(self) -> Digests {
        match self {
            Self::Sha256(hasher) => {
                let (sha256, bytes) = hasher.finish();
                Digests { sha256, md5: None, matching: None, bytes }
            }
            Self::Listed(hasher) => {
                let ((sha256, md5), bytes) = hasher.finish();
                Digests { sha256, md5: Some(md5), matching: None, bytes }
            }
            Self::Native(hasher, matching) => {
                let ((sha256, bytes), matching) = (hasher.finish(), matching.finish());
                Digests { sha256, md5: Some(matching.md5), matching: Some(matching), bytes }
            }
        }
    }
}

enum Told {
    Read(u64),
    Found(CheckName, Finding),
    Done,
}

/// How far the work is, in bytes.
pub(super) struct Progress<'a> {
    pub(super) done: u64,
    pub(super) total: u64,
    pub(super) tell: &'a mut dyn FnMut(u64, u64),
}

impl Progress<'_> {
    fn add(&mut self, bytes: u64) {
        self.done += bytes;
        // The total is what the package claims, and may be wrong.
        self.total = self.total.max(self.done);
        (self.tell)(self.done, self.total);
    }
}

/// The readers' side that hands out work and gathers what they find.
pub(super) struct Readers<'r, 'p> {
    jobs: SyncSender<Job>,
    told: Receiver<Told>,
    under_way: usize,
    /// Files that are handed out together, and their bytes.
    files: (Vec<FileJob>, u64),
    pub(super) findings: &'r mut Findings,
    pub(super) progress: &'r mut Progress<'p>,
}

/// Runs `hand_out` with readers at its service; returns when all they were given is done.
pub(super) fn with_readers<T>(
    root: &Utf8Path,
    findings: &mut Findings,
    progress: &mut Progress<'_>,
    hand_out: impl FnOnce(&mut Readers<'_, '_>) -> T,
) -> T {
    let (jobs, queue) = mpsc::sync_channel(QUEUE);
    let (tell, told) = mpsc::channel();
    let (queue, large) = (Mutex::new(queue), Mutex::new(()));
    let threads = thread::available_parallelism().map_or(1, usize::from).min(READERS_MAX);
    thread::scope(|scope| {
        for _ in 0..threads {
            let (tell, large, buffer) = (tell.clone(), &large, vec![0; BUFFER]);
            let mut reader = Reader { root, tell, large, bytes: Vec::new(), buffer, untold: 0, archive: None };
            let queue = &queue;
            scope.spawn(move || {
                while let Some(job) = next(queue) {
                    reader.serve(job);
                }
            });
        }
        drop(tell);
        let mut readers = Readers { jobs, told, under_way: 0, files: (Vec::new(), 0), findings, progress };
        let result = hand_out(&mut readers);
        readers.finish();
        result
    })
}

fn next(queue: &Mutex<Receiver<Job>>) -> Option<Job> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

impl Readers<'_, '_> {
    /// Hands out a file, soon: small ones go together.
    pub(super) fn give_file(&mut self, file: FileJob) {
        let (files, bytes) = &mut self.files;
        *bytes += file.bytes;
        files.push(file);
        // A large one is begun at once: whatever comes behind it must not wait for it, nor it for that.
        if files.len() == FILES || *bytes >= FILES_BYTES {
            self.give_files();
        }
    }

    fn give_files(&mut self) {
        let (files, _) = std::mem::take(&mut self.files);
        if !files.is_empty() {
            self.give(Job::Files(files));
        }
    }

    /// Hands out a job; waits while enough are under way.
    pub(super) fn give(&mut self, job: Job) {
        while self.under_way >= QUEUE {
            let Ok(told) = self.told.recv() else { return };
            self.hear(told);
        }
        while let Ok(told) = self.told.try_recv() {
            self.hear(told);
        }
        if self.jobs.send(job).is_ok() {
            self.under_way += 1;
        }
    }

    fn hear(&mut self, told: Told) {
        match told {
            Told::Read(bytes) => self.progress.add(bytes),
            Told::Found(check, finding) => self.findings.put(check, finding),
            Told::Done => self.under_way = self.under_way.saturating_sub(1),
        }
    }

    fn finish(mut self) {
        self.give_files();
        while self.under_way > 0 {
            let Ok(told) = self.told.recv() else { return };
            self.hear(told);
        }
    }
}

/// One thread's side.
struct Reader<'a> {
    root: &'a Utf8Path,
    tell: Sender<Told>,
    large: &'a Mutex<()>,
    /// The native being read.
    bytes: Vec<u8>,
    /// What came with the last read.
    buffer: Vec<u8>,
    /// Bytes that were read and not told of yet.
    untold: u64,
    /// The volume read last, still open.
    archive: Option<(String, Archive)>,
}

impl Reader<'_> {
    fn serve(&mut self, job: Job) {
        match job {
            Job::Files(files) => files.iter().for_each(|file| self.file(file)),
            Job::Members { volume, natives } => self.members(&volume, &natives),
        }
        self.tell_bytes();
        self.tell(Told::Done);
    }

    fn tell_bytes(&mut self) {
        let bytes = std::mem::take(&mut self.untold);
        self.tell(Told::Read(bytes));
    }

    fn tell(&self, told: Told) {
        // Nobody listens any more only when the whole check has been given up.
        let _ = self.tell.send(told);
    }

    fn found(&self, check: CheckName, class: Class, path: impl Into<String>, detail: impl Into<String>) {
        self.tell(Told::Found(check, Finding { class, path: path.into(), detail: detail.into() }));
    }

    fn file(&mut self, job: &FileJob) {
        let (check, list) = job.list;
        let native = match &job.row {
            Stated::Native(native) => Some(&**native),
            Stated::Nothing | Stated::Contents(_) => None,
        };
        let _turn = native.filter(|native| native.is_large()).map(|_| self.large.lock());
        let running = match &job.row {
            Stated::Native(_) => Running::Native(Hasher::new(), MatchingHasher::default()),
            _ if job.md5.is_some() => Running::Listed(ListedHasher::default()),
            Stated::Nothing | Stated::Contents(_) => Running::Sha256(Hasher::new()),
        };
        let read = File::open(self.root.join(&job.path)).and_then(|file| self.read(file, running, keep(native)));
        let found = match read {
            Ok(read) => read,
            Err(error) => return self.found(check, Class::Unreadable, &*job.path, error.kind().to_string()),
        };
        if let Some(listed) = job.listed.filter(|listed| *listed != found.sha256) {
            let (class, path, detail) = mismatch(&job.path, list, &listed, &found.sha256);
            self.found(check, class, path, detail);
        }
        if let Some((listed, found)) = job.md5.zip(found.md5).filter(|(listed, found)| listed != found) {
            let detail = format!("expected MD5 {listed} (in {})  found {found}", matching::HASHDEEP);
            self.found(check, Class::Changed, &*job.path, detail);
        }
        match &job.row {
            Stated::Nothing => {}
            Stated::Contents(contents) => self.compare(&job.path, contents, &found),
            Stated::Native(native) => self.native(native, &found),
        }
    }

    fn members(&mut self, volume: &str, natives: &[Native]) {
        for native in natives {
            let _turn = native.is_large().then(|| self.large.lock());
            match self.member(volume, native) {
                Ok(found) => self.native(native, &found),
                Err(error) => self.found(CheckName::Items, Class::Unreadable, &*native.path, error.to_string()),
            }
        }
    }

    fn member(&mut self, volume: &str, native: &Native) -> io::Result<Digests> {
        let mut archive = match self.archive.take() {
            Some((open, archive)) if open == volume => archive,
            _ => Archive::open(&self.root.join(volume))?,
        };
        let name = native.path.get(volume.len() + 1..).unwrap_or_default();
        let read = archive.member(name).and_then(|member| {
            // One byte beyond what the row states is enough to differ, however much would come.
            let stated = u64::try_from(native.contents.bytes).unwrap_or(0);
            let running = Running::Native(Hasher::new(), MatchingHasher::default());
            self.read(member.take(stated.saturating_add(1)), running, keep(Some(native)))
        });
        self.archive = Some((volume.to_owned(), archive));
        read
    }

    /// Hashes everything and keeps the first `keep` bytes.
    fn read(&mut self, mut from: impl Read, mut running: Running, keep: u64) -> io::Result<Digests> {
        self.bytes.clear();
        self.bytes.shrink_to(1 << 20);
        let mut bytes = 0;
        loop {
            let count = match from.read(&mut self.buffer) {
                Ok(0) => return Ok(running.finish()),
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let piece = self.buffer.get(..count).unwrap_or_default();
            running.update(piece);
            bytes += count as u64;
            if bytes <= keep {
                self.bytes.extend_from_slice(piece);
            }
            self.untold += count as u64;
            if self.untold >= FILES_BYTES {
                self.tell_bytes();
            }
        }
    }

    fn compare(&self, path: &str, stated: &Contents, found: &Digests) {
        let Digests { sha256, bytes, .. } = *found;
        if Sha256::from_slice(&stated.sha256) != Some(sha256) {
            let expected = hex::encode(&stated.sha256);
            self.found(CheckName::Items, Class::Changed, path, format!("expected {expected} (row)  found {sha256}"));
        }
        if u64::try_from(stated.bytes) != Ok(bytes) {
            let detail = format!("expected {} bytes (row)  found {bytes}", stated.bytes);
            self.found(CheckName::Items, Class::Changed, path, detail);
        }
    }

    fn native(&self, native: &Native, found: &Digests) {
        let Digests { sha256, matching, bytes, .. } = *found;
        self.compare(&native.path, &native.contents, found);
        let differing = |found| matching::differing(native.sha1.as_deref(), native.md5.as_deref(), found);
        for column in matching.map(differing).unwrap_or_default() {
            let detail = format!("{column} of its row is not that of its bytes");
            self.found(CheckName::Items, Class::Wrong, &*native.path, detail);
        }
        let whole = self.bytes.len() as u64 == bytes;
        if Sha256::from_slice(&native.contents.sha256) != Some(sha256) {
            // Another message than the one the row describes: nothing to compare.
        } else if whole {
            let differing = family::differences(&native.family, &self.bytes);
            if !differing.is_empty() {
                let detail = format!("its rows differ from what it holds: {}", differing.join(", "));
                self.found(CheckName::Families, Class::Wrong, &*native.path, detail);
            }
            let weighed = native.weighed.as_ref();
            let differing = weighed.map(|weighed| authenticity::differences(weighed, native.rebuilt, &self.bytes));
            if let Some(differing) = differing.filter(|differing| !differing.is_empty()) {
                let detail = format!("its signatures are not worth what its rows state: {}", differing.join(", "));
                self.found(CheckName::Authenticity, Class::Wrong, &*native.path, detail);
            }
        } else {
            self.found(CheckName::Families, Class::Unreadable, &*native.path, "too large to be parsed");
        }
    }
}

impl Native {
    fn is_large(&self) -> bool {
        u64::try_from(self.contents.bytes).is_ok_and(|bytes| bytes > LARGE)
    }
}

/// How many bytes are kept for parsing: as many as the row states, within reason.
fn keep(native: Option<&Native>) -> u64 {
    native.and_then(|native| u64::try_from(native.contents.bytes).ok()).map_or(0, |bytes| bytes.min(PARSED_MAX))
}
