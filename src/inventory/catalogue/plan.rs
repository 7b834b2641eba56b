//! The service plans that say what a licence is for: a mailbox, a hold, an app with measured activity.
//!
//! Source: Microsoft, "Product names and service plan identifiers for licensing"; the classes are ours. A plan named
//! after Exchange need not carry a mailbox: `EXCHANGE_S_FOUNDATION` is in hundreds of products and has none.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::OnceLock;

use crate::terms::words;

const TABLE: &str = include_str!("plans.tsv");

words!(
    /// What a plan stands for.
    PlanClass {
        /// Desktop, mobile and web apps.
        Apps = "apps",
        /// Archiving for Plan 1, with hold.
        Archiving = "archiving",
        /// Premium audit.
        AuditPremium = "audit_premium",
        /// Copilot.
        Copilot = "copilot",
        /// Premium eDiscovery.
        EdiscoveryPremium = "ediscovery_premium",
        /// Entra ID P1.
        EntraP1 = "entra_p1",
        /// Entra ID P2.
        EntraP2 = "entra_p2",
        /// A small mailbox, no hold.
        MailboxKiosk = "mailbox_kiosk",
        /// Exchange Online Plan 1: mailbox.
        MailboxPlan1 = "mailbox_plan_1",
        /// Exchange Online Plan 2: mailbox, archive, hold.
        MailboxPlan2 = "mailbox_plan_2",
        /// OneDrive.
        Onedrive = "onedrive",
        /// SharePoint.
        Sharepoint = "sharepoint",
        /// Skype for Business.
        Skype = "skype",
        /// Teams.
        Teams = "teams",
        /// Yammer, by now Viva Engage.
        Yammer = "yammer",
    }
);

/// The strongest mailbox plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MailboxPlan {
    /// Exchange Online Plan 2.
    Plan2,
    /// Exchange Online Plan 1.
    Plan1,
    /// Exchange Online Kiosk.
    Kiosk,
    /// None that is enabled.
    None,
}

impl MailboxPlan {
    /// The word in the record.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Plan2 => "plan_2",
            Self::Plan1 => "plan_1",
            Self::Kiosk => "kiosk",
            Self::None => "none",
        }
    }
}

/// What enabled plans come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entitlements {
    /// The strongest mailbox plan.
    pub mailbox: MailboxPlan,
    /// Whether a hold may be placed: Plan 2, or Plan 1 with the archiving add-on.
    pub hold: bool,
    /// Premium eDiscovery.
    pub ediscovery_premium: bool,
    /// Premium audit.
    pub audit_premium: bool,
}

/// Classes by plan id.
fn known() -> &'static BTreeMap<&'static str, PlanClass> {
    static KNOWN: OnceLock<BTreeMap<&'static str, PlanClass>> = OnceLock::new();
    KNOWN.get_or_init(|| {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#'));
        let read = |line: &'static str| {
            let mut cells = line.split('\t');
            let class = PlanClass::from_word(cells.next()?)?;
            Some((cells.nth(1)?, class))
        };
        lines.filter_map(read).collect()
    })
}

/// The class of a plan, by its id in any case.
pub fn class(id: &str) -> Option<PlanClass> {
    known().get(id.to_ascii_lowercase().as_str()).copied()
}

/// Whether a plan gives desktop apps; those for browsers and phones alone do not.
pub(in crate::inventory) fn is_desktop(id: &str) -> bool {
    const DESKTOP: [&str; 5] = [
        "43de0ff5-c92c-492b-9116-175376d08c38",
        "de9234ff-6483-44d9-b15e-dca72fdd27af",
        "8d77e2d9-9e28-4450-8431-0def64078fc5",
        "094e7854-93fc-4d55-b2c0-3ab5369ebdc1",
        "8ca59559-e2ca-470b-b7dd-afd8c0dee963",
    ];
    DESKTOP.iter().any(|plan| plan.eq_ignore_ascii_case(id))
}

/// The classes of these plans; others stand for nothing here.
pub fn classes<'a>(ids: impl IntoIterator<Item = &'a str>) -> BTreeSet<PlanClass> {
    ids.into_iter().filter_map(class).collect()
}

impl PlanClass {
    /// The service whose activity the reports measure for it, as `use_active.service` spells it.
    pub const fn measured_as(self) -> Option<&'static str> {
        match self {
            Self::MailboxPlan1 | Self::MailboxPlan2 | Self::MailboxKiosk => Some("exchange"),
            Self::Onedrive => Some("onedrive"),
            Self::Sharepoint => Some("sharepoint"),
            Self::Skype => Some("skype"),
            Self::Teams => Some("teams"),
            Self::Yammer => Some("yammer"),
            Self::Apps
            | Self::Archiving
            | Self::AuditPremium
            | Self::Copilot
            | Self::EdiscoveryPremium
            | Self::EntraP1
            | Self::EntraP2 => None,
        }
    }
}

impl Entitlements {
    /// What these classes come to.
    pub fn of(classes: &BTreeSet<PlanClass>) -> Self {
        let has = |class| classes.contains(&class);
        let mailbox = if has(PlanClass::MailboxPlan2) {
            MailboxPlan::Plan2
        } else if has(PlanClass::MailboxPlan1) {
            MailboxPlan::Plan1
        } else if has(PlanClass::MailboxKiosk) {
            MailboxPlan::Kiosk
        } else {
            MailboxPlan::None
        };
        let hold = match mailbox {
            MailboxPlan::Plan2 => true,
            MailboxPlan::Plan1 => has(PlanClass::Archiving),
            MailboxPlan::Kiosk | MailboxPlan::None => false,
        };
        Self {
            mailbox,
            hold,
            ediscovery_premium: has(PlanClass::EdiscoveryPremium),
            audit_premium: has(PlanClass::AuditPremium),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_line_of_the_table_is_read() {
        let lines = TABLE.lines().filter(|line| !line.starts_with('#')).count();
        assert_eq!(known().len(), lines);
        assert!(known().keys().all(|id| uuid::Uuid::parse_str(id).is_ok()));
    }

    #[test]
    fn only_a_plan_with_a_mailbox_counts_and_a_hold_needs_plan_2_or_the_add_on() {
        let of = |ids: &[&str]| Entitlements::of(&classes(ids.iter().copied()));
        let foundation = "113feb6c-3fe4-4440-bddc-54d774bf0318";
        assert_eq!(of(&[foundation]).mailbox, MailboxPlan::None);
        let plan_1 = "9AAF7827-D63C-4B61-89C3-182F06F82E5C";
        assert_eq!((of(&[plan_1]).mailbox, of(&[plan_1]).hold), (MailboxPlan::Plan1, false));
        assert!(of(&[plan_1, "176a09a6-7ec5-4039-ac02-b2791c6ba793"]).hold);
        let both = of(&["efb87545-963c-4e0d-99df-69c6916d9eb0", "4a82b400-a79f-41a4-b4e2-e94f5787b113"]);
        assert_eq!((both.mailbox, both.hold, both.ediscovery_premium), (MailboxPlan::Plan2, true, false));
    }
}
