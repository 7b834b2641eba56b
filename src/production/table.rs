//! CSV files for people: RFC 4180, UTF-8 with byte order mark, CRLF, and no cell that a spreadsheet calculates.

use std::io::Write as _;

use super::clean::{Cleaned, for_csv};
use super::error::ProductionError;
use super::output::Sheet;

/// A file.
pub(super) struct Table {
    csv: csv::Writer<Sheet>,
    name: String,
    rows: u64,
}

impl Table {
    /// Begins with the heads of the columns.
    pub(super) fn begin(mut sheet: Sheet, heads: &[&str]) -> Result<Self, ProductionError> {
        // Spreadsheets take a file without the mark for one of their own code page.
        sheet.write_all("\u{feff}".as_bytes()).map_err(|source| sheet.wrong(source))?;
        let name = sheet.name().to_owned();
        let csv = csv::WriterBuilder::new().terminator(csv::Terminator::CRLF).from_writer(sheet);
        let mut table = Self { csv, name, rows: 0 };
        table.write(heads.iter().map(|head| head.as_bytes()))?;
        Ok(table)
    }

    /// Writes a row; returns what was replaced in each value.
    pub(super) fn row<'v>(&mut self, values: impl Iterator<Item = &'v str>) -> Result<Vec<Cleaned>, ProductionError> {
        let (mut all, mut cells) = (Vec::new(), Vec::new());
        for value in values {
            let mut cleaned = Cleaned::default();
            cells.push(for_csv(value, &mut cleaned));
            all.push(cleaned);
        }
        self.write(cells.iter().map(|cell| cell.as_bytes()))?;
        self.rows += 1;
        Ok(all)
    }

    /// Rows so far, without the heads.
    pub(super) const fn rows(&self) -> u64 {
        self.rows
    }

    /// Ends the file.
    pub(super) fn finish(self) -> Result<Sheet, ProductionError> {
        let name = self.name;
        self.csv.into_inner().map_err(|error| wrong(&name, error.into_error()))
    }

    fn write<'c>(&mut self, cells: impl Iterator<Item = &'c [u8]>) -> Result<(), ProductionError> {
        self.csv.write_record(cells).map_err(|error| {
            let source = match error.into_kind() {
                csv::ErrorKind::Io(source) => source,
                _ => std::io::ErrorKind::InvalidData.into(),
            };
            wrong(&self.name, source)
        })
    }
}

fn wrong(name: &str, source: std::io::Error) -> ProductionError {
    ProductionError::write(camino::Utf8Path::new(name), source)
}
