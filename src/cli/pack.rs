//! `affiant pack` and `affiant unpack`: a sealed package as volumes to hand over, and back.
//!
//! Reads keys and passphrases from files, calls the library, prints what to compare. How volumes are made is the library's
//! matter.

use std::io::Read as _;

use camino::{Utf8Path, Utf8PathBuf};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::collect::size;
use super::desk::Desk;
use super::output::json;
use super::{Exit, Failure, show};
use crate::delivery::{self, DeliveryError, Keys, Lock, Packed, Packing, Unpacked, VOLUME_BYTES, VOLUME_BYTES_MIN};
use crate::verify::{Record, RecordError};

const PACK: &str = "\
Example:
  affiant pack ./miller-2024 --out ./to-send --encrypt-to age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
  affiant pack ./miller-2024 --out ./to-send --volume-size 2GB

Each volume is a whole ZIP, or a ZIP inside of age; NAME.sha256 lists them for sha256sum -c. Without Affiant:
age -d -i KEY FILE.zip.age > FILE.zip, then any unzip. --aes-zip is for people without age: it hides what is in
the files, not their names and sizes, and is as strong as the passphrase; check it with 7-Zip, since
`unzip -t` passes over such members without a word. age is the better choice.";

/// Pack a sealed package into volumes, encrypted where asked
///
/// Every file is compared with the package's own lists while it is packed. The package is not changed: record the
/// handing over with `affiant custody transfer`.
#[derive(Debug, clap::Args)]
#[command(after_help = PACK)]
pub(super) struct PackArgs {
    /// The package's folder
    #[arg(value_name = "DIR")]
    package: Utf8PathBuf,
    /// New folder for the volumes
    #[arg(long, value_name = "FOLDER")]
    out: Utf8PathBuf,
    /// Encrypt with age to this recipient (age1…), or to those of a file, one a line; may be repeated
    #[arg(long, value_name = "RECIPIENT")]
    encrypt_to: Vec<String>,
    /// Encrypt with age and the passphrase in the first line of this file (- for standard input)
    #[arg(long, value_name = "FILE", conflicts_with = "encrypt_to")]
    passphrase_file: Option<Utf8PathBuf>,
    /// With --passphrase-file: encrypt by the AES-256 of ZIP tools instead; names and sizes stay visible
    #[arg(long, requires = "passphrase_file")]
    aes_zip: bool,
    /// Size of a volume at the most, such as 2GB [default: 3.9 GiB]
    #[arg(long, value_name = "SIZE", value_parser = size)]
    volume_size: Option<u64>,
}

const UNPACK: &str = "\
Example:
  affiant unpack ./received --out ./miller-2024 --identity key.txt
  affiant verify ./miller-2024

Volumes are checked against their list first. Nothing is written outside of the new folder.";

/// Unpack the volumes that `affiant pack` made
#[derive(Debug, clap::Args)]
#[command(after_help = UNPACK)]
pub(super) struct UnpackArgs {
    /// Folder with the volumes and their list
    #[arg(value_name = "FOLDER")]
    from: Utf8PathBuf,
    /// New folder for the package
    #[arg(long, value_name = "DIR")]
    out: Utf8PathBuf,
    /// File with age identities (AGE-SECRET-KEY-…); may be repeated
    #[arg(long, value_name = "FILE")]
    identity: Vec<Utf8PathBuf>,
    /// File whose first line is the passphrase (- for standard input)
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<Utf8PathBuf>,
}

pub(super) async fn pack(args: PackArgs, desk: &Desk) -> Result<Exit, Failure> {
    let volume_bytes = args.volume_size.unwrap_or(VOLUME_BYTES);
    if volume_bytes < VOLUME_BYTES_MIN {
        return Err(Failure::usage("a volume has at least 1 MiB", "give a larger --volume-size"));
    }
    let lock = match &args.passphrase_file {
        Some(file) => Lock::with(passphrase(file)?, args.aes_zip).map_err(|error| failed(&error))?,
        None if args.encrypt_to.is_empty() => Lock::Open,
        None => Lock::to(&recipients(&args.encrypt_to)?).map_err(|error| failed(&error))?,
    };
    let is_encrypted = !matches!(lock, Lock::Open);
    let mut bar = desk.bytes_bar("packing");
    let work = move || {
        let record = Record::open(&args.package)?;
        let packing = Packing { volume_bytes, lock };
        delivery::pack(&record, &args.out, &packing, &mut |done| bar.at(done, done))
    };
    let packed = tokio::task::spawn_blocking(work).await;
    let packed = packed.map_err(|_| Failure::failed("packing was cut short", "run it again"))?;
    let packed = packed.map_err(|error| failed(&error))?;
    desk.print(&if desk.json { json(&packed) } else { said(&packed, is_encrypted) });
    Ok(Exit::Complete)
}

pub(super) async fn unpack(args: UnpackArgs, desk: &Desk) -> Result<Exit, Failure> {
    let mut keys = Keys::default();
    for file in &args.identity {
        let text = Zeroizing::new(short(file)?.into_bytes());
        keys = keys.with_identities(&text).map_err(|error| failed(&error))?;
    }
    if let Some(file) = &args.passphrase_file {
        keys = keys.with_passphrase(passphrase(file)?);
    }
    let mut bar = desk.bytes_bar("unpacking");
    let work = move || delivery::unpack(&args.from, &args.out, &keys, &mut |done| bar.at(done, done));
    let unpacked = tokio::task::spawn_blocking(work).await;
    let unpacked = unpacked.map_err(|_| Failure::failed("unpacking was cut short", "run it again"))?;
    let unpacked = unpacked.map_err(|error| failed(&error))?;
    desk.print(&if desk.json { json(&unpacked) } else { out(&unpacked) });
    Ok(Exit::Complete)
}

fn failed(error: &DeliveryError) -> Failure {
    use DeliveryError as E;
    let exit = match error {
        E::Record(RecordError::Differs { .. }) | E::Differs { .. } => Exit::Differs,
        E::Taken { .. } | E::Inside { .. } | E::Recipient | E::Identity | E::Weak(_) | E::Locked { .. } => Exit::Usage,
        _ => Exit::Failed,
    };
    Failure::new(exit, error)
}

/// The largest file of keys, in bytes.
const LARGEST: u64 = 1 << 16;

/// A short text file, or standard input.
fn short(file: &Utf8Path) -> Result<String, Failure> {
    let wrong =
        || Failure::usage(format!("{} cannot be read", show::plain(file.as_str())), "check the name of the file");
    let mut text = String::new();
    let read = match file.as_str() {
        "-" => std::io::stdin().take(LARGEST).read_to_string(&mut text),
        _ => std::fs::File::open(file).and_then(|file| file.take(LARGEST).read_to_string(&mut text)),
    };
    read.map_err(|_| wrong())?;
    Ok(text)
}

fn passphrase(file: &Utf8Path) -> Result<SecretString, Failure> {
    let text = Zeroizing::new(short(file)?);
    Ok(SecretString::from(text.lines().next().unwrap_or_default().to_owned()))
}

/// Recipients as lines, from the command line and from files.
fn recipients(typed: &[String]) -> Result<String, Failure> {
    let mut lines = String::new();
    for one in typed {
        lines += &if one.starts_with("age1") { one.clone() } else { short(Utf8Path::new(one))? };
        lines.push('\n');
    }
    Ok(lines)
}

fn said(packed: &Packed, is_encrypted: bool) -> String {
    let mut text = String::new();
    for volume in &packed.volumes {
        text += &format!("{}  {}\n", volume.sha256, volume.name);
    }
    text += &format!(
        "\n{} files in {} volume(s) in {}{}\n",
        packed.files,
        packed.volumes.len(),
        packed.folder,
        if is_encrypted { ", encrypted" } else { "; NOT encrypted" }
    );
    text + &format!(
        "package {}, tag manifest SHA-256 {}\nRecord the handing over: affiant custody transfer\n",
        packed.acquisition_id, packed.tagmanifest_sha256
    )
}

fn out(unpacked: &Unpacked) -> String {
    let listed = match unpacked.volumes - unpacked.listed {
        0 => "all as listed".to_owned(),
        unlisted => format!("{unlisted} without a list to compare with"),
    };
    format!(
        "{} files from {} volume(s), {listed}\npackage {}: {} lines, root {}\nnext: affiant verify {}\n",
        unpacked.files,
        unpacked.volumes,
        unpacked.acquisition_id,
        unpacked.log_size,
        unpacked.log_root,
        unpacked.folder
    )
}
