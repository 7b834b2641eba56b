//! The program and the machine that swear, and the line with which each of their sessions begins.
//!
//! It must not find out anything by itself: the caller says what they are.

use super::{EventKind, Line};
use crate::terms::Sha256;

/// The program and machine at work, as the record names them.
#[derive(Debug, Clone)]
pub struct Tool {
    /// `affiant`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the running executable.
    pub sha256: Sha256,
    /// Host name.
    pub host: String,
    /// Operating system and architecture.
    pub system: String,
    /// Process id.
    pub pid: u32,
}

impl Tool {
    /// `session.opened`: who goes on from a log of this size, signing with this key.
    pub fn session(&self, log_size: u64, vkey: String) -> Line {
        Line::new(EventKind::SessionOpened)
            .int("log_size", log_size)
            .text("host", &self.host)
            .int("pid", self.pid)
            .text("note_vkey", vkey)
            .text("system", &self.system)
            .text("tool_version", &self.version)
            .text("tool_sha256", self.sha256.to_string())
    }
}
