//! Signatures of known worth: RFC 8463's own example, and messages signed here with keys that live for one test.

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::*;
use crate::terms::Sha256;

fn at(text: &str) -> UtcInstant {
    UtcInstant::parse(text).expect("valid")
}

fn judge_with(message: &str, record: &str) -> Vec<Judged> {
    judge(message.as_bytes(), at("2024-06-04T09:00:00Z"), &|_| KeyAnswer::Txt(record))
}

fn verdicts(judged: &[Judged]) -> Vec<(Option<bool>, Option<bool>)> {
    judged.iter().map(|one| (one.header_ok, one.body_ok)).collect()
}

/// The example of RFC 8463, appendix A, and its keys.
const EXAMPLE: &str = "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\r
 d=football.example.com; i=@football.example.com;\r
 q=dns/txt; s=brisbane; t=1528637909; h=from : to :\r
 subject : date : message-id : from : subject : date;\r
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r
 b=/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11Bus\r
 Fa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==\r
DKIM-Signature: v=1; a=rsa-sha256; c=relaxed/relaxed;\r
 d=football.example.com; i=@football.example.com;\r
 q=dns/txt; s=test; t=1528637909; h=from : to : subject :\r
 date : message-id : from : subject : date;\r
 bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\r
 b=F45dVWDfMbQDGHJFlXUNB2HKfbCeLRyhDXgFpEL8GwpsRe0IeIixNTe3\r
 DhCVlUrSjV4BwcVcOF6+FF3Zo9Rpo1tFOeS9mPYQTnGdaSGsgeefOsk2Jz\r
 dA+L10TeYt9BgDfQNZtKdN1WO//KgIqXP7OdEFE4LjFYNcUxZQ4FADY+8=\r
From: Joe SixPack <joe@football.example.com>\r
To: Suzie Q <suzie@shopping.example.net>\r
Subject: Is dinner ready?\r
Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)\r
Message-ID: <20030712040037.46341.5F8J@football.example.com>\r
\r
Hi.\r
\r
We lost the game.  Are you hungry yet?\r
\r
Joe.\r
";

fn example_key(name: &KeyName) -> KeyAnswer<'static> {
    match name.to_string().as_str() {
        "brisbane._domainkey.football.example.com" => {
            KeyAnswer::Txt("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
        }
        "test._domainkey.football.example.com" => KeyAnswer::Txt(
            "v=DKIM1; k=rsa; p=MIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQDkHlOQoBTzWRiGs5V6NpP3idY6Wk08a5qhdR6wy5bdOKb2jLQi\
             Y/J16JYi0Qvx/byYzCNb3W91y3FutACDfzwQ/BC/e/8uBsCR+yz1Lxj+PL6lHvqMKrM3rG4hstT5QjvHO9PzoxZyVYLzBfO2EeC3Ip3G+2kryO\
             TIKT+l/K4w3QIDAQAB",
        ),
        _ => KeyAnswer::Absent,
    }
}

fn example(message: &str) -> Vec<Judged> {
    judge(message.as_bytes(), at("2018-06-10T14:00:00Z"), &example_key)
}

#[test]
fn header_and_body_of_the_example_of_rfc_8463_are_judged_apart() {
    let whole = example(EXAMPLE);
    assert_eq!(verdicts(&whole), [(Some(true), Some(true)); 2], "{whole:?}");
    assert!(whole.iter().all(|one| one.remarks.is_empty() && one.method == AuthMethod::Dkim));
    assert_eq!(whole.iter().map(|one| one.ordinal).collect::<Vec<_>>(), [1, 2]);
    let other_body = example(&EXAMPLE.replace("lost the game", "won the game"));
    assert_eq!(verdicts(&other_body), [(Some(true), Some(false)); 2]);
    let other_subject = example(&EXAMPLE.replace("Is dinner", "Was dinner"));
    assert_eq!(verdicts(&other_subject), [(Some(false), Some(true)); 2]);
    let second_from = example(&EXAMPLE.replace("From:", "From: x@football.example.com\r\nFrom:"));
    assert_eq!(verdicts(&second_from), [(Some(false), Some(true)); 2], "nobody may add a field that is signed twice");
    assert_eq!(verdicts(&example(&EXAMPLE.replace("\r\n", "\n"))), [(Some(true), Some(true)); 2]);
}

#[test]
fn the_keys_that_are_asked_for_are_those_that_are_judged_with() {
    let asked = signers(EXAMPLE.as_bytes());
    assert_eq!(asked.signatures, 2);
    let names: Vec<String> = asked.keys.iter().map(ToString::to_string).collect();
    assert_eq!(names, ["brisbane._domainkey.football.example.com", "test._domainkey.football.example.com"]);
    let unknown = judge(EXAMPLE.as_bytes(), at("2018-06-10T14:00:00Z"), &|_| KeyAnswer::NotCaptured);
    for one in unknown {
        assert_eq!((one.header_ok, one.body_ok), (None, Some(true)), "the body needs no key");
        assert_eq!(one.remarks, [Remark::KeyNotCaptured]);
    }
}

/// A message signed with Ed25519: `tags` go into the signature.
fn signed(tags: &str, body: &str) -> (String, String) {
    let key = Ed25519KeyPair::from_seed_unchecked(&[7; 32]).expect("a seed");
    let record = format!("v=DKIM1; k=ed25519; p={}", STANDARD.encode(key.public_key()));
    let hash = STANDARD.encode(Sha256::of(body.as_bytes()).as_bytes());
    let from = "From: Ana <ana@signed.example>\r\n";
    let field = format!("DKIM-Signature: v=1; a=ed25519-sha256; d=signed.example; s=s; h=From; {tags} bh={hash}; b=");
    let digest = Sha256::of(format!("{from}{field}").as_bytes());
    let signature = STANDARD.encode(key.sign(digest.as_bytes()));
    (format!("{field}{signature}\r\n{from}\r\n{body}"), record)
}

#[test]
fn a_signature_that_expires_counts_as_of_receipt() {
    let (message, record) = signed("x=1717491600;", "Hello\r\n");
    let judged = |received: &str| judge(message.as_bytes(), at(received), &|_| KeyAnswer::Txt(&record)).remove(0);
    let (before, after) = (judged("2024-06-04T09:00:00Z"), judged("2024-06-04T09:00:01Z"));
    assert_eq!((before.header_ok, before.body_ok, before.remarks), (Some(true), Some(true), vec![]));
    assert_eq!((after.header_ok, after.remarks), (Some(true), vec![Remark::Expired]));
}

#[test]
fn what_weakens_a_signature_is_said_beside_its_worth() {
    let (message, record) = signed("l=7;", "Hello\r\n");
    let judged = judge_with(&message, &record).remove(0);
    assert_eq!((judged.header_ok, judged.body_ok, judged.remarks), (Some(true), Some(true), vec![Remark::BodyLength]));
    let longer = judge_with(&format!("{message}PS\r\n"), &record).remove(0);
    assert_eq!((longer.body_ok, longer.remarks), (Some(true), vec![Remark::BodyLength, Remark::BodyBeyond]));
    let shorter = judge_with(&message.replace("Hello", "Hell"), &record).remove(0);
    assert_eq!(shorter.body_ok, Some(false));
    let testing = judge_with(&message, &record.replace("k=", "t=y; k=")).remove(0);
    assert_eq!(testing.remarks, [Remark::BodyLength, Remark::Testing]);
    let (below, record) = signed("i=@eu.signed.example;", "Hello\r\n");
    assert_eq!(judge_with(&below, &record).remove(0).header_ok, Some(true));
    let strict = judge_with(&below, &record.replace("k=", "t=s; k=")).remove(0);
    assert_eq!((strict.header_ok, strict.remarks), (None, vec![Remark::IdentityOutside]));
}

#[test]
fn only_so_many_signatures_are_weighed_and_the_last_one_says_so() {
    let many = "DKIM-Signature: v=1\r\n".repeat(SIGNATURES_MAX + 1) + "\r\n";
    let judged = judge_with(&many, "");
    assert_eq!((judged.len(), signers(many.as_bytes()).signatures), (SIGNATURES_MAX, SIGNATURES_MAX));
    assert_eq!(judged[SIGNATURES_MAX - 1].remarks, [Remark::Malformed, Remark::MoreNotRead]);
    assert_eq!(judged[0].remarks, [Remark::Malformed]);
}

/// A chain of two ARC sets, made as RFC 8617 says.
fn chain(broken_body: bool) -> (String, String) {
    let key = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key");
    let record = format!("v=DKIM1; p={}", STANDARD.encode(key.public_key().as_ref()));
    let sign = |data: &str| {
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), data.as_bytes(), &mut signature).expect("signed");
        STANDARD.encode(signature)
    };
    let (from, body) = ("from:ana@signed.example", "Hello\r\n");
    let hash = STANDARD.encode(Sha256::of(body.as_bytes()).as_bytes());
    let (mut header, mut sealed) = (String::new(), String::new());
    for (n, cv) in [(1, "none"), (2, "pass")] {
        let results = format!("arc-authentication-results:i={n}; mx.example; dkim=pass");
        let stated = format!(
            "arc-message-signature:i={n}; a=rsa-sha256; c=relaxed/relaxed; d=hop.example; s=s{n}; h=from; bh={hash}; b="
        );
        let stated = format!("{stated}{}", sign(&format!("{from}\r\n{stated}")));
        sealed += &format!("{results}\r\n{stated}\r\n");
        let seal = format!("arc-seal:i={n}; a=rsa-sha256; cv={cv}; d=hop.example; s=s{n}; b=");
        let seal = format!("{seal}{}", sign(&format!("{sealed}{seal}")));
        sealed += &format!("{seal}\r\n");
        header = format!("{seal}\r\n{stated}\r\n{results}\r\n{header}");
    }
    let body = if broken_body { "Hallo\r\n" } else { body };
    (format!("{header}{from}\r\n\r\n{body}"), record)
}

#[test]
fn a_chain_of_arc_sets_is_judged_set_by_set() {
    let (message, record) = chain(false);
    let judged = judge_with(&message, &record);
    assert_eq!(judged.len(), 2, "{judged:?}");
    for (one, cv) in judged.iter().zip([Remark::CvNone, Remark::CvPass]) {
        assert_eq!((one.header_ok, one.body_ok, one.seal_ok), (Some(true), Some(true), Some(true)));
        assert_eq!(one.remarks, [cv]);
    }
    assert_eq!(signers(message.as_bytes()).keys.len(), 2);
    let (message, record) = chain(true);
    let judged = judge_with(&message, &record);
    assert!(
        judged.iter().all(|one| (one.header_ok, one.body_ok, one.seal_ok) == (Some(true), Some(false), Some(true)))
    );
    // Another word in the first set's results breaks both seals and no signature.
    let forged = judge_with(&message.replace("i=1; mx.example; dkim=pass", "i=1; mx.example; dkim=fail"), &record);
    assert!(forged.iter().all(|one| (one.header_ok, one.seal_ok) == (Some(true), Some(false))));
    // Without it the chain has a hole: no seal after it can be checked.
    let cut: String =
        message.lines().filter(|line| !line.contains("results:i=1")).map(|l| format!("{l}\r\n")).collect();
    for one in judge_with(&cut, &record) {
        assert_eq!((one.seal_ok, one.remarks.last()), (None, Some(&Remark::SetIncomplete)));
    }
}

#[test]
fn any_bytes_are_judged_without_a_panic() {
    let pieces: [&[u8]; 9] = [
        b"DKIM-Signature:",
        b" v=1; b=;",
        b"\r\n",
        b"\n ",
        b"\xff\x00",
        b"ARC-Seal: i=1;",
        b"l=1;c=x",
        b"::",
        b"h=:;bh=AA==",
    ];
    for seed in 0_usize..2_000 {
        let mut n = seed;
        let mut bytes = Vec::new();
        while n > 0 {
            bytes.extend_from_slice(pieces[n % pieces.len()]);
            n /= pieces.len();
        }
        let judged = judge(&bytes, at("2024-06-04T09:00:00Z"), &example_key);
        assert_eq!(judged.len(), signers(&bytes).signatures);
    }
}
