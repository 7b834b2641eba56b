//! The session against a token endpoint on this machine.

use std::sync::Arc;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};
use std::time::Duration;

use axum::Json;
use axum::extract::Form;
use axum::routing::post;
use serde_json::{Value, json};

use super::http::Pause;
use super::*;

type Fields = std::collections::HashMap<String, String>;

/// A token endpoint that answers by a function of the form and the number of the request.
async fn endpoint(answer: impl Fn(&Fields, u32) -> (u16, Value) + Send + Sync + 'static) -> (Cloud, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let (seen, answer) = (count.clone(), Arc::new(answer));
    let token = post(move |Form(form): Form<Fields>| {
        let (status, body) = answer(&form, seen.fetch_add(1, Ordering::SeqCst));
        async move { (::http::StatusCode::from_u16(status).expect("a status"), Json(body)) }
    });
    let device = post(|| async {
        Json(json!({ "device_code": "D", "user_code": "ABCD", "verification_uri": "http://127.0.0.1/d",
                     "expires_in": 900, "interval": 1 }))
    });
    let me = axum::routing::get(|| async { Json(json!({ "id": "m-1", "userPrincipalName": "me@x.example" })) });
    let app = axum::Router::new()
        .route("/v1.0/me", me)
        .route("/t/oauth2/v2.0/token", token)
        .route("/t/oauth2/v2.0/devicecode", device);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    (Cloud::custom(&at, &at).expect("loopback"), count)
}

fn id_token() -> String {
    use base64::Engine as _;
    let claims = json!({ "oid": "o-1", "tid": "t", "preferred_username": "paula@x.example", "name": "Paula" });
    format!("e30.{}.x", base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(claims.to_string()))
}

fn good(n: u32, life: u32) -> Value {
    json!({ "token_type": "Bearer", "expires_in": life, "access_token": format!("AT{n}"), "refresh_token": format!("RT{n}"),
            "scope": "openid Mail.Read Mail.Read.Shared User.Read", "id_token": id_token() })
}

fn clock() -> Clock {
    Arc::new(|| UtcInstant::new(jiff::Timestamp::now()))
}

/// A clock that shows what the test sets, in milliseconds.
fn set_clock() -> (Clock, Arc<AtomicI64>) {
    let millis = Arc::new(AtomicI64::new(1_700_000_000_000));
    let shown = millis.clone();
    (Arc::new(move || UtcInstant::from_millis(shown.load(Ordering::SeqCst)).expect("in range")), millis)
}

fn memory() -> Store {
    Store::new("/nonexistent".into(), StoreKind::Memory)
}

fn folder() -> (tempfile::TempDir, camino::Utf8PathBuf) {
    let folder = tempfile::tempdir().expect("a folder");
    let home = camino::Utf8PathBuf::try_from(folder.path().to_owned()).expect("UTF-8");
    (folder, home)
}

fn key_file(home: &camino::Utf8Path) -> Store {
    Store::new(home.to_owned(), StoreKind::File { passphrase: None })
}

fn wanted(cloud: &Cloud, flow: Flow) -> SignIn<'_> {
    SignIn::new(cloud, "t", "c", flow)
}

/// An authority that does not wait but notes how long it would have.
fn hurried(wanted: &SignIn<'_>, clock: Clock) -> (Authority, Arc<Mutex<Vec<Duration>>>) {
    let pauses: Arc<Mutex<Vec<Duration>>> = Arc::default();
    let noted = pauses.clone();
    let pause: Pause = Arc::new(move |span| {
        noted.lock().expect("not poisoned").push(span);
        Box::pin(std::future::ready(()))
    });
    let authority = Authority::new(wanted.cloud, wanted.tenant, wanted.client_id, wanted.ca, clock).expect("endpoints");
    (Authority { http: authority.http.pausing(pause), ..authority }, pauses)
}

async fn sign_in(cloud: &Cloud, store: Store, allow: bool) -> Result<Session, SignInError> {
    sign_in_by(cloud, store, allow, clock()).await
}

async fn sign_in_by(cloud: &Cloud, store: Store, allow: bool, clock: Clock) -> Result<Session, SignInError> {
    let wanted = SignIn { allow_write_scopes: allow, ..wanted(cloud, Flow::DeviceCode) };
    let (authority, _) = hurried(&wanted, clock.clone());
    Session::sign_in_at(authority, &wanted, store, clock, &|_| {}).await
}

async fn sent(session: &Session) -> String {
    session.bearer().await.expect("a token").header().to_str().expect("ASCII").to_owned()
}

#[tokio::test]
async fn a_device_code_sign_in_says_who_and_which_scopes() {
    let (cloud, _) = endpoint(|_, n| (200, good(n, 3600))).await;
    let session = sign_in(&cloud, memory(), false).await.expect("signed in");
    let who = session.signed_in();
    assert_eq!(who.user_principal_name, "paula@x.example");
    assert!(who.scopes.has("Mail.Read.Shared") && !who.write_scopes_allowed);
    assert_eq!(session.bearer().await.expect("a token").header().to_str().ok(), Some("Bearer AT0"));
}

#[tokio::test]
async fn a_declined_or_expired_code_ends_the_sign_in() {
    for (word, want) in [("authorization_declined", "declined"), ("expired_token", "in time")] {
        let (cloud, _) = endpoint(move |_, _| (400, json!({ "error": word }))).await;
        let error = sign_in(&cloud, memory(), false).await.err().expect("refused");
        assert!(error.to_string().contains(want), "{error}");
        assert!(error.is_sign_in_needed());
    }
}

#[tokio::test]
async fn a_token_that_can_write_is_refused_unless_the_user_insists() {
    let write = |_: &Fields, n| {
        let mut answer = good(n, 3600);
        answer["scope"] = "Mail.Read Mail.ReadWrite".into();
        (200, answer)
    };
    let (cloud, _) = endpoint(write).await;
    let error = sign_in(&cloud, memory(), false).await.err().expect("refused");
    assert!(matches!(&error, SignInError::WriteScopes(scopes) if scopes == "Mail.ReadWrite"), "{error:?}");
    let session = sign_in(&cloud, memory(), true).await.expect("insisted");
    assert!(session.signed_in().write_scopes_allowed);
}

#[tokio::test]
async fn fifty_callers_with_a_rejected_token_renew_it_once() {
    let (cloud, count) = endpoint(|_, n| (200, good(n, 3600))).await;
    let session = Arc::new(sign_in(&cloud, memory(), false).await.expect("signed in"));
    let rejected = session.bearer().await.expect("a token");
    let calls = (0..50).map(|_| {
        let (session, rejected) = (session.clone(), rejected.clone());
        tokio::spawn(async move { session.renew(&rejected, None).await.map(|bearer| bearer.header()) })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.expect("ran").expect("renewed").to_str().ok(), Some("Bearer AT1"));
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

/// An endpoint that turns a refresh token off when it gives a new one.
fn rotating(life: u32) -> impl Fn(&Fields, u32) -> (u16, Value) + Send + Sync + 'static {
    move |form, n| match form.get("refresh_token") {
        Some(token) if *token != format!("RT{}", n - 1) => (400, json!({ "error": "invalid_grant" })),
        Some(_) if !form.get("scope").is_some_and(|scope| scope.contains("offline_access")) => {
            (400, json!({ "error": "invalid_request" }))
        }
        _ => (200, good(n, life)),
    }
}

#[tokio::test]
async fn renewal_stores_the_rotated_token_and_a_later_process_uses_it() {
    let (_folder, home) = folder();
    let (cloud, count) = endpoint(rotating(3600)).await;
    let (clock, millis) = set_clock();
    let session = sign_in_by(&cloud, key_file(&home), false, clock.clone()).await.expect("signed in");
    assert_eq!((sent(&session).await.as_str(), count.load(Ordering::SeqCst)), ("Bearer AT0", 1));
    // Five minutes before its end and not earlier.
    millis.fetch_add(54 * 60_000, Ordering::SeqCst);
    assert_eq!(sent(&session).await, "Bearer AT0");
    millis.fetch_add(60_000, Ordering::SeqCst);
    assert_eq!(sent(&session).await, "Bearer AT1");
    let later = Session::stored(None, &cloud, key_file(&home), None, clock).await.expect("stored");
    assert_eq!(sent(&later).await, "Bearer AT1");
    assert_eq!(later.signed_in().user_principal_name, "paula@x.example");
    assert_eq!(later.signed_in().expires_at, session.expires_at());
    millis.fetch_add(3_600_000, Ordering::SeqCst);
    assert_eq!(sent(&later).await, "Bearer AT2");
    // The first process finds what the second has stored, and does not use its own spent refresh token.
    assert_eq!(sent(&session).await, "Bearer AT2");
    assert_eq!(count.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_short_lived_token_is_used_for_most_of_its_life() {
    let (cloud, _) = endpoint(|_, n| (200, good(n, 60))).await;
    let (clock, millis) = set_clock();
    let session = sign_in_by(&cloud, memory(), false, clock).await.expect("signed in");
    millis.fetch_add(44_000, Ordering::SeqCst);
    assert_eq!(sent(&session).await, "Bearer AT0");
    millis.fetch_add(1_000, Ordering::SeqCst);
    assert_eq!(sent(&session).await, "Bearer AT1");
}

#[tokio::test]
async fn fifty_callers_with_a_token_that_is_over_renew_it_once() {
    let (cloud, count) = endpoint(|_, n| (200, good(n, 3600))).await;
    let (clock, millis) = set_clock();
    let session = Arc::new(sign_in_by(&cloud, memory(), false, clock).await.expect("signed in"));
    millis.fetch_add(3_600_000, Ordering::SeqCst);
    let calls = (0..50).map(|_| {
        let session = session.clone();
        tokio::spawn(async move { sent(&session).await })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.expect("ran"), "Bearer AT1");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_renewal_that_nobody_waits_for_any_more_is_stored_all_the_same() {
    let (_folder, home) = folder();
    let (cloud, count) = endpoint(rotating(3600)).await;
    let (clock, millis) = set_clock();
    let session = sign_in_by(&cloud, key_file(&home), false, clock.clone()).await.expect("signed in");
    millis.fetch_add(3_600_000, Ordering::SeqCst);
    // Polled once, so that it begins; then dropped, as a cancelled download does.
    assert!(futures_util::FutureExt::now_or_never(session.bearer()).is_none());
    assert_eq!(sent(&session).await, "Bearer AT1");
    assert_eq!(count.load(Ordering::SeqCst), 2);
    let later = Session::stored(None, &cloud, key_file(&home), None, clock).await.expect("stored");
    assert_eq!(sent(&later).await, "Bearer AT1");
}

#[tokio::test]
async fn while_a_token_is_good_a_failed_renewal_stops_nobody_and_is_not_tried_all_the_time() {
    let answer = |form: &Fields, n: u32| match form.get("grant_type").map(String::as_str) {
        Some("refresh_token") => (400, json!({ "error": "invalid_grant", "error_codes": [50173] })),
        _ => (200, good(n, 3600)),
    };
    let (cloud, count) = endpoint(answer).await;
    let (clock, millis) = set_clock();
    let session = sign_in_by(&cloud, memory(), false, clock).await.expect("signed in");
    millis.fetch_add(56 * 60_000, Ordering::SeqCst);
    for _ in 0..5 {
        assert_eq!(sent(&session).await, "Bearer AT0");
    }
    assert_eq!(count.load(Ordering::SeqCst), 2);
    millis.fetch_add(5 * 60_000, Ordering::SeqCst);
    for _ in 0..3 {
        let error = session.bearer().await.expect_err("ended");
        assert!(matches!(&error, SignInError::Ended(entra) if entra.number() == Some(50173)), "{error:?}");
        assert!(error.is_sign_in_needed());
    }
    assert_eq!(count.load(Ordering::SeqCst), 2, "the platform's last word is not asked for again");
}

#[tokio::test]
async fn claims_reach_the_platform_and_named_clouds_are_asked_in_full() {
    let seen: Arc<Mutex<Vec<Fields>>> = Arc::default();
    let noted = seen.clone();
    let answer = move |form: &Fields, n| {
        noted.lock().expect("not poisoned").push(form.clone());
        (200, good(n, 3600))
    };
    let (cloud, _) = endpoint(answer).await;
    let session = sign_in(&cloud, memory(), false).await.expect("signed in");
    let rejected = session.bearer().await.expect("a token");
    session.renew(&rejected, Some(r#"{"access_token":{"nbf":{"essential":true}}}"#)).await.expect("renewed");
    let seen = seen.lock().expect("not poisoned");
    let renewal = seen.last().expect("a renewal");
    assert_eq!(renewal.get("claims").map(String::as_str), Some(r#"{"access_token":{"nbf":{"essential":true}}}"#));
    // User.ReadBasic.All was not granted, so a renewal does not ask for it.
    assert_eq!(renewal["scope"], "openid profile offline_access User.Read Mail.Read Mail.Read.Shared");
    assert!(!renewal.contains_key("client_secret"));
    let dod = Cloud::named(crate::cloud::CloudName::UsgovDod).expect("named");
    assert_eq!(
        SignIn::new(&dod, "t", "c", Flow::Browser).scopes()[3..5],
        ["https://dod-graph.microsoft.us/User.Read", "https://dod-graph.microsoft.us/User.ReadBasic.All"]
    );
}

#[tokio::test]
async fn a_renewed_token_that_can_write_is_refused() {
    let answer = |_: &Fields, n| {
        let mut answer = good(n, 3600);
        if n > 0 {
            answer["scope"] = "Mail.Read Mail.Send".into();
        }
        (200, answer)
    };
    let (cloud, _) = endpoint(answer).await;
    let session = sign_in(&cloud, memory(), false).await.expect("signed in");
    let rejected = session.bearer().await.expect("a token");
    let error = session.renew(&rejected, None).await.expect_err("refused");
    assert!(matches!(error, SignInError::WriteScopes(scopes) if scopes == "Mail.Send"));
}

#[tokio::test]
async fn polling_waits_as_told_and_slower_when_told() {
    let answer = |_: &Fields, n| match n {
        0 | 2 => (400, json!({ "error": "authorization_pending", "error_codes": [70016] })),
        1 => (400, json!({ "error": "slow_down" })),
        _ => (200, good(n, 3600)),
    };
    let (cloud, _) = endpoint(answer).await;
    let wanted = wanted(&cloud, Flow::DeviceCode);
    let (authority, pauses) = hurried(&wanted, clock());
    Session::sign_in_at(authority, &wanted, memory(), clock(), &|_| {}).await.expect("signed in");
    let seconds: Vec<u64> = pauses.lock().expect("not poisoned").iter().map(Duration::as_secs).collect();
    assert_eq!(seconds, [1, 6, 6]);
}

#[tokio::test]
async fn a_refused_code_names_entras_number_and_trace() {
    let refusal = json!({ "error": "invalid_grant", "error_description": "AADSTS53003: ana@x.example is blocked",
                          "error_codes": [53003], "trace_id": "tr-1", "correlation_id": "co-1", "timestamp": "2024-01-01 00:00:00Z" });
    let (cloud, _) = endpoint(move |_, _| (400, refusal.clone())).await;
    let error = sign_in(&cloud, memory(), false).await.err().expect("refused");
    let shown = format!("{error} {}", miette::Diagnostic::help(&error).expect("help"));
    for part in ["Conditional Access", "AADSTS53003", "tr-1", "co-1", "--flow browser"] {
        assert!(shown.contains(part), "{part} in {shown}");
    }
    assert!(!format!("{shown} {error:?}").contains("ana@x.example"));
}

#[tokio::test]
async fn passing_faults_are_tried_again_and_recorded() {
    let answer = |_: &Fields, n| match n {
        0 => (503, json!({})),
        1 => (400, json!({ "error": "invalid_request", "error_codes": [90033] })),
        _ => (200, good(n, 3600)),
    };
    let (cloud, _) = endpoint(answer).await;
    let session = sign_in(&cloud, memory(), false).await.expect("signed in at last");
    let kept: Vec<_> = session
        .take_exchanges()
        .into_iter()
        .map(|exchange| (exchange.url, exchange.attempt, exchange.status, exchange.error))
        .collect();
    let token = |attempt, status, error: Option<&str>| {
        ("/t/oauth2/v2.0/token".to_owned(), attempt, Some(status), error.map(str::to_owned))
    };
    let device = ("/t/oauth2/v2.0/devicecode".to_owned(), 1, Some(200), None);
    assert_eq!(kept, [device, token(1, 503, None), token(2, 400, Some("invalid_request")), token(3, 200, None)]);
    assert!(session.take_exchanges().is_empty());
}

#[tokio::test]
async fn an_outage_is_no_need_to_sign_in() {
    let (cloud, count) = endpoint(|_, _| (502, json!("<html>"))).await;
    let wanted = wanted(&cloud, Flow::Browser);
    let (authority, _) = hurried(&wanted, clock());
    let error = sign_in_with_browser(authority, &wanted, "right", None).await.err().expect("refused");
    assert!(matches!(error, SignInError::Network(_)) && !error.is_sign_in_needed(), "{error:?}");
    assert_eq!(count.load(Ordering::SeqCst), 4);
}

/// Plays the browser: follows the address back to the listener with this state in place of the right one.
async fn sign_in_with_browser(
    authority: Authority,
    wanted: &SignIn<'_>,
    code: &'static str,
    state: Option<&'static str>,
) -> Result<Session, SignInError> {
    let show = move |prompt: &Prompt| {
        let Prompt::Open { url } = prompt else { panic!("a browser flow shows an address") };
        let asked = url::Url::parse(url).expect("an address");
        let of = |name: &str| asked.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned());
        assert_eq!(
            (of("code_challenge_method").as_deref(), of("response_type").as_deref()),
            (Some("S256"), Some("code"))
        );
        let (back, right) = (of("redirect_uri").expect("a way back"), of("state").expect("a state"));
        assert!(back.starts_with("http://localhost:") && !back.ends_with('/'), "{back}");
        let port: u16 = back.trim_start_matches("http://localhost:").parse().expect("a port");
        let target = format!("/?code={code}&state={}", state.unwrap_or(&right));
        tokio::spawn(async move {
            use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
            let mut stream = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.expect("listens");
            stream.write_all(format!("GET {target} HTTP/1.1\r\n\r\n").as_bytes()).await.expect("writes");
            let _ = stream.read_to_string(&mut String::new()).await;
        });
    };
    Session::sign_in_at(authority, wanted, memory(), clock(), &show).await
}

#[tokio::test]
async fn a_browser_sign_in_redeems_its_code_with_the_proof_and_nothing_else() {
    let seen: Arc<Mutex<Fields>> = Arc::default();
    let noted = seen.clone();
    let answer = move |form: &Fields, n| {
        noted.lock().expect("not poisoned").clone_from(form);
        (200, good(n, 3600))
    };
    let (cloud, count) = endpoint(answer).await;
    let wanted = wanted(&cloud, Flow::Browser);
    let (authority, _) = hurried(&wanted, clock());
    sign_in_with_browser(authority.clone(), &wanted, "abc", None).await.expect("signed in");
    let form = seen.lock().expect("not poisoned").clone();
    assert_eq!(
        (form["code"].as_str(), form["grant_type"].as_str(), form["client_id"].as_str()),
        ("abc", "authorization_code", "c")
    );
    assert!(form["code_verifier"].len() >= 43 && !form.contains_key("client_secret"));
    let error = sign_in_with_browser(authority, &wanted, "abc", Some("wrong")).await.err().expect("refused");
    assert!(matches!(error, SignInError::State));
    assert_eq!(count.load(Ordering::SeqCst), 1, "a code with the wrong state is not redeemed");
}

#[tokio::test]
async fn a_platform_that_names_nobody_leads_to_asking_graph_and_unsaid_scopes_are_assumed() {
    let bare = |_: &Fields, _| (200, json!({ "token_type": "Bearer", "access_token": "AT", "expires_in": 60 }));
    let (cloud, _) = endpoint(bare).await;
    let session = sign_in(&cloud, memory(), false).await.expect("signed in");
    let who = session.signed_in();
    assert_eq!(
        (who.user_principal_name.as_str(), who.object_id.as_str(), who.tenant_id.as_str()),
        ("me@x.example", "m-1", "t")
    );
    assert!(who.scopes.is_assumed() && who.scopes.has("Mail.Read.Shared"));
}

#[tokio::test]
async fn an_account_that_is_not_signed_in_is_told_from_nobody() {
    let (_folder, home) = folder();
    let (cloud, _) = endpoint(|_, n| (200, good(n, 3600))).await;
    let stored = |named: Option<&'static str>, cloud: Cloud, home: camino::Utf8PathBuf| async move {
        Session::stored(named, &cloud, key_file(&home), None, clock()).await.err()
    };
    assert!(matches!(stored(None, cloud.clone(), home.clone()).await, Some(SignInError::SignedOut)));
    sign_in(&cloud, key_file(&home), false).await.expect("signed in");
    assert!(stored(Some("PAULA@x.example"), cloud.clone(), home.clone()).await.is_none());
    let other = stored(Some("ana@x.example"), cloud, home.clone()).await.expect("another");
    assert!(other.to_string().contains("paula@x.example"), "{other}");
    let global = Cloud::named(crate::cloud::CloudName::Global).expect("named");
    assert!(matches!(stored(None, global, home).await, Some(SignInError::Another { .. })));
}

#[tokio::test]
async fn what_a_challenge_demands_is_sent_with_the_capability_and_left_for_the_next_sign_in() {
    let seen: Arc<Mutex<Vec<Option<String>>>> = Arc::default();
    let noted = seen.clone();
    let (cloud, _) = endpoint(move |form, n| {
        noted.lock().expect("not poisoned").push(form.get("claims").cloned());
        match form.get("grant_type").map(String::as_str) {
            Some("refresh_token") => (
                400,
                json!({ "error": "interaction_required", "error_codes": [50076],
                        "claims": r#"{"access_token":{"acrs":{"essential":true,"value":"c1"}}}"# }),
            ),
            _ => (200, good(n, 3600)),
        }
    })
    .await;
    let (_folder, home) = folder();
    let wanted = SignIn { cae: true, ..wanted(&cloud, Flow::DeviceCode) };
    let sign_in = async || {
        let (authority, _) = hurried(&wanted, clock());
        Session::sign_in_at(authority, &wanted, key_file(&home), clock(), &|_| {}).await.expect("signed in")
    };
    let session = sign_in().await;
    let bearer = session.bearer().await.expect("a token");
    let challenge = r#"{"access_token":{"nbf":{"essential":true,"value":"1"}}}"#;
    let error = session.renew(&bearer, Some(challenge)).await.expect_err("a person must come");
    assert!(matches!(&error, SignInError::Ended(entra) if entra.number() == Some(50076)), "{error}");
    assert!(!error.to_string().contains("acrs"), "claims are not shown: {error}");
    sign_in().await;
    sign_in().await;
    let seen: Vec<Value> = {
        let seen = seen.lock().expect("not poisoned");
        let read = |text: &String| serde_json::from_str(text).expect("JSON");
        seen.iter().map(|claims| claims.as_ref().map_or(Value::Null, read)).collect()
    };
    let cp1 = json!({ "values": ["cp1"] });
    let nbf = json!({ "essential": true, "value": "1" });
    let acrs = json!({ "essential": true, "value": "c1" });
    let want = [
        json!({ "access_token": { "xms_cc": cp1 } }),
        json!({ "access_token": { "nbf": nbf, "xms_cc": cp1 } }),
        json!({ "access_token": { "acrs": acrs, "xms_cc": cp1 } }),
        // Once met, a demand is not made again.
        json!({ "access_token": { "xms_cc": cp1 } }),
    ];
    assert_eq!(seen, want);
}

#[tokio::test]
async fn a_platform_that_hangs_is_given_up_after_so_many_tries_of_so_long() {
    // Takes connections and says nothing.
    let silent = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let at = format!("http://{}", silent.local_addr().expect("an address"));
    let cloud = Cloud::custom(&at, &at).expect("loopback");
    let wanted = wanted(&cloud, Flow::DeviceCode);
    let (authority, pauses) = hurried(&wanted, clock());
    let http = authority.http.clone().answering_within(Duration::from_millis(20));
    let authority = Authority { http, ..authority };
    let error = Session::sign_in_at(authority, &wanted, memory(), clock(), &|_| {}).await.err().expect("given up");
    assert!(matches!(error, SignInError::Network("no answer in time")), "{error}");
    assert_eq!(pauses.lock().expect("not poisoned").len(), 3, "tried four times");
}
