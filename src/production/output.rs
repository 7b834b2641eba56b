//! The folder of a production while it is made: every file is hashed as it is written, and the folder gets its name
//! when all of them are there.
//!
//! What a broken-off run left is known by its marker and replaced; nothing else is. It must not know what is written.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::error::ProductionError;
use crate::terms::{Hasher, Sha256};

/// The list of all files, in the form that `sha256sum -c` reads.
pub(super) const LIST: &str = "sha256sums.txt";
/// Stands in a folder that is not finished.
const MARKER: &str = "not-finished";

/// The folder.
pub(super) struct Output {
    /// What it will be.
    out: Utf8PathBuf,
    /// What it is while it is made.
    part: Utf8PathBuf,
    list: Sheet,
    /// The marker, locked as long as this run writes.
    held: File,
    /// The folder that was made last.
    made: String,
    files: u64,
}

/// A file that is written piece by piece.
pub(super) struct Sheet {
    name: String,
    path: Utf8PathBuf,
    file: BufWriter<File>,
    hasher: Hasher,
}

impl Write for Sheet {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.hasher.update(bytes.get(..written).unwrap_or_default());
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

impl Sheet {
    fn create(part: &Utf8Path, name: &str) -> Result<Self, ProductionError> {
        let path = part.join(name);
        let file = File::create_new(&path).map_err(|source| ProductionError::write(&path, source))?;
        Ok(Self { name: name.to_owned(), path, file: BufWriter::new(file), hasher: Hasher::new() })
    }

    /// Its name from the folder.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// An error of writing to it.
    pub(super) fn wrong(&self, source: io::Error) -> ProductionError {
        ProductionError::write(&self.path, source)
    }
}

impl Output {
    /// Makes the folder, outside of the package.
    pub(super) fn begin(package: &Utf8Path, out: &Utf8Path) -> Result<Self, ProductionError> {
        let wrong = |source| ProductionError::write(out, source);
        let absolute = std::path::absolute(out).map_err(wrong)?;
        let out = Utf8PathBuf::from_path_buf(absolute).map_err(|_| wrong(io::ErrorKind::InvalidFilename.into()))?;
        let there = out.ancestors().find_map(|above| above.canonicalize_utf8().ok());
        let root = package.canonicalize_utf8().ok();
        if there.zip(root).is_some_and(|(there, root)| there.starts_with(root)) {
            return Err(ProductionError::Inside { folder: out });
        }
        if out.symlink_metadata().is_ok() {
            return Err(ProductionError::Taken { folder: out });
        }
        let name = out.file_name().ok_or_else(|| ProductionError::Taken { folder: out.clone() })?;
        let part = out.with_file_name(format!("{name}.part"));
        if part.symlink_metadata().is_ok() {
            let Ok(held) = File::options().read(true).write(true).open(part.join(MARKER)) else {
                return Err(ProductionError::Taken { folder: part });
            };
            if held.try_lock().is_err() {
                return Err(ProductionError::Busy { folder: part });
            }
            drop(held);
            fs::remove_dir_all(&part).map_err(|source| ProductionError::write(&part, source))?;
        }
        fs::create_dir_all(&part).map_err(|source| ProductionError::write(&part, source))?;
        let marker = part.join(MARKER);
        let held = File::create_new(&marker).map_err(|source| ProductionError::write(&marker, source))?;
        held.try_lock().map_err(|_| ProductionError::Busy { folder: part.clone() })?;
        let list = Sheet::create(&part, LIST)?;
        Ok(Self { out, part, list, held, made: String::new(), files: 0 })
    }

    /// Begins a file.
    pub(super) fn sheet(&mut self, name: &str) -> Result<Sheet, ProductionError> {
        let folder = name.rsplit_once('/').map_or("", |(folder, _)| folder);
        if folder != self.made {
            let path = self.part.join(folder);
            fs::create_dir_all(&path).map_err(|source| ProductionError::write(&path, source))?;
            folder.clone_into(&mut self.made);
        }
        Sheet::create(&self.part, name)
    }

    /// Ends a file and lists it.
    pub(super) fn close(&mut self, sheet: Sheet) -> Result<Sha256, ProductionError> {
        let Sheet { name, path, mut file, hasher } = sheet;
        file.flush().map_err(|source| ProductionError::write(&path, source))?;
        let (sha256, _) = hasher.finish();
        let list = &mut self.list;
        writeln!(list, "{sha256}  {name}").map_err(|source| ProductionError::write(&list.path, source))?;
        self.files += 1;
        Ok(sha256)
    }

    /// Writes a whole file.
    pub(super) fn put(&mut self, name: &str, bytes: &[u8]) -> Result<Sha256, ProductionError> {
        let mut sheet = self.sheet(name)?;
        sheet.write_all(bytes).map_err(|source| sheet.wrong(source))?;
        self.close(sheet)
    }

    /// Ends the list: its digest and the number of files in it.
    pub(super) fn end_list(&mut self) -> Result<(Sha256, u64), ProductionError> {
        let list = &mut self.list;
        list.file.flush().map_err(|source| ProductionError::write(&list.path, source))?;
        let hasher = std::mem::take(&mut list.hasher);
        Ok((hasher.finish().0, self.files))
    }

    /// Writes the last file, which no list names, and gives the folder its name.
    pub(super) fn finish(self, name: &str, bytes: &[u8]) -> Result<Utf8PathBuf, ProductionError> {
        let Self { out, part, list, held, .. } = self;
        // Some systems rename no folder that holds an open file.
        drop((list, held));
        let last = part.join(name);
        fs::write(&last, bytes).map_err(|source| ProductionError::write(&last, source))?;
        let marker = part.join(MARKER);
        fs::remove_file(&marker).map_err(|source| ProductionError::write(&marker, source))?;
        if out.symlink_metadata().is_ok() {
            return Err(ProductionError::Taken { folder: out });
        }
        fs::rename(&part, &out).map_err(|source| ProductionError::write(&out, source))?;
        Ok(out)
    }
}

/// Numbers the files of one kind into folders of a thousand.
pub(super) struct Shelf {
    root: String,
    files: u64,
}

impl Shelf {
    /// Files per folder; keeps folders fast on every file system.
    const PER_FOLDER: u64 = 1_000;

    /// A shelf such as `TEXT/VOL001`.
    pub(super) fn new(kind: &str, volume: &str) -> Self {
        Self { root: format!("{kind}/{volume}"), files: 0 }
    }

    /// The place of the next file.
    pub(super) fn place(&mut self, file: &str) -> String {
        let folder = self.files / Self::PER_FOLDER + 1;
        self.files += 1;
        format!("{}/{folder:04}/{file}", self.root)
    }

    /// How many files it has.
    pub(super) const fn files(&self) -> u64 {
        self.files
    }
}
