//! Work in parallel, results in order, without running far ahead.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::time::Duration;

/// How far the work may run ahead of the results that were taken.
#[derive(Clone, Copy, Debug)]
pub struct Pace {
    /// Jobs begun and not finished.
    pub running: usize,
    /// Jobs begun whose results were not taken.
    pub ahead: usize,
    /// What these weigh together, the heaviest not counted: one job may be larger than
    /// all room there is, and others are done beside it.
    pub weight: u64,
}

impl Pace {
    /// For so many threads. More jobs than threads keep the threads fed; a thread that
    /// waits for a part of its job may begin another, so that few more than threads are
    /// enough. Weights are bytes: 32 MiB for each thread.
    #[must_use]
    pub fn of(threads: usize) -> Self {
        let threads = threads.max(1);
        Self { running: threads * 2, ahead: 64 + threads * 8, weight: (threads as u64) << 25 }
    }
}

/// How long to wait before `interrupted` is asked again, and whether there is another
/// job: a list of files may come from a program that is still looking.
const PATIENCE: Duration = Duration::from_millis(20);
/// Jobs that are found before they are needed.
const FOUND: usize = 256;

/// Does `jobs` on the threads of the pool, and hands the results to `take` in the order
/// of the jobs, on this thread. A job comes with its weight, a result with what it weighs
/// while it waits for its turn. Jobs are looked for on a thread of their own. Ends early
/// when `take` breaks or `interrupted` answers true; what is under way then is left to
/// itself.
pub fn in_order<J: Send + 'static, R: Send + 'static>(
    jobs: impl Iterator<Item = (J, u64)> + Send + 'static,
    pace: Pace,
    work: impl Fn(J) -> (R, u64) + Send + Sync + 'static,
    mut take: impl FnMut(R) -> ControlFlow<()>,
    interrupted: impl Fn() -> bool,
) {
    let mut jobs = Some(found(jobs));
    let work = Arc::new(work);
    let (sender, receiver) = mpsc::channel();
    let mut queue = Queue::new(pace);
    let mut waiting: Option<(J, u64)> = None;
    while !interrupted() {
        loop {
            waiting = waiting.or_else(|| next(&mut jobs, queue.is_empty()));
            let Some((job, weight)) = waiting.take_if(|(_, weight)| queue.fits(*weight)) else {
                break;
            };
            let place = queue.begin(weight);
            let (work, sender) = (Arc::clone(&work), sender.clone());
            // Nobody listens any more when the run was broken off.
            rayon::spawn(move || drop(sender.send((place, work(job)))));
        }
        if queue.is_empty() {
            if jobs.is_none() {
                return;
            }
            continue;
        }
        if let Ok((place, (result, weight))) = receiver.recv_timeout(PATIENCE) {
            queue.finish(place, result, weight);
        }
        while let Some(result) = queue.next() {
            if take(result).is_break() {
                return;
            }
        }
    }
}

/// Jobs as they are found. The thread ends with them, or when nobody wants them.
fn found<J: Send + 'static>(jobs: impl Iterator<Item = J> + Send + 'static) -> Receiver<J> {
    let (sender, receiver) = mpsc::sync_channel(FOUND);
    std::thread::spawn(move || {
        for job in jobs {
            if sender.send(job).is_err() {
                return;
            }
        }
    });
    receiver
}

/// The next job, if it is there, or comes while there is nothing else to wait for.
fn next<J>(jobs: &mut Option<Receiver<J>>, wait: bool) -> Option<J> {
    let found = jobs.as_ref()?.recv_timeout(if wait { PATIENCE } else { Duration::ZERO });
    if matches!(found, Err(RecvTimeoutError::Disconnected)) {
        *jobs = None;
    }
    found.ok()
}

/// Jobs whose results were not taken.
struct Queue<R> {
    pace: Pace,
    /// Weight of each, and the result where it is there.
    open: BTreeMap<u64, (u64, Option<R>)>,
    begun: u64,
    running: usize,
    weight: u64,
    /// Place of the next result to be taken.
    next: u64,
}

impl<R> Queue<R> {
    const fn new(pace: Pace) -> Self {
        Self { pace, open: BTreeMap::new(), begun: 0, running: 0, weight: 0, next: 0 }
    }

    fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    /// Whether another job may begin.
    fn fits(&self, another: u64) -> bool {
        let Pace { running, ahead, weight } = self.pace;
        let heaviest = self.open.values().map(|(weight, _)| *weight).chain([another]).max();
        let others = self.weight.saturating_add(another) - heaviest.unwrap_or_default();
        self.is_empty() || self.running < running && self.open.len() < ahead && others < weight
    }

    fn begin(&mut self, weight: u64) -> u64 {
        let place = self.begun;
        self.begun += 1;
        self.running += 1;
        self.weight = self.weight.saturating_add(weight);
        self.open.insert(place, (weight, None));
        place
    }

    fn finish(&mut self, place: u64, result: R, weight: u64) {
        self.running = self.running.saturating_sub(1);
        if let Some(open) = self.open.get_mut(&place) {
            self.weight = self.weight.saturating_sub(open.0).saturating_add(weight);
            *open = (weight, Some(result));
        }
    }

    /// The next result in order, if it is there.
    fn next(&mut self) -> Option<R> {
        let mut first = self.open.first_entry().filter(|first| *first.key() == self.next)?;
        let result = first.get_mut().1.take()?;
        self.weight = self.weight.saturating_sub(first.get().0);
        first.remove();
        self.next += 1;
        Some(result)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

    use super::*;

    const PACE: Pace = Pace { running: 3, ahead: 8, weight: 1_000 };

    /// Later jobs are done sooner, and never more than the pace allows ahead.
    #[test]
    fn results_come_in_order_and_work_does_not_run_away() {
        let begun = Arc::new(AtomicU64::new(0));
        let counted = Arc::clone(&begun);
        let mut taken = 0;
        let work = move |job: u64| {
            counted.fetch_add(1, SeqCst);
            std::thread::sleep(Duration::from_micros(300 * (job % 5)));
            (job, 1)
        };
        let take = |job: u64| {
            assert_eq!(job, taken);
            taken += 1;
            assert!(begun.load(SeqCst) <= taken + 8);
            ControlFlow::Continue(())
        };
        in_order((0..100).map(|job| (job, 1)), PACE, work, take, || false);
        assert_eq!(taken, 100);
    }

    #[test]
    fn light_jobs_are_done_beside_a_heavy_one() {
        let light = Arc::new(AtomicU64::new(0));
        let done = Arc::clone(&light);
        let work = move |job: u64| {
            // The first job ends when some of those behind it have.
            while job == 0 && done.load(SeqCst) < 4 {
                std::thread::yield_now();
            }
            done.fetch_add(1, SeqCst);
            (job, 1)
        };
        let mut taken = Vec::new();
        let take = |job| {
            taken.push(job);
            ControlFlow::Continue(())
        };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let jobs = (0..9).map(|job| (job, if job == 0 { 1 << 40 } else { 1 }));
        pool.install(|| in_order(jobs, PACE, work, take, || false));
        assert_eq!(taken, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    }

    #[test]
    fn heavy_jobs_wait_for_one_another() {
        let running = Arc::new(AtomicU64::new(0));
        let work = move |job: u64| {
            assert_eq!(running.fetch_add(1, SeqCst), 0, "two heavy jobs at a time");
            std::thread::sleep(Duration::from_millis(2));
            running.fetch_sub(1, SeqCst);
            (job, 1_000)
        };
        let mut taken = Vec::new();
        let take = |job| {
            taken.push(job);
            ControlFlow::Continue(())
        };
        in_order((0..6).map(|job| (job, 5_000)), PACE, work, take, || false);
        assert_eq!(taken, [0, 1, 2, 3, 4, 5]);
    }

    #[test]
    fn it_ends_when_nobody_takes_or_somebody_interrupts() {
        let mut taken = 0;
        let take = |_| {
            taken += 1;
            if taken < 3 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        in_order((0..).map(|job: u64| (job, 1)), PACE, |job| (job, 1), take, || false);
        assert_eq!(taken, 3);
        let seen = AtomicU64::new(0);
        let take = |_| {
            seen.fetch_add(1, SeqCst);
            ControlFlow::Continue(())
        };
        in_order(
            (0..).map(|job: u64| (job, 1)),
            PACE,
            |job| (job, 1),
            take,
            || seen.load(SeqCst) > 5,
        );
        assert!(seen.load(SeqCst) > 5);
    }
}
