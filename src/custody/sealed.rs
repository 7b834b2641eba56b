//! The manifest of a sealed package, opened for reading only: nothing is written beside it, nothing in it is obeyed.
//!
//! Before anything is taken from it the log is read from its first line, as on resuming. Must not know packages.

use camino::Utf8Path;
use rusqlite::{Connection, OpenFlags};
use url::Url;

use super::tree::Tree;
use super::{CustodyError, Known, Ledger, Meta, earlier, manifest, replay};

/// A manifest that nobody changes any more.
pub struct SealedManifest {
    db: Connection,
    meta: Meta,
    tree: Tree,
}

impl std::fmt::Debug for SealedManifest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "SealedManifest({})", self.meta.acquisition_id)
    }
}

impl SealedManifest {
    /// Opens the file and checks its log. Blocks: call it off the reactor.
    ///
    /// # Errors
    /// [`CustodyError`]: missing, not a manifest, newer, corrupt, log broken, each its own.
    pub fn open(file: &Utf8Path) -> Result<Self, CustodyError> {
        if !file.is_file() {
            return Err(CustodyError::Missing { file: file.to_owned() });
        }
        let db = connect(file).map_err(|error| CustodyError::on_opening(file, error))?;
        manifest::check_identity(&db, file)?;
        let meta = Meta::load(&db)?;
        let (tree, _) = replay::tree(&db, &meta)?;
        Ok(Self { db, meta, tree })
    }

    /// The record.
    pub fn ledger(&self) -> Ledger<'_> {
        Ledger { db: &self.db, tree: &self.tree, meta: &self.meta }
    }

    /// The tree over all lines.
    pub(super) const fn tree(&self) -> &Tree {
        &self.tree
    }

    /// Goes through every message the package knows: what it lists, and with `is_supplement` also what it did not fetch
    /// again because a package before it holds it.
    ///
    /// # Errors
    /// Also whatever `each` returns; the walk ends there.
    pub fn each_known(
        &self,
        is_supplement: bool,
        mut each: impl FnMut(&Known) -> Result<(), CustodyError>,
    ) -> Result<(), CustodyError> {
        earlier::each_known(&self.db, self.meta.acquisition_id, is_supplement, &mut each)
    }
}

/// `immutable=1` takes the file as it is: no lock, no `-wal`, no `-shm`.
fn connect(file: &Utf8Path) -> Result<Connection, rusqlite::Error> {
    let wrong = || rusqlite::Error::InvalidPath(file.into());
    let absolute = camino::absolute_utf8(file).map_err(|_| wrong())?;
    let mut address = Url::from_file_path(absolute).map_err(|()| wrong())?;
    address.set_query(Some("immutable=1"));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_URI | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let db = Connection::open_with_flags(address.as_str(), flags)?;
    db.execute_batch("PRAGMA trusted_schema = OFF; PRAGMA query_only = ON; PRAGMA cell_size_check = ON;")?;
    Ok(db)
}
