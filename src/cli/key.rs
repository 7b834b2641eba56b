//! `affiant key`: the public half of the key that signs checkpoints on this machine.
//!
//! Whoever is to check packages is given it by another way than the package. It must not show the other half.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::desk::Desk;
use super::output::json;
use super::{Exit, Failure};

const EXAMPLE: &str = "\
Example:
  affiant key > collector.pem
  affiant verify ./package --key collector.pem

Hand it over by another way than the package: a signature says whose a package is only to somebody who has the
key from elsewhere. The key is made on first use and kept in the folder of sign-ins; `affiant logout` leaves it.";

/// Print the public key that this machine signs packages with
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLE)]
pub(super) struct Args {
    /// Print 64 hex digits instead of PEM
    #[arg(long)]
    hex: bool,
}

/// The key for programs.
#[derive(Debug, serde::Serialize, schemars::JsonSchema)]
pub(super) struct Collector {
    /// Always `ed25519`.
    algorithm: &'static str,
    /// 64 hex digits.
    public_key: String,
    /// The same in PEM form.
    pem: String,
}

/// What a PEM public key of Ed25519 holds before its 32 bytes (RFC 8410).
const SPKI: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

pub(super) async fn run(args: Args, desk: &Desk) -> Result<Exit, Failure> {
    let public = desk.notary().await?.key.public();
    let hex = hex::encode(public);
    let pem = STANDARD.encode([&SPKI[..], &public].concat());
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{pem}\n-----END PUBLIC KEY-----\n");
    let text = match (desk.json, args.hex) {
        (true, _) => json(&Collector { algorithm: "ed25519", public_key: hex, pem }),
        (false, true) => format!("{hex}\n"),
        (false, false) => pem,
    };
    desk.print(&text);
    Ok(Exit::Complete)
}
