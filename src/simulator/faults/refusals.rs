//! Faults that are refusals: what a service under load, a mailbox or an item answers instead of what was asked.
//!
//! Codes and texts are those that were reported; where people report only a code, the text is short.

use super::catalogue::{ANY, Entry, FILES, ITEM, MAIL, entry};
use super::effect::{Effect, Point};

/// All of them.
pub(super) const REFUSALS: &[Entry] = &[
    entry(
        "rejected",
        MAIL,
        Effect::Status(401, "InvalidAuthenticationToken", "Access token validation failure."),
        3,
        "a good token that is refused several times",
    ),
    entry(
        "odd-case",
        ANY,
        Effect::Status(500, "ERRORINTERNALSERVERTRANSIENTERROR", "An internal server error occurred."),
        1,
        "a code in capitals",
    ),
    entry(
        "concurrency",
        MAIL,
        Effect::Wait(429, "ApplicationThrottled", "Application is over its MailboxConcurrency limit."),
        1,
        "429: too many requests at once (retry-after=)",
    ),
    entry(
        "over-limit",
        MAIL,
        Effect::Wait(429, "ApplicationThrottled", "Application is over its request limit."),
        1,
        "429: too many requests in ten minutes (retry-after=)",
    ),
    entry(
        "busy",
        ANY,
        Effect::Wait(503, "ErrorServerBusy", "The server cannot service this request right now."),
        1,
        "503 with Retry-After (retry-after=)",
    ),
    entry(
        "denied",
        MAIL,
        Effect::Status(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."),
        0,
        "the mailbox is closed (after=)",
    ),
    entry(
        "mailbox-gone",
        MAIL,
        Effect::Status(
            404,
            "MailboxNotEnabledForRESTAPI",
            "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
        ),
        0,
        "the mailbox is not in the cloud any more (after=)",
    ),
    entry(
        "mailbox-dead",
        MAIL,
        Effect::Status(404, "ErrorNonExistentMailbox", "The SMTP address has no mailbox associated with it."),
        0,
        "404 that means the mailbox (after=)",
    ),
    entry(
        "licence-gone",
        MAIL,
        Effect::Status(412, "failedPrecondition", "Precondition failed."),
        0,
        "the licence is gone (after=)",
    ),
    entry(
        "settings-403",
        &[Point::Settings],
        Effect::Status(403, "ErrorAccessDenied", "Access is denied. Check credentials and try again."),
        0,
        "settings that may not be read though the mail may",
    ),
    entry(
        "foreign-id",
        ITEM,
        Effect::Status(404, "ErrorInvalidMailboxItemId", "The item does not belong to the targeted mailbox."),
        0,
        "an id that is taken for another mailbox's",
    ),
    entry(
        "folder-gone",
        &[Point::Children],
        Effect::Vanish,
        0,
        "a folder that is gone when its children are asked for",
    ),
    entry(
        "no-structure",
        &[Point::Value],
        Effect::Status(500, "ErrorInvalidOperation", "The text does not support structured data."),
        0,
        "a meeting answer whose meeting is gone",
    ),
    entry(
        "body-unreadable",
        &[Point::Value, Point::Body],
        Effect::Status(500, "ErrorContentConversionFailed", "Body conversion failed."),
        0,
        "a body that can be had in no form",
    ),
    entry(
        "old-recipients",
        &[Point::Value],
        Effect::Status(500, "ErrorInvalidRecipients", "At least one recipient isn't valid."),
        0,
        "recipients that a migration left behind",
    ),
    entry("contents-503", &[Point::Contents], Effect::Bare(503), 0, "no list of attachments with their content"),
    entry("attachment-gone", FILES, Effect::Bare(404), 1, "404 without a body for attachments that exist"),
    entry(
        "delta-token",
        &[Point::Delta],
        Effect::Status(400, "BadRequest", "Parameter 'DeltaToken' not supported for this request."),
        0,
        "a mailbox that has no delta",
    ),
];
