//! `README.txt`: what lies where in a production and which conventions it follows, for whoever loads it.

use super::statement::Source;
use super::wanted::{Families, Natives, Wanted};

/// The text, with CRLF.
pub(super) fn text(source: &Source, wanted: &Wanted) -> String {
    let natives = match wanted.natives {
        Natives::Copy => "NATIVES holds the messages, byte for byte as they were sealed; paths are from this folder.",
        Natives::Reference => {
            "Messages were left in the sealed package; their paths are from that package's folder. A path that goes on \
             behind a name ending in .zip names a member of that archive."
        }
    };
    let families = match wanted.families {
        Families::Rows => {
            "Families: a message and each of its members have a row of their own. AFF-0000001.0002 is part 2 of message \
             AFF-0000001; members follow their message depth first. Numbers may be missing in between: images and text \
             that the body shows, signatures and links have numbers in the manifest but no rows. PARENTID names what a \
             member lies in. The native of a message (.eml) carries its members as well: switch off the extraction of \
             attachments from .eml files when you load this, or they are counted twice."
        }
        Families::ParentOnly => {
            "Families: only messages have rows. The native of a message (.eml) carries its attachments; let the platform \
             extract them. ATTACHCOUNT and ATTACHNAMES say what it will find."
        }
    };
    let mut lines = vec![
        "Production made by Affiant from a sealed package.".to_owned(),
        String::new(),
        format!("Acquisition  {}", source.acquisition_id),
        format!("Log          {} lines, root {}", source.log_size, source.log_root),
        String::new(),
        natives.to_owned(),
        families.to_owned(),
    ];
    if wanted.attachments {
        lines.push(
            "ATTACHMENTS holds the members, decoded; a name gives the control number, FILENAME what it was called."
                .to_owned(),
        );
    }
    if wanted.text {
        lines.push("TEXT holds extracted text in UTF-8. Members that are no text and no message have none.".to_owned());
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
            "COLLECTEDUTC, the XML and the lists are in UTC. An empty value means that neither the record nor the message has one. Hashes are those of the",
            "files; a platform computes its own hash of a message from fields, which is another one.",
        ]
        .map(str::to_owned),
    );
    lines.iter().map(|line| format!("{line}\r\n")).collect()
}
