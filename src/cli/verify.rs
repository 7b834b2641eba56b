//! `affiant verify`: checks a package from itself alone, and says what is not as it was sealed.
//!
//! Prints the report and picks the exit code. What is checked is the library's matter.

use std::io::{self, Read as _, Write};

use camino::{Utf8Path, Utf8PathBuf};

use super::desk::Desk;
use super::{Exit, Failure, refetch, show};
use crate::refetch::Compared;
use crate::verify::{
    AllowedSigners, Asked, Authorities, Check, Endorsement, Head, Key, Report, Slice, Stamp, Verdict, verify,
};

const EXAMPLE: &str = "\
Example:
  affiant verify ./package
  affiant verify ./package --key 'affiant.invalid/acq/0190…+8006d272+Abv9…'
  affiant verify ./package --tsa-ca authority.pem --allowed-signers signers
  affiant verify ./package --part 3/10
  affiant verify ./package --refetch 1%
  affiant verify ./package --json | jq -r '.checks[].findings[] | [.class, .path, .detail] | @tsv'

Exit codes: 0 verified, 6 differs, 3 some messages could not be fetched again, 1 could not be checked (not sealed yet, no package, or a newer format).
How to check a package without this program: schemas/FORMAT.md";

/// Check a sealed package: files, manifests, log, record, families, balance
///
/// Reads the package and nothing else, needs no network (unless --refetch asks), and changes nothing. Gathers every
/// difference; each is one line that names the file concerned.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE, group(clap::ArgGroup::new("drawn").args(["sample", "refetch"]).multiple(true)))]
pub(super) struct Args {
    /// The package's folder
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
    /// The public key that the package must be signed with, as you were given it: a vkey, 64 hex digits, or a file that
    /// holds a vkey or a PEM public key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
    /// File of certificates (PEM) of time-stamp authorities that are trusted: the checkpoint must have a stamp from one
    #[arg(long, value_name = "FILE")]
    tsa_ca: Option<Utf8PathBuf>,
    /// List of people and their SSH keys (ssh-keygen's ALLOWED SIGNERS): the checkpoint must be signed by one of them
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<Utf8PathBuf>,
    /// Also ask the service again for a share of the messages, such as 1% (at least 25) or 100%, and compare; needs a sign-in
    #[arg(long, value_name = "N%", value_parser = Slice::share)]
    pub(super) refetch: Option<u64>,
    /// Read only this part of the natives, such as 3/10; all parts together are the whole check
    #[arg(long, value_name = "N/M", value_parser = Slice::part, conflicts_with = "sample")]
    part: Option<Slice>,
    /// Read only a sample of the natives, such as 5%
    #[arg(long, value_name = "N%", value_parser = Slice::share)]
    sample: Option<u64>,
    /// The number that draws the samples: the same number draws the same natives again
    #[arg(long, value_name = "NUMBER", requires = "drawn")]
    draw: Option<u64>,
}

impl Args {
    /// The number that draws samples, as given or new.
    fn drawn(&self) -> u64 {
        self.draw.unwrap_or_else(|| u64::from(uuid::Uuid::new_v4().as_fields().0))
    }

    fn asked(&self) -> Result<Asked, Failure> {
        let key = self.key.as_deref().map(key).transpose()?;
        let sample = self.sample.map(|share| Slice::Sample { share, draw: self.drawn() });
        let authorities = self.tsa_ca.as_deref().map(authorities).transpose()?;
        let signers = self.allowed_signers.as_deref().map(signers).transpose()?;
        Ok(Asked { key, authorities, signers, slice: self.part.or(sample).unwrap_or_default() })
    }
}

/// More than any file that holds a public key has.
const LARGEST_KEY: u64 = 1 << 16;

/// A key as it was typed, or from the file that was named.
pub(super) fn key(typed: &str) -> Result<Key, Failure> {
    let wrong = |what: String| {
        Failure::usage(
            what,
            "give the vkey that `affiant collect` printed, or the file affiant/checkpoint.vkey as it was handed over",
        )
    };
    if let Ok(key) = Key::parse(typed) {
        return Ok(key);
    }
    let mut text = String::new();
    let read = std::fs::File::open(typed).and_then(|file| file.take(LARGEST_KEY).read_to_string(&mut text));
    read.map_err(|_| wrong("--key is no key and names no file that can be read".to_owned()))?;
    Key::parse(&text).map_err(|error| wrong(format!("{} holds no key: {error}", show::plain(typed))))
}

/// Authorities from a file of certificates.
pub(super) fn authorities(file: &Utf8Path) -> Result<Authorities, Failure> {
    let help = "give the certificate of the authority's root as a PEM file, as the authority publishes it";
    let wrong = |what: &str| Failure::usage(format!("{}: {what}", show::plain(file.as_str())), help);
    let text = short(file).ok_or_else(|| wrong("cannot be read"))?;
    Authorities::from_pem(&text).map_err(|error| wrong(&error.to_string()))
}

/// People from a file of allowed signers.
pub(super) fn signers(file: &Utf8Path) -> Result<AllowedSigners, Failure> {
    let help = "see ALLOWED SIGNERS in the manual of ssh-keygen";
    let wrong = |what: &str| Failure::usage(format!("{}: {what}", show::plain(file.as_str())), help);
    let text = short(file).and_then(|text| String::from_utf8(text).ok()).ok_or_else(|| wrong("cannot be read"))?;
    AllowedSigners::parse(&text).map_err(|error| wrong(&error.to_string()))
}

/// The largest list of certificates or signers, in bytes.
const LARGEST_LIST: u64 = 1 << 20;

fn short(file: &Utf8Path) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    let file = std::fs::File::open(file).ok()?;
    file.take(LARGEST_LIST + 1).read_to_end(&mut bytes).ok()?;
    u64::try_from(bytes.len()).is_ok_and(|read| read <= LARGEST_LIST).then_some(bytes)
}

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let mut bar = desk.bytes_bar("verifying");
    let (package, asked) = (args.package.clone(), args.asked()?);
    let slice = asked.slice;
    let report = tokio::task::spawn_blocking(move || verify(&package, &asked, &mut |done, total| bar.at(done, total)));
    let report = report.await.map_err(|_| Failure::usage("verification was cut short", "run it again"))?;
    let asked_again = again(&report, &args, desk).await;
    let refetched = asked_again.as_ref().ok().and_then(Option::as_ref);
    let mut out = desk.stdout();
    let printed = if desk.json {
        print_json(&report, refetched, &mut out)
    } else {
        let asked = refetched.map_or(Ok(()), |compared| refetch::print(compared, &mut out));
        asked.and_then(|()| print(&report, &args, slice, &mut out))
    };
    // A reader that has seen enough, such as `head`, is no reason to fail.
    drop(printed);
    // What the package itself came to is told, also where the service could not be asked.
    Ok(match asked_again? {
        Some(compared) if compared.content_differs > 0 => Exit::Differs,
        Some(compared) if compared.unreadable > 0 => Exit::Exceptions,
        _ => exit(report.verdict),
    })
}

/// Asks the service again, where that was asked for and there is something sound to compare with.
async fn again(report: &Report, args: &Args, desk: &Desk) -> Result<Option<Compared>, Failure> {
    match args.refetch {
        Some(share) if report.verdict == Verdict::Verified => {
            refetch::run(&args.package, share, args.drawn(), desk).await.map(Some)
        }
        Some(_) => {
            desk.note("the service was not asked again: the package itself is not as it was sealed");
            Ok(None)
        }
        None => Ok(None),
    }
}

pub(super) const fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Verified => Exit::Complete,
        Verdict::Differs => Exit::Differs,
        Verdict::Unsealed | Verdict::Unreadable => Exit::Failed,
    }
}

/// The report, and what came of asking the service again.
#[derive(serde::Serialize)]
struct Printed<'a> {
    #[serde(flatten)]
    report: &'a Report,
    #[serde(skip_serializing_if = "Option::is_none")]
    refetch: Option<&'a Compared>,
}

fn print_json(report: &Report, refetch: Option<&Compared>, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, &Printed { report, refetch })?;
    writeln!(out)
}

fn print(report: &Report, args: &Args, slice: Slice, out: &mut dyn Write) -> io::Result<()> {
    for check in &report.checks {
        let found = count(check);
        let result = if check.ok { "ok".to_owned() } else { format!("{found} {}", plural(found, "finding")) };
        writeln!(out, "{:<17} {result}", check.name.to_string())?;
    }
    if report.checks.iter().any(|check| !check.ok) {
        writeln!(out)?;
    }
    for check in &report.checks {
        for finding in &check.findings {
            let line = format!("{:<10}  {}  {}", finding.class.to_string(), finding.path, finding.detail);
            writeln!(out, "{}", printable(&line))?;
        }
        if check.omitted > 0 {
            writeln!(out, "{:<10}  {}: {} more", "…", check.name, check.omitted)?;
        }
    }
    if let Some(since) = &report.since {
        let line = format!(
            "since: the package {}, sealed {}, {} lines with root {}; check it, too",
            since.acquisition_id, since.sealed_at, since.log_size, since.log_root
        );
        writeln!(out, "\n{}", printable(&line))?;
    }
    if let Some(head) = &report.head {
        print_head(head, out)?;
    }
    for stamp in &report.stamps {
        writeln!(out, "{}", printable(&stamp_line(stamp)))?;
    }
    for endorsement in &report.endorsements {
        writeln!(out, "{}", printable(&endorsement_line(endorsement)))?;
    }
    for event in &report.custody {
        let facts: Vec<String> = event.facts.iter().map(|(name, value)| format!("{name}={value}")).collect();
        writeln!(out, "{}", printable(&format!("custody: {} {} {}", event.at, event.kind, facts.join(", "))))?;
    }
    if let Some(read) = partial(report, slice) {
        writeln!(out, "{read}")?;
    }
    writeln!(out, "\n{}: {}", report.verdict, summary(report, args))
}

/// The size and root to compare with what was printed when it was sealed, and whose signature it is.
fn print_head(head: &Head, out: &mut dyn Write) -> io::Result<()> {
    let root = head.root.get(..16).unwrap_or(&head.root);
    writeln!(out, "\nlog: {} lines, root {root}…", head.size)?;
    let whose = match head.is_key_given {
        Some(true) => "the key you gave",
        Some(false) => "NOT the key you gave",
        None => "its own word; give the key you were told with --key, or compare it",
    };
    writeln!(out, "{}", printable(&format!("key: {} ({whose})", head.vkey)))
}

/// A time stamp in a line.
pub(super) fn stamp_line(stamp: &Stamp) -> String {
    let whom = if stamp.is_trusted { "an authority you trust" } else { "by its own word; give its root with --tsa-ca" };
    format!("time stamp: {} by {} ({whom})", stamp.at, stamp.authority)
}

/// A person's signature in a line.
pub(super) fn endorsement_line(endorsement: &Endorsement) -> String {
    let whose = endorsement.principals.as_deref().map_or_else(
        || "whose key it is, a list given with --allowed-signers tells".to_owned(),
        |principals| format!("{principals}, by your list"),
    );
    format!("signed: {} {} ({whose})", endorsement.algorithm, endorsement.key)
}

/// What was not read, where not everything was asked for.
fn partial(report: &Report, slice: Slice) -> Option<String> {
    let what = match slice {
        Slice::All => return None,
        Slice::Part { number, of } => format!("part {number} of {of}"),
        Slice::Sample { share, draw } => format!("a sample of {}.{:02} %, drawn by {draw}", share / 100, share % 100),
    };
    Some(format!("read: {} of {} natives ({what}); the record was checked whole", report.natives, report.items))
}

fn summary(report: &Report, args: &Args) -> String {
    let package = &args.package;
    match report.verdict {
        Verdict::Verified => format!("{package}, {} {}", report.items, plural(report.items, "item")),
        Verdict::Differs => {
            let findings = report.checks.iter().map(count).sum();
            format!("{package}, {findings} {} in {} items", plural(findings, "finding"), report.items)
        }
        Verdict::Unsealed => format!("{package} is not sealed yet; go on with: affiant resume {package}"),
        Verdict::Unreadable => format!("{package} could not be checked"),
    }
}

/// A name in the package may be anything; it must not move the cursor of the reader's terminal.
fn printable(line: &str) -> String {
    let plain = |c: char| !c.is_control();
    line.chars().map(|c| if plain(c) { c.to_string() } else { c.escape_default().to_string() }).collect()
}

fn count(check: &Check) -> u64 {
    check.findings.len() as u64 + check.omitted
}

fn plural(count: u64, word: &str) -> String {
    if count == 1 { word.to_owned() } else { format!("{word}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(package: Utf8PathBuf) -> Args {
        Args {
            package,
            key: None,
            tsa_ca: None,
            allowed_signers: None,
            refetch: None,
            part: None,
            sample: None,
            draw: None,
        }
    }

    #[test]
    fn a_folder_that_is_no_package_could_not_be_checked_which_is_not_exit_code_6() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let package = Utf8PathBuf::try_from(folder.path().to_owned()).expect("UTF-8");
        let report = verify(&package, &Asked::default(), &mut |_, _| {});
        assert_eq!(exit(report.verdict), Exit::Failed);
        let mut out = Vec::new();
        print(&report, &of(package), Slice::All, &mut out).expect("a vector takes everything");
        let out = String::from_utf8(out).expect("UTF-8");
        assert!(out.starts_with("structure         1 finding\n"), "{out}");
        assert!(out.contains("not an Affiant package"), "{out}");
        assert!(out.trim_end().ends_with("could not be checked"), "{out}");
    }

    #[test]
    fn the_json_is_one_document_with_verdict_items_and_checks() {
        let report = verify("/nonexistent/package".into(), &Asked::default(), &mut |_, _| {});
        let mut out = Vec::new();
        print_json(&report, None, &mut out).expect("a vector takes everything");
        let json: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(json["verdict"], "unreadable");
        assert_eq!(json["items"], 0);
        assert_eq!(json["checks"][0]["name"], "structure");
        assert_eq!(json["checks"][0]["findings"][0]["class"], "unreadable");
    }
}
