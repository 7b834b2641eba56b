//! Datasets: the words for what can be synced, what each needs, and which are read without being asked for.
//!
//! Source: Microsoft, "Microsoft Graph permissions reference" and the pages of each listing. It must not ask for anything.

mod directory;
mod left_out;
mod licences;
mod members;
mod page;
mod question;

use std::fmt;
use std::str::FromStr;

pub(super) use self::members::{group_of, members};
pub(super) use self::page::{PageError, kept, read_page, tables};
pub(super) use self::question::{members_question, question};

/// What can be synced: one endpoint each.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dataset {
    /// The organisation with its verified domains.
    Org,
    /// Domains that are not verified yet.
    Domains,
    /// Products with their seats.
    Skus,
    /// Subscriptions with their renewal dates.
    Subscriptions,
    /// Accounts with their licences and plans.
    Users,
    /// Sign-in dates.
    Signin,
    /// Accounts in the directory's bin.
    DeletedUsers,
    /// Groups that give licences.
    Groups,
    /// Whether reports conceal names.
    ReportSettings,
    /// Authentication methods.
    Mfa,
    /// Secure Score's counts of people.
    Securescore,
    /// Mail sent, received and read.
    Email,
    /// Mailbox sizes.
    Mailbox,
    /// Last activity per service.
    Active,
    /// Desktop app activations per person.
    Activations,
    /// Desktop app activations per product: people.
    ActivationUsers,
    /// Desktop app activations per product: devices.
    ActivationCounts,
    /// Apps used per platform.
    Apps,
    /// Teams activity.
    Teams,
    /// OneDrive sizes.
    Onedrive,
    /// SharePoint activity.
    Sharepoint,
    /// Mail apps used.
    EmailApps,
    /// People active and inactive per service.
    Services,
    /// Mailboxes per quota state.
    Quota,
}

impl Dataset {
    /// Every one, in the order in which they are read: people before what is about them.
    pub const ALL: [Self; 24] = [
        Self::Org,
        Self::Domains,
        Self::Skus,
        Self::Subscriptions,
        Self::Users,
        Self::DeletedUsers,
        Self::Signin,
        Self::Groups,
        Self::ReportSettings,
        Self::Mfa,
        Self::Securescore,
        Self::Email,
        Self::Mailbox,
        Self::Active,
        Self::Activations,
        Self::ActivationUsers,
        Self::ActivationCounts,
        Self::Apps,
        Self::Teams,
        Self::Onedrive,
        Self::Sharepoint,
        Self::EmailApps,
        Self::Services,
        Self::Quota,
    ];

    /// The word for it, on the command line and in the store.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Org => "org",
            Self::Domains => "domains",
            Self::Skus => "skus",
            Self::Subscriptions => "subscriptions",
            Self::Users => "users",
            Self::Signin => "signin",
            Self::DeletedUsers => "deleted-users",
            Self::Groups => "groups",
            Self::ReportSettings => "report-settings",
            Self::Mfa => "mfa",
            Self::Securescore => "securescore",
            Self::Email => "email",
            Self::Mailbox => "mailbox",
            Self::Active => "active",
            Self::Activations => "activations",
            Self::ActivationUsers => "activation-users",
            Self::ActivationCounts => "activation-counts",
            Self::Apps => "apps",
            Self::Teams => "teams",
            Self::Onedrive => "onedrive",
            Self::Sharepoint => "sharepoint",
            Self::EmailApps => "email-apps",
            Self::Services => "services",
            Self::Quota => "quota",
        }
    }

    /// Whether it is a usage report.
    pub const fn is_report(self) -> bool {
        self as u8 >= Self::Email as u8
    }

    /// Whether it is read without being asked for.
    pub const fn is_default(self) -> bool {
        match self {
            Self::Org | Self::Skus | Self::Subscriptions | Self::Users | Self::ReportSettings => true,
            _ => self.is_report(),
        }
    }

    /// The permissions that open it, the least first; one is enough, but for those that [`Dataset::also_needs`].
    pub const fn scopes(self) -> &'static [&'static str] {
        match self {
            Self::Org => &["User.Read", "Organization.Read.All", "Directory.Read.All"],
            Self::Domains => &["Domain.Read.All", "Directory.Read.All"],
            Self::Skus => &["LicenseAssignment.Read.All", "Organization.Read.All", "Directory.Read.All"],
            Self::Subscriptions => &["Organization.Read.All", "Directory.Read.All"],
            Self::Users | Self::DeletedUsers | Self::Signin => &["User.Read.All", "Directory.Read.All"],
            Self::Groups => &["GroupMember.Read.All", "Group.Read.All", "Directory.Read.All"],
            Self::ReportSettings => &["ReportSettings.Read.All"],
            Self::Mfa => &["AuditLog.Read.All"],
            Self::Securescore => &["SecurityEvents.Read.All"],
            _ => &["Reports.Read.All"],
        }
    }

    /// A permission that is needed besides.
    pub const fn also_needs(self) -> Option<&'static str> {
        match self {
            Self::Signin => Some("AuditLog.Read.All"),
            _ => None,
        }
    }
}

impl fmt::Display for Dataset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Dataset {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let words = || Self::ALL.map(Self::as_str).join(", ");
        Self::ALL.into_iter().find(|one| one.as_str() == text.trim()).ok_or_else(|| format!("not one of {}", words()))
    }
}

/// The span a usage report is about, backwards from its refresh date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Period {
    /// 7 days.
    D7,
    /// 30 days.
    D30,
    /// 90 days.
    D90,
    /// 180 days.
    D180,
}

impl Period {
    /// The word for it, as the service spells it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::D7 => "D7",
            Self::D30 => "D30",
            Self::D90 => "D90",
            Self::D180 => "D180",
        }
    }

    /// The span a dataset is read for unless another is named: the longest for dates of last activity, a quarter for mail.
    pub const fn of(dataset: Dataset) -> Self {
        match dataset {
            Dataset::Active => Self::D180,
            Dataset::Email => Self::D90,
            _ => Self::D30,
        }
    }
}

impl FromStr for Period {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let all = [Self::D7, Self::D30, Self::D90, Self::D180];
        let found = all.into_iter().find(|period| period.as_str().eq_ignore_ascii_case(text.trim()));
        found.ok_or_else(|| "not one of D7, D30, D90, D180".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dataset_has_a_word_that_is_read_again() {
        for dataset in Dataset::ALL {
            assert_eq!(dataset.as_str().parse(), Ok(dataset));
            assert!(!dataset.scopes().is_empty());
        }
        assert!(Dataset::Quota.is_report() && !Dataset::Securescore.is_report());
        assert_eq!("d90".parse(), Ok(Period::D90));
    }
}
