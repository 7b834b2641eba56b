//! Signatures: keys asked for while collecting, header and body judged apart, and the record of it checked by others.

use std::collections::BTreeMap;
use std::net::UdpSocket;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use affiant::identity::{Judged, KeyAnswer, judge};
use affiant::terms::{AuthMethod, Remark, UtcInstant};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::tenant::{JONAS, Tenant, python_agrees, rows};

const RESULTS: &str = "select i.subject, a.header_ok, a.body_ok, a.detail from auth_result a join item i using (item_id) \
                       where i.subject is not null order by 1, a.ordinal";

/// A message signed with Ed25519 by `selector` at signed.example; `tags` go into the signature.
fn signed(subject: &str, selector: &str, tags: &str) -> String {
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
    let body = "Hello\r\n";
    let hash = STANDARD.encode(Sha256::digest(body));
    let head =
        format!("From: Ana <ana@signed.example>\r\nSubject: {subject}\r\nDate: Tue, 4 Jun 2024 09:00:00 +0000\r\n");
    let names = "h=From:Subject:Date";
    let field =
        format!("DKIM-Signature: v=1; a=ed25519-sha256; d=Signed.example; s={selector}; {names}; {tags} bh={hash}; b=");
    let signature = STANDARD.encode(key.sign(&Sha256::digest(format!("{head}{field}"))));
    format!("{field}{signature}\r\n{head}MIME-Version: 1.0\r\nContent-Type: text/plain\r\n\r\n{body}")
}

fn record() -> String {
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
    format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(key.public_key()))
}

/// A folder of signed mail with its zone.
fn mail(folder: &Path) {
    std::fs::create_dir_all(folder.join("keys")).expect("made");
    let hostile = "a\" or 1=1; --";
    let messages = [
        ("1", signed("1 whole", "s1", "")),
        ("2", signed("2 body changed", "s1", "").replace("Hello", "Hallo")),
        ("3", signed("3 subject changed", "s1", "").replace("3 subject", "3 Subject")),
        ("4", signed("4 no such key", "gone", "")),
        ("5", signed("5 expired on the way", "s1", "x=1717491599;")),
        ("6", signed("6 expires later", "s1", "x=1717491600;")),
        ("7", signed("7 only a part", "s1", "l=7;").replace("Hello\r\n", "Hello\r\nPS\r\n")),
        ("8", signed("8 testing, and a long key record", "long", "")),
        ("9", signed("9 hostile", hostile, "")),
        ("B", signed("B junk for a key", "junk", "")),
        ("C", "Subject: C unsigned\r\nDate: Tue, 4 Jun 2024 09:00:00 +0000\r\n\r\nHello\r\n".to_owned()),
    ];
    for (name, text) in messages {
        std::fs::write(folder.join(format!("{name}.eml")), text).expect("written");
    }
    // Too long for an answer over UDP.
    let long = format!("{}; t=y; n={}", record(), "x".repeat(2_000));
    let junk = "v=DKIM1; p=\u{1}\u{7f}\n\"';--\u{2028}";
    let zone = json!({ "junk._domainkey.signed.example": junk, "s1._domainkey.signed.example.": record(), "long._domainkey.signed.example": long });
    std::fs::write(folder.join("keys/dkim-dns.json"), zone.to_string()).expect("written");
}

const WANT: [&str; 10] = [
    "1 whole|1|1|",
    "2 body changed|1|0|",
    "3 Subject changed|0|1|",
    "4 no such key||1|key_absent",
    "5 expired on the way|1|1|expired",
    "6 expires later|1|1|",
    "7 only a part|1|1|body_length,body_beyond",
    "8 testing, and a long key record|1|1|testing",
    "9 hostile|||malformed",
    "B junk for a key||1|key_malformed",
];

fn served(folder: &Path, faults: &str) -> Tenant {
    mail(folder);
    let (owner, corpus) = ("ana@signed.example", folder.to_str().expect("UTF-8"));
    let tenant = Tenant::signed_in_by(owner, &["--corpus", corpus, "--as", owner, "--faults", faults]);
    tenant.login().exits(0);
    tenant
}

fn verified(tenant: &Tenant, package: &Path) {
    tenant.run(&["verify", package.to_str().expect("UTF-8")]).exits(0);
    python_agrees(package, true);
}

#[test]
fn header_and_body_are_judged_apart_as_of_receipt_with_the_keys_that_dns_has() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = served(folder.path(), "");
    for (name, format) in [("eml", "eml"), ("zip", "zip")] {
        let (ran, package) = tenant.collect(name, &["me", "--format", format, "--dns-resolver", tenant.said("dns")]);
        ran.exits(0);
        assert_eq!(rows(&package, RESULTS), WANT);
        let keys = rows(&package, "select name, txt is not null, dnssec_ad, resolver from dns_key order by 1");
        let at = tenant.said("dns");
        let want = [("gone", 0), ("junk", 1), ("long", 1), ("s1", 1)];
        assert_eq!(keys, want.map(|(selector, has)| format!("{selector}._domainkey.signed.example|{has}|0|{at}")));
        assert_eq!(rows(&package, "select distinct as_of from auth_result"), ["2024-06-04T09:00:00.000Z"]);
        verified(&tenant, &package);
        // The log names the domains that were asked for, and not which message each of them signed.
        let log = std::fs::read_to_string(package.join("affiant/log.jsonl")).expect("a log");
        let naming = log.lines().filter(|line| line.contains("signed.example") && !line.contains("ana@signed.example"));
        assert!(
            naming.clone().count() == 4 && naming.clone().all(|line| line.contains("\"dns.key.captured\"")),
            "{log}"
        );
    }
}

#[test]
fn the_demos_tenant_brings_the_keys_of_those_who_sign_its_mail() {
    let tenant = Tenant::with_sign_in(&[]);
    let (ran, package) =
        tenant.collect("p", &[JONAS, "--folder", "Posteingang/Listen", "--dns-resolver", tenant.said("dns")]);
    ran.exits(0);
    let want = ["1|0", "1|1"];
    assert_eq!(rows(&package, "select header_ok, body_ok from auth_result order by 1, 2"), want);
    verified(&tenant, &package);
}

#[test]
fn without_dns_the_bodies_are_judged_and_nothing_is_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = served(folder.path(), "");
    // A simulated tenant asks nobody by itself; a switch stands above a setting.
    std::fs::create_dir_all(tenant.path("home")).expect("made");
    for (name, args) in [("default", &[][..]), ("off", &["--no-dns"])] {
        if name == "off" {
            let setting = format!("dns-resolver = \"{}\"\n", tenant.said("dns"));
            std::fs::write(tenant.path("home").join("affiant.toml"), setting).expect("written");
        }
        let (ran, package) = tenant.collect(name, &[&["me"], args].concat());
        ran.exits(0);
        assert_eq!(rows(&package, "select count(*) from dns_key"), ["0"]);
        assert_eq!(rows(&package, RESULTS)[0], "1 whole||1|key_not_captured");
        assert_eq!(rows(&package, RESULTS)[1], "2 body changed||0|key_not_captured");
        verified(&tenant, &package);
    }
    let (ran, package) = tenant.collect("set", &["me"]);
    ran.exits(0);
    assert_eq!(rows(&package, RESULTS), WANT, "the setting alone");
}

#[test]
fn a_resolver_that_never_answers_costs_the_keys_and_some_seconds() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = served(folder.path(), "");
    let silent = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let at = silent.local_addr().expect("bound").to_string();
    let started = Instant::now();
    let (ran, package) = tenant.collect("p", &["me", "--dns-resolver", &at]);
    ran.exits(0);
    assert!(started.elapsed() < Duration::from_mins(1), "{:?}", started.elapsed());
    assert_eq!(rows(&package, "select count(*) from dns_key"), ["0"]);
    assert_eq!(rows(&package, RESULTS)[0], "1 whole||1|key_not_captured");
    verified(&tenant, &package);
    // Nobody there at all: as good as silence, and quicker.
    drop(silent);
    let (ran, package) = tenant.collect("q", &["me", "--dns-resolver", &at]);
    ran.exits(0);
    assert_eq!(rows(&package, RESULTS)[0], "1 whole||1|key_not_captured");
}

#[test]
fn a_session_that_goes_on_asks_for_the_keys_of_what_an_earlier_one_fetched() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = served(folder.path(), "value-503-forever:ids=1");
    let (ran, package) = tenant.collect("p", &["me", "--no-dns", "--leave-open-on-exceptions"]);
    ran.exits(3);
    assert_eq!(rows(&package, "select count(*) from auth_result"), ["0"], "weighed when everything is there");
    let out = package.to_str().expect("UTF-8");
    tenant.run(&["resume", out, "--dns-resolver", tenant.said("dns")]).exits(3);
    let found = rows(&package, RESULTS);
    // One message could not be had.
    assert!(found.len() >= 9 && found.iter().all(|row| WANT.contains(&row.as_str())), "{found:?}");
    verified(&tenant, &package);
}

#[test]
fn a_result_or_a_key_that_was_edited_is_found_though_every_list_agrees() {
    let folder = tempfile::tempdir().expect("a folder");
    let tenant = served(folder.path(), "");
    let (ran, package) = tenant.collect("p", &["me", "--dns-resolver", tenant.said("dns")]);
    ran.exits(0);
    let file = package.join("affiant/manifest.sqlite");
    let whole = std::fs::read(&file).expect("a manifest");
    for edit in [
        "UPDATE auth_result SET body_ok = 1 WHERE body_ok = 0",
        "UPDATE auth_result SET domain = 'other.example' WHERE ordinal = 1",
        "DELETE FROM auth_result WHERE header_ok = 0",
        "UPDATE dns_key SET txt = NULL",
        "DELETE FROM dns_key",
    ] {
        std::fs::write(&file, &whole).expect("written");
        let db = rusqlite::Connection::open(&file).expect("a database");
        let triggers =
            "SELECT name, sql FROM sqlite_schema WHERE type = 'trigger' AND tbl_name IN ('auth_result','dns_key')";
        let triggers: Vec<(String, String)> = {
            let mut query = db.prepare(triggers).expect("a query");
            query
                .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
                .expect("rows")
                .map(|row| row.expect("a row"))
                .collect()
        };
        for (name, _) in &triggers {
            db.execute_batch(&format!("DROP TRIGGER {name}")).expect("dropped");
        }
        assert_ne!(db.execute(edit, []).expect("edited"), 0, "{edit}");
        for (_, sql) in &triggers {
            db.execute_batch(sql).expect("made again");
        }
        drop(db);
        let ran = tenant.run(&["verify", "--json", package.to_str().expect("UTF-8")]).exits(6);
        let report = ran.json();
        let checks = report["checks"].as_array().expect("checks");
        let check = checks.iter().find(|check| check["name"] == "authenticity").expect("made");
        assert_eq!(check["ok"], false, "{edit}");
        python_agrees(&package, false);
    }
}

fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/corpus");
    let folder = std::env::var_os("AFFIANT_TEST_CORPUS").map_or_else(beside, PathBuf::from);
    if folder.join("_keys").is_dir() {
        return Some(folder);
    }
    eprintln!("SKIPPED: no mail corpus with keys at {}", folder.display());
    None
}

/// What dkimpy says of every file: for each DKIM signature whether it passes, and the state of the ARC chain.
const OTHERS: &str = r#"
import glob, json, sys
import dkim
keys = {}
for name in sys.argv[2:]:
    keys.update({k.rstrip(".").lower(): v for k, v in json.load(open(name)).items()})
def txt(name, timeout=5):
    found = keys.get(name.decode().rstrip(".").lower())
    return found.encode() if found else None
said = {}
for name in sorted(glob.glob(sys.argv[1] + "/**/*.eml", recursive=True)):
    raw = open(name, "rb").read()
    low = raw.lower()
    if b"dkim-signature" not in low and b"arc-seal" not in low:
        continue
    one = {"dkim": [], "arc": None}
    try:
        message = dkim.DKIM(raw)
        count = sum(1 for h, _ in message.headers if h.lower() == b"dkim-signature")
    except Exception:
        continue
    for at in range(count):
        try:
            one["dkim"].append(bool(dkim.DKIM(raw).verify(idx=at, dnsfunc=txt)))
        except Exception:
            one["dkim"].append(False)
    try:
        cv, _, _ = dkim.ARC(raw).verify(dnsfunc=txt)
        one["arc"] = None if cv is None else cv.decode()
    except Exception:
        one["arc"] = "fail"
    said[name] = one
print(json.dumps(said))
"#;

/// Compares with dkimpy over all mail below a folder; returns how many DKIM signatures there were, and how many pass.
fn compare(folder: &Path, keys: &[PathBuf]) -> Option<(usize, usize)> {
    let mut records: BTreeMap<String, String> = BTreeMap::new();
    for file in keys {
        let text = std::fs::read_to_string(file).expect("readable");
        let found: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
        let plain = |name: String| name.trim_end_matches('.').to_lowercase();
        records.extend(found.into_iter().filter_map(|(name, txt)| Some((plain(name), txt.as_str()?.to_owned()))));
    }
    let ran = Command::new("python3").args(["-c", OTHERS]).arg(folder).args(keys).output();
    let Some(said) = ran.ok().filter(|ran| ran.status.success()) else {
        eprintln!("SKIPPED: python3 with dkimpy is not installed");
        return None;
    };
    let said: BTreeMap<String, Value> = serde_json::from_slice(&said.stdout).expect("JSON");
    let now = UtcInstant::parse("2026-11-28T00:00:00Z").expect("valid");
    let (mut in_all, mut passing, mut differing) = (0, 0, Vec::new());
    for (name, theirs) in &said {
        let bytes = std::fs::read(name).expect("readable");
        let judged = judge(&bytes, now, &|name| match records.get(&name.to_string()) {
            Some(txt) => KeyAnswer::Txt(txt),
            None => KeyAnswer::Absent,
        });
        let whole = |one: &Judged| {
            (one.header_ok, one.body_ok) == (Some(true), Some(true)) && !one.remarks.contains(&Remark::Expired)
        };
        let ours: Vec<bool> = judged.iter().filter(|one| one.method == AuthMethod::Dkim).map(whole).collect();
        in_all += ours.len();
        passing += ours.iter().filter(|pass| **pass).count();
        if json!(ours) != theirs["dkim"] {
            differing.push(format!("{name}: dkim {ours:?} {}", theirs["dkim"]));
        }
        let sets: Vec<&Judged> = judged.iter().filter(|one| one.method == AuthMethod::Arc).collect();
        let chain = |(n, set): (usize, &&Judged)| {
            let first = if n == 0 { Remark::CvNone } else { Remark::CvPass };
            set.seal_ok == Some(true) && set.remarks.contains(&first) && set.ordinal as usize == n + 1
        };
        let holds =
            !sets.is_empty() && sets.iter().enumerate().all(chain) && sets.last().is_some_and(|last| whole(last));
        // dkimpy knows no ARC seals of Ed25519.
        let text = String::from_utf8_lossy(&bytes).to_lowercase();
        let foreign = text.contains("arc-seal") && text.contains("ed25519-sha256");
        if !foreign && holds != (theirs["arc"] == "pass") {
            differing.push(format!("{name}: arc {holds} {} {sets:?}", theirs["arc"]));
        }
    }
    assert!(differing.is_empty(), "{} of {}:\n{}", differing.len(), said.len(), differing.join("\n"));
    Some((in_all, passing))
}

#[test]
fn dkimpy_judges_our_own_mail_as_we_do() {
    let folder = tempfile::tempdir().expect("a folder");
    mail(folder.path());
    // Two of them expire before that program's today.
    let counts = compare(folder.path(), &[folder.path().join("keys/dkim-dns.json")]);
    assert!(counts.is_none_or(|counts| counts == (10, 3)), "{counts:?}");
    let demo = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/tenant");
    let counts = compare(&demo, &[demo.join("keys/dkim-dns.json")]);
    assert!(counts.is_none_or(|counts| counts == (2, 1)), "{counts:?}");
}

#[test]
fn dkimpy_judges_the_corpus_as_we_do() {
    let Some(folder) = corpus() else { return };
    let keys = std::fs::read_dir(folder.join("_keys"))
        .expect("readable")
        .flatten()
        .map(|entry| entry.path())
        .collect::<Vec<_>>();
    let counts = compare(&folder, &keys);
    assert!(counts.is_none_or(|(in_all, passing)| in_all >= 50 && passing >= 5), "{counts:?}");
}
