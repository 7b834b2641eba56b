//! Values made fit for a file format: what its signs forbid is replaced, counted and listed; the manifest keeps the truth.
//!
//! It must not know fields.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::Serialize;

/// How often each sign was replaced.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Cleaned {
    /// `þ`, the text qualifier of a Concordance file, written as `p`.
    pub qualifiers: u64,
    /// U+0014, its field separator, written as a space.
    pub separators: u64,
    /// `®`, its sign for a new line, written as `(R)`.
    pub line_signs: u64,
    /// Other control characters, written as a space (in XML as U+FFFD).
    pub controls: u64,
    /// Characters that the encoding lacks, written as `?`.
    pub unmapped: u64,
}

impl Cleaned {
    /// Whether nothing was replaced.
    pub(super) fn is_nothing(&self) -> bool {
        *self == Self::default()
    }

    /// All of both.
    pub(super) fn add(&mut self, other: &Self) {
        self.qualifiers += other.qualifiers;
        self.separators += other.separators;
        self.line_signs += other.line_signs;
        self.controls += other.controls;
        self.unmapped += other.unmapped;
    }

    /// Counts by name, those that are not zero.
    pub(super) fn named(&self) -> impl Iterator<Item = (&'static str, u64)> {
        let all = [
            ("qualifier", self.qualifiers),
            ("separator", self.separators),
            ("line_sign", self.line_signs),
            ("control", self.controls),
            ("unmapped", self.unmapped),
        ];
        all.into_iter().filter(|(_, count)| *count > 0)
    }
}

/// A value between the signs of a Concordance file; new lines become `®`.
pub(super) fn for_dat<'v>(value: &'v str, lacks: impl Fn(char) -> bool, cleaned: &mut Cleaned) -> Cow<'v, str> {
    let plain = |char: char| matches!(char, ' '..='\u{7e}');
    if value.chars().all(plain) {
        return Cow::Borrowed(value);
    }
    let mut out = String::with_capacity(value.len());
    let mut chars = value.chars().peekable();
    while let Some(char) = chars.next() {
        match char {
            '\u{fe}' => {
                cleaned.qualifiers += 1;
                out.push('p');
            }
            '\u{14}' => {
                cleaned.separators += 1;
                out.push(' ');
            }
            '\u{ae}' => {
                cleaned.line_signs += 1;
                out.push_str("(R)");
            }
            '\r' | '\n' => {
                if char == '\r' {
                    chars.next_if_eq(&'\n');
                }
                out.push('\u{ae}');
            }
            '\t' => out.push('\t'),
            char if char.is_control() => {
                cleaned.controls += 1;
                out.push(' ');
            }
            char if lacks(char) => {
                cleaned.unmapped += 1;
                out.push('?');
            }
            char => out.push(char),
        }
    }
    Cow::Owned(out)
}

/// A value for a spreadsheet: no control characters but new lines and tabs, and nothing that it would calculate.
pub(super) fn for_csv<'v>(value: &'v str, cleaned: &mut Cleaned) -> Cow<'v, str> {
    let is_bad = |char: char| char.is_control() && !matches!(char, '\n' | '\r' | '\t');
    let bad = value.chars().filter(|char| is_bad(*char)).count();
    cleaned.controls += bad as u64;
    let kept: Cow<'_, str> = if bad == 0 { value.into() } else { value.replace(is_bad, " ").into() };
    if kept.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{kept}").into() } else { kept }
}

/// A value for XML 1.0 (section 2.2): what is no character there becomes U+FFFD.
pub(super) fn for_xml<'v>(value: &'v str, cleaned: &mut Cleaned) -> Cow<'v, str> {
    let is_bad = |char: char| matches!(char, '\u{0}'..='\u{8}' | '\u{b}' | '\u{c}' | '\u{e}'..='\u{1f}' | '\u{fffe}' | '\u{ffff}');
    let bad = value.chars().filter(|char| is_bad(*char)).count();
    cleaned.controls += bad as u64;
    if bad == 0 { value.into() } else { value.replace(is_bad, "\u{fffd}").into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signs_of_a_concordance_file_are_replaced_and_counted_and_lines_are_kept() {
        let mut cleaned = Cleaned::default();
        let value = for_dat("a\u{fe}b\u{14}c\u{ae}d\r\ne\nf\rg\0h\ti\u{2603}", |char| char == '\u{2603}', &mut cleaned);
        assert_eq!(value, "apb c(R)d\u{ae}e\u{ae}f\u{ae}g h\ti?");
        assert_eq!(cleaned, Cleaned { qualifiers: 1, separators: 1, line_signs: 1, controls: 1, unmapped: 1 });
        assert_eq!(for_dat("plain, \"quoted\"", |_| true, &mut Cleaned::default()), "plain, \"quoted\"");
    }

    #[test]
    fn no_spreadsheet_calculates_a_value_and_no_xml_breaks() {
        let mut cleaned = Cleaned::default();
        for (value, shown) in
            [("=1", "'=1"), ("+1", "'+1"), ("-1", "'-1"), ("@x", "'@x"), ("\tx", "'\tx"), ("a=\0", "a= ")]
        {
            assert_eq!(for_csv(value, &mut cleaned), shown);
        }
        assert_eq!(for_xml("a\u{1}\n\u{ffff}", &mut cleaned), "a\u{fffd}\n\u{fffd}");
        assert_eq!(cleaned.controls, 3);
    }
}
