//! Time that a thread has had a processor.

use std::time::{Duration, Instant};

/// The time that this thread has had a processor, which others on the machine do not lengthen (much); without Linux, any time.
fn clock(start: Instant) -> Duration {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").ok();
    let nanoseconds = told.and_then(|t| t.split_whitespace().next()?.parse().ok());
    nanoseconds.map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// Time of `n` repetitions.
pub fn on_processor(n: u64, mut work: impl FnMut()) -> Duration {
    let start = Instant::now();
    let before = clock(start);
    for _ in 0..n {
        work();
    }
    clock(start).saturating_sub(before)
}
