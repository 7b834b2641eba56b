//! The three faces of the paper: which characters they have and how wide those are.
//!
//! Letters stand one behind the other, without joining or turning; so Latin, Greek and Cyrillic come out right, and what
//! needs more is shown as a box and counted. It must not know what is written.

use std::cell::Cell;

use krilla::text::Font;
use skrifa::charmap::Charmap;
use skrifa::instance::{LocationRef, Size};
use skrifa::metrics::GlyphMetrics;
use skrifa::{FontRef, MetadataProvider as _};
use unicode_normalization::UnicodeNormalization as _;

const PLAIN: &[u8] = include_bytes!("fonts/LiberationSans-Regular.ttf");
const BOLD: &[u8] = include_bytes!("fonts/LiberationSans-Bold.ttf");
const MONO: &[u8] = include_bytes!("fonts/LiberationMono-Regular.ttf");
/// Shown for what a face cannot show.
pub(super) const BOX: char = '□';

/// A face.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Face {
    /// Running text.
    #[default]
    Plain,
    /// Headings, names.
    Bold,
    /// Commands, file names.
    Mono,
}

/// A face that was read.
struct Loaded {
    font: Font,
    map: Charmap<'static>,
    metrics: GlyphMetrics<'static>,
    /// Units of the face to the size of its letters.
    scale: f32,
}

/// All faces, and how many characters they could not show.
pub(super) struct Faces {
    plain: Loaded,
    bold: Loaded,
    mono: Loaded,
    missing: Cell<u64>,
}

/// A character's number in its face, and its width at size 1.
#[derive(Debug, Clone, Copy)]
pub(super) struct Letter {
    pub(super) id: u32,
    pub(super) width: f32,
}

impl Faces {
    /// Reads the faces that come with the program.
    pub(super) fn load() -> Option<Self> {
        let read = |bytes: &'static [u8]| {
            let font = FontRef::new(bytes).ok()?;
            let metrics = font.glyph_metrics(Size::unscaled(), LocationRef::default());
            let drawn = Font::new(bytes.into(), 0)?;
            let scale = 1.0 / drawn.units_per_em();
            Some(Loaded { map: font.charmap(), metrics, scale, font: drawn })
        };
        Some(Self { plain: read(PLAIN)?, bold: read(BOLD)?, mono: read(MONO)?, missing: Cell::new(0) })
    }

    fn loaded(&self, face: Face) -> &Loaded {
        match face {
            Face::Plain => &self.plain,
            Face::Bold => &self.bold,
            Face::Mono => &self.mono,
        }
    }

    /// What draws a face.
    pub(super) fn font(&self, face: Face) -> Font {
        self.loaded(face).font.clone()
    }

    /// The letter for a character, if the face can show it.
    pub(super) fn letter(&self, face: Face, c: char) -> Option<Letter> {
        let face = self.loaded(face);
        let id = face.map.map(c).filter(|id| id.to_u32() != 0 && !needs_more(c))?;
        Some(Letter { id: id.to_u32(), width: face.metrics.advance_width(id)? * face.scale })
    }

    /// How wide a text is at size 1.
    pub(super) fn width(&self, face: Face, text: &str) -> f32 {
        text.chars().filter_map(|c| self.letter(face, c)).map(|letter| letter.width).sum()
    }

    /// The text with nothing in it that the face cannot show: composed, with boxes for the rest, which are counted.
    pub(super) fn settle(&self, face: Face, text: &str) -> String {
        let mut settled = String::with_capacity(text.len());
        for c in text.nfc() {
            let c = match c {
                // The sign of the pictures for an empty month.
                '∅' => 'Ø',
                '\u{2002}' | '\u{2003}' | '\u{202f}' | '\t' => '\u{a0}',
                c => c,
            };
            if c == '\n' || self.letter(face, c).is_some() {
                settled.push(c);
            } else {
                self.missing.set(self.missing.get() + 1);
                settled.push(BOX);
            }
        }
        settled
    }

    /// How many boxes stand for characters.
    pub(super) fn missing(&self) -> u64 {
        self.missing.get()
    }
}

/// Characters that need turning or joining, or have no meaning that all agree on (private use).
fn needs_more(c: char) -> bool {
    matches!(c, '\u{590}'..='\u{8ff}' | '\u{fb1d}'..='\u{fdff}' | '\u{fe00}'..='\u{feff}')
        || matches!(c, '\u{e000}'..='\u{f8ff}' | '\u{fff0}'..='\u{10ffff}')
}
