//! Reading a folder in path order, and joining what is there with what should be there.
//!
//! Both sides come sorted by path bytes, so a mailbox of a million messages is compared without holding it in
//! memory. It must not change anything.

use std::collections::VecDeque;
use std::iter::Peekable;
use std::vec;

use camino::Utf8Path;

use super::layout::Layout;
use super::listing::{AHEAD, Asked, Asks, Entry, Lister, Listing, Scouts};
use super::{Native, PackageError};

/// A plain file that is there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// From the package's root, with `/`.
    pub(super) path: String,
    /// Its length; 0 where the walk does not ask.
    pub(super) bytes: u64,
}

/// All plain files below a folder, sorted by the bytes of their paths.
pub(super) struct Walk {
    lister: Lister,
    open: Vec<Level>,
    start: Option<String>,
    scouts: Option<Scouts>,
}

/// A folder that is being walked through.
struct Level {
    entries: vec::IntoIter<Entry>,
    /// Its folders that no scout was asked for yet.
    to_ask: vec::IntoIter<String>,
    /// What scouts were asked for, in the order of the folders.
    asked: VecDeque<Asked>,
}

impl Walk {
    /// Walks a folder of the package (`""` is the root); a folder that does not exist has no files.
    pub(super) fn new(layout: &Layout, folder: &str) -> Self {
        Self::without(layout, folder, &[])
    }

    /// The same for those who will read the files: no lengths.
    pub(super) fn to_read(layout: &Layout, folder: &str) -> Self {
        let mut walk = Self::new(layout, folder);
        walk.lister.asks = Asks::Kind;
        walk
    }

    /// The same as [`Self::new`] with threads of its own that list the next folders ahead.
    pub(super) fn ahead(layout: &Layout, folder: &str) -> Self {
        let mut walk = Self::new(layout, folder);
        walk.scouts = Some(Scouts::new(&walk.lister));
        walk
    }

    /// The same as [`Self::new`], leaving out some folders and files (paths from the root, folders with `/` at the end).
    pub(super) fn without(layout: &Layout, folder: &str, skip: &'static [&'static str]) -> Self {
        let start = if folder.is_empty() { String::new() } else { format!("{folder}/") };
        let lister = Lister { root: layout.root().to_owned(), skip, asks: Asks::Length };
        Self { lister, open: Vec::new(), start: Some(start), scouts: None }
    }

    fn open(&mut self, listing: Listing) -> Result<(), PackageError> {
        let entries = listing?;
        let folders = self.scouts.is_some().then(|| entries.iter().filter(|entry| entry.is_folder()));
        let folders: Vec<String> = folders.into_iter().flatten().map(|entry| entry.key.clone()).collect();
        let mut level = Level { entries: entries.into_iter(), to_ask: folders.into_iter(), asked: VecDeque::new() };
        level.ask(self.scouts.as_ref());
        self.open.push(level);
        Ok(())
    }
}

impl Level {
    fn ask(&mut self, scouts: Option<&Scouts>) {
        let Some(scouts) = scouts else { return };
        while self.asked.len() < AHEAD
            && let Some(folder) = self.to_ask.next()
        {
            self.asked.push_back(scouts.list(folder));
        }
    }
}

impl Iterator for Walk {
    type Item = Result<Found, PackageError>;

    fn next(&mut self) -> Option<Self::Item> {
        if let Some(start) = self.start.take()
            && self.lister.root.join(&start).is_dir()
            && let Err(error) = self.open(self.lister.list(&start))
        {
            return Some(Err(error));
        }
        loop {
            let level = self.open.last_mut()?;
            let Some(entry) = level.entries.next() else {
                self.open.pop();
                continue;
            };
            if !entry.is_folder() {
                return Some(Ok(Found { path: entry.key, bytes: entry.bytes }));
            }
            let asked = level.asked.pop_front();
            level.ask(self.scouts.as_ref());
            // A scout that is gone has said nothing: then the folder is listed here.
            let listing = asked.and_then(|asked| asked.recv().ok()).unwrap_or_else(|| self.lister.list(&entry.key));
            if let Err(error) = self.open(listing) {
                return Some(Err(error));
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
