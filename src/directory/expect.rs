//! What a directory entry lets one expect of a mailbox, with the reason in a sentence.
//!
//! What the granted scopes do not show is unknown, never false, and what is inferred says so. It must not ask anything.

use crate::graph::wire::{AssignedPlan, User};
use crate::terms::MailboxKind;

/// What the directory says about a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct MailboxSeen {
    /// Its kind; a delegated session can rarely tell.
    pub kind: MailboxKind,
    /// What to expect.
    pub state: MailboxState,
    /// Why, in a sentence.
    pub reason: Option<String>,
    /// What the kind is known from; nothing where it is unknown.
    pub kind_from: Option<KindFrom>,
    /// The Exchange Online plan that gives the mailbox; nothing where plans are not visible.
    pub exchange_plan: Option<PlanStatus>,
}

/// What to expect of a mailbox before it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailboxState {
    /// There should be one.
    Likely,
    /// There should be none: no address, or the service says so.
    None,
    /// A guest; the mailbox is in another tenant.
    Guest,
    /// The account is disabled: a leaver, or a shared, room or equipment mailbox.
    DisabledAccount,
    /// No Exchange Online plan, or one that is suspended, locked out or deleted.
    Unlicensed,
    /// Synchronised from on premises and without an Exchange Online plan: the mailbox is likely there.
    OnPremises,
    /// The directory does not show enough.
    Unknown,
}

impl MailboxState {
    /// Every state, in the order of summaries.
    pub const ALL: [Self; 7] = [
        Self::Likely,
        Self::DisabledAccount,
        Self::Unlicensed,
        Self::OnPremises,
        Self::Guest,
        Self::None,
        Self::Unknown,
    ];

    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Likely => "likely",
            Self::None => "none",
            Self::Guest => "guest",
            Self::DisabledAccount => "disabled_account",
            Self::Unlicensed => "unlicensed",
            Self::OnPremises => "on_premises",
            Self::Unknown => "unknown",
        }
    }

    /// Reads the word, with `-` for `_` too; `None` for any other text.
    pub fn from_word(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// What a mailbox's kind is known from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KindFrom {
    /// The service said it: `mailboxSettings/userPurpose`.
    UserPurpose,
    /// Inferred: an enabled account with an Exchange Online plan is a person's mailbox.
    Plan,
}

/// How an Exchange Online plan stands (Graph, `assignedPlan.capabilityStatus`); the best one of several.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PlanStatus {
    /// In force.
    Enabled,
    /// Lapsed, and still in force for a time of grace.
    Warning,
    /// A plan whose status is none of these.
    Unclear,
    /// Lapsed: the mailbox is closed.
    Suspended,
    /// Closed by the organisation or by Microsoft.
    LockedOut,
    /// Taken away.
    Deleted,
    /// None at all.
    None,
}

/// Plans that carry a mailbox: Exchange Online Plan 2, Plan 1 and Kiosk with their relatives. Many other plans are of the
/// service `exchange` and carry none: the foundations, archiving, discovery, auditing
/// (Microsoft, "Product names and service plan identifiers for licensing").
const WITH_MAILBOX: [&str; 10] = [
    "4a82b400-a79f-41a4-b4e2-e94f5787b113",
    "88f4d7ef-a73b-4246-8047-516022144c9f",
    "90927877-dcff-4af6-b346-2332c0b15bb7",
    "d42bdbd6-c335-4231-ab3d-c8f348d5aff5",
    "1126bef5-da20-4f07-b45e-ad25d2581aa8",
    "9aaf7827-d63c-4b61-89c3-182f06f82e5c",
    "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd",
    "fc52cc4b-ed7d-472d-bbe7-b081c23ecc56",
    "efb87545-963c-4e0d-99df-69c6916d9eb0",
    "8c3069c0-ccdb-44be-ab77-986203a67df2",
];

/// What the rules below look at.
struct Facts {
    home: Home,
    has_address: bool,
    disabled: bool,
    synced: bool,
    plan: Option<PlanStatus>,
}

/// Where the account is at home.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Home {
    Here,
    /// `userType` says guest.
    Guest,
    /// The sign-in name says so (`#EXT#`), whatever the type.
    External,
}

/// What the entry lets one expect.
pub(super) fn expect(user: &User, has_address: bool) -> MailboxSeen {
    let facts = Facts {
        home: home(user),
        has_address,
        disabled: user.account_enabled == Some(false),
        synced: user.on_premises_sync_enabled == Some(true),
        plan: user.assigned_plans.as_deref().map(status),
    };
    let (state, reason) = facts.expected();
    // Shared, room and equipment mailboxes look alike here; only this one can be told.
    let a_person = facts.is_licensed() && has_address && !facts.disabled;
    MailboxSeen {
        kind: if a_person { MailboxKind::User } else { MailboxKind::Unknown },
        state,
        reason: reason.map(str::to_owned),
        kind_from: a_person.then_some(KindFrom::Plan),
        exchange_plan: facts.plan,
    }
}

impl Facts {
    const fn is_licensed(&self) -> bool {
        matches!(self.plan, Some(PlanStatus::Enabled | PlanStatus::Warning))
    }

    fn expected(&self) -> (MailboxState, Option<&'static str>) {
        match self.home {
            Home::Guest if !self.is_licensed() => {
                return (MailboxState::Guest, Some("the mailbox is in the guest's own tenant"));
            }
            Home::External if !self.is_licensed() => {
                return (MailboxState::Guest, Some("an external account (#EXT#), so the mailbox is in another tenant"));
            }
            Home::Here | Home::Guest | Home::External => {}
        }
        if !self.has_address {
            return if self.is_licensed() {
                (
                    MailboxState::Unknown,
                    Some("an Exchange Online plan but no mail address: the mailbox may still be in the making"),
                )
            } else {
                (MailboxState::None, Some("no mail address, so no mailbox is expected"))
            };
        }
        if self.disabled {
            return (MailboxState::DisabledAccount, Some(self.disabled_reason()));
        }
        match self.plan {
            Some(PlanStatus::Enabled) if self.home != Home::Here => {
                (MailboxState::Likely, Some("a guest account that has an Exchange Online plan in this tenant"))
            }
            Some(PlanStatus::Enabled) => (MailboxState::Likely, None),
            Some(PlanStatus::Warning) => (
                MailboxState::Likely,
                Some("the Exchange Online plan has lapsed and is in its time of grace: collect before it ends"),
            ),
            Some(PlanStatus::Unclear) => {
                (MailboxState::Unknown, Some("an Exchange Online plan whose status is not known"))
            }
            Some(PlanStatus::Suspended) => (
                MailboxState::Unlicensed,
                Some(
                    "the Exchange Online plan is suspended: the mailbox is kept for a while and cannot be reached until a licence is back",
                ),
            ),
            Some(PlanStatus::LockedOut) => (
                MailboxState::Unlicensed,
                Some("the Exchange Online plan is locked out: the mailbox cannot be reached"),
            ),
            Some(PlanStatus::Deleted) => (
                MailboxState::Unlicensed,
                Some(
                    "the Exchange Online plan was taken away: the mailbox is kept for 30 days and cannot be reached until a licence is back",
                ),
            ),
            Some(PlanStatus::None) if self.synced => (
                MailboxState::OnPremises,
                Some(
                    "likely on premises: the account is synchronised from there and has no Exchange Online plan; Graph does not reach it",
                ),
            ),
            Some(PlanStatus::None) => (
                MailboxState::Unlicensed,
                Some(
                    "an address but no Exchange Online plan: unlicensed, or a shared mailbox whose account is enabled",
                ),
            ),
            None => {
                (MailboxState::Likely, Some("an address; licence and kind are not visible with the granted scopes"))
            }
        }
    }

    const fn disabled_reason(&self) -> &'static str {
        match self.plan {
            Some(PlanStatus::Enabled | PlanStatus::Warning) => {
                "the account is disabled, perhaps a leaver; the mailbox is licensed and can be collected if access is delegated"
            }
            Some(PlanStatus::Suspended | PlanStatus::LockedOut | PlanStatus::Deleted) => {
                "the account is disabled and its Exchange Online plan is no longer in force: a leaver, or a mailbox made shared"
            }
            Some(PlanStatus::None) if self.synced => {
                "disabled account with an address and no plan, synchronised from on premises: a shared, room or equipment mailbox here or there, or a leaver"
            }
            Some(PlanStatus::None) => {
                "likely shared: disabled account with an address and no plan; could also be a room, equipment or a leaver; it can be collected if access is delegated"
            }
            Some(PlanStatus::Unclear) | None => {
                "the account is disabled: often a shared, room or equipment mailbox, or a leaver; it can be collected if access is delegated"
            }
        }
    }
}

fn home(user: &User) -> Home {
    if user.user_type.as_deref().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("guest")) {
        Home::Guest
    } else if user.user_principal_name.as_deref().is_some_and(|upn| upn.to_lowercase().contains("#ext#")) {
        Home::External
    } else {
        Home::Here
    }
}

fn status(plans: &[AssignedPlan]) -> PlanStatus {
    let gives_mailbox = |plan: &&AssignedPlan| {
        let exchange = plan.service.as_deref().is_some_and(|service| service.trim().eq_ignore_ascii_case("exchange"));
        let id = plan.service_plan_id.as_deref().unwrap_or_default();
        exchange && WITH_MAILBOX.iter().any(|known| known.eq_ignore_ascii_case(id))
    };
    let read = |plan: &AssignedPlan| match plan.capability_status.as_deref().map(str::to_ascii_lowercase).as_deref() {
        Some("enabled") => PlanStatus::Enabled,
        Some("warning") => PlanStatus::Warning,
        Some("suspended") => PlanStatus::Suspended,
        Some("lockedout") => PlanStatus::LockedOut,
        Some("deleted") => PlanStatus::Deleted,
        Some(_) | None => PlanStatus::Unclear,
    };
    plans.iter().filter(gives_mailbox).map(read).min().unwrap_or(PlanStatus::None)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(json: &str) -> MailboxSeen {
        let user: User = serde_json::from_str(&format!("{{{json}}}")).expect("a user");
        expect(&user, user.mail.is_some())
    }

    fn plan(status: &str) -> String {
        format!(
            r#"{{"service":"Exchange","servicePlanId":"efb87545-963c-4e0d-99df-69c6916d9eb0","capabilityStatus":{status}}}"#
        )
    }

    #[test]
    fn every_state_has_its_rule_and_says_why() {
        let on = format!(r#""mail":"a@x","accountEnabled":true,"assignedPlans":[{}]"#, plan("\"Enabled\""));
        let off = format!(r#""mail":"a@x","accountEnabled":false,"assignedPlans":[{}]"#, plan("\"Enabled\""));
        let (ext, guest) = (r#""userPrincipalName":"a_x#ext#@t""#, r#""userType":"guest""#);
        let bare = r#""mail":"a@x","assignedPlans":[]"#;
        for (json, state, says) in [
            (on.clone(), MailboxState::Likely, ""),
            (format!("{on},{guest}"), MailboxState::Likely, "guest account that has an Exchange Online plan"),
            (format!("{on},{ext}"), MailboxState::Likely, "guest account"),
            (format!("{bare},{guest}"), MailboxState::Guest, "guest's own tenant"),
            (format!(r#"{bare},{ext},"userType":"Member""#), MailboxState::Guest, "#EXT#"),
            (guest.to_owned(), MailboxState::Guest, "guest's"),
            (r#""userType":null"#.into(), MailboxState::None, "no mail address"),
            (on.replace("\"mail\":\"a@x\",", ""), MailboxState::Unknown, "in the making"),
            (off, MailboxState::DisabledAccount, "licensed"),
            (
                format!(r#"{bare},"accountEnabled":false"#),
                MailboxState::DisabledAccount,
                "likely shared: disabled account with an address and no plan",
            ),
            (
                format!(r#"{bare},"accountEnabled":false,"onPremisesSyncEnabled":true"#),
                MailboxState::DisabledAccount,
                "on premises",
            ),
            (r#""mail":"a@x","accountEnabled":false"#.into(), MailboxState::DisabledAccount, "often a shared"),
            (format!(r#"{bare},"onPremisesSyncEnabled":true"#), MailboxState::OnPremises, "likely on premises"),
            (bare.into(), MailboxState::Unlicensed, "no Exchange Online plan"),
            (r#""mail":"a@x""#.into(), MailboxState::Likely, "not visible"),
        ] {
            let seen = seen(&json);
            assert_eq!(seen.state, state, "{json}");
            assert!(seen.reason.unwrap_or_default().contains(says), "{json}");
        }
    }

    #[test]
    fn a_plan_counts_as_it_stands_and_the_best_of_several_counts() {
        for (plans, status, state) in [
            (plan("\"Warning\""), PlanStatus::Warning, MailboxState::Likely),
            (plan("\"Suspended\""), PlanStatus::Suspended, MailboxState::Unlicensed),
            (plan("\"LockedOut\""), PlanStatus::LockedOut, MailboxState::Unlicensed),
            (plan("\"Deleted\""), PlanStatus::Deleted, MailboxState::Unlicensed),
            (plan("null"), PlanStatus::Unclear, MailboxState::Unknown),
            (format!("{},{}", plan("\"Deleted\""), plan("\"enabled\"")), PlanStatus::Enabled, MailboxState::Likely),
            (
                plan("\"Enabled\"")
                    .replace("efb87545-963c-4e0d-99df-69c6916d9eb0", "113FEB6C-3fe4-4440-bddc-54d774bf0318"),
                PlanStatus::None,
                MailboxState::Unlicensed,
            ),
            (plan("\"Enabled\"").replace("Exchange", "SharePoint"), PlanStatus::None, MailboxState::Unlicensed),
        ] {
            let seen = seen(&format!(r#""mail":"a@x","accountEnabled":true,"assignedPlans":[{plans}]"#));
            assert_eq!((seen.exchange_plan, seen.state), (Some(status), state), "{plans}");
        }
    }

    #[test]
    fn a_kind_is_named_only_where_it_is_known_and_from_what() {
        let known = seen(&format!(r#""mail":"a@x","accountEnabled":true,"assignedPlans":[{}]"#, plan("\"Enabled\"")));
        assert_eq!((known.kind, known.kind_from), (MailboxKind::User, Some(KindFrom::Plan)));
        let inferred = seen(r#""mail":"a@x","accountEnabled":false,"assignedPlans":[]"#);
        assert_eq!((inferred.kind, inferred.kind_from), (MailboxKind::Unknown, None));
    }

    #[test]
    fn states_are_read_as_they_are_written() {
        for state in MailboxState::ALL {
            assert_eq!(MailboxState::from_word(state.as_str()), Some(state));
            assert_eq!(serde_json::to_value(state).ok(), Some(state.as_str().into()));
        }
        assert_eq!(MailboxState::from_word("On-Premises"), Some(MailboxState::OnPremises));
        assert_eq!(MailboxState::from_word("reachable"), None);
    }
}
