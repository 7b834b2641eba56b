//! What each dataset is asked with.
//!
//! Source: Microsoft, the page of each listing; properties that come only when named are named. It must not ask.

use super::{Dataset, Period};
use crate::graph::{Ask, Lane};
use crate::inventory::report;
use crate::terms::Purpose;

/// Every property of an account that is kept.
const USER: &str = "id,userPrincipalName,mail,displayName,accountEnabled,userType,department,companyName,jobTitle,officeLocation,country,usageLocation,createdDateTime,employeeType,isResourceAccount,onPremisesSyncEnabled,proxyAddresses,assignedLicenses,assignedPlans,licenseAssignmentStates";
/// Those that licences cannot do without.
const MINIMAL: &str = "id,userPrincipalName,mail,accountEnabled,userType,usageLocation,createdDateTime,proxyAddresses,assignedLicenses,assignedPlans,licenseAssignmentStates";

/// The question of a dataset, and a name for it in the record.
pub(in crate::inventory) fn question(dataset: Dataset, period: Option<Period>, minimise: bool) -> (Ask, &'static str) {
    let ask = |path: &[&str]| Ask::new(Lane::Directory, Purpose::Other, path.iter().copied());
    if let Some(report) = report::of(dataset) {
        let function = match period.filter(|_| report.has_period) {
            Some(period) => format!("{}(period='{}')", report.function, period.as_str()),
            None => report.function.to_owned(),
        };
        let ask = Ask::new(Lane::Report(report.function), Purpose::Other, ["reports".to_owned(), function]);
        return (ask, report.function);
    }
    match dataset {
        Dataset::Org => {
            let select = "id,displayName,verifiedDomains,tenantType,createdDateTime";
            (ask(&["organization"]).query("$select", select), "organization")
        }
        Dataset::Domains => (ask(&["domains"]), "domains"),
        Dataset::Skus => (ask(&["subscribedSkus"]), "subscribedSkus"),
        Dataset::Subscriptions => (ask(&["directory", "subscriptions"]), "directory/subscriptions"),
        Dataset::Signin => {
            (ask(&["users"]).query("$select", "id,signInActivity").query("$top", "500"), "users/signInActivity")
        }
        Dataset::DeletedUsers => {
            let select = if minimise {
                "id,userPrincipalName,mail"
            } else {
                "id,userPrincipalName,mail,displayName,deletedDateTime"
            };
            let ask = ask(&["directory", "deletedItems", "microsoft.graph.user"]);
            (ask.query("$select", select).query("$top", "999"), "directory/deletedItems")
        }
        Dataset::Groups => {
            let select = "id,displayName,assignedLicenses,licenseProcessingState,hasMembersWithLicenseErrors";
            let ask = ask(&["groups"]).query("$filter", "assignedLicenses/$count ne 0").query("$count", "true");
            (ask.query("$select", select).eventual(), "groups")
        }
        Dataset::ReportSettings => (ask(&["admin", "reportSettings"]), "admin/reportSettings"),
        Dataset::Mfa => {
            (ask(&["reports", "authenticationMethods", "userRegistrationDetails"]), "userRegistrationDetails")
        }
        Dataset::Securescore => (ask(&["security", "secureScores"]).query("$top", "1"), "security/secureScores"),
        _ => {
            let select = if minimise { MINIMAL } else { USER };
            (ask(&["users"]).query("$select", select).query("$top", "999"), "users")
        }
    }
}

/// Who of a group has trouble with the group's licences.
pub(in crate::inventory) fn members_question(group: &str) -> (Ask, &'static str) {
    let path = ["groups", group, "membersWithLicenseErrors"];
    (Ask::new(Lane::Directory, Purpose::Other, path).query("$select", "id"), "groups/membersWithLicenseErrors")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_dataset_has_a_question_of_its_own() {
        let mut names: Vec<&str> = Dataset::ALL.iter().map(|one| question(*one, None, false).1).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Dataset::ALL.len());
    }
}
