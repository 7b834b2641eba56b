//! Files that Graph has lying elsewhere: it answers with a link that is a secret for some minutes.
//!
//! The link is followed once, without token and cookies, to hosts that are known to serve such files; its query is
//! written nowhere. Source: Microsoft, "Working with Microsoft 365 usage reports in Microsoft Graph". It must not know
//! what is in the file.

use http::HeaderMap;
use http::header::{ACCEPT_ENCODING, CONTENT_TYPE, ETAG, HeaderName, HeaderValue, LOCATION};
use url::{Host, Url};

use super::Answer;
use super::ask::Ask;
use super::door::Door;
use super::fault::{Fault, FaultKind};
use super::judge::{Trouble, judge};
use super::link::Origin;
use super::receive::{Body, Broken, Receive, Received, Sink};
use super::retry::{fault, persist};
use super::said::Said;
use super::send::{begun, is_web_page, note, unsent};
use crate::monitor::{Event, Wait};
use crate::terms::{Exchange, Purpose};

/// Hosts that serve such files end in one of these.
const SUFFIXES: [&str; 1] = [".office.com"];
/// How often one link is tried; it lives for minutes.
const TRIES: u32 = 3;

/// What came of asking for a file.
#[derive(Debug, Clone)]
pub struct Downloaded {
    /// The bytes, or that they are the known ones.
    pub got: Got,
    /// The host that served them, where it was not Graph.
    pub host: Option<String>,
    /// The entity tag, for the next time.
    pub etag: Option<String>,
    /// The media type.
    pub content_type: Option<String>,
}

/// Whether there were bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Got {
    /// They are in the sink.
    Body(Received),
    /// They are the ones with the entity tag that was given.
    NotModified,
}

/// The first answer.
enum First {
    Here(Downloaded),
    Elsewhere(String),
}

/// The way from an answer's head and body to a [`First`].
struct Way<'a, S> {
    sink: &'a mut S,
    etag: Option<String>,
    content_type: Option<String>,
}

impl<S: Sink> Receive for Way<'_, S> {
    type Value = First;
    const AS_THEY_ARE: bool = true;

    fn head(&mut self, status: u16, head: &HeaderMap) -> Option<First> {
        (self.etag, self.content_type) = (text(head, &ETAG), text(head, &CONTENT_TYPE));
        let known = || Downloaded { got: Got::NotModified, host: None, etag: self.etag.clone(), content_type: None };
        match status {
            304 => Some(First::Here(known())),
            301 | 302 | 303 | 307 | 308 => text(head, &LOCATION).map(First::Elsewhere),
            _ => None,
        }
    }

    async fn receive(&mut self, body: &mut Body, _: &Origin) -> Result<First, Broken> {
        let got = Got::Body(body.pour(self.sink).await?);
        Ok(First::Here(Downloaded { got, host: None, etag: self.etag.take(), content_type: self.content_type.take() }))
    }
}

/// What a header says, if it is short text.
fn text(head: &HeaderMap, name: &HeaderName) -> Option<String> {
    head.get(name).and_then(|value| value.to_str().ok()).filter(|text| text.len() <= 8192).map(str::to_owned)
}

/// Asks, and follows the link; a link that is over is asked for anew, once.
pub(super) async fn download<S: Sink>(
    door: &Door,
    ask: &Ask,
    url: &Url,
    sink: &mut S,
) -> Result<Answer<Downloaded>, Fault> {
    let mut trail: Vec<Exchange> = Vec::new();
    for round in 0..2 {
        let way = Way { sink: &mut *sink, etag: None, content_type: None };
        let first = match persist(door, ask, url, way).await {
            Ok(answer) => {
                trail.extend(answer.trail);
                answer.value
            }
            Err(mut failed) => {
                trail.append(&mut failed.trail);
                return Err(Fault { trail, ..failed });
            }
        };
        let location = match first {
            First::Here(value) => return Ok(Answer { value, trail }),
            First::Elsewhere(location) => location,
        };
        let Some(target) = url.join(location.trim()).ok().filter(|target| is_known(door, target)) else {
            return Err(fault(FaultKind::Foreign, trail));
        };
        match follow(door, &target, sink, &mut trail).await {
            Ok(value) => return Ok(Answer { value, trail }),
            Err((kind, over)) if round > 0 || !over => return Err(fault(kind, trail)),
            Err(_) => {}
        }
    }
    Err(fault(FaultKind::Unavailable, trail))
}

/// Whether files may be fetched from there.
fn is_known(door: &Door, url: &Url) -> bool {
    let bare = url.username().is_empty() && url.password().is_none();
    let host = match url.host() {
        Some(Host::Domain(name)) => name.to_ascii_lowercase(),
        // A Graph on this machine has its files on this machine.
        Some(Host::Ipv4(ip)) => return bare && door.is_local && ip.is_loopback() && url.scheme() == "http",
        Some(Host::Ipv6(_)) | None => return false,
    };
    bare && url.scheme() == "https"
        && url.port_or_known_default() == Some(443)
        && SUFFIXES.iter().any(|suffix| host.ends_with(suffix))
}

/// Fetches what a link leads to; with a failure, whether the link is merely over.
async fn follow<S: Sink>(
    door: &Door,
    url: &Url,
    sink: &mut S,
    trail: &mut Vec<Exchange>,
) -> Result<Downloaded, (FaultKind, bool)> {
    let mut tried = 0;
    loop {
        tried += 1;
        // The query is the secret.
        let path = if url.query().is_some() { format!("{}?…", url.path()) } else { url.path().to_owned() };
        let mut exchange = begun(Purpose::Other, path, tried, door.now());
        let outcome = once(door, url, sink, &mut exchange).await;
        exchange.done_at = door.now();
        exchange.error = match &outcome {
            Ok(_) => None,
            Err(Trouble::Said(said)) => said.code.clone(),
            Err(Trouble::Broken(broken)) => Some(broken.word().to_owned()),
        };
        let status = exchange.status;
        tracing::debug!(
            host = url.host_str(),
            status,
            bytes = exchange.bytes,
            error = exchange.error,
            "fetched a file"
        );
        trail.push(exchange);
        let trouble = match outcome {
            Ok(value) => return Ok(value),
            Err(trouble) => trouble,
        };
        // A link that leads on is never followed; one that is refused may only be over.
        let over = status.is_some_and(|status| (400..500).contains(&status));
        // With 200, it is the body that broke.
        let again = status.is_none_or(|status| status == 200 || status >= 500);
        let lost = matches!(trouble, Trouble::Broken(Broken::WebPage | Broken::Sink(_) | Broken::Tls));
        if lost || !again || tried >= TRIES {
            let kind = match judge(trouble, Purpose::Other).0 {
                // Nobody signs in there.
                FaultKind::Denied => FaultKind::Refused,
                kind => kind,
            };
            return Err((kind, over));
        }
        let delay = door.limits.first_pause * tried;
        door.monitor.tell(&Event::Waiting { reason: Wait::Retrying, delay });
        tokio::time::sleep(delay).await;
    }
}

async fn once<S: Sink>(door: &Door, url: &Url, sink: &mut S, exchange: &mut Exchange) -> Result<Downloaded, Trouble> {
    let mut headers = HeaderMap::new();
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    let sending = door.getter.get(url.clone(), headers);
    let response = match tokio::time::timeout(door.limits.stall, sending).await {
        Ok(sent) => sent.map_err(|error| Trouble::Broken(unsent(&error, true)))?,
        Err(_) => return Err(Trouble::Broken(Broken::Stalled)),
    };
    let status = response.status().as_u16();
    note(exchange, status, response.headers(), door.now());
    let head = response.headers().clone();
    let mut body = Body::new(response, exchange.content_length, door.limits.stall);
    let outcome = match status {
        200 if is_web_page(&head) => Err(Trouble::Broken(Broken::WebPage)),
        200 => body.pour(sink).await.map_err(Trouble::Broken),
        201..=299 => Err(Trouble::Broken(Broken::OddStatus)),
        _ => {
            let text = body.of_an_error().await;
            Err(Trouble::Said(Said::new(status, &head, &text, exchange.retry_after)))
        }
    };
    exchange.bytes = body.received();
    let received = outcome?;
    Ok(Downloaded {
        got: Got::Body(received),
        host: url.host_str().map(str::to_owned),
        etag: text(&head, &ETAG),
        content_type: text(&head, &CONTENT_TYPE),
    })
}
