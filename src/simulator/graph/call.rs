//! One authenticated request to Graph, and the mailbox it may open.

use std::borrow::Cow;

use super::query::{Prefer, Query};
use super::refusal::Refusal;
use crate::simulator::identity::Caller;
use crate::simulator::ids;
use crate::simulator::rights::{self, Reach};
use crate::simulator::tenant::{Denial, Mailbox, Standing, User};
use crate::simulator::world::World;

/// A request after authentication.
#[derive(Clone)]
pub(super) struct Call<'a> {
    pub(super) world: &'a World,
    pub(super) caller: &'a Caller,
    pub(super) query: Query,
    pub(super) prefer: Prefer,
    /// `ConsistencyLevel: eventual`.
    pub(super) eventual: bool,
    /// `If-None-Match`.
    pub(super) known: Option<String>,
    /// Address of the request without its query, for links.
    pub(super) address: String,
    /// How many requests came before; only for answers that alternate.
    pub(super) turn: u64,
    /// A part of a batch, where nothing can be streamed.
    pub(super) in_batch: bool,
}

/// What a request is about, for the refusal it may get.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum About {
    /// The list of folders, or the top.
    Root,
    /// One folder.
    Folder(usize),
    /// Messages of one folder.
    Messages(usize),
    /// Messages of the whole mailbox.
    AllMessages,
}

/// A mailbox that the caller has a right in.
pub(super) struct Open<'a> {
    pub(super) user: &'a User,
    pub(super) mailbox: &'a Mailbox,
    reach: Reach<'a>,
    denial: Denial,
    /// Whether bodies and attachments may be read.
    pub(super) bodies: bool,
}

impl<'a> Call<'a> {
    /// The user that a path names; `me` is the caller.
    pub(super) fn user(&self, name: &str) -> Option<(usize, &'a User)> {
        let tenant = &self.world.tenant;
        let at = if name == "me" { self.caller.user? } else { tenant.user(name)? };
        tenant.users.get(at).map(|user| (at, user))
    }

    /// The name that stands in a context address.
    pub(super) fn context(&self, rest: &str) -> String {
        format!("{}/v1.0/$metadata#{rest}", self.world.origin)
    }

    /// A link to this request with these options only.
    pub(super) fn fresh_link(&self, option: &str, value: &str) -> String {
        let mut out = url::form_urlencoded::Serializer::new(String::new());
        format!("{}?{}", self.address, out.append_pair(option, value).finish())
    }

    /// A link to this request with other options.
    pub(super) fn link(&self, changes: &[(&str, Option<String>)]) -> String {
        format!("{}?{}", self.address, self.query.with(changes))
    }

    /// The mailbox of a user, or the refusal that stands in its place.
    pub(super) fn mailbox(&self, user: &User) -> Result<&'a Mailbox, Refusal> {
        let index = match user.mailbox {
            Standing::Mailbox(index) => index,
            Standing::None | Standing::Inactive => return Err(Refusal::no_mailbox()),
            Standing::OnPremises => return Err(Refusal::not_yet_supported()),
            Standing::Unlicensed if self.turn.is_multiple_of(2) => return Err(Refusal::no_mailbox()),
            Standing::Unlicensed => return Err(Refusal::not_discovered()),
        };
        self.world.tenant.mailboxes.get(index).ok_or_else(Refusal::no_mailbox)
    }

    /// The mailbox behind a user path, if the caller may look inside at all.
    pub(super) fn open(&self, name: &str) -> Result<Open<'a>, Refusal> {
        let (at, user) = self.user(name).ok_or_else(|| Refusal::invalid_user(name))?;
        let seconds = self.world.time.running_seconds();
        let ruled = self.world.access.ask(at, seconds);
        let refused = |denial| Refusal::denied(denial, false, name);
        let mailbox = self.mailbox(user).map_err(|refusal| ruled.denial.map_or(refusal, refused))?;
        let own = self.caller.user.is_some_and(|caller| caller == at || caller == mailbox.owner);
        let denial = ruled.denial.unwrap_or(mailbox.denial);
        let Some(bodies) = rights::mail_scope(self.caller, own) else {
            return Err(refused(ruled.denial.unwrap_or(Denial::Forbidden)));
        };
        let reach = ruled.reach.unwrap_or_else(|| rights::reach(self.caller, mailbox, own, seconds));
        Ok(Open { user, mailbox, reach, denial, bodies })
    }
}

impl Open<'_> {
    /// Whether the caller may do this; else the refusal in this mailbox's manner.
    pub(super) fn permit(&self, about: About) -> Result<(), Refusal> {
        let allowed = match (&self.reach, about) {
            (Reach::Whole, _) => true,
            (Reach::Nothing, _) | (Reach::Folders { .. }, About::AllMessages) => false,
            (Reach::Folders { root_visible, .. }, About::Root) => *root_visible,
            (Reach::Folders { folders, root_visible }, About::Folder(at)) => *root_visible || folders.contains(&at),
            (Reach::Folders { folders, .. }, About::Messages(at)) => folders.contains(&at),
        };
        if allowed {
            return Ok(());
        }
        let of_messages = matches!(about, About::Messages(_) | About::AllMessages);
        Err(Refusal::denied(self.denial, of_messages, &self.user.upn))
    }

    /// The folder that a path names by id or by well-known name.
    pub(super) fn folder(&self, key: &str) -> Result<usize, Refusal> {
        let lower = key.to_lowercase();
        let folders = self.mailbox.folders.iter();
        if let Some(at) = folders.clone().position(|folder| folder.well_known.as_deref() == Some(&lower)) {
            return Ok(at);
        }
        let bare = !key.contains(['=', '-', '_']) && key.len() < 64;
        match ids::read_folder(self.mailbox, key) {
            Ok(at) => Ok(at),
            // A name that is none of the well-known ones is an id that cannot be read.
            Err(ids::BadId::Malformed) if bare && KNOWN.contains(&lower.as_str()) => Err(Refusal::folder_not_found()),
            Err(bad) => Err(Refusal::bad_id(bad)),
        }
    }

    /// How a context address names this mailbox.
    pub(super) fn context(&self, rest: &str) -> Cow<'static, str> {
        Cow::Owned(format!("users('{}')/{rest}", self.user.id))
    }
}

/// Well-known names that a mailbox may lack.
const KNOWN: [&str; 12] = [
    "clutter",
    "conflicts",
    "conversationhistory",
    "localfailures",
    "recoverableitemspurges",
    "recoverableitemsversions",
    "recoverableitemsdiscoveryholds",
    "scheduled",
    "searchfolders",
    "serverfailures",
    "syncissues",
    "archive",
];
