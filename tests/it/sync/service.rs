//! A small stand-in for the service: answers by path as told, and remembers what it was asked.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

/// What a path answers.
#[derive(Clone)]
pub(super) struct Says {
    pub(super) status: u16,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

/// What was asked.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    pub(super) method: String,
    pub(super) target: String,
    pub(super) headers: HashMap<String, String>,
}

#[derive(Default)]
struct State {
    says: HashMap<String, Vec<Says>>,
    asked: Vec<Asked>,
}

/// The server; it ends with the test process.
pub(super) struct Service {
    pub(super) origin: String,
    state: Arc<Mutex<State>>,
}

impl Says {
    pub(super) fn json(body: &serde_json::Value) -> Self {
        Self {
            status: 200,
            headers: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into(),
        }
    }

    pub(super) fn error(status: u16, code: &str) -> Self {
        Self { status, ..Self::json(&serde_json::json!({"error": {"code": code, "message": "m"}})) }
    }

    pub(super) fn csv(text: &str) -> Self {
        let kind = ("content-type".to_owned(), "application/octet-stream".to_owned());
        Self { status: 200, headers: vec![kind], body: text.as_bytes().to_vec() }
    }

    pub(super) fn moved(to: &str) -> Self {
        Self { status: 302, headers: vec![("location".into(), to.into())], body: Vec::new() }
    }

    pub(super) fn with(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }
}

impl Service {
    pub(super) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let shared = Arc::clone(&shared);
                std::thread::spawn(move || serve(stream, &shared));
            }
        });
        Self { origin, state }
    }

    /// Answers a path from now on; several answers come one after the other, the last one stays.
    pub(super) fn say(&self, path: &str, answers: &[Says]) {
        self.state.lock().expect("fine").says.insert(path.to_owned(), answers.to_vec());
    }

    /// What was asked so far whose target holds this.
    pub(super) fn asked(&self, part: &str) -> Vec<Asked> {
        let state = self.state.lock().expect("fine");
        state.asked.iter().filter(|asked| asked.target.contains(part)).cloned().collect()
    }
}

fn serve(stream: TcpStream, state: &Mutex<State>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
    let mut line = String::new();
    if reader.read_line(&mut line).unwrap_or_default() == 0 {
        return;
    }
    let mut words = line.split_whitespace();
    let (method, target) = (words.next().unwrap_or_default().to_owned(), words.next().unwrap_or_default().to_owned());
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or_default() <= 2 {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.to_lowercase(), value.trim().to_owned());
        }
    }
    let length = headers.get("content-length").and_then(|n| n.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    let _ = reader.read_exact(&mut body);
    let path = target.split('?').next().unwrap_or_default().to_owned();
    let known_tag = headers.get("if-none-match").cloned();
    let says = {
        let mut state = state.lock().expect("fine");
        state.asked.push(Asked { method, target, headers });
        match state.says.get_mut(&path) {
            Some(queue) if queue.len() > 1 => queue.remove(0),
            Some(queue) => queue.first().cloned().unwrap_or_else(|| Says::error(404, "NotFound")),
            None => Says::error(404, "Request_ResourceNotFound"),
        }
    };
    let tag = says.headers.iter().find(|(name, _)| name == "etag").map(|(_, tag)| tag.clone());
    let says = if tag.is_some() && tag == known_tag {
        Says { status: 304, headers: Vec::new(), body: Vec::new() }
    } else {
        says
    };
    let mut head = format!("HTTP/1.1 {} X\r\nconnection: close\r\nrequest-id: r-1\r\n", says.status);
    if says.status != 304 {
        head += &format!("content-length: {}\r\n", says.body.len());
    }
    for (name, value) in &says.headers {
        head += &format!("{name}: {value}\r\n");
    }
    head += "\r\n";
    let mut stream = stream;
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(&says.body)).and_then(|()| stream.flush());
}
