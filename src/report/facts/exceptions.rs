//! What is not as asked: counts by code and effect, and one row each.

use std::ops::ControlFlow;

use schemars::JsonSchema;
use serde::Serialize;

use super::super::meaning::{Effect, sentence, step};
use super::super::moment::Moment;
use super::ask::{Ask, count, counted};
use crate::terms::{ExceptionCode, Severity};

/// Exceptions that stand, and how many were resolved.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Exceptions {
    /// Standing exceptions and notes.
    pub standing: u64,
    /// Of them, those that are more than notes.
    pub graver_than_notes: u64,
    /// Messages that were listed: the whole of every share.
    pub of_listed: u64,
    /// By code and effect, the gravest first.
    pub by_code: Vec<ByCode>,
    /// Exceptions that a later try resolved.
    pub resolved: u64,
}

/// Exceptions of one code and effect.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ByCode {
    /// Code.
    pub code: String,
    /// Effect.
    pub effect: Effect,
    /// Exceptions.
    pub count: u64,
    /// Messages that they concern.
    pub messages: u64,
    /// What it means.
    pub meaning: String,
    /// What to do next.
    pub step: String,
}

/// One exception.
#[expect(clippy::struct_field_names, reason = "the names of the manifest's columns")]
#[derive(Debug, Clone)]
pub(in super::super) struct Exception {
    /// Number in the manifest.
    pub(in super::super) exception_id: u64,
    /// Control number of the message, if it is about one.
    pub(in super::super) control_number: Option<String>,
    /// Graph id of the message, if it is about one.
    pub(in super::super) graph_id: Option<String>,
    /// Whose mailbox.
    pub(in super::super) custodian: Option<String>,
    /// Which folder.
    pub(in super::super) folder: Option<String>,
    /// Code.
    pub(in super::super) code: String,
    /// Effect.
    pub(in super::super) effect: Effect,
    /// What it means.
    pub(in super::super) meaning: String,
    /// What the record says.
    pub(in super::super) detail: String,
    /// When it was recorded.
    pub(in super::super) at: Moment,
    /// Requests made.
    pub(in super::super) attempts: Option<u64>,
    /// Every try: time, status or error, request id.
    pub(in super::super) tried: Vec<String>,
    /// What to do next.
    pub(in super::super) step: String,
}

const STANDING: &str = "e.exception_id NOT IN (SELECT json_extract(body,'$.exception_id') FROM entry
  WHERE kind = 'exception.resolved' AND json_extract(body,'$.exception_id') IS NOT NULL)";

pub(super) fn exceptions(ask: Ask<'_>) -> rusqlite::Result<Exceptions> {
    let sql = format!(
        "SELECT {} AS rank, e.code, count(*), count(DISTINCT coalesce(e.item_id, e.listed_id)) FROM exception e
          WHERE {STANDING} GROUP BY 1, 2 ORDER BY 1, 2",
        Effect::SQL
    );
    let by_code = ask.rows(&sql, [], |row| {
        let effect = Effect::ALL.get(usize::from(row.get::<_, u8>(0)?)).copied().unwrap_or(Effect::Informational);
        let code: String = row.get(1)?;
        let known = ExceptionCode::from_word(&code).unwrap_or(ExceptionCode::Other);
        let (meaning, step) = (sentence(known).to_owned(), step(known, effect).to_owned());
        Ok(ByCode { code, effect, count: count(row, 2)?, messages: count(row, 3)?, meaning, step })
    })?;
    let standing = by_code.iter().map(|one| one.count).sum();
    let grave = by_code.iter().filter(|one| one.effect < Effect::CollectedUnreadable).map(|one| one.count).sum();
    Ok(Exceptions {
        standing,
        graver_than_notes: grave,
        of_listed: ask.number("SELECT count(*) FROM listed")?,
        by_code,
        resolved: ask.number("SELECT count(*) FROM entry WHERE kind = 'exception.resolved'")?,
    })
}

/// Hands out the standing exceptions one after the other, the gravest first.
pub(in super::super) fn each(ask: Ask<'_>, mut take: impl FnMut(Exception) -> ControlFlow<()>) -> rusqlite::Result<()> {
    let sql = format!(
        "WITH asked AS MATERIALIZED (
           SELECT entry_seq, group_concat(sent_at || '  ' || coalesce('HTTP ' || status, error, 'no answer')
                  || '  ' || coalesce(request_id, client_request_id), char(10)) AS tried
             FROM request WHERE entry_seq IN (SELECT coalesce(i.entry_seq, e.entry_seq) FROM exception e
                                                LEFT JOIN item i ON i.item_id = e.item_id)
            GROUP BY entry_seq)
         SELECT e.exception_id, CASE WHEN e.listed_id IS NULL THEN NULL
                                     ELSE coalesce(i.control_number, json_extract(n.body,'$.control_number')) END,
                e.graph_id, c.display_name, c.asked_as, f.path, e.code, e.severity, e.detail, n.at, e.attempts, a.tried
           FROM exception e JOIN entry n ON n.seq = e.entry_seq
           LEFT JOIN item i ON i.item_id = e.item_id
           LEFT JOIN mailbox m ON m.mailbox_id = e.mailbox_id
           LEFT JOIN custodian c ON c.custodian_id = m.custodian_id
           LEFT JOIN folder f ON f.folder_id = e.folder_id
           LEFT JOIN asked a ON a.entry_seq = coalesce(i.entry_seq, e.entry_seq)
          WHERE {STANDING} ORDER BY {}, e.code, e.exception_id",
        Effect::SQL
    );
    let mut statement = ask.db.prepare(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        if take(exception(ask, row)?).is_break() {
            break;
        }
    }
    Ok(())
}

fn exception(ask: Ask<'_>, row: &rusqlite::Row<'_>) -> rusqlite::Result<Exception> {
    let (code, severity): (String, String) = (row.get(6)?, row.get(7)?);
    let known = ExceptionCode::from_word(&code).unwrap_or(ExceptionCode::Other);
    let effect = Effect::of(known, Severity::from_word(&severity).unwrap_or(Severity::Fatal));
    let asked_as: Option<String> = row.get(4)?;
    let custodian = asked_as.map(|asked| Ok::<_, rusqlite::Error>(super::balance::name(row.get(3)?, asked)));
    let tried: Option<String> = row.get(11)?;
    Ok(Exception {
        exception_id: count(row, 0)?,
        control_number: row.get(1)?,
        graph_id: row.get(2)?,
        custodian: custodian.transpose()?,
        folder: row.get(5)?,
        code,
        effect,
        meaning: sentence(known).to_owned(),
        detail: row.get(8)?,
        at: ask.zone.moment(&row.get::<_, String>(9)?),
        attempts: counted(row, 10)?,
        tried: tried.unwrap_or_default().lines().map(str::to_owned).collect(),
        step: step(known, effect).to_owned(),
    })
}
