//! A report as CSV, written person by person while it is sent: a hundred thousand people need no more memory than one.

use std::io;
use std::sync::{Arc, PoisonError};

use bytes::Bytes;
use futures_util::stream;

use crate::simulator::reply::ByteStream;
use crate::simulator::world::World;
use crate::terms::Sha256;

use super::activity::Days;
use super::links::Link;
use super::{date, refreshed, rows, totals};

const DAY: i64 = 86_400_000;
/// People per piece.
const PIECE: usize = 100;
/// What the real service begins its files with.
const BOM: &str = "\u{feff}";
/// Columns whose cells are concealed where names are.
const NAMES: [&str; 5] =
    ["User Principal Name", "Display Name", "Site URL", "Owner Display Name", "Owner Principal Name"];

/// The days that a link's report looks at.
pub(super) fn days(world: &World, link: &Link) -> Days {
    let restated = world.reports.stage.lock().unwrap_or_else(PoisonError::into_inner).restated;
    let at_start = world.time.started().div_euclid(DAY) - 2;
    Days { refreshed: refreshed(&world.time), at_start, span: link.span, seed: world.seed, restated }
}

/// What `ETag` says of a link's content.
pub(in crate::simulator) fn etag(world: &World, link: &Link) -> String {
    let days = days(world, link);
    let changes = world.changes.version();
    let about = format!("{} {days:?} {} {changes} {}", link.report.name(), link.concealed, world.tenant.users.len());
    format!("\"{}\"", Sha256::of(about.as_bytes()).to_string().get(..16).unwrap_or_default())
}

/// The whole file.
pub(super) fn stream_of(world: Arc<World>, link: Link) -> ByteStream {
    let head = format!("{BOM}{}\r\n", link.report.columns().join(","));
    let first = stream::iter([Ok(Bytes::from(head))]);
    let people = if link.report.names_people() { world.tenant.users.len() } else { 1 };
    let pieces = stream::unfold(0, move |at| {
        let piece = (at < people).then(|| piece(&world, &link, at..(at + PIECE).min(people)));
        async move { piece.map(|piece| (io::Result::Ok(Bytes::from(piece)), at + PIECE)) }
    });
    Box::pin(futures_util::StreamExt::chain(first, pieces))
}

fn piece(world: &World, link: &Link, people: std::ops::Range<usize>) -> String {
    let days = days(world, link);
    let refresh = date(days.refreshed);
    let columns = link.report.columns();
    let mut out = String::new();
    let mut write = |cells: Vec<String>| {
        let all = [refresh.clone()].into_iter().chain(cells);
        let cells: Vec<String> = all.zip(&columns).map(|(cell, column)| conceal(world, link, column, cell)).collect();
        out.push_str(&cells.iter().map(|cell| quoted(cell)).collect::<Vec<_>>().join(","));
        out.push_str("\r\n");
    };
    if !link.report.names_people() {
        totals::of(world, link.report, days).into_iter().for_each(write);
        return out;
    }
    for person in people.filter_map(|at| world.person(at)) {
        let desk = rows::Desk { world, report: link.report, days, person: &person };
        rows::of(&desk).into_iter().for_each(&mut write);
    }
    out
}

fn conceal(world: &World, link: &Link, column: &str, cell: String) -> String {
    match column {
        "User Id" if link.concealed => "00000000-0000-0000-0000-000000000000".to_owned(),
        _ if link.concealed && NAMES.contains(&column) => {
            token(&format!("{} {}", world.tenant.id, cell.to_lowercase()))
        }
        _ => cell,
    }
}

/// Thirty-two capital hexadecimal digits, the same for the same text.
pub(super) fn token(text: &str) -> String {
    Sha256::of(text.as_bytes()).to_string().get(..32).unwrap_or_default().to_uppercase()
}

/// A cell as RFC 4180 has it.
pub(super) fn quoted(cell: &str) -> String {
    if cell.contains([',', '"', '\r', '\n']) { format!("\"{}\"", cell.replace('"', "\"\"")) } else { cell.to_owned() }
}
