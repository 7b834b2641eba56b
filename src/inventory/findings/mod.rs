//! Findings: what somebody who pays for licences, or answers for mailboxes, should look at, each with its evidence.
//!
//! Days count back from the date of the report, not from today. What the reports do not measure is never called inactive.
//! A person on a legal hold is never advised for reclaim. It must not change anything, anywhere.

mod apps;
mod connections;
mod cost;
mod departments;
mod licences;
mod mailboxes;
mod record;
mod seats;

use std::collections::BTreeSet;
use std::fmt;

use schemars::JsonSchema;
use serde::Serialize;

pub use self::departments::Department;
use super::StoreError;
use super::ask::{Answer, Filter, View};
use super::money::{Money, Prices};
use crate::terms::{UtcInstant, words};

words!(
    /// The rules.
    Rule {
        /// Usable seats that nobody has.
        SeatsUnassigned = "seats.unassigned",
        /// More assigned than bought.
        SeatsOver = "seats.over",
        /// A subscription changes its state soon unless renewed.
        SubExpiring = "sub.expiring",
        /// A trial.
        SubTrial = "sub.trial",
        /// Suspended, and still assigned.
        SubSuspendedAssigned = "sub.suspended_assigned",
        /// A licence of an account that cannot sign in.
        UserDisabledLicensed = "user.disabled_licensed",
        /// A licence whose measured services were not used for long.
        UserInactive = "user.inactive",
        /// A licence whose measured services have no activity on record at all.
        UserNeverActive = "user.never_active",
        /// A mailbox in which nothing was sent or read.
        MailUnused = "mail.unused",
        /// Desktop apps that were never activated.
        AppNeverActivated = "app.never_activated",
        /// The same product directly and by a group.
        LicDuplicatePath = "lic.duplicate_path",
        /// Everything in one product is in another of the same person.
        LicRedundant = "lic.redundant",
        /// An assignment that failed.
        LicAssignmentError = "lic.assignment_error",
        /// A licence of a shared mailbox that may need none.
        MbxSharedLicensed = "mbx.shared_licensed",
        /// A shared mailbox that needs Plan 2.
        MbxSharedNeedsLicense = "mbx.shared_needs_license",
        /// A mailbox near its quota.
        MbxNearQuota = "mbx.near_quota",
        /// A secret or certificate that ends soon.
        ConnSecretExpiring = "conn.secret_expiring",
        /// Names in reports are pseudonyms.
        ConnConcealed = "conn.concealed",
        /// What is there is old.
        ConnStale = "conn.stale",
        /// A permission that was there once is not any more.
        ConnScopeLost = "conn.scope_lost",
    }
);

impl Rule {
    /// Whether it advises to take a licence away.
    pub const fn is_reclaim(self) -> bool {
        matches!(
            self,
            Self::UserDisabledLicensed
                | Self::UserInactive
                | Self::UserNeverActive
                | Self::MailUnused
                | Self::LicRedundant
                | Self::MbxSharedLicensed
        )
    }
}

/// From when on something is a finding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thresholds {
    /// Days without activity before the report's date.
    pub inactive_days: i64,
    /// Days a licence must have been there to be called unused.
    pub assigned_days: i64,
    /// Days before a renewal.
    pub renewal_days: i64,
    /// Days after which what was synced is old.
    pub stale_days: i64,
    /// Addresses and sign-in names of people on a legal hold, in lower case.
    pub held: BTreeSet<String>,
}

impl Default for Thresholds {
    fn default() -> Self {
        Self { inactive_days: 90, assigned_days: 30, renewal_days: 30, stale_days: 7, held: BTreeSet::new() }
    }
}

/// A finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// The rule.
    pub rule: String,
    /// `product`, `subscription`, `person`, `mailbox` or `connection`.
    pub about: String,
    /// Which one: a name for people.
    pub subject: String,
    /// The product, where it is about one.
    pub product: Option<String>,
    /// What was found, in a sentence.
    pub finding: String,
    /// Seats it is about, where it is about any.
    pub seats: Option<i64>,
    /// What these seats cost in a month by the price list, with a point; null where there is no price.
    pub monthly: Option<String>,
    /// The currency of that.
    pub currency: Option<String>,
    /// Whether the person is on a legal hold: then nothing is to be reclaimed.
    pub held: bool,
    /// The snapshots and dates behind it.
    pub evidence: String,
    /// The identity of the subject, for the store.
    #[serde(skip)]
    pub(super) key: String,
    /// The product's id.
    #[serde(skip)]
    pub(super) sku: Option<String>,
    /// What these seats cost in a month.
    #[serde(skip)]
    pub(super) cost: Option<Money>,
}

/// What the rules work with.
pub(super) struct Look<'v, 's> {
    pub(super) view: &'v View<'s>,
    pub(super) limits: &'v Thresholds,
    pub(super) now: UtcInstant,
    pub(super) filter: &'v Filter,
    prices: Prices,
    found: Vec<Finding>,
    notes: Vec<String>,
}

impl View<'_> {
    /// Everything that the rules find.
    ///
    /// # Errors
    /// The store's.
    pub fn findings(
        &self,
        limits: &Thresholds,
        filter: &Filter,
        now: UtcInstant,
    ) -> Result<Answer<Finding>, StoreError> {
        let prices = Prices::of(self.db, &self.tenant)?;
        let mut look = Look { view: self, limits, now, filter, prices, found: Vec::new(), notes: Vec::new() };
        seats::look(&mut look)?;
        licences::look(&mut look)?;
        mailboxes::look(&mut look)?;
        connections::look(&mut look)?;
        let held = look.found.iter().filter(|finding| finding.held).count();
        if held > 0 {
            look.notes.push(format!("{held} findings are about people on a legal hold: do not reclaim their licences, a hold may rest on them"));
        }
        look.notes.extend(cost::told(&look.found, look.prices.is_empty()));
        look.found.sort_by(|a, b| (&a.rule, &a.subject, &a.product).cmp(&(&b.rule, &b.subject, &b.product)));
        Ok(Answer { as_of: Vec::new(), rows: look.found, notes: look.notes })
    }
}

impl Look<'_, '_> {
    pub(super) fn note(&mut self, text: String) {
        self.notes.push(text);
    }

    /// Whether a person is on hold.
    pub(super) fn is_held(&self, names: &[Option<&str>]) -> bool {
        names.iter().flatten().any(|name| self.limits.held.contains(&name.to_lowercase()))
    }

    pub(super) fn add(&mut self, rule: Rule, key: &str, finding: Finding) {
        let text = if finding.held && rule.is_reclaim() {
            format!("custodian, do not reclaim: {}", finding.finding)
        } else {
            finding.finding.clone()
        };
        let day = self.now.to_string();
        let each = finding.sku.as_deref().and_then(|sku| self.prices.on(sku, day.get(..10).unwrap_or_default()));
        let cost = each.zip(finding.seats).map(|(each, seats)| each.times(seats));
        self.found.push(Finding {
            rule: rule.as_str().to_owned(),
            key: key.to_owned(),
            finding: text,
            monthly: cost.as_ref().map(Money::amount),
            currency: cost.as_ref().map(|cost| cost.currency.clone()),
            cost,
            ..finding
        });
    }
}

/// A finding to be completed.
pub(super) fn about(about: &str, subject: &str, finding: String, evidence: String) -> Finding {
    Finding {
        rule: String::new(),
        about: about.to_owned(),
        subject: subject.to_owned(),
        product: None,
        finding,
        seats: None,
        monthly: None,
        currency: None,
        held: false,
        evidence,
        key: String::new(),
        sku: None,
        cost: None,
    }
}

#[cfg(test)]
mod tests;
