//! Who sends on which channel, where several notifiers share a database: each channel is sent by one of them at a time.
//!
//! Every notifier says that it is there by a lease of its own. All of them deal the channels out in the same way, and each
//! takes the lease of a channel before it sends there; so two that disagree for a moment do not both send.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use streamwarden_service_runtime::{Shutdown, chain};
use tokio::sync::{Mutex as AsyncMutex, MutexGuard};
use tokio::time::{Instant, sleep};

use crate::clock::Clock;
use crate::store::{Store, StoreError};

/// Begin of the lease by which a notifier is known.
const MEMBER: &str = "member:";
/// Begin of a channel's lease.
const CHANNEL: &str = "channel:";
/// Who is silent for so long is dead.
const LASTS_MS: i64 = 15_000;
/// Leases are renewed, and asked for, this often.
const EVERY: Duration = Duration::from_secs(3);
/// Without a renewal for so long nothing more is sent, before somebody else begins.
const GIVE_UP: Duration = Duration::from_secs(10);

/// Whether this process sends on a channel.
#[derive(Debug, Clone)]
pub(crate) struct Turn(Arc<State>);

#[derive(Debug)]
struct State {
    until: Mutex<Until>,
    sending: AsyncMutex<()>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Until {
    Always,
    Instant(Instant),
    Over,
}

impl Turn {
    fn new(until: Until) -> Self {
        Self(Arc::new(State {
            until: Mutex::new(until),
            sending: AsyncMutex::default(),
        }))
    }

    /// Holds the turn for one message; nothing if it is another process's.
    pub(crate) async fn hold(&self) -> Option<MutexGuard<'_, ()>> {
        let held = self.0.sending.lock().await;
        self.is_ours().then_some(held)
    }

    fn is_ours(&self) -> bool {
        match *self.until() {
            Until::Always => true,
            Until::Instant(until) => Instant::now() < until,
            Until::Over => false,
        }
    }

    fn until(&self) -> std::sync::MutexGuard<'_, Until> {
        self.0.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self) {
        *self.until() = Until::Instant(Instant::now() + GIVE_UP);
    }

    /// Nothing new will be sent; a message that is on its way goes on.
    fn take_away(&self) {
        *self.until() = Until::Over;
    }

    fn is_idle(&self) -> bool {
        self.0.sending.try_lock().is_ok()
    }

    async fn wait_until_idle(&self) {
        drop(self.0.sending.lock().await);
    }
}

/// The turns of all channels.
#[derive(Debug, Clone, Default)]
pub(crate) struct Turns(BTreeMap<String, Turn>);

impl Turns {
    /// This process sends everything.
    pub(crate) fn alone() -> Self {
        Self::default()
    }

    /// Shares the channels with whoever else uses the database, until the end.
    pub(crate) fn shared<'c>(
        channels: impl IntoIterator<Item = &'c str>,
        store: Arc<dyn Store>,
        holder: String,
        clock: Clock,
        shutdown: &Shutdown,
    ) -> Self {
        let turn = |name: &str| (name.to_owned(), Turn::new(Until::Over));
        let turns = Self(channels.into_iter().map(turn).collect());
        let sharing = Sharing {
            turns: turns.clone(),
            store,
            holder,
            clock,
            held: BTreeSet::new(),
        };
        let stop = shutdown.clone();
        shutdown.spawn("notifier turns", sharing.run(stop));
        turns
    }

    /// The turn of a channel.
    pub(crate) fn of(&self, channel: &str) -> Turn {
        let known = self.0.get(channel);
        known.map_or_else(|| Turn::new(Until::Always), Turn::clone)
    }

    /// Somebody else may write what this process is to send.
    pub(crate) fn are_shared(&self) -> bool {
        !self.0.is_empty()
    }
}

struct Sharing {
    turns: Turns,
    store: Arc<dyn Store>,
    holder: String,
    clock: Clock,
    /// Channels whose lease is ours.
    held: BTreeSet<String>,
}

impl Sharing {
    async fn run(mut self, stop: Shutdown) {
        while !stop.is_requested() {
            if let Err(error) = self.deal().await {
                tracing::warn!(
                    error = chain(&error),
                    "the channels cannot be dealt out; trying again"
                );
            }
            tokio::select! {
                () = stop.requested() => {}
                () = sleep(EVERY) => {}
            }
        }
        if let Err(error) = self.leave().await {
            tracing::debug!(error = chain(&error), "the leases could not be given back");
        }
    }

    /// Says that this notifier is there, takes the channels that are its own now, and gives back those that are not.
    async fn deal(&mut self) -> Result<(), StoreError> {
        let me = format!("{MEMBER}{}", self.holder);
        self.hold(&me).await?;
        let now_ms = (self.clock)();
        let members = self.store.live_leases(MEMBER, now_ms).await?;
        for (at, (channel, turn)) in self.turns.0.iter().enumerate() {
            let lease = format!("{CHANNEL}{channel}");
            let mine = at
                .checked_rem(members.len())
                .is_none_or(|member| members[member].0 == me);
            if mine {
                if self.hold(&lease).await? {
                    self.held.insert(channel.clone());
                    turn.give();
                } else {
                    self.held.remove(channel);
                    turn.take_away();
                }
            } else if self.held.contains(channel) {
                turn.take_away();
                // Nobody else begins while a message is on its way.
                if turn.is_idle() {
                    self.give_back(&lease).await?;
                    self.held.remove(channel);
                } else {
                    self.hold(&lease).await?;
                }
            }
        }
        Ok(())
    }

    async fn leave(&self) -> Result<(), StoreError> {
        let held = self.turns.0.iter();
        for (channel, turn) in held.filter(|(channel, _)| self.held.contains(*channel)) {
            turn.take_away();
            turn.wait_until_idle().await;
            self.give_back(&format!("{CHANNEL}{channel}")).await?;
        }
        self.give_back(&format!("{MEMBER}{}", self.holder)).await
    }

    async fn hold(&self, lease: &str) -> Result<bool, StoreError> {
        let now_ms = (self.clock)();
        let until_ms = now_ms + LASTS_MS;
        let holder = &self.holder;
        self.store.hold_lease(lease, holder, until_ms, now_ms).await
    }

    async fn give_back(&self, lease: &str) -> Result<(), StoreError> {
        let now_ms = (self.clock)();
        let done = self
            .store
            .hold_lease(lease, &self.holder, now_ms - 1, now_ms);
        done.await.map(drop)
    }
}
