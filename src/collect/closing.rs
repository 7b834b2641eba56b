//! Closing a mailbox: list it a second time, look again at what has changed, and balance every folder.
//!
//! It must not fetch new items itself; what the second listing finds is fetched by the same loop as the rest.

use futures_util::{StreamExt as _, TryStreamExt as _, stream};

use crate::custody::{CustodyError, EventKind, ExceptionRow, Line, ReconciliationRow, Writer};
use crate::graph::IN_FLIGHT;
use crate::identity;
use crate::terms::{ControlNumber, ExceptionCode, Severity};

use super::error::CollectError;
use super::plan::{Plan, PlannedFolder, PlannedMailbox};
use super::register::{self, Passed, Spot};
use super::search::Search;
use super::standing::Standing;
use super::{Run, fetch, record};

/// Lists every folder in scope a second time; what has changed since the first is read again. A retry lists once more
/// what could not be listed whole.
pub(super) async fn relist(
    run: &Run,
    search: &Search,
    custodian: usize,
    mailbox: &PlannedMailbox,
) -> Result<(), CollectError> {
    let mailbox_id = mailbox.mailbox_id;
    let ended = run.acquisition.pen.read(move |l| l.passes(mailbox_id)).await?;
    let unlisted = run.acquisition.pen.read(move |l| l.unlisted(mailbox_id)).await?;
    let again = |id| run.wishes.retry_exceptions && unlisted.iter().any(|(_, folder)| *folder == id);
    let standing = Standing::of(&run.graph, mailbox);
    let open = mailbox.included().filter(|folder| {
        let passes = ended.get(&folder.row.folder_id);
        !passes.is_some_and(|passes| passes.contains(&2)) || again(folder.row.folder_id)
    });
    let looks = stream::iter(open).map(|folder| look_again(run, custodian, mailbox, folder, (&standing, search)));
    looks.buffer_unordered(IN_FLIGHT).try_collect().await
}

/// One folder's second listing.
async fn look_again(
    run: &Run,
    custodian: usize,
    mailbox: &PlannedMailbox,
    folder: &PlannedFolder,
    (standing, search): (&Standing, &Search),
) -> Result<(), CollectError> {
    run.halt_if_asked()?;
    let (mailbox_id, folder_id) = (mailbox.mailbox_id, folder.row.folder_id);
    let spot = Spot { custodian, mailbox_id, owner: mailbox.owner.clone(), folder_id };
    let known = search.known().await?;
    for listed_id in register::list(run, &spot, &folder.row, 2, standing, known).await? {
        reverify(run, standing, listed_id).await?;
    }
    Ok(())
}

/// Reads an item again that has changed since it was listed; the first copy stays, the outcome is recorded.
async fn reverify(run: &Run, standing: &Standing, listed_id: u64) -> Result<(), CollectError> {
    let Some((file, content_id)) = run.acquisition.pen.read(move |l| l.collected(listed_id)).await? else {
        return Ok(());
    };
    let Some(number) = ControlNumber::new(listed_id) else { return Ok(()) };
    let graph_id = run.acquisition.pen.read(move |l| l.graph_id(listed_id)).await?;
    let mut trail = Vec::new();
    let (outcome, sha256) = match graph_id {
        Some(id) => {
            match fetch::native(&run.graph, &run.acquisition.package, standing.owner(), id.as_str(), &mut trail).await {
                Ok((landed, examined)) => {
                    (outcome(&file.sha256, &content_id, &landed.sha256, &examined), Some(landed.sha256))
                }
                Err(fault) if fault.is_total() => return Err(fault.into()),
                Err(_) => {
                    standing.confirm(&mut trail).await?;
                    ("gone", None)
                }
            }
        }
        None => ("gone", None),
    };
    run.acquisition
        .pen
        .write(move |w| {
            let line = Line::new(EventKind::ItemReverified)
                .text("control_number", number.to_string())
                .opt_text("sha256", sha256.map(|sha256| sha256.to_string()))
                .text("outcome", outcome);
            let seq = w.append(line)?;
            record::requests(w, &trail, seq)?;
            if outcome == "content_differs" {
                let row = ExceptionRow::new(ExceptionCode::HashChanged, Severity::Info);
                let detail = "edited in the mailbox during the run; the first copy is in the package".to_owned();
                let about = ExceptionRow { item_id: Some(listed_id), listed_id: Some(listed_id), detail, ..row };
                record::except(w, &about, None)?;
            }
            Ok(())
        })
        .await?;
    Ok(())
}

/// What a second reading shows: Exchange renders anew each time, so other bytes need not be other content.
fn outcome(
    first: &crate::terms::Sha256,
    content_id: &crate::terms::Sha256,
    second: &crate::terms::Sha256,
    examined: &identity::Examined,
) -> &'static str {
    if first == second {
        "identical"
    } else if *content_id == examined.content_id {
        "rendering_differs"
    } else {
        "content_differs"
    }
}

/// Whether something is missing that a later session may bring: an item, part of a folder, a whole mailbox.
pub(super) async fn may_be_mended(run: &Run, plan: &Plan) -> Result<bool, CollectError> {
    if plan.parts.iter().any(|part| part.mailbox.is_none()) {
        return Ok(true);
    }
    let mailboxes: Vec<u64> = plan.mailboxes().map(|(_, mailbox)| mailbox.mailbox_id).collect();
    let mended = run.acquisition.pen.read(move |l| {
        let mut missing = l.totals()?.excepted > 0;
        for mailbox_id in mailboxes {
            missing |= !l.unlisted(mailbox_id)?.is_empty();
        }
        Ok(missing)
    });
    Ok(mended.await?)
}

/// Records the balance of every folder in scope, all in one step.
pub(super) async fn balance(run: &Run, mailbox: &PlannedMailbox) -> Result<(), CollectError> {
    let (mailbox_id, is_supplement) = (mailbox.mailbox_id, run.acquisition.job.since.is_some());
    let folders: Vec<_> =
        mailbox.included().map(|folder| (folder.row.folder_id, folder.row.total_item_count)).collect();
    let balanced = move |w: &mut Writer<'_>| {
        folders
            .iter()
            .try_for_each(|(folder_id, total)| balance_folder(w, (mailbox_id, *folder_id), *total, is_supplement))
    };
    Ok(run.acquisition.pen.write(balanced).await?)
}

fn balance_folder(
    w: &mut Writer<'_>,
    (mailbox_id, folder_id): (u64, u64),
    total: Option<u64>,
    is_supplement: bool,
) -> Result<(), CustodyError> {
    let counts = w.ledger().folder_counts(folder_id)?;
    let expected = w.ledger().expected(folder_id, 1)?.unwrap_or(counts.listed);
    let expected_after = w.ledger().expected(folder_id, 2)?.unwrap_or(counts.listed);
    // What the service counts in the folder and not in the range.
    let outside = total.map(|total| total.saturating_sub(expected));
    let line = Line::new(EventKind::FolderReconciled)
        .int("mailbox_id", mailbox_id)
        .int("folder_id", folder_id)
        .int("expected", expected)
        .opt_int("outside", outside)
        .int("listed", counts.listed)
        .int("collected", counts.collected)
        .int("rebuilt", counts.rebuilt)
        .int("excepted", counts.excepted)
        .int("vanished", counts.vanished)
        .int("appeared", counts.appeared)
        .int("departed", counts.departed)
        .int("expected_after", expected_after);
    let held_before = if is_supplement { Some(w.ledger().held(folder_id)?) } else { None };
    let passed = Passed { not_chosen: w.ledger().not_chosen(folder_id, 1)?, held_before };
    let seq = w.append(passed.told(line))?;
    let row = ReconciliationRow {
        mailbox_id,
        folder_id,
        expected,
        outside,
        not_chosen: passed.not_chosen,
        held_before,
        counts,
        expected_after,
    };
    w.reconciliation(&row, seq)
}
