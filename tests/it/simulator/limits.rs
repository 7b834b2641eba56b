//! Limits and faults: what a client must live with.

use futures_util::future::join_all;
use serde_json::json;

use super::bench::{Bench, escaped, text};

const INBOX: &str = "/users/mara.okafor@brackwater.example/mailFolders/inbox/messages";

async fn first_value(bench: &Bench, token: &str) -> String {
    let ids = bench.get(token, &format!("{INBOX}?$top=1&$select=id")).await.items();
    let id = escaped(text(ids.first().expect("a message"), "id"));
    format!("/users/mara.okafor@brackwater.example/messages/{id}/$value")
}

#[tokio::test]
async fn a_fifth_request_at_once_is_throttled_and_other_mailboxes_are_not() {
    let bench = Bench::start(&["--latency-ms", "300"]);
    let token = bench.paula().await;
    let asked = (0..6).map(|_| bench.get(&token, INBOX));
    let (mara, jonas) = tokio::join!(
        join_all(asked),
        join_all((0..4).map(|_| bench.get(&token, "/users/jonas.weber@brackwater.example/mailFolders")))
    );
    let throttled: Vec<_> = mara.iter().filter(|answer| answer.status == 429).collect();
    assert_eq!(throttled.len(), 2);
    for answer in throttled {
        assert_eq!(answer.code(), "ApplicationThrottled");
        assert!(answer.header("retry-after").parse::<u64>().is_ok_and(|seconds| seconds > 0));
    }
    assert!(jonas.iter().all(|answer| answer.status == 200));
    assert_eq!(bench.requests().await["most_at_once"], json!(4));
}

#[tokio::test]
async fn a_fault_passes_when_it_is_asked_again() {
    let bench = Bench::start(&["--faults", "value-503:rate=1"]);
    let token = bench.paula().await;
    let value = first_value(&bench, &token).await;
    let mut statuses = Vec::new();
    for _ in 0..4 {
        statuses.push(bench.get(&token, &value).await.status);
    }
    assert_eq!((statuses.first(), statuses.last()), (Some(&503), Some(&200)), "{statuses:?}");
}

#[tokio::test]
async fn a_cut_body_is_an_error_of_the_connection() {
    let bench = Bench::start(&["--faults", "cut-body:rate=1"]);
    let token = bench.paula().await;
    let value = first_value(&bench, &token).await;
    assert!(bench.send(bench.request(&token, &value)).await.is_err());
}

#[tokio::test]
async fn an_unknown_fault_is_wrong_usage() {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_affiant"))
        .args(["simulate", "--faults", "no-such-fault"])
        .output()
        .expect("the binary runs");
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("no-such-fault"));
}
