//! What was asked of the simulated tenant: a bounded ring, counters, and on wish a file of JSON lines.
//!
//! Query values are kept only where they are OData options; codes, tokens and bodies never are.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::sync::{Mutex, PoisonError};

use camino::Utf8Path;

use crate::terms::UtcInstant;

/// Requests kept in memory; older ones remain in the counters and in the file.
pub const REQUESTS_KEPT: usize = 20_000;

/// One request, as the server saw it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct RequestSeen {
    /// When it arrived.
    pub at: UtcInstant,
    /// Its method.
    pub method: String,
    /// Its path, percent-encoded as it came.
    pub path: String,
    /// The OData options of its query, decoded; other parameters by name only.
    pub query: String,
    /// The status answered.
    pub status: u16,
    /// Milliseconds until the answer's head was ready.
    pub millis: u64,
}

impl RequestSeen {
    /// Whether the request could change something in a tenant: neither GET nor a call of the sign-in endpoints
    /// or of `$batch`.
    pub fn is_write(&self) -> bool {
        let sign_in = self.path.ends_with("/token") || self.path.ends_with("/devicecode");
        self.method != "GET" && self.method != "HEAD" && !sign_in && !self.path.ends_with("$batch")
    }
}

/// Counts over the server's whole life.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize)]
pub struct RequestCounts {
    /// All requests.
    pub total: u64,
    /// Requests that tried to change something.
    pub writes: u64,
    /// By method and status, such as `GET 200`.
    pub by_answer: BTreeMap<String, u64>,
}

#[derive(Default)]
struct Kept {
    ring: VecDeque<RequestSeen>,
    counts: RequestCounts,
    file: Option<BufWriter<File>>,
}

/// The log.
#[derive(Default)]
pub(super) struct Requests(Mutex<Kept>);

impl Requests {
    /// A log, with a file to write to where one is wanted.
    pub(super) fn new(file: Option<&Utf8Path>) -> std::io::Result<Self> {
        let file = file.map(File::create).transpose()?.map(BufWriter::new);
        Ok(Self(Mutex::new(Kept { file, ..Kept::default() })))
    }

    /// Takes note of one request.
    pub(super) fn note(&self, seen: RequestSeen) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.counts.total += 1;
        kept.counts.writes += u64::from(seen.is_write());
        *kept.counts.by_answer.entry(format!("{} {}", seen.method, seen.status)).or_default() += 1;
        if let (Some(file), Ok(line)) = (kept.file.as_mut(), serde_json::to_string(&seen)) {
            // A full disk must not stop the tenant; the log in memory goes on.
            let _ = writeln!(file, "{line}").and_then(|()| file.flush());
        }
        if kept.ring.len() == REQUESTS_KEPT {
            kept.ring.pop_front();
        }
        kept.ring.push_back(seen);
    }

    /// The requests in memory, oldest first.
    pub(super) fn seen(&self) -> Vec<RequestSeen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).ring.iter().cloned().collect()
    }

    /// The counters.
    pub(super) fn counts(&self) -> RequestCounts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).counts.clone()
    }
}

/// What may be kept of a query string: values of OData options, names of everything else.
pub(super) fn without_secrets(query: Option<&str>) -> String {
    let kept = |(name, value): (std::borrow::Cow<'_, str>, std::borrow::Cow<'_, str>)| {
        let plain = matches!(
            name.to_ascii_lowercase().as_str(),
            "$top" | "$skip" | "$select" | "$filter" | "$orderby" | "$count" | "$expand" | "includehiddenfolders"
        );
        if plain { format!("{name}={value}") } else { format!("{name}=…") }
    };
    let query = query.unwrap_or_default().as_bytes();
    url::form_urlencoded::parse(query).map(kept).collect::<Vec<_>>().join("&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_and_tokens_never_reach_the_log() {
        let kept = without_secrets(Some("%24top=5&$filter=a%20eq%201&code=SECRET&$skiptoken=SECRET"));
        assert_eq!(kept, "$top=5&$filter=a eq 1&code=…&$skiptoken=…");
    }
}
