//! The JSON that other programs rely on, as files under `schemas/`: a test regenerates them and compares.
//!
//! `AFFIANT_REGENERATE=1 cargo test schemas` writes them anew.

use std::path::Path;

use schemars::{JsonSchema, schema_for};

use super::connection::{Connected, Tested};
use super::doctor::Diagnosis;
use super::key::Collector;
use super::licenses::{Known, MadePage};
use super::scopes::Permissions;
use super::seal::Sealed;
use super::sync::{Differences, Gone, LogLine, Needed, Synced, Verified};
use super::whoami::Identity;
use crate::attest::Sworn;
use crate::collect::Tally;
use crate::delegation::CheckRow;
use crate::delivery::{Packed, Unpacked};
use crate::directory::Person;
use crate::inventory::{
    Activated, Activity, Answer, AppUse, Assignment, Cost, Custodian, Finding, Freshness, Held, Imported, Left,
    MailUse, MailboxUse, Measurable, Overlap, PricesTaken, Renewal, Seats, ServiceUse, Unmatched,
};
use crate::production::Production;
use crate::prove::Proved;
use crate::refetch::Compared;
use crate::report::Report;
use crate::verify::{CustodyEvent, ProofsReport};

fn agrees<T: JsonSchema>(name: &str) {
    let made = serde_json::to_string_pretty(&schema_for!(T)).expect("a schema is JSON") + "\n";
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas").join(name);
    if std::env::var_os("AFFIANT_REGENERATE").is_some() {
        std::fs::write(&file, &made).expect("schemas/ can be written");
    }
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    assert_eq!(kept, made, "{name} differs: run AFFIANT_REGENERATE=1 cargo test schemas, and say so in the CHANGELOG");
}

#[test]
fn the_schemas_are_those_of_the_program() {
    agrees::<Vec<Person>>("users.schema.json");
    agrees::<Vec<CheckRow>>("check.schema.json");
    agrees::<Tally>("collect.schema.json");
    agrees::<Identity>("whoami.schema.json");
    agrees::<Permissions>("scopes.schema.json");
    agrees::<Diagnosis>("doctor.schema.json");
    agrees::<Report>("report.schema.json");
    agrees::<Compared>("refetch.schema.json");
    agrees::<Sealed>("seal.schema.json");
    agrees::<Sworn>("custody.schema.json");
    agrees::<Vec<CustodyEvent>>("custody-show.schema.json");
    agrees::<Collector>("key.schema.json");
    agrees::<Packed>("pack.schema.json");
    agrees::<Unpacked>("unpack.schema.json");
    agrees::<Proved>("prove.schema.json");
    agrees::<ProofsReport>("verify-proof.schema.json");
    agrees::<Answer<Seats>>("licenses-summary.schema.json");
    agrees::<Answer<Assignment>>("licenses-users.schema.json");
    agrees::<Answer<Renewal>>("licenses-renewals.schema.json");
    agrees::<Answer<Held>>("licenses-history.schema.json");
    agrees::<Vec<Known>>("licenses-catalogue.schema.json");
    agrees::<MadePage>("licenses-report.schema.json");
    agrees::<Imported>("licenses-catalogue-import.schema.json");
    agrees::<Answer<Cost>>("licenses-cost.schema.json");
    agrees::<Answer<Custodian>>("licenses-sheet.schema.json");
    agrees::<Answer<AppUse>>("usage-apps.schema.json");
    agrees::<Answer<Activated>>("usage-activations.schema.json");
    agrees::<Vec<Needed>>("sync-datasets.schema.json");
    agrees::<Answer<Activity>>("usage-activity.schema.json");
    agrees::<Answer<Measurable>>("usage-coverage.schema.json");
    agrees::<Answer<Overlap>>("licenses-overlaps.schema.json");
    agrees::<PricesTaken>("licenses-prices-import.schema.json");
    agrees::<Vec<Left>>("licenses-ignored.schema.json");
    agrees::<Answer<MailUse>>("usage-mail.schema.json");
    agrees::<Answer<MailboxUse>>("usage-mailboxes.schema.json");
    agrees::<Answer<ServiceUse>>("usage-services.schema.json");
    agrees::<Answer<Unmatched>>("usage-unmatched.schema.json");
    agrees::<Answer<Freshness>>("usage-freshness.schema.json");
    agrees::<Answer<Finding>>("findings.schema.json");
    agrees::<Vec<Connected>>("connections.schema.json");
    agrees::<Tested>("connection-test.schema.json");
    agrees::<Production>("production.schema.json");
    agrees::<Vec<Synced>>("sync-run.schema.json");
    agrees::<Vec<LogLine>>("sync-log.schema.json");
    agrees::<Verified>("sync-verify.schema.json");
    agrees::<Differences>("sync-diff.schema.json");
    agrees::<Gone>("sync-prune.schema.json");
}
