//! The head of the log and the text that states it (C2SP tlog-checkpoint, unsigned for now).
//!
//! Three lines: origin, number of lines, root in base64. A signature, when it comes, goes below an empty line
//! and changes nothing of these. Must not know the database.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use uuid::Uuid;

use crate::terms::Sha256;

/// How long the log is and what its root is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Number of lines.
    pub size: u64,
    /// RFC 6962 root over them.
    pub root: Sha256,
}

impl Head {
    /// The checkpoint text, with its last line end.
    pub fn note(&self, origin: &str) -> String {
        format!("{origin}\n{}\n{}\n", self.size, STANDARD.encode(self.root.as_bytes()))
    }
}

/// The name a log signs as: unique to the acquisition, and no real domain.
pub(super) fn origin(acquisition_id: &Uuid) -> String {
    format!("affiant.invalid/acq/{}", acquisition_id.hyphenated())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_checkpoint_has_its_published_text() {
        let root = STANDARD.decode("gzBIPuA4SD0N/JWqGHWV20SC8sGI0hq/1ri7GQLN+V4=").expect("base64");
        let head = Head { size: 14, root: Sha256::from_slice(&root).expect("32 bytes") };
        let id = Uuid::parse_str("0190c2f0-7b1e-7c3a-9a51-2f6d3c1e8b77").expect("valid");
        let want = "affiant.invalid/acq/0190c2f0-7b1e-7c3a-9a51-2f6d3c1e8b77\n14\ngzBIPuA4SD0N/JWqGHWV20SC8sGI0hq/1ri7GQLN+V4=\n";
        assert_eq!(head.note(&origin(&id)), want);
    }
}
