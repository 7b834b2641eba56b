//! The browser's way back: a listener on this machine that takes one answer and closes.
//!
//! Entra ignores the port of `http://localhost` but not the path; browsers may go to either loopback family,
//! so both are listened on. Requests that are not the answer (favicons, strangers) get 404 and change nothing.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use url::Url;

use super::error::{EntraError, SignInError};

/// The longest request line and headers that are read.
const MAX_REQUEST: usize = 32 * 1024;
/// Connections read at once; more are closed unread.
const MAX_VISITS: usize = 32;
/// How long a connection may say nothing.
const SILENCE: Duration = Duration::from_secs(10);
const DONE: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Affiant</title>\
<body style=\"font:16px sans-serif;margin:4em auto;max-width:30em\"><h1>You can close this page.</h1>\
<p>Affiant has its answer; go back to where you started it.</p></body></html>";
const NOT_DONE: &str = "<!doctype html><html lang=en><meta charset=utf-8><title>Affiant</title>\
<body style=\"font:16px sans-serif;margin:4em auto;max-width:30em\"><h1>You are not signed in.</h1>\
<p>Go back to where you started Affiant; it says why. You can close this page.</p></body></html>";

/// A listener that waits for the browser.
pub(super) struct Loopback {
    v4: TcpListener,
    v6: Option<TcpListener>,
    port: u16,
}

impl Loopback {
    /// Listens on a free port of both loopback families.
    pub(super) async fn listen() -> io::Result<Self> {
        let v4 = TcpListener::bind("127.0.0.1:0").await?;
        let port = v4.local_addr()?.port();
        // Machines without IPv6, or with that port taken there, still have the other family.
        let v6 = TcpListener::bind(("::1", port)).await.ok();
        Ok(Self { v4, v6, port })
    }

    /// What the browser is sent back to.
    pub(super) fn redirect_uri(&self) -> String {
        // Without a path, as it is registered: Entra ignores the port when it compares, but not the path.
        format!("http://localhost:{}", self.port)
    }

    /// Waits for the answer that belongs to this sign-in and returns its code.
    pub(super) async fn answer(&self, state: &str) -> Result<String, SignInError> {
        // Browsers open connections ahead of need and say nothing on them: each is read beside the others.
        let mut visits = JoinSet::new();
        loop {
            tokio::select! {
                accepted = self.accept() => {
                    let stream = accepted.map_err(|_| SignInError::Listen)?;
                    if visits.len() < MAX_VISITS {
                        visits.spawn(visit(stream, state.to_owned()));
                    }
                }
                Some(done) = visits.join_next() => {
                    if let Ok(Some(outcome)) = done {
                        return outcome;
                    }
                }
            }
        }
    }

    async fn accept(&self) -> io::Result<TcpStream> {
        match &self.v6 {
            Some(v6) => tokio::select! {
                accepted = self.v4.accept() => accepted,
                accepted = v6.accept() => accepted,
            },
            None => self.v4.accept().await,
        }
        .map(|(stream, _)| stream)
    }
}

/// Reads one request and answers it; says what it brought, if anything.
async fn visit(mut stream: TcpStream, state: String) -> Option<Result<String, SignInError>> {
    let read = tokio::time::timeout(SILENCE, request_url(&mut stream)).await;
    let outcome = read.ok().flatten().and_then(|url| outcome(&url, &state));
    match &outcome {
        Some(Ok(_)) => reply(&mut stream, "200 OK", DONE).await,
        Some(Err(_)) => reply(&mut stream, "200 OK", NOT_DONE).await,
        None => reply(&mut stream, "404 Not Found", "").await,
    }
    outcome
}

async fn request_url(stream: &mut TcpStream) -> Option<Url> {
    let mut seen = Vec::new();
    let mut buffer = [0; 4096];
    while !seen.windows(4).any(|four| four == b"\r\n\r\n") {
        let read = stream.read(&mut buffer).await.ok()?;
        if read == 0 || seen.len() + read > MAX_REQUEST {
            return None;
        }
        seen.extend_from_slice(buffer.get(..read)?);
    }
    let text = String::from_utf8_lossy(&seen);
    let mut words = text.lines().next()?.split(' ');
    let (method, target) = (words.next()?, words.next()?);
    if method != "GET" {
        return None;
    }
    Url::parse("http://localhost/").ok()?.join(target).ok()
}

/// What an address says about this sign-in; `None` when it says nothing.
fn outcome(url: &Url, state: &str) -> Option<Result<String, SignInError>> {
    let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
    let (code, error) = (value("code"), value("error"));
    if code.is_none() && error.is_none() {
        return None;
    }
    let same = value("state").is_some_and(|given| equal(given.as_bytes(), state.as_bytes()));
    Some(match (same, code, error) {
        (false, _, _) | (true, None, None) => Err(SignInError::State),
        (true, _, Some(error)) if error == "access_denied" && value("error_description").is_none() => {
            Err(SignInError::Declined)
        }
        (true, _, Some(error)) => {
            Err(SignInError::Refused(Box::new(EntraError::from_parts(error, value("error_description").as_ref()))))
        }
        (true, Some(code), None) => Ok(code),
    })
}

/// Compares without telling by its duration where the difference is.
fn equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && a.iter().zip(b).fold(0, |differs, (a, b)| differs | (a ^ b)) == 0
}

async fn reply(stream: &mut TcpStream, status: &str, body: &str) {
    let head = format!(
        "HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
         Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nConnection: close\r\n\r\n",
        body.len()
    );
    // The answer is already taken; a browser that left does not matter.
    let _ = stream.write_all(head.as_bytes()).await;
    let _ = stream.write_all(body.as_bytes()).await;
    let _ = stream.shutdown().await;
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(query: &str) -> Option<Result<String, SignInError>> {
        outcome(&Url::parse(&format!("http://localhost:1/{query}")).expect("a URL"), "right")
    }

    #[test]
    fn only_an_answer_with_the_right_state_brings_a_code() {
        assert!(matches!(of("?code=c&state=right"), Some(Ok(code)) if code == "c"));
        assert!(matches!(of("?code=c&state=wrong"), Some(Err(SignInError::State))));
        assert!(matches!(of("?code=c"), Some(Err(SignInError::State))));
        assert!(matches!(of("?error=access_denied&state=right"), Some(Err(SignInError::Declined))));
        assert!(of("favicon.ico").is_none());
    }

    #[tokio::test]
    async fn the_browser_is_answered_and_strangers_and_silence_change_nothing() {
        let loopback = Loopback::listen().await.expect("a port");
        let port = loopback.port;
        let visits = async move {
            let silent = TcpStream::connect(("127.0.0.1", port)).await.expect("connects");
            for (target, want) in [("/favicon.ico", "404"), ("/?code=abc&state=s", "200")] {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).await.expect("connects");
                stream.write_all(format!("GET {target} HTTP/1.1\r\nHost: x\r\n\r\n").as_bytes()).await.expect("writes");
                let mut answer = String::new();
                stream.read_to_string(&mut answer).await.expect("reads");
                assert!(answer.starts_with(&format!("HTTP/1.1 {want}")), "{answer}");
            }
            drop(silent);
        };
        let (code, ()) = tokio::join!(loopback.answer("s"), visits);
        assert_eq!(code.expect("a code"), "abc");
    }
}
