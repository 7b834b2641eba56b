//! EDRM XML 1.2: documents with tags and files, then who belongs to whom, then what lies in which folder.
//!
//! Written as a stream; relationships wait in a file of their own until the documents are ended. It must not read
//! natives.

use std::borrow::Cow;
use std::io::{self, Write as _};

use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesEnd, BytesStart, Event};

use super::clean::{Cleaned, for_xml};
use super::document::{Document, Spelling, Value};
use super::error::ProductionError;
use super::field::{Field, generic};
use super::output::Sheet;
use crate::terms::Md5;

/// Fields that EDRM has a tag for.
const TAGS: [(Field, &str); 13] = [
    (Field::From, "#From"),
    (Field::To, "#To"),
    (Field::Cc, "#CC"),
    (Field::Bcc, "#BCC"),
    (Field::Subject, "#Subject"),
    (Field::DateTimeSent, "#DateSent"),
    (Field::DateTimeReceived, "#DateReceived"),
    (Field::AttachNames, "#AttachmentNames"),
    (Field::FileName, "#FileName"),
    (Field::FileExt, "#FileExtension"),
    (Field::FileSize, "#FileSize"),
    (Field::MessageId, "#MessageID"),
    (Field::Importance, "#Importance"),
];
/// Fields that stand elsewhere in the file, or whose parts stand in another one.
const NO_TAGS: [Field; 9] = [
    Field::BegDoc,
    Field::EndDoc,
    Field::DateSent,
    Field::TimeSent,
    Field::DateReceived,
    Field::TimeReceived,
    Field::NativePath,
    Field::TextPath,
    Field::MimeType,
];

/// The file.
pub(super) struct Edrm {
    xml: Writer<Sheet>,
    spelling: Spelling,
}

/// A text file that belongs to a document.
pub(super) struct TextFile {
    pub(super) bytes: u64,
    pub(super) md5: Md5,
}

impl Edrm {
    /// Begins, up to the documents.
    pub(super) fn begin(sheet: Sheet, description: &str) -> Result<Self, ProductionError> {
        let mut edrm = Self { xml: Writer::new_with_indent(sheet, b' ', 1), spelling: Spelling::exchange() };
        edrm.event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
        let root = [
            ("MajorVersion", "1"),
            ("MinorVersion", "2"),
            ("Description", description),
            ("Locale", "en-US"),
            ("DataInterchangeType", "Update"),
        ];
        edrm.open("Root", &root)?;
        edrm.empty("Fields", &[])?;
        edrm.open("Batch", &[])?;
        edrm.open("Documents", &[])?;
        Ok(edrm)
    }

    /// Writes a document; returns what was replaced in its values, by field.
    pub(super) fn document(
        &mut self,
        document: &Document<'_>,
        fields: &[(Field, &'static str)],
        text: Option<&TextFile>,
    ) -> Result<Vec<(Field, Cleaned)>, ProductionError> {
        let mut cleanings = Vec::new();
        let kind = if document.is_message() { "Message" } else { "File" };
        let mime = document.value(Field::MimeType).spelled(&self.spelling);
        let mut cleaned = Cleaned::default();
        let mime = for_xml(&mime, &mut cleaned);
        cleanings.push((Field::MimeType, cleaned));
        self.open("Document", &[("DocID", document.control()), ("DocType", kind), ("MimeType", &mime)])?;
        self.open("Tags", &[])?;
        for (field, _) in fields.iter().filter(|(field, _)| !NO_TAGS.contains(field)) {
            let value = document.value(*field);
            let kind = match value {
                Value::Empty => continue,
                Value::Number(_) => "Integer",
                Value::Flag(_) => "Boolean",
                Value::Date(_) | Value::Time(_) | Value::Moment(_) | Value::Utc(_) => "DateTime",
                Value::Text(_) | Value::Zone => "Text",
            };
            let spelled = match value {
                Value::Flag(flag) => flag.to_string(),
                _ => value.spelled(&self.spelling),
            };
            let name =
                TAGS.iter().find(|(tagged, _)| tagged == field).map_or_else(|| generic(*field), |(_, name)| name);
            let mut cleaned = Cleaned::default();
            let shown = for_xml(&spelled, &mut cleaned);
            self.empty("Tag", &[("TagName", name), ("TagValue", &shown), ("TagDataType", kind)])?;
            cleanings.push((*field, cleaned));
        }
        self.close("Tags")?;
        self.open("Files", &[])?;
        if let Some(native) = document.native() {
            let hash = |field| Some(document.value(field).spelled(&self.spelling)).filter(|hash| !hash.is_empty());
            let (kind, hash) = match (hash(Field::Md5), hash(Field::Sha256)) {
                (Some(md5), _) => ("MD5", md5),
                (None, sha256) => ("SHA-256", sha256.unwrap_or_default()),
            };
            let size = document.value(Field::FileSize).spelled(&self.spelling);
            self.file("Native", &document.wanted.path(native), &size, (&hash, kind))?;
        }
        if let Some((path, text)) = document.text().zip(text) {
            self.file("Text", &document.wanted.path(path), &text.bytes.to_string(), (&text.md5.to_string(), "MD5"))?;
        }
        self.close("Files")?;
        self.close("Document")?;
        Ok(cleanings)
    }

    fn file(
        &mut self,
        kind: &str,
        path: &str,
        size: &str,
        (hash, hash_type): (&str, &str),
    ) -> Result<(), ProductionError> {
        let (folder, name) = path.rsplit_once('\\').unwrap_or(("", path));
        self.open("File", &[("FileType", kind)])?;
        let facts =
            [("FilePath", folder), ("FileName", name), ("FileSize", size), ("Hash", hash), ("HashType", hash_type)];
        self.empty("ExternalFile", &facts)?;
        self.close("File")
    }

    /// Ends the documents and begins what belongs to what.
    pub(super) fn relationships(&mut self) -> Result<(), ProductionError> {
        self.close("Documents")?;
        self.open("Relationships", &[])
    }

    /// Writes who belongs to whom.
    pub(super) fn relationship(&mut self, parent: &str, child: &str, container: bool) -> Result<(), ProductionError> {
        let kind = if container { "Container" } else { "Attachment" };
        self.empty("Relationship", &[("Type", kind), ("ParentDocID", parent), ("ChildDocID", child)])
    }

    /// Ends the relationships and begins the folders.
    pub(super) fn folders(&mut self) -> Result<(), ProductionError> {
        self.close("Relationships")?;
        self.open("Folders", &[])
    }

    /// Begins a folder.
    pub(super) fn folder(&mut self, name: &str) -> Result<(), ProductionError> {
        self.open("Folder", &[("FolderName", &for_xml(name, &mut Cleaned::default()))])
    }

    /// Writes what lies in it.
    pub(super) fn lies_here(&mut self, control: &str) -> Result<(), ProductionError> {
        self.empty("Document", &[("DocID", control)])
    }

    /// Ends a folder.
    pub(super) fn end_folder(&mut self) -> Result<(), ProductionError> {
        self.close("Folder")
    }

    /// Ends the file.
    pub(super) fn finish(mut self) -> Result<Sheet, ProductionError> {
        self.close("Folders")?;
        self.close("Batch")?;
        self.close("Root")?;
        let mut sheet = self.xml.into_inner();
        sheet.write_all(b"\n").map_err(|source| sheet.wrong(source))?;
        Ok(sheet)
    }

    fn open(&mut self, name: &str, attributes: &[(&str, &str)]) -> Result<(), ProductionError> {
        self.event(Event::Start(element(name, attributes)))
    }

    fn empty(&mut self, name: &str, attributes: &[(&str, &str)]) -> Result<(), ProductionError> {
        self.event(Event::Empty(element(name, attributes)))
    }

    fn close(&mut self, name: &str) -> Result<(), ProductionError> {
        self.event(Event::End(BytesEnd::new(name)))
    }

    fn event(&mut self, event: Event<'_>) -> Result<(), ProductionError> {
        let written: io::Result<()> = self.xml.write_event(event);
        written.map_err(|source| self.xml.get_ref().wrong(source))
    }
}

fn element<'e>(name: &'e str, attributes: &[(&'e str, &'e str)]) -> BytesStart<'e> {
    BytesStart::new(Cow::Borrowed(name)).with_attributes(attributes.iter().copied())
}
