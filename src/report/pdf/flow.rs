//! Blocks onto sheets, one below the other.

use super::block::{Block, Words};
use super::face::{Face, Faces};
use super::sheet::{FULL, Kind, Mark, Part, SIDE, Sheets, TALL};
use super::text::{Line, lines};
use super::{block, figure, table};

/// Lays blocks onto sheets.
pub(super) struct Flow<'a> {
    faces: &'a Faces,
    sheets: Sheets,
    /// The titles of the sections, for the list of contents.
    titles: Vec<String>,
}

/// Size, height of a line and indent of running text, in points.
#[derive(Clone, Copy)]
struct Setting {
    size: f32,
    step: f32,
    indent: f32,
}

const BODY: Setting = Setting { size: 9.4, step: 12.8, indent: 0.0 };
const SMALL: Setting = Setting { size: 8.2, step: 11.2, indent: 0.0 };
const CODE: Setting = Setting { size: 6.9, step: 9.6, indent: 6.0 };

impl<'a> Flow<'a> {
    /// Lays all blocks.
    pub(super) fn lay(faces: &'a Faces, blocks: &[Block]) -> Sheets {
        let titles = blocks.iter().filter_map(|block| match block {
            Block::Heading { level: 2, words } => Some(plain(words)),
            _ => None,
        });
        let mut flow = Self { faces, sheets: Sheets::new(), titles: titles.collect() };
        for (place, block) in blocks.iter().enumerate() {
            if matches!(block, Block::Heading { .. } | Block::Caption(_)) {
                flow.sheets.need(together(blocks.get(place..).unwrap_or_default()).min(0.8 * TALL));
            }
            flow.block(block, 0.0, None);
        }
        flow.sheets
    }

    fn block(&mut self, block: &Block, indent: f32, above: Option<Part>) {
        match block {
            Block::Heading { level, words } => self.heading(*level, words),
            Block::Paragraph { words, small } => {
                let setting = if *small { SMALL } else { BODY };
                let part = self.sheets.part(Kind::Paragraph, above);
                self.words(words, Setting { indent, ..setting }, part);
                self.sheets.y += 5.0;
            }
            Block::Verbatim(text) => self.verbatim(text, indent, above),
            Block::List { numbered, items } => self.list(*numbered, items, indent, above),
            Block::Contents => self.contents(),
            Block::Facts(facts) => self.facts(facts),
            Block::Table(one) => table::draw(self.faces, &mut self.sheets, one),
            Block::Caption(words) => {
                self.sheets.need(90.0);
                let part = self.sheets.part(Kind::Paragraph, above);
                self.words(words, SMALL, part);
                self.sheets.y += 3.0;
            }
            Block::Picture(picture) => figure::draw(self.faces, &mut self.sheets, picture),
        }
    }

    /// Lines with nothing that keeps them together.
    fn words(&mut self, words: &Words, setting: Setting, part: Part) {
        let all = lines(self.faces, words, setting.size, FULL - setting.indent);
        // No single line at the foot of a sheet, if it has more.
        if all.len() > 1 {
            self.sheets.need(2.0 * setting.step);
        }
        for line in all {
            self.line(line, setting, part);
        }
    }

    fn line(&mut self, line: Line, setting: Setting, part: Part) {
        self.sheets.need(setting.step);
        let y = self.sheets.y;
        self.sheets.line(line, (SIDE + setting.indent, y), setting.size, Some(part));
        self.sheets.y += setting.step;
    }

    fn heading(&mut self, level: u16, words: &Words) {
        let (size, before, after) = match level {
            1 => (19.0, 0.0, 10.0),
            2 => (13.0, 16.0, 5.0),
            _ => (10.4, 9.0, 3.0),
        };
        self.sheets.need(before + size + 70.0);
        self.sheets.gap(before);
        let part = self.sheets.part(Kind::Heading(level, plain(words)), None);
        self.sheets.place(level, plain(words));
        self.words(words, Setting { size, step: size * 1.25, indent: 0.0 }, part);
        self.sheets.y += after;
    }

    fn verbatim(&mut self, text: &str, indent: f32, above: Option<Part>) {
        let part = self.sheets.part(Kind::Code, above);
        let words = vec![block::Run { text: text.trim_end().to_owned(), face: Face::Mono }];
        let setting = Setting { indent: indent + CODE.indent, ..CODE };
        for line in lines(self.faces, &words, setting.size, FULL - setting.indent) {
            self.sheets.need(setting.step);
            let (x, y) = (SIDE + indent, self.sheets.y);
            // A bar at the side shows what belongs together.
            let bar = Mark::Block { x, y, width: 1.5, height: setting.step, fill: Some(187) };
            self.sheets.draw(bar, None);
            self.line(line, setting, part);
        }
        self.sheets.y += 5.0;
    }

    fn list(&mut self, numbered: bool, items: &[Vec<Block>], indent: f32, above: Option<Part>) {
        const STEP_IN: f32 = 16.0;
        let list = self.sheets.part(Kind::List { numbered }, above);
        for (place, blocks) in items.iter().enumerate() {
            let item = self.sheets.part(Kind::Item, Some(list));
            let (label, body) = (self.sheets.part(Kind::Label, Some(item)), self.sheets.part(Kind::Body, Some(item)));
            self.sheets.need(2.0 * BODY.step);
            let text = if numbered { format!("{}.", place + 1) } else { "•".to_owned() };
            let (x, y) = (SIDE + indent, self.sheets.y + BODY.size);
            self.sheets.draw(Mark::Words { x, y, size: BODY.size, face: Face::Plain, text }, Some(label));
            for block in blocks {
                self.block(block, indent + STEP_IN, Some(body));
            }
        }
    }

    /// Names to the left, values to the right.
    fn facts(&mut self, facts: &[(Words, Words)]) {
        const LEFT: f32 = 142.0;
        let list = self.sheets.part(Kind::List { numbered: false }, None);
        for (name, value) in facts {
            let item = self.sheets.part(Kind::Item, Some(list));
            let (label, body) = (self.sheets.part(Kind::Label, Some(item)), self.sheets.part(Kind::Body, Some(item)));
            let names = lines(self.faces, name, BODY.size, LEFT - 8.0);
            let values = lines(self.faces, value, BODY.size, FULL - LEFT);
            let (mut names, mut values) = (names.into_iter(), values.into_iter());
            loop {
                let (name, value) = (names.next(), values.next());
                if name.is_none() && value.is_none() {
                    break;
                }
                self.sheets.need(BODY.step);
                let y = self.sheets.y;
                if let Some(line) = name {
                    self.sheets.line(line, (SIDE, y), BODY.size, Some(label));
                }
                if let Some(line) = value {
                    self.sheets.line(line, (SIDE + LEFT, y), BODY.size, Some(body));
                }
                self.sheets.y += BODY.step;
            }
            self.sheets.y += 1.6;
        }
        self.sheets.y += 6.0;
    }

    /// The sections and the sheets they stand on; the first sheet is theirs and the summary's.
    fn contents(&mut self) {
        let list = self.sheets.part(Kind::Contents, None);
        self.sheets.gap(10.0);
        for (place, title) in std::mem::take(&mut self.titles).into_iter().enumerate() {
            self.sheets.need(BODY.step);
            let part = self.sheets.part(Kind::Entry, Some(list));
            let y = self.sheets.y + BODY.size;
            let words = Mark::Words { x: SIDE, y, size: BODY.size, face: Face::Plain, text: format!("{title} ") };
            self.sheets.draw(words, Some(part));
            // The page's own heading is the first.
            let number = Mark::PageOf { heading: place, right: SIDE + FULL, y, size: BODY.size };
            self.sheets.draw(number, Some(part));
            self.sheets.y += BODY.step;
        }
        self.sheets.turn();
    }
}

/// What a heading or caption must find room for on its sheet: itself, those after it, and the beginning of what they are of.
fn together(blocks: &[Block]) -> f32 {
    let mut height = 0.0;
    for block in blocks {
        height += match block {
            Block::Heading { level: 1, .. } => 30.0,
            Block::Heading { level: 2, .. } => 38.0,
            Block::Heading { .. } => 26.0,
            Block::Caption(_) => 18.0,
            Block::Picture(picture) => return height + figure::needs(picture) + 6.0,
            _ => return height + 70.0,
        };
    }
    height
}

fn plain(words: &Words) -> String {
    words.iter().map(|run| run.text.as_str()).collect()
}
