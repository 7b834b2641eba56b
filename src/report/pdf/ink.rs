//! Sheets into a PDF file: PDF/A-2a and PDF/UA-1, with the structure, an outline and fixed dates.

use std::num::NonZeroU16;

use krilla::color::luma;
use krilla::configure::{Accessibility, Archival, ConfigurationBuilder};
use krilla::destination::XyzDestination;
use krilla::geom::{Path, PathBuilder, Point, Rect};
use krilla::metadata::{DateTime, Metadata};
use krilla::outline::{Outline, OutlineNode};
use krilla::page::PageSettings;
use krilla::paint::{Fill, Stroke};
use krilla::surface::Surface;
use krilla::tagging::{
    Artifact, ArtifactType, ContentTag, Identifier, ListNumbering, Node as Branch, SpanTag, TableHeaderScope, Tag,
    TagGroup, TagKind, TagTree,
};
use krilla::text::{GlyphId, KrillaGlyph};
use krilla::{Document, SerializeSettings};

use super::Imprint;
use super::face::{BOX, Face, Faces};
use super::sheet::{Drawn, FULL, HEIGHT, Kind, Mark, Node, Place, SIDE, Sheets, WIDTH};

/// The bytes of the file; `None` where the rules of PDF/A or PDF/UA would be broken.
pub(super) fn file(faces: &Faces, sheets: Sheets, imprint: &Imprint<'_>) -> Option<Vec<u8>> {
    let configuration = ConfigurationBuilder::new()
        .with_archival_validator(Archival::A2_A)
        .with_accessibility_validator(Accessibility::UA1)
        .finish()
        .ok()?;
    let settings = SerializeSettings { configuration, enable_tagging: true, ..SerializeSettings::default() };
    let mut document = Document::new_with(settings);
    let Sheets { all, nodes, places, .. } = sheets;
    let mut leaves: Vec<Vec<Identifier>> = nodes.iter().map(|_| Vec::new()).collect();
    let count = all.len();
    for (place, marks) in all.iter().enumerate() {
        let mut page = document.start_page_with(PageSettings::from_wh(WIDTH, HEIGHT)?);
        {
            let mut pen = Pen { faces, places: &places, surface: page.surface() };
            pen.edges(imprint, place + 1, count);
            pen.marks(marks, &mut leaves);
            pen.surface.finish();
        }
        page.finish();
    }
    document.set_outline(outline(&places));
    document.set_tag_tree(tree(&nodes, leaves)?);
    document.set_metadata(metadata(imprint));
    document.finish().ok()
}

fn metadata(imprint: &Imprint<'_>) -> Metadata {
    let metadata = Metadata::new()
        .title(imprint.title.to_owned())
        .language("en".to_owned())
        .creator(imprint.made_by.to_owned())
        .producer(imprint.made_by.to_owned())
        .document_id(imprint.id.to_owned());
    match imprint.at.and_then(date) {
        Some(at) => metadata.creation_date(at),
        None => metadata,
    }
}

/// `2026-11-24T19:57:52.123Z`, in UTC.
fn date(utc: &str) -> Option<DateTime> {
    let number = |from: usize, to: usize| utc.get(from..to).and_then(|digits| digits.parse::<u8>().ok());
    let year = utc.get(..4).and_then(|digits| digits.parse::<u16>().ok())?;
    let at = DateTime::new(year).month(number(5, 7)?).day(number(8, 10)?);
    let at = at.hour(number(11, 13)?).minute(number(14, 16)?).second(number(17, 19)?);
    Some(at.utc_offset_hour(0).utc_offset_minute(0))
}

fn outline(places: &[Place]) -> Outline {
    let mut outline = Outline::new();
    let mut open: Option<OutlineNode> = None;
    for place in places.iter().filter(|place| place.level > 1) {
        let node =
            || OutlineNode::new(place.title.clone(), XyzDestination::new(place.sheet, Point::from_xy(SIDE, place.y)));
        match &mut open {
            Some(section) if place.level > 2 => section.push_child(node()),
            _ => {
                if let Some(section) = open.replace(node()) {
                    outline.push_child(section);
                }
            }
        }
    }
    if let Some(section) = open {
        outline.push_child(section);
    }
    outline
}

/// The structure: every part within the one above it, in the order of their making.
fn tree(nodes: &[Node], leaves: Vec<Vec<Identifier>>) -> Option<TagTree> {
    let mut groups = Vec::with_capacity(nodes.len());
    for (node, leaves) in nodes.iter().zip(leaves) {
        groups.push(TagGroup::with_children(tag(&node.kind)?, leaves.into_iter().map(Branch::Leaf).collect()));
    }
    // A part is made after the one above it: from the last to the first, each is whole when it is handed up.
    let mut roots = Vec::new();
    let mut handed: Vec<Vec<TagGroup>> = nodes.iter().map(|_| Vec::new()).collect();
    for node in nodes.iter().rev() {
        let mut group = groups.pop()?;
        for child in handed.pop()?.into_iter().rev() {
            group.push(child);
        }
        match node.above.and_then(|above| handed.get_mut(above)) {
            Some(above) => above.push(group),
            None => roots.push(group),
        }
    }
    let mut tree = TagTree::new().with_lang(Some("en".to_owned()));
    for root in roots.into_iter().rev() {
        tree.push(root);
    }
    Some(tree)
}

fn tag(kind: &Kind) -> Option<TagKind> {
    let tag: TagKind = match kind {
        Kind::Heading(level, title) => Tag::Hn(NonZeroU16::new(*level)?, Some(title.clone())).into(),
        Kind::Paragraph => Tag::P.into(),
        Kind::Code => Tag::Code.into(),
        Kind::Caption => Tag::Caption.into(),
        Kind::List { numbered: true } => Tag::L(ListNumbering::Decimal).into(),
        Kind::List { numbered: false } => Tag::L(ListNumbering::None).into(),
        Kind::Item => Tag::LI.into(),
        Kind::Label => Tag::Lbl.into(),
        Kind::Body => Tag::LBody.into(),
        Kind::Contents => Tag::TOC.into(),
        Kind::Entry => Tag::TOCI.into(),
        Kind::Table => Tag::Table.into(),
        Kind::Row => Tag::TR.into(),
        Kind::ColumnHead => Tag::TH(TableHeaderScope::Column).into(),
        Kind::RowHead => Tag::TH(TableHeaderScope::Row).into(),
        Kind::Cell => Tag::TD.into(),
        Kind::Figure(description) => Tag::Figure(Some(description.clone())).into(),
    };
    Some(tag)
}

struct Pen<'a, 'b> {
    faces: &'a Faces,
    places: &'a [Place],
    surface: Surface<'b>,
}

impl Pen<'_, '_> {
    /// Head and foot.
    fn edges(&mut self, imprint: &Imprint<'_>, number: usize, count: usize) {
        const SIZE: f32 = 7.6;
        let right = |pen: &Self, text: &str| SIDE + FULL - pen.faces.width(Face::Plain, text) * SIZE;
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Header)));
        let name = "Acquisition report";
        let from = right(self, name);
        self.text((from, 42.0), SIZE, Face::Plain, name);
        let running = self.cut(imprint.running, SIZE, from - SIDE - 12.0);
        self.text((SIDE, 42.0), SIZE, Face::Plain, &running);
        self.rule((SIDE, 47.0), (SIDE + FULL, 47.0), 0.4, 120);
        self.surface.end_tagged();
        self.surface.start_tagged(ContentTag::Artifact(Artifact::with_kind(ArtifactType::Footer)));
        let (foot, page) = (HEIGHT - 36.0, format!("page {number} of {count}"));
        let from = right(self, &page);
        self.text((from, foot), SIZE, Face::Plain, &page);
        if self.faces.missing() > 0 {
            let note =
                format!("{BOX} stands for a character that this file's faces lack; acquisition-report.html has it.");
            self.text((SIDE, foot), SIZE, Face::Plain, &note);
        }
        self.surface.end_tagged();
    }

    /// A line of text, cut to fit.
    fn cut(&self, text: &str, size: f32, width: f32) -> String {
        let text = self.faces.settle(Face::Plain, text);
        if self.faces.width(Face::Plain, &text) * size <= width {
            return text;
        }
        let (mut kept, mut used) = (String::new(), self.faces.width(Face::Plain, "…") * size);
        for c in text.chars() {
            used += self.faces.letter(Face::Plain, c).map_or(0.0, |letter| letter.width * size);
            if used > width {
                break;
            }
            kept.push(c);
        }
        kept + "…"
    }

    /// Everything between, each stretch of marks of one part with its tag.
    fn marks(&mut self, marks: &[Drawn], leaves: &mut [Vec<Identifier>]) {
        for stretch in marks.chunk_by(|a, b| a.part == b.part) {
            let Some(first) = stretch.first() else { continue };
            let words = stretch.iter().all(|one| matches!(one.mark, Mark::Words { .. } | Mark::PageOf { .. }));
            let kind = match (first.part, words) {
                (None, _) => ContentTag::Artifact(Artifact::with_kind(ArtifactType::Layout)),
                (Some(_), true) => ContentTag::Span(SpanTag::empty()),
                (Some(_), false) => ContentTag::Other,
            };
            let identifier = self.surface.start_tagged(kind);
            for one in stretch {
                self.mark(&one.mark);
            }
            self.surface.end_tagged();
            if let Some(leaves) = first.part.and_then(|part| leaves.get_mut(part)) {
                leaves.push(identifier);
            }
        }
    }

    fn mark(&mut self, mark: &Mark) {
        match mark {
            Mark::Words { x, y, size, face, text } => self.text((*x, *y), *size, *face, text),
            Mark::PageOf { heading, right, y, size } => {
                let sections = self.places.iter().filter(|place| place.level == 2);
                let text =
                    sections.into_iter().nth(*heading).map_or_else(String::new, |place| (place.sheet + 1).to_string());
                let width = self.faces.width(Face::Plain, &text) * size;
                self.text((right - width, *y), *size, Face::Plain, &text);
            }
            Mark::Block { x, y, width, height, fill } => self.block((*x, *y, *width, *height), *fill),
            Mark::Line { from, to, weight, grey } => self.rule(*from, *to, *weight, *grey),
        }
    }

    fn text(&mut self, (x, y): (f32, f32), size: f32, face: Face, text: &str) {
        let mut glyphs = Vec::new();
        let mut kept = String::with_capacity(text.len());
        for c in text.chars() {
            // All text was settled: what has no letter is not in it.
            let Some(letter) = self.faces.letter(face, c) else { continue };
            let from = kept.len();
            kept.push(c);
            glyphs.push(KrillaGlyph {
                glyph_id: GlyphId::new(letter.id),
                text_range: from..kept.len(),
                x_advance: letter.width,
                x_offset: 0.0,
                y_offset: 0.0,
                y_advance: 0.0,
                location: None,
            });
        }
        if !glyphs.is_empty() {
            self.colours(Some(0), None);
            self.surface.draw_glyphs(Point::from_xy(x, y), &glyphs, self.faces.font(face), &kept, size, false);
        }
    }

    fn block(&mut self, (x, y, width, height): (f32, f32, f32, f32), fill: Option<u8>) {
        let Some(rect) = Rect::from_xywh(x, y, width, height) else { return };
        let mut path = PathBuilder::new();
        path.push_rect(rect);
        match fill {
            Some(grey) => self.colours(Some(grey), None),
            None => self.colours(None, Some((17, 0.6))),
        }
        self.path(path.finish());
    }

    fn rule(&mut self, from: (f32, f32), to: (f32, f32), weight: f32, grey: u8) {
        let mut path = PathBuilder::new();
        path.move_to(from.0, from.1);
        path.line_to(to.0, to.1);
        self.colours(None, Some((grey, weight)));
        self.path(path.finish());
    }

    fn path(&mut self, path: Option<Path>) {
        if let Some(path) = path {
            self.surface.draw_path(&path);
        }
    }

    fn colours(&mut self, fill: Option<u8>, stroke: Option<(u8, f32)>) {
        let grey = luma::Color::new;
        self.surface.set_fill(fill.map(|fill| Fill { paint: grey(fill).into(), ..Fill::default() }));
        let line = |(colour, width)| Stroke { paint: grey(colour).into(), width, ..Stroke::default() };
        self.surface.set_stroke(stroke.map(line));
    }
}
