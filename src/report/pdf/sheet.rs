//! Sheets of A4 that fill from above: what is drawn where, and to which part of the structure it belongs.
//!
//! Only a list is made here; nothing is drawn before the number of sheets is known. It must not know of any file format.

use super::face::Face;
use super::text::Line;

/// A4, in points.
pub(super) const WIDTH: f32 = 595.276;
/// A4, in points.
pub(super) const HEIGHT: f32 = 841.89;
/// Room at both sides, in points.
pub(super) const SIDE: f32 = 48.0;
/// Where text starts.
const TOP: f32 = 66.0;
/// Where text ends.
const BOTTOM: f32 = HEIGHT - 58.0;
/// How wide text may be.
pub(super) const FULL: f32 = WIDTH - 2.0 * SIDE;
/// How high text may be.
pub(super) const TALL: f32 = BOTTOM - TOP;

/// A part of the structure, by its number.
pub(super) type Part = usize;

/// What kind a part is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    Heading(u16, String),
    Paragraph,
    Code,
    Caption,
    List { numbered: bool },
    Item,
    Label,
    Body,
    Contents,
    Entry,
    Table,
    Row,
    ColumnHead,
    RowHead,
    Cell,
    Figure(String),
}

/// A part of the structure, and the part that it belongs to.
pub(super) struct Node {
    pub(super) kind: Kind,
    pub(super) above: Option<Part>,
}

/// What is drawn.
pub(super) enum Mark {
    /// Words on a base line.
    Words { x: f32, y: f32, size: f32, face: Face, text: String },
    /// The number of the sheet on which a heading stands, to the left of a place.
    PageOf { heading: usize, right: f32, y: f32, size: f32 },
    /// A rectangle: filled with a grey, or hollow.
    Block { x: f32, y: f32, width: f32, height: f32, fill: Option<u8> },
    /// A line.
    Line { from: (f32, f32), to: (f32, f32), weight: f32, grey: u8 },
}

/// A mark, and the part of the structure that it shows; without one it is only decoration.
pub(super) struct Drawn {
    pub(super) mark: Mark,
    pub(super) part: Option<Part>,
}

/// A heading, and where it stands.
pub(super) struct Place {
    pub(super) level: u16,
    pub(super) title: String,
    pub(super) sheet: usize,
    pub(super) y: f32,
}

/// The sheets so far.
pub(super) struct Sheets {
    pub(super) all: Vec<Vec<Drawn>>,
    pub(super) nodes: Vec<Node>,
    pub(super) places: Vec<Place>,
    /// Where the next thing stands, down from the upper edge.
    pub(super) y: f32,
}

impl Sheets {
    pub(super) const fn new() -> Self {
        Self { all: Vec::new(), nodes: Vec::new(), places: Vec::new(), y: BOTTOM }
    }

    /// A new part of the structure.
    pub(super) fn part(&mut self, kind: Kind, above: Option<Part>) -> Part {
        self.nodes.push(Node { kind, above });
        self.nodes.len() - 1
    }

    /// What is left on this sheet.
    pub(super) fn room(&self) -> f32 {
        if self.all.is_empty() { 0.0 } else { BOTTOM - self.y }
    }

    /// Starts a sheet.
    pub(super) fn turn(&mut self) {
        self.all.push(Vec::new());
        self.y = TOP;
    }

    /// Starts a sheet unless this one has so much room left.
    pub(super) fn need(&mut self, height: f32) {
        if self.room() < height {
            self.turn();
        }
    }

    /// Whether nothing stands on this sheet yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.all.last().is_some_and(Vec::is_empty)
    }

    /// Leaves room, but not at the head of a sheet.
    pub(super) fn gap(&mut self, height: f32) {
        if !self.is_fresh() {
            self.y += height;
        }
    }

    /// Draws on this sheet.
    pub(super) fn draw(&mut self, mark: Mark, part: Option<Part>) {
        if self.all.is_empty() {
            self.turn();
        }
        if let Some(sheet) = self.all.last_mut() {
            sheet.push(Drawn { mark, part });
        }
    }

    /// Draws a line of words with its upper edge at a height.
    pub(super) fn line(&mut self, line: Line, (x, top): (f32, f32), size: f32, part: Option<Part>) {
        for piece in line.pieces {
            let mark = Mark::Words { x: x + piece.x, y: top + size, size, face: piece.face, text: piece.text };
            self.draw(mark, part);
        }
    }

    /// Notes that a heading stands here.
    pub(super) fn place(&mut self, level: u16, title: String) {
        self.places.push(Place { level, title, sheet: self.all.len().saturating_sub(1), y: self.y });
    }
}
