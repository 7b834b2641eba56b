//! The rebuilt message against its golden file and against an independent parser.

use mail_parser::{MessageParser, MimeHeaders as _, PartType};
use proptest::prelude::*;

use super::*;

fn mailbox(name: &str, address: &str) -> Mailbox {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    Mailbox { name: given(name), address: given(address) }
}

fn file(name: &str, content_type: &str, bytes: &[u8]) -> Attachment {
    Attachment::File {
        name: Some(name.to_owned()),
        content_type: Some(content_type.to_owned()),
        content_id: None,
        is_inline: false,
        bytes: bytes.to_vec(),
    }
}

/// Every kind of attachment and awkward value at once.
fn full() -> Source {
    let inner =
        b"From: c@contoso.example\r\nSubject: inner\r\nMessage-ID: <inner@contoso.example>\r\n\r\n8-bit \xfc\r\n";
    Source {
        subject: Some("Überprüfung ☂".to_owned()),
        from: Some(mailbox("Keane, Dana", "dana.keane@contoso.example")),
        sender: Some(mailbox("", "office@contoso.example")),
        to: vec![
            mailbox("Sam Ortiz", "sam.ortiz@fabrikam.example"),
            mailbox("No Address", ""),
            mailbox("Ünïcode Näme", "u@fabrikam.example"),
            mailbox("Old", "/O=CONTOSO/OU=FIRST GROUP/CN=OLD"),
        ],
        cc: vec![mailbox("", "cc@fabrikam.example")],
        bcc: vec![mailbox("Hidden", "bcc@fabrikam.example")],
        reply_to: vec![mailbox("", "one@contoso.example"), mailbox("", "two@contoso.example")],
        sent: Some(UtcInstant::parse("2024-06-03T14:05:09Z").expect("valid")),
        message_id: Some("<rebuilt@contoso.example>".to_owned()),
        importance: Some("high".to_owned()),
        thread_topic: Some("Überprüfung".to_owned()),
        thread_index: Some("AQHatbqzQGSXpsOIWtrGvA==".to_owned()),
        is_draft: false,
        headers: vec![
            (
                "Received".to_owned(),
                "from a.example by b.example with HTTPS; Mon, 3 Jun 2024 14:05:10 +0000".to_owned(),
            ),
            ("X-Custom".to_owned(), "kept as it was".to_owned()),
            ("Content-Type".to_owned(), "application/pkcs7-mime".to_owned()),
            ("MIME-Version".to_owned(), "1.0".to_owned()),
        ],
        text: Some("Hello,\nplease see the chart.\n".to_owned()),
        html: Some("<p>Hello, <img src=\"cid:chart@affiant\"> 10 €</p>".to_owned()),
        attachments: vec![
            file("Größe & Maß.txt", "text/plain; charset=iso-8859-1", b"a\nb\xe4\r\n"),
            Attachment::File {
                name: Some("chart.png".to_owned()),
                content_type: Some("image/png".to_owned()),
                content_id: Some("<chart@affiant>".to_owned()),
                is_inline: true,
                bytes: b"\x89PNG\r\n\x1a\n".to_vec(),
            },
            Attachment::Item { name: Some("inner".to_owned()), content: ItemContent::Message(inner.to_vec()) },
            Attachment::Item {
                name: Some("Deposition.ics".to_owned()),
                content: ItemContent::Event(b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n".to_vec()),
            },
            Attachment::Reference {
                name: Some("Budget.xlsx".to_owned()),
                url: Some("https://contoso.sharepoint.com/b.xlsx".to_owned()),
            },
            Attachment::Lost { name: Some("ole.bin".to_owned()), because: LostBecause::Unreadable },
            file("empty.bin", "application/octet-stream", b""),
        ],
    }
}

fn block_of(eml: &[u8]) -> String {
    let text = String::from_utf8_lossy(eml);
    text.split("\r\n\r\n").next().unwrap_or_default().to_owned()
}

#[test]
fn a_rebuilt_message_is_the_golden_file_byte_for_byte() {
    let rebuilt = rebuild(&full());
    let golden = include_bytes!("../../../tests/it/golden/rebuilt.eml");
    if rebuilt.eml != golden {
        let path = std::env::temp_dir().join("affiant-rebuilt.eml");
        std::fs::write(&path, &rebuilt.eml).expect("writable");
        panic!("the bytes of a rebuilt message changed; compare {} with the golden file", path.display());
    }
    assert_eq!(rebuilt, rebuild(&full()));
    let losses: Vec<_> = rebuilt.losses.iter().map(Loss::to_string).collect();
    assert_eq!(losses, ["attachment 5: only the link is here", "attachment 6: could not be opened by the service"]);
}

#[test]
fn an_independent_parser_finds_every_fact_again() {
    let source = full();
    let eml = rebuild(&source).eml;
    let message = MessageParser::default().parse(&eml).expect("a message");
    assert_eq!(message.subject(), source.subject.as_deref());
    assert_eq!(message.message_id(), Some("rebuilt@contoso.example"));
    assert_eq!(message.date().map(mail_parser::DateTime::to_rfc3339).as_deref(), Some("2024-06-03T14:05:09Z"));
    let people: Vec<_> = message.to().expect("To").iter().map(|a| (a.name(), a.address())).collect();
    assert_eq!(
        people,
        [
            (Some("Sam Ortiz"), Some("sam.ortiz@fabrikam.example")),
            (Some("No Address"), None),
            (Some("Ünïcode Näme"), Some("u@fabrikam.example")),
            (Some("Old"), Some("\"/O=CONTOSO/OU=FIRST GROUP/CN=OLD\"")),
        ]
    );
    assert_eq!(message.from().and_then(|from| from.first()).and_then(|from| from.name()), Some("Keane, Dana"));
    assert_eq!(message.bcc().and_then(|bcc| bcc.first()).and_then(|bcc| bcc.address()), Some("bcc@fabrikam.example"));
    assert_eq!(message.reply_to().map_or(0, |all| all.iter().count()), 2);
    assert_eq!(message.body_text(0).as_deref(), Some("Hello,\r\nplease see the chart.\r\n"));
    assert_eq!(message.body_html(0).as_deref(), source.html.as_deref());

    let files: Vec<_> = message.parts.iter().filter_map(|part| Some((part.attachment_name()?, part))).collect();
    let names: Vec<_> = files.iter().map(|(name, _)| *name).collect();
    assert_eq!(
        names,
        [
            "chart.png",
            "Größe & Maß.txt",
            "inner",
            "Deposition.ics",
            "affiant-placeholder-5.txt",
            "affiant-placeholder-6.txt",
            "empty.bin",
        ]
    );
    assert_eq!(files[0].1.content_id(), Some("chart@affiant"));
    assert_eq!(files[0].1.contents(), b"\x89PNG\r\n\x1a\n");
    assert!(matches!(&files[2].1.body, PartType::Message(inner) if inner.subject() == Some("inner")));
    assert!(files[5].1.text_contents().expect("text").contains("Name: ole.bin"));
}

#[test]
fn identity_reads_the_same_family_back() {
    let examined = crate::identity::examine(&rebuild(&full()).eml);
    let rows: Vec<_> = examined.parts.iter().map(|part| (part.role.as_str(), part.name.as_deref())).collect();
    assert_eq!(
        rows,
        [
            ("inline", Some("chart.png")),
            ("attachment", Some("Größe & Maß.txt")),
            ("embedded_message", Some("inner")),
            ("attachment", Some("Deposition.ics")),
            ("attachment", Some("affiant-placeholder-5.txt")),
            ("attachment", Some("affiant-placeholder-6.txt")),
            ("attachment", Some("empty.bin")),
        ]
    );
    assert_eq!(examined.parts[1].sha256, Some(crate::terms::Sha256::of(b"a\nb\xe4\r\n")));
    assert!(examined.notes.is_empty(), "{:?}", examined.notes);
}

#[test]
fn what_the_json_does_not_have_is_not_invented() {
    let rebuilt = rebuild(&Source::default());
    assert_eq!(rebuilt.eml, b"X-Affiant-Source: rebuilt_from_json\r\nMIME-Version: 1.0\r\n\r\n");
    let kinds: Vec<_> = rebuilt.losses.iter().map(|loss| loss.kind).collect();
    assert_eq!(kinds, [LossKind::NoOriginalHeaders, LossKind::NoBody]);
    let draft = Source { is_draft: true, text: Some(String::new()), ..Source::default() };
    let block = block_of(&rebuild(&draft).eml);
    assert!(block.contains("X-Unsent: 1") && !block.contains("Date:") && !block.contains("Message-ID:"), "{block}");
}

#[test]
fn original_fields_keep_their_order_and_are_not_written_twice() {
    let source = Source {
        subject: Some("from JSON".to_owned()),
        headers: [("X-B", "2"), ("subject", "original"), ("X-A", "1"), ("Content-Transfer-Encoding", "base64")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .to_vec(),
        text: Some("x".to_owned()),
        ..Source::default()
    };
    let block = block_of(&rebuild(&source).eml);
    assert!(block.starts_with("X-Affiant-Source: rebuilt_from_json\r\nX-B: 2\r\nsubject: original\r\nX-A: 1\r\n"));
    assert!(!block.contains("from JSON"), "{block}");
    assert_eq!(block.matches("Content-Transfer-Encoding").count(), 1, "{block}");
}

#[test]
fn no_name_or_value_can_open_a_field_of_its_own() {
    let evil = "a\r\nX-Evil: 1\nX-Evil: 2\u{2028}\0b";
    let source = Source {
        subject: Some(evil.to_owned()),
        message_id: Some(evil.to_owned()),
        thread_index: Some(evil.to_owned()),
        from: Some(mailbox(evil, evil)),
        headers: vec![
            (evil.to_owned(), "x".to_owned()),
            ("X Y".to_owned(), "x".to_owned()),
            ("X-Ok".to_owned(), evil.to_owned()),
        ],
        text: Some("x".to_owned()),
        attachments: vec![Attachment::File {
            name: Some(evil.to_owned()),
            content_type: Some("text/plain\r\nX-Evil: 1".to_owned()),
            content_id: Some(evil.to_owned()),
            is_inline: true,
            bytes: b"x".to_vec(),
        }],
        ..Source::default()
    };
    let rebuilt = rebuild(&source);
    let text = String::from_utf8_lossy(&rebuilt.eml).to_ascii_lowercase();
    assert!(!text.contains("\nx-evil"), "{text}");
    let kinds: Vec<_> = rebuilt.losses.iter().map(|loss| loss.kind).collect();
    for kind in [LossKind::HeaderLeftOut, LossKind::HeaderChanged, LossKind::TypeReplaced, LossKind::ContentIdLeftOut] {
        assert!(kinds.contains(&kind), "{kind:?}");
    }
}

#[test]
fn lines_are_ended_by_crlf_and_are_no_longer_than_allowed() {
    let mut source = full();
    source.headers.push(("References".to_owned(), "<some.id@contoso.example> ".repeat(200)));
    source.to = (0..500).map(|n| mailbox(&format!("Person {n}"), &format!("p{n}@contoso.example"))).collect();
    source.html = Some("x".repeat(5_000));
    source.text = Some("long ".repeat(1_000) + "\nbare\rreturn\0nul");
    let eml = rebuild(&source).eml;
    for line in eml.split_inclusive(|byte| *byte == b'\n') {
        assert!(line.ends_with(b"\r\n") && line.len() <= 1_000);
        assert!(!line[..line.len() - 2].contains(&b'\r'));
    }
}

#[test]
fn zero_one_and_three_hundred_attachments_all_arrive() {
    for count in [0_usize, 1, 300] {
        let attachments = (0..count).map(|n| file("same name.bin", "application/octet-stream", &n.to_be_bytes()));
        let source = Source { text: Some("x".to_owned()), attachments: attachments.collect(), ..Source::default() };
        let examined = crate::identity::examine(&rebuild(&source).eml);
        assert_eq!(examined.parts.len(), count);
        assert!(examined.parts.iter().all(|part| part.bytes == Some(8)));
    }
}

#[test]
fn a_file_that_claims_a_type_it_cannot_have_becomes_plain_bytes() {
    for (stated, bytes) in [
        ("multipart/mixed", &b"x"[..]),
        ("message/rfc822", b"\x00 no message"),
        ("message/partial", b"A: b\n\n"),
        ("text", b"x"),
    ] {
        let source = Source { attachments: vec![file("f", stated, bytes)], ..Source::default() };
        let rebuilt = rebuild(&source);
        let examined = crate::identity::examine(&rebuilt.eml);
        assert_eq!(examined.parts[0].media_type.as_deref(), Some("application/octet-stream"), "{stated}");
        assert_eq!(examined.parts[0].sha256, Some(crate::terms::Sha256::of(bytes)), "{stated}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_the_json_holds_every_file_comes_back_and_no_field_is_added(
        texts in proptest::collection::vec(any::<String>(), 6),
        headers in proptest::collection::vec((any::<String>(), any::<String>()), 0..4),
        files in proptest::collection::vec((any::<String>(), any::<String>(), any::<bool>(), any::<Vec<u8>>()), 0..4),
    ) {
        let attachments = files.iter().map(|(name, content_type, is_inline, bytes)| Attachment::File {
            name: Some(name.clone()),
            content_type: Some(content_type.clone()),
            content_id: Some(name.clone()),
            is_inline: *is_inline,
            bytes: bytes.clone(),
        });
        let source = Source {
            subject: Some(texts[0].clone()),
            from: Some(Mailbox { name: Some(texts[1].clone()), address: Some(texts[2].clone()) }),
            message_id: Some(texts[3].clone()),
            headers,
            text: Some(texts[4].clone()),
            html: Some(texts[5].clone()),
            attachments: attachments.collect(),
            ..Source::default()
        };
        let rebuilt = rebuild(&source);
        prop_assert_eq!(&rebuilt, &rebuild(&source));
        prop_assert!(rebuilt.eml.starts_with(b"X-Affiant-Source: rebuilt_from_json\r\n"));
        let examined = crate::identity::examine(&rebuilt.eml);
        for (_, _, _, bytes) in &files {
            let hash = Some(crate::terms::Sha256::of(bytes));
            prop_assert!(examined.parts.iter().any(|part| part.sha256 == hash));
        }
        for line in rebuilt.eml.split_inclusive(|byte| *byte == b'\n') {
            prop_assert!(line.ends_with(b"\r\n"));
        }
    }
}
