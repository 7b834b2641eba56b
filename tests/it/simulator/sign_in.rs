//! Signing in: codes, devices, refreshing, applications, and Entra's way of saying no.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::bench::{Answer, BACK, Bench, PAULA, SCOPES, text};

const DEVICE: &str = "urn:ietf:params:oauth:grant-type:device_code";

#[tokio::test]
async fn a_code_needs_its_verifier_and_works_once() {
    let bench = Bench::start(&[]);
    let code = |answered: Vec<(String, String)>| {
        assert!(answered.contains(&("state".to_owned(), "xyz".to_owned())));
        answered.into_iter().find(|(name, _)| name == "code").map(|(_, code)| code).unwrap_or_default()
    };
    let stolen = code(bench.authorize(PAULA, SCOPES).await);
    let refused = bench.redeem(&stolen, Some("another-verifier-of-forty-three-letters-00000")).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "invalid_grant"));
    assert_eq!(refused.json()["error_codes"], json!([501_481]));

    let good = code(bench.authorize(PAULA, SCOPES).await);
    let answer = bench.redeem(&good, None).await.json();
    assert_eq!(text(&answer, "token_type"), "Bearer");
    assert!(text(&answer, "scope").split(' ').any(|scope| scope == "Mail.Read.Shared"));
    assert!(!text(&answer, "refresh_token").is_empty());
    let claims = text(&answer, "id_token").split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part).ok());
    let claims: Value = serde_json::from_slice(&claims.expect("a token")).expect("claims");
    assert_eq!(text(&claims, "tid"), bench.tenant);
    assert_eq!(text(&claims, "preferred_username"), PAULA);
    let me = bench.get(text(&answer, "access_token"), "/me").await.json();
    assert_eq!(me["id"], claims["oid"]);

    let again = bench.redeem(&good, None).await;
    assert_eq!((again.status, again.code().as_str()), (400, "invalid_grant"));
}

#[tokio::test]
async fn without_a_hint_a_person_picks_an_account_on_a_page() {
    let bench = Bench::start(&[]);
    let target = format!(
        "/organizations/oauth2/v2.0/authorize?client_id={}&response_type=code&redirect_uri={BACK}&scope=User.Read&state=s\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256",
        bench.client
    );
    let page = bench.browse(&target).await;
    assert_eq!(page.status, 200);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(String::from_utf8_lossy(&page.bytes).contains(PAULA));
    let elsewhere = bench.browse(&target.replace("http://localhost:1/", "https://elsewhere.example/")).await;
    assert_ne!(elsewhere.status, 302, "a code must never leave this machine");
}

#[tokio::test]
async fn a_device_waits_for_its_person() {
    let bench = Bench::start(&[]);
    let begin = async || {
        let path = format!("/{}/oauth2/v2.0/devicecode", bench.tenant);
        bench.post(&path, &[("client_id", &bench.client), ("scope", SCOPES)]).await.json()
    };
    let poll = async |code: &str| -> Answer {
        bench.token_endpoint(&[("grant_type", DEVICE), ("client_id", &bench.client), ("device_code", code)]).await
    };
    let device = begin().await;
    let (code, user_code) = (text(&device, "device_code"), text(&device, "user_code"));
    assert_eq!((device["expires_in"].as_u64(), device["interval"].as_u64()), (Some(900), Some(5)));
    assert!(text(&device, "message").contains(user_code));
    assert_eq!(poll(code).await.code(), "authorization_pending");
    assert_eq!(poll(code).await.code(), "slow_down");
    bench.control("advance", &json!({ "seconds": 30 })).await;
    assert_eq!(poll(code).await.code(), "authorization_pending");
    assert_eq!(bench.control("approve", &json!({ "user_code": "NOSUCH", "upn": PAULA })).await.status, 404);
    assert_eq!(bench.control("approve", &json!({ "user_code": user_code, "upn": PAULA })).await.status, 200);
    bench.control("advance", &json!({ "seconds": 30 })).await;
    let answer = poll(code).await;
    assert_eq!(answer.status, 200);
    assert_eq!(text(&bench.get(text(&answer.json(), "access_token"), "/me").await.json(), "userPrincipalName"), PAULA);

    let declined = begin().await;
    bench.control("decline", &json!({ "user_code": text(&declined, "user_code") })).await;
    assert_eq!(poll(text(&declined, "device_code")).await.code(), "authorization_declined");

    let late = begin().await;
    bench.control("advance", &json!({ "seconds": 901 })).await;
    assert_eq!(poll(text(&late, "device_code")).await.code(), "expired_token");
    assert_eq!(poll("no-such-code").await.code(), "bad_verification_code");
}

#[tokio::test]
async fn refreshing_brings_new_tokens_until_the_sign_in_is_revoked() {
    let bench = Bench::start(&["--token-lifetime-s", "600"]);
    let first = bench.sign_in(PAULA, SCOPES).await;
    assert_eq!(first["expires_in"].as_u64(), Some(600));
    let refresh = async |token: &str| {
        bench
            .token_endpoint(&[("grant_type", "refresh_token"), ("client_id", &bench.client), ("refresh_token", token)])
            .await
    };
    bench.control("advance", &json!({ "seconds": 601 })).await;
    let expired = bench.get(text(&first, "access_token"), "/me").await;
    assert_eq!((expired.status, expired.code().as_str()), (401, "InvalidAuthenticationToken"));
    let second = refresh(text(&first, "refresh_token")).await.json();
    assert_ne!(text(&second, "refresh_token"), text(&first, "refresh_token"));
    assert_eq!(bench.get(text(&second, "access_token"), "/me").await.status, 200);
    assert_eq!(refresh(text(&first, "refresh_token")).await.status, 200, "Entra leaves the older one good");
    bench.control("revoke", &json!({})).await;
    assert_eq!(bench.get(text(&second, "access_token"), "/me").await.status, 401);
    let over = refresh(text(&second, "refresh_token")).await;
    assert_eq!((over.status, over.code().as_str()), (400, "invalid_grant"));
    let body = over.json();
    assert!(text(&body, "error_description").starts_with("AADSTS"));
    for name in ["timestamp", "trace_id", "correlation_id"] {
        assert!(!text(&body, name).is_empty(), "{name}");
    }
}

#[tokio::test]
async fn an_application_signs_in_with_its_secret_and_has_no_me() {
    let (bench, reader) = (Bench::start(&[]), Bench::start(&["--grant-scope", "Mail.Read"]));
    let app = "715c42ed-3276-46d1-86b2-e00fec66cf3c";
    let ask = async |bench: &Bench, client: &str, secret: &str| {
        bench
            .token_endpoint(&[
                ("grant_type", "client_credentials"),
                ("client_id", client),
                ("client_secret", secret),
                ("scope", &format!("{}/.default", bench.origin)),
            ])
            .await
    };
    assert_eq!(ask(&bench, app, "wrong").await.json()["error_codes"], json!([7_000_215]));
    let nobody = ask(&bench, "00000000-0000-0000-0000-000000000000", "x").await;
    assert_eq!(nobody.json()["error_codes"], json!([700_016]));
    let answer = ask(&bench, app, "simulated-secret-not-a-secret").await.json();
    assert!(answer.get("refresh_token").is_none());
    let token = text(&answer, "access_token");
    assert_eq!(bench.get(token, "/me").await.status, 400);
    let other = "/users/petra.novak@brackwater.example/mailFolders";
    assert_eq!(bench.get(token, other).await.status, 403, "it has no permission for mail");
    let answer = ask(&reader, app, "simulated-secret-not-a-secret").await.json();
    let read = reader.get(text(&answer, "access_token"), other).await;
    assert_eq!(read.status, 200, "with it, an application reads every mailbox");
}

#[tokio::test]
async fn only_read_scopes_are_granted_unless_the_tenant_hands_out_more() {
    let asked = "openid Mail.Read Mail.Read.Shared User.Read";
    let plain = Bench::start(&[]);
    let answer = plain.sign_in(PAULA, &format!("{asked} Mail.ReadWrite Mail.Send")).await;
    assert_eq!(text(&answer, "scope"), asked);
    let wrong = plain.authorize(PAULA, "openid No.Such.Scope").await;
    assert!(wrong.contains(&("error".to_owned(), "invalid_scope".to_owned())), "{wrong:?}");
    let bench = Bench::start(&["--withhold-scope", "Mail.Read.Shared", "--grant-scope", "Mail.ReadWrite"]);
    let answer = bench.sign_in(PAULA, asked).await;
    let granted: Vec<&str> = text(&answer, "scope").split(' ').collect();
    assert!(granted.contains(&"Mail.ReadWrite") && !granted.contains(&"Mail.Read.Shared"), "{granted:?}");
    let token = text(&answer, "access_token");
    assert_eq!(bench.get(token, "/me/mailFolders").await.status, 200);
    let other = bench.get(token, "/users/mara.okafor@brackwater.example/mailFolders").await;
    assert_eq!((other.status, other.code().as_str()), (403, "ErrorAccessDenied"));
}

#[tokio::test]
async fn an_application_without_consent_waits_for_its_administrator() {
    let mut bench = Bench::start(&[]);
    bench.client = "59da82b8-dcf0-4324-b6e4-cde0938f0d25".to_owned();
    let refused = bench.authorize(PAULA, SCOPES).await;
    assert!(refused.contains(&("error".to_owned(), "consent_required".to_owned())), "{refused:?}");
    assert!(refused.iter().any(|(name, text)| name == "error_description" && text.starts_with("AADSTS65001")));
    let page = format!("/{}/adminconsent?client_id={}&state=s&redirect_uri={BACK}", bench.tenant, bench.client);
    let agreed = bench.browse(&page).await;
    assert!(agreed.header("location").contains("admin_consent=True"), "{}", agreed.header("location"));
    assert!(!text(&bench.sign_in(PAULA, SCOPES).await, "access_token").is_empty());
}

#[tokio::test]
async fn a_request_without_a_good_token_is_told_where_to_get_one() {
    let bench = Bench::start(&[]);
    for token in ["", "made-up"] {
        let refused = bench.get(token, "/users").await;
        assert_eq!((refused.status, refused.code().as_str()), (401, "InvalidAuthenticationToken"));
        assert!(refused.header("www-authenticate").contains("authorization_uri"));
    }
    let elsewhere = bench.post("/no-such-tenant.example/oauth2/v2.0/token", &[("client_id", &bench.client)]).await;
    assert_eq!(elsewhere.json()["error_codes"], json!([90002]));
    let known = bench.browse(&format!("/{}/v2.0/.well-known/openid-configuration", bench.tenant)).await.json();
    assert!(text(&known, "token_endpoint").starts_with(&bench.origin));
}
