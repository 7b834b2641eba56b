//! A place to measure in: a load server, somebody who is signed in, and the commands of `affiant` against it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use super::answers::{Estate, address};
use super::client::Form;
use super::measured::{Cost, Running, run, run_into};
use super::server::Manners;
use super::tls;

const PARALEGAL: &str = "paula.quist@brackwater.example";

pub struct Tenant {
    server: Running,
    sign_in: Running,
    http: reqwest::Client,
    runtime: tokio::runtime::Runtime,
    pub estate: Estate,
    manners: Manners,
    pub origin: String,
    /// Bytes of all mail.
    pub bytes: u64,
    place: tempfile::TempDir,
    /// The load server's certificate, where it speaks TLS.
    pem: Option<PathBuf>,
    env: Vec<(&'static str, String)>,
}

fn first_line(child: &mut Child) -> String {
    let mut line = String::new();
    BufReader::new(child.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    line
}

/// This program again, with arguments that give it another role.
fn again(role: &str) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program"));
    command.arg(role);
    command
}

/// The program that is measured: `BENCH_AFFIANT`, or the one of this build.
fn program() -> PathBuf {
    std::env::var_os("BENCH_AFFIANT").map_or_else(|| env!("CARGO_BIN_EXE_affiant").into(), PathBuf::from)
}

/// Where packages are written: `BENCH_DIR`, or the folder for temporary files.
pub fn scratch() -> PathBuf {
    std::env::var_os("BENCH_DIR").map_or_else(std::env::temp_dir, PathBuf::from)
}

impl Tenant {
    /// Signing in happens at the simulated tenant; everything that is measured at the load server.
    pub fn start(estate: Estate, manners: Manners) -> Self {
        let size = match estate.size {
            super::mail::Size::Mix => "mix".to_owned(),
            super::mail::Size::Fixed(bytes) => bytes.to_string(),
        };
        let place = tempfile::tempdir_in(scratch()).expect("a folder");
        let pem = tls::is_wanted().then(|| tls::certificate(place.path()));
        let mut server = again("serve")
            .args([size, estate.mailboxes.to_string(), estate.each.to_string()])
            .args([manners.latency.as_millis().to_string(), manners.limits.to_string()])
            .args(&pem)
            .stdout(Stdio::piped())
            .spawn()
            .expect("the load server starts");
        let mut sign_in = Command::new(program())
            .args(["simulate", "--json", "--device-interval", "1", "--auto-approve", PARALEGAL])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the simulated tenant starts");
        let line = first_line(&mut server);
        let (bytes, origin) = line.trim().split_once(' ').expect("bytes and an address");
        let said: Value = serde_json::from_str(&first_line(&mut sign_in)).expect("JSON");
        let text = |name: &str| said[name].as_str().expect("said").to_owned();
        let mut env = vec![
            ("AFFIANT_HOME", place.path().join("home").display().to_string()),
            ("AFFIANT_TOKEN_STORE", "file".to_owned()),
            ("AFFIANT_LOGIN_URL", text("login_url")),
            ("AFFIANT_GRAPH_URL", origin.to_owned()),
            ("AFFIANT_TENANT", text("tenant")),
            ("AFFIANT_CLIENT_ID", text("client_id")),
        ];
        env.extend(
            pem.as_ref().map(|pem| ("AFFIANT_CA_FILE", pem.with_file_name("certificate.pem").display().to_string())),
        );
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let http = tls::client(pem.as_deref()).build().expect("a client");
        let (origin, bytes) = (origin.to_owned(), bytes.parse().expect("a number"));
        let (server, sign_in) = (Running(server), Running(sign_in));
        let tenant = Self { server, sign_in, http, runtime, estate, manners, origin, bytes, place, pem, env };
        run(&mut tenant.affiant(&["login", "--flow", "device-code"]));
        tenant
    }

    /// `affiant` with these arguments.
    pub fn affiant(&self, args: &[&str]) -> Command {
        let mut command = Command::new(program());
        command.args(args).envs(self.env.iter().map(|(name, value)| (name, value)));
        if self.manners.limits {
            // A server on this machine has no published quota; this is the one used against Microsoft's.
            command.env("AFFIANT_LIMITS_REQUESTS_PER_10_MINUTES", "9600");
        }
        command
    }

    /// The command that collects every mailbox into a folder; `format` is `eml`, `zip` or `zip-stored`.
    pub fn collect(&self, out: &Path, format: &str) -> Command {
        let out = out.to_str().expect("UTF-8");
        let mut command = self.affiant(&["collect", "--quiet", "--yes", "--no-dns", "--out", out]);
        match format {
            "zip-stored" => command.args(["--format", "zip", "--compression", "store"]),
            format => command.args(["--format", format]),
        };
        command.args((1..=self.estate.mailboxes).map(address));
        command
    }

    /// The command of the bare client.
    pub fn bare(&self, form: Form, list: &Path, out: &Path) -> Command {
        let mut command = again("fetch");
        command.args([&self.origin, form.name()]).arg(list).arg(out).args(&self.pem);
        command
    }

    /// A place for files.
    pub fn path(&self, name: &str) -> PathBuf {
        self.place.path().join(name)
    }

    /// Asks the load server: `seen`, `log`, `reset`, or `watch`, which also keeps every request from now on.
    pub fn control(&self, what: &str) -> Value {
        let asked = self.http.get(format!("{}/bench/{what}", self.origin)).timeout(Duration::from_mins(1));
        self.runtime.block_on(async { asked.send().await.expect("answered").json().await.expect("JSON") })
    }

    /// Collects once and writes the list of requests that it took.
    pub fn record(&self, format: &str) -> (PathBuf, Cost) {
        let (out, list) = (self.path("recorded"), self.path("requests.txt"));
        self.control("watch");
        let cost = run_into(&out, &mut self.collect(&out, format));
        let log = self.control("log");
        let lines: Vec<&str> = log["log"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
        std::fs::write(&list, lines.join("\n")).expect("written");
        (list, cost)
    }
}
