//! The files that are really there, in the byte order of their package paths.
//!
//! Ordered, so that millions of files can be compared with a sorted list without holding either.
//! Nothing is followed that is not a plain folder. It must not open a file.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::io;
use std::vec::IntoIter;

use camino::{Utf8Path, Utf8PathBuf};

/// One thing met on the way.
#[derive(Debug)]
pub(super) enum Seen {
    /// A plain file.
    File {
        /// Package path, `/` between names.
        path: String,
        /// Size in bytes.
        bytes: u64,
    },
    /// Something that a package cannot hold, or that could not be looked at.
    Odd {
        /// Package path, as far as it can be written.
        path: String,
        /// What it is.
        why: String,
    },
}

impl Seen {
    /// Its package path.
    pub(super) fn path(&self) -> &str {
        match self {
            Self::File { path, .. } | Self::Odd { path, .. } => path,
        }
    }
}

/// Which half of the package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Half {
    /// Everything under `data/`.
    Payload,
    /// Everything else.
    Tags,
}

/// An iterator over one half.
#[derive(Debug)]
pub(super) struct Walk {
    root: Utf8PathBuf,
    /// The entries still to visit, one level per open folder.
    open: Vec<IntoIter<Entry>>,
    half: Half,
}

#[derive(Debug)]
struct Entry {
    /// Package path; a folder's ends in `/`, which is what puts it in its place among files.
    key: String,
    kind: Kind,
}

#[derive(Debug)]
enum Kind {
    File(u64),
    Folder,
    Odd(String),
}

impl Walk {
    /// Starts at the package's root.
    pub(super) fn new(root: &Utf8Path, half: Half) -> Self {
        let root = root.to_owned();
        let first = match half {
            Half::Payload => {
                look("", OsString::from("data"), || fs::symlink_metadata(root.join("data"))).into_iter().collect()
            }
            Half::Tags => list(&root, ""),
        };
        Self { root, open: vec![first.into_iter()], half }
    }

    fn visit(&mut self, entry: Entry) -> Option<Seen> {
        let Entry { key, kind } = entry;
        match kind {
            Kind::Folder if self.half == Half::Tags && key == "data/" => None,
            Kind::Folder => {
                self.open.push(list(&self.root, &key).into_iter());
                None
            }
            // A file in the place of the payload folder belongs to neither list.
            Kind::File(_) if key == "data" => {
                Some(Seen::Odd { path: key, why: "a file where the payload folder belongs".to_owned() })
            }
            Kind::File(bytes) => Some(Seen::File { path: key, bytes }),
            Kind::Odd(why) => Some(Seen::Odd { path: key, why }),
        }
    }
}

impl Iterator for Walk {
    type Item = Seen;

    fn next(&mut self) -> Option<Seen> {
        loop {
            let level = self.open.last_mut()?;
            match level.next() {
                None => drop(self.open.pop()),
                Some(entry) => {
                    if let Some(seen) = self.visit(entry) {
                        return Some(seen);
                    }
                }
            }
        }
    }
}

/// The entries of one folder, sorted; a folder that cannot be listed is one odd entry.
fn list(root: &Utf8Path, folder: &str) -> Vec<Entry> {
    let odd = |error: &std::io::Error| Entry {
        key: folder.trim_end_matches('/').to_owned(),
        kind: Kind::Odd(format!("the folder could not be listed: {}", error.kind())),
    };
    let names = match fs::read_dir(root.join(folder)) {
        Ok(names) => names,
        Err(error) => return vec![odd(&error)],
    };
    let mut entries: Vec<Entry> = names
        .filter_map(|name| match name {
            // Not followed either, and found without going through all the folders above again.
            Ok(entry) => look(folder, entry.file_name(), || entry.metadata()),
            Err(error) => Some(odd(&error)),
        })
        .collect();
    entries.sort_by(|a, b| a.key.cmp(&b.key));
    entries
}

fn look(folder: &str, name: OsString, facts: impl FnOnce() -> io::Result<Metadata>) -> Option<Entry> {
    let name = match name.into_string() {
        Ok(name) => name,
        Err(name) => {
            let key = format!("{folder}{}", name.to_string_lossy());
            return Some(Entry { key, kind: Kind::Odd("its name is not UTF-8".to_owned()) });
        }
    };
    let key = format!("{folder}{name}");
    let kind = match facts() {
        Ok(facts) if facts.is_dir() => return Some(Entry { key: key + "/", kind: Kind::Folder }),
        Ok(facts) if facts.is_file() => Kind::File(facts.len()),
        Ok(facts) if facts.is_symlink() => Kind::Odd("a symbolic link, not followed".to_owned()),
        Ok(_) => Kind::Odd("not a plain file".to_owned()),
        // Asked for by name and absent: not an entry of this folder.
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return None,
        Err(error) => Kind::Odd(format!("could not be looked at: {}", error.kind())),
    };
    Some(Entry { key, kind })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn paths(root: &Utf8Path, half: Half) -> Vec<String> {
        Walk::new(root, half).map(|seen| seen.path().to_owned()).collect()
    }

    #[test]
    fn files_come_in_the_byte_order_of_their_whole_paths() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let root = Utf8Path::from_path(folder.path()).expect("UTF-8");
        for path in ["data/a/z", "data/a.b", "data/a-b", "data/a0", "data.txt", "bagit.txt", "x/y"] {
            fs::create_dir_all(root.join(path).parent().expect("inside the root")).expect("folder");
            fs::write(root.join(path), b"").expect("file");
        }
        assert_eq!(paths(root, Half::Payload), ["data/a-b", "data/a.b", "data/a/z", "data/a0"]);
        assert_eq!(paths(root, Half::Tags), ["bagit.txt", "data.txt", "x/y"]);
        assert!(paths(&root.join("none"), Half::Payload).is_empty());
    }
}
