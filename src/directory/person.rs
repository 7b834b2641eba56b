//! A person as the directory shows them, and what that lets one expect of their mailbox.
//!
//! What the granted scopes do not show is unknown, never false. It must not ask anything.

use crate::graph::wire::User;
use crate::terms::{MailboxKind, ObjectId};

/// A directory user.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct Person {
    /// Object id: stable, used in every path and in the record.
    #[schemars(with = "String")]
    pub id: ObjectId,
    /// Display name.
    pub display_name: Option<String>,
    /// Sign-in name; need not be an address.
    pub user_principal_name: Option<String>,
    /// Primary SMTP address.
    pub mail: Option<String>,
    /// Other SMTP addresses, without their scheme.
    pub aliases: Vec<String>,
    /// `Member`, `Guest`, or nothing on old accounts.
    pub user_type: Option<String>,
    /// Whether the account may sign in.
    pub account_enabled: Option<bool>,
    /// What can be expected of the mailbox.
    pub mailbox: MailboxSeen,
}

/// What the directory says about a mailbox.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
pub struct MailboxSeen {
    /// Its kind; a delegated session can rarely tell.
    pub kind: MailboxKind,
    /// What to expect.
    pub state: MailboxState,
    /// Why, in a sentence.
    pub reason: Option<String>,
}

/// What to expect of a mailbox before it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MailboxState {
    /// There should be one.
    Likely,
    /// There is no address, so there should be none.
    None,
    /// A guest; the mailbox is in another tenant.
    Guest,
    /// The account is disabled: a leaver, or a shared, room or equipment mailbox.
    DisabledAccount,
    /// The directory does not show enough.
    Unknown,
}

impl MailboxState {
    /// The word in tables and JSON.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Likely => "likely",
            Self::None => "none",
            Self::Guest => "guest",
            Self::DisabledAccount => "disabled_account",
            Self::Unknown => "unknown",
        }
    }
}

impl Person {
    /// Reads a directory entry; `None` when it has no usable id.
    pub fn from_user(user: &User) -> Option<Self> {
        let id = ObjectId::new(user.id.as_deref()?).ok()?;
        let addresses = smtp_addresses(user.proxy_addresses.as_deref().unwrap_or_default());
        let primary = addresses.iter().find(|(is_primary, _)| *is_primary).map(|(_, address)| address.clone());
        let mail = filled(user.mail.as_deref()).or_else(|| primary.clone());
        let mailbox = expect(user, mail.is_some());
        let is_main = |address: &str| mail.as_deref().is_some_and(|mail| same(mail, address));
        let mut aliases: Vec<String> = Vec::new();
        for (_, address) in addresses {
            if !is_main(&address) && !aliases.iter().any(|alias| same(alias, &address)) {
                aliases.push(address);
            }
        }
        Some(Self {
            id,
            display_name: filled(user.display_name.as_deref()),
            user_principal_name: filled(user.user_principal_name.as_deref()),
            mail,
            aliases,
            user_type: filled(user.user_type.as_deref()),
            account_enabled: user.account_enabled,
            mailbox,
        })
    }

    /// The best name for a mailbox in an administrator's tools: primary address, else sign-in name, else id.
    pub fn address(&self) -> &str {
        self.mail.as_deref().or(self.user_principal_name.as_deref()).unwrap_or(self.id.as_str())
    }

    /// The best name for a person to read.
    pub fn label(&self) -> &str {
        self.display_name.as_deref().unwrap_or_else(|| self.address())
    }

    /// Whether this text is one of the person's addresses, in any case.
    pub fn receives_at(&self, typed: &str) -> bool {
        self.mail.iter().chain(&self.aliases).any(|address| same(address, typed))
    }

    /// Whether this text is the person's id, sign-in name or any of their addresses, in any case.
    pub fn goes_by(&self, typed: &str) -> bool {
        let names = [Some(self.id.as_str()), self.user_principal_name.as_deref()];
        names.into_iter().flatten().any(|name| same(name, typed)) || self.receives_at(typed)
    }
}

pub(super) fn same(a: &str, b: &str) -> bool {
    a.eq_ignore_ascii_case(b) || a.to_lowercase() == b.to_lowercase()
}

fn filled(text: Option<&str>) -> Option<String> {
    text.map(str::trim).filter(|text| !text.is_empty()).map(str::to_owned)
}

/// The SMTP addresses among the proxy addresses, with whether `SMTP:` marks them primary. Other schemes
/// (`SIP:`, `X500:`) are no mail addresses.
fn smtp_addresses(proxies: &[String]) -> Vec<(bool, String)> {
    let read = |proxy: &String| {
        let (scheme, address) = proxy.split_once(':')?;
        let address = filled(Some(address))?;
        scheme.trim().eq_ignore_ascii_case("smtp").then(|| (scheme.trim() == "SMTP", address))
    };
    proxies.iter().filter_map(read).collect()
}

/// What the entry lets one expect. Only a mailbox with a plan and an enabled account is called a user's:
/// shared, room and equipment mailboxes cannot be told apart in a delegated session.
fn expect(user: &User, has_address: bool) -> MailboxSeen {
    let external = user.user_principal_name.as_deref().is_some_and(|upn| upn.to_lowercase().contains("#ext#"));
    let guest = user.user_type.as_deref().is_some_and(|kind| kind.eq_ignore_ascii_case("guest"));
    let plan = user.assigned_plans.as_deref().map(has_exchange);
    let synced = user.on_premises_sync_enabled == Some(true);
    let (kind, state, reason) = match (user.account_enabled, plan) {
        _ if external || (guest && plan != Some(true)) => {
            (MailboxKind::Unknown, MailboxState::Guest, Some("a guest: the mailbox is in the guest's own tenant"))
        }
        _ if !has_address => {
            (MailboxKind::Unknown, MailboxState::None, Some("no mail address, so no mailbox is expected"))
        }
        (Some(false), Some(true)) => (
            MailboxKind::Unknown,
            MailboxState::DisabledAccount,
            Some("the account is disabled; the mailbox is licensed and can be collected if access is delegated"),
        ),
        (Some(false), _) => (
            MailboxKind::Unknown,
            MailboxState::DisabledAccount,
            Some(
                "the account is disabled: often a shared, room or equipment mailbox, or a leaver; it can be collected if access is delegated",
            ),
        ),
        (_, Some(true)) => (MailboxKind::User, MailboxState::Likely, None),
        (_, Some(false)) if synced => (
            MailboxKind::Unknown,
            MailboxState::Unknown,
            Some(
                "no Exchange Online plan, and the account comes from on premises: the mailbox may be there, out of reach",
            ),
        ),
        (_, Some(false)) => (
            MailboxKind::Unknown,
            MailboxState::Unknown,
            Some("an address but no Exchange Online plan: the mailbox may be unlicensed, or shared"),
        ),
        (_, None) => (
            MailboxKind::Unknown,
            MailboxState::Likely,
            Some("an address; licence and kind are not visible with the granted scopes"),
        ),
    };
    MailboxSeen { kind, state, reason: reason.map(str::to_owned) }
}

fn has_exchange(plans: &[crate::graph::wire::AssignedPlan]) -> bool {
    plans.iter().any(|plan| {
        let is = |text: &Option<String>, words: &[&str]| {
            text.as_deref().is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
        };
        is(&plan.service, &["exchange"]) && is(&plan.capability_status, &["Enabled", "Warning"])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn person(json: &str) -> Person {
        Person::from_user(&serde_json::from_str(json).expect("a user")).expect("an id")
    }

    #[test]
    fn the_upper_case_scheme_marks_the_primary_address_and_the_rest_are_aliases() {
        let person = person(
            r#"{"id":"1","proxyAddresses":["smtp: Ana.Old@x.example","SMTP:ana@x.example","SIP:ana@x.example","smtp:ANA@x.example","smtp:ana.old@X.example","X500:/o=a","junk"]}"#,
        );
        assert_eq!(person.mail.as_deref(), Some("ana@x.example"));
        assert_eq!(person.aliases, ["Ana.Old@x.example"]);
        assert!(person.goes_by("ANA.OLD@x.example") && !person.goes_by("sip:ana@x.example"));
    }

    #[test]
    fn what_is_not_shown_is_unknown() {
        let person = person(r#"{"id":"1","mail":"ana@x.example","displayName":"","userPrincipalName":null}"#);
        assert_eq!((person.display_name.as_deref(), person.account_enabled), (None, None));
        assert_eq!((person.mailbox.kind, person.mailbox.state), (MailboxKind::Unknown, MailboxState::Likely));
        assert!(person.mailbox.reason.is_some_and(|reason| reason.contains("not visible")));
        assert_eq!(person.aliases, [""; 0]);
    }

    #[test]
    fn the_state_says_what_to_expect() {
        let plan = r#""assignedPlans":[{"service":"exchange","capabilityStatus":"Enabled"}]"#;
        for (json, kind, state) in [
            (
                format!(r#"{{"id":"1","mail":"a@x","accountEnabled":true,{plan}}}"#),
                MailboxKind::User,
                MailboxState::Likely,
            ),
            (
                r#"{"id":"1","mail":"a@x","accountEnabled":false,"assignedPlans":[]}"#.into(),
                MailboxKind::Unknown,
                MailboxState::DisabledAccount,
            ),
            (
                r#"{"id":"1","userPrincipalName":"a_x#EXT#@t","mail":"a@x"}"#.into(),
                MailboxKind::Unknown,
                MailboxState::Guest,
            ),
            (r#"{"id":"1","userType":"Guest","mail":"a@x"}"#.into(), MailboxKind::Unknown, MailboxState::Guest),
            (r#"{"id":"1","userPrincipalName":"a@t"}"#.into(), MailboxKind::Unknown, MailboxState::None),
            (
                r#"{"id":"1","mail":"a@x","assignedPlans":[],"onPremisesSyncEnabled":true}"#.into(),
                MailboxKind::Unknown,
                MailboxState::Unknown,
            ),
        ] {
            let person = person(&json);
            assert_eq!((person.mailbox.kind, person.mailbox.state), (kind, state), "{json}");
        }
    }

    #[test]
    fn an_entry_without_an_id_is_nobody() {
        assert_eq!(Person::from_user(&User::default()), None);
    }
}
