//! Affiant collects Microsoft 365 mailboxes over Microsoft Graph and swears to what it saw: every
//! message in scope is collected, or is a named exception, and a stranger can check it.
//!
//! # The path of the data
//!
//! Read the modules in this order; each may use those above it.
//!
//! | step | module | what happens there |
//! |---|---|---|
//! | | [`terms`] | the words everything is said in: custodian, window, digest, control number |
//! | | [`monitor`] | progress and findings as typed events; the library never prints |
//! | | [`cloud`] | two base addresses: a national cloud, a test server and the simulated tenant are one thing |
//! | | [`dns`] | one question: the TXT records under a name, where signers keep their public keys |
//! | | `home` | files of the home folder: private, replaced whole, changed by one process at a time |
//! | | [`config`] | what was typed becomes what was meant |
//! | 1 | [`session`] | who is asking, with which scopes; tokens are kept, renewed, never shown |
//! | 2 | [`graph`] | the only door to the service: GET, budget, retries, paging, what an answer means |
//! | 3 | [`directory`] | list the users; one typed name becomes one person |
//! | 4 | [`delegation`] | prove that a mailbox can be read, before anything is promised |
//! | 5 | [`collect`] | plan, list, fetch, rebuild where the service cannot render, close the balance |
//! | 6 | [`package`] | where bytes go: natives, ZIP volumes, the BagIt folder, what a crash left |
//! | 7 | [`custody`] | the sworn record: the log and its Merkle tree, the SQLite manifest and its one pen |
//! | | [`identity`] | what a message is: families, EDRM MIH, content id, protection |
//! | 8 | [`verify`] | the stranger: reads a package and the schema, shares no code with what wrote it |
//! | 9 | [`attest`] | what is added to a sealed package: custody events, time stamps, signatures |
//! | | [`delivery`] | a package as whole volumes, encrypted where asked, and back again |
//! | | [`refetch`] | a sample is asked for again: does the service still return what was collected |
//! | 10 | [`report`] | what a sealed package says, for those who read: pages, lists, a draft for counsel |
//! | | [`prove`] | single messages with the path to the signed head of the log, for strangers without the package |
//! | | [`production`] | what a review platform loads: load files, natives, texts, attachments |
//! | | [`inventory`] | beside the path: usage and licences, synced into a store of their own |
//!
//! Beside the path stand [`simulator`], the other side of the wire, which shares nothing with the
//! client, and [`cli`], which alone knows a terminal, the environment and the home directory.
//!
//! # Rules of the house
//!
//! * One door, one pen: only `graph` sends requests to Graph, only `custody` writes the manifest.
//! * A failed item is data; an `Err` means that the run cannot honestly go on.
//! * Bytes are hashed as they arrive and written as they arrived.
//! * A row never names a file that is not durable.
//!
//! `tests/it/house.rs` holds these import rules and the sizes of files to account.

pub mod terms;
pub mod monitor;
pub mod cloud;
pub mod dns;
mod home;
pub mod config;

pub mod session;
pub mod graph;
pub mod directory;
pub mod delegation;
pub mod collect;
pub mod package;
pub mod custody;
pub mod identity;
pub mod verify;
pub mod attest;
pub mod delivery;
pub mod refetch;
pub mod report;
pub mod prove;
pub mod production;
pub mod inventory;

pub mod simulator;
pub mod cli;
