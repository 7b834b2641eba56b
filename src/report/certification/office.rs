//! The draft as a word-processor file: the smallest Office Open XML that says what it has to (ECMA-376).

use std::io::{Cursor, Write as _};

use maud::{Markup, PreEscaped, html};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipWriter};

use super::super::words::visible;
use super::{Draft, Paragraph};

const PROLOG: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>\n";
const TYPES: &str = r#"<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"/><Override PartName="/word/styles.xml" ContentType="application/vnd.openxmlformats-officedocument.wordprocessingml.styles+xml"/></Types>"#;
const RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="word/document.xml"/></Relationships>"#;
const DOCUMENT_RELS: &str = r#"<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/styles" Target="styles.xml"/></Relationships>"#;
const STYLES: &str = r#"<w:styles xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:docDefaults><w:rPrDefault><w:rPr><w:rFonts w:ascii="Times New Roman" w:hAnsi="Times New Roman" w:cs="Times New Roman"/><w:sz w:val="23"/><w:lang w:val="en-US"/></w:rPr></w:rPrDefault><w:pPrDefault><w:pPr><w:spacing w:after="140" w:line="300" w:lineRule="auto"/></w:pPr></w:pPrDefault></w:docDefaults><w:style w:type="paragraph" w:default="1" w:styleId="Normal"><w:name w:val="Normal"/></w:style><w:style w:type="paragraph" w:styleId="Title"><w:name w:val="Title"/><w:pPr><w:jc w:val="center"/><w:spacing w:after="360"/></w:pPr><w:rPr><w:b/><w:sz w:val="30"/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Heading1"><w:name w:val="heading 1"/><w:pPr><w:keepNext/><w:spacing w:before="280"/><w:outlineLvl w:val="0"/></w:pPr><w:rPr><w:b/></w:rPr></w:style><w:style w:type="paragraph" w:styleId="Query"><w:name w:val="Query"/><w:rPr><w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/><w:sz w:val="17"/></w:rPr></w:style></w:styles>"#;

/// The file. Its members carry the first date that ZIP knows, so that the same record gives the same bytes.
pub(in super::super) fn docx(draft: &Draft) -> Vec<u8> {
    let document = document(draft).into_string();
    let members = [
        ("[Content_Types].xml", TYPES),
        ("_rels/.rels", RELS),
        ("word/_rels/document.xml.rels", DOCUMENT_RELS),
        ("word/styles.xml", STYLES),
        ("word/document.xml", document.as_str()),
    ];
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    for (name, text) in members {
        // Memory takes every write; a member that did not start would make the file visibly broken, never silently wrong.
        let started = zip.start_file(name, options).is_ok();
        let _ = started && zip.write_all(PROLOG.as_bytes()).and_then(|()| zip.write_all(text.as_bytes())).is_ok();
    }
    zip.finish().map(Cursor::into_inner).unwrap_or_default()
}

fn document(draft: &Draft) -> Markup {
    html! {
        (PreEscaped(r#"<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body>"#))
        (paragraph("Title", draft.title))
        @for part in &draft.paragraphs {
            @match part {
                Paragraph::Heading(words) => (paragraph("Heading1", words)),
                Paragraph::Text(words) => (paragraph("Normal", words)),
            }
        }
        (paragraph("Heading1", "Queries"))
        @for (place, query) in (1..).zip(&draft.queries) { (paragraph("Query", &format!("[Q{place}]  {query};"))) }
        (PreEscaped(r#"<w:sectPr><w:pgSz w:w="11906" w:h="16838"/><w:pgMar w:top="1418" w:right="1418" w:bottom="1418" w:left="1418" w:header="708" w:footer="708" w:gutter="0"/></w:sectPr></w:body></w:document>"#))
    }
}

/// A paragraph; blanks stand on a grey ground.
fn paragraph(style: &str, words: &str) -> Markup {
    let words = visible(words);
    let pieces: Vec<&str> = words.split(super::BLANK).collect();
    html! {
        (PreEscaped(format!("<w:p><w:pPr><w:pStyle w:val=\"{style}\"/></w:pPr>")))
        @for (place, piece) in pieces.iter().enumerate() {
            @if place > 0 { (PreEscaped("<w:r><w:rPr><w:highlight w:val=\"lightGray\"/></w:rPr><w:t>")) (super::BLANK) (PreEscaped("</w:t></w:r>")) }
            (PreEscaped("<w:r><w:t xml:space=\"preserve\">")) (piece) (PreEscaped("</w:t></w:r>"))
        }
        (PreEscaped("</w:p>"))
    }
}
