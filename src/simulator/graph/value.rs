//! A message as MIME: `$value`.

use futures_util::stream;
use http::StatusCode;
use http::header::CONTENT_TYPE;

use super::call::{Call, Open};
use super::messages;
use super::refusal::Refusal;
use crate::simulator::reply::{Payload, Reply};
use crate::simulator::tenant::{Item, Rendered};

/// The bytes of a message.
pub(super) fn rendered(open: &Open<'_>, item: Item) -> Result<Rendered, Refusal> {
    match item {
        Item::Mail(n) => {
            let mail = open.mailbox.mail.get(n).ok_or_else(Refusal::item_not_found)?;
            mail.render().map_err(|_| Refusal::unreadable())
        }
        Item::Made(batch, n) => {
            let made = open.mailbox.batches.get(batch).ok_or_else(Refusal::item_not_found)?;
            Ok(Rendered::new(made.render(n), None))
        }
    }
}

/// `GET …/messages/{id}/$value`: chunked, without a length, as Exchange sends it.
pub(super) fn message(call: &Call<'_>, user: &str, id: &str) -> Result<Reply, Refusal> {
    let open = call.open(user)?;
    let item = messages::find(call, &open, None, id)?;
    if !open.bodies {
        return Err(Refusal::access_denied());
    }
    let broken = match item {
        Item::Mail(n) => open.mailbox.mail.get(n).and_then(|mail| mail.value_error.as_ref()),
        Item::Made(..) => None,
    };
    if let Some(error) = broken {
        let status = StatusCode::from_u16(error.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return Err(Refusal::new(status, error.code.clone(), error.message.clone()));
    }
    let rendered = rendered(&open, item)?;
    let payload = if call.in_batch {
        Payload::Bytes(rendered.whole())
    } else {
        Payload::Stream(Box::pin(stream::iter(rendered.pieces().map(Ok))))
    };
    Ok(Reply::empty(StatusCode::OK).payload(payload).header(CONTENT_TYPE, "text/plain"))
}
