//! Turns a fault into an answer: either instead of the real one, or by spoiling it.

use std::io;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{FutureExt, StreamExt, stream};
use http::header::{CONTENT_LENGTH, LOCATION, RETRY_AFTER};
use http::{HeaderName, StatusCode};
use serde_json::json;

use super::{Effect, RetryAfter, Strike, documents, pages};
use crate::simulator::graph::Refusal;
use crate::simulator::reply::{Payload, Reply};
use crate::terms::UtcInstant;

impl Strike {
    /// What is answered without looking at the request; `None` where the real answer is spoilt.
    pub(in crate::simulator) fn instead(&self, now: UtcInstant, envelope: &dyn Fn(Refusal) -> Reply) -> Option<Reply> {
        let status = |code: u16| StatusCode::from_u16(code).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Some(match self.effect {
            Effect::Status(code, name, text) => envelope(Refusal::new(status(code), name, text)),
            Effect::Bare(code) => Reply::empty(status(code)),
            Effect::Inner(code, name) => {
                let inner =
                    json!({ "code": name, "date": now.odata(), "request-id": uuid::Uuid::new_v4().to_string() });
                Reply::graph(status(code), json!({ "error": { "code": "", "message": "", "innererror": inner } }))
            }
            Effect::Wait(code, name, text) => {
                let refused = envelope(Refusal::new(status(code), name, text));
                match self.retry_after {
                    RetryAfter::Seconds(seconds) => refused.header(RETRY_AFTER, &seconds.to_string()),
                    RetryAfter::Date => refused.header(RETRY_AFTER, &http_date(now, 1000)),
                    RetryAfter::Float => refused.header(RETRY_AFTER, "0.5"),
                    RetryAfter::None => refused,
                }
            }
            Effect::Html(code) => Reply::html(status(code), PAGE.to_owned()),
            Effect::Redirect => Reply::redirect(&self.elsewhere()),
            Effect::Vanish => envelope(Refusal::item_not_found()),
            Effect::Reset => Reply::empty(StatusCode::OK).payload(broken(Vec::new())),
            _ => return None,
        })
    }

    /// Where a redirect leads.
    fn elsewhere(&self) -> String {
        match self.port {
            Some(port) => format!("http://127.0.0.1:{port}/elsewhere"),
            // The name cannot exist: RFC 6761.
            None => "https://login.elsewhere.invalid/".to_owned(),
        }
    }

    /// What the sign-in endpoints answer: something else, or what they would have, later.
    pub(in crate::simulator) async fn beside(&self, answer: impl FnOnce() -> Reply) -> Reply {
        match self.effect {
            Effect::Html(code) => Reply::html(StatusCode::from_u16(code).unwrap_or(StatusCode::OK), PAGE.to_owned()),
            // 307 keeps method and body: whoever follows it hands over what was sent.
            Effect::Redirect => Reply { status: StatusCode::TEMPORARY_REDIRECT, ..Reply::redirect(&self.elsewhere()) },
            Effect::Hang => {
                tokio::time::sleep(Duration::from_secs(self.seconds)).await;
                Reply::empty(StatusCode::OK).payload(broken(Vec::new()))
            }
            Effect::ErrorAsSuccess => {
                let text = "AADSTS50173: The provided grant has expired due to it being revoked.";
                Reply::json(StatusCode::OK, json!({ "error": "invalid_grant", "error_description": text }))
            }
            _ => answer(),
        }
    }

    /// Spoils a good answer. `address` is the request's own, for links.
    pub(in crate::simulator) fn spoil(&self, mut reply: Reply, address: &str) -> Reply {
        if let Effect::Location(host) = self.effect {
            return elsewhere(reply, host);
        }
        if !reply.status.is_success() {
            return reply;
        }
        match self.effect {
            Effect::Cut => {
                let pieces = half(&mut reply);
                reply.payload(broken(pieces))
            }
            Effect::Short => {
                let pieces = half(&mut reply).into_iter().map(Ok);
                reply.payload(Payload::Stream(Box::pin(stream::iter(pieces))))
            }
            Effect::Promise => {
                let pieces = half(&mut reply);
                let length: usize = pieces.iter().map(Bytes::len).sum();
                reply.header(CONTENT_LENGTH, &(length * 2 + 1).to_string()).payload(broken(pieces))
            }
            Effect::Stall => {
                let all = gather(&mut reply);
                let (first, rest) = (all.slice(..all.len() / 2), all.slice(all.len() / 2..));
                let pause = Duration::from_secs(self.seconds);
                let late = stream::once(async move {
                    tokio::time::sleep(pause).await;
                    Ok(rest)
                });
                reply.payload(Payload::Stream(Box::pin(stream::once(async move { Ok(first) }).chain(late))))
            }
            Effect::Subject(odd) => {
                let all = gather(&mut reply);
                let subject = "\"subject\":\"";
                let spoilt = String::from_utf8_lossy(&all).replacen(subject, &format!("{subject}{odd}"), 1);
                reply.payload(Payload::Bytes(spoilt.into()))
            }
            Effect::Units => {
                let units = [("x-ms-resource-unit", "2"), ("ratelimit-limit", "1000"), ("ratelimit-remaining", "3")];
                let named = |reply: Reply, (name, value)| reply.header(HeaderName::from_static(name), value);
                units.into_iter().chain([("ratelimit-reset", "1")]).fold(reply, named)
            }
            Effect::Wrap => {
                if let Some(document) = reply.document() {
                    *document = json!({ "value": document.take() });
                }
                reply
            }
            Effect::BadItem if reply.document().is_some_and(|page| pages::holds_a_chosen_entry(page, self)) => {
                let text = "Error while processing response.";
                let error = json!({ "code": "ErrorInternalServerError", "message": text });
                Reply::graph(StatusCode::INTERNAL_SERVER_ERROR, json!({ "error": error }))
            }
            _ => {
                if let Some(document) = reply.document() {
                    documents::spoil(self.effect, document);
                    if let Some(page) = document.as_object_mut() {
                        pages::spoil(self, page, address);
                    }
                }
                reply
            }
        }
    }
}

/// The same redirect to another host.
fn elsewhere(mut reply: Reply, host: &str) -> Reply {
    for (_, value) in reply.headers.iter_mut().filter(|(name, _)| *name == LOCATION) {
        let path = value.to_str().ok().and_then(|at| at.splitn(4, '/').nth(3)).unwrap_or_default().to_owned();
        if let Ok(other) = format!("{host}/{path}").parse() {
            *value = other;
        }
    }
    reply
}

/// A gateway's page.
const PAGE: &str = "<!DOCTYPE html>\r\n<html><head><title>Service</title></head>\
                    <body><h1>Our services aren't available right now</h1></body></html>\r\n";

/// An HTTP date some milliseconds ahead.
fn http_date(now: UtcInstant, ahead_millis: i64) -> String {
    let at = UtcInstant::from_millis(now.millis().saturating_add(ahead_millis)).unwrap_or(now);
    at.timestamp().to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}

/// All bytes of an answer; streams here are always ready.
fn gather(reply: &mut Reply) -> Bytes {
    match std::mem::replace(&mut reply.payload, Payload::Empty) {
        Payload::Empty => Bytes::new(),
        Payload::Json(document) => Bytes::from(document.to_string()),
        Payload::Bytes(bytes) => bytes,
        Payload::Stream(stream) => {
            let pieces: Vec<io::Result<Bytes>> = stream.collect().now_or_never().unwrap_or_default();
            let mut all = Vec::new();
            pieces.into_iter().flatten().for_each(|piece| all.extend_from_slice(&piece));
            Bytes::from(all)
        }
    }
}

fn half(reply: &mut Reply) -> Vec<Bytes> {
    let all = gather(reply);
    vec![all.slice(..all.len() / 2)]
}

fn broken(pieces: Vec<Bytes>) -> Payload {
    let failure = stream::once(async {
        // The pieces before must be on the wire when the connection breaks.
        tokio::time::sleep(Duration::from_millis(5)).await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Payload::Stream(Box::pin(stream::iter(pieces.into_iter().map(Ok)).chain(failure)))
}

/// The header of a claims challenge.
pub(in crate::simulator) fn claims_challenge(origin: &str) -> (HeaderName, String) {
    use base64::Engine;
    let claims = r#"{"access_token":{"nbf":{"essential":true,"value":"1700000000"}}}"#;
    let claims = base64::engine::general_purpose::STANDARD.encode(claims);
    let text = format!(
        "Bearer realm=\"\", authorization_uri=\"{origin}/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\"{claims}\""
    );
    (http::header::WWW_AUTHENTICATE, text)
}
