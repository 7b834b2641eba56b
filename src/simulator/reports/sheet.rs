//! A report as CSV, written person by person while it is sent: a hundred thousand people need no more memory than one.

use std::io;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use crate::simulator::faults::{Names, Sheet};
use crate::simulator::reply::ByteStream;
use crate::simulator::world::World;
use crate::terms::Sha256;

use super::activity::Days;
use super::links::Link;
use super::{DAY, date, names, refreshed, rows, totals};

/// People per piece.
const PIECE: usize = 100;
/// What the real service begins its files with.
const BOM: &str = "\u{feff}";
/// Columns that some versions of the service do not have.
const OPTIONAL: [&str; 7] = [
    "Deleted Item Quota (Byte)",
    "Has Archive",
    "Recipient Type",
    "Meeting Created Count",
    "Meeting Interacted Count",
    "Display Name",
    "Assigned Products",
];

/// One file: what the link opens, and what is wrong with it.
#[derive(Debug, Clone, Copy)]
pub(super) struct File {
    pub(super) link: Link,
    pub(super) sheet: Option<Sheet>,
    pub(super) names: Option<Names>,
}

impl File {
    /// The file as it should be.
    pub(super) const fn right(link: Link) -> Self {
        Self { link, sheet: None, names: None }
    }

    fn days(&self, world: &World) -> Days {
        let restated = world.reports.stage.lock().unwrap_or_else(PoisonError::into_inner).restated;
        let restated = restated + u64::from(self.sheet == Some(Sheet::Restated));
        let at_start = world.time.started().div_euclid(DAY) - 2;
        Days { refreshed: refreshed(&world.time), at_start, span: self.link.span, seed: world.seed, restated }
    }

    fn names(&self) -> Names {
        self.names.unwrap_or(if self.link.concealed { Names::Hex } else { Names::Real })
    }

    /// The columns that are sent, by their place in the report.
    fn columns(&self) -> Vec<(usize, String)> {
        let all = self.link.report.columns().into_iter().enumerate();
        let named = |column: &str| column.ends_with("Principal Name");
        match self.sheet {
            Some(Sheet::Permuted) => all.rev().collect(),
            Some(Sheet::Missing) => all.filter(|(_, column)| !OPTIONAL.contains(&column.as_str())).collect(),
            Some(Sheet::Nameless) => all.filter(|(_, column)| !named(column)).collect(),
            Some(Sheet::Twice) => {
                let mut all: Vec<_> = all.collect();
                all.extend(all.last().cloned());
                all
            }
            _ => all.collect(),
        }
    }
}

/// What `ETag` says of a link's content.
pub(in crate::simulator) fn etag(world: &World, link: &Link) -> String {
    tag(world, &File::right(*link))
}

/// What `ETag` says of a file.
pub(super) fn tag(world: &World, file: &File) -> String {
    let (days, changes) = (file.days(world), world.changes.version());
    let about = format!("{} {days:?} {:?} {:?} {changes}", file.link.report.name(), file.names(), file.sheet);
    format!("\"{}\"", Sha256::of(about.as_bytes()).to_string().get(..16).unwrap_or_default())
}

/// The whole file.
pub(super) fn stream_of(world: Arc<World>, file: File) -> ByteStream {
    if file.sheet == Some(Sheet::Empty) {
        return Box::pin(stream::empty());
    }
    let end = if file.sheet == Some(Sheet::Lf) { "\n" } else { "\r\n" };
    let bom = if file.sheet == Some(Sheet::NoBom) { "" } else { BOM };
    let mut head: Vec<String> = file.columns().into_iter().map(|(_, column)| column).collect();
    if file.sheet == Some(Sheet::Unknown) {
        head.extend(["Copilot Prompt Count", "Sustainability Score"].map(str::to_owned));
    }
    let first = stream::iter([Ok(Bytes::from(format!("{bom}{}{end}", head.join(","))))]);
    let people = if file.link.report.names_people() { world.tenant.users.len() } else { 1 };
    let people = if file.sheet == Some(Sheet::HeaderOnly) { 0 } else { people };
    let pieces = stream::unfold(0, move |at| {
        let piece = (at < people).then(|| piece(&world, &file, at..(at + PIECE).min(people)));
        async move { piece.map(|piece| (io::Result::Ok(Bytes::from(piece)), at + PIECE)) }
    });
    Box::pin(first.chain(pieces))
}

fn piece(world: &World, file: &File, people: std::ops::Range<usize>) -> String {
    let days = file.days(world);
    let refresh = date(days.refreshed);
    let all = file.link.report.columns();
    let columns = file.columns();
    let mut out = String::new();
    let mut write = |at: usize, cells: Vec<String>| {
        let cells = [refresh.clone()].into_iter().chain(cells).zip(&all);
        let cells = cells.map(|(cell, column)| {
            let comma = file.sheet == Some(Sheet::Commas) && column.ends_with("Display Name");
            let cell = if comma { format!("{cell}, \"the\r\nsecond\"") } else { cell };
            names::cell(&world.tenant.id, file.names(), at, column, cell)
        });
        let cells: Vec<String> = cells.collect();
        let mut line: Vec<String> =
            columns.iter().filter_map(|(n, _)| cells.get(*n)).map(|cell| quoted(cell)).collect();
        shape(file.sheet, at, &mut line);
        let end = match file.sheet {
            Some(Sheet::Lf) => "\n",
            Some(Sheet::Blank) => "\r\n\r\n",
            _ => "\r\n",
        };
        let line = line.join(",") + end;
        out.push_str(&line);
        if file.sheet == Some(Sheet::Doubled) {
            out.push_str(&line);
        }
    };
    if !file.link.report.names_people() {
        for row in totals::of(world, file.link.report, days) {
            write(0, row);
        }
        return out;
    }
    for at in people {
        let Some(person) = world.person_on(at, days.refreshed) else { continue };
        let desk = rows::Desk { world, report: file.link.report, days, person: &person };
        for row in rows::of(&desk) {
            write(at, row);
        }
    }
    out
}

/// Spoils the fields of one row.
fn shape(sheet: Option<Sheet>, at: usize, line: &mut Vec<String>) {
    let extra = |line: &mut Vec<String>| line.extend([String::from("0"), String::from("0")]);
    match sheet {
        Some(Sheet::Unknown) => line.extend(["7".to_owned(), String::new()]),
        Some(Sheet::Bad) => extra(line),
        Some(Sheet::Ragged) if at % 100 == 49 => extra(line),
        Some(Sheet::Ragged) if at % 100 == 99 => line.truncate(line.len().saturating_sub(2)),
        _ => {}
    }
}

/// A cell as RFC 4180 has it.
fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
