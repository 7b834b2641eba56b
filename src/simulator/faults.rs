//! Faults by name: one table from a name to what happens instead of, or to, an answer.
//!
//! A spec is `name[:key=value[,key=value]]` several times, separated by `;` or spaces. `rate` is a share of
//! resources, chosen by the seed; `times` is how often each of them fails before it works (2 unless said);
//! `forever` never works. `above` is a page size, `every` counts requests. The same seed gives the same faults.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header::RETRY_AFTER;
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};

use super::chance::{hash, selects};
use super::graph::{self, Request};
use super::reply::{Payload, Reply};
use super::world::World;

/// What each name does. The list is the whole catalogue.
pub const KNOWN: [(&str, &str); 12] = [
    ("throttle", "429 with Retry-After 1 on every n-th request (every=50)"),
    ("value-503", "503 with an empty body for $value"),
    ("value-500", "500 ErrorMimeContentConversionFailed for $value"),
    ("value-gone", "404 ErrorItemNotFound for a listed message"),
    ("empty-404", "404 with an empty body for a message that exists"),
    ("cut-body", "a $value that ends in the middle"),
    ("html", "a web page with status 200 instead of JSON"),
    ("list-504", "504 for pages of more than n messages (above=100)"),
    ("list-500", "500 for a page of a sorted list of messages"),
    ("foreign-link", "a link to the next page on another host"),
    ("empty-page", "an empty page with a link before the real one"),
    ("token-expire", "401 on every n-th request (every=100)"),
];

/// A spec that cannot be read.
#[derive(Debug, thiserror::Error, miette::Diagnostic)]
pub enum FaultSpecError {
    /// No fault has this name.
    #[error("there is no fault named \"{0}\"")]
    #[diagnostic(
        code(affiant::simulator::fault),
        help(
            "the faults are throttle, value-503, value-500, value-gone, empty-404, cut-body, html, list-504, list-500, foreign-link, empty-page, token-expire"
        )
    )]
    Unknown(String),
    /// A setting of a fault cannot be read.
    #[error("the fault {name} cannot be set to \"{setting}\"")]
    #[diagnostic(
        code(affiant::simulator::fault_setting),
        help("settings are rate=0.02, times=2, forever, above=100 and every=50")
    )]
    Setting {
        /// The fault.
        name: String,
        /// What was written.
        setting: String,
    },
}

struct Fault {
    name: &'static str,
    rate: f64,
    times: u64,
    above: u64,
    every: u64,
    asked: AtomicU64,
    seen: Mutex<HashMap<u64, u64>>,
}

/// The faults of a run.
#[derive(Default)]
pub(super) struct Faults {
    faults: Vec<Fault>,
    seed: u64,
}

impl Faults {
    pub(super) fn parse(spec: &str, seed: u64) -> Result<Self, FaultSpecError> {
        let one = |text: &str| -> Result<Fault, FaultSpecError> {
            let (name, settings) = text.split_once(':').unwrap_or((text, ""));
            let known = KNOWN.iter().find(|(known, _)| *known == name);
            let (name, _) = known.ok_or_else(|| FaultSpecError::Unknown(name.to_owned()))?;
            let mut fault = Fault {
                name,
                rate: 1.0,
                times: 2,
                above: 100,
                every: 50,
                asked: AtomicU64::new(0),
                seen: Mutex::default(),
            };
            for setting in settings.split(',').filter(|setting| !setting.is_empty()) {
                let wrong = || FaultSpecError::Setting { name: (*name).to_owned(), setting: setting.to_owned() };
                let (key, value) = setting.split_once('=').unwrap_or((setting, ""));
                let count = || value.parse::<u64>().map_err(|_| wrong());
                match key {
                    "rate" => {
                        let rate: f64 = value.parse().map_err(|_| wrong())?;
                        fault.rate = if (0.0..=1.0).contains(&rate) { rate } else { return Err(wrong()) };
                    }
                    "times" => fault.times = count()?,
                    "forever" => fault.times = u64::MAX,
                    "above" => fault.above = count()?,
                    "every" => fault.every = count()?.max(1),
                    _ => return Err(wrong()),
                }
            }
            Ok(fault)
        };
        let specs = spec.split([';', ' ']).filter(|text| !text.is_empty());
        Ok(Self { faults: specs.map(one).collect::<Result<_, _>>()?, seed })
    }

    /// What is answered instead, if a fault strikes.
    pub(super) fn instead(&self, world: &World, request: &Request, turn: u64) -> Option<Reply> {
        let value = request.path.ends_with("/$value") && !request.path.contains("/attachments/");
        let item = request.path.contains("/messages/") && !request.path.contains("/attachments");
        let list = request.path.ends_with("/messages");
        let json = !request.path.ends_with("$value");
        self.faults.iter().find_map(|fault| match fault.name {
            "throttle" if fault.every_nth() => Some(error(world, 429, "TooManyRequests").header(RETRY_AFTER, "1")),
            "token-expire" if fault.every_nth() => Some(error(world, 401, "InvalidAuthenticationToken")),
            "value-503" if value && self.strikes(fault, &request.path) => {
                Some(Reply::empty(StatusCode::SERVICE_UNAVAILABLE))
            }
            "value-500" if value && self.strikes(fault, &request.path) => {
                Some(error(world, 500, "ErrorMimeContentConversionFailed"))
            }
            "value-gone" if item && self.strikes(fault, item_of(&request.path)) => {
                Some(error(world, 404, "ErrorItemNotFound"))
            }
            "empty-404" if value && self.strikes(fault, &request.path) => Some(Reply::empty(StatusCode::NOT_FOUND)),
            "html" if json && self.strikes(fault, &request.path) => Some(Reply::html(
                StatusCode::OK,
                "<!doctype html><html><body>Sign on to the network</body></html>".to_owned(),
            )),
            "list-504" if list && graph::page_size(request) > fault.above => Some(error(world, 504, "UnknownError")),
            "list-500"
                if list
                    && request.query.contains("orderby")
                    && self.strikes(fault, &format!("{}{}", request.path, request.query)) =>
            {
                Some(error(world, 500, "ErrorInternalServerError"))
            }
            "empty-page" if list && self.strikes_once(fault, &format!("{}{}", request.path, request.query)) => {
                let asked = request.query.split("&again=").next().unwrap_or_default();
                let again = format!("{}/v1.0/{}?{asked}&again={turn}", world.origin, request.path);
                Some(Reply::graph(StatusCode::OK, json!({ "value": [], "@odata.nextLink": again })))
            }
            _ => None,
        })
    }

    /// What becomes of an answer.
    pub(super) fn spoil(&self, world: &World, path: &str, mut reply: Reply) -> Reply {
        for fault in &self.faults {
            match fault.name {
                "cut-body" if path.ends_with("/$value") && reply.status.is_success() && self.strikes(fault, path) => {
                    return Reply { payload: cut(reply.payload), ..reply };
                }
                "foreign-link" => {
                    if let Some(document) = reply.document()
                        && let Some(link) = document.get_mut("@odata.nextLink")
                        && let Some(text) = link.as_str()
                    {
                        *link = Value::String(text.replace(&world.origin, "https://graph.foreign.example"));
                    }
                }
                _ => {}
            }
        }
        reply
    }

    /// Whether a fault strikes this resource this time.
    fn strikes(&self, fault: &Fault, resource: &str) -> bool {
        if !selects(self.seed ^ hash(fault.name), resource, fault.rate) {
            return false;
        }
        let Ok(mut seen) = fault.seen.lock() else { return false };
        let times = seen.entry(hash(resource)).or_insert(0);
        *times = times.saturating_add(1);
        *times <= fault.times
    }

    fn strikes_once(&self, fault: &Fault, resource: &str) -> bool {
        (fault.times == u64::MAX || !resource.contains("again=")) && self.strikes(fault, resource)
    }
}

impl Fault {
    fn every_nth(&self) -> bool {
        (self.asked.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(self.every)
    }
}

/// The message that a path is about, whatever is asked of it.
fn item_of(path: &str) -> &str {
    let after = path.find("/messages/").map_or(0, |at| at + "/messages/".len());
    let end = path.get(after..).and_then(|rest| rest.find('/')).map_or(path.len(), |at| after + at);
    path.get(..end).unwrap_or(path)
}

fn error(world: &World, status: u16, code: &str) -> Reply {
    let id = uuid::Uuid::new_v4().to_string();
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let inner = json!({ "date": world.time.now().odata(), "request-id": id, "client-request-id": id });
    let reply =
        Reply::graph(status, json!({ "error": { "code": code, "message": "Simulated.", "innerError": inner } }));
    reply.header(HeaderName::from_static("x-simulated"), "fault")
}

/// The first half, then a broken connection.
fn cut(payload: Payload) -> Payload {
    let broken = || Err(std::io::Error::other("simulated cut"));
    match payload {
        Payload::Bytes(bytes) => {
            let half = bytes.slice(..bytes.len() / 2);
            Payload::Stream(Box::pin(stream::iter([Ok(half), broken()])))
        }
        Payload::Stream(inner) => {
            let first = inner.take(1).map(|piece| piece.map(|bytes: Bytes| bytes.slice(..bytes.len() / 2)));
            Payload::Stream(Box::pin(first.chain(stream::iter([broken()]))))
        }
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unknown_faults_and_settings_are_named() {
        assert!(matches!(Faults::parse("value-504", 1), Err(FaultSpecError::Unknown(name)) if name == "value-504"));
        for wrong in ["html:rate=2", "html:rate=x", "html:often"] {
            assert!(matches!(Faults::parse(wrong, 1), Err(FaultSpecError::Setting { .. })), "{wrong}");
        }
        assert!(Faults::parse("value-503:rate=0.1,times=1; throttle:every=7", 1).is_ok());
    }

    #[test]
    fn a_fault_strikes_a_resource_so_many_times_and_then_no_more() {
        let faults = Faults::parse("value-503:times=2", 1).expect("known");
        let fault = faults.faults.first().expect("one");
        let strikes: Vec<bool> = (0..4).map(|_| faults.strikes(fault, "a")).collect();
        assert_eq!(strikes, [true, true, false, false]);
    }

    #[test]
    fn an_item_is_one_item_whatever_is_asked_of_it() {
        assert_eq!(item_of("users/u/messages/AA/$value"), item_of("users/u/messages/AA"));
    }
}
