//! Paths from a leaf to the root of the log's tree, and their text (C2SP tlog-proof).
//!
//! The tree is RFC 6962's, built level by level: a node without a right neighbour moves up as it is. The verifier
//! walks the same path by RFC 9162's own algorithm and shares nothing with this. Must not know what a line says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::terms::Sha256;

/// The first line of a proof.
const FORMAT: &str = "c2sp.org/tlog-proof@v1";

/// Every level of a tree, the leaves first.
pub(super) struct Levels(Vec<Vec<Sha256>>);

impl Levels {
    /// Builds the tree over these leaves.
    pub(super) fn over(leaves: Vec<Sha256>) -> Self {
        let mut levels = vec![leaves];
        while let Some(below) = levels.last().filter(|below| below.len() > 1) {
            let above = below.chunks(2).map(|pair| match pair {
                [left, right] => node(left, right),
                alone => alone.first().copied().unwrap_or_else(|| Sha256::of(b"")),
            });
            let above = above.collect();
            levels.push(above);
        }
        Self(levels)
    }

    /// Number of leaves.
    pub(super) fn size(&self) -> u64 {
        self.0.first().map_or(0, |leaves| leaves.len() as u64)
    }

    /// The root; none of no leaves.
    pub(super) fn root(&self) -> Option<Sha256> {
        self.0.last().and_then(|top| top.first()).copied()
    }

    /// The siblings from a leaf upward; none for a leaf that is not there.
    pub(super) fn path(&self, index: u64) -> Option<Vec<Sha256>> {
        let mut at = usize::try_from(index).ok()?;
        self.0.first()?.get(at)?;
        let mut path = Vec::new();
        for level in &self.0 {
            path.extend(level.get(at ^ 1));
            at /= 2;
        }
        Some(path)
    }
}

fn node(left: &Sha256, right: &Sha256) -> Sha256 {
    Sha256::of(&[&[1], &left.as_bytes()[..], right.as_bytes()].concat())
}

/// The text of a proof: format, place, siblings, an empty line, and the checkpoint as it is.
pub(super) fn text(index: u64, path: &[Sha256], checkpoint: &str) -> String {
    let siblings: String = path.iter().map(|hash| STANDARD.encode(hash.as_bytes()) + "\n").collect();
    format!("{FORMAT}\nindex {index}\n{siblings}\n{checkpoint}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaf(n: u8) -> Sha256 {
        Sha256::of(&[0, n])
    }

    #[test]
    fn the_published_root_of_eight_leaves_holds_and_a_path_has_a_sibling_of_each_level() {
        let data = ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
        let leaves = data.map(|data| Sha256::of(&[vec![0], hex::decode(data).expect("hex")].concat()));
        let levels = Levels::over(leaves.to_vec());
        let root = "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328";
        assert_eq!(levels.root().map(|root| root.to_string()).as_deref(), Some(root));
        assert_eq!(levels.path(0).map(|path| path.len()), Some(3));
        assert_eq!(levels.path(8), None);
    }

    #[test]
    fn a_node_without_a_neighbour_has_no_sibling_there() {
        let levels = Levels::over((0..5).map(leaf).collect());
        assert_eq!(levels.path(4).map(|path| path.len()), Some(1));
        let alone = Levels::over(vec![leaf(0)]);
        assert_eq!((alone.root(), alone.path(0)), (Some(leaf(0)), Some(Vec::new())));
        assert_eq!(Levels::over(Vec::new()).root(), None);
    }

    #[test]
    fn a_proof_ends_with_the_checkpoint_as_it_is() {
        let proof = text(3, &[leaf(1)], "origin\n4\nroot\n\n— name sig\n");
        let sibling = STANDARD.encode(leaf(1).as_bytes());
        assert_eq!(proof, format!("c2sp.org/tlog-proof@v1\nindex 3\n{sibling}\n\norigin\n4\nroot\n\n— name sig\n"));
    }
}
