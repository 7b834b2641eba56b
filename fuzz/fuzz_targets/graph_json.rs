//! Bodies from the service: every wire type refuses or reads any JSON, and never panics.

#![no_main]

use affiant::graph::wire::{Attachment, MailFolder, Message, User};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let _ = serde_json::from_slice::<User>(bytes);
    let _ = serde_json::from_slice::<MailFolder>(bytes);
    let _ = serde_json::from_slice::<Message>(bytes);
    let _ = serde_json::from_slice::<Attachment>(bytes);
});
