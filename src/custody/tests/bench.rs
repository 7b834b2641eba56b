//! How fast rows go down. Not part of the ordinary run: `cargo test --release custody::tests::bench -- --ignored --nocapture`.

use std::time::Instant;

use super::*;

#[tokio::test]
#[ignore = "measures; run it alone and in release"]
#[expect(clippy::print_stderr, reason = "the figures are the result")]
async fn group_commit_keeps_up_with_the_fastest_source() {
    const ITEMS: u64 = 100_000;
    const GROUP: u64 = 250;
    let place = Place::new();
    let pen = Pen::create(&place.file, meta(), clock()).await.expect("created");
    pen.write(lay_foundations).await.expect("written");
    let start = Instant::now();
    for group in 0..ITEMS / GROUP {
        let first = group * GROUP + 1;
        pen.write(move |writer| list(writer, first, first + GROUP - 1)).await.expect("written");
    }
    let listed = start.elapsed();
    let start = Instant::now();
    for group in 0..ITEMS / GROUP {
        let first = group * GROUP + 1;
        let wrote = pen.write(move |writer| (first..first + GROUP).try_for_each(|n| collect(writer, n)));
        wrote.await.expect("written");
    }
    let collected = start.elapsed();
    let start = Instant::now();
    let counts = pen.read(|ledger| ledger.counts(1)).await.expect("readable");
    assert_eq!(counts.collected, ITEMS);
    let counted = start.elapsed();
    let start = Instant::now();
    pen.seal().await.expect("sealed");
    let sealed = start.elapsed();
    let start = Instant::now();
    let pen = Pen::open(&place.file, clock()).await.expect("opened");
    let opened = start.elapsed();
    let start = Instant::now();
    assert_eq!(pen.read(|ledger| ledger.remaining(1, 0, 100)).await.expect("readable").len(), 0);
    let walked = start.elapsed();
    let bytes = std::fs::metadata(&place.file).expect("there").len();
    let rate =
        |took: std::time::Duration| u64::try_from(u128::from(ITEMS) * 1_000 / took.as_millis().max(1)).unwrap_or(0);
    eprintln!("listed {}/s, collected {}/s (line, item, request)", rate(listed), rate(collected));
    eprintln!("counts {counted:?}, seal {sealed:?}, open {opened:?}, remaining {walked:?}, {bytes} bytes");
}
