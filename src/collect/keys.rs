//! Signers' keys, asked for while the collection goes on: beside the fetching, never in its way.
//!
//! [`Keys`] takes names and returns at once. A task of its own asks, a few at a time, each name once, and puts the answers
//! on record in groups. DNS that is slow, silent or absent costs the collection nothing but the keys. It must not know how
//! a signature is weighed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::{StreamExt as _, stream};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;
use tokio::time::{Instant, timeout, timeout_at};

use crate::custody::{CustodyError, DnsKeyRow, EventKind, Line, Pen, Writer};
use crate::dns::{Answer, NoAnswer, Resolver};
use crate::identity::{KeyAnswer, KeyName};
use crate::terms::{Clock, UtcInstant};

use super::Run;
use super::error::CollectError;

/// Names that are asked for at once.
const AT_ONCE: usize = 16;
/// Names of one run; more are made to cost time.
const NAMES_MAX: usize = 200_000;
/// Answers in one transaction.
const GROUP: usize = 256;
/// How long an answer waits for company.
const GROUP_WAIT: Duration = Duration::from_millis(200);
/// Names that nobody said anything about, one after the other, after which DNS counts as out of reach.
const SILENCE: u32 = 24;
/// How long the close waits for answers that are still out.
const PATIENCE: Duration = Duration::from_secs(10);

/// What is known of the keys. Clones share it.
#[derive(Clone)]
pub(super) struct Keys(Arc<Shared>);

struct Shared {
    /// Names that are answered or were asked for in this session.
    known: Mutex<HashSet<String>>,
    ask: Option<mpsc::UnboundedSender<String>>,
    /// Names that are out.
    out: watch::Sender<usize>,
}

/// The task that asks.
pub(super) struct Capture {
    stop: watch::Sender<bool>,
    task: Option<JoinHandle<Result<(), CustodyError>>>,
}

impl Keys {
    /// Takes over what earlier sessions have on record, and starts to ask, if there is somebody to be asked.
    pub(super) async fn start(run: &Run) -> Result<(Self, Capture), CollectError> {
        let recorded = run.acquisition.pen.read(|l| l.dns_keys()).await?;
        let known = recorded.into_iter().map(|(name, _)| name).collect();
        let (out, (stop, stopped)) = (watch::Sender::new(0), watch::channel(false));
        let Some(resolver) = run.dns.clone() else {
            let keys = Self(Arc::new(Shared { known: Mutex::new(known), ask: None, out }));
            return Ok((keys, Capture { stop, task: None }));
        };
        let (ask, asked) = mpsc::unbounded_channel();
        let keys = Self(Arc::new(Shared { known: Mutex::new(known), ask: Some(ask), out }));
        let (pen, clock) = (run.acquisition.pen.clone(), run.acquisition.notary.clock.clone());
        let asking = Asking { resolver, clock, pen, keys: keys.clone(), silent: 0 };
        let task = tokio::spawn(asking.run(asked, stopped));
        Ok((keys, Capture { stop, task: Some(task) }))
    }

    /// Asks for keys that were not asked for yet. Returns at once.
    pub(super) fn ask(&self, names: &BTreeSet<KeyName>) {
        let Some(ask) = &self.0.ask else { return };
        let mut known = self.known();
        for name in names.iter().map(ToString::to_string) {
            if known.len() >= NAMES_MAX || known.contains(&name) {
                continue;
            }
            known.insert(name.clone());
            self.0.out.send_modify(|out| *out += 1);
            if ask.send(name).is_err() {
                self.0.out.send_modify(|out| *out -= 1);
            }
        }
    }

    /// Whether an answer may still come for one of these names if it is asked for now.
    pub(super) fn are_open(&self, names: &BTreeSet<KeyName>) -> bool {
        let known = self.known();
        self.0.ask.is_some() && known.len() < NAMES_MAX && names.iter().any(|name| !known.contains(&name.to_string()))
    }

    /// Waits for what is out, 10 seconds at the most.
    pub(super) async fn settle(&self) {
        let mut out = self.0.out.subscribe();
        // What has not come by then is not captured.
        let _ = timeout(PATIENCE, out.wait_for(|out| *out == 0)).await;
    }

    fn known(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The answers on record at one moment.
pub(super) struct Answers {
    /// The number of lines that the log had then.
    pub(super) up_to: u64,
    texts: BTreeMap<String, Option<String>>,
}

impl Answers {
    /// Those of this session and of earlier ones.
    pub(super) async fn on_record(pen: &Pen) -> Result<Self, CollectError> {
        let (texts, up_to) = pen.read(|l| Ok((l.dns_keys()?, l.head().size))).await?;
        Ok(Self { up_to, texts: texts.into_iter().collect() })
    }

    pub(super) fn of(&self, name: &KeyName) -> KeyAnswer<'_> {
        match self.texts.get(&name.to_string()) {
            None => KeyAnswer::NotCaptured,
            Some(None) => KeyAnswer::Absent,
            Some(Some(txt)) => KeyAnswer::Txt(txt),
        }
    }
}

impl Capture {
    /// Ends the asking. What is being put on record is finished; nothing is afterwards.
    pub(super) async fn stop(mut self) -> Result<(), CollectError> {
        let _ = self.stop.send(true);
        match self.task.take() {
            Some(task) => Ok(task.await.map_err(|_| CollectError::Internal)??),
            None => Ok(()),
        }
    }
}

struct Asking {
    resolver: Resolver,
    clock: Clock,
    pen: Pen,
    keys: Keys,
    /// Names that nobody said anything about since somebody last said something.
    silent: u32,
}

type Asked = (String, UtcInstant, Result<Answer, NoAnswer>);

impl Asking {
    async fn run(
        mut self,
        asked: mpsc::UnboundedReceiver<String>,
        mut stopped: watch::Receiver<bool>,
    ) -> Result<(), CustodyError> {
        let (resolver, clock) = (self.resolver.clone(), self.clock.clone());
        let names = stream::unfold(asked, |mut asked| async { asked.recv().await.map(|name| (name, asked)) });
        let answers = names
            .map(move |name| {
                let (resolver, at) = (resolver.clone(), clock());
                async move {
                    let answer = resolver.txt(&name).await;
                    (name, at, answer)
                }
            })
            .buffer_unordered(AT_ONCE);
        let mut answers = std::pin::pin!(answers);
        loop {
            let first = tokio::select! {
                biased;
                () = asked_to(&mut stopped) => return Ok(()),
                first = answers.next() => first,
            };
            let Some(first) = first else { return Ok(()) };
            let (mut group, deadline) = (vec![first], Instant::now() + GROUP_WAIT);
            while group.len() < GROUP
                && let Ok(Some(next)) = timeout_at(deadline, answers.next()).await
            {
                group.push(next);
            }
            self.put_down(group).await?;
            if self.silent >= SILENCE {
                self.give_up();
                return Ok(());
            }
        }
    }

    /// Puts answers on record.
    async fn put_down(&mut self, group: Vec<Asked>) -> Result<(), CustodyError> {
        let count = group.len();
        let mut rows = Vec::new();
        for (name, asked_at, answer) in group {
            match answer {
                Ok(Answer { txt, resolver, authentic }) => {
                    self.silent = 0;
                    let resolver = resolver.to_string();
                    rows.push(DnsKeyRow { name, txt, resolver, asked_at, dnssec_ad: authentic });
                }
                Err(NoAnswer::Unable) => self.silent = 0,
                Err(NoAnswer::Silent) => self.silent += 1,
            }
        }
        if !rows.is_empty() {
            self.pen.write(move |w| rows.iter().try_for_each(|row| swear(w, row))).await?;
        }
        self.keys.0.out.send_modify(|out| *out = out.saturating_sub(count));
        Ok(())
    }

    /// DNS is out of reach: nobody waits for it any more.
    fn give_up(&self) {
        self.keys.0.out.send_replace(0);
    }
}

/// Returns when the asking is to end.
async fn asked_to(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}

fn swear(w: &mut Writer<'_>, row: &DnsKeyRow) -> Result<(), CustodyError> {
    let line = Line::new(EventKind::DnsKeyCaptured)
        .text("name", &row.name)
        .opt_text("txt", row.txt.as_deref())
        .text("resolver", &row.resolver)
        .text("asked_at", row.asked_at.to_string())
        .flag("dnssec_ad", row.dnssec_ad);
    let seq = w.append(line)?;
    w.dns_key(row, seq)
}
