//! What the signatures of the collected messages are worth, weighed when everything is fetched and the keys are there.
//!
//! Natives whose line states signatures are read once more, a batch at a time; each gets a line of its own, so a killed run
//! goes on where it was. It must not know how a signature is weighed, nor ask DNS itself.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::custody::{AuthRow, CustodyError, EventKind, Line, Object, Unweighed, Writer};
use crate::identity::{self, Judged};
use crate::package::Native;
use crate::terms::{Remark, Sha256};

use super::Run;
use super::error::CollectError;
use super::keys::{Answers, Keys};

/// Items in one transaction.
const BATCH: u32 = 256;

/// Weighs every signature that no line weighs yet.
///
/// The first time round, items whose keys nobody has asked for in this session (they were fetched by an earlier one) only
/// say which those are; the second time they are weighed with what came.
pub(super) async fn weigh(run: &Run, keys: &Keys) -> Result<(), CollectError> {
    keys.settle().await;
    let open = all(run, keys, true).await?;
    if !open.is_empty() {
        keys.ask(&open);
        keys.settle().await;
        all(run, keys, false).await?;
    }
    Ok(())
}

/// One time round; returns the names of keys that are still to be asked for.
async fn all(run: &Run, keys: &Keys, may_wait: bool) -> Result<BTreeSet<identity::KeyName>, CollectError> {
    let pen = &run.acquisition.pen;
    let answers = Arc::new(Answers::on_record(pen).await?);
    let up_to = answers.up_to;
    let (mut open, mut after) = (BTreeSet::new(), 0);
    loop {
        run.halt_if_asked()?;
        let batch = pen.read(move |l| l.unweighed(after, BATCH)).await?;
        let Some(last) = batch.last() else { return Ok(open) };
        after = last.file.control_number.ordinal();
        let (package, known, asked) = (run.acquisition.package.clone(), answers.clone(), keys.clone());
        let looked = tokio::task::spawn_blocking(move || {
            let received: Vec<_> = batch.iter().map(|one| (one.file.path.clone(), one.received)).collect();
            let natives = batch.iter().map(native).collect();
            let looked = package.look(natives, |native, bytes| {
                let signers = identity::signers(bytes);
                if may_wait && asked.are_open(&signers.keys) {
                    return Err(signers.keys);
                }
                let at = received.iter().find(|(path, _)| *path == native.path).map(|(_, at)| *at);
                Ok(at.map(|at| identity::judge(bytes, at, &|name| known.of(name))).unwrap_or_default())
            })?;
            Ok::<_, CollectError>(batch.into_iter().zip(looked).collect::<Vec<_>>())
        });
        let mut weighed = Vec::new();
        for (item, looked) in looked.await.map_err(|_| CollectError::Internal)?? {
            match looked {
                Ok(judged) => weighed.push((item, judged)),
                Err(names) => open.extend(names),
            }
        }
        pen.write(move |w| weighed.iter().try_for_each(|(item, judged)| swear(w, item, judged, up_to))).await?;
    }
}

fn native(item: &Unweighed) -> Native {
    Native { path: item.file.path.clone(), sha256: item.file.sha256, bytes: item.file.bytes }
}

/// The line of an item and its rows; the keys are those that the first `keys_up_to` lines of the log tell.
///
/// The names of the keys stand in it as salted hashes: which domains signed is in the lines of the keys, but whose mail is
/// whose is not for the other side.
fn swear(w: &mut Writer<'_>, item: &Unweighed, judged: &[Judged], keys_up_to: u64) -> Result<(), CustodyError> {
    let results = judged.iter().map(|one| {
        let key: Option<Sha256> = one.key.as_ref().map(|key| w.path_hash(&key.to_string()));
        Object::new()
            .text("method", one.method.as_str())
            .int("ordinal", one.ordinal)
            .opt_text("key_hash", key.map(|hash| hash.to_string()))
            .put("header_ok", one.header_ok)
            .put("body_ok", one.body_ok)
            .put("seal_ok", one.seal_ok)
            .opt_text("detail", detail(one))
    });
    let line = Line::new(EventKind::ItemAuthenticated)
        .text("control_number", item.file.control_number.to_string())
        .text("as_of", item.received.to_string())
        .int("keys_up_to", keys_up_to)
        .list("results", results.collect::<Vec<_>>());
    let seq = w.append(line)?;
    judged.iter().try_for_each(|one| w.auth_result(&row(item, one), seq))
}

fn row(item: &Unweighed, one: &Judged) -> AuthRow {
    AuthRow {
        item_id: item.file.control_number.ordinal(),
        ordinal: one.ordinal,
        method: one.method,
        domain: one.key.as_ref().map(|key| key.domain().to_owned()),
        selector: one.key.as_ref().map(|key| key.selector().to_owned()),
        header_ok: one.header_ok,
        body_ok: one.body_ok,
        seal_ok: one.seal_ok,
        as_of: item.received,
        detail: detail(one),
    }
}

/// The remarks in the manifest's spelling.
fn detail(one: &Judged) -> Option<String> {
    let words: Vec<&str> = one.remarks.iter().copied().map(Remark::as_str).collect();
    (!words.is_empty()).then(|| words.join(","))
}
