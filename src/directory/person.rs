//! A person as the directory shows them.
//!
//! What the granted scopes do not show is unknown, never false. It must not ask anything.

use super::expect::{MailboxSeen, expect};
use crate::graph::wire::User;
use crate::terms::ObjectId;

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
    /// Department; nothing where there is none or the scopes do not show it.
    pub department: Option<String>,
    /// Whether the account is synchronised from an on-premises directory.
    pub on_premises_sync: Option<bool>,
    /// What can be expected of the mailbox.
    pub mailbox: MailboxSeen,
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
            department: filled(user.department.as_deref()),
            on_premises_sync: user.on_premises_sync_enabled,
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
        assert_eq!((person.department.as_deref(), person.mailbox.exchange_plan), (None, None));
        assert!(person.mailbox.reason.is_some_and(|reason| reason.contains("not visible")));
        assert_eq!(person.aliases, [""; 0]);
    }

    #[test]
    fn an_entry_without_an_id_is_nobody() {
        assert_eq!(Person::from_user(&User::default()), None);
    }
}
