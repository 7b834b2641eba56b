//! Generated mail: any number of messages that exist only while they are asked for.
//!
//! A message is a function of seed and index. Dates are spread evenly and rise with the index, so that a date
//! range is found by arithmetic and bisection, and listing costs the same in the first and in the millionth page.

use std::fmt::Write;
use std::sync::OnceLock;

use bytes::Bytes;

use crate::simulator::chance::Chance;
use crate::terms::DateField;

use super::head::{Head, Who};
use super::mail::Dates;

/// Seconds between the sender's click and the delivery.
const TRANSIT: i64 = 4;
/// Seconds between the delivery and the last change, when it was read.
const READ_AFTER: i64 = 3600;

/// One run of generated messages in one folder.
#[derive(Debug, Clone)]
pub(in crate::simulator) struct Synthetic {
    pub(in crate::simulator) folder: usize,
    pub(in crate::simulator) count: u64,
    pub(in crate::simulator) seed: u64,
    /// First and last delivery, seconds since 1970; the last is not reached.
    pub(in crate::simulator) from: i64,
    pub(in crate::simulator) to: i64,
    pub(in crate::simulator) mean_bytes: u64,
    /// The mailbox owner's address.
    pub(in crate::simulator) owner: String,
}

/// What one message is going to be.
struct Plan {
    text_bytes: usize,
    html: bool,
    attachment: Option<usize>,
    colleague: &'static str,
    topic: &'static str,
}

const COLLEAGUES: [&str; 8] =
    ["Ada Brook", "Ben Castle", "Cleo Dunn", "Dev Elmi", "Eva Finch", "Gus Hale", "Ida Jonas", "Kay Lind"];
const TOPICS: [&str; 8] = [
    "Weekly figures",
    "Contract draft",
    "Site visit",
    "Invoice query",
    "Board papers",
    "Delivery dates",
    "Travel plan",
    "Test results",
];
const WORDS: [&str; 24] = [
    "please", "find", "the", "draft", "for", "review", "before", "Friday", "figures", "attached", "we", "agreed", "on",
    "terms", "with", "supplier", "and", "will", "confirm", "delivery", "next", "week", "regards", "team",
];

impl Synthetic {
    /// The dates of message `n`.
    pub(in crate::simulator) fn dates(&self, n: u64) -> Dates {
        let received = self.delivered(n).saturating_mul(1000);
        let shifted = |seconds: i64| received.saturating_add(seconds * 1000);
        Dates { received, sent: Some(shifted(-TRANSIT)), created: received, modified: shifted(READ_AFTER) }
    }

    /// How many messages have a date before `millis`.
    pub(in crate::simulator) fn rank(&self, field: DateField, millis: i64) -> u64 {
        let before = |n: u64| self.dates(n).get(field).is_some_and(|at| at < millis);
        let (mut low, mut high) = (0, self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            if before(middle) { low = middle + 1 } else { high = middle }
        }
        low
    }

    fn delivered(&self, n: u64) -> i64 {
        let span = i128::from(self.to.saturating_sub(self.from).max(0));
        let offset = span * i128::from(n) / i128::from(self.count.max(1));
        self.from.saturating_add(i64::try_from(offset).unwrap_or_default())
    }

    fn plan(&self, n: u64) -> Plan {
        let mut chance = Chance::new(self.seed, n);
        // Seven small ones, two middling and one large give the mean: 0.7 * 0.4 + 0.2 * 1.2 + 0.1 * 4.8 = 1.
        let tenths = match chance.below(10) {
            0..7 => 4,
            7..9 => 12,
            _ => 48,
        };
        let target = self.mean_bytes.saturating_mul(tenths) / 10 * (75 + chance.below(51)) / 100;
        let target = usize::try_from(target.saturating_sub(1400)).unwrap_or_default();
        let kind = chance.below(10);
        let attachment = (kind == 9 || tenths == 48).then_some(target / 4 * 3 / 4 * 3);
        let text_bytes = if attachment.is_some() { target / 4 } else { target };
        let colleague = chance.pick(&COLLEAGUES).unwrap_or_default();
        let topic = chance.pick(&TOPICS).unwrap_or_default();
        Plan { text_bytes: text_bytes.max(80), html: kind % 3 == 1, attachment, colleague, topic }
    }

    /// The Message-ID of message `n`, brackets included.
    pub(in crate::simulator) fn message_id(&self, n: u64) -> String {
        format!("<SIM{:04X}{:08X}{n:010X}@{}>", self.folder, self.seed & 0xffff_ffff, self.domain())
    }

    /// The message with this Message-ID.
    pub(in crate::simulator) fn find(&self, message_id: &str) -> Option<u64> {
        let local = message_id.split('@').next()?;
        let n = u64::from_str_radix(local.get(local.len().checked_sub(10)?..)?, 16).ok()?;
        (n < self.count && self.message_id(n).eq_ignore_ascii_case(message_id)).then_some(n)
    }

    fn domain(&self) -> &str {
        self.owner.rsplit_once('@').map_or("example.com", |(_, domain)| domain)
    }

    fn colleague_address(&self, name: &str) -> String {
        format!("{}@{}", name.to_lowercase().replace(' ', "."), self.domain())
    }

    /// What a listing shows of message `n`.
    pub(in crate::simulator) fn head(&self, n: u64) -> Head {
        let plan = self.plan(n);
        let from = Who { name: Some(plan.colleague.to_owned()), address: Some(self.colleague_address(plan.colleague)) };
        Head {
            subject: Some(format!("{} {n}", plan.topic)),
            message_id: Some(self.message_id(n)),
            sender: Some(from.clone()),
            from: Some(from),
            to: vec![Who { name: None, address: Some(self.owner.clone()) }],
            importance: "normal",
            has_attachments: plan.attachment.is_some(),
            class: "IPM.Note".to_owned(),
            topic: plan.topic.to_owned(),
            ..Head::default()
        }
    }

    /// Roughly how large message `n` is, without making it.
    pub(in crate::simulator) fn about_bytes(&self, n: u64) -> u64 {
        let plan = self.plan(n);
        u64::try_from(plan.text_bytes + plan.attachment.unwrap_or(0) / 3 * 4 + 1400).unwrap_or_default()
    }

    /// Message `n` as Exchange would render it.
    pub(in crate::simulator) fn render(&self, n: u64) -> Bytes {
        let plan = self.plan(n);
        let id = self.message_id(n);
        let mut mail = String::with_capacity(plan.text_bytes + plan.attachment.unwrap_or(0) * 3 / 2 + 2048);
        self.write_header(&mut mail, n, &plan, &id);
        let start = usize::try_from(Chance::new(self.seed ^ 1, n).below(FILLER_LINES)).unwrap_or_default();
        match plan.attachment {
            None if plan.html => write_html(&mut mail, start, plan.text_bytes),
            None => write_text(&mut mail, start, plan.text_bytes),
            Some(bytes) => {
                let boundary = boundary("_004_", &id);
                let _ = write!(
                    mail,
                    "Content-Type: multipart/mixed;\r\n\tboundary=\"{boundary}\"\r\nMIME-Version: 1.0\r\n\r\n"
                );
                let _ = write!(mail, "--{boundary}\r\nContent-Type: text/plain; charset=\"us-ascii\"\r\n\r\n");
                write_filler(&mut mail, start, plan.text_bytes);
                self.write_attachment(&mut mail, n, bytes, &boundary);
            }
        }
        Bytes::from(mail)
    }

    fn write_header(&self, mail: &mut String, n: u64, plan: &Plan, id: &str) {
        let dates = self.dates(n);
        let (received, sent) = (mail_date(dates.received), mail_date(dates.sent.unwrap_or_default()));
        let host = format!("SIM{:04}.simprd01.prod.example", n % 9973);
        let domain = self.domain();
        let from = self.colleague_address(plan.colleague);
        let _ = write!(
            mail,
            "Received: from {host} (2001:db8::{:x}) by\r\n {host} with HTTPS; {received}\r\n\
             Received: from mail.{domain} (192.0.2.{}) by\r\n {host} with Microsoft SMTP Server (version=TLS1_2,\r\n \
             cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.{}.20; {received}\r\n\
             From: {} <{from}>\r\nTo: {}\r\nSubject: {} {n}\r\nThread-Topic: {} {n}\r\nDate: {sent}\r\nMessage-ID:\r\n\t{id}\r\n\
             Content-Language: en-US\r\nX-MS-Has-Attach:{}\r\nX-MS-Exchange-Organization-SCL: -1\r\n\
             X-MS-Exchange-Organization-Network-Message-Id:\r\n\t{:08x}-{:04x}-4000-8000-{n:012x}\r\n",
            n % 65536,
            n % 254 + 1,
            n % 10000,
            plan.colleague,
            self.owner,
            plan.topic,
            plan.topic,
            if plan.attachment.is_some() { " yes" } else { "" },
            self.seed & 0xffff_ffff,
            self.folder,
        );
    }

    fn write_attachment(&self, mail: &mut String, n: u64, bytes: usize, boundary: &str) {
        let _ = write!(
            mail,
            "\r\n--{boundary}\r\nContent-Type: application/octet-stream; name=\"figures-{n}.bin\"\r\n\
             Content-Description: figures-{n}.bin\r\n\
             Content-Disposition: attachment; filename=\"figures-{n}.bin\"; size={bytes}\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        );
        write_base64(mail, &mut Chance::new(self.seed ^ 2, n), bytes);
        let _ = write!(mail, "\r\n--{boundary}--\r\n");
    }
}

/// Exchange's boundary: a prefix, the first 55 letters and digits of the Message-ID, an underscore.
fn boundary(prefix: &str, message_id: &str) -> String {
    let letters: String = message_id.chars().filter(char::is_ascii_alphanumeric).take(55).collect();
    format!("{prefix}{letters}_")
}

fn mail_date(millis: i64) -> String {
    jiff::Timestamp::from_millisecond(millis)
        .map(|at| at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string())
        .unwrap_or_default()
}

const FILLER_LINES: u64 = 512;

/// Lines of plain words, made once; every body is a run of them.
fn filler() -> &'static [String] {
    static LINES: OnceLock<Vec<String>> = OnceLock::new();
    LINES.get_or_init(|| {
        let line = |n: u64| {
            let mut chance = Chance::new(0x4c49_4e45, n);
            let mut line = String::new();
            while line.len() < 64 {
                line.push_str(chance.pick(&WORDS).unwrap_or_default());
                line.push(' ');
            }
            line.trim_end().to_owned() + "\r\n"
        };
        (0..FILLER_LINES).map(line).collect()
    })
}

fn write_filler(mail: &mut String, start: usize, bytes: usize) {
    let end = mail.len() + bytes;
    for line in filler().iter().cycle().skip(start) {
        if mail.len() >= end {
            break;
        }
        mail.push_str(line);
    }
}

fn write_text(mail: &mut String, start: usize, bytes: usize) {
    mail.push_str("Content-Type: text/plain; charset=\"us-ascii\"\r\nMIME-Version: 1.0\r\n\r\n");
    write_filler(mail, start, bytes);
}

fn write_html(mail: &mut String, start: usize, bytes: usize) {
    mail.push_str(
        "Content-Type: text/html; charset=\"us-ascii\"\r\nMIME-Version: 1.0\r\n\r\n<html>\r\n<head>\r\n\
         <meta http-equiv=\"Content-Type\" content=\"text/html; charset=us-ascii\">\r\n</head>\r\n<body>\r\n<p>\r\n",
    );
    write_filler(mail, start, bytes);
    mail.push_str("</p>\r\n</body>\r\n</html>\r\n");
}

/// `bytes` bytes of data in base64 lines; only whole groups of three, so that no padding is needed in between.
fn write_base64(mail: &mut String, chance: &mut Chance, bytes: usize) {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut column = 0;
    for _ in 0..(bytes / 3).max(1) {
        let word = chance.next();
        for shift in [0, 6, 12, 18] {
            let at = usize::try_from(word >> shift & 63).unwrap_or_default();
            mail.push(char::from(ALPHABET.get(at).copied().unwrap_or(b'A')));
        }
        column += 4;
        if column == 76 {
            mail.push_str("\r\n");
            column = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn million() -> Synthetic {
        let (from, to) = (1_700_000_000, 1_731_536_000);
        Synthetic {
            folder: 3,
            count: 1_000_000,
            seed: 7,
            from,
            to,
            mean_bytes: 6000,
            owner: "a@contoso.example".to_owned(),
        }
    }

    #[test]
    fn dates_rise_with_the_index_and_ranks_agree_with_them() {
        let made = million();
        for n in [0, 1, 499_999, 999_999] {
            let at = made.dates(n).received;
            let rank = made.rank(DateField::Received, at);
            assert!(rank <= n && made.dates(rank).received == at, "{n}");
        }
        assert_eq!(made.rank(DateField::Received, i64::MIN), 0);
        assert_eq!(made.rank(DateField::Received, i64::MAX), 1_000_000);
    }

    #[test]
    fn a_message_is_the_same_every_time_and_reads_back_as_listed() {
        let made = million();
        for n in 0..60 {
            let mail = made.render(n);
            assert_eq!(mail, made.render(n));
            let (read, listed) = (Head::read(&mail), made.head(n));
            assert_eq!(read.subject, listed.subject);
            assert_eq!(read.message_id, listed.message_id);
            assert_eq!(read.has_attachments, listed.has_attachments, "{n}");
            assert_eq!(read.from, listed.from);
            assert_eq!(made.find(&made.message_id(n)), Some(n));
            assert!(!mail.windows(2).any(|pair| matches!(pair, [before, b'\n'] if *before != b'\r')));
        }
    }

    #[test]
    fn sizes_average_about_what_was_asked_for() {
        let made = million();
        let total: usize = (0..2000).map(|n| made.render(n).len()).sum();
        let mean = total / 2000;
        assert!((4500..7500).contains(&mean), "{mean}");
    }
}
