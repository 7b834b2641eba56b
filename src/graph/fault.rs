//! What went wrong, in words that say who must act. The trail of attempts stays with it.
//!
//! It holds Graph's error code and status, never its message text (which may name people), no token, no address.

use std::fmt;

use miette::Diagnostic;

use super::words;
use crate::session::SignInError;
use crate::terms::Exchange;

/// A question that Graph did not answer.
#[derive(Debug)]
pub struct Fault {
    /// What it means.
    pub kind: FaultKind,
    /// HTTP status of the last attempt; `None` when no answer came.
    pub status: Option<u16>,
    /// Graph's error code in its own spelling, or a word for a transport failure.
    pub code: Option<String>,
    /// Every attempt.
    pub trail: Vec<Exchange>,
}

impl Fault {
    /// Whether the run must stop until somebody signs in or consents.
    pub fn is_sign_in_needed(&self) -> bool {
        matches!(&self.kind, FaultKind::SignIn(error) if error.is_sign_in_needed())
    }

    /// Whether Graph as a whole cannot be used now, so that asking on is pointless: sign-in, network, TLS, proxy.
    pub const fn is_total(&self) -> bool {
        match self.kind {
            FaultKind::SignIn(_) | FaultKind::Tls | FaultKind::NotGraph | FaultKind::Foreign => true,
            FaultKind::Unavailable => self.status.is_none(),
            _ => false,
        }
    }

    /// The service's id of the last attempt, for its support.
    pub fn request_id(&self) -> Option<&str> {
        self.trail.last()?.request_id.as_deref()
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.kind)?;
        let status = self.status.map(|status| status.to_string());
        let id = self.request_id().map(|id| format!("request-id {id}"));
        let code = self.code.clone().filter(|_| !matches!(self.kind, FaultKind::SignIn(_)));
        let detail: Vec<String> = [status, code, id].into_iter().flatten().collect();
        if detail.is_empty() { Ok(()) } else { write!(f, " ({})", detail.join(", ")) }
    }
}

impl std::error::Error for Fault {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        std::error::Error::source(&self.kind)
    }
}

impl Diagnostic for Fault {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.kind.code()
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let of_code = self.code.as_deref().filter(|_| matches!(self.kind, FaultKind::Denied)).and_then(words::advice);
        match of_code {
            Some(advice) => Some(Box::new(advice)),
            None => self.kind.help(),
        }
    }
}

/// What a fault means and who must act.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum FaultKind {
    /// Sign-in or consent is needed.
    #[error(transparent)]
    #[diagnostic(transparent)]
    SignIn(Box<SignInError>),
    /// 403: the account or the application lacks the right.
    #[error("Graph denied access")]
    #[diagnostic(
        code(affiant::graph::denied),
        help(
            "an administrator must grant the scope to the application or the mailbox to the account; run `affiant check` for a mailbox, `affiant whoami` for scopes"
        )
    )]
    Denied,
    /// The item is not in the store, or the account may not see it: the service does not tell these apart.
    #[error("the item is not there any more, or is not visible to this account")]
    #[diagnostic(
        code(affiant::graph::gone),
        help("it was deleted or moved since it was listed, or access was withdrawn; the record keeps the answer")
    )]
    Gone,
    /// There is no mailbox in Exchange Online behind this person.
    #[error("there is no mailbox that Graph can reach")]
    #[diagnostic(
        code(affiant::graph::no_mailbox),
        help(
            "an Exchange administrator must check whether the mailbox is licensed, soft-deleted, inactive or on premises; a new licence takes about 15 minutes"
        )
    )]
    NoMailbox,
    /// 404 for anything but an item.
    #[error("Graph does not know what was asked for")]
    #[diagnostic(
        code(affiant::graph::not_found),
        help("check the spelling and the tenant; for a mailbox it can also mean that access is not granted")
    )]
    NotFound,
    /// The service cannot convert this item, now or later.
    #[error("the service cannot render this item")]
    #[diagnostic(
        code(affiant::graph::unrenderable),
        help("nothing to do: the item is rebuilt from its properties and labelled, or listed as an exception")
    )]
    Unrenderable,
    /// The answer was too large for the service or for us: ask for a smaller page, a shorter range, fewer properties.
    #[error("the service could not put the answer together in time")]
    #[diagnostic(
        code(affiant::graph::ask_less),
        help("ask for less at a time; if it stays, run the acquisition again later with `affiant resume`")
    )]
    AskLess,
    /// The request as such was refused.
    #[error("Graph refused the request")]
    #[diagnostic(
        code(affiant::graph::refused),
        help(
            "this cloud or server does not support the request; report the status, code and request-id to Affiant's maintainers"
        )
    )]
    Refused,
    /// The service kept asking to wait.
    #[error("Graph kept asking to wait until the time allowed was over")]
    #[diagnostic(
        code(affiant::graph::throttled),
        help("another program may be using the same application on this mailbox; go on later with `affiant resume`")
    )]
    Throttled,
    /// No usable answer, though waiting may help.
    #[error("Graph did not answer properly")]
    #[diagnostic(
        code(affiant::graph::unavailable),
        help("check the network, the proxy and the service's health page, then go on with `affiant resume`")
    )]
    Unavailable,
    /// A link leads to another host; it was not followed and no token was sent.
    #[error("an answer links to another server than the configured Graph")]
    #[diagnostic(
        code(affiant::graph::foreign),
        help(
            "the link was not followed and nothing was sent there; a proxy between here and Graph may rewrite answers, ask whoever runs it"
        )
    )]
    Foreign,
    /// The answer is no Graph answer: a web page, or JSON of another kind.
    #[error("the answer is not from Graph: a web page or something else came back")]
    #[diagnostic(
        code(affiant::graph::not_graph),
        help(
            "a proxy or sign-on page may stand between here and Graph; check AFFIANT_GRAPH_URL and ask the network's administrator to let the Graph host through"
        )
    )]
    NotGraph,
    /// The server could not prove who it is.
    #[error("the connection to Graph is not secure: the server's certificate was not accepted")]
    #[diagnostic(
        code(affiant::graph::tls),
        help(
            "if a proxy inspects traffic, ask its administrator for the root certificate and name it in AFFIANT_CA_FILE; on a bare machine install the package ca-certificates; check the clock"
        )
    )]
    Tls,
    /// The bytes could not be kept on this side.
    #[error("the bytes received could not be stored")]
    #[diagnostic(
        code(affiant::graph::local),
        help("check free space and write permission of the output folder, then `affiant resume`")
    )]
    Local(#[source] std::io::Error),
}
