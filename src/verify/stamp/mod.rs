//! Time stamps (RFC 3161) over the collection's checkpoint: what they state, and whether to believe it.
//!
//! A token says that somebody saw the digest of `affiant/checkpoint` at a time. Its signature is checked always, the
//! chain up to an authority only where the authority was named from outside: one that comes with the token proves nothing.
//! It must not know who asked for the token, or how.

mod signature;
mod token;

use std::fs;

use camino::Utf8Path;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject as _;

use super::checkpoint;
use super::report::{CheckName, Class, Findings, Stamp};

/// More than any token with its certificates.
const LARGEST: u64 = 1 << 20;

/// Authorities that somebody trusts to say what time it is.
#[derive(Debug, Clone, Default)]
pub struct Authorities(Vec<CertificateDer<'static>>);

/// Text that holds no certificates.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no certificates in PEM form")]
pub struct NoAuthority;

impl Authorities {
    /// Reads certificates in PEM form.
    ///
    /// # Errors
    /// [`NoAuthority`] when there is none, or one that is none.
    pub fn from_pem(text: &[u8]) -> Result<Self, NoAuthority> {
        let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(text).collect();
        read.ok().filter(|read| !read.is_empty()).map(Self).ok_or(NoAuthority)
    }
}

/// Why a token does not stand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StampError {
    /// Other bytes than a time-stamp response or token.
    #[error("it is no RFC 3161 time stamp")]
    NotAToken,
    /// The authority answered that it gives none.
    #[error("the authority refused (PKIStatus {0})")]
    Refused(u8),
    /// It is about something else.
    #[error("it is over other bytes than this checkpoint")]
    OtherImprint,
    /// The digest in it is not SHA-2.
    #[error("it uses an algorithm that is not checked here")]
    Algorithm,
    /// It is not signed by the certificate that it names, or the certificate is not in it.
    #[error("its signature does not hold")]
    Signature,
    /// The certificate may not sign time stamps.
    #[error("its certificate is not one for time stamping alone")]
    NotForTime,
    /// No chain leads from it to an authority that was given.
    #[error("no chain leads to the authority that was given: {0}")]
    Chain(String),
}

/// What a token over some bytes states, once its signature holds; with authorities, also their chain to it.
///
/// `token` is a `TimeStampResp` or the bare token, DER.
///
/// # Errors
/// [`StampError`]: what does not hold.
pub fn stamped(token: &[u8], over: &[u8], authorities: Option<&Authorities>) -> Result<Stamp, StampError> {
    let stated = token::read(token)?;
    stated.must_be_over(over)?;
    let signer = signature::check(&stated)?;
    let is_trusted = authorities.map(|authorities| signer.must_come_from(&authorities.0, stated.at)).transpose()?;
    Ok(Stamp {
        path: String::new(),
        at: stated.at.to_string(),
        authority: signer.name,
        policy: stated.policy,
        serial: stated.serial,
        is_trusted: is_trusted.is_some(),
    })
}

/// Checks every token beside the checkpoint; returns those that stand.
pub(super) fn check(root: &Utf8Path, authorities: Option<&Authorities>, findings: &mut Findings) -> Vec<Stamp> {
    let Ok(over) = fs::read(root.join(checkpoint::FILE)) else { return Vec::new() };
    let mut stamps = Vec::new();
    let paths = checkpoint::beside(root, ".tsr");
    for path in &paths {
        let small = fs::metadata(root.join(path)).is_ok_and(|facts| facts.len() <= LARGEST);
        let Some(token) = small.then(|| fs::read(root.join(path)).ok()).flatten() else {
            findings.add(CheckName::TimeStamp, Class::Unreadable, path, "not a file of a token's size");
            continue;
        };
        match stamped(&token, &over, authorities) {
            Ok(stamp) => stamps.push(Stamp { path: path.clone(), ..stamp }),
            Err(error) => {
                let class = if error == StampError::NotAToken { Class::Unreadable } else { Class::Wrong };
                findings.add(CheckName::TimeStamp, class, path, error.to_string());
            }
        }
    }
    if authorities.is_some() && paths.is_empty() {
        let why = "an authority was given, and the checkpoint has no time stamp";
        findings.add(CheckName::TimeStamp, Class::Missing, checkpoint::FILE, why);
    }
    stamps
}
