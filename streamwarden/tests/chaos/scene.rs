//! What every fault is played in: services, load, and the question afterwards whether everything is accounted for.

use std::fmt::Write as _;
use std::fs::File;
use std::io::Write as _;
use std::time::Duration;

use streamwarden_kafka_io::{KafkaConfig, topics};
use tokio::time::{Instant, sleep};

use crate::fleet::{Fleet, Membership, NAMES};
use crate::load::{Load, STEP};
use crate::receiver::Receiver;
use crate::verdict::{Done, Topics, Verdict};
use crate::{finish, settled};

/// Services at work on a topic that fills.
pub(crate) struct Scene {
    what: &'static str,
    pub(crate) topics: Topics,
    pub(crate) receiver: Receiver,
    pub(crate) fleet: Fleet,
    pub(crate) load: Load,
    pub(crate) done: Done,
}

/// Who the services are told to talk to; the test itself goes to `kafka` directly.
pub(crate) struct Addresses {
    pub(crate) kafka: KafkaConfig,
    /// Kafka, as the services see it.
    pub(crate) brokers: String,
    pub(crate) database: String,
}

impl Scene {
    pub(crate) async fn begin(what: &'static str, addresses: &Addresses) -> Self {
        let kafka = &addresses.kafka;
        let receiver = Receiver::start().await;
        topics::ensure(kafka).await.unwrap();
        let topics = Topics::read(kafka);
        let configuration = crate::configuration(
            &addresses.brokers,
            kafka.replication,
            &addresses.database,
            &receiver,
        );
        Self {
            what,
            topics,
            fleet: Fleet::start(&configuration, &NAMES, Membership::Static),
            load: Load::new(kafka),
            done: Done::begin(0),
            receiver,
        }
    }

    /// Records come in for so many steps; who ended is started again.
    pub(crate) async fn steps(&mut self, count: usize) {
        for _ in 0..count {
            self.load.step(true).await;
            sleep(STEP).await;
            self.fleet.restart_ended();
        }
    }

    /// Waits until so many raw records were seen by the test.
    pub(crate) async fn read_raw(&self, count: usize) {
        let since = Instant::now();
        while self.topics.raw.places().len() < count {
            assert!(since.elapsed() < LONG * 3, "raw records are not read");
            sleep(STEP).await;
        }
    }

    /// Whatever plays is played to its end, and everything that follows from it is waited for.
    pub(crate) async fn settle(&mut self) -> Verdict {
        while self.load.step(false).await {
            sleep(STEP).await;
            self.fleet.restart_ended();
        }
        let Self {
            topics,
            receiver,
            load,
            fleet,
            ..
        } = self;
        settled(topics, receiver, load, || fleet.restart_ended()).await
    }

    /// Everything must be as in a calm run.
    pub(crate) async fn end(mut self) {
        let verdict = self.settle().await;
        self.tell(&verdict);
    }

    /// Writes the report; fails if something is not as it should be.
    #[allow(clippy::print_stdout, reason = "what a test has to say")]
    pub(crate) fn tell(&mut self, verdict: &Verdict) {
        self.done
            .ended_by_itself
            .clone_from(&self.fleet.ended_by_itself);
        let mut line = format!(
            "| {} | {} | {} |",
            self.what,
            verdict.line(),
            self.done.seconds()
        );
        for (what, times) in &self.done.ended_by_itself {
            let _ = write!(line, "\n<!-- {times} x ended by itself: {what} -->");
        }
        println!("{line}");
        if let Ok(file) = std::env::var("STREAMWARDEN_CHAOS_FAULTS") {
            let mut file = File::options()
                .create(true)
                .append(true)
                .open(file)
                .unwrap();
            writeln!(file, "{line}").unwrap();
        }
        finish(verdict, &self.done, &self.fleet);
    }

    /// Time for the services to find their partitions.
    pub(crate) async fn warm_up(&mut self) {
        self.steps(20).await;
    }
}

/// A while in which the fault is there and records come in.
pub(crate) const WHILE: usize = 40;
/// Longer than a member of a group may be silent (15 s).
pub(crate) const LONG: Duration = Duration::from_secs(20);
