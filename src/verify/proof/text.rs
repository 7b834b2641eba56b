//! The text of a proof (C2SP tlog-proof) and of the checkpoint in it, in the one form that Affiant writes.
//!
//! Lenient nowhere: another spelling of the same proof is none. It must not know what the line says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::terms::Sha256;
use crate::verify::note::Note;

const FORMAT: &str = "c2sp.org/tlog-proof@v1";
/// What a log's name begins with; the acquisition's id follows.
const ORIGIN: &str = "affiant.invalid/acq/";
/// More siblings than any tree of 2^63 leaves has.
const PATH_MAX: usize = 63;

/// A proof, read.
#[derive(Debug)]
pub(super) struct Proof<'t> {
    /// The leaf's place.
    pub(super) index: u64,
    /// The siblings from the leaf upward.
    pub(super) path: Vec<Sha256>,
    /// The head that it leads to.
    pub(super) head: Head<'t>,
}

/// A checkpoint, read.
#[derive(Debug)]
pub(super) struct Head<'t> {
    /// The log's name.
    pub(super) origin: &'t str,
    /// Number of leaves.
    pub(super) size: u64,
    /// The root over them.
    pub(super) root: Sha256,
    /// Text and signature.
    pub(super) note: Note<'t>,
}

impl Head<'_> {
    /// The acquisition that the log's name tells of.
    pub(super) fn acquisition_id(&self) -> &str {
        self.origin.strip_prefix(ORIGIN).unwrap_or_default()
    }
}

/// Reads a proof.
pub(super) fn read(text: &str) -> Result<Proof<'_>, &'static str> {
    let (head, checkpoint) = text.split_once("\n\n").ok_or("no empty line before the checkpoint")?;
    let mut lines = head.split('\n');
    if lines.next() != Some(FORMAT) {
        return Err("its first line is not c2sp.org/tlog-proof@v1");
    }
    let index = lines.next().and_then(|line| line.strip_prefix("index ")).and_then(number);
    let index = index.ok_or("its second line is no index")?;
    let path = lines.map(digest).collect::<Option<Vec<_>>>().ok_or("a sibling is not 32 bytes in base64")?;
    if path.len() > PATH_MAX {
        return Err("more siblings than any tree has");
    }
    Ok(Proof { index, path, head: checkpoint_of(checkpoint)? })
}

fn checkpoint_of(text: &str) -> Result<Head<'_>, &'static str> {
    let note = Note::parse(text).ok_or("its checkpoint is no signed note")?;
    let mut lines = note.text.split('\n');
    let origin = lines.next().unwrap_or_default();
    if origin.strip_prefix(ORIGIN).is_none_or(str::is_empty) {
        return Err("its checkpoint is not of a log of Affiant");
    }
    let size = lines.next().and_then(number).ok_or("its checkpoint states no size")?;
    let root = lines.next().and_then(digest).ok_or("its checkpoint states no root")?;
    if (lines.next(), lines.next()) != (Some(""), None) {
        return Err("its checkpoint has lines that Affiant does not write");
    }
    Ok(Head { origin, size, root, note })
}

/// A number in its one spelling.
fn number(text: &str) -> Option<u64> {
    let number: u64 = text.parse().ok()?;
    (number.to_string() == text).then_some(number)
}

/// A digest in its one spelling.
fn digest(text: &str) -> Option<Sha256> {
    let bytes = STANDARD.decode(text).ok()?;
    Sha256::from_slice(&bytes).filter(|_| STANDARD.encode(&bytes) == text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HASH: &str = "gzBIPuA4SD0N/JWqGHWV20SC8sGI0hq/1ri7GQLN+V4=";

    fn proof(head: &str, checkpoint: &str) -> String {
        format!("{head}\n\n{checkpoint}\n\n— affiant.invalid/acq/x {HASH}\n")
    }

    #[test]
    fn a_proof_has_one_spelling() {
        let checkpoint = format!("affiant.invalid/acq/x\n14\n{HASH}");
        let good = proof(&format!("{FORMAT}\nindex 3\n{HASH}\n{HASH}"), &checkpoint);
        let read_ = read(&good).expect("a proof");
        assert_eq!((read_.index, read_.path.len(), read_.head.size), (3, 2, 14));
        assert_eq!(read_.head.acquisition_id(), "x");
        assert!(read(&proof(&format!("{FORMAT}\nindex 0"), &checkpoint)).is_ok(), "one line is a whole log");
        for (from, to) in [
            ("@v1", "@v2"),
            ("index 3", "index 03"),
            ("index 3", "index +3"),
            ("index 3", "extra aGk=\nindex 3"),
            ("\n14\n", "\n014\n"),
            ("acq/x\n14", "acq/\n14"),
            ("affiant.invalid/acq/x\n14", "example.com/log\n14"),
            ("\n14\n", "\n14\n\n"),
            (HASH, "gzBIPuA4SD0N"),
            ("\n\n—", "\nmore\n\n—"),
            ("—", "-"),
        ] {
            assert!(read(&good.replacen(from, to, 1)).is_err(), "{from} -> {to}");
        }
        assert!(read(&good.replacen("+V4=", "+V5=", 1)).is_err(), "bits that are thrown away must be zero");
    }

    proptest! {
        #[test]
        fn no_text_is_too_odd(text in ".{0,200}") {
            let _ = read(&text);
            let _ = read(&format!("{FORMAT}\nindex 1\n\n{text}"));
        }
    }
}
