//! Reading a report: CSV as the service writes it, one row at a time, columns by name.
//!
//! Rows that do not fit the header are counted with their line numbers and left out; a report with too many of them is
//! refused whole. It must not hold the report in memory.

use std::cell::Cell;
use std::collections::{BTreeMap, HashMap};
use std::io::{self, Read};

use csv::{ByteRecord, ReaderBuilder};

use super::principal::{Concealment, Kind};
use super::rows::Writer;
use super::table::Report;
use super::value;
use crate::inventory::dataset::Dataset;
use crate::inventory::lines::Lines;
use crate::inventory::store::{Stage, Store, StoreError};

/// Line numbers of rejected rows that are kept.
const LINES: usize = 20;
/// Far more columns than any report has.
const WIDEST: usize = 1000;

/// Why a report cannot be taken.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum ReportError {
    /// Nothing at all.
    #[error("the report is empty, without even a header")]
    #[diagnostic(help("run the sync again; if it stays, report the request-id in `affiant sync log` to Microsoft"))]
    Empty,
    /// A web page or something else.
    #[error("a web page or another answer came instead of a report")]
    #[diagnostic(help(
        "a proxy or sign-on page may stand between here and the service; ask the network's administrator"
    ))]
    UnexpectedContent,
    /// A column that must be there.
    #[error("the report has no column {0}")]
    #[diagnostic(help(
        "the service may have changed the report; the body is kept, report this to Affiant's maintainers"
    ))]
    NoColumn(&'static str),
    /// Too many rows that do not fit.
    #[error("{rejected} of {rows} rows do not fit the header, the first in line {line}")]
    #[diagnostic(help("the body is kept, report this to Affiant's maintainers; nothing was changed in the store"))]
    TooManyRejected {
        /// Rows that do not fit.
        rejected: u64,
        /// All rows.
        rows: u64,
        /// The first one's line.
        line: u64,
    },
    /// It ends within a row.
    #[error("the report breaks off in line {0}")]
    #[diagnostic(help("run the sync again; nothing was changed in the store"))]
    BreaksOff(u64),
    /// The bytes could not be read.
    #[error("the report cannot be read: {0}")]
    #[diagnostic(help("run the sync again"))]
    Csv(#[source] csv::Error),
    /// The store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] StoreError),
}

/// What was in a report.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// Columns in order, as spelt; a repeated name has its number behind it.
    pub columns: Vec<String>,
    /// Columns nobody knew of.
    pub unknown: Vec<String>,
    /// Rows that were taken.
    pub rows: u64,
    /// Rows that do not fit the header.
    pub rejected: u64,
    /// The lines of the first of them.
    pub lines: Vec<u64>,
    /// Rows outside the domains.
    pub outside: u64,
    /// Rows about somebody another row is about already.
    pub repeated: u64,
    /// The report's date; empty when it has no rows.
    pub refresh: String,
    /// How many names of each kind.
    pub kinds: HashMap<Kind, u64>,
}

impl Summary {
    /// Whether names are concealed.
    pub fn concealment(&self) -> Concealment {
        let of = |kind| self.kinds.get(&kind).copied().unwrap_or_default();
        Concealment::of_rows(of(Kind::Concealed), of(Kind::Real) + of(Kind::Other) + of(Kind::Unknown))
    }
}

/// The header of a report.
pub(super) struct Header {
    by_name: HashMap<String, usize>,
    pub(super) names: Vec<String>,
    pub(super) plain: Vec<String>,
}

/// One row, by column names.
pub(super) struct Row<'a> {
    header: &'a Header,
    record: &'a csv::StringRecord,
}

impl<'a> Row<'a> {
    /// What a column says; `None` for nothing or no such column.
    pub(super) fn get(&self, plain: &str) -> Option<&'a str> {
        self.at(*self.header.by_name.get(plain)?)
    }

    pub(super) fn at(&self, column: usize) -> Option<&'a str> {
        self.record.get(column).map(str::trim).filter(|text| !text.is_empty())
    }

    pub(super) fn columns(&self) -> impl Iterator<Item = (usize, &'a str, &'a str)> {
        let header = self.header;
        header.names.iter().zip(&header.plain).enumerate().map(|(i, (name, plain))| (i, name.as_str(), plain.as_str()))
    }
}

impl Header {
    fn of(record: &csv::StringRecord) -> Self {
        let mut header = Self { by_name: HashMap::new(), names: Vec::new(), plain: Vec::new() };
        for (i, name) in record.iter().enumerate() {
            let name = name.trim().trim_start_matches('\u{feff}');
            let (mut spelt, mut plain, mut times) = (name.to_owned(), value::plain(name), 1);
            while header.by_name.contains_key(&plain) {
                times += 1;
                spelt = format!("{name} {times}");
                plain = format!("{}{times}", value::plain(name));
            }
            header.by_name.insert(plain.clone(), i);
            header.names.push(spelt);
            header.plain.push(plain);
        }
        header
    }
}

/// Far more bytes than any row has; a quote that is never closed would make one row of all the rest.
const LONGEST: u64 = 1 << 20;

/// Remembers the last byte that went through, and how many did since the last row.
struct Ending<R> {
    from: R,
    last: u8,
    since: Cell<u64>,
}

impl<R: Read> Read for Ending<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.since.get() > LONGEST {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "a row is longer than 1 MiB; a quote may be open"));
        }
        let count = self.from.read(buffer)?;
        self.since.set(self.since.get() + count as u64);
        if let Some(last) = buffer.get(..count).and_then(<[u8]>::last) {
            self.last = *last;
        }
        Ok(count)
    }
}

/// What is done with each kept row as it stands, besides staging it.
pub(in crate::inventory) type Copy<'a> = &'a mut dyn FnMut(&csv::StringRecord) -> Result<(), StoreError>;

impl Store {
    /// Reads a file as a report's, as a run would, and keeps nothing; `None` where the dataset is no report.
    ///
    /// # Errors
    /// [`ReportError`], as a run would say it.
    pub fn rehearse(&self, dataset: Dataset, from: impl Read) -> Option<Result<Summary, ReportError>> {
        let report = super::of(dataset)?;
        let read = || {
            let stage = Stage::begin(&self.db, report.tables)?;
            let transaction = self.db.unchecked_transaction().map_err(StoreError::from)?;
            let summary = read(report, from, &stage, &|_| true, None);
            transaction.commit().map_err(StoreError::from)?;
            summary
        };
        Some(read())
    }
}

/// Reads a report into the staging; rows about people outside are dropped.
pub(in crate::inventory) fn read(
    report: &'static Report,
    from: impl Read,
    stage: &Stage<'_>,
    keeps: &dyn Fn(&str) -> bool,
    mut copy: Option<Copy<'_>>,
) -> Result<Summary, ReportError> {
    let mut reader = ReaderBuilder::new().has_headers(false).flexible(true).from_reader(Ending {
        from,
        last: 0,
        since: Cell::new(0),
    });
    let (mut bytes, mut summary) = (ByteRecord::new(), Summary::default());
    if !reader.read_byte_record(&mut bytes).map_err(ReportError::Csv)? {
        return Err(ReportError::Empty);
    }
    let lines = Lines::after_header(&reader);
    let first = bytes.get(0).unwrap_or_default();
    let first = first.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(first).trim_ascii_start();
    if first.starts_with(b"<") || first.starts_with(b"{") || first.starts_with(b"[") || bytes.len() > WIDEST {
        return Err(ReportError::UnexpectedContent);
    }
    let head = csv::StringRecord::from_byte_record_lossy(bytes.clone());
    let header = Header::of(&head);
    if !header.by_name.contains_key("reportrefreshdate") {
        return Err(ReportError::NoColumn("Report Refresh Date"));
    }
    if !report.principal.is_empty() && !header.by_name.contains_key(report.principal) {
        return Err(ReportError::NoColumn("of the user's principal name"));
    }
    summary.columns.clone_from(&header.names);
    let unknown = header.names.iter().zip(&header.plain).filter(|(_, plain)| !report.knows(plain));
    summary.unknown = unknown.map(|(name, _)| name.clone()).collect();
    if let Some(copy) = &mut copy {
        copy(&head)?;
    }
    let writer = Writer { report, stage };
    let (mut ordinals, mut too_short) = (BTreeMap::new(), None);
    while reader.read_byte_record(&mut bytes).map_err(ReportError::Csv)? {
        reader.get_ref().since.set(0);
        if bytes.len() == 1 && bytes.get(0).is_some_and(|field| field.trim_ascii().is_empty()) {
            continue;
        }
        let line = lines.of(&bytes);
        too_short = (bytes.len() < header.names.len()).then_some(line);
        let record = match csv::StringRecord::from_byte_record(std::mem::take(&mut bytes)) {
            Ok(record) if record.len() == header.names.len() => record,
            _ => {
                summary.rejected += 1;
                if summary.lines.len() < LINES {
                    summary.lines.push(line);
                }
                continue;
            }
        };
        let row = Row { header: &header, record: &record };
        let date = row.get("reportrefreshdate").and_then(value::date);
        if let Some(date) = date.filter(|date| *date > summary.refresh.as_str()) {
            date.clone_into(&mut summary.refresh);
        }
        if writer.row(&row, keeps, &mut summary, &mut ordinals)? {
            summary.rows += 1;
            if let Some(copy) = &mut copy {
                copy(&record)?;
            }
        } else {
            summary.outside += 1;
        }
        bytes = record.into_byte_record();
    }
    let rows = summary.rows + summary.outside + summary.rejected;
    // Half a file that ends as if it were whole, in a row or in the header; what is missing must not count as gone.
    let within = too_short.or((rows == 0).then_some(1));
    if let Some(line) = within.filter(|_| !matches!(reader.get_ref().last, b'\n' | b'\r')) {
        return Err(ReportError::BreaksOff(line));
    }
    if summary.rejected > 0 && (summary.rejected == rows || summary.rejected * 100 > rows) {
        let line = summary.lines.first().copied().unwrap_or_default();
        return Err(ReportError::TooManyRejected { rejected: summary.rejected, rows, line });
    }
    Ok(summary)
}
