//! Productions: load files from a sealed package, with natives, texts and attachments, for review platforms.
//!
//! [`write()`] reads every native once, compares it with the manifest, and writes the rows of its family. A production
//! lies in a folder of its own, appears whole or not at all, and knows no time of its own: the same package and the same
//! options give the same bytes. The package is never changed.

mod clean;
mod dat;
mod document;
mod duplicates;
mod edrm;
mod error;
mod family;
mod field;
mod html;
mod listings;
mod making;
mod natives;
mod output;
mod readme;
mod rows;
mod statement;
mod table;
mod text;
mod wanted;

use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

pub use clean::Cleaned;
pub use error::ProductionError;
pub use statement::{Counts, List, Production, Source};
pub use wanted::{DatEncoding, Dates, Dedupe, Families, Natives, Profile, Wanted};

use crate::terms::Sha256;
use crate::verify::Record;
use making::Making;
use output::Output;

/// The file that says what a production is.
const STATEMENT: &str = "production.json";
/// The package's list of its own files.
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";

/// Makes a production in a folder that is new; returns what it is and where it lies.
///
/// `progress` is told how many bytes of natives were read, and how many there are. Memory: one native and what it decodes
/// to. Blocks: call it off the reactor.
///
/// # Errors
/// [`ProductionError`]: the folder is taken or lies inside the package, a native is not as it was sealed, or a file cannot
/// be written. Nothing has the folder's name then.
pub fn write(
    record: &Record,
    out: &Utf8Path,
    wanted: &Wanted,
    progress: &mut dyn FnMut(u64, u64),
) -> Result<(Production, Utf8PathBuf), ProductionError> {
    let tags = record.root().join(TAG_MANIFEST);
    let tags = fs::read(&tags).map_err(|source| ProductionError::Package { path: tags, source })?;
    let source = Source::new(record, Sha256::of(&tags));
    let output = Output::begin(record.root(), out)?;
    let mut making = Making::begin(record, wanted, output)?;
    making.messages(progress)?;
    let (mut output, counts, load_files, fields) = making.finish()?;
    output.put("README.txt", readme::text(&source, wanted).as_bytes())?;
    let (list, files) = output.end_list()?;
    let production = Production {
        format: 1,
        tool_version: env!("CARGO_PKG_VERSION").to_owned(),
        source,
        options: wanted.clone(),
        fields,
        counts,
        load_files,
        list: List { path: output::LIST.to_owned(), sha256: list.to_string(), files },
    };
    let mut json = serde_json::to_vec_pretty(&production).unwrap_or_default();
    json.push(b'\n');
    let place = output.finish(STATEMENT, &json)?;
    Ok((production, place))
}
