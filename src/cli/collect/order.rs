//! What was typed becomes the order: custodians, range, folders, format; with an earlier package, what it had where
//! nothing was typed.

use std::collections::HashSet;

use camino::Utf8Path;

use super::super::desk::Desk;
use super::super::exit::Exit;
use super::super::failure::Failure;
use super::super::show;
use super::Args;
use crate::collect::{Earlier, FOLDERS, Ids, IdsError, Job, Way};
use crate::directory::{CustodiansError, custodians_from_csv};
use crate::package::{Compression, Format, VOLUME_BYTES, VOLUME_MEMBERS};
use crate::terms::{DateField, FolderPath, Matter, Range};

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum FormatTyped {
    /// data/NATIVES/…/AFF-0000001.eml
    Eml,
    /// data/VOL001.zip, each a whole archive
    Zip,
}

/// Reads the name of a date.
pub(super) fn date_field(text: &str) -> Result<DateField, String> {
    let fields = [DateField::Received, DateField::Sent, DateField::Created, DateField::Modified];
    fields
        .into_iter()
        .find(|field| field.to_string() == text)
        .ok_or_else(|| "not one of received, sent, created, modified".to_owned())
}

/// Reads `500MB`, `2GiB` or plain bytes.
pub(in crate::cli) fn size(text: &str) -> Result<u64, String> {
    let wrong = || "not a size like 500MB, 2GiB or 1000000".to_owned();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let factor: u64 = match unit.trim().to_lowercase().as_str() {
        "" | "b" => 1,
        "k" | "kb" => 1000,
        "m" | "mb" => 1_000_000,
        "g" | "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return Err(wrong()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(wrong)
}

/// What the order is taken over from where nothing was typed.
struct Defaults<'a> {
    earlier: Option<&'a Job>,
    taken_over: Vec<String>,
}

impl Defaults<'_> {
    /// What was typed, or what the earlier package had, or the usual.
    fn or<T>(&mut self, what: &str, typed: Option<T>, had: impl FnOnce(&Job) -> T, usual: impl FnOnce() -> T) -> T {
        match (typed, self.earlier) {
            (Some(typed), _) => typed,
            (None, Some(earlier)) => {
                self.taken_over.push(what.to_owned());
                had(earlier)
            }
            (None, None) => usual(),
        }
    }
}

/// What was typed becomes the job.
pub(super) fn job(args: &Args, earlier: Option<&Earlier>, desk: &Desk) -> Result<Job, Failure> {
    let mut defaults = Defaults { earlier: earlier.map(Earlier::job), taken_over: Vec::new() };
    let typed = custodians(args, desk)?;
    let custodians =
        defaults.or("custodians", Some(typed).filter(|all| !all.is_empty()), |job| job.custodians.clone(), Vec::new);
    if custodians.is_empty() {
        return Err(Failure::usage("no custodian was named", "name custodians, or give --custodians FILE.csv"));
    }
    let typed = range(args, defaults.earlier)?;
    let range = defaults.or("range", typed, |job| job.range.clone(), Range::all);
    let date_field = defaults.or("date field", args.date_field, |job| job.date_field, DateField::default);
    let typed = (paths(&args.folder)?, paths(&args.exclude_folder)?);
    let typed = Some(typed).filter(|(only, not)| !only.is_empty() || !not.is_empty());
    let had = |job: &Job| (job.folders.clone(), job.excluded.clone());
    let (folders, excluded) = defaults.or(FOLDERS, typed, had, || (Vec::new(), Vec::new()));
    let recoverable = args.include_recoverable.then_some(true);
    let recoverable = defaults.or("Recoverable Items", recoverable, |job| job.recoverable, || false);
    let matter = defaults.or("matter", matter(args.matter.as_deref())?, |job| job.matter.clone(), Matter::default);
    let taken_over = defaults.taken_over;
    let since = earlier.map(|earlier| earlier.since(taken_over));
    let format = format(args)?;
    Ok(Job { custodians, range, date_field, folders, excluded, chosen: None, since, recoverable, format, matter })
}

/// The custodians as typed, each once.
fn custodians(args: &Args, desk: &Desk) -> Result<Vec<String>, Failure> {
    let mut custodians = args.custodian.clone();
    if let Some(path) = &args.custodians {
        custodians.extend(from_csv(path, desk)?);
        if custodians.is_empty() {
            return Err(Failure::usage("no custodian was named", "name custodians, or give --custodians FILE.csv"));
        }
    }
    let mut seen = HashSet::new();
    custodians.retain(|name| !name.trim().is_empty() && seen.insert(name.trim().to_lowercase()));
    Ok(custodians)
}

/// The range as typed; `None` when nothing of it was.
fn range(args: &Args, earlier: Option<&Job>) -> Result<Option<Range>, Failure> {
    let zone = match (&args.zone, earlier) {
        (Some(zone), _) => zone.as_str(),
        (None, Some(job)) => job.range.zone(),
        (None, None) => "UTC",
    };
    match (&args.from, &args.to, earlier) {
        (None, None, Some(_)) if args.zone.is_some() => Err(Failure::usage(
            "--zone says nothing without --from or --to: the range is that of the earlier package",
            "give the dates too, or leave --zone out",
        )),
        (None, None, Some(_)) => Ok(None),
        (from, to, _) => {
            let range = Range::parse(from.as_deref(), to.as_deref(), zone);
            range.map(Some).map_err(|error| Failure::new(Exit::Usage, &error))
        }
    }
}

fn paths(texts: &[String]) -> Result<Vec<FolderPath>, Failure> {
    let read = |text: &String| {
        FolderPath::parse(text).map_err(|error| {
            Failure::usage(
                format!("\"{}\" is {error}", show::plain(text)),
                "write names as Outlook shows them, with / between them",
            )
        })
    };
    texts.iter().map(read).collect()
}

/// Reads what is done to members of volumes.
pub(super) fn compression(text: &str) -> Result<Compression, String> {
    Compression::from_word(text).ok_or_else(|| "not one of deflate, store".to_owned())
}

fn format(args: &Args) -> Result<Format, Failure> {
    let of_volumes = [("--volume-size", args.volume_size.is_some()), ("--compression", args.compression.is_some())];
    let format = match (args.format, of_volumes.iter().find(|(_, given)| *given)) {
        (FormatTyped::Eml, None) => Format::Eml,
        (FormatTyped::Eml, Some((option, _))) => {
            return Err(Failure::usage(format!("{option} goes with --format zip"), "add --format zip"));
        }
        (FormatTyped::Zip, _) => Format::Zip {
            volume_bytes: args.volume_size.unwrap_or(VOLUME_BYTES),
            volume_members: VOLUME_MEMBERS,
            compression: args.compression.unwrap_or(Compression::Deflate),
        },
    };
    format.checked().map_err(|error| Failure::new(Exit::Usage, &error))
}

fn matter(typed: Option<&str>) -> Result<Option<Matter>, Failure> {
    let Some(text) = typed else { return Ok(None) };
    Matter::new(text).map(Some).ok_or_else(|| {
        Failure::usage("the matter is too long or has control characters", "give at most 200 characters on one line")
    })
}

/// The list of ids, if one was given.
pub(super) fn ids(only: Option<&Utf8Path>, skip: Option<&Utf8Path>) -> Result<Option<Ids>, Failure> {
    let (way, path) = match (only, skip) {
        (Some(path), _) => (Way::Only, path),
        (None, Some(path)) => (Way::Skip, path),
        (None, None) => return Ok(None),
    };
    let read = std::fs::File::open(path).map_err(IdsError::Read).and_then(|file| Ids::read(way, file));
    read.map(Some).map_err(|error| Failure::new(Exit::Usage, &error))
}

fn from_csv(path: &Utf8Path, desk: &Desk) -> Result<Vec<String>, Failure> {
    let read = std::fs::File::open(path).map_err(CustodiansError::Read).and_then(custodians_from_csv);
    let list = read.map_err(|error| Failure::new(Exit::Usage, &error))?;
    if !list.duplicates.is_empty() {
        desk.note(&format!(
            "named more than once in {path}, collected once: {}",
            show::plain(&list.duplicates.join(", "))
        ));
    }
    Ok(list.typed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        assert_eq!((size("500MB"), size("2GiB"), size("7")), (Ok(500_000_000), Ok(2 << 30), Ok(7)));
        for wrong in ["", "MB", "1.5GB", "-1", "99999999999999999999", "18446744073709551615k"] {
            assert!(size(wrong).is_err(), "{wrong}");
        }
    }
}
