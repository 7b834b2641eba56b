//! The directory tried against a server that answers like Graph, and like servers that know less.

use crate::directory::{Person, ResolveError, Wanted, list, resolve};
use crate::graph::tests::{Reply, Request, Server, graph_at};

const ANA: &str = r#"{"id":"11111111-1111-4111-8111-111111111111","displayName":"Ana Roe","userPrincipalName":"ana@x.example","mail":"ana.roe@x.example","proxyAddresses":["SMTP:ana.roe@x.example","smtp:Sales@x.example"]}"#;
const BOB: &str = r#"{"id":"22222222-2222-4222-8222-222222222222","displayName":"Bob","userPrincipalName":"sales@x.example","mail":"bob@x.example","proxyAddresses":["SMTP:bob@x.example","smtp:info@x.example"]}"#;
const EVE: &str = r#"{"id":"33333333-3333-4333-8333-333333333333","userPrincipalName":"eve@x.example","mail":"eve@x.example","proxyAddresses":["SMTP:eve@x.example","smtp:info@x.example"]}"#;

fn decoded(target: &str) -> String {
    url::form_urlencoded::parse(format!("t={}", target.replace('&', "%26").replace('+', "%2B")).as_bytes())
        .map(|(_, value)| value.into_owned())
        .collect()
}

fn users(users: &[&str]) -> Reply {
    Reply::json(&format!(r#"{{"value":[{}]}}"#, users.join(",")))
}

fn not_found() -> Reply {
    Reply::status(404, r#"{"error":{"code":"Request_ResourceNotFound","message":"m"}}"#)
}

/// Answers ids, sign-in names and address filters as Graph does.
fn directory(request: &Request) -> Reply {
    let target = decoded(request.target());
    let path = target.split('?').next().unwrap_or_default();
    if path == "/v1.0/users" {
        let filtered = |text: &str| {
            [ANA, BOB, EVE].into_iter().filter(|user| user.to_lowercase().contains(text)).collect::<Vec<_>>()
        };
        return match target.split("eq 'smtp:").nth(1).and_then(|rest| rest.split('\'').next()) {
            Some(address) => users(&filtered(&format!("smtp:{}\"", address.to_lowercase()))),
            None if target.contains("$filter=mail eq") => {
                let address = target.split('\'').nth(1).unwrap_or_default().to_lowercase();
                users(&filtered(&format!("\"mail\":\"{address}\"")))
            }
            None => users(&[ANA, BOB, EVE]),
        };
    }
    let key = path.trim_start_matches("/v1.0/users/").to_lowercase();
    let by_key = |user: &&str| {
        user.contains(&format!("\"id\":\"{key}\"")) || user.contains(&format!("\"userPrincipalName\":\"{key}\""))
    };
    [ANA, BOB, EVE].iter().find(|user| by_key(user)).map_or_else(not_found, |user| Reply::json(user))
}

async fn resolved(server: &Server, typed: &str) -> Result<Person, ResolveError> {
    resolve(&graph_at(&server.origin), typed).await
}

fn is(found: Result<Person, ResolveError>, name: &str) -> bool {
    found.is_ok_and(|person| person.label() == name)
}

#[tokio::test]
async fn an_id_a_sign_in_name_and_any_address_name_the_same_person_in_any_case() {
    let server = Server::start(directory).await;
    for typed in ["11111111-1111-4111-8111-111111111111", "ana@x.example", " ANA.Roe@x.example "] {
        assert!(is(resolved(&server, typed).await, "Ana Roe"), "{typed}");
    }
}

#[tokio::test]
async fn an_address_of_one_that_is_the_sign_in_name_of_another_is_ambiguous() {
    let server = Server::start(directory).await;
    for (typed, count) in [("sales@x.example", 2), ("info@x.example", 2)] {
        match resolved(&server, typed).await {
            Err(ResolveError::Ambiguous { candidates, .. }) => assert_eq!(candidates.len(), count),
            other => panic!("{typed}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn somebody_unknown_gets_suggestions() {
    let server = Server::start(directory).await;
    match resolved(&server, "anna@x.example").await {
        Err(ResolveError::Unknown { suggestions, .. }) => assert_eq!(suggestions, [""; 0]),
        other => panic!("{other:?}"),
    }
    match resolved(&server, "ana.rowe@x.example").await {
        Err(ResolveError::Unknown { suggestions, .. }) => assert_eq!(suggestions, ["ana.roe@x.example"]),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn where_filters_are_refused_everybody_is_looked_through() {
    let server = Server::start(|request| {
        let filter = request.target().contains("$filter");
        if filter { Reply::status(400, r#"{"error":{"code":"Request_UnsupportedQuery"}}"#) } else { directory(request) }
    })
    .await;
    assert!(is(resolved(&server, "ana.ROE@x.example").await, "Ana Roe"));
}

#[tokio::test]
async fn strange_sign_in_names_are_written_so_that_graph_reads_them() {
    let server = Server::start(|_| Reply::json(ANA)).await;
    for (typed, path) in [
        ("$ana@x.example", "/v1.0/users('$ana@x.example')"),
        ("o'hara@x.example", "/v1.0/users('o''hara@x.example')"),
        ("a_y.example#EXT#@x.example", "/v1.0/users/a_y.example%23EXT%23@x.example"),
    ] {
        let before = server.seen().len();
        let _ = resolved(&server, typed).await;
        let target = server.seen()[before].target().to_owned();
        assert!(target.starts_with(path), "{target}");
    }
}

#[tokio::test]
async fn a_quote_in_an_address_cannot_leave_the_filter() {
    let server =
        Server::start(|request| if request.target().starts_with("/v1.0/users?") { users(&[]) } else { not_found() })
            .await;
    let _ = resolved(&server, "x' or 1 eq 1 or 'a@b").await;
    let filters: Vec<String> =
        server.seen().iter().map(|seen| decoded(seen.target())).filter(|target| target.contains("$filter")).collect();
    assert!(filters[0].contains("eq 'smtp:x'' or 1 eq 1 or ''a@b')"), "{filters:?}");
}

#[tokio::test]
async fn a_select_beyond_the_scopes_is_shortened() {
    let server = Server::start(|request| {
        if request.target().contains("assignedPlans") || request.target().contains("%2CassignedPlans") {
            Reply::status(403, r#"{"error":{"code":"Authorization_RequestDenied"}}"#)
        } else {
            users(&[ANA, BOB])
        }
    })
    .await;
    let mut names = Vec::new();
    let count =
        list(&graph_at(&server.origin), &Wanted::default(), &mut |person| names.push(person.label().to_owned())).await;
    assert_eq!((count.ok(), names), (Some(2), vec!["Ana Roe".to_owned(), "Bob".to_owned()]));
}

#[tokio::test]
async fn every_page_is_read_and_an_empty_one_does_not_end_the_list() {
    let server = Server::start(|request| {
        let link = |n: u32| format!("{}/v1.0/users?$skiptoken={n}", request.origin);
        match request.number {
            0 => Reply::json(&format!(r#"{{"value":[{ANA}],"@odata.nextLink":"{}"}}"#, link(1))),
            1 => Reply::json(&format!(r#"{{"value":[],"@odata.nextLink":"{}"}}"#, link(2))),
            _ => users(&[BOB, "17", r#"{"displayName":"no id"}"#]),
        }
    })
    .await;
    let wanted = Wanted { domain: Some("X.example".into()), ..Wanted::default() };
    let mut count = 0;
    let shown = list(&graph_at(&server.origin), &wanted, &mut |_| count += 1).await.expect("listed");
    assert_eq!((shown, count), (2, 2));
}

#[tokio::test]
async fn a_list_that_goes_in_circles_is_an_error_and_not_a_short_list() {
    let server = Server::start(|request| {
        let link = format!("{}/v1.0/users?$skiptoken=1", request.origin);
        Reply::json(&format!(r#"{{"value":[{ANA}],"@odata.nextLink":"{link}"}}"#))
    })
    .await;
    let mut all = Vec::new();
    assert!(list(&graph_at(&server.origin), &Wanted::default(), &mut |person| all.push(person)).await.is_err());
}
