//! The rows of collected files as an iterator for threads that read the package: in the order of their paths,
//! a page at a time, whatever the number of items.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::custody::{Beside, CustodyError, NativeFile, Pen};
use crate::package::Native;

const PAGE: u32 = 2_000;

/// Reads on as it is iterated, over a connection of its own. Use it on a blocking thread only.
pub(super) struct Natives {
    rows: Rows,
    page: VecDeque<NativeFile>,
    after: String,
    ended: bool,
    failed: Arc<Mutex<Option<CustodyError>>>,
}

/// Where rows are read.
enum Rows {
    /// At the manifest of this pen, when they are first asked for.
    Of(Pen),
    /// Here.
    By(Beside),
}

impl Rows {
    fn natives(&mut self, after: &str) -> Result<Vec<NativeFile>, CustodyError> {
        if let Self::Of(pen) = self {
            *self = Self::By(pen.beside()?);
        }
        match self {
            Self::By(beside) => beside.natives(after, PAGE),
            Self::Of(_) => Ok(Vec::new()),
        }
    }
}

/// Whether every row was read. A list that ends early must not be taken for the whole: ask before using what was
/// made from it.
#[must_use]
pub(super) struct Reading(Arc<Mutex<Option<CustodyError>>>);

impl Reading {
    /// The error that ended the list early, if one did.
    pub(super) fn to_the_end(&self) -> Result<(), CustodyError> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take().map_or(Ok(()), Err)
    }
}

impl Natives {
    /// Every native of the manifest.
    pub(super) fn of(pen: &Pen) -> (Self, Reading) {
        Self::over(Rows::Of(pen.clone()))
    }

    /// The same over this connection.
    pub(super) fn by(beside: Beside) -> (Self, Reading) {
        Self::over(Rows::By(beside))
    }

    fn over(rows: Rows) -> (Self, Reading) {
        let failed = Arc::new(Mutex::new(None));
        let (page, after) = (VecDeque::new(), String::new());
        (Self { rows, page, after, ended: false, failed: failed.clone() }, Reading(failed))
    }

    fn fill(&mut self) {
        let page = self.rows.natives(&self.after).unwrap_or_else(|error| {
            *self.failed.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            Vec::new()
        });
        self.page = page.into();
        self.ended = self.page.is_empty();
        if let Some(last) = self.page.back() {
            self.after.clone_from(&last.path);
        }
    }
}

impl Iterator for Natives {
    type Item = Native;

    fn next(&mut self) -> Option<Native> {
        if self.page.is_empty() && !self.ended {
            self.fill();
        }
        self.page.pop_front().map(|file| Native { path: file.path, sha256: file.sha256, bytes: file.bytes })
    }
}

/// The natives of one volume: their paths begin with its name.
pub(super) async fn of_volume(pen: &Pen, volume: u32) -> Result<Vec<Native>, CustodyError> {
    let prefix = format!("data/VOL{volume:03}.zip/");
    let mut after = prefix.clone();
    let mut found = Vec::new();
    loop {
        let from = after.clone();
        let page = pen.read(move |l| l.natives(&from, PAGE)).await?;
        let here = page.len();
        for file in page.into_iter().take_while(|file| file.path.starts_with(&prefix)) {
            after.clone_from(&file.path);
            found.push(Native { path: file.path, sha256: file.sha256, bytes: file.bytes });
        }
        if here < PAGE as usize || !after.starts_with(&prefix) || found.last().is_none_or(|last| last.path != after) {
            return Ok(found);
        }
    }
}
