//! The service plans that a collector cares about: who has a mailbox, what may be held, what is premium.
//!
//! Source: Microsoft, "Product names and service plan identifiers for licensing"; the classes are ours. A plan named
//! after Exchange need not carry a mailbox: `EXCHANGE_S_FOUNDATION` is in hundreds of products and has none.

use std::collections::BTreeSet;

/// What a plan stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum PlanClass {
    /// Exchange Online Plan 2: mailbox, archive, hold.
    MailboxPlan2,
    /// Exchange Online Plan 1: mailbox.
    MailboxPlan1,
    /// Exchange Online Kiosk: a small mailbox, no hold.
    MailboxKiosk,
    /// Archiving for Plan 1, with hold.
    ArchivingAddOn,
    /// Premium eDiscovery.
    EdiscoveryPremium,
    /// Premium audit.
    AuditPremium,
}

const KNOWN: [(&str, PlanClass); 10] = [
    ("efb87545-963c-4e0d-99df-69c6916d9eb0", PlanClass::MailboxPlan2),
    ("8c3069c0-ccdb-44be-ab77-986203a67df2", PlanClass::MailboxPlan2),
    ("9aaf7827-d63c-4b61-89c3-182f06f82e5c", PlanClass::MailboxPlan1),
    ("e9b4930a-925f-45e2-ac2a-3f7788ca6fdd", PlanClass::MailboxPlan1),
    ("4a82b400-a79f-41a4-b4e2-e94f5787b113", PlanClass::MailboxKiosk),
    ("88f4d7ef-a73b-4246-8047-516022144c9f", PlanClass::MailboxKiosk),
    ("176a09a6-7ec5-4039-ac02-b2791c6ba793", PlanClass::ArchivingAddOn),
    ("4de31727-a228-4ec3-a5bf-8e45b5ca48cc", PlanClass::EdiscoveryPremium),
    ("d1cbfb67-18a8-4792-b643-630b7f19aad1", PlanClass::EdiscoveryPremium),
    ("2f442157-a11c-46b9-ae5b-6e39ff4e5849", PlanClass::AuditPremium),
];

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

/// The classes of these plans, by id in any case; others stand for nothing here.
pub fn plans<'a>(ids: impl IntoIterator<Item = &'a str>) -> BTreeSet<PlanClass> {
    let class = |id: &str| KNOWN.iter().find(|(known, _)| known.eq_ignore_ascii_case(id)).map(|(_, class)| *class);
    ids.into_iter().filter_map(class).collect()
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
            MailboxPlan::Plan1 => has(PlanClass::ArchivingAddOn),
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
    fn only_a_plan_with_a_mailbox_counts_and_a_hold_needs_plan_2_or_the_add_on() {
        let of = |ids: &[&str]| Entitlements::of(&plans(ids.iter().copied()));
        let foundation = "113feb6c-3fe4-4440-bddc-54d774bf0318";
        assert_eq!(of(&[foundation]).mailbox, MailboxPlan::None);
        let plan_1 = "9AAF7827-D63C-4B61-89C3-182F06F82E5C";
        assert_eq!((of(&[plan_1]).mailbox, of(&[plan_1]).hold), (MailboxPlan::Plan1, false));
        assert!(of(&[plan_1, "176a09a6-7ec5-4039-ac02-b2791c6ba793"]).hold);
        let both = of(&["efb87545-963c-4e0d-99df-69c6916d9eb0", "4a82b400-a79f-41a4-b4e2-e94f5787b113"]);
        assert_eq!((both.mailbox, both.hold, both.ediscovery_premium), (MailboxPlan::Plan2, true, false));
    }
}
