//! The reports by name, with what they take and their columns in the order of real answers.

use super::Span;

/// A report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::simulator) enum Report {
    Email,
    Mailbox,
    Active,
    Activations,
    ActivationCounts,
    ActivationUserCounts,
    Services,
    Apps,
    Teams,
    OneDrive,
    SharePoint,
    EmailApps,
    Quota,
}

/// What a report takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Period,
    PeriodOrDate,
}

const ALL: [(&str, Report, Takes); 13] = [
    ("getEmailActivityUserDetail", Report::Email, Takes::PeriodOrDate),
    ("getMailboxUsageDetail", Report::Mailbox, Takes::Period),
    ("getOffice365ActiveUserDetail", Report::Active, Takes::PeriodOrDate),
    ("getOffice365ActivationsUserDetail", Report::Activations, Takes::Nothing),
    ("getOffice365ActivationCounts", Report::ActivationCounts, Takes::Nothing),
    ("getOffice365ActivationsUserCounts", Report::ActivationUserCounts, Takes::Nothing),
    ("getOffice365ServicesUserCounts", Report::Services, Takes::Period),
    ("getM365AppUserDetail", Report::Apps, Takes::PeriodOrDate),
    ("getTeamsUserActivityUserDetail", Report::Teams, Takes::PeriodOrDate),
    ("getOneDriveUsageAccountDetail", Report::OneDrive, Takes::PeriodOrDate),
    ("getSharePointActivityUserDetail", Report::SharePoint, Takes::PeriodOrDate),
    ("getEmailAppUsageUserDetail", Report::EmailApps, Takes::Period),
    ("getMailboxUsageQuotaStatusMailboxCounts", Report::Quota, Takes::Period),
];

impl Report {
    /// The report with this name, compared without case.
    pub(in crate::simulator) fn named(name: &str) -> Option<Self> {
        ALL.iter().find(|(have, ..)| have.eq_ignore_ascii_case(name)).map(|(_, report, _)| *report)
    }

    /// Its function.
    pub(in crate::simulator) fn name(self) -> &'static str {
        ALL.iter().find(|(_, report, _)| *report == self).map(|(name, ..)| *name).unwrap_or_default()
    }

    /// Reads what stands in the parentheses; an error is the service's text. `newest` is the refresh day.
    pub(in crate::simulator) fn span(self, arguments: &str, newest: i64) -> Result<Span, &'static str> {
        let takes = ALL.iter().find(|(_, report, _)| *report == self).map_or(Takes::Nothing, |(.., takes)| *takes);
        let (name, value) =
            arguments.split_once('=').map_or(("", arguments), |(name, value)| (name.trim(), value.trim()));
        match (takes, name) {
            (Takes::Nothing, "") if value.is_empty() => Ok(Span::Always),
            (Takes::Period | Takes::PeriodOrDate, "period") => match value {
                "'D7'" => Ok(Span::Period(7)),
                "'D30'" => Ok(Span::Period(30)),
                "'D90'" => Ok(Span::Period(90)),
                "'D180'" => Ok(Span::Period(180)),
                _ => Err("Invalid period value specified. Period must be D7, D30, D90 or D180."),
            },
            (Takes::PeriodOrDate, "date") => {
                // The page of the apps report shows quotes.
                let day = super::day(value.trim_matches('\'')).ok_or("Invalid date value specified.")?;
                let within = (newest - 30..=newest).contains(&day);
                within.then_some(Span::Day(day)).ok_or("Date must be within the last 30 days.")
            }
            _ => Err("Invalid filter clause: the report does not take these parameters."),
        }
    }

    /// Whether it is about people, who may be concealed, rather than about totals.
    pub(in crate::simulator) fn names_people(self) -> bool {
        !matches!(self, Self::ActivationCounts | Self::ActivationUserCounts | Self::Services | Self::Quota)
    }

    /// The columns, the refresh date first.
    pub(super) fn columns(self) -> Vec<String> {
        let text = match self {
            Self::Email => {
                "User Principal Name,Display Name,Is Deleted,Deleted Date,Last Activity Date,Send Count,Receive Count,\
                 Read Count,Meeting Created Count,Meeting Interacted Count,Assigned Products,Report Period"
            }
            Self::Mailbox => {
                "User Principal Name,Display Name,Is Deleted,Deleted Date,Created Date,Last Activity Date,Item Count,\
                 Storage Used (Byte),Issue Warning Quota (Byte),Prohibit Send Quota (Byte),\
                 Prohibit Send/Receive Quota (Byte),Deleted Item Count,Deleted Item Size (Byte),\
                 Deleted Item Quota (Byte),Has Archive,Recipient Type,Report Period"
            }
            Self::Active => return active(),
            Self::Activations => {
                "User Principal Name,Display Name,Product Type,Last Activated Date,Windows,Mac,Windows 10 Mobile,iOS,\
                 Android,Activated On Shared Computer"
            }
            Self::ActivationCounts => "Product Type,Windows,Mac,Android,iOS,Windows 10 Mobile",
            Self::ActivationUserCounts => "Product Type,Assigned,Activated,Shared Computer Activation",
            Self::Services => return services(),
            Self::Apps => return apps(),
            Self::Teams => {
                "User Id,User Principal Name,Last Activity Date,Is Deleted,Deleted Date,Assigned Products,\
                 Team Chat Message Count,Private Chat Message Count,Call Count,Meeting Count,Meetings Organized Count,\
                 Meetings Attended Count,Ad Hoc Meetings Organized Count,Ad Hoc Meetings Attended Count,\
                 Scheduled One-time Meetings Organized Count,Scheduled One-time Meetings Attended Count,\
                 Scheduled Recurring Meetings Organized Count,Scheduled Recurring Meetings Attended Count,\
                 Audio Duration,Video Duration,Screen Share Duration,Audio Duration In Seconds,\
                 Video Duration In Seconds,Screen Share Duration In Seconds,Has Other Action,Urgent Messages,\
                 Post Messages,Tenant Display Name,Shared Channel Tenant Display Names,Reply Messages,Is Licensed,\
                 Report Period"
            }
            Self::OneDrive => {
                "Site URL,Owner Display Name,Is Deleted,Last Activity Date,File Count,Active File Count,\
                 Storage Used (Byte),Storage Allocated (Byte),Owner Principal Name,Report Period"
            }
            Self::SharePoint => {
                "User Principal Name,Is Deleted,Deleted Date,Last Activity Date,Viewed Or Edited File Count,\
                 Synced File Count,Shared Internally File Count,Shared Externally File Count,Visited Page Count,\
                 Assigned Products,Report Period"
            }
            Self::EmailApps => {
                "User Principal Name,Display Name,Is Deleted,Deleted Date,Last Activity Date,Mail For Mac,\
                 Outlook For Mac,Outlook For Windows,Outlook For Mobile,Other For Mobile,Outlook For Web,POP3 App,\
                 IMAP4 App,SMTP App,Report Period"
            }
            Self::Quota => {
                "Under Limit,Warning Issued,Send Prohibited,Send/Receive Prohibited,Indeterminate,Report Date,Report Period"
            }
        };
        headed(text.split(',').map(str::to_owned))
    }
}

/// The services of the reports about all of them, in their order.
pub(super) const SERVICES: [&str; 6] = ["Exchange", "OneDrive", "SharePoint", "Skype For Business", "Yammer", "Teams"];
/// The apps of the report about them, in its order.
pub(super) const APPS: [&str; 6] = ["Outlook", "Word", "Excel", "PowerPoint", "OneNote", "Teams"];
/// The platforms of that report, in its order.
pub(super) const PLATFORMS: [&str; 4] = ["Windows", "Mac", "Mobile", "Web"];

fn headed(rest: impl Iterator<Item = String>) -> Vec<String> {
    ["Report Refresh Date".to_owned()].into_iter().chain(rest).collect()
}

fn active() -> Vec<String> {
    let whose = ["User Principal Name", "Display Name", "Is Deleted", "Deleted Date"].map(str::to_owned);
    let each = |make: fn(&str) -> String| SERVICES.map(make);
    let has = each(|service| format!("Has {service} License"));
    let last = each(|service| format!("{service} Last Activity Date"));
    let since = each(|service| format!("{service} License Assign Date"));
    let products = "Assigned Products".to_owned();
    headed(whose.into_iter().chain(has).chain(last).chain(since).chain([products]))
}

fn services() -> Vec<String> {
    let all = SERVICES.into_iter().chain(["Office 365"]);
    let both = all.flat_map(|service| [format!("{service} Active"), format!("{service} Inactive")]);
    headed(both.chain(["Report Period".to_owned()]))
}

fn apps() -> Vec<String> {
    let first = ["User Principal Name", "Last Activation Date", "Last Activity Date", "Report Period"];
    let plain = first.into_iter().chain(PLATFORMS).chain(APPS).map(str::to_owned);
    let crossed = PLATFORMS.into_iter().flat_map(|platform| APPS.map(|app| format!("{app} ({platform})")));
    headed(plain.chain(crossed))
}
