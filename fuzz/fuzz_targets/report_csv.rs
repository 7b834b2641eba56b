//! Files of the report service: any report refuses or reads any bytes, and every name is one kind of name.

#![no_main]

use affiant::inventory::{Dataset, Store, classify};
use libfuzzer_sys::fuzz_target;

thread_local! {
    static STORE: (tempfile::TempDir, Store) = {
        let folder = tempfile::tempdir().expect("a folder");
        let store = Store::open(folder.path().try_into().expect("UTF-8")).expect("a store");
        (folder, store)
    };
}

fuzz_target!(|input: (u8, &[u8])| {
    let (pick, bytes) = input;
    let reports: Vec<Dataset> = Dataset::ALL.into_iter().filter(|dataset| dataset.is_report()).collect();
    let dataset = reports[usize::from(pick) % reports.len()];
    STORE.with(|(_, store)| {
        if let Some(Ok(summary)) = store.rehearse(dataset, bytes) {
            let all = summary.rows + summary.rejected;
            assert!(summary.rejected * 100 <= all);
            assert!(summary.kinds.values().sum::<u64>() <= summary.rows);
            let _ = summary.concealment();
        }
    });
    let text = String::from_utf8_lossy(bytes);
    assert_eq!(classify(&text), classify(&format!(" {text} ")));
});
