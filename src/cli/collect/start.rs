//! What can be made ready while the record is being made: the digest of this program's own file, and the door to Graph.
//!
//! Both take longer than all the rest of a start, and neither asks the service anything. It must not know what is
//! collected.

use std::sync::Arc;

use tokio::task::JoinHandle;

use super::super::desk::Desk;
use super::super::failure::Failure;
use super::super::progress::{Bars, Lines};
use crate::custody::Tool;
use crate::graph::{Fault, Graph};
use crate::monitor::{Monitor, Silent};
use crate::session::Session;
use crate::terms::pour;

/// The program and machine, for the record; found out on a thread of its own.
pub(in crate::cli) struct Looking(JoinHandle<Result<Tool, Failure>>);

impl Looking {
    /// Begins at once: the whole file is read.
    pub(in crate::cli) fn at_this_program() -> Self {
        Self(tokio::task::spawn_blocking(tool))
    }

    /// What was found out.
    pub(in crate::cli) async fn seen(self) -> Result<Tool, Failure> {
        self.0.await.map_err(|_| unreadable())?
    }
}

/// The program and machine, for the record.
pub(in crate::cli) fn tool() -> Result<Tool, Failure> {
    let read = std::env::current_exe().and_then(std::fs::File::open).and_then(|file| pour(file, std::io::sink()));
    let (sha256, _) = read.map_err(|_| unreadable())?;
    Ok(Tool {
        name: env!("CARGO_PKG_NAME").to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        sha256,
        host: gethostname::gethostname().to_string_lossy().into_owned(),
        system: format!("{} {}", std::env::consts::OS, std::env::consts::ARCH),
        pid: std::process::id(),
    })
}

fn unreadable() -> Failure {
    Failure::failed("this program cannot read its own file", "start it by its full path")
}

/// Who hears of a collection, and its door, which is being opened: reading the system's root certificates takes a while.
pub(in crate::cli) struct Doorway {
    /// Moving progress, where it is drawn.
    pub(super) bars: Option<Arc<Bars>>,
    /// Who hears.
    pub(super) monitor: Arc<dyn Monitor>,
    opening: JoinHandle<Result<Graph, Fault>>,
}

impl Doorway {
    /// For these custodians.
    pub(in crate::cli) fn new(desk: &Desk, custodians: &[String], session: &Arc<Session>) -> Result<Self, Failure> {
        let bars = desk.draws().then(|| Arc::new(Bars::new(custodians)));
        let monitor: Arc<dyn Monitor> = match (&bars, desk.json) {
            (Some(bars), _) => bars.clone(),
            (None, true) => Arc::new(Lines::new(custodians)),
            (None, false) => Arc::new(Silent),
        };
        let open = desk.unattended_door(session.clone(), monitor.clone())?;
        Ok(Self { bars, monitor, opening: tokio::task::spawn_blocking(open) })
    }

    /// The door, once it is open.
    pub(super) async fn opened(&mut self) -> Result<Graph, Failure> {
        let opened = (&mut self.opening).await;
        let opened = opened.map_err(|_| Failure::failed("the connection could not be prepared", "run it again"))?;
        Ok(opened?)
    }
}
