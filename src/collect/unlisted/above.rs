//! Where a folder stands that no listing shows: it and its parents, one by one, up to a folder that is known.
//!
//! It must not list anything.

use std::collections::HashSet;

use crate::graph::{Fault, Graph, wire};
use crate::terms::{FolderPath, GraphId, ObjectId};

use crate::collect::folders::{self, MAX_DEPTH, RECOVERABLE, Tree};
use crate::collect::job::Job;

/// What the path of a folder begins with whose parents cannot be read.
const NOWHERE: &str = "(unlisted)";
/// The parent of everything in Recoverable Items.
const RECOVERABLE_ROOT: &str = "recoverableitemsroot";

/// What became of a folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Placed {
    /// It is in the tree.
    Known,
    /// It belongs to Recoverable Items, which are asked for by their own flag.
    Recoverable,
    /// It does not open.
    Closed,
}

/// Adds folders to a tree from below.
pub(super) struct Above<'a> {
    graph: &'a Graph,
    mailbox: &'a ObjectId,
    job: &'a Job,
    tree: &'a mut Tree,
    recoverable: HashSet<GraphId>,
}

impl<'a> Above<'a> {
    /// Learns first which folders are those of Recoverable Items.
    ///
    /// # Errors
    /// What ends a run.
    pub(super) async fn new(
        graph: &'a Graph,
        mailbox: &'a ObjectId,
        job: &'a Job,
        tree: &'a mut Tree,
    ) -> Result<Self, Fault> {
        let mut recoverable = HashSet::new();
        let names = RECOVERABLE.iter().map(|(name, _)| *name);
        for name in names.chain([RECOVERABLE_ROOT]) {
            if let Some(folder) = folders::one(graph, mailbox, name, &mut tree.trail).await? {
                recoverable.insert(folder.id);
            }
        }
        // Those that are collected are in the tree, and what lies below them is found like anything else.
        recoverable.retain(|id| !tree.folders.iter().any(|seen| seen.id == *id));
        Ok(Self { graph, mailbox, job, tree, recoverable })
    }

    /// Puts a folder into the tree, after those of its parents that are not there either.
    ///
    /// # Errors
    /// What ends a run.
    pub(super) async fn place(&mut self, id: GraphId) -> Result<Placed, Fault> {
        let mut chain: Vec<wire::MailFolder> = Vec::new();
        let mut next = Some(id);
        let base = loop {
            let Some(id) = next.take() else { break None };
            if self.recoverable.contains(&id) {
                return Ok(Placed::Recoverable);
            }
            if let Some(path) = self.path_of(&id) {
                break Some(path);
            }
            // A folder that is its own parent is no reason to ask for ever.
            if chain.len() >= MAX_DEPTH || chain.iter().any(|folder| folder.id == id) {
                break None;
            }
            match folders::one(self.graph, self.mailbox, id.as_str(), &mut self.tree.trail).await? {
                Some(folder) => {
                    next.clone_from(&folder.parent_folder_id);
                    chain.push(folder);
                }
                None if chain.is_empty() => return Ok(Placed::Closed),
                None => break None,
            }
        };
        let mut path = base.unwrap_or_else(|| FolderPath::new(vec![NOWHERE.to_owned()]));
        for folder in chain.iter().rev() {
            path = path.child(&folders::name_of(folder));
            self.tree.add(folder, path.clone(), self.job);
        }
        Ok(Placed::Known)
    }

    /// The path below which a known folder's children stand; that of the root does not carry its name.
    fn path_of(&self, id: &GraphId) -> Option<FolderPath> {
        if self.tree.root.as_ref() == Some(id) {
            return Some(FolderPath::new(Vec::new()));
        }
        self.tree.folders.iter().find(|seen| seen.id == *id).map(|seen| seen.path.clone())
    }
}
