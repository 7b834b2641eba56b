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

/// Nobody agreed to this application yet.
pub(super) fn not_consented(world: &World) -> Reply {
    let text = "The user or administrator has not consented to use the application. \
                Send an interactive authorization request for this user and resource.";
    refused(world, "invalid_grant", 65001, text)
}

pub(super) fn no_such_scope(world: &World, scope: &str) -> Reply {
    let shown: String = scope.chars().filter(char::is_ascii_graphic).take(128).collect();
    let text =
        format!("The provided value for the input parameter 'scope' isn't valid. The scope {shown} does not exist.");
    refused(world, "invalid_scope", 70011, &text)
}

/// An error by its number, with the OAuth word that Entra uses for it.
pub(super) fn numbered(world: &World, number: u32) -> Reply {
    let (word, text) = match number {
        50076 | 50079 => ("interaction_required", "You must use multi-factor authentication to access the resource."),
        53000..=53003 | 530_032..=530_035 => {
            ("interaction_required", "Access has been blocked by Conditional Access policies.")
        }
        70043 => ("invalid_grant", "The refresh token has expired or is invalid due to sign-in frequency checks."),
        700_082 => ("invalid_grant", "The refresh token has expired due to inactivity."),
        7_000_215 | 7_000_222 => ("invalid_client", "The provided client secret is invalid or has expired."),
        90024 | 90033 | 90055 => ("temporarily_unavailable", "A transient error has occurred. Please try again."),
        65001 => return not_consented(world),
        _ => ("invalid_grant", "The provided grant has expired due to it being revoked."),
    };
    refused(world, word, number, text)
}

pub(super) fn bad_grant(world: &World, number: u32, text: &str) -> Reply {
    refused(world, "invalid_grant", number, text)
}
