//! `affiant loadfile`: load files and a production from a sealed package.
//!
//! Picks the folder, calls the library, says what was made. What a row says is the library's matter.

use camino::Utf8PathBuf;

use super::desk::Desk;
use super::report::beside;
use super::{Exit, Failure};
use crate::production::{
    DatEncoding, Dates, Dedupe, Families, Natives, Production, ProductionError, Profile, Wanted, write,
};
use crate::verify::{Record, RecordError};

const EXAMPLE: &str = "\
Example:
  affiant loadfile ./package --text --attachments
  affiant loadfile ./package --out ./for-platform --profile relativity --dedupe global
  affiant loadfile ./package --profile logikcull --families parent-only --dates iso

Writes a folder of its own and never changes the package: NATIVES, TEXT and ATTACHMENTS as asked, and LOADFILES with
AFF.dat (Concordance), AFF.csv, AFF-edrm.xml (EDRM XML 1.2), cloud-links.csv, exceptions.csv, cleaned.csv and, with
--dedupe, duplicates.csv. Check it with: sha256sum -c sha256sums.txt. Fields and conventions: docs/loadfile.md";

/// Make load files for a review platform from a sealed package
///
/// The record is checked first, and every native while it is read; nothing is made from a package that is not as it was
/// sealed.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// The package's folder
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
    /// Folder for the production; it must not exist [default: DIR-production]
    #[arg(long, value_name = "FOLDER")]
    out: Option<Utf8PathBuf>,
    /// Whose field names
    #[arg(long, value_name = "PLATFORM", value_enum, default_value_t = Names::Generic)]
    profile: Names,
    /// Encoding of AFF.dat
    #[arg(long, value_name = "ENCODING", value_enum, default_value_t = Encoding::Utf8)]
    dat_encoding: Encoding,
    /// Which members of a family have rows
    #[arg(long, value_name = "WHICH", value_enum, default_value_t = Kin::Rows)]
    families: Kin,
    /// Whether natives are copied, or stay in the package
    #[arg(long, value_name = "HOW", value_enum, default_value_t = Copying::Copy)]
    natives: Copying,
    /// Write extracted text: messages, and attachments that are text
    #[arg(long)]
    text: bool,
    /// Write attachments and embedded messages as files of their own
    #[arg(long)]
    attachments: bool,
    /// How dates are written
    #[arg(long, value_name = "FORM", value_enum, default_value_t = Form::Us)]
    dates: Form,
    /// Time zone of the dates, such as America/New_York
    #[arg(long, value_name = "ZONE", default_value = "UTC", value_parser = zone)]
    zone: String,
    /// Leave out messages with the same content (content id); the first by control number is kept, all are listed
    #[arg(long, value_name = "AMONG", value_enum)]
    dedupe: Option<Among>,
    /// Folders before every path in the load files, such as PROD001
    #[arg(long, value_name = "FOLDERS", value_parser = prefix)]
    prefix: Option<String>,
    /// Folder below NATIVES, TEXT and ATTACHMENTS
    #[arg(long, value_name = "NAME", default_value = "VOL001", value_parser = volume)]
    volume: String,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Names {
    /// BEGDOC, FROM, DATESENT: names that most loaders map
    Generic,
    /// Relativity's processing fields
    Relativity,
    /// Close to Everlaw's standard fields
    Everlaw,
    /// Logikcull's upload fields
    Logikcull,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Encoding {
    /// With byte order mark
    #[value(name = "utf-8")]
    Utf8,
    /// For old loaders; what it lacks becomes ?
    #[value(name = "windows-1252")]
    Windows1252,
    /// With byte order mark
    #[value(name = "utf-16le")]
    Utf16le,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Kin {
    /// A row for the message and one for every member
    Rows,
    /// Messages only; the platform unpacks the .eml
    ParentOnly,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Copying {
    /// The production can be loaded on its own
    Copy,
    /// Paths are from the package's folder
    Reference,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    /// 06/03/2024
    Us,
    /// 2024-06-03
    Iso,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Among {
    /// The messages of one custodian
    Custodian,
    /// All messages
    Global,
}

fn zone(text: &str) -> Result<String, String> {
    let known = Wanted::zone(text).map(|_| text.to_owned());
    known.ok_or_else(|| "no such time zone: use an IANA name such as Europe/Berlin, America/New_York or UTC".to_owned())
}

fn prefix(text: &str) -> Result<String, String> {
    let advice = "one or more folders of 1 to 20 letters, digits, - or _ each, at most 60 characters";
    Wanted::prefix(text).ok_or_else(|| advice.to_owned())
}

fn volume(text: &str) -> Result<String, String> {
    let good = Wanted::is_volume(text).then(|| text.to_owned());
    good.ok_or_else(|| "1 to 20 letters, digits, - or _, and no device name of Windows".to_owned())
}

impl Args {
    fn wanted(&self) -> Result<Wanted, Failure> {
        if self.attachments && matches!(self.families, Kin::ParentOnly) {
            let advice = "leave out one of the two: attachments that have no row would be files that nothing names";
            return Err(Failure::usage("--attachments needs --families rows", advice));
        }
        Ok(Wanted {
            profile: match self.profile {
                Names::Generic => Profile::Generic,
                Names::Relativity => Profile::Relativity,
                Names::Everlaw => Profile::Everlaw,
                Names::Logikcull => Profile::Logikcull,
            },
            dat_encoding: match self.dat_encoding {
                Encoding::Utf8 => DatEncoding::Utf8,
                Encoding::Windows1252 => DatEncoding::Windows1252,
                Encoding::Utf16le => DatEncoding::Utf16le,
            },
            families: match self.families {
                Kin::Rows => Families::Rows,
                Kin::ParentOnly => Families::ParentOnly,
            },
            natives: match self.natives {
                Copying::Copy => Natives::Copy,
                Copying::Reference => Natives::Reference,
            },
            text: self.text,
            attachments: self.attachments,
            dates: match self.dates {
                Form::Us => Dates::Us,
                Form::Iso => Dates::Iso,
            },
            zone: self.zone.clone(),
            dedupe: self.dedupe.map(|among| match among {
                Among::Custodian => Dedupe::Custodian,
                Among::Global => Dedupe::Global,
            }),
            prefix: self.prefix.clone().unwrap_or_default(),
            volume: self.volume.clone(),
        })
    }
}

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let wanted = args.wanted()?;
    let out = args.out.clone().unwrap_or_else(|| beside(&args.package, "production"));
    let mut bar = desk.bytes_bar("producing");
    let work = move || {
        let record = Record::open(&args.package).map_err(|error| {
            let differs = matches!(error, RecordError::Differs { .. });
            Failure::new(if differs { Exit::Differs } else { Exit::Failed }, &error)
        })?;
        write(&record, &out, &wanted, &mut |done, total| bar.at(done, total)).map_err(|error| {
            let exit = match error {
                ProductionError::Taken { .. } | ProductionError::Busy { .. } | ProductionError::Inside { .. } => {
                    Exit::Usage
                }
                ProductionError::Differs { .. } => Exit::Differs,
                _ => Exit::Failed,
            };
            Failure::new(exit, &error)
        })
    };
    let done = tokio::task::spawn_blocking(work).await;
    let (production, place) = done.map_err(|_| Failure::failed("the production was cut short", "run it again"))??;
    if desk.json {
        let mut said = serde_json::to_value(&production).unwrap_or_default();
        said["folder"] = place.as_str().into();
        desk.print(&format!("{said}\n"));
    } else {
        desk.print(&format!("{}{place}\n", summary(&production)));
    }
    Ok(Exit::Complete)
}

fn summary(production: &Production) -> String {
    let counts = &production.counts;
    let mut lines = vec![
        format!("{} messages produced of {}, {} rows", counts.produced, counts.messages, counts.documents),
        format!(
            "{} texts, {} attachments, {} links to cloud files",
            counts.texts, counts.attachments, counts.cloud_links
        ),
        format!("{} exceptions of the collection, see LOADFILES/exceptions.csv", counts.exceptions),
    ];
    if production.options.dedupe.is_some() {
        lines.push(format!("{} duplicates left out, see LOADFILES/duplicates.csv", counts.duplicates));
    }
    let replaced = &counts.cleaned_dat;
    let signs = replaced.qualifiers + replaced.separators + replaced.line_signs + replaced.controls + replaced.unmapped;
    if signs > 0 {
        lines.push(format!("{signs} signs replaced in AFF.dat, see LOADFILES/cleaned.csv"));
    }
    lines.iter().map(|line| format!("{line}\n")).collect()
}
