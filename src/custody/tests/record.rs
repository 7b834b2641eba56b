//! What is written is what is read, and the numbers add up.

use super::*;
use crate::terms::{ExceptionCode, Severity};

#[tokio::test]
async fn the_record_reads_back_as_it_was_written() {
    let place = Place::new();
    let pen = begun(&place, 3).await;
    let read = pen.read(|ledger| {
        assert_eq!(ledger.meta(), &meta());
        assert_eq!(ledger.opening()?["scope"]["zone"], "UTC");
        assert_eq!(ledger.last_event()?.expect("a line").kind, EventKind::ItemCollected);
        assert_eq!(ledger.last_of(EventKind::PageFetched)?.expect("a line").json()?["new_items"], 10);
        assert_eq!(ledger.last_of(EventKind::Disposed)?, None);
        assert_eq!(ledger.custodians()?.len(), 1);
        assert_eq!(ledger.mailboxes()?, [mailbox_row()]);
        assert_eq!(ledger.folders(1)?, [folder_row(1, None), folder_row(2, Some(Exclusion::SearchFolder))]);
        assert!(ledger.is_listed(1, &graph_id(10))? && !ledger.is_listed(1, &graph_id(11))?);
        let next = (ledger.next_custodian_id()?, ledger.next_mailbox_id()?, ledger.next_folder_id()?);
        assert_eq!((next, ledger.next_part_id()?), ((2, 2, 3), 1));
        let mut files = Vec::new();
        ledger.each_item(|file| {
            files.push(file);
            Ok(())
        })?;
        assert_eq!(ledger.item_files(1, 10)?, files[1..]);
        let first = item_row(1);
        let want = ItemFile { control_number: number(1), path: first.path, bytes: first.bytes, sha256: first.sha256 };
        assert_eq!(files[0], want);
        Ok(())
    });
    read.await.expect("readable");
}

#[tokio::test]
async fn remaining_items_come_in_listing_order_and_in_steps() {
    let place = Place::new();
    let pen = begun(&place, 3).await;
    pen.write(|writer| except(writer, 5, ExceptionCode::Gone)).await.expect("written");
    let read = pen.read(|ledger| {
        let step = |after, limit| -> Result<Vec<u64>, CustodyError> {
            Ok(ledger.remaining(1, after, limit)?.iter().map(|row| row.listed_id).collect())
        };
        assert_eq!(step(0, 3)?, [4, 6, 7]);
        assert_eq!(step(7, 100)?, [8, 9, 10]);
        assert_eq!(step(10, 100)?, [0u64; 0]);
        assert_eq!(ledger.remaining(1, 0, 1)?[0].message, listed(4));
        assert_eq!(ledger.remaining(2, 0, 100)?, []);
        assert_eq!(ledger.missing(1, 0, 100)?.len(), 1);
        Ok(())
    });
    read.await.expect("readable");
}

#[tokio::test]
async fn a_session_that_goes_on_begins_behind_what_has_ended() {
    let place = Place::new();
    let pen = begun(&place, 3).await;
    let first =
        |ledger: &Ledger<'_>| Ok(ledger.remaining(1, 0, 2)?.iter().map(|row| row.listed_id).collect::<Vec<_>>());
    for (excepted, remaining) in [(6, [4, 5]), (4, [5, 7]), (5, [7, 8])] {
        pen.write(move |writer| except(writer, excepted, ExceptionCode::Gone)).await.expect("written");
        assert_eq!(pen.read(first).await.expect("readable"), remaining);
    }
    let (ended, collected) = pen.read(|l| Ok((l.ended(1)?, l.collected_in_all()?))).await.expect("readable");
    assert_eq!((ended, collected), (Ended { listed: 10, collected: 3, excepted: 3 }, 3));
    assert_eq!(ended.remaining(), 4);
    for rest in 7..=10 {
        pen.write(move |writer| except(writer, rest, ExceptionCode::Gone)).await.expect("written");
    }
    assert_eq!(pen.read(first).await.expect("readable"), [0u64; 0]);
}

#[tokio::test]
async fn tables_that_were_read_beside_the_pen_are_read_again_only_where_rows_were_added() {
    let place = Place::new();
    let pen = begun(&place, 3).await;
    let line = |tables: Object| tables.canonical().expect("sayable");
    let early = pen.beside().and_then(|beside| beside.tables(&meta().path_salt, || true)).expect("readable");
    let cut = pen.beside().and_then(|beside| beside.tables(&meta().path_salt, || false)).expect("readable");
    assert!(cut.len() < early.len());
    for more in [4, 5] {
        let (early, cut) = (early.clone(), cut.clone());
        let read = pen.read(move |l| Ok([l.tables(&[])?, l.tables(&early)?, l.tables(&cut)?])).await.expect("readable");
        let [fresh, early, cut] = read.map(line);
        assert_eq!((&early, &cut), (&fresh, &fresh));
        pen.write(move |writer| except(writer, more, ExceptionCode::Gone)).await.expect("written");
    }
    pen.seal().await.expect("nothing else has the file open");
}

#[tokio::test]
async fn a_message_listed_twice_has_one_number_and_numbers_have_no_gaps() {
    let place = Place::new();
    let pen = begun(&place, 0).await;
    let new = pen.write(|writer| list(writer, 8, 12)).await.expect("written");
    assert_eq!(new, 2);
    let last = pen.read(|ledger| ledger.remaining(1, 10, 10)).await.expect("readable");
    let numbers: Vec<_> = last.iter().filter_map(ListedRow::control_number).collect();
    assert_eq!(numbers, [number(11), number(12)]);
}

#[tokio::test]
async fn a_listed_row_that_the_schema_refuses_is_an_error_and_not_a_duplicate() {
    let place = Place::new();
    let pen = begun(&place, 0).await;
    let wrote = pen.write(|writer| {
        let seq = writer.append(page(1, 1))?;
        writer.listed(&Listed { pass: 0, ..listed(99) }, seq)
    });
    assert!(matches!(wrote.await, Err(CustodyError::Refused { .. })));
}

#[tokio::test]
async fn the_balance_closes_only_when_every_item_has_ended() {
    let place = Place::new();
    let pen = begun(&place, 6).await;
    let counts = pen.read(|ledger| ledger.counts(1)).await.expect("readable");
    assert_eq!((counts.listed, counts.collected, counts.rebuilt, counts.remaining()), (10, 6, 1, 4));
    assert_eq!(counts.bytes, (1..=6).map(|n| item_row(n).bytes).sum::<u64>());
    assert!(!counts.is_balanced());
    let balance = |counts| ReconciliationRow {
        mailbox_id: 1,
        folder_id: 1,
        expected: 10,
        outside: Some(3),
        not_chosen: None,
        held_before: None,
        counts,
        expected_after: 9,
    };
    let reconciled = Line::new(EventKind::FolderReconciled)
        .int("mailbox_id", 1)
        .int("folder_id", 1)
        .int("expected", 10)
        .int("listed", 10)
        .int("collected", 8)
        .int("rebuilt", 1)
        .int("excepted", 2)
        .int("vanished", 1)
        .int("appeared", 0)
        .int("departed", 0)
        .int("expected_after", 9);
    let early = reconciled.clone();
    let early = pen.write(move |writer| {
        let seq = writer.append(early)?;
        writer.reconciliation(&balance(counts), seq)
    });
    assert!(matches!(early.await, Err(CustodyError::Refused { .. })));
    let late = pen.write(move |writer| {
        except(writer, 7, ExceptionCode::ThrottledOut)?;
        except(writer, 7, ExceptionCode::Gone)?;
        // Missing at first, collected on a later try: counts once.
        except(writer, 8, ExceptionCode::TooLarge)?;
        collect(writer, 8)?;
        collect(writer, 9)?;
        except(writer, 10, ExceptionCode::Gone)?;
        except(writer, 10, ExceptionCode::NotAccessible)?;
        let counts = writer.ledger().folder_counts(1)?;
        let seq = writer.append(reconciled)?;
        writer.reconciliation(&balance(counts), seq)?;
        Ok(counts)
    });
    let counts = late.await.expect("written");
    assert_eq!((counts.collected, counts.excepted, counts.vanished), (8, 2, 1));
    assert!(counts.is_balanced());
    let (totals, other) = pen.read(|ledger| Ok((ledger.totals()?, ledger.folder_counts(2)?))).await.expect("readable");
    assert_eq!((totals, other), (counts, Counts::default()));
    pen.seal().await.expect("sealed");
}

#[tokio::test]
async fn a_resolved_exception_stays_on_record_and_out_of_the_counts() {
    let place = Place::new();
    let pen = begun(&place, 3).await;
    let wrote = pen.write(|writer| {
        let first = except(writer, 5, ExceptionCode::ThrottledOut)?;
        except(writer, 6, ExceptionCode::ThrottledOut)?;
        let line = Line::new(EventKind::ItemExcepted).text("code", "cloud_attachment").text("severity", "info");
        let seq = writer.append(line)?;
        let note = ExceptionRow::new(ExceptionCode::CloudAttachment, Severity::Info);
        writer.exception(&ExceptionRow { item_id: Some(2), detail: "2 links".to_owned(), ..note }, seq)?;
        writer.append(Line::new(EventKind::ExceptionResolved).int("exception_id", first))
    });
    wrote.await.expect("written");
    let read = pen.read(|ledger| Ok((ledger.exceptions()?, ledger.exceptions_by_code()?)));
    let (all, standing) = read.await.expect("readable");
    let last = pen.read(|ledger| Ok([5, 6, 7].map(|listed_id| ledger.last_missing(listed_id).ok().flatten())));
    assert_eq!(last.await.expect("readable"), [Some(1), Some(2), None]);
    let resolved: Vec<bool> = all.iter().map(|exception| exception.resolved).collect();
    assert_eq!(resolved, [true, false, false]);
    assert_eq!(all[2].control_number, Some(number(2)));
    assert_eq!(all[2].folder_path.as_deref(), Some("Inbox/Deal 1"));
    assert_eq!((all[1].mailbox_id, all[1].attempts, all[1].graph_id.clone()), (Some(1), Some(3), Some(graph_id(6))));
    let counted: Vec<_> = standing.iter().map(|count| (count.code, count.severity, count.count)).collect();
    let missing = (ExceptionCode::ThrottledOut, Severity::ItemMissing, 1);
    assert_eq!(counted, [(ExceptionCode::CloudAttachment, Severity::Info, 1), missing]);
}

#[tokio::test]
async fn families_volumes_and_passes_are_kept() {
    let place = Place::new();
    let pen = begun(&place, 1).await;
    let part = PartRow {
        part_id: 1,
        item_id: 1,
        parent_part_id: None,
        ordinal: 1,
        mime_path: "2".to_owned(),
        role: crate::terms::PartRole::Attachment,
        name_raw: Some(vec![0xff, 0]),
        name: Some("a\u{0}b.pdf".to_owned()),
        media_type: Some("application/pdf".to_owned()),
        bytes: Some(3),
        sha256: Some(Sha256::of(b"abc")),
        target_url: None,
    };
    let volume =
        VolumeRow { volume_id: 1, name: "VOL001.zip".to_owned(), bytes: 9, members: 1, sha256: Sha256::of(b"z") };
    let kept = volume.clone();
    let wrote = pen.write(move |writer| {
        writer.part(&part)?;
        writer.part(&PartRow { part_id: 2, parent_part_id: Some(1), mime_path: "2.1".to_owned(), ..part })?;
        for pass in [1, 2] {
            let line = Line::new(EventKind::FolderListed).int("folder_id", 1).int("mailbox_id", 1);
            let hash = writer.path_hash("Inbox/Deal 1");
            writer.append(
                line.put("path_hash", hash).int("pass", pass).int("listed", 10).opt_int("expected", None::<u64>),
            )?;
        }
        let line = Line::new(EventKind::VolumeWritten).text("name", "VOL001.zip").int("bytes", 9).int("members", 1);
        let seq = writer.append(line.hex("sha256", volume.sha256.as_bytes()))?;
        writer.volume(&volume, seq)
    });
    wrote.await.expect("written");
    let read =
        pen.read(|ledger| Ok((ledger.volumes()?, ledger.folder_passes(1)?, ledger.passes(1)?, ledger.next_part_id()?)));
    let (volumes, passes, by_folder, next) = read.await.expect("readable");
    assert_eq!((volumes, next), (vec![kept], 3));
    assert_eq!(passes.into_iter().collect::<Vec<_>>(), [1, 2]);
    assert_eq!(by_folder.len(), 1);
}

#[tokio::test]
async fn a_folder_name_is_in_the_log_only_as_a_salted_hash() {
    let place = Place::new();
    let pen = begun(&place, 0).await;
    let hash = pen.read(|ledger| Ok(ledger.path_hash("Inbox/Deal 1"))).await.expect("readable");
    assert_eq!(hash, Sha256::of(b"0123456789abcdefInbox/Deal 1"));
}

#[tokio::test]
async fn absurd_claims_of_a_server_do_not_stop_the_record() {
    let place = Place::new();
    let pen = begun(&place, 0).await;
    let mut odd = exchange();
    odd.content_length = Some(u64::MAX);
    odd.retry_after = Some(std::time::Duration::MAX);
    pen.write(move |writer| writer.request(&odd, None)).await.expect("written");
}

#[tokio::test]
async fn an_empty_log_has_no_opening_and_no_checkpoint() {
    let place = Place::new();
    let pen = Pen::create(&place.file, meta(), notary(), |_| Ok(())).await.expect("created");
    assert!(matches!(pen.read(|ledger| ledger.opening()).await, Err(CustodyError::NeverOpened)));
    assert!(matches!(pen.write(|writer| writer.checkpoint()).await, Err(CustodyError::NeverOpened)));
    assert_eq!(head(&pen).await, Head { size: 0, root: Sha256::of(b"") });
}

#[tokio::test]
async fn a_folder_that_could_not_be_listed_is_named_until_that_is_resolved() {
    let place = Place::new();
    let pen = begun(&place, 1).await;
    let wrote = pen.write(|writer| {
        let mut numbers = Vec::new();
        for folder_id in [1, 2] {
            let line = Line::new(EventKind::ItemExcepted).text("code", "other").text("severity", "fatal");
            let seq = writer.append(line)?;
            let row = ExceptionRow::new(ExceptionCode::Other, Severity::Fatal);
            let about = ExceptionRow { mailbox_id: Some(1), folder_id: Some(folder_id), ..row };
            numbers.push(writer.exception(&about, seq)?);
        }
        let both = writer.ledger().unlisted(1)?;
        writer.append(Line::new(EventKind::ExceptionResolved).int("exception_id", numbers[0]))?;
        Ok((both, numbers))
    });
    let (both, numbers) = wrote.await.expect("written");
    assert_eq!(both, [(numbers[0], 1), (numbers[1], 2)]);
    let left = pen.read(|ledger| Ok((ledger.unlisted(1)?, ledger.unlisted(2)?))).await.expect("readable");
    assert_eq!(left, (vec![(numbers[1], 2)], vec![]));
}

#[tokio::test]
async fn a_clock_that_is_set_back_leaves_the_order_of_the_log_alone() {
    let place = Place::new();
    let hours = AtomicI64::new(0);
    // Each reading is an hour before the last one.
    let back: Clock = Arc::new(move || {
        let hour = hours.fetch_add(1, Ordering::Relaxed);
        UtcInstant::from_millis(1_717_491_600_000 - hour * 3_600_000).expect("in range")
    });
    let pen = Pen::create(&place.file, meta(), Notary { clock: back, ..notary() }, |w| w.append(opened()).map(drop))
        .await
        .expect("created");
    pen.write(|w| w.append(closed("interrupted"))).await.expect("written");
    let (first, last) = pen
        .read(|l| Ok((l.last_of(EventKind::AcquisitionOpened)?, l.last_event()?)))
        .await
        .map(|(first, last)| (first.expect("a line"), last.expect("a line")))
        .expect("readable");
    assert_eq!((first.seq, last.seq), (0, 1));
    assert!(last.at < first.at, "times are the clock's own, and say so");
    pen.seal().await.expect("sealed");
    Pen::open(&place.file, notary()).await.expect("whole");
}

#[tokio::test]
async fn the_head_is_signed_after_a_thousand_lines_after_five_minutes_and_when_asked() {
    let place = Place::new();
    let now = Arc::new(AtomicI64::new(1_717_491_600_000));
    let time = Arc::clone(&now);
    let clock: Clock = Arc::new(move || UtcInstant::from_millis(time.load(Ordering::Relaxed)).expect("in range"));
    let notary = Notary { clock, ..notary() };
    let pen =
        Pen::create(&place.file, meta(), notary.clone(), |w| w.append(opened()).map(drop)).await.expect("created");
    let lines = |count: u64| {
        let append = move |w: &mut Writer<'_>| (0..count).try_for_each(|_| w.append(closed("again")).map(drop));
        pen.write(append)
    };
    let sizes = || {
        pen.hand_in(|manifest| {
            let mut query = manifest.database().prepare("SELECT size FROM checkpoint ORDER BY size")?;
            let sizes = query.query_map([], |row| row.get::<_, i64>(0))?.collect::<Result<Vec<_>, _>>()?;
            Ok(sizes)
        })
    };
    lines(998).await.expect("written");
    assert_eq!(sizes().await.expect("read"), Vec::<i64>::new());
    lines(2).await.expect("written");
    assert_eq!(sizes().await.expect("read"), [1000]);
    now.fetch_add(5 * 60 * 1_000 - 1, Ordering::Relaxed);
    lines(1).await.expect("written");
    assert_eq!(sizes().await.expect("read"), [1000]);
    now.fetch_add(1, Ordering::Relaxed);
    lines(1).await.expect("written");
    assert_eq!(sizes().await.expect("read"), [1000, 1003]);
    // What is undone takes its checkpoint with it, and the count goes on from the one that stands.
    let undone = pen.write(|w| {
        (0..1_200).try_for_each(|_| w.append(closed("again")).map(drop))?;
        Err::<(), _>(CustodyError::refused("changed its mind"))
    });
    undone.await.expect_err("undone");
    lines(1_000).await.expect("written");
    assert_eq!(sizes().await.expect("read"), [1000, 1003, 2003]);
    pen.close().await.expect("closed");
    let pen = Pen::open(&place.file, notary).await.expect("whole");
    pen.close().await.expect("closed");
}

#[tokio::test]
async fn another_machine_goes_on_with_a_key_of_its_own_that_its_session_names() {
    let place = Place::new();
    let first =
        Pen::create(&place.file, meta(), notary(), |w| w.append(opened()).and_then(|_| w.checkpoint()).map(drop));
    first.await.expect("created").close().await.expect("closed");
    let other = SealingKey::from_seed(&[9; 32]).expect("32 bytes");
    let named = vkey(&meta().acquisition_id, &other);
    let pen = Pen::open(&place.file, Notary { key: other, ..notary() }).await.expect("whole");
    let session = Line::new(EventKind::SessionOpened).int("log_size", 1_u64).text("host", "h").int("pid", 1_u32);
    let line = session.text("note_vkey", &named);
    pen.write(|w| w.append(line).and_then(|_| w.checkpoint())).await.expect("written");
    assert_eq!(pen.read(|l| l.vkey()).await.expect("named"), named);
    pen.close().await.expect("closed");
    Pen::open(&place.file, notary()).await.expect("each checkpoint by the key of its session");
}
