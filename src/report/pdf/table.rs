//! Tables: how wide their columns are, and rows that go on over sheets below repeated heads.

use super::block::{Cell, Row, Stand, Table};
use super::face::{Face, Faces};
use super::sheet::{FULL, Kind, Mark, Part, SIDE, Sheets, TALL};
use super::text::{Line, Piece, lines, widths};

const SIZE: f32 = 7.6;
const STEP: f32 = 9.8;
/// Around a cell, in points.
const AIR: f32 = 3.6;

/// Draws a table over as many sheets as it needs.
pub(super) fn draw(faces: &Faces, sheets: &mut Sheets, table: &Table) {
    let part = sheets.part(Kind::Table, None);
    let columns = columns(faces, table);
    let first = table.rows.first().map_or(0.0, |row| height(&broken(faces, &row.cells, &columns)));
    let heads = broken(faces, &table.heads, &columns);
    let caption = lines(faces, &table.caption, SIZE + 0.8, FULL);
    // Caption, heads and the first row stay together.
    sheets.gap(8.0);
    let lead = count(caption.len()) * (STEP + 1.5) + height(&heads) + 4.0;
    sheets.need((lead + first.min(TALL / 3.0)).min(TALL));
    let captioned = sheets.part(Kind::Caption, Some(part));
    for line in caption {
        let y = sheets.y;
        sheets.line(line, (SIDE, y), SIZE + 0.8, Some(captioned));
        sheets.y += STEP + 1.5;
    }
    sheets.y += 2.0;
    let pen = Pen { faces, table, columns };
    pen.heads(sheets, Some(part));
    for row in &table.rows {
        pen.row(sheets, part, row);
    }
    sheets.y += 8.0;
}

struct Pen<'a> {
    faces: &'a Faces,
    table: &'a Table,
    columns: Vec<f32>,
}

impl Pen<'_> {
    /// The heads; those repeated on a later sheet belong to no part.
    fn heads(&self, sheets: &mut Sheets, part: Option<Part>) {
        let row = part.map(|part| sheets.part(Kind::Row, Some(part)));
        let parts: Vec<_> =
            self.table.heads.iter().map(|_| row.map(|row| sheets.part(Kind::ColumnHead, Some(row)))).collect();
        let all = broken(self.faces, &self.table.heads, &self.columns);
        let tall = height(&all);
        self.cells(sheets, all, &self.table.heads, &parts);
        sheets.y += tall;
        rule(sheets, 0.8, 20);
    }

    fn row(&self, sheets: &mut Sheets, table: Part, row: &Row) {
        let part = sheets.part(Kind::Row, Some(table));
        let kind = |place| if place == 0 { Kind::RowHead } else { Kind::Cell };
        let parts: Vec<_> =
            row.cells.iter().enumerate().map(|(place, _)| Some(sheets.part(kind(place), Some(part)))).collect();
        let mut rest = broken(self.faces, &row.cells, &self.columns);
        let head = height(&broken(self.faces, &self.table.heads, &self.columns));
        if row.sum {
            rule(sheets, 0.8, 20);
        }
        loop {
            let tall = height(&rest);
            if tall > sheets.room() && (tall <= TALL - head || sheets.room() < 3.0 * STEP) {
                sheets.turn();
                self.heads(sheets, None);
            }
            // What is taller than a sheet goes on over the next.
            let fit = rest.iter().map(Vec::len).max().unwrap_or(0).min(fitting(sheets.room()));
            let now: Vec<_> =
                rest.iter_mut().map(|cell| cell.drain(..fit.min(cell.len())).collect::<Vec<_>>()).collect();
            let tall = height(&now);
            self.cells(sheets, now, &row.cells, &parts);
            sheets.y += tall;
            if rest.iter().all(Vec::is_empty) {
                break;
            }
        }
        rule(sheets, 0.3, 170);
    }

    fn cells(&self, sheets: &mut Sheets, all: Vec<Vec<Line>>, cells: &[Cell], parts: &[Option<Part>]) {
        let (mut x, top) = (SIDE, sheets.y + AIR);
        for (place, cell) in all.into_iter().enumerate() {
            let width = self.columns.get(place).copied().unwrap_or(0.0);
            let right = cells.get(place).is_some_and(|cell| cell.stand == Stand::Number);
            for (at, mut line) in cell.into_iter().enumerate() {
                // An empty cell has a space in it, or it would be missing from the structure.
                if line.pieces.is_empty() {
                    line.pieces.push(Piece { text: " ".to_owned(), face: Face::Plain, x: 0.0 });
                }
                let shift = if right { width - AIR - line.width } else { AIR };
                let y = top + count(at) * STEP;
                sheets.line(line, (x + shift, y), SIZE, parts.get(place).copied().flatten());
            }
            x += width;
        }
    }
}

fn rule(sheets: &mut Sheets, weight: f32, grey: u8) {
    let y = sheets.y;
    sheets.draw(Mark::Line { from: (SIDE, y), to: (SIDE + FULL, y), weight, grey }, None);
}

/// The cells of a row as lines.
fn broken(faces: &Faces, cells: &[Cell], columns: &[f32]) -> Vec<Vec<Line>> {
    let width = |place| columns.get(place).map_or(40.0, |width| width - 2.0 * AIR);
    cells.iter().enumerate().map(|(place, cell)| lines(faces, &cell.words, SIZE, width(place))).collect()
}

fn height(cells: &[Vec<Line>]) -> f32 {
    count(cells.iter().map(Vec::len).max().unwrap_or(0)) * STEP + 2.0 * AIR
}

/// How many lines a room takes, at least one.
fn fitting(room: f32) -> usize {
    (1..100).take_while(|lines| count(*lines) * STEP + 2.0 * AIR <= room).last().unwrap_or(1)
}

fn count(number: usize) -> f32 {
    f32::from(u16::try_from(number).unwrap_or(u16::MAX))
}

/// The widths of the columns: as wide as they would be if there is room, else shared out by what they need.
fn columns(faces: &Faces, table: &Table) -> Vec<f32> {
    let mut wanted: Vec<(f32, f32)> = Vec::new();
    let rows = std::iter::once(&table.heads).chain(table.rows.iter().map(|row| &row.cells));
    for (at, row) in rows.enumerate() {
        for (place, cell) in row.iter().enumerate() {
            let (whole, part) = widths(faces, &cell.words, SIZE);
            let (most, least) = match (at, cell.stand) {
                // Heads may break between words.
                (0, _) => (part, part),
                (_, Stand::Text) => (whole, part.min(64.0)),
                (_, Stand::Number | Stand::Short) => (whole, whole.min(120.0)),
            };
            if wanted.len() <= place {
                wanted.resize(place + 1, (0.0, 0.0));
            }
            if let Some(column) = wanted.get_mut(place) {
                *column = (column.0.max(most + 2.0 * AIR), column.1.max(least + 2.0 * AIR));
            }
        }
    }
    let (most, least) = wanted.iter().fold((0.0, 0.0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    let width = |(whole, part): (f32, f32)| {
        if most <= FULL {
            whole * FULL / most
        } else if least >= FULL {
            part * FULL / least
        } else {
            part + (whole - part) * (FULL - least) / (most - least)
        }
    };
    wanted.into_iter().map(width).collect()
}
