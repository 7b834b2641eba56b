//! What the whole examination answers: roles, notes, classes, and that it answers any bytes at all.

use base64::Engine as _;
use proptest::prelude::*;

use super::*;
use crate::terms::Sha256;

fn rows(message: &str) -> Vec<String> {
    let examined = examine(message.as_bytes());
    let row = |part: &PartFacts| {
        let parent = part.parent.map(|parent| format!(" in {parent}")).unwrap_or_default();
        let name = part.name.as_deref().unwrap_or("-");
        format!("{} {} {name}{parent}", part.mime_path, part.role.as_str())
    };
    examined.parts.iter().map(row).collect()
}

fn mixed(parts: &[&str]) -> String {
    multipart("mixed", parts)
}

fn multipart(kind: &str, parts: &[&str]) -> String {
    let parts: Vec<_> = parts.iter().map(|part| format!("--b{kind}\n{part}\n")).collect();
    format!("Content-Type: multipart/{kind}; boundary=b{kind}\n\n{}--b{kind}--\n", parts.concat())
}

fn codes(message: &str) -> Vec<(ExceptionCode, Severity)> {
    examine(message.as_bytes()).notes.iter().map(|note| (note.code, note.severity)).collect()
}

fn class(message: &str) -> String {
    examine(message.as_bytes()).item_class
}

#[test]
fn body_text_has_no_row_wherever_it_stands_and_everything_else_has_one() {
    let alternative = multipart(
        "alternative",
        &["\nplain", "Content-Type: text/html\n\n<p>html", "Content-Type: text/enriched\n\nrich"],
    );
    let message = mixed(&[
        &alternative,
        "Content-Type: text/plain; name=notes.txt\n\nfile",
        "Content-Disposition: attachment\n\nunnamed",
        "Content-Type: application/pdf\nContent-Disposition: inline; filename=a.pdf\n\npdf",
        "\nfooter of the list",
    ]);
    assert_eq!(rows(&message), ["1.3 inline -", "2 attachment notes.txt", "3 attachment -", "4 attachment a.pdf",]);
}

#[test]
fn an_image_is_inline_when_the_body_can_show_it() {
    let related = multipart(
        "related",
        &[
            "Content-Type: text/html\n\n<img src=\"cid:shown@x\"> <img src='cid:as%20file'>",
            "Content-Type: image/png; name=1.png\nContent-ID: <related@x>\n\n1",
            "Content-Type: image/png; name=2.png\n\n2",
        ],
    );
    let message = mixed(&[
        &related,
        "Content-Type: image/png; name=3.png\nContent-ID: <shown@x>\nContent-Disposition: attachment\n\n3",
        "Content-Type: image/png; name=4.png\nContent-ID: <other@x>\nContent-Disposition: attachment\n\n4",
        "Content-Type: image/png; name=5.png\nContent-Disposition: inline\n\n5",
        "Content-Type: image/png; name=6.png\nContent-ID: <as file>\n\n6",
    ]);
    assert_eq!(
        rows(&message),
        [
            "1.2 inline 1.png",
            "1.3 attachment 2.png",
            "2 inline 3.png",
            "3 attachment 4.png",
            "4 inline 5.png",
            "5 inline 6.png",
        ]
    );
}

#[test]
fn embedded_messages_have_their_bytes_their_ids_and_their_own_family() {
    let inner = "Message-ID: <in@x>\nContent-Type: multipart/mixed; boundary=i\n\n--i\n\ndeep\n--i\nContent-Type: \
                 application/pdf; name=d.pdf\n\npdf\n--i--";
    let message = mixed(&["\ntext", &format!("Content-Type: message/rfc822; name=m.eml\n\n{inner}")]);
    let examined = examine(message.as_bytes());
    assert_eq!(rows(&message), ["2 embedded_message m.eml", "2/2 attachment d.pdf in 0"]);
    assert_eq!(examined.parts[0].sha256, Some(Sha256::of(inner.as_bytes())));
    let alone = examine(inner.as_bytes());
    let embedded = examined.parts[0].embedded.as_ref().expect("opened");
    assert_eq!((&embedded.message_id, embedded.content_id), (&Some("<in@x>".to_owned()), alone.content_id));

    let encoded = base64::engine::general_purpose::STANDARD.encode(inner);
    let wrapped = mixed(&[&format!("Content-Type: message/rfc822\nContent-Transfer-Encoding: base64\n\n{encoded}")]);
    assert_eq!(rows(&wrapped), ["1 embedded_message -", "1/2 attachment d.pdf in 0"]);
    let examined = examine(wrapped.as_bytes());
    assert_eq!(examined.parts[0].sha256, Some(Sha256::of(encoded.as_bytes())));
    assert_eq!(examined.parts[0].embedded.as_ref().map(|ids| ids.content_id), Some(alone.content_id));
}

#[test]
fn calendars_signatures_and_links_have_their_own_roles() {
    let message = multipart(
        "signed",
        &[
            "Content-Type: text/html\n\n<a href=\"https://contoso-my.sharepoint.com/a\">a</a> <a href=https://x.example>b</a>",
            "Content-Type: text/calendar; method=REQUEST\n\nBEGIN:VCALENDAR",
            "Content-Type: text/calendar; name=i.ics\nContent-Disposition: attachment\n\nBEGIN:VCALENDAR",
            "Content-Type: application/pkcs7-signature; name=smime.p7s\n\nsig",
        ],
    );
    assert_eq!(rows(&message), ["1#1 reference -", "2 calendar -", "3 attachment i.ics", "4 signature smime.p7s"]);
    assert_eq!(codes(&message), [(ExceptionCode::CloudAttachment, Severity::Info)]);
    let examined = examine(message.as_bytes());
    assert_eq!(examined.parts[0].target_url.as_deref(), Some("https://contoso-my.sharepoint.com/a"));
}

#[test]
fn protected_and_opaque_content_is_noted_once_per_kind_and_never_a_loss() {
    let rpmsg = "Content-Type: application/x-microsoft-rpmsg-message; name=message_v2.rpmsg\n\nx";
    let message = format!("Content-Class: rpmsg.message\n{}", mixed(&["\nboilerplate", rpmsg, rpmsg]));
    assert_eq!(codes(&message), [(ExceptionCode::IrmProtected, Severity::Info)]);

    let enveloped = "Content-Type: application/pkcs7-mime; smime-type=enveloped-data; name=smime.p7m\n\nx";
    assert_eq!(codes(enveloped), [(ExceptionCode::SmimeEncrypted, Severity::Info)]);
    let oid = base64::engine::general_purpose::STANDARD.encode(b"\x30\x80\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07\x03");
    let untold = |digits: &str| {
        format!("Content-Type: application/x-pkcs7-mime\nContent-Transfer-Encoding: base64\n\n{digits}\n")
    };
    assert_eq!(codes(&untold(&oid)), [(ExceptionCode::SmimeEncrypted, Severity::Info)]);
    assert_eq!(codes(&untold("MIAGCSqGSIb3DQEHAg==")), []);

    let tnef = "Content-Type: application/ms-tnef; name=winmail.dat\n\nnot a stream";
    assert_eq!(codes(tnef), [(ExceptionCode::TnefOpaque, Severity::Info)]);
}

#[test]
fn what_cannot_be_read_is_a_warning() {
    let warning = [(ExceptionCode::ParseError, Severity::Warning)];
    assert_eq!(codes(""), warning);
    assert_eq!(codes("no header at all"), warning);
    assert_eq!(codes("Content-Type: multipart/mixed\n\nwhat is this\n"), warning);
    assert_eq!(codes(&"Content-Type: message/rfc822\n\n".repeat(60)), warning);
    assert_eq!(codes("Subject: x\n\nfine"), []);
}

#[test]
fn the_item_class_follows_the_form_of_the_message() {
    let calendar = |method: &str, more: &str| {
        multipart(
            "alternative",
            &["\nx", &format!("Content-Type: text/calendar\n\nBEGIN:VCALENDAR\nMETHOD:{method}\n{more}")],
        )
    };
    let delivery = |action: &str| {
        multipart(
            "report",
            &["\nx", &format!("Content-Type: message/delivery-status\n\nReporting-MTA: dns;a\n\nAction: {action}\n")],
        )
    };
    let reading = |word: &str| {
        multipart(
            "report",
            &[
                "\nx",
                &format!("Content-Type: message/disposition-notification\n\nDisposition: manual-action/MDN; {word}\n"),
            ],
        )
    };
    for (message, expected) in [
        ("Subject: x\n\n".to_owned(), "IPM.Note"),
        (multipart("signed", &["\nx"]), "IPM.Note.SMIME.MultipartSigned"),
        ("Content-Type: application/pkcs7-mime\n\nx".to_owned(), "IPM.Note.SMIME"),
        (calendar("REQUEST", ""), "IPM.Schedule.Meeting.Request"),
        (calendar("CANCEL", ""), "IPM.Schedule.Meeting.Canceled"),
        (calendar("REPLY", "ATTENDEE;PARTSTAT=ACC\n EPTED:mailto:a@x"), "IPM.Schedule.Meeting.Resp.Pos"),
        (calendar("REPLY", "ATTENDEE;PARTSTAT=DECLINED:mailto:a@x"), "IPM.Schedule.Meeting.Resp.Neg"),
        (calendar("REPLY", "ATTENDEE;PARTSTAT=TENTATIVE:mailto:a@x"), "IPM.Schedule.Meeting.Resp.Tent"),
        (calendar("PUBLISH", ""), "IPM.Note"),
        (delivery("failed"), "REPORT.IPM.Note.NDR"),
        (delivery("delivered"), "REPORT.IPM.Note.DR"),
        (delivery("delayed"), "REPORT.IPM.Note.Delayed.DR"),
        (reading("displayed"), "REPORT.IPM.Note.IPNRN"),
        (reading("deleted"), "REPORT.IPM.Note.IPNNRN"),
        ("Content-Class: voice\n\nx".to_owned(), "IPM.Note.Microsoft.Voicemail.UM"),
    ] {
        assert_eq!(class(&message), expected, "{message}");
    }
}

#[test]
fn raw_facts_stay_as_written() {
    let examined = examine(
        b"Date: Mon, 3 Jun 2024\n 14:05:09 -0400 (EDT)\nSubject: =?utf-8?Q?=E2=98=83?=\n\tx\nMessage-ID:\n <a@b> \n\n",
    );
    assert_eq!(examined.header_date.as_deref(), Some("Mon, 3 Jun 2024 14:05:09 -0400 (EDT)"));
    assert_eq!(examined.header_instant.map(UtcInstant::odata).as_deref(), Some("2024-06-03T18:05:09Z"));
    assert_eq!(examined.subject.as_deref(), Some("\u{2603}\tx"));
    assert_eq!(examined.message_id.as_deref(), Some("<a@b>"));
    let bare = examine(b"X: y\n\n");
    assert_eq!((bare.header_date, bare.subject, bare.message_id, bare.mih), (None, None, None, None));
}

#[test]
fn hostile_names_arrive_as_they_are() {
    let message = mixed(&["Content-Type: application/x; name=\"x\"\nContent-Disposition: attachment; \
                           filename=\"..\\\\..\\\\evil/a:b?.exe\"\n\nx"]);
    let examined = examine(message.as_bytes());
    assert_eq!(examined.parts[0].name.as_deref(), Some("..\\..\\evil/a:b?.exe"));
    assert_eq!(examined.parts[0].name_raw.as_deref(), Some(&b"..\\\\..\\\\evil/a:b?.exe"[..]));
}

#[test]
fn deep_and_wide_messages_are_read_on_a_small_stack() {
    let deep = "Content-Type: message/rfc822\n\n".repeat(20_000);
    let mut twisted = String::from("\nend");
    for level in 0..300 {
        let boundary = format!("b{level}");
        twisted = format!(
            "Content-Type: multipart/mixed; boundary={boundary}\n\n--{boundary}\nContent-Type: message/rfc822\n\n{twisted}\n"
        );
    }
    let parens = format!("From: {}\nTo: {}\n\n", "(".repeat(100_000), "<\"\\".repeat(50_000));
    let worker = std::thread::Builder::new().stack_size(512 * 1024).spawn(move || {
        for message in [deep, twisted, parens] {
            assert!(examine(message.as_bytes()).parts.len() <= ENTITY_LIMIT);
        }
    });
    worker.expect("a thread").join().expect("no overflow");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_bytes_get_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..2_000)) {
        examine(&bytes);
    }

    /// Fragments that steer the reader into its corners, in any order.
    #[test]
    fn any_sequence_of_fragments_gets_the_same_answer_twice(picks in proptest::collection::vec(0..FRAGMENTS.len(), 0..60)) {
        let message: Vec<u8> = picks.iter().flat_map(|pick| FRAGMENTS[*pick].to_vec()).collect();
        let examined = examine(&message);
        prop_assert_eq!(&examined, &examine(&message));
        for (index, part) in examined.parts.iter().enumerate() {
            prop_assert_eq!(part.ordinal, index + 1);
            prop_assert!(part.parent.is_none_or(|parent| parent < index));
        }
    }

    /// What is opened for readers is what was recorded, under the same paths, and members stand depth first.
    #[test]
    fn an_opened_message_has_the_bytes_of_every_row(picks in proptest::collection::vec(0..FRAGMENTS.len(), 0..60)) {
        let message: Vec<u8> = picks.iter().flat_map(|pick| FRAGMENTS[*pick].to_vec()).collect();
        let parts = examine(&message).parts;
        let mut open_now: Vec<usize> = Vec::new();
        for (index, part) in parts.iter().enumerate() {
            open_now.truncate(part.parent.map_or(0, |parent| open_now.iter().position(|at| *at == parent).map_or(usize::MAX, |at| at + 1)));
            prop_assert_eq!(open_now.last().copied(), part.parent);
            open_now.push(index);
        }
        let rows: Vec<_> = parts.into_iter().filter_map(|part| Some((part.mime_path, part.sha256?))).collect();
        let mut seen = Vec::new();
        let _ = super::open(&message, &mut |path, piece| {
            let _ = (piece.head(), piece.text(|_| true));
            if !path.is_empty() {
                seen.push((path.to_owned(), Sha256::of(&piece.content())));
            }
            std::ops::ControlFlow::Continue(())
        });
        prop_assert_eq!(rows, seen);
    }
}

const FRAGMENTS: [&[u8]; 46] = [
    b"\n",
    b"\r\n",
    b"\r",
    b"\0",
    b" ",
    b"\t",
    b"\xff",
    b"\xe2\x98\x83",
    b"--",
    b"--b",
    b"--b--",
    b"\n--b\n",
    b"\n--b--\n",
    b"Content-Type: multipart/mixed; boundary=b\n",
    b"Content-Type: multipart/digest; boundary=\"b\"\n\n",
    b"Content-Type: message/rfc822\n",
    b"Content-Type: text/html; charset=utf-7\n",
    b"Content-Type: text/plain; name*0*=u''%\n",
    b"Content-Type: application/ms-tnef\n",
    b"\x78\x9f\x3e\x22\x01\x00",
    b"\x02\x05\x90\x06\x00\xff\xff\xff\xff",
    b"\x02\x02\x90\x00\x00\x00\x00\x00\x00\x00\x00",
    b"Content-Transfer-Encoding: base64\n",
    b"Content-Transfer-Encoding: x-uuencode\n",
    b"Content-Transfer-Encoding: quoted-printable\n",
    b"Content-Disposition: attachment; filename=\"\\",
    b"Content-ID: <c>\n",
    b"From: ",
    b"To: \"a\\",
    b"Cc: (",
    b"<a@b>",
    b";",
    b":",
    b"=?utf-8?Q?=",
    b"=?iso-2022-jp?B?GyRC?=",
    b"?=",
    b"begin 644 x\n",
    b"#0V%T\n",
    b"QUJD",
    b"=",
    b"<style>",
    b"</style",
    b"<a href=https://a.sharepoint.com/",
    b"cid:c",
    b"Date: 1 Jan 99 24:60:60 +",
    b"\n\n",
];

#[test]
fn a_multipart_that_is_cut_anywhere_is_not_closed_and_a_whole_message_is() {
    let whole =
        "Subject: x\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\none\r\n--b\r\n\r\ntwo\r\n--b--\r\n";
    assert!(!examine(whole.as_bytes()).unclosed);
    let closing = whole.find("--b--").expect("it closes");
    for end in 0..closing + 4 {
        assert!(examine(&whole.as_bytes()[..end]).unclosed, "cut at {end}");
    }
    // What is no multipart never says where it ends, and an inner one does not speak for the message.
    assert!(!examine(b"Subject: x\n\nhalf a te").unclosed);
    let inner = b"Content-Type: multipart/mixed; boundary=a\n\n--a\nContent-Type: multipart/mixed; boundary=b\n\n--b\n\nx\n--a--\n";
    assert!(!examine(inner).unclosed);
}
