//! Reports: what a sealed package says, for those who read and do not query.
//!
//! [`write()`] gathers the facts once from a checked record, and makes pages and files for programs from them. A report
//! never changes the package and knows no time of its own: the same record gives the same bytes.

mod certification;
mod error;
mod facts;
mod meaning;
mod moment;
mod page;
mod pdf;
mod picture;
mod words;

use std::fs;
use std::io::{BufWriter, Write as _};
use std::ops::ControlFlow;

use camino::{Utf8Path, Utf8PathBuf};

pub use certification::Court;
pub use error::ReportError;
pub use facts::Report;

use crate::verify::Record;
use facts::ask::Ask;
use moment::Zone;

/// Exceptions kept for the page; the CSV file has all.
const FIRST: usize = 300;

/// What is wanted.
#[derive(Debug, Clone)]
pub struct Wanted {
    /// The IANA zone of local times; the scope's where none is named.
    pub zone: Option<String>,
    /// For which court the certification is drafted.
    pub court: Court,
}

/// Writes all reports into a folder that is new or empty; returns the facts and the files, in the order of reading.
///
/// Blocks: call it off the reactor. Memory grows with folders and custodians, not with messages.
///
/// # Errors
/// [`ReportError`]: the folder is taken or lies inside the package, no such zone, or a file cannot be written.
pub fn write(record: &Record, out: &Utf8Path, wanted: &Wanted) -> Result<(Report, Vec<Utf8PathBuf>), ReportError> {
    let zone = match wanted.zone.clone() {
        Some(name) => Zone::named(&name).ok_or(ReportError::Zone(name))?,
        None => facts::zone_of(record)?.as_deref().and_then(Zone::named).unwrap_or_else(Zone::utc),
    };
    make_room(record.root(), out)?;
    let report = Report::gather(record, &zone)?;
    let ask = Ask { db: record.db(), zone: &zone };
    let mut files = Vec::new();
    let mut keep = |name: &str, bytes: &[u8]| {
        let path = out.join(name);
        fs::write(&path, bytes).map_err(|source| ReportError::Write { path: path.clone(), source })?;
        files.push(path);
        Ok::<_, ReportError>(())
    };
    let page = page::acquisition::page(&report);
    keep("acquisition-report.html", page.as_bytes())?;
    keep("acquisition-report.pdf", &paper(&report, &page)?)?;
    let mut json = serde_json::to_vec_pretty(&report).unwrap_or_default();
    json.push(b'\n');
    keep("acquisition-report.json", &json)?;
    let draft = certification::draft(ask, &report, wanted.court)?;
    keep("certification-draft.docx", &certification::docx(&draft))?;
    keep("certification-draft.txt", certification::text(&draft).as_bytes())?;
    let csv = out.join("exceptions.csv");
    let first = exceptions(ask, &csv)?;
    keep("exceptions.html", page::exceptions::page(&report, &first).as_bytes())?;
    files.push(csv);
    Ok((report, files))
}

/// The page as a PDF file, dated with the seal.
fn paper(report: &Report, page: &str) -> Result<Vec<u8>, ReportError> {
    let imprint = pdf::Imprint {
        title: &format!("Acquisition report {}", report.acquisition_id),
        running: &words::visible(&page::acquisition::running(report)),
        made_by: &report.made_by,
        id: &report.acquisition_id,
        at: report.summary.sealed.as_ref().map(|at| at.utc.as_str()),
    };
    pdf::file(page, &imprint).ok_or(ReportError::Paper)
}

/// The folder, new or empty, and outside of the package.
fn make_room(root: &Utf8Path, out: &Utf8Path) -> Result<(), ReportError> {
    let wrong = |source| ReportError::Write { path: out.to_owned(), source };
    let resolved = |path: &Utf8Path| path.ancestors().find_map(|part| part.canonicalize_utf8().ok());
    let within = |root: &Utf8PathBuf| {
        let out = std::path::absolute(out).ok().and_then(|out| Utf8PathBuf::from_path_buf(out).ok());
        out.and_then(|out| resolved(&out)).is_some_and(|out| out.starts_with(root))
    };
    if root.canonicalize_utf8().is_ok_and(|root| within(&root)) {
        return Err(ReportError::Inside { folder: out.to_owned() });
    }
    fs::create_dir_all(out).map_err(wrong)?;
    if out.read_dir_utf8().map_err(wrong)?.next().is_some() {
        return Err(ReportError::Taken { folder: out.to_owned() });
    }
    Ok(())
}

/// Writes every exception to a file; returns the first.
fn exceptions(ask: Ask<'_>, path: &Utf8Path) -> Result<Vec<facts::exceptions::Exception>, ReportError> {
    let wrong = |source| ReportError::Write { path: path.to_owned(), source };
    let broken = |error: csv::Error| wrong(std::io::Error::other(error));
    let mut file = BufWriter::new(fs::File::create(path).map_err(wrong)?);
    // Spreadsheets take a file without the mark for one of their own code page.
    file.write_all("\u{feff}".as_bytes()).map_err(wrong)?;
    let mut out = csv::Writer::from_writer(file);
    page::exceptions::head(&mut out).map_err(broken)?;
    let (mut first, mut done) = (Vec::new(), Ok(()));
    facts::exceptions::each(ask, |one| {
        done = page::exceptions::row(&mut out, &one);
        if first.len() < FIRST {
            first.push(one);
        }
        if done.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    done.map_err(broken)?;
    out.flush().map_err(wrong)?;
    Ok(first)
}
