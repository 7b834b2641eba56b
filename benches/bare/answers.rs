//! What Graph would say, as far as a collection asks: users, folders, pages of messages, counts.
//!
//! It must not know sockets.

use std::fmt::Write as _;

use super::mail::{self, Pools, Size};

/// What is served.
#[derive(Clone, Copy)]
pub struct Estate {
    pub size: Size,
    pub mailboxes: u64,
    /// Messages in each mailbox, all in its inbox.
    pub each: u64,
}

const FOLDERS: [(&str, &str); 8] = [
    ("msgfolderroot", "Top of Information Store"),
    ("inbox", "Inbox"),
    ("drafts", "Drafts"),
    ("sentitems", "Sent Items"),
    ("deleteditems", "Deleted Items"),
    ("junkemail", "Junk Email"),
    ("outbox", "Outbox"),
    ("archive", "Archive"),
];
const INBOX: usize = 1;
const ID: &str = "AAkALgAAAAAAHYQDEapmEc2byACqAC_EWg0AAABogbcK_skRAzYkKxD0GfST";

/// One question about a mailbox.
pub enum Asked {
    /// JSON, with its status.
    Json(u16, String),
    /// Plain text.
    Text(String),
    /// The bytes of a message.
    Message(u64),
}

pub fn address(mailbox: u64) -> String {
    format!("c{mailbox:02}@bench.example")
}

/// The mailbox that a path below `/v1.0/users/` begins with, and the rest of the path.
pub fn mailbox_of(path: &str) -> Option<(u64, &str)> {
    let (user, rest) = path.split_once('/').unwrap_or((path, ""));
    let digits = match user.strip_prefix('c') {
        Some(name) => name.get(..2)?,
        None => user.rsplit('-').next()?,
    };
    Some((digits.parse().ok()?, rest))
}

impl Estate {
    /// `rest` is the path behind the user, `query` as it came, `page` what the `Prefer` header asks for.
    pub fn answer(self, origin: &str, mailbox: u64, rest: &str, query: &str, page: Option<u64>) -> Asked {
        let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
        match parts.as_slice() {
            [] => Asked::Json(200, user(mailbox)),
            ["messages", id, "$value"] => match id.strip_prefix(ID).and_then(|end| end.get(3..12)?.parse().ok()) {
                Some(n) if n < self.each => Asked::Message(n),
                _ => missing(),
            },
            ["messages", "$count"] => Asked::Text(self.each.to_string()),
            ["mailFolders", folder, "messages", "$count"] => {
                Asked::Text(if index(folder) == Some(INBOX) { self.each.to_string() } else { "0".to_owned() })
            }
            ["mailFolders"] => {
                let all: Vec<String> = (1..FOLDERS.len()).map(|at| self.folder(mailbox, at)).collect();
                Asked::Json(200, format!(r#"{{"value":[{}]}}"#, all.join(",")))
            }
            ["mailFolders", folder] => match index(folder) {
                Some(at) => Asked::Json(200, self.folder(mailbox, at)),
                None => missing(),
            },
            ["mailFolders", _, "childFolders"] => Asked::Json(200, r#"{"value":[]}"#.to_owned()),
            ["mailFolders", folder, "messages"] if index(folder) == Some(INBOX) => {
                Asked::Json(200, self.page(origin, mailbox, rest, query, page))
            }
            ["mailFolders", _, "messages"] => Asked::Json(200, r#"{"@odata.count":0,"value":[]}"#.to_owned()),
            _ => missing(),
        }
    }

    fn folder(self, mailbox: u64, at: usize) -> String {
        let children = if at == 0 { FOLDERS.len() - 1 } else { 0 };
        let total = if at == INBOX { self.each } else { 0 };
        format!(
            r#"{{"id":"{}","displayName":"{}","parentFolderId":"{}","childFolderCount":{children},"totalItemCount":{total},"unreadItemCount":0,"isHidden":false,"singleValueExtendedProperties":[{{"id":"Long 0xe08","value":"0"}},{{"id":"String 0x3613","value":"IPF.Note"}}]}}"#,
            folder_id(mailbox, at),
            FOLDERS[at].1,
            folder_id(mailbox, 0),
        )
    }

    fn page(self, origin: &str, mailbox: u64, rest: &str, query: &str, prefer: Option<u64>) -> String {
        let (mut top, mut skip, mut from) = (prefer.unwrap_or(10), 0, 0);
        let mut pairs = url::form_urlencoded::Serializer::new(String::new());
        for (name, value) in url::form_urlencoded::parse(query.as_bytes()) {
            match &*name {
                "$top" => top = value.parse().unwrap_or(10),
                "$skip" => {
                    skip = value.parse().unwrap_or(0);
                    continue;
                }
                "$filter" => {
                    let at = value.strip_prefix("receivedDateTime ge ").and_then(|at| at.parse().ok());
                    from = at.map_or(0, mail::first_at);
                }
                _ => {}
            }
            pairs.append_pair(&name, &value);
        }
        let (begin, end) = (from + skip, (from + skip + top).min(self.each));
        let mut said = String::with_capacity(700 * usize::try_from(end.saturating_sub(begin)).unwrap_or(0) + 500);
        let _ = write!(said, r#"{{"@odata.count":{},"#, self.each.saturating_sub(from));
        if end < self.each {
            pairs.append_pair("$skip", &(skip + top).to_string());
            let link = format!("{origin}/v1.0/users/{}/{rest}?{}", object_id(mailbox), pairs.finish());
            let _ = write!(said, r#""@odata.nextLink":"{link}","#);
        }
        said.push_str(r#""value":["#);
        for n in begin..end {
            let (comma, at, parent) = (if n > begin { "," } else { "" }, mail::delivered(n), folder_id(mailbox, INBOX));
            let _ = write!(
                said,
                r#"{comma}{{"@odata.etag":"W/\"CQAAABYAAAAUjr2QPLnQRmZHlgKU{n:012}\"","id":"{}","changeKey":"CQAAABYAAAAUjr2QPLnQRmZHlgKU{n:012}","parentFolderId":"{parent}","receivedDateTime":"{at}","sentDateTime":"{at}","createdDateTime":"{at}","lastModifiedDateTime":"{at}","subject":"Figures of day {n}","internetMessageId":"{}","isDraft":false,"singleValueExtendedProperties":[{{"id":"Integer 0xe08","value":"{}"}},{{"id":"String 0x1a","value":"IPM.Note"}}]}}"#,
                graph_id(mailbox, n),
                mail::message_id(mailbox, n),
                self.size.of(n),
            );
        }
        said.push_str("]}");
        said
    }

    /// The bytes of all mail.
    pub fn bytes(self, pools: &Pools) -> u64 {
        let of = |mailbox| (0..self.each).map(move |n| pools.letter(self.size, mailbox, n).bytes() as u64).sum::<u64>();
        (1..=self.mailboxes).map(of).sum()
    }
}

fn missing() -> Asked {
    let said = r#"{"error":{"code":"ErrorItemNotFound","message":"The specified object was not found in the store."}}"#;
    Asked::Json(404, said.to_owned())
}

fn object_id(mailbox: u64) -> String {
    format!("00000000-0000-4000-8000-{mailbox:012}")
}

fn folder_id(mailbox: u64, at: usize) -> String {
    format!(
        "AAMkAGI1ZjNkOWE1LTYzZTItNGQ5MS04MzVhLWU0YmI5ZjEyMzQ3Ny4AAAAAAB2EAxGqZhHNm8gAqgAvxFoDAGiB{mailbox:04}{at:04}"
    )
}

fn graph_id(mailbox: u64, n: u64) -> String {
    format!("{ID}{mailbox:03}{n:09}AAA=")
}

/// Which folder an id or a well-known name means.
fn index(folder: &str) -> Option<usize> {
    match FOLDERS.iter().position(|(name, _)| *name == folder) {
        None if folder.starts_with("AAMk") => {
            folder.get(folder.len() - 4..)?.parse().ok().filter(|at| *at < FOLDERS.len())
        }
        found => found,
    }
}

fn user(mailbox: u64) -> String {
    let upn = address(mailbox);
    format!(
        r#"{{"id":"{}","displayName":"Custodian {mailbox}","userPrincipalName":"{upn}","mail":"{upn}","proxyAddresses":["SMTP:{upn}"],"userType":"Member","accountEnabled":true,"assignedLicenses":[],"assignedPlans":[],"onPremisesSyncEnabled":null,"department":null,"createdDateTime":"2019-05-06T07:30:00Z"}}"#,
        object_id(mailbox)
    )
}
