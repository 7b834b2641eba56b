//! The simulated tenant itself: directory, mailboxes, folders, mail. Read once, never changed while it serves.
//!
//! It must not know HTTP, tokens or faults.

mod corpus;
mod denial;
mod estate;
mod files;
mod head;
mod load;
mod mail;
mod people;
mod shelf;
mod source;
mod synthetic;
mod tree;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};

use serde_json::{Map, Value};

use crate::terms::FolderPath;

pub(super) use denial::{Denial, SHAPES};
pub(super) use estate::{Estate, Holding, LicenceFile, Plan, Sku};
pub(super) use head::{Head, Who, header_lines, is_inline, is_meeting};
pub use load::Extra;
pub(super) use load::load;
pub(super) use mail::{Dates, Loaded, Rendered};
pub use source::{Source, TenantError};
pub(super) use synthetic::Synthetic;
pub(super) use tree::Folder;

/// The whole tenant.
pub(super) struct Tenant {
    pub(super) id: String,
    pub(super) display_name: String,
    pub(super) domain: String,
    pub(super) apps: Vec<App>,
    pub(super) users: Vec<User>,
    pub(super) mailboxes: Vec<Mailbox>,
    /// What was bought.
    pub(super) estate: Estate,
    /// TXT records by name, lower case, without a dot at the end: the keys of those who sign its mail.
    pub(super) zone: BTreeMap<String, String>,
    by_name: HashMap<String, usize>,
}

/// A registered application.
pub(super) struct App {
    pub(super) client_id: String,
    pub(super) display_name: String,
    /// Present for applications that may sign in as themselves.
    pub(super) secret: Option<String>,
    /// The certificate registered for it, in PEM.
    pub(super) certificate: Option<String>,
    /// Whether somebody has agreed to it already.
    pub(super) consented: bool,
}

/// One person, room or shared account.
pub(super) struct User {
    pub(super) id: String,
    pub(super) upn: String,
    pub(super) display_name: String,
    /// The Graph properties, as given.
    facts: Map<String, Value>,
    pub(super) mailbox: Standing,
    /// Directory roles.
    pub(super) roles: Vec<Role>,
    /// Licences, a line for each way one came.
    holdings: Vec<Holding>,
    /// The number of a generated person, from which everything follows; `facts` and `holdings` are empty then.
    made: Option<u64>,
}

/// A directory role.
pub(super) struct Role {
    pub(super) name: String,
    pub(super) template: String,
}

/// What stands behind a user's mailbox paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// A mailbox, by index.
    Mailbox(usize),
    /// Never had one.
    None,
    /// Deleted, or kept after its user left.
    Inactive,
    /// Lives on the customer's own servers.
    OnPremises,
    /// Lost its licence.
    Unlicensed,
}

/// One mailbox.
pub(super) struct Mailbox {
    /// Its number in the store, part of every id.
    pub(super) guid: String,
    /// Index of the user it belongs to.
    pub(super) owner: usize,
    /// `user`, `shared`, `room` or `equipment`.
    pub(super) kind: String,
    pub(super) grants: Vec<Grant>,
    pub(super) denial: Denial,
    /// Folder 0 is the top of the information store.
    pub(super) folders: Vec<Folder>,
    /// Mail from files.
    pub(super) mail: Vec<Loaded>,
    /// Generated mail.
    pub(super) batches: Vec<Synthetic>,
}

/// Somebody else's right to a mailbox.
#[derive(Debug)]
pub(super) struct Grant {
    /// Index of the user who holds it.
    pub(super) delegate: usize,
    /// The folders it covers; `None` means Full Access.
    pub(super) folders: Option<Vec<usize>>,
    /// Whether all folders can be listed.
    pub(super) root_visible: bool,
    /// Seconds after the server's start until it takes effect.
    pub(super) after_seconds: u64,
}

/// One message of a mailbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Item {
    /// From a file, by index.
    Mail(usize),
    /// Generated: batch and index in it.
    Made(usize, u64),
}

impl Tenant {
    /// The user with this object id or sign-in name, compared without case.
    pub(super) fn user(&self, id_or_upn: &str) -> Option<usize> {
        self.by_name.get(&id_or_upn.to_lowercase()).copied()
    }

    /// The Graph properties of a user, without those about licences.
    pub(super) fn facts<'a>(&self, user: &'a User) -> Cow<'a, Map<String, Value>> {
        match user.made {
            Some(number) => Cow::Owned(people::facts(number, &self.domain)),
            None => Cow::Borrowed(&user.facts),
        }
    }

    /// The licences of a user.
    pub(super) fn holdings<'a>(&self, user: &'a User) -> Cow<'a, [Holding]> {
        match user.made {
            Some(number) => Cow::Owned(people::holdings(number, &self.estate)),
            None => Cow::Borrowed(&user.holdings),
        }
    }

    /// The application with this id.
    pub(super) fn app(&self, client_id: &str) -> Option<&App> {
        self.apps.iter().find(|app| app.client_id.eq_ignore_ascii_case(client_id))
    }

    /// Whether a path names this tenant: by id or by one of its users' domains.
    pub(super) fn answers_to(&self, name: &str) -> bool {
        let domain =
            |user: &User| user.upn.rsplit_once('@').is_some_and(|(_, domain)| domain.eq_ignore_ascii_case(name));
        name.eq_ignore_ascii_case(&self.id) || name.eq_ignore_ascii_case(&self.domain) || self.users.iter().any(domain)
    }
}

impl User {
    /// Whether it is somebody from another organisation.
    pub(super) fn is_guest(&self) -> bool {
        match self.made {
            Some(number) => people::is_guest(number),
            None => self.facts.get("userType").and_then(Value::as_str) == Some("Guest"),
        }
    }

    /// Whether a person can sign in with this account.
    pub(super) fn can_sign_in(&self) -> bool {
        let enabled = match self.made {
            Some(number) => people::is_enabled(number),
            None => self.facts.get("accountEnabled").and_then(Value::as_bool).unwrap_or(true),
        };
        enabled && !self.is_guest()
    }
}

impl Mailbox {
    /// The folder a message lies in.
    pub(super) fn folder_of(&self, item: Item) -> Option<usize> {
        match item {
            Item::Mail(n) => self.mail.get(n).map(|mail| mail.folder),
            Item::Made(batch, n) => self.batches.get(batch).filter(|made| n < made.count).map(|made| made.folder),
        }
    }

    /// The folder with these names from the top, compared without case.
    pub(super) fn folder_at(&self, path: &str) -> Option<usize> {
        let wanted = FolderPath::parse(path).ok()?;
        self.folders.iter().enumerate().skip(1).map(|(at, _)| at).find(|at| {
            let mut names = Vec::new();
            let mut next = Some(*at);
            while let Some(folder) = next.filter(|at| *at != 0).and_then(|at| self.folders.get(at)) {
                names.push(folder.name.clone());
                next = folder.parent;
            }
            names.reverse();
            let path = FolderPath::new(names);
            path.covers(&wanted) && wanted.covers(&path)
        })
    }

    /// Its dates.
    pub(super) fn dates(&self, item: Item) -> Option<Dates> {
        match item {
            Item::Mail(n) => self.mail.get(n).map(|mail| mail.dates),
            Item::Made(batch, n) => self.batches.get(batch).map(|made| made.dates(n)),
        }
    }

    /// Messages in a folder, search folders included.
    pub(super) fn message_count(&self, folder: usize) -> u64 {
        let Some(folder) = self.folders.get(folder) else { return 0 };
        let made = folder.batches.iter().filter_map(|batch| self.batches.get(*batch)).map(|made| made.count);
        u64::try_from(folder.mail.len()).unwrap_or_default() + made.sum::<u64>()
    }
}
