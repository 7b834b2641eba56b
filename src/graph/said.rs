//! What Graph said when it did not say yes: status, codes, whether there was a body, how long to wait.
//!
//! Both spellings of `innerError`, nesting, empty codes, empty bodies and web pages are all taken
//! (Graph, "Microsoft Graph error responses and resource types"). It must not decide anything.

use std::time::Duration;

use base64::Engine as _;
use http::HeaderMap;
use http::header::{CONTENT_TYPE, WWW_AUTHENTICATE};
use serde_json::Value;

use super::json;

/// Deepest `innerError` read.
const DEPTH: usize = 8;

/// What the body was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// Nothing at all.
    Empty,
    /// A JSON error.
    Json,
    /// A web page or other text.
    Other,
}

/// An answer other than the one wanted.
#[derive(Debug)]
pub(super) struct Said {
    pub(super) status: u16,
    pub(super) kind: Kind,
    /// The outermost code that is not empty, as spelt.
    pub(super) code: Option<String>,
    /// All codes, outermost first, in lower case.
    codes: Vec<String>,
    /// All message texts in lower case; looked into for three phrases, never shown.
    texts: String,
    pub(super) retry_after: Option<Duration>,
    /// The claims of a challenge, as JSON text.
    pub(super) claims: Option<String>,
}

impl Said {
    pub(super) fn new(status: u16, headers: &HeaderMap, body: &[u8], retry_after: Option<Duration>) -> Self {
        let html =
            headers.get(CONTENT_TYPE).is_some_and(|v| v.as_bytes().windows(4).any(|w| w.eq_ignore_ascii_case(b"html")));
        let value = json::parse::<Value>(body).ok().filter(|value| value.is_object() && !html);
        let blank = body.iter().all(u8::is_ascii_whitespace);
        let kind = match &value {
            _ if blank => Kind::Empty,
            Some(_) => Kind::Json,
            None => Kind::Other,
        };
        let (mut spelt, mut texts) = (Vec::new(), String::new());
        if let Some(value) = &value {
            gather(value.get("error").unwrap_or(value), DEPTH, &mut spelt, &mut texts);
        }
        let codes = spelt.iter().map(|code| code.to_lowercase()).collect();
        Self { status, kind, code: spelt.into_iter().next(), codes, texts, retry_after, claims: claims(headers) }
    }

    /// Whether any of the codes is one of these (given in lower case).
    pub(super) fn says(&self, codes: &[&str]) -> bool {
        self.codes.iter().any(|code| codes.contains(&code.as_str()))
    }

    /// Whether a message holds this phrase (given in lower case).
    pub(super) fn mentions(&self, phrase: &str) -> bool {
        self.texts.contains(phrase)
    }
}

fn gather(error: &Value, depth: usize, codes: &mut Vec<String>, texts: &mut String) {
    let code = error.as_str().or_else(|| error.get("code")?.as_str());
    codes.extend(code.and_then(printable));
    if let Some(text) = error.get("message").and_then(Value::as_str) {
        texts.push_str(&text.to_lowercase());
        texts.push('\n');
    }
    let inner = error.get("innerError").or_else(|| error.get("innererror"));
    if let (Some(inner), Some(depth)) = (inner, depth.checked_sub(1)) {
        gather(inner, depth, codes, texts);
    }
}

/// A code fit to be shown and recorded: short, one word; `None` for an empty one.
fn printable(code: &str) -> Option<String> {
    let code: String = code.chars().filter(char::is_ascii_graphic).take(100).collect();
    (!code.is_empty()).then_some(code)
}

/// The claims of a challenge (Entra, "Claims challenges, claims requests and client capabilities"):
/// base64 in either alphabet, in any of several headers, parameters in any order.
fn claims(headers: &HeaderMap) -> Option<String> {
    let mut texts = headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok());
    let found = texts.find_map(parameter)?;
    let bare: String = found.trim_end_matches('=').replace('-', "+").replace('_', "/");
    let decoded =
        base64::engine::general_purpose::STANDARD_NO_PAD.decode(bare).ok().and_then(|d| String::from_utf8(d).ok());
    let json = |text: &String| serde_json::from_str::<serde_json::Map<String, Value>>(text).is_ok();
    decoded.filter(json).or_else(|| Some(found.to_owned()).filter(json))
}

/// The value of `claims="…"`.
fn parameter(challenge: &str) -> Option<&str> {
    let lower = challenge.to_ascii_lowercase();
    let mut from = 0;
    loop {
        let at = from + lower.get(from..)?.find("claims=\"")?;
        // `error="insufficient_claims"` and the like do not count: the name must stand alone.
        let alone = lower[..at].chars().next_back().is_none_or(|c| c == ',' || c.is_ascii_whitespace());
        let rest = challenge.get(at + 8..)?;
        if alone {
            return rest.split('"').next();
        }
        from = at + 8;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn said(body: &str) -> Said {
        Said::new(500, &HeaderMap::new(), body.as_bytes(), None)
    }

    #[test]
    fn a_code_is_found_at_any_depth_in_either_spelling_and_any_case() {
        let both = said(r#"{"error":{"code":"","message":"x","innererror":{"code":"ResyncRequired"}}}"#);
        assert!(both.says(&["resyncrequired"]));
        assert_eq!(both.code.as_deref(), Some("ResyncRequired"));
        let nested = said(r#"{"error":{"code":"A","innerError":{"innerError":{"code":"itemNotFound"}}}}"#);
        assert!(nested.says(&["itemnotfound"]));
        assert_eq!(nested.code.as_deref(), Some("A"));
        assert_eq!(said(r#"{"error":"invalid_grant"}"#).code.as_deref(), Some("invalid_grant"));
    }

    #[test]
    fn bodies_are_told_apart() {
        assert_eq!(said("").kind, Kind::Empty);
        assert_eq!(said(" \r\n").kind, Kind::Empty);
        assert_eq!(said("<html>502</html>").kind, Kind::Other);
        assert_eq!(said("[]").kind, Kind::Other);
        assert_eq!(said("{}").kind, Kind::Json);
    }

    #[test]
    fn a_code_that_tries_to_be_clever_is_cut_to_a_word() {
        let long = format!(r#"{{"error":{{"code":"a\u001b[31m\n{}"}}}}"#, "x".repeat(500));
        assert_eq!(said(&long).code.map(|code| (code.len(), code.starts_with("a[31mx"))), Some((100, true)));
    }

    #[test]
    fn claims_are_read_from_any_challenge_in_either_alphabet() {
        let json = r#"{"access_token":{"nbf":{"essential":true,"value":"1?>"}}}"#;
        let engines = [base64::engine::general_purpose::STANDARD, base64::engine::general_purpose::URL_SAFE];
        for engine in engines {
            let mut headers = HeaderMap::new();
            headers.append(WWW_AUTHENTICATE, http::HeaderValue::from_static("Basic realm=\"\""));
            let challenge = format!(
                "Bearer realm=\"\", error=\"insufficient_claims\", x_claims=\"no\", Claims=\"{}\", client_id=\"1\"",
                engine.encode(json)
            );
            headers.append(WWW_AUTHENTICATE, challenge.parse().expect("valid header"));
            assert_eq!(claims(&headers).as_deref(), Some(json));
        }
        let mut headers = HeaderMap::new();
        headers.append(WWW_AUTHENTICATE, http::HeaderValue::from_static("Bearer error=\"insufficient_claims\""));
        assert_eq!(claims(&headers), None);
    }
}
