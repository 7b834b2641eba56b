//! Checks kept in the home folder, for the collection that follows: one file a mailbox, private to its owner.
//!
//! `access/…json` is named by a digest of tenant, application, account and mailbox, so that no account sees
//! another's. It holds ids, codes, times and who exported evidence; no address, no token.

use std::fs;
use std::io::{self, Read as _};

use camino::{Utf8Path, Utf8PathBuf};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::delegation::{KeptCheck, PriorChecks, Probe, keep};
use crate::home;
use crate::session::{Account, SignedIn};
use crate::terms::{ObjectId, Sha256, UtcInstant};

/// The form of a file; files of a newer form are left alone.
const VERSION: u32 = 1;
/// Largest file read, in bytes; the largest that is written is far smaller.
const LARGEST: u64 = 8 << 20;

/// A file's content.
#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    version: u32,
    tenant_id: String,
    client_id: String,
    account: ObjectId,
    mailbox: ObjectId,
    checks: Vec<KeptCheck>,
}

impl Kept {
    fn is_of(&self, signed_in: &SignedIn) -> bool {
        self.version <= VERSION
            && self.tenant_id == signed_in.tenant_id
            && self.client_id == signed_in.client_id
            && self.account == signed_in.object_id
    }
}

fn folder(home: &Utf8Path) -> Utf8PathBuf {
    home.join("access")
}

fn file(home: &Utf8Path, signed_in: &SignedIn, mailbox: &ObjectId) -> Utf8PathBuf {
    let key = serde_json::json!([signed_in.tenant_id, signed_in.client_id, signed_in.object_id, mailbox]);
    let name = Sha256::of(key.to_string().as_bytes()).to_string();
    folder(home).join(format!("{}.json", name.get(..32).unwrap_or(&name)))
}

/// The earlier checks by this account. What cannot be read is as if it were not there.
pub(super) fn prior(home: &Utf8Path, signed_in: &SignedIn) -> PriorChecks {
    let mut prior = PriorChecks::default();
    let Ok(entries) = folder(home).read_dir_utf8() else { return prior };
    let files = entries.filter_map(Result::ok).map(camino::Utf8DirEntry::into_path);
    for path in files.filter(|path| path.extension() == Some("json")) {
        if let Some(kept) = read::<Kept>(&path).filter(|kept| kept.is_of(signed_in)) {
            prior.insert(kept.mailbox, kept.checks);
        }
    }
    prior
}

/// Keeps what was found out about people's mailboxes.
pub(super) fn keep_all(home: &Utf8Path, signed_in: &SignedIn, probes: &[Probe], at: UtcInstant) -> io::Result<()> {
    let found = || probes.iter().filter_map(|probe| Some((probe, &probe.person.as_ref()?.id)));
    if found().next().is_none() {
        return Ok(());
    }
    let folder = folder(home);
    let held = home::hold(&folder.join("lock"))?;
    for (probe, mailbox) in found() {
        let path = file(home, signed_in, mailbox);
        if is_newer(&path) {
            continue;
        }
        let before =
            read::<Kept>(&path).filter(|kept| kept.is_of(signed_in)).map(|kept| kept.checks).unwrap_or_default();
        let kept = Kept {
            version: VERSION,
            tenant_id: signed_in.tenant_id.clone(),
            client_id: signed_in.client_id.clone(),
            account: signed_in.object_id.clone(),
            mailbox: mailbox.clone(),
            checks: keep(before, KeptCheck::of(probe, at)),
        };
        home::write(&path, &serde_json::to_vec_pretty(&kept)?)?;
    }
    drop(held);
    Ok(())
}

/// Forgets what these accounts kept; every account's where `all` is set, damaged files among it.
pub(super) fn forget(home: &Utf8Path, gone: &[Account], all: bool) -> io::Result<()> {
    let folder = folder(home);
    if !folder.exists() {
        return Ok(());
    }
    let held = home::hold(&folder.join("lock"))?;
    let is_of_one = |kept: &Kept| gone.iter().any(|account| kept.is_of(&account.signed_in()));
    for path in home::list(&folder)?.into_iter().filter(|path| path.extension() == Some("json")) {
        if all || read::<Kept>(&path).is_some_and(|kept| is_of_one(&kept)) {
            home::remove(&path)?;
        }
    }
    drop(held);
    if home::list(&folder)?.iter().all(|path| path.file_name() == Some("lock")) {
        home::remove(&folder.join("lock"))?;
        home::remove_empty_folder(&folder);
    }
    Ok(())
}

fn read<T: DeserializeOwned>(path: &Utf8Path) -> Option<T> {
    let mut text = String::new();
    fs::File::open(path).ok()?.take(LARGEST).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

/// Whether a newer program wrote a file: it says more than this one could write.
fn is_newer(path: &Utf8Path) -> bool {
    #[derive(Deserialize)]
    struct Form {
        version: u32,
    }
    read::<Form>(path).is_some_and(|form| form.version > VERSION)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::delegation::Verdict;
    use crate::directory::Person;
    use crate::graph::wire::User;
    use crate::session::{Flow, Scopes};

    fn at(minute: u8) -> UtcInstant {
        UtcInstant::parse(&format!("2024-06-04T09:{minute:02}:00Z")).expect("valid")
    }

    fn signed_in(account: &str) -> SignedIn {
        SignedIn {
            user_principal_name: "paralegal@x.example".into(),
            display_name: None,
            object_id: ObjectId::new(account).expect("valid"),
            tenant_id: "t".into(),
            client_id: "c".into(),
            scopes: Scopes::parse(""),
            flow: Flow::DeviceCode,
            write_scopes_allowed: false,
            issued_at: at(0),
            expires_at: at(0),
            token_id: None,
            credential_ends: None,
            cae: false,
        }
    }

    fn probe(verdict: Verdict) -> Probe {
        let user = User { id: Some("a1".into()), mail: Some("ana@x.example".into()), ..User::default() };
        Probe::of_verdict("ana@x.example", Person::from_user(&user), verdict)
    }

    #[test]
    fn checks_come_back_to_the_account_that_made_them_and_name_nobody() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let id = ObjectId::new("a1").expect("valid");
        assert_eq!(prior(home, &signed_in("p1")), PriorChecks::default());
        keep_all(home, &signed_in("p1"), &[probe(Verdict::Denied)], at(1)).expect("written");
        keep_all(home, &signed_in("p1"), &[probe(Verdict::Ready)], at(2)).expect("written");
        let kept = prior(home, &signed_in("p1"));
        assert_eq!(kept.latest(&id).map(|check| (check.verdict, check.at)), Some((Verdict::Ready, at(2))));
        assert_eq!(prior(home, &signed_in("p2")).latest(&id), None);
        for path in files(home) {
            let text = fs::read_to_string(&path).expect("text");
            assert!(!text.contains('@'), "{text}");
            #[cfg(unix)]
            {
                use std::os::unix::fs::PermissionsExt as _;
                assert_eq!(fs::metadata(&path).expect("there").permissions().mode() & 0o077, 0, "{path}");
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_off_is_written_anew_and_a_newer_one_is_left_alone() {
        let folder = tempfile::tempdir().expect("a folder");
        let home = Utf8Path::from_path(folder.path()).expect("UTF-8");
        let id = ObjectId::new("a1").expect("valid");
        let keep = || keep_all(home, &signed_in("p1"), &[probe(Verdict::Ready)], at(1)).expect("written");
        keep();
        let path = file(home, &signed_in("p1"), &id);
        let whole = fs::read_to_string(&path).expect("text");
        fs::write(&path, &whole[..whole.len() / 2]).expect("cut");
        assert_eq!(prior(home, &signed_in("p1")).latest(&id), None);
        keep();
        assert!(prior(home, &signed_in("p1")).latest(&id).is_some());
        let newer = whole.replace("\"version\": 1", "\"version\": 2");
        fs::write(&path, &newer).expect("newer");
        keep();
        assert_eq!(fs::read_to_string(&path).expect("text"), newer);
    }

    fn files(home: &Utf8Path) -> Vec<Utf8PathBuf> {
        let entries = folder(home).read_dir_utf8().expect("a folder");
        entries.map(|entry| entry.expect("an entry").into_path()).collect()
    }
}
