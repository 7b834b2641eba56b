//! The exit codes: the only numbers a script may rely on.

use std::process::{ExitCode, Termination};

/// How the program ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Done, and complete.
    Complete = 0,
    /// Failed.
    Failed = 1,
    /// Wrong usage.
    Usage = 2,
    /// Completed, with exceptions: something is missing, unreadable or rebuilt.
    Exceptions = 3,
    /// Sign-in or consent is needed.
    SignIn = 4,
    /// No access: at least one custodian is not ready.
    NoAccess = 5,
    /// Verification found differences.
    Differs = 6,
    /// Interrupted; can be resumed.
    Interrupted = 7,
}

impl Exit {
    /// The number.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self.code())
    }
}
