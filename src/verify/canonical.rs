//! Whether a log line is in the one form a value can have: RFC 8785, narrowed.
//!
//! Member names are `[a-z][a-z0-9_]*`, numbers are integers up to 2^53-1 either way, so byte order
//! and UTF-16 order agree and no number formatting is involved. It must not know what a line means.

use std::fmt::Write as _;

use serde_json::Value;

/// Largest integer that every JSON reader keeps exactly.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// Why a line is not canonical.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotCanonical {
    /// Not JSON at all.
    #[error("not a JSON text")]
    NotJson,
    /// JSON, but not an object.
    #[error("not a JSON object")]
    NotAnObject,
    /// A member name outside `[a-z][a-z0-9_]*`.
    #[error("a member name is not lower-case ASCII")]
    Name,
    /// A fraction, an exponent, or more than 53 bits.
    #[error("a number is not an integer of at most 53 bits")]
    Number,
    /// The same value, spelt in another way.
    #[error("not in canonical form")]
    Form,
}

/// Reads a line that must be canonical.
pub(super) fn read(line: &str) -> Result<serde_json::Map<String, Value>, NotCanonical> {
    let value: Value = serde_json::from_str(line).map_err(|_| NotCanonical::NotJson)?;
    let mut spelt = String::with_capacity(line.len());
    spell(&value, &mut spelt)?;
    if spelt != line {
        return Err(NotCanonical::Form);
    }
    match value {
        Value::Object(members) => Ok(members),
        _ => Err(NotCanonical::NotAnObject),
    }
}

/// The parser has refused anything nested deeper than 128 levels, which bounds the recursion.
fn spell(value: &Value, to: &mut String) -> Result<(), NotCanonical> {
    match value {
        Value::Null => to.push_str("null"),
        Value::Bool(true) => to.push_str("true"),
        Value::Bool(false) => to.push_str("false"),
        Value::Number(number) => {
            let magnitude = number.as_u64().or_else(|| number.as_i64().map(i64::unsigned_abs));
            if magnitude.is_none_or(|magnitude| magnitude > MAX_EXACT) {
                return Err(NotCanonical::Number);
            }
            let _ = write!(to, "{number}");
        }
        Value::String(text) => write_string(text, to),
        Value::Array(values) => {
            to.push('[');
            for (n, value) in values.iter().enumerate() {
                separate(n, to);
                spell(value, to)?;
            }
            to.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_by_key(|(name, _)| name.as_bytes());
            to.push('{');
            for (n, (name, value)) in members.into_iter().enumerate() {
                if !is_name(name) {
                    return Err(NotCanonical::Name);
                }
                separate(n, to);
                write_string(name, to);
                to.push(':');
                spell(value, to)?;
            }
            to.push('}');
        }
    }
    Ok(())
}

fn separate(n: usize, to: &mut String) {
    if n > 0 {
        to.push(',');
    }
}

fn is_name(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// RFC 8785 section 3.2.2.2: the two-character escapes where JSON has them, `\u00xx` for other
/// control characters, everything else as it is.
fn write_string(text: &str, to: &mut String) {
    to.push('"');
    // Nearly all text is written as it is, in one piece.
    let special = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
    if !text.bytes().any(special) {
        to.push_str(text);
        to.push('"');
        return;
    }
    for c in text.chars() {
        match c {
            '"' => to.push_str("\\\""),
            '\\' => to.push_str("\\\\"),
            '\u{8}' => to.push_str("\\b"),
            '\t' => to.push_str("\\t"),
            '\n' => to.push_str("\\n"),
            '\u{c}' => to.push_str("\\f"),
            '\r' => to.push_str("\\r"),
            control if control < ' ' => drop(write!(to, "\\u{:04x}", u32::from(control))),
            other => to.push(other),
        }
    }
    to.push('"');
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_canonical_line_is_read() {
        for line in [
            "{}",
            r#"{"at":"2024-06-04T09:00:00.000Z","kind":"acquisition.opened","seq":0}"#,
            r#"{"a":"é€😀","b":-1,"c":[true,null,"\u0001\n\"\\/"],"z":9007199254740991}"#,
            "{\"a\":\"\u{7f}\u{2028}\"}",
        ] {
            assert!(read(line).is_ok(), "{line}");
        }
    }

    #[test]
    fn any_other_spelling_of_the_same_value_is_refused() {
        let cases = [
            (r#"{"b":1,"a":2}"#, NotCanonical::Form),
            (r#"{"a": 1}"#, NotCanonical::Form),
            (r#"{"a":1} "#, NotCanonical::Form),
            (r#"{"a":1,"a":1}"#, NotCanonical::Form),
            (r#"{"a":"\u0041"}"#, NotCanonical::Form),
            (r#"{"a":"\/"}"#, NotCanonical::Form),
            (r#"{"a":"\u000A"}"#, NotCanonical::Form),
            (r#"{"a":"\u001F"}"#, NotCanonical::Form),
            (r#"{"a":1.0}"#, NotCanonical::Number),
            (r#"{"a":1e2}"#, NotCanonical::Number),
            (r#"{"a":-0}"#, NotCanonical::Number),
            (r#"{"a":9007199254740992}"#, NotCanonical::Number),
            (r#"{"a":-9007199254740992}"#, NotCanonical::Number),
            (r#"{"A":1}"#, NotCanonical::Name),
            (r#"{"ü":1}"#, NotCanonical::Name),
            (r#"{"":1}"#, NotCanonical::Name),
            ("[]", NotCanonical::NotAnObject),
            (r#"{"a":"\ud800"}"#, NotCanonical::NotJson),
            ("", NotCanonical::NotJson),
            ("\u{feff}{}", NotCanonical::NotJson),
        ];
        for (line, why) in cases {
            assert_eq!(read(line), Err(why), "{line}");
        }
    }

    #[test]
    fn nesting_without_end_is_refused_not_followed() {
        assert_eq!(read(&format!("{{\"a\":{}", "[".repeat(1_000_000))), Err(NotCanonical::NotJson));
    }

    proptest! {
        #[test]
        fn arbitrary_text_never_panics(line in ".*") {
            let _ = read(&line);
        }

        #[test]
        fn a_string_of_any_characters_has_a_canonical_form(text in ".*") {
            let mut line = "{\"a\":".to_owned();
            write_string(&text, &mut line);
            line.push('}');
            let members = read(&line).expect("canonical");
            prop_assert_eq!(members.get("a").and_then(Value::as_str), Some(text.as_str()));
        }
    }
}
