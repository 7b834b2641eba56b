//! The native of a proof against the log line: size, digests, and the identities that parsing it again gives.
//!
//! It must not know the log.

use std::fs::File;
use std::io::{self, Read as _};

use serde_json::Value;

use super::report::{Found, ProofCheckName};
use crate::identity::examine;
use crate::terms::{Hasher, Matching, MatchingHasher, Sha256};
use crate::verify::log::{Body, text_of};
use crate::verify::report::Class;

/// Natives above this many bytes are hashed but not parsed; Exchange Online carries messages up to 150 MB.
const PARSED_MAX: u64 = 1 << 30;

/// What reading it showed.
struct Contents {
    sha256: Sha256,
    matching: Matching,
    bytes: u64,
    /// All of it, unless it is too large to be parsed.
    whole: Option<Vec<u8>>,
}

/// Makes both checks; `name` is that of the file.
pub(super) fn check(file: io::Result<File>, name: &str, line: &Body, found: &mut Found) {
    let stated = line.get("bytes").and_then(Value::as_u64);
    let read = match file.and_then(|file| read(file, stated.unwrap_or(0))) {
        Ok(read) => read,
        Err(error) => {
            let missing = error.kind() == io::ErrorKind::NotFound;
            let class = if missing { Class::Missing } else { Class::Unreadable };
            return found.add(ProofCheckName::Native, class, name, "the message that the line is about");
        }
    };
    let mut differs = |what: &str, stated: &str, is: &str| {
        if stated != is {
            let detail = format!("{what}: expected {stated} (log line)  found {is}");
            found.add(ProofCheckName::Native, Class::Changed, name, detail);
        }
    };
    let sha256 = read.sha256.to_string();
    differs("SHA-256", text_of(line, "sha256"), &sha256);
    differs("SHA-1", text_of(line, "sha1"), &read.matching.sha1.to_string());
    differs("MD5", text_of(line, "md5"), &read.matching.md5.to_string());
    if stated != Some(read.bytes) {
        let stated = stated.map_or_else(|| "none".to_owned(), |stated| stated.to_string());
        let detail = format!("expected {stated} bytes (log line)  found {} or more", read.bytes);
        found.add(ProofCheckName::Native, Class::Changed, name, detail);
    }
    if text_of(line, "sha256") != sha256 {
        // Another message than the one that the line describes: nothing to compare.
        return;
    }
    match read.whole {
        Some(bytes) => identities(&bytes, name, line, found),
        None => found.add(ProofCheckName::Identities, Class::Unreadable, name, "too large to be parsed"),
    }
}

fn identities(bytes: &[u8], name: &str, line: &Body, found: &mut Found) {
    let examined = examine(bytes);
    let mih = examined.mih.map_or(Value::Null, |mih| Value::String(mih.to_string()));
    let stated = [("mih", mih), ("content_id", Value::String(examined.content_id.to_string()))];
    for (member, is) in stated {
        if line.get(member) != Some(&is) {
            let detail = format!("{member}: not what parsing it again gives");
            found.add(ProofCheckName::Identities, Class::Wrong, name, detail);
        }
    }
}

/// Reads up to one byte beyond what is stated: enough to differ.
fn read(file: File, stated: u64) -> io::Result<Contents> {
    let mut file = file.take(stated.saturating_add(1));
    let (mut hasher, mut matching, mut buffer) = (Hasher::new(), MatchingHasher::default(), vec![0; 1 << 18]);
    let mut whole = (stated <= PARSED_MAX).then(Vec::new);
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        let piece = buffer.get(..count).unwrap_or_default();
        hasher.update(piece);
        matching.update(piece);
        if let Some(whole) = &mut whole {
            whole.extend_from_slice(piece);
        }
    }
    let (sha256, bytes) = hasher.finish();
    Ok(Contents { sha256, matching: matching.finish(), bytes, whole })
}
