//! Signals that ask the program to end, and what a run makes of them.
//!
//! It must not know what the run does.

use crate::collect::Stop;

use super::exit::Exit;

/// Lets a write beyond the limit on file sizes (`ulimit -f`) fail, with advice, where the system would end the process
/// without a word. Needs a runtime.
pub(super) fn survive_file_size_limit() {
    #[cfg(unix)]
    {
        // The same number on Linux and macOS; caught is enough, nobody waits for it.
        const SIGXFSZ: i32 = 25;
        let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(SIGXFSZ));
    }
}

/// Once: finish what is in hand, save, leave. Twice: leave now; what is durable is durable.
pub(super) fn stop_on_signals(stop: &Stop) {
    let stop = stop.clone();
    let mut signals = Signals::new();
    tokio::spawn(async move {
        signals.next().await;
        stop.ask();
        signals.next().await;
        std::process::exit(Exit::Interrupted.code().into());
    });
}

/// Returns when somebody asks the program to end. What is asked counts from this call on, not from the first wait.
pub(super) fn interrupted() -> impl Future<Output = ()> {
    let mut signals = Signals::new();
    async move { signals.next().await }
}

/// Ctrl-C, the polite end of a process, and the end of its terminal. They are caught from the moment this is made,
/// so that none between two waits is missed.
struct Signals {
    #[cfg(unix)]
    caught: Vec<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let mut kinds = vec![SignalKind::interrupt(), SignalKind::terminate()];
        kinds.extend((!outlives_its_terminal()).then(SignalKind::hangup));
        Self { caught: kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect() }
    }

    async fn next(&mut self) {
        std::future::poll_fn(|context| {
            let asked = self.caught.iter_mut().any(|signal| signal.poll_recv(context).is_ready());
            if asked { std::task::Poll::Ready(()) } else { std::task::Poll::Pending }
        })
        .await;
    }
}

/// Whether somebody arranged that the end of the terminal is ignored, as `nohup` does; that must stay so.
#[cfg(target_os = "linux")]
fn outlives_its_terminal() -> bool {
    // A mask in hexadecimal; the lowest bit is SIGHUP.
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok());
    mask.is_none_or(|mask| mask & 1 == 1)
}

/// The same where it cannot be seen: `nohup` leaves no stream at the terminal.
#[cfg(all(unix, not(target_os = "linux")))]
fn outlives_its_terminal() -> bool {
    use std::io::IsTerminal as _;
    !(std::io::stdin().is_terminal() || std::io::stdout().is_terminal() || std::io::stderr().is_terminal())
}

#[cfg(not(unix))]
impl Signals {
    const fn new() -> Self {
        Self {}
    }

    #[expect(clippy::unused_self, reason = "the signature is shared")]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
