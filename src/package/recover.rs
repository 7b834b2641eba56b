//! After a kill: the folder is brought back to what the manifest says.
//!
//! Rows are the truth. Temporary files are swept; a file without a row is an orphan; a row without its file is
//! damage that no kill can cause, because rows come after their files. Half of a sealing is undone. A volume
//! without a row is removed, because its natives still wait. It must not write rows: the caller logs an orphan
//! first and has it moved aside afterwards, so that a kill between the two only reports it twice.

use std::collections::BTreeMap;
use std::fs;
use std::io;

use camino::Utf8Path;

use super::durable::{digest, sync_directory};
use super::layout::{
    BAG_INFO, BAGIT, DATA, HASHDEEP, INCOMING, Layout, ORPHANS, OWN, PAYLOAD_MANIFEST, PAYLOAD_MANIFEST_MD5, STAGING,
    staged_volume, volume_name,
};
use super::placement::Place;
use super::space::At as _;
use super::tree::{Join, Pair, Walk, file_name, in_path_order, is_plain};
use super::volumes::Volumes;
use super::waiting::Stock;
use super::zip::unstage;
use super::{Format, Native, Package, PackageError, VolumeFacts, off_the_reactor};
use crate::terms::Sha256;

/// A whole file that no row names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Orphan {
    /// Where it was found, from the package's root.
    pub path: String,
    /// Its length.
    pub bytes: u64,
    /// Its SHA-256.
    pub sha256: Sha256,
}

impl Orphan {
    /// Where it is moved to, from the package's root. The hash in the name keeps two of one number apart.
    pub fn aside(&self) -> String {
        let name = file_name(&self.path);
        let tail = if is_plain(name) { format!("-{name}") } else { String::new() };
        format!("{ORPHANS}/{}{tail}", self.sha256)
    }
}

/// A row whose bytes are not there as recorded. The acquisition must not go on unseen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The native or volume, as in the manifest.
    pub path: String,
    /// Bytes recorded.
    pub recorded: u64,
    /// Bytes found; `None` when nothing is there.
    pub found: Option<u64>,
}

/// What was found beside what the manifest says.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Recovered {
    /// Files without a row: log them, then [`Package::set_aside`].
    pub orphans: Vec<Orphan>,
    /// Rows without their file: fatal.
    pub damage: Vec<Damage>,
    /// Volumes that were finished but not recorded, and are packed again.
    pub unrecorded_volumes: u32,
}

impl Package {
    /// Brings the folder back to the manifest's state, and takes up the accounting of volumes where it was.
    ///
    /// Call it after [`Package::set_format`] and before the first placement. `natives` are the rows of all
    /// collected items in the order of their paths (SQLite's `ORDER BY path`); they are not held in memory.
    pub async fn recover(
        &self,
        natives: impl Iterator<Item = Native> + Send + 'static,
        volumes: Vec<VolumeFacts>,
    ) -> Result<Recovered, PackageError> {
        let package = self.clone();
        off_the_reactor(move || {
            let layout = package.layout();
            sweep(layout)?;
            match package.format() {
                Format::Eml => recover_eml(layout, natives),
                Format::Zip { volume_bytes, volume_members, .. } => {
                    let mut accounts = Volumes::new(volume_bytes, volume_members);
                    let recovered = recover_zip(layout, natives, &volumes, &mut accounts)?;
                    package.set_volumes(accounts);
                    Ok(recovered)
                }
            }
        })
        .await
    }

    /// The comparison of [`Package::recover`] alone, for a package of loose files: changes nothing. Then
    /// [`Package::sweep`] does the rest. Blocks: call it off the reactor.
    ///
    /// # Errors
    /// As [`Package::recover`].
    pub fn compare(&self, natives: impl Iterator<Item = Native>) -> Result<Recovered, PackageError> {
        recover_eml(self.layout(), natives)
    }

    /// Removes what no session needs: files that were arriving, and half of a sealing.
    ///
    /// # Errors
    /// [`PackageError`] when the disk does not let it go.
    pub async fn sweep(&self) -> Result<(), PackageError> {
        let package = self.clone();
        off_the_reactor(move || sweep(package.layout())).await
    }

    /// Moves orphans, which have been logged, to [`Orphan::aside`]. May be repeated.
    pub async fn set_aside(&self, orphans: Vec<Orphan>) -> Result<(), PackageError> {
        let package = self.clone();
        off_the_reactor(move || set_aside(package.layout(), &orphans)).await
    }
}

/// Removes what no session needs: arriving files, half-made volumes, and the files of a sealing that was not
/// finished. Without the last file of a sealing the others must not stay: they would look like a whole bag.
fn sweep(layout: &Layout) -> Result<(), PackageError> {
    let incoming = layout.at(INCOMING);
    if incoming.is_dir() {
        fs::remove_dir_all(&incoming).at("clear", &incoming)?;
    }
    fs::create_dir_all(&incoming).at("make", &incoming)?;
    for name in [BAGIT, BAG_INFO, PAYLOAD_MANIFEST, PAYLOAD_MANIFEST_MD5, HASHDEEP] {
        remove(&layout.at(name))?;
    }
    Ok(())
}

fn remove(path: &Utf8Path) -> Result<(), PackageError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.at("remove", path),
    }
}

fn recover_eml(layout: &Layout, natives: impl Iterator<Item = Native>) -> Result<Recovered, PackageError> {
    let mut recovered = Recovered::default();
    for pair in Join::new(Walk::ahead(layout, DATA), ours(natives, |place| !place.is_zipped())) {
        match pair? {
            Pair::Left(found) => recovered.orphans.push(orphan(layout, found.path)?),
            Pair::Right(native) => recovered.damage.push(damage(native, None)),
            Pair::Both(found, native) if found.bytes != native.bytes => {
                recovered.damage.push(damage(native, Some(found.bytes)));
            }
            Pair::Both(..) => {}
        }
    }
    Ok(recovered)
}

fn recover_zip(
    layout: &Layout,
    natives: impl Iterator<Item = Native>,
    volumes: &[VolumeFacts],
    accounts: &mut Volumes,
) -> Result<Recovered, PackageError> {
    let mut packed = BTreeMap::new();
    for facts in volumes {
        let number = facts.number().ok_or_else(|| PackageError::NotOurs { path: facts.name.clone() })?;
        // Killed between the volume's row and the removal of its batches: finish that.
        unstage(layout, number)?;
        packed.insert(number, facts);
    }
    let mut recovered = Recovered::default();
    let rows = ours(natives, Place::is_zipped).filter(|row| {
        // An error is passed on; it ends the comparison.
        let Ok(native) = row else { return true };
        let Some(place) = Place::read(&native.path) else { return true };
        accounts.remember(place, native.bytes);
        !packed.contains_key(&place.volume())
    });
    compare_batches(layout, rows, &mut recovered)?;
    accounts.remembered(&packed.keys().copied().collect::<Vec<_>>());
    compare_volumes(layout, &packed, &mut recovered)?;
    Ok(recovered)
}

/// Rows in path order; one whose path is no place of the kind that is wanted is refused.
fn ours(
    natives: impl Iterator<Item = Native>,
    wanted: impl Fn(Place) -> bool,
) -> impl Iterator<Item = Result<Native, PackageError>> {
    in_path_order(natives).map(move |native| match native {
        Ok(native) if !Place::read(&native.path).is_some_and(&wanted) => {
            Err(PackageError::NotOurs { path: native.path })
        }
        native => native,
    })
}

fn damage(native: Native, found: Option<u64>) -> Damage {
    Damage { path: native.path, recorded: native.bytes, found }
}

/// Joins what the batches hold with the rows of natives that are not packed. A group of natives has one transaction, so
/// a batch without any row was left by a kill before it; one with rows for some of its natives nobody leaves.
fn compare_batches(
    layout: &Layout,
    rows: impl Iterator<Item = Result<Native, PackageError>>,
    recovered: &mut Recovered,
) -> Result<(), PackageError> {
    let Stock { batches, natives } = Stock::below(layout, STAGING)?;
    let mut recorded = vec![false; batches.len()];
    let mut without_row = Vec::new();
    for pair in Join::new(natives.into_iter().map(Ok), rows) {
        match pair? {
            Pair::Left(waiting) => without_row.push(waiting),
            Pair::Right(native) => recovered.damage.push(damage(native, None)),
            Pair::Both(waiting, native) => {
                if let Some(recorded) = recorded.get_mut(waiting.batch) {
                    *recorded = true;
                }
                if waiting.bytes != native.bytes {
                    recovered.damage.push(damage(native, Some(waiting.bytes)));
                }
            }
        }
    }
    let is_recorded = |batch: usize| recorded.get(batch).copied().unwrap_or(false);
    if let Some(waiting) = without_row.into_iter().find(|waiting| is_recorded(waiting.batch)) {
        return Err(PackageError::Unrecorded { path: waiting.path });
    }
    for (batch, path) in batches.into_iter().enumerate() {
        if !is_recorded(batch) {
            recovered.orphans.push(orphan(layout, path)?);
        }
    }
    Ok(())
}

/// Checks recorded volumes, and removes a finished one that has no row.
fn compare_volumes(
    layout: &Layout,
    packed: &BTreeMap<u32, &VolumeFacts>,
    recovered: &mut Recovered,
) -> Result<(), PackageError> {
    for facts in packed.values() {
        let path = format!("{DATA}/{}", facts.name);
        let found = fs::metadata(layout.at(&path)).ok().map(|facts| facts.len());
        if found != Some(facts.bytes) {
            recovered.damage.push(Damage { path, recorded: facts.bytes, found });
        }
    }
    // All of its natives must wait in batches before a finished volume may go.
    let all_waiting = recovered.damage.is_empty();
    for found in Walk::new(layout, DATA) {
        let path = found?.path;
        let volume = path.strip_prefix("data/").and_then(volume_number);
        match volume {
            Some(number) if packed.contains_key(&number) => {}
            Some(number) if all_waiting && layout.at(&staged_volume(number)).is_dir() => {
                remove(&layout.at(&path))?;
                recovered.unrecorded_volumes += 1;
            }
            _ => recovered.orphans.push(orphan(layout, path)?),
        }
    }
    Ok(())
}

fn orphan(layout: &Layout, path: String) -> Result<Orphan, PackageError> {
    let (sha256, bytes) = digest(&layout.at(&path)).at("read", layout.at(&path))?;
    Ok(Orphan { path, bytes, sha256 })
}

/// The number in a volume's file name, if it is exactly one that Affiant writes.
pub(super) fn volume_number(name: &str) -> Option<u32> {
    let number = name.strip_prefix("VOL")?.strip_suffix(".zip")?.parse().ok().filter(|number| *number > 0)?;
    (volume_name(number) == name).then_some(number)
}

fn set_aside(layout: &Layout, orphans: &[Orphan]) -> Result<(), PackageError> {
    let aside = layout.at(ORPHANS);
    for orphan in orphans {
        let from = layout.at(&orphan.path);
        // Already moved by an earlier attempt: nothing is lost by repeating.
        if !from.is_file() {
            continue;
        }
        fs::create_dir_all(&aside).at("make", &aside)?;
        fs::rename(&from, layout.at(&orphan.aside())).at("move aside", &from)?;
        from.parent().map_or(Ok(()), sync_directory).at("sync the folder of", &from)?;
    }
    for folder in [aside.as_path(), &layout.at(OWN)] {
        if folder.is_dir() {
            sync_directory(folder).at("sync", folder)?;
        }
    }
    Ok(())
}
