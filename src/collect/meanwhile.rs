//! What is looked at while the log of a resumed acquisition is being checked: whether every row has its file.
//!
//! Nothing is changed, and nothing of it counts before the log has passed: rows and scope are read unchecked. What
//! cannot be told now is told by the ordinary way later. It must not touch volumes.

use crate::custody::Beside;
use crate::package::{Format, Package, Recovered};

use super::job::Job;
use super::natives::Natives;

/// Compares rows and files of a package of loose files; `None` for another one, or where anything stood in the way.
pub(super) async fn compare(package: Package) -> Option<Recovered> {
    tokio::task::spawn_blocking(move || {
        let beside = Beside::open(&package.manifest_file()).ok()?;
        let job = beside.opening().ok().and_then(|opening| Job::from_scope(opening.get("scope")?))?;
        if job.format != Format::Eml {
            return None;
        }
        let (natives, read) = Natives::by(beside);
        let seen = package.compare(natives).ok()?;
        read.to_the_end().ok().map(|()| seen)
    })
    .await
    .ok()?
}
