//! Every secret that went over the wire, for tests that look for them where they must not be: what the tenant handed
//! out and what it was sent. Written only on request, to one file of JSON lines; of use to nobody but the simulator.

use std::collections::HashSet;
use std::fs::File;
use std::io::Write;
use std::sync::{Mutex, PoisonError};

use camino::Utf8Path;
use http::header::LOCATION;
use serde_json::{Value, json};

use super::identity::Form;
use super::reply::Reply;

/// Fields of forms, queries and answers that hold a secret or something as good as one.
const SECRET: [&str; 11] = [
    "access_token",
    "refresh_token",
    "id_token",
    "device_code",
    "code",
    "code_verifier",
    "client_secret",
    "client_assertion",
    "state",
    "nonce",
    "password",
];

/// The list; empty and silent unless somebody wants it.
#[derive(Default)]
pub(super) struct Issued(Option<Mutex<Kept>>);

struct Kept {
    file: File,
    known: HashSet<String>,
}

impl Issued {
    /// A list written to a file, where one is wanted.
    pub(super) fn new(file: Option<&Utf8Path>) -> std::io::Result<Self> {
        let file = file.map(File::create).transpose()?;
        Ok(Self(file.map(|file| Mutex::new(Kept { file, known: HashSet::new() }))))
    }

    /// Takes note of what a sign-in request brought and what it was answered.
    pub(super) fn note(&self, query: Option<&str>, body: &[u8], reply: &Reply) {
        if self.0.is_none() {
            return;
        }
        let location = reply.headers.iter().find(|(name, _)| name == LOCATION).and_then(|(_, at)| at.to_str().ok());
        let back = location.and_then(|location| location.split_once('?')).map_or("", |(_, query)| query);
        for part in [query.unwrap_or_default().as_bytes(), body, back.as_bytes()] {
            let form = Form::parse(part);
            for name in SECRET {
                self.one(name, form.get(name));
            }
        }
        for name in SECRET {
            self.one(name, reply.json_field(name).and_then(Value::as_str).unwrap_or_default());
        }
    }

    /// Takes note of the token in a header.
    pub(super) fn note_bearer(&self, header: Option<&str>) {
        let token = header.and_then(|header| header.strip_prefix("Bearer "));
        self.one("bearer", token.unwrap_or_default());
    }

    fn one(&self, kind: &str, value: &str) {
        let Some(kept) = self.0.as_ref().filter(|_| !value.is_empty()) else { return };
        let mut kept = kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.known.insert(value.to_owned()) {
            // Tests read a list that is too short as a failure of their own; the tenant goes on.
            let _ = writeln!(kept.file, "{}", json!({ "kind": kind, "value": value }));
        }
    }
}
