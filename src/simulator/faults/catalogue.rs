//! The one place that says what each fault does: name, where it strikes, what happens, how often by itself.
//!
//! A new fault is one line in [`NAMED`]; what a mailbox or an item may refuse for good stands in `refusals`, what a
//! good answer may look like in `shapes`.

use http::StatusCode;

use super::effect::{Effect, Point};
use super::{refusals, reports, shapes};

/// One fault by name.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    /// Its name in a specification.
    pub(super) name: &'static str,
    /// Where it strikes.
    pub(super) points: &'static [Point],
    /// What it does.
    pub(super) effect: Effect,
    /// How often it strikes one resource, unless told otherwise; 0 is for ever.
    pub(super) times: u32,
    /// What it is for, in a few words.
    pub(super) gist: &'static str,
}

pub(super) const MAIL: &[Point] = &[
    Point::Folders,
    Point::Children,
    Point::List,
    Point::Sorted,
    Point::Message,
    Point::Body,
    Point::Value,
    Point::Attachments,
    Point::Contents,
    Point::Attachment,
    Point::Delta,
];
pub(super) const PAGES: &[Point] =
    &[Point::Users, Point::Folders, Point::Children, Point::List, Point::Sorted, Point::Delta];
pub(super) const LISTS: &[Point] = &[Point::List, Point::Sorted];
pub(super) const LEVELS: &[Point] = &[Point::Folders, Point::Children];
/// A message, whatever is asked of it.
pub(super) const ITEM: &[Point] = &[Point::Message, Point::Body, Point::Value];
/// A message's properties.
pub(super) const PROPERTIES: &[Point] = &[Point::Message, Point::Body];
pub(super) const FILES: &[Point] = &[Point::Attachments, Point::Contents, Point::Attachment];
pub(super) const JSON: &[Point] = &[
    Point::Users,
    Point::Folders,
    Point::Children,
    Point::List,
    Point::Sorted,
    Point::Message,
    Point::Body,
    Point::Attachments,
    Point::Contents,
    Point::Attachment,
    Point::Delta,
    Point::Settings,
    Point::Organization,
    Point::Skus,
    Point::Subscriptions,
    Point::Groups,
    Point::ReportSettings,
    Point::Premium,
    Point::Other,
];
pub(super) const ANY: &[Point] = &[
    Point::Users,
    Point::Folders,
    Point::Children,
    Point::List,
    Point::Sorted,
    Point::Message,
    Point::Body,
    Point::Value,
    Point::Attachments,
    Point::Contents,
    Point::Attachment,
    Point::Delta,
    Point::Settings,
    Point::Organization,
    Point::Skus,
    Point::Subscriptions,
    Point::Groups,
    Point::ReportSettings,
    Point::Premium,
    Point::Report,
    Point::Other,
];

const THROTTLE: Effect = Effect::Wait(429, "TooManyRequests", "Please retry again later.");

/// Both endpoints that programs sign in at.
pub(super) const SIGN_IN: &[Point] = &[Point::Token, Point::DeviceCode];

pub(super) const fn entry(
    name: &'static str,
    points: &'static [Point],
    effect: Effect,
    times: u32,
    gist: &'static str,
) -> Entry {
    Entry { name, points, effect, times, gist }
}

/// All faults with a name of their own. Besides, `<where>-<status>` and `<where>-<status>-forever` work for
/// `any`, `mail`, `users`, `folders`, `list`, `sorted` (lists with `$orderby`), `unsorted`, `message`, `value`, `attachments`,
/// `delta`, `organization`, `skus`, `subscriptions`, `groups`, `report-settings`, `premium`, `reports` and `downloads`.
const NAMED: &[Entry] = &[
    entry("throttle", MAIL, THROTTLE, 1, "429 with Retry-After (retry-after=seconds|date|float|none)"),
    entry("throttle-users", &[Point::Users], THROTTLE, 1, "the same in the directory"),
    entry("html", JSON, Effect::Html(200), 1, "a page of HTML with status 200 instead of JSON"),
    entry("html-503", ANY, Effect::Html(503), 1, "a gateway's page of HTML with status 503"),
    entry("value-html", &[Point::Value], Effect::Html(200), 1, "a page of HTML with status 200 instead of mail"),
    entry(
        "empty-404",
        &[Point::Message, Point::Body, Point::Value, Point::Attachment],
        Effect::Bare(404),
        1,
        "404 without a body for mail that exists",
    ),
    entry(
        "inner-error",
        ANY,
        Effect::Inner(500, "ErrorInternalServerTransientError"),
        1,
        "the code only inside innererror",
    ),
    entry("cut-body", &[Point::Value], Effect::Cut, 1, "the connection breaks in the middle of the mail"),
    entry("cut-json", JSON, Effect::Cut, 1, "the connection breaks in the middle of the JSON"),
    entry("short-body", &[Point::Value], Effect::Short, 1, "half the mail, ended as if it were whole"),
    entry("broken-promise", &[Point::Value], Effect::Promise, 1, "Content-Length larger than what comes"),
    entry("stall", &[Point::Value], Effect::Stall, 1, "a pause in the middle of the mail (seconds=)"),
    entry("reset", ANY, Effect::Reset, 1, "the connection breaks before the body"),
    entry("foreign-link", PAGES, Effect::ForeignLink, 1, "a next link to another host"),
    entry("same-link", PAGES, Effect::SameLink, 1, "a next link to the page just read"),
    entry("no-link", PAGES, Effect::NoLink, 1, "no next link although there is more"),
    entry("userless-link", &[Point::List, Point::Sorted], Effect::UserlessLink, 1, "a next link without its user"),
    entry("empty-page", PAGES, Effect::EmptyPage, 1, "an empty page with a next link"),
    entry(
        "empty-list",
        &[Point::List, Point::Sorted],
        Effect::EmptyPage,
        1,
        "an empty page of messages with a next link",
    ),
    entry("twice", PAGES, Effect::Twice, 1, "the last entry of a page stands there twice"),
    entry("wrong-count", PAGES, Effect::WrongCount, 0, "@odata.count that is not true"),
    entry(
        "control-character",
        &[Point::List, Point::Sorted, Point::Message, Point::Body],
        Effect::Subject("\u{1}"),
        1,
        "a raw control character in JSON",
    ),
    entry("vanish", ITEM, Effect::Vanish, 0, "listed, then 404 ErrorItemNotFound"),
    entry("value-gone", ITEM, Effect::Vanish, 0, "the same by its older name"),
    entry("moved", &[Point::Value], Effect::Move, 1, "the message has another id when it is fetched"),
    entry("edit", &[Point::Value], Effect::Edit, 1, "the change key moves between listing and download"),
    entry("token-expire", &[Point::Access], Effect::Expire, 1, "the access token expires (after= requests with it)"),
    entry("token-revoke", &[Point::Access], Effect::Revoke, 1, "the sign-in is revoked (after= requests with a token)"),
    entry("claims-challenge", &[Point::Access], Effect::Claims, 1, "401 with a claims challenge (after=)"),
    entry("redirect", ANY, Effect::Redirect, 1, "a redirect to another server (port= of this machine)"),
    entry("token-redirect", SIGN_IN, Effect::Redirect, 1, "the same from the token endpoint"),
    entry("token-hang", SIGN_IN, Effect::Hang, 1, "the token endpoint says nothing (seconds=)"),
    entry("token-html", SIGN_IN, Effect::Html(200), 1, "a page of HTML from the token endpoint"),
    entry("token-200-error", SIGN_IN, Effect::ErrorAsSuccess, 1, "an OAuth error with status 200"),
    entry("token-error", &[Point::Token], Effect::Aadsts, 1, "the token endpoint refuses (code=AADSTS number)"),
    entry(
        "smime-500",
        &[Point::Value],
        Effect::Status(500, "ErrorMimeContentConversionFailed", "Message content conversion has failed."),
        0,
        "mail that cannot be rendered",
    ),
    entry(
        "corrupt",
        &[Point::Value],
        Effect::Status(500, "ErrorCorruptData", "Invalid global object ID."),
        0,
        "mail that is corrupt",
    ),
    entry(
        "corrupt-page",
        &[Point::List, Point::Sorted],
        Effect::Status(500, "ErrorInternalServerError", "Error while processing response."),
        0,
        "one bad item spoils a page (above= page size)",
    ),
    entry(
        "ole",
        &[Point::Attachment],
        Effect::Status(500, "ErrorCannotOpenFileAttachment", "OLE conversion failed."),
        0,
        "an attachment that cannot be opened",
    ),
    entry(
        "too-many-objects",
        FILES,
        Effect::Status(500, "ErrorTooManyObjectsOpened", "Too many objects are opened."),
        1,
        "too many at once",
    ),
    entry(
        "bad-request",
        ANY,
        Effect::Status(400, "invalidRequest", "Invalid request."),
        1,
        "400 for a request that worked before",
    ),
    entry(
        "io-error",
        ANY,
        Effect::Status(400, "BadRequest", "IO error during request payload read."),
        1,
        "400 that is a broken read",
    ),
    entry(
        "sync-state",
        &[Point::Delta],
        Effect::Status(410, "SyncStateNotFound", "The sync state generation is not found."),
        1,
        "the delta state is gone",
    ),
    entry(
        "resync",
        &[Point::Delta],
        Effect::Status(410, "resyncRequired", "Resync required."),
        1,
        "the delta state must be rebuilt",
    ),
    entry(
        "quota",
        &[Point::Delta],
        Effect::Status(500, "ErrorQuotaExceeded", "The mailbox is over its quota."),
        0,
        "a full mailbox has no delta",
    ),
    entry(
        "moving",
        MAIL,
        Effect::Status(503, "ErrorMailboxMoveInProgress", "Mailbox move in progress. Try again later."),
        1,
        "the mailbox is being moved",
    ),
];

/// All of them, those of the other lists included.
pub(super) fn all() -> impl Iterator<Item = &'static Entry> {
    NAMED.iter().chain(refusals::REFUSALS).chain(shapes::SHAPES).chain(reports::REPORTS)
}

/// The fault with this name.
pub(super) fn named(name: &str) -> Option<Entry> {
    all().find(|entry| entry.name == name).copied().or_else(|| by_status(name))
}

fn by_status(name: &str) -> Option<Entry> {
    let (name, times) = name.strip_suffix("-forever").map_or((name, 1), |short| (short, 0));
    let (place, status) = name.rsplit_once('-')?;
    let points: &'static [Point] = match place {
        "any" => ANY,
        "mail" => MAIL,
        "users" => &[Point::Users],
        "folders" => LEVELS,
        "list" => LISTS,
        "sorted" => &[Point::Sorted],
        "unsorted" => &[Point::List],
        "message" => PROPERTIES,
        "value" => &[Point::Value],
        "attachments" => FILES,
        "delta" => &[Point::Delta],
        "organization" => &[Point::Organization],
        "skus" => &[Point::Skus],
        "subscriptions" => &[Point::Subscriptions],
        "groups" => &[Point::Groups],
        "report-settings" => &[Point::ReportSettings],
        "premium" => &[Point::Premium],
        "reports" => &[Point::Report],
        "downloads" => &[Point::Download],
        _ => return None,
    };
    let status: u16 = status.parse().ok().filter(|status| (400..600).contains(status))?;
    let effect = match StatusCode::from_u16(status).ok()? {
        StatusCode::TOO_MANY_REQUESTS => THROTTLE,
        // The service's own 503 often has no body at all, its 504 an empty message.
        StatusCode::SERVICE_UNAVAILABLE => Effect::Bare(status),
        StatusCode::GATEWAY_TIMEOUT => Effect::Status(status, "UnknownError", ""),
        StatusCode::INTERNAL_SERVER_ERROR => {
            Effect::Status(status, "ErrorInternalServerError", "An internal server error occurred.")
        }
        StatusCode::FORBIDDEN if matches!(place, "users" | "organization" | "skus" | "subscriptions" | "groups") => {
            let text = "Insufficient privileges to complete the operation.";
            Effect::Status(status, "Authorization_RequestDenied", text)
        }
        StatusCode::FORBIDDEN if matches!(place, "reports" | "report-settings") => {
            Effect::Status(status, "S2SUnauthorized", "Invalid scope claims/roles.")
        }
        StatusCode::FORBIDDEN => {
            Effect::Status(status, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
        }
        StatusCode::NOT_FOUND => {
            Effect::Status(status, "ErrorItemNotFound", "The specified object was not found in the store.")
        }
        _ => Effect::Status(status, "UnknownError", "The request failed."),
    };
    Some(Entry { name: "by-status", points, effect, times, gist: "an error by its status" })
}
