//! How token requests travel: no redirects, bounded answers, passing faults tried again, every exchange kept.
//!
//! No body is recorded: they hold secrets. It must not know what a request means.

use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, OnceLock};
use std::time::Duration;

use oauth2::{AsyncHttpClient, HttpRequest, HttpResponse};
use url::Url;
use uuid::Uuid;

use crate::cloud::Cloud;
use crate::terms::{Clock, Exchange, Method, Purpose, UtcInstant};

use super::error::{EntraError, SignInError};

/// How long one answer of the identity platform may take, its body included.
const ANSWER: Duration = Duration::from_secs(30);
/// How often a request is sent before a passing fault counts.
const TRIES: u32 = 4;
/// The longest pause the platform may ask for before we give up instead, as people wait.
const PAUSE_MAX: Duration = Duration::from_mins(1);
/// Larger than any token answer.
const MAX_BODY: usize = 1024 * 1024;
/// Exchanges kept at most until somebody takes them; older ones go first.
const KEPT: usize = 1_000;

/// Lets time pass; tests count instead.
pub(super) type Pause = Arc<dyn Fn(Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> + Send + Sync>;

/// Sends token requests and keeps what was exchanged.
#[derive(Clone)]
pub(super) struct TokenHttp {
    way: Arc<Way>,
    /// How long one answer may take.
    answer: Duration,
    clock: Clock,
    pause: Pause,
    kept: Arc<Mutex<Vec<Exchange>>>,
    /// The latest refusal in full; the oauth2 crate keeps only parts of it while it polls.
    refusal: Arc<Mutex<Option<EntraError>>>,
}

impl TokenHttp {
    pub(super) fn new(cloud: &Cloud, ca: Option<&[u8]>, clock: Clock) -> Result<Self, SignInError> {
        let way = Arc::new(Way::to(cloud.authority(), ca)?);
        let pause: Pause = Arc::new(|span| Box::pin(tokio::time::sleep(span)));
        Ok(Self { way, answer: ANSWER, clock, pause, kept: Arc::default(), refusal: Arc::default() })
    }

    /// The same with another way to let time pass.
    #[cfg(test)]
    pub(super) fn pausing(self, pause: Pause) -> Self {
        Self { pause, ..self }
    }

    /// The same with less patience for an answer.
    #[cfg(test)]
    pub(super) fn answering_within(self, answer: Duration) -> Self {
        Self { answer, ..self }
    }

    /// Lets time pass.
    pub(super) fn pause(&self, span: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        (self.pause)(span)
    }

    /// The exchanges since the last call.
    pub(super) fn take(&self) -> Vec<Exchange> {
        self.kept.lock().map(|mut kept| std::mem::take(&mut *kept)).unwrap_or_default()
    }

    /// The latest refusal, once.
    pub(super) fn take_refusal(&self) -> Option<EntraError> {
        self.refusal.lock().ok().and_then(|mut refusal| refusal.take())
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Unreachable> {
        let mut attempt = 1;
        loop {
            let outcome = self.attempt(request.clone(), attempt).await;
            if !passes(&outcome) {
                return outcome.map(by_what_it_says);
            }
            let asked = outcome.as_ref().ok().and_then(retry_after);
            let pause = asked.unwrap_or(Duration::from_secs(1 << (attempt - 1)));
            if attempt >= TRIES || pause > PAUSE_MAX {
                return outcome.map(by_what_it_says).and_then(settled);
            }
            self.pause(pause).await;
            attempt += 1;
        }
    }

    async fn attempt(&self, request: HttpRequest, attempt: u32) -> Result<HttpResponse, Unreachable> {
        let (sent_at, id, url) = ((self.clock)(), Uuid::new_v4(), request.uri().path().to_owned());
        let mut request = reqwest::Request::try_from(request).map_err(|_| Unreachable("the request cannot be sent"))?;
        if let Ok(value) = http::HeaderValue::from_str(&id.to_string()) {
            request.headers_mut().insert("client-request-id", value);
        }
        let outcome = match tokio::time::timeout(self.answer, self.exchange(request)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Unreachable(NO_ANSWER)),
        };
        let answer = outcome.as_ref().ok().map(|(response, _)| response);
        let refusal = answer.and_then(|answer| EntraError::read(answer.body()));
        let header = |name: &str| Some(answer?.headers().get(name)?.to_str().ok()?.to_owned());
        let error = outcome.as_ref().err().map(|error| error.0.to_owned());
        tracing::debug!(
            status = answer.map(|answer| answer.status().as_u16()),
            attempt,
            "the token endpoint was asked"
        );
        self.keep(Exchange {
            purpose: Purpose::Token,
            method: Method::Post,
            url,
            status: answer.map(|answer| answer.status().as_u16()),
            attempt,
            client_request_id: id,
            request_id: header("x-ms-request-id").or_else(|| header("request-id")),
            server_date: header("date"),
            sent_at,
            headers_at: outcome.as_ref().ok().map(|(_, at)| *at),
            done_at: (self.clock)(),
            content_length: header("content-length").and_then(|text| text.parse().ok()),
            bytes: answer.map_or(0, |answer| answer.body().len() as u64),
            retry_after: answer.and_then(retry_after),
            error: error.or_else(|| refusal.as_ref().map(EntraError::word)),
        });
        if let Ok(mut latest) = self.refusal.lock() {
            *latest = refusal;
        }
        outcome.map(|(response, _)| response)
    }

    async fn exchange(&self, request: reqwest::Request) -> Result<(HttpResponse, UtcInstant), Unreachable> {
        let client = self.way.client().ok_or(Unreachable(NO_ROOTS))?;
        let mut answer = client.execute(request).await.map_err(|error| Unreachable(word(&error)))?;
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

    fn keep(&self, exchange: Exchange) {
        if let Ok(mut kept) = self.kept.lock() {
            if kept.len() >= KEPT {
                kept.remove(0);
            }
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

/// The client, made when it is first needed: a sign-in that is still good asks for nothing, and reading the system's
/// root certificates takes longer than everything else about taking it up.
struct Way {
    base: Url,
    roots: Vec<reqwest::Certificate>,
    client: OnceLock<Option<reqwest::Client>>,
}

impl Way {
    fn to(base: &Url, ca: Option<&[u8]>) -> Result<Self, SignInError> {
        Ok(Self { base: base.clone(), roots: roots(base, ca)?, client: OnceLock::new() })
    }

    /// `None` where no trusted roots can be loaded.
    fn client(&self) -> Option<&reqwest::Client> {
        self.client.get_or_init(|| built(&self.base, self.roots.clone()).ok()).as_ref()
    }
}

/// No answer came that could be used.
#[derive(Debug, Clone, Copy, thiserror::Error)]
#[error("{0}")]
pub(super) struct Unreachable(pub(super) &'static str);

const NO_ANSWER: &str = "no answer in time";
const NO_CONNECTION: &str = "no connection";
const BROKEN: &str = "the connection broke";
const OUT_OF_ORDER: &str = "it answers that it is out of order";
const NO_ROOTS: &str = "no trusted root certificates; install the package ca-certificates";
const NOT_TRUSTED: &str = "its certificate is not trusted; a root of your own network goes into --ca-file";

/// Whether the same request may work in a moment.
fn passes(outcome: &Result<HttpResponse, Unreachable>) -> bool {
    match outcome {
        Ok(answer) if answer.status().is_success() => {
            EntraError::read(answer.body()).is_some_and(|refusal| refusal.is_transient())
        }
        Ok(answer) => {
            let busy = answer.status().as_u16() == 429 || answer.status().is_server_error();
            busy || EntraError::read(answer.body()).is_some_and(|refusal| refusal.is_transient())
        }
        Err(Unreachable(word)) => ![NOT_TRUSTED, NO_ROOTS].contains(word),
    }
}

/// Some platforms and gateways say 200 to everything; an error is an error by what it says. The record has the status
/// as it came.
fn by_what_it_says(mut answer: HttpResponse) -> HttpResponse {
    if answer.status().is_success() && EntraError::read(answer.body()).is_some() {
        *answer.status_mut() = http::StatusCode::BAD_REQUEST;
    }
    answer
}

/// An answer that stayed a passing fault: a refusal of the platform's speaks for itself, anything else is an outage.
fn settled(answer: HttpResponse) -> Result<HttpResponse, Unreachable> {
    match EntraError::read(answer.body()) {
        Some(_) => Ok(answer),
        None => Err(Unreachable(OUT_OF_ORDER)),
    }
}

fn retry_after(answer: &HttpResponse) -> Option<Duration> {
    let seconds = answer.headers().get(http::header::RETRY_AFTER)?.to_str().ok()?.trim().parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// A client that follows no redirect and waits no longer than it should.
pub(super) fn client(base: &Url, ca: Option<&[u8]>) -> Result<reqwest::Client, SignInError> {
    built(base, roots(base, ca)?).map_err(|_| SignInError::Network(NO_ROOTS))
}

/// Roots to trust besides the system's. Plain http goes to this machine only and needs none.
fn roots(base: &Url, ca: Option<&[u8]>) -> Result<Vec<reqwest::Certificate>, SignInError> {
    let read = match ca {
        Some(pem) if base.scheme() != "http" => reqwest::Certificate::from_pem_bundle(pem),
        _ => Ok(Vec::new()),
    };
    read.map_err(|_| SignInError::Network("AFFIANT_CA_FILE holds no certificate"))
}

fn built(base: &Url, roots: Vec<reqwest::Certificate>) -> Result<reqwest::Client, reqwest::Error> {
    let builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .timeout(ANSWER)
        .connect_timeout(Duration::from_secs(15))
        .user_agent(concat!("ISV|Affiant|Affiant/", env!("CARGO_PKG_VERSION")));
    let builder = if base.scheme() == "http" {
        // Without roots no https can be spoken, and none are needed.
        builder.tls_certs_only([]).no_proxy()
    } else {
        builder.tls_certs_merge(roots)
    };
    builder.build()
}

pub(super) fn word(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        NO_ANSWER
    } else if names_a_certificate(error) {
        NOT_TRUSTED
    } else if error.is_connect() {
        NO_CONNECTION
    } else {
        BROKEN
    }
}

/// Whether an answer may still come where this was the trouble: no connection, none in time, a broken or a busy one.
pub(super) fn is_passing(word: &str) -> bool {
    [NO_ANSWER, NO_CONNECTION, BROKEN, OUT_OF_ORDER].contains(&word)
}

/// Whether something below says that a certificate was the trouble; the text is read, never shown.
fn names_a_certificate(error: &reqwest::Error) -> bool {
    let mut below = std::error::Error::source(error);
    while let Some(cause) = below {
        if cause.to_string().contains("certificate") {
            return true;
        }
        below = cause.source();
    }
    false
}
