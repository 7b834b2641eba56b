//! Cells that a spreadsheet takes for text: what begins like a formula gets an apostrophe in front, and loses it
//! when the list is read back.
//!
//! Source: OWASP, "CSV Injection". The two are exact inverses for every text. It must not know columns.

use std::borrow::Cow;

/// Characters that make a spreadsheet calculate, the full-width forms of some locales included.
const FORMULA: [char; 11] = ['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'];

/// Whether a text begins like a formula, apostrophes in front not counted.
fn begins_a_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(FORMULA)
}

/// The text as a cell that is not calculated.
pub fn guarded(text: &str) -> Cow<'_, str> {
    if begins_a_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text of a cell.
pub fn unguarded(cell: &str) -> &str {
    cell.strip_prefix('\'').filter(|text| begins_a_formula(text)).unwrap_or(cell)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_would_be_calculated_is_guarded_and_nothing_else() {
        for text in ["=1+1", "+49 30", "-x", "@sum", "\tx", "\rx", "＝1", "'=1", "''@a"] {
            assert_eq!(guarded(text), format!("'{text}"));
        }
        for text in ["", "'", "o'hara@x.example", "'quoted'", "a=b", " =1"] {
            assert_eq!(guarded(text), text);
            assert_eq!(unguarded(text), text);
        }
    }

    proptest! {
        #[test]
        fn every_text_comes_back_as_it_was(text in "[-'=+@a\t ]{0,6}") {
            let cell = guarded(&text);
            prop_assert_eq!(unguarded(&cell), text.as_str());
        }
    }
}
