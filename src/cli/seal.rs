//! `affiant seal`: a time stamp and people's signatures over a sealed package's checkpoint.
//!
//! Fetches what is asked for, by HTTP, from a file or from `ssh-keygen`, and hands it to the library, which takes only
//! what holds. Each step is complete by itself, so the verb can be run again.

use std::io::Write as _;
use std::process::{Command, Stdio};

use camino::{Utf8Path, Utf8PathBuf};
use url::Url;

use super::custody::failed;
use super::desk::Desk;
use super::output::json;
use super::verify::{authorities, endorsement_line, signers, stamp_line};
use super::{Exit, Failure, show};
use crate::attest::{self, AttestError, NONCE};
use crate::terms::Sha256;
use crate::verify::{AllowedSigners, Authorities, Endorsement, NAMESPACE, Record, Stamp};

const EXAMPLE: &str = "\
Example:
  affiant seal ./package --tsa https://tsa.example/ --tsa-ca tsa-root.pem
  affiant seal ./package --request-out checkpoint.tsq        now; send it from anywhere, then
  affiant seal ./package --response checkpoint.tsr
  affiant seal ./package --ssh-key ~/.ssh/id_ed25519
  affiant seal ./package                                     what is there

Only the SHA-256 of affiant/checkpoint goes to the authority. Collecting seals a package by itself; this adds
that somebody else saw it at a time, or that a person vouches for it.";

/// Add a time stamp or a person's signature to a sealed package
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// The package's folder
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
    /// Ask this time-stamp authority (RFC 3161) over HTTP
    #[arg(long, value_name = "URL")]
    tsa: Option<Url>,
    /// Write the request for a time stamp into a new file, to be sent by other means
    #[arg(long, value_name = "FILE.tsq", conflicts_with = "tsa")]
    request_out: Option<Utf8PathBuf>,
    /// Bring the authority's answer to such a request
    #[arg(long, value_name = "FILE.tsr")]
    response: Option<Utf8PathBuf>,
    /// Take a time stamp only from these authorities (PEM)
    #[arg(long, value_name = "FILE")]
    tsa_ca: Option<Utf8PathBuf>,
    /// Sign with this SSH key, by ssh-keygen; it asks for the passphrase itself, or the agent does
    #[arg(long, value_name = "KEY")]
    ssh_key: Option<Utf8PathBuf>,
    /// Bring a signature that was made elsewhere: ssh-keygen -Y sign -n affiant-checkpoint -f KEY affiant/checkpoint
    #[arg(long, value_name = "FILE.sig")]
    signature: Option<Utf8PathBuf>,
    /// Take a signature only by these people
    #[arg(long, value_name = "FILE")]
    allowed_signers: Option<Utf8PathBuf>,
}

impl Args {
    /// Whether anything is to be added or written.
    const fn asks(&self) -> bool {
        self.tsa.is_some()
            || self.request_out.is_some()
            || self.response.is_some()
            || self.ssh_key.is_some()
            || self.signature.is_some()
    }
}

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let trusted = args.tsa_ca.as_deref().map(authorities).transpose()?;
    let people = args.allowed_signers.as_deref().map(signers).transpose()?;
    let brought = [&args.response, &args.signature].map(|file| file.as_deref().map(bytes).transpose());
    let [response, signature] = brought;
    let (response, signature) = (response?, signature?);
    if !args.asks() {
        return show(args.package, desk).await;
    }
    let now = (desk.clock)();
    let checkpoint = off(args.package.clone(), move |package| attest::checkpoint(&package, now)).await?;
    if let Some(file) = &args.request_out {
        write_new(file, &attest::stamp_request(&checkpoint, nonce()))?;
        desk.note(&format!("the request is in {}; bring the answer with --response", show::plain(file.as_str())));
    }
    if let Some(authority) = &args.tsa {
        let request = attest::stamp_request(&checkpoint, nonce());
        let ca = desk.settings.ca.as_deref();
        let answer = attest::ask(authority, request, ca).await.map_err(|error| failed(&error))?;
        stamp(&args.package, answer, trusted.clone(), desk).await?;
    }
    if let Some(answer) = response {
        stamp(&args.package, answer, trusted, desk).await?;
    }
    if let Some(key) = &args.ssh_key {
        let (key, over) = (key.clone(), checkpoint.clone());
        let made = tokio::task::spawn_blocking(move || sign(&key, &over)).await;
        let made = made.map_err(|_| Failure::failed("signing was cut short", "run it again"))??;
        sign_off(&args.package, made, people.clone(), desk).await?;
    }
    if let Some(signature) = signature {
        sign_off(&args.package, signature, people, desk).await?;
    }
    show(args.package, desk).await
}

async fn stamp(package: &Utf8Path, token: Vec<u8>, trusted: Option<Authorities>, desk: &Desk) -> Result<(), Failure> {
    let now = (desk.clock)();
    let added = off(package.to_owned(), move |root| attest::add_stamp(&root, &token, trusted.as_ref(), now)).await?;
    let verb = if added.was_there { "was there already" } else { "added" };
    desk.note(&format!("{} {verb}", added.stated.path));
    Ok(())
}

async fn sign_off(
    package: &Utf8Path,
    signature: Vec<u8>,
    people: Option<AllowedSigners>,
    desk: &Desk,
) -> Result<(), Failure> {
    let now = (desk.clock)();
    let added =
        off(package.to_owned(), move |root| attest::add_signature(&root, &signature, people.as_ref(), now)).await?;
    let verb = if added.was_there { "was there already" } else { "added" };
    desk.note(&format!("{} {verb}", added.stated.path));
    Ok(())
}

/// Runs the library's part where it may wait for the disk.
async fn off<T: Send + 'static>(
    package: Utf8PathBuf,
    work: impl FnOnce(Utf8PathBuf) -> Result<T, AttestError> + Send + 'static,
) -> Result<T, Failure> {
    let done = tokio::task::spawn_blocking(move || work(package)).await;
    done.map_err(|_| Failure::failed("the work was cut short", "run it again"))?.map_err(|error| failed(&error))
}

fn nonce() -> [u8; NONCE] {
    let random = uuid::Uuid::new_v4().into_bytes();
    let mut nonce = [0; NONCE];
    // Bytes without the version and variant bits of a UUID.
    for (to, from) in nonce.iter_mut().zip(random.iter().take(6).chain(random.iter().skip(9))) {
        *to = *from;
    }
    nonce
}

/// The largest file that is taken for an answer or a signature, in bytes.
const LARGEST: u64 = 2 << 20;

fn bytes(file: &Utf8Path) -> Result<Vec<u8>, Failure> {
    let help = "check the name of the file";
    let wrong = |what: &str| Failure::usage(format!("{}: {what}", show::plain(file.as_str())), help);
    let facts = std::fs::metadata(file).map_err(|_| wrong("cannot be read"))?;
    if facts.len() > LARGEST {
        return Err(wrong("is far larger than a time stamp or a signature"));
    }
    std::fs::read(file).map_err(|_| wrong("cannot be read"))
}

fn write_new(file: &Utf8Path, bytes: &[u8]) -> Result<(), Failure> {
    let made = std::fs::File::options().write(true).create_new(true).open(file);
    let written = made.and_then(|mut made| made.write_all(bytes).and_then(|()| made.sync_all()));
    written.map_err(|error| {
        let why = match error.kind() {
            std::io::ErrorKind::AlreadyExists => "is there already".to_owned(),
            kind => format!("could not be written: {kind}"),
        };
        Failure::usage(
            format!("{}: {why}", show::plain(file.as_str())),
            "name a new file in a folder that you may write to",
        )
    })
}

/// Has `ssh-keygen` sign, which asks for a passphrase on the terminal where it needs one.
fn sign(key: &Utf8Path, over: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed = |what: &str| {
        Failure::failed(
            what,
            "try it by hand: ssh-keygen -Y sign -n affiant-checkpoint -f KEY affiant/checkpoint, then bring the file with --signature",
        )
    };
    let mut signer = Command::new("ssh-keygen")
        .args(["-Y", "sign", "-n", NAMESPACE, "-f", key.as_str()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .map_err(|_| failed("ssh-keygen cannot be started; it comes with OpenSSH"))?;
    if let Some(mut input) = signer.stdin.take() {
        // When it does not read, it has said why, and its exit tells.
        let _ = input.write_all(over);
    }
    let done = signer.wait_with_output().map_err(|_| failed("ssh-keygen broke off"))?;
    if done.status.success() { Ok(done.stdout) } else { Err(failed("ssh-keygen did not sign")) }
}

/// What stands beside the checkpoint, for programs.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub(super) struct Sealed {
    /// The acquisition.
    acquisition_id: String,
    /// Lines of its log.
    log_size: u64,
    /// The root over them, lower-case hex.
    #[schemars(with = "String")]
    log_root: Sha256,
    /// The public key that signed it (C2SP signed-note vkey).
    vkey: String,
    /// SHA-256 of `affiant/checkpoint`, which stamps and signatures are over.
    #[schemars(with = "String")]
    checkpoint_sha256: Sha256,
    /// Time stamps that hold; by whom is their own word.
    stamps: Vec<Stamp>,
    /// Signatures of people that hold.
    endorsements: Vec<Endorsement>,
}

/// What stands beside the checkpoint now.
async fn show(package: Utf8PathBuf, desk: &Desk) -> Result<Exit, Failure> {
    let record = off(package, |root| Record::open(&root).map_err(AttestError::Record)).await?;
    let (head, sha256) = (record.head(), Sha256::of(record.head().checkpoint.as_bytes()));
    if desk.json {
        let said = Sealed {
            acquisition_id: head.acquisition_id.clone(),
            log_size: head.size,
            log_root: head.root,
            vkey: head.vkey.clone(),
            checkpoint_sha256: sha256,
            stamps: record.stamps().to_vec(),
            endorsements: record.endorsements().to_vec(),
        };
        desk.print(&json(&said));
        return Ok(Exit::Complete);
    }
    let mut text = format!("checkpoint: {} lines, root {}\n", head.size, head.root);
    text += &format!("  SHA-256 {sha256}\nkey: {}\n", head.vkey);
    for stamp in record.stamps() {
        text += &format!("{}\n", show::plain(&stamp_line(stamp)));
    }
    for endorsement in record.endorsements() {
        text += &format!("{}\n", show::plain(&endorsement_line(endorsement)));
    }
    if record.stamps().is_empty() {
        text += "no time stamp: nobody else says when it existed (--tsa, or --request-out)\n";
    }
    if record.endorsements().is_empty() {
        text += "no person's signature (--ssh-key, or --signature)\n";
    }
    desk.print(&text);
    Ok(Exit::Complete)
}
