//! How many files this process may have open, and what that leaves for connections.
//!
//! Where the system allows more than it gives, it is asked for. A low limit makes a run slower, not fail.

use super::failure::Failure;

/// What the program itself needs: its terminal, the manifest, locks, the sign-in, the runtime.
const OWN: u64 = 24;
/// With fewer than this nothing can be collected.
const LEAST: u64 = 32;
/// Asked for, where the system lets a process raise its own limit.
const WANTED: u64 = 1_024;

/// How many connections there may be of those wanted; the package keeps no more files open than are left.
///
/// # Errors
/// When there are too few for anything.
pub(super) fn connections(wanted: usize) -> Result<usize, Failure> {
    let Some(allowed) = allowed() else { return Ok(wanted) };
    let Some((connections, files)) = shares(allowed, wanted) else {
        return Err(Failure::failed(
            format!("this process may have only {allowed} files open"),
            format!("allow more, for instance with `ulimit -n {WANTED}`, and run it again"),
        ));
    };
    crate::package::keep_open_at_most(files);
    Ok(connections)
}

/// Connections and files of the package; each connection may have a file of its own, for a large message.
fn shares(allowed: u64, wanted: usize) -> Option<(usize, usize)> {
    if allowed < LEAST {
        return None;
    }
    let rest = allowed - OWN;
    let files = (rest / 3).max(4);
    let connections = usize::try_from(rest.saturating_sub(files) / 2).unwrap_or(usize::MAX);
    Some((connections.clamp(1, wanted.max(1)), usize::try_from(files).unwrap_or(usize::MAX)))
}

#[cfg(unix)]
fn allowed() -> Option<u64> {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let limit = getrlimit(Resource::Nofile);
    let current = limit.current?;
    let possible = limit.maximum.unwrap_or(u64::MAX).min(WANTED);
    if current < possible {
        let raised = Rlimit { current: Some(possible), maximum: limit.maximum };
        return Some(setrlimit(Resource::Nofile, raised).map_or(current, |()| possible));
    }
    Some(current)
}

#[cfg(not(unix))]
const fn allowed() -> Option<u64> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn few_files_make_few_connections_and_many_make_no_more_than_wanted() {
        assert_eq!(shares(31, 64), None);
        assert_eq!(shares(32, 64), Some((2, 4)));
        assert_eq!(shares(64, 64), Some((13, 13)));
        assert_eq!(shares(256, 64), Some((64, 77)));
        assert_eq!(shares(u64::MAX, 64).map(|(connections, _)| connections), Some(64));
        assert_eq!(shares(1_024, 3).map(|(connections, _)| connections), Some(3));
    }
}
