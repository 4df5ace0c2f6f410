//! Rebalance callbacks become messages.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rdkafka::config::RDKafkaLogLevel;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerContext, Rebalance, RebalanceProtocol};
use rdkafka::error::KafkaError as Native;
use rdkafka::statistics::Statistics;
use rdkafka::{ClientContext, TopicPartitionList};
use streamwarden_proto::Topic;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::poller::Delivered;
use super::{Partition, StreamEvent};
use crate::{client, metrics};

/// How long the old owner of a partition may finish and commit. Well below `max.poll.interval.ms` (5 min), behind which
/// the whole member counts as dead.
const REVOCATION_LIMIT: Duration = Duration::from_secs(30);

/// What librdkafka calls back.
pub(super) struct StreamContext {
    prefix: String,
    group: String,
    events: mpsc::Sender<Delivered>,
    stop: Arc<AtomicBool>,
    runtime: Handle,
    /// Revoked since the last look: what was polled of them before must not be handed out after it.
    revoked: Mutex<BTreeSet<Partition>>,
    /// Assigned since the last look.
    assigned: Mutex<BTreeSet<Partition>>,
    /// Partitions are going away, and no commit will help.
    giving_up: AtomicBool,
}

impl StreamContext {
    pub(super) fn new(
        prefix: &str,
        group: &str,
        events: mpsc::Sender<Delivered>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self {
            prefix: prefix.to_owned(),
            group: group.to_owned(),
            events,
            stop,
            runtime: Handle::current(),
            revoked: Mutex::default(),
            assigned: Mutex::default(),
            giving_up: AtomicBool::new(false),
        }
    }

    /// What was revoked since the last call.
    pub(super) fn take_revoked(&self) -> BTreeSet<Partition> {
        let mut revoked = self.revoked.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut revoked)
    }

    /// What was assigned since the last call.
    pub(super) fn take_assigned(&self) -> BTreeSet<Partition> {
        let mut assigned = self.assigned.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut assigned)
    }

    pub(super) fn is_giving_up(&self) -> bool {
        self.giving_up.load(Ordering::Relaxed)
    }

    fn partitions(&self, list: &TopicPartitionList) -> Vec<Partition> {
        let partitions = list.elements();
        let partitions = partitions.iter().filter_map(|element| {
            let topic = topic_of(&self.prefix, element.topic())?;
            Some(Partition {
                topic,
                partition: element.partition(),
            })
        });
        partitions.collect()
    }

    /// Waits for room; gives up when the stream was dropped or nobody reads for too long.
    fn deliver(&self, event: Delivered) {
        let send = async { tokio::time::timeout(REVOCATION_LIMIT, self.events.send(event)).await };
        if self.runtime.block_on(send).is_err() {
            tracing::warn!("a rebalance was not taken notice of in time");
        }
    }

    fn announce_revocation(&self, partitions: Vec<Partition>) {
        let (done, finished) = oneshot::channel();
        self.deliver(Delivered::Revoked(partitions, done));
        let finished = async { tokio::time::timeout(REVOCATION_LIMIT, finished).await };
        if self.runtime.block_on(finished).is_err() {
            tracing::warn!("partitions move before their work was finished; it will be repeated");
        }
    }
}

/// The topic behind a full name.
pub(super) fn topic_of(prefix: &str, name: &str) -> Option<Topic> {
    let suffix = name.strip_prefix(prefix)?.strip_prefix('.')?;
    Topic::from_suffix(suffix)
}

impl ClientContext for StreamContext {
    fn log(&self, level: RDKafkaLogLevel, facility: &str, message: &str) {
        client::log(level, facility, message);
    }

    fn error(&self, error: Native, reason: &str) {
        client::log_error(&error, reason);
    }

    fn stats(&self, statistics: Statistics) {
        metrics::lag(&self.group, &statistics);
    }
}

impl ConsumerContext for StreamContext {
    fn pre_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        metrics::rebalanced(&self.group);
        let Rebalance::Revoke(list) = rebalance else {
            return;
        };
        let partitions = self.partitions(list);
        self.revoked
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .extend(&partitions);
        let stopping = self.stop.load(Ordering::Relaxed);
        if !partitions.is_empty() && !stopping && !self.events.is_closed() {
            let at_once = consumer.assignment_lost() || !is_cooperative(consumer);
            self.giving_up.store(at_once, Ordering::Relaxed);
            self.announce_revocation(partitions);
            self.giving_up.store(false, Ordering::Relaxed);
        }
    }

    fn post_rebalance(&self, consumer: &BaseConsumer<Self>, rebalance: &Rebalance<'_>) {
        match rebalance {
            // Whoever keeps what it has is told of no news.
            Rebalance::Assign(list) if list.count() == 0 && is_cooperative(consumer) => {}
            Rebalance::Assign(list) => {
                let partitions = self.partitions(list);
                self.assigned
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner)
                    .extend(&partitions);
                self.deliver(Delivered::Event(StreamEvent::Assigned(partitions)));
            }
            Rebalance::Revoke(_) => {}
            Rebalance::Error(error) => tracing::warn!(%error, "rebalance failed"),
        }
    }
}

fn is_cooperative(consumer: &BaseConsumer<StreamContext>) -> bool {
    matches!(
        consumer.rebalance_protocol(),
        RebalanceProtocol::Cooperative
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_topics_under_the_prefix_are_ours() {
        assert_eq!(topic_of("a.b", "a.b.raw"), Some(Topic::Raw));
        assert_eq!(topic_of("a", "a.dead-letter"), Some(Topic::DeadLetter));
        assert_eq!(topic_of("a", "ab.raw"), None);
        assert_eq!(topic_of("a", "a.other"), None);
    }
}
