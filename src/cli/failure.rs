//! An error on its way to a person: what happened, what to do next, and the exit code.
//!
//! Every library error that can end a verb is a `miette::Diagnostic`; its `help` is the advice.

use miette::Diagnostic;

use super::exit::Exit;

/// What ended a verb.
#[derive(Debug)]
pub struct Failure {
    exit: Exit,
    code: Option<String>,
    message: String,
    help: Option<String>,
}

impl Failure {
    /// Any library error, with the exit code that fits.
    pub fn new(exit: Exit, error: &dyn Diagnostic) -> Self {
        let text = |part: Option<Box<dyn std::fmt::Display + '_>>| part.map(|part| part.to_string());
        Self { exit, code: text(error.code()), message: error.to_string(), help: text(error.help()) }
    }

    /// An error of the command line itself.
    pub fn usage(message: impl Into<String>, help: impl Into<String>) -> Self {
        let (message, help) = (message.into(), Some(help.into()));
        Self { exit: Exit::Usage, code: Some("affiant::usage".to_owned()), message, help }
    }

    /// A failure that is nobody's usage.
    pub fn failed(message: impl Into<String>, help: impl Into<String>) -> Self {
        Self { exit: Exit::Failed, ..Self::usage(message, help) }
    }

    /// The same with another exit code.
    #[must_use]
    pub fn with(self, exit: Exit) -> Self {
        Self { exit, ..self }
    }

    /// The same, naming the file that it is about.
    #[must_use]
    pub fn about(self, path: &camino::Utf8Path) -> Self {
        Self { message: format!("{path}: {}", self.message), ..self }
    }

    /// The exit code.
    pub const fn exit(&self) -> Exit {
        self.exit
    }

    /// Writes `error:` and `help:` lines, or one JSON line, to the given stream.
    pub fn show(&self, to: &mut dyn std::io::Write, json: bool) {
        // A closed stderr must not turn an error into a panic.
        let _ = if json {
            let line = serde_json::json!({
                "error": { "code": self.code, "message": self.message, "help": self.help, "exit_code": self.exit.code() }
            });
            writeln!(to, "{line}")
        } else {
            let help = self.help.as_deref().map(|help| format!("\n  help: {help}")).unwrap_or_default();
            writeln!(to, "error: {}{help}", self.message)
        };
    }
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<crate::graph::Fault> for Failure {
    fn from(fault: crate::graph::Fault) -> Self {
        Self::new(if fault.is_sign_in_needed() { Exit::SignIn } else { Exit::Failed }, &fault)
    }
}
