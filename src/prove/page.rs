//! The page that goes with a proof: what it is, what it proves and does not, and how to check it without Affiant.
//!
//! Self-contained, without script. It names numbers, digests and keys, and nothing that the message says.

use maud::{DOCTYPE, PreEscaped, html};

use super::{LineKind, Wanted};
use crate::verify::RecordHead;

const STYLE: &str = include_str!("page.css");
/// The commands, which a test runs as they stand on the page.
const CHECK: &str = include_str!("check.sh");

/// Makes the page.
pub(super) fn page(proof: &Wanted, head: &RecordHead) -> String {
    let number = proof.number.to_string();
    let collected = proof.kind() == LineKind::Collected;
    let facts = facts(proof, head);
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'";
                title { "Proof for " (number) }
                style { (PreEscaped(STYLE)) }
            }
            body {
                main {
                    h1 { "Proof for " (number) }
                    p { (what(collected)) }
                    dl { @for (name, value) in &facts { dt { (name) } dd { code { (value) } } } }
                    h2 { "What is in this folder" }
                    ul {
                        @if collected { li { code { (number) ".eml" } ": the message, byte for byte as it lies in the package." } }
                        li { code { (number) ".log.json" } ": the line of the custody log, exactly its bytes, without a line feed at its end." }
                        li { code { (number) ".tlog-proof" } ": the path from that line to the head of the log, and the head itself, signed (C2SP tlog-proof)." }
                        li { code { (number) ".vkey" } ": the public key of that signature, for convenience only." }
                    }
                    h2 { "What it proves" }
                    p { (proves(collected)) }
                    h2 { "What it does not prove" }
                    p { (LIMITS) }
                    @if !collected { p { "That the message cannot be had elsewhere, or that the service's answer was right." } }
                    h2 { "The key must come from elsewhere" }
                    p { (KEY) }
                    h2 { "How to check it without Affiant" }
                    pre { code { (commands(&number, collected)) } }
                    p { (expected(collected)) " With Affiant: " code { "affiant verify-proof " (number) " --key KEY" } "." }
                }
            }
        }
    };
    page.into_string() + "\n"
}

const LIMITS: &str = "That the collection was honest from the start: whoever holds the key could have written a false log before \
    sealing it. That nothing else was collected or left out: for that the whole package is needed. When the log was made, other \
    than by its own clock. That this is how the message was sent: Exchange renders a message when it is asked for it, and this \
    is what the service returned.";
const KEY: &str = "A key that comes in the same folder as the signature shows only that the folder is of one piece. Compare the key \
    above with the one that the collecting side gave you on another way (a letter, a call, a filing), or compare the root above \
    with one that was handed over earlier.";

const fn what(collected: bool) -> &'static str {
    if collected {
        "One message out of a sealed collection, with what is needed to check, without the collection, that exactly these bytes \
         were recorded in its custody log before the log was signed."
    } else {
        "One line out of the custody log of a sealed collection: it says that this message was listed and could not be collected, \
         and why. With it comes what is needed to check that the line stood in the log before the log was signed."
    }
}

const fn proves(collected: bool) -> &'static str {
    if collected {
        "The holder of the key signed a log that contains this line, in this place. The line states the size and the SHA-256 of the \
         message, so these bytes, and no others, are what was recorded. The log cannot be changed, shortened or put in another \
         order without another root, and another root needs another signature."
    } else {
        "The holder of the key signed a log that contains this line, in this place. The log cannot be changed, shortened or put in \
         another order without another root, and another root needs another signature."
    }
}

const fn expected(collected: bool) -> &'static str {
    if collected {
        "Expected: “OK” for the message, “the line is in the log”, and “Signature Verified Successfully”."
    } else {
        "Expected: “the line is in the log”, and “Signature Verified Successfully”."
    }
}

fn commands(number: &str, collected: bool) -> String {
    let lines = CHECK.replace("NUMBER                 ", &format!("{number:<23}"));
    // Without a native there is nothing to hash.
    let of_native = |line: &&str| line.starts_with("# 1.") || line.starts_with("echo ");
    lines.lines().filter(|line| collected || !of_native(line)).fold(String::new(), |text, line| text + line + "\n")
}

fn facts(proof: &Wanted, head: &RecordHead) -> Vec<(&'static str, String)> {
    let mut facts = vec![("Collection", head.acquisition_id.clone())];
    if let Some(native) = &proof.native {
        facts.push(("SHA-256 of the message", native.sha256.to_string()));
    }
    facts.push(("Place of its line in the log", format!("{} of 0 to {}", proof.index, head.size.saturating_sub(1))));
    facts.push(("Root of the log", head.root.to_string()));
    facts.push(("Key", head.vkey.clone()));
    facts
}
