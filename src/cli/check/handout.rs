//! `--handout`: files for the administrator, never over somebody else's unless told to.

use std::fs;
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::super::failure::Failure;
use crate::delegation::CheckRow;
use crate::delegation::handout::{Asker, grant_script, page, revoke_script, table};

/// How one of the files is made.
type Make = fn(&[CheckRow], &Asker) -> String;

/// What is to be written where.
pub(super) struct HandOut {
    files: Vec<(Utf8PathBuf, Make)>,
    force: bool,
}

impl HandOut {
    /// A folder of four files, or one file by its ending. Says at once when something would be overwritten.
    pub(super) fn at(path: &Utf8Path, force: bool) -> Result<Self, Failure> {
        let files: Vec<(Utf8PathBuf, Make)> = match path.extension().map(str::to_lowercase).as_deref() {
            Some("html" | "htm") => vec![(path.to_owned(), page)],
            Some("csv") => vec![(path.to_owned(), table)],
            _ => vec![
                (path.join("access.html"), page),
                (path.join("access.csv"), table),
                (path.join("grant-access.ps1"), grant_script),
                (path.join("revoke-access.ps1"), revoke_script),
            ],
        };
        let taken = files.iter().map(|(file, _)| file).find(|file| file.symlink_metadata().is_ok());
        match taken {
            Some(file) if !force => Err(taken_already(file)),
            _ => Ok(Self { files, force }),
        }
    }

    /// Writes the files; returns their paths.
    pub(super) fn write(&self, rows: &[CheckRow], asker: &Asker) -> Result<Vec<&Utf8Path>, Failure> {
        for (path, make) in &self.files {
            write(path, make(rows, asker).as_bytes(), self.force).map_err(|error| match error.kind() {
                io::ErrorKind::AlreadyExists => taken_already(path),
                kind => Failure::failed(
                    format!("the hand-out cannot be written: {path}: {kind}"),
                    "give another folder with --handout",
                ),
            })?;
        }
        Ok(self.files.iter().map(|(path, _)| path.as_path()).collect())
    }
}

fn taken_already(file: &Utf8Path) -> Failure {
    Failure::usage(format!("{file} is there already"), "give another folder, or overwrite it with --force")
}

/// Whole or not at all.
fn write(path: &Utf8Path, bytes: &[u8], force: bool) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_str().is_empty()).unwrap_or(Utf8Path::new("."));
    fs::create_dir_all(folder)?;
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    file.write_all(bytes)?;
    file.as_file().sync_all()?;
    if force { file.persist(path) } else { file.persist_noclobber(path) }?;
    Ok(())
}
