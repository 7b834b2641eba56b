//! One listed message: its bytes, or why not.
//!
//! Native first: `$value` by message id (never through the folder, which answers 405). When the service
//! cannot render it, the rebuilt path. Everything that happened on the way is kept as exchanges. Faults
//! that are about the item become its ending; faults that are about the run are returned.

use std::io;

use bytes::Bytes;

use crate::custody::ListedRow;
use crate::graph::{Answer, Ask, Fault, FaultKind, Graph, Lane, Sink, wire};
use crate::identity::{self, Examined};
use crate::package::{Landed, Landing, Package};
use crate::terms::{ExceptionCode, Exchange, ObjectId, Purpose, SourceKind};

use super::Run;
use super::error::CollectError;
use super::rebuild::{Loss, Rebuilt};
use super::room::{self, Arriving, Room};
use super::search::{Found, Place, Search};
use super::source;
use super::standing::{Standing, is_closed};

/// A message whose bytes are here, not yet durable.
#[derive(Debug)]
pub(super) struct Fetched {
    /// Its bytes, hashed as they arrived.
    pub(super) landed: Landed,
    /// What is known about them.
    pub(super) facts: Facts,
}

/// How often a message that seems cut short is read again.
const READINGS: u32 = 2;
/// Outages that one message is carried over.
const OUTAGES: u32 = 3;

/// What is known about a message's bytes.
#[derive(Debug)]
pub(super) struct Facts {
    /// What the bytes say the message is.
    pub(super) examined: Examined,
    /// Rendered by the service, or rebuilt.
    pub(super) source: SourceKind,
    /// What the rebuilt path could not bring; empty for natives.
    pub(super) losses: Vec<Loss>,
    /// Why the service would not render it, for rebuilt messages.
    pub(super) refusal: Option<Refusal>,
    /// Where it was, when it was gone from where it was listed.
    pub(super) found_again: Option<Place>,
    /// The right to wait in memory, held until the bytes are durable.
    pub(super) room: Option<Room>,
}

/// The service's last word on an item it would not give.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    /// HTTP status.
    pub(super) status: Option<u16>,
    /// Graph's error code.
    pub(super) code: Option<String>,
    /// What a search for it by its Message-ID showed.
    pub(super) searched: Option<&'static str>,
}

impl Refusal {
    pub(super) fn of(fault: &Fault) -> Self {
        Self { status: fault.status, code: fault.code.clone(), searched: None }
    }
}

/// How a listed message ended.
#[derive(Debug)]
pub(super) enum Ending {
    /// Its bytes are here.
    Fetched(Box<Fetched>),
    /// It was gone.
    Vanished(Refusal),
    /// It is there and cannot be had.
    Excepted { code: ExceptionCode, refusal: Refusal },
}

/// A listed message with its ending and the exchanges that led there.
#[derive(Debug)]
pub(super) struct Ended {
    /// The listed row.
    pub(super) row: ListedRow,
    /// How it ended.
    pub(super) ending: Ending,
    /// Every request made for it.
    pub(super) trail: Vec<Exchange>,
}

impl Ended {
    /// Waits until its bytes may wait in memory for the disk.
    pub(super) async fn take_room(&mut self) {
        if let Ending::Fetched(fetched) = &mut self.ending {
            fetched.facts.room = Some(room::to_wait(fetched.landed.in_memory() as u64).await);
        }
    }

    /// Bytes that are here and not yet durable.
    pub(super) fn bytes(&self) -> u64 {
        match &self.ending {
            Ending::Fetched(fetched) => fetched.landed.bytes,
            Ending::Vanished(_) | Ending::Excepted { .. } => 0,
        }
    }
}

/// Fetches one message to its end. One that is gone is looked for once; none is written off unless the mailbox still
/// opens after that.
///
/// # Errors
/// What is about the run and not the item: sign-in, network, disk, TLS, access to the mailbox lost.
pub(super) async fn item(
    run: &Run,
    standing: &Standing,
    search: &Search,
    row: ListedRow,
) -> Result<Ended, CollectError> {
    let (graph, package) = (&run.graph, &run.acquisition.package);
    let at = Source { graph, package, standing, mailbox: standing.owner(), may_wait: run.wishes.leave_open };
    let mut trail = Vec::new();
    let ending = match under(at, row.message.graph_id.as_str(), &mut trail).await? {
        Ending::Vanished(refusal) => match search.again(&row, &mut trail).await? {
            Found::Here(place) => {
                let mut ending = under(at, place.graph_id.as_str(), &mut trail).await?;
                match &mut ending {
                    Ending::Fetched(fetched) => fetched.facts.found_again = Some(place),
                    Ending::Vanished(refusal) | Ending::Excepted { refusal, .. } => {
                        search.release(&place).await?;
                        refusal.searched = Some("its Message-ID was found, the message could not be fetched there");
                    }
                }
                ending
            }
            Found::Not(searched) => Ending::Vanished(Refusal { searched: Some(searched), ..refusal }),
        },
        ending => ending,
    };
    match ending {
        Ending::Fetched(_) => {}
        Ending::Vanished(_) | Ending::Excepted { .. } => drop(standing.confirm(&mut trail).await?),
    }
    Ok(Ended { row, ending, trail })
}

/// Where messages come from and go to.
#[derive(Clone, Copy)]
struct Source<'a> {
    graph: &'a Graph,
    package: &'a Package,
    standing: &'a Standing,
    mailbox: &'a ObjectId,
    /// Whether what the service fails to give now is better left for a retry than rebuilt.
    may_wait: bool,
}

/// How a message ends that is asked for under this id.
async fn under(at: Source<'_>, id: &str, trail: &mut Vec<Exchange>) -> Result<Ending, CollectError> {
    let fault = match outlasting(at, id, trail).await? {
        Ok(brought) => return Ok(as_served(brought)),
        Err(fault) => fault,
    };
    let doubtful = matches!(
        fault.kind,
        FaultKind::Gone | FaultKind::Denied | FaultKind::NotFound | FaultKind::NoMailbox | FaultKind::Refused
    );
    if !doubtful {
        return without_native(at, id, fault, trail).await;
    }
    // Gone, closed, or only refused this once: its properties decide.
    match presence(at, id, trail).await? {
        Presence::Gone(refusal) => Ok(Ending::Vanished(refusal)),
        Presence::Closed => Ok(Ending::Excepted { code: ExceptionCode::NotAccessible, refusal: Refusal::of(&fault) }),
        Presence::Here => match whole(at, id, trail).await {
            Ok(brought) => Ok(as_served(brought)),
            Err(fault) => without_native(at, id, fault, trail).await,
        },
    }
}

fn as_served((landed, examined): (Landed, Examined)) -> Ending {
    let (source, losses) = (SourceKind::MimeValue, Vec::new());
    let facts = Facts { examined, source, losses, refusal: None, found_again: None, room: None };
    Ending::Fetched(Box::new(Fetched { landed, facts }))
}

/// Whether a message is where it was asked for.
enum Presence {
    Here,
    Gone(Refusal),
    Closed,
}

async fn presence(at: Source<'_>, id: &str, trail: &mut Vec<Exchange>) -> Result<Presence, Fault> {
    let ask = item_ask(at.mailbox, id, None, Purpose::ItemState).query("$select", "id");
    match at.graph.get::<wire::Message>(&ask).await {
        Ok(Answer { trail: mut more, .. }) => {
            trail.append(&mut more);
            Ok(Presence::Here)
        }
        Err(mut fault) if is_closed(&fault) => {
            trail.append(&mut fault.trail);
            let gone = matches!(fault.kind, FaultKind::Gone);
            Ok(if gone { Presence::Gone(Refusal::of(&fault)) } else { Presence::Closed })
        }
        Err(fault) => Err(fault),
    }
}

/// A message's bytes. What a service fails to give while it gives nothing else either says nothing about the message: the
/// outage is waited out, and the message asked for again.
async fn outlasting(
    at: Source<'_>,
    id: &str,
    trail: &mut Vec<Exchange>,
) -> Result<Result<(Landed, Examined), Fault>, CollectError> {
    let mut outages = 0;
    loop {
        let read = whole(at, id, trail).await;
        let fails = |fault: &Fault| {
            matches!(fault.kind, FaultKind::Unavailable | FaultKind::AskLess)
                && fault.status.is_some_and(|status| status >= 500)
        };
        if !read.as_ref().is_err_and(fails) || outages == OUTAGES || !at.standing.confirm(trail).await? {
            return Ok(read);
        }
        outages += 1;
    }
}

/// A message's bytes to their end. Where no length is announced and the MIME is not closed, it is read once more: what
/// the store holds comes again as it is, and what was cut on the way does not (G05).
async fn whole(at: Source<'_>, id: &str, trail: &mut Vec<Exchange>) -> Result<(Landed, Examined), Fault> {
    let mut read = native(at.graph, at.package, at.mailbox, id, trail).await?;
    for _ in 0..READINGS {
        let announced = trail.last().is_some_and(|exchange| exchange.content_length.is_some());
        if announced || !read.1.unclosed {
            return Ok(read);
        }
        let again = native(at.graph, at.package, at.mailbox, id, trail).await?;
        if again.0.sha256 == read.0.sha256 {
            return Ok(again);
        }
        read = again;
    }
    if read.1.unclosed {
        let (status, code) = (Some(200), Some("cut_short".to_owned()));
        return Err(Fault { kind: FaultKind::Unavailable, status, code, trail: Vec::new() });
    }
    Ok(read)
}

pub(super) fn item_ask<'p>(mailbox: &'p ObjectId, id: &'p str, tail: Option<&'p str>, purpose: Purpose) -> Ask {
    let path = ["users", mailbox.as_str(), "messages", id].into_iter().chain(tail);
    Ask::new(Lane::Mailbox(mailbox.clone()), purpose, path)
}

pub(super) async fn native(
    graph: &Graph,
    package: &Package,
    mailbox: &ObjectId,
    id: &str,
    trail: &mut Vec<Exchange>,
) -> Result<(Landed, Examined), Fault> {
    let mut sink = Runway::new(package.landing());
    let mut answer = graph.stream(&item_ask(mailbox, id, Some("$value"), Purpose::Mime), &mut sink).await;
    match &mut answer {
        Ok(answer) => trail.append(&mut answer.trail),
        Err(fault) => trail.append(&mut fault.trail),
    }
    answer?;
    sink.finish().await.map_err(local)
}

/// What to do with a message that the service would not render.
async fn without_native(
    at: Source<'_>,
    id: &str,
    fault: Fault,
    trail: &mut Vec<Exchange>,
) -> Result<Ending, CollectError> {
    let refusal = Refusal::of(&fault);
    match fault.kind {
        FaultKind::Unrenderable
        | FaultKind::AskLess
        | FaultKind::Refused
        | FaultKind::NotGraph
        // Refused more than once, though its properties are there to be read.
        | FaultKind::Gone
        | FaultKind::Denied
        | FaultKind::NotFound
        | FaultKind::NoMailbox => rebuilt(at, id, refusal, trail).await,
        // A service that answers, but not with this item: a retry is still to come, or its properties may be had.
        FaultKind::Unavailable if fault.status.is_some() && at.may_wait => {
            Ok(Ending::Excepted { code: ExceptionCode::MimeUnavailable, refusal })
        }
        FaultKind::Unavailable if fault.status.is_some() => rebuilt(at, id, refusal, trail).await,
        FaultKind::SignIn(_)
        | FaultKind::Throttled
        | FaultKind::Unavailable
        | FaultKind::Foreign
        | FaultKind::Tls
        | FaultKind::Local(_) => Err(fault.into()),
    }
}

async fn rebuilt(
    at: Source<'_>,
    id: &str,
    refusal: Refusal,
    trail: &mut Vec<Exchange>,
) -> Result<Ending, CollectError> {
    let gathered = match source::gather(at.graph, at.mailbox, id, trail).await? {
        source::Gathered::Here(gathered) => gathered,
        source::Gathered::Gone(last) => return Ok(Ending::Vanished(last)),
        source::Gathered::Refused(last) => {
            return Ok(Ending::Excepted { code: ExceptionCode::MimeUnavailable, refusal: last });
        }
    };
    let mut landing = at.package.landing();
    let written = off_the_reactor(move || {
        let Rebuilt { eml, losses, .. } = super::rebuild::rebuild(&gathered);
        landing.write(&eml)?;
        Ok((examined(landing.finish()?)?, losses))
    });
    let ((landed, examined), losses) = written.await.map_err(local)?;
    let facts =
        Facts { examined, source: SourceKind::Rebuilt, losses, refusal: Some(refusal), found_again: None, room: None };
    Ok(Ending::Fetched(Box::new(Fetched { landed, facts })))
}

/// Where a body lands: the package's landing behind the door's sink.
///
/// Hashing and writing happen off the reactor, in strides, so that a small message costs one hand-over.
struct Runway {
    landing: Option<Landing>,
    held: Vec<Bytes>,
    arriving: Arriving,
}

/// Hashing and reading so few bytes takes less long than handing them to a thread and back.
const AT_ONCE: usize = 16 * 1024;

impl Runway {
    fn new(landing: Landing) -> Self {
        Self { landing: Some(landing), held: Vec::new(), arriving: Arriving::default() }
    }

    /// Takes the rest, ends the hash and reads what arrived.
    async fn finish(mut self) -> io::Result<(Landed, Examined)> {
        let mut landing = self.landing.take().ok_or_else(lost)?;
        if self.arriving.bytes() <= AT_ONCE && landing.bytes() == 0 {
            write(&mut landing, self.held)?;
            return examined(landing.finish()?);
        }
        let room = room::to_read(landing.bytes() + self.arriving.bytes() as u64).await;
        off_the_reactor(move || {
            let _room = room;
            write(&mut landing, self.held)?;
            drop(self.arriving);
            examined(landing.finish()?)
        })
        .await
    }

    async fn write_held(&mut self) -> io::Result<()> {
        let mut landing = self.landing.take().ok_or_else(lost)?;
        let (held, arriving) = (std::mem::take(&mut self.held), std::mem::take(&mut self.arriving));
        let landing = off_the_reactor(move || {
            write(&mut landing, held)?;
            drop(arriving);
            Ok(landing)
        });
        self.landing = Some(landing.await?);
        Ok(())
    }
}

impl Sink for Runway {
    async fn begin(&mut self) -> io::Result<()> {
        self.held.clear();
        self.arriving = Arriving::default();
        let mut landing = self.landing.take().ok_or_else(lost)?;
        // Most bodies are asked for once, and then there is no file to be cut.
        if landing.bytes() > 0 {
            landing = off_the_reactor(move || landing.restart().map(|()| landing)).await?;
        }
        self.landing = Some(landing);
        Ok(())
    }

    async fn chunk(&mut self, bytes: Bytes) -> io::Result<()> {
        let is_enough = self.arriving.add(bytes.len());
        self.held.push(bytes);
        if is_enough { self.write_held().await } else { Ok(()) }
    }
}

/// Each piece is let go as soon as it is written: it holds a buffer of the connection's.
fn write(landing: &mut Landing, pieces: Vec<Bytes>) -> io::Result<()> {
    pieces.into_iter().try_for_each(|bytes| landing.write(&bytes))
}

fn examined(landed: Landed) -> io::Result<(Landed, Examined)> {
    let examined = identity::examine(&landed.contents()?);
    Ok((landed, examined))
}

async fn off_the_reactor<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    let hand = room::for_a_hand().await;
    let done = tokio::task::spawn_blocking(move || {
        let _hand = hand;
        work()
    });
    done.await.map_err(|_| lost())?
}

fn local(error: io::Error) -> Fault {
    Fault { kind: FaultKind::Local(error), status: None, code: None, trail: Vec::new() }
}

fn lost() -> io::Error {
    io::Error::other("a worker thread ended without an answer")
}
