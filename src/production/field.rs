//! The fields of a row: their order and their names by profile. It must not know where values come from.

use super::wanted::{Profile, Wanted};

/// A field, in the order of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    BegDoc,
    EndDoc,
    BegAttach,
    EndAttach,
    ParentId,
    AttachIds,
    AttachCount,
    AttachNames,
    Custodian,
    AllCustodians,
    RecordType,
    From,
    To,
    Cc,
    Bcc,
    Subject,
    DateSent,
    TimeSent,
    DateTimeSent,
    DateReceived,
    TimeReceived,
    DateTimeReceived,
    TimeZone,
    SortDate,
    MessageId,
    InReplyTo,
    References,
    ConvIndex,
    EdrmMih,
    ContentId,
    Md5,
    Sha1,
    Sha256,
    FileName,
    FileExt,
    FileSize,
    MimeType,
    FolderPath,
    NativePath,
    TextPath,
    Importance,
    Sensitivity,
    Categories,
    IsDraft,
    HasCloudLinks,
    Smime,
    Irm,
    Label,
    Exception,
    NativeSource,
    AcquisitionId,
    CollectedUtc,
    SourceMailbox,
    GraphId,
}

/// Names of a field: generic, Relativity, Everlaw, Logikcull; an empty one is the generic name.
type Names = (Field, [&'static str; 4]);

/// Relativity's are those of its processing fields, Logikcull's those of its database upload, Everlaw's close to its
/// standard fields; each platform lets its user map any name by hand.
const NAMES: [Names; 54] = [
    (Field::BegDoc, ["BEGDOC", "Control Number", "Begin Bates", "Begin Doc"]),
    (Field::EndDoc, ["ENDDOC", "Control Number End", "End Bates", "End Doc"]),
    (Field::BegAttach, ["BEGATTACH", "Control Number Beg Attach", "Begin Family", "Begin Family"]),
    (Field::EndAttach, ["ENDATTACH", "Control Number End Attach", "End Family", "End Family"]),
    (Field::ParentId, ["PARENTID", "Parent Document ID", "Parent ID", "Parent ID"]),
    (Field::AttachIds, ["ATTACHIDS", "Attachment Document IDs", "Attachment IDs", "Attachment IDs"]),
    (Field::AttachCount, ["ATTACHCOUNT", "Number of Attachments", "Attachment Count", "Attachment Count"]),
    (Field::AttachNames, ["ATTACHNAMES", "Attachment List", "Attachment Names", "Attachment Names"]),
    (Field::Custodian, ["CUSTODIAN", "Custodian", "Custodian", "Custodian"]),
    (Field::AllCustodians, ["ALLCUSTODIANS", "All Custodians", "All Custodians", "All Custodians"]),
    (Field::RecordType, ["RECORDTYPE", "Record Type", "Document Type", "Document Type"]),
    (Field::From, ["FROM", "From", "From", "Email From"]),
    (Field::To, ["TO", "To", "To", "Email To"]),
    (Field::Cc, ["CC", "CC", "Cc", "Email CC"]),
    (Field::Bcc, ["BCC", "BCC", "Bcc", "Email BCC"]),
    (Field::Subject, ["SUBJECT", "Subject", "Subject", "Email Subject"]),
    (Field::DateSent, ["DATESENT", "Sent Date", "Date Sent", "Email Date Sent"]),
    (Field::TimeSent, ["TIMESENT", "Sent Time", "Time Sent", "Email Time Sent"]),
    (Field::DateTimeSent, ["DATETIMESENT", "Sent Date/Time", "Date/Time Sent", ""]),
    (Field::DateReceived, ["DATERECEIVED", "Received Date", "Date Received", "Email Date Received"]),
    (Field::TimeReceived, ["TIMERECEIVED", "Received Time", "Time Received", "Email Time Received"]),
    (Field::DateTimeReceived, ["DATETIMERECEIVED", "Received Date/Time", "Date/Time Received", ""]),
    (Field::TimeZone, ["TIMEZONE", "Time Zone Field", "Time Zone", "Time Zone"]),
    (Field::SortDate, ["SORTDATE", "Sort Date/Time", "Sort Date", "Sort Date"]),
    (Field::MessageId, ["MESSAGEID", "Message ID", "Message ID", "Message ID"]),
    (Field::InReplyTo, ["INREPLYTO", "Email In Reply To ID", "In Reply To", "In Reply To"]),
    (Field::References, ["REFERENCES", "References", "References", "References"]),
    (Field::ConvIndex, ["CONVINDEX", "Conversation Index", "Conversation Index", "Conversation Index"]),
    (Field::EdrmMih, ["EDRMMIH", "", "", ""]),
    (Field::ContentId, ["CONTENTID", "", "", ""]),
    (Field::Md5, ["MD5HASH", "MD5 Hash", "MD5 Hash", "MD5 Hash"]),
    (Field::Sha1, ["SHA1HASH", "SHA1 Hash", "SHA1 Hash", "SHA1 Hash"]),
    (Field::Sha256, ["SHA256HASH", "SHA256 Hash", "SHA256 Hash", "SHA256 Hash"]),
    (Field::FileName, ["FILENAME", "File Name", "Filename", "File Name"]),
    (Field::FileExt, ["FILEEXT", "File Extension", "File Extension", "File Extension"]),
    (Field::FileSize, ["FILESIZE", "File Size", "File Size", "File Size"]),
    (Field::MimeType, ["MIMETYPE", "", "", ""]),
    (Field::FolderPath, ["FOLDERPATH", "Email Folder Path", "File Path", "File Path"]),
    (Field::NativePath, ["NATIVEPATH", "Native File", "Native Path", "Native File Link"]),
    (Field::TextPath, ["TEXTPATH", "Extracted Text", "Text Path", "Text File Link"]),
    (Field::Importance, ["IMPORTANCE", "Importance", "Importance", "Importance"]),
    (Field::Sensitivity, ["SENSITIVITY", "Email Sensitivity", "Sensitivity", "Sensitivity"]),
    (Field::Categories, ["CATEGORIES", "Email Categories", "Categories", "Categories"]),
    (Field::IsDraft, ["ISDRAFT", "", "", ""]),
    (Field::HasCloudLinks, ["HASCLOUDLINKS", "", "", ""]),
    (Field::Smime, ["SMIME", "", "", ""]),
    (Field::Irm, ["IRM", "", "", ""]),
    (Field::Label, ["LABEL", "", "", ""]),
    (Field::Exception, ["EXCEPTION", "", "", ""]),
    (Field::NativeSource, ["NATIVESOURCE", "", "", ""]),
    (Field::AcquisitionId, ["ACQUISITIONID", "", "", ""]),
    (Field::CollectedUtc, ["COLLECTEDUTC", "", "", ""]),
    (Field::SourceMailbox, ["SOURCEMAILBOX", "", "", ""]),
    (Field::GraphId, ["GRAPHID", "", "", ""]),
];

/// The fields of a production with their names, in order. TEXTPATH is left out where no text is written, ALLCUSTODIANS
/// where nothing was deduplicated.
pub(super) fn fields(wanted: &Wanted) -> Vec<(Field, &'static str)> {
    let column = match wanted.profile {
        Profile::Generic => 0,
        Profile::Relativity => 1,
        Profile::Everlaw => 2,
        Profile::Logikcull => 3,
    };
    let asked = |field: Field| match field {
        Field::TextPath => wanted.text,
        Field::AllCustodians => wanted.dedupe.is_some(),
        _ => true,
    };
    let named = |(field, names): &Names| (*field, if names[column].is_empty() { names[0] } else { names[column] });
    NAMES.iter().filter(|(field, _)| asked(*field)).map(named).collect()
}

/// A field's generic name.
pub(super) fn generic(field: Field) -> &'static str {
    NAMES.iter().find(|(known, _)| *known == field).map_or("", |(_, names)| names[0])
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::NAMES;

    #[test]
    fn no_profile_has_a_name_twice_and_every_field_has_a_generic_one() {
        for column in 0..4 {
            let names: BTreeSet<_> = NAMES
                .iter()
                .map(|(_, names)| if names[column].is_empty() { names[0] } else { names[column] })
                .collect();
            assert_eq!(names.len(), NAMES.len(), "profile {column}");
            assert!(!names.contains(""));
        }
    }
}
