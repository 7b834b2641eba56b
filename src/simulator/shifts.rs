//! What somebody does to single messages between two runs: delete, bring back, move. The tenant itself never changes.
//!
//! A message that a test wants to arrive later is deleted before the first run and brought back before the second.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::ids;
use super::tenant::{Item, Mailbox};

/// Where a message is instead of where it was loaded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shift {
    /// Nowhere.
    Gone,
    /// In this folder.
    To(usize),
    /// Where it was, and left out of every listing.
    Unlisted,
}

/// The messages of one mailbox that are not where they were loaded, by number.
pub(super) type Shifted = HashMap<u64, Shift>;

/// All of them, by mailbox.
#[derive(Debug, Default)]
pub(super) struct Shifts(Mutex<HashMap<String, Shifted>>);

impl Shifts {
    fn held(&self) -> MutexGuard<'_, HashMap<String, Shifted>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Puts a message elsewhere; `None` puts it back.
    pub(super) fn put(&self, mailbox: &Mailbox, item: Item, shift: Option<Shift>) {
        let mut all = self.held();
        let own = all.entry(mailbox.guid.clone()).or_default();
        match shift {
            Some(shift) => own.insert(ids::number(item), shift),
            None => own.remove(&ids::number(item)),
        };
    }

    /// Those of one mailbox; `None` where there are none.
    pub(super) fn of(&self, mailbox: &Mailbox) -> Option<Shifted> {
        self.held().get(&mailbox.guid).filter(|own| !own.is_empty()).cloned()
    }

    /// The folder a message lies in now; `None` when it is gone.
    pub(super) fn home(&self, mailbox: &Mailbox, item: Item) -> Option<usize> {
        let shift = self.held().get(&mailbox.guid).and_then(|own| own.get(&ids::number(item)).copied());
        match shift {
            Some(Shift::Gone) => None,
            Some(Shift::To(folder)) => Some(folder),
            Some(Shift::Unlisted) | None => mailbox.folder_of(item),
        }
    }

    /// How many messages a folder holds now.
    pub(super) fn count(&self, mailbox: &Mailbox, folder: usize) -> u64 {
        match self.of(mailbox) {
            Some(shifted) => u64::try_from(items(mailbox, folder, &shifted).len()).unwrap_or_default(),
            None => mailbox.message_count(folder),
        }
    }
}

/// The messages of a folder as it is now.
pub(super) fn items(mailbox: &Mailbox, at: usize, shifted: &Shifted) -> Vec<Item> {
    let Some(folder) = mailbox.folders.get(at) else { return Vec::new() };
    let mail = folder.mail.iter().map(|n| Item::Mail(*n as usize));
    let batches = folder.batches.iter().filter_map(|batch| Some((*batch, mailbox.batches.get(*batch)?.count)));
    let made = batches.flat_map(|(batch, count)| (0..count).map(move |n| Item::Made(batch, n)));
    let stays = |item: &Item| match shifted.get(&ids::number(*item)) {
        Some(Shift::Gone | Shift::Unlisted) => false,
        Some(Shift::To(_)) => folder.search,
        None => true,
    };
    let arrived = shifted.iter().filter(|(_, shift)| **shift == Shift::To(at)).filter_map(|(n, _)| ids::item(*n));
    mail.chain(made).filter(stays).chain(arrived).collect()
}
