//! The head of a message for readers: who wrote to whom, about what, when, in answer to what.
//!
//! Every value is that of a header field, decoded; what the header does not hold is empty. It must not know the body.

use super::headers::{Headers, unfold};
use super::{address, charset, date, encoded_word, message_id};
use crate::terms::{Md5, UtcInstant};

/// Header fields as a reader is shown them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Head {
    /// The authors, `Name <address>`.
    pub from: Vec<String>,
    /// The recipients.
    pub to: Vec<String>,
    /// The recipients of copies.
    pub cc: Vec<String>,
    /// The recipients of blind copies; only the sender's copy has them.
    pub bcc: Vec<String>,
    /// The subject.
    pub subject: Option<String>,
    /// The Date header as an instant; `None` where it is no date.
    pub date: Option<UtcInstant>,
    /// The Message-ID, brackets kept.
    pub message_id: Option<String>,
    /// The EDRM message identification hash; `None` without an id in angle brackets.
    pub mih: Option<Md5>,
    /// In-Reply-To as written.
    pub in_reply_to: Option<String>,
    /// References as written, on one line.
    pub references: Option<String>,
    /// Thread-Index as written: Outlook's conversation index in base64.
    pub thread_index: Option<String>,
    /// Importance as written.
    pub importance: Option<String>,
    /// Sensitivity as written.
    pub sensitivity: Option<String>,
    /// Keywords: Outlook's categories.
    pub keywords: Vec<String>,
    /// Names of the sensitivity labels in `msip_labels`; the whole value where it names none.
    pub labels: Vec<String>,
}

impl Head {
    pub(super) fn of(headers: &Headers<'_>) -> Self {
        let people = |field: &str| {
            let mut all = Vec::new();
            headers.all(field).for_each(|value| address::read(value, &mut all));
            all
        };
        let text = |field: &str| {
            let value = headers.first(field).map(|raw| charset::lenient(&unfold(raw)).into_owned());
            value.filter(|value| !value.is_empty())
        };
        let read = |field: &str| headers.first(field).map(|raw| encoded_word::decode(&unfold(raw)));
        let words = |list: String| {
            let words = list.split(',').map(str::trim).filter(|word| !word.is_empty());
            words.map(str::to_owned).collect()
        };
        let seconds = headers.first("Date").and_then(date::unix_seconds);
        Self {
            from: people("From"),
            to: people("To"),
            cc: people("Cc"),
            bcc: people("Bcc"),
            subject: read("Subject"),
            date: seconds.and_then(|seconds| UtcInstant::from_millis(seconds.checked_mul(1000)?)),
            message_id: message_id::message_id(headers),
            mih: message_id::mih(headers),
            in_reply_to: text("In-Reply-To"),
            references: text("References"),
            thread_index: text("Thread-Index"),
            importance: text("Importance"),
            sensitivity: text("Sensitivity"),
            keywords: read("Keywords").map(words).unwrap_or_default(),
            labels: read("msip_labels").map(|value| labels(&value)).unwrap_or_default(),
        }
    }
}

/// `MSIP_Label_<id>_Name=Confidential; …`: the names. Exchange folds the value, which leaves spaces around the signs.
fn labels(value: &str) -> Vec<String> {
    let pairs = value.split(';').filter_map(|pair| pair.split_once('='));
    let names = pairs.filter(|(key, _)| key.trim().ends_with("_Name")).map(|(_, name)| name.trim());
    let names: Vec<String> = names.filter(|name| !name.is_empty()).map(str::to_owned).collect();
    let whole = value.trim();
    if names.is_empty() && !whole.is_empty() { vec![whole.to_owned()] } else { names }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::headers::read_block;

    #[test]
    fn a_head_says_what_the_header_holds_and_nothing_more() {
        let block = "From: A <a@x.example>\nDate: Mon, 3 Jun 2024 16:05:09 +0200\nKeywords: =?utf-8?Q?Gr=C3=BCn?=, Red\n\
                     msip_labels: MSIP_Label_1_Enabled=true;\n MSIP_Label_1_Name=Confidential;\n\n";
        let head = Head::of(&read_block(block.as_bytes(), 0, |_| false).0);
        assert_eq!(head.from, ["A <a@x.example>"]);
        assert_eq!(head.date.map(|at| at.to_string()).as_deref(), Some("2024-06-03T14:05:09.000Z"));
        assert_eq!(
            (head.keywords.join(";"), head.labels.join(";")),
            ("Grün;Red".to_owned(), "Confidential".to_owned())
        );
        let bare = Head { from: Vec::new(), date: None, keywords: Vec::new(), labels: Vec::new(), ..head };
        assert_eq!(bare, Head::default());
    }
}
