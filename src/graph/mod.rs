//! The only door to Graph: questions in, answers or faults out, each with the trail of every attempt.
//!
//! Everything that goes through is a GET, stays at the configured origin, keeps within the service's published
//! limits and is tried again only where that can help. It must not know what the answers are used for.
//!
//! Read [`Ask`] for what can be asked, [`FaultKind`] for what can go wrong; `judge` is the table between them,
//! `retry` the loop, `send` one attempt, `pace` the traffic rules.

mod ask;
mod clock;
mod door;
mod download;
mod fault;
mod json;
mod judge;
mod limits;
mod link;
mod pace;
mod page;
mod reach;
mod receive;
mod retry;
mod retry_after;
mod said;
mod send;
mod tokens;
mod tries;
mod words;
pub mod wire;

#[cfg(test)]
pub(crate) mod tests;

use std::sync::Arc;

use serde::de::DeserializeOwned;

use self::door::Door;
use self::link::Origin;
use self::receive::{Into, Keeping, OnePage, OneValue};
use self::retry::{fault, persist};
use self::send::Getter;
use self::tokens::Tokens;
use crate::cloud::Cloud;
use crate::monitor::Monitor;
use crate::session::Session;
use crate::terms::{Clock, Exchange, UtcInstant};

pub use self::ask::{Ask, Lane};
pub use self::clock::{ClockOffset, Interval};
pub use self::download::{Downloaded, Got};
pub use self::fault::{Fault, FaultKind};
pub use self::limits::{IN_FLIGHT, Limits};
pub use self::link::{Followed, Link};
pub use self::page::Page;
pub use self::receive::{Kept, Received, Sink};
pub use self::retry_after::date as http_date;

/// How Affiant names itself, in the form the service asks of independent software vendors
/// (Microsoft, "Avoid getting throttled", decorated traffic).
pub const USER_AGENT: &str = concat!("ISV|Affiant|Affiant/", env!("CARGO_PKG_VERSION"));

/// What a [`Graph`] is opened with.
pub struct GraphOptions {
    /// Budgets and patience.
    pub limits: Limits,
    /// Roots to trust besides the system's, PEM.
    pub ca: Option<Vec<u8>>,
    /// Who hears of waits.
    pub monitor: Arc<dyn Monitor>,
    /// Wall clock, for the record only; pauses run on the runtime's own.
    pub clock: Clock,
    /// How to call ourselves, normally [`USER_AGENT`].
    pub user_agent: String,
}

/// An answer and every attempt it took.
#[derive(Debug, Clone)]
pub struct Answer<T> {
    /// What was asked for.
    pub value: T,
    /// All attempts, the last one the good one.
    pub trail: Vec<Exchange>,
}

/// The door to one cloud's Graph for one session. Clones share budgets, fences and connections.
#[derive(Clone)]
pub struct Graph(Arc<Door>);

impl Graph {
    /// Opens the door. Sends nothing yet.
    ///
    /// # Errors
    /// [`FaultKind::Tls`] when no trusted roots can be loaded.
    pub fn new(cloud: &Cloud, session: Arc<Session>, options: GraphOptions) -> Result<Self, Fault> {
        Self::open(cloud, Tokens::Session(session), options)
    }

    fn open(cloud: &Cloud, tokens: Tokens, options: GraphOptions) -> Result<Self, Fault> {
        let getter = Getter::new(cloud, &options).map_err(|_| fault(FaultKind::Tls, Vec::new()))?;
        let GraphOptions { limits, monitor, clock, .. } = options;
        let door = Door::new(Origin::new(cloud.graph()), getter, tokens, limits, monitor, clock, cloud.is_loopback());
        Ok(Self(Arc::new(door)))
    }

    /// Asks for one JSON value.
    pub async fn get<T: DeserializeOwned + Send>(&self, ask: &Ask) -> Result<Answer<T>, Fault> {
        persist(&self.0, ask, &self.address(ask)?, OneValue::new()).await
    }

    /// Asks for the first page of a listing.
    pub async fn list<T: DeserializeOwned + Send>(&self, ask: &Ask) -> Result<Answer<Page<T>>, Fault> {
        persist(&self.0, ask, &self.address(ask)?, OnePage::new()).await
    }

    /// Asks for the first entries of a list, whose further pages are of no interest: links are not even read, so that a
    /// damaged one does not spoil what is there.
    pub async fn sample<T: DeserializeOwned + Send>(&self, ask: &Ask) -> Result<Answer<Page<T>>, Fault> {
        persist(&self.0, ask, &self.address(ask)?, OnePage::without_links()).await
    }

    /// Asks for a further page, with the lane, purpose and headers of the question it belongs to.
    pub async fn next<T: DeserializeOwned + Send>(&self, ask: &Ask, link: &Link) -> Result<Answer<Page<T>>, Fault> {
        persist(&self.0, ask, link.url(), OnePage::new()).await
    }

    /// The same as [`Graph::get`], with the body as it arrived.
    pub async fn get_kept<T: DeserializeOwned + Send>(&self, ask: &Ask) -> Result<Answer<Kept<T>>, Fault> {
        persist(&self.0, ask, &self.address(ask)?, Keeping(OneValue::new())).await
    }

    /// The same as [`Graph::list`] and, with a link, [`Graph::next`], with the body as it arrived.
    pub async fn page_kept<T: DeserializeOwned + Send>(
        &self,
        ask: &Ask,
        link: Option<&Link>,
    ) -> Result<Answer<Kept<Page<T>>>, Fault> {
        let address = match link {
            Some(link) => link.url().clone(),
            None => self.address(ask)?,
        };
        persist(&self.0, ask, &address, Keeping(OnePage::new())).await
    }

    /// Asks for a file that the service may have lying elsewhere; see [`Downloaded`]. The sink is started over with each
    /// attempt, and has all bytes of exactly one when this returns a body.
    pub async fn download<S: Sink>(&self, ask: &Ask, sink: &mut S) -> Result<Answer<Downloaded>, Fault> {
        download::download(&self.0, ask, &self.address(ask)?, sink).await
    }

    /// Hands an answer's bytes to a sink as they arrive. Each attempt starts the sink over; when this returns
    /// an answer, the sink has all bytes of exactly one attempt.
    pub async fn stream<S: Sink>(&self, ask: &Ask, sink: &mut S) -> Result<Answer<Received>, Fault> {
        persist(&self.0, ask, &self.address(ask)?, Into(sink)).await
    }

    /// What the answers so far say about the two clocks; `None` before the first answer with a date.
    pub fn clock_offset(&self) -> Option<ClockOffset> {
        self.0.offset()
    }

    /// The wall clock that stamps the record.
    pub(crate) fn now(&self) -> UtcInstant {
        self.0.now()
    }

    fn address(&self, ask: &Ask) -> Result<url::Url, Fault> {
        self.0.origin.address(ask).ok_or_else(|| fault(FaultKind::Refused, Vec::new()))
    }
}
