//! The two ways in for a person: the browser with PKCE, and a device code.
//!
//! Both end in a token answer. What is shown to the person is handed to a [`Prompt`]; this file prints nothing.
//! Sources: RFC 7636, RFC 8252 (loopback), RFC 8628; Microsoft, "authorization code flow" and "device code flow".

use std::time::Duration;

use oauth2::{
    AuthorizationCode, CsrfToken, DeviceCodeErrorResponseType, PkceCodeChallenge, RedirectUrl, RequestTokenError,
    Scope, StandardDeviceAuthorizationResponse,
};

use super::authority::Authority;
use super::error::{EntraError, SignInError};
use super::grant::Grant;
use super::http::Unreachable;
use super::loopback::Loopback;

/// How long a person may take.
const PATIENCE: Duration = Duration::from_mins(15);

/// What the person must do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Prompt {
    /// Open this address; a browser may be opened for them.
    Open {
        /// The address to sign in at.
        url: String,
    },
    /// Type this code at this address, on any device.
    Code {
        /// The code.
        user_code: String,
        /// Where.
        verification_uri: String,
        /// For how long, in seconds.
        expires_in: u64,
    },
}

/// What a person is asked to grant.
pub(super) struct Request<'a> {
    /// The scopes, in full.
    pub(super) scopes: &'a [String],
    /// Who is expected.
    pub(super) hint: Option<&'a str>,
    /// Claims to ask for, as JSON.
    pub(super) claims: Option<&'a str>,
}

/// Signs in through the browser on this machine.
pub(super) async fn browser(
    authority: &Authority,
    asked: &Request<'_>,
    show: &(dyn Fn(&Prompt) + Send + Sync),
) -> Result<Grant, SignInError> {
    let loopback = Loopback::listen().await.map_err(|_| SignInError::Listen)?;
    let redirect = RedirectUrl::new(loopback.redirect_uri()).map_err(|_| SignInError::Listen)?;
    let client = authority.client.clone().set_redirect_uri(redirect);
    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let mut request = client
        .authorize_url(CsrfToken::new_random)
        .add_scopes(asked.scopes.iter().cloned().map(Scope::new))
        .set_pkce_challenge(challenge);
    if let Some(claims) = asked.claims {
        request = request.add_extra_param("claims", claims.to_owned());
    }
    request = match asked.hint {
        Some(hint) => request.add_extra_param("login_hint", hint.to_owned()),
        None => request.add_extra_param("prompt", "select_account"),
    };
    let (url, state) = request.url();
    show(&Prompt::Open { url: url.into() });
    let waited = tokio::time::timeout(PATIENCE, loopback.answer(state.secret())).await;
    let code = waited.map_err(|_| SignInError::TimedOut)?.map_err(|error| match error {
        SignInError::Refused(entra) => authority.explained(*entra),
        error => error,
    })?;
    let mut exchange = client.exchange_code(AuthorizationCode::new(code)).set_pkce_verifier(verifier);
    if let Some(claims) = asked.claims {
        exchange = exchange.add_extra_param("claims", claims.to_owned());
    }
    exchange.request_async(&authority.http).await.map_err(|error| authority.refused(error))
}

/// Signs in with a code that is typed elsewhere.
pub(super) async fn device_code(
    authority: &Authority,
    wanted: &Request<'_>,
    show: &(dyn Fn(&Prompt) + Send + Sync),
) -> Result<Grant, SignInError> {
    let asked = authority.client.exchange_device_code().add_scopes(wanted.scopes.iter().cloned().map(Scope::new));
    let details: StandardDeviceAuthorizationResponse =
        asked.request_async(&authority.http).await.map_err(|error| authority.refused(error))?;
    show(&Prompt::Code {
        user_code: details.user_code().secret().clone(),
        verification_uri: details.verification_uri().to_string(),
        expires_in: details.expires_in().as_secs(),
    });
    let mut polled = authority.client.exchange_device_access_token(&details);
    if let Some(claims) = wanted.claims {
        polled = polled.add_extra_param("claims", claims.to_owned());
    }
    // Whatever interval the platform names, it is not asked more than once a second.
    let pause = |span: Duration| authority.http.pause(span.max(Duration::from_secs(1)));
    let patience = details.expires_in().min(PATIENCE);
    let answer = polled.request_async(&authority.http, pause, Some(patience)).await;
    answer.map_err(|error| device_refused(authority, error))
}

fn device_refused(
    authority: &Authority,
    error: RequestTokenError<Unreachable, oauth2::DeviceCodeErrorResponse>,
) -> SignInError {
    match error {
        RequestTokenError::ServerResponse(answer) => match answer.error() {
            DeviceCodeErrorResponseType::ExpiredToken => SignInError::TimedOut,
            DeviceCodeErrorResponseType::AccessDenied => SignInError::Declined,
            other if other.to_string() == "authorization_declined" => SignInError::Declined,
            other => {
                let parts = || EntraError::from_parts(other.to_string(), answer.error_description());
                authority.explained(authority.http.take_refusal().unwrap_or_else(parts))
            }
        },
        RequestTokenError::Request(Unreachable(word)) => SignInError::Network(word),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInError::NotEntra,
    }
}
