//! The shapes in which a mailbox refuses, by the names that mailbox files and the command line use.
//!
//! What stands in such an answer is Graph's matter (`graph::refusal`); why it is given is decided by rights.

/// Which of the observed refusals a mailbox gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::simulator) enum Denial {
    /// 403 `ErrorAccessDenied`.
    Forbidden,
    /// 404 `ErrorItemNotFound`.
    ItemNotFound,
    /// The same with the longer text that a missing scope was seen to bring.
    PropertiesNotFound,
    /// 404 `ErrorFolderNotFound`.
    FolderNotFound,
    /// "Default folder Root not found." on folders, `ErrorFolderNotFound` on messages.
    RootNotFound,
    /// The same text without a code, as users quote it.
    RootWithoutCode,
    /// 404 `ResourceNotFound`.
    ResourceNotFound,
    /// 404 `Request_ResourceNotFound`.
    RequestResourceNotFound,
    /// 404 `ErrorInvalidUser`.
    InvalidUser,
    /// 404 `MailboxNotEnabledForRESTAPI` with its older text.
    NotYetSupported,
    /// 404 `MailboxNotEnabledForRESTAPI` with its newer text.
    NotEnabled,
    /// `extensionError`: on premises, without hybrid REST.
    Extension,
    /// `ErrorNonExistentMailbox`.
    NonExistent,
    /// `failedPrecondition`, seen on every message of an unlicensed mailbox.
    FailedPrecondition,
    /// 403 "Access to OData is disabled.": a policy keeps the application out.
    ODataDisabled,
}

/// Every shape with its name and where it was seen.
pub(in crate::simulator) const SHAPES: [(&str, Denial, &str); 16] = [
    ("denied", Denial::Forbidden, "403 ErrorAccessDenied"),
    ("item_not_found", Denial::ItemNotFound, "404 ErrorItemNotFound"),
    ("root_not_found", Denial::RootNotFound, "404 \"Default folder Root not found.\", messages: ErrorFolderNotFound"),
    ("root_without_code", Denial::RootWithoutCode, "the same text with no code"),
    ("folder_not_found", Denial::FolderNotFound, "404 ErrorFolderNotFound"),
    ("resource_not_found", Denial::ResourceNotFound, "404 ResourceNotFound"),
    ("request_resource_not_found", Denial::RequestResourceNotFound, "404 Request_ResourceNotFound"),
    ("invalid_user", Denial::InvalidUser, "404 ErrorInvalidUser"),
    ("mailbox_not_enabled_old", Denial::NotYetSupported, "404 MailboxNotEnabledForRESTAPI, older text"),
    ("mailbox_not_enabled_new", Denial::NotEnabled, "404 MailboxNotEnabledForRESTAPI, newer text"),
    ("extension_error", Denial::Extension, "404 extensionError"),
    ("non_existent_mailbox", Denial::NonExistent, "404 ErrorNonExistentMailbox"),
    ("failed_precondition", Denial::FailedPrecondition, "412 failedPrecondition"),
    ("odata_disabled", Denial::ODataDisabled, "403 \"Access to OData is disabled.\""),
    ("token_lacks_scope", Denial::Forbidden, "403, as for a token without Mail.Read.Shared"),
    ("token_lacks_scope_404", Denial::PropertiesNotFound, "404, as was seen for such a token too"),
];

impl Denial {
    /// The shape of this name.
    pub(in crate::simulator) fn named(name: &str) -> Option<Self> {
        SHAPES.iter().find(|(known, _, _)| *known == name).map(|(_, denial, _)| *denial)
    }
}
