//! Time that a thread has had a processor.

use cpu_time::ThreadTime;
use std::time::Duration;

/// The time that `n` repetitions had a processor, which others on the machine do not lengthen (much).
pub fn on_processor(n: u64, mut work: impl FnMut()) -> Duration {
    let start = ThreadTime::now();
    for _ in 0..n {
        work();
    }
    start.elapsed()
}
