//! One acquisition on disk: its folder, its manifest, and the job it was opened for.
//!
//! Created once, opened again for every further session; each session is a line in the log. It must not
//! know the service.

use std::sync::Arc;

use camino::Utf8Path;
use uuid::Uuid;

use crate::custody::{EventKind, Line, Meta, Pen, Value, VolumeRow};
use crate::package::{Orphan, Package, VolumeFacts};
use crate::terms::{Clock, Sha256};

use super::chosen::{self, Ids};
use super::error::CollectError;
use super::job::Job;
use super::natives::Natives;
use super::since::Earlier;

/// The program and machine that collect, as the record names them.
#[derive(Debug, Clone)]
pub struct Tool {
    /// `affiant`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the running executable.
    pub sha256: Sha256,
    /// Host name.
    pub host: String,
    /// Operating system and architecture.
    pub system: String,
    /// Process id.
    pub pid: u32,
}

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
    /// What time it is.
    pub clock: Clock,
}

impl Acquisition {
    /// Makes the folder and the manifest, keeps the list of ids, and swears the first lines; with an earlier package, what
    /// it knows is copied in the same transaction.
    ///
    /// # Errors
    /// [`CollectError::Package`] when the folder is not empty, not writable or in use; [`CollectError::Custody`].
    pub async fn create(
        root: &Utf8Path,
        mut job: Job,
        mut ids: Option<Ids>,
        earlier: Option<Earlier>,
        tool: &Tool,
        path_salt: [u8; 16],
        clock: Clock,
    ) -> Result<Self, CollectError> {
        let package = Package::create(root, job.format, clock())?;
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
        let pen = Pen::create(&package.manifest_file(), meta, clock.clone()).await?;
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
            .put("scope", scope);
        let (session, custodians) = (session_line(tool, 1), job.custodians.clone());
        pen.write(move |w| {
            w.append(opened)?;
            w.append(session)?;
            earlier.map_or(Ok(()), |earlier| earlier.copy(w, &custodians))
        })
        .await?;
        Ok(Self { id, job, ids: ids.map(Arc::new), package, pen, clock })
    }

    /// Opens an interrupted acquisition, moves aside what a crash left, and swears that a session begins.
    ///
    /// # Errors
    /// As [`Acquisition::create`]; [`CollectError::Damaged`] when a row's file is missing or changed size.
    pub async fn open(root: &Utf8Path, tool: &Tool, clock: Clock) -> Result<Self, CollectError> {
        let package = Package::open(root, clock())?;
        let pen = Pen::open(&package.manifest_file(), clock.clone()).await?;
        let (id, opening, size) = pen.read(|l| Ok((l.meta().acquisition_id, l.opening()?, l.head().size))).await?;
        let job = Job::from_scope(&opening["scope"]).ok_or(CollectError::Scope)?;
        package.set_format(job.format)?;
        let ids = job.chosen.map(|chosen| Ids::kept(&package, chosen)).transpose()?.map(Arc::new);
        let session = session_line(tool, size);
        pen.write(move |w| w.append(session)).await?;
        let acquisition = Self { id, job, ids, package, pen, clock };
        acquisition.recover().await?;
        Ok(acquisition)
    }

    /// Brings the folder back to the manifest's state; what no row names is logged, then moved aside.
    async fn recover(&self) -> Result<(), CollectError> {
        let natives = Natives::of(&self.pen);
        let recovered = self.package.recover(natives, self.volumes().await?).await?;
        if let Some(first) = recovered.damage.first() {
            return Err(CollectError::Damaged { count: recovered.damage.len(), first: first.path.clone() });
        }
        let orphans = recovered.orphans;
        let lines: Vec<Line> = orphans.iter().map(orphaned).collect();
        self.pen.write(move |w| lines.into_iter().try_for_each(|line| w.append(line).map(drop))).await?;
        self.package.set_aside(orphans).await?;
        Ok(())
    }

    /// The packed volumes.
    pub(super) async fn volumes(&self) -> Result<Vec<VolumeFacts>, CollectError> {
        let rows = self.pen.read(|l| l.volumes()).await?;
        let facts =
            |row: VolumeRow| VolumeFacts { name: row.name, bytes: row.bytes, members: row.members, sha256: row.sha256 };
        Ok(rows.into_iter().map(facts).collect())
    }

    /// Swears that this session ends, and why: `sealed`, `interrupted`, `sign_in_needed`, or an error's code.
    pub(super) async fn close_session(&self, reason: &str) -> Result<(), CollectError> {
        let line = Line::new(EventKind::SessionClosed).text("reason", reason);
        self.pen
            .write(move |w| {
                w.append(line)?;
                w.checkpoint()
            })
            .await?;
        Ok(())
    }
}

fn session_line(tool: &Tool, log_size: u64) -> Line {
    Line::new(EventKind::SessionOpened)
        .int("log_size", log_size)
        .text("host", &tool.host)
        .int("pid", tool.pid)
        .text("system", &tool.system)
        .text("tool_version", &tool.version)
        .text("tool_sha256", tool.sha256.to_string())
}

fn orphaned(orphan: &Orphan) -> Line {
    Line::new(EventKind::FileOrphaned)
        .text("path", &orphan.path)
        .int("bytes", orphan.bytes)
        .text("sha256", orphan.sha256.to_string())
        .text("moved_to", orphan.aside())
}
