//! The disk that a collection goes to: room, rights, and what its file system can hold.

use std::fs;
use std::io::{self, Write as _};

use camino::{Utf8Path, Utf8PathBuf};

use super::findings::{Check, Findings};
use crate::cli::show::bytes;

/// Less room than this is worth a warning, in bytes.
const LITTLE: u64 = 5_000_000_000;
/// A ZIP volume can be larger than this, which FAT32 cannot hold.
const FAT_LIMIT: u64 = 4 * 1024 * 1024 * 1024;
/// Length of a path that a package may need below its folder.
const LONG_PATH: usize = 300;

/// Looks at the nearest folder that exists, and writes there what it removes again.
pub(super) fn look(out: &Utf8Path, found: &mut Findings) {
    let Some(folder) = nearest(out) else {
        return found.problem(Check::Disk, format!("{out} leads nowhere"), "choose another folder with --out");
    };
    match fs4::available_space(&folder) {
        Ok(free) if free < LITTLE => found.warning(
            Check::Disk,
            format!("only {} are free at {folder}", bytes(free)),
            "a collection needs about what `affiant collect --plan-only` says, twice that for ZIP; choose another disk with --out",
        ),
        Ok(free) => found.ok(Check::Disk, format!("{} are free at {folder}", bytes(free))),
        Err(error) => found.note(Check::Disk, format!("how much room there is cannot be seen ({})", error.kind())),
    }
    let trial = match tempfile::Builder::new().prefix(".affiant-doctor-").tempdir_in(&folder) {
        Ok(trial) => trial,
        Err(error) => {
            return found.problem(
                Check::Disk,
                format!("nothing can be written at {folder} ({})", error.kind()),
                "choose a folder that you may write to with --out",
            );
        }
    };
    let Ok(inside) = Utf8PathBuf::try_from(trial.path().to_owned()) else {
        return found.problem(Check::FileSystem, "its path is not UTF-8", "choose another folder with --out");
    };
    durable(&inside, found);
    large_files(&inside, found);
    long_paths(&inside, found);
    if letter_case_counts(&inside) == Some(false) {
        found.note(
            Check::FileSystem,
            "capital and small letters are the same here; control numbers do not depend on it",
        );
    }
}

/// The folder itself, or the closest one above it that is there.
fn nearest(out: &Utf8Path) -> Option<Utf8PathBuf> {
    let whole = Utf8PathBuf::try_from(std::path::absolute(out).ok()?).ok()?;
    whole.ancestors().find(|folder| folder.is_dir()).map(Utf8Path::to_owned)
}

fn durable(folder: &Utf8Path, found: &mut Findings) {
    let (first, second) = (folder.join("first"), folder.join("second"));
    let tried = (|| -> io::Result<()> {
        let mut file = fs::File::create(&first)?;
        file.write_all(b"affiant")?;
        file.sync_all()?;
        fs::rename(&first, &second)?;
        if fs::read(&second)? == b"affiant" { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    })();
    match tried {
        Ok(()) => found.ok(Check::FileSystem, "files can be written, made durable and renamed"),
        Err(error) => found.problem(
            Check::FileSystem,
            format!("files cannot be written, made durable and renamed here ({})", error.kind()),
            "choose a folder on a local disk with --out",
        ),
    }
}

/// Only sets a length: nothing is written where files may have holes.
fn large_files(folder: &Utf8Path, found: &mut Findings) {
    let path = folder.join("large");
    let tried = fs::File::create(&path).and_then(|file| file.set_len(FAT_LIMIT + 1));
    let _ = fs::remove_file(&path);
    match tried {
        Ok(()) => found.ok(Check::FileSystem, "files can be larger than 4 GiB"),
        Err(error) if error.kind() == io::ErrorKind::FileTooLarge => found.warning(
            Check::FileSystem,
            "files cannot be larger than 4 GiB here, as on FAT32",
            "keep --volume-size below 4 GB, or choose another disk with --out",
        ),
        Err(error) => {
            found.note(Check::FileSystem, format!("how large files can be cannot be seen ({})", error.kind()));
        }
    }
}

fn long_paths(folder: &Utf8Path, found: &mut Findings) {
    let mut deep = folder.to_owned();
    while deep.as_str().len() < folder.as_str().len() + LONG_PATH {
        deep.push("a-folder-with-a-name-of-forty-characters");
    }
    match fs::create_dir_all(&deep).and_then(|()| fs::write(deep.join("file"), b"x")) {
        Ok(()) => found.ok(Check::FileSystem, "long paths are possible"),
        Err(_) => found.warning(
            Check::FileSystem,
            "long paths are not possible here",
            "choose an --out with a short path, close to the root of its disk",
        ),
    }
}

fn letter_case_counts(folder: &Utf8Path) -> Option<bool> {
    fs::write(folder.join("case"), b"x").ok()?;
    Some(!folder.join("CASE").exists())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_examined_without_leaving_anything_and_a_folder_to_be_is_found_above() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Utf8PathBuf::try_from(folder.path().to_owned()).expect("UTF-8");
        let mut found = Findings::default();
        look(&home.join("not/there/yet"), &mut found);
        let text = found.text();
        assert!(text.contains(&format!("at {home}")) && text.contains("made durable"), "{text}");
        assert_eq!(fs::read_dir(&home).expect("still there").count(), 0);
        assert!(!home.join("not").exists());
    }
}
