//! The thread that polls.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rdkafka::Message;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError as Native;
use rdkafka::message::{BorrowedMessage, Headers};
use streamwarden_proto::record::{ID_HEADER, KIND_HEADER};
use tokio::runtime::Handle;
use tokio::sync::mpsc::Sender;
use tokio::sync::mpsc::error::TrySendError;
use tokio::sync::oneshot;

use super::context::{StreamContext, topic_of};
use super::idle::IdleWatch;
use super::loss::LossWatch;
use super::{Partition, Position, Received, StreamEvent};
use crate::config::KafkaConfig;
use crate::error::{ErrorClass, KafkaError, class_of};

/// Bounds a batch: a service holds a few of them at a time.
const BATCH_RECORDS: usize = 500;
const BATCH_BYTES: usize = 4 << 20;
/// How soon the thread notices that it should stop.
const POLL_WAIT: Duration = Duration::from_millis(100);
/// A service that is busy for longer has its partitions paused. Not at once: a pause throws away what was fetched ahead, and
/// the next fetch begins only after the one under way, half a second later.
const PAUSE_AFTER: Duration = Duration::from_secs(1);
/// How often a member that gets no records looks whether it owns any partition.
const IDLE_LOOK: Duration = Duration::from_secs(1);
/// How often a thread whose batch is not taken serves librdkafka's callbacks.
const FULL_WAIT: Duration = Duration::from_millis(50);

/// What goes from the poll thread to the stream.
#[derive(Debug)]
pub(super) enum Delivered {
    Event(StreamEvent),
    /// The sender is used when the service has finished with these partitions.
    Revoked(Vec<Partition>, oneshot::Sender<()>),
    Failed(Native),
}

pub(super) struct Poller {
    group: String,
    prefix: String,
    consumer: Arc<BaseConsumer<StreamContext>>,
    events: Sender<Delivered>,
    stop: Arc<AtomicBool>,
    runtime: Handle,
    losses: LossWatch,
    /// Of a member under a name of its own.
    idle: Option<IdleWatch>,
    looked_at: Instant,
}

impl Poller {
    pub(super) fn new(
        group: &str,
        config: &KafkaConfig,
        consumer: Arc<BaseConsumer<StreamContext>>,
        events: Sender<Delivered>,
        stop: Arc<AtomicBool>,
    ) -> Self {
        Self {
            group: group.to_owned(),
            prefix: config.topic_prefix.clone(),
            consumer,
            events,
            stop,
            runtime: Handle::current(),
            losses: LossWatch::new(group, config),
            idle: config
                .static_member()
                .map(|_| IdleWatch::new(Instant::now())),
            looked_at: Instant::now(),
        }
    }

    /// Polls on an own thread until the stream is closed or dropped; `end` fires when the group is left.
    pub(super) fn start(mut self, end: oneshot::Sender<()>) -> Result<(), KafkaError> {
        let name = format!("kafka {}", self.group);
        let spawned = std::thread::Builder::new().name(name).spawn(move || {
            self.poll_until_stopped();
            self.leave();
            // Nobody listens if the stream was dropped.
            let _ = end.send(());
        });
        spawned.map(drop).map_err(KafkaError::Thread)
    }

    fn stopping(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.events.is_closed()
    }

    fn poll_until_stopped(&mut self) {
        while !self.stopping() {
            match self.next_batch() {
                Ok(batch) if batch.is_empty() => self.ask_again_if_idle(),
                Ok(batch) => {
                    self.losses.look(&self.consumer, &batch);
                    self.hand_over(batch);
                }
                Err(error) => {
                    // Nobody reads it if the stream was dropped meanwhile.
                    let _ = self.events.blocking_send(Delivered::Failed(error));
                    return;
                }
            }
        }
    }

    /// Leaves the group and joins it again if nothing was given to this member for long; see [`IdleWatch`].
    fn ask_again_if_idle(&mut self) {
        let now = Instant::now();
        let Some(idle) = &mut self.idle else { return };
        if now.duration_since(self.looked_at) < IDLE_LOOK {
            return;
        }
        self.looked_at = now;
        // Not known: as if there were some.
        let owned = self
            .consumer
            .assignment()
            .map_or(1, |partitions| partitions.count());
        if !idle.asks_again(owned, now) {
            return;
        }
        let asked = self.consumer.subscription().and_then(|topics| {
            let names: Vec<String> = topics
                .elements()
                .iter()
                .map(|element| element.topic().to_owned())
                .collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            self.consumer.unsubscribe();
            self.consumer.subscribe(&names)
        });
        match asked {
            Ok(()) => tracing::info!(
                group = self.group,
                "no partition was given to this member; it joins its group again"
            ),
            Err(error) => {
                tracing::warn!(group = self.group, %error, "the group cannot be joined again");
            }
        }
    }

    /// Waits for a record, then takes what has been fetched already.
    fn next_batch(&mut self) -> Result<Vec<Received>, Native> {
        let mut batch = Vec::new();
        let mut bytes = 0;
        let mut wait = POLL_WAIT;
        let consumer = Arc::clone(&self.consumer);
        while batch.len() < BATCH_RECORDS && bytes < BATCH_BYTES {
            let polled = consumer.poll(wait);
            self.leave_out_revoked(&mut batch);
            self.losses.begin(&consumer);
            match polled {
                None => break,
                Some(Ok(message)) => batch.extend(self.received(&message)),
                Some(Err(error)) => self.judge(error)?,
            }
            bytes += batch
                .last()
                .and_then(|last| last.payload.as_ref())
                .map_or(0, Vec::len);
            wait = Duration::ZERO;
        }
        Ok(batch)
    }

    /// Errors that pass by themselves are logged; the others end the stream.
    fn judge(&self, error: Native) -> Result<(), Native> {
        if matches!(error, Native::PartitionEOF(_)) {
            return Ok(());
        }
        if matches!(error, Native::MessageConsumptionFatal(_))
            || class_of(&error) == ErrorClass::Fatal
        {
            return Err(error);
        }
        tracing::warn!(group = self.group, %error, "reading from kafka is interrupted");
        Ok(())
    }

    /// Hands a batch to the service. While that is busy for long the partitions pause, and callbacks are served.
    fn hand_over(&mut self, batch: Vec<Received>) {
        let mut event = Delivered::Event(StreamEvent::Batch(batch));
        let busy_since = Instant::now();
        let mut paused = false;
        while !self.stopping() {
            event = match self.events.try_send(event) {
                Ok(()) | Err(TrySendError::Closed(_)) => break,
                Err(TrySendError::Full(event)) => event,
            };
            if self.wait_for_room() || busy_since.elapsed() < PAUSE_AFTER {
                continue;
            }
            if !paused {
                self.set_paused(true);
                paused = true;
            }
            if !self.serve_callbacks(&mut event) {
                break;
            }
        }
        if paused {
            self.set_paused(false);
        }
    }

    /// Whether it makes sense to try again at once.
    fn wait_for_room(&self) -> bool {
        let room = async { tokio::time::timeout(FULL_WAIT, self.events.reserve()).await };
        // A permit is given back at once; this thread is the only one that sends.
        self.runtime
            .block_on(room)
            .map(|permit| permit.map(drop))
            .is_ok()
    }

    /// False if nothing is left of the batch in hand: its partitions were revoked meanwhile.
    fn serve_callbacks(&mut self, event: &mut Delivered) -> bool {
        let consumer = Arc::clone(&self.consumer);
        let polled = consumer.poll(Duration::ZERO);
        let Delivered::Event(StreamEvent::Batch(batch)) = event else {
            return true;
        };
        self.leave_out_revoked(batch);
        // A record that was on its way when the partitions paused keeps its place.
        if let Some(Ok(message)) = polled
            && let Some(received) = self.received(&message)
        {
            let received = [received];
            self.losses.look(&self.consumer, &received);
            batch.extend(received);
        }
        !batch.is_empty()
    }

    /// Records of partitions that went away are their new owner's; the others will not come again.
    fn leave_out_revoked(&mut self, batch: &mut Vec<Received>) {
        let revoked = self.consumer.context().take_revoked();
        if !revoked.is_empty() {
            self.losses.forget(&revoked);
            batch.retain(|received| !revoked.contains(&received.position.partition));
        }
    }

    fn set_paused(&self, pause: bool) {
        let assignment = self.consumer.assignment();
        let result = assignment.and_then(|assignment| match pause {
            true => self.consumer.pause(&assignment),
            false => self.consumer.resume(&assignment),
        });
        if let Err(error) = result {
            tracing::warn!(group = self.group, pause, %error, "partitions cannot be paused or resumed");
        }
    }

    fn received(&self, message: &BorrowedMessage<'_>) -> Option<Received> {
        let topic = topic_of(&self.prefix, message.topic())?;
        let partition = Partition {
            topic,
            partition: message.partition(),
        };
        Some(Received {
            position: Position {
                partition,
                offset: message.offset(),
            },
            kind: header(message, KIND_HEADER),
            id: header(message, ID_HEADER),
            key: text(message.key()),
            timestamp_ms: message.timestamp().to_millis().unwrap_or_default(),
            payload: message.payload().map(<[u8]>::to_vec),
        })
    }

    /// Leaves the group on this thread: its callbacks may wait here, and nowhere else.
    fn leave(&self) {
        self.stop.store(true, Ordering::Relaxed);
        if let Err(error) = self.consumer.close_queue() {
            tracing::debug!(group = self.group, %error, "consumer was closed already");
            return;
        }
        while !self.consumer.closed() {
            let _ = self.consumer.poll(POLL_WAIT);
        }
    }
}

pub(crate) fn header(message: &BorrowedMessage<'_>, name: &str) -> String {
    let headers = message.headers();
    let found = headers.and_then(|headers| headers.iter().find(|header| header.key == name));
    text(found.and_then(|header| header.value))
}

pub(crate) fn text(bytes: Option<&[u8]>) -> String {
    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
}
