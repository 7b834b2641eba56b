//! The one pen: a thread that owns the database, and handles that hand it work in order.
//!
//! The channel is short, so that whoever composes faster than the disk can keep waits. Work once taken is done
//! even when its caller is gone: a file that is already durable gets its row. Must not know what is written.

use std::sync::Arc;

use camino::Utf8Path;
use tokio::sync::{mpsc, oneshot};

use super::manifest::Manifest;
use super::{Beside, CustodyError, Ledger, Meta, Notary, Writer};

/// Pieces of work that may wait.
const WAITING: usize = 16;

enum Work {
    Do(Box<dyn FnOnce(&mut Manifest) + Send>),
    Close { sealed: bool, done: oneshot::Sender<Result<(), CustodyError>> },
}

/// A handle of the thread that writes the manifest; clones share it. When the last one goes, so does the thread.
#[derive(Debug, Clone)]
pub struct Pen {
    work: mpsc::Sender<Work>,
    file: Arc<Utf8Path>,
}

impl Pen {
    /// Makes a manifest at `file`, with the first lines that `first` writes, and takes it up. Killed before this
    /// returns, there is no manifest, or one that holds these lines. The notary stamps lines and signs
    /// checkpoints.
    ///
    /// # Errors
    /// [`CustodyError::Exists`] when something is there; what `first` returns; what the file system says.
    pub async fn create(
        file: &Utf8Path,
        meta: Meta,
        notary: Notary,
        first: impl FnOnce(&mut Writer<'_>) -> Result<(), CustodyError> + Send + 'static,
    ) -> Result<Self, CustodyError> {
        Self::start(file, move |file| Manifest::create(file, meta, notary, first)).await
    }

    /// Opens the manifest at `file` after checking that it is whole: the log is read from its first line.
    ///
    /// # Errors
    /// [`CustodyError`]: missing, not a manifest, newer, corrupt, log broken, busy, read-only, each its own.
    pub async fn open(file: &Utf8Path, notary: Notary) -> Result<Self, CustodyError> {
        Self::start(file, move |file| Manifest::open(file, notary)).await
    }

    /// Writes lines and rows in one transaction, durable when this returns. On an error, a panic in `f` included,
    /// nothing of it is recorded and the log goes on where it was.
    ///
    /// # Errors
    /// Whatever `f` returns; [`CustodyError`] of the disk; [`CustodyError::Closed`] after [`Self::close`].
    pub async fn write<T: Send + 'static>(
        &self,
        f: impl FnOnce(&mut Writer<'_>) -> Result<T, CustodyError> + Send + 'static,
    ) -> Result<T, CustodyError> {
        self.hand_in(move |manifest| manifest.write(f)).await
    }

    /// Reads.
    ///
    /// # Errors
    /// Whatever `f` returns, and [`CustodyError::Closed`] after [`Self::close`].
    pub async fn read<T: Send + 'static>(
        &self,
        f: impl FnOnce(&Ledger<'_>) -> Result<T, CustodyError> + Send + 'static,
    ) -> Result<T, CustodyError> {
        self.hand_in(move |manifest| manifest.read(f)).await
    }

    /// A connection of its own that only reads; it must be gone before [`Self::close`] or [`Self::seal`]. Blocks: call
    /// it off the reactor.
    ///
    /// # Errors
    /// As [`Beside::open`].
    pub fn beside(&self) -> Result<Beside, CustodyError> {
        Beside::open(&self.file)
    }

    /// Makes sure that nothing stands in the write-ahead log only. Opening does that, unless a connection beside the pen
    /// was reading; to be called when that is gone.
    ///
    /// # Errors
    /// What SQLite says.
    pub async fn settle(&self) -> Result<(), CustodyError> {
        self.hand_in(|manifest| manifest.settle()).await
    }

    /// Checks the whole database as [`Self::seal`] does, without closing it.
    ///
    /// # Errors
    /// [`CustodyError::Corrupt`], saying what does not hold.
    pub async fn check(&self) -> Result<(), CustodyError> {
        self.hand_in(|manifest| manifest.check()).await
    }

    /// Finishes what was handed in before, leaves one clean file without `-wal` and `-shm`, and ends the thread.
    ///
    /// # Errors
    /// [`CustodyError::Busy`] when another program has the manifest open.
    pub async fn close(self) -> Result<(), CustodyError> {
        self.put_down(false).await
    }

    /// Hands the finished record over: builds the indexes left for the end, checks everything (pages, indexes,
    /// foreign keys, each item's columns against its log line), and closes as [`Self::close`] does. When a check
    /// fails the file stays ready to resume. Sealing a sealed manifest again is fine.
    ///
    /// # Errors
    /// [`CustodyError::Corrupt`], saying what does not hold; [`CustodyError::Busy`]; the disk's.
    pub async fn seal(self) -> Result<(), CustodyError> {
        self.put_down(true).await
    }

    async fn put_down(self, sealed: bool) -> Result<(), CustodyError> {
        let (done, answer) = oneshot::channel();
        self.work.send(Work::Close { sealed, done }).await.map_err(|_| CustodyError::Closed)?;
        answer.await.map_err(|_| CustodyError::Closed)?
    }

    pub(super) async fn hand_in<T: Send + 'static>(
        &self,
        work: impl FnOnce(&mut Manifest) -> Result<T, CustodyError> + Send + 'static,
    ) -> Result<T, CustodyError> {
        let (done, answer) = oneshot::channel();
        let work = Work::Do(Box::new(move |manifest| {
            // Nobody may be waiting any more; the work is done all the same.
            let _ = done.send(work(manifest));
        }));
        self.work.send(work).await.map_err(|_| CustodyError::Closed)?;
        answer.await.map_err(|_| CustodyError::Closed)?
    }

    async fn start(
        file: &Utf8Path,
        take_up: impl FnOnce(&Utf8Path) -> Result<Manifest, CustodyError> + Send + 'static,
    ) -> Result<Self, CustodyError> {
        let file: Arc<Utf8Path> = file.into();
        let at = file.clone();
        let (work, waiting) = mpsc::channel(WAITING);
        let (ready, answer) = oneshot::channel();
        let thread = std::thread::Builder::new().name("affiant-pen".to_owned());
        let started = thread.spawn(move || match take_up(&at) {
            Ok(manifest) => {
                if ready.send(Ok(())).is_ok() {
                    serve(manifest, waiting);
                }
            }
            Err(error) => {
                let _ = ready.send(Err(error));
            }
        });
        started.map_err(|error| CustodyError::Unreachable { what: error.to_string() })?;
        answer.await.map_err(|_| CustodyError::Panicked)??;
        Ok(Self { work, file })
    }
}

fn serve(mut manifest: Manifest, mut waiting: mpsc::Receiver<Work>) {
    while let Some(work) = waiting.blocking_recv() {
        match work {
            Work::Do(work) => work(&mut manifest),
            Work::Close { sealed, done } => {
                let whole = if sealed { manifest.complete().and_then(|()| manifest.check()) } else { Ok(()) };
                let closed = whole.and_then(|()| manifest.close());
                let _ = done.send(closed);
                return;
            }
        }
    }
}
