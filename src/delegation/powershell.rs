//! Text inside PowerShell commands: quoted so that no name can end its argument.

/// The characters that PowerShell takes for a single quote (PowerShell, "about_Quoting_Rules": typographic ones too).
const QUOTES: [char; 5] = ['\'', '\u{2018}', '\u{2019}', '\u{201A}', '\u{201B}'];

/// An argument: bare when it is plain, else a literal.
pub(super) fn argument(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@._-+".contains(c);
    let bare = text.chars().all(plain) && text.chars().next().is_some_and(|c| c.is_ascii_alphanumeric());
    if bare { text.to_owned() } else { literal(text) }
}

/// A literal in single quotes, in which only quotes mean something and are therefore doubled.
pub(super) fn literal(text: &str) -> String {
    let mut quoted = String::from("'");
    for c in comment(text).chars() {
        quoted.push(c);
        if QUOTES.contains(&c) {
            quoted.push(c);
        }
    }
    quoted + "'"
}

/// Text that stays on its line, as a comment needs it.
pub(super) fn comment(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_a_quote_or_a_dollar_cannot_break_out_of_the_command() {
        assert_eq!(argument("ana@contoso.example"), "ana@contoso.example");
        assert_eq!(argument("o'brien@x.example"), "'o''brien@x.example'");
        assert_eq!(argument("$a;b@x.example"), "'$a;b@x.example'");
        assert_eq!(argument("-WhatIf"), "'-WhatIf'");
    }

    #[test]
    fn typographic_quotes_end_a_literal_too_and_line_ends_end_a_comment() {
        assert_eq!(literal("a\u{2019};rm\u{201B}b"), "'a\u{2019}\u{2019};rm\u{201B}\u{201B}b'");
        assert_eq!(literal("a\r\n\u{2028}b"), "'ab'");
        assert_eq!(comment("x\n# y"), "x# y");
    }
}
