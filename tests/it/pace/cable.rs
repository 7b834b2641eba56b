//! A cable to the tenant that can be pulled, in the ways in which networks fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, AtomicU64, Ordering};
use std::thread::JoinHandle;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What becomes of connections, those that are open included.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// To the tenant and back.
    Through,
    /// Nothing listens.
    Refused,
    /// They are taken, and nothing is ever said.
    Silent,
    /// They are taken and cut.
    Cut,
}

pub(super) struct Cable {
    port: u16,
    way: watch::Sender<Way>,
    shared: Arc<Shared>,
    ended: Option<JoinHandle<()>>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
}

#[derive(Default)]
struct Shared {
    leads_to: AtomicU16,
    connections: AtomicU64,
}

impl Drop for Cable {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(ended) = self.ended.take() {
            let _ = ended.join();
        }
    }
}

impl Cable {
    pub(super) fn new() -> Self {
        let (way, seen) = watch::channel(Way::Through);
        let shared = Arc::new(Shared::default());
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let (said, port) = std::sync::mpsc::channel();
        let inside = shared.clone();
        let ended = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(async {
                let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
                let port = listener.local_addr().expect("bound").port();
                said.send(port).expect("awaited");
                tokio::select! {
                    () = listen(listener, port, seen, inside) => {}
                    _ = stopped => {}
                }
            });
        });
        Self { port: port.recv().expect("a port"), way, shared, ended: Some(ended), stop: Some(stop) }
    }

    pub(super) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(super) fn lead_to(&self, port: u16) {
        self.shared.leads_to.store(port, Ordering::SeqCst);
    }

    pub(super) fn set(&self, way: Way) {
        self.way.send_replace(way);
    }

    /// Connections that were taken since it exists.
    pub(super) fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::SeqCst)
    }
}

async fn listen(listener: TcpListener, port: u16, way: watch::Receiver<Way>, shared: Arc<Shared>) {
    let (mut listener, mut changes) = (Some(listener), way.clone());
    loop {
        let now = *changes.borrow_and_update();
        if now == Way::Refused {
            listener = None;
        } else if listener.is_none() {
            listener = TcpListener::bind(("127.0.0.1", port)).await.ok();
        }
        let accepted = async {
            match &listener {
                Some(listener) => listener.accept().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = changes.changed() => {}
            Ok((socket, _)) = accepted => {
                shared.connections.fetch_add(1, Ordering::SeqCst);
                let (way, shared) = (way.clone(), shared.clone());
                tokio::spawn(async move { carry(socket, way, &shared).await });
            }
        }
    }
}

/// One connection, for as long as the way it was taken in lasts.
async fn carry(mut socket: TcpStream, mut way: watch::Receiver<Way>, shared: &Shared) {
    let now = *way.borrow_and_update();
    match now {
        Way::Through => {
            let Ok(mut tenant) = TcpStream::connect(("127.0.0.1", shared.leads_to.load(Ordering::SeqCst))).await else {
                return;
            };
            tokio::select! {
                _ = tokio::io::copy_bidirectional(&mut socket, &mut tenant) => {}
                _ = way.changed() => {}
            }
            if *way.borrow() == Way::Silent {
                hold(socket, way).await;
            }
        }
        Way::Silent => hold(socket, way).await,
        Way::Refused | Way::Cut => {}
    }
}

/// Takes what comes and says nothing.
async fn hold(mut socket: TcpStream, mut way: watch::Receiver<Way>) {
    let mut heard = [0; 4096];
    loop {
        tokio::select! {
            _ = way.changed() => return,
            read = socket.read(&mut heard) => if !matches!(read, Ok(1..)) { return },
        }
    }
}
