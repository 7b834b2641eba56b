//! Whatever the JSON holds, the rebuilt message is labelled, keeps to CRLF, and gives every file back byte for byte.

#![no_main]

use affiant::collect::rebuild::{Attachment, LABEL, Mailbox, Source, rebuild};
use affiant::identity::examine;
use affiant::terms::Sha256;
use arbitrary::Arbitrary;
use libfuzzer_sys::fuzz_target;

#[derive(Debug, Arbitrary)]
struct Input {
    subject: Option<String>,
    people: Vec<(Option<String>, Option<String>)>,
    message_id: Option<String>,
    headers: Vec<(String, String)>,
    text: Option<String>,
    html: Option<String>,
    files: Vec<File>,
}

#[derive(Debug, Arbitrary)]
struct File {
    name: Option<String>,
    content_type: Option<String>,
    content_id: Option<String>,
    is_inline: bool,
    bytes: Vec<u8>,
}

fuzz_target!(|input: Input| {
    let people: Vec<_> = input.people.into_iter().map(|(name, address)| Mailbox { name, address }).collect();
    let hashes: Vec<_> = input.files.iter().map(|file| Sha256::of(&file.bytes)).collect();
    let source = Source {
        subject: input.subject,
        from: people.first().cloned(),
        to: people,
        message_id: input.message_id,
        headers: input.headers,
        text: input.text,
        html: input.html,
        attachments: input
            .files
            .into_iter()
            .map(|file| Attachment::File {
                name: file.name,
                content_type: file.content_type,
                content_id: file.content_id,
                is_inline: file.is_inline,
                bytes: file.bytes,
            })
            .collect(),
        ..Source::default()
    };
    let rebuilt = rebuild(&source);
    assert_eq!(rebuilt, rebuild(&source));
    assert!(rebuilt.eml.starts_with(LABEL.as_bytes()));
    let examined = examine(&rebuilt.eml);
    for hash in hashes {
        assert!(examined.parts.iter().any(|part| part.sha256 == Some(hash)), "a file got lost");
    }
});
