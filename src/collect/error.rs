//! Why a collection cannot honestly go on. A failed item is not one of these: it is a row.

use miette::Diagnostic;
use thiserror::Error;

use crate::custody::CustodyError;
use crate::graph::{Fault, FaultKind};
use crate::package::PackageError;

use super::stop::Stop;

/// What ends a run before its end. Everything collected so far stays, and the run can be resumed.
#[derive(Debug, Error, Diagnostic)]
pub enum CollectError {
    /// The service, the network or the sign-in.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Fault(#[from] Fault),
    /// The output folder.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Package(#[from] PackageError),
    /// The manifest.
    #[error(transparent)]
    #[diagnostic(transparent)]
    Custody(#[from] CustodyError),
    /// A folder asked for by path exists in no mailbox of the plan.
    #[error("no custodian has a folder \"{path}\"")]
    #[diagnostic(
        code(affiant::collect::folder),
        help(
            "names are as Outlook shows them, with / between them; `affiant collect … --plan-only` lists every folder"
        )
    )]
    NoSuchFolder {
        /// The path as typed.
        path: String,
    },
    /// Two custodians are one mailbox.
    #[error("two of the custodians are the same mailbox: {first} and {second}")]
    #[diagnostic(code(affiant::collect::same_mailbox), help("name that mailbox once"))]
    SameMailbox {
        /// As typed first.
        first: String,
        /// As typed again.
        second: String,
    },
    /// No mailbox of the plan can be read.
    #[error("none of the custodians' mailboxes can be read")]
    #[diagnostic(
        code(affiant::collect::no_access),
        help("run `affiant check` for the same custodians: it says what to grant, and by whom")
    )]
    NoAccess,
    /// Access to a mailbox was lost while it was being collected.
    #[error("access to the mailbox of {custodian} was lost during the run")]
    #[diagnostic(
        code(affiant::collect::access_lost),
        help("everything collected so far is kept; run `affiant check`, have access restored, then `affiant resume`")
    )]
    AccessLost {
        /// The custodian as typed.
        custodian: String,
    },
    /// A native in the package is not what was written.
    #[error("{count} files of the package are not what was written, the first is {first}")]
    #[diagnostic(
        code(affiant::collect::damaged),
        help(
            "the disk or something on this machine changed them; nothing was sealed. Check the disk, then collect again into another folder"
        )
    )]
    Damaged {
        /// How many.
        count: usize,
        /// Package path of the first.
        first: String,
    },
    /// The manifest's opening line is not one this version can continue.
    #[error("this acquisition was started by a version of Affiant that works differently")]
    #[diagnostic(
        code(affiant::collect::scope),
        help("resume it with the version named in its manifest (table meta, tool_version)")
    )]
    Scope,
    /// The list of ids in the package is missing or another one.
    #[error("the list of ids in the package is not the one that this acquisition was started with")]
    #[diagnostic(
        code(affiant::collect::ids),
        help("put the list back as affiant/chosen-ids, byte for byte, then run `affiant resume`")
    )]
    Ids,
    /// A resumed run must be signed in to the tenant it was started in.
    #[error("this acquisition belongs to another tenant than the one you are signed in to")]
    #[diagnostic(
        code(affiant::collect::tenant),
        help("sign in to the tenant it was started in with `affiant login`, then resume")
    )]
    OtherTenant,
    /// Somebody asked to stop; what was in hand is durable.
    #[error("stopped as asked")]
    #[diagnostic(code(affiant::collect::stopped), help("go on with `affiant resume`"))]
    Stopped,
    /// A worker of this program ended without an answer.
    #[error("a part of Affiant stopped unexpectedly")]
    #[diagnostic(
        code(affiant::collect::internal),
        help("everything durable is kept: run `affiant resume`; please report this with `-v` output")
    )]
    Internal,
}

impl CollectError {
    /// A mailbox that was proven readable and refuses now: the same fault, in the words that help.
    #[must_use]
    pub(super) fn lost_access_to(self, custodian: &str) -> Self {
        match &self {
            Self::Fault(fault)
                if matches!(fault.kind, FaultKind::Denied | FaultKind::NotFound | FaultKind::NoMailbox) =>
            {
                Self::AccessLost { custodian: custodian.to_owned() }
            }
            _ => self,
        }
    }

    /// Whether other mailboxes may fare better: this one is closed, throttled for good, or fails by itself.
    pub(super) fn is_about_one_mailbox(&self) -> bool {
        match self {
            Self::AccessLost { .. } => true,
            Self::Fault(fault) => {
                matches!(fault.kind, FaultKind::Throttled)
                    || matches!(fault.kind, FaultKind::Unavailable) && fault.status.is_some()
            }
            _ => false,
        }
    }

    /// Work on the package that was cut short because somebody asked is no failure.
    #[must_use]
    pub(super) fn stopped_by(self, stop: &Stop) -> Self {
        match self {
            Self::Package(PackageError::CutShort) if stop.is_asked() => Self::Stopped,
            other => other,
        }
    }

    /// One word for the record: why a session ended early.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Stopped => "interrupted",
            Self::Fault(fault) if fault.is_sign_in_needed() => "sign_in_needed",
            Self::Fault(_) => "service",
            Self::Package(_) => "disk",
            Self::Custody(_) => "manifest",
            Self::NoAccess | Self::AccessLost { .. } => "no_access",
            Self::NoSuchFolder { .. } | Self::SameMailbox { .. } => "usage",
            Self::Damaged { .. } | Self::Ids => "damaged",
            Self::Scope | Self::OtherTenant => "refused",
            Self::Internal => "internal",
        }
    }
}
