//! Graph's errors: status, code and text, in the envelope that Graph uses.
//!
//! Texts and codes are those that Microsoft documents or that users report; see each constructor.

use std::borrow::Cow;

use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, StatusCode};
use serde_json::json;

use crate::simulator::ids::BadId;
use crate::simulator::limits::Excess;
use crate::simulator::reply::Reply;
use crate::simulator::tenant::Denial;

/// A request that is not answered as asked.
#[derive(Debug)]
pub(in crate::simulator) struct Refusal {
    status: StatusCode,
    code: Cow<'static, str>,
    message: Cow<'static, str>,
    headers: Vec<(HeaderName, String)>,
}

impl Refusal {
    /// Any error.
    pub(in crate::simulator) fn new(
        status: StatusCode,
        code: impl Into<Cow<'static, str>>,
        message: impl Into<Cow<'static, str>>,
    ) -> Self {
        Self { status, code: code.into(), message: message.into(), headers: Vec::new() }
    }

    /// Something about the request's options.
    pub(super) fn bad_request(code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    /// The mailbox says no.
    pub(super) fn access_denied() -> Self {
        Self::new(StatusCode::FORBIDDEN, "ErrorAccessDenied", "Access is denied. Check credentials and try again.")
    }

    /// The directory says no.
    pub(super) fn insufficient() -> Self {
        let text = "Insufficient privileges to complete the operation.";
        Self::new(StatusCode::FORBIDDEN, "Authorization_RequestDenied", text)
    }

    /// The token has no scope or role for reports.
    pub(super) fn no_scope_for_reports() -> Self {
        Self::new(StatusCode::FORBIDDEN, "S2SUnauthorized", "Invalid scope claims/roles.")
    }

    /// The token would do, but not for this user.
    pub(super) fn wrong_role() -> Self {
        let text = "User is not in the allowed roles";
        Self::new(StatusCode::FORBIDDEN, "Authentication_RequestFromUnsupportedUserRole", text)
    }

    /// No such item, or no right to it: Exchange does not tell the two apart.
    pub(in crate::simulator) fn item_not_found() -> Self {
        let text = "The specified object was not found in the store.";
        Self::new(StatusCode::NOT_FOUND, "ErrorItemNotFound", text)
    }

    /// No such folder, or no right to it.
    pub(super) fn folder_not_found() -> Self {
        let text = "The specified folder could not be found in the store.";
        Self::new(StatusCode::NOT_FOUND, "ErrorFolderNotFound", text)
    }

    /// What a mailbox answers in this shape to a question about folders, or about messages.
    pub(super) fn denied(denial: Denial, of_messages: bool, name: &str) -> Self {
        let root = |code| Self::new(StatusCode::NOT_FOUND, code, "Default folder Root not found.");
        match denial {
            Denial::Forbidden => Self::access_denied(),
            Denial::ItemNotFound => Self::item_not_found(),
            Denial::PropertiesNotFound => {
                let text = "The specified object was not found in the store., \
                            The process failed to get the correct properties.";
                Self::new(StatusCode::NOT_FOUND, "ErrorItemNotFound", text)
            }
            Denial::RootNotFound if !of_messages => root("ErrorItemNotFound"),
            Denial::RootWithoutCode if !of_messages => root(""),
            Denial::FolderNotFound | Denial::RootNotFound | Denial::RootWithoutCode => Self::folder_not_found(),
            Denial::ResourceNotFound => Self::not_discovered(),
            Denial::RequestResourceNotFound => Self::no_such_user(name),
            Denial::InvalidUser => Self::invalid_user(name),
            Denial::NotYetSupported => Self::not_yet_supported(),
            Denial::NotEnabled => Self::no_mailbox(),
            // The status is not documented.
            Denial::Extension => Self::new(StatusCode::NOT_FOUND, "extensionError", "The mailbox is not in the cloud."),
            Denial::NonExistent => {
                let text = "The SMTP address has no mailbox associated with it.";
                Self::new(StatusCode::NOT_FOUND, "ErrorNonExistentMailbox", text)
            }
            Denial::FailedPrecondition => {
                Self::new(StatusCode::PRECONDITION_FAILED, "failedPrecondition", "Precondition failed.")
            }
            Denial::ODataDisabled => {
                Self::new(StatusCode::FORBIDDEN, "ErrorAccessDenied", "Access to OData is disabled.")
            }
        }
    }

    /// An id that is none, or that belongs to something else.
    pub(super) fn bad_id(bad: BadId) -> Self {
        match bad {
            BadId::Malformed => Self::bad_request("ErrorInvalidIdMalformed", "Id is malformed."),
            BadId::Foreign => Self::item_not_found(),
        }
    }

    /// Nobody of this name in the directory.
    pub(super) fn no_such_user(name: &str) -> Self {
        let text = format!(
            "Resource '{name}' does not exist or one of its queried reference-property objects are not present."
        );
        Self::new(StatusCode::NOT_FOUND, "Request_ResourceNotFound", text)
    }

    /// A mailbox was asked of nobody.
    pub(super) fn invalid_user(name: &str) -> Self {
        Self::new(StatusCode::NOT_FOUND, "ErrorInvalidUser", format!("The requested user '{name}' is invalid."))
    }

    /// No mailbox in the cloud, in the newer wording.
    pub(super) fn no_mailbox() -> Self {
        let text = "The mailbox is either inactive, soft-deleted, or is hosted on-premise.";
        Self::new(StatusCode::NOT_FOUND, "MailboxNotEnabledForRESTAPI", text)
    }

    /// No mailbox in the cloud, in the older wording.
    pub(super) fn not_yet_supported() -> Self {
        let text = "REST API is not yet supported for this mailbox.";
        Self::new(StatusCode::NOT_FOUND, "MailboxNotEnabledForRESTAPI", text)
    }

    /// What the same account may answer hours later.
    pub(super) fn not_discovered() -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", "Resource could not be discovered.")
    }

    /// No such path.
    pub(super) fn no_such_path(segment: &str) -> Self {
        Self::bad_request("BadRequest", format!("Resource not found for the segment '{segment}'."))
    }

    /// A token that is absent, unknown, expired or withdrawn.
    pub(in crate::simulator) fn token(message: &'static str, origin: &str) -> Self {
        let refusal = Self::new(StatusCode::UNAUTHORIZED, "InvalidAuthenticationToken", message);
        let challenge = format!(
            "Bearer realm=\"\", authorization_uri=\"{origin}/common/oauth2/authorize\", \
             client_id=\"00000003-0000-0000-c000-000000000000\""
        );
        refusal.header(WWW_AUTHENTICATE, challenge)
    }

    /// One of the service's limits.
    pub(in crate::simulator) fn excess(excess: Excess) -> Self {
        match excess {
            Excess::Concurrency => Self::throttled("Application is over its MailboxConcurrency limit.", 1),
            Excess::Quota(seconds) => Self::throttled("Application is over its request limit.", seconds),
        }
    }

    /// Too many requests at once or in a time; Outlook's wording.
    pub(in crate::simulator) fn throttled(message: &'static str, seconds: u64) -> Self {
        Self::new(StatusCode::TOO_MANY_REQUESTS, "ApplicationThrottled", message)
            .header(RETRY_AFTER, seconds.to_string())
    }

    /// A method or a form of path that the service does not answer, such as `$value` below a folder.
    pub(super) fn not_supported() -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "ErrorInvalidRequest", "The OData request is not supported.")
    }

    /// A property that the resource does not have.
    pub(super) fn no_such_property(name: &str, kind: &str) -> Self {
        let text = format!("Could not find a property named '{name}' on type 'microsoft.graph.{kind}'.");
        Self::bad_request("RequestBroker--ParseUri", text)
    }

    /// A file of the tenant that cannot be read any more.
    pub(super) fn unreadable() -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "ErrorInternalServerError", "An internal server error occurred.")
    }

    /// A delta token that the service has forgotten.
    pub(super) fn sync_state_not_found() -> Self {
        Self::new(StatusCode::GONE, "SyncStateNotFound", "The sync state generation is not found; generation=0.")
    }

    /// Adds a header.
    pub(in crate::simulator) fn header(mut self, name: HeaderName, value: String) -> Self {
        self.headers.push((name, value));
        self
    }

    /// The answer, in Graph's envelope.
    pub(in crate::simulator) fn into_reply(self, now: &str, request_id: &str, client_request_id: &str) -> Reply {
        let document = json!({ "error": {
            "code": self.code,
            "message": self.message,
            "innerError": { "date": now, "request-id": request_id, "client-request-id": client_request_id },
        } });
        self.headers
            .into_iter()
            .fold(Reply::graph(self.status, document), |reply, (name, value)| reply.header(name, &value))
    }
}
