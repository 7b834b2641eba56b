//! The right to change a package: one process at a time.
//!
//! The operating system's file lock decides; it ends with its process, so the lock of a run that died is free
//! at once and nothing is ever judged by a process id. The text beside it only tells people who is at work.
//! It must not know what the lock is taken for.

use std::fs::{self, File, TryLockError};
use std::io;

use super::PackageError;
use super::layout::{HOLDER, INCOMING, LOCK, Layout};
use super::space::At as _;
use crate::terms::UtcInstant;

/// Who works on a package.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
struct Holder {
    pid: u32,
    host: String,
    started: UtcInstant,
}

/// A held lock; dropping it gives the package free.
#[derive(Debug)]
pub(super) struct Lock {
    layout: Layout,
    file: File,
}

impl Lock {
    /// Takes the lock, or says who has it.
    ///
    /// The lock file stays when the lock is released: removing it would let two processes lock two files of
    /// the same name. Only sealing removes it, after which nobody needs it.
    pub(super) fn take(layout: &Layout, now: UtcInstant) -> Result<Self, PackageError> {
        let path = layout.at(LOCK);
        let file = File::options().read(true).append(true).create(true).open(&path).at("open", &path)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(locked(layout)),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Unsupported => {
                return Err(PackageError::NoLocks { root: layout.root().to_owned() });
            }
            Err(TryLockError::Error(error)) => return Err(PackageError::local("lock", &path, error)),
        }
        let host = gethostname::gethostname().to_string_lossy().into_owned();
        let us = Holder { pid: std::process::id(), host, started: now };
        // A text left by a run that died is replaced: its lock was free, so it is gone.
        let text = serde_json::to_vec(&us).map_err(io::Error::from).at("write", layout.at(HOLDER))?;
        fs::write(layout.at(HOLDER), text).at("write", layout.at(HOLDER))?;
        Ok(Self { layout: layout.clone(), file })
    }

    /// Refuses a folder that a run works on at this moment, without taking the lock for longer.
    pub(super) fn must_be_free(layout: &Layout) -> Result<(), PackageError> {
        let Ok(file) = File::open(layout.at(LOCK)) else { return Ok(()) };
        let held = matches!(file.try_lock(), Err(TryLockError::WouldBlock));
        let _ = file.unlock();
        if held { Err(locked(layout)) } else { Ok(()) }
    }

    /// Whether the folder at the package's path is still the one that was locked: it may be moved, deleted or
    /// replaced while a run works, and what is written by path would then end up elsewhere.
    pub(super) fn must_be_in_place(&self) -> Result<(), PackageError> {
        let root = self.layout.root();
        match fs::metadata(self.layout.at(LOCK)) {
            Ok(found) if same(&found, &self.file.metadata().at("look at", root)?) => Ok(()),
            Err(error) if !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                Err(PackageError::local("look at", root, error))
            }
            _ => Err(PackageError::Displaced { root: root.to_owned() }),
        }
    }

    /// Removes both files, still holding the lock: for a package that has just been sealed.
    pub(super) fn remove_files(&self) {
        clear(&self.layout);
    }

    /// Removes what a run that was killed right after the seal left: its lock and its working folder.
    pub(super) fn clear_dead(layout: &Layout) {
        let left = File::open(layout.at(LOCK));
        if left.as_ref().is_ok_and(|file| file.try_lock().is_err()) {
            return;
        }
        let _ = fs::remove_dir_all(layout.at(INCOMING));
        clear(layout);
        if let Ok(file) = left {
            let _ = file.unlock();
        }
    }
}

/// Best effort: the lock is not part of the sealed package, and the next look at the folder removes it.
fn clear(layout: &Layout) {
    let _ = fs::remove_file(layout.at(HOLDER));
    let _ = fs::remove_file(layout.at(LOCK));
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Before the lock itself goes, so that the text of a later holder is not removed.
        let _ = fs::remove_file(self.layout.at(HOLDER));
        // Said outright: closing alone would leave the lock with a child process that is just being started.
        let _ = self.file.unlock();
    }
}

#[cfg(unix)]
fn same(one: &fs::Metadata, other: &fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

/// Windows does not let a folder go in which a file is open.
#[cfg(not(unix))]
const fn same(_: &fs::Metadata, _: &fs::Metadata) -> bool {
    true
}

fn locked(layout: &Layout) -> PackageError {
    PackageError::Locked { root: layout.root().to_owned(), holder: holder(layout) }
}

/// The holder in words; the text may be missing for the moment between locking and writing.
fn holder(layout: &Layout) -> String {
    let read = fs::read(layout.at(HOLDER)).ok().and_then(|text| serde_json::from_slice::<Holder>(&text).ok());
    read.map_or_else(
        || "another run, which has just started".to_owned(),
        |holder| format!("process {} on {} since {}", holder.pid, one_line(&holder.host), holder.started),
    )
}

fn one_line(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(255).collect()
}
