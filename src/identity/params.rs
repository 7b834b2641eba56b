//! Structured field values: `Content-Type` and `Content-Disposition` with their parameters (RFC 2045, 2183, 2231).
//!
//! Tolerant where senders are sloppy, and it keeps the bytes of a value beside its reading. It must not know
//! what a part is for.

use super::charset;
use super::encoded_word;
use super::headers::unfold;

/// Parameters that are read; no sender writes as many.
const PARAM_LIMIT: usize = 1_000;

/// A leading token, lower-cased, and the parameters after it.
#[derive(Debug, Default)]
pub(super) struct Structured {
    /// `text/plain`, `attachment`, ...
    pub(super) token: String,
    params: Vec<Param>,
}

#[derive(Debug)]
struct Param {
    /// Lower-cased, RFC 2231 suffixes included: `filename*0*`.
    name: String,
    /// As written, surrounding quotes removed, escapes kept.
    raw: Vec<u8>,
}

/// A parameter's value: as written and as read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Value {
    /// The bytes in the header without surrounding quotes; continuations joined in order.
    pub(super) raw: Vec<u8>,
    /// The reading: RFC 2231 and RFC 2047 undone, else UTF-8, else Latin-1.
    pub(super) text: String,
}

impl Structured {
    /// Reads a raw field value, folds included.
    pub(super) fn parse(value: &[u8]) -> Self {
        let flat = unfold(value);
        let mut pieces = split_at_semicolons(&flat).into_iter();
        let token = pieces.next().unwrap_or_default().trim_ascii();
        let token = charset::lenient(token).to_ascii_lowercase();
        let params = pieces
            .take(PARAM_LIMIT)
            .filter_map(|piece| {
                let equals = piece.iter().position(|byte| *byte == b'=')?;
                let name = charset::lenient(piece[..equals].trim_ascii()).to_ascii_lowercase();
                Some(Param { name, raw: unquote(piece[equals + 1..].trim_ascii()).to_vec() })
            })
            .collect();
        Self { token, params }
    }

    /// A token without parameters.
    pub(super) fn bare(token: &str) -> Self {
        Self { token: token.to_owned(), params: Vec::new() }
    }

    /// The value of a parameter; an RFC 2231 form wins over a plain one of the same name, as its reading is certain.
    pub(super) fn get(&self, name: &str) -> Option<Value> {
        self.extended(name).or_else(|| self.continued(name)).or_else(|| self.plain(name))
    }

    /// The reading of a parameter.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        self.get(name).map(|value| value.text)
    }

    fn raw(&self, name: &str) -> Option<&[u8]> {
        self.params.iter().find(|param| param.name == name).map(|param| &*param.raw)
    }

    fn plain(&self, name: &str) -> Option<Value> {
        let raw = self.raw(name)?.to_vec();
        let text = encoded_word::decode(&unescape(&raw));
        Some(Value { raw, text })
    }

    /// `name*=charset'language'percent-encoded`.
    fn extended(&self, name: &str) -> Option<Value> {
        let raw = self.raw(&format!("{name}*"))?.to_vec();
        let (label, rest) = charset_and_rest(&raw);
        let text = charset::decode(label.as_deref(), &percent_decoded(rest));
        Some(Value { text, raw: raw.clone() })
    }

    /// `name*0*=...; name*1=...`: joined in order until a number is missing.
    fn continued(&self, name: &str) -> Option<Value> {
        let mut raw = Vec::new();
        let mut bytes = Vec::new();
        let mut label = None;
        for number in 0.. {
            if let Some(piece) = self.raw(&format!("{name}*{number}*")) {
                let mut rest = piece;
                if number == 0 {
                    (label, rest) = charset_and_rest(piece);
                }
                raw.extend_from_slice(piece);
                bytes.extend_from_slice(&percent_decoded(rest));
            } else if let Some(piece) = self.raw(&format!("{name}*{number}")) {
                raw.extend_from_slice(piece);
                bytes.extend_from_slice(&unescape(piece));
            } else if number == 0 {
                return None;
            } else {
                break;
            }
        }
        let text = match label {
            Some(label) => charset::decode(Some(&label), &bytes),
            None => encoded_word::decode(&bytes),
        };
        Some(Value { raw, text })
    }
}

fn charset_and_rest(raw: &[u8]) -> (Option<String>, &[u8]) {
    let mut pieces = raw.splitn(3, |byte| *byte == b'\'');
    match (pieces.next(), pieces.next(), pieces.next()) {
        (Some(label), Some(_language), Some(rest)) => (Some(charset::lenient(label).into_owned()), rest),
        _ => (None, raw),
    }
}

/// Cuts at each `;` that is not inside quotes.
fn split_at_semicolons(value: &[u8]) -> Vec<&[u8]> {
    let mut pieces = Vec::new();
    let (mut start, mut quoted, mut escaped) = (0, false, false);
    for (at, byte) in value.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b';' if !quoted => {
                pieces.push(&value[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    pieces.push(&value[start..]);
    pieces
}

/// The text between a leading quote and its closing one; text after the closing quote is noise.
fn unquote(value: &[u8]) -> &[u8] {
    let Some(inner) = value.strip_prefix(b"\"") else {
        return value;
    };
    let mut escaped = false;
    for (at, byte) in inner.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return &inner[..at],
            _ => {}
        }
    }
    inner
}

/// Undoes the two escapes of a quoted string; other backslashes stay, as sloppy senders write paths.
fn unescape(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut bytes = raw.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        match (byte, bytes.peek()) {
            (b'\\', Some(&next @ (b'\\' | b'"'))) => {
                out.push(next);
                bytes.next();
            }
            _ => out.push(byte),
        }
    }
    out
}

/// Undoes `%XX`; a percent sign without two hex digits stays. Shared with the link scan.
pub(super) fn percent_decoded(raw: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(raw.len());
    let mut at = 0;
    while let Some(&byte) = raw.get(at) {
        let pair = raw.get(at + 1..at + 3).filter(|_| byte == b'%').and_then(hex_pair);
        out.push(pair.unwrap_or(byte));
        at += if pair.is_some() { 3 } else { 1 };
    }
    out
}

/// The byte two hex digits stand for.
pub(super) fn hex_pair(digits: &[u8]) -> Option<u8> {
    let [high, low] = digits else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|value| u8::try_from(value).ok());
    Some(digit(*high)? << 4 | digit(*low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(value: &str) -> Option<String> {
        Structured::parse(value.as_bytes()).text("filename")
    }

    #[test]
    fn quoted_names_keep_semicolons_spaces_and_escaped_quotes() {
        assert_eq!(name(r#"attachment; filename="a; b \"c\".txt"; size=3"#).as_deref(), Some(r#"a; b "c".txt"#));
        assert_eq!(name("attachment; filename=my file.pdf").as_deref(), Some("my file.pdf"));
        assert_eq!(name("attachment;\r\n\tFileName = x.txt ").as_deref(), Some("x.txt"));
        assert_eq!(name(r#"attachment; filename="C:\temp\x.doc""#).as_deref(), Some(r"C:\temp\x.doc"));
    }

    #[test]
    fn the_extended_form_wins_and_continuations_join_in_order() {
        assert_eq!(name("attachment; filename=plain; filename*=UTF-8''%e2%98%83.txt").as_deref(), Some("\u{2603}.txt"));
        let split = "attachment; filename*1*=%BC.txt; filename*0*=utf-8'en'f%C3; filename*3=lost";
        assert_eq!(name(split).as_deref(), Some("f\u{fc}.txt"));
    }

    #[test]
    fn an_encoded_word_in_a_quoted_name_is_read_as_senders_mean_it() {
        let value = Structured::parse(b"attachment; filename=\"=?utf-8?B?w7wudHh0?=\"");
        let value = value.get("filename").expect("present");
        assert_eq!(value.text, "\u{fc}.txt");
        assert_eq!(value.raw, b"=?utf-8?B?w7wudHh0?=");
    }

    #[test]
    fn the_token_is_lower_cased_and_a_missing_value_is_none() {
        let parsed = Structured::parse(b" Text/HTML ; charset=\"UTF-8\"");
        assert_eq!(parsed.token, "text/html");
        assert_eq!(parsed.text("charset").as_deref(), Some("UTF-8"));
        assert_eq!(parsed.text("name"), None);
    }
}
