//! Whom a report row names: a sign-in name, a stand-in for one, or nobody; and what that says about the whole report.
//!
//! Source: forms seen in real output, named in the tests. Stand-ins are never turned back.

/// What kind of name it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A sign-in name.
    Real,
    /// A stand-in for one.
    Concealed,
    /// The service says that it does not know.
    Unknown,
    /// Nothing.
    Empty,
    /// Something else.
    Other,
}

impl Kind {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Concealed => "concealed",
            Self::Unknown => "unknown",
            Self::Empty => "empty",
            Self::Other => "other",
        }
    }
}

/// Tells what a report's name for somebody is.
pub fn classify(text: &str) -> Kind {
    let text = text.trim();
    let hex = |text: &str, at_least: usize, at_most: usize| {
        (at_least..=at_most).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
    };
    let base64 = |b: u8| b.is_ascii_alphanumeric() || b"+/=_-".contains(&b);
    if text.is_empty() {
        Kind::Empty
    } else if text.eq_ignore_ascii_case("(unknown)") || text.eq_ignore_ascii_case("unknown") {
        Kind::Unknown
    } else if text.contains("<PII:") {
        // Before the @: a form of 2021 had one.
        Kind::Concealed
    } else if text.contains('@') {
        Kind::Real
    } else if hex(text, 16, 64) || uuid::Uuid::try_parse(text).is_ok() || (text.len() >= 16 && text.bytes().all(base64))
    {
        Kind::Concealed
    } else {
        Kind::Other
    }
}

/// Whether names are concealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Concealment {
    /// None is.
    None,
    /// All are.
    All,
    /// Some are.
    Mixed,
    /// Nothing to tell it by.
    #[default]
    Unknown,
}

impl Concealment {
    /// The word in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::All => "all",
            Self::Mixed => "mixed",
            Self::Unknown => "unknown",
        }
    }

    /// The word in the store, read again.
    pub fn parse(word: &str) -> Self {
        [Self::None, Self::All, Self::Mixed].into_iter().find(|one| one.as_str() == word).unwrap_or_default()
    }

    /// The verdict on a report, from its names that are not empty.
    pub const fn of_rows(concealed: u64, others: u64) -> Self {
        match (concealed, others) {
            (0, 0) => Self::Unknown,
            (0, _) => Self::None,
            (_, 0) => Self::All,
            _ => Self::Mixed,
        }
    }

    /// The verdict on several reports together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Unknown, other) => other,
            (one, Self::Unknown) => one,
            (one, other) if one == other => one,
            _ => Self::Mixed,
        }
    }

    /// Why it is so, from the tenant's switch (concealed: true) and what the reports show; a word for the record.
    pub const fn basis(self, switch: Option<bool>) -> &'static str {
        match (switch, self) {
            (_, Self::Unknown) => "no_rows",
            (_, Self::Mixed) => "mixed",
            (Some(false), Self::None) => "switch_off",
            (Some(true), Self::All) => "switch_on",
            (Some(false), Self::All) => "role_or_recent_change",
            (Some(true), Self::None) => "switch_just_changed",
            (None, Self::None | Self::All) => "data_only",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_seen_is_told() {
        for (text, kind) in [
            ("ana@contoso.example", Kind::Real),
            ("ana_fabrikam.example#EXT#@contoso.example", Kind::Real),
            ("  ", Kind::Empty),
            ("(Unknown)", Kind::Unknown),
            ("unknown", Kind::Unknown),
            ("<PII:H105(0123456789ABCDEF)>@contoso.example", Kind::Concealed),
            ("F08A3B0C4E7C1A2D9E8F7A6B5C4D3E2F", Kind::Concealed),
            ("f08a3b0c4e7c1a2d", Kind::Concealed),
            ("6a1b0c5e-2222-3333-4444-555555555555", Kind::Concealed),
            ("aGVsbG8gd29ybGQgdGhpcw==", Kind::Concealed),
            ("Ana", Kind::Other),
        ] {
            assert_eq!(classify(text), kind, "{text}");
        }
    }

    #[test]
    fn the_truth_table_of_switch_and_data() {
        use Concealment::{All, Mixed, None as Nobody, Unknown};
        assert_eq!(Concealment::of_rows(0, 0), Unknown);
        assert_eq!(Concealment::of_rows(3, 0), All);
        assert_eq!(Concealment::of_rows(0, 3), Nobody);
        assert_eq!(Concealment::of_rows(1, 1), Mixed);
        for (switch, data, basis) in [
            (Some(false), Nobody, "switch_off"),
            (Some(true), All, "switch_on"),
            (Some(false), All, "role_or_recent_change"),
            (Some(true), Nobody, "switch_just_changed"),
            (None, All, "data_only"),
            (None, Nobody, "data_only"),
            (Some(true), Mixed, "mixed"),
            (Some(false), Unknown, "no_rows"),
        ] {
            assert_eq!(data.basis(switch), basis, "{switch:?} {data:?}");
        }
        assert_eq!(All.and(Nobody), Mixed);
        assert_eq!(Unknown.and(All), All);
    }
}
