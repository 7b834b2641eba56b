//! Values that have exactly one spelling: RFC 8785 (JCS), narrowed to what a log line may hold.
//!
//! Objects with names of `[a-z][a-z0-9_]*`, lists, text, `true`, `false`, `null` and integers of at most 2^53 - 1
//! in size; no fractions. With such names every sort order agrees, so a `BTreeMap` is the order of RFC 8785. Text
//! is not normalised, and Rust's `str` cannot hold unpaired surrogates. This file must not know events.

use std::collections::BTreeMap;

use crate::terms::{Md5, Sha256, UtcInstant};

use super::LineError;

/// The largest integer that every JSON reader keeps exactly (RFC 8785, section 3.2.2.3 and its appendix D).
const MAX_INTEGER: u64 = (1 << 53) - 1;
/// How deep values may nest; far below what any reader refuses.
const MAX_DEPTH: usize = 32;

/// One value that can stand in a log line. There is no way to make one that RFC 8785 would spell differently
/// in two implementations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Value(Kind);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Kind {
    Null,
    Flag(bool),
    Integer(i64),
    Text(String),
    List(Vec<Value>),
    Object(Object),
}

/// Named values, built fluently: `Object::new().text("step", "open").int("status", 403_u16)`.
///
/// A wrong or repeated name is remembered and refused when the line is appended.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Object {
    fields: BTreeMap<String, Value>,
    fault: Option<LineError>,
}

macro_rules! fields {
    ($owner:ident) => {
        impl $owner {
            /// Adds text, exactly as given.
            #[must_use]
            pub fn text(self, name: &str, text: impl Into<String>) -> Self {
                self.put(name, text.into())
            }

            /// Adds text, or `null`.
            #[must_use]
            pub fn opt_text<T: Into<String>>(self, name: &str, text: Option<T>) -> Self {
                self.put(name, text.map(Into::into))
            }

            /// Adds an integer; one beyond 2^53 - 1 is written as decimal text, so that no reader rounds it.
            #[must_use]
            pub fn int(self, name: &str, number: impl Into<i128>) -> Self {
                self.put(name, $crate::custody::canonical::integer(number.into()))
            }

            /// Adds an integer as [`Self::int`] does, or `null`.
            #[must_use]
            pub fn opt_int<N: Into<i128>>(self, name: &str, number: Option<N>) -> Self {
                self.put(name, number.map(|number| $crate::custody::canonical::integer(number.into())))
            }

            /// Adds bytes as lower-case hex.
            #[must_use]
            pub fn hex(self, name: &str, bytes: impl AsRef<[u8]>) -> Self {
                self.put(name, hex::encode(bytes))
            }

            /// Adds bytes as lower-case hex, or `null`.
            #[must_use]
            pub fn opt_hex<B: AsRef<[u8]>>(self, name: &str, bytes: Option<B>) -> Self {
                self.put(name, bytes.map(hex::encode))
            }

            /// Adds `true` or `false`.
            #[must_use]
            pub fn flag(self, name: &str, flag: bool) -> Self {
                self.put(name, flag)
            }

            /// Adds a list, in the given order.
            #[must_use]
            pub fn list<V: Into<$crate::custody::Value>>(self, name: &str, items: impl IntoIterator<Item = V>) -> Self {
                self.put(name, items.into_iter().map(Into::into).collect::<Vec<$crate::custody::Value>>())
            }

            /// Adds an object.
            #[must_use]
            pub fn object(self, name: &str, object: $crate::custody::Object) -> Self {
                self.put(name, object)
            }
        }
    };
}
pub(super) use fields;
fields!(Object);

impl Object {
    /// Without any field.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds any value that converts.
    #[must_use]
    pub fn put(mut self, name: &str, value: impl Into<Value>) -> Self {
        let fault = if !is_name(name) {
            Some(LineError::Name(name.to_owned()))
        } else if self.fields.insert(name.to_owned(), value.into()).is_some() {
            Some(LineError::Repeated(name.to_owned()))
        } else {
            None
        };
        self.fault = self.fault.take().or(fault);
        self
    }

    /// Whether a field of this name is there, `null` included.
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// The one spelling of this object, without a line end.
    ///
    /// # Errors
    /// A wrong or repeated name, or values nested too deep.
    pub fn canonical(&self) -> Result<String, LineError> {
        let mut out = String::with_capacity(512);
        write_object(&mut out, self, 1)?;
        Ok(out)
    }
}

impl Value {
    /// `null`.
    pub const NULL: Self = Self(Kind::Null);
}

fn is_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_lowercase())
        && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

pub(super) fn integer(number: i128) -> Value {
    if number.unsigned_abs() > u128::from(MAX_INTEGER) {
        return Value(Kind::Text(number.to_string()));
    }
    // Checked above: it fits.
    Value(i64::try_from(number).map_or(Kind::Null, Kind::Integer))
}

fn write_object(out: &mut String, object: &Object, depth: usize) -> Result<(), LineError> {
    if let Some(fault) = &object.fault {
        return Err(fault.clone());
    }
    out.push('{');
    for (i, (name, value)) in object.fields.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        write_text(out, name);
        out.push(':');
        write_value(out, value, depth)?;
    }
    out.push('}');
    Ok(())
}

fn write_value(out: &mut String, value: &Value, depth: usize) -> Result<(), LineError> {
    if depth > MAX_DEPTH {
        return Err(LineError::Deep);
    }
    match &value.0 {
        Kind::Null => out.push_str("null"),
        Kind::Flag(true) => out.push_str("true"),
        Kind::Flag(false) => out.push_str("false"),
        Kind::Integer(number) => out.push_str(&number.to_string()),
        Kind::Text(text) => write_text(out, text),
        Kind::Object(object) => write_object(out, object, depth + 1)?,
        Kind::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_value(out, item, depth + 1)?;
            }
            out.push(']');
        }
    }
    Ok(())
}

/// Text with the shortest escapes (RFC 8785, section 3.2.2.2): only `"`, `\` and what is below U+0020.
fn write_text(out: &mut String, text: &str) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control @ '\u{0}'..='\u{1f}' => {
                out.push_str("\\u00");
                out.push_str(&hex::encode([u8::try_from(control).unwrap_or_default()]));
            }
            other => out.push(other),
        }
    }
    out.push('"');
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self(Kind::Flag(flag))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self(Kind::Text(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self(Kind::Text(text))
    }
}

impl From<Object> for Value {
    fn from(object: Object) -> Self {
        Self(Kind::Object(object))
    }
}

impl From<Vec<Value>> for Value {
    fn from(items: Vec<Value>) -> Self {
        Self(Kind::List(items))
    }
}

impl<T: Into<Value>> From<Option<T>> for Value {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::NULL, Into::into)
    }
}

macro_rules! from_shown {
    ($($shown:ty),+) => {
        $(impl From<$shown> for Value {
            fn from(value: $shown) -> Self {
                Self(Kind::Text(value.to_string()))
            }
        })+
    };
}
from_shown!(Sha256, Md5, UtcInstant, uuid::Uuid);

macro_rules! from_integer {
    ($($number:ty),+) => {
        $(impl From<$number> for Value {
            fn from(number: $number) -> Self {
                integer(i128::from(number))
            }
        })+
    };
}
from_integer!(u8, u16, u32, u64, i8, i16, i32, i64);

impl TryFrom<serde_json::Value> for Value {
    type Error = LineError;

    /// Takes JSON from elsewhere; fractions and names outside `[a-z][a-z0-9_]*` are refused.
    fn try_from(json: serde_json::Value) -> Result<Self, LineError> {
        from_json(json, 1)
    }
}

fn from_json(json: serde_json::Value, depth: usize) -> Result<Value, LineError> {
    if depth > MAX_DEPTH {
        return Err(LineError::Deep);
    }
    Ok(match json {
        serde_json::Value::Null => Value::NULL,
        serde_json::Value::Bool(flag) => Value::from(flag),
        serde_json::Value::String(text) => Value::from(text),
        serde_json::Value::Number(number) => match (number.as_i64(), number.as_u64()) {
            (Some(number), _) => Value::from(number),
            (None, Some(number)) => Value::from(number),
            (None, None) => return Err(LineError::Fraction),
        },
        serde_json::Value::Array(items) => {
            let items: Result<Vec<_>, _> = items.into_iter().map(|item| from_json(item, depth + 1)).collect();
            Value::from(items?)
        }
        serde_json::Value::Object(fields) => {
            let mut object = Object::new();
            for (name, value) in fields {
                object = object.put(&name, from_json(value, depth + 1)?);
            }
            object.fault.clone().map_or(Ok(Value::from(object)), Err)?
        }
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::custody::tree;

    fn any_value() -> impl Strategy<Value = serde_json::Value> {
        let leaf = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            (-(1i64 << 53) + 1..1i64 << 53).prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        leaf.prop_recursive(4, 32, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(serde_json::Value::from),
                prop::collection::btree_map("[a-z][a-z0-9_]{0,8}", inner, 0..6).prop_map(serde_json::Value::from_iter),
            ]
        })
    }

    proptest! {
        #[test]
        fn a_line_parsed_by_another_reader_and_written_again_is_the_same_line(json in any_value()) {
            let object = Object::new().put("v", Value::try_from(json.clone()).expect("within the narrowing"));
            let line = object.canonical().expect("sayable");
            prop_assert!(!line.contains('\n'));
            let parsed: serde_json::Value = serde_json::from_str(&line).expect("JSON");
            prop_assert_eq!(&parsed["v"], &json);
            let again = Object::new().put("v", Value::try_from(parsed["v"].clone()).expect("within the narrowing"));
            prop_assert_eq!(again.canonical().expect("sayable"), line);
        }
    }

    #[test]
    fn the_published_lines_have_the_published_leaves() {
        let opened =
            Object::new().int("seq", 0).text("kind", "acquisition.opened").text("at", "2024-06-04T09:00:00.000Z");
        let line = opened.canonical().expect("sayable");
        assert_eq!(line, r#"{"at":"2024-06-04T09:00:00.000Z","kind":"acquisition.opened","seq":0}"#);
        let leaf = tree::leaf(line.as_bytes());
        assert_eq!(leaf.to_string(), "85d6ad97e40d6fe2c6ad28ce2cea9181a1cf1a3592692fe3c9001bf85d08b055");

        let control = Value::from(vec![Value::from(true), Value::NULL, Value::from("\u{1}\n\"\\/")]);
        let mut torture = Object::new().text("a", "é€😀").int("b", 1).put("c", control).int("z", (1i64 << 53) - 1);
        // Our own names are ASCII; the vector's last one is not, so it goes in behind the check.
        torture.fields.insert("ü".to_owned(), Value::from(2u8));
        let line = torture.canonical().expect("sayable");
        assert_eq!(
            line,
            "{\"a\":\"é€😀\",\"b\":1,\"c\":[true,null,\"\\u0001\\n\\\"\\\\/\"],\"z\":9007199254740991,\"ü\":2}"
        );
        let leaf = tree::leaf(line.as_bytes());
        assert_eq!(leaf.to_string(), "48dec90591d308f93ad0be656739227a4f6a7a461a72a5048df81145288d5cf6");
    }

    #[test]
    fn an_integer_beyond_2_to_the_53_is_written_as_text() {
        let line = |number: u64| Object::new().int("n", number).canonical().expect("sayable");
        assert_eq!(line((1 << 53) - 1), r#"{"n":9007199254740991}"#);
        assert_eq!(line(1 << 53), r#"{"n":"9007199254740992"}"#);
        assert_eq!(line(u64::MAX), r#"{"n":"18446744073709551615"}"#);
    }

    #[test]
    fn wrong_and_repeated_names_fractions_and_bottomless_values_are_refused() {
        for name in ["", "A", "1a", "a-b", "ü", "a b", "_a"] {
            let wrong = Object::new().text(name, "x").canonical();
            assert_eq!(wrong, Err(LineError::Name(name.to_owned())));
        }
        let twice = Object::new().object("o", Object::new().int("a", 1).int("a", 1));
        assert_eq!(twice.canonical(), Err(LineError::Repeated("a".to_owned())));
        assert_eq!(Value::try_from(serde_json::json!({ "a": 0.5 })), Err(LineError::Fraction));
        let deep = (0..40).fold(Value::NULL, |inner, _| Value::from(vec![inner]));
        assert_eq!(Object::new().put("a", deep).canonical(), Err(LineError::Deep));
    }
}
