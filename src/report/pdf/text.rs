//! Lines: where words break so that none leaves its room. It must not know of pages.

use super::block::Words;
use super::face::{Face, Faces};

/// Words in one face at a place in their line.
#[derive(Debug, Clone)]
pub(super) struct Piece {
    pub(super) text: String,
    pub(super) face: Face,
    /// From the start of the line, in points.
    pub(super) x: f32,
}

/// A line.
#[derive(Debug, Clone, Default)]
pub(super) struct Line {
    pub(super) pieces: Vec<Piece>,
    /// In points, without the space at its end.
    pub(super) width: f32,
}

#[derive(Clone, Copy)]
struct Char {
    c: char,
    face: Face,
    width: f32,
}

/// Where a line may break behind a character; in commands and names of files only at spaces.
const fn may_break(one: Char) -> bool {
    match one.face {
        Face::Mono => one.c == ' ',
        Face::Plain | Face::Bold => matches!(one.c, ' ' | '/' | '\\' | '@' | '-' | '_' | '…' | ';'),
    }
}

/// Breaks words into lines of a width; what is longer than a line breaks between any two characters.
pub(super) fn lines(faces: &Faces, words: &Words, size: f32, width: f32) -> Vec<Line> {
    let all = characters(faces, words, size);
    let (mut lines, mut start, mut at) = (Vec::new(), 0, 0);
    let (mut used, mut last) = (0.0_f32, None);
    while let Some(one) = all.get(at) {
        if one.c == '\n' {
            lines.push(line(all.get(start..at).unwrap_or_default()));
            (start, at, used, last) = (at + 1, at + 1, 0.0, None);
            continue;
        }
        // A space at the end may hang over; a first character stands whatever its width.
        if used + one.width > width && one.c != ' ' && at > start {
            let end = last.unwrap_or(at);
            lines.push(line(all.get(start..end).unwrap_or_default()));
            (start, at, used, last) = (end, end, 0.0, None);
            continue;
        }
        used += one.width;
        at += 1;
        if may_break(*one) {
            last = Some(at);
        }
    }
    if start < all.len() || lines.is_empty() {
        lines.push(line(all.get(start..).unwrap_or_default()));
    }
    lines
}

/// How wide words are on one line, and how wide their longest part is that does not break.
pub(super) fn widths(faces: &Faces, words: &Words, size: f32) -> (f32, f32) {
    let (mut whole, mut part, mut longest) = (0.0_f32, 0.0_f32, 0.0_f32);
    for one in characters(faces, words, size) {
        whole += one.width;
        part += if one.c == ' ' { 0.0 } else { one.width };
        longest = longest.max(part);
        if may_break(one) {
            part = 0.0;
        }
    }
    (whole, longest)
}

fn characters(faces: &Faces, words: &Words, size: f32) -> Vec<Char> {
    let width = |face, c| faces.letter(face, c).map_or(0.0, |letter| letter.width * size);
    let run = |run: &super::block::Run| {
        let face = run.face;
        run.text.chars().map(move |c| Char { c, face, width: width(face, c) }).collect::<Vec<_>>()
    };
    words.iter().flat_map(run).collect()
}

fn line(all: &[Char]) -> Line {
    let mut made = Line::default();
    let mut x = 0.0;
    for one in all {
        match made.pieces.last_mut().filter(|piece| piece.face == one.face) {
            Some(piece) => piece.text.push(one.c),
            None => made.pieces.push(Piece { text: one.c.to_string(), face: one.face, x }),
        }
        x += one.width;
        if one.c != ' ' {
            made.width = x;
        }
    }
    made
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::pdf::block::Run;

    fn broken(text: &str, width: f32) -> Vec<String> {
        let faces = Faces::load().expect("the faces");
        let words = vec![Run { text: faces.settle(Face::Plain, text), face: Face::Plain }];
        let whole = |line: Line| line.pieces.into_iter().map(|piece| piece.text).collect();
        let all = lines(&faces, &words, 10.0, width);
        assert!(all.iter().all(|line| line.width <= width + 0.01), "a line leaves its room");
        all.into_iter().map(whole).collect()
    }

    #[test]
    fn words_break_at_spaces_and_what_is_too_long_anywhere() {
        assert_eq!(broken("one two three", 45.0), ["one two ", "three"]);
        let hash = "0123456789abcdef".repeat(4);
        let parts = broken(&hash, 100.0);
        assert!(parts.len() > 2);
        assert_eq!(parts.concat(), hash);
        assert_eq!(broken("", 100.0), [""]);
        assert_eq!(broken("a\nb", 100.0), ["a", "b"]);
    }

    #[test]
    fn what_no_face_has_is_a_box_and_counted() {
        let faces = Faces::load().expect("the faces");
        assert_eq!(faces.settle(Face::Plain, "Żółć Δημήτρης Дмитрий e\u{301}"), "Żółć Δημήτρης Дмитрий é");
        assert_eq!(faces.missing(), 0);
        assert_eq!(faces.settle(Face::Plain, "日本 שלום \u{e000}"), "□□ □□□□ □");
        assert_eq!(faces.missing(), 7);
    }
}
