//! One acquisition on disk: its folder, its manifest, and the job it was opened for.
//!
//! Created once, opened again for every further session; each session is a line in the log. It must not
//! know the service.

use std::sync::{Arc, Mutex, PoisonError};

use camino::Utf8Path;
use uuid::Uuid;

use crate::custody::{EventKind, Line, Meta, Notary, Pen, Tool, Value, VolumeRow, Writer, vkey};
use crate::graph::ClockOffset;
use crate::monitor::Monitor;
use crate::package::{Format, Orphan, Package, Recovered, VolumeFacts};

use super::chosen::{self, Ids};
use super::error::CollectError;
use super::job::Job;
use super::natives::Natives;
use super::since::Earlier;
use super::stop::Stop;
use super::tally::Tally;
use super::{meanwhile, record, sealing};

/// An acquisition that is open for work.
#[derive(Clone)]
pub struct Acquisition {
    /// Its UUID, version 7.
    pub id: Uuid,
    /// What was asked.
    pub job: Job,
    /// The list of ids that says which messages, if one was given.
    pub ids: Option<Arc<Ids>>,
    /// The output folder.
    pub package: Package,
    /// The manifest.
    pub pen: Pen,
    /// Who stamps and signs.
    pub notary: Notary,
    /// What a comparison of rows and files showed while the log was checked.
    compared: Arc<Mutex<Option<Recovered>>>,
}

impl Acquisition {
    /// Makes the folder and the manifest, keeps the list of ids, and swears the first lines; with an earlier package, what
    /// it knows is copied in the same transaction. `tool` is waited for when the folder is there, and before the manifest
    /// is.
    ///
    /// # Errors
    /// [`CollectError::Package`] when the folder is not empty, not writable or in use; [`CollectError::Custody`]; that of
    /// `tool`.
    pub async fn create<E: From<CollectError>>(
        root: &Utf8Path,
        job: Job,
        ids: Option<Ids>,
        earlier: Option<Earlier>,
        tool: impl Future<Output = Result<Tool, E>>,
        path_salt: [u8; 16],
        notary: Notary,
    ) -> Result<Self, E> {
        let package = Package::create(root, job.format, (notary.clock)()).map_err(CollectError::from)?;
        let tool = tool.await?;
        Ok(Self::begin(package, job, ids, earlier, &tool, path_salt, notary).await?)
    }

    async fn begin(
        package: Package,
        mut job: Job,
        mut ids: Option<Ids>,
        earlier: Option<Earlier>,
        tool: &Tool,
        path_salt: [u8; 16],
        notary: Notary,
    ) -> Result<Self, CollectError> {
        let clock = notary.clock.clone();
        let meta = Meta {
            acquisition_id: Uuid::now_v7(),
            created_at: clock(),
            tool_name: tool.name.clone(),
            tool_version: tool.version.clone(),
            tool_sha256: tool.sha256,
            matter: job.matter.clone(),
            path_salt,
        };
        let id = meta.acquisition_id;
        job.chosen = ids.as_ref().map(Ids::chosen);
        if let Some(ids) = &mut ids {
            package.keep(chosen::FILE, &ids.take_bytes())?;
        }
        let scope = Value::try_from(job.to_scope()).map_err(|_| CollectError::Scope)?;
        let opened = Line::new(EventKind::AcquisitionOpened)
            .text("acquisition_id", id.to_string())
            .text("tool_name", &tool.name)
            .text("tool_version", &tool.version)
            .text("tool_sha256", tool.sha256.to_string())
            .text("matter", job.matter.as_str())
            .text("note_vkey", vkey(&id, &notary.key))
            .put("scope", scope);
        let (session, custodians) = (tool.session(1, vkey(&id, &notary.key)), job.custodians.clone());
        // The manifest is the beginning: before it is there, the folder counts as empty.
        let begin = move |w: &mut Writer<'_>| {
            w.append(opened)?;
            w.append(session)?;
            earlier.map_or(Ok(()), |earlier| earlier.copy(w, &custodians))
        };
        let pen = Pen::create(&package.manifest_file(), meta, notary.clone(), begin).await?;
        Ok(Self { id, job, ids: ids.map(Arc::new), package, pen, notary, compared: Arc::default() })
    }

    /// Opens an interrupted acquisition; nothing is changed yet. [`Acquisition::begin_session`] comes next, or, where
    /// [`Acquisition::is_sworn`], [`Acquisition::finish`].
    ///
    /// # Errors
    /// As [`Acquisition::create`].
    pub async fn open(root: &Utf8Path, notary: Notary) -> Result<Self, CollectError> {
        let package = Package::open(root, (notary.clock)())?;
        let meanwhile = tokio::spawn(meanwhile::compare(package.clone()));
        let pen = Pen::open(&package.manifest_file(), notary.clone()).await;
        // Waited for in any case: it must not read a file that somebody else takes up after an error.
        let compared = meanwhile.await.ok().flatten();
        let pen = pen?;
        pen.settle().await?;
        let (id, opening) = pen.read(|l| Ok((l.meta().acquisition_id, l.opening()?))).await?;
        let job = Job::from_scope(&opening["scope"]).ok_or(CollectError::Scope)?;
        package.set_format(job.format)?;
        let ids = job.chosen.map(|chosen| Ids::kept(&package, chosen)).transpose()?.map(Arc::new);
        let compared = Arc::new(Mutex::new(compared.filter(|_| job.format == Format::Eml)));
        Ok(Self { id, job, ids, package, pen, notary, compared })
    }

    /// Whether the log already has its last line: an earlier session died while it was sealing.
    ///
    /// # Errors
    /// [`CollectError::Custody`].
    pub async fn is_sworn(&self) -> Result<bool, CollectError> {
        Ok(self.pen.read(|l| l.is_sealed()).await?)
    }

    /// Swears that a session begins, and moves aside what a crash left.
    ///
    /// # Errors
    /// [`CollectError::Damaged`] when a row's file is missing or changed size; the disk's.
    pub async fn begin_session(&self, tool: &Tool) -> Result<(), CollectError> {
        let (tool, vkey) = (tool.clone(), vkey(&self.id, &self.notary.key));
        self.pen.write(move |w| w.append(tool.session(w.next_seq(), vkey))).await?;
        let orphans = self.recover().await?;
        let lines: Vec<Line> = orphans.iter().map(orphaned).collect();
        self.pen.write(move |w| lines.into_iter().try_for_each(|line| w.append(line).map(drop))).await?;
        self.package.set_aside(orphans).await?;
        Ok(())
    }

    /// Makes the files of a package whose log already has its last line. The service is not asked anything.
    ///
    /// # Errors
    /// [`CollectError::Damaged`] when the folder is not what was sworn to; [`CollectError::Stopped`]; the disk's.
    pub async fn finish(&self, monitor: &Arc<dyn Monitor>, stop: &Stop) -> Result<Tally, CollectError> {
        // No line can say that a file was moved aside, and no kill leaves one this late.
        if let Some(first) = self.recover().await?.first() {
            return Err(CollectError::Damaged { count: 1, first: first.path.clone() });
        }
        sealing::finish(self, monitor, stop).await
    }

    /// Brings the folder back to the manifest's state; returns what no row names.
    async fn recover(&self) -> Result<Vec<Orphan>, CollectError> {
        let compared = self.compared.lock().unwrap_or_else(PoisonError::into_inner).take();
        let recovered = match compared {
            Some(compared) => {
                self.package.sweep().await?;
                compared
            }
            None => {
                let (natives, read) = Natives::of(&self.pen);
                let recovered = self.package.recover(natives, self.volumes().await?).await;
                // Rows that could not be read would make strangers of their files.
                read.to_the_end()?;
                recovered?
            }
        };
        match recovered.damage.first() {
            Some(first) => Err(CollectError::Damaged { count: recovered.damage.len(), first: first.path.clone() }),
            None => Ok(recovered.orphans),
        }
    }

    /// The packed volumes.
    pub(super) async fn volumes(&self) -> Result<Vec<VolumeFacts>, CollectError> {
        let rows = self.pen.read(|l| l.volumes()).await?;
        let facts =
            |row: VolumeRow| VolumeFacts { name: row.name, bytes: row.bytes, members: row.members, sha256: row.sha256 };
        Ok(rows.into_iter().map(facts).collect())
    }

    /// Swears that this session ends, and why: `sealed`, `interrupted`, `sign_in_needed`, or an error's code.
    ///
    /// `clocks` is what its answers said about the two clocks. After the last line of the log nothing is sworn any more:
    /// the next session finishes the seal.
    pub(super) async fn close_session(&self, reason: &str, clocks: Option<ClockOffset>) -> Result<(), CollectError> {
        let line = Line::new(EventKind::SessionClosed).text("reason", reason);
        self.pen
            .write(move |w| {
                if !w.ledger().is_sealed()? {
                    record::clocks(w, clocks)?;
                    w.append(line)?;
                }
                w.checkpoint()
            })
            .await?;
        Ok(())
    }
}

fn orphaned(orphan: &Orphan) -> Line {
    Line::new(EventKind::FileOrphaned)
        .text("path", &orphan.path)
        .int("bytes", orphan.bytes)
        .text("sha256", orphan.sha256.to_string())
        .text("moved_to", orphan.aside())
}
