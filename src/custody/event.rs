//! The closed list of events, and what each must say.
//!
//! The names are those of the schema's `entry.kind`. A required field may be `null` where nothing is known, but
//! it must be there. Bodies hold ids, hashes, sizes, times, counts and codes: no subject, no third-party address,
//! no file name, no folder name (its salted hash stands for it), so that the whole log can go to the other side.

use std::fmt;

use crate::terms::words;

words!(
    /// What kind of thing a log line tells.
    EventKind {
        /// The first line: who, with what, asked for what.
        AcquisitionOpened = "acquisition.opened",
        /// A process starts to work on the acquisition; names the size of the log it found.
        SessionOpened = "session.opened",
        /// A token was obtained, for whom and with which scopes.
        AuthObtained = "auth.obtained",
        /// The token was renewed.
        AuthRefreshed = "auth.refreshed",
        /// The local clock against the service's, as an interval in milliseconds.
        ClockCompared = "clock.compared",
        /// A custodian was resolved to one directory object.
        CustodianNamed = "custodian.named",
        /// One thing that the usage and licence sync knew of a custodian, or that it was not known.
        CustodianLicensed = "custodian.licensed",
        /// A mailbox can be read, and on what footing.
        MailboxOpened = "mailbox.opened",
        /// How access was tested, and the answer.
        AccessTested = "access.tested",
        /// A folder was listed to its end in one pass.
        FolderListed = "folder.listed",
        /// One page of a listing.
        PageFetched = "page.fetched",
        /// An item is durable in the package.
        ItemCollected = "item.collected",
        /// Something is not as asked.
        ItemExcepted = "item.excepted",
        /// A native was read again and hashed.
        ItemReverified = "item.reverified",
        /// What the signatures of an item are worth.
        ItemAuthenticated = "item.authenticated",
        /// A DKIM or ARC key was captured from DNS.
        DnsKeyCaptured = "dns.key.captured",
        /// A folder's balance.
        FolderReconciled = "folder.reconciled",
        /// A ZIP volume is complete.
        VolumeWritten = "volume.written",
        /// A file without a row was found and moved aside.
        FileOrphaned = "file.orphaned",
        /// An earlier exception no longer stands.
        ExceptionResolved = "exception.resolved",
        /// What an earlier package knew was copied, to be compared with.
        EarlierKnown = "earlier.known",
        /// A mailbox was compared with what the earlier package knew.
        MailboxCompared = "mailbox.compared",
        /// The package's files are complete.
        PackageBuilt = "package.built",
        /// The package changed hands.
        CustodyTransferred = "custody.transferred",
        /// Something that whoever has the package wants on record.
        CustodyNoted = "custody.noted",
        /// Something was destroyed.
        Disposed = "disposed",
        /// A process ends its work, and why.
        SessionClosed = "session.closed",
        /// The last line of the collection: how it ended.
        AcquisitionSealed = "acquisition.sealed",
    }
);

impl EventKind {
    /// The fields that must be in a line of this kind, besides `seq`, `kind` and `at`.
    pub const fn required(self) -> &'static [&'static str] {
        match self {
            Self::AcquisitionOpened => &["acquisition_id", "tool_name", "tool_version", "note_vkey", "scope"],
            Self::SessionOpened => &["log_size", "host", "pid", "note_vkey"],
            Self::AuthObtained => {
                &["upn", "object_id", "tenant_id", "client_id", "scopes", "flow", "write_scopes_allowed"]
            }
            Self::AuthRefreshed => &["expires_at"],
            Self::ClockCompared => &["offset_min_ms", "offset_max_ms"],
            Self::CustodianNamed => &["custodian_id", "object_id"],
            Self::CustodianLicensed => {
                &["custodian_id", "fact", "value", "dataset", "period", "as_of", "snapshot_id", "snapshot_sha256"]
            }
            Self::MailboxOpened => &["mailbox_id", "access_basis"],
            Self::AccessTested => &["custodian_id", "verdict", "observations"],
            Self::FolderListed => &["folder_id", "mailbox_id", "path_hash", "pass", "listed", "expected"],
            Self::PageFetched => &["mailbox_id", "folder_id", "pass", "items", "new_items", "request_id"],
            Self::ItemCollected => &[
                "control_number",
                "graph_id",
                "mailbox_id",
                "folder_id",
                "path",
                "bytes",
                "sha256",
                "sha1",
                "md5",
                "mih",
                "content_id",
                "source_kind",
                "change_key",
                "attempts",
                "request_id",
                "client_request_id",
            ],
            Self::ItemExcepted => &["code", "severity"],
            Self::ItemReverified => &["control_number", "sha256", "outcome"],
            Self::ItemAuthenticated => &["control_number", "as_of", "keys_up_to", "results"],
            Self::DnsKeyCaptured => &["name", "txt", "resolver", "asked_at", "dnssec_ad"],
            Self::FolderReconciled => &[
                "mailbox_id",
                "folder_id",
                "expected",
                "listed",
                "collected",
                "rebuilt",
                "excepted",
                "vanished",
                "appeared",
                "departed",
                "expected_after",
            ],
            Self::VolumeWritten => &["name", "bytes", "members", "sha256"],
            Self::FileOrphaned => &["path", "bytes", "sha256"],
            Self::ExceptionResolved => &["exception_id"],
            Self::EarlierKnown => &["acquisition_id", "mailboxes", "messages", "sha256"],
            Self::MailboxCompared => {
                &["mailbox_id", "new", "retried", "changed", "moved", "moved_held", "unchanged", "gone", "sha256"]
            }
            Self::PackageBuilt => &["format", "items", "bytes"],
            Self::CustodyTransferred => &["from", "to", "medium", "sha256"],
            Self::CustodyNoted => &["text"],
            Self::Disposed => &["what"],
            Self::SessionClosed => &["reason"],
            Self::AcquisitionSealed => &["state", "listed", "collected", "excepted", "tables"],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_the_list_of_the_schema() {
        let ddl = include_str!("../../schemas/manifest.sql");
        let listed = ddl.split("CHECK (kind IN (").nth(1).and_then(|rest| rest.split("))").next()).expect("in the DDL");
        let mut spelled: Vec<&str> = listed.split(',').map(|word| word.trim().trim_matches('\'')).collect();
        let mut ours: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        spelled.sort_unstable();
        ours.sort_unstable();
        assert_eq!(spelled, ours);
    }

    #[test]
    fn the_published_schema_requires_what_appending_requires() {
        let schema = include_str!("../../schemas/log.schema.json");
        let schema: serde_json::Value = serde_json::from_str(schema).expect("JSON");
        let published: Vec<_> = schema["oneOf"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|kind| (&kind["title"], &kind["required"]))
            .collect();
        let ours: Vec<_> = EventKind::ALL
            .iter()
            .map(|kind| (serde_json::json!(kind.as_str()), serde_json::json!(kind.required())))
            .collect();
        assert_eq!(published, ours.iter().map(|(kind, required)| (kind, required)).collect::<Vec<_>>());
    }
}
