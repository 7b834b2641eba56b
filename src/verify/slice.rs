//! Which natives are read: all, one part of so many, or a sample that anyone can draw again.
//!
//! A slice leaves out reading, never the record: lists, rows and the log are always checked whole.

use crate::terms::Sha256;

/// Which natives are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Slice {
    /// Every one.
    #[default]
    All,
    /// Every `of`-th, beginning with number `number`: all parts together are all natives.
    Part {
        /// From 1.
        number: u64,
        /// How many parts there are.
        of: u64,
    },
    /// A share of all, drawn by a number: the same number draws the same natives.
    Sample {
        /// In ten-thousandths: 500 is 5 %.
        share: u64,
        /// Any number.
        draw: u64,
    },
}

/// Text that names no slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoSlice {
    /// Not `3/10`.
    #[error("a part is written like 3/10: the third of ten")]
    Part,
    /// Not `5%`.
    #[error("a sample is written like 5% or 0.25%, above 0 and at most 100")]
    Sample,
}

impl Slice {
    /// Reads `3/10`.
    ///
    /// # Errors
    /// [`NoSlice::Part`].
    pub fn part(text: &str) -> Result<Self, NoSlice> {
        let parsed = text.split_once('/').and_then(|(number, of)| Some((number.parse().ok()?, of.parse().ok()?)));
        match parsed {
            Some((number, of)) if (1..=of).contains(&number) => Ok(Self::Part { number, of }),
            _ => Err(NoSlice::Part),
        }
    }

    /// Reads the share of `5%`, in ten-thousandths.
    ///
    /// # Errors
    /// [`NoSlice::Sample`].
    pub fn share(text: &str) -> Result<u64, NoSlice> {
        let number = text.strip_suffix('%').ok_or(NoSlice::Sample)?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, "0"));
        let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit()) && (1..=3).contains(&text.len());
        if !digits(whole) || !digits(fraction) || fraction.len() > 2 {
            return Err(NoSlice::Sample);
        }
        let hundredths = format!("{fraction:0<2}").parse::<u64>().map_err(|_| NoSlice::Sample)?;
        let share = whole.parse::<u64>().map_err(|_| NoSlice::Sample)? * 100 + hundredths;
        if (1..=10_000).contains(&share) { Ok(share) } else { Err(NoSlice::Sample) }
    }

    /// Whether the native at this place, under this path, is read.
    pub(super) fn takes(self, place: u64, path: &str) -> bool {
        match self {
            Self::All => true,
            Self::Part { number, of } => place % of.max(1) == number.saturating_sub(1),
            Self::Sample { share, draw } => {
                let digest = Sha256::of(&[&draw.to_be_bytes()[..], path.as_bytes()].concat());
                let head = digest.as_bytes().iter().take(8).fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
                u128::from(head) * 10_000 < u128::from(share) << 64
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_and_samples_are_read_as_people_write_them() {
        assert_eq!(Slice::part("3/10"), Ok(Slice::Part { number: 3, of: 10 }));
        for wrong in ["0/10", "11/10", "3", "3/0", "a/b", "3/10/1", "-1/2"] {
            assert_eq!(Slice::part(wrong), Err(NoSlice::Part), "{wrong}");
        }
        for (text, share) in [("5%", 500), ("0.25%", 25), ("100%", 10_000), ("12.5%", 1_250)] {
            assert_eq!(Slice::share(text), Ok(share), "{text}");
        }
        for wrong in ["5", "0%", "101%", "%", ".5%", "5.%", "1.234%", "-5%", "1e1%"] {
            assert_eq!(Slice::share(wrong), Err(NoSlice::Sample), "{wrong}");
        }
    }

    #[test]
    fn all_parts_together_are_everything_once_and_a_sample_has_about_its_share() {
        for place in 0..100 {
            let takers = (1..=7).filter(|number| Slice::Part { number: *number, of: 7 }.takes(place, "")).count();
            assert_eq!(takers, 1);
        }
        let sample = Slice::Sample { share: 1_000, draw: 42 };
        let drawn: Vec<u32> = (0..10_000).filter(|n| sample.takes(0, &format!("data/{n}"))).collect();
        assert!((900..1_100).contains(&drawn.len()), "{}", drawn.len());
        let again: Vec<u32> = (0..10_000).filter(|n| sample.takes(9, &format!("data/{n}"))).collect();
        assert_eq!(drawn, again);
        assert!((0..100).all(|n| Slice::Sample { share: 10_000, draw: 1 }.takes(0, &n.to_string())));
    }
}
