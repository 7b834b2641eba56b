//! One case: a mailbox, what is asked of it, the faults meanwhile; and the judgement.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;

use super::draw::Draw;
use super::mailbox::{MOMENTS, Mailbox, instant};
use super::schedule::Schedule;
use crate::tenant::{Ran, Tenant, rows};

const FIELDS: [&str; 4] = ["received", "sent", "created", "modified"];
/// Everything that ended in bytes: hash, whether rebuilt, control number.
const ITEMS: &str = "select lower(hex(sha256)), source_kind, item_id from item";
/// What stands as missing or rebuilt, by code.
const CODES: &str = "select distinct code from exception where severity in ('item_missing', 'warning') and \
                     (listed_id is not null or item_id is not null)";
const BROKEN: &str =
    "select count(*) from exception where severity = 'fatal' or (severity = 'item_missing' and listed_id is null)";
const MISSING: &str = "select count(distinct e.listed_id) from exception e where e.severity = 'item_missing' and e.listed_id is not null \
                       and not exists (select 1 from item i where i.item_id = e.listed_id)";
const UNPROVEN: &str = "select count(*) from exception e where severity = 'item_missing' and listed_id is not null \
                        and not exists (select 1 from request r where r.entry_seq = e.entry_seq)";
const WITHOUT_END: &str = "select count(*) from listed l where not exists (select 1 from item i where i.item_id = l.listed_id) \
                           and not exists (select 1 from exception e where e.listed_id = l.listed_id and e.severity = 'item_missing')";

/// What is asked, and of which mailbox.
pub(super) struct Case<'a> {
    number: u64,
    schedule: Schedule,
    args: Vec<String>,
    /// Hashes of the messages that are asked for, and whether the service can render them; none is like another.
    wanted: BTreeMap<&'a str, bool>,
}

impl<'a> Case<'a> {
    pub(super) fn drawn(number: u64, mailboxes: &'a [Mailbox]) -> Self {
        let mut draw = Draw::of(number.wrapping_mul(0x9e37_79b9).wrapping_add(0x00af_f1a7));
        let mailbox = draw.pick(mailboxes);
        let field = draw.below(4);
        let (mut from, mut to) = (None, None);
        if !draw.one_in(4) {
            let (one, other) = (*draw.pick(&MOMENTS), *draw.pick(&MOMENTS));
            (from, to) = (Some(one.min(other)), Some(one.max(other) + 1));
            from = from.filter(|_| !draw.one_in(5));
            to = to.filter(|_| !draw.one_in(5));
        }
        let mut args = vec![mailbox.owner.clone(), "--date-field".to_owned(), FIELDS[field].to_owned()];
        for (name, at) in [("--from", from), ("--to", to)] {
            args.extend(at.into_iter().flat_map(|at| [name.to_owned(), instant(at)]));
        }
        let format = if draw.one_in(2) { "zip" } else { "eml" };
        args.extend(["--format".to_owned(), format.to_owned()]);
        let recoverable = draw.one_in(3);
        args.extend(recoverable.then(|| "--include-recoverable".to_owned()));
        let path = |draw: &mut Draw| {
            let plain: Vec<&str> = mailbox.folders.iter().filter(|f| f.plain).map(|f| f.path.as_str()).collect();
            (*draw.pick(&plain)).to_owned()
        };
        let only = draw.one_in(5).then(|| path(&mut draw));
        let not = draw.one_in(5).then(|| path(&mut draw)).filter(|not| only.as_ref() != Some(not));
        for (name, path) in [("--folder", &only), ("--exclude-folder", &not)] {
            args.extend(path.iter().flat_map(|path| [name.to_owned(), path.clone()]));
        }
        let below =
            |path: &str, top: &str| path == top || path.strip_prefix(top).is_some_and(|rest| rest.starts_with('/'));
        let in_scope = |at: usize| {
            let folder = &mailbox.folders[at];
            let asked = folder.recoverable || only.as_ref().is_none_or(|only| below(&folder.path, only));
            let kept = not.as_ref().is_none_or(|not| !below(&folder.path, not));
            asked && kept && (folder.plain || recoverable)
        };
        let in_range = |date: Option<i64>| match date {
            // Without a range everything is meant, dated or not.
            None => from.is_none() && to.is_none(),
            Some(at) => from.is_none_or(|from| at >= from) && to.is_none_or(|to| at < to),
        };
        let wanted = mailbox.messages.iter().filter(|one| in_scope(one.folder) && in_range(one.dates[field]));
        let wanted = wanted.map(|one| (one.sha256.as_str(), !one.damaged)).collect();
        let schedule = Schedule::drawn(&mut draw);
        Self { number, schedule, args, wanted }
    }

    /// Runs it; returns what does not hold.
    pub(super) fn run(&self, tenant: &Tenant) -> Vec<String> {
        let mut wrong = Vec::new();
        let name = format!("case-{}", self.number);
        let package = tenant.path(&name);
        let out = tenant.text(&name);
        tenant.tell("faults", &serde_json::json!({ "faults": self.schedule.text }));
        let mut args = vec!["collect", "--out", &out, "--yes", "--json"];
        args.extend(self.args.iter().map(String::as_str));
        let mut ran = patient(tenant, &args);
        let struck = tenant.control("GET", "requests");
        tenant.tell("faults", &serde_json::json!({ "faults": "" }));
        if struck["most_at_once"].as_u64() > Some(4) {
            wrong.push(format!("{} requests at once", struck["most_at_once"]));
        }
        let mut exits = vec![ran.exit];
        if ran.exit != 0 && ran.exit != 3 {
            if !self.schedule.may_pause_with(ran.exit) && !self.schedule.spoils() {
                wrong.push(format!("exit {}: {}", ran.exit, ran.stderr));
            }
            if package.join("affiant/manifest.sqlite").exists() {
                self.judge_unsealed(&ran, &package, &mut wrong);
            }
            if ran.exit == 4 {
                tenant.login().exits(0);
            }
            let begun = package.join("affiant/manifest.sqlite").exists();
            let resume = ["resume", "--json", &out];
            ran = patient(tenant, if begun { &resume } else { &args });
            exits.push(ran.exit);
        }
        if ran.stderr.contains("panicked") {
            wrong.push(format!("it panicked: {}", ran.stderr));
        }
        self.judge(&ran, &package, &mut wrong);
        let verified = tenant.run(&["verify", &out]);
        if verified.exit != 0 {
            wrong.push(format!("verify {}: {}{}", verified.exit, verified.stdout, verified.stderr));
        }
        let _ = std::fs::remove_dir_all(&package);
        let about =
            format!("case {} [{}] exits {exits:?} faults {}", self.number, self.args.join(" "), self.schedule.text);
        wrong.into_iter().map(|what| format!("{about}: {what}")).collect()
    }

    /// What a run that pauses owes: it says so, what it has is right, and nothing is written off that is there.
    fn judge_unsealed(&self, ran: &Ran, package: &Path, wrong: &mut Vec<String>) {
        if !last(ran)["seal"].is_null() || ran.stdout.contains("\"state\":\"complete") {
            wrong.push("a run that paused calls itself complete".to_owned());
        }
        for row in rows(package, ITEMS) {
            let (sha256, _) = row.split_once('|').expect("columns");
            if row.contains("|mime_value|") && !self.wanted.contains_key(sha256) {
                wrong.push(format!("before the pause: {row} was not asked for, or is not as served"));
            }
        }
    }

    fn judge(&self, ran: &Ran, package: &Path, wrong: &mut Vec<String>) {
        if ran.exit != 0 && ran.exit != 3 {
            wrong.push(format!("exit {} at last: {}", ran.exit, ran.stderr));
            return;
        }
        let one =
            |sql: &str| rows(package, sql).first().and_then(|text| text.parse::<usize>().ok()).unwrap_or(usize::MAX);
        let items = rows(package, ITEMS);
        let natives: Vec<&str> =
            items.iter().filter(|row| row.contains("|mime_value|")).filter_map(|row| row.split('|').next()).collect();
        let mut twice = natives.clone();
        twice.sort_unstable();
        twice.dedup();
        if twice.len() != natives.len() {
            wrong.push(format!("{} items are there twice", natives.len() - twice.len()));
        }
        for native in &twice {
            match self.wanted.get(native) {
                Some(true) => {}
                Some(false) => wrong.push(format!("{native} cannot be rendered and is said to be served")),
                None => wrong.push(format!("{native} was not asked for, or is not as served")),
            }
        }
        let (listed, missing, broken) = (one("select count(*) from listed"), one(MISSING), one(BROKEN));
        let (rebuilt, wanted) = (items.len() - natives.len(), self.wanted.len());
        let damaged = self.wanted.values().filter(|served| !**served).count();
        // What moves and cannot be recognised is listed under both of its ids: gone from one, collected from the other.
        let anew = if self.schedule.text.contains("moved") { missing } else { 0 };
        if listed > wanted + anew || (listed < wanted && broken == 0) {
            wrong.push(format!("{listed} listed of {wanted}, {broken} lists broken"));
        }
        if listed != items.len() + missing {
            wrong.push(format!("{listed} listed, {} collected, {missing} missing", items.len()));
        }
        for (sql, what) in [(WITHOUT_END, "listed without an end"), (UNPROVEN, "missing without a request")] {
            if one(sql) != 0 {
                wrong.push(format!("{} {what}", one(sql)));
            }
        }
        let whole = natives.len() == wanted && damaged + broken + missing == 0;
        if (ran.exit == 0) != whole {
            wrong.push(format!("exit {} with {} natives of {wanted}, {broken} lists broken", ran.exit, natives.len()));
        }
        if !self.schedule.spoils() && (natives.len() + damaged != wanted || rebuilt != damaged || missing + broken > 0)
        {
            let codes = rows(package, "select code, severity, detail from exception where severity <> 'info'");
            wrong.push(format!("{} natives and {rebuilt} rebuilt of {wanted} without cause: {codes:?}", natives.len()));
        }
        for code in rows(package, CODES) {
            if !(self.schedule.may_cost_items(&code) || (damaged > 0 && code == "mime_unavailable")) {
                let details = rows(
                    package,
                    &format!("select detail from exception where code = '{code}' and severity <> 'info'"),
                );
                wrong.push(format!("items have the code {code}, which no fault gives: {details:?}"));
            }
        }
        if broken > 0 && !self.schedule.breaks_lists() {
            wrong.push(format!("{broken} lists broken without cause"));
        }
        let totals = &last(ran)["totals"];
        if totals["listed"].as_u64() != Some(listed as u64) || totals["collected"].as_u64() != Some(items.len() as u64)
        {
            wrong.push(format!("the result says {totals}"));
        }
    }
}

fn last(ran: &Ran) -> Value {
    ran.stdout.lines().last().and_then(|line| serde_json::from_str(line).ok()).unwrap_or_default()
}

/// A run that waits a little for its own retries and no longer than the service asks.
fn patient(tenant: &Tenant, args: &[&str]) -> Ran {
    let output = tenant.command(args).env("AFFIANT_LIMITS_FIRST_PAUSE_MS", "2").output().expect("the binary runs");
    Ran {
        exit: output.status.code().unwrap_or(-1),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
