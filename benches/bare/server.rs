//! A load server: Graph over HTTP/1.1 on loopback, with TLS or without, with as little work as possible for each
//! request, in a process of its own. It checks no token and keeps no state but counters; on request it takes its time
//! and keeps Microsoft's limits.

use std::collections::VecDeque;
use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bytes::{Buf as _, Bytes, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;

use super::answers::{Asked, Estate, mailbox_of};
use super::mail::Pools;

/// Microsoft's limits per application and mailbox.
const AT_ONCE: u64 = 4;
const QUOTA: usize = 10_000;
const TEN_MINUTES: Duration = Duration::from_mins(10);

/// How a server behaves.
#[derive(Clone, Copy)]
pub struct Manners {
    pub latency: Duration,
    /// Whether Microsoft's limits are kept.
    pub limits: bool,
}

struct Desk {
    estate: Estate,
    manners: Manners,
    pools: Pools,
    origin: String,
    lanes: Vec<Lane>,
    seen: Seen,
}

/// One mailbox's limits.
#[derive(Default)]
struct Lane {
    in_flight: AtomicU64,
    came: Mutex<VecDeque<Instant>>,
}

#[derive(Default)]
struct Seen {
    requests: AtomicU64,
    values: AtomicU64,
    bytes: AtomicU64,
    over: AtomicU64,
    most: AtomicU64,
    /// Microseconds since 1970: the first request, the first and the last message, the last answer.
    first: AtomicU64,
    first_value: AtomicU64,
    last_value: AtomicU64,
    last: AtomicU64,
    keep: AtomicBool,
    log: Mutex<Vec<String>>,
}

/// Serves until the process is killed; says its origin in one line first.
pub async fn serve(estate: Estate, manners: Manners, tls: Option<TlsAcceptor>) -> io::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    let origin = format!("{scheme}://{}", listener.local_addr()?);
    let lanes = (0..=estate.mailboxes).map(|_| Lane::default()).collect();
    let pools = Pools::new();
    println!("{} {origin}", estate.bytes(&pools));
    let desk = Arc::new(Desk { estate, manners, pools, origin, lanes, seen: Seen::default() });
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (desk, tls) = (desk.clone(), tls.clone());
        tokio::spawn(async move {
            match tls {
                Some(tls) => connection(desk, tls.accept(stream).await?).await,
                None => connection(desk, stream).await,
            }
        });
    }
}

/// Where requests come from and answers go to.
trait Wire: AsyncRead + AsyncWrite + Unpin {}

impl<T: AsyncRead + AsyncWrite + Unpin> Wire for T {}

async fn connection(desk: Arc<Desk>, mut stream: impl Wire) -> io::Result<()> {
    let mut held = BytesMut::with_capacity(8 * 1024);
    loop {
        let end = loop {
            match memchr::memmem::find(&held, b"\r\n\r\n") {
                Some(end) => break end,
                None if stream.read_buf(&mut held).await? == 0 => return Ok(()),
                None => {}
            }
        };
        let head = held.split_to(end + 4);
        let head = std::str::from_utf8(&head).map_err(io::Error::other)?;
        desk.reply(head, &mut stream).await?;
        stream.flush().await?;
    }
}

fn now() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
}

impl Desk {
    async fn reply(&self, head: &str, stream: &mut impl Wire) -> io::Result<()> {
        let target = head.split(' ').nth(1).unwrap_or_default();
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        if let Some(control) = path.strip_prefix("/bench/") {
            return plain(stream, 200, "application/json", &self.control(control)).await;
        }
        let came = now();
        self.seen.requests.fetch_add(1, Ordering::Relaxed);
        let _ = self.seen.first.compare_exchange(0, came, Ordering::Relaxed, Ordering::Relaxed);
        let Some((mailbox, rest)) = path.strip_prefix("/v1.0/users/").and_then(mailbox_of) else {
            return plain(stream, 404, "text/plain", "").await;
        };
        if self.seen.keep.load(Ordering::Relaxed) {
            let line = format!("{} {target}", page_size(head).unwrap_or(0));
            self.seen.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
        }
        let lane = self.lanes.get(usize::try_from(mailbox).unwrap_or(0)).ok_or(io::ErrorKind::InvalidInput)?;
        let at_once = lane.in_flight.fetch_add(1, Ordering::Relaxed) + 1;
        self.seen.most.fetch_max(at_once, Ordering::Relaxed);
        let answer = if self.manners.limits && (at_once > AT_ONCE || lane.is_used_up()) {
            None
        } else {
            tokio::time::sleep(self.manners.latency).await;
            Some(self.estate.answer(&self.origin, mailbox, rest, query, page_size(head)))
        };
        // The seat is free before the answer is out: whoever has the answer may ask again at once.
        lane.in_flight.fetch_sub(1, Ordering::Relaxed);
        let done = match answer {
            None => {
                self.seen.over.fetch_add(1, Ordering::Relaxed);
                let said = r#"{"error":{"code":"ApplicationThrottled","message":"Application is over its limit."}}"#;
                plain(stream, 429, "application/json\r\nretry-after: 1", said).await
            }
            Some(Asked::Json(status, said)) => plain(stream, status, "application/json", &said).await,
            Some(Asked::Text(said)) => plain(stream, 200, "text/plain", &said).await,
            Some(Asked::Message(n)) => self.message(stream, mailbox, n).await,
        };
        self.seen.last.store(now(), Ordering::Relaxed);
        done
    }

    /// A message, in one chunk: the service announces no lengths either.
    async fn message(&self, stream: &mut impl Wire, mailbox: u64, n: u64) -> io::Result<()> {
        let at = now();
        let _ = self.seen.first_value.compare_exchange(0, at, Ordering::Relaxed, Ordering::Relaxed);
        self.seen.values.fetch_add(1, Ordering::Relaxed);
        let letter = self.pools.letter(self.estate.size, mailbox, n);
        let bytes = letter.bytes();
        self.seen.bytes.fetch_add(bytes as u64, Ordering::Relaxed);
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n{bytes:x}\r\n");
        let end = Bytes::from_static(b"\r\n0\r\n\r\n");
        let [own, text, between, attachment, last] = letter.pieces;
        let front = Bytes::from(head).chain(own).chain(text);
        let mut whole = front.chain(between).chain(attachment).chain(last).chain(end);
        stream.write_all_buf(&mut whole).await?;
        self.seen.last_value.store(now(), Ordering::Relaxed);
        Ok(())
    }

    fn control(&self, what: &str) -> String {
        let seen = &self.seen;
        if what == "reset" || what == "watch" {
            for count in [&seen.requests, &seen.values, &seen.bytes, &seen.over, &seen.most] {
                count.store(0, Ordering::Relaxed);
            }
            for at in [&seen.first, &seen.first_value, &seen.last_value, &seen.last] {
                at.store(0, Ordering::Relaxed);
            }
            seen.keep.store(what == "watch", Ordering::Relaxed);
            seen.log.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        let read = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let mut said = serde_json::json!({
            "requests": read(&seen.requests), "values": read(&seen.values), "bytes": read(&seen.bytes),
            "over": read(&seen.over), "most": read(&seen.most), "first": read(&seen.first),
            "first_value": read(&seen.first_value), "last_value": read(&seen.last_value), "last": read(&seen.last),
        });
        if what == "log" {
            said["log"] = seen.log.lock().unwrap_or_else(PoisonError::into_inner).clone().into();
        }
        said.to_string()
    }
}

impl Lane {
    /// Counts one request; whether it is one too many in ten minutes.
    fn is_used_up(&self) -> bool {
        let (mut came, now) = (self.came.lock().unwrap_or_else(PoisonError::into_inner), Instant::now());
        while came.front().is_some_and(|at| now.duration_since(*at) >= TEN_MINUTES) {
            came.pop_front();
        }
        came.push_back(now);
        came.len() > QUOTA
    }
}

async fn plain(stream: &mut impl Wire, status: u16, kind: &str, said: &str) -> io::Result<()> {
    let length = said.len();
    let whole = format!("HTTP/1.1 {status} -\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n{said}");
    stream.write_all(whole.as_bytes()).await
}

/// What the `Prefer` header says about pages.
fn page_size(head: &str) -> Option<u64> {
    let (_, rest) = head.split_once("odata.maxpagesize=")?;
    let digits = rest.split(|c: char| !c.is_ascii_digit()).next()?;
    digits.parse().ok()
}
