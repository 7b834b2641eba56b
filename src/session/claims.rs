//! Claims that a token request carries: what a challenge demands, and whether we declare that we understand challenges.
//!
//! Source: Microsoft, "How to use continuous access evaluation enabled APIs". The capability is `cp1`; a challenge's
//! claims and the capability travel as one JSON object. Claims say things about people's sessions and are never logged.

use serde_json::{Map, Value, json};

/// Larger than any challenge.
const MAX: usize = 16 * 1024;

/// What to send as `claims`: the challenge's own and, where declared, the capability; `None` for nothing.
pub(super) fn merged(capable: bool, challenge: Option<&str>) -> Option<String> {
    let mut claims = challenge.and_then(object).unwrap_or_default();
    if capable {
        let token = claims.entry("access_token").or_insert_with(|| json!({}));
        match token.as_object_mut() {
            Some(token) => {
                token.insert("xms_cc".to_owned(), json!({ "values": ["cp1"] }));
            }
            None => *token = json!({ "xms_cc": { "values": ["cp1"] } }),
        }
    }
    (!claims.is_empty()).then(|| Value::Object(claims).to_string())
}

/// A challenge is a JSON object; what is none is not sent on.
fn object(text: &str) -> Option<Map<String, Value>> {
    if text.len() > MAX {
        return None;
    }
    match serde_json::from_str(text).ok()? {
        Value::Object(object) => Some(object),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(capable: bool, challenge: Option<&str>) -> Value {
        merged(capable, challenge).map_or(Value::Null, |text| serde_json::from_str(&text).expect("JSON"))
    }

    #[test]
    fn a_challenge_and_the_capability_become_one_object() {
        let challenge = r#"{"access_token":{"nbf":{"essential":true,"value":"1604106651"}}}"#;
        let nbf = json!({ "essential": true, "value": "1604106651" });
        assert_eq!(
            of(true, Some(challenge)),
            json!({ "access_token": { "nbf": nbf, "xms_cc": { "values": ["cp1"] } } })
        );
        assert_eq!(of(false, Some(challenge)), json!({ "access_token": { "nbf": nbf } }));
        assert_eq!(of(true, None), json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } }));
    }

    #[test]
    fn what_is_no_object_is_not_sent_on() {
        let long = "9".repeat(MAX + 1);
        for text in ["", "null", "[1]", "\"x\"", "{", long.as_str()] {
            assert_eq!(merged(false, Some(text)), None);
        }
        assert_eq!(
            of(true, Some(r#"{"access_token":null}"#)),
            json!({ "access_token": { "xms_cc": { "values": ["cp1"] } } })
        );
    }
}
