//! How near a whole collection, from start to sealed package, comes to a bare client that sends the same requests over
//! as many connections to the same load server; run in turn, so that the ratio is what counts and not the seconds.
//!
//! `cargo bench --bench collect` takes a few minutes; `QUICK=1` about one. Fewer or other runs by environment variables:
//!
//! | variable | what | default |
//! |---|---|---|
//! | `SIZES` | bytes of a message, or `mix`; comma-separated | `4096,20480,102400,5242880,mix` |
//! | `MAILBOXES` | how many side by side, for `mix` | `1,4,16` |
//! | `FORMATS` | `eml`, `zip-stored`, `zip` | all |
//! | `PAIRS` | runs of each kind | 5 |
//! | `VOLUME_MB` | mail in one run, at most; no more than `MESSAGES` either | 240, 4000 |
//! | `LATENCY_MS`, `LATENCY_MESSAGES`, `LATENCY_PAIRS` | the part with Microsoft's latency and limits; 0 pairs for none | 250, 400, 1 |
//! | `TLS` | 0 for plain HTTP; otherwise TLS, for which `openssl` makes a certificate | 1 |
//! | `BENCH_DIR` | where packages are written | the folder for temporary files |
//! | `BENCH_AFFIANT` | another binary to measure, to compare two | the one of this build |

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the figures are the result")]
#![allow(clippy::cast_precision_loss, reason = "shares and seconds for people")]
#![allow(dead_code, unreachable_pub, missing_docs, reason = "shared with the other benchmarks")]

mod bare;

use std::time::Duration;

use bare::answers::Estate;
use bare::client::Form;
use bare::mail::Size;
use bare::measured::{Cost, Spread, run_into};
use bare::server::Manners;
use bare::tenant::Tenant;

/// The same work over and over, in turn.
struct Compared {
    tenant: Tenant,
    size: Size,
    requests: u64,
    formats: Vec<String>,
    /// For each pair, the runs of the bare client in the order of [`Form::ALL`].
    bare: Vec<Vec<Cost>>,
    /// For each pair, the runs of the program in the order of `formats`.
    ours: Vec<Vec<Cost>>,
}

fn list(name: &str, default: &str) -> Vec<String> {
    let text = std::env::var(name).unwrap_or_else(|_| default.to_owned());
    text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect()
}

fn name(size: Size) -> String {
    match size {
        Size::Mix => "mix".to_owned(),
        Size::Fixed(bytes) if bytes >= 1024 * 1024 => format!("{} MiB", bytes / 1024 / 1024),
        Size::Fixed(bytes) => format!("{} KiB", bytes / 1024),
    }
}

impl Compared {
    fn run(estate: Estate, manners: Manners, formats: &[String], pairs: u64) -> Self {
        let tenant = Tenant::start(estate, manners);
        let (list, _) = tenant.record(&formats[0]);
        let requests = tenant.control("seen")["requests"].as_u64().expect("a count");
        tenant.control("reset");
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for pair in 0..usize::try_from(pairs).expect("few") {
            let kinds = Form::ALL.len() + formats.len();
            let mut costs: Vec<Option<Cost>> = vec![None; kinds];
            for step in 0..kinds {
                // Everyone is first once: what drifts during the run favours nobody.
                let at = (step + pair) % kinds;
                let out = tenant.path("out");
                let mut command = match Form::ALL.get(at) {
                    Some(form) => tenant.bare(*form, &list, &out),
                    None => tenant.collect(&out, &formats[at - Form::ALL.len()]),
                };
                costs[at] = Some(run_into(&out, &mut command));
            }
            let mut costs = costs.into_iter().flatten();
            bare.push(costs.by_ref().take(Form::ALL.len()).collect());
            ours.push(costs.collect());
        }
        Self { tenant, size: estate.size, requests, formats: formats.to_vec(), bare, ours }
    }

    fn messages(&self) -> u64 {
        self.tenant.estate.mailboxes * self.tenant.estate.each
    }

    fn what(&self, format: &str) -> String {
        format!("| {} | {} | {} | {format} |", name(self.size), self.tenant.estate.mailboxes, self.messages())
    }

    /// The bare client's seconds by ours: 1 is as fast, less is slower.
    fn ratio(&self, form: usize, format: usize) -> Spread {
        Spread::of(self.bare.iter().zip(&self.ours).map(|(bare, ours)| bare[form].seconds / ours[format].seconds))
    }

    fn median(runs: &[Vec<Cost>], at: usize, of: impl Fn(&Cost) -> f64) -> f64 {
        Spread::of(runs.iter().map(|pair| of(&pair[at]))).middle
    }

    fn print_ratios(&self) {
        for (at, format) in self.formats.iter().enumerate() {
            let bare = |form| Self::median(&self.bare, form, |cost| cost.seconds);
            println!(
                "{} {:.0} | {:.2} · {:.2} · {:.2} | {:.2} | {} | {} | {} |",
                self.what(format),
                self.tenant.bytes as f64 / 1e6,
                bare(0),
                bare(1),
                bare(2),
                Self::median(&self.ours, at, |cost| cost.seconds),
                self.ratio(0, at),
                self.ratio(1, at),
                self.ratio(2, at),
            );
        }
    }

    fn print_costs(&self) {
        for (at, format) in self.formats.iter().enumerate() {
            let (thousands, bytes) = (self.messages() as f64 / 1000.0, self.tenant.bytes as f64);
            let cpu = Self::median(&self.ours, at, |cost| cost.cpu);
            let plain = Self::median(&self.bare, 2, |cost| cost.cpu);
            let peak = self.ours.iter().map(|pair| pair[at].peak_kib).max().unwrap_or(0);
            println!(
                "{} {:.2} | {:.2} | {:.2} | {:.1} | {:.2} | {:.2} | {:.3} |",
                self.what(format),
                cpu / thousands,
                plain / thousands,
                cpu / (bytes / 1024.0 / 1024.0 / 1024.0),
                peak as f64 / 1024.0,
                Self::median(&self.ours, at, |cost| cost.handed as f64) / bytes,
                Self::median(&self.ours, at, |cost| cost.to_disk as f64) / bytes,
                self.requests as f64 / self.messages() as f64,
            );
        }
    }
}

/// So many messages that a run has at most `VOLUME_MB` of mail and `MESSAGES` messages, the same in each mailbox.
fn estate(size: Size, mailboxes: u64, quick: bool) -> Estate {
    let mean = match size {
        Size::Mix => 150_000,
        Size::Fixed(bytes) => bytes as u64,
    };
    let volume = bare::number("VOLUME_MB", if quick { 100 } else { 240 }) * 1_000_000;
    let most = bare::number("MESSAGES", if quick { 2_000 } else { 4_000 });
    // Whole hundreds, in which the mix has each of its sizes.
    let step = if size == Size::Mix { 100 } else { 1 };
    let each = (volume / mean).min(most) / mailboxes / step * step;
    Estate { size, mailboxes, each: each.max(step) }
}

fn against_a_bare_client(quick: bool) {
    let pairs = bare::number("PAIRS", if quick { 3 } else { 5 });
    let formats = list("FORMATS", "eml,zip-stored,zip");
    let sizes = list("SIZES", if quick { "20480,mix" } else { "4096,20480,102400,5242880,mix" });
    let mailboxes = list("MAILBOXES", if quick { "4" } else { "1,4,16" });
    let mut all = Vec::new();
    for size in sizes.iter().map(|text| Size::parse(text)) {
        let side_by_side: Vec<u64> = match size {
            Size::Mix => mailboxes.iter().map(|text| text.parse().expect("a number of mailboxes")).collect(),
            Size::Fixed(_) => vec![4],
        };
        for mailboxes in side_by_side {
            let manners = Manners { latency: Duration::ZERO, limits: false };
            let compared = Compared::run(estate(size, mailboxes, quick), manners, &formats, pairs);
            eprintln!("{} in {mailboxes} mailboxes: measured", name(size));
            all.push(compared);
        }
    }
    println!(
        "\n{}, {pairs} pairs; ratios are the bare client's time by that of `affiant collect`, median (least to most).\n",
        if bare::tls::is_wanted() { "TLS" } else { "Plain HTTP" }
    );
    println!(
        "| mail | mailboxes | messages | format | MB | bare: dropped · hashed · written, s | affiant, s | to dropped | to hashed | to written |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|");
    all.iter().for_each(Compared::print_ratios);
    println!(
        "\n| mail | mailboxes | messages | format | CPU s per 1,000 messages | bare, written | CPU s per GiB | peak MiB | bytes handed to write, per byte of mail | bytes to disk, per byte | requests per message |"
    );
    println!("|---|---|---|---|---|---|---|---|---|---|---|");
    all.iter().for_each(Compared::print_costs);
}

/// A service that takes its time and allows four requests at once and 10,000 in ten minutes.
fn under_the_limits(quick: bool) {
    let pairs = bare::number("LATENCY_PAIRS", u64::from(!quick));
    if pairs == 0 {
        return;
    }
    let latency = bare::number("LATENCY_MS", 250);
    let manners = Manners { latency: Duration::from_millis(latency), limits: true };
    println!("\nEvery answer takes {latency} ms, Microsoft's limits are kept; {pairs} pair(s).\n");
    println!(
        "| mailboxes | messages each | bare, written, s | affiant, s | ratio | CPU s per 1,000 messages | of one core | most in flight per mailbox | refused |"
    );
    println!("|---|---|---|---|---|---|---|---|---|");
    for mailboxes in [1, 16] {
        let each = bare::number("LATENCY_MESSAGES", 400);
        let tenant = Tenant::start(Estate { size: Size::Fixed(20_480), mailboxes, each }, manners);
        // The run that shows which requests there are is the first of ours: it takes long enough.
        let (list, first) = tenant.record("eml");
        let (mut bare, mut ours) = (Vec::new(), vec![first]);
        for pair in 0..pairs {
            let out = tenant.path("out");
            if pair > 0 {
                ours.push(run_into(&out, &mut tenant.collect(&out, "eml")));
            }
            bare.push(run_into(&out, &mut tenant.bare(Form::Written, &list, &out)));
        }
        let seen = tenant.control("seen");
        let seconds = |runs: &[Cost]| Spread::of(runs.iter().map(|cost| cost.seconds)).middle;
        let cpu = Spread::of(ours.iter().map(|cost| cost.cpu)).middle;
        println!(
            "| {mailboxes} | {each} | {:.1} | {:.1} | {} | {:.2} | {:.1} % | {} | {} |",
            seconds(&bare),
            seconds(&ours),
            Spread::of(bare.iter().zip(&ours).map(|(bare, ours)| bare.seconds / ours.seconds)),
            cpu * 1000.0 / (mailboxes * each) as f64,
            100.0 * cpu / seconds(&ours),
            seen["most"],
            seen["over"],
        );
    }
}

fn main() {
    if bare::played_a_role() {
        return;
    }
    let quick = bare::is_quick();
    println!("{}", bare::machine());
    against_a_bare_client(quick);
    under_the_limits(quick);
}
