//! The earlier package: opened for reading only, checked, and copied from.
//!
//! It must not talk to the service.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::super::job::Job;
use super::Since;
use super::error::SinceError;
use super::files::{CHECKPOINT, Digesting, Files, LOG};
use crate::custody::{CustodyError, EventKind, Line, MailboxRow, SealedManifest, Writer};
use crate::terms::ObjectId;

/// An earlier, sealed package whose record was found to be as it was sealed.
#[derive(Debug)]
pub struct Earlier {
    folder: Utf8PathBuf,
    manifest: SealedManifest,
    job: Job,
    tenant_id: Option<String>,
    since: Since,
}

impl Earlier {
    /// Opens the package in `folder`, for a new one that will be made in `out`.
    ///
    /// Checked are the record and its seal: database, log and checkpoint against the tag manifest, the log's lines
    /// against their root, the root against the checkpoint. The natives are not read.
    ///
    /// # Errors
    /// [`SinceError`], each with its advice.
    pub async fn open(folder: &Utf8Path, out: &Utf8Path) -> Result<Self, SinceError> {
        let (folder, out) = (folder.to_owned(), out.to_owned());
        let opening = tokio::task::spawn_blocking(move || Self::read(folder, &out));
        opening.await.map_err(|_| SinceError::Internal)?
    }

    fn read(folder: Utf8PathBuf, out: &Utf8Path) -> Result<Self, SinceError> {
        let files = Files(&folder);
        files.must_be_sealed(out)?;
        let manifest_sha256 = files.must_be_listed()?;
        let refused = |error: CustodyError| match error {
            CustodyError::Newer { .. } => SinceError::Newer { folder: folder.clone() },
            other => files.damaged(other.to_string()),
        };
        let manifest = SealedManifest::open(&folder.join(super::files::MANIFEST)).map_err(refused)?;
        let ledger = manifest.ledger();
        let last = ledger.last_event().map_err(refused)?;
        let Some(sealed) = last.filter(|last| last.kind == EventKind::AcquisitionSealed) else {
            return Err(files.damaged("its log does not end with a seal".to_owned()));
        };
        let head = ledger.head();
        if files.text(CHECKPOINT)? != ledger.note().map_err(refused)? {
            return Err(files.damaged("its checkpoint does not state the root of its log".to_owned()));
        }
        let mut lines = Digesting::default();
        ledger.export_log(&mut lines).map_err(refused)?;
        if lines.0.finish().0 != files.digest(LOG)? {
            return Err(files.damaged(format!("{LOG} is not the log of the database")));
        }
        let scope = ledger.opening().map_err(refused)?;
        let job = Job::from_scope(&scope["scope"]).ok_or_else(|| SinceError::Newer { folder: folder.clone() })?;
        let signed_in = ledger.last_of(EventKind::AuthObtained).map_err(refused)?;
        let signed_in = signed_in.map(|entry| entry.json()).transpose().map_err(refused)?;
        let tenant_id = signed_in.and_then(|line| line["tenant_id"].as_str().map(str::to_owned));
        let since = Since {
            acquisition_id: ledger.meta().acquisition_id,
            log_size: head.size,
            log_root: head.root,
            manifest_sha256,
            sealed_at: sealed.at,
            taken_over: Vec::new(),
        };
        Ok(Self { folder, manifest, job, tenant_id, since })
    }

    /// What was asked for then.
    pub const fn job(&self) -> &Job {
        &self.job
    }

    /// What the new record says of it, with what was taken over from its order.
    pub fn since(&self, taken_over: Vec<String>) -> Since {
        Since { taken_over, ..self.since.clone() }
    }

    /// Refuses a sign-in to another tenant.
    ///
    /// # Errors
    /// [`SinceError::OtherTenant`].
    pub fn must_be_of(&self, tenant_id: &str) -> Result<(), SinceError> {
        let mailboxes = self.manifest.ledger().mailboxes().unwrap_or_default();
        let same = self.tenant_id.as_deref() == Some(tenant_id)
            && mailboxes.iter().all(|mailbox| mailbox.tenant_id == tenant_id);
        if same { Ok(()) } else { Err(SinceError::OtherTenant { folder: self.folder.clone() }) }
    }

    /// Copies what it knows of the mailboxes that are asked for again, and swears how much that is.
    pub(in crate::collect) fn copy(&self, w: &mut Writer<'_>, typed: &[String]) -> Result<(), CustodyError> {
        let owners = self.owners(typed)?;
        let seq = w.next_seq();
        self.manifest.each_known(self.job.since.is_some(), |known| {
            if owners.contains(known.owner.as_str()) { w.known(known, seq) } else { Ok(()) }
        })?;
        let (messages, sha256) = w.ledger().earlier_digest()?;
        let line = Line::new(EventKind::EarlierKnown)
            .text("acquisition_id", self.since.acquisition_id.to_string())
            .list("mailboxes", owners)
            .int("messages", messages)
            .text("sha256", sha256.to_string());
        w.append(line).map(drop)
    }

    /// The owners of the mailboxes that may be meant. Where one of the names is none that the earlier package knows, it
    /// may stand for any of its mailboxes, and all are taken.
    fn owners(&self, typed: &[String]) -> Result<BTreeSet<String>, CustodyError> {
        let ledger = self.manifest.ledger();
        let (mailboxes, custodians) = (ledger.mailboxes()?, ledger.custodians()?);
        let asked_as = |mailbox: &MailboxRow| {
            custodians.iter().find(|one| one.custodian_id == mailbox.custodian_id).map(|one| one.asked_as.as_str())
        };
        let is_called = |mailbox: &MailboxRow, name: &str| {
            let names = [Some(mailbox.upn.as_str()), mailbox.primary_smtp.as_deref(), asked_as(mailbox)];
            let names = names.into_iter().flatten().chain([mailbox.object_id.as_str()]);
            names.map(str::to_lowercase).any(|known| known == name)
        };
        let names: Vec<String> = typed.iter().map(|name| name.trim().to_lowercase()).collect();
        let all = names.iter().any(|name| !mailboxes.iter().any(|mailbox| is_called(mailbox, name)));
        let meant = |mailbox: &&MailboxRow| all || names.iter().any(|name| is_called(mailbox, name));
        Ok(mailboxes.iter().filter(meant).map(|mailbox| ObjectId::as_str(&mailbox.object_id).to_owned()).collect())
    }
}
