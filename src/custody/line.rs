//! One line of the log before it has a place in it.
//!
//! `seq`, `kind` and `at` are stamped when the line is appended; here they cannot be set. This file must not know
//! the database or the clock.

use crate::terms::UtcInstant;

use super::canonical::fields;
use super::{EventKind, Object, Value};

/// The longest line, in bytes; the schema allows as many characters.
const MAX_BYTES: usize = 1_000_000;
/// What appending stamps.
const STAMPED: [&str; 3] = ["seq", "kind", "at"];

/// Why a line cannot be said. Each is a mistake in the program, not in the data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    /// A field name outside `[a-z][a-z0-9_]*`, or one that appending stamps.
    #[error("\"{0}\" cannot be a field name")]
    Name(String),
    /// A field was set twice.
    #[error("the field \"{0}\" is set twice")]
    Repeated(String),
    /// A number with a fraction, or too large for 64 bits.
    #[error("a number is not a whole number of at most 64 bits")]
    Fraction,
    /// Values nest too deep.
    #[error("values nest deeper than 32 levels")]
    Deep,
    /// The line is longer than the schema allows.
    #[error("the line is longer than 1,000,000 bytes")]
    Long,
    /// A required field is missing.
    #[error("a line of kind {kind} must say \"{field}\"")]
    Missing {
        /// The line's kind.
        kind: EventKind,
        /// The missing field.
        field: &'static str,
    },
    /// The log must begin with `acquisition.opened`, and only begin with it.
    #[error("acquisition.opened is the first line of a log and no other")]
    Opening,
}

/// A line under construction: `Line::new(EventKind::VolumeWritten).text("name", "VOL001.zip").int("bytes", 5)…`.
#[derive(Debug, Clone)]
pub struct Line {
    kind: EventKind,
    fields: Object,
}

fields!(Line);

impl Line {
    /// A line of this kind, without fields yet.
    pub fn new(kind: EventKind) -> Self {
        Self { kind, fields: Object::new() }
    }

    /// Adds any value that converts.
    #[must_use]
    pub fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.fields = self.fields.put(name, value);
        self
    }

    /// What it tells.
    pub const fn kind(&self) -> EventKind {
        self.kind
    }

    /// The canonical text of the line in its place.
    ///
    /// # Errors
    /// [`LineError`], when a required field is missing or a field cannot be said.
    pub fn body(self, seq: u64, at: UtcInstant) -> Result<String, LineError> {
        if (seq == 0) != (self.kind == EventKind::AcquisitionOpened) {
            return Err(LineError::Opening);
        }
        if let Some(name) = STAMPED.into_iter().find(|name| self.fields.has(name)) {
            return Err(LineError::Name(name.to_owned()));
        }
        if let Some(field) = self.kind.required().iter().find(|field| !self.fields.has(field)) {
            return Err(LineError::Missing { kind: self.kind, field });
        }
        let stamped = self.fields.int("seq", seq).text("kind", self.kind.as_str()).put("at", at);
        let body = stamped.canonical()?;
        if body.len() > MAX_BYTES { Err(LineError::Long) } else { Ok(body) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> UtcInstant {
        UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid")
    }

    #[test]
    fn a_line_is_stamped_and_sorted() {
        let line =
            Line::new(EventKind::SessionClosed).text("reason", "done").opt_int("z", None::<u64>).list("a", [1u8, 2]);
        let body = line.body(7, at()).expect("sayable");
        let want =
            r#"{"a":[1,2],"at":"2024-06-04T09:00:00.000Z","kind":"session.closed","reason":"done","seq":7,"z":null}"#;
        assert_eq!(body, want);
    }

    #[test]
    fn a_line_without_its_required_fields_or_with_stamped_ones_is_refused() {
        let missing = Line::new(EventKind::SessionClosed).body(1, at());
        assert_eq!(missing, Err(LineError::Missing { kind: EventKind::SessionClosed, field: "reason" }));
        let stamped = Line::new(EventKind::SessionClosed).text("reason", "done").int("seq", 3).body(1, at());
        assert_eq!(stamped, Err(LineError::Name("seq".to_owned())));
        let long = Line::new(EventKind::SessionClosed).text("reason", "x".repeat(MAX_BYTES)).body(1, at());
        assert_eq!(long, Err(LineError::Long));
    }

    #[test]
    fn only_the_first_line_opens_the_acquisition() {
        let closed = Line::new(EventKind::SessionClosed).text("reason", "done");
        assert_eq!(closed.body(0, at()), Err(LineError::Opening));
        assert_eq!(Line::new(EventKind::AcquisitionOpened).body(1, at()), Err(LineError::Opening));
    }
}
