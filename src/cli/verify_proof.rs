//! `affiant verify-proof`: checks proofs for single messages, without the package.
//!
//! Prints the report and picks the exit code. What is checked is the library's matter.

use std::io::{self, Write};

use camino::Utf8PathBuf;

use super::desk::Desk;
use super::{Exit, Failure, show, verify};
use crate::verify::{ProofReport, ProofsReport, Verdict, verify_proofs};

const EXAMPLE: &str = "\
Example:
  affiant verify-proof ./proofs --key 'affiant.invalid/acq/0190…+8006d272+Abv9…'
  affiant verify-proof ./proofs/AFF-0000012 --json

Exit codes: 0 verified, 6 one differs, 1 no proof there, 2 wrong usage.
How to check a proof without this program: explanation.html beside it, and schemas/FORMAT.md";

/// Check proofs that `affiant prove` made: line, path, signature, message
///
/// Reads the folders and nothing else, and changes nothing. Without --key a signature only shows that a folder is of
/// one piece, not whose it is.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Folders that hold a proof each, or folders of such folders
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<Utf8PathBuf>,
    /// The public key that the log must be signed with, as you were given it: a vkey, 64 hex digits, or a file that holds
    /// a vkey or a PEM public key
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let key = args.key.as_deref().map(verify::key).transpose()?;
    let report = tokio::task::spawn_blocking(move || verify_proofs(&args.paths, key.as_ref())).await;
    let report = report.map_err(|_| Failure::failed("the check was cut short", "run it again"))?;
    let mut out = desk.stdout();
    // A reader that has seen enough, such as `head`, is no reason to fail.
    drop(if desk.json { print_json(&report, &mut out) } else { print(&report, &mut out) });
    Ok(verify::exit(report.verdict))
}

fn print_json(report: &ProofsReport, out: &mut dyn Write) -> io::Result<()> {
    serde_json::to_writer_pretty(&mut *out, report)?;
    writeln!(out)
}

fn print(report: &ProofsReport, out: &mut dyn Write) -> io::Result<()> {
    for proof in &report.proofs {
        writeln!(out, "{}", show::plain(&format!("{:<10}  {}", proof.verdict.to_string(), proof.folder)))?;
        for (check, finding) in proof.checks.iter().flat_map(|check| check.findings.iter().map(|one| (check.name, one)))
        {
            let line = format!("            {}: {} {}  {}", check, finding.class, finding.path, finding.detail);
            writeln!(out, "{}", show::plain(&line))?;
        }
        if proof.verdict == Verdict::Verified {
            for line in stated(proof) {
                writeln!(out, "            {}", show::plain(&line))?;
            }
        }
    }
    let count = report.proofs.len() as u64;
    writeln!(out, "\n{}: {} {}", report.verdict, show::number(count), if count == 1 { "proof" } else { "proofs" })
}

/// What a proof that holds comes to.
fn stated(proof: &ProofReport) -> [String; 3] {
    let said = &proof.stated;
    let text = |value: &Option<String>| value.clone().unwrap_or_default();
    let number = |value: Option<u64>| value.map(|value| value.to_string()).unwrap_or_default();
    let message = match &said.sha256 {
        Some(sha256) => format!("SHA-256 {sha256}"),
        None => "not collected".to_owned(),
    };
    let whose = match proof.is_key_given {
        Some(_) => "the key you gave".to_owned(),
        None => format!("{}, the key that came with it; compare it with the one you were told", text(&said.vkey)),
    };
    [
        format!("{} {} {message}", text(&said.control_number), text(&said.kind)),
        format!(
            "line {} of {} in the log of {}, root {}",
            number(said.index),
            number(said.log_size),
            text(&said.acquisition_id),
            text(&said.log_root)
        ),
        format!("signed by {whose}"),
    ]
}
