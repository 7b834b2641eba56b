//! Limits and faults: what a client must live with.

use futures_util::future::join_all;
use serde_json::json;

use super::bench::{Bench, PAULA, SCOPES, escaped, text};

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
async fn faults_strike_lists_where_they_say() {
    let bench = Bench::start(&["--faults", "list-504:above=200,throttle-users:every=2:retry-after=date"]);
    let token = bench.paula().await;
    for _ in 0..2 {
        let large = bench.get(&token, &format!("{INBOX}?$top=201&$select=id")).await;
        assert_eq!((large.status, large.code().as_str()), (504, "UnknownError"));
    }
    assert_eq!(bench.get(&token, &format!("{INBOX}?$top=200&$select=id")).await.status, 200);
    assert_eq!(bench.get(&token, "/users?$select=id").await.status, 200);
    let throttled = bench.get(&token, "/users?$select=id").await;
    assert_eq!(throttled.status, 429);
    assert!(throttled.header("retry-after").ends_with("GMT"));
}

#[tokio::test]
async fn links_of_a_page_can_be_wrong_in_every_way() {
    for (fault, check) in [
        (
            "foreign-link:once",
            (|link, _| link.starts_with("https://graph.elsewhere.invalid/")) as fn(&str, &str) -> bool,
        ),
        ("same-link:once", |link, own| link == own),
        ("no-link:once", |link, _| link.is_empty()),
        ("userless-link:once", |link, _| link.contains("/users//mailFolders/")),
        ("empty-page:once", |link, own| link.starts_with(own) && link != own),
    ] {
        let bench = Bench::start(&["--faults", fault]);
        let token = bench.paula().await;
        let target = format!("{INBOX}?$select=id");
        let own = format!("{}/v1.0{target}", bench.origin);
        // The first page of the directory is not struck by a fault of lists; the first page of mail is.
        let page = bench.get(&token, &target).await;
        assert!(check(&page.next().unwrap_or_default(), &own), "{fault}: {:?}", page.next());
        assert_eq!(page.items().is_empty(), fault.starts_with("empty-page"), "{fault}");
        let again = bench.get(&token, &target).await;
        assert_eq!(again.items().len(), 10, "{fault}");
        assert!(again.next().is_some_and(|link| link.contains("skip")), "{fault}");
    }
}

#[tokio::test]
async fn a_token_may_end_early_and_a_refresh_goes_on() {
    let bench = Bench::start(&["--faults", "token-expire:after=3"]);
    let answer = bench.sign_in(PAULA, SCOPES).await;
    let statuses = async |token: &str| {
        let mut statuses = Vec::new();
        for _ in 0..5 {
            statuses.push(bench.get(token, "/me").await.status);
        }
        statuses
    };
    assert_eq!(statuses(text(&answer, "access_token")).await, [200, 200, 200, 401, 401]);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &bench.client),
        ("refresh_token", text(&answer, "refresh_token")),
    ];
    let next = bench.token_endpoint(&form).await.json();
    assert_eq!(bench.get(text(&next, "access_token"), "/me").await.status, 200);
}

#[tokio::test]
async fn access_may_be_evaluated_anew_revoked_or_blocked() {
    let challenged = Bench::start(&["--faults", "claims-challenge:after=1"]);
    let token = challenged.paula().await;
    assert_eq!(challenged.get(&token, "/me").await.status, 200);
    let refused = challenged.get(&token, "/me").await;
    assert_eq!(refused.status, 401);
    assert!(refused.header("www-authenticate").contains("insufficient_claims"));

    let revoked = Bench::start(&["--faults", "g02"]);
    let answer = revoked.sign_in(PAULA, SCOPES).await;
    for _ in 0..20 {
        assert_eq!(revoked.get(text(&answer, "access_token"), "/me").await.status, 200);
    }
    assert_eq!(revoked.get(text(&answer, "access_token"), "/me").await.status, 401);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", &revoked.client),
        ("refresh_token", text(&answer, "refresh_token")),
    ];
    assert_eq!(revoked.token_endpoint(&form).await.code(), "invalid_grant");

    let blocked = Bench::start(&["--faults", "token-error:code=53003"]);
    let form = [("grant_type", "refresh_token"), ("client_id", &blocked.client), ("refresh_token", "x")];
    let refused = blocked.token_endpoint(&form).await;
    assert_eq!((refused.code().as_str(), &refused.json()["error_codes"]), ("interaction_required", &json!([53003])));
}

#[tokio::test]
async fn a_message_may_vanish_or_change_between_listing_and_download() {
    let bench = Bench::start(&["--faults", "vanish:ids=1"]);
    let token = bench.paula().await;
    let value = first_value(&bench, &token).await;
    for _ in 0..3 {
        let gone = bench.get(&token, &value).await;
        assert_eq!((gone.status, gone.code().as_str()), (404, "ErrorItemNotFound"));
    }
    let bench = Bench::start(&["--faults", "edit:once"]);
    let token = bench.paula().await;
    let value = first_value(&bench, &token).await;
    let message = value.trim_end_matches("/$value");
    let key =
        async || text(&bench.get(&token, &format!("{message}?$select=changeKey")).await.json(), "changeKey").to_owned();
    let before = key().await;
    assert_eq!(bench.get(&token, &value).await.status, 200);
    assert_ne!(key().await, before);
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
