//! The one place where items become durable: many files, then one transaction that names them.
//!
//! Workers of all mailboxes hand their endings in; groups are made by count, bytes and time. A file is
//! synced and in its place before a row names it, so a crash leaves at most files without rows, which
//! recovery moves aside. Files of two groups are written at once, beside the rows of the group before, which come in
//! order; volumes are packed beside all of it. It must not know the service.

use std::time::Duration;

use tokio::sync::{mpsc, oneshot};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout_at};

use crate::monitor::Event;
use crate::package::{Landed, Package, PackageError, Placement};
use crate::terms::{ControlNumber, ExceptionCode, Severity, SourceKind};

use super::error::CollectError;
use super::fetch::{self, Ended};
use super::keys::Keys;
use super::record::{Collected, Ending, Sworn, swear};
use super::room::{GROUP_BYTES, GROUP_ITEMS};
use super::{Run, sealing};

/// How long an ended item waits for company.
const GROUP_WAIT: Duration = Duration::from_millis(200);
/// Endings that may queue, so that one slow commit holds nobody up; what their bodies take is bounded elsewhere.
const QUEUE: usize = 256;

/// The workers' side.
#[derive(Clone)]
pub(super) struct Intake(mpsc::Sender<Delivery>);

enum Delivery {
    Ended { custodian: usize, ended: Box<Ended> },
    Flush(oneshot::Sender<()>),
}

impl Intake {
    /// Starts the intake; its task ends when every clone of the intake is gone, or with the first error.
    pub(super) fn start(run: &Run, keys: &Keys) -> (Self, JoinHandle<Result<(), CollectError>>) {
        let (sender, receiver) = mpsc::channel(QUEUE);
        // One group whose files are being written waits here, behind one that the next stage waits for.
        let (settling, to_swear) = mpsc::channel(1);
        let (sworn, to_pack) = mpsc::channel(1);
        let desk = Desk { run: run.clone(), keys: keys.clone(), settling, group: Vec::new(), bytes: 0 };
        let clerk = Clerk { run: run.clone(), sworn };
        let packing = pack_as_they_fill(run.clone(), to_pack);
        let stages = async move {
            let (placed, sworn, packed) = tokio::join!(desk.run(receiver), clerk.run(to_swear), packing);
            placed.and(sworn).and(packed)
        };
        (Self(sender), tokio::spawn(stages))
    }

    /// Hands an ending in; waits when the disk is slower than the service.
    pub(super) async fn hand_in(&self, custodian: usize, ended: Ended) -> Result<(), CollectError> {
        let delivery = Delivery::Ended { custodian, ended: Box::new(ended) };
        // The intake is gone only after an error, which its task returns.
        self.0.send(delivery).await.map_err(|_| CollectError::Internal)
    }

    /// Returns when everything handed in before is durable.
    pub(super) async fn flush(&self) -> Result<(), CollectError> {
        let (sender, receiver) = oneshot::channel();
        self.0.send(Delivery::Flush(sender)).await.map_err(|_| CollectError::Internal)?;
        receiver.await.map_err(|_| CollectError::Internal)
    }
}

/// The first stage: groups are made, and their files begin to become durable.
struct Desk {
    run: Run,
    keys: Keys,
    settling: mpsc::Sender<Settling>,
    group: Vec<(usize, Ended)>,
    bytes: u64,
}

/// A group whose files are becoming durable, on its way to its rows.
struct Settling {
    files: JoinHandle<Result<(), PackageError>>,
    sworn: Vec<Sworn>,
    told: Vec<Event>,
    /// A placement holds its volume back from packing until the row is committed.
    places: Vec<Placement>,
    /// Who waits for the rows.
    waiting: Vec<oneshot::Sender<()>>,
}

impl Desk {
    async fn run(mut self, mut deliveries: mpsc::Receiver<Delivery>) -> Result<(), CollectError> {
        while let Some(first) = deliveries.recv().await {
            let deadline = Instant::now() + GROUP_WAIT;
            let mut waiting = Vec::new();
            self.take(first, &mut waiting);
            while waiting.is_empty() && !self.is_full() {
                match timeout_at(deadline, deliveries.recv()).await {
                    Ok(Some(delivery)) => self.take(delivery, &mut waiting),
                    Ok(None) | Err(_) => break,
                }
            }
            // The next stage is gone only after an error, which is its own to tell.
            let Ok(place) = self.settling.clone().reserve_owned().await else { return Ok(()) };
            place.send(self.settle(waiting)?);
        }
        Ok(())
    }

    fn take(&mut self, delivery: Delivery, waiting: &mut Vec<oneshot::Sender<()>>) {
        match delivery {
            Delivery::Flush(sender) => waiting.push(sender),
            Delivery::Ended { custodian, ended } => {
                self.bytes += ended.bytes();
                self.group.push((custodian, *ended));
            }
        }
    }

    fn is_full(&self) -> bool {
        self.group.len() >= GROUP_ITEMS || self.bytes >= GROUP_BYTES as u64
    }

    /// DNS is asked while the files are being written.
    fn ask_for_keys(&self, sworn: &Sworn) {
        if let Ending::Collected(collected) = &sworn.ending
            && collected.facts.source == SourceKind::MimeValue
        {
            self.keys.ask(&collected.facts.examined.signers.keys);
        }
    }

    fn settle(&mut self, waiting: Vec<oneshot::Sender<()>>) -> Result<Settling, CollectError> {
        let (mut files, mut sworn) = (Vec::new(), Vec::new());
        let (mut told, mut places) = (Vec::new(), Vec::new());
        self.bytes = 0;
        for (custodian, ended) in std::mem::take(&mut self.group) {
            let number = ended.row.control_number().ok_or(CollectError::Internal)?;
            let (one, file) = place(&self.run.acquisition.package, number, ended);
            told.push(news(custodian, &one));
            self.ask_for_keys(&one);
            places.extend(file.as_ref().map(|(_, placement)| placement.clone()));
            files.extend(file);
            sworn.push(one);
        }
        let package = self.run.acquisition.package.clone();
        let files = tokio::spawn(async move { package.settle(files).await });
        Ok(Settling { files, sworn, told, places, waiting })
    }
}

/// The second stage: rows for files that are durable, group after group, while the files of the next are being written.
struct Clerk {
    run: Run,
    sworn: mpsc::Sender<()>,
}

impl Clerk {
    async fn run(self, mut settling: mpsc::Receiver<Settling>) -> Result<(), CollectError> {
        while let Some(group) = settling.recv().await {
            match self.swear(group).await {
                Ok(true) => {}
                ended => {
                    // Nothing may be written any more when this returns.
                    settling.close();
                    while let Some(Settling { files, .. }) = settling.recv().await {
                        let _ = files.await;
                    }
                    return ended.map(drop);
                }
            }
        }
        Ok(())
    }

    /// Waits for a group's files, and records them; whether there is anybody left to tell.
    async fn swear(&self, group: Settling) -> Result<bool, CollectError> {
        let Settling { files, sworn, told, places, waiting } = group;
        files.await.map_err(|_| CollectError::Internal)??;
        if !sworn.is_empty() {
            self.run.acquisition.pen.write(move |w| sworn.iter().try_for_each(|one| swear(w, one))).await?;
        }
        drop(places);
        for event in &told {
            self.run.monitor.tell(event);
        }
        for flushed in waiting {
            // Whoever asked may have gone.
            let _ = flushed.send(());
        }
        // One note is enough: whoever packs looks at all volumes.
        Ok(!matches!(self.sworn.try_send(()), Err(mpsc::error::TrySendError::Closed(()))))
    }
}

/// The third stage: volumes that are full are packed while others fill.
async fn pack_as_they_fill(run: Run, mut sworn: mpsc::Receiver<()>) -> Result<(), CollectError> {
    while sworn.recv().await.is_some() {
        sealing::pack(&run, false).await?;
    }
    Ok(())
}

/// Gives the file its place; what is left are facts.
fn place(package: &Package, number: ControlNumber, ended: Ended) -> (Sworn, Option<(Landed, Placement)>) {
    let Ended { row, ending, trail } = ended;
    let missing = |code, refusal| Ending::Missing { code, refusal };
    let (ending, file) = match ending {
        fetch::Ending::Fetched(fetched) => {
            let fetch::Fetched { landed, facts } = *fetched;
            let placement = package.place(number, landed.bytes);
            let (path, sha256, matching, bytes) =
                (placement.path.clone(), landed.sha256, landed.matching, landed.bytes);
            (Ending::Collected(Box::new(Collected { path, sha256, matching, bytes, facts })), Some((landed, placement)))
        }
        fetch::Ending::Vanished(refusal) => (missing(ExceptionCode::Gone, refusal), None),
        fetch::Ending::Excepted { code, refusal } => (missing(code, refusal), None),
    };
    (Sworn { row, number, ending, trail }, file)
}

fn news(custodian: usize, sworn: &Sworn) -> Event {
    match &sworn.ending {
        Ending::Collected(collected) => Event::Collected { custodian, items: 1, bytes: collected.bytes },
        Ending::Missing { code, .. } => {
            Event::Excepted { custodian: Some(custodian), code: *code, severity: Severity::ItemMissing }
        }
    }
}
