//! No secret leaves its place: everything that sign-in, checks, collections and their troubles write, at the most
//! verbose level, is searched for every secret that went over the wire, and diagnostics for what is in the mail.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::Value;

use crate::tenant::{MARA, Ran, Tenant};

/// What goes over the wire when people sign in.
const OF_PEOPLE: [&str; 7] =
    ["access_token", "refresh_token", "id_token", "device_code", "code", "code_verifier", "state"];

/// What was said and written, and the secrets it is searched for.
struct Search {
    folder: tempfile::TempDir,
    /// Standard output and error of every run, by what was run.
    said: Vec<(String, String)>,
    /// Standard error alone, without the plan and the prompts.
    diagnostics: Vec<(String, String)>,
}

impl Search {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().expect("a folder"), said: Vec::new(), diagnostics: Vec::new() }
    }

    /// A tenant that names its secrets in a file of its own.
    fn tenant(&self, name: &str, options: &[&str]) -> Tenant {
        let issued = self.folder.path().join(name);
        Tenant::start(&[&["--issued", issued.to_str().expect("UTF-8")], options].concat())
    }

    fn keep(&mut self, args: &[&str], stdout: &str, stderr: &str) {
        self.diagnostics.push((args.join(" "), stderr.to_owned()));
        self.said.push((args.join(" "), format!("{stdout}{stderr}")));
    }

    /// Runs at the most verbose level.
    fn run(&mut self, tenant: &Tenant, args: &[&str]) -> Ran {
        self.run_with(tenant, args, &[])
    }

    fn run_with(&mut self, tenant: &Tenant, args: &[&str], variables: &[(&str, &str)]) -> Ran {
        let mut command = tenant.command(args);
        command.arg("-vvv").env("RUST_LOG", "trace").envs(variables.iter().copied());
        let output = command.output().expect("the binary runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        self.keep(args, &stdout, &stderr);
        Ran { exit: output.status.code().unwrap_or(-1), stdout, stderr }
    }

    /// Signs in in the browser; the address it comes back to goes through `back` first.
    fn browser(&mut self, tenant: &Tenant, back: impl Fn(&str) -> String) -> Option<i32> {
        let args = ["login", "--no-browser", "--json"];
        let mut command = tenant.command(&args);
        let piped = command.arg("-vvv").env("RUST_LOG", "trace").stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut login = piped.spawn().expect("the binary runs");
        let mut out = BufReader::new(login.stdout.take().expect("piped"));
        let mut stdout = String::new();
        out.read_line(&mut stdout).expect("an address");
        let said: Value = serde_json::from_str(&stdout).expect("JSON");
        tenant.visit(&back(said["url"].as_str().expect("an address")));
        out.read_to_string(&mut stdout).expect("the rest");
        let mut stderr = String::new();
        login.stderr.take().expect("piped").read_to_string(&mut stderr).expect("the rest");
        self.keep(&args, &stdout, &stderr);
        login.wait().expect("it ends").code()
    }

    /// Secrets by value, with what they are.
    fn secrets(&self) -> BTreeMap<String, String> {
        let mut found = BTreeMap::new();
        for file in files(self.folder.path()) {
            for line in std::fs::read_to_string(file).expect("text").lines() {
                let one: Value = serde_json::from_str(line).expect("JSON");
                let text = |name: &str| one[name].as_str().expect("text").to_owned();
                if text("value").len() >= 8 {
                    found.insert(text("value"), text("kind"));
                }
            }
        }
        found
    }

    /// Every place in what was said and in these folders where a secret stands; the kinds named must be among them.
    fn leaks(&self, kinds: &[&str], folders: &[PathBuf]) -> Vec<String> {
        let secrets = self.secrets();
        let have: BTreeSet<&str> = secrets.values().map(String::as_str).collect();
        for kind in kinds {
            assert!(have.contains(kind), "no {kind} among the secrets: the search would prove nothing");
        }
        let needles: Vec<&[u8]> = secrets.keys().map(String::as_bytes).collect();
        let (mut leaks, mut addresses) = (Vec::new(), 0);
        for (what, text) in &self.said {
            for line in text.lines() {
                // The address that the browser is to open carries the state: the person needs it there, and only there.
                let address = line.contains("/oauth2/v2.0/authorize?");
                for hit in found(line.as_bytes(), &needles) {
                    match std::str::from_utf8(hit).ok().and_then(|hit| secrets.get(hit)).map_or("", String::as_str) {
                        "state" if address => addresses += 1,
                        kind => leaks.push(format!("{kind}: {what}")),
                    }
                }
            }
        }
        let mut searched = 0;
        for file in folders.iter().flat_map(|folder| files(folder)) {
            let bytes = std::fs::read(&file).expect("a file");
            searched += 1;
            let hits =
                found(&bytes, &needles).into_iter().filter_map(|hit| secrets.get(std::str::from_utf8(hit).ok()?));
            leaks.extend(hits.map(|kind| format!("{kind}: {}", file.display())));
        }
        assert!(searched > 2, "{searched} files were searched");
        assert!(addresses > 0 || !kinds.contains(&"state"), "the search finds nothing where there is something");
        leaks
    }
}

/// The needles that stand in some bytes. One pass: only where the first eight bytes of one are met is it compared.
fn found<'a>(bytes: &[u8], needles: &[&'a [u8]]) -> Vec<&'a [u8]> {
    let start = |bytes: &[u8]| bytes.first_chunk::<8>().copied();
    let starts: HashSet<[u8; 8]> = needles.iter().filter_map(|needle| start(needle)).collect();
    let places = (0..bytes.len().saturating_sub(7))
        .filter(|at| start(&bytes[*at..]).is_some_and(|eight| starts.contains(&eight)));
    let hits = places.flat_map(|at| needles.iter().filter(move |needle| bytes[at..].starts_with(needle)).copied());
    hits.collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    found.sort();
    found
}

#[test]
fn no_secret_is_in_any_output_or_file_of_the_whole_job_and_its_troubles() {
    let mut search = Search::new();
    let mail = format!("{MARA}=150:1500");
    let faults = "token-expire:every=40,claims-challenge:after=10:once,value-503:rate=0.05,html-503:rate=0.02";
    let options = ["--synthetic", &mail, "--faults", faults, "--revoke-after", "jonas.weber@brackwater.example=60"];
    let tenant = search.tenant("main", &options);
    assert_eq!(search.browser(&tenant, str::to_owned), Some(0));
    search.run(&tenant, &["login", "--flow", "device-code"]).exits(0);
    search.run(&tenant, &["login", "--flow", "device-code", "--json", "--with", "directory"]).exits(0);
    for args in [&["whoami"][..], &["whoami", "--json"], &["users", "--json"], &["check", MARA, "me", "--json"]] {
        search.run(&tenant, args).exits(0);
    }
    search.run(&tenant, &["scopes"]);
    search.run(&tenant, &["doctor", "--json"]);
    let handout = tenant.text("handout");
    search.run(&tenant, &["check", MARA, "petra.novak@brackwater.example", "--handout", &handout]).exits(5);
    search.run(&tenant, &["check", "petra.novak@brackwater.example", "nobody@brackwater.example"]).exits(5);
    let (whole, lost, zip) = (tenant.text("whole"), tenant.text("lost"), tenant.text("zip"));
    search.run(&tenant, &["collect", MARA, "--yes", "--json", "--plan-only", "--out", &whole]).exits(0);
    search.run(&tenant, &["resume", &whole, "--json"]).exits(3);
    search.run(&tenant, &["collect", MARA, "--yes", "--format", "zip", "--out", &zip, "--folder", "Inbox"]).exits(3);
    search.run(&tenant, &["collect", "jonas.weber@brackwater.example", "--yes", "--out", &lost]).exits(5);
    for package in [&whole, &zip] {
        search.run(&tenant, &["verify", package]).exits(0);
    }
    search.run(&tenant, &["verify", &lost]).exits(1);
    tenant.control("POST", "revoke");
    search.run(&tenant, &["users"]).exits(4);
    search.run(&tenant, &["resume", &lost]).exits(4);
    search.run(&tenant, &["login", "--flow", "device-code"]).exits(0);
    tenant.tell("refuse", &serde_json::json!({ "rule": "jonas.weber@brackwater.example=granted" }));
    search.run(&tenant, &["resume", &lost, "--json"]).exits(3);
    let folders = ["home", "handout", "whole", "lost", "zip"].map(|name| tenant.path(name));
    let leaks = search.leaks(&OF_PEOPLE, &folders);
    assert!(leaks.is_empty(), "{leaks:#?}");

    // The key is beside what it seals and nowhere else.
    let key = std::fs::read(tenant.path("home").join("token.key")).expect("a key file");
    let copies = folders.iter().flat_map(|folder| files(folder));
    let copies = copies.filter(|file| !found(&std::fs::read(file).expect("a file"), &[&key]).is_empty()).count();
    assert_eq!(copies, 1);
    mail_stays_out_of(&search, &folders[..2], &folders[2..]);
}

/// Subjects, names of attachments and addresses outside the tenant, as the fixtures have them.
fn words_of_the_mail() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tenant/mailboxes");
    let mut words = BTreeSet::new();
    for name in ["mara.okafor", "jonas.weber"] {
        for file in files(&root.join(name).join("mail")) {
            let text = String::from_utf8_lossy(&std::fs::read(file).expect("a file")).into_owned();
            let head = text.split("\r\n\r\n").next().unwrap_or_default();
            let subject = head.lines().find_map(|line| line.strip_prefix("Subject: "));
            words.extend(subject.filter(|subject| !subject.contains("=?")).map(|subject| subject.trim().to_owned()));
            let names = text.split("filename=\"").skip(1).filter_map(|rest| rest.split('"').next());
            words.extend(names.filter(|name| !name.contains("=?")).map(str::to_owned));
            let foreign = |word: &&str| word.contains('@') && word.contains("nordhaven.example");
            let address = |word: &str| word.trim_matches(['<', '>', ',', ';', '"']).to_owned();
            words.extend(head.split_whitespace().filter(foreign).map(address).filter(|word| !word.contains('=')));
        }
    }
    words.retain(|word| word.len() > 7);
    assert!(words.len() > 40, "{words:?}");
    words
}

/// Diagnostics, what is kept beside the packages, and the log name no mail.
fn mail_stays_out_of(search: &Search, beside: &[PathBuf], packages: &[PathBuf]) {
    let words = words_of_the_mail();
    let mut leaks = Vec::new();
    for (what, text) in &search.diagnostics {
        leaks.extend(words.iter().filter(|word| text.contains(word.as_str())).map(|word| format!("{word}: {what}")));
    }
    let needles: Vec<&[u8]> = words.iter().map(String::as_bytes).collect();
    for file in beside.iter().flat_map(|folder| files(folder)) {
        let hits = found(&std::fs::read(&file).expect("a file"), &needles);
        leaks.extend(hits.into_iter().map(|hit| format!("{}: {}", String::from_utf8_lossy(hit), file.display())));
    }
    for package in packages {
        let log = std::fs::read_to_string(package.join("affiant/log.jsonl")).expect("a log");
        let hits = words.iter().filter(|word| log.contains(word.as_str()));
        leaks.extend(hits.map(|word| format!("{word}: log of {}", package.display())));
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn no_secret_is_in_what_a_failed_sign_in_leaves_behind() {
    let mut search = Search::new();
    let tenants: Vec<Tenant> = [
        "token-html:once",
        "token-200-error:once",
        "token-error:code=53003:once",
        "token-error:code=50076:once",
        "token-redirect:once",
        "token-redirect:forever",
        "claims-challenge:forever",
        "token-revoke:after=3",
        "html:forever",
    ]
    .into_iter()
    .enumerate()
    .map(|(number, faults)| {
        let tenant = search.tenant(&number.to_string(), &["--faults", faults]);
        search.browser(&tenant, str::to_owned);
        search.run(&tenant, &["login", "--flow", "device-code"]);
        for args in [&["users"][..], &["check", MARA, "--json"], &["collect", MARA, "--yes", "--out"]] {
            let out = tenant.text("p");
            let out = if args[0] == "collect" { vec![out.as_str()] } else { Vec::new() };
            search.run(&tenant, &[args, &out].concat());
        }
        tenant
    })
    .collect();
    let tenant = search.tenant("state", &[]);
    let forged = search.browser(&tenant, |url| url.replace("state=", "state=forged"));
    assert_eq!(forged, Some(4));
    let without = search.browser(&tenant, |url| url.replace("state=", "other="));
    assert_eq!(without, Some(4));
    let folders = tenants.iter().chain([&tenant]).flat_map(|tenant| [tenant.path("home"), tenant.path("p")]);
    let leaks = search.leaks(&OF_PEOPLE, &folders.filter(|folder| folder.exists()).collect::<Vec<_>>());
    assert!(leaks.is_empty(), "{leaks:#?}");
}

#[test]
fn no_secret_of_an_application_is_in_any_output_or_file() {
    const APP: &str = "715c42ed-3276-46d1-86b2-e00fec66cf3c";
    const LOCK: &str = "opens it";
    const PASSPHRASE: &str = "of eight words or so";
    let mut search = Search::new();
    let tenant =
        search.tenant("app", &["--token-lifetime-s", "2", "--faults", "token-error:code=7000222:after=4:once"]);
    let certificates = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/certificates");
    let file = |name: &str| certificates.join(name).to_str().expect("UTF-8").to_owned();
    let seals = ("AFFIANT_PASSPHRASE", PASSPHRASE);
    let app = |flow| ["login", "--flow", flow, "--client-id", APP];
    let secret = ("AFFIANT_CLIENT_SECRET", "simulated-secret-not-a-secret");
    search.run_with(&tenant, &app("client-secret"), &[secret, seals]).exits(0);
    search.run_with(&tenant, &["whoami"], &[seals]).exits(0);
    search.run_with(&tenant, &["users", "--json"], &[seals]).exits(0);
    search.run_with(&tenant, &app("client-secret"), &[("AFFIANT_CLIENT_SECRET", "wrong-secret-not-a-secret")]);
    std::thread::sleep(std::time::Duration::from_secs(2));
    search.run_with(&tenant, &["users"], &[seals]);
    for name in ["app.pem", "app-locked.pem", "app.p12"] {
        let path = file(name);
        let args = [&app("certificate")[..], &["--certificate", &path]].concat();
        let ran = search.run_with(&tenant, &args, &[("AFFIANT_CERTIFICATE_PASSPHRASE", LOCK), seals]);
        assert!([0, 4].contains(&ran.exit), "{name}: {}", ran.stderr);
        search.run_with(&tenant, &["users"], &[seals]);
        search.run_with(&tenant, &["scopes", "--json"], &[seals]);
        search.run_with(&tenant, &["doctor"], &[seals]);
    }
    let path = file("app-locked.pem");
    let wrong = [&app("certificate")[..], &["--certificate", &path]].concat();
    search.run_with(&tenant, &wrong, &[("AFFIANT_CERTIFICATE_PASSPHRASE", "of quite another lock"), seals]);
    // What only this side knows.
    let key = std::fs::read_to_string(file("app.pem")).expect("a file");
    let key = key.split("PRIVATE KEY-----").nth(1).expect("a key").lines().nth(3).expect("a line").to_owned();
    let mut own = String::new();
    let kinds =
        [("passphrase", LOCK), ("passphrase", "of quite another lock"), ("passphrase", PASSPHRASE), ("key", &key)];
    for (kind, value) in kinds {
        own += &format!("{}\n", serde_json::json!({ "kind": kind, "value": value }));
    }
    std::fs::write(search.folder.path().join("own"), own).expect("written");
    let kinds = ["access_token", "client_secret", "client_assertion", "passphrase", "key"];
    let leaks = search.leaks(&kinds, &[tenant.path("home")]);
    assert!(leaks.is_empty(), "{leaks:#?}");
}
