//! Two threads at work, results in order: for packing and for re-reading.
//!
//! Jobs are started in order and their results taken in order, so output does not depend on which thread was
//! faster; what is under way at any time is bounded in number and in bytes. It must not know what the work is.

use std::collections::VecDeque;
use std::sync::mpsc::{self, Receiver, SyncSender};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Threads that work beside the one that takes results.
const THREADS: usize = 2;
/// Jobs under way at most.
const WINDOW: usize = 32;
/// Weight of the jobs under way at most; a heavier job runs alone.
pub(super) const BUDGET: u64 = 8 * 1024 * 1024;

/// Runs every job on one of two threads and gives the results to `take` in the order of the jobs.
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
    let (start, started) = mpsc::channel::<(J, SyncSender<R>)>();
    let started = Mutex::new(started);
    let run = || {
        let mut work = worker();
        while let Some((job, answer)) = next(&started) {
            // Nobody waits for it any more after an error elsewhere.
            let _ = answer.send(work(job));
        }
    };
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(run);
        }
        // Owned by this closure: however it ends, the threads then find no more jobs and end too.
        let start = start;
        let mut under_way = VecDeque::<(u64, Receiver<R>)>::new();
        let mut load = 0;
        for job in jobs {
            let job = job?;
            let weight = weight(&job);
            while under_way.len() >= WINDOW || (load + weight > BUDGET && !under_way.is_empty()) {
                load -= take_first(&mut under_way, &mut take)?;
            }
            let (answer, result) = mpsc::sync_channel(1);
            // Fails only when both threads are gone, and then the scope ends in their panic.
            let _ = start.send((job, answer));
            under_way.push_back((weight, result));
            load += weight;
        }
        while !under_way.is_empty() {
            take_first(&mut under_way, &mut take)?;
        }
        Ok(())
    })
}

fn next<T>(queue: &Mutex<Receiver<T>>) -> Option<T> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Waits for the oldest job's result and returns the weight that is free again.
fn take_first<R, E>(
    under_way: &mut VecDeque<(u64, Receiver<R>)>,
    take: &mut impl FnMut(R) -> Result<(), E>,
) -> Result<u64, E> {
    let Some((weight, result)) = under_way.pop_front() else { return Ok(0) };
    // No result means that its thread panicked; the scope passes the panic on.
    if let Ok(result) = result.recv() {
        take(result)?;
    }
    Ok(weight)
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
