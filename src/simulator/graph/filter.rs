//! OData `$filter`: the part of the language that the directory and mailboxes accept.
//!
//! Comparisons, `and`, `or`, `not`, parentheses, `startswith`, `endswith`, `contains`, `any` over a list.
//! Text compares without case, as it does in Entra and Exchange.

use serde_json::Value;

use crate::terms::UtcInstant;

const MAX_DEPTH: usize = 32;

/// A parsed filter.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Filter {
    /// Both.
    And(Box<Filter>, Box<Filter>),
    /// Either.
    Or(Box<Filter>, Box<Filter>),
    /// Not.
    Not(Box<Filter>),
    /// A property against a literal.
    Compare(String, Op, Literal),
    /// A test on a text.
    Test(Test, String, String),
    /// Something about at least one element of a list: list, variable, condition.
    Any(String, String, Box<Filter>),
}

/// A comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Op {
    Eq,
    Ne,
    Ge,
    Gt,
    Le,
    Lt,
}

/// A test on a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Test {
    StartsWith,
    EndsWith,
    Contains,
}

/// A literal.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Literal {
    Text(String),
    Instant(UtcInstant),
    Number(i64),
    Bool(bool),
    Null,
}

impl Filter {
    /// Reads a filter; `None` where it is not one.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let tokens = tokens(text)?;
        let mut reader = Reader { tokens: &tokens, at: 0 };
        let filter = reader.either(0)?;
        (reader.at == tokens.len()).then_some(filter)
    }

    /// Whether a JSON object passes.
    pub(super) fn accepts(&self, object: &Value) -> bool {
        self.holds(object, None)
    }

    /// The properties named, in order, each once.
    pub(super) fn properties(&self) -> Vec<&str> {
        let mut names = Vec::new();
        self.visit(&mut |filter| {
            if let Self::Compare(name, ..) | Self::Test(_, name, _) | Self::Any(name, ..) = filter
                && !names.contains(&name.as_str())
            {
                names.push(name.as_str());
            }
        });
        names
    }

    /// The conditions that must all hold; none where the filter is more than a chain of `and`.
    pub(super) fn conditions(&self) -> Vec<&Self> {
        match self {
            Self::And(a, b) => [a.conditions(), b.conditions()].concat(),
            other => vec![other],
        }
    }

    /// Whether the directory calls it an advanced query.
    pub(super) fn is_advanced(&self) -> bool {
        let mut advanced = false;
        self.visit(&mut |filter| {
            let ends = matches!(filter, Self::Test(Test::EndsWith | Test::Contains, ..));
            let counts = matches!(filter, Self::Compare(name, ..) if name.ends_with("/$count"));
            advanced |= ends || counts || matches!(filter, Self::Not(_) | Self::Compare(_, Op::Ne, _));
        });
        advanced
    }

    fn visit<'a>(&'a self, seen: &mut dyn FnMut(&'a Self)) {
        seen(self);
        match self {
            Self::And(a, b) | Self::Or(a, b) => {
                a.visit(seen);
                b.visit(seen);
            }
            Self::Not(inner) => inner.visit(seen),
            Self::Compare(..) | Self::Test(..) | Self::Any(..) => {}
        }
    }

    fn holds(&self, object: &Value, element: Option<(&str, &Value)>) -> bool {
        match self {
            Self::And(a, b) => a.holds(object, element) && b.holds(object, element),
            Self::Or(a, b) => a.holds(object, element) || b.holds(object, element),
            Self::Not(inner) => !inner.holds(object, element),
            Self::Compare(name, op, literal) => match name.strip_suffix("/$count") {
                Some(list) => {
                    let size = property(object, element, list).as_array().map_or(0, Vec::len);
                    compare(&Value::from(size), *op, literal)
                }
                None => compare(property(object, element, name), *op, literal),
            },
            Self::Test(test, name, wanted) => {
                let have = property(object, element, name).as_str().map(str::to_lowercase);
                let wanted = wanted.to_lowercase();
                have.is_some_and(|have| match test {
                    Test::StartsWith => have.starts_with(&wanted),
                    Test::EndsWith => have.ends_with(&wanted),
                    Test::Contains => have.contains(&wanted),
                })
            }
            Self::Any(list, variable, inner) => {
                let elements = property(object, element, list).as_array();
                elements.into_iter().flatten().any(|found| inner.holds(object, Some((variable, found))))
            }
        }
    }
}

fn property<'a>(object: &'a Value, element: Option<(&str, &'a Value)>, name: &str) -> &'a Value {
    let mut steps = name.split('/');
    let first = steps.next().unwrap_or_default();
    let start = match element {
        Some((variable, value)) if variable == first => value,
        _ => object.get(first).unwrap_or(&Value::Null),
    };
    steps.fold(start, |at, step| at.get(step).unwrap_or(&Value::Null))
}

fn compare(have: &Value, op: Op, literal: &Literal) -> bool {
    use std::cmp::Ordering;
    let order = match literal {
        Literal::Null => have.is_null().then_some(Ordering::Equal),
        Literal::Bool(wanted) => have.as_bool().map(|have| have.cmp(wanted)),
        Literal::Number(wanted) => have.as_i64().map(|have| have.cmp(wanted)),
        Literal::Text(wanted) => have.as_str().map(|have| have.to_lowercase().cmp(&wanted.to_lowercase())),
        Literal::Instant(wanted) => {
            have.as_str().and_then(|have| UtcInstant::parse(have).ok()).map(|have| have.cmp(wanted))
        }
    };
    match op {
        Op::Eq => order == Some(Ordering::Equal),
        Op::Ne => order != Some(Ordering::Equal),
        Op::Ge => order.is_some_and(Ordering::is_ge),
        Op::Gt => order.is_some_and(Ordering::is_gt),
        Op::Le => order.is_some_and(Ordering::is_le),
        Op::Lt => order.is_some_and(Ordering::is_lt),
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Word(String),
    Text(String),
    Open,
    Close,
    Comma,
    Colon,
}

fn tokens(text: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            ' ' | '\t' => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            ',' => tokens.push(Token::Comma),
            '\'' => {
                let mut inner = String::new();
                loop {
                    match chars.next()? {
                        '\'' if chars.next_if_eq(&'\'').is_some() => inner.push('\''),
                        '\'' => break,
                        other => inner.push(other),
                    }
                }
                tokens.push(Token::Text(inner));
            }
            // A colon is a separator in `any(p:…)` and a part of an instant elsewhere.
            ':' => tokens.push(Token::Colon),
            other => {
                let mut word = String::from(other);
                let in_instant = |word: &str| word.starts_with(|c: char| c.is_ascii_digit());
                while let Some(c) = chars.next_if(|c| !" \t(),':".contains(*c) || (*c == ':' && in_instant(&word))) {
                    word.push(c);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Some(tokens)
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn peek_word(&self, word: &str) -> bool {
        matches!(self.tokens.get(self.at), Some(Token::Word(have)) if have.eq_ignore_ascii_case(word))
    }

    fn take(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn expect(&mut self, wanted: &Token) -> Option<()> {
        (self.take()? == *wanted).then_some(())
    }

    fn either(&mut self, depth: usize) -> Option<Filter> {
        let mut left = self.both(depth)?;
        while self.peek_word("or") {
            self.at += 1;
            left = Filter::Or(Box::new(left), Box::new(self.both(depth)?));
        }
        Some(left)
    }

    fn both(&mut self, depth: usize) -> Option<Filter> {
        let mut left = self.one(depth)?;
        while self.peek_word("and") {
            self.at += 1;
            left = Filter::And(Box::new(left), Box::new(self.one(depth)?));
        }
        Some(left)
    }

    fn one(&mut self, depth: usize) -> Option<Filter> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.peek_word("not") {
            self.at += 1;
            return Some(Filter::Not(Box::new(self.one(depth + 1)?)));
        }
        match self.take()? {
            Token::Open => {
                let inner = self.either(depth + 1)?;
                self.expect(&Token::Close)?;
                Some(inner)
            }
            Token::Word(name) => match self.tokens.get(self.at) {
                Some(Token::Open) => self.call(&name, depth),
                _ => self.comparison(name),
            },
            _ => None,
        }
    }

    fn comparison(&mut self, name: String) -> Option<Filter> {
        let Token::Word(op) = self.take()? else { return None };
        let op = match op.to_ascii_lowercase().as_str() {
            "eq" => Op::Eq,
            "ne" => Op::Ne,
            "ge" => Op::Ge,
            "gt" => Op::Gt,
            "le" => Op::Le,
            "lt" => Op::Lt,
            _ => return None,
        };
        let literal = match self.take()? {
            Token::Text(text) => Literal::Text(text),
            Token::Word(word) => match word.as_str() {
                "true" => Literal::Bool(true),
                "false" => Literal::Bool(false),
                "null" => Literal::Null,
                word => match word.parse() {
                    Ok(number) => Literal::Number(number),
                    Err(_) => Literal::Instant(instant(word)?),
                },
            },
            _ => return None,
        };
        Some(Filter::Compare(name, op, literal))
    }

    fn call(&mut self, name: &str, depth: usize) -> Option<Filter> {
        self.expect(&Token::Open)?;
        if let Some(list) = name.strip_suffix("/any") {
            let Token::Word(variable) = self.take()? else { return None };
            self.expect(&Token::Colon)?;
            let inner = self.either(depth + 1)?;
            self.expect(&Token::Close)?;
            return Some(Filter::Any(list.to_owned(), variable, Box::new(inner)));
        }
        let test = match name.to_ascii_lowercase().as_str() {
            "startswith" => Test::StartsWith,
            "endswith" => Test::EndsWith,
            "contains" => Test::Contains,
            _ => return None,
        };
        let Token::Word(property) = self.take()? else { return None };
        self.expect(&Token::Comma)?;
        let Token::Text(wanted) = self.take()? else { return None };
        self.expect(&Token::Close)?;
        Some(Filter::Test(test, property, wanted))
    }
}

/// An instant, or a date alone, which means its first moment in UTC.
fn instant(word: &str) -> Option<UtcInstant> {
    UtcInstant::parse(word).or_else(|_| UtcInstant::parse(&format!("{word}T00:00:00Z"))).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[test]
    fn the_filters_that_collectors_send_are_understood() {
        let user = json!({ "mail": "Ann@x.com", "userType": null, "proxyAddresses": ["SMTP:ann@x.com", "smtp:a@x.com"], "on": true });
        for (text, expected) in [
            ("mail eq 'ann@x.com'", true),
            ("proxyAddresses/any(p:p eq 'smtp:a@x.com')", true),
            ("proxyAddresses/any(x:startswith(x,'smtp:z'))", false),
            ("startswith(mail,'ann') and not(on eq false)", true),
            ("on eq true or userType ne 'Guest'", true),
            ("userType ne 'Guest'", true),
            ("mail eq 'o''brien'", false),
        ] {
            assert_eq!(Filter::parse(text).map(|filter| filter.accepts(&user)), Some(expected), "{text}");
        }
    }

    #[test]
    fn dates_compare_as_instants() {
        let message =
            json!({ "receivedDateTime": "2024-01-01T00:00:00Z", "from": { "emailAddress": { "address": "a@x" } } });
        for (text, expected) in [
            ("receivedDateTime ge 2024-01-01T00:00:00Z and receivedDateTime lt 2024-02-01T00:00:00.000Z", true),
            ("receivedDateTime gt 2024-01-01T00:00:00Z", false),
            ("receivedDateTime ge 2024-01-01", true),
            ("from/emailAddress/address eq 'A@X'", true),
        ] {
            assert_eq!(Filter::parse(text).map(|filter| filter.accepts(&message)), Some(expected), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_either_a_filter_or_refused(text in "[ a-z()',:/0-9TZ-]{0,60}") {
            let _ = Filter::parse(&text);
        }
    }
}
