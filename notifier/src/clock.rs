//! The process's clock, so that tests can hold it.

use std::sync::Arc;

/// Milliseconds since the epoch.
pub type Clock = Arc<dyn Fn() -> i64 + Send + Sync>;

/// The machine's own clock.
#[must_use]
pub fn system() -> Clock {
    Arc::new(|| jiff::Timestamp::now().as_millisecond())
}
