//! One attempt of one GET. The only place that puts a request for Graph on the wire, and it can only read:
//! [`Getter`] hides the HTTP client and offers nothing but GET.
//!
//! It must not wait, retry or decide what a failure means.

use std::time::Duration;

use http::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, DATE, IF_NONE_MATCH, RETRY_AFTER,
};
use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::redirect::Policy;
use url::Url;
use uuid::Uuid;

use super::GraphOptions;
use super::ask::Ask;
use super::door::Door;
use super::judge::Trouble;
use super::receive::{Body, Broken, Receive};
use super::retry_after;
use super::said::Said;
use super::tokens::Token;
use crate::cloud::Cloud;
use crate::terms::{Exchange, Method, Purpose, UtcInstant};

const CLIENT_REQUEST_ID: HeaderName = HeaderName::from_static("client-request-id");
const CONSISTENCY_LEVEL: HeaderName = HeaderName::from_static("consistencylevel");
const PREFER: HeaderName = HeaderName::from_static("prefer");
const REQUEST_ID: HeaderName = HeaderName::from_static("request-id");

/// An HTTP client that can only GET, follows no redirects and keeps no cookies.
pub(super) struct Getter(reqwest::Client);

impl Getter {
    pub(super) fn new(cloud: &Cloud, options: &GraphOptions) -> Result<Self, reqwest::Error> {
        let roots = match &options.ca {
            Some(pem) => reqwest::Certificate::from_pem_bundle(pem)?,
            None => Vec::new(),
        };
        let builder = || {
            let builder = reqwest::Client::builder()
                .user_agent(&options.user_agent)
                // A redirect would carry the token to wherever it points.
                .redirect(Policy::none())
                .referer(false)
                // Measured: over one connection that all share, HTTP/2 takes twice as long and more of the processor.
                .http1_only()
                .connect_timeout(options.limits.stall.min(Duration::from_secs(30)))
                .pool_max_idle_per_host(options.limits.connections);
            if cloud.is_loopback() { builder.no_proxy() } else { builder }
        };
        if cloud.graph().scheme() == "http" {
            // Plain http to this machine must work where no root certificates are installed.
            return builder().tls_certs_only([]).build().map(Self);
        }
        match builder().tls_certs_merge(roots.clone()).build() {
            Err(_) if !roots.is_empty() => builder().tls_certs_only(roots).build().map(Self),
            built => built.map(Self),
        }
    }

    pub(super) async fn get(&self, url: Url, headers: HeaderMap) -> Result<reqwest::Response, reqwest::Error> {
        self.0.get(url).headers(headers).send().await
    }
}

/// Sends once. Whatever happens, there is an [`Exchange`] to record.
pub(super) async fn attempt<R: Receive>(
    door: &Door,
    ask: &Ask,
    url: &Url,
    token: &Token,
    number: u32,
    receive: &mut R,
) -> (Exchange, Result<R::Value, Trouble>) {
    let sent_at = door.now();
    let path = url[url::Position::BeforePath..].to_owned();
    let mut exchange = begun(ask.purpose(), path, number, sent_at);
    let outcome = once::<R>(door, ask, url, token, receive, &mut exchange).await;
    exchange.done_at = door.now();
    exchange.error = match &outcome {
        Ok(_) => None,
        Err(Trouble::Said(said)) => said.code.clone(),
        Err(Trouble::Broken(broken)) => Some(broken.word().to_owned()),
    };
    tracing::debug!(
        purpose = exchange.purpose.as_str(),
        status = exchange.status,
        attempt = number,
        bytes = exchange.bytes,
        error = exchange.error,
        "asked Graph"
    );
    (exchange, outcome)
}

/// The record of an attempt that leaves now.
pub(super) fn begun(purpose: Purpose, url: String, attempt: u32, sent_at: UtcInstant) -> Exchange {
    Exchange {
        purpose,
        method: Method::Get,
        url,
        status: None,
        attempt,
        client_request_id: Uuid::new_v4(),
        request_id: None,
        server_date: None,
        sent_at,
        headers_at: None,
        done_at: sent_at,
        content_length: None,
        bytes: 0,
        retry_after: None,
        error: None,
    }
}

async fn once<R: Receive>(
    door: &Door,
    ask: &Ask,
    url: &Url,
    token: &Token,
    receive: &mut R,
    exchange: &mut Exchange,
) -> Result<R::Value, Trouble> {
    let headers = headers(ask, token, exchange.client_request_id, R::AS_THEY_ARE);
    let stall = door.limits.stall;
    let sending = door.getter.get(url.clone(), headers);
    let response = match tokio::time::timeout(stall, sending).await {
        Ok(sent) => sent.map_err(|error| Trouble::Broken(unsent(&error, door.reach.was_reached())))?,
        Err(_) => return Err(Trouble::Broken(Broken::Stalled)),
    };
    let status = response.status().as_u16();
    note(exchange, status, response.headers(), door.now());
    door.saw(exchange);
    let head = response.headers().clone();
    if let Some(value) = receive.head(status, &head) {
        return Ok(value);
    }
    let mut body = Body::new(response, exchange.content_length, stall);
    let outcome = match status {
        // Mail comes as text/plain or message/rfc822; a page comes from whoever stands in between.
        200 if R::AS_THEY_ARE && is_web_page(&head) => Err(Trouble::Broken(Broken::WebPage)),
        200 => receive.receive(&mut body, &door.origin).await.map_err(Trouble::Broken),
        201..=299 => Err(Trouble::Broken(Broken::OddStatus)),
        _ => {
            let text = body.of_an_error().await;
            Err(Trouble::Said(Said::new(status, &head, &text, exchange.retry_after)))
        }
    };
    exchange.bytes = body.received();
    outcome
}

pub(super) fn is_web_page(head: &HeaderMap) -> bool {
    let kind = head.get(CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    let kind = kind.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("text/html") || kind.eq_ignore_ascii_case("application/xhtml+xml")
}

fn headers(ask: &Ask, token: &Token, id: Uuid, as_they_are: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(AUTHORIZATION, token.header());
    if let Ok(id) = HeaderValue::from_str(&id.to_string()) {
        headers.insert(CLIENT_REQUEST_ID, id);
    }
    if let Some(prefer) = ask.prefer().and_then(|prefer| HeaderValue::from_str(&prefer).ok()) {
        headers.insert(PREFER, prefer);
    }
    if let Some(etag) = ask.unless_etag().and_then(|etag| HeaderValue::from_str(etag).ok()) {
        headers.insert(IF_NONE_MATCH, etag);
    }
    if ask.is_eventual() {
        headers.insert(CONSISTENCY_LEVEL, HeaderValue::from_static("eventual"));
    }
    if as_they_are {
        // Bytes that are evidence come as they are, so that their announced length can be checked.
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    } else {
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
    }
    headers
}

/// Keeps what the answer's head says.
pub(super) fn note(exchange: &mut Exchange, status: u16, head: &HeaderMap, now: UtcInstant) {
    let text = |name: &HeaderName| head.get(name).and_then(|value| value.to_str().ok());
    exchange.status = Some(status);
    exchange.headers_at = Some(now);
    exchange.request_id = text(&REQUEST_ID).map(|id| id.chars().take(100).collect());
    exchange.server_date = text(&DATE).map(|date| date.chars().take(100).collect());
    exchange.content_length = text(&CONTENT_LENGTH).and_then(|length| length.parse().ok());
    let served = exchange.server_date.as_deref().and_then(retry_after::date).unwrap_or(now);
    exchange.retry_after = text(&RETRY_AFTER).and_then(|wait| retry_after::parse(wait, served));
}

/// Why a request got no answer.
pub(super) fn unsent(error: &reqwest::Error, ever_reached: bool) -> Broken {
    if error.is_connect() {
        if is_distrust(error) { Broken::Tls } else { Broken::Unreachable { ever_reached } }
    } else if error.is_builder() {
        Broken::Unaskable
    } else if error.is_timeout() {
        Broken::Stalled
    } else {
        Broken::Cut
    }
}

/// Whether the TLS layer refused the other side: it reports that as invalid data, unlike a lost connection.
fn is_distrust(error: &reqwest::Error) -> bool {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        let io = error.downcast_ref::<std::io::Error>();
        if io.is_some_and(|io| io.kind() == std::io::ErrorKind::InvalidData) {
            return true;
        }
        // An I/O error that wraps another one does not name it as its source.
        let wrapped = io.and_then(std::io::Error::get_ref).map(|inner| inner as &(dyn std::error::Error + 'static));
        next = wrapped.or_else(|| error.source());
    }
    false
}
