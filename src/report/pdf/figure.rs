//! Pictures: the shapes of the page at the paper's size; a picture that is higher than the paper goes on over the next sheet
//! where no shape is cut.

use super::block::{Anchor, Picture, Shape};
use super::face::{Face, Faces};
use super::sheet::{FULL, Kind, Mark, Part, SIDE, Sheets, TALL};

/// Shapes nearer to one another than this stay together, in units of the picture.
const NEAR: f32 = 3.0;

/// Draws a picture.
pub(super) fn draw(faces: &Faces, sheets: &mut Sheets, picture: &Picture) {
    let part = sheets.part(Kind::Figure(picture.description.clone()), None);
    let bands = bands(&picture.shapes);
    let scale = scale(picture, &bands);
    let tall = bands.last().map_or(0.0, |band| band.1) * scale;
    if tall > sheets.room() && tall <= TALL {
        sheets.turn();
    }
    // Where the upper edge of the picture would be on this sheet.
    let mut origin = sheets.y;
    for (from, to) in bands {
        if (to - from) * scale > sheets.room() {
            sheets.turn();
            origin = sheets.y - from * scale;
        }
        for shape in picture.shapes.iter().filter(|shape| within(shape, from, to)) {
            ink(faces, sheets, shape, (origin, scale), part);
        }
        sheets.y = origin + to * scale;
    }
    sheets.y += 6.0;
}

/// How much of a sheet what stands above a picture must leave for it: all of it, or its first part where it is higher than
/// a sheet.
pub(super) fn needs(picture: &Picture) -> f32 {
    let bands = bands(&picture.shapes);
    let scale = scale(picture, &bands);
    let tall = bands.last().map_or(0.0, |band| band.1) * scale;
    if tall <= TALL { tall } else { bands.first().map_or(0.0, |band| band.1) * scale }
}

fn scale(picture: &Picture, bands: &[(f32, f32)]) -> f32 {
    let highest = bands.iter().map(|(from, to)| to - from).fold(1.0, f32::max);
    (FULL / picture.width.max(1.0)).min(TALL / highest)
}

fn within(shape: &Shape, from: f32, to: f32) -> bool {
    let (top, bottom) = shape.reach();
    top >= from && bottom <= to
}

/// Stretches, downwards, that shapes cover without a gap.
fn bands(shapes: &[Shape]) -> Vec<(f32, f32)> {
    let mut all: Vec<_> = shapes.iter().map(Shape::reach).collect();
    all.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.total_cmp(&b.1)));
    let mut bands: Vec<(f32, f32)> = Vec::new();
    for (top, bottom) in all {
        match bands.last_mut().filter(|band| top <= band.1 + NEAR) {
            Some(band) => band.1 = band.1.max(bottom),
            None => bands.push((top, bottom)),
        }
    }
    bands
}

fn ink(faces: &Faces, sheets: &mut Sheets, shape: &Shape, (origin, scale): (f32, f32), part: Part) {
    let place = |x: f32, y: f32| (SIDE + x * scale, origin + y * scale);
    let mark = match shape {
        Shape::Block { x, y, width, height, fill } => {
            let (x, y) = place(*x, *y);
            Mark::Block { x, y, width: width * scale, height: height * scale, fill: *fill }
        }
        Shape::Line { x1, y1, x2, y2 } => {
            Mark::Line { from: place(*x1, *y1), to: place(*x2, *y2), weight: 0.8 * scale, grey: 17 }
        }
        Shape::Word { x, y, size, anchor, text } => {
            let (size, (x, y)) = (size * scale, place(*x, *y));
            let width = faces.width(Face::Plain, text) * size;
            let x = match anchor {
                Anchor::Start => x,
                Anchor::Middle => x - width / 2.0,
                Anchor::End => x - width,
            };
            // What would leave the paper at its edge is moved back onto it.
            let x = x.min(SIDE + FULL - width).max(SIDE);
            Mark::Words { x, y, size, face: Face::Plain, text: text.clone() }
        }
    };
    sheets.draw(mark, Some(part));
}
