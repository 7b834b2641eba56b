//! HTTP/1.1 on warm connections against HTTP/2 on one: the same messages of the mix, four at a time for each mailbox, with
//! and without a way that takes its time. What `affiant` should speak is decided by this.
//!
//! `cargo bench --bench protocols`; `QUICK=1` with less. `PAIRS` (5), `EACH` messages for each mailbox (100),
//! `ROUND_TRIP_MS` (50). Without TLS, which costs both the same for each byte.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the result")]
#![allow(clippy::cast_precision_loss, reason = "shares and seconds for people")]
#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared with the other benchmarks")]

mod bare;

use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::{BufRead as _, BufReader};
use std::pin::Pin;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::{Bytes, BytesMut};
use hyper::body::{Body, Frame, Incoming};
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::time::Instant;

use bare::mail::{Pools, Size};
use bare::measured::{Cost, Running, Spread, run};

/// Requests at once for one mailbox.
const AT_ONCE: u64 = 4;
/// Pieces that may be on their way in one direction: more than any window.
const ON_THE_WAY: usize = 4096;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Speaks {
    Http1,
    Http2,
    /// HTTP/2 with windows that grow with the way, which is how the program would be set.
    Http2Adaptive,
}

impl Speaks {
    const ALL: [Self; 3] = [Self::Http1, Self::Http2, Self::Http2Adaptive];

    const fn name(self) -> &'static str {
        match self {
            Self::Http1 => "HTTP/1.1",
            Self::Http2 => "HTTP/2",
            Self::Http2Adaptive => "HTTP/2, adaptive windows",
        }
    }

    fn client(self) -> reqwest::Client {
        let builder = reqwest::Client::builder().tls_certs_only([]).no_proxy().tcp_nodelay(true);
        let builder = match self {
            Self::Http1 => builder.http1_only(),
            Self::Http2 => builder.http2_prior_knowledge(),
            Self::Http2Adaptive => builder.http2_prior_knowledge().http2_adaptive_window(true),
        };
        builder.build().expect("a client")
    }
}

/// A message in pieces.
struct Pieces(VecDeque<Bytes>);

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Poll::Ready(self.0.pop_front().map(|piece| Ok(Frame::data(piece))))
    }
}

async fn listen() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, port)
}

/// Serves both protocols, each on a port of its own, and each again behind a way of so many milliseconds.
async fn serve(one_way: Duration) {
    let pools = Arc::new(Pools::new());
    let ((one, port_1), (two, port_2)) = (listen().await, listen().await);
    let ((far_one, far_1), (far_two, far_2)) = (listen().await, listen().await);
    println!("{port_1} {port_2} {far_1} {far_2}");
    tokio::spawn(relay(far_one, port_1, one_way));
    tokio::spawn(relay(far_two, port_2, one_way));
    tokio::join!(speak(one, pools.clone(), false), speak(two, pools, true));
}

async fn speak(listener: TcpListener, pools: Arc<Pools>, two: bool) {
    loop {
        let (stream, _) = listener.accept().await.expect("a connection");
        stream.set_nodelay(true).expect("set");
        let pools = pools.clone();
        let service = service_fn(move |asked: http::Request<Incoming>| {
            let number = |part: usize| asked.uri().path().split('/').nth(part).and_then(|text| text.parse().ok());
            let (mailbox, n) = (number(1).unwrap_or(0), number(2).unwrap_or(0));
            let letter = pools.letter(Size::Mix, mailbox, n);
            let pieces = letter.pieces.into_iter().filter(|piece| !piece.is_empty()).collect();
            async move { Ok::<_, Infallible>(http::Response::new(Pieces(pieces))) }
        });
        tokio::spawn(async move {
            let stream = TokioIo::new(stream);
            // A connection that the client ends has ended; nothing is lost that is not missed there.
            if two {
                let _ = hyper::server::conn::http2::Builder::new(TokioExecutor::new())
                    .serve_connection(stream, service)
                    .await;
            } else {
                let _ = hyper::server::conn::http1::Builder::new().serve_connection(stream, service).await;
            }
        });
    }
}

async fn relay(listener: TcpListener, port: u16, one_way: Duration) {
    loop {
        let (near, _) = listener.accept().await.expect("a connection");
        let far = TcpStream::connect(("127.0.0.1", port)).await.expect("the server");
        near.set_nodelay(true).and_then(|()| far.set_nodelay(true)).expect("set");
        let ((near_in, near_out), (far_in, far_out)) = (near.into_split(), far.into_split());
        carry(near_in, far_out, one_way);
        carry(far_in, near_out, one_way);
    }
}

/// Everything that comes goes on, so much later.
fn carry(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, one_way: Duration) {
    let (send, mut way) = tokio::sync::mpsc::channel::<(Instant, Bytes)>(ON_THE_WAY);
    tokio::spawn(async move {
        let mut held = BytesMut::new();
        loop {
            held.reserve(64 * 1024);
            match from.read_buf(&mut held).await {
                Ok(0) | Err(_) => return,
                Ok(_) => {}
            }
            if send.send((Instant::now() + one_way, held.split().freeze())).await.is_err() {
                return;
            }
        }
    });
    tokio::spawn(async move {
        while let Some((due, piece)) = way.recv().await {
            tokio::time::sleep_until(due).await;
            if to.write_all(&piece).await.is_err() {
                return;
            }
        }
    });
}

async fn fetch(origin: &str, speaks: Speaks, mailboxes: u64, each: u64) {
    let client = speaks.client();
    let mut started = Vec::new();
    for mailbox in 0..mailboxes {
        let next = Arc::new(AtomicU64::new(0));
        for _ in 0..AT_ONCE {
            let (client, next, origin) = (client.clone(), next.clone(), origin.to_owned());
            started.push(tokio::spawn(async move {
                loop {
                    let n = next.fetch_add(1, Ordering::Relaxed);
                    if n >= each {
                        return;
                    }
                    let asked = client.get(format!("{origin}/{mailbox}/{n}")).bearer_auth("t".repeat(1_500));
                    let mut answer = asked.send().await.expect("an answer");
                    let mut bytes = 0;
                    while let Some(piece) = answer.chunk().await.expect("a whole body") {
                        bytes += piece.len();
                    }
                    assert!(bytes > 0, "a message has bytes");
                }
            }));
        }
    }
    for one in started {
        one.await.expect("it ends");
    }
}

fn again() -> Command {
    Command::new(std::env::current_exe().expect("this program"))
}

fn played_a_role() -> bool {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = || tokio::runtime::Runtime::new().expect("threads");
    let number = |text: &str| text.parse().expect("a number");
    match args.as_slice() {
        ["serve", one_way] => runtime().block_on(serve(Duration::from_millis(number(one_way)))),
        ["fetch", origin, speaks, mailboxes, each] => {
            let speaks = Speaks::ALL.into_iter().find(|one| one.name() == *speaks).expect("a protocol");
            runtime().block_on(fetch(origin, speaks, number(mailboxes), number(each)));
        }
        _ => return false,
    }
    true
}

fn main() {
    if played_a_role() {
        return;
    }
    let quick = bare::is_quick();
    let (pairs, each) = (bare::number("PAIRS", if quick { 3 } else { 5 }), bare::number("EACH", 100));
    let round_trip = bare::number("ROUND_TRIP_MS", 50);
    println!("{}", bare::machine());
    let mut server =
        again().args(["serve", &(round_trip / 2).to_string()]).stdout(Stdio::piped()).spawn().expect("it starts");
    let mut line = String::new();
    BufReader::new(server.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let _server = Running(server);
    let ports: Vec<&str> = line.split_whitespace().collect();
    println!("\nMessages of the mix, {each} for each mailbox, four at a time; {pairs} runs of each in turn.\n");
    println!("| round trip | mailboxes | protocol | connections | s, median (least to most) | CPU, s | peak MiB |");
    println!("|---|---|---|---|---|---|---|");
    for (far, way) in [(0, 0), (2, round_trip)] {
        for mailboxes in [1, 4, 16] {
            let mut costs: Vec<Vec<Cost>> = vec![Vec::new(); Speaks::ALL.len()];
            for pair in 0..usize::try_from(pairs).expect("few") {
                for step in 0..Speaks::ALL.len() {
                    let at = (step + pair) % Speaks::ALL.len();
                    let speaks = Speaks::ALL[at];
                    let port = ports[far + usize::from(speaks != Speaks::Http1)];
                    let (mailboxes, each) = (mailboxes.to_string(), each.to_string());
                    let origin = format!("http://127.0.0.1:{port}");
                    costs[at].push(run(again().args(["fetch", &origin, speaks.name(), &mailboxes, &each])));
                }
            }
            for (speaks, costs) in Speaks::ALL.into_iter().zip(&costs) {
                let of = |part: fn(&Cost) -> f64| Spread::of(costs.iter().map(part));
                println!(
                    "| {way} ms | {mailboxes} | {} | {} | {} | {:.2} | {:.0} |",
                    speaks.name(),
                    if speaks == Speaks::Http1 { AT_ONCE * mailboxes } else { 1 },
                    of(|cost| cost.seconds),
                    of(|cost| cost.cpu).middle,
                    of(|cost| cost.peak_kib as f64 / 1024.0).most,
                );
            }
        }
    }
}
