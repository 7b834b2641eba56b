//! The closed vocabularies of the record: how a mailbox is reached, how an item ended, why one is an exception.
//!
//! The spellings are those of `schemas/manifest.sql`; a word that is not listed there cannot be written.

use std::fmt;

macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$vdoc])* $variant,)+ }

        impl $name {
            /// Every word of this vocabulary.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The spelling in the manifest and the log.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text,)+ }
            }

            /// Reads the spelling; `None` for any other text.
            pub fn from_word(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|word| word.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                Self::from_word(&text).ok_or_else(|| serde::de::Error::custom(concat!("no such ", stringify!($name))))
            }
        }

        impl schemars::JsonSchema for $name {
            fn schema_name() -> std::borrow::Cow<'static, str> {
                stringify!($name).into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "enum": [$($text),+] })
            }
        }
    };
}
pub(crate) use words;

words!(
    /// What kind of mailbox it is, as far as it can be known.
    MailboxKind {
        /// A person's mailbox.
        User = "user",
        /// A shared mailbox.
        Shared = "shared",
        /// A room.
        Room = "room",
        /// A piece of equipment.
        Equipment = "equipment",
        /// A group.
        Group = "group",
        /// An in-place archive.
        Archive = "archive",
        /// Not readable in a delegated session.
        Unknown = "unknown",
    }
);

words!(
    /// On what footing the signed-in account reads the mailbox: what was observed, never more.
    AccessBasis {
        /// The account's own mailbox.
        Myself = "self",
        /// Consistent with Full Access delegation.
        FullAccess = "full_access_delegation",
        /// Only some folders are shared.
        FolderShare = "folder_share",
        /// An application permission, without a user.
        AppPermission = "app_permission",
    }
);

words!(
    /// Where the bytes of a native come from.
    SourceKind {
        /// The service's own rendering, `$value`, byte for byte.
        MimeValue = "mime_value",
        /// Rebuilt by Affiant from JSON because the service would not render it; always labelled.
        Rebuilt = "rebuilt_from_json",
    }
);

words!(
    /// How an item ended. Every listed item has exactly one.
    Outcome {
        /// Its bytes are in the package.
        Collected = "collected",
        /// It could not be collected as asked; the exception says why.
        Excepted = "excepted",
        /// It was gone when it was fetched.
        Vanished = "vanished",
    }
);

words!(
    /// What a part of a message is to it: the roles of a family.
    PartRole {
        /// A file, a report, anything a reader opens by itself.
        Attachment = "attachment",
        /// Part of the body: an image that the text shows, or another rendering of the text.
        Inline = "inline",
        /// A whole message.
        EmbeddedMessage = "embedded_message",
        /// A link to a file elsewhere.
        Reference = "reference",
        /// A file inside a winmail.dat.
        TnefMember = "tnef_member",
        /// A calendar part.
        Calendar = "calendar",
        /// A signature.
        Signature = "signature",
    }
);

words!(
    /// Why something is not as asked. The list is closed.
    ExceptionCode {
        /// The service refused access.
        NotAccessible = "not_accessible",
        /// Listed, and gone when fetched.
        Gone = "gone",
        /// Larger than the service would deliver.
        TooLarge = "too_large",
        /// The service cannot render it; a rebuilt message stands in.
        MimeUnavailable = "mime_unavailable",
        /// The service kept asking to wait until the time allowed was over.
        ThrottledOut = "throttled_out",
        /// Fewer or more bytes than announced.
        SizeMismatch = "size_mismatch",
        /// A second reading gave another hash.
        HashChanged = "hash_changed",
        /// Rights-protected; collected as served, content not readable.
        IrmProtected = "irm_protected",
        /// S/MIME encrypted; collected as served, content not readable without the key.
        SmimeEncrypted = "smime_encrypted",
        /// A winmail.dat that could not be opened.
        TnefOpaque = "tnef_opaque",
        /// A link to a file in the cloud; the file was not fetched.
        CloudAttachment = "cloud_attachment",
        /// The message could not be read as MIME; collected as served.
        ParseError = "parse_error",
        /// A name was changed for an export format.
        NameChanged = "name_changed",
        /// Two counts differ.
        CountMismatch = "count_mismatch",
        /// The local clock and the service's differ.
        ClockSkew = "clock_skew",
        /// A file without a row was found and moved aside.
        OrphanFile = "orphan_file",
        /// Anything else; the log entry says what.
        Other = "other",
    }
);

words!(
    /// What an exception means for the reader.
    Severity {
        /// A note; the item is here and whole.
        Info = "info",
        /// The item is here, with a loss or a substitute.
        Warning = "warning",
        /// The item is not here.
        ItemMissing = "item_missing",
        /// A folder, a mailbox or the run as a whole is affected.
        Fatal = "fatal",
    }
);

impl Severity {
    /// Whether a run with such an exception may still be called complete.
    pub const fn is_note(self) -> bool {
        matches!(self, Self::Info)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_the_schema_reads_back_and_stands_in_the_ddl() {
        let ddl = include_str!("../../schemas/manifest.sql");
        for code in ExceptionCode::ALL {
            assert_eq!(ExceptionCode::from_word(code.as_str()), Some(*code));
            assert!(ddl.contains(&format!("'{code}'")), "{code}");
        }
        for severity in Severity::ALL {
            assert!(ddl.contains(&format!("'{severity}'")), "{severity}");
        }
        for basis in AccessBasis::ALL {
            assert!(ddl.contains(&format!("'{basis}'")), "{basis}");
        }
    }
}
