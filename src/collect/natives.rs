//! The rows of collected files as an iterator for threads that read the package: in the order of their paths,
//! a page at a time, whatever the number of items.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::runtime::Handle;

use crate::custody::{CustodyError, ItemFile, Pen};
use crate::package::Native;

const PAGE: u32 = 2_000;

/// Reads on as it is iterated. Use it on a blocking thread only.
pub(super) struct Natives {
    pen: Pen,
    runtime: Handle,
    page: VecDeque<ItemFile>,
    after: String,
    ended: bool,
    failed: Arc<Mutex<Option<CustodyError>>>,
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
        let failed = Arc::new(Mutex::new(None));
        let (pen, runtime, page, after) = (pen.clone(), Handle::current(), VecDeque::new(), String::new());
        (Self { pen, runtime, page, after, ended: false, failed: failed.clone() }, Reading(failed))
    }

    fn fill(&mut self) {
        let after = self.after.clone();
        let page = self.runtime.block_on(self.pen.read(move |l| l.natives(&after, PAGE))).unwrap_or_else(|error| {
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
