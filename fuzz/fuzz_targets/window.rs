//! Date ranges as typed: refused, or half-open with its start before its end.

#![no_main]

use affiant::terms::Range;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|typed: (Option<&str>, Option<&str>, &str)| {
    let (from, to, zone) = typed;
    for zone in [zone, "Europe/Berlin", "Asia/Kathmandu", "UTC"] {
        if let Ok(range) = Range::parse(from, to, zone) {
            let _ = (range.as_asked(), range.as_applied());
        }
    }
});
