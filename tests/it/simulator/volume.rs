//! A million messages that nobody stored, and a folder of real mail served as it lies there.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::bench::{Bench, escaped, sha256, text};

const BULK: &str = "/users/max.bulk@brackwater.example";

#[tokio::test]
async fn a_million_messages_cost_neither_memory_nor_time() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let inbox = bench.get(&token, &format!("{BULK}/mailFolders/inbox/childFolders")).await.items();
    let folder = inbox.iter().find(|folder| folder["totalItemCount"] == 1_000_000).expect("the large folder");
    let at = format!("{BULK}/mailFolders/{}/messages", escaped(text(folder, "id")));
    let filter = escaped("receivedDateTime ge 2016-02-01T00:00:00Z and receivedDateTime lt 2016-02-02T00:00:00Z");
    let begun = Instant::now();
    let day =
        bench.all(&token, &format!("{at}?$select=id,receivedDateTime&$filter={filter}"), "odata.maxpagesize=50").await;
    assert!((150..250).contains(&day.len()), "{}", day.len());
    assert!(day.iter().all(|message| text(message, "receivedDateTime").starts_with("2016-02-01")));
    let last = bench.get(&token, &format!("{at}?$select=id&$skip=999995&$top=50")).await;
    assert_eq!((last.items().len(), last.next()), (5, None));
    let id = escaped(text(&day[0], "id"));
    let (one, two) = (
        bench.get(&token, &format!("{BULK}/messages/{id}/$value")).await.bytes,
        bench.get(&token, &format!("{BULK}/messages/{id}/$value")).await.bytes,
    );
    assert_eq!(sha256(&one), sha256(&two));
    assert!(begun.elapsed().as_secs() < 20, "{:?}", begun.elapsed());
    if let Ok(status) = std::fs::read_to_string(format!("/proc/{}/status", bench.process())) {
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
        let kib: u64 = peak.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or_default();
        assert!(kib < 64 * 1024, "{kib} KiB");
    }
}

#[tokio::test]
async fn forty_mebibytes_are_made_while_they_are_sent() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let at = "/users/vera.moss@brackwater.example";
    let select = "$select=id&$expand=singleValueExtendedProperties($filter=id%20eq%20'Integer%200x0E08')";
    let listed = bench.get(&token, &format!("{at}/mailFolders/inbox/messages?{select}")).await.items();
    let large = listed.iter().map(|message| escaped(text(message, "id")));
    let mut sizes = Vec::new();
    for id in large {
        sizes.push(bench.get(&token, &format!("{at}/messages/{id}/$value")).await.bytes.len());
    }
    assert!(sizes.iter().any(|size| *size > 40 * 1024 * 1024), "{sizes:?}");
}

#[tokio::test]
async fn a_folder_of_mail_is_served_byte_for_byte() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/corpus/affiant-made");
    if !corpus.is_dir() {
        eprintln!("skipped: {} is not here", corpus.display());
        return;
    }
    let mut known: BTreeMap<String, usize> = BTreeMap::new();
    for entry in std::fs::read_dir(&corpus).expect("a folder").flatten() {
        if entry.path().extension().is_some_and(|extension| extension == "eml") {
            *known.entry(sha256(&std::fs::read(entry.path()).expect("a file"))).or_default() += 1;
        }
    }
    let owner = "custodian@corpus.example";
    let bench = Bench::start(&["--corpus", &corpus.display().to_string(), "--as", owner]);
    let answer = bench.sign_in(owner, "openid Mail.Read").await;
    let token = text(&answer, "access_token");
    let mut served: BTreeMap<String, usize> = BTreeMap::new();
    for message in bench.all(token, "/me/mailFolders/inbox/messages?$select=id", "odata.maxpagesize=100").await {
        let id = escaped(text(&message, "id"));
        let bytes = bench.get(token, &format!("/me/messages/{id}/$value")).await.bytes;
        *served.entry(sha256(&bytes)).or_default() += 1;
    }
    assert_eq!(served, known);
}
