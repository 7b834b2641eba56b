//! Runs a program to its end and says what it took: time, processor, memory, bytes written. Linux only: from `/proc`.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

/// Ticks of `/proc/PID/stat` in a second, on every Linux there is.
const TICKS: f64 = 100.0;
/// Between two looks at the memory; the kernel keeps the peak, so only what grows after the last look is missed.
const LOOK: Duration = Duration::from_millis(10);

/// What a run took.
#[derive(Debug, Clone, Copy)]
pub struct Cost {
    pub started: SystemTime,
    pub seconds: f64,
    /// User and system time of all threads.
    pub cpu: f64,
    /// Peak resident memory.
    pub peak_kib: u64,
    /// Bytes handed to write calls.
    pub handed: u64,
    /// Bytes that made pages dirty on a disk.
    pub to_disk: u64,
}

/// Runs it; anything but success ends the benchmark with what it said.
pub fn run(command: &mut Command) -> Cost {
    let (begun, started) = (Instant::now(), SystemTime::now());
    let mut child =
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let (mut said, mut out) = (child.stderr.take().expect("piped"), child.stdout.take().expect("piped"));
    let place = PathBuf::from(format!("/proc/{}", child.id()));
    let (peak, ended) = (AtomicU64::new(0), AtomicBool::new(false));
    let (complaints, seconds) = std::thread::scope(|scope| {
        scope.spawn(|| {
            while !ended.load(Ordering::Relaxed) {
                peak.fetch_max(field(&place.join("status"), "VmHWM:"), Ordering::Relaxed);
                std::thread::sleep(LOOK);
            }
        });
        let complaints = scope.spawn(move || {
            let mut text = String::new();
            let _ = said.read_to_string(&mut text);
            text
        });
        // The end of its output is its end, to the microsecond.
        let _ = out.read_to_end(&mut Vec::new());
        let complaints = complaints.join().expect("read");
        ended.store(true, Ordering::Relaxed);
        (complaints, begun.elapsed().as_secs_f64())
    });
    // Dead and not yet waited for: its accounts are final and still there.
    while !is_dead(&place) {
        std::thread::sleep(Duration::from_millis(1));
    }
    let (handed, to_disk) = (field(&place.join("io"), "wchar:"), field(&place.join("io"), "write_bytes:"));
    let cpu = cpu(&place);
    let status = child.wait().expect("it was there");
    assert!(status.success(), "{command:?} ended with {status}: {complaints}");
    Cost { started, seconds, cpu, peak_kib: peak.into_inner(), handed, to_disk }
}

/// Runs a command that writes into a folder, and removes the folder.
pub fn run_into(out: &std::path::Path, command: &mut Command) -> Cost {
    let cost = run(command);
    let _ = std::fs::remove_dir_all(out);
    cost
}

/// A process that ends with this value.
pub struct Running(pub Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn field(file: &PathBuf, name: &str) -> u64 {
    let text = std::fs::read_to_string(file).unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix(name));
    line.and_then(|rest| rest.split_whitespace().next()).and_then(|number| number.parse().ok()).unwrap_or(0)
}

/// The fields of `stat` behind the program's name.
fn stat(place: &std::path::Path) -> Vec<String> {
    let text = std::fs::read_to_string(place.join("stat")).unwrap_or_default();
    let rest = text.rsplit_once(") ").map_or("", |(_, rest)| rest);
    rest.split(' ').map(str::to_owned).collect()
}

fn is_dead(place: &std::path::Path) -> bool {
    stat(place).first().is_none_or(|state| state == "Z" || state == "X")
}

fn cpu(place: &std::path::Path) -> f64 {
    let fields = stat(place);
    let ticks = |at: usize| fields.get(at).and_then(|text| text.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / TICKS
}

/// Minimum, median and maximum.
#[derive(Debug, Clone, Copy)]
pub struct Spread {
    pub least: f64,
    pub middle: f64,
    pub most: f64,
}

impl Spread {
    pub fn of(values: impl IntoIterator<Item = f64>) -> Self {
        let mut values: Vec<f64> = values.into_iter().collect();
        values.sort_by(f64::total_cmp);
        let at = |share: usize| values.get(share).copied().unwrap_or(f64::NAN);
        let half = values.len() / 2;
        let middle =
            if values.len().is_multiple_of(2) && half > 0 { f64::midpoint(at(half - 1), at(half)) } else { at(half) };
        Self { least: at(0), middle, most: at(values.len().saturating_sub(1)) }
    }
}

impl std::fmt::Display for Spread {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.2} ({:.2} to {:.2})", self.middle, self.least, self.most)
    }
}
