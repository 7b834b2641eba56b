//! Control numbers: the only names files get, `AFF-0000001`.
//!
//! A number is given when an item is listed, in listing order, and is never given twice; an
//! item that could not be collected keeps its number, so the gap in the files has a name.

use std::fmt;
use std::str::FromStr;

/// Items per folder of natives; keeps directories fast on every file system.
const PER_FOLDER: u64 = 1_000;

/// Text that is no control number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a control number like AFF-0000001")]
pub struct ControlNumberError;

/// `AFF-` and at least seven digits; ordered by number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ControlNumber(u64);

impl ControlNumber {
    /// What every control number starts with.
    pub const PREFIX: &'static str = "AFF-";

    /// The number for the `ordinal`-th listed item, counted from 1; zero has no control number.
    pub const fn new(ordinal: u64) -> Option<Self> {
        // SQLite integers are signed, and an ordinal is one.
        if ordinal == 0 || ordinal > i64::MAX as u64 { None } else { Some(Self(ordinal)) }
    }

    /// Its place in the listing, counted from 1.
    pub const fn ordinal(self) -> u64 {
        self.0
    }

    /// The four-digit (or longer) folder that holds it: 1,000 items a folder, from `0001`.
    pub fn folder(self) -> String {
        format!("{:04}", (self.0 - 1) / PER_FOLDER + 1)
    }
}

impl fmt::Display for ControlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{:07}", Self::PREFIX, self.0)
    }
}

impl fmt::Debug for ControlNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for ControlNumber {
    type Err = ControlNumberError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(Self::PREFIX).ok_or(ControlNumberError)?;
        let ordinal = digits.parse().map_err(|_| ControlNumberError)?;
        let number = Self::new(ordinal).ok_or(ControlNumberError)?;
        // One spelling each: `AFF-1`, `AFF-+0000001` and `AFF-00000001` are refused.
        if number.to_string() == text { Ok(number) } else { Err(ControlNumberError) }
    }
}

impl serde::Serialize for ControlNumber {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_control_number_reads_back_and_sorts_by_number(a in 1u64..1 << 60, b in 1u64..1 << 60) {
            let (x, y) = (ControlNumber::new(a).expect("positive"), ControlNumber::new(b).expect("positive"));
            prop_assert_eq!(x.to_string().parse::<ControlNumber>(), Ok(x));
            prop_assert_eq!(x.cmp(&y), a.cmp(&b));
        }

        #[test]
        fn a_folder_holds_at_most_a_thousand_consecutive_numbers(n in 1u64..1 << 40) {
            let folder = |n| ControlNumber::new(n).expect("positive").folder();
            prop_assert_ne!(folder(n), folder(n + 1000));
            let first = (n - 1) / 1000 * 1000 + 1;
            prop_assert_eq!(folder(first), folder(first + 999));
        }

        #[test]
        fn arbitrary_text_never_panics(text in ".*") {
            let _ = text.parse::<ControlNumber>();
        }
    }

    #[test]
    fn each_number_has_one_spelling() {
        assert_eq!("AFF-0000001".parse::<ControlNumber>(), Ok(ControlNumber(1)));
        assert_eq!("AFF-12345678".parse::<ControlNumber>(), Ok(ControlNumber(12_345_678)));
        for wrong in ["AFF-1", "AFF-00000001", "AFF-+000001", "AFF-0000000", "aff-0000001", "0000001", ""] {
            assert_eq!(wrong.parse::<ControlNumber>(), Err(ControlNumberError), "{wrong}");
        }
    }
}
