//! The probe tried against the answers Exchange gives to owners, delegates and strangers.

mod shapes;

use super::{Verdict, check};
use crate::graph::tests::{Reply, Request, Server, graph_at};
use crate::session::{Flow, Scopes, SignedIn};
use crate::terms::{AccessBasis, ObjectId, UtcInstant};

const ANA: &str = r#"{"id":"a1","displayName":"Ana Roe","userPrincipalName":"ana@x.example","mail":"ana@x.example"}"#;

pub(super) fn signed_in(scopes: &str) -> SignedIn {
    let at = UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid");
    SignedIn {
        user_principal_name: "paralegal@x.example".into(),
        display_name: None,
        object_id: ObjectId::new("p1").expect("valid"),
        tenant_id: "t".into(),
        client_id: "c".into(),
        scopes: Scopes::parse(scopes),
        flow: Flow::DeviceCode,
        write_scopes_allowed: false,
        issued_at: at,
        expires_at: at,
        token_id: None,
        credential_ends: None,
        cae: false,
    }
}

fn error(status: u16, code: &str) -> Reply {
    Reply::status(status, &format!(r#"{{"error":{{"code":"{code}","message":"m"}}}}"#))
}

/// Answers the directory, and leaves the mailbox to `mailbox`.
async fn tenant(mailbox: impl Fn(&str) -> Reply + Send + Sync + 'static) -> Server {
    Server::start(move |request: &Request| {
        let path = request.target().split('?').next().unwrap_or_default();
        match path.strip_prefix("/v1.0/users/a1/mailFolders") {
            Some(rest) => mailbox(rest),
            None if path.starts_with("/v1.0/users/") && path.contains("nobody") => {
                error(404, "Request_ResourceNotFound")
            }
            None if path.starts_with("/v1.0/users/") => Reply::json(ANA),
            None => Reply::json(r#"{"value":[]}"#),
        }
    })
    .await
}

/// A mailbox in which everything is open.
fn open(rest: &str) -> Reply {
    if rest.is_empty() || rest.ends_with("/childFolders") {
        Reply::json(
            r#"{"value":[{"id":"f1","displayName":"Inbox","childFolderCount":0,"totalItemCount":3},{"id":"f2","displayName":"Deal","totalItemCount":9}]}"#,
        )
    } else if rest.ends_with("/messages") {
        Reply::json(r#"{"value":[{"id":"m1"}]}"#)
    } else {
        Reply::json(r#"{"id":"f0","childFolderCount":2}"#)
    }
}

async fn checked(server: &Server, scopes: &str) -> super::Probe {
    check(&graph_at(&server.origin), &signed_in(scopes), "ana@x.example").await.expect("something to say")
}

#[tokio::test]
async fn an_open_mailbox_is_ready_with_every_step_observed() {
    let server = tenant(open).await;
    let probe = checked(&server, "Mail.Read.Shared User.ReadBasic.All").await;
    assert_eq!(
        (probe.verdict, probe.basis, probe.advice.as_deref()),
        (Verdict::Ready, Some(AccessBasis::FullAccess), None)
    );
    assert!(probe.meaning().contains("consistent with Full Access"));
    let steps: Vec<&str> = probe.observations.iter().map(|observation| observation.step.as_str()).collect();
    let expected = [
        "scope",
        "identity",
        "root",
        "folders",
        "inbox",
        "sentitems",
        "drafts",
        "deleteditems",
        "recoverable_items",
        "sample",
        "sample",
        "message",
    ];
    assert_eq!(steps, expected);
    assert!(
        probe.observations[1..]
            .iter()
            .all(|seen| seen.status == Some(200) && seen.request_id.is_some() && !seen.path.is_empty())
    );
    assert!(server.seen().iter().all(|request| request.line.starts_with("GET ")));
}

#[tokio::test]
async fn a_server_that_does_not_know_recoverable_items_is_still_ready_with_a_note() {
    let server =
        tenant(|rest| if rest.contains("recoverable") { error(404, "ErrorFolderNotFound") } else { open(rest) }).await;
    let probe = checked(&server, "https://graph.microsoft.com/Mail.Read.Shared").await;
    assert_eq!((probe.verdict, probe.notes.len()), (Verdict::Ready, 1));
    assert!(probe.observations.iter().any(|seen| seen.step == "recoverable_items" && seen.status == Some(404)));
}

#[tokio::test]
async fn a_refused_mailbox_is_denied_with_the_grant_in_the_administrators_words() {
    for answer in [(403, "ErrorAccessDenied"), (404, "ErrorItemNotFound"), (404, "ErrorFolderNotFound")] {
        let server = tenant(move |_| error(answer.0, answer.1)).await;
        let probe = checked(&server, "Mail.Read.Shared").await;
        assert_eq!((probe.verdict, probe.basis), (Verdict::Denied, None));
        let advice = probe.advice.expect("advice");
        let command = "Add-MailboxPermission -Identity ana@x.example -User paralegal@x.example -AccessRights FullAccess -AutoMapping $false";
        for part in [command, "Mailboxes > Ana Roe", "24 hours", answer.1] {
            assert!(advice.contains(part), "{part}: {advice}");
        }
    }
}

#[tokio::test]
async fn a_single_shared_folder_is_partial_and_named() {
    let server =
        tenant(|rest| if rest == "/inbox/messages" { open(rest) } else { error(403, "ErrorAccessDenied") }).await;
    let probe = checked(&server, "Mail.Read.Shared").await;
    assert_eq!((probe.verdict, probe.basis), (Verdict::Partial, Some(AccessBasis::FolderShare)));
    assert!(
        probe
            .advice
            .is_some_and(|advice| advice.contains("Readable: Inbox. Not readable: Sent Items, Drafts, Deleted Items."))
    );
}

#[tokio::test]
async fn a_missing_scope_is_said_before_delegation_is_blamed() {
    let server = tenant(open).await;
    let probe = checked(&server, "Mail.Read User.ReadBasic.All").await;
    assert_eq!(probe.verdict, Verdict::ScopeMissing);
    assert!(probe.advice.is_some_and(|advice| advice.contains("Mail.Read.Shared")));
    assert!(server.seen().iter().all(|request| !request.target().contains("mailFolders")));
}

#[tokio::test]
async fn ones_own_mailbox_needs_no_shared_scope() {
    let server = tenant(open).await;
    let own = SignedIn { object_id: ObjectId::new("a1").expect("valid"), ..signed_in("Mail.Read") };
    let probe = check(&graph_at(&server.origin), &own, "ana@x.example").await.expect("something to say");
    assert_eq!((probe.verdict, probe.basis), (Verdict::Ready, Some(AccessBasis::Myself)));
}

#[tokio::test]
async fn no_mailbox_and_nobody_are_told_apart() {
    let server = tenant(|_| error(404, "MailboxNotEnabledForRESTAPI")).await;
    let probe = checked(&server, "Mail.Read.Shared").await;
    assert_eq!(probe.verdict, Verdict::NoMailbox);
    assert!(probe.advice.is_some_and(|advice| advice.contains("licence")));
    let graph = graph_at(&server.origin);
    let probe = check(&graph, &signed_in("Mail.Read.Shared"), "nobody@x.example").await.expect("something to say");
    assert_eq!((probe.verdict, probe.person), (Verdict::NotFound, None));
    assert!(!probe.observations.is_empty() && probe.advice.is_some());
}

#[tokio::test]
async fn a_rejected_sign_in_is_an_error_and_not_a_verdict() {
    let server = Server::start(|_| error(401, "InvalidAuthenticationToken")).await;
    let fault = check(&graph_at(&server.origin), &signed_in("Mail.Read.Shared"), "ana@x.example")
        .await
        .expect_err("no verdict");
    assert!(fault.is_sign_in_needed() && !fault.trail.is_empty());
}

#[tokio::test]
async fn a_row_has_the_fixed_names() {
    let server = tenant(open).await;
    let row = serde_json::to_value(checked(&server, "Mail.Read.Shared").await.row()).expect("plain data");
    for name in ["custodian", "user_id", "verdict", "advice", "observations"] {
        assert!(row.get(name).is_some(), "{name}");
    }
    for name in ["step", "path", "status", "code", "request_id", "at"] {
        assert!(row["observations"][0].get(name).is_some(), "{name}");
    }
    assert_eq!(row["verdict"], "ready");
}
