//! What stands on a page, before anybody knows how large the paper is: headings, paragraphs, lists, tables, pictures.
//!
//! It must not know where the words come from, nor how they are drawn.

use super::face::Face;

/// Words in one face.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Run {
    /// The words.
    pub(super) text: String,
    /// How they look.
    pub(super) face: Face,
}

/// Words in a line of thought; faces may change.
pub(super) type Words = Vec<Run>;

/// One thing below the other.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Block {
    /// A heading; level 1 is the page's own.
    Heading { level: u16, words: Words },
    /// A paragraph, in full size or small.
    Paragraph { words: Words, small: bool },
    /// Lines that break only where they are broken, if they fit.
    Verbatim(String),
    /// A list, with numbers or without.
    List { numbered: bool, items: Vec<Vec<Block>> },
    /// The place for the list of all sections.
    Contents,
    /// Names and values.
    Facts(Vec<(Words, Words)>),
    /// A table.
    Table(Table),
    /// What a picture is about.
    Caption(Words),
    /// A picture.
    Picture(Picture),
}

/// A table; the first cell of a row names it.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Table {
    /// What it is about.
    pub(super) caption: Words,
    /// The names of the columns.
    pub(super) heads: Vec<Cell>,
    /// The rows.
    pub(super) rows: Vec<Row>,
}

/// A row.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Row {
    /// From left to right.
    pub(super) cells: Vec<Cell>,
    /// Whether it sums up those above.
    pub(super) sum: bool,
}

/// A cell.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Cell {
    /// What it says.
    pub(super) words: Words,
    /// How its column stands.
    pub(super) stand: Stand,
}

/// How a column stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Stand {
    /// Text that may break.
    #[default]
    Text,
    /// A number, to the right.
    Number,
    /// A short text on one line.
    Short,
}

/// A picture of plain shapes in a space of its own.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Picture {
    /// What it shows, for those who do not see it.
    pub(super) description: String,
    /// Its width in its own units.
    pub(super) width: f32,
    /// The shapes, in the order of drawing.
    pub(super) shapes: Vec<Shape>,
}

/// A shape; places in units of the picture, down from its upper left corner.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Shape {
    /// A rectangle: filled with a grey, or hollow.
    Block { x: f32, y: f32, width: f32, height: f32, fill: Option<u8> },
    /// A line.
    Line { x1: f32, y1: f32, x2: f32, y2: f32 },
    /// A word on its base line.
    Word { x: f32, y: f32, size: f32, anchor: Anchor, text: String },
}

/// Which point of a word its place means.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Anchor {
    /// Its start.
    #[default]
    Start,
    /// Its middle.
    Middle,
    /// Its end.
    End,
}

impl Shape {
    /// From where to where it reaches downwards.
    pub(super) fn reach(&self) -> (f32, f32) {
        match self {
            Self::Block { y, height, .. } => (*y, y + height),
            Self::Line { y1, y2, .. } => (y1.min(*y2), y1.max(*y2)),
            Self::Word { y, size, .. } => (y - size, y + size * 0.3),
        }
    }
}
