//! What a person reads while a command works: on standard error, and only if it takes a while.

use std::io::Write;
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval_at};

/// Nobody wants to be told about less.
const QUIET_FOR: Duration = Duration::from_secs(2);
const BETWEEN_LINES: Duration = Duration::from_secs(10);

/// One line for the user on standard output. A reader that went away is no failure.
pub fn say(line: &str) {
    let mut out = std::io::stdout().lock();
    let _ = writeln!(out, "{line}");
    let _ = out.flush();
}

/// One line for the user on standard error.
pub fn tell(line: &str) {
    let _ = writeln!(std::io::stderr().lock(), "{line}");
}

/// Waits for `work` and tells what it is about if that takes a while.
pub async fn while_waiting<T>(about: impl Fn() -> String, work: impl Future<Output = T>) -> T {
    let mut ticks = interval_at(Instant::now() + QUIET_FOR, BETWEEN_LINES);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    tokio::pin!(work);
    loop {
        tokio::select! {
            result = &mut work => return result,
            _ = ticks.tick() => tell(&about()),
        }
    }
}
