//! The Merkle tree of RFC 6962, section 2.1, kept as its frontier.
//!
//! The frontier is the roots of the perfect subtrees that make up the tree, largest first: at most 64 hashes,
//! whatever the length of the log. Appending costs one leaf hash and, on average, one node hash. Inclusion and
//! consistency proofs walk the stored leaves instead; nothing here stands in their way. Must not know lines.

use crate::terms::{Hasher, Sha256};

/// The hash of one entry: SHA-256 of 0x00 and its bytes.
pub(super) fn leaf(entry: &[u8]) -> Sha256 {
    prefixed(0x00, &[entry])
}

fn node(left: &Sha256, right: &Sha256) -> Sha256 {
    prefixed(0x01, &[left.as_bytes(), right.as_bytes()])
}

fn prefixed(prefix: u8, parts: &[&[u8]]) -> Sha256 {
    let mut hasher = Hasher::new();
    hasher.update(&[prefix]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finish().0
}

/// A growing tree.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Tree {
    size: u64,
    /// One root per set bit of `size`, largest subtree first.
    frontier: Vec<Sha256>,
}

impl Tree {
    /// Without leaves.
    pub(super) fn new() -> Self {
        Self::default()
    }

    /// Number of leaves.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// Adds a leaf hash at the end.
    pub(super) fn push(&mut self, leaf: Sha256) {
        let mut root = leaf;
        // Each trailing one of the size is a perfect subtree that the new leaf completes to the next larger one.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.frontier.pop() {
                root = node(&left, &root);
            }
        }
        self.frontier.push(root);
        self.size += 1;
    }

    /// The root over all leaves; SHA-256 of nothing for an empty tree.
    pub(super) fn root(&self) -> Sha256 {
        let mut subtrees = self.frontier.iter().rev().copied();
        match subtrees.next() {
            None => Sha256::of(b""),
            Some(smallest) => subtrees.fold(smallest, |right, left| node(&left, &right)),
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Leaves and roots of the published RFC 6962 test data, sizes 0 to 8.
    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    /// The definition, word for word: split at the largest power of two below n.
    fn by_definition(leaves: &[Sha256]) -> Sha256 {
        match leaves {
            [] => Sha256::of(b""),
            [only] => *only,
            _ => {
                let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
                node(&by_definition(left), &by_definition(right))
            }
        }
    }

    #[test]
    fn the_published_roots_hold_for_zero_to_eight_leaves() {
        let mut tree = Tree::new();
        assert_eq!(tree.root().to_string(), ROOTS[0]);
        for (i, entry) in LEAVES.iter().enumerate() {
            tree.push(leaf(&hex::decode(entry).expect("hex")));
            assert_eq!(tree.root().to_string(), ROOTS[i + 1], "{} leaves", i + 1);
        }
        assert_eq!(tree.size(), 8);
    }

    proptest! {
        #[test]
        fn the_frontier_gives_the_root_of_the_definition(count in 0usize..300, seed in any::<u64>()) {
            let leaves: Vec<_> = (0..count).map(|i| leaf(format!("{seed}/{i}").as_bytes())).collect();
            let mut tree = Tree::new();
            for (i, leaf) in leaves.iter().enumerate() {
                prop_assert_eq!(tree.root(), by_definition(&leaves[..i]));
                tree.push(*leaf);
            }
            prop_assert_eq!(tree.root(), by_definition(&leaves));
            prop_assert!(tree.frontier.len() <= 64);
        }
    }
}
