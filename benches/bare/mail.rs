//! The mail that the bare server serves: any number of messages cut from two pools that are made once, so that serving
//! costs next to nothing. Each message has a head of its own; text shrinks as text does, attachments as base64 does.
//!
//! It must not know HTTP or Graph.

use std::fmt::Write as _;

use bytes::Bytes;

/// Letters and line end of a line of text.
const TEXT_LINE: usize = 76;
/// Letters and line end of a line of base64.
const BASE64_LINE: usize = 78;
const TEXT_LINES: usize = 8_192;
/// Enough for the largest message, and room to begin elsewhere for each.
const BASE64_LINES: usize = 120_000;
/// Most text that one message has.
const TEXT_MOST: usize = 12 * 1024;
/// Below this a message is text alone.
const PLAIN_BELOW: usize = 16 * 1024;
/// The first delivery, seconds since 1970, and the seconds between two.
const FIRST: i64 = 1_672_531_200;
const APART: i64 = 61;
const BOUNDARY: &str = "_004_BENCHBENCHBENCHBENCHBENCHBENCHBENCHBENCH_";

/// How large messages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Size {
    /// All the same.
    Fixed(usize),
    /// As in an office: half are small, one in a hundred is large; 150 KB on average.
    Mix,
}

impl Size {
    pub fn parse(text: &str) -> Self {
        if text == "mix" { Self::Mix } else { Self::Fixed(text.parse().expect("a size in bytes, or mix")) }
    }

    pub fn of(self, n: u64) -> usize {
        match self {
            Self::Fixed(bytes) => bytes,
            Self::Mix => match n * 37 % 100 {
                0..50 => 6_000,
                50..75 => 30_000,
                75..90 => 120_000,
                90..97 => 500_000,
                97..99 => 1_800_000,
                _ => 5_000_000,
            },
        }
    }
}

/// When message `n` was delivered.
pub fn delivered(n: u64) -> jiff::Timestamp {
    let at = FIRST + APART * i64::try_from(n).expect("a small number");
    jiff::Timestamp::from_second(at).expect("a date of this century")
}

/// The first message delivered at this instant or later.
pub fn first_at(at: jiff::Timestamp) -> u64 {
    let millis = at.as_millisecond() - FIRST * 1000;
    u64::try_from((millis + APART * 1000 - 1).div_euclid(APART * 1000)).unwrap_or(0)
}

pub fn message_id(mailbox: u64, n: u64) -> String {
    format!("<BENCH{mailbox:04}N{n:010}.7F3A@bench.example>")
}

/// What all messages are cut from.
pub struct Pools {
    text: Bytes,
    base64: Bytes,
}

/// A message in the pieces it is sent in.
pub struct Letter {
    pub pieces: [Bytes; 5],
}

impl Letter {
    pub fn bytes(&self) -> usize {
        self.pieces.iter().map(Bytes::len).sum()
    }
}

impl Pools {
    pub fn new() -> Self {
        let mut chance = Chance(0x5EED);
        let words: Vec<String> = (0..3_000).map(|_| word(&mut chance)).collect();
        let mut text = String::with_capacity(TEXT_LINES * TEXT_LINE);
        for _ in 0..TEXT_LINES {
            let end = text.len() + TEXT_LINE - 2;
            while text.len() < end {
                // The product of two draws: some words are frequent, most are rare, as in a language.
                let (a, b) = (chance.below(3_000), chance.below(3_000));
                text.push_str(&words[a * b / 3_000]);
                text.push(' ');
            }
            text.truncate(end);
            text.push_str("\r\n");
        }
        let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let mut base64 = Vec::with_capacity(BASE64_LINES * BASE64_LINE);
        for _ in 0..BASE64_LINES {
            base64.extend((0..BASE64_LINE - 2).map(|_| alphabet[chance.below(64)]));
            base64.extend(b"\r\n");
        }
        Self { text: text.into(), base64: base64.into() }
    }

    /// Message `n` of a mailbox.
    pub fn letter(&self, size: Size, mailbox: u64, n: u64) -> Letter {
        let target = size.of(n);
        let at = delivered(n).to_zoned(jiff::tz::TimeZone::UTC).strftime("%a, %d %b %Y %H:%M:%S +0000").to_string();
        let mut head = String::with_capacity(1_400);
        let _ = write!(
            head,
            "Received: from BENCH{n:04}.prd01.prod.example (2001:db8::{:x}) by\r\n BENCH{n:04}.prd01.prod.example with HTTPS; {at}\r\n\
             Received: from mail.bench.example (192.0.2.{}) by\r\n BENCH{n:04}.prd01.prod.example with Microsoft SMTP Server (version=TLS1_2,\r\n \
             cipher=TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384) id 15.20.{}.20; {at}\r\n\
             From: Sender {} <sender{}@bench.example>\r\nTo: <c{mailbox:02}@bench.example>\r\nSubject: Figures of day {n}\r\n\
             Thread-Topic: Figures of day {n}\r\nDate: {at}\r\nMessage-ID: {}\r\nMIME-Version: 1.0\r\n",
            n % 65_536,
            n % 254 + 1,
            n % 10_000,
            n % 97,
            n % 97,
            message_id(mailbox, n),
        );
        let plain = target < PLAIN_BELOW;
        let frame = head.len() + if plain { 50 } else { 600 };
        let room = target.saturating_sub(frame);
        let text_bytes = if plain { room } else { (room / 4).min(TEXT_MOST) };
        let text = cut(&self.text, TEXT_LINE, n, (text_bytes / TEXT_LINE).max(1));
        if plain {
            head.push_str("Content-Type: text/plain; charset=\"us-ascii\"\r\n\r\n");
            return Letter { pieces: [head.into(), text, Bytes::new(), Bytes::new(), Bytes::new()] };
        }
        let _ = write!(
            head,
            "Content-Type: multipart/mixed;\r\n\tboundary=\"{BOUNDARY}\"\r\n\r\n--{BOUNDARY}\r\nContent-Type: text/plain; charset=\"us-ascii\"\r\n\r\n"
        );
        let lines = (room.saturating_sub(text.len()) / BASE64_LINE).max(1);
        let between = format!(
            "\r\n--{BOUNDARY}\r\nContent-Type: application/octet-stream; name=\"figures-{n}.bin\"\r\n\
             Content-Disposition: attachment; filename=\"figures-{n}.bin\"\r\nContent-Transfer-Encoding: base64\r\n\r\n"
        );
        let attachment = cut(&self.base64, BASE64_LINE, n.wrapping_add(mailbox << 20), lines);
        let end = format!("\r\n--{BOUNDARY}--\r\n");
        Letter { pieces: [head.into(), text, between.into(), attachment, end.into()] }
    }
}

/// So many lines of a pool, from a place that depends on `n`.
fn cut(pool: &Bytes, line: usize, n: u64, lines: usize) -> Bytes {
    let all = pool.len() / line;
    let lines = lines.min(all - 1);
    let start = usize::try_from(Chance(n).next() % (all - lines) as u64).expect("below the pool's length");
    pool.slice(start * line..(start + lines) * line)
}

struct Chance(u64);

impl Chance {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, end: usize) -> usize {
        usize::try_from(self.next() % end as u64).expect("below a usize")
    }
}

fn word(chance: &mut Chance) -> String {
    const SYLLABLES: [&str; 20] = [
        "ta", "re", "mi", "on", "ver", "sel", "da", "ing", "con", "pro", "lo", "ter", "an", "fi", "gu", "es", "ca",
        "tion", "un", "der",
    ];
    (0..=chance.below(4)).map(|_| SYLLABLES[chance.below(20)]).collect()
}
