//! What the administrator gets: a page to read, a table to work with, and scripts that grant, prove and revoke.
//!
//! Everything is made from the rows of a check; names come from a tenant and are anybody's, so each form escapes
//! them in its own way. It writes no files.

mod page;
mod script;
mod table;

use super::advice::PATIENCE;
use super::{CheckRow, ExchangeSays, Verdict};
use crate::terms::UtcInstant;

pub use page::page;
pub use script::{grant_script, revoke_script};
pub use table::table;

/// Whose access it is about, and when that was checked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asker {
    /// Sign-in name of the collecting account.
    pub user_principal_name: String,
    /// Its object id.
    pub object_id: String,
    /// The tenant.
    pub tenant_id: String,
    /// The application.
    pub client_id: String,
    /// When the hand-out was made.
    pub at: UtcInstant,
}

/// Whether Full Access is to be granted on this mailbox.
fn needs_grant(row: &CheckRow, asker: &Asker) -> bool {
    let granted = row.exchange_evidence.as_ref().is_some_and(|said| said.says == ExchangeSays::FullAccess);
    is_other(row, asker) && !granted && matches!(row.verdict, Verdict::Denied | Verdict::Partial)
}

/// Whether the row is about somebody else's mailbox.
fn is_other(row: &CheckRow, asker: &Asker) -> bool {
    row.user_id.as_deref().is_some_and(|id| !id.eq_ignore_ascii_case(&asker.object_id))
}

/// What an administrator's tools call the mailbox.
fn mailbox(row: &CheckRow) -> &str {
    row.address.as_deref().or(row.user_id.as_deref()).unwrap_or(&row.custodian)
}

/// What people call it.
fn label(row: &CheckRow) -> &str {
    row.display_name.as_deref().unwrap_or_else(|| mailbox(row))
}

/// The rows that a test chooses, each mailbox once: two names may be one person.
fn distinct(rows: &[CheckRow], chosen: impl Fn(&CheckRow) -> bool) -> Vec<&CheckRow> {
    let mut found: Vec<&CheckRow> = Vec::new();
    for row in rows.iter().filter(|row| chosen(row)) {
        if !found.iter().any(|other| other.user_id == row.user_id) {
            found.push(row);
        }
    }
    found
}

/// Text without characters that could hide or reorder what follows.
fn plain(text: &str) -> String {
    let harmful = |c: char| {
        (c.is_control() && c != '\n')
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{200e}' | '\u{200f}')
    };
    text.chars().map(|c| if harmful(c) { '\u{FFFD}' } else { c }).collect()
}

/// A count, a size, both, or nothing known.
fn size_in_words(row: &CheckRow) -> String {
    let Some(facts) = &row.facts else { return "unknown".to_owned() };
    let least = if facts.at_least { "at least " } else { "" };
    match (facts.items, facts.size_bytes) {
        (Some(items), Some(bytes)) => format!("{least}{items} items, {bytes} bytes"),
        (Some(items), None) => format!("{least}{items} items"),
        (None, Some(bytes)) => format!("{least}{bytes} bytes"),
        (None, None) => "unknown".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ExchangeEvidence, MatchedBy, Observation};
    use super::*;
    use crate::terms::Sha256;

    pub(super) fn at() -> UtcInstant {
        UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid")
    }

    pub(super) fn asker() -> Asker {
        Asker {
            user_principal_name: "paralegal@x.example".into(),
            object_id: "p1".into(),
            tenant_id: "t1".into(),
            client_id: "c1".into(),
            at: at(),
        }
    }

    pub(super) fn row(id: &str, name: &str, address: &str, verdict: Verdict) -> CheckRow {
        CheckRow {
            custodian: address.into(),
            user_id: Some(id.into()),
            display_name: Some(name.into()),
            address: Some(address.into()),
            verdict,
            meaning: "what it means".into(),
            basis: None,
            advice: Some("What to do.".into()),
            notes: vec!["a remark".into()],
            facts: None,
            exchange_evidence: None,
            observations: vec![Observation {
                step: "root".into(),
                path: "/v1.0/users/a1/mailFolders/msgfolderroot".into(),
                status: Some(403),
                code: Some("ErrorAccessDenied".into()),
                request_id: Some("r-1".into()),
                at: at(),
            }],
        }
    }

    #[test]
    fn access_is_to_be_granted_where_it_is_missing_and_not_granted_yet() {
        let denied = row("a1", "Ana", "ana@x.example", Verdict::Denied);
        assert!(needs_grant(&denied, &asker()));
        assert!(!needs_grant(&CheckRow { user_id: Some("P1".into()), ..denied.clone() }, &asker()), "one's own");
        assert!(!needs_grant(&CheckRow { user_id: None, ..denied.clone() }, &asker()), "nobody");
        assert!(!needs_grant(&CheckRow { verdict: Verdict::NoMailbox, ..denied.clone() }, &asker()));
        let granted = ExchangeEvidence {
            says: ExchangeSays::FullAccess,
            rights: vec!["FullAccess".into()],
            inherited: false,
            others: 0,
            matched_by: MatchedBy::ObjectId,
            exported_by: None,
            exported_at: None,
            file_sha256: Sha256::of(b""),
            file_bytes: 0,
            read_at: at(),
        };
        assert!(!needs_grant(&CheckRow { exchange_evidence: Some(granted), ..denied }, &asker()));
    }
}
