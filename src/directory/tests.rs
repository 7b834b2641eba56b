//! The directory tried against a server that answers like Graph, and like servers that know less.

use crate::directory::{Domains, ExactAlias, Listed, Listing, MailboxState, Person, ResolveError, Wanted, resolve};
use crate::graph::Fault;
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
    let (people, listed) = listed(&server, &Wanted::default()).await.expect("listed");
    assert_eq!(names(&people), ["Ana Roe", "Bob"]);
    assert_eq!((listed.shown, listed.aliases_hidden), (2, 0));
}

#[tokio::test]
async fn every_page_is_read_once_and_an_empty_one_does_not_end_the_list() {
    let server = Server::start(|request| {
        let link = |n: u32| format!("{}/v1.0/users?$skiptoken={n}", request.origin);
        match request.number {
            0 => Reply::json(&format!(r#"{{"value":[{ANA}],"@odata.nextLink":"{}"}}"#, link(1))),
            1 => Reply::json(&format!(r#"{{"value":[],"@odata.nextLink":"{}"}}"#, link(2))),
            2 => Reply::json(&format!(r#"{{"value":[{ANA},{EVE}],"@odata.nextLink":"{}"}}"#, link(3))),
            3 => users(&[BOB, "17", r#"{"displayName":"no id"}"#, r#"{"id":""}"#, r#"{"id":"no-uuid"}"#]),
            _ => Reply::json(r#"{"@odata.count":9,"value":[]}"#),
        }
    })
    .await;
    let wanted = Wanted { domains: domains(&["X.example"]), ..Wanted::default() };
    let (people, listed) = listed(&server, &wanted).await.expect("listed");
    assert_eq!(names(&people), ["Ana Roe", "eve@x.example", "Bob"]);
    assert_eq!((listed.total, listed.inside, listed.outside, listed.without_address), (4, 3, 0, 1));
    assert_eq!((listed.repeated, listed.unreadable, listed.counted), (1, 3, Some(9)));
}

#[tokio::test]
async fn links_are_followed_to_the_letter_and_the_count_names_its_consistency() {
    const LINK: &str = "/v1.0/users?$skiptoken=RFNwdAIA%3d%3Dx+y%2B~a%20b&$top=999&weird=%e2%82%ac";
    let server = Server::start(|request| match request.number {
        0 => Reply::json(&format!(r#"{{"value":[{ANA}],"@odata.nextLink":"{}{LINK}"}}"#, request.origin)),
        1 => users(&[BOB]),
        _ => Reply::json(r#"{"@odata.count":2,"value":[]}"#),
    })
    .await;
    let (people, listed) = listed(&server, &Wanted::default()).await.expect("listed");
    assert_eq!((people.len(), listed.counted), (2, Some(2)));
    let seen = server.seen();
    assert_eq!(seen[1].target(), LINK);
    assert_eq!(seen[0].header("consistencylevel"), None, "an index that lags would not list newcomers");
    assert_eq!(seen[2].header("consistencylevel"), Some("eventual"));
}

#[tokio::test]
async fn an_advanced_query_names_its_consistency_on_every_page() {
    let server = Server::start(|request| {
        let link = format!("{}/v1.0/users?$skiptoken=1", request.origin);
        Reply::json(&format!(r#"{{"value":[],"@odata.nextLink":"{link}"}}"#))
    })
    .await;
    let (graph, ask) = (graph_at(&server.origin), super::fetch::ask(["users"]).eventual());
    let first = graph.list::<crate::graph::wire::User>(&ask).await.expect("a page").value;
    let link = first.next.expect("a link");
    let _ = graph.next::<crate::graph::wire::User>(&ask, &link).await;
    assert!(server.seen().iter().all(|seen| seen.header("consistencylevel") == Some("eventual")));
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn the_account_closes_and_each_filter_takes_any_of_its_values() {
    let dept = |id: u32, mail: &str, department: &str| {
        format!(
            r#"{{"id":"{id}","displayName":"n{id}","mail":{mail},"department":{department},"accountEnabled":true}}"#
        )
    };
    let everybody = [
        dept(1, r#""a@x.example""#, r#""Legal""#),
        dept(2, r#""b@y.example""#, r#""Tax""#),
        dept(3, "null", "null"),
        dept(4, r#""d@sub.x.example""#, "null"),
        dept(5, r#""e@z.example""#, r#""HR""#),
    ];
    let page = format!(r#"{{"value":[{}]}}"#, everybody.join(","));
    let server = Server::start(move |_| Reply::json(&page)).await;
    let chosen = async |wanted: Wanted| {
        let (people, listed) = listed(&server, &wanted).await.expect("listed");
        assert_eq!(listed.total, listed.inside + listed.outside + listed.without_address);
        assert_eq!(listed.states.iter().sum::<u64>(), listed.shown);
        (names(&people).join(" "), listed)
    };
    let (found, listed) = chosen(Wanted { domains: domains(&["x.example", "Y.EXAMPLE"]), ..Wanted::default() }).await;
    assert_eq!(found, "n1 n2");
    assert_eq!((listed.inside, listed.outside, listed.without_address), (2, 2, 1));
    let departments = vec!["legal".to_owned(), "None".to_owned()];
    assert_eq!(chosen(Wanted { departments, ..Wanted::default() }).await.0, "n1 n3 n4");
    let states = vec![MailboxState::None, MailboxState::Guest];
    assert_eq!(chosen(Wanted { states, ..Wanted::default() }).await.0, "n3");
    assert_eq!(chosen(Wanted::default()).await.0, "n1 n2 n3 n4 n5");
}

/// Answers as with basic scopes: no aliases. `heeds` is whether the filter has an effect.
async fn basics(heeds: bool) -> Server {
    Server::start(move |request| {
        const ZOE: &str = r#"{"id":"9","displayName":"Zoe","mail":"zoe@x.example","proxyAddresses":null}"#;
        let target = decoded(request.target());
        let finds = !target.contains("$filter") || !heeds || target.contains("'smtp:press@x.example'");
        if finds { users(&[ZOE]) } else { users(&[]) }
    })
    .await
}

#[tokio::test]
async fn where_aliases_are_hidden_the_directory_is_asked_for_exactly_the_address() {
    let text = |text: &str| Wanted { text: Some(text.into()), ..Wanted::default() };
    let (people, found) = listed(&basics(true).await, &text("press@x.example")).await.expect("listed");
    assert_eq!((names(&people), found.exact_alias), (vec!["Zoe".to_owned()], ExactAlias::Named(1)));
    for other in ["pres@x.example", "press", "zoe", "press@"] {
        let (_, found) = listed(&basics(true).await, &text(other)).await.expect("listed");
        let nobody = if other.contains("@x") { ExactAlias::Named(0) } else { ExactAlias::NotAsked };
        assert_eq!((found.exact_alias, found.aliases_hidden), (nobody, 1), "{other}");
    }
    let (people, found) = listed(&basics(false).await, &text("press@x.example")).await.expect("listed");
    assert_eq!(
        (people, found.exact_alias),
        (Vec::new(), ExactAlias::NotTaken),
        "a server that ignores the filter is not believed"
    );
}

#[tokio::test]
async fn purposes_are_asked_of_those_who_may_have_a_mailbox_and_a_row_of_refusals_ends_it() {
    let everybody: Vec<String> =
        (0..60).map(|n| format!(r#"{{"id":"{n}","mail":"p{n}@x.example","accountEnabled":false}}"#)).collect();
    let page = format!(r#"{{"value":[{},{{"id":"g","userType":"Guest","mail":"g@y"}}]}}"#, everybody.join(","));
    let server = Server::start(move |request| match request.target() {
        "/v1.0/users/0/mailboxSettings/userPurpose" => Reply::json(r#"{"value":"shared"}"#),
        target if target.contains("mailboxSettings") => {
            Reply::status(403, r#"{"error":{"code":"ErrorAccessDenied","message":"m"}}"#)
        }
        _ => Reply::json(&page),
    })
    .await;
    let (graph, wanted) = (graph_at(&server.origin), Wanted::default());
    let own = crate::terms::ObjectId::new("0").expect("an id");
    let mut listing = Listing::new(&graph, &wanted).asking_purposes(own);
    let people = listing.next().await.expect("listed").expect("a page");
    assert_eq!(people[0].mailbox.kind.as_str(), "shared");
    assert!(people.iter().skip(1).all(|person| person.mailbox.kind.as_str() == "unknown"));
    let asked = listing.listed().purposes;
    assert_eq!((asked.answered, asked.refused, asked.not_asked), (1, 25, 34));
    assert!(!server.seen().iter().any(|seen| seen.target().contains("/g/")));
}

#[tokio::test]
async fn a_list_that_goes_in_circles_is_an_error_and_not_a_short_list() {
    let server = Server::start(|request| {
        let link = format!("{}/v1.0/users?$skiptoken=1", request.origin);
        Reply::json(&format!(r#"{{"value":[{ANA}],"@odata.nextLink":"{link}"}}"#))
    })
    .await;
    assert!(listed(&server, &Wanted::default()).await.is_err());
}

fn domains(names: &[&str]) -> Domains {
    Domains::parse(names).expect("domains")
}

fn names(people: &[Person]) -> Vec<String> {
    people.iter().map(|person| person.label().to_owned()).collect()
}

async fn listed(server: &Server, wanted: &Wanted) -> Result<(Vec<Person>, Listed), Fault> {
    let graph = graph_at(&server.origin);
    let (mut listing, mut people) = (Listing::new(&graph, wanted), Vec::new());
    while let Some(page) = listing.next().await? {
        people.extend(page);
    }
    Ok((people, listing.listed()))
}
