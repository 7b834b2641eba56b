//! Clocks that are set while a run works.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use serde_json::json;

use crate::tenant::{MARA, Tenant};

#[test]
fn a_service_whose_clock_is_set_during_a_run_is_collected_to_the_end() {
    let tenant = Tenant::with_sign_in(&["--synthetic", &format!("{MARA}=400:2000"), "--latency-ms", "10"]);
    for (name, seconds) in [("ahead", 2 * 3600), ("back", -3 * 3600)] {
        let out = tenant.text(name);
        let args = ["collect", MARA, "--folder", "Inbox/Volume", "--yes", "--json", "--out", &out];
        let mut run = tenant.command(&args).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("it runs");
        let mut lines = BufReader::new(run.stdout.take().expect("piped")).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.contains("\"fetching\"")), "it began to fetch");
        // Ahead, every token is over at once.
        tenant.tell("advance", &json!({ "seconds": seconds }));
        lines.for_each(drop);
        assert_eq!(run.wait().expect("it ends").code(), Some(0), "{name}");
        tenant.run(&["verify", &out]).exits(0);
    }
}
