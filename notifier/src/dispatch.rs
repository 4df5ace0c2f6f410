//! Sends what is in the outbox: one task a channel, each in its own order and at its own pace.
//!
//! A message is marked before it is sent and after. What fails waits, and what comes behind it on the same channel
//! waits too, so that an end never arrives before its begin.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use rand::Rng;
use streamwarden_service_runtime::{Shutdown, chain};
use tokio::sync::Notify;
use tokio::time::sleep;

use crate::channels::{Channel, Delivery, NamedChannel, SendError};
use crate::clock::Clock;
use crate::metrics::MessageCounts;
use crate::store::{OutboxEntry, Store, StoreError};
use crate::turns::{Turn, Turns};

/// First pause after a failure; doubled each time.
const FIRST_PAUSE_MS: i64 = 1_000;
/// Longest pause between two tries.
const LONGEST_PAUSE_MS: i64 = 300_000;
/// Without a wake-up, the outbox is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// The same where another process may have written: that wakes nobody here.
const LOOK_EVERY_SHARED: Duration = Duration::from_millis(500);
/// Pause after the database failed.
const STORE_PAUSE: Duration = Duration::from_secs(1);

/// Wakes the tasks that send.
#[derive(Debug, Clone, Default)]
pub struct Dispatcher {
    wake: Arc<HashMap<String, Arc<Notify>>>,
}

/// What one channel's task needs.
struct Sender {
    name: String,
    channel: Arc<dyn Channel>,
    store: Arc<dyn Store>,
    clock: Clock,
    wake: Arc<Notify>,
    counts: MessageCounts,
    turn: Turn,
    /// What another process left has been seen to since this turn began.
    seen_to: AtomicBool,
    look_every: Duration,
}

/// What a task does next.
enum Next {
    /// Look again at once.
    Again,
    /// Nothing to do before this time, or before it is woken.
    Idle(Duration),
}

impl Dispatcher {
    /// Starts one task a channel.
    #[must_use]
    pub(crate) fn start(
        channels: &[NamedChannel],
        store: &Arc<dyn Store>,
        clock: &Clock,
        turns: &Turns,
        shutdown: &Shutdown,
    ) -> Self {
        let counts = MessageCounts::registered();
        let mut wake = HashMap::new();
        for named in channels {
            let notify = Arc::new(Notify::new());
            wake.insert(named.name.clone(), Arc::clone(&notify));
            let sender = Sender {
                name: named.name.clone(),
                channel: Arc::clone(&named.channel),
                store: Arc::clone(store),
                clock: Arc::clone(clock),
                wake: notify,
                counts: counts.clone(),
                turn: turns.of(&named.name),
                seen_to: AtomicBool::new(false),
                look_every: if turns.are_shared() {
                    LOOK_EVERY_SHARED
                } else {
                    LOOK_EVERY
                },
            };
            let stop = shutdown.clone();
            shutdown.spawn(format!("notifier channel {}", named.name), sender.run(stop));
        }
        Self {
            wake: Arc::new(wake),
        }
    }

    /// There is something new in the outbox.
    pub fn wake<'a>(&self, channels: impl IntoIterator<Item = &'a str>) {
        for channel in channels {
            if let Some(notify) = self.wake.get(channel) {
                notify.notify_one();
            }
        }
    }
}

impl Sender {
    async fn run(self, stop: Shutdown) {
        while !stop.is_requested() {
            let pause = match self.step().await {
                Ok(Next::Again) => self.channel.pause(),
                Ok(Next::Idle(pause)) => {
                    tokio::select! {
                        () = stop.requested() => return,
                        () = self.wake.notified() => {}
                        () = sleep(pause) => {}
                    }
                    continue;
                }
                Err(error) => {
                    tracing::error!(
                        channel = self.name,
                        error = chain(&error),
                        "outbox cannot be used"
                    );
                    STORE_PAUSE
                }
            };
            tokio::select! {
                () = stop.requested() => return,
                () = sleep(pause) => {}
            }
        }
    }

    async fn step(&self) -> Result<Next, StoreError> {
        let Some(_held) = self.turn.hold().await else {
            self.seen_to.store(false, Ordering::Relaxed);
            return Ok(Next::Idle(self.look_every));
        };
        self.see_to_interrupted().await?;
        let Some(entry) = self.store.next_message(&self.name).await? else {
            return Ok(Next::Idle(self.look_every));
        };
        let wait_ms = entry.due_ms - (self.clock)();
        if wait_ms > 0 {
            let wait = Duration::from_millis(u64::try_from(wait_ms).unwrap_or(0));
            // A wake-up is for newer messages, which stay behind this one; so it does no harm to look again.
            return Ok(Next::Idle(wait.min(self.look_every)));
        }
        let reference = self.store.reference(&entry.intent.conversation).await?;
        self.store.mark_sending(entry.id).await?;
        let delivery = Delivery {
            id: format!("{}-{}", entry.intent.conversation, entry.id),
            intent: &entry.intent,
            possible_repeat: entry.possible_repeat,
            reference,
            now_ms: (self.clock)(),
        };
        match self.channel.send(&delivery).await {
            Ok(receipt) => {
                let reference = receipt.reference.as_deref();
                self.store
                    .mark_sent(&entry, reference, (self.clock)())
                    .await?;
                self.counts.count(&self.name, "sent");
                tracing::info!(
                    channel = self.name,
                    event = entry.intent.kind.as_str(),
                    headline = entry.intent.message.headline,
                    "message sent"
                );
            }
            Err(error) => self.failed(&entry, error).await?,
        }
        Ok(Next::Again)
    }

    /// A process that died while it sent may have been heard or not.
    async fn see_to_interrupted(&self) -> Result<(), StoreError> {
        if self.seen_to.load(Ordering::Relaxed) {
            return Ok(());
        }
        let repeats = self.store.recover_interrupted(&self.name).await?;
        if repeats > 0 {
            tracing::warn!(
                channel = self.name,
                messages = repeats,
                "messages were interrupted while they were sent; they go out again, marked"
            );
        }
        self.seen_to.store(true, Ordering::Relaxed);
        Ok(())
    }

    async fn failed(&self, entry: &OutboxEntry, error: SendError) -> Result<(), StoreError> {
        let now_ms = (self.clock)();
        match error {
            SendError::Never { reason } => {
                self.counts.count(&self.name, "failed");
                tracing::error!(
                    channel = self.name,
                    reason,
                    "message cannot be sent and is given up"
                );
                self.store.mark_failed(entry.id, &reason, now_ms).await
            }
            SendError::Later {
                reason,
                after,
                maybe_arrived,
            } => {
                let pause_ms = pause_ms(entry.attempts, after);
                self.counts.count(&self.name, "delayed");
                tracing::warn!(
                    channel = self.name,
                    reason,
                    pause_ms,
                    "message waits for another try"
                );
                let repeat = entry.possible_repeat || maybe_arrived;
                self.store
                    .mark_waiting(entry.id, now_ms + pause_ms, &reason, repeat)
                    .await
            }
        }
    }
}

/// The pause that the channel asks for, or one that doubles with each attempt, with some jitter.
fn pause_ms(attempts: i64, asked: Option<Duration>) -> i64 {
    if let Some(asked) = asked {
        return i64::try_from(asked.as_millis()).unwrap_or(LONGEST_PAUSE_MS);
    }
    let doubled = FIRST_PAUSE_MS << attempts.clamp(0, 10);
    let jitter = rand::rng().random_range(0..=FIRST_PAUSE_MS / 4);
    doubled.min(LONGEST_PAUSE_MS) + jitter
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_a_limit_and_a_channels_own_wish_counts() {
        assert!((1_000..=1_250).contains(&pause_ms(0, None)));
        assert!((8_000..=8_250).contains(&pause_ms(3, None)));
        assert!(pause_ms(60, None) <= LONGEST_PAUSE_MS + 250);
        assert_eq!(pause_ms(0, Some(Duration::from_secs(30))), 30_000);
    }
}
