//! Every state of delegation against every shape of refusal that Exchange is known to use, each row by name.
//!
//! Source of the shapes: Exchange's response codes and what callers of Graph report.

use super::super::{Probe, Verdict, check, check_all};
use super::{error, open, signed_in, tenant};
use crate::graph::tests::{Reply, Request, Server, graph_at};
use crate::session::SignedIn;
use crate::terms::ObjectId;

/// A status and a code.
type Said = (u16, &'static str);

/// How Exchange refuses a delegate: for folders, and for messages.
const REFUSALS: [(&str, Said, Said); 7] = [
    ("403 for both", (403, "ErrorAccessDenied"), (403, "ErrorAccessDenied")),
    ("item not found", (404, "ErrorItemNotFound"), (404, "ErrorItemNotFound")),
    ("folder not found", (404, "ErrorFolderNotFound"), (404, "ErrorFolderNotFound")),
    ("root not found, folder not found", (404, "ErrorItemNotFound"), (404, "ErrorFolderNotFound")),
    ("403 for folders, 404 for messages", (403, "ErrorAccessDenied"), (404, "ErrorItemNotFound")),
    ("404 for folders, 403 for messages", (404, "ErrorFolderNotFound"), (403, "ErrorAccessDenied")),
    ("404 without a code", (404, ""), (404, "")),
];
/// How the service says that there is no mailbox.
const NO_MAILBOX: [(&str, u16, &str); 6] = [
    ("inactive, soft-deleted or on premises", 404, "MailboxNotEnabledForRESTAPI"),
    ("address without mailbox", 404, "ErrorNonExistentMailbox"),
    ("on premises without hybrid", 404, "extensionError"),
    ("not discovered", 404, "ResourceNotFound"),
    ("unknown to the mail service", 404, "Request_ResourceNotFound"),
    ("invalid user", 404, "ErrorInvalidUser"),
];

/// What a delegate may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Nothing,
    Inbox,
    VisibleTree,
    /// The tree and every list are open, the messages themselves are not.
    ListsOnly,
    Full,
}

impl State {
    fn allows(self, rest: &str) -> bool {
        let inbox = rest == "/inbox/messages";
        match self {
            Self::Nothing => false,
            Self::Inbox => inbox,
            Self::VisibleTree => !rest.ends_with("/messages"),
            Self::ListsOnly | Self::Full => true,
        }
    }

    const fn verdict(self) -> Verdict {
        match self {
            Self::Nothing | Self::VisibleTree => Verdict::Denied,
            Self::Inbox => Verdict::Partial,
            Self::ListsOnly => Verdict::Unknown,
            Self::Full => Verdict::Ready,
        }
    }
}

async fn probed(server: &Server, who: &SignedIn) -> Probe {
    check(&graph_at(&server.origin), who, "ana@x.example").await.expect("something to say")
}

/// A mailbox in this state that refuses in this way; `whole` answers a message's own bytes.
async fn mailbox(state: State, folders: Said, messages: Said) -> Server {
    let refuse = |(status, code)| error(status, code);
    Server::start(move |request: &Request| {
        let path = request.target().split('?').next().unwrap_or_default();
        if path.ends_with("/$value") {
            let whole = matches!(state, State::Full | State::Inbox);
            return if whole { Reply::json("\"bytes\"") } else { refuse(messages) };
        }
        match path.strip_prefix("/v1.0/users/a1/mailFolders") {
            Some(rest) if state.allows(rest) => open(rest),
            Some(rest) if rest.ends_with("/messages") => refuse(messages),
            Some(_) => refuse(folders),
            None if path.starts_with("/v1.0/users/") => Reply::json(super::ANA),
            None => Reply::json(r#"{"value":[]}"#),
        }
    })
    .await
}

#[tokio::test]
async fn the_verdict_is_right_for_each_state_in_each_shape_of_refusal() {
    for (name, folders, messages) in REFUSALS {
        for state in [State::Nothing, State::Inbox, State::VisibleTree, State::ListsOnly, State::Full] {
            let server = mailbox(state, folders, messages).await;
            let probe = probed(&server, &signed_in("Mail.Read.Shared")).await;
            let expected = match (state, messages.0) {
                // A clear no to the bytes is a no; a 404 may be one message that is gone.
                (State::ListsOnly, 403) => Verdict::Denied,
                (state, _) => state.verdict(),
            };
            assert_eq!(probe.verdict, expected, "{name}, {state:?}: {:?}", probe.observations);
            assert_eq!(
                probe.basis.is_some(),
                matches!(expected, Verdict::Ready | Verdict::Partial),
                "{name}, {state:?}"
            );
            assert_eq!(probe.advice.is_none(), expected == Verdict::Ready, "{name}, {state:?}");
        }
    }
}

#[tokio::test]
async fn a_mailbox_that_is_not_there_is_told_in_each_wording_and_when_the_wording_changes() {
    for (name, status, code) in NO_MAILBOX {
        let server = tenant(move |_| error(status, code)).await;
        for who in [signed_in("Mail.Read.Shared"), own()] {
            assert_eq!(probed(&server, &who).await.verdict, Verdict::NoMailbox, "{name}");
        }
    }
    // The same account answers differently from one request to the next, in either order.
    for first in [0, 1] {
        let turn = std::sync::atomic::AtomicUsize::new(first);
        let codes = ["MailboxNotEnabledForRESTAPI", "ResourceNotFound"];
        let server =
            tenant(move |_| error(404, codes[turn.fetch_add(1, std::sync::atomic::Ordering::Relaxed) % 2])).await;
        assert_eq!(probed(&server, &signed_in("Mail.Read.Shared")).await.verdict, Verdict::NoMailbox, "{first}");
    }
}

fn own() -> SignedIn {
    SignedIn { object_id: ObjectId::new("a1").expect("valid"), ..signed_in("Mail.Read") }
}

#[tokio::test]
async fn a_missing_scope_is_told_whatever_the_mailbox_would_answer() {
    for (name, folders, messages) in REFUSALS {
        let server = mailbox(State::Full, folders, messages).await;
        for scopes in ["Mail.Read", "Mail.ReadBasic.Shared", "User.ReadBasic.All", ""] {
            assert_eq!(probed(&server, &signed_in(scopes)).await.verdict, Verdict::ScopeMissing, "{name}, {scopes}");
        }
    }
}

#[tokio::test]
async fn a_service_that_does_not_answer_clearly_gives_no_verdict() {
    let server = tenant(|rest| if rest == "/sentitems/messages" { error(409, "Conflict") } else { open(rest) }).await;
    assert_eq!(probed(&server, &signed_in("Mail.Read.Shared")).await.verdict, Verdict::Unknown);
}

#[tokio::test]
async fn a_redirect_to_another_host_is_followed_by_nobody_and_is_no_verdict_of_ready() {
    let server = tenant(|rest| {
        if rest == "/inbox/messages" {
            Reply::status(302, "").with("Location", "https://elsewhere.example/v1.0/x")
        } else {
            open(rest)
        }
    })
    .await;
    let probe = probed(&server, &signed_in("Mail.Read.Shared")).await;
    assert_ne!(probe.verdict, Verdict::Ready);
}

#[tokio::test]
async fn sizes_that_the_service_refuses_to_give_cost_no_verdict() {
    let server = Server::start(|request: &Request| {
        let path = request.target().split('?').next().unwrap_or_default();
        match path.strip_prefix("/v1.0/users/a1/mailFolders") {
            Some(_) if request.target().contains("$expand") => error(400, "ErrorInvalidUrlQuery"),
            Some(rest) => open(rest),
            None => Reply::json(super::ANA),
        }
    })
    .await;
    let probe = probed(&server, &signed_in("Mail.Read.Shared")).await;
    let facts = probe.facts.expect("facts");
    assert_eq!((probe.verdict, facts.size_bytes, facts.items), (Verdict::Ready, None, Some(12)));
    assert!(probe.observations.iter().any(|seen| seen.step == "folder_sizes" && seen.status == Some(400)));
}

#[tokio::test]
async fn a_sign_in_that_ends_on_the_way_keeps_what_was_observed_of_the_others() {
    let server = Server::start(|request: &Request| {
        let path = request.target().split('?').next().unwrap_or_default();
        match path.strip_prefix("/v1.0/users/a1/mailFolders") {
            Some(rest) => open(rest),
            None if path.contains("late") => error(401, "InvalidAuthenticationToken"),
            None => Reply::json(super::ANA),
        }
    })
    .await;
    let typed: Vec<String> =
        std::iter::once("ana@x.example").chain(["late@x.example"; 20]).map(str::to_owned).collect();
    let checked = check_all(&graph_at(&server.origin), &signed_in("Mail.Read.Shared"), &typed).await;
    assert!(checked.ended.is_some_and(|fault| fault.is_sign_in_needed()));
    assert_eq!((checked.probes.len(), checked.concluded[0], checked.probes[0].verdict), (21, true, Verdict::Ready));
    for (probe, concluded) in checked.probes.iter().zip(checked.concluded).skip(1) {
        assert!(!concluded && probe.verdict == Verdict::Unknown && probe.advice.is_some());
    }
    assert!(checked.probes.last().is_some_and(|probe| probe.observations.is_empty()), "nobody else is asked");
}
