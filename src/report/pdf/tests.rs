//! The paper with what no package would hold: every character, rows higher than a sheet, pictures longer than one.

use super::block::Block;
use super::face::{Face, Faces};
use super::sheet::{Drawn, FULL, HEIGHT, Mark, SIDE, Sheets};
use super::{Imprint, file, flow, read};
use crate::report::words::visible;

const IMPRINT: Imprint<'static> = Imprint {
    title: "A title",
    running: "A matter · acquisition 1",
    made_by: "affiant",
    id: "1",
    at: Some("2026-11-24T19:57:52.123Z"),
};

fn laid(page: &str) -> (Faces, Sheets) {
    let faces = Faces::load().expect("the faces");
    let blocks = read::blocks(&faces, page);
    let sheets = flow::Flow::lay(&faces, &blocks);
    (faces, sheets)
}

/// Whether a mark stays between the edges.
fn stays(faces: &Faces, one: &Drawn) -> bool {
    let (left, right, low) = match &one.mark {
        Mark::Words { x, y, size, face, text } => (*x, x + faces.width(*face, text.trim_end()) * size, *y),
        Mark::PageOf { right, y, .. } => (*right, *right, *y),
        Mark::Block { x, y, width, height, .. } => (*x, x + width, y + height),
        Mark::Line { from, to, .. } => (from.0, to.0, from.1.max(to.1)),
    };
    left >= SIDE - 0.1 && right <= SIDE + FULL + 0.1 && low <= HEIGHT - 50.0
}

fn row(cells: &[&str]) -> String {
    let cells: String = cells.iter().map(|cell| format!("<td><bdi>{cell}</bdi></td>")).collect();
    format!("<tr>{cells}</tr>")
}

fn table(rows: &str) -> String {
    format!(
        "<table><caption>C</caption><thead><tr><th scope=\"col\">A</th><th scope=\"col\" class=\"n\">B</th></tr></thead><tbody>{rows}</tbody></table>"
    )
}

#[test]
fn every_character_is_shown_or_a_box_and_the_rules_hold() {
    let mut rows = String::new();
    for start in (0..0x1_0000_u32).step_by(64) {
        let text: String = (start..start + 64).filter_map(char::from_u32).filter(|c| !"<&>".contains(*c)).collect();
        rows.push_str(&row(&[&visible(&text), "1"]));
    }
    let page = format!("<main><h1>T</h1><h2>One</h2><pre>a &lt; b\nc</pre>{}</main>", table(&rows));
    let first = file(&page, &IMPRINT).expect("PDF/A and PDF/UA hold");
    assert!(first.starts_with(b"%PDF-1.7"));
    assert_eq!(Some(first), file(&page, &IMPRINT));
}

#[test]
fn nothing_leaves_the_paper_however_long_it_is() {
    let long = "0123456789abcdef".repeat(170);
    let words = "some words ".repeat(200);
    let many: String = (0..400).map(|at| row(&[&format!("row {at}"), "7"])).collect();
    let shapes: String = (0..200)
        .map(|at| format!("<rect x=\"0\" y=\"{0}.0\" width=\"700.0\" height=\"14.0\" fill=\"#333\"/><text x=\"719\" y=\"{1}\" font-size=\"11\" text-anchor=\"start\">name</text>", at * 20, at * 20 + 11))
        .collect();
    let page = format!(
        "<main><h1>T</h1><h2>One</h2><nav><ol><li>One</li></ol></nav><dl><dt>{words}</dt><dd>{long}</dd></dl><ol><li>{long}</li></ol>\
         <pre>{long}</pre>{}{}<figure><figcaption>P</figcaption><svg viewBox=\"0 0 720 4000\"><desc>D</desc>{shapes}</svg>\
         <svg viewBox=\"0 0 720 9000\"><desc>E</desc><rect x=\"0\" y=\"0\" width=\"720\" height=\"9000\" fill=\"none\"/></svg></figure></main>",
        table(&row(&[&long, &words])),
        table(&many)
    );
    let (faces, sheets) = laid(&page);
    assert!(sheets.all.len() > 15, "{}", sheets.all.len());
    for (number, sheet) in sheets.all.iter().enumerate() {
        assert!(sheet.iter().all(|one| stays(&faces, one)), "something leaves sheet {number}");
        assert!(!sheet.is_empty() || number == sheets.all.len() - 1);
    }
    let text = |wanted: &str| {
        let is = |one: &&Drawn| matches!(&one.mark, Mark::Words { text, .. } if text.trim_end() == wanted);
        sheets.all.iter().flatten().filter(is).count()
    };
    assert!((0..400).all(|at| text(&format!("row {at}")) == 1), "a row is lost");
    assert!(text("A") > 8, "heads are repeated");
    assert_eq!(text("name"), 200);
    assert!(file(&page, &IMPRINT).is_some());
}

#[test]
fn words_of_the_page_become_blocks_in_their_order() {
    let faces = Faces::load().expect("the faces");
    let page = "<body><p class=\"run\">head</p><main><h2 id=\"s1\">1. A</h2><p>x <code>y</code>.</p><ul><li>one<br>two</li><li><p>three</p></li></ul><p class=\"small\"> </p></main></body>";
    let blocks = read::blocks(&faces, page);
    let [Block::Heading { level: 2, .. }, Block::Paragraph { words, .. }, Block::List { numbered: false, items }] =
        &blocks[..]
    else {
        panic!("{blocks:?}")
    };
    assert_eq!(words.iter().map(|run| run.face).collect::<Vec<_>>(), [Face::Plain, Face::Mono, Face::Plain]);
    assert_eq!(items.len(), 2);
    assert!(items.iter().all(|item| matches!(&item[..], [Block::Paragraph { .. }])), "{items:?}");
}
