//! Why signing in did not work, in the words of the person who must act.
//!
//! Entra's numbers and what they mean: Microsoft, "Microsoft Entra authentication and authorization error codes".
//! Only `error`, the number and the trace ids are kept; Entra's message text may name people and is not.

use std::fmt;

use miette::Diagnostic;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What the identity platform answers when it refuses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct EntraError {
    /// The OAuth error word, such as `invalid_grant`.
    #[serde(default)]
    pub error: String,
    /// Free text; read for the number only, never shown.
    #[serde(default, skip_serializing)]
    error_description: String,
    /// Entra's numbers.
    #[serde(default)]
    pub error_codes: Vec<u32>,
    /// A finer word.
    #[serde(default)]
    pub suberror: Option<String>,
    /// For Microsoft's support.
    #[serde(default)]
    pub trace_id: Option<String>,
    /// For Microsoft's support.
    #[serde(default)]
    pub correlation_id: Option<String>,
}

impl oauth2::ErrorResponse for EntraError {}

impl EntraError {
    /// From the parts that the oauth2 crate keeps of a device-code answer.
    pub(super) fn from_parts(error: String, description: Option<&String>) -> Self {
        Self { error, error_description: description.cloned().unwrap_or_default(), ..Self::default() }
    }

    /// Entra's number: the first listed, else the one in the description.
    pub fn number(&self) -> Option<u32> {
        let in_text = || {
            let (_, rest) = self.error_description.split_once("AADSTS")?;
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        self.error_codes.first().copied().or_else(in_text)
    }

    /// Whether the same request may work in a moment.
    pub fn is_transient(&self) -> bool {
        let busy = matches!(self.error.as_str(), "temporarily_unavailable" | "server_error");
        busy || matches!(self.number(), Some(90055 | 90024 | 90033 | 90006 | 50033 | 50087))
    }
}

impl fmt::Display for EntraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.number() {
            Some(number) => write!(f, "AADSTS{number}, {}", self.error),
            None => f.write_str(&self.error),
        }?;
        self.trace_id.as_ref().map_or(Ok(()), |id| write!(f, ", trace {id}"))
    }
}

/// What keeps us from a token.
#[derive(Debug, Clone, Error, Diagnostic)]
pub enum SignInError {
    /// Nobody has signed in on this machine, or the account named is not among those who have.
    #[error("nobody is signed in")]
    #[diagnostic(code(affiant::session::signed_out), help("sign in with `affiant login --tenant … --client-id …`"))]
    SignedOut,
    /// Entra refused; the advice says who must do what.
    #[error("the identity platform refused: {0}")]
    #[diagnostic(code(affiant::session::refused), help("{}", advice(.0)))]
    Refused(Box<EntraError>),
    /// The sign-in has ended: revoked, expired, or something new is demanded.
    #[error("the sign-in is no longer valid: {0}")]
    #[diagnostic(
        code(affiant::session::ended),
        help("{}; then go on with `affiant resume` if a collection was running", advice(.0))
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
    #[error("the token carries scopes that can write: {0}")]
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
    pub const fn is_sign_in_needed(&self) -> bool {
        !matches!(self, Self::Network(_) | Self::NotEntra | Self::Store(_) | Self::Listen)
    }
}

/// Who must do what, by Entra's number, else by the OAuth word.
fn advice(error: &EntraError) -> String {
    let text = match error.number() {
        Some(65001 | 65004 | 90094 | 90095 | 65002 | 650_052 | 650_056 | 650_057 | 500_011) => {
            "an administrator must consent to the application in this tenant (Entra admin centre, App registrations, API permissions, Grant admin consent)"
        }
        Some(50076 | 50079 | 50072 | 50074 | 50078 | 50158) => {
            "sign in again with `affiant login`: multi-factor authentication is demanded"
        }
        Some(50105) => {
            "an administrator must assign this account to the application (Enterprise applications, Users and groups)"
        }
        Some(50011) => {
            "the administrator must add the redirect URI http://localhost to the application's platform \"Mobile and desktop applications\""
        }
        Some(50020 | 50034 | 51004 | 16000) => {
            "this account is not in the tenant: check --tenant, or use an account of that tenant"
        }
        Some(50053) => "the account is locked: wait, or ask an administrator to unlock it",
        Some(50055) => "the password has expired: change it, then sign in again",
        Some(50057) => "the account is disabled: ask an administrator",
        Some(50126) => "wrong user name or password",
        Some(50058 | 50059 | 50128 | 90002) => {
            "no such tenant: check --tenant, and --cloud if the tenant is in a national cloud"
        }
        Some(90038) => "this tenant is in another cloud: give --cloud usgov, usgov-dod or china",
        Some(50131 | 53000 | 53001 | 53002 | 53003 | 530_032 | 530_035) => {
            "Conditional Access blocks this sign-in: ask an administrator which condition (device, place, or the device-code flow itself; try --flow browser)"
        }
        Some(50173 | 50132 | 50133) => {
            "the session was revoked or the password changed: sign in again with `affiant login`"
        }
        Some(70000 | 70008 | 700_082 | 70043) => "the sign-in has expired: sign in again with `affiant login`",
        Some(50194) => "this application belongs to one tenant: give --tenant with that tenant",
        Some(50196) => "too many token requests in a loop: wait some minutes",
        Some(70011) => "the administrator must add Affiant's permissions to the application",
        Some(70016 | 70018 | 70019) => "start again with `affiant login` and type the new code",
        Some(700_016 | 70001) => "no such application in this tenant: check --client-id, --tenant and --cloud",
        Some(700_025 | 7_000_218) => {
            "the application must be a public client: platform \"Mobile and desktop applications\", and allow public client flows"
        }
        Some(7_000_215 | 7_000_222) => {
            "the client secret is wrong or has expired: the administrator must make a new one"
        }
        Some(7_000_112) => "the application is disabled: ask an administrator",
        Some(500_212 | 500_213) => "a cross-tenant policy forbids this: ask the administrators of both tenants",
        Some(501_481 | 50147 | 54005) => "the answer was used twice or does not fit: start again with `affiant login`",
        Some(9_001_023 | 90124 | 90130) => "give --tenant with the tenant's domain or id",
        _ => match error.error.as_str() {
            "invalid_grant" | "interaction_required" | "login_required" => "sign in again with `affiant login`",
            "access_denied" | "authorization_declined" => "the sign-in was declined: start again with `affiant login`",
            "consent_required" => "an administrator must consent to the application in this tenant",
            "unauthorized_client" | "invalid_client" => {
                "check --client-id: the application must be a public client of this tenant"
            }
            _ => "look the code up with your administrator, giving the trace id",
        },
    };
    text.to_owned()
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
            let shown = format!("{} {}", SignInError::Ended(Box::new(error.clone())), advice(&error));
            assert!(!shown.contains("ana@x"), "{shown}");
        }
    }

    #[test]
    fn passing_refusals_are_told_from_final_ones() {
        assert!(entra(r#"{"error":"temporarily_unavailable"}"#).is_transient());
        assert!(!entra(r#"{"error":"invalid_grant","error_codes":[53003]}"#).is_transient());
    }

    #[test]
    fn advice_names_who_must_act() {
        let text = |code: u32| advice(&EntraError { error_codes: vec![code], ..EntraError::default() });
        assert!(text(65001).contains("administrator must consent"));
        assert!(text(90002).contains("--tenant"));
        assert!(text(7_000_218).contains("public client"));
    }
}
