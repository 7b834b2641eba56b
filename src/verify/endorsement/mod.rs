//! Signatures of people over the collection's checkpoint, made with their own SSH keys (SSHSIG, `ssh-keygen -Y sign`).
//!
//! Whose key it is must be told from outside, as a list of allowed signers in OpenSSH's form. It must not know how a
//! signature came about.

mod allowed;
mod sshsig;
mod wire;

use std::fs;

use camino::Utf8Path;

pub use allowed::{AllowedSigners, NoSigners};
pub use sshsig::EndorsementError;

use super::checkpoint;
use super::report::{CheckName, Class, Endorsement, Findings};

/// More than any signature has.
const LARGEST: u64 = 1 << 16;
/// What the signatures are for; one made for something else does not count.
pub const NAMESPACE: &str = "affiant-checkpoint";

/// What a signature over some bytes states, once it holds; with a list, also whose it is.
///
/// # Errors
/// [`EndorsementError`]: what does not hold.
pub fn endorsed(
    signature: &[u8],
    over: &[u8],
    signers: Option<&AllowedSigners>,
) -> Result<Endorsement, EndorsementError> {
    let read = sshsig::read(signature)?;
    read.must_hold(over)?;
    let principals = match signers {
        Some(signers) => Some(signers.of(&read.key).ok_or(EndorsementError::Stranger)?),
        None => None,
    };
    Ok(Endorsement { path: String::new(), key: read.fingerprint(), algorithm: read.algorithm, principals })
}

/// Checks every signature beside the checkpoint; returns those that hold.
pub(super) fn check(root: &Utf8Path, signers: Option<&AllowedSigners>, findings: &mut Findings) -> Vec<Endorsement> {
    let Ok(over) = fs::read(root.join(checkpoint::FILE)) else { return Vec::new() };
    let mut endorsements = Vec::new();
    let paths = checkpoint::beside(root, ".sig");
    for path in &paths {
        let small = fs::metadata(root.join(path)).is_ok_and(|facts| facts.len() <= LARGEST);
        let Some(signature) = small.then(|| fs::read(root.join(path)).ok()).flatten() else {
            findings.add(CheckName::Endorsement, Class::Unreadable, path, "not a file of a signature's size");
            continue;
        };
        match endorsed(&signature, &over, signers) {
            Ok(endorsement) => endorsements.push(Endorsement { path: path.clone(), ..endorsement }),
            Err(error) => {
                let class = match error {
                    EndorsementError::NotASignature => Class::Unreadable,
                    _ => Class::Wrong,
                };
                findings.add(CheckName::Endorsement, class, path, error.to_string());
            }
        }
    }
    if signers.is_some() && paths.is_empty() {
        let why = "a list of signers was given, and nobody signed the checkpoint";
        findings.add(CheckName::Endorsement, Class::Missing, checkpoint::FILE, why);
    }
    endorsements
}
