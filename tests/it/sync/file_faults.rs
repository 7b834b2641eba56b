//! Every way in which a report's file was seen to go wrong meets a run: what its dataset comes to, and that a later run
//! without it has everything.

use serde_json::{Value, json};

use super::{APP, SECRET, outcome, stored};
use crate::signing_in::finished;
use crate::tenant::Tenant;

/// Fault, report, dataset, how it ends, what its note says.
const FIRST: [(&str, &str, &str, &str, &str); 13] = [
    ("report-http", "getOffice365ActivationsUserCounts", "activation-users", "failed", "a host that is not known"),
    ("report-cut", "getOffice365ActivationCounts", "activation-counts", "ok", ""),
    ("report-short", "getOffice365ServicesUserCounts", "services", "failed", "breaks off in line 1"),
    ("report-hiccup", "getMailboxUsageQuotaStatusMailboxCounts", "quota", "ok", ""),
    ("csv-ragged", "getTeamsUserActivityUserDetail", "teams", "failed", "do not fit the header, the first in line"),
    (
        "csv-bad",
        "getSharePointActivityUserDetail",
        "sharepoint",
        "failed",
        "do not fit the header, the first in line 2",
    ),
    ("csv-lf", "getOneDriveUsageAccountDetail", "onedrive", "ok", ""),
    ("names-real", "getEmailActivityUserDetail", "email", "ok", ""),
    ("names-hex", "getMailboxUsageDetail", "mailbox", "ok", ""),
    ("names-long", "getOffice365ActiveUserDetail", "active", "ok", ""),
    ("names-guid", "getOffice365ActivationsUserDetail", "activations", "ok", ""),
    ("names-base64", "getM365AppUserDetail", "apps", "ok", ""),
    ("names-empty", "getEmailAppUsageUserDetail", "email-apps", "ok", ""),
];
/// Those that pass by themselves, when they do not.
const LASTING: [(&str, &str, &str, &str, &str); 2] = [
    ("report-cut:forever", "getOffice365ServicesUserCounts", "services", "failed", ""),
    ("report-hiccup:forever", "getOffice365ActivationsUserCounts", "activation-users", "failed", ""),
];

fn meet(tenant: &Tenant, cases: &[(&str, &str, &str, &str, &str)]) {
    let faults: Vec<String> = cases.iter().map(|(fault, report, ..)| format!("{fault}:of={report}")).collect();
    tenant.tell("faults", &json!({ "faults": faults.join(" ") }));
    let synced = tenant.run(&["sync", "run", "--json"]).exits(3).json()[0].clone();
    let log = tenant.run(&["sync", "log", "--json"]).exits(0).json();
    for (fault, _, dataset, ends, says) in cases {
        let had = outcome(&synced, dataset);
        assert_eq!(had["outcome"], *ends, "{fault}: {had}");
        assert!(had["note"].as_str().unwrap_or_default().contains(says), "{fault}: {had}");
        let logged = |line: &&Value| line["fields"]["dataset"] == *dataset;
        let logged = log.as_array().and_then(|lines| lines.iter().find(logged)).expect("a line of the log");
        assert_eq!((&logged["code"], &logged["fields"]["rows"]), (&had["outcome"], &had["rows"]), "{fault}");
    }
}

#[test]
fn each_fault_of_a_report_has_its_outcome_and_a_clean_run_has_everything() {
    let tenant = Tenant::start(&["--synthetic-users", "55"]);
    let mut add = tenant.command(&["connection", "add", "brackwater", "--flow", "client-secret"]);
    finished(add.env("AFFIANT_CLIENT_ID", APP).env("AFFIANT_CLIENT_SECRET", SECRET)).exits(0);
    tenant.tell("reports", &json!({ "concealed": true }));
    meet(&tenant, &FIRST);
    let kinds = |dataset: &str| {
        let newest = "SELECT max(snap_id) FROM snapshot WHERE dataset = '{}' AND complete = 1 AND same_as IS NULL";
        let newest = newest.replace("{}", dataset);
        stored(&tenant, &format!("SELECT DISTINCT kind FROM principal WHERE snap_id = ({newest})"))
    };
    for (dataset, kind) in [
        ("onedrive", "concealed"),
        ("email", "real"),
        ("mailbox", "concealed"),
        ("active", "concealed"),
        ("activations", "concealed"),
        ("apps", "concealed"),
        ("email-apps", "empty"),
    ] {
        assert_eq!(kinds(dataset), [kind], "{dataset}");
    }
    let joined = "SELECT count(*) FROM principal WHERE kind <> 'real' AND user_id IS NOT NULL";
    assert_eq!(stored(&tenant, joined), ["0"], "stand-ins are nobody");
    let read = "SELECT count(*) FROM snapshot WHERE dataset IN ('teams', 'sharepoint', 'services', 'activation-users')";
    assert_eq!(stored(&tenant, read), ["0"], "what was not whole is no snapshot");
    meet(&tenant, &LASTING);
    assert_eq!(stored(&tenant, read), ["2"], "and the others were read");

    tenant.tell("faults", &json!({ "faults": "" }));
    tenant.tell("reports", &json!({ "concealed": false }));
    let clean = tenant.run(&["sync", "run", "--json"]).exits(0).json()[0].clone();
    for (fault, _, dataset, ..) in FIRST {
        let had = outcome(&clean, dataset);
        assert!(had["outcome"] == "ok" || had["outcome"] == "not_modified", "{fault}: {had}");
        assert!(had["rows"].as_i64().is_some_and(|rows| rows > 0), "{fault}: {had}");
    }
    assert_eq!(clean["concealment"], "none");
    for dataset in
        ["email", "mailbox", "active", "activations", "apps", "email-apps", "teams", "sharepoint", "onedrive"]
    {
        assert_eq!(kinds(dataset), ["real"], "{dataset}");
    }
    tenant.run(&["sync", "verify"]).exits(0);
}
