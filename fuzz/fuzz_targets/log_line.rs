//! A line of the log: whatever values go in, the canonical text is JSON that reads back to the same values.

#![no_main]

use affiant::custody::Object;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|values: Vec<(String, String, i64)>| {
    let mut object = Object::new();
    for (index, (name, text, number)) in values.iter().enumerate() {
        object = object.text(&format!("{index}t{name}"), text.as_str()).int(&format!("{index}n{name}"), *number);
    }
    let Ok(line) = object.canonical() else { return };
    assert!(!line.contains('\n'));
    let read: serde_json::Value = serde_json::from_str(&line).expect("canonical text is JSON");
    for (index, (name, text, _)) in values.iter().enumerate() {
        assert_eq!(read[format!("{index}t{name}")], text.as_str());
    }
});
