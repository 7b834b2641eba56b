//! A server on loopback that answers exactly the bytes a test wants, or stops answering.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it came.
#[derive(Debug, Clone)]
pub(crate) struct Request {
    /// Counted from 0.
    pub(crate) number: usize,
    /// The server's own address.
    pub(crate) origin: String,
    /// The request line.
    pub(crate) line: String,
    headers: Vec<(String, String)>,
}

impl Request {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        self.line.split(' ').nth(1).unwrap_or_default()
    }
}

/// What to answer.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    head: String,
    body: Vec<u8>,
    raw: bool,
    hang: bool,
}

impl Reply {
    pub(crate) fn status(status: u16, body: &str) -> Self {
        let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
        Self::new(status, kind, body.as_bytes())
    }

    pub(crate) fn json(body: &str) -> Self {
        Self::status(200, body)
    }

    pub(crate) fn ok(kind: &str, body: &[u8]) -> Self {
        Self::new(200, kind, body)
    }

    fn new(status: u16, kind: &str, body: &[u8]) -> Self {
        let head = format!("HTTP/1.1 {status} X\r\ncontent-type: {kind}\r\ncontent-length: {}\r\n", body.len());
        Self { head, body: body.to_vec(), raw: false, hang: false }
    }

    /// These bytes and then the end of the connection.
    pub(crate) fn raw(bytes: &str) -> Self {
        Self { head: String::new(), body: bytes.as_bytes().to_vec(), raw: true, hang: false }
    }

    /// These bytes and then silence.
    pub(crate) fn hang(bytes: &str) -> Self {
        Self { hang: true, ..Self::raw(bytes) }
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        for part in [name, ": ", value, "\r\n"] {
            self.head.push_str(part);
        }
        self
    }
}

type Answer = dyn Fn(&Request) -> Reply + Send + Sync;

/// The server; gone when dropped.
pub(crate) struct Server {
    pub(crate) origin: String,
    state: Arc<State>,
    task: JoinHandle<()>,
}

struct State {
    origin: String,
    answer: Box<Answer>,
    seen: Mutex<Vec<Request>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Server {
    pub(crate) async fn start(answer: impl Fn(&Request) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let origin = format!("http://{}", listener.local_addr().expect("bound"));
        let (seen, now, most) = (Mutex::default(), AtomicUsize::new(0), AtomicUsize::new(0));
        let state = Arc::new(State { origin: origin.clone(), answer: Box::new(answer), seen, now, most });
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((socket, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move {
                    let _ = serve(socket, &state).await;
                });
            }
        });
        Self { origin, state, task }
    }

    pub(crate) fn seen(&self) -> Vec<Request> {
        self.state.seen.lock().expect("not poisoned").clone()
    }

    pub(crate) fn most_at_once(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// One request per connection.
async fn serve(mut socket: TcpStream, state: &State) -> std::io::Result<()> {
    let mut head = Vec::new();
    while !head.windows(4).any(|end| end == b"\r\n\r\n") {
        let mut some = [0; 1024];
        match socket.read(&mut some).await? {
            0 => return Ok(()),
            count => head.extend_from_slice(&some[..count]),
        }
        // A TLS greeting: answered as any plain server does.
        if head.first() == Some(&0x16) {
            return socket.write_all(b"HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n").await;
        }
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let mut lines = text.lines();
    let line = lines.next().unwrap_or_default().to_owned();
    let pair = |line: &str| line.split_once(':').map(|(name, value)| (name.to_owned(), value.trim().to_owned()));
    let headers = lines.filter_map(pair).collect();
    let request = {
        let mut seen = state.seen.lock().expect("not poisoned");
        let request = Request { number: seen.len(), origin: state.origin.clone(), line, headers };
        seen.push(request.clone());
        request
    };
    state.most.fetch_max(state.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
    state.now.fetch_sub(1, Ordering::SeqCst);
    let reply = (state.answer)(&request);
    if !reply.raw {
        let number = request.number;
        let head = format!("{}request-id: r-{number}\r\nconnection: close\r\n\r\n", reply.head);
        socket.write_all(head.as_bytes()).await?;
    }
    socket.write_all(&reply.body).await?;
    if reply.hang {
        // Until the client gives up.
        let _ = socket.read(&mut [0; 1]).await;
    }
    socket.shutdown().await
}
