//! The seal: everything is read back, the log gets its last lines, and the folder becomes a bag.
//!
//! Every step can be done again: a process that dies here leaves an unsealed package, and the next session
//! seals it. Only when the tag manifest is in place is the package sealed.

use std::ops::ControlFlow;
use std::sync::Arc;

use crate::custody::{EventKind, ExceptionRow, Ledger, Line, Pen, TableRead, VolumeRow};
use crate::monitor::{Event, Monitor};
use crate::package::{Format, Package, PackageError, Reread, bag};
use crate::terms::{ExceptionCode, Severity};

use super::acquisition::Acquisition;
use super::error::CollectError;
use super::natives::{self, Natives};
use super::plan::Plan;
use super::stop::Stop;
use super::tally::{Seal, State, Tally};
use super::{Run, record, recorded};

/// Packs volumes that are full; with `all`, the last ones too.
pub(super) async fn pack(run: &Run, all: bool) -> Result<(), CollectError> {
    let (package, pen) = (&run.acquisition.package, &run.acquisition.pen);
    if matches!(run.acquisition.job.format, Format::Eml) {
        return Ok(());
    }
    if all {
        package.close_volumes();
    }
    for volume in package.take_due_volumes() {
        let members = natives::of_volume(pen, volume).await?;
        let told = telling(&run.monitor, &run.stop, members.len() as u64);
        let packed = package.pack(volume, members, told).await;
        let facts = packed.map_err(|error| CollectError::from(error).stopped_by(&run.stop))?;
        pen.write(move |w| {
            let line = Line::new(EventKind::VolumeWritten)
                .text("name", &facts.name)
                .int("bytes", facts.bytes)
                .int("members", facts.members)
                .text("sha256", facts.sha256.to_string());
            let seq = w.append(line)?;
            let (name, bytes, members, sha256) = (facts.name.clone(), facts.bytes, facts.members, facts.sha256);
            w.volume(&VolumeRow { volume_id: u64::from(volume), name, bytes, members, sha256 }, seq)
        })
        .await?;
        package.unstage(volume).await?;
    }
    Ok(())
}

/// Seals the package, everything packed, and returns what it came to.
pub(super) async fn seal(run: &Run, plan: &Plan) -> Result<Tally, CollectError> {
    // The payload is read on all cores, mostly waiting for the disk; what the record needs is made meanwhile.
    let reread = reread(&run.acquisition, &run.monitor, &run.stop);
    let (reread, tables) = tokio::join!(reread, tables(&run.acquisition, &run.stop));
    let reread = reread?;
    let (state, seal) = last_lines(run, plan, &reread, tables?).await?;
    hand_over(&run.acquisition, plan, (state, seal), reread).await
}

/// Makes the files of a package whose log already has its last line, as [`Acquisition::finish`] says.
pub(super) async fn finish(
    acquisition: &Acquisition,
    monitor: &Arc<dyn Monitor>,
    stop: &Stop,
) -> Result<Tally, CollectError> {
    let reread = reread(acquisition, monitor, stop).await?;
    let sworn = acquisition.pen.read(|l| Ok((l.last_event()?, l.last_of(EventKind::PackageBuilt)?, l.head()))).await?;
    let (Some(last), Some(built), head) = sworn else { return Err(CollectError::Internal) };
    let (last, built) = (last.json()?, built.json()?);
    // Every native is what its row says; the list of all of them must be the one that was sworn to as well.
    if built["payload_manifest_sha256"].as_str() != Some(reread.payload.sha256.to_string().as_str()) {
        return Err(CollectError::Damaged { count: 1, first: "data/".to_owned() });
    }
    let complete = last["state"].as_str() == Some(State::Complete.as_str());
    let state = if complete { State::Complete } else { State::CompleteWithExceptions };
    let plan = recorded::plan(acquisition).await?;
    let vkey = acquisition.pen.read(|l| l.vkey()).await?;
    let seal = Seal { size: head.size, root: head.root.to_string(), vkey };
    hand_over(acquisition, &plan, (state, seal), reread).await
}

/// Everything after the last line: the log and its head as files, the manifest as one file, the bag around all.
async fn hand_over(
    acquisition: &Acquisition,
    plan: &Plan,
    (state, seal): (State, Seal),
    reread: Reread,
) -> Result<Tally, CollectError> {
    let tally = Tally::so_far(acquisition, plan, state, Some(seal)).await?;
    let (package, pen) = (acquisition.package.clone(), acquisition.pen.clone());
    export(&pen, &package).await?;
    let meta = pen.read(|l| Ok(l.meta().clone())).await?;
    pen.seal().await?;
    let info = bag::BagInfo {
        software_agent: format!("{} {}", meta.tool_name, meta.tool_version),
        acquisition_id: meta.acquisition_id.to_string(),
        matter: Some(meta.matter.as_str().to_owned()).filter(|matter| !matter.is_empty()),
        bagged_at: (acquisition.notary.clock)(),
    };
    blocking(move || bag::write(&package, &info, reread.payload)).await?;
    Ok(tally)
}

/// Reads every native back from the disk and compares it with its row.
async fn reread(acquisition: &Acquisition, monitor: &Arc<dyn Monitor>, stop: &Stop) -> Result<Reread, CollectError> {
    let (package, volumes) = (acquisition.package.clone(), acquisition.volumes().await?);
    let (natives, read) = Natives::of(&acquisition.pen);
    let total = acquisition.pen.read(|l| l.collected_in_all()).await?;
    let mut told = telling(monitor, stop, total);
    let reread = blocking(move || package.reread(natives, &volumes, &mut told)).await;
    read.to_the_end()?;
    let reread = reread.map_err(|error| error.stopped_by(stop))?;
    match reread.mismatches.first() {
        Some(first) => Err(CollectError::Damaged { count: reread.mismatches.len(), first: first.path.clone() }),
        None => Ok(reread),
    }
}

/// Reads the tables of the record whose digests the last line of the log states.
async fn tables(acquisition: &Acquisition, stop: &Stop) -> Result<Vec<TableRead>, CollectError> {
    let salt = acquisition.pen.read(|l| Ok(l.meta().path_salt)).await?;
    let (pen, stop) = (acquisition.pen.clone(), stop.clone());
    let reading = tokio::task::spawn_blocking(move || pen.beside()?.tables(&salt, || !stop.is_asked()));
    Ok(reading.await.map_err(|_| CollectError::Internal)??)
}

/// Tells how far it is, and ends the work when somebody asks: it is done again by the next session.
fn telling(monitor: &Arc<dyn Monitor>, stop: &Stop, total: u64) -> impl FnMut(u64) -> ControlFlow<()> + Send + use<> {
    let (monitor, stop) = (monitor.clone(), stop.clone());
    move |done| {
        monitor.tell(&Event::Sealing { done, total });
        if stop.is_asked() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// The last lines of the log. A session that dies after them leaves the rest to [`finish`].
async fn last_lines(
    run: &Run,
    plan: &Plan,
    reread: &Reread,
    tables: Vec<TableRead>,
) -> Result<(State, Seal), CollectError> {
    let format = match run.acquisition.job.format {
        Format::Eml => "eml",
        Format::Zip { .. } => "zip",
    };
    let clocks = run.graph.clock_offset();
    let refused: Vec<(u64, String)> = plan
        .parts
        .iter()
        .filter(|part| part.mailbox.is_none())
        .map(|part| (part.index as u64 + 1, part.verdict.as_str().to_owned()))
        .collect();
    let (files, payload_bytes, sha256) = (reread.payload.files, reread.payload.bytes, reread.payload.sha256);
    let ids = run.acquisition.ids.clone();
    let sealed = run.acquisition.pen.write(move |w| {
        record::clocks(w, clocks)?;
        for (custodian_id, verdict) in refused {
            let row = ExceptionRow::new(ExceptionCode::NotAccessible, Severity::Fatal);
            let detail = format!("the mailbox of custodian {custodian_id} was not collected: {verdict}");
            record::except(w, &ExceptionRow { detail, ..row }, None)?;
        }
        if let Some(ids) = ids {
            ids.swear_unseen(w)?;
        }
        let totals = w.ledger().totals()?;
        let standing = w.ledger().exceptions_by_code()?;
        let whole = standing.iter().all(|exception| exception.severity.is_note());
        let state = if whole { State::Complete } else { State::CompleteWithExceptions };
        let built = Line::new(EventKind::PackageBuilt)
            .text("format", format)
            .int("items", totals.collected)
            .int("bytes", totals.bytes)
            .int("payload_files", files)
            .int("payload_bytes", payload_bytes)
            .text("payload_manifest_sha256", sha256.to_string());
        w.append(built)?;
        w.append(Line::new(EventKind::SessionClosed).text("reason", "sealed"))?;
        let tables = w.ledger().tables(&tables)?;
        let sealed = Line::new(EventKind::AcquisitionSealed)
            .text("state", state.as_str())
            .int("listed", totals.listed)
            .int("collected", totals.collected)
            .int("rebuilt", totals.rebuilt)
            .int("excepted", totals.excepted)
            .int("vanished", totals.vanished)
            .int("bytes", totals.bytes)
            .put("tables", tables);
        w.append(sealed)?;
        Ok((state, w.checkpoint()?, w.ledger().vkey()?))
    });
    let (state, head, vkey) = sealed.await?;
    Ok((state, Seal { size: head.size, root: head.root.to_string(), vkey }))
}

/// Writes the log, its head and the key it is signed with as files beside the manifest.
async fn export(pen: &Pen, package: &Package) -> Result<(), CollectError> {
    let beside = package.clone();
    let log = move |l: &Ledger<'_>| {
        Ok(beside.keep_large("affiant/log.jsonl", |out| l.export_log(out).map(drop).map_err(CollectError::from)))
    };
    pen.read(log).await??;
    let beside = package.clone();
    let head = move |l: &Ledger<'_>| {
        let (note, vkey) = (l.note()?, l.vkey()?);
        let kept = beside.keep("affiant/checkpoint", note.as_bytes());
        Ok(kept.and_then(|()| beside.keep("affiant/checkpoint.vkey", format!("{vkey}\n").as_bytes())))
    };
    Ok(pen.read(head).await??)
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PackageError> + Send + 'static,
) -> Result<T, CollectError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| CollectError::Internal)?;
    done.map_err(CollectError::from)
}
