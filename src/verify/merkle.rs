//! The Merkle tree of RFC 6962 section 2.1, grown one leaf at a time.
//!
//! Keeps one hash per complete subtree on the right edge, so any log fits. It shares no code with
//! the writer's tree, on purpose: two implementations that agree prove more than one.

use crate::terms::{Hasher, Sha256};

/// The hash of one log line, taken without its line feed.
pub(super) fn leaf(line: &[u8]) -> Sha256 {
    hash(0x00, &[line])
}

fn hash(tag: u8, parts: &[&[u8]]) -> Sha256 {
    let mut hasher = Hasher::new();
    hasher.update(&[tag]);
    for part in parts {
        hasher.update(part);
    }
    hasher.finish().0
}

fn node(left: &Sha256, right: &Sha256) -> Sha256 {
    hash(0x01, &[left.as_bytes(), right.as_bytes()])
}

/// A tree over the leaves seen so far.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// Complete subtrees from left to right: their height and hash. Heights fall strictly.
    edge: Vec<(u32, Sha256)>,
    size: u64,
}

impl Tree {
    /// Adds the next leaf.
    pub(super) fn push(&mut self, leaf: Sha256) {
        let mut subtree = (0, leaf);
        while let Some((height, left)) = self.edge.pop_if(|(height, _)| *height == subtree.0) {
            subtree = (height + 1, node(&left, &subtree.1));
        }
        self.edge.push(subtree);
        self.size += 1;
    }

    /// Number of leaves.
    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    /// The root over all leaves so far; of no leaves, the hash of nothing.
    pub(super) fn root(&self) -> Sha256 {
        let mut subtrees = self.edge.iter().rev().map(|(_, hash)| *hash);
        let Some(last) = subtrees.next() else { return Sha256::of(b"") };
        subtrees.fold(last, |right, left| node(&left, &right))
    }
}

/// The root that a path of siblings, from the leaf upward, leads to (RFC 9162 section 2.1.3.2); `None` when the path is
/// not as long as the leaf's place in a tree of `size` leaves asks for.
pub(super) fn root_by_path(leaf: Sha256, index: u64, size: u64, path: &[Sha256]) -> Option<Sha256> {
    let (mut at, mut last) = (index, size.checked_sub(1)?);
    if at > last {
        return None;
    }
    let mut hash = leaf;
    for sibling in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            hash = node(sibling, &hash);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            hash = node(&hash, sibling);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    /// Roots of the first 0..=8 leaves, from the certificate-transparency test data.
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

    #[test]
    fn the_published_roots_of_zero_to_eight_leaves_hold() {
        let mut tree = Tree::default();
        assert_eq!(tree.root().to_string(), ROOTS[0]);
        for (data, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            tree.push(leaf(&hex::decode(data).expect("hex")));
            assert_eq!(tree.root().to_string(), *root);
        }
        assert_eq!(tree.size(), 8);
    }

    #[test]
    fn a_log_line_has_its_published_leaf() {
        let line = br#"{"at":"2024-06-04T09:00:00.000Z","kind":"acquisition.opened","seq":0}"#;
        assert_eq!(leaf(line).to_string(), "85d6ad97e40d6fe2c6ad28ce2cea9181a1cf1a3592692fe3c9001bf85d08b055");
    }
    /// The path by RFC 6962's definition, not by the algorithm that checks it.
    fn path(at: usize, leaves: &[Sha256]) -> Vec<Sha256> {
        let root = |leaves: &[Sha256]| {
            let mut tree = Tree::default();
            for leaf in leaves {
                tree.push(*leaf);
            }
            tree.root()
        };
        if leaves.len() <= 1 {
            return Vec::new();
        }
        let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
        let (mut below, sibling) =
            if at < left.len() { (path(at, left), root(right)) } else { (path(at - left.len(), right), root(left)) };
        below.push(sibling);
        below
    }

    #[test]
    fn every_leaf_of_trees_of_every_small_size_has_a_path_to_the_root_and_no_other_leaf_or_length_does() {
        for size in 1..=33_u8 {
            let leaves: Vec<Sha256> = (0..size).map(|n| leaf(&[n])).collect();
            let mut tree = Tree::default();
            for leaf in &leaves {
                tree.push(*leaf);
            }
            for (at, own) in leaves.iter().enumerate() {
                let (path, index, size) = (path(at, &leaves), at as u64, u64::from(size));
                assert_eq!(root_by_path(*own, index, size, &path), Some(tree.root()), "{at} of {size}");
                let other = leaf(b"other");
                assert_ne!(root_by_path(other, index, size, &path), Some(tree.root()));
                assert_eq!(root_by_path(*own, size, size, &path), None);
                assert_ne!(root_by_path(*own, index, size, &[&path[..], &[other]].concat()), Some(tree.root()));
                if let Some((_, shorter)) = path.split_last() {
                    assert_eq!(root_by_path(*own, index, size, shorter), None);
                }
            }
        }
        assert_eq!(root_by_path(leaf(b""), 0, 0, &[]), None);
    }
}
