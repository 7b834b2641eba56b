//! A list of custodians from a CSV file, as a paralegal's spreadsheet exports it.

use std::io::Read;

use miette::Diagnostic;

use super::cell::unguarded;

/// Largest list read, in bytes.
const LARGEST: u64 = 16 << 20;
/// Header names of the column that names the custodian, in lower case, best first.
const COLUMNS: [&str; 4] = ["custodian", "email", "upn", "address"];

/// The custodians of a file, in its order.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Custodians {
    /// Each custodian once, as first written.
    pub typed: Vec<String>,
    /// Those written again, without regard to case.
    pub duplicates: Vec<String>,
    /// Rows without a custodian.
    pub blank_rows: u64,
}

/// A list that cannot be read.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum CustodiansError {
    /// The file cannot be read.
    #[error("the list of custodians cannot be read")]
    #[diagnostic(
        code(affiant::directory::custodians_read),
        help("check the path and that the file is not open in another program")
    )]
    Read(#[source] std::io::Error),
    /// Not UTF-8.
    #[error("the list of custodians is not UTF-8 text")]
    #[diagnostic(
        code(affiant::directory::custodians_encoding),
        help("save it as \"CSV UTF-8\"; workbooks (.xlsx) are not read")
    )]
    Encoding,
    /// Larger than any list of custodians.
    #[error("the list of custodians is larger than 16 MiB")]
    #[diagnostic(code(affiant::directory::custodians_size), help("give a CSV file with one custodian per line"))]
    Size,
    /// The quotes do not match, or something like it.
    #[error("the list of custodians is no CSV near line {line}")]
    #[diagnostic(code(affiant::directory::custodians_csv), help("look for an unclosed quote on or before that line"))]
    Csv {
        /// Where, from 1.
        line: u64,
    },
    /// No custodian in it.
    #[error("the list of custodians names nobody")]
    #[diagnostic(
        code(affiant::directory::custodians_empty),
        help("name the column custodian, email, upn or address, or put the custodians into the first column")
    )]
    Empty,
}

/// Reads custodians from CSV: the column named custodian, email, upn or address, else the first one. Commas,
/// semicolons or tabs; quotes, blank lines and a byte order mark are taken, and so is the apostrophe that keeps a
/// spreadsheet from calculating.
pub fn custodians_from_csv(reader: impl Read) -> Result<Custodians, CustodiansError> {
    let mut bytes = Vec::new();
    let mut limited = reader.take(LARGEST + 1);
    limited.read_to_end(&mut bytes).map_err(CustodiansError::Read)?;
    if bytes.len() as u64 > LARGEST {
        return Err(CustodiansError::Size);
    }
    let text = String::from_utf8(bytes).map_err(|_| CustodiansError::Encoding)?;
    let text = text.strip_prefix('\u{FEFF}').unwrap_or(&text);
    if text.contains('\0') {
        return Err(CustodiansError::Encoding);
    }
    read(text)
}

fn read(text: &str) -> Result<Custodians, CustodiansError> {
    let mut rows = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(delimiter(text))
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let (mut list, mut column, mut first) = (Custodians::default(), 0, true);
    for row in rows.records() {
        let row =
            row.map_err(|error| CustodiansError::Csv { line: error.position().map_or(0, csv::Position::line) })?;
        if row.iter().all(str::is_empty) {
            continue;
        }
        if std::mem::take(&mut first) {
            if let Some(named) = named_column(&row) {
                column = named;
                continue;
            }
            if is_header(row.get(0).unwrap_or_default()) {
                continue;
            }
        }
        list.add(unguarded(row.get(column).unwrap_or_default()));
    }
    if list.typed.is_empty() { Err(CustodiansError::Empty) } else { Ok(list) }
}

impl Custodians {
    fn add(&mut self, typed: &str) {
        let known = |others: &[String]| others.iter().any(|other| other.to_lowercase() == typed.to_lowercase());
        if typed.is_empty() {
            self.blank_rows += 1;
        } else if known(&self.typed) {
            self.duplicates.push(typed.to_owned());
        } else {
            self.typed.push(typed.to_owned());
        }
    }
}

/// Spreadsheets of half the world separate by semicolons, because their comma is a decimal point.
fn delimiter(text: &str) -> u8 {
    let first = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    let count = |delimiter: u8| first.bytes().filter(|byte| *byte == delimiter).count();
    let most = [b',', b';', b'\t'].into_iter().rev().max_by_key(|delimiter| count(*delimiter));
    most.unwrap_or(b',')
}

fn named_column(row: &csv::StringRecord) -> Option<usize> {
    let is = |cell: &str, name: &str| cell.trim().eq_ignore_ascii_case(name);
    COLUMNS.iter().find_map(|name| row.iter().position(|cell| is(cell, name)))
}

/// Whether the first cell is a title rather than somebody: neither an address nor an id.
fn is_header(cell: &str) -> bool {
    let somebody = cell.contains('@') || uuid::Uuid::try_parse(cell).is_ok() || cell.eq_ignore_ascii_case("me");
    !somebody
}

#[cfg(test)]
mod tests {
    use super::*;

    fn typed(text: &str) -> Vec<String> {
        custodians_from_csv(text.as_bytes()).expect(text).typed
    }

    #[test]
    fn the_named_column_is_read_wherever_it_stands() {
        assert_eq!(typed("Name,E-mail,UPN\n\"Roe, Ana\",x,ana@x.example\n"), ["ana@x.example"]);
        assert_eq!(
            typed("\u{FEFF}Custodian\r\nana@x.example\r\n\r\nbob@x.example"),
            ["ana@x.example", "bob@x.example"]
        );
        assert_eq!(typed("name;email\nAna;ana@x.example\n"), ["ana@x.example"]);
        assert_eq!(typed("name\tAddress\nAna\t ana@x.example \n"), ["ana@x.example"]);
    }

    #[test]
    fn without_a_named_column_the_first_one_counts_and_a_first_row_with_somebody_is_no_title() {
        assert_eq!(typed("ana@x.example,Ana\nbob@x.example,Bob"), ["ana@x.example", "bob@x.example"]);
        assert_eq!(typed("Who,Why\nana@x.example,x"), ["ana@x.example"]);
    }

    #[test]
    fn an_apostrophe_that_guards_a_cell_is_not_part_of_the_name() {
        assert_eq!(
            typed("custodian\n'+49@x.example\no'hara@x.example\n''@x\n'ana@x.example\n"),
            ["+49@x.example", "o'hara@x.example", "'@x", "'ana@x.example"]
        );
    }

    #[test]
    fn duplicates_and_blanks_are_reported_not_hidden() {
        let list =
            custodians_from_csv("email,n\nana@x.example,1\n,2\nANA@x.example,3\n\n".as_bytes()).expect("readable");
        assert_eq!(
            (list.typed.len(), list.duplicates.as_slice(), list.blank_rows),
            (1, &["ANA@x.example".to_owned()][..], 1)
        );
    }

    #[test]
    fn a_list_without_anybody_or_in_another_encoding_is_an_error() {
        assert!(matches!(custodians_from_csv("email\n\n".as_bytes()), Err(CustodiansError::Empty)));
        assert!(matches!(custodians_from_csv("".as_bytes()), Err(CustodiansError::Empty)));
        assert!(matches!(custodians_from_csv(&b"\xFF\xFEa\0"[..]), Err(CustodiansError::Encoding)));
        assert!(matches!(custodians_from_csv(&b"PK\x03\x04\0\0"[..]), Err(CustodiansError::Encoding)));
    }
}
