//! What the benchmarks share: a load server and a bare client, each in a process of its own, and what a run took.

pub mod answers;
pub mod client;
pub mod deflate;
pub mod mail;
pub mod measured;
pub mod server;
pub mod tenant;
pub mod tls;

use std::path::Path;
use std::time::Duration;

use self::answers::Estate;
use self::mail::Size;
use self::server::Manners;

/// The other roles of a benchmark's program. True when it had one to play.
pub fn played_a_role() -> bool {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let runtime = || tokio::runtime::Runtime::new().expect("threads");
    match args.as_slice() {
        ["serve", size, mailboxes, each, latency, limits, tls @ ..] => {
            let number = |text: &str| text.parse().expect("a number");
            let estate = Estate { size: Size::parse(size), mailboxes: number(mailboxes), each: number(each) };
            let manners = Manners { latency: Duration::from_millis(number(latency)), limits: *limits == "true" };
            let tls = tls.first().map(|pem| tls::acceptor(Path::new(pem)));
            runtime().block_on(server::serve(estate, manners, tls)).expect("it serves");
            true
        }
        ["fetch", origin, form, list, out, tls @ ..] => {
            let form = form.parse().expect("a form");
            let http = tls::client(tls.first().map(Path::new)).build().expect("a client");
            runtime().block_on(client::fetch(http, origin, Path::new(list), form, Path::new(out)));
            true
        }
        ["deflate", from, to] => {
            deflate::all(Path::new(from), Path::new(to));
            true
        }
        _ => false,
    }
}

/// A number from the environment.
pub fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

/// Whether a quick answer is wanted.
pub fn is_quick() -> bool {
    number("QUICK", 0) > 0
}

/// The machine in one line, with its load.
pub fn machine() -> String {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let cpu = read("/proc/cpuinfo");
    let model = cpu
        .lines()
        .find_map(|line| line.strip_prefix("model name"))
        .map(|line| line.trim_start_matches(['\t', ':', ' ']));
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let memory = read("/proc/meminfo");
    let memory = memory.split_whitespace().nth(1).and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) / 1024 / 1024;
    let kernel = read("/proc/sys/kernel/osrelease");
    let load = read("/proc/loadavg");
    let load = load.split(' ').next().unwrap_or("?").to_owned();
    let folder = tenant::scratch();
    let mounts = read("/proc/mounts");
    let mount = mounts.lines().filter_map(|line| {
        let mut fields = line.split(' ');
        let (_, at, kind) = (fields.next()?, fields.next()?, fields.next()?);
        folder.starts_with(at).then(|| (at.len(), kind.to_owned()))
    });
    let kind = mount.max().map_or_else(|| "?".to_owned(), |(_, kind)| kind);
    format!(
        "{cores} cores ({}), {memory} GiB of memory, Linux {}, packages on {kind}; load {load} before the first run.",
        model.unwrap_or("unknown"),
        kernel.trim()
    )
}
