//! What licence and size say about a mailbox: the Exchange plan, whether an archive may exist, how much there is.
//!
//! Facts help to judge a verdict and never make one. What could not be read is unknown, not absent. Sources: the
//! service plans of Microsoft's licensing reference, and the folders that the probe saw. It must not ask anything.

use std::fmt;

use crate::graph::wire::{AssignedPlan, LicenseDetails, MailFolder};
use crate::terms::{UtcInstant, words};

words!(
    /// The plan behind a mailbox, the strongest where there are several.
    ExchangePlan {
        /// Exchange Online Plan 2, as in E3 and E5: archive and litigation hold included.
        Plan2 = "plan_2",
        /// Exchange Online Plan 1.
        Plan1 = "plan_1",
        /// Exchange Online Kiosk, as in F3.
        Kiosk = "kiosk",
        /// No plan that has a mailbox; usual for shared mailboxes.
        NoMailboxPlan = "none",
        /// Not visible with the granted scopes.
        Unknown = "unknown",
    }
);

words!(
    /// Whether an online archive may exist; no question of this interface tells whether one does.
    Archive {
        /// The archiving add-on is assigned.
        AddOn = "add_on",
        /// The plan includes one, which somebody may have switched on.
        InPlan = "in_plan",
        /// No plan that includes one.
        NotLicensed = "not_licensed",
        /// Not visible with the granted scopes.
        Unknown = "unknown",
    }
);

words!(
    /// Where the plan was read.
    FactSource {
        /// `assignedPlans` of the directory entry.
        AssignedPlans = "assigned_plans",
        /// `licenseDetails` of the user.
        LicenseDetails = "license_details",
        /// Nowhere.
        Nowhere = "none",
    }
);

/// What is known besides the verdict.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub struct MailboxFacts {
    /// The plan.
    pub exchange_plan: ExchangePlan,
    /// Whether an online archive may exist.
    pub archive: Archive,
    /// Bytes in the folders seen, as the store counts them.
    pub size_bytes: Option<u64>,
    /// Items of every type in the folders seen.
    pub items: Option<u64>,
    /// Whether there are folders that were not looked into, so that size and items are a lower bound.
    pub at_least: bool,
    /// Where the plan was read.
    pub source: FactSource,
    /// Why the plan is unknown.
    pub unknown_because: Option<String>,
    /// When it was found out.
    #[schemars(with = "String")]
    pub at: UtcInstant,
}

/// Service plan ids, commercial and government (Microsoft, "Product names and service plan identifiers").
const PLAN_2: [&str; 2] = ["efb87545-963c-4e0d-99df-69c6916d9eb0", "8c3069c0-ccdb-44be-ab77-986203a67df2"];
const PLAN_1: [&str; 2] = ["9aaf7827-d63c-4b61-89c3-182f06f82e5c", "e9b4930a-925f-45e2-ac2a-3f7788ca6fdd"];
const KIOSK: [&str; 2] = ["4a82b400-a79f-41a4-b4e2-e94f5787b113", "88f4d7ef-a73b-4246-8047-516022144c9f"];
const ARCHIVE_ADD_ON: [&str; 1] = ["176a09a6-7ec5-4039-ac02-b2791c6ba793"];

/// The plans that serve a person now, however they were read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Plans {
    ids: Vec<String>,
    source: FactSource,
}

impl Plans {
    /// From a directory entry. A plan in its grace time still works.
    pub(super) fn assigned(plans: &[AssignedPlan]) -> Self {
        let works = |plan: &&AssignedPlan| is_one(plan.capability_status.as_deref(), &["enabled", "warning"]);
        let ids = plans.iter().filter(works).filter_map(|plan| plan.service_plan_id.clone());
        Self { ids: ids.collect(), source: FactSource::AssignedPlans }
    }

    /// From a user's licences. A plan that is still being set up counts: it was given.
    pub(super) fn licensed(licences: &[LicenseDetails]) -> Self {
        let plans = licences.iter().flat_map(|licence| &licence.service_plans);
        let works = plans.filter(|plan| !is_one(plan.provisioning_status.as_deref(), &["disabled", "error"]));
        let ids = works.filter_map(|plan| plan.service_plan_id.clone());
        Self { ids: ids.collect(), source: FactSource::LicenseDetails }
    }

    fn has(&self, wanted: &[&str]) -> bool {
        self.ids.iter().any(|id| is_one(Some(id), wanted))
    }

    fn exchange(&self) -> ExchangePlan {
        if self.has(&PLAN_2) {
            ExchangePlan::Plan2
        } else if self.has(&PLAN_1) {
            ExchangePlan::Plan1
        } else if self.has(&KIOSK) {
            ExchangePlan::Kiosk
        } else {
            ExchangePlan::NoMailboxPlan
        }
    }

    fn archive(&self) -> Archive {
        if self.has(&ARCHIVE_ADD_ON) {
            Archive::AddOn
        } else if self.has(&PLAN_2) {
            Archive::InPlan
        } else {
            Archive::NotLicensed
        }
    }
}

fn is_one(text: Option<&str>, words: &[&str]) -> bool {
    text.is_some_and(|text| words.iter().any(|word| text.trim().eq_ignore_ascii_case(word)))
}

/// Adds up the folders of a tree as far as it was listed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Sum {
    items: Option<u64>,
    bytes: Option<u64>,
    unsized_folders: bool,
    unseen: bool,
}

impl Sum {
    /// Takes a folder that was listed; search folders only show what lies elsewhere.
    pub(super) fn add(&mut self, folder: &MailFolder) {
        if folder.is_search_folder() {
            return;
        }
        let items = folder.total_item_count.and_then(|count| u64::try_from(count).ok());
        if let Some(items) = items {
            self.items = Some(self.items.unwrap_or(0).saturating_add(items));
        }
        match folder.size_bytes() {
            Some(bytes) => self.bytes = Some(self.bytes.unwrap_or(0).saturating_add(bytes)),
            None => self.unsized_folders = true,
        }
    }

    /// There are folders that were not listed.
    pub(super) const fn more(&mut self) {
        self.unseen = true;
    }
}

impl MailboxFacts {
    /// Puts together what is known at this time.
    pub(super) fn new(plans: Result<Plans, String>, sum: &Sum, at: UtcInstant) -> Self {
        let (exchange_plan, archive, source, unknown_because) = match plans {
            Ok(plans) => (plans.exchange(), plans.archive(), plans.source, None),
            Err(why) => (ExchangePlan::Unknown, Archive::Unknown, FactSource::Nowhere, Some(why)),
        };
        Self {
            exchange_plan,
            archive,
            // A sum with a folder missing would look like the whole.
            size_bytes: sum.bytes.filter(|_| !sum.unsized_folders),
            items: sum.items,
            at_least: sum.unseen,
            source,
            unknown_because,
            at,
        }
    }

    /// The plan in words.
    pub fn plan_in_words(&self) -> String {
        match self.exchange_plan {
            ExchangePlan::Plan2 => "Exchange Online Plan 2 (E3/E5-class)".to_owned(),
            ExchangePlan::Plan1 => {
                "Exchange Online Plan 1 (not E3/E5-class, which is no obstacle to collecting)".to_owned()
            }
            ExchangePlan::Kiosk => {
                "Exchange Online Kiosk (not E3/E5-class, which is no obstacle to collecting)".to_owned()
            }
            ExchangePlan::NoMailboxPlan => {
                "no plan with a mailbox: usual for a shared mailbox, else the licence is missing".to_owned()
            }
            ExchangePlan::Unknown => {
                format!("plan unknown ({})", self.unknown_because.as_deref().unwrap_or("not shown"))
            }
        }
    }

    /// What to know about an archive; `None` when there is nothing to say.
    pub fn archive_in_words(&self) -> Option<&'static str> {
        match self.archive {
            Archive::AddOn => Some(
                "the archiving add-on is assigned: an online archive may exist and is not reachable through this interface",
            ),
            Archive::InPlan => {
                Some("the plan includes an online archive: if there is one, it is not reachable through this interface")
            }
            Archive::NotLicensed | Archive::Unknown => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at() -> UtcInstant {
        UtcInstant::parse("2024-06-04T09:00:00Z").expect("valid")
    }

    fn assigned(plans: &[(&str, &str)]) -> MailboxFacts {
        let plan = |(id, status): &(&str, &str)| AssignedPlan {
            service: Some("exchange".into()),
            capability_status: Some((*status).into()),
            service_plan_id: Some((*id).into()),
        };
        let plans: Vec<AssignedPlan> = plans.iter().map(plan).collect();
        MailboxFacts::new(Ok(Plans::assigned(&plans)), &Sum::default(), at())
    }

    #[test]
    fn the_strongest_plan_that_works_counts_and_a_foundation_plan_is_no_mailbox() {
        const FOUNDATION: &str = "113feb6c-3fe4-4440-bddc-54d774bf0318";
        for (plans, plan, archive) in [
            (vec![(PLAN_1[0], "Enabled"), (PLAN_2[0], "Warning")], ExchangePlan::Plan2, Archive::InPlan),
            (vec![(PLAN_2[1], "Suspended"), (KIOSK[0], "Enabled")], ExchangePlan::Kiosk, Archive::NotLicensed),
            (vec![(PLAN_1[1], "Enabled"), (ARCHIVE_ADD_ON[0], "Enabled")], ExchangePlan::Plan1, Archive::AddOn),
            (vec![(FOUNDATION, "Enabled")], ExchangePlan::NoMailboxPlan, Archive::NotLicensed),
            (vec![], ExchangePlan::NoMailboxPlan, Archive::NotLicensed),
        ] {
            let facts = assigned(&plans);
            assert_eq!((facts.exchange_plan, facts.archive), (plan, archive), "{plans:?}");
        }
    }

    #[test]
    fn a_licence_whose_plan_is_switched_off_does_not_count() {
        let plan = |id: &str, status: &str| {
            format!(r#"{{"servicePlans":[{{"servicePlanId":"{id}","provisioningStatus":"{status}"}}]}}"#)
        };
        let licences = format!("[{},{}]", plan(PLAN_2[0], "Disabled"), plan(PLAN_1[0], "PendingProvisioning"));
        let licences: Vec<LicenseDetails> = serde_json::from_str(&licences).expect("licences");
        let facts = MailboxFacts::new(Ok(Plans::licensed(&licences)), &Sum::default(), at());
        assert_eq!((facts.exchange_plan, facts.source), (ExchangePlan::Plan1, FactSource::LicenseDetails));
    }

    #[test]
    fn sums_leave_out_views_and_say_nothing_of_a_size_that_is_not_whole() {
        let folder = |json: &str| serde_json::from_str::<MailFolder>(json).expect("a folder");
        let sized =
            r#"{"id":"a","totalItemCount":2,"singleValueExtendedProperties":[{"id":"Long 0xe08","value":"70"}]}"#;
        let view = r##"{"id":"b","@odata.type":"#microsoft.graph.mailSearchFolder","totalItemCount":9}"##;
        let mut sum = Sum::default();
        sum.add(&folder(sized));
        sum.add(&folder(view));
        let facts = |sum: &Sum| {
            let facts = MailboxFacts::new(Err("why".into()), sum, at());
            (facts.items, facts.size_bytes, facts.at_least)
        };
        assert_eq!(facts(&sum), (Some(2), Some(70), false));
        sum.add(&folder(r#"{"id":"c","totalItemCount":1}"#));
        sum.more();
        assert_eq!(facts(&sum), (Some(3), None, true));
    }
}
