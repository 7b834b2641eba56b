//! The folder tree of one mailbox, and which of its folders are in scope.
//!
//! Graph lists one level at a time, leaves out hidden folders unless asked, does not list the root
//! and knows Recoverable Items by name only; so the tree is walked, with hidden folders, from the
//! root, by id and never by name (names repeat). Everything is asked for as soon as it is known that there is something
//! to ask, and put together in the order of the levels, so that the tree and its record do not depend on who answers
//! first. It must not list messages.

use std::collections::{HashMap, HashSet, VecDeque};

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use crate::custody::Exclusion;
use crate::graph::{Answer, Ask, Fault, FaultKind, Followed, Graph, IN_FLIGHT, Lane, wire};
use crate::terms::{Exchange, FolderPath, GraphId, ObjectId, Purpose};

use super::job::Job;
use super::standing::{Standing, is_closed};

/// Exchange allows 300 levels; anything deeper is a loop.
pub(super) const MAX_DEPTH: usize = 300;
/// More folders than any mailbox has; a bound on what a hostile server can make us keep.
const MAX_FOLDERS: usize = 100_000;
const PAGE: u32 = 100;
const SELECT: &str = "id,displayName,parentFolderId,childFolderCount,totalItemCount,isHidden";

/// The root, by the name the service knows it under.
const ROOT: &str = "msgfolderroot";
/// Folders whose well-known name is worth a request: they are named in reports and logs.
const WELL_KNOWN: [&str; 7] = ["inbox", "drafts", "sentitems", "deleteditems", "junkemail", "outbox", "archive"];
/// The first name of the paths that Recoverable Items get.
pub(super) const RECOVERABLE_ROOT: &str = "Recoverable Items";
/// Recoverable Items, by the names the service accepts; undocumented ones may answer 404.
pub(super) const RECOVERABLE: [(&str, &str); 4] = [
    ("recoverableitemsdeletions", "Deletions"),
    ("recoverableitemsversions", "Versions"),
    ("recoverableitemspurges", "Purges"),
    ("recoverableitemsdiscoveryholds", "DiscoveryHolds"),
];

/// One folder as seen.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    /// Its id.
    pub id: GraphId,
    /// Its parent's id.
    pub parent: Option<GraphId>,
    /// Where it stands.
    pub path: FolderPath,
    /// Its well-known name, if it has one that matters.
    pub well_known: Option<&'static str>,
    /// The service's count of items of every type.
    pub total: Option<u64>,
    /// Whether clients hide it.
    pub hidden: bool,
    /// `None` when it is collected.
    pub left_out: Option<Exclusion>,
}

impl Seen {
    fn new(folder: &wire::MailFolder, path: FolderPath) -> Self {
        Self {
            id: folder.id.clone(),
            parent: folder.parent_folder_id.clone(),
            path,
            well_known: None,
            total: folder.total_item_count.and_then(|count| u64::try_from(count).ok()),
            hidden: folder.is_hidden.unwrap_or(false),
            left_out: is_search(folder).then_some(Exclusion::SearchFolder),
        }
    }

    /// Whether it only shows what others hold.
    pub(super) fn is_search(&self) -> bool {
        self.left_out == Some(Exclusion::SearchFolder)
    }

    /// Whether it is one of those that Recoverable Items are known by.
    pub(super) fn is_recoverable(&self) -> bool {
        self.well_known.is_some_and(|name| name.starts_with("recoverable"))
    }
}

impl Tree {
    /// Adds a folder that the walk did not see, in scope or not.
    pub(super) fn add(&mut self, folder: &wire::MailFolder, path: FolderPath, job: &Job) {
        let mut seen = Seen::new(folder, path);
        seen.left_out = seen.left_out.or_else(|| out_of_scope(job, &seen));
        self.folders.push(seen);
    }

    /// What must still open when the walk is over: folders that did not open may be closed for good, or since a moment
    /// ago.
    pub(super) fn standing(&self, graph: &Graph, mailbox: &ObjectId) -> Standing {
        Standing::with(graph, mailbox, self.folders.iter().map(|seen| seen.id.as_str()))
    }
}

/// The tree, and the exchanges that showed it.
#[derive(Debug, Default)]
pub(super) struct Tree {
    /// The root, where it opens.
    pub root: Option<GraphId>,
    /// Folders in the order of the walk, parents before children.
    pub folders: Vec<Seen>,
    /// Folders whose children could not be listed; the empty path is the root.
    pub unreadable: Vec<FolderPath>,
    /// Whether a listing of folders led nowhere, so that there may be more of them.
    pub endless: bool,
    /// Every request of the walk.
    pub trail: Vec<Exchange>,
}

/// Walks the tree of a mailbox and marks what is in scope.
///
/// # Errors
/// [`FaultKind::Denied`] when the root is closed though the access test has just read it (`proven`): what was seen is
/// not the tree. What else ends a run. Whether anything still opens at the end of the walk is the caller's to ask:
/// [`Tree::standing`].
pub(super) async fn snapshot(graph: &Graph, mailbox: &ObjectId, proven: bool, job: &Job) -> Result<Tree, Fault> {
    let named = WELL_KNOWN.into_iter().chain(RECOVERABLE.map(|(name, _)| name).into_iter().filter(|_| job.recoverable));
    // The list of what is at the top comes first: most of the other questions follow from it.
    let first = [Question::Below(None, 0)].into_iter().chain([Question::One(ROOT)]).chain(named.map(Question::One));
    let mut answers = Answers::default();
    let asker = Asker { graph, mailbox };
    answers.gather(asker, first.collect()).await?;
    if answers.below.get(&None).is_some_and(|top| top.folders.is_none()) {
        // The root is closed; what opens by name is all there is.
        let opened = WELL_KNOWN.iter().filter_map(|name| answers.one.get(name)?.0.as_ref());
        let below =
            opened.filter(|folder| !is_search(folder)).map(|folder| Question::Below(Some(folder.id.clone()), 1));
        let below = below.collect();
        answers.gather(asker, below).await?;
    }
    let mut walk = Walk { answers, tree: Tree::default(), known: HashSet::new() };
    let names = walk.by_name(&WELL_KNOWN);
    let root = walk.one(ROOT);
    let whole = root.is_some();
    walk.descend(root.as_ref(), &names);
    let listed = !walk.tree.unreadable.iter().any(|path| path.names().is_empty());
    if proven && !(whole && listed) {
        return Err(Fault { kind: FaultKind::Denied, status: None, code: None, trail: walk.tree.trail });
    }
    for seen in &mut walk.tree.folders {
        seen.well_known =
            names.iter().find(|(_, folder)| folder.id == seen.id).map(|(name, _)| *name).or(seen.well_known);
    }
    if job.recoverable {
        walk.recoverable();
    }
    let mut tree = walk.finish();
    for seen in &mut tree.folders {
        seen.left_out = seen.left_out.or_else(|| out_of_scope(job, seen));
    }
    Ok(tree)
}

fn out_of_scope(job: &Job, seen: &Seen) -> Option<Exclusion> {
    let covered = |paths: &[FolderPath]| paths.iter().any(|path| path.covers(&seen.path));
    if covered(&job.excluded) {
        return Some(Exclusion::Excluded);
    }
    // Recoverable Items were asked for by their own flag.
    let asked = job.folders.is_empty() || covered(&job.folders) || seen.is_recoverable();
    (!asked).then_some(Exclusion::NotAsked)
}

/// One folder by id or well-known name; `None` when it is not there or not ours to see.
///
/// # Errors
/// What ends a run.
pub(super) async fn one(
    graph: &Graph,
    mailbox: &ObjectId,
    name: &str,
    trail: &mut Vec<Exchange>,
) -> Result<Option<wire::MailFolder>, Fault> {
    let (folder, more) = Asker { graph, mailbox }.one(name).await?;
    trail.extend(more);
    Ok(folder)
}

/// One question about folders.
#[derive(Debug)]
enum Question {
    /// For one by its well-known name.
    One(&'static str),
    /// For what is below a folder, or below the root when no id is given; and how deep the folder lies.
    Below(Option<GraphId>, usize),
}

/// What was answered, by what was asked.
#[derive(Default)]
struct Answers {
    one: HashMap<&'static str, (Option<wire::MailFolder>, Vec<Exchange>)>,
    below: HashMap<Option<GraphId>, Level>,
}

impl Answers {
    /// Asks, four at a time, and goes on asking for what lies below the folders that are shown.
    async fn gather(&mut self, asker: Asker<'_>, first: Vec<Question>) -> Result<(), Fault> {
        // Each folder is asked for once, however often it is shown: loops end.
        let mut asked = HashSet::new();
        let mut open: VecDeque<Question> = first.into();
        open.retain(|question| match question {
            Question::Below(Some(id), _) => asked.insert(id.clone()),
            Question::Below(None, _) | Question::One(_) => true,
        });
        let mut out = FuturesUnordered::new();
        loop {
            while out.len() < IN_FLIGHT
                && let Some(question) = open.pop_front()
            {
                out.push(async move {
                    let answer = asker.answer(&question).await;
                    (question, answer)
                });
            }
            let Some((question, answer)) = out.next().await else { return Ok(()) };
            match (question, answer?) {
                (Question::One(name), Answered::One(folder, trail)) => {
                    self.one.insert(name, (folder, trail));
                }
                (Question::Below(id, depth), Answered::Below(level)) => {
                    let shown = level.folders.iter().flatten().filter(|_| depth + 1 < MAX_DEPTH);
                    for folder in shown.filter(|folder| !is_search(folder)) {
                        if asked.len() < MAX_FOLDERS && asked.insert(folder.id.clone()) {
                            open.push_back(Question::Below(Some(folder.id.clone()), depth + 1));
                        }
                    }
                    self.below.insert(id, level);
                }
                (Question::One(_), Answered::Below(_)) | (Question::Below(..), Answered::One(..)) => {}
            }
        }
    }
}

/// Puts the answers together.
struct Walk {
    answers: Answers,
    tree: Tree,
    known: HashSet<GraphId>,
}

impl Walk {
    /// One folder by well-known name; `None` when it is not there or not ours to see.
    fn one(&mut self, name: &'static str) -> Option<wire::MailFolder> {
        let (folder, trail) = self.answers.one.remove(name)?;
        self.tree.trail.extend(trail);
        folder
    }

    fn by_name(&mut self, names: &[&'static str]) -> Vec<(&'static str, wire::MailFolder)> {
        names.iter().filter_map(|name| self.one(name).map(|folder| (*name, folder))).collect()
    }

    /// The whole tree, level by level. When the root is closed (single folders are shared), what opens by name is all
    /// there is.
    fn descend(&mut self, root: Option<&wire::MailFolder>, names: &[(&'static str, wire::MailFolder)]) {
        if let Some(root) = root {
            self.tree.root = Some(root.id.clone());
            // The root can hold messages of its own; its children's paths do not carry its name.
            self.add(root, FolderPath::new(vec![name_of(root)]));
        }
        let nowhere = FolderPath::new(Vec::new());
        let top = match self.level(None) {
            Some(children) => children,
            None => {
                self.tree.unreadable.push(nowhere.clone());
                names.iter().map(|(_, folder)| folder.clone()).collect()
            }
        };
        let mut open = self.kept(&nowhere, top);
        while !open.is_empty() {
            let mut below = Vec::new();
            for (path, id) in open {
                match self.level(Some(&id)) {
                    Some(children) => below.extend(self.kept(&path, children)),
                    None => self.tree.unreadable.push(path),
                }
            }
            open = below;
        }
    }

    /// Keeps the folders of a level; those whose children are still to be listed, with their paths.
    fn kept(&mut self, path: &FolderPath, children: Vec<wire::MailFolder>) -> Vec<(FolderPath, GraphId)> {
        let mut open = Vec::new();
        for child in children {
            let path = path.child(&name_of(&child));
            if self.add(&child, path.clone()) && !is_search(&child) && path.names().len() < MAX_DEPTH {
                open.push((path, child.id));
            }
        }
        open
    }

    /// Takes what a listing showed; `None` when it was closed.
    fn level(&mut self, of: Option<&GraphId>) -> Option<Vec<wire::MailFolder>> {
        let level = self.answers.below.remove(&of.cloned())?;
        self.tree.trail.extend(level.trail);
        self.tree.endless |= level.endless;
        level.folders
    }

    fn recoverable(&mut self) {
        for (name, folder) in self.by_name(&RECOVERABLE.map(|(name, _)| name)) {
            let shown = RECOVERABLE.iter().find(|(known, _)| *known == name).map_or(name, |(_, shown)| shown);
            let path = FolderPath::new(vec![RECOVERABLE_ROOT.to_owned(), shown.to_owned()]);
            if self.add(&folder, path)
                && let Some(seen) = self.tree.folders.last_mut()
            {
                seen.well_known = Some(name);
            }
        }
    }

    /// The tree, and the exchanges of answers that had no place in it, such as what lies below a root that lists itself.
    fn finish(mut self) -> Tree {
        let spare = self.answers.below.into_values().map(|level| level.trail);
        let spare = spare.chain(self.answers.one.into_values().map(|(_, trail)| trail));
        let mut spare: Vec<Exchange> = spare.flatten().collect();
        spare.sort_by_key(|exchange| exchange.sent_at);
        self.tree.trail.extend(spare);
        self.tree
    }

    /// Keeps a folder; false when it was seen before (a loop, or a repeated page).
    fn add(&mut self, folder: &wire::MailFolder, path: FolderPath) -> bool {
        if self.known.len() >= MAX_FOLDERS || !self.known.insert(folder.id.clone()) {
            return false;
        }
        self.tree.folders.push(Seen::new(folder, path));
        true
    }
}

/// One listing of folders.
#[derive(Default)]
struct Level {
    /// `None` when it cannot be read.
    folders: Option<Vec<wire::MailFolder>>,
    /// Its links led nowhere, so that there may be more.
    endless: bool,
    trail: Vec<Exchange>,
}

/// Asks, and keeps nothing.
#[derive(Clone, Copy)]
struct Asker<'a> {
    graph: &'a Graph,
    mailbox: &'a ObjectId,
}

/// What came back for a [`Question`].
enum Answered {
    One(Option<wire::MailFolder>, Vec<Exchange>),
    Below(Level),
}

impl Asker<'_> {
    async fn answer(self, question: &Question) -> Result<Answered, Fault> {
        Ok(match question {
            Question::One(name) => {
                let (folder, trail) = self.one(name).await?;
                Answered::One(folder, trail)
            }
            Question::Below(id, _) => Answered::Below(self.children(id.as_ref().map(GraphId::as_str)).await?),
        })
    }

    fn ask(&self, tail: &[&str]) -> Ask {
        let path = ["users", self.mailbox.as_str(), "mailFolders"].into_iter().chain(tail.iter().copied());
        Ask::new(Lane::Mailbox(self.mailbox.clone()), Purpose::Folder, path).query("$select", SELECT)
    }

    async fn one(self, name: &str) -> Result<(Option<wire::MailFolder>, Vec<Exchange>), Fault> {
        match self.graph.get::<wire::MailFolder>(&self.ask(&[name])).await {
            Ok(Answer { value, trail }) => Ok((Some(value), trail)),
            Err(fault) if is_closed(&fault) => Ok((None, fault.trail)),
            Err(fault) => Err(fault),
        }
    }

    /// The children of a folder, or of the root when no id is given.
    async fn children(self, id: Option<&str>) -> Result<Level, Fault> {
        let ask = match id {
            Some(id) => self.ask(&[id, "childFolders"]),
            None => self.ask(&[]),
        };
        let hidden = ask.clone().query("includeHiddenFolders", "true").page_size(PAGE);
        match self.pages(&hidden).await {
            Err(fault) if matches!(fault.kind, FaultKind::Refused) => {
                // A service that does not know hidden folders still lists the others.
                let mut level = self.pages(&ask.page_size(PAGE)).await?;
                level.trail.splice(0..0, fault.trail);
                Ok(level)
            }
            answer => answer,
        }
    }

    async fn pages(self, ask: &Ask) -> Result<Level, Fault> {
        let (mut found, mut level) = (Vec::new(), Level::default());
        let mut links = Followed::default();
        let mut answer = self.graph.list::<wire::MailFolder>(ask).await;
        loop {
            match answer {
                Ok(Answer { value: page, trail }) => {
                    level.trail.extend(trail);
                    let new = page.items.len() as u64;
                    found.extend(page.items);
                    match page.next {
                        None => return Ok(Level { folders: Some(found), ..level }),
                        Some(link) if links.leads_on(&link, new) && found.len() < MAX_FOLDERS => {
                            answer = self.graph.next(ask, &link).await;
                        }
                        // What was listed is kept; that there may be more is an exception.
                        Some(_) => return Ok(Level { folders: Some(found), endless: true, ..level }),
                    }
                }
                Err(fault) if is_closed(&fault) && !matches!(fault.kind, FaultKind::Refused) => {
                    level.trail.extend(fault.trail);
                    return Ok(Level { folders: None, ..level });
                }
                Err(fault) => return Err(fault),
            }
        }
    }
}

/// Its name as people see it.
pub(super) fn name_of(folder: &wire::MailFolder) -> String {
    match folder.display_name.as_deref() {
        Some(name) if !name.is_empty() => name.to_owned(),
        // A folder without a name still needs one that can be typed.
        _ => "(unnamed)".to_owned(),
    }
}

fn is_search(folder: &wire::MailFolder) -> bool {
    folder.is_search_folder()
}
