//! The directory and the rights in mailboxes.

use std::collections::BTreeSet;

use serde_json::json;

use super::bench::{Bench, PAULA, SCOPES, escaped, text};

const SELECT: &str = "$select=id,displayName,userPrincipalName,mail,proxyAddresses,userType,accountEnabled";

#[tokio::test]
async fn users_come_in_pages_that_hold_everybody_once() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let all = bench.all(&token, &format!("/users?{SELECT}&$top=7"), "").await;
    let ids: BTreeSet<&str> = all.iter().map(|user| text(user, "id")).collect();
    let listed: Vec<serde_json::Value> =
        serde_json::from_str(include_str!("../../../fixtures/tenant/users.json")).expect("the fixture");
    assert_eq!(all.len(), listed.len());
    assert_eq!(ids, listed.iter().map(|user| text(user, "id")).collect());
    assert!(bench.get(&token, "/users?$skip=5").await.status == 400);
    assert!(all.iter().all(|user| user.get("simulator").is_none()), "notes of the fixture are not Graph's");
}

#[tokio::test]
async fn an_alias_finds_its_owner_by_filter_only() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let users = bench.all(&token, &format!("/users?{SELECT}"), "").await;
    let mara = users.iter().find(|user| text(user, "userPrincipalName").starts_with("mara.okafor")).expect("mara");
    let alias = mara["proxyAddresses"].as_array().expect("addresses").iter().filter_map(|address| address.as_str());
    let alias = alias.into_iter().find_map(|address| address.strip_prefix("smtp:")).expect("an alias").trim();
    let filter = escaped(&format!("proxyAddresses/any(p:p eq 'smtp:{alias}')"));
    let found = bench.get(&token, &format!("/users?$filter={filter}&$select=id")).await.items();
    assert_eq!(found.iter().map(|user| text(user, "id")).collect::<Vec<_>>(), [text(mara, "id")]);
    let by_path = bench.get(&token, &format!("/users/{}", escaped(alias))).await;
    assert_eq!((by_path.status, by_path.code().as_str()), (404, "Request_ResourceNotFound"));
    for odd in ["fiona.o'hara@brackwater.example", "dora.lind_harrowvale.example#EXT#@brackwater.onmicrosoft.example"] {
        assert_eq!(bench.get(&token, &format!("/users/{}", escaped(odd))).await.status, 200, "{odd}");
    }
    let dollar = "/users('$print@brackwater.example')";
    assert_eq!(bench.get(&token, dollar).await.status, 200);
}

#[tokio::test]
async fn advanced_queries_need_their_header() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let target = "/users?$filter=userType%20ne%20'Guest'&$count=true&$select=id,userType";
    let refused = bench.get(&token, target).await;
    assert_eq!((refused.status, refused.code().as_str()), (400, "Request_UnsupportedQuery"));
    let asked = bench.request(&token, target).header("ConsistencyLevel", "eventual");
    let answer = bench.send(asked).await.expect("an answer");
    assert!(answer.items().iter().all(|user| text(user, "userType") != "Guest"));
    assert!(answer.json()["@odata.count"].is_u64());
    assert_eq!(bench.get(&token, "/users/$count").await.status, 400);
}

#[tokio::test]
async fn basic_scopes_show_basic_facts_only() {
    let bench = Bench::start(&[]);
    let answer = bench.sign_in(PAULA, "openid User.ReadBasic.All").await;
    let users = bench.all(text(&answer, "access_token"), &format!("/users?{SELECT}"), "").await;
    assert!(users.iter().all(|user| user["proxyAddresses"].is_null()));
    assert!(users.iter().any(|user| !text(user, "mail").is_empty()));
    let none = bench.sign_in(PAULA, "openid User.Read").await;
    let refused = bench.get(text(&none, "access_token"), "/users").await;
    assert_eq!((refused.status, refused.code().as_str()), (403, "Authorization_RequestDenied"));
}

#[tokio::test]
async fn mailboxes_refuse_in_the_four_ways_that_were_observed() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    for (user, folders, messages) in [
        ("petra.novak", (403, "ErrorAccessDenied"), (403, "ErrorAccessDenied")),
        ("samir.haddad", (404, "ErrorItemNotFound"), (404, "ErrorItemNotFound")),
        ("yuki.tanaka", (404, "ErrorFolderNotFound"), (404, "ErrorFolderNotFound")),
        ("oskar.berg", (404, "ErrorItemNotFound"), (404, "ErrorFolderNotFound")),
        ("rosa.campo", (404, "MailboxNotEnabledForRESTAPI"), (404, "MailboxNotEnabledForRESTAPI")),
        ("viktor.sand", (404, "MailboxNotEnabledForRESTAPI"), (404, "MailboxNotEnabledForRESTAPI")),
    ] {
        let at = format!("/users/{user}@brackwater.example/mailFolders");
        let root = bench.get(&token, &at).await;
        assert_eq!((root.status, root.code().as_str()), folders, "{user}");
        let inbox = bench.get(&token, &format!("{at}/inbox/messages?$top=1&$select=id")).await;
        assert_eq!((inbox.status, inbox.code().as_str()), messages, "{user}");
    }
    let nobody = bench.get(&token, "/users/nobody@brackwater.example/mailFolders").await;
    assert_eq!((nobody.status, nobody.code().as_str()), (404, "ErrorInvalidUser"));
    let settings = bench.get(&token, "/users/mara.okafor@brackwater.example/mailboxSettings").await;
    assert_eq!((settings.status, settings.code().as_str()), (403, "ErrorAccessDenied"));
}

#[tokio::test]
async fn a_pending_grant_takes_effect_and_single_folders_stay_single() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let greta = "/users/greta.holm@brackwater.example/mailFolders";
    assert_eq!(bench.get(&token, greta).await.status, 403);
    bench.control("advance", &json!({ "seconds": 91 })).await;
    assert_eq!(bench.get(&token, greta).await.status, 200);
    let lior = "/users/lior.bendavid@brackwater.example/mailFolders";
    assert_eq!(bench.get(&token, lior).await.status, 403);
    assert_eq!(bench.get(&token, &format!("{lior}/inbox/messages?$top=1")).await.status, 200);
    assert_eq!(bench.get(&token, &format!("{lior}/sentitems/messages?$top=1")).await.status, 403);
    assert_eq!(bench.get(&token, "/users/lior.bendavid@brackwater.example/messages").await.status, 403);
}

#[tokio::test]
async fn every_answer_can_be_found_again_in_the_log_and_nothing_can_be_written() {
    let bench = Bench::start(&[]);
    let token = bench.paula().await;
    let asked = bench.request(&token, "/me").header("client-request-id", "11111111-2222-4333-8444-555555555555");
    let answer = bench.send(asked).await.expect("an answer");
    assert_eq!(answer.header("client-request-id"), "11111111-2222-4333-8444-555555555555");
    assert!(!answer.header("request-id").is_empty() && !answer.header("date").is_empty());
    assert!(answer.header("x-ms-ags-diagnostic").contains("DataCenter"));
    assert_eq!(bench.requests().await["counts"]["writes"], json!(0));
    let at = "/me/mailFolders/inbox/messages";
    for method in ["POST", "PATCH", "PUT", "DELETE"] {
        let refused = bench.call(&token, method, at, &json!({})).await;
        assert!(matches!(refused.status, 403 | 405), "{method} {}", refused.status);
    }
    let log = bench.requests().await;
    assert_eq!(log["counts"]["writes"], json!(4));
    let written = log.to_string();
    assert!(!written.contains(&token) && !written.contains("code_verifier"), "a secret is in the log");
    let unscoped = bench.sign_in(PAULA, &SCOPES.replace("Mail.Read Mail.Read.Shared", "Mail.ReadBasic")).await;
    let unscoped = text(&unscoped, "access_token");
    let listed = bench.get(unscoped, &format!("{at}?$top=1")).await.items();
    assert!(listed.iter().all(|message| message["body"].is_null() && message["bodyPreview"].is_null()));
    let id = escaped(text(listed.first().expect("a message"), "id"));
    assert_eq!(bench.get(unscoped, &format!("/me/messages/{id}/$value")).await.status, 403);
}
