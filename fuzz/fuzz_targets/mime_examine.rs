//! Any bytes get an answer, the same one twice, with rows whose parents come before them; opened for readers, every row
//! has its bytes.

#![no_main]

use affiant::identity::{KeyAnswer, Role, examine, judge, open};
use affiant::terms::{Sha256, UtcInstant};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let examined = examine(bytes);
    assert_eq!(examined, examine(bytes));
    let received = UtcInstant::from_millis(1_717_491_600_000).expect("an instant");
    let judged = judge(bytes, received, &|_| {
        KeyAnswer::Txt("v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=")
    });
    assert_eq!(judged.len(), examined.signers.signatures);
    let mut paths = std::collections::HashSet::new();
    for (index, part) in examined.parts.iter().enumerate() {
        assert_eq!(part.ordinal, index + 1);
        assert!(part.parent.is_none_or(|parent| parent < index));
        assert!(paths.insert(&part.mime_path), "two rows with one path");
        assert_eq!(part.role == Role::Reference, part.sha256.is_none());
    }
    let _ = open(bytes, &mut |path, piece| {
        let _ = (piece.head(), piece.text(|_| true));
        if let Some(row) = examined.parts.iter().find(|part| part.mime_path == path) {
            assert_eq!(row.sha256, Some(Sha256::of(&piece.content())));
        }
        std::ops::ControlFlow::Continue(())
    });
});
