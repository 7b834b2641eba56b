//! The session against a token endpoint on this machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use axum::Json;
use axum::extract::Form;
use axum::routing::post;
use serde_json::{Value, json};

use super::*;

type Fields = std::collections::HashMap<String, String>;

/// A token endpoint that answers by a function of the form and the number of the request.
async fn endpoint(answer: impl Fn(&Fields, u32) -> (u16, Value) + Send + Sync + 'static) -> (Cloud, Arc<AtomicU32>) {
    let count = Arc::new(AtomicU32::new(0));
    let (seen, answer) = (count.clone(), Arc::new(answer));
    let token = post(move |Form(form): Form<Fields>| {
        let (status, body) = answer(&form, seen.fetch_add(1, Ordering::SeqCst));
        async move { (http::StatusCode::from_u16(status).expect("a status"), Json(body)) }
    });
    let device = post(|| async {
        Json(json!({ "device_code": "D", "user_code": "ABCD", "verification_uri": "http://127.0.0.1/d",
                     "expires_in": 900, "interval": 1 }))
    });
    let app = axum::Router::new().route("/t/oauth2/v2.0/token", token).route("/t/oauth2/v2.0/devicecode", device);
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

fn memory() -> Store {
    Store::new("/nonexistent".into(), StoreKind::Memory)
}

async fn sign_in(cloud: &Cloud, store: Store, allow: bool) -> Result<Session, SignInError> {
    let wanted = SignIn {
        cloud,
        tenant: "t",
        client_id: "c",
        flow: Flow::DeviceCode,
        login_hint: None,
        read_directory: false,
        allow_write_scopes: allow,
        ca: None,
    };
    Session::sign_in(&wanted, store, clock(), &|_| {}).await
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

#[tokio::test]
async fn renewal_stores_the_rotated_token_and_a_later_process_uses_it() {
    let home = tempfile::tempdir().expect("a folder");
    let home = camino::Utf8PathBuf::try_from(home.path().to_owned()).expect("UTF-8");
    let store = || Store::new(home.clone(), StoreKind::File { passphrase: None });
    // Tokens that live a minute are renewed at every use, five minutes being left of none.
    let answer = |form: &Fields, n: u32| match form.get("refresh_token") {
        Some(token) if *token != format!("RT{}", n - 1) => (400, json!({ "error": "invalid_grant" })),
        Some(_) if !form.get("scope").is_some_and(|scope| scope.contains("offline_access")) => {
            (400, json!({ "error": "invalid_request" }))
        }
        _ => (200, good(n, 60)),
    };
    let (cloud, _) = endpoint(answer).await;
    let session = sign_in(&cloud, store(), false).await.expect("signed in");
    session.bearer().await.expect("renewed with RT0");
    let later = Session::stored(None, &cloud, store(), None, clock()).await.expect("stored");
    later.bearer().await.expect("renewed with RT1");
    assert_eq!(later.signed_in().user_principal_name, "paula@x.example");
    assert_eq!(store().forget(None).await.expect("forgotten").len(), 1);
    let gone = Session::stored(None, &cloud, store(), None, clock()).await;
    assert!(matches!(gone.err(), Some(SignInError::SignedOut)));
    assert!(std::fs::read_dir(home.join("tokens")).is_ok_and(|mut files| files.next().is_none()));
}

#[tokio::test]
async fn a_revoked_grant_is_a_sign_in_that_has_ended() {
    let answer = |form: &Fields, n: u32| match form.get("grant_type").map(String::as_str) {
        Some("refresh_token") => (400, json!({ "error": "invalid_grant", "error_codes": [50173] })),
        _ => (200, good(n, 60)),
    };
    let (cloud, _) = endpoint(answer).await;
    let session = sign_in(&cloud, memory(), false).await.expect("signed in");
    let error = session.bearer().await.expect_err("ended");
    assert!(matches!(error, SignInError::Ended(_)) && error.is_sign_in_needed(), "{error:?}");
    let kept = session.take_exchanges();
    assert!(
        kept.len() >= 2
            && kept
                .iter()
                .all(|exchange| exchange.url == "/t/oauth2/v2.0/token" || exchange.url.ends_with("devicecode"))
    );
}
