//! Threads at work, results in order: for packing and for re-reading.
//!
//! Jobs are started in order and their results taken in order, so output does not depend on which thread was
//! faster; what is under way at any time is bounded in number and in bytes. Small jobs are handed over several at a
//! time: waking a thread for each costs more than reading a small message. It must not know what the work is.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, Sender, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Threads that work beside the one that takes results: one for each core, within this range.
const THREADS: (usize, usize) = (2, 8);
/// Jobs that are handed over together at most.
const BATCH: usize = 32;
/// Batches under way at most.
const WINDOW: usize = 16;
/// Weight of the jobs under way at most; a heavier job runs alone.
pub(super) const BUDGET: u64 = 8 * 1024 * 1024;
/// Weight of the jobs that are handed over together at most, unless one alone is heavier.
pub(super) const BATCH_BUDGET: u64 = BUDGET / 32;

/// Jobs that are handed over together, and their results.
type Batch<J, R> = (Vec<J>, SyncSender<Vec<R>>);

/// Runs every job on one of the threads and gives the results to `take` in the order of the jobs.
///
/// `worker` makes each thread's own worker. The first error, of the jobs or of `take`, ends the work.
pub(super) fn in_order<J, R, E, W>(
    jobs: impl Iterator<Item = Result<J, E>>,
    weight: impl Fn(&J) -> u64,
    worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(R) -> Result<(), E>,
) -> Result<(), E>
where
    J: Send,
    R: Send,
    W: FnMut(J) -> R,
{
    let (start, started) = mpsc::channel::<Batch<J, R>>();
    let started = Mutex::new(started);
    let run = || {
        let mut work = worker();
        while let Some((batch, answer)) = next(&started) {
            // Nobody waits for it any more after an error elsewhere.
            let _ = answer.send(batch.into_iter().map(&mut work).collect());
        }
    };
    let threads = thread::available_parallelism().map_or(THREADS.0, usize::from).clamp(THREADS.0, THREADS.1);
    thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(run);
        }
        // Owned by this closure: however it ends, the threads then find no more jobs and end too.
        let mut under_way = UnderWay { start, batches: VecDeque::new(), load: 0 };
        let (mut batch, mut load) = (Vec::new(), 0);
        for job in jobs {
            let job = job?;
            let weight = weight(&job);
            if batch.len() == BATCH || (load + weight > BATCH_BUDGET && !batch.is_empty()) {
                under_way.hand_over(std::mem::take(&mut batch), std::mem::take(&mut load), &mut take)?;
            }
            batch.push(job);
            load += weight;
        }
        under_way.hand_over(batch, load, &mut take)?;
        while !under_way.batches.is_empty() {
            under_way.take_first(&mut take)?;
        }
        Ok(())
    })
}

/// The next job of a queue that several threads share; `None` when no more will come.
pub(super) fn next<T>(queue: &Mutex<Receiver<T>>) -> Option<T> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// What the threads have in hand, oldest first.
struct UnderWay<J, R> {
    start: Sender<Batch<J, R>>,
    /// The weight of each batch, and where its results come.
    batches: VecDeque<(u64, Receiver<Vec<R>>)>,
    load: u64,
}

impl<J, R> UnderWay<J, R> {
    /// Hands a batch over, as soon as there is room for it.
    fn hand_over<E>(&mut self, batch: Vec<J>, weight: u64, take: &mut impl FnMut(R) -> Result<(), E>) -> Result<(), E> {
        while self.batches.len() >= WINDOW || (self.load + weight > BUDGET && !self.batches.is_empty()) {
            self.take_first(take)?;
        }
        let (answer, results) = mpsc::sync_channel(1);
        // Fails only when all threads are gone, and then the scope ends in their panic.
        let _ = self.start.send((batch, answer));
        self.batches.push_back((weight, results));
        self.load += weight;
        Ok(())
    }

    /// Waits for the results of the oldest batch; its weight is free again.
    fn take_first<E>(&mut self, take: &mut impl FnMut(R) -> Result<(), E>) -> Result<(), E> {
        let Some((weight, results)) = self.batches.pop_front() else { return Ok(()) };
        self.load -= weight;
        // No results mean that their thread panicked; the scope passes the panic on.
        results.recv().unwrap_or_default().into_iter().try_for_each(take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_come_in_the_order_of_the_jobs() {
        let jobs = (0..500u64).map(Ok::<_, ()>);
        let mut seen = Vec::new();
        let weight = |job: &u64| job * 100_000;
        let worker = || |job: u64| (0..(job % 7) * 1000).fold(job, |sum, _| std::hint::black_box(sum));
        in_order(jobs, weight, worker, |result| {
            seen.push(result);
            Ok(())
        })
        .expect("no job fails");
        assert_eq!(seen, (0..500).collect::<Vec<_>>());
    }

    #[test]
    fn the_first_error_ends_the_work() {
        let failing =
            in_order((0..100).map(Ok), |_| 1, || |job: i32| job, |job| if job == 7 { Err(job) } else { Ok(()) });
        assert_eq!(failing, Err(7));
        let jobs = (0..100).map(|job| if job == 9 { Err("job") } else { Ok(job) });
        assert_eq!(in_order(jobs, |_| 1, || |job: i32| job, |_| Ok(())), Err("job"));
    }
}
