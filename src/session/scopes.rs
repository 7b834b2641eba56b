//! Scopes: what each serves, which are asked for, which were granted, and which can write.
//!
//! Source: Microsoft, "Microsoft Graph permissions reference". It must not ask for anything.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::cloud::{Cloud, CloudName};

/// What signing in itself needs: who it is, and a refresh token.
pub const SIGN_IN: [&str; 3] = ["openid", "profile", "offline_access"];

/// What Affiant asks for besides signing in: reading, and nothing else.
pub const WANTED: [&str; 4] = ["User.Read", "User.ReadBasic.All", "Mail.Read", "Mail.Read.Shared"];

/// A scope Affiant may ask for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ScopeInfo {
    /// Its name, without the resource.
    pub name: &'static str,
    /// What it is for.
    pub serves: &'static str,
    /// When it is asked for.
    pub asked: Asked,
    /// Whether only an administrator may consent to it, by Microsoft's default.
    pub admin_consent: bool,
}

/// When a scope is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// At every sign-in: collecting needs it.
    Always,
    /// On request: `--with` this.
    With(Extra),
}

/// More than collecting needs, asked for on request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Extra {
    /// Aliases, account state and licences of everybody.
    Directory,
    /// The kind of the signed-in account's mailbox.
    MailboxSettings,
    /// Licences of everybody, without their other properties.
    Licences,
    /// Subscriptions with their renewal dates, and the organisation.
    Subscriptions,
    /// Usage reports.
    Usage,
    /// Whether reports show names or pseudonyms.
    ReportSettings,
    /// Sign-in dates.
    SignIns,
    /// Names of the groups that give licences.
    Groups,
    /// The tenant's secure score, which counts licensed and active users.
    SecureScore,
}

/// What a sign-in is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Work {
    /// Collecting mail: reading one's own mailbox and those one was given.
    Collecting,
    /// The usage and licence sync: no mail at all.
    Sync,
}

impl Extra {
    /// Every one.
    pub const ALL: [Self; 9] = [
        Self::Directory,
        Self::MailboxSettings,
        Self::Licences,
        Self::Subscriptions,
        Self::Usage,
        Self::ReportSettings,
        Self::SignIns,
        Self::Groups,
        Self::SecureScore,
    ];

    /// The word on the command line.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Directory => "directory",
            Self::MailboxSettings => "mailbox-settings",
            Self::Licences => "licences",
            Self::Subscriptions => "subscriptions",
            Self::Usage => "usage",
            Self::ReportSettings => "report-settings",
            Self::SignIns => "sign-ins",
            Self::Groups => "groups",
            Self::SecureScore => "secure-score",
        }
    }
}

impl fmt::Display for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Extra {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL.into_iter().find(|extra| extra.as_str() == text).ok_or_else(|| format!("not one of {}", words()))
    }
}

/// Every scope that Affiant may ask for, besides those of [`SIGN_IN`]. None can write.
pub const CATALOGUE: [ScopeInfo; 13] = {
    use Asked::{Always, With};
    const fn scope(name: &'static str, asked: Asked, admin_consent: bool, serves: &'static str) -> ScopeInfo {
        ScopeInfo { name, serves, asked, admin_consent }
    }
    [
        scope("User.Read", Always, false, "who is signed in"),
        scope("User.ReadBasic.All", Always, false, "listing and resolving custodians"),
        scope("Mail.Read", Always, false, "mail of your own mailbox"),
        scope("Mail.Read.Shared", Always, false, "mail of mailboxes you have been given access to"),
        scope("User.Read.All", With(Extra::Directory), true, "aliases, account state and licences of everybody"),
        scope("MailboxSettings.Read", With(Extra::MailboxSettings), false, "the kind of your own mailbox"),
        scope("LicenseAssignment.Read.All", With(Extra::Licences), false, "licences of everybody"),
        scope("Organization.Read.All", With(Extra::Subscriptions), true, "subscriptions and their renewal dates"),
        scope("Reports.Read.All", With(Extra::Usage), true, "usage reports; needs a role such as Reports Reader too"),
        scope("ReportSettings.Read.All", With(Extra::ReportSettings), true, "whether reports conceal names"),
        scope("AuditLog.Read.All", With(Extra::SignIns), true, "sign-in dates; needs Entra ID P1 or P2 too"),
        scope("GroupMember.Read.All", With(Extra::Groups), true, "names of the groups that give licences"),
        scope("SecurityEvents.Read.All", With(Extra::SecureScore), true, "the secure score with its counts of users"),
    ]
};

/// Every scope that is asked for with these extras. The sync asks for nothing that opens mail.
pub(super) fn asked(work: Work, extras: &[Extra]) -> impl Iterator<Item = &'static ScopeInfo> {
    CATALOGUE.iter().filter(move |scope| match scope.asked {
        Asked::Always => work == Work::Collecting || scope.name == "User.Read",
        Asked::With(extra) => extras.contains(&extra),
    })
}

/// How a Graph scope is asked for: in full in Microsoft's clouds; elsewhere, where the resource is not known, in short.
pub(super) fn full_name(cloud: &Cloud, scope: &str) -> String {
    match cloud.name() {
        CloudName::Custom => scope.to_owned(),
        CloudName::Global | CloudName::Usgov | CloudName::UsgovDod | CloudName::China => {
            format!("{}/{scope}", cloud.graph().as_str().trim_end_matches('/'))
        }
    }
}

/// Scopes as granted, without the resource in front of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Scopes {
    granted: Vec<String>,
    /// The platform did not say; these are the ones asked for (RFC 6749, section 5.1).
    #[serde(default)]
    assumed: bool,
}

impl Scopes {
    /// Reads the `scope` string of a token response; `https://graph.microsoft.com/Mail.Read` becomes `Mail.Read`.
    pub fn parse(text: &str) -> Self {
        let mut granted: Vec<String> = Vec::new();
        for scope in text.split_whitespace() {
            let bare = scope.rsplit('/').next().unwrap_or(scope);
            if !bare.is_empty() && !granted.iter().any(|have| have.eq_ignore_ascii_case(bare)) {
                granted.push(bare.to_owned());
            }
        }
        Self { granted, assumed: false }
    }

    /// The scopes asked for, where the answer names none.
    pub fn assumed(text: &str) -> Self {
        Self { assumed: true, ..Self::parse(text) }
    }

    /// The permissions in an application's token. Graph's tokens are opaque to clients, so this is a look, not a promise:
    /// where nothing can be read, nothing is known.
    pub(super) fn of_application(token: &str) -> Self {
        #[derive(serde::Deserialize)]
        struct Claims {
            #[serde(default)]
            roles: Vec<String>,
        }
        let payload = token.split('.').nth(1).and_then(|part| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok());
        match payload.and_then(|json| serde_json::from_slice::<Claims>(&json).ok()) {
            Some(Claims { roles }) => Self::parse(&roles.join(" ")),
            None => Self { assumed: true, ..Self::default() },
        }
    }

    /// Whether the platform left the scopes unsaid, so that these are the ones asked for.
    pub const fn is_assumed(&self) -> bool {
        self.assumed
    }

    /// Whether a scope was granted; names compare without case.
    pub fn has(&self, scope: &str) -> bool {
        self.granted.iter().any(|have| have.eq_ignore_ascii_case(scope))
    }

    /// Every scope, in the order granted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.granted.iter().map(String::as_str)
    }

    /// Those that allow more than reading.
    pub fn write_scopes(&self) -> Vec<String> {
        self.iter().filter(|scope| can_write(scope)).map(str::to_owned).collect()
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.granted.join(" "))
    }
}

/// A scope is `Resource.Right[.Constraint]`; only rights that read are harmless, and what is unknown is not.
fn can_write(scope: &str) -> bool {
    const HARMLESS: [&str; 7] = ["openid", "profile", "email", "address", "phone", "offline_access", ".default"];
    let scope = scope.to_ascii_lowercase();
    if HARMLESS.contains(&scope.as_str()) {
        return false;
    }
    match scope.split('.').nth(1) {
        Some(right) => right != "export" && (!right.starts_with("read") || right.contains("write")),
        // Old-style names such as full_access_as_user or user_impersonation.
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_scope_that_is_asked_for_can_write() {
        for scope in CATALOGUE.iter().map(|scope| scope.name).chain(SIGN_IN) {
            assert!(!can_write(scope), "{scope}");
        }
    }

    #[test]
    fn by_default_only_what_collecting_needs_is_asked_for_and_every_extra_asks_for_something() {
        let always: Vec<&str> = asked(Work::Collecting, &[]).map(|scope| scope.name).collect();
        assert_eq!(always, WANTED);
        assert!(
            asked(Work::Collecting, &[]).all(|scope| !scope.admin_consent),
            "no administrator is needed by default"
        );
        for extra in Extra::ALL {
            assert_eq!(asked(Work::Collecting, &[extra]).count(), WANTED.len() + 1, "{extra}");
            assert_eq!(extra.as_str().parse(), Ok(extra));
        }
        assert!(asked(Work::Sync, &Extra::ALL).all(|scope| !scope.name.starts_with("Mail.")), "a sync reads no mail");
        assert!("mail-write".parse::<Extra>().is_err());
    }

    #[test]
    fn scopes_that_allow_more_than_reading_are_found_in_any_spelling() {
        let granted = "openid https://graph.microsoft.com/Mail.Read Mail.ReadWrite Mail.ReadWrite.Shared Mail.Send \
                       MailboxSettings.Read MailboxItem.Export MailboxItem.ImportExport full_access_as_user Directory.AccessAsUser.All Mail.ReadBasic";
        let found = Scopes::parse(granted).write_scopes();
        let want = [
            "Mail.ReadWrite",
            "Mail.ReadWrite.Shared",
            "Mail.Send",
            "MailboxItem.ImportExport",
            "full_access_as_user",
            "Directory.AccessAsUser.All",
        ];
        assert_eq!(found, want);
    }

    #[test]
    fn a_granted_scope_is_found_without_its_resource_and_without_case() {
        let scopes = Scopes::parse("https://graph.microsoft.com/Mail.Read.Shared profile PROFILE");
        assert_eq!(scopes.iter().count(), 2);
        assert!(scopes.has("mail.read.shared") && scopes.has("profile") && !scopes.has("Mail.Read"));
    }
}
