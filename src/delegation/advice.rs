//! What to do about a verdict, in the words of whoever must do it, with the real names filled in.
//!
//! The permission and its command are Exchange's own (Exchange Online PowerShell, `Add-MailboxPermission`).

use miette::Diagnostic as _;

use super::Verdict;
use super::conclude::Conclusion;
use super::powershell::argument;
use crate::directory::{MailboxState, Person, ResolveError};
use crate::session::SignedIn;

/// How long a grant may take, as Microsoft and the field say.
pub(super) const PATIENCE: &str =
    "A grant can take up to 24 hours to take effect, usually about one; then run `affiant check` again.";

/// What the advice is about.
pub(super) struct Case<'a> {
    pub(super) person: &'a Person,
    pub(super) signed_in: &'a SignedIn,
    pub(super) own: bool,
    /// The last error code seen.
    pub(super) code: Option<&'a str>,
}

/// Advice for a verdict; `None` when there is nothing to do.
pub(super) fn advise(conclusion: &Conclusion, case: &Case<'_>) -> Option<String> {
    let advice = match conclusion.verdict {
        Verdict::Ready => return None,
        Verdict::Denied if case.own => format!(
            "The account's own mailbox refuses to be read{}. Ask the Microsoft 365 administrator whether a policy (Conditional Access, application access policy) blocks this application.",
            said(case.code)
        ),
        Verdict::Denied => format!(
            "Not readable{}: no delegation seen, or it is not effective yet, or the mailbox is not in Exchange Online. This is not an empty mailbox.\n{}\n{PATIENCE}",
            said(case.code),
            grant(case)
        ),
        Verdict::Partial if case.own => format!("Parts of the account's own mailbox could not be read: {}.", conclusion.closed.join(", ")),
        Verdict::Partial => partial(conclusion, case),
        Verdict::NoMailbox => no_mailbox(case),
        Verdict::ScopeMissing => scope(case),
        Verdict::NotFound => "The directory no longer knows this person; look them up with `affiant users`. A deleted user's mailbox must be restored or made inactive by an Exchange administrator first.".to_owned(),
        Verdict::Unknown => format!("The service did not give clear answers{}. Run `affiant check` again in a few minutes.", said(case.code)),
    };
    Some(advice)
}

/// Advice for somebody who could not be resolved.
pub(super) fn unresolved(error: &ResolveError) -> String {
    let help = error.help().map(|help| help.to_string()).unwrap_or_default();
    match error {
        ResolveError::Fault(fault) if matches!(fault.kind, crate::graph::FaultKind::Denied) => {
            "The directory could not be read: the sign-in needs the scope User.ReadBasic.All. An administrator consents to it in the Entra admin centre (App registrations, API permissions, Grant admin consent); then run `affiant login` again.".to_owned()
        }
        error => sentence(&format!("{error}: {help}")),
    }
}

fn said(code: Option<&str>) -> String {
    code.map(|code| format!(" (Exchange says {code})")).unwrap_or_default()
}

/// How an Exchange administrator grants Full Access, in the admin centre or in PowerShell.
fn grant(case: &Case<'_>) -> String {
    let Case { person, signed_in, .. } = case;
    let user = &signed_in.user_principal_name;
    format!(
        "To grant access, an Exchange administrator opens https://admin.exchange.microsoft.com, Recipients > Mailboxes > {label} > Delegation > Read and manage (Full Access) > Edit > Add members, and adds {user}. Or in Exchange Online PowerShell:\n    Add-MailboxPermission -Identity {identity} -User {quoted} -AccessRights FullAccess -AutoMapping $false",
        label = person.label(),
        identity = argument(person.address()),
        quoted = argument(user),
    )
}

fn partial(conclusion: &Conclusion, case: &Case<'_>) -> String {
    let readable = conclusion.readable.join(", ");
    let closed = if conclusion.closed.is_empty() {
        "the mailbox's root or its list of folders".to_owned()
    } else {
        conclusion.closed.join(", ")
    };
    format!(
        "Only some folders are shared with {user}; a collection would be partial. Readable: {readable}. Not readable: {closed}.\n{grant}\n{PATIENCE}",
        user = case.signed_in.user_principal_name,
        grant = grant(case),
    )
}

fn no_mailbox(case: &Case<'_>) -> String {
    let why = match (case.person.mailbox.state, case.code) {
        (MailboxState::Guest, _) => {
            "This is a guest: the mailbox is in the guest's own tenant and must be collected there.".to_owned()
        }
        (_, code) => format!(
            "There is no mailbox that Graph can reach{}. An Exchange administrator checks whether {} has an Exchange Online licence (a new one takes about 15 minutes; without one, data is kept 30 days), is soft-deleted or inactive, or lives on premises.",
            said(code),
            case.person.label()
        ),
    };
    match (&case.person.mailbox.reason, case.person.mailbox.state) {
        (Some(reason), state) if state != MailboxState::Guest => format!("{why} The directory shows: {reason}."),
        _ => why,
    }
}

fn scope(case: &Case<'_>) -> String {
    let scope = if case.own { "Mail.Read" } else { "Mail.Read.Shared" };
    let reach = if case.own {
        "to read the account's own mailbox"
    } else {
        "to read mailboxes of others, however much access is delegated"
    };
    format!(
        "The sign-in lacks the scope {scope}, which it takes {reach}. An administrator consents to it in the Entra admin centre (App registrations, API permissions, Grant admin consent); then run `affiant login` again. Delegation was not tested."
    )
}

fn sentence(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map(|first| first.to_uppercase().chain(chars).collect()).unwrap_or_default()
}
