//! One plain question to an address, without any token: does it answer, and how far is its clock from ours?
//!
//! It must not follow redirects, send secrets, or judge what the answer means.

use url::Url;

use crate::terms::{Clock, UtcInstant};

use super::http::client;

/// The longest answer that is kept.
const MAX: usize = 256 * 1024;

/// An answer, whatever it says.
#[derive(Debug, Clone)]
pub struct Reached {
    /// HTTP status.
    pub status: u16,
    /// The body, up to 256 KiB.
    pub body: Vec<u8>,
    /// The `Date` header as it came.
    pub date: Option<String>,
    /// When the question was sent.
    pub sent_at: UtcInstant,
    /// When the answer's head was here.
    pub headed_at: UtcInstant,
}

/// Asks an address.
///
/// # Errors
/// A few words on what kept the answer away.
pub async fn reach(url: &Url, ca: Option<&[u8]>, clock: &Clock) -> Result<Reached, &'static str> {
    let http = client(url, ca).map_err(|_| "the trusted root certificates cannot be read")?;
    let sent_at = clock();
    let mut answer = http.get(url.clone()).send().await.map_err(|error| super::http::word(&error))?;
    let headed_at = clock();
    let date = answer.headers().get(::http::header::DATE).and_then(|date| date.to_str().ok()).map(str::to_owned);
    let status = answer.status().as_u16();
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| super::http::word(&error))? {
        let room = MAX.saturating_sub(body.len()).min(chunk.len());
        body.extend_from_slice(chunk.get(..room).unwrap_or_default());
        if body.len() >= MAX {
            break;
        }
    }
    Ok(Reached { status, body, date, sent_at, headed_at })
}
