//! The administrator's own evidence: what `Get-MailboxPermission` showed, exported as CSV or JSON.
//!
//! Graph cannot list who holds Full Access; Exchange can, and only an administrator may ask it. An export turns
//! "consistent with Full Access" into "Full Access per Exchange". It never makes a mailbox ready: only reading
//! does. Read `file` for how a file becomes rows, `weigh` for what the rows say about one mailbox.

mod csv_rows;
mod file;
mod json_rows;
mod rights;
mod weigh;

use std::fmt;

use miette::Diagnostic;

use crate::terms::{Sha256, UtcInstant, words};

pub use file::read_permissions;
pub(super) use weigh::{Known, weigh};

/// Largest export read, in bytes.
pub(crate) const LARGEST: u64 = 64 << 20;

/// One export as read.
#[derive(Debug, Clone)]
pub struct PermissionFile {
    /// The rows that can be used.
    rows: Vec<Permission>,
    index: weigh::Index,
    /// Those that cannot, and why.
    pub troubles: Vec<RowTrouble>,
    /// SHA-256 of the file's bytes.
    pub sha256: Sha256,
    /// Its length in bytes.
    pub bytes: u64,
}

impl PermissionFile {
    /// How many rows can be used.
    pub const fn usable(&self) -> usize {
        self.rows.len()
    }
}

/// One entry of a mailbox's permissions.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Permission {
    /// Names of the mailbox, as the export gives them.
    mailbox: Vec<String>,
    /// Names of the one who has the rights.
    user: Vec<String>,
    /// The rights, each by its name.
    rights: Vec<String>,
    inherited: bool,
    deny: bool,
}

/// A row that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowTrouble {
    /// Line of a CSV file, entry of a JSON file; from 1.
    pub at: u64,
    /// Why, as a sentence without its end.
    pub why: &'static str,
}

/// Who exported, and when, as the person who hands it in says. A file's own dates are no evidence.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Export {
    /// Who ran the command.
    pub by: Option<String>,
    /// When.
    pub at: Option<UtcInstant>,
}

words!(
    /// What Exchange says about one account and one mailbox.
    ExchangeSays {
        /// The account holds Full Access by an entry of its own.
        FullAccess = "full_access",
        /// An entry denies it; that is stronger than any grant.
        Denied = "denied",
        /// It has entries, none with Full Access.
        OtherRights = "other_rights",
        /// The mailbox is in the export, the account is not.
        NotListed = "not_listed",
    }
);

words!(
    /// By which name a mailbox was found in the export.
    MatchedBy {
        /// The directory's object id.
        ObjectId = "object_id",
        /// The sign-in name.
        SignInName = "sign_in_name",
        /// The primary address.
        Address = "address",
        /// Another address.
        Alias = "alias",
        /// The name before the @ of the primary address or sign-in name; only where no other custodian has it.
        Nickname = "nickname",
        /// The display name; only where no other custodian has it.
        DisplayName = "display_name",
    }
);

/// What an export says about one mailbox, and where that comes from.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct ExchangeEvidence {
    /// What Exchange says.
    pub says: ExchangeSays,
    /// The rights of the account's own entries.
    pub rights: Vec<String>,
    /// Whether Full Access is inherited, not granted on this mailbox.
    pub inherited: bool,
    /// How many others hold Full Access; some may be groups, whose members an export does not show.
    pub others: u64,
    /// By which name the mailbox was found.
    pub matched_by: MatchedBy,
    /// Who exported it, where that was said.
    pub exported_by: Option<String>,
    /// When, where that was said.
    #[schemars(with = "Option<String>")]
    pub exported_at: Option<UtcInstant>,
    /// SHA-256 of the file.
    #[schemars(with = "String")]
    pub file_sha256: Sha256,
    /// Length of the file in bytes.
    pub file_bytes: u64,
    /// When it was handed in here.
    #[schemars(with = "String")]
    pub read_at: UtcInstant,
}

impl ExchangeEvidence {
    /// `exported by … at …`, with what was not said left open.
    pub fn origin(&self) -> String {
        let by = self.exported_by.as_deref().unwrap_or("somebody unnamed");
        match self.exported_at {
            Some(at) => format!("exported by {by} at {at}"),
            None => format!("exported by {by} at an unstated time"),
        }
    }

    /// What Exchange says, in words.
    pub fn in_words(&self) -> String {
        let inherited = if self.inherited { " (inherited)" } else { "" };
        let says = match self.says {
            ExchangeSays::FullAccess => format!("Full Access{inherited} per Exchange"),
            ExchangeSays::Denied => "Exchange denies Full Access".to_owned(),
            ExchangeSays::OtherRights => format!("Exchange lists {} only", self.rights.join(", ")),
            ExchangeSays::NotListed => "Exchange lists no entry for this account".to_owned(),
        };
        format!("{says}, {}", self.origin())
    }
}

/// An export that cannot be used.
#[derive(Debug, thiserror::Error, Diagnostic)]
pub enum PermissionsError {
    /// The file cannot be read.
    #[error("the export of mailbox permissions cannot be read")]
    #[diagnostic(
        code(affiant::delegation::permissions_read),
        help("check the path and that the file is not open in another program")
    )]
    Read(#[source] std::io::Error),
    /// Neither UTF-8 nor UTF-16.
    #[error("the export of mailbox permissions is neither UTF-8 nor UTF-16 text")]
    #[diagnostic(
        code(affiant::delegation::permissions_encoding),
        help("export again with -Encoding UTF8; workbooks (.xlsx) are not read")
    )]
    Encoding,
    /// Too large.
    #[error("the export of mailbox permissions is larger than 64 MiB")]
    #[diagnostic(
        code(affiant::delegation::permissions_size),
        help("export the mailboxes of this matter only: Get-MailboxPermission -Identity MAILBOX")
    )]
    Size,
    /// CSV without the columns, or no CSV.
    #[error("the export has no columns Identity, User and AccessRights")]
    #[diagnostic(
        code(affiant::delegation::permissions_columns),
        help(
            "the administrator runs: Get-MailboxPermission -Identity MAILBOX | Select-Object Identity,User,@{{n='AccessRights';e={{$_.AccessRights -join ','}}}},IsInherited,Deny | Export-Csv FILE.csv -NoTypeInformation -Encoding UTF8"
        )
    )]
    Columns,
    /// CSV whose quotes do not match.
    #[error("the export is no CSV near line {line}")]
    #[diagnostic(code(affiant::delegation::permissions_csv), help("look for an unclosed quote on or before that line"))]
    Csv {
        /// Where, from 1.
        line: u64,
    },
    /// JSON that is cut off or holds something else.
    #[error("the export is no JSON of mailbox permissions")]
    #[diagnostic(
        code(affiant::delegation::permissions_json),
        help(
            "export again: Get-MailboxPermission … | ConvertTo-Json -Depth 4; a file that was cut off cannot be used"
        )
    )]
    Json,
    /// No row can be used.
    #[error("the export has no row that can be used{}", first(.0))]
    #[diagnostic(
        code(affiant::delegation::permissions_empty),
        help(
            "the administrator exports with @{{n='AccessRights';e={{$_.AccessRights -join ','}}}} in Select-Object, so that the rights are spelled out"
        )
    )]
    Empty(Vec<RowTrouble>),
}

fn first(troubles: &[RowTrouble]) -> String {
    troubles.first().map(|trouble| format!(": row at {}: {}", trouble.at, trouble.why)).unwrap_or_default()
}
