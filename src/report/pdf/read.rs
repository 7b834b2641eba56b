//! The page for browsers, read again: so the paper says the same words and the same numbers.
//!
//! It knows the elements that our own pages have, and takes the words of any other as running text; it must not know
//! what they mean.

use std::cell::RefCell;

use html5ever::TokenizerResult;
use html5ever::tendril::StrTendril;
use html5ever::tokenizer::{BufferQueue, Tag, TagKind, Token, TokenSink, TokenSinkResult, Tokenizer, TokenizerOpts};

use super::block::{Anchor, Block, Cell, Picture, Row, Run, Shape, Stand, Table, Words};
use super::face::{Face, Faces};

/// Characters of one paragraph or cell that the paper shows; the page has the rest.
const MOST: usize = 3000;
/// Said where a text was cut.
const CUT: &str = " … (cut here; whole in acquisition-report.html)";

/// The blocks of a page, its `main` part.
pub(super) fn blocks(faces: &Faces, page: &str) -> Vec<Block> {
    let inside = page.split_once("<main>").map_or(page, |(_, rest)| rest);
    let reader = Reader { faces, page: RefCell::new(Page::default()) };
    let tokenizer = Tokenizer::new(reader, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(inside));
    while !matches!(tokenizer.feed(&input), TokenizerResult::Done) {}
    tokenizer.end();
    let mut page = tokenizer.sink.page.take();
    page.flush(faces);
    page.blocks
}

struct Reader<'a> {
    faces: &'a Faces,
    page: RefCell<Page>,
}

impl TokenSink for Reader<'_> {
    type Handle = ();

    fn process_token(&self, token: Token, _line: u64) -> TokenSinkResult<()> {
        let mut page = self.page.borrow_mut();
        match token {
            Token::CharacterTokens(text) => page.words(&text),
            Token::TagToken(tag) if tag.kind == TagKind::StartTag => page.start(self.faces, &tag),
            Token::TagToken(tag) => page.end(self.faces, &tag.name),
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

/// What words become when they end.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
enum Goal {
    #[default]
    Paragraph,
    Small,
    Heading(u16),
    Verbatim,
    Name,
    Value,
    Caption,
    TableCaption,
    Head(Stand),
    Cell(Stand),
    Description,
    Word,
    Nothing,
}

/// A list that is open: its items so far, and the blocks that stood before it.
struct List {
    numbered: bool,
    items: Vec<Vec<Block>>,
    before: Vec<Block>,
}

/// The page so far.
#[derive(Default)]
struct Page {
    blocks: Vec<Block>,
    lists: Vec<List>,
    facts: Vec<(Words, Words)>,
    table: Table,
    picture: Option<Picture>,
    goal: Goal,
    words: Words,
    bold: u32,
    mono: u32,
    /// Within the list of sections, which the paper makes anew.
    contents: bool,
}

impl Page {
    fn words(&mut self, text: &str) {
        let sum = matches!(self.goal, Goal::Cell(_)) && self.table.rows.last().is_some_and(|row| row.sum);
        let named =
            matches!(self.goal, Goal::Heading(_) | Goal::Head(_) | Goal::Caption | Goal::TableCaption | Goal::Name);
        let face = match (self.goal, self.mono, self.bold) {
            (Goal::Verbatim, ..) | (_, 1.., _) => Face::Mono,
            (_, _, bold) if sum || named || bold > 0 => Face::Bold,
            _ => Face::Plain,
        };
        match self.words.last_mut().filter(|run| run.face == face) {
            Some(run) => run.text.push_str(text),
            None => self.words.push(Run { text: text.to_owned(), face }),
        }
    }

    /// Begins other words; those before them are done.
    fn begin(&mut self, faces: &Faces, goal: Goal) {
        self.flush(faces);
        self.goal = goal;
    }

    fn start(&mut self, faces: &Faces, tag: &Tag) {
        let is = |class: &str| attribute(tag, "class") == Some(class);
        let stand = if is("n") {
            Stand::Number
        } else if is("t") {
            Stand::Short
        } else {
            Stand::Text
        };
        match &*tag.name {
            "h1" => self.begin(faces, Goal::Heading(1)),
            "h2" => self.begin(faces, Goal::Heading(2)),
            "h3" => self.begin(faces, Goal::Heading(3)),
            "p" => self.begin(faces, if is("small") { Goal::Small } else { Goal::Paragraph }),
            "pre" => self.begin(faces, Goal::Verbatim),
            "dt" => self.begin(faces, Goal::Name),
            "dd" => self.begin(faces, Goal::Value),
            "figcaption" => self.begin(faces, Goal::Caption),
            "caption" => self.begin(faces, Goal::TableCaption),
            "th" if attribute(tag, "scope") == Some("col") => self.begin(faces, Goal::Head(stand)),
            "th" | "td" => self.begin(faces, Goal::Cell(stand)),
            "title" => self.begin(faces, Goal::Nothing),
            "desc" => self.begin(faces, Goal::Description),
            "strong" => self.bold += 1,
            "code" => self.mono += 1,
            "nav" => {
                self.begin(faces, Goal::Nothing);
                self.contents = true;
            }
            "ol" | "ul" if !self.contents => {
                self.begin(faces, Goal::Paragraph);
                let before = std::mem::take(&mut self.blocks);
                self.lists.push(List { numbered: &*tag.name == "ol", items: Vec::new(), before });
            }
            "li" if !self.contents => self.begin(faces, Goal::Paragraph),
            "tr" => self.table.rows.push(Row { cells: Vec::new(), sum: is("sum") }),
            "svg" => {
                self.begin(faces, Goal::Nothing);
                let view = attribute(tag, "viewBox").unwrap_or_default();
                let width = view.split(' ').nth(2).and_then(|text| text.parse().ok()).unwrap_or(720.0);
                self.picture = Some(Picture { width, ..Picture::default() });
            }
            "rect" | "line" | "text" => self.shape(faces, tag),
            _ => {}
        }
    }

    fn shape(&mut self, faces: &Faces, tag: &Tag) {
        let number = |name| attribute(tag, name).and_then(|text| text.parse::<f32>().ok()).unwrap_or(0.0);
        let shape = match &*tag.name {
            "rect" => Shape::Block {
                x: number("x"),
                y: number("y"),
                width: number("width"),
                height: number("height"),
                fill: attribute(tag, "fill").and_then(grey),
            },
            "line" => Shape::Line { x1: number("x1"), y1: number("y1"), x2: number("x2"), y2: number("y2") },
            _ => {
                self.begin(faces, Goal::Word);
                let anchor = match attribute(tag, "text-anchor") {
                    Some("middle") => Anchor::Middle,
                    Some("end") => Anchor::End,
                    _ => Anchor::Start,
                };
                Shape::Word { x: number("x"), y: number("y"), size: number("font-size"), anchor, text: String::new() }
            }
        };
        if let Some(picture) = &mut self.picture {
            picture.shapes.push(shape);
        }
    }

    fn end(&mut self, faces: &Faces, name: &str) {
        match name {
            "strong" => self.bold = self.bold.saturating_sub(1),
            "code" => self.mono = self.mono.saturating_sub(1),
            "nav" => {
                self.begin(faces, Goal::Paragraph);
                self.contents = false;
                self.blocks.push(Block::Contents);
            }
            "li" if !self.contents => {
                self.begin(faces, Goal::Paragraph);
                let item = std::mem::take(&mut self.blocks);
                if let Some(list) = self.lists.last_mut() {
                    list.items.push(item);
                }
            }
            "ol" | "ul" if !self.contents => {
                self.begin(faces, Goal::Paragraph);
                if let Some(List { numbered, items, before }) = self.lists.pop() {
                    self.blocks = before;
                    self.blocks.push(Block::List { numbered, items });
                }
            }
            "dl" => {
                self.begin(faces, Goal::Paragraph);
                let facts = std::mem::take(&mut self.facts);
                self.blocks.push(Block::Facts(facts));
            }
            "table" => {
                self.begin(faces, Goal::Paragraph);
                let mut table = std::mem::take(&mut self.table);
                table.rows.retain(|row| !row.cells.is_empty());
                self.blocks.push(Block::Table(table));
            }
            "svg" => {
                self.begin(faces, Goal::Paragraph);
                self.blocks.extend(self.picture.take().map(Block::Picture));
            }
            "h1" | "h2" | "h3" | "p" | "pre" | "dt" | "dd" | "figcaption" | "caption" | "th" | "td" => {
                self.begin(faces, Goal::Paragraph);
            }
            "title" | "desc" | "text" => self.begin(faces, Goal::Nothing),
            _ => {}
        }
    }

    /// Puts the words where they belong.
    fn flush(&mut self, faces: &Faces) {
        let words = settled(faces, std::mem::take(&mut self.words));
        let plain = || words.iter().map(|run| run.text.as_str()).collect::<String>();
        let none = words.iter().all(|run| run.text.trim().is_empty());
        match std::mem::take(&mut self.goal) {
            Goal::Paragraph if !none => self.blocks.push(Block::Paragraph { words, small: false }),
            Goal::Small if !none => self.blocks.push(Block::Paragraph { words, small: true }),
            Goal::Paragraph | Goal::Small | Goal::Nothing => {}
            Goal::Heading(level) => self.blocks.push(Block::Heading { level, words }),
            Goal::Verbatim => self.blocks.push(Block::Verbatim(plain())),
            Goal::Name => self.facts.push((words, Words::new())),
            Goal::Value => {
                if let Some(fact) = self.facts.last_mut() {
                    fact.1 = words;
                }
            }
            Goal::Caption => self.blocks.push(Block::Caption(words)),
            Goal::TableCaption => self.table.caption = words,
            Goal::Head(stand) => self.table.heads.push(Cell { words, stand }),
            Goal::Cell(stand) => {
                if let Some(row) = self.table.rows.last_mut() {
                    row.cells.push(Cell { words, stand });
                }
            }
            Goal::Description => {
                let description = plain();
                if let Some(picture) = &mut self.picture {
                    picture.description = description;
                }
            }
            Goal::Word => {
                let shape = self.picture.as_mut().and_then(|picture| picture.shapes.last_mut());
                if let Some(Shape::Word { text, .. }) = shape {
                    *text = plain();
                }
            }
        }
    }
}

/// Words that their faces can show, cut where nobody would read on.
fn settled(faces: &Faces, words: Words) -> Words {
    let mut left = MOST;
    let mut kept = Words::new();
    for run in words {
        let length = run.text.chars().count();
        if length > left {
            let text = run.text.chars().take(left).chain(CUT.chars()).collect::<String>();
            kept.push(Run { text: faces.settle(run.face, &text), face: run.face });
            break;
        }
        left -= length;
        kept.push(Run { text: faces.settle(run.face, &run.text), face: run.face });
    }
    kept
}

fn attribute<'a>(tag: &'a Tag, name: &str) -> Option<&'a str> {
    tag.attrs.iter().find(|one| &*one.name.local == name).map(|one| &*one.value)
}

/// The grey of `#abc` or `#aabbcc`; all of our colours are greys.
fn grey(colour: &str) -> Option<u8> {
    let digits = colour.strip_prefix('#')?;
    match digits.len() {
        3 => u8::from_str_radix(digits.get(..1)?, 16).ok().map(|value| value * 17),
        _ => u8::from_str_radix(digits.get(..2)?, 16).ok(),
    }
}
