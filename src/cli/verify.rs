//! `affiant verify`: checks a package from itself alone, and says what is not as it was sealed.
//!
//! Prints the report and picks the exit code. What is checked is the library's matter.

use std::io::{self, Write};

use camino::Utf8PathBuf;

use super::desk::Desk;
use super::{Exit, Failure};
use crate::verify::{Check, Report, Verdict, verify};

const EXAMPLE: &str = "\
Example:
  affiant verify ./package
  affiant verify ./package --json | jq -r '.checks[].findings[] | [.class, .path, .detail] | @tsv'

Exit codes: 0 verified, 6 differs, 1 could not be checked (not sealed yet, no package, or a newer format).
How to check a package without this program: schemas/FORMAT.md";

/// Check a sealed package: files, manifests, log, record, families, balance
///
/// Reads the package and nothing else, needs no network, and changes nothing. Gathers every
/// difference; each is one line that names the file concerned.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// The package's folder
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
}

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let mut bar = desk.bytes_bar("verifying");
    let package = args.package.clone();
    let report = tokio::task::spawn_blocking(move || verify(&package, &mut |done, total| bar.at(done, total)));
    let report = report.await.map_err(|_| Failure::usage("verification was cut short", "run it again"))?;
    let mut out = desk.stdout();
    let printed = if desk.json { print_json(&report, &mut out) } else { print(&report, &args, &mut out) };
    // A reader that has seen enough, such as `head`, is no reason to fail.
    drop(printed);
    Ok(exit(report.verdict))
}

const fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Verified => Exit::Complete,
        Verdict::Differs => Exit::Differs,
        Verdict::Unsealed | Verdict::Unreadable => Exit::Failed,
    }
}

fn print_json(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

fn print(report: &Report, args: &Args, out: &mut dyn Write) -> io::Result<()> {
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
    writeln!(out, "\n{}: {}", report.verdict, summary(report, args))
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

    #[test]
    fn a_folder_that_is_no_package_could_not_be_checked_which_is_not_exit_code_6() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let package = Utf8PathBuf::try_from(folder.path().to_owned()).expect("UTF-8");
        let report = verify(&package, &mut |_, _| {});
        assert_eq!(exit(report.verdict), Exit::Failed);
        let mut out = Vec::new();
        print(&report, &Args { package }, &mut out).expect("a vector takes everything");
        let out = String::from_utf8(out).expect("UTF-8");
        assert!(out.starts_with("structure         1 finding\n"), "{out}");
        assert!(out.contains("not an Affiant package"), "{out}");
        assert!(out.trim_end().ends_with("could not be checked"), "{out}");
    }

    #[test]
    fn the_json_is_one_document_with_verdict_items_and_checks() {
        let report = verify("/nonexistent/package".into(), &mut |_, _| {});
        let mut out = Vec::new();
        print_json(&report, &mut out).expect("a vector takes everything");
        let json: serde_json::Value = serde_json::from_slice(&out).expect("JSON");
        assert_eq!(json["verdict"], "unreadable");
        assert_eq!(json["items"], 0);
        assert_eq!(json["checks"][0]["name"], "structure");
        assert_eq!(json["checks"][0]["findings"][0]["class"], "unreadable");
    }
}
