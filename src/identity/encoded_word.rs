//! RFC 2047 encoded words in header text.
//!
//! Neighbouring words of one charset are joined as bytes before they are read, because senders split characters
//! between words. It must not know which field it reads.

use std::borrow::Cow;

use memchr::memmem;

use super::charset;
use super::params::hex_pair;
use super::transfer::{Encoding, decoded};

struct Word<'a> {
    label: Cow<'a, str>,
    bytes: Vec<u8>,
    len: usize,
}

/// Decodes a value on one line; text outside encoded words is UTF-8, else Latin-1. Never fails.
pub(super) fn decode(value: &[u8]) -> String {
    let mut text = String::with_capacity(value.len());
    let mut held: Option<Word<'_>> = None;
    let mut plain_from = 0;
    let mut at = 0;
    // Behind the last `?=` no word can end, so nothing there is worth a search.
    let last = memmem::rfind(value, b"?=").unwrap_or(0);
    while let Some(found) = value.get(at..last).and_then(|rest| memmem::find(rest, b"=?")) {
        let start = at + found;
        let Some(word) = word_at(&value[start..]) else {
            at = start + 2;
            continue;
        };
        let between = &value[plain_from..start];
        let joins = held.is_some() && between.iter().all(u8::is_ascii_whitespace);
        at = start + word.len;
        plain_from = at;
        held = Some(match held.take() {
            Some(mut last) if joins && last.label.eq_ignore_ascii_case(&word.label) => {
                last.bytes.extend_from_slice(&word.bytes);
                last
            }
            last => {
                flush(&mut text, last);
                if !joins {
                    text.push_str(&charset::lenient(between));
                }
                word
            }
        });
    }
    flush(&mut text, held);
    text.push_str(&charset::lenient(&value[plain_from..]));
    text
}

fn flush(text: &mut String, word: Option<Word<'_>>) {
    if let Some(word) = word {
        text.push_str(&charset::decode_cow(Some(&word.label), &word.bytes));
    }
}

/// The word that opens these bytes: `=?charset?B-or-Q?text?=`, with an optional `*language` after the charset.
fn word_at(bytes: &[u8]) -> Option<Word<'_>> {
    let label_len = memchr::memchr(b'?', bytes.get(2..)?)?;
    let label = &bytes[2..2 + label_len];
    let kind = *bytes.get(3 + label_len)?;
    if label.is_empty() || bytes.get(4 + label_len) != Some(&b'?') {
        return None;
    }
    let body = bytes.get(5 + label_len..)?;
    let body_len = memmem::find(body, b"?=")?;
    let body = &body[..body_len];
    let bytes = match kind {
        b'B' | b'b' => decoded(Encoding::Base64, body).into_owned(),
        b'Q' | b'q' => q_decoded(body),
        _ => return None,
    };
    let label = label.split(|byte| *byte == b'*').next().unwrap_or_default();
    Some(Word { label: charset::lenient(label), bytes, len: 5 + label_len + body_len + 2 })
}

fn q_decoded(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(body.len());
    let mut at = 0;
    while let Some(&byte) = body.get(at) {
        let pair = body.get(at + 1..at + 3).filter(|_| byte == b'=').and_then(hex_pair);
        out.push(match (pair, byte) {
            (Some(pair), _) => pair,
            (None, b'_') => b' ',
            (None, byte) => byte,
        });
        at += if pair.is_some() { 3 } else { 1 };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::decode;

    #[test]
    fn words_are_decoded_and_the_space_between_two_of_them_is_dropped() {
        assert_eq!(decode(b"Re: =?iso-8859-1?Q?caf=E9_au?= =?utf-8?B?IGxhaXQ=?= !"), "Re: caf\u{e9} au lait !");
    }

    #[test]
    fn a_character_split_between_two_words_is_read_whole() {
        assert_eq!(decode(b"=?utf-8?Q?=E2=98?=\t=?UTF-8?Q?=83?="), "\u{2603}");
    }

    #[test]
    fn what_is_no_word_stays_as_it_stands() {
        for text in ["=?", "=?utf-8", "=?utf-8?X?a?=", "a =?utf-8?Q?open", "1 =?= 2"] {
            assert_eq!(decode(text.as_bytes()), text);
        }
        assert_eq!(decode(b"caf\xe9"), "caf\u{e9}");
        assert_eq!(decode("Überweisung ☎".as_bytes()), "Überweisung ☎");
    }
}
