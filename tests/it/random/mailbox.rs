//! Mailboxes made at random: a tree of odd folders, mail of many shapes on dates that collide, and the truth about it.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::{Value, json};

use super::draw::Draw;
use crate::tenant::sha256;

/// One message as it is in the mailbox.
pub(super) struct Message {
    /// Index of its folder.
    pub(super) folder: usize,
    /// SHA-256 of what the service serves.
    pub(super) sha256: String,
    /// Seconds since 1970: received, sent, created, modified.
    pub(super) dates: [Option<i64>; 4],
    /// The service cannot render it, ever.
    pub(super) damaged: bool,
}

/// One folder.
pub(super) struct Folder {
    /// Its path as people see it.
    pub(super) path: String,
    /// Its path in the tenant's files.
    key: String,
    /// Other facts of the tenant's files.
    facts: Value,
    /// Whether its mail is its own and it is collected without being asked for.
    pub(super) plain: bool,
    /// Whether it is collected only when asked for.
    pub(super) recoverable: bool,
}

/// A mailbox, and all that is in it.
pub(super) struct Mailbox {
    pub(super) owner: String,
    pub(super) folders: Vec<Folder>,
    pub(super) messages: Vec<Message>,
}

/// 2024-01-01T00:00:00Z.
const NEW_YEAR: i64 = 1_704_067_200;
/// Instants at which things happen: few, so that many messages share one, and some on the edges of days.
pub(super) const MOMENTS: [i64; 14] = [
    NEW_YEAR - 1,
    NEW_YEAR,
    NEW_YEAR + 1,
    NEW_YEAR + 86_399,
    NEW_YEAR + 86_400,
    NEW_YEAR + 59 * 86_400,
    NEW_YEAR + 60 * 86_400,
    NEW_YEAR + 90 * 86_400 + 7_200,
    NEW_YEAR + 90 * 86_400 + 7_201,
    NEW_YEAR + 181 * 86_400,
    NEW_YEAR + 300 * 86_400 + 3_600,
    NEW_YEAR + 300 * 86_400 + 3_601,
    NEW_YEAR + 365 * 86_400 + 86_399,
    NEW_YEAR + 366 * 86_400,
];

const NAMES: [&str; 12] = [
    "Projects",
    "projects 2",
    "Ärger & Söhne",
    "合同",
    "CON",
    "a.b..c",
    "Trailing.",
    "\u{1f4e6} parcels",
    "100% 'quoted' \"names\"",
    "-- drop --",
    "Deep",
    "e\u{301}tude",
];

/// Writes a tenant of such mailboxes below `root`; `like` is the folder of a tenant to take the sign-in from.
pub(super) fn tenant(root: &Path, like: &Path, paralegal: &str, seed: u64, count: usize) -> Vec<Mailbox> {
    let about = std::fs::read(like.join("tenant.json")).expect("a tenant");
    let users: Value = serde_json::from_slice(&std::fs::read(like.join("users.json")).expect("users")).expect("JSON");
    let mut paula =
        users.as_array().expect("users").iter().find(|user| user["userPrincipalName"] == paralegal).cloned();
    let paula = paula.as_mut().expect("the paralegal");
    paula["simulator"] = json!({ "state": "none" });
    let mut people = vec![paula.clone()];
    std::fs::create_dir_all(root).expect("a folder");
    std::fs::write(root.join("tenant.json"), about).expect("written");
    let mut made = Vec::new();
    for n in 0..count {
        let owner = format!("custodian{n}@brackwater.example");
        let mut draw = Draw::of(seed.wrapping_mul(1_000_003).wrapping_add(n as u64));
        let mut user = paula.clone();
        let id = format!("{:08x}-0000-4000-8000-{n:012x}", seed & 0xffff_ffff);
        user["id"] = id.into();
        user["displayName"] = format!("Custodian {n}").into();
        user["userPrincipalName"] = owner.clone().into();
        user["mail"] = owner.clone().into();
        user["proxyAddresses"] = json!([format!("SMTP:{owner}")]);
        user["simulator"] = json!({ "mailbox": format!("m{n}"), "state": "enabled" });
        people.push(user);
        made.push(Mailbox::write(&root.join(format!("mailboxes/m{n}")), owner, paralegal, &mut draw));
    }
    std::fs::write(root.join("users.json"), json!(people).to_string()).expect("written");
    made
}

impl Mailbox {
    fn write(root: &Path, owner: String, paralegal: &str, draw: &mut Draw) -> Self {
        std::fs::create_dir_all(root.join("mail")).expect("a folder");
        let folders = folders(draw);
        let homes: Vec<usize> =
            (0..folders.len()).filter(|at| folders[*at].plain || folders[*at].recoverable).collect();
        let (mut messages, mut listed) = (Vec::new(), Vec::new());
        let count = [0, 1, 3, 12, 30, 45][draw.below(6)];
        for n in 0..count {
            let folder = *draw.pick(&homes);
            let (bytes, file) = (native(draw, n, &owner), format!("{n:04}.eml"));
            std::fs::write(root.join("mail").join(&file), &bytes).expect("written");
            let received = *draw.pick(&MOMENTS);
            let sent = if draw.one_in(12) { None } else { Some(received - [0, 1, 4, 86_400][draw.below(4)]) };
            let modified = received + [0, 1, 3_600, 40 * 86_400][draw.below(4)];
            let damaged = draw.one_in(25);
            let mut entry = json!({
                "folder": folders[folder].key, "file": file, "received": instant(received), "sent": sent.map(instant),
                "created": instant(received), "modified": instant(modified), "is_draft": draw.one_in(10),
                "class": draw.pick(&["IPM.Note", "IPM.Note", "IPM.Note", "IPM.Note.SMIME", "IPM.Schedule.Meeting.Request"]),
            });
            if damaged {
                entry["value_error"] = json!({ "status": 500, "code": "ErrorMimeContentConversionFailed" });
            }
            listed.push(entry);
            messages.push(Message {
                folder,
                sha256: sha256(&bytes),
                dates: [Some(received), sent, Some(received), Some(modified)],
                damaged,
            });
        }
        let tree: Vec<Value> = folders.iter().map(|folder| folder.facts.clone()).collect();
        let file = json!({
            "owner": owner, "kind": "user", "rights": [{ "delegate": paralegal, "access": "full" }],
            "folders": tree, "messages": listed,
        });
        std::fs::write(root.join("mailbox.json"), file.to_string()).expect("written");
        Self { owner, folders, messages }
    }
}

/// The usual folders, some that are hidden, views, or beside the tree, and a random tree of oddly named ones.
fn folders(draw: &mut Draw) -> Vec<Folder> {
    let mut folders: Vec<Folder> = Vec::new();
    for (name, well_known) in [("Inbox", "inbox"), ("Sent Items", "sentitems"), ("Deleted Items", "deleteditems")] {
        folders.push(Folder::new(name, name, json!({ "well_known": well_known })));
    }
    for n in 0..draw.below(9) {
        // Deep more often than wide: half of them stand below the one before.
        let parent = if draw.one_in(2) { folders.len() - 1 } else { draw.below(folders.len()) };
        let name = draw.pick(&NAMES);
        let key = format!("{}/{name} {n}", folders[parent].key);
        // Two folders of one parent may have the same name.
        let seen = if draw.one_in(3) { "Same".to_owned() } else { format!("{name} {n}") };
        let path = format!("{}/{seen}", folders[parent].path);
        let facts = json!({ "name": seen, "hidden": draw.one_in(6) });
        folders.push(Folder::new(&path, &key, facts));
    }
    folders.push(Folder::new("Calendar", "Calendar", json!({ "class": "IPF.Appointment", "other_items": 7 })));
    folders.last_mut().expect("just pushed").plain = false;
    let view = json!({ "well_known": "searchfolders", "search": true });
    folders.push(Folder { plain: false, ..Folder::new("Unread Mail", "Unread Mail", view) });
    let purged = json!({ "well_known": "recoverableitemspurges", "outside_root": true });
    let place = "Recoverable Items/Purges";
    folders.push(Folder { plain: false, recoverable: true, ..Folder::new(place, place, purged) });
    folders
}

impl Folder {
    fn new(path: &str, key: &str, mut facts: Value) -> Self {
        facts["path"] = key.into();
        Self { path: path.to_owned(), key: key.to_owned(), facts, plain: true, recoverable: false }
    }
}

/// A message that no other is like, in one of the shapes in which mail comes.
fn native(draw: &mut Draw, n: usize, owner: &str) -> Vec<u8> {
    let mut mail = String::new();
    let from = draw.pick(&["Ada Brook <ada@example.com>", "=?utf-8?B?w4RkYQ==?= <ada@example.com>", "ada@example.com"]);
    let _ = write!(mail, "From: {from}\r\nTo: {owner}\r\nDate: Mon, 01 Jan 2024 00:00:00 +0000\r\n");
    if !draw.one_in(9) {
        let subject = draw.pick(&["figures", "=?iso-8859-1?Q?=FCber?=", "Re: Re: Fwd:", "x\ty", ""]);
        let _ = write!(mail, "Subject: {subject}\r\n");
    }
    // Some share their Message-ID, some have none.
    match draw.below(8) {
        0 => {}
        1 => mail.push_str("Message-ID: <twice@example.com>\r\n"),
        _ => {
            let _ = write!(mail, "Message-ID: <{n}.{}@example.com>\r\n", draw.below(1_000_000));
        }
    }
    mail.push_str("MIME-Version: 1.0\r\n");
    let text = "A line of text that says little.\r\n".repeat(1 + draw.below(40));
    match draw.below(6) {
        0 => {
            let _ = write!(mail, "Content-Type: text/html; charset=utf-8\r\n\r\n<p>{n} \u{fc}</p>{text}");
        }
        1 => {
            let _ = write!(
                mail,
                "Content-Type: multipart/mixed; boundary=\"b{n}\"\r\n\r\n--b{n}\r\nContent-Type: text/plain\r\n\r\n{text}\
                 \r\n--b{n}\r\nContent-Type: application/octet-stream; name=\"a.bin\"\r\nContent-Disposition: attachment\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\nAAECAwQFBgcICQ==\r\n--b{n}--\r\n"
            );
        }
        2 => {
            let _ = write!(
                mail,
                "Content-Type: multipart/mixed; boundary=\"b{n}\"\r\n\r\n--b{n}\r\nContent-Type: message/rfc822\r\n\r\n\
                 From: e@example.com\r\nSubject: inside {n}\r\n\r\n{text}\r\n--b{n}--\r\n"
            );
        }
        3 => {
            let _ = write!(mail, "\r\n{text}no length is even {n}");
        }
        4 => {
            let _ = write!(mail, "Content-Type: text/plain\r\n\r\n{n}\r\n");
            let mut bytes = mail.into_bytes();
            bytes.extend([0xff, 0xfe, 0x80, b'\r', b'\n', b'.', b'\r', b'\n']);
            return bytes;
        }
        _ => {
            let _ = write!(mail, "Content-Type: text/plain; charset=us-ascii\r\n\r\n{n}\r\n{text}");
        }
    }
    mail.into_bytes()
}

/// Seconds since 1970 as an instant in UTC.
pub(super) fn instant(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).expect("in range").to_string()
}
