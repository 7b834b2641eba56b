//! Entra's errors: the OAuth word, the number, and the ids that its support asks for.

use http::StatusCode;
use serde_json::json;

use crate::simulator::reply::Reply;
use crate::simulator::world::World;

/// A refusal of the token endpoint.
pub(super) fn refused(world: &World, error: &str, number: u32, text: &str) -> Reply {
    let (trace, correlation) = (uuid::Uuid::new_v4(), uuid::Uuid::new_v4());
    let now = world.time.now().odata().replace('T', " ");
    let status = if error == "invalid_client" { StatusCode::UNAUTHORIZED } else { StatusCode::BAD_REQUEST };
    Reply::json(
        status,
        json!({
            "error": error,
            "error_description": format!("AADSTS{number}: {text} Trace ID: {trace} Correlation ID: {correlation} Timestamp: {now}"),
            "error_codes": [number],
            "timestamp": now,
            "trace_id": trace.to_string(),
            "correlation_id": correlation.to_string(),
            "error_uri": format!("{}/error?code={number}", world.origin),
        }),
    )
}

pub(super) fn unknown_tenant(world: &World, name: &str) -> Reply {
    let shown: String = name.chars().filter(char::is_ascii_graphic).take(64).collect();
    let text = format!("Tenant '{shown}' not found. Check to make sure you have the correct tenant ID.");
    refused(world, "invalid_request", 90002, &text)
}

pub(super) fn unknown_application(world: &World) -> Reply {
    refused(world, "unauthorized_client", 700_016, "Application was not found in the directory.")
}

pub(super) fn bad_grant(world: &World, number: u32, text: &str) -> Reply {
    refused(world, "invalid_grant", number, text)
}
