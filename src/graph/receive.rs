//! What becomes of a good answer's body: a JSON value, a page, or bytes handed to a sink as they arrive.
//!
//! Every read has a deadline that starts anew with each byte (a large message may take its time, a dead
//! connection may not), and a body that ends early is broken, never short. It must not know retries.

use std::future::Future;
use std::marker::PhantomData;
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::HeaderMap;
use serde::de::DeserializeOwned;

use super::json;
use super::link::{LinkFault, Origin};
use super::page::{self, Page, PageFault};

/// Largest JSON answer read, in bytes.
const JSON_CAP: usize = 64 << 20;
/// Most of an error answer's body that is read, in bytes.
const ERROR_CAP: usize = 64 << 10;

/// Why there is no usable answer.
#[derive(Debug)]
pub(super) enum Broken {
    /// No byte for longer than allowed.
    Stalled,
    /// The connection ended, or the encoding was broken.
    Cut,
    /// Fewer or more bytes than announced.
    Short,
    /// No connection; whether this Graph ever answered.
    Unreachable {
        /// Whether any request was ever answered.
        ever_reached: bool,
    },
    /// No trust in the server.
    Tls,
    /// A body that is no JSON.
    NotJson,
    /// A web page where a message's bytes should be.
    WebPage,
    /// JSON of another shape.
    WrongShape,
    /// A success that is none: 202, 204, 206.
    OddStatus,
    /// More than is read into memory.
    TooBig,
    /// A link to elsewhere.
    ForeignLink,
    /// A link that cannot be right.
    DamagedLink,
    /// The question has no address.
    Unaskable,
    /// The sink failed.
    Sink(std::io::Error),
}

impl Broken {
    /// The word for it in the record.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Stalled => "stalled",
            Self::Cut => "connection_cut",
            Self::Short => "length_differs",
            Self::Unreachable { .. } => "unreachable",
            Self::Tls => "tls",
            Self::NotJson => "not_json",
            Self::WebPage => "web_page",
            Self::WrongShape => "unexpected_json",
            Self::OddStatus => "unexpected_status",
            Self::TooBig => "too_large",
            Self::ForeignLink => "foreign_link",
            Self::DamagedLink => "damaged_link",
            Self::Unaskable => "bad_request",
            Self::Sink(_) => "local_write",
        }
    }
}

/// A body on its way in.
pub(super) struct Body {
    response: reqwest::Response,
    stall: Duration,
    announced: Option<u64>,
    received: u64,
}

impl Body {
    pub(super) fn new(response: reqwest::Response, announced: Option<u64>, stall: Duration) -> Self {
        Self { response, stall, announced, received: 0 }
    }

    /// Bytes received so far.
    pub(super) const fn received(&self) -> u64 {
        self.received
    }

    /// The next bytes; `None` at the true end.
    async fn chunk(&mut self) -> Result<Option<Bytes>, Broken> {
        let read = tokio::time::timeout(self.stall, self.response.chunk()).await;
        match read.map_err(|_| Broken::Stalled)?.map_err(|_| Broken::Cut)? {
            Some(bytes) => {
                self.received += bytes.len() as u64;
                Ok(Some(bytes))
            }
            None if self.announced.is_some_and(|announced| announced != self.received) => Err(Broken::Short),
            None => Ok(None),
        }
    }

    /// Hands every byte to a sink, which forgets what an earlier attempt gave it.
    pub(super) async fn pour<S: Sink>(&mut self, sink: &mut S) -> Result<Received, Broken> {
        sink.begin().await.map_err(Broken::Sink)?;
        while let Some(bytes) = self.chunk().await? {
            sink.chunk(bytes).await.map_err(Broken::Sink)?;
        }
        Ok(Received { bytes: self.received, content_length: self.announced })
    }

    /// The whole body, if it is not larger than allowed.
    async fn whole(&mut self, cap: usize) -> Result<Bytes, Broken> {
        let Some(first) = self.chunk().await? else { return Ok(Bytes::new()) };
        let mut all = BytesMut::from(first);
        while let Some(bytes) = self.chunk().await? {
            if all.len() + bytes.len() > cap {
                return Err(Broken::TooBig);
            }
            all.extend_from_slice(&bytes);
        }
        Ok(all.freeze())
    }

    /// What can be read of an error's body.
    pub(super) async fn of_an_error(&mut self) -> Bytes {
        let mut all = BytesMut::new();
        while let Ok(Some(bytes)) = self.chunk().await {
            let room = ERROR_CAP.saturating_sub(all.len());
            all.extend_from_slice(&bytes[..bytes.len().min(room)]);
            if bytes.len() > room {
                break;
            }
        }
        all.freeze()
    }
}

/// Turns a good answer's body into a value.
pub(super) trait Receive: Send {
    /// What comes out.
    type Value: Send;
    /// Whether the bytes matter as they are, so that no compression is asked for.
    const AS_THEY_ARE: bool;

    /// Sees the head of an answer; a value ends the attempt with it, whatever the status, and the body is not read.
    fn head(&mut self, _status: u16, _head: &HeaderMap) -> Option<Self::Value> {
        None
    }

    /// Reads the body of one attempt, forgetting any earlier one.
    fn receive(&mut self, body: &mut Body, origin: &Origin)
    -> impl Future<Output = Result<Self::Value, Broken>> + Send;
}

/// One JSON value.
pub(super) struct OneValue<T>(PhantomData<fn() -> T>);

/// One page of a listing, with or without what it links to.
pub(super) struct OnePage<T> {
    links: bool,
    of: PhantomData<fn() -> T>,
}

/// What came, and the bytes it was read from.
#[derive(Debug, Clone)]
pub struct Kept<T> {
    /// The body as it arrived.
    pub bytes: Bytes,
    /// What it says.
    pub value: T,
}

/// Another way of reading, with the bytes kept.
pub(super) struct Keeping<R>(pub(super) R);

/// Bytes for a sink.
pub(super) struct Into<'a, S>(pub(super) &'a mut S);

impl<T> OneValue<T> {
    pub(super) const fn new() -> Self {
        Self(PhantomData)
    }
}

impl<T> OnePage<T> {
    pub(super) const fn new() -> Self {
        Self { links: true, of: PhantomData }
    }

    pub(super) const fn without_links() -> Self {
        Self { links: false, of: PhantomData }
    }
}

fn parsed<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Broken> {
    json::parse(bytes).map_err(|_| if json::is_json(bytes) { Broken::WrongShape } else { Broken::NotJson })
}

impl<T: DeserializeOwned + Send> Receive for OneValue<T> {
    type Value = T;
    const AS_THEY_ARE: bool = false;

    async fn receive(&mut self, body: &mut Body, origin: &Origin) -> Result<T, Broken> {
        self.read(&body.whole(JSON_CAP).await?, origin)
    }
}

/// Reading a body that is all here.
pub(super) trait Read {
    /// What comes out.
    type Value: Send;

    /// Reads it.
    fn read(&self, bytes: &[u8], origin: &Origin) -> Result<Self::Value, Broken>;
}

impl<T: DeserializeOwned + Send> Read for OneValue<T> {
    type Value = T;

    fn read(&self, bytes: &[u8], _: &Origin) -> Result<T, Broken> {
        parsed(bytes)
    }
}

impl<R: Read + Send + Sync> Receive for Keeping<R> {
    type Value = Kept<R::Value>;
    const AS_THEY_ARE: bool = false;

    async fn receive(&mut self, body: &mut Body, origin: &Origin) -> Result<Self::Value, Broken> {
        let bytes = body.whole(JSON_CAP).await?;
        let value = self.0.read(&bytes, origin)?;
        Ok(Kept { bytes, value })
    }
}

impl<T: DeserializeOwned + Send> Receive for OnePage<T> {
    type Value = Page<T>;
    const AS_THEY_ARE: bool = false;

    async fn receive(&mut self, body: &mut Body, origin: &Origin) -> Result<Page<T>, Broken> {
        self.read(&body.whole(JSON_CAP).await?, origin)
    }
}

impl<T: DeserializeOwned + Send> Read for OnePage<T> {
    type Value = Page<T>;

    fn read(&self, bytes: &[u8], origin: &Origin) -> Result<Page<T>, Broken> {
        page::read(bytes, origin, self.links).map_err(|fault| match fault {
            PageFault::Json if json::is_json(bytes) => Broken::WrongShape,
            PageFault::Json => Broken::NotJson,
            PageFault::Link(LinkFault::Foreign) => Broken::ForeignLink,
            PageFault::Link(LinkFault::Damaged) => Broken::DamagedLink,
        })
    }
}

/// Takes the bytes of a body. A retry starts it over.
pub trait Sink: Send {
    /// Called before each attempt's body: earlier bytes are void.
    fn begin(&mut self) -> impl Future<Output = std::io::Result<()>> + Send;
    /// Takes the next bytes.
    fn chunk(&mut self, bytes: Bytes) -> impl Future<Output = std::io::Result<()>> + Send;
}

/// What a sink was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// Bytes handed to the sink.
    pub bytes: u64,
    /// What the service announced, where it did; then it equals `bytes`.
    pub content_length: Option<u64>,
}

impl<S: Sink> Receive for Into<'_, S> {
    type Value = Received;
    const AS_THEY_ARE: bool = true;

    async fn receive(&mut self, body: &mut Body, _: &Origin) -> Result<Received, Broken> {
        body.pour(self.0).await
    }
}
