//! How much of what the service allows is used: a server that takes 250 ms for every answer and enforces Microsoft's
//! limits, one mailbox and sixteen, measured by the server's own log.
//!
//! `cargo bench --bench budget` · `MESSAGES=9600 MAILBOXES=16 cargo bench --bench budget`
//!
//! Possible requests: four at a time per mailbox, each as long as the server's latency.

#![allow(clippy::print_stdout, reason = "the figures are the result")]
#![allow(clippy::cast_precision_loss, reason = "shares and seconds for people")]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};

const AFFIANT: &str = env!("CARGO_BIN_EXE_affiant");
const PARALEGAL: &str = "pat@pace.example";
/// Four at a time per application and mailbox (Microsoft, "Graph service-specific throttling limits").
const AT_ONCE: f64 = 4.0;
const WINDOW_MS: i64 = 600_000;

fn number(name: &str, default: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default)
}

fn owner(n: u64) -> String {
    format!("custodian{n:02}@pace.example")
}

/// A tenant in which one person may read so many mailboxes, each with its messages in six folders of unlike size.
fn write_tenant(folder: &Path, mailboxes: u64, messages: u64) {
    let user = |n: u64, upn: &str, mailbox: Value| {
        let (id, state) =
            (format!("00000000-0000-4000-8000-{n:012}"), if mailbox.is_null() { "none" } else { "enabled" });
        json!({ "id": id, "displayName": upn, "userPrincipalName": upn, "mail": upn, "proxyAddresses": [format!("SMTP:{upn}")],
                "userType": "Member", "accountEnabled": true, "assignedPlans": [], "onPremisesSyncEnabled": null,
                "createdDateTime": "2019-05-06T07:30:00Z", "simulator": { "mailbox": mailbox, "state": state } })
    };
    let mut users = vec![user(0, PARALEGAL, Value::Null)];
    let write = |path: &Path, value: &Value| std::fs::write(path, value.to_string()).expect("written");
    for n in 1..=mailboxes {
        let name = format!("m{n}");
        users.push(user(n, &owner(n), json!(name)));
        let place = folder.join("mailboxes").join(&name);
        std::fs::create_dir_all(place.join("mail")).expect("a folder");
        let shares = [
            ("Inbox", 50),
            ("Sent Items", 25),
            ("Archive", 10),
            ("Inbox/Berths", 8),
            ("Inbox/Cargo", 5),
            ("Drafts", 2),
        ];
        let synthetic: Vec<Value> = shares
            .iter()
            .map(|(path, share)| {
                json!({ "folder": path, "count": messages * share / 100, "seed": n, "mean_bytes": 7000,
                        "from": "2023-01-01T00:00:00Z", "to": "2024-01-01T00:00:00Z" })
            })
            .collect();
        let folders = json!([
            { "path": "Inbox", "well_known": "inbox" }, { "path": "Drafts", "well_known": "drafts" },
            { "path": "Sent Items", "well_known": "sentitems" }, { "path": "Archive", "well_known": "archive" },
            { "path": "Inbox/Berths" }, { "path": "Inbox/Cargo" }
        ]);
        let rights = json!([{ "delegate": PARALEGAL, "access": "full" }]);
        let mailbox = json!({ "owner": owner(n), "kind": "user", "rights": rights, "folders": folders, "messages": [], "synthetic": synthetic });
        write(&place.join("mailbox.json"), &mailbox);
    }
    write(&folder.join("users.json"), &json!(users));
    let app = json!({ "client_id": "f15afee5-1c3c-4da1-9310-f8e26a73f306", "display_name": "Affiant" });
    let tenant = json!({ "tenant_id": "8fd88f1d-18bb-4625-ba91-169fc9a695f6", "display_name": "Pace", "domain": "pace.example", "apps": [app] });
    write(&folder.join("tenant.json"), &tenant);
}

struct Server {
    process: Child,
    said: Value,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Server {
    fn start(tenant: &Path, log: &Path, latency: u64) -> Self {
        let mut process = Command::new(AFFIANT)
            .args(["simulate", "--json", "--quota", "--device-interval", "1", "--auto-approve", PARALEGAL])
            .args(["--latency-ms", &latency.to_string()])
            .args(["--tenant".as_ref(), tenant.as_os_str(), "--request-log".as_ref(), log.as_os_str()])
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the simulated tenant starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
        Self { process, said: serde_json::from_str(&line).expect("JSON") }
    }

    fn said(&self, name: &str) -> &str {
        self.said[name].as_str().expect("said")
    }

    fn affiant(&self, home: &Path, args: &[String]) {
        let status = Command::new(AFFIANT)
            .args(args)
            .env("AFFIANT_HOME", home)
            .env("AFFIANT_TOKEN_STORE", "file")
            .env("AFFIANT_LOGIN_URL", self.said("login_url"))
            .env("AFFIANT_GRAPH_URL", self.said("graph_url"))
            .env("AFFIANT_TENANT", self.said("tenant"))
            .env("AFFIANT_CLIENT_ID", self.said("client_id"))
            // A server on this machine has no published quota; this is the one used against Microsoft's.
            .env("AFFIANT_LIMITS_REQUESTS_PER_10_MINUTES", "9600")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .expect("affiant runs");
        assert!(status.success(), "affiant {args:?}");
    }

    /// The most requests that were in flight at once for one mailbox, and those refused for being too many.
    fn limits(&self) -> (u64, u64) {
        let url = format!("{}/simulator/requests", self.said("graph_url"));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let seen: Value = runtime.block_on(async {
            let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
            http.get(url).send().await.expect("answered").json().await.expect("JSON")
        });
        (seen["most_at_once"].as_u64().expect("a number"), seen["over_limits"].as_u64().expect("a number"))
    }
}

/// One request to a mailbox: when it came, when it had been answered, whose, and whether for a message.
struct Seen {
    came: i64,
    done: i64,
    mailbox: String,
    message: bool,
}

fn seen(log: &Path) -> Vec<Seen> {
    let text = std::fs::read_to_string(log).expect("a log");
    let line = |line: &str| {
        let one: Value = serde_json::from_str(line).expect("JSON");
        let path = one["path"].as_str()?.strip_prefix("/v1.0/users/")?.to_owned();
        let (mailbox, rest) = path.split_once('/')?;
        let came = one["at"].as_str()?.parse::<jiff::Timestamp>().expect("an instant").as_millisecond();
        let done = came + one["millis"].as_i64()?;
        Some(Seen { came, done, mailbox: mailbox.to_owned(), message: rest.ends_with("/$value") })
    };
    text.lines().filter_map(line).collect()
}

/// The share of the possible requests that were made between two instants, in percent, and how long that was in seconds.
fn share(requests: &[Seen], (from, to): (i64, i64), mailboxes: u64, latency: u64) -> (f64, f64) {
    let made = requests.iter().filter(|one| one.came >= from && one.done <= to).count();
    let millis = (to - from) as f64;
    (100.0 * made as f64 * latency as f64 / (AT_ONCE * mailboxes as f64 * millis), millis / 1000.0)
}

fn span<'a>(requests: impl Iterator<Item = &'a Seen> + Clone) -> (i64, i64) {
    let from = requests.clone().map(|one| one.came).min().expect("requests");
    (from, requests.map(|one| one.done).max().expect("requests"))
}

/// From the first message that was fetched to the last: the test of access before it has read one of each mailbox.
fn fetch_phase(requests: &[Seen]) -> (i64, i64) {
    let mut tested = BTreeSet::new();
    let mut messages: Vec<&Seen> = requests.iter().filter(|one| one.message).collect();
    messages.sort_by_key(|one| one.came);
    messages.retain(|one| !tested.insert(&one.mailbox));
    span(messages.into_iter())
}

/// The most requests that any mailbox had in any ten minutes.
fn most_in_a_window(requests: &[Seen]) -> usize {
    let mut by_mailbox = BTreeMap::<&str, Vec<i64>>::new();
    for one in requests {
        by_mailbox.entry(&one.mailbox).or_default().push(one.came);
    }
    let most = |times: &Vec<i64>| {
        let mut times = times.clone();
        times.sort_unstable();
        (0..times.len())
            .map(|first| times.partition_point(|at| *at < times[first] + WINDOW_MS) - first)
            .max()
            .unwrap_or_default()
    };
    by_mailbox.values().map(most).max().unwrap_or_default()
}

fn measure(mailboxes: u64, messages: u64, latency: u64) {
    let place = tempfile::tempdir().expect("a folder");
    let (tenant, log) = (place.path().join("tenant"), place.path().join("log"));
    std::fs::create_dir_all(&tenant).expect("a folder");
    write_tenant(&tenant, mailboxes, messages);
    let server = Server::start(&tenant, &log, latency);
    let home = place.path().join("home");
    server.affiant(&home, &["login", "--flow", "device-code"].map(str::to_owned));
    let out = place.path().join("out").to_str().expect("UTF-8").to_owned();
    let args = ["collect", "--out", &out, "--yes"].map(str::to_owned).into_iter().chain((1..=mailboxes).map(owner));
    server.affiant(&home, &args.collect::<Vec<_>>());
    let requests = seen(&log);
    let (fetching, fetch_seconds) = share(&requests, fetch_phase(&requests), mailboxes, latency);
    let (whole, seconds) = share(&requests, span(requests.iter()), mailboxes, latency);
    let (at_once, over) = server.limits();
    println!(
        "| {mailboxes} | {messages} | {} | {fetching:.1} % of {fetch_seconds:.0} s | {whole:.1} % of {seconds:.0} s | {at_once} | {} | {over} |",
        requests.len(),
        most_in_a_window(&requests)
    );
}

fn main() {
    let latency = number("LATENCY_MS", 250);
    println!(
        "| mailboxes | messages each | requests | used while fetching | used from first to last request | most in flight per mailbox | most in 10 min | refused |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    match number("MAILBOXES", 0) {
        0 => [1, 16].into_iter().for_each(|mailboxes| measure(mailboxes, number("MESSAGES", 2_400), latency)),
        mailboxes => measure(mailboxes, number("MESSAGES", 2_400), latency),
    }
}
