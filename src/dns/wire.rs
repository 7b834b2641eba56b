//! The bytes of a question and of its answer (RFC 1035, RFC 6891).
//!
//! An answer comes from the network and may be anything: what is not well-formed, or answers something else, is no answer.
//! Must not know sockets.

/// TXT.
const TXT: u16 = 16;
/// The Internet.
const IN: u16 = 1;
/// What a UDP answer may have: what passes every path unbroken (RFC 9715).
const PAYLOAD: u16 = 1232;
/// The length of a header.
const HEADER: usize = 12;
/// Answer records that are read.
const RECORDS_MAX: u16 = 200;

/// What a resolver said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Reply {
    /// The answer did not fit: ask over TCP.
    pub(super) truncated: bool,
    /// The resolver says that it checked the answer with DNSSEC.
    pub(super) authentic: bool,
    /// 0: there is such a name; 3: there is none; others: it could not tell.
    pub(super) code: u8,
    /// The records, the pieces of each joined.
    pub(super) records: Vec<Vec<u8>>,
}

/// The question for the TXT records of a name; `None` for a name that DNS cannot carry.
pub(super) fn question(id: u16, name: &str) -> Option<Vec<u8>> {
    let mut bytes = id.to_be_bytes().to_vec();
    // Recursion desired, and the AD bit of the answer wanted (RFC 6840 5.7); one question, one OPT record.
    bytes.extend_from_slice(&[0x01, 0x20, 0, 1, 0, 0, 0, 0, 0, 1]);
    bytes.extend_from_slice(&labels(name)?);
    bytes.extend_from_slice(&TXT.to_be_bytes());
    bytes.extend_from_slice(&IN.to_be_bytes());
    bytes.extend_from_slice(&[0, 0, 41]);
    bytes.extend_from_slice(&PAYLOAD.to_be_bytes());
    bytes.extend_from_slice(&[0; 6]);
    Some(bytes)
}

fn labels(name: &str) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(name.len() + 2);
    for label in name.split('.') {
        let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
        bytes.push(length);
        bytes.extend_from_slice(label.as_bytes());
    }
    bytes.push(0);
    (bytes.len() <= 255).then_some(bytes)
}

/// Reads an answer to that question; `None` where it is none.
pub(super) fn answer(bytes: &[u8], id: u16, name: &str) -> Option<Reply> {
    let mut read = Read { bytes, at: 0 };
    let (own, flags) = (read.u16()?, read.u16()?);
    let (questions, answers) = (read.u16()?, read.u16()?);
    let is_response = flags & 0x8000 != 0 && flags & 0x7800 == 0;
    if own != id || !is_response || questions != 1 {
        return None;
    }
    read.at = HEADER;
    let asked = labels(name)?;
    if !read.take(asked.len())?.eq_ignore_ascii_case(&asked) || (read.u16()?, read.u16()?) != (TXT, IN) {
        return None;
    }
    let (truncated, code) = (flags & 0x0200 != 0, flags.to_be_bytes()[1] & 0x0F);
    let mut reply = Reply { truncated, authentic: flags & 0x0020 != 0, code, records: Vec::new() };
    if truncated {
        return Some(reply);
    }
    for _ in 0..answers.min(RECORDS_MAX) {
        read.skip_name()?;
        let (kind, class) = (read.u16()?, read.u16()?);
        read.take(4)?;
        let length = read.u16()?;
        let data = read.take(length.into())?;
        if (kind, class) == (TXT, IN) {
            reply.records.push(strings(data)?);
        }
    }
    Some(reply)
}

/// The character strings of a TXT record, joined.
fn strings(mut data: &[u8]) -> Option<Vec<u8>> {
    let mut text = Vec::with_capacity(data.len());
    while let Some((length, rest)) = data.split_first() {
        let (piece, rest) = rest.split_at_checked(usize::from(*length))?;
        text.extend_from_slice(piece);
        data = rest;
    }
    Some(text)
}

struct Read<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Read<'a> {
    fn take(&mut self, count: usize) -> Option<&'a [u8]> {
        let piece = self.bytes.get(self.at..self.at.checked_add(count)?)?;
        self.at += count;
        Some(piece)
    }

    fn u16(&mut self) -> Option<u16> {
        self.take(2).and_then(|two| two.try_into().ok()).map(u16::from_be_bytes)
    }

    /// Passes over a name: labels up to an empty one, or up to a pointer.
    fn skip_name(&mut self) -> Option<()> {
        loop {
            match *self.take(1)?.first()? {
                0 => return Some(()),
                length @ 1..=63 => drop(self.take(length.into())?),
                0xC0.. => return self.take(1).map(drop),
                64..0xC0 => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NAME: &str = "s._domainkey.signed.example";

    /// An answer with a CNAME and one TXT record of two pieces.
    fn good() -> Vec<u8> {
        let mut bytes = question(7, NAME).expect("a name");
        bytes.truncate(bytes.len() - 11);
        bytes[2..12].copy_from_slice(&[0x81, 0xA0, 0, 1, 0, 2, 0, 0, 0, 0]);
        bytes.extend_from_slice(&[0xC0, 12, 0, 5, 0, 1, 0, 0, 0, 9, 0, 4, 1, b'x', 0xC0, 12]);
        bytes.extend_from_slice(&[1, b'x', 0xC0, 12, 0, 16, 0, 1, 0, 0, 0, 9, 0, 6, 2, b'p', b'=', 2, b'A', b'A']);
        bytes
    }

    #[test]
    fn an_answer_is_read_with_its_pieces_joined_and_its_bit() {
        let want = Reply { truncated: false, authentic: true, code: 0, records: vec![b"p=AA".to_vec()] };
        assert_eq!(answer(&good(), 7, NAME), Some(want));
        assert!(answer(&good(), 7, "S._DOMAINKEY.signed.example").is_some());
    }

    #[test]
    fn what_answers_something_else_or_is_cut_anywhere_is_no_answer() {
        assert_eq!(answer(&good(), 8, NAME), None, "another number");
        assert_eq!(answer(&good(), 7, "t._domainkey.signed.example"), None, "another name");
        assert_eq!(answer(&question(7, NAME).expect("a name"), 7, NAME), None, "the question itself");
        let whole = good();
        for end in 0..whole.len() {
            assert_eq!(answer(&whole[..end], 7, NAME), None, "cut at {end}");
        }
        // Every byte changed to every value: any answer or none, and no panic.
        for at in 0..whole.len() {
            for value in 0..=255 {
                let mut changed = whole.clone();
                changed[at] = value;
                let _ = answer(&changed, 7, NAME);
            }
        }
    }

    #[test]
    fn a_name_that_dns_cannot_carry_is_not_asked_for() {
        let long = format!("{}.example", "a".repeat(64));
        for name in ["", "a..b", ".", long.as_str(), &"abcdefgh.".repeat(32)] {
            assert_eq!(question(1, name), None, "{name:?}");
        }
    }
}
