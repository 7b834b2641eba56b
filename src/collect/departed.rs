//! What a second listing no longer shows: named one by one, so that the counts before and after can be compared.
//!
//! A message that was collected and has left its folder since is no loss, and a note says so. It must not ask the service.

use std::collections::BTreeMap;

use crate::custody::ExceptionRow;
use crate::terms::{ExceptionCode, Severity};

use super::error::CollectError;
use super::register::Spot;
use super::{Run, record};

/// Items looked at in one step.
const STEP: u32 = 500;

/// Listed items that were shown again, as bits: a million of them take less than half a megabyte.
#[derive(Debug, Default)]
pub(super) struct Shown(BTreeMap<u64, u64>);

impl Shown {
    /// Takes note of one.
    pub(super) fn mark(&mut self, listed_id: u64) {
        *self.0.entry(listed_id / 64).or_default() |= 1 << (listed_id % 64);
    }

    fn has(&self, listed_id: u64) -> bool {
        self.0.get(&(listed_id / 64)).is_some_and(|bits| bits & (1 << (listed_id % 64)) != 0)
    }
}

/// Names what the first listing of a folder showed and the second, which came to its end, did not.
///
/// # Errors
/// The record's.
pub(super) async fn name(run: &Run, spot: &Spot, shown: &Shown) -> Result<(), CollectError> {
    let (mailbox_id, folder_id) = (spot.mailbox_id, spot.folder_id);
    let mut after = 0;
    loop {
        let rows = run.acquisition.pen.read(move |l| l.first_listed(folder_id, after, STEP)).await?;
        let Some((last, _)) = rows.last() else { return Ok(()) };
        after = *last;
        let departed: Vec<_> = rows.into_iter().filter(|(listed_id, _)| !shown.has(*listed_id)).collect();
        if departed.is_empty() {
            continue;
        }
        let write = move |w: &mut crate::custody::Writer<'_>| {
            for (listed_id, graph_id) in departed {
                let row = ExceptionRow {
                    mailbox_id: Some(mailbox_id),
                    folder_id: Some(folder_id),
                    listed_id: Some(listed_id),
                    graph_id: Some(graph_id),
                    detail: "no longer in its folder when that was listed a second time".to_owned(),
                    ..ExceptionRow::new(ExceptionCode::Gone, Severity::Info)
                };
                record::except(w, &row, None)?;
            }
            Ok(())
        };
        run.acquisition.pen.write(write).await?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_marked_is_known_and_nothing_else() {
        let mut shown = Shown::default();
        for id in [1, 63, 64, 1_000_000] {
            shown.mark(id);
        }
        assert!([1, 63, 64, 1_000_000].into_iter().all(|id| shown.has(id)));
        assert!([0, 2, 62, 65, 999_999, u64::MAX].into_iter().all(|id| !shown.has(id)));
    }
}
