//! The sworn record: an append-only log of canonical lines under a Merkle tree, and the SQLite manifest around it.
//!
//! A [`Line`] says what happened. [`Pen::write`] puts lines and their rows down in one durable transaction; the
//! rows are projections of the lines, and the lines are what is hashed. [`Pen`] is the handle of the only thread
//! that owns the database, so there is one order of events. `schemas/manifest.sql` is the contract with everyone
//! who reads the record later, and `verify` reads it with code of its own.
//!
//! This module must not know Graph, files other than the manifest, or how a line came about.

mod authenticity;
mod beginning;
mod beside;
mod canonical;
mod checkpoint;
mod earlier;
mod error;
mod event;
mod ledger;
mod licensed;
mod line;
mod listings;
mod manifest;
mod meta;
mod note;
mod pen;
mod read_back;
mod replay;
mod rows;
mod seal;
mod sealed;
mod segment;
mod tables;
mod tally;
mod tool;
mod tree;
mod writer;

pub use beside::Beside;
pub use canonical::{Object, Value};
pub use checkpoint::{Head, Notary, vkey};
pub use earlier::{Compared, ComparedRow, Fate, Known, KnownRow, KnownState, Latest, Sighting};
pub use error::CustodyError;
pub use event::EventKind;
pub use ledger::{Entry, Ledger};
pub use licensed::LicenceFactRow;
pub use line::{Line, LineError};
pub use listings::{ExceptionSeen, ItemFile, NativeFile};
pub use meta::Meta;
pub use pen::Pen;
pub use rows::{
    AuthRow, CustodianRow, DnsKeyRow, ExceptionRow, Exclusion, FolderRow, ItemRow, Listed, ListedRow, MailboxRow,
    PartRow, ReconciliationRow, Unweighed, VolumeRow,
};
pub use sealed::SealedManifest;
pub use segment::Segment;
pub use tables::TableRead;
pub use tally::{Counts, Ended, ExceptionCount};
pub use tool::Tool;
pub use writer::Writer;

#[cfg(test)]
mod tests;
