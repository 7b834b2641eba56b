//! Endings become log lines and rows: what is sworn about one item, in one place.
//!
//! The columns of a row are projections of its line (`item_vs_log` in the schema), so both are made here,
//! side by side. It must not fetch or write files.

use crate::custody::{CustodyError, EventKind, ExceptionRow, ItemRow, Line, ListedRow, Object, PartRow, Writer};
use crate::graph::ClockOffset;
use crate::identity::{Examined, PartFacts};
use crate::terms::{ControlNumber, ExceptionCode, Exchange, Matching, Severity, Sha256, SourceKind};

use super::fetch::{Facts, Refusal};
use super::rebuild::LossKind;
use super::search::Place;

/// One item's ending, its file durable: ready to be sworn to.
#[derive(Debug)]
pub(super) struct Sworn {
    /// The listed message.
    pub(super) row: ListedRow,
    /// Its control number.
    pub(super) number: ControlNumber,
    /// How it ended.
    pub(super) ending: Ending,
    /// Every request made for it.
    pub(super) trail: Vec<Exchange>,
}

/// How an item ended, as the record sees it.
#[derive(Debug)]
pub(super) enum Ending {
    /// In the package.
    Collected(Box<Collected>),
    /// Not in the package.
    Missing {
        /// Why.
        code: ExceptionCode,
        /// The service's last word.
        refusal: Refusal,
    },
}

/// A durable native.
#[derive(Debug)]
pub(super) struct Collected {
    /// Package path.
    pub(super) path: String,
    /// Hash at receipt.
    pub(super) sha256: Sha256,
    /// The same bytes' digests for matching.
    pub(super) matching: Matching,
    /// Bytes.
    pub(super) bytes: u64,
    /// What is known about it.
    pub(super) facts: Facts,
}

/// Writes one ending: its line, its requests, its rows.
pub(super) fn swear(w: &mut Writer<'_>, sworn: &Sworn) -> Result<(), CustodyError> {
    match &sworn.ending {
        Ending::Collected(collected) => swear_collected(w, sworn, collected),
        Ending::Missing { code, refusal } => {
            let row = ExceptionRow { detail: said(refusal), ..exception(sworn, *code, Severity::ItemMissing) };
            let before = w.ledger().last_missing(sworn.row.listed_id)?;
            let seq = except(w, &row, Some(sworn))?;
            requests(w, &sworn.trail, seq)?;
            // One item that fails twice is one exception that stands, not two.
            before.map_or(Ok(()), |exception_id| resolve(w, exception_id, "tried_again"))
        }
    }
}

fn swear_collected(w: &mut Writer<'_>, sworn: &Sworn, collected: &Collected) -> Result<(), CustodyError> {
    let listed = &sworn.row.message;
    let facts = &collected.facts;
    let last = sworn.trail.last();
    let line = Line::new(EventKind::ItemCollected)
        .text("control_number", sworn.number.to_string())
        .text("graph_id", listed.graph_id.as_str())
        .int("mailbox_id", listed.mailbox_id)
        .int("folder_id", listed.folder_id)
        .text("path", &collected.path)
        .int("bytes", collected.bytes)
        .text("sha256", collected.sha256.to_string())
        .text("sha1", collected.matching.sha1.to_string())
        .text("md5", collected.matching.md5.to_string())
        // A rebuilt message is not what was signed.
        .int(
            "signatures",
            if facts.source == SourceKind::MimeValue { facts.examined.signers.signatures as u64 } else { 0 },
        )
        .opt_text("mih", facts.examined.mih.map(|mih| mih.to_string()))
        .text("content_id", facts.examined.content_id.to_string())
        .text("source_kind", facts.source.as_str())
        .opt_text("change_key", listed.change_key.as_deref())
        .int("attempts", sworn.trail.len() as u64)
        .opt_text("request_id", last.and_then(|exchange| exchange.request_id.as_deref()))
        .opt_text("client_request_id", last.map(|exchange| exchange.client_request_id.to_string()))
        .opt_text("server_date", last.and_then(|exchange| exchange.server_date.as_deref()))
        .opt_text("received_at", last.map(|exchange| exchange.done_at.to_string()));
    let line = match &facts.found_again {
        Some(place) => line.put("found_again", found_again(place)),
        None => line,
    };
    let seq = w.append(line)?;
    requests(w, &sworn.trail, seq)?;
    w.item(&item_row(sworn, collected), seq)?;
    parts(w, sworn.row.listed_id, &facts.examined)?;
    notes(w, sworn, facts)?;
    let before = w.ledger().last_missing(sworn.row.listed_id)?;
    before.map_or(Ok(()), |exception_id| resolve(w, exception_id, "collected"))
}

/// Where a message was that had gone from where it was listed.
fn found_again(place: &Place) -> Object {
    Object::new()
        .text("graph_id", place.graph_id.as_str())
        .opt_text("parent_folder_id", place.folder.as_ref().map(|id| id.as_str()))
        .opt_text("change_key", place.change_key.as_deref())
}

fn item_row(sworn: &Sworn, collected: &Collected) -> ItemRow {
    let (listed, examined) = (&sworn.row.message, &collected.facts.examined);
    let fetched_as = collected.facts.found_again.as_ref().map_or(&listed.graph_id, |place| &place.graph_id);
    ItemRow {
        control_number: sworn.number,
        mailbox_id: listed.mailbox_id,
        folder_id: listed.folder_id,
        graph_id: listed.graph_id.clone(),
        // Ids are asked for in the immutable form on every request.
        immutable_id: Some(fetched_as.as_str().to_owned()),
        change_key: listed.change_key.clone(),
        internet_message_id: examined.message_id.clone(),
        mih: examined.mih,
        content_id: examined.content_id,
        // The store's own word where it was given; what the MIME looks like otherwise.
        item_class: listed.item_class.clone().unwrap_or_else(|| examined.item_class.clone()),
        sent_utc: listed.sent_utc,
        received_utc: listed.received_utc,
        created_utc: listed.created_utc,
        modified_utc: listed.modified_utc,
        header_date: examined.header_date.clone(),
        is_draft: listed.is_draft,
        subject: examined.subject.clone().or_else(|| listed.subject.clone()),
        path: collected.path.clone(),
        bytes: collected.bytes,
        sha256: collected.sha256,
        sha1: Some(collected.matching.sha1),
        md5: Some(collected.matching.md5),
        source_kind: collected.facts.source,
        top_received: examined.top.received.clone(),
        top_authentication_results: examined.top.authentication_results.clone(),
        top_arc_authentication_results: examined.top.arc_authentication_results.clone(),
    }
}

fn parts(w: &mut Writer<'_>, item_id: u64, examined: &Examined) -> Result<(), CustodyError> {
    if examined.parts.is_empty() {
        return Ok(());
    }
    let first = w.ledger().next_part_id()?;
    for (index, part) in examined.parts.iter().enumerate() {
        w.part(&part_row(first, index, item_id, part))?;
    }
    Ok(())
}

fn part_row(first: u64, index: usize, item_id: u64, part: &PartFacts) -> PartRow {
    PartRow {
        part_id: first + index as u64,
        item_id,
        // Parents come before their children in the list.
        parent_part_id: part.parent.filter(|parent| *parent < index).map(|parent| first + parent as u64),
        ordinal: u32::try_from(part.ordinal).unwrap_or(u32::MAX),
        mime_path: part.mime_path.clone(),
        role: part.role,
        name_raw: part.name_raw.clone(),
        name: part.name.clone(),
        media_type: part.media_type.clone(),
        bytes: part.bytes,
        sha256: part.sha256,
        target_url: part.target_url.clone(),
    }
}

/// What is not as asked about a collected item: rebuilt, with losses, protected, unreadable as MIME.
fn notes(w: &mut Writer<'_>, sworn: &Sworn, facts: &Facts) -> Result<(), CustodyError> {
    let about = |code, severity, detail| {
        let row = exception(sworn, code, severity);
        ExceptionRow { item_id: Some(sworn.row.listed_id), detail, ..row }
    };
    if let Some(place) = &facts.found_again {
        let moved = place.graph_id != sworn.row.message.graph_id;
        let how = if moved { "under another id" } else { "under its own id" };
        let detail = format!("it was gone when it was fetched, and found again by its Message-ID {how}");
        except(w, &about(ExceptionCode::Other, Severity::Info, detail), Some(sworn))?;
    }
    if let Some(refusal) = &facts.refusal {
        except(w, &about(ExceptionCode::MimeUnavailable, Severity::Warning, said(refusal)), Some(sworn))?;
    }
    for loss in &facts.losses {
        let (code, severity) = meaning(loss.kind);
        except(w, &about(code, severity, loss.to_string()), Some(sworn))?;
    }
    for note in &facts.examined.notes {
        // The item is here and whole; what its bytes are like does not make the collection incomplete.
        except(w, &about(note.code, Severity::Info, note.detail.clone()), Some(sworn))?;
    }
    Ok(())
}

/// A link is a note like any other link; everything else that is lacking is a loss.
const fn meaning(kind: LossKind) -> (ExceptionCode, Severity) {
    match kind {
        LossKind::LinkOnly => (ExceptionCode::CloudAttachment, Severity::Info),
        LossKind::NoOriginalHeaders
        | LossKind::HeaderLeftOut
        | LossKind::HeaderChanged
        | LossKind::NoBody
        | LossKind::Attachment(_)
        | LossKind::TypeReplaced
        | LossKind::ContentIdLeftOut => (ExceptionCode::MimeUnavailable, Severity::Warning),
    }
}

fn exception(sworn: &Sworn, code: ExceptionCode, severity: Severity) -> ExceptionRow {
    let listed = &sworn.row.message;
    ExceptionRow {
        mailbox_id: Some(listed.mailbox_id),
        folder_id: Some(listed.folder_id),
        listed_id: Some(sworn.row.listed_id),
        graph_id: Some(listed.graph_id.clone()),
        attempts: u32::try_from(sworn.trail.len()).ok(),
        ..ExceptionRow::new(code, severity)
    }
}

/// Writes an exception with its line; returns the line's number.
///
/// The line carries codes and counts; `detail` holds neither content nor names and may go to the other side.
pub(super) fn except(w: &mut Writer<'_>, row: &ExceptionRow, sworn: Option<&Sworn>) -> Result<u64, CustodyError> {
    let ids = sworn.into_iter().flat_map(|sworn| &sworn.trail).filter_map(|exchange| exchange.request_id.clone());
    let attempts = sworn.into_iter().flat_map(|sworn| &sworn.trail).map(|exchange| {
        let status = exchange.status.map(u64::from);
        Object::new().opt_int("status", status).opt_text("error", exchange.error.as_deref())
    });
    let line = Line::new(EventKind::ItemExcepted)
        .text("code", row.code.as_str())
        .text("severity", row.severity.as_str())
        .opt_int("mailbox_id", row.mailbox_id)
        .opt_int("folder_id", row.folder_id)
        .opt_text("control_number", sworn.map(|sworn| sworn.number.to_string()))
        .opt_text("graph_id", row.graph_id.as_ref().map(|id| id.as_str()))
        .text("detail", &row.detail)
        .list("attempts", attempts.collect::<Vec<_>>())
        .list("request_ids", ids.collect::<Vec<_>>());
    let seq = w.append(line)?;
    w.exception(row, seq)?;
    Ok(seq)
}

/// Records what the answers of this session said about the local clock and the service's, and a note where they lie
/// apart or one of them was set meanwhile: times in the record are then to be read with that.
pub(super) fn clocks(w: &mut Writer<'_>, seen: Option<ClockOffset>) -> Result<(), CustodyError> {
    let Some(seen) = seen else { return Ok(()) };
    let line = Line::new(EventKind::ClockCompared)
        .int("offset_min_ms", seen.overall.low_ms)
        .int("offset_max_ms", seen.overall.high_ms)
        .flag("stepped", seen.stepped);
    w.append(line)?;
    if seen.is_notable() {
        let range = format!("the service's clock was {} to {} ms ahead", seen.overall.low_ms, seen.overall.high_ms);
        let stepped = if seen.stepped { "; one of the two clocks was set during the session" } else { "" };
        let row = ExceptionRow::new(ExceptionCode::ClockSkew, Severity::Info);
        except(w, &ExceptionRow { detail: range + stepped, ..row }, None)?;
    }
    Ok(())
}

/// Records that an earlier exception no longer stands, and what came in its place.
pub(super) fn resolve(w: &mut Writer<'_>, exception_id: u64, outcome: &str) -> Result<(), CustodyError> {
    let line = Line::new(EventKind::ExceptionResolved).int("exception_id", exception_id).text("outcome", outcome);
    w.append(line).map(drop)
}

/// The service's last word, without its message text, and what a search showed.
fn said(refusal: &Refusal) -> String {
    let word = match (refusal.status, refusal.code.as_deref()) {
        (Some(status), Some(code)) => format!("HTTP {status} {code}"),
        (Some(status), None) => format!("HTTP {status}"),
        (None, _) => "no answer".to_owned(),
    };
    refusal.searched.map_or_else(|| word.clone(), |searched| format!("{word}; {searched}"))
}

/// Records the requests that led to a line.
pub(super) fn requests(w: &mut Writer<'_>, trail: &[Exchange], seq: u64) -> Result<(), CustodyError> {
    trail.iter().try_for_each(|exchange| w.request(exchange, Some(seq)))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::custody::Notary;
    use crate::custody::{Meta, Pen};
    use crate::graph::Interval;
    use crate::terms::{Clock, Matter, SealingKey, UtcInstant};

    fn seen(low_ms: i64, high_ms: i64, stepped: bool) -> ClockOffset {
        let overall = Interval { low_ms, high_ms };
        ClockOffset { overall, first: overall, last: overall, stepped, answers: 2 }
    }

    #[tokio::test]
    async fn clocks_that_lie_apart_or_were_set_are_a_note_and_others_only_a_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let file = camino::Utf8Path::from_path(folder.path()).expect("UTF-8").join("manifest.sqlite");
        let now = UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid");
        let clock: Clock = Arc::new(move || now);
        let meta = Meta {
            acquisition_id: uuid::Uuid::nil(),
            created_at: now,
            tool_name: "affiant".to_owned(),
            tool_version: "0.1.0".to_owned(),
            tool_sha256: Sha256::of(b"tool"),
            matter: Matter::new("").expect("valid"),
            path_salt: [0; 16],
        };
        let opened = Line::new(EventKind::AcquisitionOpened)
            .text("acquisition_id", meta.acquisition_id.to_string())
            .text("tool_name", &meta.tool_name)
            .text("tool_version", &meta.tool_version)
            .text("note_vkey", "none")
            .object("scope", Object::new());
        let key = SealingKey::from_seed(&[7; 32]).expect("32 bytes");
        let pen =
            Pen::create(&file, meta, Notary { clock, key }, |w| w.append(opened).map(drop)).await.expect("created");
        let hour = 3_600_000;
        let cases = [
            (None, 0, 0),
            (Some(seen(-300, 600, false)), 1, 0),
            (Some(seen(hour, hour + 900, false)), 1, 1),
            (Some(seen(-300, 600, true)), 1, 1),
        ];
        for (offset, lines, notes) in cases {
            let count = |kind| pen.read(move |l| Ok(l.all_of(kind)?.len()));
            let before = (
                count(EventKind::ClockCompared).await.expect("read"),
                count(EventKind::ItemExcepted).await.expect("read"),
            );
            pen.write(move |w| clocks(w, offset)).await.expect("written");
            let after = (
                count(EventKind::ClockCompared).await.expect("read"),
                count(EventKind::ItemExcepted).await.expect("read"),
            );
            assert_eq!((after.0 - before.0, after.1 - before.1), (lines, notes), "{offset:?}");
        }
        let standing = pen.read(|l| l.exceptions_by_code()).await.expect("read");
        assert!(standing.iter().all(|one| one.code == ExceptionCode::ClockSkew && one.severity.is_note()));
    }
}
