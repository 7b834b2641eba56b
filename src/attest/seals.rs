//! Time stamps and people's signatures over the checkpoint, put beside it once they hold.
//!
//! A token or signature may come from anywhere: a service, a file made on another machine. What does not hold for this
//! package's checkpoint is refused here, with the words that `verify` would use. It must not know how they are obtained.

use std::fs;

use camino::Utf8Path;

use super::{AttestError, CHECKPOINT, Open};
use crate::terms::{Sha256, UtcInstant};
use crate::verify::{AllowedSigners, Authorities, Endorsement, Stamp, endorsed, stamped};

/// The most time stamps, and the most signatures, beside one checkpoint.
const MOST: u32 = 99;
/// More than any token or signature has.
const LARGEST: usize = 1 << 20;

/// What was added beside the checkpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Added<T> {
    /// What it states; its path is where it lies.
    pub stated: T,
    /// Whether it was there already.
    pub was_there: bool,
    /// SHA-256 of the tag manifest now.
    pub tag_manifest: Sha256,
}

/// The checkpoint's bytes: what a token or a signature must be over. Blocks: call it off the reactor.
///
/// # Errors
/// [`AttestError`]: the package's record does not hold, or it cannot be added to.
pub fn checkpoint(root: &Utf8Path, now: UtcInstant) -> Result<Vec<u8>, AttestError> {
    Ok(Open::new(root, now)?.record.head().checkpoint.clone().into_bytes())
}

/// Puts a time-stamp response (RFC 3161, DER) beside the checkpoint. The same one again changes nothing.
///
/// # Errors
/// [`AttestError::Stamp`] when it does not hold; nothing was added then.
pub fn add_stamp(
    root: &Utf8Path,
    token: &[u8],
    authorities: Option<&Authorities>,
    now: UtcInstant,
) -> Result<Added<Stamp>, AttestError> {
    let check = |over: &[u8]| stamped(token, over, authorities).map_err(AttestError::Stamp);
    let (mut stated, path, was_there, tag_manifest) = add(root, ".tsr", token, now, check)?;
    stated.path = path;
    Ok(Added { stated, was_there, tag_manifest })
}

/// Puts a signature (SSHSIG, armored) beside the checkpoint. The same one again changes nothing.
///
/// # Errors
/// [`AttestError::Endorsement`] when it does not hold; nothing was added then.
pub fn add_signature(
    root: &Utf8Path,
    signature: &[u8],
    signers: Option<&AllowedSigners>,
    now: UtcInstant,
) -> Result<Added<Endorsement>, AttestError> {
    let check = |over: &[u8]| endorsed(signature, over, signers).map_err(AttestError::Endorsement);
    let (mut stated, path, was_there, tag_manifest) = add(root, ".sig", signature, now, check)?;
    stated.path = path;
    Ok(Added { stated, was_there, tag_manifest })
}

fn add<T>(
    root: &Utf8Path,
    end: &str,
    bytes: &[u8],
    now: UtcInstant,
    check: impl FnOnce(&[u8]) -> Result<T, AttestError>,
) -> Result<(T, String, bool, Sha256), AttestError> {
    if bytes.len() > LARGEST {
        return Err(AttestError::Large);
    }
    let mut open = Open::new(root, now)?;
    let stated = check(open.record.head().checkpoint.as_bytes())?;
    for number in 1..=MOST {
        let path = if number == 1 { format!("{CHECKPOINT}{end}") } else { format!("{CHECKPOINT}.{number}{end}") };
        if !open.addition.has(&path) {
            let tag_manifest = open.addition.put(&[(path.clone(), bytes.to_vec())])?;
            return Ok((stated, path, false, tag_manifest));
        }
        let file = open.record.root().join(&path);
        if fs::read(&file).map_err(|source| AttestError::Read { path: file, source })? == bytes {
            let tag_manifest = open.tag_manifest()?;
            return Ok((stated, path, true, tag_manifest));
        }
    }
    Err(AttestError::Full(MOST))
}
