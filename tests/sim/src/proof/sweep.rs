//! Many numbered tries on all processors.

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::thread;

/// Is told of every try that is over.
pub type Progress<'a> = &'a (dyn Fn() + Sync);

/// What came of many tries.
#[derive(Debug)]
pub struct Swept<T, F> {
    /// The sum of those that succeeded.
    pub total: T,
    pub tried: u64,
    /// Those that failed, by number.
    pub failures: Vec<(u64, F)>,
}

/// Tries each number of `range`, until `most` have failed. `worker` makes what tries them, once for each processor, and
/// `add` sums what they answer.
pub fn sweep<T, F, W>(
    range: Range<u64>,
    most: usize,
    progress: Progress<'_>,
    worker: impl Fn() -> W + Sync,
    add: impl Fn(&mut T, T) + Sync,
) -> Swept<T, F>
where
    T: Default + Send,
    F: Send,
    W: FnMut(u64) -> Result<T, F>,
{
    let next = AtomicU64::new(range.start);
    let swept = Mutex::new(Swept { total: T::default(), tried: 0, failures: Vec::new() });
    let work = || {
        let mut one = worker();
        let (mut mine, mut tried) = (T::default(), 0);
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= range.end {
                break;
            }
            match one(number) {
                Ok(tally) => add(&mut mine, tally),
                Err(failure) => {
                    let mut swept = swept.lock().unwrap_or_else(PoisonError::into_inner);
                    swept.failures.push((number, failure));
                    if swept.failures.len() >= most {
                        next.store(range.end, Ordering::Relaxed);
                    }
                }
            }
            tried += 1;
            progress();
        }
        let mut swept = swept.lock().unwrap_or_else(PoisonError::into_inner);
        add(&mut swept.total, mine);
        swept.tried += tried;
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(2, usize::from) {
            scope.spawn(work);
        }
    });
    let mut swept = swept.into_inner().unwrap_or_else(PoisonError::into_inner);
    swept.failures.sort_by_key(|(number, _)| *number);
    swept
}

/// What a try that asserts answers, or what it says when it panics.
pub fn caught<T>(body: impl FnOnce() -> T) -> Result<T, String> {
    catch_unwind(AssertUnwindSafe(body)).map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|t| (*t).to_owned())).unwrap_or_default()
    })
}
