//! The acquisition report on paper: a PDF file with the same words, numbers and pictures as the page for browsers.
//!
//! [`read`] takes the page, [`flow`] lays it onto sheets of A4, [`ink`] makes the file: tagged, with an outline, its faces
//! within (PDF/A-2a, PDF/UA-1). No clock and no chance: the same page gives the same bytes. It must not ask the record.

mod block;
mod face;
mod figure;
mod flow;
mod ink;
mod read;
mod sheet;
mod table;
mod text;

use block::{Block, Run};
use face::{BOX, Face, Faces};

/// What a file says of itself.
pub(super) struct Imprint<'a> {
    /// Its title.
    pub(super) title: &'a str,
    /// What stands at the head of every sheet.
    pub(super) running: &'a str,
    /// The program that made it.
    pub(super) made_by: &'a str,
    /// What it is about, by a name that does not change.
    pub(super) id: &'a str,
    /// The moment it tells of, in UTC: a date of its own it has none.
    pub(super) at: Option<&'a str>,
}

/// The file; `None` if it would break the rules it claims to keep.
pub(super) fn file(page: &str, imprint: &Imprint<'_>) -> Option<Vec<u8>> {
    let faces = Faces::load()?;
    let mut blocks = read::blocks(&faces, page);
    faces.settle(Face::Plain, imprint.running);
    if faces.missing() > 0 {
        let text = format!(
            "{BOX} stands for a character that the faces of this file lack, {} in all; acquisition-report.html has them.",
            super::words::number(faces.missing())
        );
        blocks.push(Block::Paragraph { words: vec![Run { text, face: Face::Plain }], small: true });
    }
    let sheets = flow::Flow::lay(&faces, &blocks);
    ink::file(&faces, sheets, imprint)
}

#[cfg(test)]
mod tests;
