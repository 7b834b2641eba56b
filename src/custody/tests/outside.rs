//! Other people's tools: the system's `sqlite3`, and a second implementation of the tree.

use std::process::Command;

use super::*;

/// The root as the definition says, written again without looking at `tree`.
fn root(lines: &[&[u8]]) -> Sha256 {
    let hash = |prefix: u8, parts: &[&[u8]]| Sha256::of(&[&[prefix], parts.concat().as_slice()].concat());
    match lines {
        [] => Sha256::of(b""),
        [line] => hash(0, &[line]),
        _ => {
            let half = (1..lines.len()).rev().find(|n| n.is_power_of_two()).expect("at least one");
            hash(1, &[root(&lines[..half]).as_bytes(), root(&lines[half..]).as_bytes()])
        }
    }
}

#[tokio::test]
async fn the_exported_log_alone_gives_the_stated_root() {
    let place = Place::new();
    let pen = begun(&place, 10).await;
    let stated = pen.write(|writer| writer.checkpoint()).await.expect("stated");
    let log = pen.read(|ledger| {
        let mut log = Vec::new();
        let lines = ledger.export_log(&mut log)?;
        assert_eq!(lines, ledger.head().size);
        Ok(log)
    });
    let log = log.await.expect("exported");
    let lines: Vec<&[u8]> = log.strip_suffix(b"\n").expect("ends with a line feed").split(|b| *b == b'\n').collect();
    assert_eq!(stated, Head { size: u64::try_from(lines.len()).expect("small"), root: root(&lines) });
    for (seq, line) in lines.iter().enumerate() {
        let json: serde_json::Value = serde_json::from_slice(line).expect("JSON");
        assert_eq!(json["seq"], seq);
    }
    let text = String::from_utf8(log).expect("UTF-8");
    assert!(!text.contains("Subject") && !text.contains("@contoso") && !text.contains("Deal"), "nothing private");
}

#[tokio::test]
async fn a_full_disk_while_exporting_is_an_error() {
    struct Full;
    impl std::io::Write for Full {
        fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let place = Place::new();
    let pen = begun(&place, 1).await;
    let exported = pen.read(|ledger| ledger.export_log(&mut Full)).await;
    assert!(matches!(exported, Err(CustodyError::Export(_))), "{exported:?}");
}

#[tokio::test]
#[expect(clippy::print_stderr, reason = "a skipped check must be visible")]
async fn the_systems_sqlite3_reads_the_manifest_and_agrees() {
    let place = Place::new();
    let pen = begun(&place, 10).await;
    let stated = pen.write(|writer| writer.checkpoint()).await.expect("stated");
    pen.seal().await.expect("sealed");
    let sql = "PRAGMA integrity_check; PRAGMA foreign_key_check; SELECT count(*) FROM item_vs_log;
               SELECT count(*) || '/' || (max(seq) + 1) FROM entry; SELECT lower(hex(root)) FROM checkpoint;
               SELECT count(*) FROM entry WHERE json_extract(body,'$.kind') <> kind;
               SELECT count(*) FROM sqlite_schema WHERE name IN ('item_mih', 'item_content');
               PRAGMA user_version; PRAGMA application_id; PRAGMA journal_mode;";
    let Ok(output) = Command::new("sqlite3").arg("-readonly").arg(&place.file).arg(sql).output() else {
        eprintln!("skipped: there is no sqlite3 on this machine");
        return;
    };
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let answers = String::from_utf8(output.stdout).expect("UTF-8");
    let size = stated.size;
    let want = format!("ok\n0\n{size}/{size}\n{}\n0\n2\n1\n1095124564\ndelete\n", stated.root);
    assert_eq!(answers, want);
    assert!(!place.beside("-wal").exists() && !place.beside("-shm").exists());
}
