//! The server: one request in, one answer out, with everything that stands between a client and the tenant.
//!
//! Order: sign-in pages and control first; then for Graph the token, the limits, the faults, the answer, its
//! headers, and the log. Routes do not know any of it.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::{HeaderMap, HeaderName, StatusCode};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::access::{AccessRule, AccessRuleError};
use super::faults::{Effect, Point, claims_challenge};
use super::graph::{self, Refusal, Request};
use super::identity;
use super::ids;
use super::limits::Permit;
use super::person::Change;
use super::reply::Reply;
use super::reports;
use super::requests::{RequestSeen, without_secrets};
use super::shifts::Shift;
use super::tenant::{LicenceFile, Standing};
use super::world::World;

/// Larger than any request that makes sense here.
const MAX_REQUEST: usize = 4 * 1024 * 1024;

pub(super) async fn serve(listener: tokio::net::TcpListener, world: Arc<World>, stopped: oneshot::Receiver<()>) {
    let app = Router::new().fallback(handle).with_state(world);
    let serving = axum::serve(listener, app);
    // A client that keeps its connection open must not keep the simulator alive.
    tokio::select! {
        _ = serving => {}
        _ = stopped => {}
    }
}

struct Incoming {
    method: String,
    path: String,
    query: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

async fn handle(State(world): State<Arc<World>>, request: http::Request<Body>) -> Response {
    let (begun, at) = (Instant::now(), world.time.now());
    let (head, body) = request.into_parts();
    let incoming = Incoming {
        method: head.method.as_str().to_owned(),
        path: head.uri.path().to_owned(),
        query: head.uri.query().map(str::to_owned),
        headers: head.headers,
        body: to_bytes(body, MAX_REQUEST).await.unwrap_or_default(),
    };
    let seen = |status: StatusCode| RequestSeen {
        at,
        method: incoming.method.clone(),
        path: incoming.path.clone(),
        query: without_secrets(incoming.query.as_deref()),
        status: status.as_u16(),
        millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    };
    let (reply, permit) = match incoming.path.strip_prefix("/v1.0/").or_else(|| incoming.path.strip_prefix("/beta/")) {
        Some(path) => ask_graph(&world, &incoming, path).await,
        None => {
            let reply = beside_graph(&world, &incoming).await;
            world.issued.note(incoming.query.as_deref(), &incoming.body, &reply);
            (reply, None)
        }
    };
    // What tests and people do to the simulator itself is no request to the service.
    if !incoming.path.starts_with("/simulator/") && incoming.path != "/devicelogin" {
        world.requests.note(seen(reply.status));
    }
    reply.into_response(permit)
}

/// Sign-in, control, or nothing.
async fn beside_graph(world: &World, incoming: &Incoming) -> Reply {
    let body: Value = serde_json::from_slice(&incoming.body).unwrap_or(Value::Null);
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let done = |ok: bool| {
        let status = if ok { StatusCode::OK } else { StatusCode::NOT_FOUND };
        Reply::json(status, json!({ "done": ok }))
    };
    match (incoming.method.as_str(), incoming.path.as_str()) {
        ("POST", "/simulator/approve") => done(world.platform.approve(world, text("user_code"), text("upn"))),
        ("POST", "/simulator/decline") => done(world.platform.decline(text("user_code"))),
        ("POST", "/simulator/revoke") => {
            world.platform.revoke();
            done(true)
        }
        ("POST", "/simulator/advance") => {
            world.time.advance(body.get("seconds").and_then(Value::as_i64).unwrap_or_default().saturating_mul(1000));
            done(true)
        }
        ("POST", "/simulator/access") => done(ruled(world, AccessRule::access(text("rule")))),
        ("POST", "/simulator/refuse") => done(ruled(world, AccessRule::refuse(text("rule")))),
        ("POST", "/simulator/mail") => {
            let several = body.get("ids").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str);
            let ids: Vec<&str> = several.chain(body.get("id").and_then(Value::as_str)).collect();
            let all = ids.iter().all(|id| handled(world, text("user"), id, text("does"), text("folder")).is_some());
            done(all && !ids.is_empty())
        }
        ("POST", "/simulator/person") => done(changed(world, &body).is_some()),
        ("POST", "/simulator/reports") => {
            world.set_reports(
                body.get("concealed").and_then(Value::as_bool),
                body.get("restated").and_then(Value::as_u64),
            );
            done(true)
        }
        ("POST", "/simulator/faults") => done(world.faults.replace(text("faults")).is_ok()),
        ("GET", "/simulator/requests") => Reply::json(
            StatusCode::OK,
            json!({ "counts": world.requests.counts(), "most_at_once": world.limits.most_at_once(), "over_limits": world.limits.over(),
                    "struck": world.faults.struck(), "reports": world.reports.counts(),
                    "requests": world.requests.seen() }),
        ),
        (method, path) => {
            let point = match path.rsplit('/').next() {
                Some("token") => Some(Point::Token),
                Some("devicecode") => Some(Point::DeviceCode),
                _ => None,
            };
            let strike = point.and_then(|point| world.faults.strike(point, path, 0, None));
            match strike {
                Some(strike) if strike.effect == Effect::Aadsts => identity::failure(world, strike.code),
                strike => {
                    let answer = || identity::answer(world, method, path, incoming.query.as_deref(), &incoming.body);
                    match strike {
                        Some(strike) => strike.beside(answer).await,
                        None => answer(),
                    }
                }
            }
        }
    }
}

/// Whether a rule is in force now.
fn ruled(world: &World, rule: Result<AccessRule, AccessRuleError>) -> bool {
    let seconds = world.time.running_seconds();
    rule.and_then(|rule| world.access.rule(&world.tenant, &rule, seconds)).is_ok()
}

/// Does something to one message, as its owner might between two runs.
fn handled(world: &World, user: &str, id: &str, does: &str, folder: &str) -> Option<()> {
    let user = world.tenant.users.get(world.tenant.user(user)?)?;
    let Standing::Mailbox(index) = user.mailbox else { return None };
    let mailbox = world.tenant.mailboxes.get(index)?;
    let item = ids::read_message(mailbox, id).ok()?;
    match does {
        "delete" => world.shifts.put(mailbox, item, Some(Shift::Gone)),
        "hide" => world.shifts.put(mailbox, item, Some(Shift::Unlisted)),
        "restore" => world.shifts.put(mailbox, item, None),
        "change" => world.touch(&mailbox.guid, ids::number(item)),
        "move" => world.shifts.put(mailbox, item, Some(Shift::To(mailbox.folder_at(folder)?))),
        _ => return None,
    }
    Some(())
}

/// Changes one person of the directory: `does` is `change`, `delete` or `restore`; `facts` are properties with other
/// values, `licences` what they hold from now on, as in `estate.json`.
fn changed(world: &World, body: &Value) -> Option<()> {
    let name = body.get("user").and_then(Value::as_str)?;
    let at = world.tenant.user(name).or_else(|| world.person_named(name).map(|person| person.at))?;
    let mut change = Change { made: world.time.millis(), ..Change::default() };
    match body.get("does").and_then(Value::as_str).unwrap_or("change") {
        "delete" => change.gone = Some(world.time.millis()),
        "restore" => {
            world.changes.forget(at);
            return Some(());
        }
        "change" => {}
        _ => return None,
    }
    if let Some(facts) = body.get("facts").and_then(Value::as_object) {
        change.facts.clone_from(facts);
    }
    if let Some(licences) = body.get("licences") {
        let listed: Vec<LicenceFile> = serde_json::from_value(licences.clone()).ok()?;
        change.holdings = Some(listed.into_iter().map(|one| world.tenant.estate.holding(one)).collect::<Option<_>>()?);
    }
    world.changes.put(at, change);
    Some(())
}

/// One request to Graph; the permit is held until the last byte is out.
async fn ask_graph(world: &Arc<World>, incoming: &Incoming, path: &str) -> (Reply, Option<Permit>) {
    let (turn, id) = (world.turn(), uuid::Uuid::new_v4().to_string());
    let mut headers = incoming.headers.clone();
    if let Ok(value) = id.parse() {
        headers.insert("request-id", value);
    }
    let request = Request {
        method: incoming.method.clone(),
        path: path.to_owned(),
        query: incoming.query.clone().unwrap_or_default(),
        headers,
        body: incoming.body.clone(),
    };
    let (reply, permit) = admitted(world, request, turn, &id).await;
    let text = |name: &str| incoming.headers.get(name).and_then(|value| value.to_str().ok());
    let own = text("client-request-id").unwrap_or(&id).to_owned();
    let named = |reply: Reply, name: &'static str, value: &str| reply.header(HeaderName::from_static(name), value);
    let reply = named(reply, "request-id", &id);
    let reply = named(reply, "client-request-id", &own);
    let diagnostic =
        r#"{"ServerInfo":{"DataCenter":"Simulated","Slice":"E","Ring":"1","ScaleUnit":"000","RoleInstance":"SIM0"}}"#;
    (named(reply, "x-ms-ags-diagnostic", diagnostic), permit)
}

async fn admitted(world: &Arc<World>, request: Request, turn: u64, id: &str) -> (Reply, Option<Permit>) {
    let refused = |refusal: Refusal| {
        let now = world.time.now().odata();
        let now = now.split(['.', 'Z']).next().unwrap_or_default().to_owned();
        refusal.into_reply(&now, id, id)
    };
    let bearer = request.headers.get("authorization").and_then(|value| value.to_str().ok());
    world.issued.note_bearer(bearer);
    let (caller, uses) = match world.platform.caller(world, bearer) {
        Ok(known) => known,
        Err(why) => return (refused(Refusal::token(why, &world.origin)), None),
    };
    let token = bearer.unwrap_or_default();
    if let Some(strike) = world.faults.strike(Point::Access, token, 0, Some(uses)) {
        return (refused(spoil_token(world, strike.effect, token)), None);
    }
    let mut permit = None;
    if let Some(mailbox) = graph::mailbox_of(world, &caller, &request.path) {
        match world.limits.enter(&caller.client_id, mailbox, world.time.millis()) {
            Ok(given) => permit = Some(given),
            Err(excess) => return (refused(Refusal::excess(excess)), None),
        }
    }
    if !world.latency.is_zero() {
        tokio::time::sleep(world.latency).await;
    }
    let own = format!("{}/v1.0/{}?{}", world.origin, request.path, request.query);
    let strike = world.faults.strike(
        graph::point(&request.path, &request.query),
        &graph::resource(&request),
        graph::page_size(&request),
        None,
    );
    if let Some(reply) = strike.as_ref().and_then(|strike| strike.instead(world.time.now(), &refused)) {
        return (reply, permit);
    }
    let inside = world.clone();
    let answered = tokio::task::spawn_blocking(move || {
        if strike.as_ref().is_some_and(|strike| strike.effect == Effect::Move) {
            graph::relocate(&inside, &caller, &request.path);
        }
        let reply = graph::answer(&inside, &caller, &request, turn);
        if strike.as_ref().is_some_and(|strike| strike.effect == Effect::Edit) {
            graph::touch(&inside, &caller, &request.path);
        }
        match strike {
            Some(strike) if strike.effect == Effect::Direct => reports::direct(&inside, reply),
            Some(strike) => strike.spoil(reply, &own),
            None => reply,
        }
    });
    (answered.await.unwrap_or_else(|_| Reply::empty(StatusCode::INTERNAL_SERVER_ERROR)), permit)
}

/// What a fault does to a token, and what the caller is told.
fn spoil_token(world: &World, effect: Effect, token: &str) -> Refusal {
    match effect {
        Effect::Claims => {
            let (name, value) = claims_challenge(&world.origin);
            let text = "Continuous access evaluation resulted in challenge with result: InteractionRequired \
                        and code: TokenIssuedBeforeRevocationTimestamp";
            Refusal::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", text).header(name, value)
        }
        Effect::Revoke => {
            world.platform.revoke();
            Refusal::token("Access token validation failure. The token was revoked.", &world.origin)
        }
        _ => {
            world.platform.expire(token);
            Refusal::token("Lifetime validation failed, the token is expired.", &world.origin)
        }
    }
}
