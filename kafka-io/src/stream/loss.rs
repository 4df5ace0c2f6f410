//! Records that went away before anybody here read them: Kafka keeps them for a time, and a reader may be slower.
//!
//! The client goes on behind such a gap without a word. Here it is noticed, said, counted and noted on the dead-letter topic.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::topic_partition_list::Offset;
use streamwarden_proto::Topic;
use tokio::runtime::Handle;

use super::context::{StreamContext, topic_of};
use super::{Partition, Position, Received};
use crate::config::KafkaConfig;
use crate::metrics;
use crate::sink::RecordSink;

/// How long the brokers may take to say what was committed and what they still hold.
const ANSWER_LIMIT: Duration = Duration::from_secs(5);
/// Kind of the note on the dead-letter topic.
const LOST_KIND: &str = "lost";

/// Which offset comes next in each partition that is read.
#[derive(Debug, Default)]
struct Ledger {
    next: BTreeMap<Partition, i64>,
}

impl Ledger {
    /// What lies between the last record and this one. `None` if nothing does, or if nobody knows where reading began.
    fn take(&mut self, position: Position) -> Option<Range<i64>> {
        let next = self
            .next
            .insert(position.partition, position.next().offset)?;
        (position.offset > next).then_some(next..position.offset)
    }
}

/// Watches what one consumer reads.
pub(super) struct LossWatch {
    group: String,
    config: KafkaConfig,
    runtime: Handle,
    ledger: Ledger,
}

impl LossWatch {
    /// Has to be called within a tokio runtime.
    pub(super) fn new(group: &str, config: &KafkaConfig) -> Self {
        Self {
            group: group.to_owned(),
            config: config.clone(),
            runtime: Handle::current(),
            ledger: Ledger::default(),
        }
    }

    /// These partitions are read by somebody else.
    pub(super) fn forget(&mut self, partitions: &BTreeSet<Partition>) {
        self.ledger
            .next
            .retain(|partition, _| !partitions.contains(partition));
    }

    /// Partitions that were assigned since the last call: what others, or we before a restart, had not read, may be gone.
    pub(super) fn begin(&mut self, consumer: &BaseConsumer<StreamContext>) {
        let assigned = consumer.context().take_assigned();
        if assigned.is_empty() {
            return;
        }
        let mut asked = TopicPartitionList::with_capacity(assigned.len());
        for partition in assigned {
            asked.add_partition(&self.name(partition), partition.partition);
        }
        let committed = match consumer.committed_offsets(asked, ANSWER_LIMIT) {
            Ok(committed) => committed,
            Err(error) => {
                tracing::warn!(group = self.group, %error, "it is not known where reading begins; whether records were lost is not known either");
                return;
            }
        };
        let mut begun = TopicPartitionList::new();
        for entry in committed.elements() {
            let Some(topic) = topic_of(&self.config.topic_prefix, entry.topic()) else {
                continue;
            };
            let partition = Partition {
                topic,
                partition: entry.partition(),
            };
            let Some(oldest) = self.oldest(consumer, partition) else {
                continue;
            };
            let Offset::Offset(offset) = entry.offset() else {
                // What was there before the group came is not its loss; what goes from now on is.
                let (name, oldest) = (entry.topic(), Offset::Offset(oldest));
                if let Err(error) = begun.add_partition_offset(name, entry.partition(), oldest) {
                    tracing::debug!(group = self.group, %error, "the beginning cannot be noted");
                }
                continue;
            };
            // Whoever rebuilds its state commits where that begins, and notes how far it had got.
            let done_before = entry.metadata().parse().unwrap_or(offset);
            let next = done_before.max(offset);
            self.ledger.next.insert(partition, next.max(oldest));
            self.judge(partition, next..oldest);
        }
        if begun.count() > 0
            && let Err(error) = consumer.commit(&begun, CommitMode::Async)
        {
            tracing::debug!(group = self.group, %error, "the beginning cannot be noted");
        }
    }

    /// Looks at what was read, and asks the brokers only where offsets were passed over.
    pub(super) fn look(&mut self, consumer: &BaseConsumer<StreamContext>, batch: &[Received]) {
        for received in batch {
            let Some(gap) = self.ledger.take(received.position) else {
                continue;
            };
            let partition = received.position.partition;
            // The end of each transaction takes an offset, too.
            if gap.end - gap.start == 1 && is_transactional(partition.topic) {
                continue;
            }
            if let Some(oldest) = self.oldest(consumer, partition) {
                self.judge(partition, gap.start..gap.end.min(oldest));
            }
        }
    }

    fn name(&self, partition: Partition) -> String {
        partition.topic.name(&self.config.topic_prefix)
    }

    /// Offset of the oldest record that the brokers still hold.
    fn oldest(&self, consumer: &BaseConsumer<StreamContext>, partition: Partition) -> Option<i64> {
        let name = self.name(partition);
        match consumer.fetch_watermarks(&name, partition.partition, ANSWER_LIMIT) {
            Ok((oldest, _)) => Some(oldest),
            Err(error) => {
                tracing::warn!(topic = name, partition = partition.partition, %error,
                    "the brokers do not say what they hold; whether records were lost is not known");
                None
            }
        }
    }

    /// Only the end of a transaction, or records?
    fn judge(&self, partition: Partition, lost: Range<i64>) {
        let least = 1 + i64::from(is_transactional(partition.topic));
        if lost.end - lost.start >= least {
            self.tell(partition, &lost);
        }
    }

    fn tell(&self, partition: Partition, lost: &Range<i64>) {
        let topic = self.name(partition);
        let count = lost.end - lost.start;
        tracing::error!(
            group = self.group,
            topic,
            partition = partition.partition,
            from = lost.start,
            to = lost.end - 1,
            records = count,
            "records are lost: the topic's retention ended before they were read"
        );
        metrics::lost(&self.group, count);
        let note = note(&self.group, partition, lost);
        let reason = format!(
            "lost by retention: {count} records, offsets {} to {}, were deleted before {} read them",
            lost.start,
            lost.end - 1,
            self.group
        );
        let sink = RecordSink::new(&self.config);
        self.runtime.spawn(async move {
            let written = match sink {
                Ok(sink) => sink.dead_letter(&note, &reason).await,
                Err(error) => Err(error),
            };
            if let Err(error) = written {
                tracing::warn!(%error, "the loss cannot be noted on the dead-letter topic");
            }
        });
    }
}

/// Inference writes these in transactions.
fn is_transactional(topic: Topic) -> bool {
    matches!(topic, Topic::Recommendations | Topic::Findings)
}

/// Stands on the dead-letter topic for what is gone.
fn note(group: &str, partition: Partition, lost: &Range<i64>) -> Received {
    let (start, last) = (lost.start, lost.end - 1);
    Received {
        position: Position {
            partition,
            offset: start,
        },
        kind: LOST_KIND.to_owned(),
        id: format!(
            "{LOST_KIND}-{group}-{}-{}-{start}-{last}",
            partition.topic.suffix(),
            partition.partition
        ),
        key: String::new(),
        timestamp_ms: 0,
        payload: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn position(offset: i64) -> Position {
        let partition = Partition {
            topic: Topic::Raw,
            partition: 3,
        };
        Position { partition, offset }
    }

    #[test]
    fn a_gap_is_what_lies_between_two_records() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.take(position(7)), None);
        assert_eq!(ledger.take(position(8)), None);
        assert_eq!(ledger.take(position(12)), Some(9..12));
        assert_eq!(ledger.take(position(13)), None);
    }

    #[test]
    fn who_reads_again_what_it_has_read_has_lost_nothing() {
        let mut ledger = Ledger::default();
        ledger.next.insert(position(0).partition, 20);
        assert_eq!(ledger.take(position(11)), None);
        assert_eq!(ledger.take(position(12)), None);
    }
}
