//! An answer before it is bytes on the wire: status, headers, and a payload that may be a stream.
//!
//! It must not know what is being asked; routes build replies, the server sends them.

use std::io;
use std::pin::Pin;

use axum::body::Body;
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt, stream};
use http::header::{CONTENT_TYPE, LOCATION};
use http::{HeaderName, HeaderValue, StatusCode};
use serde_json::Value;

/// How Graph labels its JSON.
pub(super) const GRAPH_JSON: &str =
    "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const PLAIN_JSON: &str = "application/json; charset=utf-8";
const HTML: &str = "text/html; charset=utf-8";

/// Bytes that arrive in pieces; an error breaks the connection, as a failing server would.
pub(super) type ByteStream = Pin<Box<dyn Stream<Item = io::Result<Bytes>> + Send>>;

/// What an answer carries.
pub(super) enum Payload {
    /// Nothing at all.
    Empty,
    /// A JSON document.
    Json(Value),
    /// Bytes of known length.
    Bytes(Bytes),
    /// Bytes of unknown length, sent chunked.
    Stream(ByteStream),
}

/// One answer.
pub(super) struct Reply {
    /// Its status.
    pub(super) status: StatusCode,
    /// Its headers, without those that the server adds to every answer.
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    /// Its body.
    pub(super) payload: Payload,
}

impl Reply {
    /// An answer without a body.
    pub(super) fn empty(status: StatusCode) -> Self {
        Self { status, headers: Vec::new(), payload: Payload::Empty }
    }

    /// Graph's JSON.
    pub(super) fn graph(status: StatusCode, document: Value) -> Self {
        Self::empty(status).payload(Payload::Json(document)).header(CONTENT_TYPE, GRAPH_JSON)
    }

    /// JSON of the identity platform and of the control endpoints.
    pub(super) fn json(status: StatusCode, document: Value) -> Self {
        Self::empty(status).payload(Payload::Json(document)).header(CONTENT_TYPE, PLAIN_JSON)
    }

    /// A page for a person.
    pub(super) fn html(status: StatusCode, page: String) -> Self {
        Self::empty(status).payload(Payload::Bytes(page.into())).header(CONTENT_TYPE, HTML)
    }

    /// Plain text, such as a count.
    pub(super) fn text(status: StatusCode, text: String) -> Self {
        Self::empty(status).payload(Payload::Bytes(text.into())).header(CONTENT_TYPE, "text/plain")
    }

    /// Sends a browser elsewhere.
    pub(super) fn redirect(location: &str) -> Self {
        Self::empty(StatusCode::FOUND).header(LOCATION, location)
    }

    /// Adds a header; a value that cannot be one is left out.
    pub(super) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// Replaces the body.
    pub(super) fn payload(mut self, payload: Payload) -> Self {
        self.payload = payload;
        self
    }

    /// The JSON document, where the body is one.
    pub(super) fn document(&mut self) -> Option<&mut Value> {
        match &mut self.payload {
            Payload::Json(document) => Some(document),
            Payload::Empty | Payload::Bytes(_) | Payload::Stream(_) => None,
        }
    }

    /// One member of a JSON document.
    pub(super) fn json_field(&self, name: &str) -> Option<&Value> {
        match &self.payload {
            Payload::Json(document) => document.get(name),
            Payload::Empty | Payload::Bytes(_) | Payload::Stream(_) => None,
        }
    }

    /// The header's text, where it is there.
    #[cfg(test)]
    pub(super) fn header_text(&self, name: &HeaderName) -> Option<&str> {
        self.headers.iter().find(|(have, _)| have == name).and_then(|(_, value)| value.to_str().ok())
    }

    /// The answer for the wire. `hold` is kept alive until the last byte of a stream has been handed over.
    pub(super) fn into_response<H: Send + 'static>(self, hold: H) -> Response {
        let body = match self.payload {
            Payload::Empty => Body::empty(),
            Payload::Json(document) => Body::from(document.to_string()),
            Payload::Bytes(bytes) => Body::from(bytes),
            Payload::Stream(inner) => {
                let held = stream::unfold((inner, hold), |(mut inner, hold)| async move {
                    inner.next().await.map(|piece| (piece, (inner, hold)))
                });
                Body::from_stream(held)
            }
        };
        let mut response = Response::new(body);
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}
