//! The entries of an address list: their addr-specs for matching, their names and addresses for reading. No groups.
//!
//! Nothing is rejected; what senders write where an address should stand is taken as it is. It must not know which
//! field it reads.

use std::iter::Peekable;
use std::str::Chars;

use super::charset;
use super::encoded_word;
use super::headers::unfold;

/// Adds the addr-specs of one raw field value, lower-cased.
///
/// An entry in angle brackets is what the brackets hold, less a source route. Any other entry is its word with an
/// `@`, or its only word; several words without an `@` are a name and no address.
pub(super) fn collect(value: &[u8], into: &mut Vec<String>) {
    each(value, |entry| {
        let address = entry.address();
        if !address.is_empty() {
            into.push(address.to_lowercase());
        }
    });
}

/// Adds the entries of one raw field value as they are read: `Name <address>`, or what there is of the two.
///
/// Encoded words are decoded and quotes taken off; a name that holds `;`, `<`, `>` or `"` keeps quotes, so that entries
/// joined by `; ` can be told apart.
pub(super) fn read(value: &[u8], into: &mut Vec<String>) {
    each(value, |entry| {
        let (address, name) = (entry.address(), entry.name());
        let shown = match (name.is_empty(), address.is_empty()) {
            (true, _) => address,
            (false, true) => name,
            (false, false) => format!("{name} <{address}>"),
        };
        if !shown.is_empty() {
            into.push(shown);
        }
    });
}

fn each(value: &[u8], mut take: impl FnMut(&Entry)) {
    let flat = unfold(value);
    let text = charset::lenient(&flat);
    let mut chars = text.chars().peekable();
    let mut entry = Entry::default();
    while let Some(char) = chars.next() {
        match char {
            ',' | ';' => take(&std::mem::take(&mut entry)),
            '(' => {
                let comment = comment(&mut chars);
                entry.comment.get_or_insert(comment);
            }
            '"' => copy_until('"', char, &mut chars, &mut entry.bare),
            '[' => copy_until(']', char, &mut chars, &mut entry.bare),
            '<' => {
                let inside = inside_angle(&mut chars);
                entry.angle.get_or_insert(inside);
            }
            ':' if !entry.bare.contains('@') && entry.angle.is_none() => entry.bare.clear(),
            _ => entry.bare.push(char),
        }
    }
    take(&entry);
}

#[derive(Default)]
struct Entry {
    /// Text outside angle brackets and comments; quoted strings keep their quotes.
    bare: String,
    /// Text of the first pair of angle brackets, without comments.
    angle: Option<String>,
    /// The first comment outside of them.
    comment: Option<String>,
}

impl Entry {
    fn address(&self) -> String {
        match &self.angle {
            Some(angle) => without_spaces(without_route(angle.trim())),
            None => bare_address(&self.bare),
        }
    }

    /// The display name: what stands before the angle brackets, or words that are no address; beside an address alone,
    /// the comment, which is the old way to write a name.
    fn name(&self) -> String {
        let alone = self.angle.is_none() && !bare_address(&self.bare).is_empty();
        let name = if alone { self.comment.clone().unwrap_or_default() } else { unquoted(&self.bare) };
        let decoded = encoded_word::decode(name.as_bytes());
        let name = decoded.split_whitespace().collect::<Vec<_>>().join(" ");
        if name.contains([';', '<', '>', '"']) { format!("\"{}\"", name.replace('"', "'")) } else { name }
    }
}

/// Quotes taken off, and the backslashes before quoted characters.
fn unquoted(text: &str) -> String {
    let mut chars = text.chars();
    let (mut plain, mut quoted) = (String::with_capacity(text.len()), false);
    while let Some(char) = chars.next() {
        match char {
            '"' => quoted = !quoted,
            '\\' if quoted => plain.extend(chars.next()),
            _ => plain.push(char),
        }
    }
    plain
}

/// `@relay,@other:user@host` names a route nobody uses any more (RFC 5322 4.4).
fn without_route(inside: &str) -> &str {
    match inside.rsplit_once(':') {
        Some((route, rest)) if route.starts_with('@') => rest,
        _ => inside,
    }
}

fn bare_address(bare: &str) -> String {
    let words = words(bare);
    match words.iter().find(|word| word.contains('@')) {
        Some(word) => word.clone(),
        None if words.len() == 1 => words.concat(),
        None => String::new(),
    }
}

/// Words outside quotes; white space beside `@` or `.` does not part words (obsolete, yet written).
fn words(bare: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let (mut quoted, mut escaped, mut gap) = (false, false, true);
    for char in bare.chars() {
        if !quoted && char.is_whitespace() {
            gap = true;
            continue;
        }
        let glued = matches!(char, '@' | '.') || words.last().is_some_and(|word| word.ends_with(['@', '.']));
        match words.last_mut() {
            Some(word) if !gap || glued => word.push(char),
            _ => words.push(char.to_string()),
        }
        gap = false;
        quoted ^= char == '"' && !escaped;
        escaped = quoted && char == '\\' && !escaped;
    }
    words
}

fn without_spaces(text: &str) -> String {
    words(text).concat()
}

/// The text up to the closing bracket, or to the end.
fn inside_angle(chars: &mut Peekable<Chars<'_>>) -> String {
    let mut inside = String::new();
    while let Some(char) = chars.next() {
        match char {
            '>' => break,
            '(' => drop(comment(chars)),
            '"' => copy_until('"', char, chars, &mut inside),
            _ => inside.push(char),
        }
    }
    inside
}

/// The text up to the closing parenthesis, or to the end.
fn comment(chars: &mut Peekable<Chars<'_>>) -> String {
    let (mut text, mut depth) = (String::new(), 1_u32);
    while let Some(char) = chars.next() {
        match char {
            '(' => depth += 1,
            ')' if depth == 1 => break,
            ')' => depth -= 1,
            '\\' => {
                text.extend(chars.next());
                continue;
            }
            _ => {}
        }
        text.push(char);
    }
    text
}

/// Copies from an opening character through its closing one, or to the end.
fn copy_until(closing: char, opening: char, chars: &mut Peekable<Chars<'_>>, into: &mut String) {
    into.push(opening);
    while let Some(char) = chars.next() {
        into.push(char);
        if char == closing {
            return;
        }
        if char == '\\' && closing == '"' {
            into.extend(chars.next());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::collect;

    #[test]
    fn names_are_decoded_for_reading_and_addresses_keep_their_letters() {
        let mut all = Vec::new();
        let list = r#""Keane, Dana" <Dana@X.example>, =?utf-8?Q?J=C3=BCrgen?= <j@x.example>, plain@x.example (Pete), Nobody, "a;b" <c@x.example>"#;
        super::read(list.as_bytes(), &mut all);
        assert_eq!(
            all,
            [
                "Keane, Dana <Dana@X.example>",
                "J\u{fc}rgen <j@x.example>",
                "Pete <plain@x.example>",
                "Nobody",
                "\"a;b\" <c@x.example>"
            ]
        );
    }

    fn read(value: &str) -> Vec<String> {
        let mut all = Vec::new();
        collect(value.as_bytes(), &mut all);
        all
    }

    #[test]
    fn only_the_addr_spec_counts_in_lower_case() {
        assert_eq!(
            read(r#""Keane, Dana" <Dana.Keane@Contoso.example>, sam@x.example"#),
            ["dana.keane@contoso.example", "sam@x.example"]
        );
        assert_eq!(read("dana@x.example (Dana, at home)"), ["dana@x.example"]);
        assert_eq!(read("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"), ["pete@silly.test"]);
        assert_eq!(read("Dana Keane dana @ x . example"), ["dana@x.example"]);
    }

    #[test]
    fn groups_and_routes_are_taken_apart() {
        assert_eq!(read("undisclosed-recipients:;"), [""; 0]);
        assert_eq!(
            read("Team: a@x.example, B <b@x.example>;, c@x.example"),
            ["a@x.example", "b@x.example", "c@x.example"]
        );
        assert_eq!(read("<@relay.example,@other.example:u@host.example>"), ["u@host.example"]);
        assert_eq!(read("<u@[IPv6:2001:db8::1]>"), ["u@[ipv6:2001:db8::1]"]);
    }

    #[test]
    fn odd_entries_are_kept_as_they_stand() {
        assert_eq!(read("</O=CONTOSO/CN=DANA>"), ["/o=contoso/cn=dana"]);
        assert_eq!(read("root"), ["root"]);
        assert_eq!(read("Dana Keane"), [""; 0]);
        assert_eq!(read(r#""a b"@x.example"#), [r#""a b"@x.example"#]);
        assert_eq!(read("<open@x.example"), ["open@x.example"]);
    }
}
