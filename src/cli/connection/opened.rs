//! The way from a connection on record to a live session.

use std::sync::Arc;

use super::row::ending;
use crate::cli::desk::Desk;
use crate::cli::failure::Failure;
use crate::inventory::Connection;
use crate::session::Session;

/// The desk and the session of a connection, with a word about a secret that ends soon.
pub(in crate::cli) async fn session_of(desk: &Desk, connection: &Connection) -> Result<(Desk, Arc<Session>), Failure> {
    if connection.place.is_empty() {
        return Err(Failure::usage(
            format!("the connection {} has no sign-in", connection.label),
            "run `affiant connection reauth` for it",
        ));
    }
    if let Some(text) = ending(connection, (desk.clock)()) {
        desk.note(&text);
    }
    let apart = desk.apart(&connection.place);
    let session = apart.stored_session().await?;
    Ok((apart, session))
}
