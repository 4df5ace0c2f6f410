//! Reading on after a pause, for readers whose state is rebuilt from records that they have read before.
//!
//! Such a reader commits where reading has to begin again, which lies before what it has done. How far it had got
//! travels along as the commit's note.

use std::collections::BTreeMap;
use std::time::Duration;

use rdkafka::TopicPartitionList;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::topic_partition_list::Offset;
use streamwarden_proto::Topic;

use super::{Partition, RecordStream};
use crate::error::KafkaError;

/// How long the brokers may take to say what was committed.
const ANSWER_LIMIT: Duration = Duration::from_secs(10);

/// How far a reader has got in a partition.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bookmark {
    /// Where.
    pub partition: Partition,
    /// Offset that reading begins at again.
    pub read_from: i64,
    /// Offset of the first record whose results were not acknowledged; records before it are only read to rebuild state.
    pub done_before: i64,
}

impl RecordStream {
    /// Commits bookmarks and waits until the broker has acknowledged it.
    ///
    /// # Errors
    /// [`KafkaError::Commit`]; of class `Moved` if the partitions went to another member meanwhile.
    pub async fn commit_bookmarks(&self, bookmarks: &[Bookmark]) -> Result<(), KafkaError> {
        if bookmarks.is_empty() {
            return Ok(());
        }
        let failed = |source| KafkaError::Commit {
            group: self.group.clone(),
            source,
        };
        self.still_ours().map_err(failed)?;
        let mut offsets = TopicPartitionList::with_capacity(bookmarks.len());
        for bookmark in bookmarks {
            let name = bookmark.partition.topic.name(&self.prefix);
            let mut entry = offsets.add_partition(&name, bookmark.partition.partition);
            entry
                .set_offset(Offset::Offset(bookmark.read_from))
                .map_err(failed)?;
            entry.set_metadata(bookmark.done_before.to_string());
        }
        let consumer = self.consumer()?;
        let commit = move || consumer.commit(&offsets, CommitMode::Sync);
        match tokio::task::spawn_blocking(commit).await {
            Ok(result) => result.map_err(failed),
            Err(_) => Err(self.closed()),
        }
    }

    /// The bookmarks of partitions, where there are any.
    ///
    /// # Errors
    /// [`KafkaError::Read`] if the brokers do not answer.
    pub async fn bookmarks(
        &self,
        partitions: &[Partition],
    ) -> Result<BTreeMap<Partition, Bookmark>, KafkaError> {
        let failed = |source| KafkaError::Read {
            group: self.group.clone(),
            source,
        };
        let mut asked = TopicPartitionList::with_capacity(partitions.len());
        for partition in partitions {
            asked.add_partition(&partition.topic.name(&self.prefix), partition.partition);
        }
        let consumer = self.consumer()?;
        let ask = move || consumer.committed_offsets(asked, ANSWER_LIMIT);
        let answer = match tokio::task::spawn_blocking(ask).await {
            Ok(result) => result.map_err(failed)?,
            Err(_) => return Err(self.closed()),
        };
        let found = answer.elements().into_iter().filter_map(|entry| {
            let topic = Topic::ALL
                .into_iter()
                .find(|topic| topic.name(&self.prefix) == entry.topic())?;
            let Offset::Offset(read_from) = entry.offset() else {
                return None;
            };
            let partition = Partition {
                topic,
                partition: entry.partition(),
            };
            let done_before = entry.metadata().parse().unwrap_or(read_from);
            Some((
                partition,
                Bookmark {
                    partition,
                    read_from,
                    done_before,
                },
            ))
        });
        Ok(found.collect())
    }
}
