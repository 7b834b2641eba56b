//! The check as one page: self-contained, without script, and readable on paper in black and white.
//!
//! Every name goes through the template's escaping; nothing is put in as markup.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::super::{CheckRow, Observation, Verdict};
use super::{Asker, PATIENCE, distinct, grant_script, label, mailbox, needs_grant, plain, size_in_words};

const STYLE: &str = "
body{font:11pt/1.45 system-ui,sans-serif;color:#000;background:#fff;max-width:60rem;margin:1.5rem auto;padding:0 1rem}
h1{font-size:1.6em}h2{font-size:1.25em;border-top:1px solid #000;padding-top:.8em;margin-top:1.6em}h3{font-size:1.05em}
table{border-collapse:collapse;width:100%;margin:.6em 0}
caption{text-align:left;font-weight:bold;padding:.3em 0}
th,td{border:1px solid #555;padding:.25em .45em;text-align:left;vertical-align:top}
thead th{white-space:nowrap}.long{overflow-wrap:anywhere}.time{white-space:nowrap}
th{background:#eee}
dl{display:grid;grid-template-columns:max-content 1fr;gap:.2em 1em}dt{font-weight:bold}dd{margin:0;overflow-wrap:anywhere}
pre{border:1px solid #555;padding:.6em;white-space:pre-wrap;overflow-wrap:anywhere;font-size:.9em}
.todo{border:2px solid #000;padding:.2em .8em;margin:.8em 0}
@media print{body{margin:0;max-width:none;font-size:9.5pt}section{break-inside:auto}h2,h3,caption{break-after:avoid}tr,.todo{break-inside:avoid}a{color:inherit;text-decoration:none}}
";

/// The page.
pub fn page(rows: &[CheckRow], asker: &Asker) -> String {
    let missing = distinct(rows, |row| needs_grant(row, asker));
    let ready = rows.iter().filter(|row| row.verdict == Verdict::Ready).count();
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Access to mailboxes for " (plain(&asker.user_principal_name)) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { "Access to mailboxes" }
                    dl {
                        dt { "Account that collects" } dd { (plain(&asker.user_principal_name)) " (" (plain(&asker.object_id)) ")" }
                        dt { "Tenant" } dd { (plain(&asker.tenant_id)) }
                        dt { "Application" } dd { (plain(&asker.client_id)) }
                        dt { "Made at" } dd { (asker.at) " (UTC), by Affiant " (env!("CARGO_PKG_VERSION")) }
                    }
                    p {
                        (ready) " of " (rows.len()) " mailboxes could be read. "
                        @match missing.len() {
                            0 => "No mailbox needs a grant of Full Access.",
                            1 => "One mailbox needs a grant of Full Access.",
                            more => { (more) " mailboxes need a grant of Full Access." }
                        }
                        " Affiant only reads; it cannot grant, and it changes nothing in the tenant."
                    }
                    (summary(rows, asker))
                    @if !missing.is_empty() { (how_to_grant(&missing, asker)) }
                    @for (number, row) in (1..).zip(rows) { (section(number, row, asker)) }
                    section {
                        h2 id="script" { "One script for all" }
                        p { "For Exchange Online PowerShell: grants what is missing above, then exports the permissions of every mailbox. Send the export back: it proves what was observed." }
                        pre { (script(rows, asker)) }
                    }
                }
            }
        }
    };
    page.into_string()
}

/// The script as it is shown; the file has a mark in front and Windows' line ends.
fn script(rows: &[CheckRow], asker: &Asker) -> String {
    let script = grant_script(rows, asker);
    script.trim_start_matches('\u{FEFF}').lines().map(plain).collect::<Vec<_>>().join("\n")
}

fn summary(rows: &[CheckRow], asker: &Asker) -> Markup {
    html! {
        table {
            caption { "Summary" }
            thead { tr { th scope="col" { "No." } th scope="col" { "Mailbox" } th scope="col" { "Address" } th scope="col" { "Verdict" } th scope="col" { "Meaning" } th scope="col" { "Grant needed" } } }
            tbody {
                @for (number, row) in (1..).zip(rows) {
                    tr {
                        td { (number) }
                        th scope="row" { a href={ "#m" (number) } { bdi { (plain(label(row))) } } }
                        td class="long" { (plain(mailbox(row))) }
                        td { strong { (row.verdict.as_str()) } }
                        td { (plain(&row.meaning)) }
                        td { @if needs_grant(row, asker) { strong { "yes" } } @else { "no" } }
                    }
                }
            }
        }
    }
}

fn how_to_grant(missing: &[&CheckRow], asker: &Asker) -> Markup {
    html! {
        section {
            h2 id="grant" { "What to grant, and how" }
            div class="todo" {
                p { strong { "Full Access for " (plain(&asker.user_principal_name)) " on: " } }
                ul { @for row in missing { li { bdi { (plain(label(row))) } ", " (plain(mailbox(row))) } } }
            }
            h3 { "In the Exchange admin centre, for each mailbox" }
            ol {
                li { "Open https://admin.exchange.microsoft.com and go to Recipients, Mailboxes." }
                li { "Choose the mailbox, then Delegation." }
                li { "Under Read and manage (Full Access) choose Edit, then Add members." }
                li { "Add " (plain(&asker.user_principal_name)) " and save." }
            }
            h3 { "Or in Exchange Online PowerShell" }
            p { "With the script at the " a href="#script" { "end of this page" } ", which does it for all mailboxes at once." }
            p { (PATIENCE) " When the matter no longer needs the access, remove it again (revoke-access.ps1)." }
        }
    }
}

fn section(number: usize, row: &CheckRow, asker: &Asker) -> Markup {
    html! {
        section {
            h2 id={ "m" (number) } { (number) ". " bdi { (plain(label(row))) } ": " (row.verdict.as_str()) }
            dl {
                dt { "Named as" } dd { (plain(&row.custodian)) }
                dt { "Address" } dd { (row.address.as_deref().map_or_else(|| "unknown".to_owned(), plain)) }
                dt { "Object id" } dd { (row.user_id.as_deref().map_or_else(|| "nobody found".to_owned(), plain)) }
                dt { "Verdict" } dd { strong { (row.verdict.as_str()) } ": " (plain(&row.meaning)) }
                @if let Some(facts) = &row.facts {
                    dt { "Licence" } dd { (plain(&facts.plan_in_words())) }
                    @if let Some(archive) = facts.archive_in_words() { dt { "Archive" } dd { (archive) } }
                    dt { "Holds" } dd { (size_in_words(row)) }
                }
                @if let Some(said) = &row.exchange_evidence {
                    dt { "Exchange" } dd { (plain(&said.in_words())) "; file SHA-256 " (said.file_sha256) }
                }
            }
            @if !row.notes.is_empty() { ul { @for note in &row.notes { li { (plain(note)) } } } }
            @if let Some(advice) = &row.advice {
                div class="todo" { @for line in advice.lines() { p { (plain(line.trim())) } } }
            }
            @if needs_grant(row, asker) {
                p { "Steps in the admin centre: see " a href="#grant" { "What to grant, and how" } "." }
            }
            (observed(&row.observations))
        }
    }
}

fn observed(seen: &[Observation]) -> Markup {
    let or_dash = |text: &Option<String>| text.as_deref().map_or_else(|| "–".to_owned(), plain);
    html! {
        @if !seen.is_empty() {
            table {
                caption { "What was observed" }
                thead { tr { th scope="col" { "Step" } th scope="col" { "Status" } th scope="col" { "Code" } th scope="col" { "Request id" } th scope="col" { "Time (UTC)" } } }
                tbody {
                    @for one in seen {
                        tr {
                            th scope="row" { (plain(&one.step)) }
                            td { @match one.status { Some(status) => (status), None => "–" } }
                            td class="long" { (or_dash(&one.code)) }
                            td class="long" { (or_dash(&one.request_id)) }
                            td class="time" { (one.at) }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{asker, row};
    use super::*;

    #[test]
    fn the_page_names_every_request_and_the_steps_and_stands_alone() {
        let text = page(&[row("a1", "Ana", "ana@x.example", Verdict::Denied)], &asker());
        for part in [
            "<!DOCTYPE html>",
            "lang=\"en\"",
            "r-1",
            "ErrorAccessDenied",
            "2024-06-04T09:00:00.000Z",
            "Read and manage",
            "Add-MailboxPermission -Identity",
        ] {
            assert!(text.contains(part), "{part}");
        }
        for part in ["<script", "src=", "<link", "@import", "url("] {
            assert!(!text.contains(part), "{part}");
        }
    }

    #[test]
    fn no_name_becomes_markup() {
        let mut evil = row("a1", "<script>alert(1)</script>", "\"><img src=x>@x.example", Verdict::Denied);
        evil.notes = vec!["</style><b>".into()];
        evil.custodian = "\u{202e}evil".into();
        let text = page(&[evil], &asker());
        assert!(!text.contains("<script>") && !text.contains("<img") && !text.contains("</style><b>"), "{text}");
        assert!(text.contains("&lt;script&gt;") && !text.contains('\u{202e}'));
        assert_eq!(text.matches("</style>").count(), 1);
    }
}
