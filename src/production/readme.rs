//! `README.txt`: what lies where in a production and which conventions it follows, for whoever loads it.

use super::field::{Field, fields};
use super::statement::Source;
use super::wanted::{Families, Natives, Wanted};

/// The text, with CRLF.
pub(super) fn text(source: &Source, wanted: &Wanted) -> String {
    let fields = fields(wanted);
    let name = |field| fields.iter().find(|(known, _)| *known == field).map_or("", |(_, name)| *name);
    let (parent, file) = (name(Field::ParentId), name(Field::FileName));
    let (count, names) = (name(Field::AttachCount), name(Field::AttachNames));
    let natives = match wanted.natives {
        Natives::Copy => "NATIVES holds the messages, byte for byte as they were sealed; paths are from this folder.",
        Natives::Reference => {
            "Messages were left in the sealed package; their paths are from that package's folder. A path that goes on \
             behind a name ending in .zip names a member of that archive."
        }
    };
    let families = match wanted.families {
        Families::Rows => {
            format!(
                "Families: a message and each of its members have a row of their own. AFF-0000001.0002 is part 2 of message \
             AFF-0000001; members follow their message depth first. Numbers may be missing in between: images and text \
             that the body shows, signatures and links have numbers in the manifest but no rows. {parent} names what a \
             member lies in. The native of a message (.eml) carries its members as well: switch off the extraction of \
             attachments from .eml files when you load this, or they are counted twice."
            )
        }
        Families::ParentOnly => {
            format!(
                "Families: only messages have rows. The native of a message (.eml) carries its attachments; let the platform \
             extract them. {count} and {names} say what it will find."
            )
        }
    };
    let mut lines = vec![
        "Production made by Affiant from a sealed package.".to_owned(),
        String::new(),
        format!("Acquisition  {}", source.acquisition_id),
        format!("Log          {} lines, root {}", source.log_size, source.log_root),
        String::new(),
        natives.to_owned(),
        families,
    ];
    if wanted.attachments {
        lines.push(format!(
            "ATTACHMENTS holds the members, decoded, named by control number; {file} says what they were called."
        ));
    }
    if wanted.text {
        lines.push("TEXT holds extracted text in UTF-8. Members that are no text and no message have none.".to_owned());
    }
    if wanted.dedupe.is_some() {
        lines
            .push("Duplicates were left out; LOADFILES/duplicates.csv names each, and the one kept for it.".to_owned());
    }
    if !wanted.prefix.is_empty() {
        lines.push(format!("Every path in the load files begins with {}\\.", wanted.prefix));
    }
    lines.push(format!("Dates of messages are in the zone {}.", wanted.zone));
    lines.extend(
        [
            "",
            "LOADFILES/AFF.dat        Concordance: U+0014 between fields, U+00FE around values, U+00AE for new lines",
            "LOADFILES/AFF.csv        the same for spreadsheets; a leading ' keeps a cell from being calculated",
            "LOADFILES/AFF-edrm.xml   EDRM XML 1.2",
            "LOADFILES/cloud-links.csv, exceptions.csv, cleaned.csv   links, exceptions of the collection, replaced signs",
            "sha256sums.txt           SHA-256 of every file: sha256sum -c sha256sums.txt",
            "production.json          source, options, counts, digests",
            "",
            "The time of collection, the XML and the lists are in UTC. An empty value means that neither the record nor the",
            "message has one. Hashes are those of the files; a platform computes its own of a message, which is another one.",
        ]
        .map(str::to_owned),
    );
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}
