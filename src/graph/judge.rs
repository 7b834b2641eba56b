//! The table: what an attempt's failure means, and whether trying again can help.
//!
//! Decided on status and code, never on message texts but for three that have no code of their own.
//! It must not wait, count or send.

use std::time::Duration;

use super::fault::FaultKind;
use super::receive::Broken;
use super::said::{Kind, Said};
use crate::terms::Purpose;

/// Why an attempt brought nothing.
#[derive(Debug)]
pub(super) enum Trouble {
    /// Graph answered something else.
    Said(Said),
    /// No answer, or one that cannot be used.
    Broken(Broken),
}

/// What to do next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Again {
    /// Nothing: it will be the same tomorrow.
    Stop,
    /// Try, so many times in all.
    Tries(u32),
    /// Try for as long as the limits allow.
    Patiently,
    /// Come back when the service said.
    Asked(Duration),
    /// Get a fresh token, with these claims where the service wants any.
    Renew(Option<String>),
    /// Try for as long as the limits allow, with fewer requests at once; when the service said, if it did.
    Narrower(Option<Duration>),
}

/// Codes of a property or body that Exchange cannot convert (Exchange, "ResponseCodeType").
const UNRENDERABLE: &[&str] = &[
    "errormimecontentconversionfailed",
    "errorcontentconversionfailed",
    "errorunsupportedmimeconversion",
    "errorcorruptdata",
    "errorinvalidrecipients",
    "errorcannotopenfileattachment",
];
/// `failedPrecondition` is what every request for a mailbox without a licence gets.
const NO_MAILBOX: &[&str] = &[
    "mailboxnotenabledforrestapi",
    "mailboxnotsupportedforrestapi",
    "errornonexistentmailbox",
    "extensionerror",
    "failedprecondition",
];
const THROTTLED: &[&str] =
    &["applicationthrottled", "toomanyrequests", "activitylimitreached", "errortoomanyrequests", "throttledrequest"];
const PASSING: &[&str] = &[
    "errorinternalservertransienterror",
    "errorserverbusy",
    "errortimeoutexpired",
    "errormailboxstoreunavailable",
    "servicenotavailable",
    "serviceunavailable",
];
const DEAD_LINK: &[&str] = &["syncstatenotfound", "syncstateinvalid", "resyncrequired"];

/// How long a mailbox that is being moved is left alone.
const MOVING: Duration = Duration::from_mins(1);

/// Judges one failed attempt.
pub(super) fn judge(trouble: Trouble, purpose: Purpose) -> (FaultKind, Again) {
    match trouble {
        Trouble::Broken(broken) => judge_broken(broken),
        Trouble::Said(said) => by_code(&said, purpose).unwrap_or_else(|| by_status(&said, purpose)),
    }
}

fn judge_broken(broken: Broken) -> (FaultKind, Again) {
    match broken {
        Broken::Stalled | Broken::Cut | Broken::Short | Broken::Unreachable { ever_reached: true } => {
            (FaultKind::Unavailable, Again::Patiently)
        }
        // Nothing ever answered at this address: more likely a wrong address than a passing fault.
        Broken::Unreachable { ever_reached: false } => (FaultKind::Unavailable, Again::Tries(3)),
        Broken::Tls => (FaultKind::Tls, Again::Stop),
        Broken::NotJson | Broken::WebPage | Broken::OddStatus => (FaultKind::NotGraph, Again::Tries(4)),
        Broken::WrongShape => (FaultKind::NotGraph, Again::Stop),
        Broken::TooBig | Broken::DamagedLink => (FaultKind::AskLess, Again::Stop),
        Broken::ForeignLink => (FaultKind::Foreign, Again::Stop),
        Broken::Unaskable => (FaultKind::Refused, Again::Stop),
        Broken::Sink(error) => (FaultKind::Local(error), Again::Stop),
    }
}

fn is_item(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Mime | Purpose::Attachment | Purpose::ItemState)
}

/// Waits as the service asked, else by our own pauses.
fn waiting(said: &Said) -> Again {
    said.retry_after.map_or(Again::Patiently, Again::Asked)
}

fn by_code(said: &Said, purpose: Purpose) -> Option<(FaultKind, Again)> {
    let listing = purpose == Purpose::List;
    let (kind, again) = if said.says(UNRENDERABLE) {
        match purpose {
            _ if is_item(purpose) => (FaultKind::Unrenderable, Again::Tries(2)),
            // One such item spoils its whole page: a narrower question isolates it.
            Purpose::List => (FaultKind::AskLess, Again::Tries(2)),
            _ => (FaultKind::Unavailable, Again::Tries(2)),
        }
    } else if said.says(NO_MAILBOX) {
        (FaultKind::NoMailbox, Again::Stop)
    } else if said.says(&["errortoomanyobjectsopened"]) {
        (FaultKind::Throttled, Again::Narrower(said.retry_after))
    } else if said.mentions("mailboxconcurrency") {
        // Somebody else uses the same application on this mailbox: four of ours are too many.
        (FaultKind::Throttled, Again::Narrower(said.retry_after))
    } else if said.says(THROTTLED) {
        (FaultKind::Throttled, waiting(said))
    } else if said.says(&["errormailboxmoveinprogress"]) {
        (FaultKind::Unavailable, Again::Asked(said.retry_after.unwrap_or(MOVING)))
    } else if said.says(PASSING) && said.status != 504 {
        (FaultKind::Unavailable, waiting(said))
    } else if said.says(DEAD_LINK) || said.status == 410 {
        // The walk that this link belongs to is over; a listing starts again.
        (if listing { FaultKind::AskLess } else { FaultKind::NotFound }, Again::Stop)
    } else if said.mentions("io error during request payload read") {
        (FaultKind::Unavailable, Again::Patiently)
    } else if purpose == Purpose::Mime && said.mentions("does not support structured data") {
        (FaultKind::Unrenderable, Again::Tries(2))
    } else {
        return None;
    };
    Some((kind, again))
}

fn by_status(said: &Said, purpose: Purpose) -> (FaultKind, Again) {
    let listing = purpose == Purpose::List;
    match said.status {
        401 => (FaultKind::Denied, Again::Renew(said.claims.clone())),
        403 if said.claims.is_some() => (FaultKind::Denied, Again::Renew(said.claims.clone())),
        400 | 403 | 404 | 405 if said.kind == Kind::Other => (FaultKind::NotGraph, Again::Tries(3)),
        // Seen now and then where the tenant has it.
        403 if said.says(&["authentication_requestfromnonpremiumtenantorb2ctenant"]) => {
            (FaultKind::Denied, Again::Tries(3))
        }
        403 => (FaultKind::Denied, Again::Stop),
        404 => missing(said, purpose),
        400 if said.says(&["invalidrequest"]) => (FaultKind::Refused, Again::Tries(2)),
        407 => (FaultKind::NotGraph, Again::Stop),
        408 => (FaultKind::Unavailable, Again::Patiently),
        409 => (FaultKind::Unavailable, Again::Tries(4)),
        423 => (FaultKind::Refused, Again::Tries(4)),
        429 | 509 => (FaultKind::Throttled, waiting(said)),
        500 if listing => (FaultKind::AskLess, Again::Tries(4)),
        // A bare 500 on one item that stays is that item's fault, not the service's.
        500 if is_item(purpose) && said.kind == Kind::Json => (FaultKind::Unrenderable, Again::Tries(5)),
        501 | 505 => (FaultKind::Refused, Again::Stop),
        503 if listing && said.kind == Kind::Empty && said.retry_after.is_none() => {
            (FaultKind::AskLess, Again::Tries(4))
        }
        504 => (FaultKind::AskLess, Again::Tries(if listing { 3 } else { 5 })),
        500.. => (FaultKind::Unavailable, waiting(said)),
        // Never followed; whoever sends elsewhere may not do so twice.
        300..=399 => (FaultKind::Refused, Again::Tries(2)),
        _ => (FaultKind::Refused, Again::Stop),
    }
}

fn missing(said: &Said, purpose: Purpose) -> (FaultKind, Again) {
    if said.says(&["erroritemnotfound", "itemnotfound"]) {
        (FaultKind::Gone, Again::Stop)
    } else if said.says(&["unknownerror"]) && purpose == Purpose::Other {
        // The report service's hiccup.
        (FaultKind::Unavailable, Again::Tries(3))
    } else if said.code.is_some() {
        (FaultKind::NotFound, Again::Stop)
    } else if is_item(purpose) {
        // Seen for messages that exist: no body, no code, no proof that anything was deleted.
        (FaultKind::Unavailable, Again::Tries(5))
    } else {
        (FaultKind::NotFound, Again::Tries(2))
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;

    fn verdict(status: u16, body: &str, purpose: Purpose) -> (String, Again) {
        let said = Said::new(status, &HeaderMap::new(), body.as_bytes(), None);
        let (kind, again) = judge(Trouble::Said(said), purpose);
        (format!("{kind:?}"), again)
    }

    fn code(code: &str) -> String {
        format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#)
    }

    #[test]
    fn the_table_says_what_each_answer_means_and_whether_waiting_helps() {
        use Purpose::{AccessTest, Folder, ItemState, List, Mime, User};
        for (status, body, purpose, kind, again) in [
            (400, code("BadRequest"), List, "Refused", Again::Stop),
            (400, code("invalidRequest"), List, "Refused", Again::Tries(2)),
            (401, code("InvalidAuthenticationToken"), List, "Denied", Again::Renew(None)),
            (403, code("ErrorAccessDenied"), AccessTest, "Denied", Again::Stop),
            (403, "<html>blocked</html>".into(), AccessTest, "NotGraph", Again::Tries(3)),
            (404, code("ErrorItemNotFound"), Mime, "Gone", Again::Stop),
            (404, code("itemNotFound"), Mime, "Gone", Again::Stop),
            (404, String::new(), Mime, "Unavailable", Again::Tries(5)),
            (404, code(""), ItemState, "Unavailable", Again::Tries(5)),
            (404, String::new(), Folder, "NotFound", Again::Tries(2)),
            (404, code("ErrorFolderNotFound"), Folder, "NotFound", Again::Stop),
            (404, code("mailboxnotenabledforrestapi"), Folder, "NoMailbox", Again::Stop),
            (404, code("Request_ResourceNotFound"), User, "NotFound", Again::Stop),
            (405, code("ErrorInvalidRequest"), Mime, "Refused", Again::Stop),
            (410, code("SyncStateNotFound"), List, "AskLess", Again::Stop),
            (429, code("TooManyRequests"), Mime, "Throttled", Again::Patiently),
            (429, String::new(), Mime, "Throttled", Again::Patiently),
            (500, code("ErrorMimeContentConversionFailed"), Mime, "Unrenderable", Again::Tries(2)),
            (500, code("ErrorCorruptData"), List, "AskLess", Again::Tries(2)),
            (500, code("generalException"), List, "AskLess", Again::Tries(4)),
            (500, code("ErrorInternalServerTransientError"), Mime, "Unavailable", Again::Patiently),
            (500, code("ErrorTooManyObjectsOpened"), Mime, "Throttled", Again::Narrower(None)),
            (501, code("NotImplemented"), User, "Refused", Again::Stop),
            (502, "<html>bad gateway</html>".into(), Mime, "Unavailable", Again::Patiently),
            (503, String::new(), Mime, "Unavailable", Again::Patiently),
            (503, String::new(), List, "AskLess", Again::Tries(4)),
            (504, code("UnknownError"), List, "AskLess", Again::Tries(3)),
            (302, String::new(), User, "Refused", Again::Tries(2)),
        ] {
            assert_eq!(verdict(status, &body, purpose), (kind.to_owned(), again), "{status} {body} {purpose:?}");
        }
    }

    #[test]
    fn a_message_without_structured_data_cannot_be_rendered() {
        let body = r#"{"error":{"code":"ErrorInvalidOperation","message":"Text does not support structured data."}}"#;
        assert_eq!(verdict(500, body, Purpose::Mime), ("Unrenderable".to_owned(), Again::Tries(2)));
    }

    #[test]
    fn an_error_while_reading_the_request_is_tried_again_whatever_the_status() {
        let body = r#"{"error":{"code":"BadRequest","message":"IO error during request payload read"}}"#;
        assert_eq!(verdict(400, body, Purpose::List), ("Unavailable".to_owned(), Again::Patiently));
    }
}
