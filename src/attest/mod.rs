//! What is added to a package after its seal: who has it, when it existed, who vouches for it.
//!
//! The package is opened as a stranger would, and nothing is added to one whose record does not hold. What was sealed
//! stays byte for byte as it was; new files lie beside it, and only the tag manifest is written again ([`Addition`]).
//! It must not know Graph, sign-ins or a terminal.

mod error;
mod events;
mod request;
mod seals;
mod service;

use std::fs;

use camino::Utf8Path;

pub use error::AttestError;
pub use events::{Event, Sworn, swear};
pub use request::{NONCE, stamp_request};
pub use seals::{Added, add_signature, add_stamp, checkpoint};
pub use service::ask;

use crate::package::Addition;
use crate::terms::{Sha256, UtcInstant};
use crate::verify::Record;

/// The tag manifest: its digest is the one number that stands for the whole package.
const TAG_MANIFEST: &str = "tagmanifest-sha256.txt";
/// What is stamped and signed.
const CHECKPOINT: &str = "affiant/checkpoint";
/// Where segments lie.
const SEGMENTS: &str = "affiant/custody";

/// A package that may be added to: its record holds, and nobody else adds to it.
struct Open {
    record: Record,
    addition: Addition,
}

impl Open {
    fn new(root: &Utf8Path, now: UtcInstant) -> Result<Self, AttestError> {
        // First, because it clears away what an interrupted addition left, which the record would be found to differ by.
        let addition = Addition::open(root, now, is_ours)?;
        let record = Record::beside_a_run(root)?;
        Ok(Self { record, addition })
    }

    /// SHA-256 of the tag manifest as it is.
    fn tag_manifest(&self) -> Result<Sha256, AttestError> {
        let path = self.record.root().join(TAG_MANIFEST);
        fs::read(&path).map(|list| Sha256::of(&list)).map_err(|source| AttestError::Read { path, source })
    }
}

/// Whether additions make such files.
fn is_ours(path: &str) -> bool {
    let is_seal = |end| path.strip_prefix(CHECKPOINT).is_some_and(|rest| rest.ends_with(end));
    path.strip_prefix(SEGMENTS).is_some_and(|rest| rest.starts_with('/')) || is_seal(".tsr") || is_seal(".sig")
}
