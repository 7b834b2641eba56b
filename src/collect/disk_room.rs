//! How much room a plan needs on the disk, and whether it is there.
//!
//! The service tells sizes in its store, not of what it renders, so this is an estimate and only ever a warning: a
//! disk that fills up ends the run, and nothing is lost. It must not write.

use super::error::CollectError;
use super::plan::Plan;
use super::{Run, WAITING_LOG};
use crate::package::Format;

/// What the manifest holds about a message, its requests and its family, in bytes: measured, rounded up.
const RECORD: u64 = 12 * 1024;

/// Room that is needed and room that is there, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DiskRoom {
    /// For everything that is still to be collected, about.
    pub needed: u64,
    /// For this user on the package's disk.
    pub free: u64,
}

impl DiskRoom {
    /// Whether it will probably not do.
    pub const fn is_short(&self) -> bool {
        self.free < self.needed
    }
}

/// Looks at the disk; `None` where it does not say how much room there is.
///
/// # Errors
/// [`CollectError::Custody`].
pub async fn disk_room(run: &Run, plan: &Plan) -> Result<Option<DiskRoom>, CollectError> {
    let Some(free) = run.acquisition.package.free_bytes() else { return Ok(None) };
    let collected = run.acquisition.pen.read(|l| l.collected_in_all()).await?;
    let remaining = plan.listed().saturating_sub(collected);
    let needed = needed(plan.store_bytes(), plan.listed(), remaining, run.acquisition.job.format);
    Ok(Some(DiskRoom { needed, free }))
}

fn needed(store_bytes: u64, listed: u64, remaining: u64, format: Format) -> u64 {
    // Attachments grow by more than a third when they are written as text.
    let share = u128::from(store_bytes) * u128::from(remaining) / u128::from(listed.max(1));
    let natives = share.saturating_mul(14) / 10;
    let natives = u64::try_from(natives).unwrap_or(u64::MAX);
    let waiting = match format {
        Format::Eml => 0,
        // The batches of a volume stay until it is packed.
        Format::Zip { volume_bytes, .. } => natives.min(volume_bytes),
    };
    let record = RECORD.saturating_mul(remaining).saturating_add(WAITING_LOG);
    natives.saturating_add(waiting).saturating_add(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::package::Compression;

    #[test]
    fn natives_grow_volumes_wait_and_what_is_there_needs_no_more() {
        let compression = Compression::Deflate;
        let (mb, zip) = (1_000_000, Format::Zip { volume_bytes: 3_000_000, volume_members: 60_000, compression });
        assert_eq!(needed(10 * mb, 100, 100, Format::Eml), 14 * mb + 100 * RECORD + WAITING_LOG);
        assert_eq!(needed(10 * mb, 100, 50, Format::Eml), 7 * mb + 50 * RECORD + WAITING_LOG);
        assert_eq!(needed(10 * mb, 100, 100, zip), 17 * mb + 100 * RECORD + WAITING_LOG);
        assert_eq!(needed(0, 0, 0, zip), WAITING_LOG);
        assert_eq!(needed(u64::MAX, 1, u64::MAX, zip), u64::MAX);
        assert!(DiskRoom { needed: 2, free: 1 }.is_short() && !DiskRoom { needed: 1, free: 1 }.is_short());
    }
}
