//! Sessions, clocks, seal and hands: where the record was made and what has become of it.

use std::collections::BTreeMap;
use std::fs;

use schemars::JsonSchema;
use serde::Serialize;
use serde_json::Value;

use super::super::moment::Moment;
use super::ask::{Ask, integer, text};
use super::copies::Counted;
use crate::terms::Sha256;
use crate::verify::{CustodyEvent, Endorsement, Record, Stamp};

/// The computers and programs that collected.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Environment {
    /// Every process that worked on the acquisition.
    pub sessions: Vec<Session>,
    /// Comparisons of the local clock with the service's.
    pub clocks: Vec<ClockCompared>,
}

/// One process.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Session {
    /// Start.
    pub opened: Moment,
    /// End, where it was recorded.
    pub closed: Option<Moment>,
    /// Why it ended.
    pub reason: Option<String>,
    /// Host.
    pub host: Option<String>,
    /// Operating system and machine.
    pub system: Option<String>,
    /// Version of the program.
    pub tool_version: Option<String>,
    /// SHA-256 of the program's file.
    pub tool_sha256: Option<String>,
    /// Lines of the log that it found.
    pub log_size: Option<u64>,
}

/// How far the service's clock was ahead.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct ClockCompared {
    /// When.
    pub at: Moment,
    /// At least, in milliseconds.
    pub min_ms: Option<i64>,
    /// At most, in milliseconds.
    pub max_ms: Option<i64>,
    /// Whether one of the clocks was set meanwhile.
    pub stepped: Option<bool>,
}

/// What the seal states, and the files that carry it.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Integrity {
    /// Lines of the log.
    pub log_size: u64,
    /// RFC 6962 root over them, SHA-256, hex.
    pub log_root: String,
    /// The checkpoint, verbatim.
    pub checkpoint: String,
    /// The public key of its signature, as the log names it.
    pub vkey: String,
    /// Time stamps over the checkpoint whose signature holds, the earliest first. By whom is their own word.
    pub stamps: Vec<Stamped>,
    /// Signatures of people over the checkpoint that hold. Whose keys they are must be told from elsewhere.
    pub endorsements: Vec<Endorsement>,
    /// SHA-256 of `manifest-sha256.txt`, as sworn to before the seal.
    pub payload_manifest_sha256: Option<String>,
    /// SHA-256 of `tagmanifest-sha256.txt` as it is now: the one number that stands for the package.
    pub tagmanifest_sha256: Option<String>,
    /// `eml` or `zip`.
    pub format: Option<String>,
    /// Files below `data/`.
    pub payload_files: Option<u64>,
    /// Their size in bytes.
    pub payload_bytes: Option<u64>,
}

/// A time stamp over the checkpoint.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Stamped {
    /// The time it states.
    pub at: Moment,
    /// Who states it, as the certificate in it says.
    pub authority: String,
    /// Its serial number there, hexadecimal.
    pub serial: String,
    /// The file in the package.
    pub path: String,
}

/// Stations of the collection, and what was recorded after the seal.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Custody {
    /// When the acquisition was opened.
    pub requested: Option<Moment>,
    /// When the first message was received.
    pub first_received: Option<Moment>,
    /// When the last message was received.
    pub last_received: Option<Moment>,
    /// When the last message was recorded as written and durable.
    pub last_written: Option<Moment>,
    /// When the log was sealed.
    pub sealed: Option<Moment>,
    /// Events after the seal, in order.
    pub after_seal: Vec<Handed>,
    /// Lines of the log by kind.
    pub events: Vec<Counted>,
    /// Lines that are about the run and not about one message, in order; at most 500.
    pub event_list: Vec<Listed>,
}

/// An event after the seal.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Handed {
    /// When.
    pub at: Moment,
    /// Kind of event.
    pub kind: String,
    /// The key that signed it.
    pub vkey: String,
    /// What was said.
    pub said: BTreeMap<String, String>,
}

/// A line of the log.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Listed {
    /// Its number.
    pub seq: u64,
    /// When.
    pub at: Moment,
    /// Kind.
    pub kind: String,
}

pub(super) fn environment(ask: Ask<'_>) -> rusqlite::Result<Environment> {
    let sql = "SELECT body FROM entry WHERE kind IN ('session.opened','session.closed') ORDER BY seq LIMIT 10000";
    let mut sessions: Vec<Session> = Vec::new();
    for body in ask.rows(sql, [], |row| row.get::<_, String>(0))? {
        let line: Value = serde_json::from_str(&body).unwrap_or_default();
        let at = ask.zone.moment(&text(&line, "at").unwrap_or_default());
        if text(&line, "kind").as_deref() == Some("session.closed") {
            if let Some(session) = sessions.last_mut() {
                session.closed = Some(at);
                session.reason = text(&line, "reason");
            }
            continue;
        }
        sessions.push(Session {
            opened: at,
            closed: None,
            reason: None,
            host: text(&line, "host"),
            system: text(&line, "system"),
            tool_version: text(&line, "tool_version"),
            tool_sha256: text(&line, "tool_sha256"),
            log_size: integer(&line, "log_size"),
        });
    }
    let clocks = ask.lines("clock.compared")?.iter().map(|line| clock(ask, line)).collect();
    Ok(Environment { sessions, clocks })
}

fn clock(ask: Ask<'_>, line: &Value) -> ClockCompared {
    let milliseconds = |name: &str| line.get(name).and_then(Value::as_i64);
    ClockCompared {
        at: ask.zone.moment(&text(line, "at").unwrap_or_default()),
        min_ms: milliseconds("offset_min_ms"),
        max_ms: milliseconds("offset_max_ms"),
        stepped: line.get("stepped").and_then(Value::as_bool),
    }
}

pub(super) fn integrity(ask: Ask<'_>, record: &Record) -> rusqlite::Result<Integrity> {
    let (root, head) = (record.root(), record.head());
    let mut stamps: Vec<Stamped> = record.stamps().iter().map(|stamp| stamped(ask, stamp)).collect();
    stamps.sort_by(|a, b| a.at.utc.cmp(&b.at.utc));
    let built = ask.lines("package.built")?.pop().unwrap_or_default();
    Ok(Integrity {
        log_size: head.size,
        log_root: head.root.to_string(),
        checkpoint: head.checkpoint.clone(),
        vkey: head.vkey.clone(),
        stamps,
        endorsements: record.endorsements().to_vec(),
        payload_manifest_sha256: text(&built, "payload_manifest_sha256"),
        tagmanifest_sha256: fs::read(root.join("tagmanifest-sha256.txt"))
            .ok()
            .map(|list| Sha256::of(&list).to_string()),
        format: text(&built, "format"),
        payload_files: integer(&built, "payload_files"),
        payload_bytes: integer(&built, "payload_bytes"),
    })
}

fn stamped(ask: Ask<'_>, stamp: &Stamp) -> Stamped {
    let Stamp { at, authority, serial, path, .. } = stamp.clone();
    Stamped { at: ask.zone.moment(&at), authority, serial, path }
}

pub(super) fn custody(ask: Ask<'_>, sworn: &[CustodyEvent]) -> rusqlite::Result<Custody> {
    let one = |sql: &str| -> rusqlite::Result<Option<Moment>> {
        let at: Option<String> = ask.db.query_row(sql, [], |row| row.get(0))?;
        Ok(ask.moment(at.as_deref()))
    };
    let received = "json_extract(body,'$.received_at')) FROM entry WHERE kind = 'item.collected'";
    let quiet = "('item.collected','item.excepted','page.fetched','folder.listed','folder.reconciled','item.reverified','item.authenticated','dns.key.captured')";
    Ok(Custody {
        requested: one("SELECT min(at) FROM entry WHERE kind = 'acquisition.opened'")?,
        first_received: one(&format!("SELECT min({received}"))?,
        last_received: one(&format!("SELECT max({received}"))?,
        last_written: one("SELECT max(at) FROM entry WHERE kind = 'item.collected'")?,
        sealed: one("SELECT max(at) FROM entry WHERE kind = 'acquisition.sealed'")?,
        after_seal: sworn.iter().map(|event| handed(ask, event)).collect(),
        events: ask.rows("SELECT kind, count(*) FROM entry GROUP BY 1 ORDER BY min(seq)", [], |row| {
            Ok(Counted { word: row.get(0)?, count: super::ask::count(row, 1)? })
        })?,
        event_list: ask.rows(
            &format!("SELECT seq, at, kind FROM entry WHERE kind NOT IN {quiet} ORDER BY seq LIMIT 500"),
            [],
            |row| {
                let at = ask.zone.moment(&row.get::<_, String>(1)?);
                Ok(Listed { seq: super::ask::count(row, 0)?, at, kind: row.get(2)? })
            },
        )?,
    })
}

fn handed(ask: Ask<'_>, event: &CustodyEvent) -> Handed {
    Handed {
        at: ask.zone.moment(&event.at),
        kind: event.kind.clone(),
        vkey: event.vkey.clone(),
        said: event.facts.clone(),
    }
}
