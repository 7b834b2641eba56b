//! Reopening: after a clean end, after a kill, after another program.

use super::*;

#[tokio::test]
async fn reopening_gives_the_same_head_and_the_log_goes_on() {
    let place = Place::new();
    let pen = begun(&place, 5).await;
    let stated = pen.write(|writer| writer.checkpoint()).await.expect("stated");
    assert_eq!(pen.write(|writer| writer.checkpoint()).await.expect("stated"), stated);
    pen.write(|writer| writer.append(closed("interrupted"))).await.expect("written");
    let before = head(&pen).await;
    pen.close().await.expect("closed");
    assert!(!place.beside("-wal").exists() && !place.beside("-shm").exists());

    let pen = Pen::open(&place.file, notary()).await.expect("opened");
    assert_eq!(head(&pen).await, before);
    let rest = pen.write(|writer| {
        (6..=10).try_for_each(|n| collect(writer, n))?;
        writer.checkpoint()
    });
    assert_eq!(rest.await.expect("written").size, before.size + 5);
    pen.seal().await.expect("sealed");
    Pen::open(&place.file, notary()).await.expect("still whole");
}

#[tokio::test]
async fn after_a_kill_everything_that_was_acknowledged_is_there() {
    let place = Place::new();
    let killed = Place::new();
    let pen = begun(&place, 4).await;
    let before = head(&pen).await;
    // What a kill leaves: the database and its write-ahead log as they are on disk at this moment.
    for end in ["", "-wal"] {
        std::fs::copy(place.beside(end), killed.beside(end)).expect("copied");
    }
    pen.write(|writer| collect(writer, 5)).await.expect("written");

    let resumed = Pen::open(&killed.file, notary()).await.expect("opened");
    assert_eq!(head(&resumed).await, before);
    let remaining = resumed.read(|ledger| ledger.remaining(1, 0, 1)).await.expect("readable");
    assert_eq!(remaining[0].listed_id, 5);
    resumed.seal().await.expect("sealed");
}

#[tokio::test]
async fn a_write_ahead_log_cut_anywhere_loses_whole_writes_only() {
    let place = Place::new();
    let pen = begun(&place, 0).await;
    let mut heads = vec![Head { size: 0, root: Sha256::of(b"") }, head(&pen).await];
    for n in 1..=4 {
        pen.write(move |writer| collect(writer, n)).await.expect("written");
        heads.push(head(&pen).await);
    }
    let (file, wal) = (std::fs::read(&place.file).expect("read"), std::fs::read(place.beside("-wal")).expect("read"));
    for cut in (0..=wal.len()).step_by(wal.len() / 40) {
        let killed = Place::new();
        std::fs::write(&killed.file, &file).expect("written");
        std::fs::write(killed.beside("-wal"), &wal[..cut]).expect("written");
        match Pen::open(&killed.file, notary()).await {
            Ok(pen) => {
                assert!(heads.contains(&head(&pen).await), "cut at {cut}");
                pen.seal().await.expect("sealed");
            }
            // Cut before the schema itself was there.
            Err(CustodyError::NotAManifest { .. }) => assert!(cut < wal.len()),
            Err(error) => panic!("cut at {cut}: {error}"),
        }
    }
}

#[tokio::test]
async fn a_start_that_was_interrupted_can_be_made_again_and_anything_else_is_kept() {
    let place = Place::new();
    std::fs::write(&place.file, b"").expect("written");
    begun(&place, 1).await.close().await.expect("closed");
    let again = Pen::create(&place.file, meta(), notary(), |_| Ok(())).await;
    assert!(matches!(again, Err(CustodyError::Exists { .. })), "{again:?}");
    let other = Place::new();
    std::fs::write(&other.file, "a letter, long enough to be no database header at all".repeat(40)).expect("written");
    let over = Pen::create(&other.file, meta(), notary(), |_| Ok(())).await;
    assert!(matches!(over, Err(CustodyError::Exists { .. })), "{over:?}");
}

#[tokio::test]
async fn work_handed_in_before_closing_is_done_and_later_work_is_told() {
    let place = Place::new();
    let pen = begun(&place, 0).await;
    let late = pen.clone();
    let write = pen.write(|writer| collect(writer, 1));
    let (first, second) = tokio::join!(write, late.clone().close());
    first.expect("written");
    second.expect("closed");
    assert!(matches!(late.read(|ledger| ledger.totals()).await, Err(CustodyError::Closed)));
    let pen = Pen::open(&place.file, notary()).await.expect("opened");
    assert_eq!(pen.read(|ledger| ledger.totals()).await.expect("readable").collected, 1);
}

#[tokio::test]
async fn a_caller_that_goes_away_does_not_take_its_rows_with_it() {
    let place = Place::new();
    let pen = begun(&place, 0).await;
    let (started, begun_to_write) = tokio::sync::oneshot::channel();
    let (go_on, wait) = std::sync::mpsc::channel::<()>();
    let write = pen.write(move |writer| {
        let _ = started.send(());
        let _ = wait.recv();
        collect(writer, 1)
    });
    tokio::select! {
        _ = write => panic!("it waits"),
        _ = begun_to_write => {}
    }
    go_on.send(()).expect("the pen waits");
    assert_eq!(pen.read(|ledger| ledger.totals()).await.expect("readable").collected, 1);
}

#[tokio::test]
async fn another_program_that_keeps_reading_is_named_when_the_file_is_closed() {
    let place = Place::new();
    let pen = begun(&place, 1).await;
    let short = pen.hand_in(|manifest| Ok(manifest.database().busy_timeout(std::time::Duration::ZERO)?));
    short.await.expect("set");
    let other = rusqlite::Connection::open(&place.file).expect("opened");
    other.execute_batch("BEGIN; SELECT count(*) FROM entry;").expect("reading");
    pen.write(|writer| collect(writer, 2)).await.expect("readers do not stop the pen");
    assert!(matches!(pen.close().await, Err(CustodyError::Busy)));
    drop(other);
    Pen::open(&place.file, notary()).await.expect("opened").seal().await.expect("sealed");
}

#[tokio::test]
async fn another_program_that_writes_is_named() {
    let place = Place::new();
    let pen = begun(&place, 1).await;
    let short = pen.hand_in(|manifest| Ok(manifest.database().busy_timeout(std::time::Duration::ZERO)?));
    short.await.expect("set");
    let other = rusqlite::Connection::open(&place.file).expect("opened");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let before = head(&pen).await;
    assert!(matches!(pen.write(|writer| collect(writer, 2)).await, Err(CustodyError::Busy)));
    assert_eq!(head(&pen).await, before);
}
