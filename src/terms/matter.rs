//! The legal case an acquisition belongs to, as the user names it.

use std::fmt;

/// Longest matter text, in characters.
pub const MATTER_MAX_CHARS: usize = 200;

/// Free text that names the case; one line, trimmed, at most [`MATTER_MAX_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Matter(String);

impl Matter {
    /// Takes the user's text; `None` when it has control characters or is too long.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let fits = text.chars().count() <= MATTER_MAX_CHARS && !text.chars().any(char::is_control);
        fits.then(|| Self(text.to_owned()))
    }

    /// The text; empty when no matter was named.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Matter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
