//! How a dataset ended: the words of the store, and what a refusal of the service means.
//!
//! Source: Microsoft, "Authorization for APIs to read Microsoft 365 usage reports", and codes seen. It must not ask.

use crate::graph::{Fault, FaultKind};
use crate::inventory::dataset::Dataset;
use crate::session::Scopes;

/// How a dataset ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Read whole.
    Ok,
    /// The service says nothing changed.
    NotModified,
    /// A permission or a role is missing.
    Forbidden,
    /// The tenant lacks the licence for it.
    Unlicensed,
    /// This cloud does not have it.
    Unsupported,
    /// The service kept asking to wait.
    Throttled,
    /// Anything else.
    Failed,
    /// Not asked for any more, because the run had to stop.
    Skipped,
}

impl Outcome {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::NotModified => "not_modified",
            Self::Forbidden => "forbidden",
            Self::Unlicensed => "unlicensed",
            Self::Unsupported => "unsupported",
            Self::Throttled => "throttled",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }

    /// Whether it counts as had.
    pub const fn is_had(self) -> bool {
        matches!(self, Self::Ok | Self::NotModified)
    }
}

/// A dataset that was not had.
#[derive(Debug, Clone)]
pub(super) struct Trouble {
    pub(super) outcome: Outcome,
    pub(super) code: String,
    pub(super) text: String,
    /// Whether asking for anything else is pointless; with it, whether somebody must sign in.
    pub(super) stops: bool,
    pub(super) signs_in: bool,
}

impl Trouble {
    pub(super) fn new(outcome: Outcome, code: &str, text: impl Into<String>) -> Self {
        Self { outcome, code: code.to_owned(), text: text.into(), stops: false, signs_in: false }
    }
}

/// What a fault means for a dataset.
pub(super) fn trouble(fault: &Fault, dataset: Dataset, scopes: &Scopes) -> Trouble {
    let code = fault.code.clone().unwrap_or_default();
    let says = |word: &str| code.eq_ignore_ascii_case(word);
    match &fault.kind {
        FaultKind::SignIn(error) => {
            let signs_in = error.is_sign_in_needed();
            let code = sign_in_code(&error.to_string(), signs_in);
            Trouble { stops: true, signs_in, ..Trouble::new(Outcome::Failed, code, error.to_string()) }
        }
        FaultKind::Denied if says("Authentication_RequestFromNonPremiumTenantOrB2CTenant") => Trouble::new(
            Outcome::Unlicensed,
            &code,
            "the tenant has no Entra ID P1 or P2; everything else is unaffected",
        ),
        FaultKind::Denied => Trouble::new(Outcome::Forbidden, &code, lacking(dataset, scopes, &code)),
        FaultKind::Throttled => Trouble::new(Outcome::Throttled, &code, fault.kind.to_string()),
        FaultKind::Refused | FaultKind::NotFound if matches!(fault.status, Some(400 | 404 | 501)) => {
            Trouble::new(Outcome::Unsupported, &code, "this cloud does not have it, or not yet")
        }
        FaultKind::NotGraph => Trouble::new(Outcome::Failed, "unexpected_content", fault.kind.to_string()),
        FaultKind::Foreign => Trouble::new(
            Outcome::Failed,
            "foreign_host",
            "the service refers to a host that is not known to serve reports; nothing was fetched from it",
        ),
        kind => {
            let code = if code.is_empty() { "unavailable" } else { code.as_str() };
            Trouble { stops: fault.is_total(), ..Trouble::new(Outcome::Failed, code, kind.to_string()) }
        }
    }
}

/// Which of the two is missing: the permission or the role.
fn lacking(dataset: Dataset, scopes: &Scopes, code: &str) -> String {
    let has_one = dataset.scopes().iter().any(|scope| scopes.has(scope));
    let lacks_more = dataset.also_needs().filter(|scope| !scopes.has(scope));
    let role = "the permission is there, but the signed-in account lacks a role such as Reports Reader";
    if code.eq_ignore_ascii_case("Authentication_RequestFromUnsupportedUserRole") {
        return role.to_owned();
    }
    if scopes.is_assumed() {
        return format!("the permission {} or a role is missing", dataset.scopes().first().unwrap_or(&"for it"));
    }
    match lacks_more.or_else(|| dataset.scopes().first().copied().filter(|_| !has_one)) {
        Some(scope) => format!("the permission {scope} is missing: an administrator must consent to it"),
        None => role.to_owned(),
    }
}

/// A word for why there is no token.
pub(super) fn sign_in_code(text: &str, needed: bool) -> &'static str {
    let has = |number: &str| text.contains(&format!("AADSTS{number}"));
    if has("7000215") {
        "secret_wrong"
    } else if has("7000222") {
        "secret_expired"
    } else if has("700016") || has("90002") {
        "wrong_tenant"
    } else if has("65001") {
        "consent_missing"
    } else if needed {
        "signin_needed"
    } else {
        "signin_unavailable"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fault(kind: FaultKind, status: u16, code: &str) -> Fault {
        Fault { kind, status: Some(status), code: Some(code.to_owned()), trail: Vec::new() }
    }

    #[test]
    fn a_refusal_says_whether_the_permission_or_the_role_is_missing() {
        let with = Scopes::parse("User.Read Reports.Read.All User.Read.All");
        let without = Scopes::parse("User.Read");
        let text = |code: &str, dataset, scopes| trouble(&fault(FaultKind::Denied, 403, code), dataset, scopes).text;
        assert!(text("S2SUnauthorized", Dataset::Email, &without).contains("permission Reports.Read.All is missing"));
        assert!(text("S2SUnauthorized", Dataset::Email, &with).contains("role such as Reports Reader"));
        assert!(text("x", Dataset::Signin, &with).contains("AuditLog.Read.All"));
        let role = "Authentication_RequestFromUnsupportedUserRole";
        assert!(text(role, Dataset::Email, &without).contains("lacks a role"));
    }

    #[test]
    fn other_refusals_have_outcomes_of_their_own() {
        let of =
            |kind, status, code: &str| trouble(&fault(kind, status, code), Dataset::Email, &Scopes::default()).outcome;
        let premium = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";
        assert_eq!(of(FaultKind::Denied, 403, premium), Outcome::Unlicensed);
        assert_eq!(of(FaultKind::Refused, 400, "BadRequest"), Outcome::Unsupported);
        assert_eq!(of(FaultKind::Throttled, 429, "x"), Outcome::Throttled);
        assert_eq!(of(FaultKind::NotGraph, 200, "web_page"), Outcome::Failed);
        assert_eq!(sign_in_code("refused (AADSTS7000222, invalid_client)", true), "secret_expired");
    }
}
