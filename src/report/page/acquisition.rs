//! The acquisition report: twelve sections in order, and appendices. This file holds the first five.

use maud::{Markup, html};

use super::super::facts::Report;
use super::super::facts::access::Custodian;
use super::super::facts::scope::reason;
use super::super::words::{bytes, listed, number, plural, share};
use super::{Number, SHOWN, Short, Text, evidence, facts, frame, licences, more, stamped, table, tables};

const SECTIONS: [&str; 13] = [
    "Summary",
    "Scope",
    "Authority and access",
    "Method",
    "Environment",
    "Reconciliation",
    "Timeline and folders",
    "Exceptions",
    "Duplicates and earlier packages",
    "Integrity",
    "Custody",
    "Limits",
    "Appendices",
];

/// The page.
pub(in super::super) fn page(report: &Report) -> String {
    let parts = [
        summary(report),
        scope(report),
        access(report),
        method(report),
        environment(report),
        tables::reconciliation(report),
        tables::pictures(report),
        tables::exceptions(report),
        evidence::duplicates(report),
        evidence::integrity(report),
        evidence::custody(report),
        evidence::limits(report),
        evidence::appendices(report),
    ];
    let body = html! {
        h1 { "Acquisition report" }
        @for (place, (title, part)) in SECTIONS.iter().zip(&parts).enumerate() {
            section {
                h2 id={ "s" (place + 1) } { @if place < 12 { (place + 1) ". " } (title) }
                (part)
            }
            @if place == 0 {
                nav aria-label="Contents" { ol { @for (place, title) in SECTIONS.iter().enumerate() { li { a href={ "#s" (place + 1) } { (title) } } } } }
            }
        }
    };
    frame(&format!("Acquisition report {}", report.acquisition_id), &running(report), &body)
}

/// What stands at the head of every printed page.
pub(in super::super) fn running(report: &Report) -> String {
    let matter = report.matter.as_deref().map(|matter| format!("{matter} · ")).unwrap_or_default();
    format!("{matter}acquisition {}", report.acquisition_id)
}

fn summary(report: &Report) -> Markup {
    let (scope, summary) = (&report.scope, &report.summary);
    let graver = report.exceptions.graver_than_notes;
    html! {
        p class="verdict" { strong { (summary.sentence) } }
        (facts(&[
            ("Matter", report.matter.clone()),
            ("Acquisition", Some(report.acquisition_id.clone())),
            ("Collected by", summary.collected_by.clone()),
            ("Opened", summary.opened.as_ref().map(|at| at.words())),
            ("Sealed", summary.sealed.as_ref().map(|at| at.words())),
            ("Local times", Some(report.zone.clone())),
            ("Mailboxes", Some(listed(&report.reconciliation.mailboxes.iter().take(12).map(|one| one.custodian.clone()).collect::<Vec<_>>()))
                .filter(|names| !names.is_empty()).or_else(|| Some("none".to_owned()))),
            ("Dates", scope.range_as_asked.clone()),
            ("Date that decides", scope.date_field.clone()),
            ("Applied as", scope.range_as_applied.clone()),
            ("Messages", Some(share_collected(report))),
            ("Size", Some(bytes(summary.bytes))),
            ("Exceptions", Some(format!("{}, and {}", plural(graver, "exception"), plural(report.exceptions.standing - graver.min(report.exceptions.standing), "note")))),
            ("Log", Some(format!("{}, root {}…", plural(report.integrity.log_size, "line"), report.integrity.log_root.get(..16).unwrap_or_default()))),
            ("Time stamp", Some(stamped(report))),
        ]))
    }
}

fn share_collected(report: &Report) -> String {
    let totals = &report.reconciliation.totals;
    format!("{} listed messages collected", share(totals.collected, totals.listed))
}

fn scope(report: &Report) -> Markup {
    let scope = &report.scope;
    let all = |paths: &[String], none: &str| Some(if paths.is_empty() { none.to_owned() } else { listed(paths) });
    let reasons =
        scope.left_out.iter().map(|one| vec![reason(&one.reason).to_owned(), number(one.folders), number(one.items)]);
    let custodian = |id: u64| {
        report.reconciliation.mailboxes.iter().find(|one| one.mailbox_id == id).map(|one| one.custodian.clone())
    };
    let out = scope.folders_left_out.iter().take(SHOWN).map(|one| {
        vec![
            one.path.clone(),
            custodian(one.mailbox_id).unwrap_or_default(),
            reason(&one.reason).to_owned(),
            one.items.map_or_else(|| "not counted".to_owned(), number),
        ]
    });
    html! {
        (facts(&[
            ("Custodians asked for", all(&scope.custodians, "none")),
            ("Dates as asked", scope.range_as_asked.clone()),
            ("Dates as applied", scope.range_as_applied.clone()),
            ("Filter as sent", scope.filter_as_sent.clone().or_else(|| Some("none".to_owned()))),
            ("Folders asked for", all(&scope.folders, "all that hold mail")),
            ("Folders kept out", all(&scope.excluded_folders, "none")),
            ("Recoverable Items", scope.include_recoverable.map(|yes| if yes { "asked for" } else { "not asked for" }.to_owned())),
            ("List of message ids", Some(scope.chosen_sha256.as_ref().map_or_else(|| "none".to_owned(), |hash| format!("affiant/chosen-ids, SHA-256 {hash}")))),
            ("Supplements", Some(scope.since.clone().unwrap_or_else(|| "no earlier acquisition".to_owned()))),
            ("Folders in scope", Some(number(scope.folders_included))),
        ]))
        @if scope.left_out.is_empty() { p { "No folder was left out." } } @else {
            (table("Folders left out, by reason", &[("Reason", Text), ("Folders", Number), ("Items in them", Number)], &reasons.collect::<Vec<_>>(), false))
            (table("Folders left out", &[("Folder", Text), ("Custodian", Text), ("Reason", Text), ("Items", Number)], &out.collect::<Vec<_>>(), false))
            (more(scope.folders_left_out.len(), "folders", "acquisition-report.json"))
        }
        h3 { "Sources not covered" }
        p { "Graph's mail interface does not reach in-place archive mailboxes. Calendar entries, contacts, tasks and notes, Teams messages, group mailboxes, public folders and files behind cloud links are not mail of these folders and were not collected." }
    }
}

fn access(report: &Report) -> Markup {
    let access = &report.access;
    let sign_ins = access.sign_ins.iter().take(SHOWN).map(|one| {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "not recorded".to_owned());
        vec![one.at.short(), or(&one.upn), or(&one.flow), or(&one.client_id), listed(&one.scopes)]
    });
    let requests = access.requests.iter().map(|one| {
        let status = one.status.map_or_else(|| "no answer".to_owned(), |status| status.to_string());
        vec![one.purpose.replace('_', " "), one.method.clone(), status, number(one.count), number(one.bytes)]
    });
    let refused: Vec<_> = access
        .custodians
        .iter()
        .flat_map(|one| {
            one.refusals.iter().map(move |refusal| {
                let or = |text: &Option<String>| text.clone().unwrap_or_default();
                vec![
                    one.asked_as.clone(),
                    or(&refusal.step),
                    refusal.status.map(|status| status.to_string()).unwrap_or_default(),
                    or(&refusal.code),
                    or(&refusal.request_id),
                ]
            })
        })
        .take(SHOWN)
        .collect();
    html! {
        (table("Sign-ins", &[("At (UTC)", Short), ("Account", Text), ("Flow", Short), ("Application", Text), ("Permissions in the token", Text)], &sign_ins.collect::<Vec<_>>(), false))
        p { "Tenant " (access.sign_ins.first().and_then(|one| one.tenant_id.clone()).unwrap_or_else(|| "not recorded".to_owned())) ". The token is not kept; its identifier (uti), by which the tenant's own logs know it, is in the JSON form of this report." }
        (table("Test of access before anything was read", &[("Custodian", Text), ("Mailbox", Text), ("Verdict", Text), ("Read as", Text), ("Tested (UTC)", Short), ("Requests", Number)], &access.custodians.iter().take(SHOWN).map(tested).collect::<Vec<_>>(), false))
        (more(access.custodians.len(), "custodians", "acquisition-report.json"))
        @if refused.is_empty() { p { "No request of these tests was refused." } } @else {
            (table("Refused requests of these tests", &[("Custodian", Text), ("Step", Text), ("Status", Number), ("Code", Text), ("Request id", Text)], &refused, false))
        }
        (table("Requests by purpose", &[("Purpose", Text), ("Method", Short), ("Status", Number), ("Requests", Number), ("Bytes", Number)], &requests.collect::<Vec<_>>(), false))
        (licences::licences(report))
        p { (number(access.requests_total)) " requests in all; " (number(access.not_get)) " of those to the mail service used another method than GET." }
    }
}

fn tested(one: &Custodian) -> Vec<String> {
    let mailbox = one.mailbox.as_ref().map_or_else(
        || "did not open".to_owned(),
        |mailbox| mailbox.primary_smtp.clone().unwrap_or_else(|| mailbox.upn.clone()),
    );
    let basis = one.mailbox.as_ref().map(|mailbox| mailbox.access_basis.replace('_', " ")).unwrap_or_default();
    let verdict = one.verdict.clone().unwrap_or_else(|| "not recorded".to_owned());
    vec![
        one.asked_as.clone(),
        mailbox,
        verdict.replace('_', " "),
        basis,
        one.tested_at.as_ref().map(|at| at.short()).unwrap_or_default(),
        number(one.observations),
    ]
}

fn method(report: &Report) -> Markup {
    html! {
        p { "Exchange Online keeps no original MIME file of a message. On each request, the service renders the message from its stored properties, and that is what its own export shows too. This collection asked for that rendering, message by message, through Microsoft Graph." }
        ol {
            li { "The folders in scope were listed, and every message of the range in them was written down before the first was read." }
            li { "Each message was requested by its id. A SHA-256 hash was computed over the bytes as they arrived, and exactly those bytes were written to one file, named by a control number." }
            li { "At the end, the folders were listed a second time, and both listings and the service's own counts were compared with what was collected." }
            li { "Every file was read back from disk and compared with the hash of its arrival. Then the log was closed with a Merkle root over all its lines, and the package was sealed." }
        }
        p { "Where the service could not render a message (" (number(report.reconciliation.totals.rebuilt)) " of " (number(report.reconciliation.totals.collected)) " collected messages), the file was rebuilt from the message's properties and attachments. Such a file is a reconstruction; it is labelled so in the record and named in section 8." }
        p { "What was not done: nothing was written to a mailbox, moved, marked as read or deleted. Only reading requests were sent (section 3)." }
    }
}

fn environment(report: &Report) -> Markup {
    let sessions = report.environment.sessions.iter().take(SHOWN).map(|one| {
        let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "not recorded".to_owned());
        let closed = one.closed.as_ref().map_or_else(|| "not closed".to_owned(), |at| at.short());
        vec![one.opened.short(), closed, or(&one.reason), or(&one.host), or(&one.system), or(&one.tool_version)]
    });
    let clocks = report.environment.clocks.iter().take(SHOWN).map(|one| {
        let ms = |value: Option<i64>| value.map_or_else(|| "not recorded".to_owned(), super::super::words::signed);
        vec![
            one.at.short(),
            ms(one.min_ms),
            ms(one.max_ms),
            one.stepped.map_or("not recorded", |yes| if yes { "yes" } else { "no" }).to_owned(),
        ]
    });
    let tools: std::collections::BTreeSet<_> =
        report.environment.sessions.iter().filter_map(|one| one.tool_sha256.clone()).collect();
    html! {
        (table("Sessions", &[("Opened (UTC)", Short), ("Closed (UTC)", Short), ("Why", Text), ("Host", Text), ("System", Text), ("Version", Text)], &sessions.collect::<Vec<_>>(), false))
        (facts(&[
            ("SHA-256 of the program", Some(tools.into_iter().collect::<Vec<_>>().join(", ")).filter(|text| !text.is_empty())),
            ("Self-test", None),
            ("This report made by", Some(report.made_by.clone())),
        ]))
        (table("Clocks: how far the service's was ahead, in milliseconds", &[("At (UTC)", Short), ("At least", Number), ("At most", Number), ("A clock was set", Text)], &clocks.collect::<Vec<_>>(), false))
    }
}
