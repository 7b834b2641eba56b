//! Which permissions exist, which change things, and which a sign-in is granted.

use super::Rules;

/// Permissions that only read, as Microsoft names them.
const READ: [&str; 28] = [
    "User.Read",
    "User.ReadBasic.All",
    "User.Read.All",
    "Directory.Read.All",
    "Group.Read.All",
    "GroupMember.Read.All",
    "Mail.ReadBasic",
    "Mail.ReadBasic.All",
    "Mail.ReadBasic.Shared",
    "Mail.Read",
    "Mail.Read.Shared",
    "MailboxSettings.Read",
    "MailboxFolder.Read",
    "MailboxItem.Read",
    "MailboxItem.Export",
    "Contacts.Read",
    "Calendars.Read",
    "Calendars.Read.Shared",
    "Reports.Read.All",
    "ReportSettings.Read.All",
    "Organization.Read.All",
    "LicenseAssignment.Read.All",
    "AuditLog.Read.All",
    "Domain.Read.All",
    "SecurityEvents.Read.All",
    "Files.Read.All",
    "Sites.Read.All",
    "Application.Read.All",
];
/// Permissions that change things.
const WRITE: [&str; 10] = [
    "Mail.ReadWrite",
    "Mail.ReadWrite.Shared",
    "Mail.Send",
    "Mail.Send.Shared",
    "MailboxSettings.ReadWrite",
    "User.ReadWrite",
    "User.ReadWrite.All",
    "Directory.ReadWrite.All",
    "Directory.AccessAsUser.All",
    "ReportSettings.ReadWrite.All",
];
/// Scopes of the sign-in itself.
const SIGN_IN: [&str; 4] = ["openid", "profile", "email", "offline_access"];
/// What an application or `.default` gets.
const PRESET: [&str; 6] =
    ["Mail.Read", "Mail.Read.Shared", "MailboxSettings.Read", "User.Read", "User.Read.All", "Organization.Read.All"];

/// A scope as asked for, and its name without the resource.
fn bare(scope: &str) -> &str {
    match scope.split_once("://") {
        Some((_, rest)) => rest.split_once('/').map_or(rest, |(_, name)| name),
        None => scope,
    }
}

/// The scopes granted for those asked, in the spelling of the request; an error holds the first that does not exist.
pub(super) fn grant(asked: &str, rules: &Rules) -> Result<Vec<String>, String> {
    let mut granted: Vec<String> = Vec::new();
    let mut add = |scope: &str| {
        let omitted = rules.withheld.iter().any(|name| name.eq_ignore_ascii_case(bare(scope)));
        if !omitted && !granted.iter().any(|have| bare(have).eq_ignore_ascii_case(bare(scope))) {
            granted.push(scope.to_owned());
        }
    };
    for scope in asked.split_whitespace() {
        let name = bare(scope);
        let among = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        if name == ".default" {
            for preset in PRESET {
                add(preset);
            }
        } else if among(&READ) || among(&SIGN_IN) {
            add(scope);
        } else if !among(&WRITE) {
            return Err(scope.to_owned());
        }
    }
    for extra in &rules.granted_extra {
        add(extra);
    }
    Ok(granted)
}

/// Of the scopes asked for now those that were granted before: a refresh may ask for less, never for more.
pub(super) fn within(asked: Vec<String>, before: &[String]) -> Vec<String> {
    let known = |scope: &String| before.iter().any(|have| bare(have).eq_ignore_ascii_case(bare(scope)));
    asked.into_iter().filter(known).collect()
}

/// The names without their resource, by which rights are decided.
pub(super) fn names(granted: &[String]) -> Vec<String> {
    granted.iter().map(|scope| bare(scope).to_owned()).collect()
}

/// The `scope` member of a token answer: what the token is good for, without the request for a refresh token.
pub(super) fn spelled(granted: &[String]) -> String {
    granted.iter().filter(|scope| *scope != "offline_access").cloned().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(granted_extra: &[&str], withheld: &[&str]) -> Rules {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        let (granted_extra, withheld) = (names(granted_extra), names(withheld));
        Rules { token_lifetime_seconds: 3600, device_interval: 5, granted_extra, withheld, auto_approve: None }
    }

    #[test]
    fn read_scopes_are_granted_as_asked_and_write_scopes_are_not() {
        let asked = "openid https://graph.example/Mail.Read Mail.ReadWrite mail.read.shared";
        let granted = grant(asked, &rules(&[], &[])).map(|granted| granted.join(" "));
        assert_eq!(granted, Ok("openid https://graph.example/Mail.Read mail.read.shared".to_owned()));
    }

    #[test]
    fn the_tenant_may_hand_out_more_and_withhold_some() {
        let rules = rules(&["Mail.ReadWrite"], &["Mail.Read.Shared"]);
        let granted = grant("Mail.Read Mail.Read.Shared", &rules).map(|granted| granted.join(" "));
        assert_eq!(granted, Ok("Mail.Read Mail.ReadWrite".to_owned()));
        assert_eq!(grant("Mail.Read No.Such.Scope", &rules), Err("No.Such.Scope".to_owned()));
    }

    #[test]
    fn a_refresh_cannot_ask_for_more_than_was_granted() {
        let before = ["Mail.Read".to_owned(), "openid".to_owned()];
        let asked = ["https://graph.example/mail.read", "User.Read"].map(str::to_owned).to_vec();
        assert_eq!(within(asked, &before), ["https://graph.example/mail.read"]);
    }
}
