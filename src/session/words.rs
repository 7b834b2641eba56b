//! Entra's numbers in words: what happened, and who must do what.
//!
//! Source: Microsoft, "Microsoft Entra authentication and authorization error codes". Nothing branches on
//! these numbers (Microsoft advises against it); they only choose the advice, and which refusals pass by themselves.

/// What a number means and what to do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Words {
    /// What happened: a fragment that follows "refused:".
    pub(super) meaning: &'static str,
    /// Who does what next.
    pub(super) advice: &'static str,
}

const fn say(meaning: &'static str, advice: &'static str) -> Words {
    Words { meaning, advice }
}

/// Whether the same request may work in a moment, though nobody does anything.
pub(super) const fn passes(number: u32) -> bool {
    matches!(number, 90055 | 90024 | 90033 | 90006 | 50033 | 50087)
}

/// Whether an administrator's consent would help.
pub(super) const fn lacks_consent(number: u32) -> bool {
    matches!(number, 65001 | 65004 | 90094 | 90095 | 65002 | 650_056 | 650_057)
}

/// The words for a number of Entra's, where we have any.
#[expect(clippy::too_many_lines, reason = "a table, read line by line")]
pub(super) const fn for_number(number: u32) -> Option<Words> {
    Some(match number {
        65001 => say(
            "nobody has consented to the application in this tenant",
            "sign in once more and accept, or have an administrator grant consent (Entra admin centre, App registrations, API permissions, Grant admin consent)",
        ),
        65004 => say(
            "consent was declined",
            "sign in again with `affiant login` and accept, or ask an administrator to grant consent",
        ),
        90094 => say(
            "only an administrator may consent to this application",
            "an administrator must grant consent (Entra admin centre, App registrations, API permissions, Grant admin consent)",
        ),
        90095 => say(
            "consent must be requested from an administrator",
            "send the request that the sign-in page offers; sign in again when an administrator has approved it",
        ),
        50076 | 50079 => {
            say("multi-factor authentication is demanded", "sign in again with `affiant login` and pass it")
        }
        50072 => say(
            "multi-factor authentication must be set up first",
            "set it up at https://aka.ms/mfasetup, then sign in again",
        ),
        50074 | 50158 => {
            say("an additional challenge was not passed", "sign in again with `affiant login` and pass it")
        }
        50078 => say("the multi-factor authentication has expired", "sign in again with `affiant login`"),
        50105 => say(
            "the account is not assigned to the application",
            "an administrator must assign it (Entra admin centre, Enterprise applications, Users and groups)",
        ),
        50011 => say(
            "the application does not know the address the browser returns to",
            "an administrator must add http://localhost to the application (Authentication, platform \"Mobile and desktop applications\")",
        ),
        50020 | 50034 | 51004 | 16000 => {
            say("the account is not in this tenant", "check --tenant, or use an account of that tenant")
        }
        50053 => say("the account is locked", "wait, or ask an administrator to unlock it"),
        50055 => say("the password has expired", "change it, then sign in again"),
        50057 => say("the account is disabled", "ask an administrator"),
        50126 => say("the user name or password is wrong", "sign in again with `affiant login`"),
        50058 => say("there is no session to sign in with silently", "sign in again with `affiant login`"),
        50059 => say("no tenant was named", "give --tenant with the tenant's domain or id"),
        50128 | 90002 => {
            say("there is no such tenant", "check --tenant, and give --cloud if the tenant is in a national cloud")
        }
        90038 => say("the tenant is in another cloud", "give --cloud usgov, usgov-dod or china"),
        50131 | 53003 => say(
            "Conditional Access blocks this sign-in",
            "ask an administrator which policy applies; many tenants block device codes, so try --flow browser",
        ),
        53000 => say(
            "Conditional Access demands a compliant device",
            "sign in from a managed device, or ask an administrator",
        ),
        53001 => {
            say("Conditional Access demands a joined device", "sign in from a managed device, or ask an administrator")
        }
        53002 => say("Conditional Access demands an approved application", "ask an administrator to approve this one"),
        530_032 => say("a security policy of the tenant blocks this sign-in", "ask an administrator"),
        530_035 => say("the tenant's security defaults block this sign-in", "ask an administrator; try --flow browser"),
        50173 | 50132 | 50133 => {
            say("the session was revoked or the password changed", "sign in again with `affiant login`")
        }
        50194 => say("the application belongs to one tenant only", "give --tenant with that tenant's domain or id"),
        50196 => say("too many token requests came in a loop", "wait some minutes, then try again"),
        50134 => say("the sign-in was sent to the wrong data centre", "sign in again with `affiant login`"),
        50199 => {
            say("the sign-in must be confirmed in the browser", "sign in again with `affiant login` and confirm it")
        }
        500_011 => say(
            "Microsoft Graph is not known in this tenant under this address",
            "check --cloud, or have an administrator add Microsoft Graph to the application",
        ),
        500_212 | 500_213 => say("a cross-tenant policy forbids this", "ask the administrators of both tenants"),
        65002 => say("the application is not pre-authorised", "an administrator must grant its permissions"),
        650_052 => say(
            "the tenant does not subscribe to a service the application needs",
            "an administrator must look at the application's permissions and the tenant's subscriptions",
        ),
        650_056 | 650_057 => say(
            "the application is misconfigured",
            "an administrator must add Microsoft Graph's delegated permissions to it and grant consent",
        ),
        70000 | 70008 => say("the stored sign-in is no longer valid", "sign in again with `affiant login`"),
        700_082 => say("the stored sign-in was not used for too long", "sign in again with `affiant login`"),
        70043 => say("the tenant demands a fresh sign-in", "sign in again with `affiant login`"),
        70011 => say(
            "a permission that was asked for is not valid here",
            "an administrator must add Affiant's permissions to the application; check --cloud",
        ),
        70016 => say("nobody has typed the code yet", "type the code at the address shown"),
        70018 => say("the code is wrong", "start again with `affiant login` and type the new code"),
        70019 => say("the code has expired", "start again with `affiant login` and type the new code"),
        700_016 => say(
            "there is no such application in this tenant",
            "check --client-id, --tenant and --cloud, or have an administrator register it there",
        ),
        700_025 => say(
            "the application is public and must not send a secret",
            "leave the secret out; report this if you gave none",
        ),
        7_000_218 => say(
            "the application is not registered as a public client",
            "an administrator must add the platform \"Mobile and desktop applications\" and allow public client flows (Authentication)",
        ),
        700_027 => say(
            "the certificate or its signature was not accepted",
            "an administrator must check the application's certificates",
        ),
        7_000_215 => say("the client secret is wrong", "give the secret's value, not its id, or have a new one made"),
        7_000_222 => say("the client secret has expired", "an administrator must make a new one"),
        7_000_112 | 70001 => say("the application is disabled or missing", "ask an administrator"),
        9_001_023 | 90124 | 90130 => {
            say("this way of signing in needs a tenant of its own", "give --tenant with the tenant's domain or id")
        }
        501_481 | 50147 => say("the proof sent with the code does not fit", "start again with `affiant login`"),
        54005 => say("the code was already used", "start again with `affiant login`"),
        number if passes(number) => say("the identity platform is busy", "try again in some minutes"),
        _ => return None,
    })
}

/// The words for an OAuth error, where Entra gave no number that we know.
pub(super) fn for_word(word: &str) -> Words {
    match word {
        "invalid_grant" => say("the sign-in is no longer valid", "sign in again with `affiant login`"),
        "interaction_required" | "login_required" => say("a person must sign in", "sign in again with `affiant login`"),
        "consent_required" => say(
            "consent is missing",
            "sign in again and accept, or have an administrator grant consent to the application",
        ),
        "access_denied" | "authorization_declined" => {
            say("the sign-in was declined", "start again with `affiant login`")
        }
        "invalid_client" | "unauthorized_client" => {
            say("the application was not accepted", "check --client-id: it must be a public client of this tenant")
        }
        "invalid_scope" => say(
            "a permission that was asked for is not valid here",
            "an administrator must add Affiant's permissions to the application",
        ),
        "temporarily_unavailable" | "server_error" => say("the identity platform is busy", "try again in some minutes"),
        _ => say("it gave a reason that Affiant does not know", "ask an administrator, giving the trace id"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The numbers that people meet, as the tool's contract with the platform lists them.
    const MET: [u32; 73] = [
        65001, 65004, 90094, 90095, 50076, 50079, 50072, 50074, 50078, 50105, 50011, 50020, 50034, 51004, 16000, 50053,
        50055, 50057, 50126, 50058, 50059, 50128, 50131, 53000, 53001, 53002, 53003, 530_032, 530_035, 50158, 50173,
        50132, 50133, 50194, 50196, 500_011, 500_212, 500_213, 65002, 650_052, 650_056, 650_057, 70000, 70008, 700_082,
        70043, 70011, 70016, 70018, 70019, 700_016, 700_025, 7_000_218, 700_027, 7_000_215, 7_000_222, 7_000_112,
        70001, 90002, 90038, 90055, 90024, 90033, 90006, 50033, 50087, 9_001_023, 90124, 90130, 501_481, 50147, 54005,
        50199,
    ];

    #[test]
    fn every_number_that_people_meet_has_words_and_advice() {
        for number in MET {
            let words = for_number(number).unwrap_or_else(|| panic!("{number} has no words"));
            assert!(words.advice.len() > 10 && !words.meaning.ends_with('.'), "{number}");
        }
        assert_eq!(for_number(1), None);
    }

    #[test]
    fn advice_names_who_must_act() {
        let advice = |number| for_number(number).map(|words| words.advice).unwrap_or_default();
        assert!(advice(65001).contains("an administrator grant consent"));
        assert!(advice(90002).contains("--tenant"));
        assert!(advice(7_000_218).contains("public client"));
        assert!(advice(53003).contains("--flow browser"));
        assert!(for_word("never heard of").advice.contains("trace id"));
    }
}
