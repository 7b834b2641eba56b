//! A DNS server on loopback for the tenant's zone: the TXT records of those who sign its mail, and nothing else.
//!
//! Answers over UDP and TCP; a text that does not fit into a UDP answer is given over TCP only. Reads and writes the bytes
//! itself: it shares nothing with the client.

use std::collections::BTreeMap;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::task::JoinHandle;

/// TXT records by name, lower case, without a dot at the end.
type Records = BTreeMap<String, String>;

/// The longest answer over UDP.
const UDP_MAX: usize = 1_232;
/// No such name.
const NXDOMAIN: u8 = 3;
/// Ports that are tried for one that is free on both UDP and TCP.
const TRIES: u32 = 20;

/// The running server; it ends with this value.
pub(super) struct Zone {
    at: SocketAddr,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Zone {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Zone {
    /// Where it listens.
    pub(super) const fn at(&self) -> SocketAddr {
        self.at
    }

    /// Starts to serve on a free port of loopback.
    pub(super) async fn serve(records: Records) -> io::Result<Self> {
        let records = Arc::new(records);
        let (udp, tcp) = listen().await?;
        let at = udp.local_addr()?;
        let tasks = [tokio::spawn(serve_udp(udp, records.clone())), tokio::spawn(serve_tcp(tcp, records))];
        Ok(Self { at, tasks })
    }
}

async fn listen() -> io::Result<(UdpSocket, TcpListener)> {
    let mut last = io::Error::from(io::ErrorKind::AddrInUse);
    for _ in 0..TRIES {
        let tcp = TcpListener::bind("127.0.0.1:0").await?;
        match UdpSocket::bind(tcp.local_addr()?).await {
            Ok(udp) => return Ok((udp, tcp)),
            Err(error) => last = error,
        }
    }
    Err(last)
}

async fn serve_udp(socket: UdpSocket, records: Arc<Records>) {
    let mut buffer = vec![0; 4_096];
    while let Ok((length, from)) = socket.recv_from(&mut buffer).await {
        if let Some(answer) = answer(buffer.get(..length).unwrap_or_default(), &records, UDP_MAX) {
            // Whoever asked may have gone.
            let _ = socket.send_to(&answer, from).await;
        }
    }
}

async fn serve_tcp(listener: TcpListener, records: Arc<Records>) {
    while let Ok((stream, _)) = listener.accept().await {
        let records = records.clone();
        tokio::spawn(async move { one(stream, &records).await });
    }
}

async fn one(mut stream: TcpStream, records: &Records) -> io::Result<()> {
    let length = stream.read_u16().await?;
    let mut question = vec![0; usize::from(length)];
    stream.read_exact(&mut question).await?;
    let answer = answer(&question, records, usize::from(u16::MAX)).ok_or(io::ErrorKind::InvalidData)?;
    stream.write_u16(u16::try_from(answer.len()).map_err(io::Error::other)?).await?;
    stream.write_all(&answer).await
}

/// The answer to a question; `None` for what is none.
fn answer(question: &[u8], records: &Records, longest: usize) -> Option<Vec<u8>> {
    let (name, end) = name(question)?;
    let asked = question.get(..end + 4)?;
    let text = records.get(&name);
    // An answer, recursion desired and available; one question.
    let head = |answers: u8, flags: u8, code: u8| {
        let mut bytes = asked.to_vec();
        bytes.get_mut(2..12)?.copy_from_slice(&[0x81 | flags, 0x80 | code, 0, 1, 0, answers, 0, 0, 0, 0]);
        Some(bytes)
    };
    let Some(text) = text else { return head(0, 0, NXDOMAIN) };
    let mut data = Vec::new();
    for piece in text.as_bytes().chunks(255) {
        data.push(u8::try_from(piece.len()).ok()?);
        data.extend_from_slice(piece);
    }
    let mut bytes = head(1, 0, 0)?;
    // The name by a pointer to the question, TXT, IN, five minutes.
    bytes.extend_from_slice(&[0xC0, 12, 0, 16, 0, 1, 0, 0, 1, 44]);
    bytes.extend_from_slice(&u16::try_from(data.len()).ok()?.to_be_bytes());
    bytes.extend_from_slice(&data);
    if bytes.len() > longest { head(0, 0x02, 0) } else { Some(bytes) }
}

/// The name that is asked for, and where it ends.
fn name(question: &[u8]) -> Option<(String, usize)> {
    let (mut labels, mut at) = (Vec::new(), 12);
    loop {
        let length = usize::from(*question.get(at)?);
        if length == 0 {
            return Some((labels.join("."), at + 1));
        }
        let label = question.get(at + 1..at + 1 + length).filter(|_| length < 64)?;
        labels.push(String::from_utf8_lossy(label).to_ascii_lowercase());
        at += 1 + length;
    }
}
