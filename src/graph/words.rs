//! Graph's refusal codes in the words of whoever must act, where a code says more than its status.
//!
//! Source: Microsoft, pages on usage reports and sign-in activity, and what people report. Nothing branches on these:
//! they only choose the advice. Codes compare without case.

/// Who must do what; `None` where the status says it all.
pub(super) fn advice(code: &str) -> Option<&'static str> {
    Some(match code.to_ascii_lowercase().as_str() {
        "s2sunauthorized" | "authentication_msgraphpermissionmissing" => {
            "the application lacks the permission: an administrator must consent to it (`affiant scopes` names it and prints where), then run `affiant login` again"
        }
        "authentication_requestfromunsupporteduserrole" => {
            "the permission is there but the role is not: an administrator gives the account the role Reports Reader; Global Reader and Usage Summary Reports Reader see totals only"
        }
        "authentication_requestfromnonpremiumtenantorb2ctenant" => {
            "the tenant has no Entra ID P1 or P2, so this cannot be had here; leave it out"
        }
        "authorization_requestdenied" => {
            "the sign-in may not read this part of the directory: ask for more with `affiant login --with directory`, to which an administrator must consent; guests may not list people at all"
        }
        "erroraccessdenied" => {
            "Exchange refuses: the mailbox is not shared with this account, or the grant is not effective yet (up to 24 hours), or an access policy blocks the application; `affiant check` tells which and what to grant"
        }
        "erroraccessrestricted" | "accesstoodataisdisabled" => {
            "an access policy of the tenant blocks the application; an Exchange administrator must look at application access policies"
        }
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_that_say_more_than_their_status_have_advice_of_their_own() {
        for (code, who) in [
            ("S2SUnauthorized", "administrator must consent"),
            ("Authentication_RequestFromUnsupportedUserRole", "Reports Reader"),
            ("Authentication_RequestFromNonPremiumTenantOrB2CTenant", "P1 or P2"),
            ("Authorization_RequestDenied", "--with directory"),
            ("erroraccessdenied", "affiant check"),
        ] {
            assert!(advice(code).is_some_and(|text| text.contains(who)), "{code}");
        }
        assert_eq!(advice("SomethingElse"), None);
    }
}
