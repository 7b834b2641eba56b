//! Asking a time-stamp authority over HTTP (RFC 3161 section 3.4).
//!
//! Only the digest of the checkpoint goes out: nothing of the matter, no account, no token. It must not judge the answer.

use std::time::Duration;

use url::{Host, Url};

use super::AttestError;

/// How long an answer may take.
const ANSWER: Duration = Duration::from_mins(1);
/// The largest answer that is read, in bytes.
const LARGEST: usize = 1 << 20;

/// Sends a request to an authority and returns its answer, DER.
///
/// # Errors
/// [`AttestError::Address`] for anything but https, or http on this machine; [`AttestError::Service`].
pub async fn ask(authority: &Url, request: Vec<u8>, ca: Option<&[u8]>) -> Result<Vec<u8>, AttestError> {
    must_be_safe(authority)?;
    let failed = |what: &str| AttestError::Service(what.to_owned());
    let mut client = reqwest::Client::builder().timeout(ANSWER).redirect(reqwest::redirect::Policy::none());
    if authority.scheme() == "http" {
        // Plain http goes to this machine only; without roots no https can be spoken, and none are needed.
        client = client.tls_certs_only([]).no_proxy();
    } else if let Some(ca) = ca {
        let roots = reqwest::Certificate::from_pem_bundle(ca);
        client = client.tls_certs_merge(roots.map_err(|_| failed("the file of root certificates cannot be read"))?);
    }
    let client = client.build().map_err(|_| failed("the trusted root certificates cannot be read"))?;
    let sent = client
        .post(authority.clone())
        .header("Content-Type", "application/timestamp-query")
        .header("Accept", "application/timestamp-reply")
        .body(request);
    let mut answer = sent.send().await.map_err(|error| failed(word(&error)))?;
    if !answer.status().is_success() {
        return Err(AttestError::Service(format!("it answered with status {}", answer.status().as_u16())));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| failed(word(&error)))? {
        if body.len() + chunk.len() > LARGEST {
            return Err(failed("its answer is far larger than a stamp"));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn must_be_safe(authority: &Url) -> Result<(), AttestError> {
    let is_here = match authority.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        None => false,
    };
    match authority.scheme() {
        _ if !authority.username().is_empty() || authority.password().is_some() => {
            Err(AttestError::Address("it holds a name or password"))
        }
        "https" => Ok(()),
        "http" if is_here => Ok(()),
        "http" => Err(AttestError::Address("plain http")),
        _ => Err(AttestError::Address("neither https nor http")),
    }
}

/// A few words on what went wrong, without the address.
fn word(error: &reqwest::Error) -> &'static str {
    if error.is_timeout() {
        "it did not answer within a minute"
    } else if error.is_connect() {
        "no connection to it, or its certificate is not trusted"
    } else {
        "its answer broke off"
    }
}
