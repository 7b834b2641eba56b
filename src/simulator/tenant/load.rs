//! Reads a tenant folder: files become users, mailboxes, folders and mail with everything resolved.

use std::collections::{BTreeMap, HashMap};

use serde_json::Value;

use crate::terms::{DateField, Sha256, UtcInstant};

use super::files::{
    AccessFile, DeniedFile, MailboxFile, MessageFile, RoleFile, StateFile, SyntheticFile, TenantFile, UserFile,
};
use super::head::Head;
use super::mail::{Dates, Loaded, Rendered, ValueError};
use super::shelf::Shelf;
use super::source::{Source, TenantError};
use super::synthetic::Synthetic;
use super::tree::Tree;
use super::{App, Denial, Estate, Grant, Mailbox, Role, Standing, Tenant, User, corpus, estate, people};

/// Generated mail that is added to a loaded tenant, in the folder `Inbox/Volume` of one mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extra {
    /// Sign-in name of the mailbox's owner.
    pub owner: String,
    /// How many messages.
    pub count: u64,
    /// Their mean size in bytes.
    pub mean_bytes: u64,
}

/// Loads a tenant. Blocks while files are read.
pub(in crate::simulator) fn load(source: &Source, extras: &[Extra], people: u64) -> Result<Tenant, TenantError> {
    let mut tenant = match source {
        Source::Builtin => read(&Shelf::Builtin)?,
        Source::Folder(root) => read(&Shelf::Disk(root.clone()))?,
        Source::Mail { folder, owner } => corpus::read(folder, owner)?,
    };
    for extra in extras {
        add(&mut tenant, extra)?;
    }
    people::add(&mut tenant, people);
    Ok(tenant)
}

fn read(shelf: &Shelf) -> Result<Tenant, TenantError> {
    let about: TenantFile = shelf.json("tenant.json")?;
    let listed: Vec<UserFile> = shelf.json("users.json")?;
    let apps = about.apps.into_iter();
    let apps = apps.map(|app| App {
        client_id: app.client_id,
        display_name: app.display_name,
        secret: app.secret,
        certificate: app.certificate,
        consented: app.consented,
    });
    let mut homes: HashMap<String, (Option<String>, Option<StateFile>)> = HashMap::new();
    let mut users = Vec::new();
    for entry in listed {
        let user = user(&entry)?;
        homes.insert(user.id.clone(), (entry.simulator.mailbox, entry.simulator.state));
        users.push(user);
    }
    let estate = estate::read(shelf, &mut users)?;
    let mut tenant = Tenant::new(about.tenant_id, about.display_name, about.domain, apps.collect(), users);
    tenant.estate = estate;
    tenant.zone = shelf.zone()?;
    for name in shelf.folders("mailboxes")? {
        let mailbox = mailbox(shelf, &tenant, &name)?;
        let at = tenant.mailboxes.len();
        for user in &mut tenant.users {
            let home = homes.get(&user.id).and_then(|(mailbox, _)| mailbox.as_deref());
            if home == Some(name.as_str()) {
                user.mailbox = Standing::Mailbox(at);
            }
        }
        tenant.mailboxes.push(mailbox);
    }
    for user in &mut tenant.users {
        let (mailbox, state) = homes.remove(&user.id).unwrap_or_default();
        if let (Some(name), Standing::None) = (&mailbox, user.mailbox) {
            return Err(TenantError::dangling("users.json", "the mailbox", name));
        }
        user.mailbox = match state {
            None | Some(StateFile::Enabled) => user.mailbox,
            Some(StateFile::None) => Standing::None,
            Some(StateFile::Inactive) => Standing::Inactive,
            Some(StateFile::OnPremises) => Standing::OnPremises,
            Some(StateFile::Unlicensed) => Standing::Unlicensed,
        };
    }
    Ok(tenant)
}

impl Tenant {
    /// A tenant without mailboxes.
    pub(super) fn new(id: String, display_name: String, domain: String, apps: Vec<App>, users: Vec<User>) -> Self {
        let names = users.iter().enumerate();
        let by_name =
            names.flat_map(|(at, user)| [(user.id.to_lowercase(), at), (user.upn.to_lowercase(), at)]).collect();
        Self {
            id,
            display_name,
            domain,
            apps,
            users,
            mailboxes: Vec::new(),
            estate: Estate::default(),
            zone: BTreeMap::new(),
            by_name,
        }
    }
}

fn user(entry: &UserFile) -> Result<User, TenantError> {
    let text = |name: &str| entry.facts.get(name).and_then(Value::as_str).map(str::to_owned);
    let id = text("id").ok_or_else(|| TenantError::invalid("users.json", "a user has no id"))?;
    // People without a sign-in name exist; nothing can be addressed to them by name.
    let upn = text("userPrincipalName").unwrap_or_else(|| id.clone());
    let display_name = text("displayName").unwrap_or_default();
    let role = |role: &RoleFile| Role { name: role.name.clone(), template: role.template.clone() };
    let roles = entry.simulator.roles.iter().map(role).collect();
    Ok(User {
        id,
        upn,
        display_name,
        facts: entry.facts.clone(),
        mailbox: Standing::None,
        roles,
        holdings: Vec::new(),
        made: None,
    })
}

fn mailbox(shelf: &Shelf, tenant: &Tenant, name: &str) -> Result<Mailbox, TenantError> {
    let file = format!("mailboxes/{name}/mailbox.json");
    let listed: MailboxFile = shelf.json(&file)?;
    let owner = tenant.user(&listed.owner).ok_or_else(|| TenantError::dangling(&file, "the user", &listed.owner))?;
    let tree = Tree::new(&file, &listed.folders)?;
    let mut mailbox = Mailbox::new(tenant, owner, listed.kind.as_deref().unwrap_or("user"), tree);
    mailbox.denial = match listed.denied_style {
        DeniedFile::Forbidden => Denial::Forbidden,
        DeniedFile::ItemNotFound => Denial::ItemNotFound,
        DeniedFile::FolderNotFound => Denial::FolderNotFound,
        DeniedFile::RootNotFound => Denial::RootNotFound,
    };
    for right in &listed.rights {
        let delegate =
            tenant.user(&right.delegate).ok_or_else(|| TenantError::dangling(&file, "the user", &right.delegate))?;
        let folder = |path: &String| mailbox.find(path).ok_or_else(|| TenantError::dangling(&file, "the folder", path));
        let folders = match right.access {
            AccessFile::Full => None,
            AccessFile::Folders => Some(right.folders.iter().map(folder).collect::<Result<_, _>>()?),
        };
        let (root_visible, after_seconds) = (right.root_visible, right.after_seconds);
        mailbox.grants.push(Grant { delegate, folders, root_visible, after_seconds });
    }
    for message in listed.messages {
        let loaded = message_from(shelf, &file, name, &mailbox, message)?;
        mailbox.mail.push(loaded);
    }
    for made in &listed.synthetic {
        let made = synthetic(&file, tenant, &mailbox, made)?;
        mailbox.batches.push(made);
    }
    mailbox.arrange();
    Ok(mailbox)
}

impl Mailbox {
    /// An empty mailbox.
    pub(super) fn new(tenant: &Tenant, owner: usize, kind: &str, tree: Tree) -> Self {
        let name = tenant.users.get(owner).map(|user| user.id.as_str()).unwrap_or_default();
        let hash = Sha256::of(format!("mailbox {} {name}", tenant.id).as_bytes());
        let bytes: [u8; 16] = hash.as_bytes().first_chunk().copied().unwrap_or_default();
        Self {
            guid: uuid::Builder::from_random_bytes(bytes).into_uuid().to_string(),
            owner,
            kind: kind.to_owned(),
            grants: Vec::new(),
            denial: Denial::Forbidden,
            folders: tree.folders,
            mail: Vec::new(),
            batches: Vec::new(),
        }
    }

    /// The folder at a path, compared without case.
    pub(in crate::simulator) fn find(&self, path: &str) -> Option<usize> {
        // A tree borrows nothing, but the folders have moved in here already.
        let names = crate::terms::FolderPath::parse(path).ok()?;
        let child = |parent: Option<usize>, name: &str| {
            let same =
                |folder: &super::Folder| folder.parent == parent && folder.key.to_lowercase() == name.to_lowercase();
            self.folders.iter().enumerate().skip(1).find(|(_, folder)| same(folder)).map(|(at, _)| at)
        };
        let walk = |start| names.names().iter().try_fold(start, |at, name| child(at, name).map(Some)).flatten();
        walk(Some(0)).or_else(|| walk(None))
    }

    /// Sorts the mail of every folder by its dates, and hands the batches to their folders.
    pub(super) fn arrange(&mut self) {
        let Self { folders, mail, batches, .. } = self;
        let all = mail.iter().map(|mail| mail.folder).collect::<Vec<_>>();
        for (at, folder) in folders.iter_mut().enumerate() {
            let here = |n: &usize| folder.search || all.get(*n) == Some(&at);
            folder.mail = (0..all.len()).filter(here).filter_map(|n| u32::try_from(n).ok()).collect();
            for (slot, field) in folder.by_date.iter_mut().zip(FIELDS) {
                slot.clone_from(&folder.mail);
                let date = |n: u32| mail.get(n as usize).and_then(|mail| mail.dates.get(field)).unwrap_or(i64::MIN);
                slot.sort_by_key(|n| (date(*n), *n));
            }
            let made = batches.iter().enumerate().filter(|(_, made)| made.folder == at);
            folder.batches = made.map(|(batch, _)| batch).collect();
        }
    }
}

/// The order of the sorted lists in a folder.
pub(super) const FIELDS: [DateField; 4] =
    [DateField::Received, DateField::Sent, DateField::Created, DateField::Modified];

fn message_from(
    shelf: &Shelf,
    file: &str,
    name: &str,
    mailbox: &Mailbox,
    listed: MessageFile,
) -> Result<Loaded, TenantError> {
    let folder =
        mailbox.find(&listed.folder).ok_or_else(|| TenantError::dangling(file, "the folder", &listed.folder))?;
    let path = format!("mailboxes/{name}/mail/{}", listed.file);
    let stored = shelf.file(&path)?;
    let bytes = stored.read().map_err(|error| TenantError::unreadable(&path, &error))?;
    let mut head = Head::read(&bytes);
    if let Some(class) = listed.class {
        head.class = class;
    }
    head.has_attachments |= !listed.reference_attachments.is_empty();
    let pad = listed.pad_attachment_bytes;
    let date = |text: &Option<String>| text.as_deref().map(|text| seconds(file, text)).transpose();
    let received = date(&listed.received)?.or(head.dates.1).or(head.dates.0);
    let received = received
        .ok_or_else(|| TenantError::invalid(file, format!("{} has no date: give it \"received\"", listed.file)))?;
    let created = date(&listed.created)?.unwrap_or(received);
    let sent = match &listed.sent {
        None => Some(head.dates.0.unwrap_or(received)),
        Some(text) => date(text)?,
    };
    let modified = date(&listed.modified)?.unwrap_or(received.max(created));
    Ok(Loaded {
        folder,
        dates: Dates { received, sent, created, modified },
        is_draft: listed.is_draft,
        is_read: listed.is_read.unwrap_or(true),
        categories: listed.categories,
        value_error: listed.value_error.map(|error| ValueError {
            status: error.status,
            message: error.message.unwrap_or_else(|| explanation(&error.code).to_owned()),
            code: error.code,
        }),
        bcc: listed.bcc,
        references: listed.reference_attachments.into_iter().map(|cloud| (cloud.name, cloud.url)).collect(),
        head,
        bytes: Rendered::new(bytes, pad).len(),
        stored,
        pad,
    })
}

fn explanation(code: &str) -> &'static str {
    match code {
        "ErrorMimeContentConversionFailed" => "Message content conversion has failed.",
        "ErrorCorruptData" => "Data is corrupt.",
        "ErrorContentConversionFailed" => "Content conversion failed.",
        _ => "The item could not be rendered.",
    }
}

fn seconds(file: &str, text: &str) -> Result<i64, TenantError> {
    let at = UtcInstant::parse(text).map_err(|error| TenantError::invalid(file, format!("\"{text}\": {error}")))?;
    Ok(at.millis().div_euclid(1000) * 1000)
}

fn synthetic(file: &str, tenant: &Tenant, mailbox: &Mailbox, listed: &SyntheticFile) -> Result<Synthetic, TenantError> {
    let folder =
        mailbox.find(&listed.folder).ok_or_else(|| TenantError::dangling(file, "the folder", &listed.folder))?;
    let (from, to) = (seconds(file, &listed.from)? / 1000, seconds(file, &listed.to)? / 1000);
    if from > to {
        return Err(TenantError::invalid(file, "generated mail ends before it begins"));
    }
    let owner = tenant.users.get(mailbox.owner).map(|user| user.upn.clone()).unwrap_or_default();
    Ok(Synthetic { folder, count: listed.count, seed: listed.seed, from, to, mean_bytes: listed.mean_bytes, owner })
}

fn add(tenant: &mut Tenant, extra: &Extra) -> Result<(), TenantError> {
    let named = |name: &str| TenantError::dangling("the generated mail", "the mailbox of", name);
    let user = tenant.user(&extra.owner).and_then(|at| tenant.users.get(at)).ok_or_else(|| named(&extra.owner))?;
    let Standing::Mailbox(at) = user.mailbox else { return Err(named(&extra.owner)) };
    let owner = user.upn.clone();
    let mailbox = tenant.mailboxes.get_mut(at).ok_or_else(|| named(&extra.owner))?;
    let mut tree = Tree { folders: std::mem::take(&mut mailbox.folders) };
    let folder = tree.grow("the generated mail", "Inbox/Volume", false);
    mailbox.folders = tree.folders;
    let (from, to) = (1_704_067_200, 1_735_689_600);
    let (folder, count, mean_bytes) = (folder?, extra.count, extra.mean_bytes);
    mailbox.batches.push(Synthetic { folder, count, seed: 2024, from, to, mean_bytes, owner });
    mailbox.arrange();
    Ok(())
}
