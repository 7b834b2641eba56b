//! The seal: everything is read back, the log gets its last lines, and the folder becomes a bag.
//!
//! Every step can be done again: a process that dies here leaves an unsealed package, and the next session
//! seals it. Only when the tag manifest is in place is the package sealed.

use std::fs;
use std::io::Write as _;
use std::sync::Arc;

use camino::Utf8Path;

use crate::custody::{EventKind, ExceptionRow, Line, VolumeRow};
use crate::monitor::{Event, Monitor};
use crate::package::{Format, PackageError, Reread, bag};
use crate::terms::{ExceptionCode, Severity};

use super::error::CollectError;
use super::natives::{self, Natives};
use super::plan::Plan;
use super::tally::{Seal, State, Tally};
use super::{Run, record};

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
        let (monitor, total) = (run.monitor.clone(), members.len() as u64);
        let told = move |done| monitor.tell(&Event::Sealing { done, total });
        let facts = package.pack(volume, members, told).await?;
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

/// Seals the package and returns what it came to.
pub(super) async fn seal(run: &Run, plan: &Plan) -> Result<Tally, CollectError> {
    pack(run, true).await?;
    let reread = reread(run).await?;
    if let Some(first) = reread.mismatches.first() {
        return Err(CollectError::Damaged { count: reread.mismatches.len(), first: first.path.clone() });
    }
    let (state, seal) = last_lines(run, plan, &reread).await?;
    let tally = Tally::so_far(run, plan, state, Some(seal)).await?;
    let (package, pen) = (run.acquisition.package.clone(), run.acquisition.pen.clone());
    let folder = package.root().join("affiant");
    export(&pen, &folder).await?;
    let meta = pen.read(|l| Ok(l.meta().clone())).await?;
    pen.seal().await?;
    let info = bag::BagInfo {
        software_agent: format!("{} {}", meta.tool_name, meta.tool_version),
        acquisition_id: meta.acquisition_id.to_string(),
        matter: Some(meta.matter.as_str().to_owned()).filter(|matter| !matter.is_empty()),
        bagged_at: (run.acquisition.clock)(),
    };
    blocking(move || bag::write(&package, &info, reread.payload)).await?;
    Ok(tally)
}

/// Reads every native back from the disk and compares it with its row.
async fn reread(run: &Run) -> Result<Reread, CollectError> {
    let (package, volumes) = (run.acquisition.package.clone(), run.acquisition.volumes().await?);
    let natives = Natives::of(&run.acquisition.pen);
    let total = run.acquisition.pen.read(|l| l.totals()).await?.collected;
    let monitor: Arc<dyn Monitor> = run.monitor.clone();
    blocking(move || package.reread(natives, &volumes, &mut |done| monitor.tell(&Event::Sealing { done, total }))).await
}

/// The last lines of the log, unless an earlier session that died here has written them.
async fn last_lines(run: &Run, plan: &Plan, reread: &Reread) -> Result<(State, Seal), CollectError> {
    let format = match run.acquisition.job.format {
        Format::Eml => "eml",
        Format::Zip { .. } => "zip",
    };
    let clock = run.graph.clock_offset();
    let refused: Vec<(u64, String)> = plan
        .parts
        .iter()
        .filter(|part| part.mailbox.is_none())
        .map(|part| (part.index as u64 + 1, part.verdict.as_str().to_owned()))
        .collect();
    let (files, payload_bytes, sha256) = (reread.payload.files, reread.payload.bytes, reread.payload.sha256);
    let ids = run.acquisition.ids.clone();
    let sealed = run.acquisition.pen.write(move |w| {
        if let Some(last) = w.ledger().last_event()?
            && last.kind == EventKind::AcquisitionSealed
        {
            let state = last.json()?["state"].as_str().map(str::to_owned);
            return Ok((state, w.ledger().head()));
        }
        if let Some(offset) = clock {
            let line = Line::new(EventKind::ClockCompared)
                .int("offset_min_ms", offset.overall.low_ms)
                .int("offset_max_ms", offset.overall.high_ms)
                .flag("stepped", offset.stepped);
            w.append(line)?;
        }
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
        let sealed = Line::new(EventKind::AcquisitionSealed)
            .text("state", state.as_str())
            .int("listed", totals.listed)
            .int("collected", totals.collected)
            .int("rebuilt", totals.rebuilt)
            .int("excepted", totals.excepted)
            .int("vanished", totals.vanished)
            .int("bytes", totals.bytes);
        w.append(sealed)?;
        Ok((Some(state.as_str().to_owned()), w.checkpoint()?))
    });
    let (state, head) = sealed.await?;
    let complete = state.as_deref() == Some(State::Complete.as_str());
    let state = if complete { State::Complete } else { State::CompleteWithExceptions };
    Ok((state, Seal { size: head.size, root: head.root.to_string() }))
}

/// Writes the log and its head as files beside the manifest.
async fn export(pen: &crate::custody::Pen, folder: &Utf8Path) -> Result<(), CollectError> {
    let log = folder.join("log.jsonl");
    pen.read(move |l| {
        let file = fs::File::create(&log).map_err(crate::custody::CustodyError::Export)?;
        let mut out = std::io::BufWriter::new(file);
        l.export_log(&mut out)?;
        out.flush().and_then(|()| out.get_ref().sync_all()).map_err(crate::custody::CustodyError::Export)
    })
    .await?;
    let checkpoint = folder.join("checkpoint");
    pen.read(move |l| {
        let note = l.head().note(&l.meta().origin());
        let file = fs::File::create(&checkpoint).map_err(crate::custody::CustodyError::Export)?;
        (&file).write_all(note.as_bytes()).and_then(|()| file.sync_all()).map_err(crate::custody::CustodyError::Export)
    })
    .await?;
    Ok(())
}

async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, PackageError> + Send + 'static,
) -> Result<T, CollectError> {
    let done = tokio::task::spawn_blocking(work).await.map_err(|_| CollectError::Internal)?;
    done.map_err(CollectError::from)
}
