//! A draft for counsel: blanks stay visibly blank, every count carries the query that gives it, nothing looks signed.
//!
//! Outline after FRE 902(11), (13), (14) and 28 U.S.C. § 1746, or, for England, after Practice Direction 57AD.

mod office;

use super::error::ReportError;
use super::facts::Report;
use super::facts::ask::Ask;
use super::words::number;

pub(super) use office::docx;

/// For which court the certification is drafted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Court {
    /// A certificate under the Federal Rules of Evidence.
    #[default]
    UnitedStates,
    /// Facts for a Disclosure Certificate and the Disclosure Review Document.
    England,
}

/// A draft.
pub(super) struct Draft {
    /// Title.
    pub(super) title: &'static str,
    /// Paragraphs in order.
    pub(super) paragraphs: Vec<Paragraph>,
    /// The queries, numbered from 1.
    pub(super) queries: Vec<String>,
}

/// A paragraph.
pub(super) enum Paragraph {
    /// A heading.
    Heading(String),
    /// Text; `[n]` refers to a query.
    Text(String),
}

const BLANK: &str = "[…]";

/// Numbers with their queries.
struct Numbers<'a> {
    ask: Ask<'a>,
    queries: Vec<String>,
}

impl Numbers<'_> {
    /// The answer of a query, with a reference to it.
    fn get(&mut self, sql: &str) -> Result<String, ReportError> {
        let answer = number(self.ask.number(sql)?);
        let place = self.queries.iter().position(|query| query == sql).unwrap_or_else(|| {
            self.queries.push(sql.to_owned());
            self.queries.len() - 1
        });
        Ok(format!("{answer} [Q{}]", place + 1))
    }
}

/// The draft.
pub(super) fn draft(ask: Ask<'_>, report: &Report, court: Court) -> Result<Draft, ReportError> {
    let mut numbers = Numbers { ask, queries: Vec::new() };
    let mut paragraphs = vec![
        Paragraph::Heading("Draft. Not signed, not legal advice".to_owned()),
        Paragraph::Text(format!(
            "Made from the record of acquisition {} by {}. Blanks are marked {BLANK} and are for the declarant to fill. A number with [Q…] is the answer of the query of that number at the end, asked of affiant/manifest.sqlite.",
            report.acquisition_id, report.made_by
        )),
    ];
    let parts = body(&mut numbers, report, court)?;
    for (place, (heading, text)) in (1..).zip(parts) {
        paragraphs.push(Paragraph::Heading(format!("{place}. {heading}")));
        paragraphs.extend(text.into_iter().map(Paragraph::Text));
    }
    paragraphs.push(Paragraph::Heading("Reminders for counsel (remove before use)".to_owned()));
    paragraphs.extend(reminders(court).iter().map(|text| Paragraph::Text((*text).to_owned())));
    let title = match court {
        Court::UnitedStates => "Certification of records under Fed. R. Evid. 902(11), (13) and (14)",
        Court::England => "Facts for the Disclosure Certificate and the Disclosure Review Document, section 2",
    };
    Ok(Draft { title, paragraphs, queries: numbers.queries })
}

fn stamps(report: &Report) -> String {
    let one = |stamp: &super::facts::custody::Stamped| {
        format!("{} by {}, serial number {}", stamp.at.words(), stamp.authority, stamp.serial)
    };
    let all: Vec<String> = report.integrity.stamps.iter().map(one).collect();
    if all.is_empty() { "none was obtained".to_owned() } else { all.join("; ") }
}

type Part = (&'static str, Vec<String>);

fn body(numbers: &mut Numbers<'_>, report: &Report, court: Court) -> Result<Vec<Part>, ReportError> {
    let scope = &report.scope;
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "not recorded".to_owned());
    let when = |at: &Option<super::moment::Moment>| {
        at.as_ref().map_or_else(|| "not recorded".to_owned(), super::moment::Moment::words)
    };
    let tenant = report.access.sign_ins.first().and_then(|one| one.tenant_id.clone());
    let items = numbers.get("SELECT count(*) FROM item")?;
    let rebuilt = numbers.get("SELECT count(*) FROM item WHERE source_kind = 'rebuilt_from_json'")?;
    let listed = numbers.get("SELECT count(*) FROM listed")?;
    let missing = numbers.get("SELECT (SELECT count(*) FROM listed) - (SELECT count(*) FROM item)")?;
    let mailboxes = numbers.get("SELECT count(*) FROM mailbox")?;
    let latest = "FROM reconciliation r WHERE r.entry_seq = (SELECT max(q.entry_seq) FROM reconciliation q WHERE q.folder_id = r.folder_id)";
    let before = numbers.get(&format!("SELECT sum(r.expected) {latest}"))?;
    let after = numbers.get(&format!("SELECT sum(r.expected_after) {latest}"))?;
    let folders = numbers.get("SELECT count(*) FROM folder WHERE included = 1")?;
    let requests = numbers.get("SELECT count(*) FROM request WHERE purpose <> 'token'")?;
    let writing = numbers.get("SELECT count(*) FROM request WHERE purpose <> 'token' AND method <> 'GET'")?;
    let again = numbers.get("SELECT count(*) FROM request WHERE attempt > 1")?;
    let unlike = numbers.get("SELECT count(*) FROM item_vs_log")?;
    let grave = numbers.get("SELECT count(*) FROM exception e WHERE severity <> 'info' AND NOT EXISTS (SELECT 1 FROM entry WHERE kind = 'exception.resolved' AND json_extract(body,'$.exception_id') = e.exception_id)")?;
    let unreadable = numbers.get("SELECT count(DISTINCT item_id) FROM exception WHERE code IN ('irm_protected','smime_encrypted','tnef_opaque','parse_error')")?;
    let links = numbers.get("SELECT count(DISTINCT item_id) FROM exception WHERE code = 'cloud_attachment'")?;
    let lines = numbers.get("SELECT count(*) FROM entry")?;
    let seal = &report.integrity;
    let mut parts: Vec<Part> = vec![
        ("Declarant", vec![format!("I, {BLANK}, am employed by {BLANK} as {BLANK}. My training and experience with this kind of collection and with the program used are: {BLANK}. I have personal knowledge of what follows, and no stake in the outcome of this matter: {BLANK}.")]),
        ("Engagement", vec![format!("On {BLANK} I was instructed by {BLANK} in the matter {} to collect electronic mail.", report.matter.clone().unwrap_or_else(|| BLANK.to_owned()))]),
        ("Sources", vec![format!("The mail is from the Microsoft 365 tenant {}; mailboxes: {mailboxes}. Custodians as asked for: {}. The relation of each mailbox to its custodian is {BLANK}. Access was given by {BLANK} to the account {}.", or(&tenant), scope.custodians.join(", "), or(&report.summary.collected_by))]),
        ("Process", vec![
            format!("The mail was read through Microsoft Graph between {} and {}. Range: {}, by the {} date, applied as {}. Folders in scope: {folders}. The filter of the first listing as sent: {}.", when(&report.summary.opened), when(&report.summary.sealed), or(&scope.range_as_asked), or(&scope.date_field), or(&scope.range_as_applied), or(&scope.filter_as_sent)),
            format!("The service counted {before} messages of the range before and {after} after the collection. {listed} messages were listed; {items} were collected; {missing} were not. {requests} requests were sent to the service, {again} of all requests being repetitions; {writing} used another method than GET."),
            "Exchange Online keeps no original MIME file. For each request it renders the message from its stored properties, and its own export does the same. The process therefore yields what the service returned for each message at the time stated in the record.".to_owned(),
        ]),
        ("Accuracy", vec![
            format!("Every listed message is accounted for: {listed} listed are {items} collected and {missing} excepted. {rebuilt} of the collected could not be rendered by the service, and were rebuilt from their properties; they are labelled so. Rows that disagree with the log: {unlike}."),
            format!("Self-test of the program with its validation set: {BLANK}. Repeated reading of a sample, with results: {BLANK}. Independent verification run by {BLANK} with {BLANK} on {BLANK}."),
        ]),
        ("Digital identification", vec![format!("A SHA-256 hash of each message was computed as its bytes arrived. Each file was read back before the seal and had the same hash. The list of all hashes is manifest-sha256.txt; its own SHA-256 is {}. The log has {} lines with the root {}. On delivery, the values were compared by {BLANK} on {BLANK} with the result {BLANK}.", or(&seal.payload_manifest_sha256), lines, seal.log_root)]),
        ("Time", vec![format!("The clock of the collecting computer was compared with the service's; the intervals are in section 5 of the acquisition report. Time stamps over the checkpoint (RFC 3161): {}.", stamps(report))]),
        ("Exceptions and limits", vec![format!("{grave} exceptions stand; each is named in the exception report. {unreadable} collected messages are encrypted, protected or not readable as mail; {links} link to files that were not fetched. The limits of section 12 of the acquisition report are part of this statement.")]),
    ];
    parts.extend(match court {
        Court::UnitedStates => vec![
            ("Regular practice (only if Rule 902(11) is relied on)", vec![format!("{BLANK}")]),
            ("Declaration", vec![format!("I declare under penalty of perjury that the foregoing is true and correct. (Outside the United States: I declare under penalty of perjury under the laws of the United States of America that the foregoing is true and correct.)"), format!("Executed on {BLANK} at {BLANK}."), format!("Signature: {BLANK}"), "Exhibits: acquisition report; manifest-sha256.txt; affiant/checkpoint; time stamp, if any; transcript of the verification.".to_owned()]),
        ],
        Court::England => vec![
            ("Search and de-duplication", vec![format!("Data range, custodians and folders are as stated above. No key words were applied, and no message was removed as a duplicate, at this stage. Further steps: {BLANK}.")]),
            ("Statement", vec![format!("Name, position and date: {BLANK}. Signature: {BLANK}")]),
        ],
    });
    Ok(parts)
}

const fn reminders(court: Court) -> &'static [&'static str] {
    match court {
        Court::UnitedStates => &[
            "Give the other side reasonable written notice before the record is used, and make record and certificate open to inspection in time to test them.",
            "A certificate shows that the record is authentic, nothing more: not hearsay, relevance, privilege or authorship.",
            "It must hold what a live witness would have said. Fill every blank from the declarant's own knowledge, and strike what the declarant does not know.",
        ],
        Court::England => &[
            "Native files are in the package with their metadata; state in the Disclosure Review Document how they will be produced.",
            "The person who signs must have made reasonable inquiry; strike what that person does not know.",
        ],
    }
}

/// The draft as plain text.
pub(super) fn text(draft: &Draft) -> String {
    let mut text = format!("{}\n{}\n", draft.title.to_uppercase(), "=".repeat(draft.title.chars().count()));
    for paragraph in &draft.paragraphs {
        match paragraph {
            Paragraph::Heading(words) => {
                text.push_str(&format!("\n{}\n{}\n", super::words::visible(words), "-".repeat(words.chars().count())));
            }
            Paragraph::Text(words) => text.push_str(&format!("\n{}\n", super::words::visible(words))),
        }
    }
    text.push_str("\nQueries\n-------\n\n");
    for (place, query) in (1..).zip(&draft.queries) {
        text.push_str(&format!("[Q{place}]  {query};\n"));
    }
    text
}
