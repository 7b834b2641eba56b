//! The Concordance file: U+0014 between fields, `þ` around every value, `®` for a new line, CRLF after each record.

use std::io::Write as _;

use encoding_rs::WINDOWS_1252;

use super::clean::{Cleaned, for_dat};
use super::error::ProductionError;
use super::output::Sheet;
use super::wanted::DatEncoding;

/// The file.
pub(super) struct Dat {
    sheet: Sheet,
    encoding: DatEncoding,
    record: String,
}

impl Dat {
    /// Begins with the byte order mark, where the encoding has one.
    pub(super) fn begin(sheet: Sheet, encoding: DatEncoding) -> Result<Self, ProductionError> {
        let mut dat = Self { sheet, encoding, record: String::new() };
        if encoding != DatEncoding::Windows1252 {
            dat.record.push('\u{feff}');
        }
        dat.write()?;
        Ok(dat)
    }

    /// Writes a record; returns what was replaced in each value.
    pub(super) fn record<'v>(
        &mut self,
        values: impl Iterator<Item = &'v str>,
    ) -> Result<Vec<Cleaned>, ProductionError> {
        let encoding = self.encoding;
        let lacks = |char: char| encoding == DatEncoding::Windows1252 && lacks_1252(char);
        let mut all = Vec::new();
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.record.push('\u{14}');
            }
            let mut cleaned = Cleaned::default();
            self.record.push('\u{fe}');
            self.record.push_str(&for_dat(value, lacks, &mut cleaned));
            self.record.push('\u{fe}');
            all.push(cleaned);
        }
        self.record.push_str("\r\n");
        self.write()?;
        Ok(all)
    }

    /// Ends the file.
    pub(super) fn finish(self) -> Sheet {
        self.sheet
    }

    fn write(&mut self) -> Result<(), ProductionError> {
        let bytes = match self.encoding {
            DatEncoding::Utf8 => self.record.as_bytes().into(),
            DatEncoding::Windows1252 => WINDOWS_1252.encode(&self.record).0,
            DatEncoding::Utf16le => self.record.encode_utf16().flat_map(u16::to_le_bytes).collect::<Vec<u8>>().into(),
        };
        let written = self.sheet.write_all(&bytes);
        written.map_err(|source| self.sheet.wrong(source))?;
        self.record.clear();
        Ok(())
    }
}

/// Whether code page 1252 has no such character.
fn lacks_1252(char: char) -> bool {
    let mut buffer = [0; 4];
    !char.is_ascii() && WINDOWS_1252.encode(char.encode_utf8(&mut buffer)).2
}
