//! Ending a process without losing work.
//!
//! Order within a service: stop polling, finish the batch in hand, flush the producer, commit, close. Whoever owns the
//! [`Shutdown`] calls [`Shutdown::drain`], which waits for all tasks and names those that did not end in time.

use std::collections::BTreeMap;
use std::future::Future;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// The request to end, and everything that has to end. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Shutdown {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    requested: CancellationToken,
    forced: CancellationToken,
    tasks: TaskTracker,
    names: Mutex<BTreeMap<u64, String>>,
    next_task: AtomicU64,
    failed: AtomicBool,
    grace: Duration,
}

/// How draining went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Drained {
    /// Every task ended by itself.
    Clean,
    /// These did not end within the grace period, or before they were forced.
    Overrun(Vec<String>),
}

/// Removes a task's name when it ends, however it ends.
struct Named {
    inner: Arc<Inner>,
    task: u64,
}

impl Drop for Named {
    fn drop(&mut self) {
        let mut names = self
            .inner
            .names
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let name = names.remove(&self.task).unwrap_or_default();
        drop(names);
        if std::thread::panicking() {
            tracing::error!(task = name, "task panicked; the process ends");
            self.inner.failed.store(true, Ordering::Relaxed);
            self.inner.requested.cancel();
        }
    }
}

impl Shutdown {
    /// A shutdown that only [`Shutdown::request`] asks for: for tests and embedding.
    #[must_use]
    pub fn new(grace: Duration) -> Self {
        Self {
            inner: Arc::new(Inner {
                requested: CancellationToken::new(),
                forced: CancellationToken::new(),
                tasks: TaskTracker::new(),
                names: Mutex::default(),
                next_task: AtomicU64::new(0),
                failed: AtomicBool::new(false),
                grace,
            }),
        }
    }

    /// A shutdown that SIGTERM and ctrl-C ask for; a second one forces it.
    ///
    /// # Errors
    /// If the signal handlers cannot be installed.
    pub fn on_signals(grace: Duration) -> std::io::Result<Self> {
        let shutdown = Self::new(grace);
        let mut terminate = signal(tokio::signal::unix::SignalKind::terminate())?;
        let mut interrupt = signal(tokio::signal::unix::SignalKind::interrupt())?;
        let inner = Arc::clone(&shutdown.inner);
        // Not tracked: it ends with the process.
        tokio::spawn(async move {
            for token in [&inner.requested, &inner.forced] {
                tokio::select! {
                    _ = terminate.recv() => {}
                    _ = interrupt.recv() => {}
                }
                tracing::info!("asked to end");
                token.cancel();
            }
        });
        Ok(shutdown)
    }

    /// Asks everything to end.
    pub fn request(&self) {
        self.inner.requested.cancel();
    }

    /// Asks everything to end because something cannot go on; [`Shutdown::has_failed`] is then true.
    pub fn fail(&self) {
        self.inner.failed.store(true, Ordering::Relaxed);
        self.request();
    }

    /// A task panicked or [`Shutdown::fail`] was called.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.inner.failed.load(Ordering::Relaxed)
    }

    /// Has the end been asked for?
    #[must_use]
    pub fn is_requested(&self) -> bool {
        self.inner.requested.is_cancelled()
    }

    /// Waits until the end is asked for. Cancel safe.
    pub async fn requested(&self) {
        self.inner.requested.cancelled().await;
    }

    /// The token behind it, for libraries that take one.
    #[must_use]
    pub fn token(&self) -> CancellationToken {
        self.inner.requested.clone()
    }

    /// How long draining may take.
    #[must_use]
    pub fn grace(&self) -> Duration {
        self.inner.grace
    }

    /// Starts a task that is waited for. If it panics, the process ends.
    pub fn spawn<F>(&self, name: impl Into<String>, future: F) -> JoinHandle<F::Output>
    where
        F: Future + Send + 'static,
        F::Output: Send + 'static,
    {
        let named = self.named(name.into());
        self.inner.tasks.spawn(async move {
            let _named = named;
            future.await
        })
    }

    fn named(&self, name: String) -> Named {
        let task = self.inner.next_task.fetch_add(1, Ordering::Relaxed);
        let mut names = self
            .inner
            .names
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        names.insert(task, name);
        Named {
            inner: Arc::clone(&self.inner),
            task,
        }
    }

    /// Asks everything to end and waits for it, at most for the grace period or until the second signal.
    pub async fn drain(&self) -> Drained {
        self.request();
        self.inner.tasks.close();
        let in_time = tokio::select! {
            () = self.inner.tasks.wait() => true,
            () = tokio::time::sleep(self.inner.grace) => false,
            () = self.inner.forced.cancelled() => false,
        };
        if in_time {
            return Drained::Clean;
        }
        let names = self
            .inner
            .names
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let left: Vec<String> = names.values().cloned().collect();
        for task in &left {
            tracing::warn!(task, "did not end in time");
        }
        Drained::Overrun(left)
    }
}

fn signal(kind: tokio::signal::unix::SignalKind) -> std::io::Result<tokio::signal::unix::Signal> {
    tokio::signal::unix::signal(kind)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Nothing that ends takes as long.
    const LONG: Duration = Duration::from_secs(60);
    const SHORT: Duration = Duration::from_millis(50);

    #[tokio::test]
    async fn draining_waits_for_a_task_that_finishes_its_work() {
        let shutdown = Shutdown::new(LONG);
        let stop = shutdown.clone();
        let worker = shutdown.spawn("worker", async move {
            stop.requested().await;
            tokio::time::sleep(SHORT).await;
            "flushed"
        });
        assert_eq!(shutdown.drain().await, Drained::Clean);
        assert!(worker.is_finished());
        assert_eq!(worker.await.unwrap(), "flushed");
    }

    #[tokio::test]
    async fn a_task_that_does_not_end_is_named() {
        let shutdown = Shutdown::new(SHORT);
        shutdown.spawn("stuck poller", std::future::pending::<()>());
        let left = vec!["stuck poller".to_owned()];
        assert_eq!(shutdown.drain().await, Drained::Overrun(left));
    }

    #[tokio::test]
    async fn a_panicking_task_ends_the_process_as_failed() {
        let shutdown = Shutdown::new(LONG);
        shutdown.spawn("fragile", async { panic!("on purpose") });
        shutdown.requested().await;
        assert!(shutdown.has_failed());
        assert_eq!(shutdown.drain().await, Drained::Clean);
    }

    #[tokio::test]
    async fn a_second_signal_does_not_wait_for_the_grace_period() {
        let shutdown = Shutdown::new(LONG);
        shutdown.spawn("stuck", std::future::pending::<()>());
        shutdown.inner.forced.cancel();
        let started = tokio::time::Instant::now();
        assert!(matches!(shutdown.drain().await, Drained::Overrun(_)));
        assert!(started.elapsed() < LONG / 2);
    }
}
