//! A list of people in a file: the first column, one a line, `#` for comments.

use camino::Utf8Path;

use super::failure::Failure;

/// Most of a list that is read, in bytes.
const LARGEST: u64 = 16 << 20;

/// The names of a list, as they are written there; at least one.
pub(super) fn listed(path: &Utf8Path) -> Result<Vec<String>, Failure> {
    use std::io::Read as _;
    let mut text = String::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST + 1).read_to_string(&mut text));
    read.map_err(|error| {
        Failure::usage(format!("the list cannot be read: {}", error.kind()), "give a text file with one address a line")
            .about(path)
    })?;
    if text.len() as u64 > LARGEST {
        // Half a list is worse than none.
        return Err(Failure::usage("the list is larger than 16 MiB", "see that it is the list of people").about(path));
    }
    let name = |line: &str| {
        let first = line.trim_start_matches('\u{feff}').split([',', ';', '\t']).next().unwrap_or_default();
        first.trim().trim_matches('"').to_owned()
    };
    let names: Vec<String> = text.lines().map(name).filter(|name| !name.is_empty() && !name.starts_with('#')).collect();
    if names.is_empty() {
        return Err(
            Failure::usage("the list names nobody", "give one address a line, or leave the option out").about(path)
        );
    }
    Ok(names)
}
