//! Whether a mailbox still opens: asked before anything is written off, because Exchange answers alike for an item that
//! was deleted, for one that may not be seen, and for a mailbox that was closed a moment ago.
//!
//! It must not decide what becomes of an item; it only tells lost access from everything else.

use crate::graph::{Ask, Fault, FaultKind, Graph, Lane, wire};
use crate::terms::{Exchange, ObjectId, Purpose};

use super::plan::PlannedMailbox;

/// Folders tried besides the root, which is closed where only some folders are shared.
const FOLDERS: usize = 5;

/// What must still open for a mailbox to count as open.
#[derive(Clone)]
pub(super) struct Standing {
    graph: Graph,
    owner: ObjectId,
    folders: Vec<String>,
}

impl Standing {
    /// Of a mailbox whose folders are known.
    pub(super) fn of(graph: &Graph, mailbox: &PlannedMailbox) -> Self {
        let ids = mailbox.included().map(|folder| folder.row.graph_id.as_str());
        Self::with(graph, &mailbox.owner, ids)
    }

    /// Of a mailbox of which these folders have been seen.
    pub(super) fn with<'a>(graph: &Graph, owner: &ObjectId, folders: impl Iterator<Item = &'a str>) -> Self {
        let folders = folders.take(FOLDERS).map(str::to_owned).collect();
        Self { graph: graph.clone(), owner: owner.clone(), folders }
    }

    /// Whose mailbox it is.
    pub(super) const fn owner(&self) -> &ObjectId {
        &self.owner
    }

    /// Asks now. Any folder that opens will do. An outage is waited out; returns whether there was one, so that what the
    /// service failed to give before says nothing.
    ///
    /// # Errors
    /// [`FaultKind::Denied`] when nothing opens any more: access was lost. What else ends a run.
    pub(super) async fn confirm(&self, trail: &mut Vec<Exchange>) -> Result<bool, Fault> {
        let names = std::iter::once("msgfolderroot").chain(self.folders.iter().map(String::as_str));
        let mut last = Fault { kind: FaultKind::Denied, status: None, code: None, trail: Vec::new() };
        for name in names {
            let path = ["users", self.owner.as_str(), "mailFolders", name];
            let lane = Lane::Mailbox(self.owner.clone());
            let ask = Ask::new(lane, Purpose::AccessTest, path).query("$select", "id").patient();
            match self.graph.get::<wire::MailFolder>(&ask).await {
                Ok(mut answer) => {
                    let failed = answer.trail.iter().any(is_failure);
                    trail.append(&mut answer.trail);
                    return Ok(failed);
                }
                Err(fault) if is_closed(&fault) => last = Fault { kind: FaultKind::Denied, ..fault },
                Err(fault) => return Err(fault),
            }
            trail.extend(last.trail.iter().cloned());
        }
        Err(last)
    }
}

/// Whether the service failed to answer, rather than saying no.
fn is_failure(exchange: &Exchange) -> bool {
    exchange.status.is_none_or(|status| status >= 500)
}

/// What "not there, or not yours" looks like.
pub(super) fn is_closed(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::Denied | FaultKind::Gone | FaultKind::NoMailbox | FaultKind::NotFound | FaultKind::Refused => true,
        FaultKind::SignIn(_)
        | FaultKind::Unrenderable
        | FaultKind::AskLess
        | FaultKind::Throttled
        | FaultKind::Unavailable
        | FaultKind::Foreign
        | FaultKind::NotGraph
        | FaultKind::Tls
        | FaultKind::Local(_) => false,
    }
}
