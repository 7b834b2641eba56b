//! What an exception means to the person who reads of it: its effect, one sentence, and the next step.

use schemars::JsonSchema;
use serde::Serialize;

use crate::terms::{ExceptionCode, Severity};

/// What an exception does to the collection, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// A folder, a mailbox or a part of one could not be seen.
    NotReached,
    /// The message is not in the package.
    Missing,
    /// The message is in the package, with a loss or a substitute.
    CollectedWithLoss,
    /// The message is in the package as served, and its content cannot be read without a key or another program.
    CollectedUnreadable,
    /// A note: nothing is missing.
    Informational,
}

impl Effect {
    /// All, the gravest first.
    pub(super) const ALL: [Self; 5] =
        [Self::NotReached, Self::Missing, Self::CollectedWithLoss, Self::CollectedUnreadable, Self::Informational];

    /// The effect of an exception.
    pub(super) const fn of(code: ExceptionCode, severity: Severity) -> Self {
        match severity {
            Severity::Fatal => Self::NotReached,
            Severity::ItemMissing => Self::Missing,
            Severity::Warning => Self::CollectedWithLoss,
            Severity::Info => match code {
                ExceptionCode::IrmProtected
                | ExceptionCode::SmimeEncrypted
                | ExceptionCode::TnefOpaque
                | ExceptionCode::ParseError => Self::CollectedUnreadable,
                ExceptionCode::NotAccessible
                | ExceptionCode::Gone
                | ExceptionCode::TooLarge
                | ExceptionCode::MimeUnavailable
                | ExceptionCode::ThrottledOut
                | ExceptionCode::SizeMismatch
                | ExceptionCode::HashChanged
                | ExceptionCode::CloudAttachment
                | ExceptionCode::NameChanged
                | ExceptionCode::CountMismatch
                | ExceptionCode::ClockSkew
                | ExceptionCode::OrphanFile
                | ExceptionCode::Other => Self::Informational,
            },
        }
    }

    /// The same as a SQL expression over the table `exception` under the name `e`, as the rank of the effect.
    pub(super) const SQL: &str = "CASE e.severity WHEN 'fatal' THEN 0 WHEN 'item_missing' THEN 1 WHEN 'warning' THEN 2 \
        ELSE CASE WHEN e.code IN ('irm_protected','smime_encrypted','tnef_opaque','parse_error') THEN 3 ELSE 4 END END";

    /// In words.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::NotReached => "not reached",
            Self::Missing => "missing",
            Self::CollectedWithLoss => "collected with a loss",
            Self::CollectedUnreadable => "collected, not readable",
            Self::Informational => "informational",
        }
    }
}

/// What a code means, in one sentence.
pub(super) const fn sentence(code: ExceptionCode) -> &'static str {
    match code {
        ExceptionCode::NotAccessible => "The service refused access to this mailbox, folder or message.",
        ExceptionCode::Gone => "The message was listed and was no longer there when it was to be read.",
        ExceptionCode::TooLarge => "The message is larger than the service delivers.",
        ExceptionCode::MimeUnavailable => {
            "The service could not render the message; the file in the package was rebuilt from its properties and attachments and is labelled so, or has a loss that is named."
        }
        ExceptionCode::ThrottledOut => "The service asked to wait for longer than the time allowed.",
        ExceptionCode::SizeMismatch => "The service sent more or fewer bytes than it had announced.",
        ExceptionCode::HashChanged => "A second reading of the message gave other bytes.",
        ExceptionCode::IrmProtected => {
            "The message is rights-protected: it was collected as served, and its content cannot be read without the tenant's rights service."
        }
        ExceptionCode::SmimeEncrypted => {
            "The message is S/MIME encrypted: it was collected as served, and its content cannot be read without the recipient's key."
        }
        ExceptionCode::TnefOpaque => {
            "The message has a winmail.dat whose content could not be opened; it was collected as served."
        }
        ExceptionCode::CloudAttachment => {
            "The message links to a file in the cloud; the link was collected, the file behind it was not."
        }
        ExceptionCode::ParseError => "The message could not be read as a MIME message; it was collected as served.",
        ExceptionCode::NameChanged => "A name was changed to fit an export format.",
        ExceptionCode::CountMismatch => "Two counts of the same thing differ.",
        ExceptionCode::ClockSkew => {
            "The clock of the collecting computer and the service's clock differed, or one was set."
        }
        ExceptionCode::OrphanFile => {
            "A file without a row in the record was found after an interruption and moved aside."
        }
        ExceptionCode::Other => "Something else that is worth knowing; the detail says what.",
    }
}

/// What to do next about an exception with this effect.
pub(super) const fn step(code: ExceptionCode, effect: Effect) -> &'static str {
    match (code, effect) {
        (ExceptionCode::NotAccessible, _) => {
            "Have the mailbox delegated (affiant check says how), then collect it in a supplemental run."
        }
        (ExceptionCode::Gone, Effect::Missing) => {
            "Ask the administrator for Recoverable Items or a hold, and the custodian whether it was deleted."
        }
        (ExceptionCode::Gone, _) => "None: the message is in the package; it was moved or deleted after it was read.",
        (ExceptionCode::TooLarge, _) | (ExceptionCode::MimeUnavailable, Effect::Missing) => {
            "Ask IT to export this message through Purview."
        }
        (ExceptionCode::MimeUnavailable, _) => {
            "Review the rebuilt message; where its original headers matter, ask IT for an export through Purview."
        }
        (ExceptionCode::ThrottledOut | ExceptionCode::SizeMismatch | ExceptionCode::HashChanged, _) => {
            "Try again in a supplemental run: affiant collect --since."
        }
        (ExceptionCode::IrmProtected, _) => {
            "Ask IT to decrypt it through Purview, or the custodian to produce it opened."
        }
        (ExceptionCode::SmimeEncrypted, _) => "Ask the custodian for the S/MIME key, or for a decrypted copy.",
        (ExceptionCode::TnefOpaque | ExceptionCode::ParseError, _) => {
            "Open the native in the program that made it, or treat it as a file."
        }
        (ExceptionCode::CloudAttachment, _) => {
            "Decide whether linked files are in scope; fetch them under a separate order."
        }
        (ExceptionCode::CountMismatch, Effect::Informational) => {
            "None, unless the folder matters: the folder's line in the balance explains it."
        }
        (ExceptionCode::CountMismatch, _) => "List the folder again: affiant collect --since.",
        (ExceptionCode::ClockSkew, _) => "Read the times of this session with the interval stated in section 5.",
        (ExceptionCode::NameChanged | ExceptionCode::OrphanFile, _) => "None.",
        (ExceptionCode::Other, Effect::Informational) => "Read the detail; nothing is missing.",
        (ExceptionCode::Other, _) => "Read the detail, and decide with the custodian's administrator.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rank_in_sql_is_the_rank_in_code() {
        let db = rusqlite::Connection::open_in_memory().expect("a database");
        for code in ExceptionCode::ALL {
            for severity in [Severity::Info, Severity::Warning, Severity::ItemMissing, Severity::Fatal] {
                let sql = format!("SELECT {} FROM (SELECT ?1 AS code, ?2 AS severity) e", Effect::SQL);
                let rank: u8 =
                    db.query_row(&sql, [code.as_str(), severity.as_str()], |row| row.get(0)).expect("a rank");
                assert_eq!(
                    Effect::ALL.get(usize::from(rank)),
                    Some(&Effect::of(*code, severity)),
                    "{code:?} {severity:?}"
                );
            }
        }
    }
}
