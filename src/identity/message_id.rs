//! The Message-ID of a message and the EDRM message identification hash (MIH) made from it.
//!
//! The EDRM specification 1.0 hashes the value with its angle brackets and nothing around it. It must not look at
//! any other field.

use super::charset;
use super::headers::{Headers, unfold};
use crate::terms::Md5;

/// The first Message-ID, unfolded and trimmed; `None` where there is none or it is empty.
pub(super) fn message_id(headers: &Headers<'_>) -> Option<String> {
    let value = unfold(headers.first("Message-ID")?);
    let value = bracketed(&value).unwrap_or(&value);
    (!value.is_empty()).then(|| charset::lenient(value).into_owned())
}

/// The MIH; `None` without an id in angle brackets, never the hash of nothing.
pub(super) fn mih(headers: &Headers<'_>) -> Option<Md5> {
    let value = unfold(headers.first("Message-ID")?);
    bracketed(&value).filter(|id| id.len() > 2).map(Md5::of)
}

/// From the first `<` through the first `>` after it; letter case is kept.
fn bracketed(value: &[u8]) -> Option<&[u8]> {
    let id = &value[memchr::memchr(b'<', value)?..];
    let end = memchr::memchr(b'>', id)?;
    Some(&id[..=end])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::identity::headers::read_block;

    fn mih_of(block: &[u8]) -> Option<String> {
        mih(&read_block(block, 0, |_| false).0).map(|md5| md5.to_string())
    }

    /// The first value is the published EDRM example; the others were computed with `md5sum`.
    #[test]
    fn the_published_vectors_hold() {
        let vectors: [(&str, &str); 4] = [
            ("<CALckR-a8UDkRjO4xJyjd_s0GPxQWw@mail.gmail.com>", "1de319c276884bd0c9e2f1621ada26cc"),
            ("<first@contoso.example>", "a7a716c5ea0e15eb9937b5072c4ae7a8"),
            ("<[0123456789abcdef]@contoso.example>", "821f4d0a024b99e826382654d29d6753"),
            ("<ünï@exämple.example>", "0c62260c8750ec51e27aac420c45c168"),
        ];
        for (id, expected) in vectors {
            for block in
                [format!("Message-ID: {id}\r\n\r\n"), format!("message-id:\n\t{id} (x)\nMessage-ID: <b@c>\n\n")]
            {
                assert_eq!(mih_of(block.as_bytes()).as_deref(), Some(expected), "{block}");
            }
        }
    }

    #[test]
    fn case_brackets_and_line_ends_matter() {
        let good = mih_of(b"Message-ID: <CALckR-a8UDkRjO4xJyjd_s0GPxQWw@mail.gmail.com>\r\n\r\n").expect("an id");
        for wrong in
            ["11a1cb5c6ff0f03a22b20fd12c9cecaf", "c512e91a2b415b57a29676177aa61937", "ad8d2b269acea73c8a418ece3aca7eda"]
        {
            assert_ne!(good, wrong);
        }
    }

    #[test]
    fn without_an_id_in_brackets_there_is_no_mih() {
        for block in
            ["Subject: x\n\n", "Message-ID:\n\n", "Message-ID: <>\n\n", "Message-ID: a@b\n\n", "Message-ID: <a"]
        {
            assert_eq!(mih_of(block.as_bytes()), None, "{block}");
        }
        let (headers, _) = read_block(b"Message-ID: a@b\n\n", 0, |_| false);
        assert_eq!(message_id(&headers).as_deref(), Some("a@b"));
    }
}
