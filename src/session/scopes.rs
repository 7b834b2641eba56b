//! Scopes: which are asked for, which were granted, and which can write.
//!
//! Source: Microsoft, "Microsoft Graph permissions reference". It must not ask for anything.

use crate::cloud::{Cloud, CloudName};

/// What Affiant asks for besides signing in: reading, and nothing else.
pub const WANTED: [&str; 4] = ["User.Read", "User.ReadBasic.All", "Mail.Read", "Mail.Read.Shared"];
/// Asked for on request only: aliases and licences of everybody, which needs an administrator's consent.
pub const DIRECTORY: &str = "User.Read.All";
/// What signing in itself needs: who it is, and a refresh token.
pub const SIGN_IN: [&str; 3] = ["openid", "profile", "offline_access"];

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
        for scope in WANTED.iter().chain(&SIGN_IN).chain([&DIRECTORY]) {
            assert!(!can_write(scope), "{scope}");
        }
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
