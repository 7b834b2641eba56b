//! What was found: one line each, with its next step where there is one.

use schemars::JsonSchema;
use serde::Serialize;

use crate::cli::exit::Exit;
use crate::cli::show::plain;

/// What `doctor --json` prints.
#[derive(Debug, Serialize, JsonSchema)]
pub(in crate::cli) struct Diagnosis {
    /// Whether nothing is in the way of a collection.
    ok: bool,
    findings: Vec<Finding>,
}

#[derive(Debug, Clone, Serialize, JsonSchema)]
struct Finding {
    check: Check,
    state: State,
    /// What was found.
    says: String,
    /// What to do about it; null where nothing is to be done.
    next: Option<String>,
}

/// What was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum Check {
    Settings,
    TokenStore,
    Proxy,
    Dns,
    Tls,
    Tenant,
    Graph,
    Clock,
    SignIn,
    Scopes,
    Role,
    Credential,
    Disk,
    FileSystem,
}

impl Check {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Settings => "settings",
            Self::TokenStore => "token store",
            Self::Proxy => "proxy",
            Self::Dns => "dns",
            Self::Tls => "tls",
            Self::Tenant => "tenant",
            Self::Graph => "graph",
            Self::Clock => "clock",
            Self::SignIn => "sign-in",
            Self::Scopes => "scopes",
            Self::Role => "role",
            Self::Credential => "credential",
            Self::Disk => "disk",
            Self::FileSystem => "file system",
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum State {
    /// As it should be.
    Ok,
    /// Worth knowing.
    Note,
    /// May become a problem.
    Warning,
    /// In the way of a collection.
    Problem,
}

impl State {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Problem => "PROBLEM",
        }
    }
}

/// The findings so far, in the order they were made.
#[derive(Debug, Default)]
pub(super) struct Findings(Vec<Finding>);

impl Findings {
    pub(super) fn ok(&mut self, check: Check, says: impl Into<String>) {
        self.add(check, State::Ok, says.into(), None);
    }

    pub(super) fn note(&mut self, check: Check, says: impl Into<String>) {
        self.add(check, State::Note, says.into(), None);
    }

    pub(super) fn warning(&mut self, check: Check, says: impl Into<String>, next: impl Into<String>) {
        self.add(check, State::Warning, says.into(), Some(next.into()));
    }

    pub(super) fn problem(&mut self, check: Check, says: impl Into<String>, next: impl Into<String>) {
        self.add(check, State::Problem, says.into(), Some(next.into()));
    }

    /// A library error, with its own advice.
    pub(super) fn error(&mut self, check: Check, error: &dyn miette::Diagnostic) {
        let next = error.help().map(|help| help.to_string());
        self.add(check, State::Problem, error.to_string(), next);
    }

    pub(super) fn extend(&mut self, more: Self) {
        self.0.extend(more.0);
    }

    fn add(&mut self, check: Check, state: State, says: String, next: Option<String>) {
        self.0.push(Finding { check, state, says, next });
    }

    fn problems(&self) -> impl Iterator<Item = Check> {
        self.0.iter().filter(|finding| finding.state == State::Problem).map(|finding| finding.check)
    }

    /// Sign-in needed if that is all there is.
    pub(super) fn exit(&self) -> Exit {
        let by_signing_in = |check| matches!(check, Check::SignIn | Check::Scopes | Check::Credential);
        match (self.problems().next(), self.problems().all(by_signing_in)) {
            (None, _) => Exit::Complete,
            (Some(_), true) => Exit::SignIn,
            (Some(_), false) => Exit::Failed,
        }
    }

    pub(super) fn json(&self) -> String {
        let diagnosis = Diagnosis { ok: self.problems().next().is_none(), findings: self.0.clone() };
        serde_json::to_string(&diagnosis).unwrap_or_default() + "\n"
    }

    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        for finding in &self.0 {
            let (state, check) = (finding.state.as_str(), finding.check.as_str());
            text += &format!("{state:8} {check:12} {}\n", plain(&finding.says));
            for line in finding.next.iter().flat_map(|next| next.lines()) {
                text += &format!("{:22}{}\n", "", plain(&format!("→ {line}")));
            }
        }
        let count = |state: State| self.0.iter().filter(|finding| finding.state == state).count();
        let (problems, warnings) = (count(State::Problem), count(State::Warning));
        text + &match (problems, warnings) {
            (0, 0) => "\nNothing is in the way.\n".to_owned(),
            (0, n) => format!("\nNothing is in the way; warnings: {n}.\n"),
            (n, _) => format!("\nIn the way: {n}.\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_what_kind_of_problem_is_in_the_way() {
        let mut found = Findings::default();
        found.ok(Check::Dns, "fine");
        found.warning(Check::Clock, "late", "set it");
        assert_eq!(found.exit(), Exit::Complete);
        found.problem(Check::SignIn, "nobody", "sign in");
        assert_eq!(found.exit(), Exit::SignIn);
        assert!(found.text().ends_with("In the way: 1.\n") && found.text().contains("→ sign in"), "{}", found.text());
        found.problem(Check::Disk, "full", "free some");
        assert_eq!(found.exit(), Exit::Failed);
        assert!(found.json().contains("\"ok\":false"));
    }
}
