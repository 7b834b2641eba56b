//! Damage is reported as what it is; nothing panics, and nothing is written over it.

use super::*;

/// A closed manifest with a checkpoint, changed by `sql` behind the triggers' back.
async fn tampered(sql: &str) -> (Place, Result<Pen, CustodyError>) {
    let place = Place::new();
    let pen = begun(&place, 5).await;
    pen.write(|writer| writer.checkpoint()).await.expect("stated");
    pen.close().await.expect("closed");
    let db = rusqlite::Connection::open(&place.file).expect("opened");
    db.execute_batch(
        "PRAGMA writable_schema = OFF; PRAGMA ignore_check_constraints = ON; PRAGMA recursive_triggers = OFF; PRAGMA foreign_keys = OFF;",
    )
    .expect("set");
    let triggers: Vec<(String, String)> = db
        .prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'")
        .expect("readable")
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .expect("readable")
        .collect::<Result<_, _>>()
        .expect("readable");
    for (name, _) in &triggers {
        db.execute_batch(&format!("DROP TRIGGER {name}")).expect("dropped");
    }
    db.execute_batch(sql).expect(sql);
    for (_, sql) in &triggers {
        db.execute_batch(sql).expect("restored");
    }
    db.close().expect("closed");
    let opened = Pen::open(&place.file, notary()).await;
    (place, opened)
}

#[tokio::test]
async fn a_log_that_was_changed_is_reported_with_its_line() {
    let edited = "UPDATE entry SET body = replace(body, '\"attempts\":1', '\"attempts\":2') WHERE seq = 6";
    let leafless = "UPDATE entry SET leaf = zeroblob(32) WHERE seq = 6";
    let gap = "DELETE FROM entry WHERE seq = 6";
    let cut = "DELETE FROM request; DELETE FROM item WHERE entry_seq >= 6; DELETE FROM entry WHERE seq >= 6";
    let cut_below_items = "DELETE FROM checkpoint; DELETE FROM request; DELETE FROM entry WHERE seq >= 6";
    for sql in [edited, leafless, gap, cut, cut_below_items] {
        let (_place, opened) = tampered(sql).await;
        assert!(matches!(opened, Err(CustodyError::LogBroken { seq: 6, .. })), "{sql}: {opened:?}");
    }
}

#[tokio::test]
async fn a_line_changed_together_with_its_leaf_is_caught_by_the_checkpoint() {
    let body = r#"{"at":"2024-06-04T09:00:00.000Z","kind":"disposed","seq":6,"what":"x"}"#;
    let leaf = tree::leaf(body.as_bytes());
    let sql = format!("UPDATE entry SET body = '{body}', leaf = x'{leaf}' WHERE seq = 6");
    let (_place, opened) = tampered(&sql).await;
    assert!(matches!(opened, Err(CustodyError::LogBroken { seq: 8, .. })), "{opened:?}");
}

#[tokio::test]
async fn a_changed_column_is_found_before_the_seal() {
    let (place, opened) = tampered("UPDATE item SET bytes = bytes + 1 WHERE item_id = 3").await;
    let sealed = opened.expect("the log holds").seal().await;
    assert!(matches!(&sealed, Err(CustodyError::Corrupt { what }) if what.contains("AFF-0000003")), "{sealed:?}");
    assert!(Pen::open(&place.file, notary()).await.is_ok());
    let (_place, opened) = tampered("DELETE FROM listed WHERE listed_id = 2").await;
    let sealed = opened.expect("the log holds").seal().await;
    assert!(matches!(&sealed, Err(CustodyError::Corrupt { .. })), "{sealed:?}");
}

#[tokio::test]
async fn something_else_a_newer_format_and_a_missing_table_are_told_apart() {
    let (_place, opened) = tampered("PRAGMA application_id = 7").await;
    assert!(matches!(opened, Err(CustodyError::NotAManifest { .. })), "{opened:?}");
    let (place, opened) = tampered("PRAGMA user_version = 2").await;
    let error = opened.expect_err("newer");
    assert!(matches!(error, CustodyError::Newer { found: 2, known: 1, .. }), "{error:?}");
    assert!(error.to_string().contains("format 2"), "{error}");
    let bytes = std::fs::read(&place.file).expect("read");
    assert!(Pen::open(&place.file, notary()).await.is_err());
    assert_eq!(std::fs::read(&place.file).expect("read"), bytes, "a refused file is not touched");
    let (_place, opened) = tampered("DROP VIEW item_vs_log").await;
    assert!(matches!(&opened, Err(CustodyError::Corrupt { what }) if what.contains("item_vs_log")), "{opened:?}");
    let (_place, opened) = tampered("UPDATE meta SET value = 'affiant.invalid/acq/x' WHERE key = 'origin'").await;
    assert!(matches!(opened, Err(CustodyError::Corrupt { .. })), "{opened:?}");

    let place = Place::new();
    let missing = Pen::open(&place.file, notary()).await;
    assert!(matches!(missing, Err(CustodyError::Missing { .. })), "{missing:?}");
    for content in ["", "hello", &"PK\u{3}\u{4} no database, but long enough to look like one ".repeat(100)] {
        std::fs::write(&place.file, content).expect("written");
        let opened = Pen::open(&place.file, notary()).await;
        assert!(matches!(opened, Err(CustodyError::NotAManifest { .. })), "{content:.10}: {opened:?}");
        assert_eq!(std::fs::read_to_string(&place.file).expect("read"), content, "a refused file is not touched");
    }
}

#[tokio::test]
async fn a_truncated_or_scribbled_file_is_an_error_or_is_whole_and_never_a_panic() {
    let place = Place::new();
    let pen = begun(&place, 10).await;
    pen.write(|writer| writer.checkpoint()).await.expect("stated");
    let whole_head = head(&pen).await;
    pen.close().await.expect("closed");
    let whole = std::fs::read(&place.file).expect("read");
    let mut reported = 0;
    for step in 0..30 {
        let at = whole.len() * step / 30;
        let mut scribbled = whole.clone();
        for byte in scribbled.iter_mut().skip(at).take(64) {
            *byte ^= 0x5a;
        }
        for damaged in [&whole[..at], &scribbled[..]] {
            let victim = Place::new();
            std::fs::write(&victim.file, damaged).expect("written");
            match Pen::open(&victim.file, notary()).await {
                // Free space, or a row that opening does not read; the log is what it was.
                Ok(pen) => {
                    assert_eq!(head(&pen).await, whole_head, "at {at}");
                    if let Err(error) = pen.seal().await {
                        assert!(!matches!(error, CustodyError::Panicked), "at {at}");
                        reported += 1;
                    }
                }
                Err(CustodyError::Panicked) => panic!("at {at}"),
                Err(_) => reported += 1,
            }
        }
    }
    assert!(reported > 30, "every truncation at the least: {reported}");
}
