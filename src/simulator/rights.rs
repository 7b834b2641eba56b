//! Who may read which mailbox: scopes first, then delegation.

use std::borrow::Cow;

use super::identity::Caller;
use super::tenant::{Grant, Mailbox};

/// How far a caller gets into a mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach<'a> {
    /// Everything, as its owner.
    Whole,
    /// Single folders.
    Folders {
        /// Which.
        folders: Cow<'a, [usize]>,
        /// Whether the whole tree may be listed.
        root_visible: bool,
    },
    /// Nothing.
    Nothing,
}

/// Whether the token's scopes allow mail at all, and if so, whether bodies and attachments are included.
pub(super) fn mail_scope(caller: &Caller, own: bool) -> Option<bool> {
    let any = |names: &[&str]| names.iter().any(|name| caller.has_scope(name));
    let (read, basic): (&[&str], &[&str]) = match (caller.user.is_none(), own) {
        (true, _) => (&["Mail.Read", "Mail.ReadWrite"], &["Mail.ReadBasic.All", "Mail.ReadBasic"]),
        (false, true) => (
            &["Mail.Read", "Mail.Read.Shared", "Mail.ReadWrite", "Mail.ReadWrite.Shared"],
            &["Mail.ReadBasic", "Mail.ReadBasic.Shared"],
        ),
        (false, false) => (&["Mail.Read.Shared", "Mail.ReadWrite.Shared"], &["Mail.ReadBasic.Shared"]),
    };
    if any(read) { Some(true) } else { any(basic).then_some(false) }
}

/// What delegation gives the caller, `seconds` after the server started.
pub(super) fn reach<'a>(caller: &Caller, mailbox: &'a Mailbox, own: bool, seconds: u64) -> Reach<'a> {
    let Some(user) = caller.user else { return Reach::Whole };
    if own {
        return Reach::Whole;
    }
    let active = |grant: &&Grant| grant.delegate == user && grant.after_seconds <= seconds;
    let mut reach = Reach::Nothing;
    for grant in mailbox.grants.iter().filter(active) {
        match &grant.folders {
            None => return Reach::Whole,
            Some(folders) => reach = Reach::Folders { folders: folders.into(), root_visible: grant.root_visible },
        }
    }
    reach
}
