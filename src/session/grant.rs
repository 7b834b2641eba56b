//! A token answer as it comes: OAuth's fields and Microsoft's id token, read with some patience.
//!
//! RFC 6749, section 5.1. Older platforms write numbers as text and `Bearer` in any case.

use std::time::Duration;

use oauth2::basic::BasicTokenType;
use oauth2::{AccessToken, RefreshToken, Scope, TokenResponse};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

/// A token answer. None of its fields shows in `Debug`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Grant {
    access_token: AccessToken,
    #[serde(deserialize_with = "bearer")]
    token_type: BasicTokenType,
    #[serde(default, deserialize_with = "seconds")]
    expires_in: Option<u64>,
    #[serde(default)]
    refresh_token: Option<RefreshToken>,
    #[serde(default, rename = "scope", deserialize_with = "scopes")]
    scopes: Option<Vec<Scope>>,
    /// Who signed in, as a JWT.
    #[serde(default)]
    id_token: Option<AccessToken>,
}

impl Grant {
    /// The id token, where there is one.
    pub(super) fn id_token(&self) -> Option<&str> {
        self.id_token.as_ref().map(|token| token.secret().as_str())
    }
}

impl TokenResponse for Grant {
    type TokenType = BasicTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &BasicTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        self.scopes.as_ref()
    }
}

fn bearer<'de, D: Deserializer<'de>>(deserializer: D) -> Result<BasicTokenType, D::Error> {
    let named = String::deserialize(deserializer)?;
    let known = named.eq_ignore_ascii_case("bearer");
    known.then_some(BasicTokenType::Bearer).ok_or_else(|| serde::de::Error::custom("not a bearer token"))
}

fn seconds<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    })
}

fn scopes<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<Scope>>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?.filter(|text| !text.trim().is_empty());
    Ok(text.map(|text| text.split_whitespace().map(|scope| Scope::new(scope.to_owned())).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_of_an_older_platform_is_read_too_and_nothing_shows() {
        let text = r#"{"token_type":"bearer","expires_in":"3599","access_token":"AT-secret","refresh_token":"RT-secret",
                       "id_token":"ID-secret","scope":"Mail.Read  openid","ext_expires_in":1}"#;
        let grant: Grant = serde_json::from_str(text).expect("a token answer");
        assert_eq!(
            (grant.expires_in().map(|life| life.as_secs()), grant.scopes().map(Vec::len)),
            (Some(3599), Some(2))
        );
        assert!(!format!("{grant:?}").contains("secret"));
    }

    #[test]
    fn what_is_no_bearer_token_is_refused_and_a_missing_scope_is_not() {
        assert!(serde_json::from_str::<Grant>(r#"{"token_type":"mac","access_token":"a"}"#).is_err());
        let bare: Grant =
            serde_json::from_str(r#"{"token_type":"Bearer","access_token":"a","scope":""}"#).expect("one");
        assert!(bare.scopes().is_none() && bare.expires_in().is_none() && bare.id_token().is_none());
    }
}
