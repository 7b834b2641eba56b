//! The two manifests and the rows against the files, in one ordered walk over each half of the package.
//!
//! Three sorted sequences meet here: the files, the lines of the manifest, the rows of the items. It
//! decides who is missing and who is extra; what the files hold is the readers' matter.

use std::collections::{BTreeMap, BTreeSet};
use std::iter;

use camino::Utf8Path;
use rusqlite::Row;

use super::authenticity::Results;
use super::family::{Family, Parts};
use super::ledger::{Cursor, Ledger};
use super::listing::{self, Listed};
use super::matching::{self, Ahead};
use super::merge::{Keyed, Side, merge};
use super::reading::{Contents, FileJob, Job, Native, Readers, Stated};
use super::report::{CheckName, Class};
use super::slice::Slice;
use super::structure::{Oxum, has_place_for};
use super::volume::Archive;
use super::walk::{Half, Seen, Walk};

/// Members handed out at a time.
const CHUNK: usize = 64;

/// One list and what it lists.
struct Listing {
    check: CheckName,
    name: &'static str,
    /// Whether it could be opened; where not, nothing can be said to be unlisted.
    there: bool,
}

/// What the walk amounts to.
#[derive(Debug, Default)]
pub(super) struct Walked {
    /// The payload files.
    pub(super) oxum: Oxum,
    /// Items whose file was read.
    pub(super) items: u64,
    /// Natives that were read.
    pub(super) natives: u64,
    /// Whether the files were walked over at all.
    over: bool,
}

/// Checks the tag manifest.
pub(super) fn check_tags(root: &Utf8Path, sorted: bool, readers: &mut Readers<'_, '_>) {
    let (list, lines) = open(root, CheckName::TagManifest, listing::TAGS, sorted);
    let files = Walk::new(root, Half::Tags).filter(|seen| seen.path() != listing::TAGS);
    for side in merge(files, lines) {
        let (seen, listed) = side.parts();
        if let Some(seen) = seen.as_ref().filter(|seen| !has_place_for(seen.path()) && !LEFT.contains(&seen.path())) {
            let why = "the format has no such file, whatever lists it";
            readers.findings.add(CheckName::Structure, Class::Extra, seen.path(), why);
        }
        if let Some((path, bytes)) = present(&list, seen.as_ref(), listed.as_ref(), readers) {
            let listed = listed.map(|listed| listed.sha256);
            let (path, list) = (path.to_owned(), (list.check, list.name));
            readers.give_file(FileJob { path, bytes, list, listed, md5: None, row: Stated::Nothing });
        }
    }
}

/// Checks the payload manifest and, with a ledger, the rows of items and volumes against the files.
///
/// The manifest is checked to its end whatever becomes of the queries.
pub(super) fn check_payload(
    root: &Utf8Path,
    sorted: bool,
    ledger: Option<&Ledger>,
    slice: Slice,
    readers: &mut Readers<'_, '_>,
) -> (Walked, rusqlite::Result<()>) {
    let mut walk = PayloadWalk { root, sorted, slice, walked: Walked::default() };
    let done = ledger.map(|ledger| walk.with_rows(ledger, readers));
    if !walk.walked.over {
        walk.over(iter::empty::<Native>(), |_, _, _| Stated::Nothing, readers);
    }
    (walk.walked, done.unwrap_or(Ok(())))
}

fn open(
    root: &Utf8Path,
    check: CheckName,
    name: &'static str,
    sorted: bool,
) -> (Listing, Box<dyn Iterator<Item = Listed>>) {
    let lines = listing::listed(root, name, sorted);
    let list = Listing { check, name, there: lines.is_ok() };
    (list, lines.unwrap_or_else(|_| Box::new(iter::empty())))
}

/// Files of a run at work; the last thing it does is to remove them.
pub(super) const LEFT: [&str; 2] = ["affiant/lock", "affiant/lock.json"];

/// Compares presence with the list; gives path and size of a file that can be read.
fn present<'s>(
    list: &Listing,
    seen: Option<&'s Seen>,
    listed: Option<&Listed>,
    readers: &mut Readers<'_, '_>,
) -> Option<(&'s str, u64)> {
    match (seen, listed) {
        (Some(Seen::Odd { path, why }), _) => {
            readers.findings.add(list.check, Class::Unreadable, path, why);
            None
        }
        (Some(Seen::File { path, bytes }), listed) => {
            if listed.is_some() && LEFT.contains(&path.as_str()) {
                readers.findings.add(list.check, Class::Extra, path, "a lock, and the list has it");
            }
            if listed.is_none() && list.there {
                let why = if LEFT.contains(&path.as_str()) {
                    "; left by a run that was cut short, or one is at work: `affiant resume` takes it away"
                } else {
                    ""
                };
                readers.findings.add(list.check, Class::Extra, path, format!("not listed in {}{why}", list.name));
            }
            Some((path, *bytes))
        }
        (None, Some(listed)) => {
            readers.findings.add(list.check, Class::Missing, &listed.path, format!("listed in {}", list.name));
            None
        }
        (None, None) => None,
    }
}

struct PayloadWalk<'a> {
    root: &'a Utf8Path,
    sorted: bool,
    slice: Slice,
    walked: Walked,
}

impl PayloadWalk<'_> {
    /// Walks over files, manifest lines and rows side by side; `stated` says what the rows have for a path.
    fn over(
        &mut self,
        rows: impl Iterator<Item = Native>,
        mut stated: impl FnMut(Option<&Seen>, Option<Native>, &mut Readers<'_, '_>) -> Stated,
        readers: &mut Readers<'_, '_>,
    ) {
        self.walked.over = true;
        let (list, lines) = open(self.root, CheckName::PayloadManifest, listing::PAYLOAD, self.sorted);
        let mut ahead = Ahead::new(self.root);
        for side in merge(merge(Walk::new(self.root, Half::Payload), lines), rows) {
            let (file, row) = side.parts();
            let (seen, listed) = file.map_or((None, None), Side::parts);
            if let Some(Seen::File { bytes, .. }) = &seen {
                self.walked.oxum.files += 1;
                self.walked.oxum.bytes = self.walked.oxum.bytes.saturating_add(*bytes);
            }
            let known = seen.as_ref().and_then(|seen| ahead.of(seen.path()));
            sized(seen.as_ref(), known.as_ref(), readers);
            let row = stated(seen.as_ref(), row, readers);
            if let Some((path, bytes)) = present(&list, seen.as_ref(), listed.as_ref(), readers) {
                let native = u64::from(matches!(row, Stated::Native(_)));
                self.walked.items += native;
                if !self.slice.takes(self.walked.oxum.files - 1, path) {
                    continue;
                }
                self.walked.natives += native;
                let (path, listed) = (path.to_owned(), listed.map(|listed| listed.sha256));
                let md5 = known.map(|known| known.md5);
                readers.give_file(FileJob { path, bytes, list: (list.check, list.name), listed, md5, row });
            }
        }
    }

    fn with_rows(&mut self, ledger: &Ledger, readers: &mut Readers<'_, '_>) -> rusqlite::Result<()> {
        let volumes = volumes(ledger)?;
        readers.progress.total = readers.progress.total.saturating_add(bytes_in_volumes(ledger, &volumes)?);
        let (mut parts, mut results) = (Parts::new(ledger)?, Results::new(ledger)?);
        let mut statement = ledger.db().prepare(&format!("{ITEMS} ORDER BY path"))?;
        let rows = Cursor::new(statement.query([])?, native);
        let trouble = rows.trouble();
        let loose = rows.filter(|row| !volumes.contains_key(volume_of(&row.path)));
        let mut there = BTreeSet::new();
        let stated = |seen: Option<&Seen>, row: Option<Native>, readers: &mut Readers<'_, '_>| {
            let file = seen.filter(|seen| matches!(seen, Seen::File { .. })).map(Seen::path);
            let findings = &mut *readers.findings;
            if let Some(mut row) = row {
                if file.is_none() {
                    findings.add(CheckName::Items, Class::Missing, &row.path, "an item row names it");
                }
                let rows = parts.of(row.item_id).and_then(|parts| Ok((parts, results.of(row.item_id)?)));
                return match trouble.keep(rows) {
                    Some((parts, weighed)) => {
                        (row.family.parts, row.weighed) = (parts, Some(weighed));
                        Stated::Native(Box::new(row))
                    }
                    None => Stated::Contents(row.contents),
                };
            }
            let Some(path) = file else { return Stated::Nothing };
            if let Some(volume) = volumes.get(path) {
                there.insert(path.to_owned());
                return Stated::Contents(volume.contents.clone());
            }
            if !trouble.is_there() {
                findings.add(CheckName::Items, Class::Extra, path, "no item row and no volume row names it");
            }
            Stated::Nothing
        };
        self.over(loose, stated, readers);
        trouble.take()?;
        for (path, volume) in &volumes {
            if there.contains(path) {
                self.members(path, volume, ledger, (&mut parts, &mut results), readers)?;
            } else {
                readers.findings.add(CheckName::Items, Class::Missing, path, "a volume row names it");
            }
        }
        Ok(())
    }

    /// Compares a volume's members with the rows that say they lie in it.
    fn members(
        &mut self,
        path: &str,
        volume: &Volume,
        ledger: &Ledger,
        (parts, results): (&mut Parts<'_>, &mut Results<'_>),
        readers: &mut Readers<'_, '_>,
    ) -> rusqlite::Result<()> {
        let names = match Archive::open(&self.root.join(path)).and_then(|archive| archive.names()) {
            Ok(names) => names,
            Err(error) => {
                readers.findings.add(CheckName::Items, Class::Unreadable, path, error.to_string());
                return Ok(());
            }
        };
        if usize::try_from(volume.members) != Ok(names.len()) {
            let detail = format!("expected {} members (row)  found {}", volume.members, names.len());
            readers.findings.add(CheckName::Items, Class::Changed, path, detail);
        }
        let mut statement = ledger.db().prepare(&format!("{ITEMS} WHERE path > ?1 AND path < ?2 ORDER BY path"))?;
        // `0` is the character after `/`.
        let mut rows = Cursor::new(statement.query([format!("{path}/"), format!("{path}0")])?, native);
        let names = names.into_iter().map(|name| Member { path: format!("{path}/{name}") });
        let mut chunk = Vec::new();
        for side in merge(names, rows.by_ref()) {
            match side.parts() {
                (Some(_), Some(mut row)) => {
                    row.family.parts = parts.of(row.item_id)?;
                    row.weighed = Some(results.of(row.item_id)?);
                    if self.slice.takes(self.walked.items, &row.path) {
                        self.walked.natives += 1;
                        chunk.push(row);
                    }
                    self.walked.items += 1;
                }
                (Some(member), None) => {
                    readers.findings.add(CheckName::Items, Class::Extra, member.path, "no item row names this member");
                }
                (None, Some(row)) => {
                    readers.findings.add(CheckName::Items, Class::Missing, row.path, "an item row names this member");
                }
                (None, None) => {}
            }
            if chunk.len() == CHUNK {
                let natives = std::mem::take(&mut chunk);
                readers.give(Job::Members { volume: path.to_owned(), natives });
            }
        }
        if !chunk.is_empty() {
            readers.give(Job::Members { volume: path.to_owned(), natives: chunk });
        }
        rows.finish()
    }
}

/// Compares a file's size with the one in hashdeep's list.
fn sized(seen: Option<&Seen>, known: Option<&matching::Known>, readers: &mut Readers<'_, '_>) {
    if let (Some(Seen::File { path, bytes }), Some(known)) = (seen, known)
        && known.bytes != *bytes
    {
        let why = format!("expected {} bytes (in {})  found {bytes}", known.bytes, matching::HASHDEEP);
        readers.findings.add(CheckName::PayloadManifest, Class::Changed, path, why);
    }
}

/// A member of a volume, under the path that its row has.
struct Member {
    path: String,
}

impl Keyed for Member {
    fn key(&self) -> &str {
        &self.path
    }
}

impl Keyed for Native {
    fn key(&self) -> &str {
        &self.path
    }
}

const ITEMS: &str = "SELECT item_id, path, bytes, sha256, mih, content_id, header_date, sha1, md5, source_kind, \
                     top_received, top_authentication_results, top_arc_authentication_results FROM item";

fn native(row: &Row<'_>) -> rusqlite::Result<Native> {
    let top = [row.get(10)?, row.get(11)?, row.get(12)?];
    let family = Family { mih: row.get(4)?, content_id: row.get(5)?, header_date: row.get(6)?, top, parts: Vec::new() };
    let contents = Contents { bytes: row.get(2)?, sha256: row.get(3)? };
    let (sha1, md5) = (row.get(7)?, row.get(8)?);
    let rebuilt = row.get::<_, String>(9)? != "mime_value";
    Ok(Native { item_id: row.get(0)?, path: row.get(1)?, contents, sha1, md5, family, rebuilt, weighed: None })
}

/// The row of a volume.
struct Volume {
    members: i64,
    contents: Contents,
}

/// The volume rows by package path.
fn volumes(ledger: &Ledger) -> rusqlite::Result<BTreeMap<String, Volume>> {
    let mut volumes = BTreeMap::new();
    ledger.each("SELECT name, members, bytes, sha256 FROM volume", [], |row| {
        let contents = Contents { bytes: row.get(2)?, sha256: row.get(3)? };
        volumes.insert(format!("data/{}", row.get::<_, String>(0)?), Volume { members: row.get(1)?, contents });
        Ok(())
    })?;
    Ok(volumes)
}

/// The part of a member's path that is its volume's.
pub(super) fn volume_of(path: &str) -> &str {
    path.find(".zip/").and_then(|dot| path.get(..dot + 4)).unwrap_or_default()
}

fn bytes_in_volumes(ledger: &Ledger, volumes: &BTreeMap<String, Volume>) -> rusqlite::Result<u64> {
    if volumes.is_empty() {
        return Ok(0);
    }
    let sql = "SELECT CAST(total(bytes) AS INTEGER) FROM item WHERE path LIKE '%.zip/%'";
    let bytes: i64 = ledger.db().query_row(sql, [], |row| row.get(0))?;
    Ok(u64::try_from(bytes).unwrap_or(0))
}
