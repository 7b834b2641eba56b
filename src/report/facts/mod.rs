//! What the record says, gathered once: the JSON form of a report is this, and every page is made from it.
//!
//! A fact that is not recorded is absent; nothing is made up. It must not know how anything looks.

pub(super) mod access;
pub(super) mod ask;
pub(super) mod balance;
pub(super) mod copies;
pub(super) mod custody;
pub(super) mod exceptions;
pub(super) mod licences;
pub(super) mod months;
pub(super) mod scope;

use schemars::JsonSchema;
use serde::Serialize;

use super::error::ReportError;
use super::moment::{Moment, Zone};
use crate::verify::Record;
use ask::{Ask, integer, text};

/// An acquisition report: the same facts as the page, for programs.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Report {
    /// Number of this form.
    pub format: u32,
    /// The program that made the report.
    pub made_by: String,
    /// The acquisition, a UUID.
    pub acquisition_id: String,
    /// The legal case, if one was named.
    pub matter: Option<String>,
    /// The zone of local times.
    pub zone: String,
    /// How the acquisition ended.
    pub summary: Summary,
    /// What was asked for.
    pub scope: scope::Scope,
    /// Who asked, and what answered.
    pub access: access::Access,
    /// What was known of the custodians' licences and mailboxes.
    pub licences: licences::Licences,
    /// Where it was done.
    pub environment: custody::Environment,
    /// The balance.
    pub reconciliation: balance::Reconciliation,
    /// Messages by month.
    pub months: months::Months,
    /// What is not as asked.
    pub exceptions: exceptions::Exceptions,
    /// Copies.
    pub duplicates: copies::Duplicates,
    /// The comparison with an earlier package, in a supplemental run.
    pub earlier: Option<copies::Earlier>,
    /// Signatures of senders' domains.
    pub authenticity: copies::Authenticity,
    /// Seal and hashes.
    pub integrity: custody::Integrity,
    /// Events.
    pub custody: custody::Custody,
}

/// The first page.
#[derive(Debug, Clone, Serialize, JsonSchema)]
pub struct Summary {
    /// `complete` or `complete_with_exceptions`, as sealed.
    pub state: Option<String>,
    /// The same in one sentence.
    pub sentence: String,
    /// When the acquisition was opened.
    pub opened: Option<Moment>,
    /// When it was sealed.
    pub sealed: Option<Moment>,
    /// The account that collected.
    pub collected_by: Option<String>,
    /// Messages in the package.
    pub messages: u64,
    /// Their size in bytes.
    pub bytes: u64,
}

impl Report {
    /// Gathers the facts. Memory grows with folders and custodians, not with messages.
    pub(super) fn gather(record: &Record, zone: &Zone) -> Result<Self, ReportError> {
        let ask = Ask { db: record.db(), zone };
        let opened = ask.lines("acquisition.opened")?.into_iter().next().unwrap_or_default();
        let sealed = ask.lines("acquisition.sealed")?.pop().unwrap_or_default();
        let scope = scope::scope(ask, &opened)?;
        let access = access::access(ask)?;
        let exceptions = exceptions::exceptions(ask)?;
        let custody = custody::custody(ask, record.custody())?;
        let state = text(&sealed, "state");
        let sentence = match (state.as_deref(), exceptions.graver_than_notes) {
            (Some("complete"), _) => {
                "Complete: every message that was listed is in the package as the service rendered it.".to_owned()
            }
            (Some(_), n) => {
                format!("Complete with {}: each is named in section 8.", super::words::plural(n, "exception"))
            }
            (None, _) => "Incomplete.".to_owned(),
        };
        let summary = Summary {
            state,
            sentence,
            opened: custody.requested.clone(),
            sealed: custody.sealed.clone(),
            collected_by: access.sign_ins.first().and_then(|one| one.upn.clone()),
            messages: integer(&sealed, "collected").unwrap_or(0),
            bytes: integer(&sealed, "bytes").unwrap_or(0),
        };
        Ok(Self {
            format: 1,
            made_by: concat!("affiant ", env!("CARGO_PKG_VERSION")).to_owned(),
            acquisition_id: record.head().acquisition_id.clone(),
            matter: text(&opened, "matter").filter(|matter| !matter.is_empty()),
            zone: zone.name().to_owned(),
            summary,
            months: months::months(ask, &scope)?,
            scope,
            access,
            licences: licences::licences(ask)?,
            environment: custody::environment(ask)?,
            reconciliation: balance::reconciliation(ask)?,
            exceptions,
            duplicates: copies::duplicates(ask)?,
            earlier: copies::earlier(ask)?,
            authenticity: copies::authenticity(ask)?,
            integrity: custody::integrity(ask, record)?,
            custody,
        })
    }
}

/// The zone that the acquisition's dates were read in.
pub(super) fn zone_of(record: &Record) -> Result<Option<String>, ReportError> {
    let utc = Zone::utc();
    let opened = Ask { db: record.db(), zone: &utc }.lines("acquisition.opened")?;
    Ok(opened.first().and_then(|line| line.get("scope")).and_then(scope::zone))
}
