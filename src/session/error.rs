//! Why signing in did not work, in the words of the person who must act.
//!
//! Only `error`, the number and the trace ids are shown; Entra's message text may name people and never is.
//! What the numbers mean is in `words`.

use std::fmt;

use miette::Diagnostic;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;
use thiserror::Error;

use super::words::{self, Words};

/// What the identity platform answers when it refuses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntraError {
    /// The OAuth error word, such as `invalid_grant`.
    #[serde(default)]
    pub error: String,
    /// The number in the free text, which itself is not kept.
    #[serde(default, rename = "error_description", skip_serializing, deserialize_with = "number_in_text")]
    described: Option<u32>,
    /// Entra's numbers.
    #[serde(default, deserialize_with = "numbers")]
    pub error_codes: Vec<u32>,
    /// A finer word.
    #[serde(default)]
    pub suberror: Option<String>,
    /// What a new sign-in must bring (continuous access evaluation).
    #[serde(default)]
    pub claims: Option<String>,
    /// For Microsoft's support.
    #[serde(default)]
    pub trace_id: Option<String>,
    /// For Microsoft's support.
    #[serde(default)]
    pub correlation_id: Option<String>,
    /// When, as the platform writes it.
    #[serde(default)]
    pub timestamp: Option<String>,
    /// Where an administrator can consent; ours, not the platform's.
    #[serde(skip)]
    pub consent_url: Option<String>,
}

impl oauth2::ErrorResponse for EntraError {}

impl EntraError {
    /// Reads the body of a refusal; `None` when it is not the platform's.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok().filter(|refusal: &Self| !refusal.error.is_empty())
    }

    /// From the parts that come back through the browser.
    pub(super) fn from_parts(error: String, description: Option<&String>) -> Self {
        Self { error, described: description.and_then(|text| aadsts(text)), ..Self::default() }
    }

    /// Entra's number: the first listed, else the one in the description.
    pub fn number(&self) -> Option<u32> {
        self.error_codes.first().copied().or(self.described)
    }

    /// Whether the same request may work in a moment.
    pub fn is_transient(&self) -> bool {
        let busy = matches!(self.error.as_str(), "temporarily_unavailable" | "server_error");
        busy || self.number().is_some_and(words::passes)
    }

    /// The OAuth word, fit to be shown.
    pub(super) fn word(&self) -> String {
        printable(&self.error)
    }

    /// The same, with the address where an administrator can consent.
    pub(super) fn with_consent_at(self, url: &str) -> Self {
        Self { consent_url: Some(url.to_owned()), ..self }
    }

    fn words(&self) -> Words {
        self.number().and_then(words::for_number).unwrap_or_else(|| words::for_word(&self.error))
    }

    /// Who must do what.
    fn advice(&self) -> String {
        let lacks_consent = self.number().map_or(self.error == "consent_required", words::lacks_consent);
        let consent = self.consent_url.as_ref().filter(|_| lacks_consent);
        let consent = consent.map(|url| format!("; an administrator can consent at {url}"));
        let more = self.number().map(|number| format!("; more: https://login.microsoftonline.com/error?code={number}"));
        [self.words().advice, &consent.unwrap_or_default(), &more.unwrap_or_default()].concat()
    }
}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (", self.words().meaning)?;
        if let Some(number) = self.number() {
            write!(f, "AADSTS{number}, ")?;
        }
        f.write_str(&self.word())?;
        let also = [
            ("", &self.suberror),
            ("trace ", &self.trace_id),
            ("correlation ", &self.correlation_id),
            ("at ", &self.timestamp),
        ];
        for (name, value) in also {
            if let Some(value) = value {
                write!(f, ", {name}{}", printable(value))?;
            }
        }
        f.write_str(")")
    }
}

/// The number in `AADSTS50173: …`.
fn aadsts(text: &str) -> Option<u32> {
    let (_, rest) = text.split_once("AADSTS")?;
    let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
    digits.parse().ok()
}

fn number_in_text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u32>, D::Error> {
    Ok(Value::deserialize(deserializer)?.as_str().and_then(aadsts))
}

/// Numbers, whatever else a proxy or another platform puts in their place.
fn numbers<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u32>, D::Error> {
    let given = Value::deserialize(deserializer)?;
    let entries = given.as_array().map(Vec::as_slice).unwrap_or_default();
    Ok(entries.iter().filter_map(|entry| u32::try_from(entry.as_u64()?).ok()).collect())
}

/// A short word of the platform's that cannot move a cursor or fill a screen.
fn printable(text: &str) -> String {
    text.chars().filter(|c| c.is_ascii_graphic() || *c == ' ').take(64).collect()
}

/// What keeps us from a token.
#[derive(Debug, Clone, Error, Diagnostic)]
pub enum SignInError {
    /// Nobody has signed in on this machine.
    #[error("nobody is signed in")]
    #[diagnostic(code(affiant::session::signed_out), help("sign in with `affiant login --tenant … --client-id …`"))]
    SignedOut,
    /// Somebody has, but not the one named, or not in this cloud.
    #[error("{wanted} is not signed in; signed in: {have}")]
    #[diagnostic(
        code(affiant::session::another),
        help("sign in with `affiant login`, or choose with --account and --cloud among those who are signed in")
    )]
    Another {
        /// Who or where.
        wanted: String,
        /// Who is.
        have: String,
    },
    /// Entra refused; the advice says who must do what.
    #[error("the identity platform refused: {0}")]
    #[diagnostic(code(affiant::session::refused), help("{}", .0.advice()))]
    Refused(Box<EntraError>),
    /// The sign-in has ended: revoked, expired, or something new is demanded.
    #[error("the sign-in is no longer valid: {0}")]
    #[diagnostic(
        code(affiant::session::ended),
        help("{}; then go on with `affiant resume` if a collection was running", .0.advice())
    )]
    Ended(Box<EntraError>),
    /// Graph rejects a token that is fresh.
    #[error("Graph keeps rejecting a fresh token")]
    #[diagnostic(
        code(affiant::session::rejected),
        help(
            "sign in again with `affiant login`; if that does not help, an administrator must look at Conditional Access"
        )
    )]
    Rejected,
    /// The sign-in has no refresh token and its time is over.
    #[error("the sign-in has expired and cannot be renewed")]
    #[diagnostic(code(affiant::session::expired), help("sign in again with `affiant login`"))]
    Expired,
    /// The person said no, or closed the page.
    #[error("the sign-in was declined")]
    #[diagnostic(code(affiant::session::declined), help("start again with `affiant login`"))]
    Declined,
    /// Nobody finished the sign-in in time.
    #[error("nobody finished the sign-in in time")]
    #[diagnostic(
        code(affiant::session::timeout),
        help("start again with `affiant login`; a code is valid for about 15 minutes")
    )]
    TimedOut,
    /// An answer came back that does not belong to this sign-in.
    #[error("the answer in the browser does not belong to this sign-in")]
    #[diagnostic(
        code(affiant::session::state),
        help("close the page and start again; if it happens twice, another program is answering")
    )]
    State,
    /// The token can write.
    #[error("the token carries scopes that are not known to be read-only: {0}")]
    #[diagnostic(
        code(affiant::session::write_scopes),
        help(
            "have an administrator remove these permissions from the application; with --allow-write-scopes Affiant takes the token and records that it did"
        )
    )]
    WriteScopes(String),
    /// The identity platform cannot be reached.
    #[error("the identity platform cannot be reached: {0}")]
    #[diagnostic(
        code(affiant::session::network),
        help("check the network, the proxy and the sign-in address; nothing was changed")
    )]
    Network(&'static str),
    /// Something answers there that is no identity platform.
    #[error("what answers at the sign-in address is not the identity platform")]
    #[diagnostic(
        code(affiant::session::not_entra),
        help("check --login-url and the tenant; a proxy's own page may stand in between")
    )]
    NotEntra,
    /// The tenant or client id cannot stand in an address.
    #[error("the tenant \"{0}\" is neither a domain nor an id")]
    #[diagnostic(code(affiant::session::tenant), help("give the tenant's domain, such as contoso.example, or its id"))]
    Tenant(String),
    /// The same id twice.
    #[error("the client id and the tenant are the same value")]
    #[diagnostic(
        code(affiant::session::same_ids),
        help(
            "the application's page in the Entra admin centre shows two ids: \"Application (client) ID\" is --client-id, \"Directory (tenant) ID\" is --tenant"
        )
    )]
    SameIds,
    /// A client id that is no id.
    #[error("the client id \"{0}\" is not an id")]
    #[diagnostic(
        code(affiant::session::client_id),
        help(
            "give the application's \"Application (client) ID\", which looks like 11111111-2222-3333-4444-555555555555"
        )
    )]
    ClientId(String),
    /// An application has no tenant of its own to fall back on.
    #[error("an application that signs in by itself needs the tenant named")]
    #[diagnostic(code(affiant::session::tenant_needed), help("give --tenant with the tenant's domain or id"))]
    TenantNeeded,
    /// Another account than the one expected.
    #[error("{signed_in} signed in, not {expected}; nothing was kept")]
    #[diagnostic(
        code(affiant::session::somebody_else),
        help("start again and choose the account on the page, or leave --login-hint out to take whoever signs in")
    )]
    SomebodyElse {
        /// The one named.
        expected: String,
        /// The one who came.
        signed_in: String,
    },
    /// An application's secret or certificate.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Credential(#[from] super::credential::CredentialError),
    /// The answer does not say who signed in.
    #[error("the identity platform did not say who signed in")]
    #[diagnostic(
        code(affiant::session::nobody),
        help("the application needs the permission User.Read; ask its administrator")
    )]
    Nobody,
    /// No port on this machine can be listened on.
    #[error("no local port can be opened for the browser's answer")]
    #[diagnostic(code(affiant::session::listen), help("use --flow device-code"))]
    Listen,
    /// The token store.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Store(#[from] super::store::StoreError),
}

impl SignInError {
    /// Whether a person must sign in or consent (exit 4), rather than mend a network or a disk.
    pub fn is_sign_in_needed(&self) -> bool {
        match self {
            Self::Network(_) | Self::NotEntra | Self::Store(_) | Self::Listen => false,
            // A platform that is busy wants nothing of anybody.
            Self::Refused(entra) => !entra.is_transient(),
            _ => !self.is_mistyped(),
        }
    }

    /// Whether the identity platform is only away or busy for now: waiting helps, and nobody has to act.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Network(why) => super::http::is_passing(why),
            Self::Refused(entra) => entra.is_transient(),
            _ => false,
        }
    }

    /// Whether what was typed cannot be right (exit 2).
    pub const fn is_mistyped(&self) -> bool {
        matches!(self, Self::Tenant(_) | Self::SameIds | Self::ClientId(_) | Self::TenantNeeded | Self::Credential(_))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entra(json: &str) -> EntraError {
        serde_json::from_str(json).expect("an Entra error")
    }

    #[test]
    fn the_number_comes_from_the_list_or_the_description_and_the_text_is_never_shown() {
        let listed = entra(
            r#"{"error":"invalid_grant","error_description":"AADSTS50173: ana@x","error_codes":[50173],"trace_id":"t"}"#,
        );
        assert_eq!(listed.number(), Some(50173));
        let described = entra(r#"{"error":"invalid_grant","error_description":"AADSTS700082: The token of ana@x"}"#);
        assert_eq!(described.number(), Some(700_082));
        for error in [listed, described] {
            let shown = format!("{} {}", SignInError::Ended(Box::new(error.clone())), error.advice());
            assert!(!shown.contains("ana@x"), "{shown}");
        }
    }

    #[test]
    fn passing_refusals_are_told_from_final_ones() {
        assert!(entra(r#"{"error":"temporarily_unavailable"}"#).is_transient());
        assert!(!entra(r#"{"error":"invalid_grant","error_codes":[53003]}"#).is_transient());
    }
}
