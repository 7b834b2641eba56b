//! The reports: which function makes them, what they are asked with, which columns they are known to have.
//!
//! Source: Microsoft, the page of each function under "reportRoot".

use crate::inventory::dataset::Dataset;
use crate::inventory::store::table::{self, Table};

/// Where a report's rows go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    Email,
    Mailbox,
    Active,
    Activation,
    App,
    /// One metric a column.
    Metrics,
    /// Totals, one metric a column.
    Totals,
}

/// One report.
#[derive(Debug)]
pub(in crate::inventory) struct Report {
    pub(in crate::inventory) dataset: Dataset,
    /// The function in the service.
    pub(in crate::inventory) function: &'static str,
    /// Whether it takes a period.
    pub(in crate::inventory) has_period: bool,
    /// The column that says whom a row is about, as it compares; empty for totals.
    pub(super) principal: &'static str,
    pub(super) target: Target,
    /// Columns that are known, as they compare, besides those that every report has.
    pub(super) known: &'static [&'static str],
    /// The tables it fills.
    pub(in crate::inventory) tables: &'static [&'static Table],
}

static EMAIL: [&Table; 2] = [&table::EMAIL, &table::PRINCIPAL];
static MAILBOX: [&Table; 2] = [&table::MAILBOX, &table::PRINCIPAL];
static ACTIVE: [&Table; 2] = [&table::PRINCIPAL, &table::ACTIVE];
static ACTIVATION: [&Table; 2] = [&table::ACTIVATION, &table::PRINCIPAL];
static APP: [&Table; 3] = [&table::PRINCIPAL, &table::APP, &table::METRIC];
static METRICS: [&Table; 2] = [&table::PRINCIPAL, &table::METRIC];
static TOTALS: [&Table; 1] = [&table::TOTAL];

const UPN: &str = "userprincipalname";
const COMMON: &[&str] = &[
    "reportrefreshdate",
    "reportperiod",
    "reportdate",
    "displayname",
    "userprincipalname",
    "isdeleted",
    "deleteddate",
    "lastactivitydate",
];

macro_rules! report {
    ($dataset:ident, $function:literal, $period:literal, $principal:expr, $target:ident, $tables:ident, $known:expr) => {
        Report {
            dataset: Dataset::$dataset,
            function: $function,
            has_period: $period,
            principal: $principal,
            target: Target::$target,
            known: $known,
            tables: &$tables,
        }
    };
}

/// Every report.
pub(super) static ALL: [Report; 13] = [
    report!(
        Email,
        "getEmailActivityUserDetail",
        true,
        UPN,
        Email,
        EMAIL,
        &[
            "sendcount",
            "receivecount",
            "readcount",
            "meetingcreatedcount",
            "meetinginteractedcount",
            "assignedproducts"
        ]
    ),
    report!(
        Mailbox,
        "getMailboxUsageDetail",
        true,
        UPN,
        Mailbox,
        MAILBOX,
        &[
            "createddate",
            "itemcount",
            "storageusedbyte",
            "issuewarningquotabyte",
            "prohibitsendquotabyte",
            "prohibitsendreceivequotabyte",
            "deleteditemcount",
            "deleteditemsizebyte",
            "deleteditemquotabyte",
            "hasarchive",
            "recipienttype"
        ]
    ),
    report!(Active, "getOffice365ActiveUserDetail", true, UPN, Active, ACTIVE, &["assignedproducts"]),
    report!(
        Activations,
        "getOffice365ActivationsUserDetail",
        false,
        UPN,
        Activation,
        ACTIVATION,
        &[
            "producttype",
            "lastactivateddate",
            "windows",
            "mac",
            "windows10mobile",
            "ios",
            "android",
            "activatedonsharedcomputer"
        ]
    ),
    report!(ActivationUsers, "getOffice365ActivationsUserCounts", false, "", Totals, TOTALS, &["producttype"]),
    report!(ActivationCounts, "getOffice365ActivationCounts", false, "", Totals, TOTALS, &["producttype"]),
    report!(Apps, "getM365AppUserDetail", true, UPN, App, APP, &["lastactivationdate"]),
    report!(
        Teams,
        "getTeamsUserActivityUserDetail",
        true,
        UPN,
        Metrics,
        METRICS,
        &["userid", "tenantdisplayname", "sharedchanneltenantdisplaynames", "assignedproducts"]
    ),
    report!(
        Onedrive,
        "getOneDriveUsageAccountDetail",
        true,
        "ownerprincipalname",
        Metrics,
        METRICS,
        &["siteurl", "ownerdisplayname", "siteid"]
    ),
    report!(Sharepoint, "getSharePointActivityUserDetail", true, UPN, Metrics, METRICS, &["assignedproducts"]),
    report!(EmailApps, "getEmailAppUsageUserDetail", true, UPN, Metrics, METRICS, &[]),
    report!(Services, "getOffice365ServicesUserCounts", true, "", Totals, TOTALS, &[]),
    report!(Quota, "getMailboxUsageQuotaStatusMailboxCounts", true, "", Totals, TOTALS, &[]),
];

/// The report of a dataset; `None` where it is a listing.
pub(in crate::inventory) fn of(dataset: Dataset) -> Option<&'static Report> {
    ALL.iter().find(|report| report.dataset == dataset)
}

impl Report {
    /// Whether its rows are about people.
    pub(in crate::inventory) const fn is_about_people(&self) -> bool {
        !self.principal.is_empty()
    }

    /// Whether a column is known to this report.
    pub(super) fn knows(&self, column: &str) -> bool {
        COMMON.contains(&column)
            || self.known.contains(&column)
            || column == self.principal
            || match self.target {
                // Every further column is a number, a date or yes and no.
                Target::Metrics | Target::Totals => true,
                Target::Active => {
                    let services = ["exchange", "onedrive", "sharepoint", "skypeforbusiness", "yammer", "teams"];
                    let rest = services
                        .iter()
                        .find_map(|service| column.strip_prefix("has").unwrap_or(column).strip_prefix(service));
                    matches!(rest, Some("license" | "lastactivitydate" | "licenseassigndate"))
                }
                Target::App => super::rows::is_app_column(column),
                _ => false,
            }
    }
}
