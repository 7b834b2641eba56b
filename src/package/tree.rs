//! Reading a folder in path order, and joining what is there with what should be there.
//!
//! Both sides come sorted by path bytes, so a mailbox of a million messages is compared without holding it in
//! memory. It must not change anything.

use std::fs;
use std::iter::Peekable;
use std::vec;

use camino::{Utf8Path, Utf8PathBuf};

use super::layout::Layout;
use super::space::At as _;
use super::{Native, PackageError};

/// A plain file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// From the package's root, with `/`.
    pub(super) path: String,
    /// Its length.
    pub(super) bytes: u64,
}

struct Entry {
    /// The path from the root; a folder's ends in `/`, which makes entries sort as the full paths below them do.
    key: String,
    bytes: u64,
}

/// All plain files below a folder, sorted by the bytes of their paths.
pub(super) struct Walk {
    root: Utf8PathBuf,
    open: Vec<vec::IntoIter<Entry>>,
    start: Option<String>,
    skip: &'static [&'static str],
}

impl Walk {
    /// Walks a folder of the package (`""` is the root); a folder that does not exist has no files.
    pub(super) fn new(layout: &Layout, folder: &str) -> Self {
        Self::without(layout, folder, &[])
    }

    /// The same, leaving out some folders and files (paths from the root, folders with `/` at the end).
    pub(super) fn without(layout: &Layout, folder: &str, skip: &'static [&'static str]) -> Self {
        let start = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        Self { root: layout.root().to_owned(), open: Vec::new(), start: Some(start), skip }
    }

    fn entries(&self, key: &str) -> Result<vec::IntoIter<Entry>, PackageError> {
        let folder = self.root.join(key);
        let mut entries = Vec::new();
        for entry in fs::read_dir(&folder).at("read", &folder)? {
            let entry = entry.at("read", &folder)?;
            let name = entry.file_name();
            let foreign = || PackageError::Foreign { path: format!("{key}{}", name.to_string_lossy()) };
            let name = name.to_str().ok_or_else(foreign)?;
            // Not followed: a link is not part of what is sealed, whatever it points to.
            let facts = entry.metadata().at("read", folder.join(name))?;
            let key = match (facts.is_file(), facts.is_dir()) {
                (true, _) => format!("{key}{name}"),
                (_, true) => format!("{key}{name}/"),
                (false, false) => return Err(foreign()),
            };
            if !self.skip.contains(&key.as_str()) {
                entries.push(Entry { key, bytes: facts.len() });
            }
        }
        entries.sort_unstable_by(|a, b| a.key.cmp(&b.key));
        Ok(entries.into_iter())
    }
}

impl Iterator for Walk {
    type Item = Result<Found, PackageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(start) = self.start.take()
            && self.root.join(&start).is_dir()
        {
            match self.entries(&start) {
                Ok(entries) => self.open.push(entries),
                Err(error) => return Some(Err(error)),
            }
        }
        loop {
            let Some(Entry { key, bytes }) = self.open.last_mut()?.next() else {
                self.open.pop();
                continue;
            };
            if !key.ends_with('/') {
                return Some(Ok(Found { path: key, bytes }));
            }
            match self.entries(&key) {
                Ok(entries) => self.open.push(entries),
                Err(error) => return Some(Err(error)),
            }
        }
    }
}

/// What a path has on the two sides of a join.
pub(super) enum Pair<L, R> {
    /// Only there.
    Left(L),
    /// Only expected.
    Right(R),
    /// Both.
    Both(L, R),
}

/// Something that a join finds by its path.
pub(super) trait ByPath {
    /// The path.
    fn path(&self) -> &str;
}

impl ByPath for Found {
    fn path(&self) -> &str {
        &self.path
    }
}

impl ByPath for Native {
    fn path(&self) -> &str {
        &self.path
    }
}

impl ByPath for String {
    fn path(&self) -> &str {
        self
    }
}

/// Joins two sequences that are sorted by path. The first error of either side ends up in the result.
pub(super) struct Join<A: Iterator, B: Iterator> {
    left: Peekable<A>,
    right: Peekable<B>,
}

impl<A: Iterator, B: Iterator> Join<A, B> {
    /// Joins what is there (left) with what is expected (right).
    pub(super) fn new(left: A, right: B) -> Self {
        Self { left: left.peekable(), right: right.peekable() }
    }
}

impl<A, B, L, R> Iterator for Join<A, B>
where
    A: Iterator<Item = Result<L, PackageError>>,
    B: Iterator<Item = Result<R, PackageError>>,
    L: ByPath,
    R: ByPath,
{
    type Item = Result<Pair<L, R>, PackageError>;

    fn next(&mut self) -> Option<Self::Item> {
        use std::cmp::Ordering::{Equal, Greater, Less};
        let order = match (self.left.peek(), self.right.peek()) {
            (Some(Ok(left)), Some(Ok(right))) => left.path().cmp(right.path()),
            (Some(_), None) | (Some(Err(_)), _) => Less,
            (None | Some(Ok(_)), Some(_)) => Greater,
            (None, None) => return None,
        };
        Some(match order {
            Less => self.left.next()?.map(Pair::Left),
            Greater => self.right.next()?.map(Pair::Right),
            Equal => match (self.left.next()?, self.right.next()?) {
                (Ok(left), Ok(right)) => Ok(Pair::Both(left, right)),
                (Err(error), _) | (_, Err(error)) => Err(error),
            },
        })
    }
}

/// Passes rows on and refuses one that does not sort after the row before it.
pub(super) fn in_path_order(rows: impl Iterator<Item = Native>) -> impl Iterator<Item = Result<Native, PackageError>> {
    let mut last = String::new();
    rows.map(move |row| {
        if row.path.as_str() <= last.as_str() {
            return Err(PackageError::Unordered { path: row.path });
        }
        last.clone_from(&row.path);
        Ok(row)
    })
}

/// Whether a path can stand in a bag's manifest and in `sha256sum`'s as it is, without any encoding.
pub(super) fn is_plain(path: &str) -> bool {
    !path.chars().any(|c| c.is_control() || matches!(c, '%' | '\\'))
}

/// A relative path's file name.
pub(super) fn file_name(path: &str) -> &str {
    Utf8Path::new(path).file_name().unwrap_or(path)
}
