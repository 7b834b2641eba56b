//! `--evidence`: the administrator's exports, read before anything is asked.

use std::fs::File;

use camino::Utf8PathBuf;

use super::super::desk::Desk;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::show::plain;
use crate::delegation::{Export, PermissionFile, PermissionsError, read_permissions};
use crate::terms::UtcInstant;

/// How many rows that cannot be used are named one by one.
const NAMED: usize = 20;
/// Longest name of an exporter, in characters.
const NAME: usize = 200;

/// Reads the exports, and says which rows are of no use.
pub(super) async fn read(paths: Vec<Utf8PathBuf>, desk: &Desk) -> Result<Vec<PermissionFile>, Failure> {
    let mut files = Vec::with_capacity(paths.len());
    for path in paths {
        let at = path.clone();
        let reading = tokio::task::spawn_blocking(move || {
            File::open(&at).map_err(PermissionsError::Read).and_then(read_permissions)
        });
        let read = reading.await.map_err(|_| Failure::failed("a file could not be read", "run it again"))?;
        let file = read.map_err(|error| Failure::new(Exit::Usage, &error).about(&path))?;
        for trouble in file.troubles.iter().take(NAMED) {
            desk.note(&format!("{path}, row at {}: not used: {}", trouble.at, trouble.why));
        }
        if let Some(more) = file.troubles.len().checked_sub(NAMED).filter(|more| *more > 0) {
            desk.note(&format!("{path}: {more} more rows were not used"));
        }
        files.push(file);
    }
    Ok(files)
}

/// Who exported and when, as typed.
pub(super) fn export(by: Option<&str>, at: Option<&str>, now: UtcInstant) -> Result<Export, Failure> {
    let by = by.map(str::trim).filter(|by| !by.is_empty());
    if by.is_some_and(|by| by.chars().count() > NAME || by != plain(by)) {
        return Err(Failure::usage(
            "--exported-by is too long or has control characters",
            "give a name of at most 200 characters",
        ));
    }
    let at = at.map(UtcInstant::parse).transpose().map_err(|error| {
        Failure::usage(format!("--exported-at is {error}"), "give the time with its zone: 2024-06-04T09:00:00Z")
    })?;
    if at.is_some_and(|at| at > now) {
        return Err(Failure::usage("--exported-at lies in the future", "give the time at which the command was run"));
    }
    Ok(Export { by: by.map(str::to_owned), at })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_and_when_are_taken_as_said_and_nonsense_is_refused() {
        let now = UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid");
        let said = export(Some(" Adam Stern "), Some("2024-06-04T10:00:00+02:00"), now).expect("valid");
        assert_eq!(
            (said.by.as_deref(), said.at.map(|at| at.to_string())),
            (Some("Adam Stern"), Some("2024-06-04T08:00:00.000Z".into()))
        );
        assert_eq!(export(Some("  "), None, now).expect("valid"), Export::default());
        for (by, at) in [(Some("a\nb"), None), (None, Some("yesterday")), (None, Some("2024-06-04T09:00:01Z"))] {
            assert!(export(by, at, now).is_err(), "{by:?} {at:?}");
        }
    }
}
