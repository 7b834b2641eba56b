//! Scopes: which are asked for, which were granted, and which can write.
//!
//! Source: Microsoft, "Microsoft Graph permissions reference". It must not ask for anything.

/// What Affiant asks for besides signing in: reading, and nothing else.
pub const WANTED: [&str; 4] = ["User.Read", "User.ReadBasic.All", "Mail.Read", "Mail.Read.Shared"];
/// Asked for on request only: aliases and licences of everybody, which needs an administrator's consent.
pub const DIRECTORY: &str = "User.Read.All";
/// What signing in itself needs: who it is, and a refresh token.
pub const SIGN_IN: [&str; 3] = ["openid", "profile", "offline_access"];

/// Scopes as granted, without the resource in front of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct Scopes(Vec<String>);

impl Scopes {
    /// Reads the `scope` string of a token response; `https://graph.microsoft.com/Mail.Read` becomes `Mail.Read`.
    pub fn parse(text: &str) -> Self {
        let bare = |scope: &str| scope.rsplit('/').next().unwrap_or(scope).to_owned();
        let mut scopes: Vec<String> = text.split_whitespace().map(bare).filter(|scope| !scope.is_empty()).collect();
        scopes.dedup();
        Self(scopes)
    }

    /// Whether a scope was granted; names compare without case.
    pub fn has(&self, scope: &str) -> bool {
        self.0.iter().any(|have| have.eq_ignore_ascii_case(scope))
    }

    /// Every scope, in the order granted.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Those that allow more than reading.
    pub fn write_scopes(&self) -> Vec<String> {
        self.iter().filter(|scope| can_write(scope)).map(str::to_owned).collect()
    }
}

impl std::fmt::Display for Scopes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0.join(" "))
    }
}

/// A scope is `Resource.Right[.Constraint]`; only rights that read are harmless, and what is unknown is not.
fn can_write(scope: &str) -> bool {
    let scope = scope.to_ascii_lowercase();
    if ["openid", "profile", "email", "offline_access", ".default"].contains(&scope.as_str()) {
        return false;
    }
    match scope.split('.').nth(1) {
        Some(right) => !right.starts_with("read") || right.contains("write"),
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
                       MailboxSettings.Read full_access_as_user Directory.AccessAsUser.All Mail.ReadBasic";
        let found = Scopes::parse(granted).write_scopes();
        let want = [
            "Mail.ReadWrite",
            "Mail.ReadWrite.Shared",
            "Mail.Send",
            "full_access_as_user",
            "Directory.AccessAsUser.All",
        ];
        assert_eq!(found, want);
    }

    #[test]
    fn a_granted_scope_is_found_without_its_resource_and_without_case() {
        let scopes = Scopes::parse("https://graph.microsoft.com/Mail.Read.Shared profile");
        assert!(scopes.has("mail.read.shared") && scopes.has("profile") && !scopes.has("Mail.Read"));
    }
}
