//! The list of ids that said which messages are collected: where the first log entry states one, the package has it.
//!
//! The tag manifest holds the file together with the bag; this holds it together with the log.

use std::fs::File;
use std::io::Read as _;

use camino::Utf8Path;
use serde_json::Value;

use super::log::Account;
use super::report::{CheckName, Class, Findings};
use crate::terms::Hasher;

/// Package path of the list.
pub(super) const LIST: &str = "affiant/chosen-ids";

/// Makes the check.
pub(super) fn check(root: &Utf8Path, account: &Account, findings: &mut Findings) {
    let scope = account.opened.as_ref().and_then(|opened| opened.get("scope"));
    let Some(chosen) = scope.and_then(|scope| scope.get("chosen")).filter(|chosen| !chosen.is_null()) else {
        if root.join(LIST).symlink_metadata().is_ok() {
            findings.add(CheckName::Log, Class::Extra, LIST, "the first log entry states no list of ids");
        }
        return;
    };
    let stated = chosen.get("sha256").and_then(Value::as_str).unwrap_or_default();
    match digest(&root.join(LIST)) {
        Err(error) => {
            findings.add(CheckName::Log, Class::Missing, LIST, format!("stated by the first log entry: {error}"));
        }
        Ok(found) if found == stated => {}
        Ok(found) => {
            let detail = format!("expected {stated} (in the first log entry)  found {found}");
            findings.add(CheckName::Log, Class::Changed, LIST, detail);
        }
    }
}

/// SHA-256 of a file, lower-case hex.
pub(super) fn digest(file: &Utf8Path) -> std::io::Result<String> {
    let (mut file, mut hasher) = (File::open(file)?, Hasher::new());
    let mut buffer = vec![0; 64 << 10];
    loop {
        let count = file.read(&mut buffer)?;
        match buffer.get(..count) {
            Some([]) | None => return Ok(hasher.finish().0.to_string()),
            Some(bytes) => hasher.update(bytes),
        }
    }
}
