//! Listing one folder, sorted; and threads that list the next folders while one is being worked through.
//!
//! Looking at a million files takes longer than comparing them. What is listed ahead is bounded in number. It must not
//! know in which order folders are walked, nor what their files are.

use std::fs;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};

use camino::Utf8PathBuf;

use super::PackageError;
use super::lanes::next;
use super::space::At as _;

/// Folders listed ahead at each level at most; Affiant's own have a thousand files each.
pub(super) const AHEAD: usize = 8;
/// Threads that list at most; more only get into each other's way.
const SCOUTS: usize = 4;

/// What a folder holds.
pub(super) struct Entry {
    /// The path from the root; a folder's ends in `/`, which makes entries sort as the full paths below them do.
    pub(super) key: String,
    /// A file's length; 0 where it was not asked for.
    pub(super) bytes: u64,
}

impl Entry {
    /// Whether it is a folder.
    pub(super) fn is_folder(&self) -> bool {
        self.key.ends_with('/')
    }
}

/// What is asked of each file: its length costs a system call, and who reads the file learns it anyway.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asks {
    Kind,
    Length,
}

/// The entries of a folder, sorted by their keys.
pub(super) type Listing = Result<Vec<Entry>, PackageError>;

/// How folders are listed.
#[derive(Debug, Clone)]
pub(super) struct Lister {
    pub(super) root: Utf8PathBuf,
    pub(super) skip: &'static [&'static str],
    pub(super) asks: Asks,
}

impl Lister {
    /// Lists a folder, given by its key.
    pub(super) fn list(&self, key: &str) -> Listing {
        let folder = self.root.join(key);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&folder).at("read", &folder)? {
            let entry = entry.at("read", &folder)?;
            let name = entry.file_name();
            let foreign = || PackageError::Foreign { path: format!("{key}{}", name.to_string_lossy()) };
            let name = name.to_str().ok_or_else(foreign)?;
            let failed = |error| PackageError::local("read", folder.join(name), error);
            // Not followed: a link is not part of what is sealed, whatever it points to.
            let (kind, bytes) = match self.asks {
                Asks::Kind => (entry.file_type().map_err(failed)?, 0),
                Asks::Length => {
                    let facts = entry.metadata().map_err(failed)?;
                    (facts.file_type(), facts.len())
                }
            };
            let end = match (kind.is_file(), kind.is_dir()) {
                (true, _) => "",
                (_, true) => "/",
                (false, false) => return Err(foreign()),
            };
            let key = [key, name, end].concat();
            if !self.skip.contains(&key.as_str()) {
                entries.push(Entry { key, bytes });
            }
        }
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(entries)
    }
}

/// Where a listing that was asked for arrives.
pub(super) type Asked = Receiver<Listing>;

/// Threads that list folders, first come first served. They end with this.
pub(super) struct Scouts {
    ask: Option<Sender<(String, SyncSender<Listing>)>>,
    threads: Vec<JoinHandle<()>>,
}

impl Scouts {
    /// Starts as many as the machine has cores, within reason; where none can be started, nobody answers.
    pub(super) fn new(lister: &Lister) -> Self {
        let (ask, asked) = mpsc::channel::<(String, SyncSender<Listing>)>();
        let asked = Arc::new(Mutex::new(asked));
        let count = thread::available_parallelism().map_or(1, usize::from).min(SCOUTS);
        let start = |_| {
            let (lister, asked) = (lister.clone(), asked.clone());
            thread::Builder::new().name("affiant-list".to_owned()).spawn(move || {
                while let Some((folder, answer)) = next(&asked) {
                    // The walk may have ended.
                    let _ = answer.send(lister.list(&folder));
                }
            })
        };
        let threads = (0..count).filter_map(|n| start(n).ok()).collect();
        Self { ask: Some(ask), threads }
    }

    /// Asks for a folder, given by its key.
    pub(super) fn list(&self, folder: String) -> Asked {
        let (answer, asked) = mpsc::sync_channel(1);
        if let Some(ask) = &self.ask {
            // Fails when no thread could be started; the asker then hears nothing.
            let _ = ask.send((folder, answer));
        }
        asked
    }
}

impl Drop for Scouts {
    fn drop(&mut self) {
        self.ask = None;
        for thread in self.threads.drain(..) {
            // What it was about to list is of no use any more, nor is its panic.
            let _ = thread.join();
        }
    }
}
