//! Sections nine to twelve and the appendices: copies, integrity, custody, limits.

use maud::{Markup, html};

use super::super::facts::Report;
use super::super::facts::copies::Groups;
use super::super::picture::{Station, stations};
use super::super::words::{bytes, number, plural};
use super::{Number, SHOWN, Short, Text, facts, more, stamped, table};

pub(super) fn duplicates(report: &Report) -> Markup {
    let found = &report.duplicates;
    let row = |name: &str, one: &Groups| {
        vec![
            name.to_owned(),
            number(one.groups),
            number(one.messages),
            number(one.copies),
            number(one.across_mailboxes),
        ]
    };
    let rows = [
        row("EDRM MIH (same Message-ID)", &found.mih),
        row("Content id (same senders, date, subject, text and files)", &found.content),
    ];
    let conflicts: Vec<_> = found
        .conflict_list
        .iter()
        .map(|one| vec![one.mih.clone(), number(one.messages), number(one.contents), one.control_numbers.join(", ")])
        .collect();
    html! {
        p { "No message was removed as a duplicate. The groups are for whoever reviews." }
        (table("Groups of copies", &[("By", Text), ("Groups", Number), ("Messages", Number), ("Copies beyond the first", Number), ("Across mailboxes", Number)], &rows, false))
        p { (number(found.without_mih)) " messages have no usable Message-ID, and so no MIH. " (plural(found.conflicts, "group")) " with the same MIH differ in content: such messages are not duplicates." }
        @if !conflicts.is_empty() { (table("Same MIH, different content (the first fifty)", &[("MIH", Text), ("Messages", Number), ("Contents", Number), ("Control numbers", Text)], &conflicts, false)) }
        @if let Some(earlier) = &report.earlier {
            @let rows: Vec<_> = earlier.outcomes.iter().map(|one| vec![one.word.clone(), number(one.count)])
                .chain(earlier.gone.iter().map(|one| vec![format!("gone: {}", one.word.replace('_', " ")), number(one.count)])).collect();
            h3 { "Against the earlier package" }
            p { "The earlier package knew " (plural(earlier.known, "message")) " of these mailboxes." }
            (table("What has become of them", &[("Outcome", Text), ("Messages", Number)], &rows, false))
        }
        h3 { "Signatures of senders' domains" }
        @if report.authenticity.results == 0 { p { "Not recorded: no DKIM or ARC result is in this record." } } @else {
            @let rows: Vec<_> = report.authenticity.by_outcome.iter().map(|one| {
                let said = |ok: Option<bool>| ok.map_or("not judged", |ok| if ok { "holds" } else { "does not hold" }).to_owned();
                vec![one.method.to_uppercase(), said(one.header_ok), said(one.body_ok), number(one.count)]
            }).collect();
            (table("Results as of receipt", &[("Method", Text), ("Header signature", Text), ("Body hash", Text), ("Signatures", Number)], &rows, false))
            @let remarks: Vec<_> = report.authenticity.remarks.iter().map(|one| {
                vec![one.word.clone(), remark(&one.word).to_owned(), number(one.count)]
            }).collect();
            @if !remarks.is_empty() {
                (table("What else is to be said of them", &[("Remark", Text), ("Meaning", Text), ("Signatures", Number)], &remarks, false))
            }
            p { "Captured from DNS: " (plural(report.authenticity.keys, "key")) "; names under which it had none: " (number(report.authenticity.keys_absent)) ". " (plural(report.authenticity.messages, "message")) " have a result. A body hash that does not hold is expected where the service re-renders HTML mail; the header signature is judged by itself." }
        }
    }
}

/// What a remark about a signature means.
fn remark(word: &str) -> &'static str {
    match word {
        "key_not_captured" => "no answer from DNS is on record, so it cannot be said whether the signature holds",
        "key_absent" | "key_revoked" => "DNS no longer had the key when the mail was collected",
        "key_malformed" | "key_ambiguous" | "key_unsuitable" => "what DNS had under the name is no usable key",
        "key_under_1024" | "rsa_sha1" => "too weak to show anything",
        "malformed" | "algorithm_unknown" | "name_invalid" => "the field is no signature that can be checked",
        "from_not_signed" | "identity_outside" => "void: it does not vouch for the sender",
        "testing" => "the signer said that it only tests",
        "body_length" => "covers only so many bytes of the body",
        "body_beyond" => "the body has text beyond what is covered",
        "expired" => "had expired when the message was received",
        "set_incomplete" => "a field of the chain is missing or there twice",
        "cv_none" => "first of its chain",
        "cv_pass" => "its sealer found the chain before it whole",
        "cv_fail" => "its sealer found the chain before it broken",
        "more_not_read" => "the message has more signatures than are weighed",
        _ => "see FORMAT.md",
    }
}

pub(super) fn integrity(report: &Report) -> Markup {
    let seal = &report.integrity;
    html! {
        (facts(&[
            ("Lines of the log", Some(number(seal.log_size))),
            ("Merkle root (RFC 6962)", Some(seal.log_root.clone())),
            ("SHA-256 of manifest-sha256.txt", seal.payload_manifest_sha256.clone()),
            ("SHA-256 of tagmanifest-sha256.txt", seal.tagmanifest_sha256.clone()),
            ("Files below data/", seal.payload_files.map(number)),
            ("Their size", seal.payload_bytes.map(bytes)),
            ("Checkpoint", Some("signed; the signature holds".to_owned())),
            ("Key of the checkpoint", Some(seal.vkey.clone())),
            ("Time stamp (RFC 3161)", Some(stamped(report))),
            ("Signed by people", Some(signed(report))),
        ]))
        h3 { "The checkpoint, verbatim" }
        pre { (super::visible_lines(&seal.checkpoint)) }
        h3 id="check" { "How to check this yourself" }
        p { "In the folder of the package; none of these commands is ours." }
        ol {
            li { p { "The files are those that were listed. Expected: no output." } pre { "sha256sum --quiet -c " @if seal.payload_files != Some(0) { "manifest-sha256.txt " } "tagmanifest-sha256.txt" } }
            li { p { "The folder is a whole BagIt 1.0 bag, with nothing added. Expected: no output." } pre { "bagit.py --validate --quiet ." } }
            li { p { "The rows agree with the log. Expected: 0." } pre { "sqlite3 'file:affiant/manifest.sqlite?immutable=1' 'SELECT count(*) FROM item_vs_log'" } }
            li {
                p { "The key signed the checkpoint. Expected: Signature Verified Successfully. The key must come from somewhere else than the package." }
                pre {
                    "head -n 3 affiant/checkpoint > /tmp/text\n"
                    "tail -n 1 affiant/checkpoint | sed 's/.* //' | base64 -d | tail -c 64 > /tmp/sig\n"
                    "{ printf '302a300506032b6570032100' | xxd -r -p; cut -d + -f 3- affiant/checkpoint.vkey | base64 -d | tail -c 32; } > /tmp/key.der\n"
                    "openssl pkeyutl -verify -pubin -keyform DER -inkey /tmp/key.der -rawin -in /tmp/text -sigfile /tmp/sig"
                }
            }
            @if let Some(stamp) = seal.stamps.first() {
                li { p { "The checkpoint existed when the stamp says. Expected: Verification: OK. The authority's root must come from the authority." } pre { "openssl ts -verify -data affiant/checkpoint -in " (stamp.path) " -CAfile authority.pem" } }
            }
        }
        p { "The list of all hashes is " code { "manifest-sha256.txt" } " in the package. The whole check by hand, the Merkle root included: " code { "docs/verify-by-hand.md" } " of the program's source." }
        p { "What this does not prove: whoever held the key could have built a false record before the seal. A time stamp fixes the latest time of its making, copies of the root kept elsewhere show any later change, and the tenant's own audit log is the outside witness." }
    }
}

/// The keys of those who vouch for the checkpoint.
fn signed(report: &Report) -> String {
    let keys: Vec<String> =
        report.integrity.endorsements.iter().map(|one| format!("{} {}", one.algorithm, one.key)).collect();
    if keys.is_empty() { "by nobody".to_owned() } else { keys.join("; ") }
}

pub(super) fn custody(report: &Report) -> Markup {
    let found = &report.custody;
    let digits = |hash: &Option<String>| {
        hash.as_ref().map(|hash| format!("{}…", hash.get(..12).unwrap_or_default())).unwrap_or_default()
    };
    let list = digits(&report.integrity.payload_manifest_sha256);
    let root = digits(&Some(report.integrity.log_root.clone()));
    let when = |at: &Option<super::super::moment::Moment>| at.as_ref().map(super::super::moment::Moment::short);
    let handed = found.after_seal.iter().rev().find(|one| one.kind == "custody.transferred");
    let stamp = report.integrity.stamps.first();
    let line = [
        Station { name: "requested", at: when(&found.requested), hash: String::new() },
        Station { name: "received", at: when(&found.last_received), hash: list.clone() },
        Station { name: "written", at: when(&found.last_written), hash: list },
        Station { name: "sealed", at: when(&found.sealed), hash: root.clone() },
        Station {
            name: "stamped",
            at: stamp.map(|stamp| stamp.at.short()),
            hash: if stamp.is_some() { root.clone() } else { String::new() },
        },
        Station {
            name: "handed over",
            at: handed.map(|one| one.at.short()),
            hash: if handed.is_some() { root } else { String::new() },
        },
    ];
    let rows: Vec<_> = line
        .iter()
        .map(|one| {
            vec![one.name.to_owned(), one.at.clone().unwrap_or_else(|| "not recorded".to_owned()), one.hash.clone()]
        })
        .collect();
    let after: Vec<_> = found
        .after_seal
        .iter()
        .take(SHOWN)
        .map(|one| {
            let said: Vec<_> =
                one.said.iter().map(|(name, value)| format!("{}: {value}", name.replace('_', " "))).collect();
            vec![one.at.short(), one.kind.clone(), said.join("; "), one.vkey.clone()]
        })
        .collect();
    html! {
        figure {
            figcaption { "Line of custody" }
            (stations(&line))
            (table("Stations (UTC; received and written: the last message)", &[("Station", Text), ("At", Short), ("Hash", Text)], &rows, false))
        }
        p { "Under received and written: the list of all files' hashes, made from the hash of each message at its arrival and confirmed by reading every file back. From the seal on: the root of the log, which holds that list's hash." }
        @if after.is_empty() { p { "No transfer, medium or disposal is recorded after the seal." } } @else {
            (table("After the seal", &[("At (UTC)", Short), ("Event", Text), ("What was said", Text), ("Signed by", Text)], &after, false))
            (more(found.after_seal.len(), "events", "acquisition-report.json"))
        }
    }
}

pub(super) fn limits(report: &Report) -> Markup {
    html! {
        ul {
            li { "The files are what the service rendered when it was asked. They are unchanged since; they are not claimed to be the bytes that travelled when the message was sent." }
            li { "What was deleted beyond recovery before the acquisition was opened, or lies in an archive mailbox, is not here. " @if report.scope.include_recoverable != Some(true) { "Recoverable Items were not collected." } }
            li { "Encrypted and rights-protected messages were collected as served; their content may not be readable." }
            li { "Files behind links were not fetched; a link shows where a file was, not which version was sent." }
            li { "Access is worded as it was observed. That an account could read a mailbox shows that it was allowed to, not who allowed it." }
            li { "Times of the record are those of the collecting computer; section 5 states how far the service's clock was from it. " "No outside time stamp confirms them." }
            li { "This report sees what the record holds. It does not judge relevance, privilege or authorship." }
        }
    }
}

pub(super) fn appendices(report: &Report) -> Markup {
    let events: Vec<_> = report.custody.events.iter().map(|one| vec![one.word.clone(), number(one.count)]).collect();
    let list: Vec<_> = report
        .custody
        .event_list
        .iter()
        .take(SHOWN)
        .map(|one| vec![number(one.seq), one.at.short(), one.kind.clone()])
        .collect();
    let pairs = |all: &[(&str, &str)]| {
        all.iter().map(|(name, means)| vec![(*name).to_owned(), (*means).to_owned()]).collect::<Vec<_>>()
    };
    html! {
        (table("A. Fields of a message in the manifest", &[("Field", Text), ("Meaning", Text)], &pairs(&FIELDS), false))
        (table("B. Events of the log, by kind", &[("Event", Text), ("Lines", Number)], &events, false))
        (table("B. Events that are about the run", &[("Line", Number), ("At (UTC)", Short), ("Event", Text)], &list, false))
        p class="small" { "Every event, those about single messages included, is a line of " code { "affiant/log.jsonl" } " in the package." }
        h3 { "C. Hashes" }
        p { "SHA-256 of every file: " code { "manifest-sha256.txt" } ". SHA-256 of every other file of the package: " code { "tagmanifest-sha256.txt" } "." }
        (table("D. Words", &[("Word", Text), ("Meaning", Text)], &pairs(&WORDS), false))
    }
}

const FIELDS: [(&str, &str); 10] = [
    ("control_number", "number of the message in this acquisition; also the name of its file"),
    ("graph_id", "the service's id of the message, in its immutable form"),
    ("path", "where the file lies in the package"),
    ("sha256", "SHA-256 of the file's bytes, computed as they arrived"),
    ("mih", "EDRM Message Identification Hash: MD5 of the Message-ID"),
    ("content_id", "hash over addresses, date, subject, text and attachments; survives another rendering"),
    ("received_utc, sent_utc, created_utc, modified_utc", "the service's dates of the message, in UTC"),
    ("header_date", "the Date header as its composer's clock wrote it"),
    ("source_kind", "mime_value: as the service rendered it; rebuilt_from_json: rebuilt, because it could not"),
    ("is_draft", "whether the message was a draft"),
];

const WORDS: [(&str, &str); 9] = [
    ("acquisition", "one run, from its first log line to its seal"),
    ("balance", "the account of what was expected, listed, collected and excepted"),
    ("checkpoint", "the head of the log: its name, length and root"),
    ("delegation", "the right of the signed-in account to read a mailbox"),
    ("exception", "a message or folder that could not be collected as asked; a note is one that takes nothing away"),
    ("family", "a message with its attachments"),
    ("native", "the .eml file of a message"),
    ("root", "one hash that stands for every line of the log"),
    ("seal", "the closing of the package: any later change can be seen"),
];
