//! Folders that the listings of folders leave out, such as those of IMAP migrations, although they hold mail.
//!
//! Counting is cheap, so it comes first: the mailbox's count of messages in the range against the sum of its folders'.
//! Only when the mailbox has more are its messages walked for parents that nobody listed. It must not decide what is
//! in scope, nor write the record.

mod above;

use std::collections::{BTreeMap, HashSet};

use futures_util::{StreamExt as _, stream};

use crate::graph::{Answer, Ask, Fault, FaultKind, Lane};
use crate::terms::{Exchange, GraphId, ObjectId, Purpose, Window};

use self::above::{Above, Placed};
use super::Run;
use super::enumerate::{self, Ledge, Sheet, Target, Why};
use super::error::CollectError;
use super::folders::{Seen, Tree};
use super::register::Recent;
use super::standing::{Standing, is_closed};

/// Outages that one count is carried over.
const OUTAGES: u32 = 3;
/// Counts that are asked for at once: what one mailbox bears.
const AT_ONCE: usize = 4;

/// How far the look went.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    /// Only some folders of the mailbox open, so that there is nothing to compare with.
    NotTried,
    /// The service gives no count of the mailbox.
    NoCount,
    /// The folders account for the mailbox.
    Agrees,
    /// The mailbox's messages were walked to their end.
    Walked,
    /// They were walked, and not all could be listed.
    Broken,
}

impl Extent {
    /// The word in the log.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::NotTried => "not_tried",
            Self::NoCount => "no_count",
            Self::Agrees => "agrees",
            Self::Walked => "walked",
            Self::Broken => "broken",
        }
    }
}

/// What the look came to.
#[derive(Debug)]
pub(super) struct Looked {
    /// How far it went.
    pub(super) extent: Extent,
    /// Messages of the range that the folders count, search folders apart.
    pub(super) in_folders: Option<u64>,
    /// Messages of the range that the mailbox counts.
    pub(super) in_mailbox: Option<u64>,
    /// Where in the tree the folders stand that were found: from here to its end.
    pub(super) from: usize,
    /// Messages seen in folders that do not open.
    pub(super) closed: u64,
}

/// What the folders of a tree count together.
pub(super) struct Counted {
    /// Messages of the range, search folders apart; `None` where there is nothing to compare with.
    in_folders: Option<u64>,
    trail: Vec<Exchange>,
}

/// Counts the folders of a tree. They come first: what arrives before the mailbox is counted in [`look`] then costs a walk
/// at worst, and hides nothing.
///
/// # Errors
/// What ends a run. A service that does not count is not an error.
pub(super) async fn count_folders(run: &Run, owner: &ObjectId, tree: &Tree) -> Result<Counted, CollectError> {
    let mut all = Counted { in_folders: None, trail: Vec::new() };
    if tree.root.is_none() || tree.unreadable.iter().any(|path| path.names().is_empty()) {
        return Ok(all);
    }
    // Recoverable Items are not part of what the mailbox counts; search folders show what others hold.
    let counted = |seen: &&Seen| seen.total != Some(0) && !seen.is_search() && !seen.is_recoverable();
    let counts = tree.folders.iter().filter(counted).map(|seen| async move {
        let mut trail = Vec::new();
        let counted = count(run, owner, Some(&seen.id), &mut trail).await;
        (counted, trail)
    });
    let mut counts = stream::iter(counts).buffer_unordered(AT_ONCE);
    let mut sum = 0;
    while let Some((counted, trail)) = counts.next().await {
        all.trail.extend(trail);
        sum += counted?.unwrap_or(0);
    }
    all.in_folders = Some(sum);
    Ok(all)
}

/// Looks for folders that listings leave out and adds them to the tree's end, parents before children.
///
/// # Errors
/// What ends a run. A service that does not count is not an error.
pub(super) async fn look(
    run: &Run,
    owner: &ObjectId,
    tree: &mut Tree,
    counted: Counted,
) -> Result<Looked, CollectError> {
    let Counted { in_folders, trail } = counted;
    tree.trail.extend(trail);
    let mut looked =
        Looked { extent: Extent::NotTried, in_folders, in_mailbox: None, from: tree.folders.len(), closed: 0 };
    if in_folders.is_none() {
        return Ok(looked);
    }
    looked.extent = Extent::NoCount;
    looked.in_mailbox = count(run, owner, None, &mut tree.trail).await?;
    match (looked.in_folders, looked.in_mailbox) {
        (Some(folders), Some(mailbox)) if mailbox <= folders => looked.extent = Extent::Agrees,
        (Some(_), Some(_)) => walk(run, owner, tree, &mut looked).await?,
        (_, None) | (None, _) => {}
    }
    Ok(looked)
}

/// Messages of the range in one folder, or in the mailbox; `None` where the service does not say. A service that answers
/// nothing else either says nothing by that: the outage is waited out, and the count asked for again.
async fn count(
    run: &Run,
    owner: &ObjectId,
    folder: Option<&GraphId>,
    trail: &mut Vec<Exchange>,
) -> Result<Option<u64>, CollectError> {
    let mut outages = 0;
    loop {
        run.halt_if_asked()?;
        match run.graph.get::<u64>(&ask_to_count(run, owner, folder)).await {
            Ok(Answer { value, trail: more }) => {
                trail.extend(more);
                return Ok(Some(value));
            }
            Err(fault) if is_about_the_run(&fault) => return Err(fault.into()),
            Err(fault) => {
                let fails = fault.status.is_some_and(|status| status >= 500);
                trail.extend(fault.trail);
                let standing = Standing::with(&run.graph, owner, folder.into_iter().map(GraphId::as_str));
                if !fails || outages == OUTAGES || !standing.confirm(trail).await? {
                    return Ok(None);
                }
                outages += 1;
            }
        }
    }
}

fn ask_to_count(run: &Run, owner: &ObjectId, folder: Option<&GraphId>) -> Ask {
    let job = &run.acquisition.job;
    let within = folder.map(|id| ["mailFolders", id.as_str()]).into_iter().flatten();
    let path = ["users", owner.as_str()].into_iter().chain(within).chain(["messages", "$count"]);
    let mut ask = Ask::new(Lane::Mailbox(owner.clone()), Purpose::Count, path);
    if let Some(filter) = enumerate::filter(job.date_field, job.range.window()) {
        ask = ask.query("$filter", filter);
    }
    ask
}

/// Whether asking for something else would fare no better. A count that is no number is only that.
const fn is_about_the_run(fault: &Fault) -> bool {
    match fault.kind {
        FaultKind::SignIn(_) | FaultKind::Throttled | FaultKind::Foreign | FaultKind::Tls | FaultKind::Local(_) => true,
        FaultKind::Unavailable => fault.status.is_none(),
        FaultKind::Denied
        | FaultKind::Gone
        | FaultKind::NoMailbox
        | FaultKind::NotFound
        | FaultKind::Refused
        | FaultKind::Unrenderable
        | FaultKind::AskLess
        | FaultKind::NotGraph => false,
    }
}

/// Walks the mailbox's messages in the range for parents that are not in the tree.
async fn walk(run: &Run, owner: &ObjectId, tree: &mut Tree, looked: &mut Looked) -> Result<(), CollectError> {
    let job = &run.acquisition.job;
    let target = Target {
        mailbox: owner.clone(),
        folder: None,
        window: job.range.window(),
        field: job.date_field,
        now: (run.acquisition.notary.clock)(),
    };
    let known: HashSet<GraphId> = tree.folders.iter().map(|seen| seen.id.clone()).collect();
    let mut parents =
        Parents { run, known, unknown: BTreeMap::new(), recent: Recent::default(), broken: false, trail: Vec::new() };
    let walked = enumerate::list(&run.graph, &target, None, &mut parents).await;
    tree.trail.append(&mut parents.trail);
    looked.extent = if parents.broken { Extent::Broken } else { Extent::Walked };
    match walked {
        Ok(_) => {}
        Err(CollectError::Fault(fault)) if is_closed(&fault) => {
            tree.trail.extend(fault.trail);
            looked.extent = Extent::Broken;
        }
        Err(error) => return Err(error),
    }
    add(run, owner, tree, parents.unknown, looked).await
}

/// Puts each folder that was found into the tree, in one order whatever the pages' order was.
async fn add(
    run: &Run,
    owner: &ObjectId,
    tree: &mut Tree,
    unknown: BTreeMap<String, u64>,
    looked: &mut Looked,
) -> Result<(), CollectError> {
    if unknown.is_empty() {
        return Ok(());
    }
    let mut above = Above::new(&run.graph, owner, &run.acquisition.job, tree).await?;
    for (id, messages) in unknown {
        let Ok(id) = GraphId::new(&id) else { continue };
        match above.place(id).await? {
            Placed::Known | Placed::Recoverable => {}
            Placed::Closed => looked.closed += messages,
        }
    }
    Ok(())
}

/// The parents of a mailbox's messages.
struct Parents<'a> {
    run: &'a Run,
    known: HashSet<GraphId>,
    /// Folders that are not in the tree, and how many messages lie there.
    unknown: BTreeMap<String, u64>,
    recent: Recent,
    broken: bool,
    trail: Vec<Exchange>,
}

impl Ledge for Parents<'_> {
    async fn sheet(&mut self, sheet: Sheet) -> Result<u64, CollectError> {
        self.run.halt_if_asked()?;
        self.trail.extend(sheet.trail);
        let mut fresh = 0;
        for message in sheet.rows.iter().filter(|message| self.recent.is_new(&message.id)) {
            fresh += 1;
            if let Some(parent) = message.parent_folder_id.as_ref().filter(|parent| !self.known.contains(*parent)) {
                *self.unknown.entry(parent.as_str().to_owned()).or_default() += 1;
            }
        }
        Ok(fresh)
    }

    async fn broken(&mut self, _: Window, why: Why) -> Result<(), CollectError> {
        self.broken = true;
        if let Why::Fault(fault) = why {
            self.trail.extend(fault.trail);
        }
        Ok(())
    }
}
