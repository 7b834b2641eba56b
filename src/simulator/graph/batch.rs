//! `POST /$batch`: up to twenty requests in one; each is answered by itself.

use std::collections::{HashMap, HashSet};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::Request;
use super::refusal::Refusal;
use crate::simulator::reply::{Payload, Reply};

const MOST: usize = 20;

#[derive(Deserialize)]
struct Batch {
    requests: Vec<Part>,
}

#[derive(Deserialize)]
struct Part {
    id: String,
    method: String,
    url: String,
    #[serde(default)]
    headers: HashMap<String, String>,
    #[serde(default, rename = "dependsOn")]
    depends_on: Vec<String>,
}

/// Answers a batch; `respond` answers one part, and gets its number.
pub(super) fn answer(request: &Request, respond: impl Fn(&Request, u64) -> Reply) -> Result<Reply, Refusal> {
    if request.method != "POST" {
        return Err(Refusal::not_supported());
    }
    let invalid = |text: &'static str| Refusal::bad_request("BadRequest", text);
    let batch: Batch = serde_json::from_slice(&request.body).map_err(|_| invalid("Invalid batch payload format."))?;
    if batch.requests.is_empty() || batch.requests.len() > MOST {
        return Err(invalid("The number of batch request steps must be between 1 and 20."));
    }
    let mut seen = HashSet::new();
    if !batch.requests.iter().all(|part| seen.insert(part.id.as_str())) {
        return Err(invalid("Request id cannot be used more than once."));
    }
    let mut statuses: HashMap<&str, u16> = HashMap::new();
    let mut responses = Vec::new();
    for (part, number) in batch.requests.iter().zip(0..) {
        let path = part.url.split('?').next().unwrap_or_default();
        if path.to_ascii_lowercase().contains("$batch") {
            return Err(invalid("Batch requests cannot be nested."));
        }
        let failed = |id: &String| statuses.get(id.as_str()).is_none_or(|status| *status >= 400);
        let reply = if part.depends_on.iter().any(failed) {
            let error = json!({ "error": { "code": "FailedDependency", "message": "A request this one depends on has failed." } });
            Reply::graph(StatusCode::FAILED_DEPENDENCY, error)
        } else {
            respond(&inner(request, part), number)
        };
        statuses.insert(&part.id, reply.status.as_u16());
        responses.push(written(&part.id, reply));
    }
    Ok(Reply::graph(StatusCode::OK, json!({ "responses": responses })))
}

fn inner(outer: &Request, part: &Part) -> Request {
    let (path, query) = part.url.split_once('?').unwrap_or((&part.url, ""));
    let mut headers = HeaderMap::new();
    for name in ["request-id", "client-request-id"] {
        if let (Some(value), Ok(name)) = (outer.headers.get(name), HeaderName::try_from(name)) {
            headers.insert(name, value.clone());
        }
    }
    for (name, value) in &part.headers {
        if let (Ok(name), Ok(value)) = (HeaderName::try_from(name.as_str()), HeaderValue::try_from(value.as_str())) {
            headers.insert(name, value);
        }
    }
    Request {
        method: part.method.to_ascii_uppercase(),
        path: path.to_owned(),
        query: query.to_owned(),
        headers,
        body: Bytes::new(),
    }
}

fn written(id: &str, reply: Reply) -> Value {
    let mut headers = Map::new();
    for (name, value) in &reply.headers {
        if let Ok(value) = value.to_str() {
            headers.insert(title(name.as_str()), json!(value));
        }
    }
    let body = match reply.payload {
        // Parts are never streams.
        Payload::Empty | Payload::Stream(_) => Value::Null,
        Payload::Json(document) => document,
        Payload::Bytes(bytes) => json!(STANDARD.encode(bytes)),
    };
    json!({ "id": id, "status": reply.status.as_u16(), "headers": headers, "body": body })
}

/// Header names as the service writes them inside a batch.
fn title(name: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
    };
    name.split('-').map(word).collect::<Vec<_>>().join("-")
}
