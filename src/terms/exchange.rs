//! One HTTP exchange as the record keeps it: what was asked, when, and what came back.
//!
//! The URL is path and query only and holds ids, never a secret; bodies and headers are not kept.

use std::time::Duration;

use uuid::Uuid;

use super::UtcInstant;

/// What a request was for; the words of the manifest's `request.purpose`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// The token endpoint.
    Token,
    /// The directory.
    User,
    /// The delegation probe.
    AccessTest,
    /// Folders.
    Folder,
    /// A count.
    Count,
    /// A page of messages.
    List,
    /// A message's bytes.
    Mime,
    /// An attachment, on the rebuilt path.
    Attachment,
    /// One message's properties.
    ItemState,
    /// Anything else.
    Other,
}

impl Purpose {
    /// The spelling in the manifest.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::User => "user",
            Self::AccessTest => "access_test",
            Self::Folder => "folder",
            Self::Count => "count",
            Self::List => "list",
            Self::Mime => "mime",
            Self::Attachment => "attachment",
            Self::ItemState => "item_state",
            Self::Other => "other",
        }
    }
}

/// The request's method: nothing but reading, and the token endpoint's POST.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    /// Every request to Graph.
    Get,
    /// The token endpoint only.
    Post,
}

impl Method {
    /// The spelling on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Get => "GET",
            Self::Post => "POST",
        }
    }
}

/// One attempt of one request.
#[derive(Debug, Clone)]
pub struct Exchange {
    /// What it was for.
    pub purpose: Purpose,
    /// How.
    pub method: Method,
    /// Path and query, without host.
    pub url: String,
    /// HTTP status; `None` when no answer came.
    pub status: Option<u16>,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// Our id, sent as `client-request-id`.
    pub client_request_id: Uuid,
    /// The service's id, from `request-id`.
    pub request_id: Option<String>,
    /// The service's `Date`, as sent.
    pub server_date: Option<String>,
    /// When the request left.
    pub sent_at: UtcInstant,
    /// When the answer's headers were here.
    pub headers_at: Option<UtcInstant>,
    /// When the body was here, or the attempt failed.
    pub done_at: UtcInstant,
    /// `Content-Length`, where given.
    pub content_length: Option<u64>,
    /// Body bytes received.
    pub bytes: u64,
    /// How long the service asked to wait.
    pub retry_after: Option<Duration>,
    /// Graph's error code or a word for a transport failure; never a message text.
    pub error: Option<String>,
}
