//! The identity platform's endpoints, spoken to through the `oauth2` crate; every exchange is kept.
//!
//! Redirects are not followed, answers are bounded in time, and no body is recorded: they hold secrets.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use oauth2::basic::{BasicRevocationErrorResponse, BasicTokenIntrospectionResponse, BasicTokenType};
use oauth2::{
    AsyncHttpClient, AuthType, AuthUrl, Client, ClientId, DeviceAuthorizationUrl, EndpointNotSet, EndpointSet,
    ExtraTokenFields, HttpRequest, HttpResponse, RequestTokenError, StandardRevocableToken, StandardTokenResponse,
    TokenUrl,
};
use serde::{Deserialize, Serialize};
use url::Url;
use uuid::Uuid;

use crate::cloud::Cloud;
use crate::terms::{Clock, Exchange, Method, Purpose, UtcInstant};

use super::error::{EntraError, SignInError};

/// How long one answer of the identity platform may take.
const ANSWER: Duration = Duration::from_secs(30);
/// Larger than any token answer.
const MAX_BODY: usize = 1024 * 1024;

/// What Microsoft's token answer has besides OAuth's own fields.
#[derive(Clone, Serialize, Deserialize)]
pub(super) struct IdToken {
    /// Who signed in, as a JWT.
    #[serde(default)]
    pub(super) id_token: Option<String>,
}

impl std::fmt::Debug for IdToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("IdToken(not shown)")
    }
}

impl ExtraTokenFields for IdToken {}

/// A token answer.
pub(super) type TokenAnswer = StandardTokenResponse<IdToken, BasicTokenType>;

/// The client with the endpoints that are used.
pub(super) type EntraClient = Client<
    EntraError,
    TokenAnswer,
    BasicTokenIntrospectionResponse,
    StandardRevocableToken,
    BasicRevocationErrorResponse,
    EndpointSet,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
>;

/// One tenant's endpoints for one application.
#[derive(Clone)]
pub(super) struct Authority {
    pub(super) client: EntraClient,
    pub(super) http: TokenHttp,
}

impl Authority {
    pub(super) fn new(
        cloud: &Cloud,
        tenant: &str,
        client_id: &str,
        ca: Option<&[u8]>,
        clock: Clock,
    ) -> Result<Self, SignInError> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
        let wrong = || SignInError::Tenant(tenant.chars().take(80).collect());
        if tenant.is_empty() || tenant.starts_with('.') || !tenant.chars().all(plain) {
            return Err(wrong());
        }
        let base = cloud.authority().as_str().trim_end_matches('/').to_owned();
        let at = |tail: &str| format!("{base}/{tenant}/oauth2/v2.0/{tail}");
        let client = Client::new(ClientId::new(client_id.to_owned()))
            .set_auth_type(AuthType::RequestBody)
            .set_auth_uri(AuthUrl::new(at("authorize")).map_err(|_| wrong())?)
            .set_token_uri(TokenUrl::new(at("token")).map_err(|_| wrong())?)
            .set_device_authorization_url(DeviceAuthorizationUrl::new(at("devicecode")).map_err(|_| wrong())?);
        Ok(Self { client, http: TokenHttp::new(cloud, ca, clock)? })
    }
}

/// Sends token requests and keeps what was exchanged.
#[derive(Clone)]
pub(super) struct TokenHttp {
    http: reqwest::Client,
    kept: Arc<Mutex<Vec<Exchange>>>,
    clock: Clock,
}

impl TokenHttp {
    fn new(cloud: &Cloud, ca: Option<&[u8]>, clock: Clock) -> Result<Self, SignInError> {
        let http = client(cloud.authority(), ca)?;
        Ok(Self { http, kept: Arc::default(), clock })
    }

    /// The exchanges since the last call.
    pub(super) fn take(&self) -> Vec<Exchange> {
        self.kept.lock().map(|mut kept| std::mem::take(&mut *kept)).unwrap_or_default()
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let (sent_at, id, url) = ((self.clock)(), Uuid::new_v4(), request.uri().path().to_owned());
        let mut request = reqwest::Request::try_from(request).map_err(|_| Unreachable("the request cannot be sent"))?;
        if let Ok(value) = http::HeaderValue::from_str(&id.to_string()) {
            request.headers_mut().insert("client-request-id", value);
        }
        let outcome = self.exchange(request).await;
        let done_at = (self.clock)();
        self.keep(sent_at, done_at, id, url, &outcome);
        outcome.map(|(response, _)| response)
    }

    async fn exchange(&self, request: reqwest::Request) -> Result<(HttpResponse, UtcInstant), Unreachable> {
        let mut answer = self.http.execute(request).await.map_err(|error| Unreachable(word(&error)))?;
        let headers_at = (self.clock)();
        let mut response = http::Response::builder().status(answer.status());
        for (name, value) in answer.headers() {
            response = response.header(name, value);
        }
        let mut body = Vec::new();
        while let Some(chunk) = answer.chunk().await.map_err(|error| Unreachable(word(&error)))? {
            body.extend_from_slice(&chunk);
            if body.len() > MAX_BODY {
                return Err(Unreachable("the answer is too long"));
            }
        }
        let response = response.body(body).map_err(|_| Unreachable("the answer cannot be read"))?;
        Ok((response, headers_at))
    }

    fn keep(
        &self,
        sent_at: UtcInstant,
        done_at: UtcInstant,
        id: Uuid,
        url: String,
        outcome: &Result<(HttpResponse, UtcInstant), Unreachable>,
    ) {
        let header = |name: &str| {
            let (response, _) = outcome.as_ref().ok()?;
            Some(response.headers().get(name)?.to_str().ok()?.to_owned())
        };
        let exchange = Exchange {
            purpose: Purpose::Token,
            method: Method::Post,
            url,
            status: outcome.as_ref().ok().map(|(response, _)| response.status().as_u16()),
            attempt: 1,
            client_request_id: id,
            request_id: header("x-ms-request-id").or_else(|| header("request-id")),
            server_date: header("date"),
            sent_at,
            headers_at: outcome.as_ref().ok().map(|(_, at)| *at),
            done_at,
            content_length: header("content-length").and_then(|text| text.parse().ok()),
            bytes: outcome.as_ref().map_or(0, |(response, _)| response.body().len() as u64),
            retry_after: None,
            error: outcome.as_ref().err().map(|error| error.0.to_owned()),
        };
        if let Ok(mut kept) = self.kept.lock() {
            kept.push(exchange);
        }
    }
}

impl<'c> AsyncHttpClient<'c> for TokenHttp {
    type Error = Unreachable;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Unreachable>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// No answer came.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreachable(pub(super) &'static str);

/// A client that follows no redirect and waits no longer than it should.
pub(super) fn client(base: &Url, ca: Option<&[u8]>) -> Result<reqwest::Client, SignInError> {
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER)
        .connect_timeout(Duration::from_secs(15))
        .user_agent(concat!("ISV|Affiant|Affiant/", env!("CARGO_PKG_VERSION")));
    if base.scheme() == "http" {
        // Plain http goes to this machine only; without roots no https can be spoken, and none are needed.
        builder = builder.tls_certs_only([]).no_proxy();
    } else if let Some(pem) = ca {
        let roots = reqwest::Certificate::from_pem_bundle(pem)
            .map_err(|_| SignInError::Network("AFFIANT_CA_FILE holds no certificate"))?;
        builder = builder.tls_certs_merge(roots);
    }
    builder
        .build()
        .map_err(|_| SignInError::Network("no trusted root certificates; install the package ca-certificates"))
}

fn word(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "no answer in time"
    } else if error.is_connect() {
        "no connection, or its certificate was not accepted"
    } else {
        "the connection broke"
    }
}

/// A token request that failed, for the person.
pub(super) fn refused(error: RequestTokenError<Unreachable, EntraError>) -> SignInError {
    match error {
        RequestTokenError::ServerResponse(entra) => SignInError::Refused(Box::new(entra)),
        RequestTokenError::Request(Unreachable(word)) => SignInError::Network(word),
        RequestTokenError::Parse(..) | RequestTokenError::Other(_) => SignInError::NotEntra,
    }
}
