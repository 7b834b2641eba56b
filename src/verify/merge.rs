//! Walking two sorted sequences side by side: what only one has, and what both have.
//!
//! Holds one element of each, whatever their length. It must not know what is compared.

use std::cmp::Ordering;
use std::iter::Peekable;

use super::walk::Seen;

/// Something with a package path to sort by.
pub(super) trait Keyed {
    /// The path.
    fn key(&self) -> &str;
}

impl Keyed for Seen {
    fn key(&self) -> &str {
        self.path()
    }
}

/// Where a path occurs.
#[derive(Debug)]
pub(super) enum Side<L, R> {
    /// Only in the first sequence.
    Left(L),
    /// Only in the second.
    Right(R),
    /// In both.
    Both(L, R),
}

impl<L, R> Side<L, R> {
    /// What the first and the second sequence have there.
    pub(super) fn parts(self) -> (Option<L>, Option<R>) {
        match self {
            Self::Left(left) => (Some(left), None),
            Self::Right(right) => (None, Some(right)),
            Self::Both(left, right) => (Some(left), Some(right)),
        }
    }
}

impl<L: Keyed, R: Keyed> Keyed for Side<L, R> {
    fn key(&self) -> &str {
        match self {
            Self::Left(left) | Self::Both(left, _) => left.key(),
            Self::Right(right) => right.key(),
        }
    }
}

/// Merges two sequences, each sorted by the bytes of its keys.
pub(super) fn merge<L, R>(left: L, right: R) -> Merge<L::IntoIter, R::IntoIter>
where
    L: IntoIterator,
    R: IntoIterator,
{
    Merge { left: left.into_iter().peekable(), right: right.into_iter().peekable() }
}

/// The iterator behind [`merge`].
pub(super) struct Merge<L: Iterator, R: Iterator> {
    left: Peekable<L>,
    right: Peekable<R>,
}

impl<L, R> Iterator for Merge<L, R>
where
    L: Iterator,
    R: Iterator,
    L::Item: Keyed,
    R::Item: Keyed,
{
    type Item = Side<L::Item, R::Item>;

    fn next(&mut self) -> Option<Self::Item> {
        let order = match (self.left.peek(), self.right.peek()) {
            (Some(left), Some(right)) => left.key().cmp(right.key()),
            (Some(_), None) => Ordering::Less,
            (None, _) => Ordering::Greater,
        };
        match order {
            Ordering::Less => self.left.next().map(Side::Left),
            Ordering::Greater => self.right.next().map(Side::Right),
            Ordering::Equal => self.left.next().zip(self.right.next()).map(|(left, right)| Side::Both(left, right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    impl Keyed for String {
        fn key(&self) -> &str {
            self
        }
    }

    proptest! {
        #[test]
        fn a_merge_is_the_set_difference_both_ways(
            a in prop::collection::btree_set("[a-c]{0,3}", 0..20),
            b in prop::collection::btree_set("[a-c]{0,3}", 0..20),
        ) {
            let (mut left, mut right, mut both) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
            for side in merge(a.clone(), b.clone()) {
                match side {
                    Side::Left(key) => left.insert(key),
                    Side::Right(key) => right.insert(key),
                    Side::Both(key, _) => both.insert(key),
                };
            }
            prop_assert_eq!(left, a.difference(&b).cloned().collect());
            prop_assert_eq!(right, b.difference(&a).cloned().collect());
            prop_assert_eq!(both, a.intersection(&b).cloned().collect());
        }
    }
}
