//! A write that fails leaves nothing behind, in the file or in memory.

use super::*;

/// The write fails as expected, and the next one goes on where the log was.
async fn leaves_nothing<T: Send + 'static>(
    pen: &Pen,
    f: impl FnOnce(&mut Writer<'_>) -> Result<T, CustodyError> + Send + 'static,
) -> CustodyError {
    let before = head(pen).await;
    let error = pen.write(f).await.err().expect("refused");
    assert_eq!(head(pen).await, before);
    let seq = pen.write(|writer| writer.append(closed("next"))).await.expect("the pen goes on");
    assert_eq!(seq, before.size);
    error
}

#[tokio::test]
async fn an_error_undoes_lines_and_rows_and_the_tree() {
    let place = Place::new();
    let pen = begun(&place, 2).await;
    let undone = leaves_nothing(&pen, |writer| {
        collect(writer, 3)?;
        collect(writer, 3)
    });
    let error = undone.await;
    assert!(matches!(&error, CustodyError::Refused { what } if what.contains("item")), "{error}");
    let counts = pen.read(|ledger| ledger.totals()).await.expect("readable");
    assert_eq!(counts.collected, 2);
    pen.seal().await.expect("sealed");
}

#[tokio::test]
async fn a_panic_is_an_error_for_its_caller_and_for_nobody_else() {
    let place = Place::new();
    let pen = begun(&place, 2).await;
    let error = leaves_nothing::<()>(&pen, |writer| {
        collect(writer, 3)?;
        panic!("as a test of what happens");
    });
    assert!(matches!(error.await, CustodyError::Panicked));
    let read = pen.read::<()>(|_| panic!("as a test of what happens")).await;
    assert!(matches!(read, Err(CustodyError::Panicked)));
    pen.seal().await.expect("sealed");
}

#[tokio::test]
async fn a_failure_that_the_caller_passes_over_still_undoes_everything() {
    let place = Place::new();
    let pen = begun(&place, 2).await;
    let passed_over = leaves_nothing(&pen, |writer| {
        collect(writer, 3)?;
        let _ = writer.append(Line::new(EventKind::Disposed));
        Ok(())
    });
    assert!(matches!(passed_over.await, CustodyError::Refused { .. }));
    let passed_over = leaves_nothing(&pen, |writer| {
        let _ = writer.item(&item_row(1), 0);
        collect(writer, 4)?;
        Ok(())
    });
    assert!(matches!(passed_over.await, CustodyError::Refused { .. }));
}

#[tokio::test]
async fn a_row_whose_line_never_comes_is_refused_at_the_end() {
    let place = Place::new();
    let pen = begun(&place, 2).await;
    let lineless = leaves_nothing(&pen, |writer| writer.listed(&listed(50), writer.next_seq()));
    assert!(matches!(lineless.await, CustodyError::Refused { .. }));
}

#[tokio::test]
async fn a_full_disk_is_named_and_undone() {
    let place = Place::new();
    let pen = begun(&place, 2).await;
    pen.hand_in(|manifest| {
        let pages: i64 = manifest.database().query_row("PRAGMA page_count", [], |row| row.get(0))?;
        manifest.database().query_row(&format!("PRAGMA max_page_count = {}", pages + 2), [], |_| Ok(()))?;
        Ok(())
    })
    .await
    .expect("limited");
    let before = head(&pen).await;
    let full = pen.write(|writer| list(writer, 100, 1_000)).await;
    assert!(matches!(full, Err(CustodyError::DiskFull)), "{full:?}");
    assert_eq!(head(&pen).await, before);
    pen.write(|writer| writer.append(closed("full"))).await.expect("the pen goes on");
    pen.seal().await.expect("sealed");
}

#[tokio::test]
async fn a_read_only_database_is_named() {
    let place = Place::new();
    let pen = begun(&place, 2).await;
    let lock = pen.hand_in(|manifest| Ok(manifest.database().pragma_update(None, "query_only", true)?));
    lock.await.expect("set");
    let refused = pen.write(|writer| writer.append(closed("x"))).await;
    assert!(matches!(refused, Err(CustodyError::ReadOnly)), "{refused:?}");
}

#[tokio::test]
async fn rows_are_never_changed_replaced_or_removed() {
    let place = Place::new();
    let pen = begun(&place, 2).await;
    let tried = pen.hand_in(|manifest| {
        let db = manifest.database();
        for sql in [
            "UPDATE entry SET body = body WHERE seq = 0",
            "DELETE FROM entry WHERE seq = 4",
            "REPLACE INTO entry (seq, body, leaf) SELECT seq, body, leaf FROM entry WHERE seq = 4",
            "INSERT INTO entry (seq, body, leaf) SELECT 99, replace(body, '\"seq\":4', '\"seq\":99'), leaf FROM entry WHERE seq = 4",
            "UPDATE item SET bytes = 1",
            "DELETE FROM item",
            "REPLACE INTO item SELECT * FROM item",
            "UPDATE listed SET subject = NULL",
            "INSERT OR REPLACE INTO meta (key, value) VALUES ('matter', 'another')",
            "DELETE FROM request",
            "UPDATE folder SET included = 0",
        ] {
            let error = CustodyError::from(db.execute(sql, []).expect_err(sql));
            assert!(matches!(error, CustodyError::Refused { .. }), "{sql}: {error}");
        }
        Ok(())
    });
    tried.await.expect("tried");
    pen.seal().await.expect("sealed");
}
