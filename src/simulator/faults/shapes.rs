//! Faults of good answers: pages that lack something, numbers that are not true, text that is not clean.

use super::catalogue::{ANY, Entry, FILES, LEVELS, LISTS, PAGES, PROPERTIES, entry};
use super::effect::{Effect, Point};

/// Where a message's properties stand: alone or on a page.
const SHOWN: &[Point] = &[Point::List, Point::Sorted, Point::Message, Point::Body];

/// All of them.
pub(super) const SHAPES: &[Entry] = &[
    entry("foreign-page", &[Point::Sorted], Effect::ForeignLink, 1, "a next link to another host, on a sorted list"),
    entry("lost-user", &[Point::Sorted], Effect::UserlessLink, 1, "a next link without its user, on a sorted list"),
    entry("short-page", PAGES, Effect::ShortPage, 1, "a page with half of what was asked for"),
    entry("shift", LISTS, Effect::Shift, 1, "a next link that skips one message, as after a deletion"),
    entry("late", LISTS, Effect::Omit, 1, "messages that only a second listing shows (rate= of messages)"),
    entry("unlisted", LEVELS, Effect::Omit, 0, "folders that no listing shows (rate= of folders)"),
    entry("bad-item", LISTS, Effect::BadItem, 0, "items that spoil every page they are on (rate= of messages)"),
    entry("folder-loop", &[Point::Children], Effect::FolderLoop, 0, "folders that are their own children"),
    entry("drift", LEVELS, Effect::Drift, 0, "totalItemCount that is not true"),
    entry("bare-user", &[Point::Users], Effect::Nobody, 0, "people without a name, an address, an id"),
    entry("capitals", &[Point::Users], Effect::Capitals, 0, "sign-in names and addresses in capitals"),
    entry("units", ANY, Effect::Units, 0, "headers that tell how much is left"),
    entry(
        "no-flag",
        SHOWN,
        Effect::Put(&[("hasAttachments", "false")]),
        0,
        "hasAttachments that is false for all messages",
    ),
    entry("no-content", FILES, Effect::Drop(&["contentBytes"]), 0, "attachments without contentBytes"),
    entry("nameless", FILES, Effect::Put(&[("name", "null")]), 0, "attachments without names"),
    entry(
        "odd-people",
        SHOWN,
        Effect::Put(&[
            ("from", r#"{"emailAddress":{"name":"Only A. Name"}}"#),
            ("sender", r#"{"emailAddress":{"address":"/O=OLD/OU=SITE/CN=RECIPIENTS/CN=WHO"}}"#),
            ("toRecipients", r#"[{"emailAddress":{"name":"a@b","address":"not an address"}},{"emailAddress":{}},{}]"#),
        ]),
        0,
        "people without names, addresses or either",
    ),
    entry("no-headers", PROPERTIES, Effect::Drop(&["internetMessageHeaders"]), 0, "messages without their headers"),
    entry("no-sent", PROPERTIES, Effect::Put(&[("sentDateTime", "null")]), 0, "messages without a sent date"),
    entry(
        "other-message-id",
        SHOWN,
        Effect::Put(&[("internetMessageId", r#""the same for all, and no id""#)]),
        0,
        "a Message-ID that is not the header's",
    ),
    entry(
        "wrong-size",
        SHOWN,
        Effect::Put(&[("singleValueExtendedProperties", r#"[{"id":"Integer 0xe08","value":"7"}]"#)]),
        0,
        "sizes that are not true",
    ),
    entry("surrogate", SHOWN, Effect::Subject("\\ud83d"), 0, "half a surrogate pair in JSON"),
];
