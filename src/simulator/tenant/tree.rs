//! The folder tree of one mailbox: paths become folders with parents, the usual folders are always there.

use crate::terms::FolderPath;

use super::files::FolderFile;
use super::source::TenantError;

/// One folder.
#[derive(Debug, Default)]
pub(in crate::simulator) struct Folder {
    /// Name as people see it.
    pub(in crate::simulator) name: String,
    /// Last piece of its path; unlike the name, no two folders of one parent share it.
    pub(super) key: String,
    /// Index of the parent; `None` for the top and for what lies beside it.
    pub(in crate::simulator) parent: Option<usize>,
    /// Locale-independent name, lower case.
    pub(in crate::simulator) well_known: Option<String>,
    /// Listed only on request.
    pub(in crate::simulator) hidden: bool,
    /// A search folder: a view on the whole mailbox.
    pub(in crate::simulator) search: bool,
    /// Container class such as `IPF.Note`.
    pub(in crate::simulator) class: String,
    /// Items that are not messages.
    pub(in crate::simulator) other_items: u64,
    /// Not below the top of the information store.
    pub(in crate::simulator) outside_root: bool,
    /// Mail from files, by each date, oldest first.
    pub(in crate::simulator) by_date: [Vec<u32>; 4],
    /// Mail from files, as listed in the mailbox.
    pub(in crate::simulator) mail: Vec<u32>,
    /// Generated mail, by batch.
    pub(in crate::simulator) batches: Vec<usize>,
}

impl Folder {
    /// Whether Graph's folder listing leaves it out for good, as it does with folders of IMAP migrations.
    pub(in crate::simulator) fn is_unlisted(&self) -> bool {
        self.class == "IPF.Imap"
    }
}

const USUAL: [(&str, &str); 7] = [
    ("Inbox", "inbox"),
    ("Drafts", "drafts"),
    ("Sent Items", "sentitems"),
    ("Deleted Items", "deleteditems"),
    ("Junk Email", "junkemail"),
    ("Outbox", "outbox"),
    ("Archive", "archive"),
];

/// A tree that grows by paths.
pub(super) struct Tree {
    pub(super) folders: Vec<Folder>,
}

impl Tree {
    /// The tree of a mailbox, with the folders that every mailbox has.
    pub(super) fn new(file: &str, wanted: &[FolderFile]) -> Result<Self, TenantError> {
        let top = Folder {
            name: "Top of Information Store".to_owned(),
            well_known: Some("msgfolderroot".to_owned()),
            class: "IPF.Note".to_owned(),
            ..Folder::default()
        };
        let mut tree = Self { folders: vec![top] };
        for folder in wanted {
            let at = tree.grow(file, &folder.path, folder.outside_root)?;
            if let Some(grown) = tree.folders.get_mut(at) {
                if let Some(name) = &folder.name {
                    grown.name.clone_from(name);
                }
                grown.hidden = folder.hidden;
                grown.search = folder.search;
                grown.other_items = folder.other_items;
                grown.class = folder.class.clone().unwrap_or_else(|| "IPF.Note".to_owned());
                grown.well_known =
                    folder.well_known.as_ref().map(|name| name.to_lowercase()).or(grown.well_known.take());
            }
        }
        for (name, well_known) in USUAL {
            if tree.well_known(well_known).is_none() {
                tree.grow(file, name, false)?;
            }
        }
        if tree.well_known("recoverableitemsdeletions").is_none() {
            tree.grow(file, "Recoverable Items/Deletions", true)?;
        }
        Ok(tree)
    }

    /// The folder with this path, made where it is missing, parents included.
    pub(super) fn grow(&mut self, file: &str, path: &str, outside_root: bool) -> Result<usize, TenantError> {
        let path = FolderPath::parse(path).map_err(|error| TenantError::invalid(file, error.to_string()))?;
        let mut at = (!outside_root).then_some(0);
        for name in path.names() {
            at = Some(match self.child(at, name) {
                Some(found) => found,
                None => self.add(at, name, outside_root),
            });
        }
        Ok(at.unwrap_or(0))
    }

    fn child(&self, parent: Option<usize>, name: &str) -> Option<usize> {
        let same = |folder: &Folder| folder.parent == parent && folder.key.to_lowercase() == name.to_lowercase();
        // The top has no parent either, but it is nobody's neighbour.
        self.folders.iter().enumerate().skip(1).find(|(_, folder)| same(folder)).map(|(at, _)| at)
    }

    fn well_known(&self, name: &str) -> Option<usize> {
        self.folders.iter().position(|folder| folder.well_known.as_deref() == Some(name))
    }

    fn add(&mut self, parent: Option<usize>, name: &str, outside_root: bool) -> usize {
        let usual = USUAL.iter().find(|(usual, _)| parent == Some(0) && usual.eq_ignore_ascii_case(name));
        let recoverable = match (outside_root, parent, name) {
            (true, None, "Recoverable Items") => Some("recoverableitemsroot"),
            (true, Some(_), "Deletions") => Some("recoverableitemsdeletions"),
            (true, Some(_), "Purges") => Some("recoverableitemspurges"),
            (true, Some(_), "Versions") => Some("recoverableitemsversions"),
            _ => None,
        };
        let well_known = usual.map(|(_, well_known)| *well_known).or(recoverable).map(str::to_owned);
        let class = "IPF.Note".to_owned();
        let key = name.to_owned();
        self.folders.push(Folder {
            name: key.clone(),
            key,
            parent,
            well_known,
            outside_root,
            class,
            ..Folder::default()
        });
        self.folders.len() - 1
    }
}
