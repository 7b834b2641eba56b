//! What a collection is about to do, plans to do and came to, for people and for programs.

use super::balance;
use super::desk::Desk;
use super::exit::Exit;
use super::progress::Bars;
use super::show;
use crate::collect::{self, Job, Plan, Run, State, Tally, Way};
use crate::custody::LicenceFactRow;
use crate::terms::{FactName, FolderPath};

/// What is about to be done, in the person's words and as it is applied.
pub(super) fn scope(job: &Job) -> String {
    let folders =
        |paths: &[FolderPath]| paths.iter().map(|path| show::plain(&path.to_string())).collect::<Vec<_>>().join(", ");
    let mut text = format!("range:   {} ({} date)\n", job.range.as_asked(), job.date_field);
    text += &format!("applied: {} in UTC, on {}\n", job.range.as_applied(), job.date_field.property());
    text += &match (job.folders.is_empty(), job.excluded.is_empty()) {
        (true, true) => "folders: all, hidden ones and drafts included".to_owned(),
        (false, true) => format!("folders: {} and below", folders(&job.folders)),
        (true, false) => format!("folders: all but {} and below", folders(&job.excluded)),
        (false, false) => format!("folders: {} and below, without {}", folders(&job.folders), folders(&job.excluded)),
    };
    if let Some(chosen) = &job.chosen {
        let (way, entries) = (if chosen.way == Way::Only { "only" } else { "all but" }, show::number(chosen.entries));
        text = format!("ids:     {way} the messages that {entries} ids name (list {})\n{text}", chosen.sha256);
    }
    if let Some(since) = &job.since {
        text = format!("since:   the package {}, sealed {}\n{text}", since.acquisition_id, since.sealed_at);
        if !since.taken_over.is_empty() {
            text = format!("taken over from it: {}\n{text}", since.taken_over.join(", "));
        }
    }
    text += if job.recoverable { ", and Recoverable Items" } else { "; Recoverable Items are not collected" };
    text + "\nbeyond:  in-place archives, calendars, contacts, tasks and notes: Graph's mail interface does not reach them"
}

/// Shows the plan: folders with counts and sizes, and what is left out and why.
pub(super) fn show_plan(desk: &Desk, run: &Run, plan: &Plan, licences: &[Vec<LicenceFactRow>], bars: Option<&Bars>) {
    if let Some(bars) = bars {
        bars.clear();
    }
    if desk.json {
        let parts: Vec<_> = plan.parts.iter().map(|part| {
            let mailbox = part.mailbox.as_ref();
            serde_json::json!({
                "custodian": part.custodian, "user_id": part.user_id, "verdict": part.verdict, "advice": part.advice,
                "listed": mailbox.map(collect::PlannedMailbox::listed),
                "since": mailbox.and_then(|mailbox| mailbox.compared),
                "had_before": mailbox.map(|mailbox| mailbox.had_before), "licence_facts": licences.get(part.index),
                "folders": mailbox.map(|mailbox| mailbox.folders.iter().map(|folder| serde_json::json!({
                    "path": folder.row.path, "listed": folder.listed, "not_chosen": folder.not_chosen,
                    "held_before": folder.held_before, "store_bytes": folder.store_bytes,
                    "items_of_every_type": folder.row.total_item_count, "hidden": folder.row.is_hidden,
                    "left_out": folder.row.excluded_because.map(|why| why.as_str()),
                })).collect::<Vec<_>>()),
            })
        }).collect();
        let line = serde_json::json!({ "event": "plan", "listed": plan.listed(), "not_chosen": plan.not_chosen(),
            "held_before": plan.held_before(), "store_bytes": plan.store_bytes(), "custodians": parts });
        desk.print(&format!("{line}\n"));
        return;
    }
    let mut rows = Vec::new();
    for part in &plan.parts {
        let Some(mailbox) = &part.mailbox else {
            desk.note(&format!("{}: {}, nothing can be collected", part.custodian, part.verdict.as_str()));
            part.advice
                .iter()
                .flat_map(|advice| advice.lines())
                .for_each(|line| desk.note(&format!("    {}", show::plain(line))));
            continue;
        };
        for folder in &mailbox.folders {
            let why = folder
                .row
                .excluded_because
                .map_or_else(|| show::number(folder.listed), |why| format!("left out: {why}"));
            let held = if folder.held_before > 0 {
                format!(" ({} held)", show::number(folder.held_before))
            } else {
                String::new()
            };
            let size = if folder.store_bytes > 0 { show::bytes(folder.store_bytes) } else { String::new() };
            let hidden = if folder.row.is_hidden { " (hidden)" } else { "" };
            // Empty folders that nobody hid would only make the list long.
            if folder.listed > 0
                || folder.row.excluded_because.is_some()
                || folder.row.total_item_count.unwrap_or(0) > 0
            {
                rows.push(vec![part.custodian.clone(), show::plain(&folder.row.path) + hidden, why + &held, size]);
            }
        }
    }
    desk.note(&show::table(&["CUSTODIAN", "FOLDER", "MESSAGES", "SIZE"], &[2, 3], &rows));
    for (part, mailbox) in plan.mailboxes() {
        if let Some(compared) = &mailbox.compared {
            let name = show::plain(&part.custodian);
            desk.note(&match mailbox.had_before {
                true => format!("{name}: {}", against(compared)),
                false => format!("{name}: not in the earlier package, so collected whole"),
            });
        }
    }
    for line in known(plan, licences) {
        desk.note(&line);
    }
    let least = plan.least_seconds(desk.settings.limits.per_window).filter(|seconds| *seconds > 0);
    let time = least.map(|seconds| {
        format!(", at least {} under the service's limits", show::duration(std::time::Duration::from_secs(seconds)))
    });
    desk.note(&format!(
        "{} messages{}{}, {} in the store{}; package: {}",
        show::number(plan.listed()),
        passed_over(plan.not_chosen(), "not chosen"),
        passed_over(plan.held_before(), "in an earlier package"),
        show::bytes(plan.store_bytes()),
        time.unwrap_or_default(),
        run.acquisition.package.root()
    ));
}

/// What the usage and licence sync knows of the mailboxes that helps to judge the plan.
fn known(plan: &Plan, licences: &[Vec<LicenceFactRow>]) -> Vec<String> {
    let mut lines = Vec::new();
    for (part, mailbox) in plan.mailboxes() {
        let facts = licences.get(part.index).map(Vec::as_slice).unwrap_or_default();
        let fact = |name| facts.iter().find(|fact| fact.name == name);
        let value = |name| fact(name).and_then(|fact| fact.value.as_deref());
        let name = show::plain(&part.custodian);
        let items = value(FactName::MailboxItems).and_then(|text| text.parse::<u64>().ok());
        let size = value(FactName::MailboxBytes).and_then(|text| text.parse::<u64>().ok());
        if let (Some(items), Some(size)) = (items, size) {
            let as_of = fact(FactName::MailboxItems).and_then(|fact| fact.as_of.as_deref()).unwrap_or_default();
            let (items, size) = (show::number(items), show::bytes(size));
            lines.push(format!(
                "{name}: the whole mailbox has {items} items of all kinds, {size}, by the usage report of {as_of}"
            ));
        }
        if items.is_some_and(|items| items > 0)
            && mailbox.folders.iter().all(|folder| folder.row.total_item_count == Some(0))
        {
            lines.push(format!(
                "{name}: yet all its folders are empty here: what you can see may not be the whole mailbox"
            ));
        }
        if value(FactName::Archive) == Some("yes") {
            lines.push(format!("{name}: an online archive exists, and is not collected"));
        }
        if value(FactName::PopOrImap) == Some("yes") {
            lines.push(format!("{name}: mail is read by POP or IMAP, so some may lie elsewhere"));
        }
        if value(FactName::AccountEnabled) == Some("no") {
            lines.push(format!("{name}: the account is disabled"));
        }
        if matches!(value(FactName::MailboxPlan), Some("plan_1" | "kiosk" | "none"))
            && value(FactName::MailboxKind) == Some("user")
        {
            lines.push(format!(
                "{name}: no Exchange Online Plan 2 is enabled, so holds and premium features may be missing"
            ));
        }
    }
    lines
}

/// Says so when the disk will probably not hold what is planned.
pub(super) async fn warn_of_little_room(desk: &Desk, run: &Run, plan: &Plan) {
    // Without an answer there is nothing to say; what the record cannot tell shows in the next step.
    if let Ok(Some(room)) = collect::disk_room(run, plan).await
        && room.is_short()
    {
        desk.note(&format!(
            "warning: about {} are needed and {} are free on the disk of {}; if it fills up, the run stops and keeps what it has",
            show::bytes(room.needed),
            show::bytes(room.free),
            run.acquisition.package.root()
        ));
    }
}

/// How many messages of the range are not collected, and why.
fn passed_over(count: u64, why: &str) -> String {
    if count > 0 { format!(" ({} others are {why})", show::number(count)) } else { String::new() }
}

/// How a mailbox compares with an earlier package.
fn against(counts: &collect::Compared) -> String {
    let not_fetched = if counts.moved_held > 0 {
        format!(" ({} not fetched)", show::number(counts.moved_held))
    } else {
        String::new()
    };
    let [new, changed, moved, retried, unchanged] =
        [counts.new, counts.changed, counts.moved, counts.retried, counts.unchanged].map(show::number);
    format!("{new} new, {changed} changed, {moved} moved{not_fetched}, {retried} tried again, {unchanged} unchanged")
}

/// Says what the run came to; never "success" for one that is not complete.
pub(super) fn told(desk: &Desk, tally: &Tally) -> Exit {
    if desk.json {
        print_tally(desk, tally);
    } else {
        desk.print(&report(tally));
    }
    match tally.state {
        State::Complete => Exit::Complete,
        // Incomplete: it came to its end and was left open as asked. What stops a run early is an error.
        State::CompleteWithExceptions | State::Incomplete => Exit::Exceptions,
        State::Interrupted => Exit::Interrupted,
    }
}

/// One JSON line.
pub(super) fn print_tally(desk: &Desk, tally: &Tally) {
    let line = serde_json::to_string(tally).unwrap_or_default();
    desk.print(&(line + "\n"));
}

fn report(tally: &Tally) -> String {
    let row = |name: &str, verdict: &str, counts: &collect::Counts| {
        let mut cells = vec![show::plain(name), verdict.to_owned()];
        cells.extend(
            [counts.listed, counts.collected, counts.rebuilt, counts.excepted, counts.vanished].map(show::number),
        );
        cells.push(show::bytes(counts.bytes));
        cells
    };
    let mut rows: Vec<_> = tally.custodians.iter().map(|one| row(&one.custodian, &one.verdict, &one.counts)).collect();
    rows.push(row("all", "", &tally.totals));
    let heads = ["CUSTODIAN", "ACCESS", "LISTED", "COLLECTED", "REBUILT", "EXCEPTED", "VANISHED", "SIZE"];
    let mut text = balance::table(tally);
    text += &show::table(&heads, &[2, 3, 4, 5, 6, 7], &rows);
    let list = |codes: &std::collections::BTreeMap<String, u64>| {
        codes.iter().map(|(code, count)| format!("{count} {code}")).collect::<Vec<_>>().join(", ")
    };
    text += "\nlisted = collected + excepted; rebuilt is part of collected, vanished part of excepted\n";
    if tally.not_chosen > 0 {
        text += &format!("not chosen: {} messages of the range, by the list of ids\n", show::number(tally.not_chosen));
    }
    if let Some(since) = &tally.since {
        let gone = show::number(since.counts.gone);
        text += &format!(
            "since:      {}, {gone} gone; against the package {}\n",
            against(&since.counts),
            since.acquisition_id
        );
    }
    if !tally.exceptions.is_empty() {
        text += &format!("exceptions: {}\n", list(&tally.exceptions));
    }
    if !tally.notes.is_empty() {
        text += &format!("notes:      {}\n", list(&tally.notes));
    }
    text += match tally.state {
        State::Complete => "state:      complete\n",
        State::CompleteWithExceptions => {
            "state:      completed WITH EXCEPTIONS; see the table exception in affiant/manifest.sqlite\n"
        }
        State::Incomplete => "state:      NOT sealed: left open as asked, because something failed\n",
        State::Interrupted => "state:      interrupted\n",
    };
    if let Some(seal) = &tally.seal {
        text += &format!("seal:       {} lines, root {} — keep it elsewhere\n", seal.size, seal.root);
        text += &format!("key:        {}\n", seal.vkey);
    }
    let package = &tally.package;
    text += &format!("package:    {package}\n");
    text + &match tally.state {
        State::Complete | State::CompleteWithExceptions => format!("verify:     affiant verify {package}\n"),
        State::Incomplete | State::Interrupted => {
            format!("try again:  affiant resume {package} --retry-exceptions\nseal as is: affiant resume {package}\n")
        }
    }
}
