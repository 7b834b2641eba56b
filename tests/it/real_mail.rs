//! Real mail as a tenant: every message collected with the bytes on disk, families recorded, nothing panics.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::tenant::{Tenant, rows, sha256};

pub(crate) fn corpus() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let found = [root.join("../shared/data/corpus"), root.join("../../shared/data/corpus")];
    let found = found.into_iter().find(|place| place.join("index.csv").is_file());
    if found.is_none() {
        eprintln!("SKIPPED: no mail corpus at ../shared/data/corpus");
    }
    found
}

fn mail(folder: &Path, digests: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            mail(&path, digests);
        } else if path.extension().is_some_and(|end| end == "eml") {
            digests.push(sha256(&std::fs::read(&path).expect("mail")));
        }
    }
}

#[test]
fn every_message_of_the_corpus_is_collected_byte_for_byte() {
    let Some(corpus) = corpus() else { return };
    let mut want = Vec::new();
    mail(&corpus, &mut want);
    want.sort();
    let owner = "ana@corpus.example";
    let tenant = Tenant::signed_in_by(owner, &["--corpus", corpus.to_str().expect("UTF-8"), "--as", owner]);
    tenant.login().exits(0);
    let (ran, package) = tenant.collect("p", &["me"]);
    ran.exits(0);
    assert_eq!(rows(&package, "select lower(hex(sha256)) from item order by 1"), want);
    assert_ne!(rows(&package, "select count(*) from part where role = 'attachment'"), ["0"]);
    let root = package.to_str().expect("UTF-8");
    tenant.run(&["verify", root]).exits(0);
    // The whole log may go to the other side: nothing that is in the mail is in it.
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/python/log_privacy.py");
    match Command::new("python3").args([script, root, owner]).output() {
        Ok(ran) => assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr)),
        Err(_) => eprintln!("SKIPPED: python3 is not installed"),
    }
}
