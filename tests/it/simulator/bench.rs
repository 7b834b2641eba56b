//! A running simulator and a client that knows nothing but HTTP.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;
use sha2::{Digest, Sha256};

/// The paralegal of the built-in tenant.
pub(super) const PAULA: &str = "paula.quist@brackwater.example";
/// Everything a collection reads.
pub(super) const SCOPES: &str = "openid profile offline_access User.Read User.Read.All Mail.Read Mail.Read.Shared";
/// Where the browser is sent back to; nobody listens.
pub(super) const BACK: &str = "http://localhost:1/";
/// Long enough for RFC 7636.
const VERIFIER: &str = "a-verifier-of-at-least-forty-three-letters-0123";

/// A simulator in a process of its own.
pub(super) struct Bench {
    child: Child,
    _home: tempfile::TempDir,
    http: reqwest::Client,
    /// Its base address.
    pub(super) origin: String,
    /// The tenant's id.
    pub(super) tenant: String,
    /// The first application.
    pub(super) client: String,
}

impl Drop for Bench {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One answer, read whole.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) headers: reqwest::header::HeaderMap,
    pub(super) bytes: Vec<u8>,
}

impl Answer {
    /// The body as JSON, null where it is none.
    pub(super) fn json(&self) -> Value {
        serde_json::from_slice(&self.bytes).unwrap_or(Value::Null)
    }

    /// Graph's or OAuth's error code.
    pub(super) fn code(&self) -> String {
        let json = self.json();
        let code = json.pointer("/error/code").or(json.get("error"));
        code.and_then(Value::as_str).unwrap_or_default().to_owned()
    }

    /// A header, empty where it is missing.
    pub(super) fn header(&self, name: &str) -> &str {
        self.headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
    }

    /// The entries of a page.
    pub(super) fn items(&self) -> Vec<Value> {
        assert_eq!(self.status, 200, "{}", String::from_utf8_lossy(&self.bytes));
        self.json()["value"].as_array().cloned().unwrap_or_default()
    }

    /// The link to the next page.
    pub(super) fn next(&self) -> Option<String> {
        self.json()["@odata.nextLink"].as_str().map(str::to_owned)
    }
}

/// A text of a JSON object.
pub(super) fn text<'a>(value: &'a Value, name: &str) -> &'a str {
    value[name].as_str().unwrap_or_default()
}

/// The hexadecimal SHA-256.
pub(super) fn sha256(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// Text made safe for a path or a query.
pub(super) fn escaped(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>().replace('+', "%20")
}

impl Bench {
    /// Starts `affiant simulate --json` with more arguments, and waits until it serves.
    pub(super) fn start(arguments: &[&str]) -> Self {
        let home = tempfile::tempdir().expect("a temporary folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_affiant"))
            .args(["simulate", "--json"])
            .args(arguments)
            .env("AFFIANT_HOME", home.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()
            .expect("the binary starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("a pipe");
        BufReader::new(stdout).read_line(&mut line).expect("a line");
        let facts: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("not JSON: {line}"));
        let http = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build();
        Self {
            child,
            _home: home,
            http: http.expect("a client"),
            origin: text(&facts, "graph_url").to_owned(),
            tenant: text(&facts, "tenant").to_owned(),
            client: text(&facts, "client_id").to_owned(),
        }
    }

    /// Its process, for measurements.
    pub(super) fn process(&self) -> u32 {
        self.child.id()
    }

    /// Sends a request; connection failures are errors.
    pub(super) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, reqwest::Error> {
        let mut response = request.send().await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let mut bytes = Vec::new();
        while let Some(chunk) = response.chunk().await? {
            bytes.extend_from_slice(&chunk);
        }
        Ok(Answer { status, headers, bytes })
    }

    async fn whole(&self, request: reqwest::RequestBuilder) -> Answer {
        self.send(request).await.expect("an answer")
    }

    /// A request to Graph: a path below `/v1.0`, or a link as a page gave it.
    pub(super) fn request(&self, token: &str, target: &str) -> reqwest::RequestBuilder {
        let address =
            if target.starts_with("http") { target.to_owned() } else { format!("{}/v1.0{target}", self.origin) };
        self.http.get(address).bearer_auth(token)
    }

    /// A request without a token, such as a download.
    pub(super) fn bare(&self, address: &str) -> reqwest::RequestBuilder {
        self.http.get(address)
    }

    /// The answer to such a request.
    pub(super) async fn get(&self, token: &str, target: &str) -> Answer {
        self.whole(self.request(token, target)).await
    }

    /// The same with another method and a JSON body.
    pub(super) async fn call(&self, token: &str, method: &str, target: &str, body: &Value) -> Answer {
        let method = reqwest::Method::from_bytes(method.as_bytes()).expect("a method");
        let address = format!("{}/v1.0{target}", self.origin);
        self.whole(self.http.request(method, address).bearer_auth(token).json(body)).await
    }

    /// All entries of a paged list; `prefer` is sent with every page.
    pub(super) async fn all(&self, token: &str, target: &str, prefer: &str) -> Vec<Value> {
        let mut target = target.to_owned();
        let mut items = Vec::new();
        loop {
            let page = self.whole(self.request(token, &target).header("prefer", prefer)).await;
            items.extend(page.items());
            match page.next() {
                Some(next) => target = next,
                None => return items,
            }
        }
    }

    /// A page of the identity platform, as a browser would ask for it.
    pub(super) async fn browse(&self, target: &str) -> Answer {
        self.whole(self.http.get(format!("{}{target}", self.origin))).await
    }

    /// A form posted to the identity platform.
    pub(super) async fn post(&self, path: &str, form: &[(&str, &str)]) -> Answer {
        self.whole(self.http.post(format!("{}{path}", self.origin)).form(form)).await
    }

    /// A request to one of the simulator's own endpoints.
    pub(super) async fn control(&self, name: &str, body: &Value) -> Answer {
        self.whole(self.http.post(format!("{}/simulator/{name}", self.origin)).json(body)).await
    }

    /// The request log and its counters.
    pub(super) async fn requests(&self) -> Value {
        self.browse("/simulator/requests").await.json()
    }

    /// A request to the token endpoint.
    pub(super) async fn token_endpoint(&self, form: &[(&str, &str)]) -> Answer {
        self.post(&format!("/{}/oauth2/v2.0/token", self.tenant), form).await
    }

    /// Asks for a code as `account`; the parameters of the redirect.
    pub(super) async fn authorize(&self, account: &str, scopes: &str) -> Vec<(String, String)> {
        let challenge = URL_SAFE_NO_PAD.encode(Sha256::digest(VERIFIER));
        let (client, scopes, account) = (&self.client, escaped(scopes), escaped(account));
        let target = format!(
            "/{}/oauth2/v2.0/authorize?client_id={client}&response_type=code&redirect_uri={}&scope={scopes}&state=xyz\
             &code_challenge={challenge}&code_challenge_method=S256&login_hint={account}",
            self.tenant,
            escaped(BACK)
        );
        let answer = self.browse(&target).await;
        assert_eq!(answer.status, 302, "{}", String::from_utf8_lossy(&answer.bytes));
        let back = url::Url::parse(answer.header("location")).expect("an address");
        assert!(back.as_str().starts_with(BACK));
        back.query_pairs().into_owned().collect()
    }

    /// Redeems a code with a verifier.
    pub(super) async fn redeem(&self, code: &str, verifier: Option<&str>) -> Answer {
        self.token_endpoint(&[
            ("grant_type", "authorization_code"),
            ("client_id", &self.client),
            ("code", code),
            ("redirect_uri", BACK),
            ("code_verifier", verifier.unwrap_or(VERIFIER)),
        ])
        .await
    }

    /// The token answer of a whole sign-in.
    pub(super) async fn sign_in(&self, account: &str, scopes: &str) -> Value {
        let answered = self.authorize(account, scopes).await;
        let code = answered.iter().find(|(name, _)| name == "code").map(|(_, code)| code.as_str()).unwrap_or_default();
        let answer = self.redeem(code, None).await;
        assert_eq!(answer.status, 200, "{}", String::from_utf8_lossy(&answer.bytes));
        answer.json()
    }

    /// An access token of the paralegal.
    pub(super) async fn paula(&self) -> String {
        text(&self.sign_in(PAULA, SCOPES).await, "access_token").to_owned()
    }
}
