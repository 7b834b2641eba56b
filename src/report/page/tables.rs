//! Sections six to eight: the balance, the pictures, the exceptions in short.

use maud::{Markup, html};

use super::super::facts::Report;
use super::super::facts::balance::{Counts, FolderLine};
use super::super::meaning::Effect;
use super::super::picture::{Bar, bars, months};
use super::super::words::{bytes, number, plural, share, signed};
use super::{Column, Number, SHOWN, Short, Text, more, table};

const HEADS: [(&str, Column); 9] = [
    ("Expected", Number),
    ("Appeared", Number),
    ("Listed", Number),
    ("Collected", Number),
    ("Rebuilt", Number),
    ("Excepted", Number),
    ("Expected after", Number),
    ("Difference", Number),
    ("Reason", Text),
];

fn cells(counts: &Counts, reason: Option<&str>) -> impl Iterator<Item = String> {
    let numbers = [
        counts.expected,
        counts.appeared,
        counts.listed,
        counts.collected,
        counts.rebuilt,
        counts.excepted,
        counts.expected_after,
    ];
    let reason = reason.unwrap_or_default().to_owned();
    numbers.map(number).into_iter().chain([signed(counts.difference), reason])
}

pub(super) fn reconciliation(report: &Report) -> Markup {
    let found = &report.reconciliation;
    let mut mailboxes: Vec<Vec<String>> = found
        .mailboxes
        .iter()
        .take(SHOWN)
        .map(|one| std::iter::once(one.custodian.clone()).chain(cells(&one.counts, None)).collect())
        .collect();
    mailboxes.push(std::iter::once("All".to_owned()).chain(cells(&found.totals, None)).collect());
    let busy: Vec<&FolderLine> = found.folders.iter().filter(|folder| folder.counts.is_busy()).collect();
    let silent = found.folders.len() - busy.len();
    let heads = |first| std::iter::once((first, Text)).chain(HEADS).collect::<Vec<_>>();
    let t = &found.totals;
    html! {
        p { "Listed messages are collected or excepted, never both: " (number(t.listed)) " = " (number(t.collected)) " + " (number(t.excepted)) ". Expected is the service's own count of the range before anything was read. The difference is what the first listing showed beyond it." }
        (table("By mailbox", &heads("Custodian"), &mailboxes, true))
        (more(found.mailboxes.len(), "mailboxes", "acquisition-report.json"))
        p { "Collected: " (bytes(t.bytes)) ". Of the excepted, " (number(t.vanished)) " were gone before they could be read; " (number(t.departed)) " were collected and had left their folder by the second listing. "
            (number(t.not_chosen)) " were kept out by a list of ids, and " (number(t.held_before)) " are held by an earlier package. Beyond the range the service counts " (plural(t.outside, "item")) " in these folders: other dates, other kinds." }
        (waterfall(t))
        @for mailbox in found.mailboxes.iter().take(40) {
            @let rows: Vec<Vec<String>> = busy.iter().filter(|folder| folder.mailbox_id == mailbox.mailbox_id).take(SHOWN)
                .map(|folder| std::iter::once(folder.path.clone()).chain(cells(&folder.counts, folder.reason.as_deref())).collect()).collect();
            @if !rows.is_empty() { (table(&format!("Folders of {}", super::visible(&mailbox.custodian)), &heads("Folder"), &rows, false)) }
        }
        p class="small" { (plural(silent as u64, "further folder")) " in scope held no message of the range. All folders are in " code { "acquisition-report.json" } "." }
    }
}

/// From what was expected to what is there.
fn waterfall(t: &Counts) -> Markup {
    let step = |name: &str, from: u64, size: u64, pale: bool| Bar {
        name: name.to_owned(),
        from,
        solid: size,
        hollow: 0,
        note: String::new(),
        pale,
    };
    let out = t.not_chosen + t.held_before;
    let gone = t.excepted.saturating_sub(t.vanished);
    let all = [
        step("expected", 0, t.expected, false),
        step("+ appeared during the run", t.expected, t.appeared, true),
        step("− kept out or held before", (t.expected + t.appeared).saturating_sub(out), out, true),
        step("= listed", 0, t.listed, false),
        step("− vanished", t.listed.saturating_sub(t.vanished), t.vanished, true),
        step("− excepted for other reasons", t.collected, gone, true),
        step("= collected", 0, t.collected, false),
    ];
    let rows: Vec<_> = all.iter().map(|bar| vec![bar.name.clone(), number(bar.solid)]).collect();
    html! {
        figure {
            figcaption { "From expected to collected" }
            (bars("waterfall", "From expected to collected", "Steps from the messages expected to those collected; the table below gives the numbers.", &all))
            (table("The steps in numbers", &[("Step", Text), ("Messages", Number)], &rows, false))
        }
    }
}

pub(super) fn pictures(report: &Report) -> Markup {
    let all = &report.months;
    let drawn = all.mailboxes.get(..24.min(all.mailboxes.len())).unwrap_or_default();
    let mut rows = Vec::new();
    for one in drawn {
        for (place, month) in all.axis.iter().enumerate() {
            let (sent, others) =
                (one.sent.get(place).copied().unwrap_or(0), one.others.get(place).copied().unwrap_or(0));
            rows.push(vec![
                one.custodian.clone(),
                month.clone(),
                number(sent),
                number(others),
                if sent + others == 0 { "empty" } else { "" }.to_owned(),
            ]);
        }
    }
    let count = rows.len();
    rows.truncate(SHOWN);
    html! {
        @if all.axis.is_empty() || drawn.is_empty() { p { "There is no message to place on a time axis." } } @else {
            figure {
                figcaption { "Collected messages by month (" (all.date_field) " date, " (report.zone) ")" }
                (months("months", all, drawn))
                p class="small" { "Grey, above the line: in Sent Items. Black, below: in other folders. Shaded: the range collected. ∅ marks a month without a message: a gap is a question, not an answer. Of "
                    (number(all.mailboxes.len() as u64)) " mailboxes " (number(drawn.len() as u64)) " are drawn; " (plural(all.off_axis, "collected message")) " stand outside of the axis or have no such date." }
                (table("Messages by month", &[("Custodian", Text), ("Month", Text), ("Sent Items", Number), ("Other folders", Number), ("", Text)], &rows, false))
                (more(count, "months", "acquisition-report.json"))
            }
        }
        @for mailbox in report.reconciliation.mailboxes.iter().take(12) { (tree(report, mailbox.mailbox_id, &mailbox.custodian)) }
    }
}

/// The folders of a mailbox with bars; what was left out stands grey with its reason.
fn tree(report: &Report, mailbox_id: u64, custodian: &str) -> Markup {
    let indent = |path: &str| "\u{2003}".repeat(path.matches('/').count().min(6)) + path;
    let mut all: Vec<Bar> = report
        .reconciliation
        .folders
        .iter()
        .filter(|folder| folder.mailbox_id == mailbox_id && folder.counts.is_busy())
        .take(60)
        .map(|folder| Bar {
            name: folder.path.clone(),
            from: 0,
            solid: folder.counts.collected,
            hollow: (folder.counts.expected + folder.counts.appeared)
                .max(folder.counts.listed)
                .saturating_sub(folder.counts.collected + folder.counts.held_before + folder.counts.not_chosen),
            note: folder.reason.clone().unwrap_or_default(),
            pale: false,
        })
        .collect();
    all.extend(report.scope.folders_left_out.iter().filter(|folder| folder.mailbox_id == mailbox_id).take(20).map(
        |folder| Bar {
            name: folder.path.clone(),
            from: 0,
            solid: folder.items.unwrap_or(0),
            hollow: 0,
            note: format!("left out: {}", folder.reason.replace('_', " ")),
            pale: true,
        },
    ));
    let rows: Vec<_> = all
        .iter()
        .map(|bar| vec![indent(&bar.name), number(bar.solid), number(bar.hollow), bar.note.clone()])
        .collect();
    html! {
        @if !all.is_empty() {
            figure {
                figcaption { "Folders of " (super::visible(custodian)) }
                (bars(&format!("tree{mailbox_id}"), "Folders", "A bar per folder: solid for what was collected, hollow for what was expected besides, grey for folders left out. The table below gives the numbers.", &all))
                (table("Folders: collected, expected besides, reason", &[("Folder", Text), ("Collected, or items left out", Number), ("Expected besides", Number), ("Note", Text)], &rows, false))
            }
        }
    }
}

pub(super) fn exceptions(report: &Report) -> Markup {
    let found = &report.exceptions;
    let mut codes: Vec<&str> = found.by_code.iter().map(|one| one.code.as_str()).collect();
    codes.sort_unstable();
    codes.dedup();
    let cell = |code: &str, effect: Effect| {
        found.by_code.iter().filter(|one| one.code == code && one.effect == effect).map(|one| one.count).sum::<u64>()
    };
    let cross: Vec<Vec<String>> = codes
        .iter()
        .map(|code| {
            std::iter::once(code.replace('_', " "))
                .chain(Effect::ALL.map(|effect| number(cell(code, effect))))
                .collect()
        })
        .collect();
    let heads: Vec<(&str, Column)> =
        std::iter::once(("Code", Text)).chain(Effect::ALL.map(|effect| (effect.words(), Number))).collect();
    let rows = found.by_code.iter().map(|one| {
        vec![
            one.code.replace('_', " "),
            one.effect.words().to_owned(),
            share(one.messages, found.of_listed),
            one.meaning.clone(),
            one.step.clone(),
        ]
    });
    html! {
        @if found.standing == 0 { p { "There is no exception and no note." } } @else {
            p { (plural(found.graver_than_notes, "exception")) " and " (plural(found.standing.saturating_sub(found.graver_than_notes), "note")) " stand; " (number(found.resolved)) " were resolved by a later try. Each is named in " code { "exceptions.html" } " and " code { "exceptions.csv" } "." }
            (table("Exceptions by code and effect", &heads, &cross, false))
            (table("What they mean", &[("Code", Short), ("Effect", Short), ("Messages of those listed", Number), ("Meaning", Text), ("Next step", Text)], &rows.collect::<Vec<_>>(), false))
        }
    }
}
