//! The door tried against a server that can misbehave on every byte: short bodies, cut chunks, silence.

mod server;

use std::sync::Mutex;
use std::time::Duration;

use bytes::Bytes;
use http::HeaderValue;
use serde_json::Value;

pub(crate) use self::server::{Reply, Request, Server};
use super::tokens::{Token, Tokens, rejected};
use super::wire::{MailFolder, User};
use super::{Ask, Fault, FaultKind, Graph, GraphOptions, Lane, Limits, Page, Sink};
use crate::cloud::Cloud;
use crate::session::SignInError;
use crate::terms::{ObjectId, Purpose, UtcInstant};

/// Tokens in the order in which they are handed out, and the claims that renewals came with.
#[derive(Default)]
pub(crate) struct Row {
    tokens: Vec<&'static str>,
    claims: Vec<Option<String>>,
}

pub(super) fn current(row: &Mutex<Row>) -> Result<Token, SignInError> {
    let row = row.lock().expect("no test panics while holding it");
    row.tokens.first().map(|token| Token::Plain(HeaderValue::from_static(token))).ok_or_else(rejected)
}

pub(super) fn renewed(row: &Mutex<Row>, claims: Option<&str>) -> Result<Token, SignInError> {
    let mut locked = row.lock().expect("no test panics while holding it");
    locked.claims.push(claims.map(str::to_owned));
    if locked.tokens.len() > 1 {
        locked.tokens.remove(0);
    }
    drop(locked);
    current(row)
}

/// A graph at this server, impatient enough for tests.
pub(crate) fn graph_at(origin: &str) -> Graph {
    graph_with(origin, &["Bearer one", "Bearer two", "Bearer three"])
}

fn graph_with(origin: &str, tokens: &[&'static str]) -> Graph {
    let cloud = Cloud::custom(origin, origin).expect("a loopback address");
    let limits = Limits {
        attempts: 6,
        patience: Duration::from_secs(3),
        unreachable: Duration::from_secs(2),
        first_pause: Duration::from_millis(1),
        stall: Duration::from_millis(700),
        ..Limits::for_cloud(&cloud)
    };
    let clock = std::sync::Arc::new(|| UtcInstant::parse("2024-06-04T09:00:00.5Z").expect("valid"));
    let monitor = std::sync::Arc::new(crate::monitor::Silent);
    // A root of our own, so that a client for https can be built where none is installed.
    let ca = origin.starts_with("https").then(|| include_bytes!("tests/root.pem").to_vec());
    let options = GraphOptions { limits, ca, monitor, clock, user_agent: super::USER_AGENT.to_owned() };
    let row = Row { tokens: tokens.to_vec(), ..Row::default() };
    Graph::open(&cloud, Tokens::Row(Mutex::new(row)), options).expect("plain http needs no roots")
}

fn claims_of(graph: &Graph) -> Vec<Option<String>> {
    match &graph.0.tokens {
        Tokens::Row(row) => row.lock().expect("not poisoned").claims.clone(),
        Tokens::Session(_) => Vec::new(),
    }
}

fn mailbox(purpose: Purpose) -> Ask {
    let lane = Lane::Mailbox(ObjectId::new("u1").expect("valid"));
    Ask::new(lane, purpose, ["users", "u1", "x"])
}

/// Keeps bytes, and how often it was started.
#[derive(Default)]
struct Kept {
    starts: u32,
    bytes: Vec<u8>,
    fails: bool,
}

impl Sink for Kept {
    async fn begin(&mut self) -> std::io::Result<()> {
        self.starts += 1;
        self.bytes.clear();
        Ok(())
    }

    async fn chunk(&mut self, bytes: Bytes) -> std::io::Result<()> {
        if self.fails {
            return Err(std::io::Error::from(std::io::ErrorKind::StorageFull));
        }
        self.bytes.extend_from_slice(&bytes);
        Ok(())
    }
}

async fn get(graph: &Graph, purpose: Purpose) -> Result<super::Answer<Value>, Fault> {
    graph.get(&mailbox(purpose)).await
}

#[tokio::test]
async fn a_request_carries_token_ids_preferences_and_our_name() {
    let server = Server::start(|_| Reply::json(r#"{"value":[]}"#)).await;
    let graph = graph_at(&server.origin);
    let _: super::Answer<Page<User>> = graph.list(&mailbox(Purpose::List).page_size(50)).await.expect("answered");
    let seen = server.seen().remove(0);
    assert_eq!(seen.line, "GET /v1.0/users/u1/x HTTP/1.1");
    assert_eq!(seen.header("authorization"), Some("Bearer one"));
    assert_eq!(seen.header("prefer"), Some("IdType=\"ImmutableId\", odata.maxpagesize=50"));
    assert!(seen.header("user-agent").is_some_and(|name| name.starts_with("ISV|Affiant|Affiant/")));
    assert!(seen.header("client-request-id").is_some_and(|id| id.len() == 36));
    assert!(seen.header("accept-encoding").is_some_and(|encoding| encoding.contains("gzip")));
}

#[tokio::test]
async fn bytes_that_matter_are_asked_for_uncompressed_and_counted() {
    let server = Server::start(|_| Reply::ok("text/plain", b"From: a\r\n\r\nb")).await;
    let mut kept = Kept::default();
    let answer = graph_at(&server.origin).stream(&mailbox(Purpose::Mime), &mut kept).await.expect("answered");
    assert_eq!(server.seen()[0].header("accept-encoding"), Some("identity"));
    assert_eq!((answer.value.bytes, answer.value.content_length), (12, Some(12)));
    assert_eq!((kept.bytes.as_slice(), answer.trail[0].bytes), (&b"From: a\r\n\r\nb"[..], 12));
}

#[tokio::test]
async fn passing_faults_are_tried_again_and_every_attempt_is_in_the_trail() {
    let server = Server::start(|request| match request.number {
        0 => Reply::status(503, ""),
        1 => Reply::status(502, "<html>bad gateway</html>"),
        2 => Reply::status(500, r#"{"error":{"code":"ErrorInternalServerTransientError"}}"#),
        _ => Reply::json(r#"{"id":"1"}"#),
    })
    .await;
    let answer = get(&graph_at(&server.origin), Purpose::ItemState).await.expect("answered at last");
    let trail: Vec<_> = answer.trail.iter().map(|e| (e.attempt, e.status, e.error.as_deref())).collect();
    let transient = Some("ErrorInternalServerTransientError");
    assert_eq!(trail, [(1, Some(503), None), (2, Some(502), None), (3, Some(500), transient), (4, Some(200), None)]);
    let ids: std::collections::HashSet<_> = answer.trail.iter().map(|e| e.client_request_id).collect();
    assert_eq!(ids.len(), 4);
    assert_eq!(answer.trail[3].request_id.as_deref(), Some("r-3"));
    assert_eq!(answer.trail[3].url, "/v1.0/users/u1/x");
}

#[tokio::test]
async fn a_cut_chunked_body_a_short_body_and_silence_are_tried_again_as_a_whole() {
    let server = Server::start(|request| match request.number {
        0 => Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nFrom:\r\n"),
        1 => Reply::raw("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nFrom:"),
        2 => Reply::hang("HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nFrom:"),
        3 => Reply::raw(""),
        _ => Reply::ok("text/plain", b"whole"),
    })
    .await;
    let mut kept = Kept::default();
    let answer = graph_at(&server.origin).stream(&mailbox(Purpose::Mime), &mut kept).await.expect("answered at last");
    assert_eq!((kept.bytes.as_slice(), kept.starts), (&b"whole"[..], 4));
    let errors: Vec<_> = answer.trail.iter().map(|e| e.error.as_deref()).collect();
    assert_eq!(errors, [Some("connection_cut"), Some("connection_cut"), Some("stalled"), Some("connection_cut"), None]);
    assert_eq!(answer.trail[0].bytes, 5);
}

#[tokio::test]
async fn a_cut_json_body_is_tried_again_and_a_web_page_is_not_from_graph() {
    let server = Server::start(|request| match request.number {
        0 => Reply::raw("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n{\"a\":\r\n"),
        _ => Reply::json(r#"{"a":1}"#),
    })
    .await;
    assert_eq!(get(&graph_at(&server.origin), Purpose::Other).await.expect("answered").trail.len(), 2);

    let server = Server::start(|_| Reply::ok("text/html", b"<html>please sign on</html>")).await;
    let fault = get(&graph_at(&server.origin), Purpose::Other).await.expect_err("no answer");
    assert!(matches!(fault.kind, FaultKind::NotGraph));
    assert_eq!((fault.status, fault.code.as_deref(), fault.trail.len()), (Some(200), Some("not_json"), 4));
}

#[tokio::test]
async fn retry_after_holds_the_mailbox_back_and_is_recorded() {
    let server = Server::start(|request| match request.number {
        0 => Reply::status(429, r#"{"error":{"code":"ApplicationThrottled"}}"#).with("retry-after", "0.15"),
        _ => Reply::json("{}"),
    })
    .await;
    let start = std::time::Instant::now();
    let answer = get(&graph_at(&server.origin), Purpose::List).await.expect("answered");
    assert!(start.elapsed() >= Duration::from_millis(150));
    assert_eq!(answer.trail[0].retry_after, Some(Duration::from_millis(150)));
}

#[tokio::test]
async fn a_service_that_keeps_throttling_ends_as_throttled_with_the_trail() {
    let server = Server::start(|_| Reply::status(429, "")).await;
    let fault = get(&graph_at(&server.origin), Purpose::Mime).await.expect_err("never answered");
    assert!(matches!(fault.kind, FaultKind::Throttled));
    assert!((6..20).contains(&fault.trail.len()), "{}", fault.trail.len());
}

#[tokio::test]
async fn permanent_answers_are_not_tried_again() {
    for (status, code, kind) in [
        (403, "ErrorAccessDenied", "Denied"),
        (404, "ErrorItemNotFound", "Gone"),
        (404, "MailboxNotEnabledForRESTAPI", "NoMailbox"),
        (405, "ErrorInvalidRequest", "Refused"),
    ] {
        let server =
            Server::start(move |_| Reply::status(status, &format!(r#"{{"error":{{"code":"{code}"}}}}"#))).await;
        let fault = get(&graph_at(&server.origin), Purpose::Mime).await.expect_err("refused");
        assert_eq!((format!("{:?}", fault.kind), fault.trail.len()), (kind.to_owned(), 1));
        assert_eq!(fault.code.as_deref(), Some(code));
        assert!(fault.to_string().contains("request-id r-0"), "{fault}");
    }
}

#[tokio::test]
async fn an_item_that_answers_404_without_a_body_is_tried_again() {
    let server =
        Server::start(|request| if request.number < 2 { Reply::status(404, "") } else { Reply::json("{}") }).await;
    assert_eq!(get(&graph_at(&server.origin), Purpose::Mime).await.expect("there after all").trail.len(), 3);
}

#[tokio::test]
async fn a_gateway_timeout_on_a_listing_means_ask_less() {
    let server = Server::start(|_| Reply::status(504, r#"{"error":{"code":"UnknownError","message":""}}"#)).await;
    let fault = get(&graph_at(&server.origin), Purpose::List).await.expect_err("too much");
    assert!(matches!(fault.kind, FaultKind::AskLess));
    assert_eq!(fault.trail.len(), 3);
}

#[tokio::test]
async fn a_rejected_token_is_renewed_once_and_the_request_repeated() {
    let server = Server::start(|request| match request.header("authorization") {
        Some("Bearer two") => Reply::json("{}"),
        _ => Reply::status(401, r#"{"error":{"code":"InvalidAuthenticationToken"}}"#),
    })
    .await;
    let graph = graph_at(&server.origin);
    assert_eq!(get(&graph, Purpose::List).await.expect("answered").trail.len(), 2);
    assert_eq!(claims_of(&graph), [None]);
}

#[tokio::test]
async fn a_claims_challenge_reaches_the_session() {
    let server = Server::start(|request| match request.header("authorization") {
        Some("Bearer two") => Reply::json("{}"),
        _ => Reply::status(401, "")
            .with("www-authenticate", "Bearer error=\"insufficient_claims\", claims=\"eyJhIjoxfQ==\""),
    })
    .await;
    let graph = graph_at(&server.origin);
    get(&graph, Purpose::List).await.expect("answered");
    assert_eq!(claims_of(&graph), [Some(r#"{"a":1}"#.to_owned())]);
}

#[tokio::test]
async fn a_token_that_stays_rejected_needs_a_sign_in_after_one_renewal() {
    let server = Server::start(|_| Reply::status(401, r#"{"error":{"code":"InvalidAuthenticationToken"}}"#)).await;
    let graph = graph_at(&server.origin);
    let fault = get(&graph, Purpose::List).await.expect_err("rejected");
    assert!(fault.is_sign_in_needed());
    assert_eq!((fault.trail.len(), claims_of(&graph).len()), (6, 1));
}

#[tokio::test]
async fn a_token_that_somebody_else_has_renewed_meanwhile_was_not_rejected_for_good() {
    const TOKENS: [&str; 10] = ["T0", "T1", "T2", "T3", "T4", "T5", "T6", "T7", "T8", "T9"];
    let shared = std::sync::Arc::new(std::sync::OnceLock::<Graph>::new());
    let others = shared.clone();
    let server = Server::start(move |request| match request.header("authorization") {
        Some("T9") => Reply::json("{}"),
        _ => {
            // While this one was on its way another request had the token renewed.
            if let Some(Graph(door)) = others.get()
                && let Tokens::Row(row) = &door.tokens
            {
                row.lock().expect("not poisoned").tokens.remove(0);
            }
            Reply::status(401, r#"{"error":{"code":"InvalidAuthenticationToken"}}"#)
        }
    })
    .await;
    let graph = shared.get_or_init(|| graph_with(&server.origin, &TOKENS));
    assert_eq!(get(graph, Purpose::List).await.expect("answered in the end").trail.len(), 10);
    assert_eq!(claims_of(graph), []);
}

#[tokio::test]
async fn a_redirect_is_refused_and_the_token_stays_here() {
    let elsewhere = Server::start(|_| Reply::json("{}")).await;
    let away = elsewhere.origin.clone();
    let server = Server::start(move |_| Reply::status(302, "").with("location", &format!("{away}/v1.0/users"))).await;
    let fault = get(&graph_at(&server.origin), Purpose::Other).await.expect_err("not followed");
    assert!(matches!(fault.kind, FaultKind::Refused));
    assert!(elsewhere.seen().is_empty());
}

#[tokio::test]
async fn a_link_to_another_host_is_foreign_and_never_asked() {
    let elsewhere = Server::start(|_| Reply::json("{}")).await;
    let page = format!(r#"{{"value":[],"@odata.nextLink":"{}/v1.0/users?$skip=1"}}"#, elsewhere.origin);
    let server = Server::start(move |_| Reply::json(&page)).await;
    let fault = graph_at(&server.origin).list::<User>(&mailbox(Purpose::List)).await.expect_err("foreign");
    assert!(matches!(fault.kind, FaultKind::Foreign));
    assert!(elsewhere.seen().is_empty() && fault.trail.len() == 1);
}

#[tokio::test]
async fn a_next_page_is_asked_with_the_headers_of_the_first() {
    let server = Server::start(|request| match request.number {
        0 => Reply::json(&format!(
            r#"{{"value":[],"@odata.nextLink":"{}/v1.0/users?$skiptoken=X%2Fy"}}"#,
            request.origin
        )),
        _ => Reply::json(r#"{"value":[{"id":"f","displayName":"a&#1;"}]}"#),
    })
    .await;
    let graph = graph_at(&server.origin);
    let ask = mailbox(Purpose::List).page_size(7).eventual();
    let first = graph.list::<MailFolder>(&ask).await.expect("a page").value;
    let link = first.next.expect("a link");
    assert_eq!(graph.next::<MailFolder>(&ask, &link).await.expect("a page").value.items.len(), 1);
    let seen = server.seen().remove(1);
    assert_eq!(seen.line, "GET /v1.0/users?$skiptoken=X%2Fy HTTP/1.1");
    assert_eq!(seen.header("prefer"), Some("IdType=\"ImmutableId\", odata.maxpagesize=7"));
    assert_eq!(seen.header("consistencylevel"), Some("eventual"));
}

#[tokio::test]
async fn a_sink_that_fails_ends_the_request_at_once() {
    let server = Server::start(|_| Reply::ok("text/plain", b"bytes")).await;
    let mut kept = Kept { fails: true, ..Kept::default() };
    let fault = graph_at(&server.origin).stream(&mailbox(Purpose::Mime), &mut kept).await.expect_err("disk full");
    assert!(matches!(fault.kind, FaultKind::Local(_)));
    assert_eq!(fault.trail.len(), 1);
}

#[tokio::test]
async fn an_address_where_nothing_listens_ends_soon_and_is_total() {
    let server = Server::start(|_| Reply::json("{}")).await;
    let origin = server.origin.clone();
    drop(server);
    let fault = get(&graph_at(&origin), Purpose::User).await.expect_err("nobody there");
    assert!(matches!(fault.kind, FaultKind::Unavailable) && fault.is_total());
    assert_eq!((fault.trail.len(), fault.code.as_deref()), (3, Some("unreachable")));
}

#[tokio::test]
async fn a_server_without_tls_behind_https_is_a_fault_of_its_own() {
    let server = Server::start(|_| Reply::json("{}")).await;
    let graph = graph_at(&server.origin.replace("http://", "https://"));
    let fault = get(&graph, Purpose::User).await.expect_err("no TLS there");
    assert!(matches!(fault.kind, FaultKind::Tls), "{fault:?}");
    assert_eq!(fault.trail.len(), 1);
}

#[tokio::test]
async fn a_service_that_falls_silent_is_waited_for_whatever_the_attempts() {
    let server = Server::start(|request| match request.number {
        1..=14 => Reply::raw(""),
        _ => Reply::json("{}"),
    })
    .await;
    let graph = graph_at(&server.origin);
    get(&graph, Purpose::Mime).await.expect("it is there");
    let answer = get(&graph, Purpose::Mime).await.expect("it comes back");
    assert!(answer.trail.len() > 9, "{}", answer.trail.len());
    assert_eq!(
        answer.trail.iter().map(|exchange| exchange.attempt).max(),
        answer.trail.last().map(|last| last.attempt)
    );
}

#[tokio::test]
async fn a_service_that_stays_silent_is_given_up_after_the_time_for_that() {
    let server = Server::start(|request| if request.number == 0 { Reply::json("{}") } else { Reply::raw("") }).await;
    let graph = graph_at(&server.origin);
    get(&graph, Purpose::Mime).await.expect("it is there");
    let begun = std::time::Instant::now();
    let fault = get(&graph, Purpose::Mime).await.expect_err("it is away for good");
    assert!(matches!(fault.kind, FaultKind::Unavailable) && fault.is_total(), "{fault:?}");
    assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_request_that_alone_meets_silence_does_not_wait_for_the_service() {
    let server = Server::start(|request| match (request.number, request.target().contains("/me")) {
        (0, _) | (_, true) => Reply::json("{}"),
        _ => Reply::raw(""),
    })
    .await;
    let graph = graph_at(&server.origin);
    get(&graph, Purpose::Mime).await.expect("it is there");
    let fault = get(&graph, Purpose::Mime).await.expect_err("others are answered");
    assert_eq!((fault.status, fault.trail.len()), (None, 9), "six attempts, a knock, and both once more");
    assert!(server.seen().iter().any(|request| request.target() == "/v1.0/me?$select=id"));
}

#[tokio::test]
async fn a_failing_service_is_waited_out_by_questions_that_stand_for_a_mailbox() {
    let server =
        Server::start(|request| if request.number < 9 { Reply::status(503, "") } else { Reply::json("{}") }).await;
    let graph = graph_at(&server.origin);
    let answer = graph.get::<Value>(&mailbox(Purpose::AccessTest).patient()).await.expect("it recovers");
    assert_eq!(answer.trail.len(), 10);
}

#[tokio::test]
async fn no_mailbox_ever_sees_five_requests_at_once() {
    let server = Server::start(|_| Reply::json("{}")).await;
    let graph = graph_at(&server.origin);
    let all = (0..60).map(|_| get(&graph, Purpose::ItemState));
    let answers = futures_util::future::join_all(all).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!(server.most_at_once() <= 4, "{}", server.most_at_once());
}

#[tokio::test]
async fn the_clocks_are_compared_with_every_answer() {
    let server = Server::start(|_| Reply::json("{}").with("date", "Tue, 04 Jun 2024 09:00:00 GMT")).await;
    let graph = graph_at(&server.origin);
    assert_eq!(graph.clock_offset(), None);
    get(&graph, Purpose::Other).await.expect("answered");
    let offset = graph.clock_offset().expect("one answer");
    assert_eq!((offset.overall.low_ms, offset.overall.high_ms), (-500, 500));
}

#[tokio::test]
async fn a_request_that_is_abandoned_gives_its_seat_back() {
    let server = Server::start(|request| if request.number < 4 { Reply::hang("") } else { Reply::json("{}") }).await;
    let graph = graph_at(&server.origin);
    let four = futures_util::future::join_all((0..4).map(|_| get(&graph, Purpose::ItemState)));
    assert!(tokio::time::timeout(Duration::from_millis(150), four).await.is_err());
    get(&graph, Purpose::ItemState).await.expect("a seat is free");
}

#[test]
fn neither_a_fault_nor_its_help_shows_an_address_or_a_token() {
    let mut fault = super::retry::fault(FaultKind::Denied, Vec::new());
    fault.code = Some("ErrorAccessDenied".to_owned());
    let text = format!("{fault} {:?}", miette::Diagnostic::help(&fault).map(|help| help.to_string()));
    assert!(!text.contains("Bearer") && !text.contains("http"), "{text}");
}
