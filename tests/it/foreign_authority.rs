//! Signing in at an authorization server that nobody here wrote: the npm package oidc-provider, installed once into
//! the target folder where the registry can be reached, and passed over, with the reason, where it cannot.

use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{LOCATION, SET_COOKIE};
use serde_json::Value;

use crate::npm;
use crate::tenant::{AFFIANT, Ran};

const TENANT: &str = "contoso.example";
const ANA: &str = "ana@contoso.example";
/// Applications as tests/foreign-authority/authority.mjs registers them.
const PUBLIC: &str = "11111111-1111-4111-8111-111111111111";
const WITH_SECRET: &str = "22222222-2222-4222-8222-222222222222";
const WITH_CERTIFICATE: &str = "33333333-3333-4333-8333-333333333333";
/// Needs encoding in a form.
const SECRET: &str = "a+secret/with%signs&that=must~be:encoded";

/// Where the package is installed, or why it is not.
fn installed() -> Result<PathBuf, String> {
    static DONE: OnceLock<Result<PathBuf, String>> = OnceLock::new();
    DONE.get_or_init(|| npm::install("foreign-authority", "oidc-provider", "authority.mjs")).clone()
}

/// A running provider and a home folder of its own.
struct Authority {
    process: Child,
    origin: String,
    home: tempfile::TempDir,
}

impl Drop for Authority {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Authority {
    /// Starts one whose access tokens live so many seconds; `None`, said aloud, where it cannot be had.
    fn start(seconds: u32, certificate: Option<&Path>) -> Option<Self> {
        let folder = installed().map_err(|why| npm::skipped(&why)).ok()?;
        let mut command = Command::new("node");
        command.current_dir(folder).args(["authority.mjs", TENANT, &seconds.to_string()]).args(certificate);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut process = piped.spawn().map_err(|why| npm::skipped(&format!("node: {why}"))).ok()?;
        let mut out = BufReader::new(process.stdout.take().expect("piped"));
        let mut line = String::new();
        while !line.starts_with('{') {
            line.clear();
            assert!(out.read_line(&mut line).expect("its output") > 0, "the provider starts");
        }
        // It may go on to print warnings.
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let said: Value = serde_json::from_str(&line).expect("JSON");
        let origin = said["origin"].as_str().expect("an origin").to_owned();
        Some(Self { process, origin, home: tempfile::tempdir().expect("a folder") })
    }

    fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(AFFIANT);
        command.args(args).env_remove("AFFIANT_ACCOUNT").stdin(Stdio::null());
        command.env("AFFIANT_HOME", self.home.path().join("home")).env("AFFIANT_TOKEN_STORE", "file");
        command.env("AFFIANT_LOGIN_URL", &self.origin).env("AFFIANT_GRAPH_URL", &self.origin);
        command.env("AFFIANT_TENANT", TENANT).env("AFFIANT_CLIENT_ID", PUBLIC);
        command
    }

    fn run(&self, args: &[&str]) -> Ran {
        Ran::of(&self.command(args).output().expect("the binary runs"))
    }

    /// Starts a sign-in, lets a person answer its first line, and waits for its end.
    fn login(&self, args: &[&str], person: impl Fn(&Value)) -> Ran {
        let args = [&["login", "--json"], args].concat();
        let piped = self.command(&args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
        let mut login = piped.expect("the binary runs");
        let mut out = BufReader::new(login.stdout.take().expect("piped"));
        let mut stdout = String::new();
        out.read_line(&mut stdout).expect("a line");
        if let Ok(said) = serde_json::from_str(&stdout) {
            person(&said);
        }
        let mut stderr = String::new();
        out.read_to_string(&mut stdout).expect("the rest");
        login.stderr.take().expect("piped").read_to_string(&mut stderr).expect("the rest");
        Ran { exit: login.wait().expect("it ends").code().unwrap_or(-1), stdout, stderr }
    }

    fn counts(&self) -> Value {
        let text = runtime().block_on(async {
            let asked = client().get(format!("{}/counts", self.origin)).send().await.expect("answered");
            asked.text().await.expect("text")
        });
        serde_json::from_str(&text).expect("JSON")
    }
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

fn client() -> reqwest::Client {
    let plain = reqwest::Client::builder().tls_certs_only([]).no_proxy();
    plain.redirect(reqwest::redirect::Policy::none()).timeout(Duration::from_secs(20)).build().expect("a client")
}

/// A browser as far as the provider's pages need one: cookies by path, redirects, forms.
struct Browser {
    http: reqwest::Client,
    cookies: Vec<(String, String, String)>,
}

/// A page that stays.
struct Page {
    url: url::Url,
    text: String,
}

impl Browser {
    fn new() -> Self {
        Self { http: client(), cookies: Vec::new() }
    }

    /// Goes to an address and wherever it leads.
    async fn visit(&mut self, url: &str) -> Page {
        self.go(url::Url::parse(url).expect("an address"), None).await
    }

    /// Fills in a page's form: what it hides, and these fields.
    async fn send(&mut self, page: &Page, fields: &[(&str, &str)]) -> Page {
        let attribute = |tag: &str, name: &str| {
            let (_, rest) = tag.split_once(&format!("{name}=\""))?;
            rest.split('"').next().map(str::to_owned)
        };
        let action = page.text.split("<form").nth(1).and_then(|form| attribute(form.split('>').next()?, "action"));
        let url = page.url.join(action.as_deref().unwrap_or_default()).expect("an address");
        let inputs = page.text.split("<input").skip(1).filter_map(|rest| rest.split('>').next());
        let hidden = inputs.filter(|tag| tag.contains("type=\"hidden\""));
        let hidden = hidden.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?)));
        let given = fields.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        let form: Vec<(String, String)> = hidden.chain(given).collect();
        self.go(url, Some(form)).await
    }

    async fn go(&mut self, mut url: url::Url, mut form: Option<Vec<(String, String)>>) -> Page {
        for _ in 0..20 {
            let request = match form.take() {
                Some(form) => self.http.post(url.clone()).form(&form),
                None => self.http.get(url.clone()),
            };
            let fits = |path: &str| url.path().starts_with(path);
            let sent = self.cookies.iter().filter(|(path, _, _)| fits(path));
            let cookies: Vec<String> = sent.map(|(_, name, value)| format!("{name}={value}")).collect();
            let answer = request.header("Cookie", cookies.join("; ")).send().await.expect("answered");
            for set in answer.headers().get_all(SET_COOKIE).iter().filter_map(|set| set.to_str().ok()) {
                let mut parts = set.split("; ");
                let (name, value) = parts.next().and_then(|pair| pair.split_once('=')).expect("a cookie");
                let path = parts.find_map(|part| part.strip_prefix("path=")).unwrap_or("/");
                self.cookies.retain(|(have, known, _)| have != path || known != name);
                self.cookies.push((path.to_owned(), name.to_owned(), value.to_owned()));
            }
            match answer.headers().get(LOCATION).and_then(|at| at.to_str().ok()) {
                Some(at) => url = url.join(at).expect("an address"),
                None => return Page { text: answer.text().await.expect("a page"), url },
            }
        }
        panic!("it leads nowhere");
    }

    /// Signs in and consents, on the provider's own pages.
    async fn sign_in(&mut self, page: Page) -> Page {
        let consent = self.send(&page, &[("login", ANA), ("password", "any")]).await;
        assert!(consent.text.contains("consent"), "{}: {}", consent.url, consent.text);
        self.send(&consent, &[]).await
    }
}

/// What a person does in the browser with an address.
fn in_browser(said: &Value) {
    assert_eq!(said["event"], "open");
    let page = runtime().block_on(async {
        let mut browser = Browser::new();
        let page = browser.visit(said["url"].as_str().expect("an address")).await;
        browser.sign_in(page).await
    });
    assert!(page.text.contains("You can close this page"), "{}: {}", page.url, page.text);
}

/// What a person does with a code.
fn with_code(said: &Value, agrees: bool) {
    assert_eq!(said["event"], "device_code", "{said}");
    let text = |name: &str| said[name].as_str().expect("text");
    runtime().block_on(async {
        let mut browser = Browser::new();
        let typed = browser.visit(text("verification_uri")).await;
        let shown = browser.send(&typed, &[("user_code", text("user_code"))]).await;
        if agrees {
            let page = browser.send(&shown, &[]).await;
            browser.sign_in(page).await;
        } else {
            browser.send(&shown, &[("abort", "yes")]).await;
        }
    });
}

#[test]
fn a_browser_sign_in_works_and_is_renewed_with_a_new_refresh_token_each_time() {
    let Some(authority) = Authority::start(2, None) else { return };
    let ran = authority.login(&["--no-browser"], in_browser).exits(0);
    assert_eq!(ran.last()["user_principal_name"], ANA);
    assert_eq!(ran.last()["missing_scopes"], serde_json::json!([]));
    // The provider takes back everything when a refresh token is used twice.
    for renewals in 1..=2 {
        std::thread::sleep(Duration::from_millis(2_100));
        let users = authority.run(&["users", "--json"]).exits(0);
        assert!(users.stdout.contains(ANA), "{}", users.stdout);
        assert_eq!(authority.counts()["renewals"], renewals);
    }
    assert_eq!(authority.run(&["whoami", "--json"]).exits(0).json()["flow"], "browser");
}

#[test]
fn a_device_code_sign_in_works_and_can_be_declined() {
    let Some(authority) = Authority::start(600, None) else { return };
    let device = ["--flow", "device-code"];
    authority.login(&device, |said| with_code(said, false)).fails_in_json(4, "declined");
    let ran = authority.login(&device, |said| with_code(said, true)).exits(0);
    assert_eq!(ran.last()["user_principal_name"], ANA);
    assert!(authority.run(&["users", "--json"]).exits(0).stdout.contains(ANA));
}

#[test]
fn applications_and_answers_that_do_not_belong_are_refused_by_either_side() {
    let Some(authority) = Authority::start(600, None) else { return };
    let unknown = ["--flow", "device-code", "--client-id", "99999999-9999-4999-8999-999999999999"];
    authority.login(&unknown, |_| {}).fails_in_json(4, "invalid_client");
    let forged = authority.login(&["--no-browser"], |said| {
        let url = said["url"].as_str().expect("an address");
        let page = runtime().block_on(async {
            let mut browser = Browser::new();
            let page = browser.visit(&url.replace("state=", "state=forged")).await;
            browser.sign_in(page).await
        });
        assert!(page.text.contains("You are not signed in"), "{}", page.text);
    });
    forged.fails_in_json(4, "does not belong to this sign-in");
    authority.run(&["whoami"]).exits(4);
}

#[test]
fn an_application_signs_in_with_its_secret_and_again_when_its_token_is_over() {
    let Some(authority) = Authority::start(2, None) else { return };
    let file = authority.home.path().join("secret");
    let login = |secret: &str| {
        std::fs::write(&file, secret).expect("written");
        let file = file.to_str().expect("UTF-8");
        let args = ["login", "--flow", "client-secret", "--secret-file", file, "--client-id", WITH_SECRET, "--json"];
        authority.run(&args)
    };
    login("another-secret-of-some-length").fails_in_json(4, "invalid_client");
    let ran = login(&format!(" {SECRET}\n")).exits(0);
    assert_eq!(ran.last()["flow"], "client-secret");
    authority.run(&["users", "--json"]).exits(0);
    std::thread::sleep(Duration::from_millis(2_100));
    authority.run(&["users", "--json"]).exits(0);
}

#[test]
fn an_application_signs_in_with_its_certificate_in_each_form_of_file() {
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/certificates");
    let Some(authority) = Authority::start(600, Some(&certificates.join("app.pem"))) else { return };
    let login = |name: &str| {
        let file = certificates.join(name);
        let file = file.to_str().expect("UTF-8");
        let args = ["login", "--flow", "certificate", "--certificate", file, "--client-id", WITH_CERTIFICATE, "--json"];
        let output = authority.command(&args).env("AFFIANT_CERTIFICATE_PASSPHRASE", "opens it").output();
        Ran::of(&output.expect("the binary runs"))
    };
    for name in ["app.pem", "app-pkcs1.pem", "app-locked.pem", "app.p12", "app-legacy.pfx"] {
        assert_eq!(login(name).exits(0).last()["flow"], "certificate", "{name}");
        authority.run(&["users", "--json"]).exits(0);
    }
    let heads = authority.counts()["assertions"].clone();
    let head = &heads.as_array().expect("assertions")[0];
    assert_eq!((head["alg"].as_str(), head["typ"].as_str()), (Some("PS256"), Some("JWT")), "{head}");
    assert_eq!(head["x5t#S256"], authority.counts()["thumbprint"]);
    assert_eq!(heads.as_array().map(Vec::len), Some(5), "one for each sign-in, none more");
}

#[test]
fn a_certificate_that_is_not_registered_is_refused() {
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/certificates");
    let Some(registered) = other_certificate() else { return npm::skipped("openssl is not installed") };
    let Some(authority) = Authority::start(600, Some(registered.path())) else { return };
    let file = certificates.join("app.pem");
    let args = ["login", "--flow", "certificate", "--certificate", file.to_str().expect("UTF-8"), "--json"];
    authority.run(&[&args[..], &["--client-id", WITH_CERTIFICATE]].concat()).fails_in_json(4, "invalid_client");
    authority.run(&["whoami"]).exits(4);
}

/// A certificate made now.
fn other_certificate() -> Option<tempfile::NamedTempFile> {
    let (key, certificate) = (tempfile::NamedTempFile::new().ok()?, tempfile::NamedTempFile::new().ok()?);
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=other", "-days", "2", "-keyout"])
        .arg(key.path())
        .arg("-out")
        .arg(certificate.path())
        .output();
    made.ok().filter(|output| output.status.success()).map(|_| certificate)
}

impl Ran {
    fn of(output: &std::process::Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { exit: output.status.code().unwrap_or(-1), stdout: text(&output.stdout), stderr: text(&output.stderr) }
    }

    /// A failure that says this, in its JSON error.
    fn fails_in_json(self, code: i32, says: &str) {
        let ran = self.exits(code);
        let error: Value = serde_json::from_str(ran.stderr.lines().last().unwrap_or_default()).expect("JSON");
        let message = error["error"]["message"].as_str().unwrap_or_default();
        assert!(message.contains(says), "says \"{says}\": {}", ran.stderr);
    }
}
