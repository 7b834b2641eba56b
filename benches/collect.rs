//! How near a collection comes to a bare client: both fetch the same mailbox from the simulated tenant, one after
//! the other, in one run; the ratio is what counts, not the seconds.
//!
//! `cargo bench --bench collect` · `MESSAGES=20000 cargo bench --bench collect`

#![allow(clippy::print_stdout, reason = "the figures are the result")]

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::{StreamExt as _, stream};
use sha2::{Digest as _, Sha256};

const AFFIANT: &str = env!("CARGO_BIN_EXE_affiant");
const OWNER: &str = "mara.okafor@brackwater.example";
const PARALEGAL: &str = "paula.quist@brackwater.example";

struct Tenant {
    process: Child,
    origin: String,
    directory: String,
    client_id: String,
}

impl Drop for Tenant {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn tenant(messages: u64) -> Tenant {
    let mut process = Command::new(AFFIANT)
        .args(["simulate", "--json", "--device-interval", "1", "--auto-approve", PARALEGAL])
        .args(["--synthetic", &format!("{OWNER}={messages}:7000")])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the simulated tenant starts");
    let mut line = String::new();
    BufReader::new(process.stdout.take().expect("piped")).read_line(&mut line).expect("a line");
    let said: serde_json::Value = serde_json::from_str(&line).expect("JSON");
    let text = |name: &str| said[name].as_str().expect("said").to_owned();
    Tenant { process, origin: text("graph_url"), directory: text("tenant"), client_id: text("client_id") }
}

fn affiant(tenant: &Tenant, home: &Path, args: &[&str]) {
    let status = Command::new(AFFIANT)
        .args(args)
        .env("AFFIANT_HOME", home)
        .env("AFFIANT_LOGIN_URL", &tenant.origin)
        .env("AFFIANT_GRAPH_URL", &tenant.origin)
        .env("AFFIANT_TENANT", &tenant.directory)
        .env("AFFIANT_CLIENT_ID", &tenant.client_id)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .expect("affiant runs");
    assert!(status.success(), "affiant {args:?}");
}

/// Signs in as any client would and returns a token.
async fn token(http: &reqwest::Client, tenant: &Tenant) -> String {
    let base = format!("{}/{}/oauth2/v2.0", tenant.origin, tenant.directory);
    let ask = [("client_id", tenant.client_id.as_str()), ("scope", "Mail.Read Mail.Read.Shared")];
    let code: serde_json::Value =
        http.post(format!("{base}/devicecode")).form(&ask).send().await.expect("asked").json().await.expect("JSON");
    let ask = [
        ("client_id", tenant.client_id.as_str()),
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("device_code", code["device_code"].as_str().expect("a code")),
    ];
    let given: serde_json::Value =
        http.post(format!("{base}/token")).form(&ask).send().await.expect("asked").json().await.expect("JSON");
    given["access_token"].as_str().expect("a token").to_owned()
}

/// Lists one folder and writes every message to a file, hashed, four at a time, without syncing.
async fn bare(tenant: &Tenant, out: &Path) -> (u64, Duration) {
    let http = reqwest::Client::builder().tls_certs_only([]).no_proxy().build().expect("a client");
    let token = Arc::new(token(&http, tenant).await);
    let begun = Instant::now();
    let get = |url: String| {
        let (http, token) = (http.clone(), token.clone());
        async move { http.get(url).bearer_auth(token.as_str()).send().await.expect("answered") }
    };
    let folders: serde_json::Value =
        get(format!("{}/v1.0/users/{OWNER}/mailFolders/inbox/childFolders?$top=100", tenant.origin))
            .await
            .json()
            .await
            .expect("JSON");
    let folder = folders["value"].as_array().expect("folders").iter().find(|folder| folder["displayName"] == "Volume");
    let folder = folder.expect("the generated folder")["id"].as_str().expect("an id").to_owned();
    let mut link =
        Some(format!("{}/v1.0/users/{OWNER}/mailFolders/{folder}/messages?$select=id&$top=250", tenant.origin));
    let mut ids = Vec::new();
    while let Some(url) = link {
        let page: serde_json::Value = get(url).await.json().await.expect("JSON");
        ids.extend(
            page["value"].as_array().expect("messages").iter().map(|m| m["id"].as_str().expect("an id").to_owned()),
        );
        link = page["@odata.nextLink"].as_str().map(str::to_owned);
    }
    let count = ids.len() as u64;
    let fetched = stream::iter(ids.into_iter().enumerate()).map(|(n, id)| {
        let answer = get(format!("{}/v1.0/users/{OWNER}/messages/{id}/$value", tenant.origin));
        let path = out.join(format!("{n}.eml"));
        async move {
            let bytes = answer.await.bytes().await.expect("bytes");
            let digest = Sha256::digest(&bytes);
            std::fs::File::create(path).and_then(|mut file| file.write_all(&bytes)).expect("written");
            digest
        }
    });
    fetched
        .buffer_unordered(4)
        .for_each(|digest| async move {
            let _ = std::hint::black_box(digest);
        })
        .await;
    (count, begun.elapsed())
}

fn main() {
    let messages = std::env::var("MESSAGES").ok().and_then(|text| text.parse().ok()).unwrap_or(5_000);
    let tenant = tenant(messages);
    let place = tempfile::tempdir().expect("a folder");
    let runtime = tokio::runtime::Runtime::new().expect("threads");
    let (count, plain) = runtime.block_on(bare(&tenant, place.path()));
    let home = place.path().join("home");
    affiant(&tenant, &home, &["login", "--flow", "device-code"]);
    println!("{count} messages; bare client, hashed and written, not synced: {:.2} s", plain.as_secs_f64());
    for format in ["eml", "zip"] {
        let out = place.path().join(format);
        let begun = Instant::now();
        let out = out.to_str().expect("UTF-8");
        affiant(
            &tenant,
            &home,
            &["collect", OWNER, "--folder", "Inbox/Volume", "--format", format, "--out", out, "--yes"],
        );
        let took = begun.elapsed();
        let ratio = plain.as_secs_f64() / took.as_secs_f64();
        println!(
            "affiant collect --format {format}, from start to sealed package: {:.2} s, ratio {ratio:.2}",
            took.as_secs_f64()
        );
    }
}
