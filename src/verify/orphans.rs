//! Files that an interrupted run had left without a row, set aside: each is the one that its log line states.
//!
//! The tag manifest holds them together with the bag; this holds them together with the log.

use std::collections::BTreeSet;

use camino::Utf8Path;

use super::chosen::digest;
use super::log::Account;
use super::report::{CheckName, Class, Findings};
use super::walk::{Half, Walk};

/// Where they lie.
pub(super) const FOLDER: &str = "affiant/orphans/";

/// Makes the check.
pub(super) fn check(root: &Utf8Path, account: &Account, findings: &mut Findings) {
    let files = Walk::new(root, Half::Tags).map(|seen| seen.path().to_owned());
    let files: BTreeSet<String> = files.filter(|path| path.starts_with(FOLDER)).collect();
    let mut add = |class, path: &str, detail: String| findings.add(CheckName::Log, class, path, detail);
    for path in files.iter().filter(|path| !account.aside.contains_key(*path)) {
        add(Class::Extra, path, "no file.orphaned of the log names it".to_owned());
    }
    for (path, stated) in &account.aside {
        if !files.contains(path) {
            add(Class::Missing, path, "set aside, as a file.orphaned of the log states".to_owned());
            continue;
        }
        match digest(&root.join(path)) {
            Ok(found) if found == *stated => {}
            Ok(found) => add(Class::Changed, path, format!("expected {stated} (in the log)  found {found}")),
            Err(error) => add(Class::Unreadable, path, error.kind().to_string()),
        }
    }
}
