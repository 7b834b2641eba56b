//! The host that reports are downloaded from: another address than Graph's, opened by the link alone.
//!
//! It must not be sent a token: who does is refused and counted, for a test to see.

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use http::header::{AUTHORIZATION, CONTENT_DISPOSITION, CONTENT_TYPE, COOKIE, ETAG, IF_NONE_MATCH, LOCATION};
use http::{HeaderMap, StatusCode};
use serde_json::json;

use crate::simulator::faults::{Effect, Point};
use crate::simulator::graph::Refusal;
use crate::simulator::identity::Form;
use crate::simulator::reply::{Payload, Reply};
use crate::simulator::requests::{RequestSeen, without_secrets};
use crate::simulator::world::World;

use super::sheet::{self, File};

/// Serves downloads until its task is dropped.
pub(in crate::simulator) async fn serve(listener: tokio::net::TcpListener, world: Arc<World>) {
    let app = Router::new().fallback(handle).with_state(world);
    // It ends with its task; there is nobody to tell about an error.
    let _ = axum::serve(listener, app).await;
}

async fn handle(State(world): State<Arc<World>>, request: http::Request<Body>) -> Response {
    let (at, begun) = (world.time.now(), std::time::Instant::now());
    let reply = answered(&world, &request);
    world.requests.note(RequestSeen {
        at,
        method: request.method().as_str().to_owned(),
        path: format!("/reports-host{}", request.uri().path()),
        query: without_secrets(request.uri().query()),
        status: reply.status.as_u16(),
        millis: u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX),
    });
    reply.into_response(())
}

/// What is answered, faults included.
fn answered(world: &Arc<World>, request: &http::Request<Body>) -> Reply {
    world.reports.downloads.fetch_add(1, Ordering::Relaxed);
    if carries_secrets(request.headers()) {
        world.reports.leaked.fetch_add(1, Ordering::Relaxed);
    }
    let link = Form::parse(request.uri().query().unwrap_or_default().as_bytes());
    let link = world.reports.links.open(link.get("token"), world.time.millis());
    let resource = link.map(|link| format!("{}({:?})", link.report.name(), link.span)).unwrap_or_default();
    let strike = world.faults.strike(Point::Download, &resource, 0, None);
    let refused = |refusal: Refusal| refusal.into_reply(&world.time.now().odata(), "", "");
    let Some(strike) = strike else { return answer(world, request, None) };
    if let Some(reply) = strike.instead(world.time.now(), &refused) {
        return reply;
    }
    if strike.effect == Effect::Loop {
        return Reply::redirect(&format!("{}{}", world.reports.origin, request.uri()));
    }
    let reply = answer(world, request, Some(strike.effect));
    strike.spoil(reply, "")
}

/// Whether a request brings what only Graph may see.
fn carries_secrets(headers: &HeaderMap) -> bool {
    headers.contains_key(AUTHORIZATION) || headers.contains_key(COOKIE)
}

/// The file itself instead of the link to it, as some reports are answered.
pub(in crate::simulator) fn direct(world: &Arc<World>, reply: Reply) -> Reply {
    let location = reply.headers.iter().find(|(name, _)| *name == LOCATION).and_then(|(_, value)| value.to_str().ok());
    let token = location.and_then(|at| at.split_once("token=")).map(|(_, token)| token).unwrap_or_default();
    match world.reports.links.open(token, world.time.millis()) {
        Some(link) => file(world, File::right(link)),
        None => reply,
    }
}

fn answer(world: &Arc<World>, request: &http::Request<Body>, effect: Option<Effect>) -> Reply {
    let refuse = |status: StatusCode, code: &str, text: &str| {
        Reply::json(status, json!({ "error": { "code": code, "message": text } }))
    };
    let headers = request.headers();
    if carries_secrets(headers) {
        return refuse(
            StatusCode::BAD_REQUEST,
            "InvalidAuthenticationInfo",
            "A pre-authenticated link takes no token.",
        );
    }
    if request.method() != http::Method::GET || request.uri().path() != "/data/v1.0/download" {
        return refuse(StatusCode::NOT_FOUND, "NotFound", "There is nothing here.");
    }
    let query = Form::parse(request.uri().query().unwrap_or_default().as_bytes());
    let Some(link) = world.reports.links.open(query.get("token"), world.time.millis()) else {
        return refuse(StatusCode::FORBIDDEN, "MissingCredentials", "Valid Authorization header is needed.");
    };
    let mut wanted = File::right(link);
    match effect {
        Some(Effect::Sheet(sheet)) => wanted.sheet = Some(sheet),
        Some(Effect::Names(names)) => wanted.names = Some(names),
        _ => {}
    }
    let tag = sheet::tag(world, &wanted);
    let same = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).is_some_and(|have| have == tag);
    if same { Reply::empty(StatusCode::NOT_MODIFIED).header(ETAG, &tag) } else { file(world, wanted) }
}

fn file(world: &Arc<World>, wanted: File) -> Reply {
    let name = wanted.link.report.name().trim_start_matches("get");
    Reply::empty(StatusCode::OK)
        .header(CONTENT_TYPE, "application/octet-stream")
        .header(CONTENT_DISPOSITION, &format!("attachment; filename=\"{name}.csv\""))
        .header(ETAG, &sheet::tag(world, &wanted))
        .payload(Payload::Stream(sheet::stream_of(world.clone(), wanted)))
}
