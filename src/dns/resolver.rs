//! Asking: which resolver, how often, how long.
//!
//! It must not know why something is asked.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::system;
use super::wire::{self, Reply};

/// How long one answer over UDP is waited for.
const UDP_WAIT: Duration = Duration::from_millis(1_500);
/// How long one answer over TCP is waited for.
const TCP_WAIT: Duration = Duration::from_secs(3);
/// How often a server is asked over UDP.
const TRIES: u32 = 2;
/// The port of DNS.
const PORT: u16 = 53;
/// There is no such name.
const NO_SUCH_NAME: u8 = 3;

/// The resolvers that are asked, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolver(Vec<SocketAddr>);

/// Text that names no resolver.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not an IP address, or an IP address with a port, such as 192.0.2.53 or [2001:db8::53]:5353")]
pub struct ResolverError;

/// What a resolver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The text of the TXT records, one per line in the order of their bytes, the pieces of each joined; `None` where
    /// there is none. Bytes that are not UTF-8 stand as U+FFFD.
    pub txt: Option<String>,
    /// Who said so.
    pub resolver: SocketAddr,
    /// Whether it says that it checked the answer with DNSSEC.
    pub authentic: bool,
}

/// Nothing is known of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Nobody answered.
    #[error("no resolver answered")]
    Silent,
    /// Somebody answered that it cannot be told.
    #[error("the resolver could not tell")]
    Unable,
}

impl FromStr for Resolver {
    type Err = ResolverError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let address = text.parse::<SocketAddr>();
        let address = address.or_else(|_| text.parse::<IpAddr>().map(|ip| SocketAddr::new(ip, PORT)));
        address.map(|address| Self(vec![address])).map_err(|_| ResolverError)
    }
}

impl From<SocketAddr> for Resolver {
    fn from(address: SocketAddr) -> Self {
        Self(vec![address])
    }
}

impl Resolver {
    /// The resolvers that the system uses; `None` where they cannot be told.
    pub fn system() -> Option<Self> {
        let servers = system::servers();
        (!servers.is_empty()).then_some(Self(servers))
    }

    /// Asks for the TXT records of a name. Takes 6 seconds per resolver at the most.
    ///
    /// # Errors
    /// [`NoAnswer`] when nobody answered, or every answer was that it could not be told.
    pub async fn txt(&self, name: &str) -> Result<Answer, NoAnswer> {
        let mut nothing = NoAnswer::Silent;
        for server in &self.0 {
            let Some(reply) = ask(*server, name).await else { continue };
            nothing = NoAnswer::Unable;
            if matches!(reply.code, 0 | NO_SUCH_NAME) {
                let mut records: Vec<String> =
                    reply.records.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect();
                records.sort_unstable();
                let txt = (!records.is_empty() && reply.code == 0).then(|| records.join("\n"));
                return Ok(Answer { txt, resolver: *server, authentic: reply.authentic });
            }
        }
        Err(nothing)
    }
}

async fn ask(server: SocketAddr, name: &str) -> Option<Reply> {
    for _ in 0..TRIES {
        match timeout(UDP_WAIT, over_udp(server, name)).await {
            Ok(Ok(Some(reply))) if reply.truncated => {
                return timeout(TCP_WAIT, over_tcp(server, name)).await.ok()?.ok()?;
            }
            Ok(Ok(reply)) => return reply,
            // Nobody there, or nothing heard: once more.
            Ok(Err(_)) | Err(_) => {}
        }
    }
    None
}

/// A number that nobody can guess: an answer must bear it.
fn number() -> u16 {
    let random = uuid::Uuid::new_v4();
    let bytes = random.as_bytes();
    u16::from_be_bytes([bytes[0], bytes[1]])
}

/// Asks from a port of its own, which the system chooses; only what that server sends is heard.
async fn over_udp(server: SocketAddr, name: &str) -> io::Result<Option<Reply>> {
    let id = number();
    let Some(question) = wire::question(id, name) else { return Ok(None) };
    let from: IpAddr = if server.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() };
    let socket = UdpSocket::bind(SocketAddr::new(from, 0)).await?;
    socket.connect(server).await?;
    socket.send(&question).await?;
    let mut buffer = vec![0; 4_096];
    loop {
        let length = socket.recv(&mut buffer).await?;
        // What is no answer to this question may be forged: the true one may still come.
        if let Some(reply) = wire::answer(buffer.get(..length).unwrap_or_default(), id, name) {
            return Ok(Some(reply));
        }
    }
}

async fn over_tcp(server: SocketAddr, name: &str) -> io::Result<Option<Reply>> {
    let id = number();
    let Some(question) = wire::question(id, name) else { return Ok(None) };
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(question.len()).map_err(io::Error::other)?;
    stream.write_all(&[&length.to_be_bytes()[..], &question].concat()).await?;
    let length = stream.read_u16().await?;
    let mut bytes = vec![0; usize::from(length)];
    stream.read_exact(&mut bytes).await?;
    Ok(wire::answer(&bytes, id, name).filter(|reply| !reply.truncated))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resolver_is_an_address_with_or_without_a_port() {
        for (text, want) in [
            ("192.0.2.53", "192.0.2.53:53"),
            ("192.0.2.53:5353", "192.0.2.53:5353"),
            ("2001:db8::53", "[2001:db8::53]:53"),
            ("[2001:db8::53]:5353", "[2001:db8::53]:5353"),
        ] {
            assert_eq!(text.parse(), Ok(Resolver(vec![want.parse().expect("an address")])), "{text}");
        }
        for wrong in ["", "dns.example", "192.0.2.53:99999", "192.0.2"] {
            assert_eq!(wrong.parse::<Resolver>(), Err(ResolverError), "{wrong}");
        }
    }
}
