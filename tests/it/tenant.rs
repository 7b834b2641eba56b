//! A simulated tenant as a child process, and the real binary against it.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

pub(crate) const AFFIANT: &str = env!("CARGO_BIN_EXE_affiant");
pub(crate) const PARALEGAL: &str = "paula.quist@brackwater.example";
pub(crate) const MARA: &str = "mara.okafor@brackwater.example";
pub(crate) const JONAS: &str = "jonas.weber@brackwater.example";

/// A running tenant and a home folder of its own.
pub(crate) struct Tenant {
    process: Child,
    said: Value,
    folder: TempDir,
}

impl Drop for Tenant {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// What a run of the binary came to.
pub(crate) struct Ran {
    pub(crate) exit: i32,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The last line of standard output as JSON.
    pub(crate) fn last(&self) -> Value {
        let line = self.stdout.lines().last().unwrap_or_default();
        serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON in:\n{}\n{}", self.stdout, self.stderr))
    }

    /// All of standard output as one JSON document.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|_| panic!("no JSON in:\n{}\n{}", self.stdout, self.stderr))
    }

    /// Checks the exit code and, for failures, that one error with its advice was printed and nothing panicked.
    pub(crate) fn exits(self, code: i32) -> Self {
        assert_eq!(self.exit, code, "\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        assert!(!self.stderr.contains("panicked"), "{}", self.stderr);
        self
    }

    /// A failure that says this, with advice.
    pub(crate) fn fails(self, code: i32, says: &str) -> Self {
        let ran = self.exits(code);
        let errors = ran.stderr.lines().filter(|line| line.starts_with("error:")).count();
        assert_eq!(errors, 1, "one error:\n{}", ran.stderr);
        assert!(ran.stderr.contains("help:"), "advice:\n{}", ran.stderr);
        assert!(ran.stderr.contains(says), "says \"{says}\":\n{}", ran.stderr);
        ran
    }
}

/// The binary without any tenant.
pub(crate) fn affiant(home: &Path, args: &[&str]) -> Ran {
    run(command(home).args(args))
}

/// A command for the binary with a home of its own, and nothing of whoever runs the tests.
pub(crate) fn command(home: &Path) -> Command {
    let mut command = Command::new(AFFIANT);
    for name in ["AFFIANT_LOGIN_URL", "AFFIANT_GRAPH_URL", "AFFIANT_TENANT", "AFFIANT_CLIENT_ID", "AFFIANT_ACCOUNT"] {
        command.env_remove(name);
    }
    command.env("AFFIANT_HOME", home).env("AFFIANT_TOKEN_STORE", "file").env("AFFIANT_LIMITS_FIRST_PAUSE_MS", "5");
    // A service that is away for good must not keep a test for hours.
    command.env("AFFIANT_LIMITS_UNREACHABLE_S", "5");
    command.stdin(Stdio::null());
    command
}

fn run(command: &mut Command) -> Ran {
    let output = command.output().expect("the binary runs");
    Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}

impl Tenant {
    /// Starts the built-in tenant with more options.
    pub(crate) fn start(options: &[&str]) -> Self {
        Self::signed_in_by(PARALEGAL, options)
    }

    /// Starts a tenant in which this person signs in.
    pub(crate) fn signed_in_by(upn: &str, options: &[&str]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let mut process = Command::new(AFFIANT)
            .args(["simulate", "--json", "--device-interval", "1", "--auto-approve", upn])
            .args(options)
            .env("AFFIANT_HOME", folder.path().join("server"))
            .env_remove("AFFIANT_LOGIN_URL")
            .env_remove("AFFIANT_GRAPH_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the tenant starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("it says where it is");
        let said = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        Self { process, said, folder }
    }

    /// Starts a tenant and signs in.
    pub(crate) fn with_sign_in(options: &[&str]) -> Self {
        let tenant = Self::start(options);
        tenant.login().exits(0);
        tenant
    }

    pub(crate) fn login(&self) -> Ran {
        self.run(&["login", "--flow", "device-code"])
    }

    pub(crate) fn said(&self, name: &str) -> &str {
        self.said[name].as_str().expect("said")
    }

    pub(crate) fn port(&self) -> u16 {
        u16::try_from(self.said["port"].as_u64().expect("said")).expect("a port")
    }

    pub(crate) fn origin(&self) -> &str {
        self.said("graph_url")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn text(&self, name: &str) -> String {
        self.path(name).to_str().expect("UTF-8").to_owned()
    }

    /// The binary, pointed at this tenant.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = command(&self.path("home"));
        command
            .args(args)
            .env("AFFIANT_LOGIN_URL", self.said("login_url"))
            .env("AFFIANT_GRAPH_URL", self.origin())
            .env("AFFIANT_TENANT", self.said("tenant"))
            .env("AFFIANT_CLIENT_ID", self.said("client_id"));
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        run(&mut self.command(args))
    }

    /// Collects into a folder of this tenant; returns the run and the folder.
    pub(crate) fn collect(&self, name: &str, args: &[&str]) -> (Ran, PathBuf) {
        let out = self.text(name);
        let all = [&["collect", "--out", &out, "--yes", "--json"], args].concat();
        (self.run(&all), self.path(name))
    }

    /// What a path of the tenant's own control answers.
    pub(crate) fn control(&self, method: &str, path: &str) -> Value {
        let url = format!("{}/simulator/{path}", self.origin());
        runtime().block_on(async {
            let http = client();
            let request = if method == "GET" { http.get(url) } else { http.post(url).body("{}") };
            request.send().await.expect("answered").json().await.expect("JSON")
        })
    }

    /// Tells the tenant's own control something; it must accept it.
    pub(crate) fn tell(&self, path: &str, body: &Value) {
        let url = format!("{}/simulator/{path}", self.origin());
        let done = runtime().block_on(async {
            client().post(url).body(body.to_string()).send().await.expect("answered").status().is_success()
        });
        assert!(done, "{path} {body}");
    }

    /// What a browser is shown that goes to this address and wherever it is sent.
    pub(crate) fn visit(&self, url: &str) -> String {
        assert!(url.starts_with(self.said("login_url")), "{url}");
        runtime().block_on(async { client().get(url).send().await.expect("a page").text().await.expect("text") })
    }

    /// SHA-256 of what the tenant serves as `$value`, asked with a token of the test's own.
    pub(crate) fn served(&self, paths: &[String]) -> Vec<Option<String>> {
        runtime().block_on(async {
            let http = client();
            let base = format!("{}/{}/oauth2/v2.0", self.said("login_url"), self.said("tenant"));
            let form = [("client_id", self.said("client_id")), ("scope", "Mail.Read Mail.Read.Shared")];
            let code: Value = post(&http, &format!("{base}/devicecode"), &form).await;
            let form = [
                ("client_id", self.said("client_id")),
                ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
                ("device_code", code["device_code"].as_str().expect("a code")),
            ];
            let given: Value = post(&http, &format!("{base}/token"), &form).await;
            let token = given["access_token"].as_str().expect("a token");
            let mut digests = Vec::new();
            for path in paths {
                let ask = http.get(format!("{}{path}", self.origin())).bearer_auth(token);
                let answer = ask.header("Prefer", "IdType=\"ImmutableId\"").send().await.expect("answered");
                let good = answer.status().is_success();
                let bytes = answer.bytes().await.expect("bytes");
                digests.push(good.then(|| sha256(&bytes)));
            }
            digests
        })
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

async fn post(http: &reqwest::Client, url: &str, form: &[(&str, &str)]) -> Value {
    http.post(url).form(form).send().await.expect("answered").json().await.expect("JSON")
}

fn client() -> reqwest::Client {
    reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client")
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// A query over a package's manifest: each row as text, columns joined by `|`.
pub(crate) fn rows(package: &Path, sql: &str) -> Vec<String> {
    let file = format!("file:{}?mode=ro", package.join("affiant/manifest.sqlite").display());
    let flags = rusqlite::OpenFlags::SQLITE_OPEN_READ_ONLY | rusqlite::OpenFlags::SQLITE_OPEN_URI;
    let db = rusqlite::Connection::open_with_flags(file, flags).expect("a manifest");
    let mut query = db.prepare(sql).expect("a query");
    let columns = query.column_count();
    let row = |row: &rusqlite::Row<'_>| {
        let cell = |n| match row.get::<_, rusqlite::types::Value>(n)? {
            rusqlite::types::Value::Null => Ok(String::new()),
            rusqlite::types::Value::Integer(number) => Ok(number.to_string()),
            rusqlite::types::Value::Real(number) => Ok(number.to_string()),
            rusqlite::types::Value::Text(text) => Ok(text),
            rusqlite::types::Value::Blob(bytes) => Ok(hex::encode(bytes)),
        };
        Ok((0..columns).map(cell).collect::<rusqlite::Result<Vec<_>>>()?.join("|"))
    };
    query.query_map([], row).expect("rows").collect::<Result<_, _>>().expect("rows")
}

/// Whether the published script, which knows nothing of the program, finds the package good or not.
pub(crate) fn python_agrees(package: &Path, good: bool) {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/schemas/verify.py");
    match Command::new("python3").arg(script).arg(package).output() {
        Ok(ran) => assert_eq!(ran.status.success(), good, "{}", String::from_utf8_lossy(&ran.stdout)),
        Err(_) => eprintln!("SKIPPED: python3 is not installed"),
    }
}
