//! Parts of a run, each against the same work done barely: compressing, verifying, sealing; and what has no bare form:
//! how soon the first request is out, how soon a broken-off run goes on, what ten times the items cost.
//!
//! `cargo bench --bench phases`; `QUICK=1` with less. `PAIRS` (5), `MESSAGES` of the mix (1600), `ITEMS` of the large
//! acquisition (20000), `BENCH_DIR` and `TLS` as for `collect`. Needs `sha256sum`, `find` and `xargs`, and `openssl`
//! unless `TLS=0`.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the result")]
#![allow(clippy::cast_precision_loss, reason = "shares and seconds for people")]
#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared with the other benchmarks")]

mod bare;

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use bare::answers::Estate;
use bare::mail::Size;
use bare::measured::{Running, Spread, run, run_into};
use bare::server::Manners;
use bare::tenant::Tenant;

const NO_LIMITS: Manners = Manners { latency: Duration::ZERO, limits: false };

fn row(what: &str, unit: &str, ours: Option<Spread>, bare: Option<Spread>, figure: Spread) {
    let cell = |spread: Option<Spread>| spread.map_or_else(|| "–".to_owned(), |spread| format!("{:.2}", spread.middle));
    println!("| {what} | {} | {} | {figure}{unit} |", cell(ours), cell(bare));
}

/// Pairs of seconds, ours and bare, and the bare by ours.
fn compared(what: &str, pairs: &[(f64, f64)]) {
    let of = |side: fn(&(f64, f64)) -> f64| Spread::of(pairs.iter().map(side));
    row(what, "", Some(of(|pair| pair.0)), Some(of(|pair| pair.1)), of(|pair| pair.1 / pair.0));
}

/// Hashes all files of a folder on all cores with the system's own tool.
fn sha256sum(folder: &Path) -> Command {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let mut command = Command::new("sh");
    let pipe = "find \"$0\" -type f -print0 | xargs -0 -P \"$1\" -n 32 sha256sum | tail -n 1";
    command.args(["-c", pipe]).arg(folder).arg(cores.to_string());
    command
}

fn micros(at: SystemTime) -> f64 {
    at.duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as f64
}

/// Microseconds since 1970 that the load server noted.
fn noted(tenant: &Tenant, name: &str) -> f64 {
    tenant.control("seen")[name].as_u64().expect("a number") as f64
}

fn compressing_verifying_sealing(pairs: u64, messages: u64) {
    let each = (messages / 4 / 100).max(1) * 100;
    let tenant = Tenant::start(Estate { size: Size::Mix, mailboxes: 4, each }, NO_LIMITS);
    let (tree, zip, archive) = (tenant.path("tree"), tenant.path("zip"), tenant.path("all.zip"));
    let text = |path: &Path| path.to_str().expect("UTF-8").to_owned();
    let (mut deflating, mut sealing, mut closing, mut verifying, mut verifying_zip) =
        (vec![], vec![], vec![], vec![], vec![]);
    for _ in 0..pairs {
        let _ = std::fs::remove_dir_all(&tree);
        let collected = run(&mut tenant.collect(&tree, "eml"));
        let after = |cost: &bare::measured::Cost| cost.seconds - (noted(&tenant, "last") - micros(cost.started)) / 1e6;
        let sealed = after(&collected);
        let hashed = run(&mut sha256sum(&tree.join("data"))).seconds;
        sealing.push((sealed, hashed));
        verifying.push((run(&mut tenant.affiant(&["verify", &text(&tree)])).seconds, hashed));
        let zipped = run(&mut tenant.collect(&zip, "zip"));
        let mut bare = Command::new(std::env::current_exe().expect("this program"));
        bare.arg("deflate").arg(tree.join("data")).arg(&archive);
        let bare = run(&mut bare).seconds;
        deflating.push((zipped.seconds, bare));
        closing.push((after(&zipped), bare));
        let hashed = run(&mut sha256sum(&zip.join("data"))).seconds;
        verifying_zip.push((run(&mut tenant.affiant(&["verify", &text(&zip)])).seconds, hashed));
        let _ = (std::fs::remove_dir_all(&zip), std::fs::remove_file(&archive));
    }
    println!(
        "\n{} messages of the mix, {:.0} MB, in 4 mailboxes; {pairs} pairs.\n",
        4 * each,
        tenant.bytes as f64 / 1e6
    );
    println!("| what | affiant, s | bare, s | bare by affiant |\n|---|---|---|---|");
    compared("collecting as ZIP, start to seal; compressing the same files on all cores", &deflating);
    compared("from the last answer to the end, ZIP; compressing the same files", &closing);
    compared("from the last answer to the end, EML; `sha256sum` of the same files on all cores", &sealing);
    compared("`affiant verify`, EML; `sha256sum` of the same files on all cores", &verifying);
    compared("`affiant verify`, ZIP; `sha256sum` of the volumes", &verifying_zip);
}

fn first_request(runs: u64) {
    let tenant = Tenant::start(Estate { size: Size::Fixed(4096), mailboxes: 1, each: 1 }, NO_LIMITS);
    let out = tenant.path("out");
    let soon = (0..runs).map(|_| {
        tenant.control("reset");
        let cost = run_into(&out, &mut tenant.collect(&out, "eml"));
        (noted(&tenant, "first") - micros(cost.started)) / 1e3
    });
    row("start of `affiant collect` to its first request", " ms", None, None, Spread::of(soon));
}

/// A run that is killed half-way; then how long until `resume` asks for anything, and for the next message.
fn resuming(items: u64, runs: u64) {
    let tenant = Tenant::start(Estate { size: Size::Fixed(4096), mailboxes: 1, each: items }, NO_LIMITS);
    let (mut any, mut message) = (Vec::new(), Vec::new());
    for _ in 0..runs {
        let out = tenant.path("out");
        tenant.control("reset");
        {
            let _run = quietly(&mut tenant.collect(&out, "eml"));
            until(|| noted(&tenant, "values") >= items as f64 / 2.0);
        }
        tenant.control("reset");
        let begun = micros(SystemTime::now());
        let resumed = quietly(&mut tenant.affiant(&["resume", "--quiet", out.to_str().expect("UTF-8")]));
        until(|| noted(&tenant, "first_value") > 0.0);
        any.push((noted(&tenant, "first") - begun) / 1e3);
        message.push((noted(&tenant, "first_value") - begun) / 1e3);
        drop(resumed);
        let _ = std::fs::remove_dir_all(&out);
    }
    let what = format!("`affiant resume` with half of {items} items on disk, to its first request");
    row(&what, " ms", None, None, Spread::of(any));
    row("the same, to the first new message", " ms", None, None, Spread::of(message));
}

fn quietly(command: &mut Command) -> Running {
    let quiet = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    Running(quiet.spawn().expect("it starts"))
}

fn until(there: impl Fn() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_mins(10), "it never comes");
        std::thread::sleep(Duration::from_millis(2));
    }
}

fn ten_times(items: u64) {
    let of = |each: u64| {
        let tenant = Tenant::start(Estate { size: Size::Fixed(4096), mailboxes: 1, each }, NO_LIMITS);
        let out = tenant.path("out");
        run_into(&out, &mut tenant.collect(&out, "eml"))
    };
    let (few, many) = (of(items / 10), of(items));
    let figure = Spread::of([many.cpu / few.cpu]);
    row(&format!("CPU of {items} items by CPU of {}", items / 10), " times", None, None, figure);
    let figure = Spread::of([many.peak_kib as f64 / few.peak_kib as f64]);
    row(
        &format!("memory of the same ({:.0} MiB at the most)", many.peak_kib as f64 / 1024.0),
        " times",
        None,
        None,
        figure,
    );
}

fn main() {
    if bare::played_a_role() {
        return;
    }
    let quick = bare::is_quick();
    println!("{}", bare::machine());
    let pairs = bare::number("PAIRS", if quick { 3 } else { 5 });
    compressing_verifying_sealing(pairs, bare::number("MESSAGES", if quick { 400 } else { 1_600 }));
    println!("\n| what | | | median (least to most) |\n|---|---|---|---|");
    first_request(pairs * 3);
    let items = bare::number("ITEMS", if quick { 4_000 } else { 20_000 });
    resuming(items, pairs.min(3));
    ten_times(items);
}
