//! The whole service: records from Kafka in, messages and feedback out, restarts between.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde_json::{Value, json};
use streamwarden_kafka_io::{
    EmbeddedBroker, KafkaConfig, RecordSink, RecordStream, StreamEvent, topics,
};
use streamwarden_notifier::alerts::matcher::Route;
use streamwarden_notifier::channels::config::{ChannelConfig, ChannelTarget, SecretOrText};
use streamwarden_notifier::store::{SqlStore, Store};
use streamwarden_notifier::{Knowledge, NotifierConfig, NotifierError, run};
use streamwarden_proto::cloud_event::{FeedbackEvent, FindingEvent};
use streamwarden_proto::{Record, Topic};
use streamwarden_service_runtime::{Shutdown, chain};
use tokio::task::JoinHandle;

use crate::postgres::Postgres;
use crate::slack::Slack;
use crate::support::{eventually, finding, opened, resolved, updated};

const RETENTION_BYTES: u64 = 8_000_000;

fn free_address() -> std::net::SocketAddr {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
}

/// A notifier as the command starts it.
struct Running {
    shutdown: Shutdown,
    page: String,
    task: JoinHandle<Result<(), NotifierError>>,
}

impl Running {
    fn start(database: &str, slack: &Slack, kafka: &KafkaConfig) -> Self {
        Self::start_on(config(database, slack), kafka)
    }

    fn start_on(config: NotifierConfig, kafka: &KafkaConfig) -> Self {
        let page = format!("http://{}", config.listen);
        let shutdown = Shutdown::new(Duration::from_secs(10));
        let kafka = kafka.clone();
        let knowledge = Knowledge::default();
        let task = tokio::spawn(run(config, kafka, shutdown.clone(), knowledge));
        Self {
            shutdown,
            page,
            task,
        }
    }

    async fn stop(self) {
        self.shutdown.request();
        self.task.await.unwrap().unwrap();
        self.shutdown.drain().await;
    }

    async fn ask(&self, path: &str) -> Option<Value> {
        let response = reqwest::get(format!("{}{path}", self.page)).await.ok()?;
        response.json().await.ok()
    }
}

fn config(database: &str, slack: &Slack) -> NotifierConfig {
    NotifierConfig {
        listen: free_address(),
        database: database.to_owned(),
        open_to_all: true,
        channels: vec![channel("slack", slack)],
        ..NotifierConfig::default()
    }
}

fn channel(name: &str, slack: &Slack) -> ChannelConfig {
    ChannelConfig {
        name: name.into(),
        to: ChannelTarget::SlackWebhook {
            url: SecretOrText::Text(slack.webhook_url()),
        },
        route: Route::default(),
    }
}

async fn broker() -> (EmbeddedBroker, KafkaConfig) {
    let broker = EmbeddedBroker::start(RETENTION_BYTES).unwrap();
    let kafka = broker.config(&KafkaConfig::default());
    topics::ensure(&kafka).await.unwrap();
    (broker, kafka)
}

async fn write(kafka: &KafkaConfig, events: &[FindingEvent]) {
    let records: Vec<_> = events.iter().map(Record::store).collect();
    RecordSink::new(kafka)
        .unwrap()
        .send_all(&records)
        .await
        .unwrap();
}

async fn messages(slack: &Slack, count: usize) {
    let enough = || async { (slack.texts().len() >= count).then_some(()) };
    eventually(&format!("{count} messages at Slack"), enough).await;
}

fn sink_at(began_ms: i64) -> streamwarden_proto::Finding {
    finding(
        "orders",
        "slow-sink",
        streamwarden_proto::Class::BackpressureStall,
        began_ms,
    )
}

fn now_ms() -> i64 {
    (streamwarden_notifier::clock::system())()
}

#[tokio::test]
async fn after_a_crash_that_emptied_the_broker_a_problem_that_is_still_there_is_not_told_again() {
    let slack = Slack::start().await;
    let directory = tempfile::tempdir().unwrap();
    let database = format!("sqlite:{}", directory.path().join("alerts.db").display());
    let began_ms = now_ms();
    let (_first, kafka) = broker().await;
    let running = Running::start(&database, &slack, &kafka);
    write(&kafka, &[opened(&sink_at(began_ms), began_ms)]).await;
    messages(&slack, 1).await;
    // kill -9 of everything: the task goes without a word, and the broker with it.
    running.task.abort();
    running.shutdown.request();
    let (_second, kafka) = broker().await;
    let running = Running::start(&database, &slack, &kafka);
    let again = sink_at(began_ms + 90_000);
    write(
        &kafka,
        &[
            opened(&again, began_ms + 90_000),
            updated(&again, began_ms + 120_000),
        ],
    )
    .await;
    let adopted = || async {
        let findings = running.ask("/api/v1/findings").await?;
        (findings["findings"][0]["finding_id"] == json!(again.finding_id)).then_some(())
    };
    eventually("the finding under its new id", adopted).await;
    write(&kafka, &[resolved(&again, began_ms + 150_000)]).await;
    messages(&slack, 2).await;
    let texts = slack.texts();
    assert_eq!(texts.len(), 2, "{texts:?}");
    assert!(texts[0].starts_with("Critical: orders"), "{texts:?}");
    assert!(texts[1].starts_with("Resolved: orders"), "{texts:?}");
    running.stop().await;
}

#[tokio::test]
async fn feedback_reaches_its_topic_and_records_that_cannot_be_read_are_put_aside() {
    let slack = Slack::start().await;
    let (_broker, kafka) = broker().await;
    let running = Running::start("sqlite::memory:", &slack, &kafka);
    let event = opened(&sink_at(now_ms()), now_ms());
    let mut garbage = event.store();
    garbage.payload = Some(b"{\"not\": \"a finding\"}".to_vec());
    RecordSink::new(&kafka)
        .unwrap()
        .send_all(&[garbage, event.store()])
        .await
        .unwrap();
    messages(&slack, 1).await;
    let id = &event.data.finding_id;
    let path = format!("{}/api/v1/findings/{id}/feedback", running.page);
    let body = json!({ "verdict": "right" });
    let said = reqwest::Client::new()
        .post(path)
        .json(&body)
        .send()
        .await
        .unwrap();
    assert_eq!(said.status(), 200);
    let read = read_two(&kafka).await;
    let feedback: FeedbackEvent = serde_json::from_slice(&read[&Topic::Feedback]).unwrap();
    assert_eq!(&feedback.data.finding_id, id);
    assert_eq!(read[&Topic::DeadLetter], b"{\"not\": \"a finding\"}");
    assert_eq!(
        running.ask("/api/v1/status").await.unwrap()["unreadable_records_24h"],
        1
    );
    running.stop().await;
}

/// A record of feedback and one that was put aside.
async fn read_two(kafka: &KafkaConfig) -> BTreeMap<Topic, Vec<u8>> {
    let topics = [Topic::Feedback, Topic::DeadLetter];
    let mut stream = RecordStream::subscribe(kafka, "test", &topics).unwrap();
    let mut read = BTreeMap::new();
    let all = async {
        while read.len() < topics.len() {
            if let StreamEvent::Batch(batch) = stream.next().await.unwrap() {
                for received in batch {
                    read.insert(received.position.partition.topic, received.payload.unwrap());
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), all)
        .await
        .expect("feedback and dead letter");
    read
}

#[tokio::test]
async fn of_two_notifiers_on_one_postgresql_one_judges_and_the_other_takes_over() {
    let postgres = Postgres::start();
    let slack = Slack::start().await;
    let (_broker, kafka) = broker().await;
    let first = Running::start(&postgres.url(), &slack, &kafka);
    let at_work = || async { first.ask("/api/v1/status").await.map(drop) };
    eventually("the first one at work", at_work).await;
    let second = Running::start(&postgres.url(), &slack, &kafka);
    let began_ms = now_ms();
    write(&kafka, &[opened(&sink_at(began_ms), began_ms)]).await;
    messages(&slack, 1).await;
    let waits = || async {
        let response = reqwest::get(format!("{}/api/v1/status", second.page))
            .await
            .ok()?;
        (response.status() == 503).then_some(())
    };
    eventually("the second one waits", waits).await;
    first.stop().await;
    write(&kafka, &[resolved(&sink_at(began_ms), began_ms + 60_000)]).await;
    messages(&slack, 2).await;
    assert_eq!(slack.texts().len(), 2);
    assert!(second.ask("/api/v1/status").await.is_some());
    second.stop().await;
}

#[tokio::test]
async fn two_notifiers_on_one_postgresql_share_the_channels_and_none_is_told_twice_when_one_dies() {
    let postgres = Postgres::start();
    let (red, blue) = (Slack::start().await, Slack::start().await);
    let (_broker, kafka) = broker().await;
    let both = || NotifierConfig {
        channels: vec![channel("blue", &blue), channel("red", &red)],
        ..config(&postgres.url(), &red)
    };
    let first = Running::start_on(both(), &kafka);
    let at_work = || async { first.ask("/api/v1/status").await.map(drop) };
    eventually("the first one at work", at_work).await;
    // A process of its own, as far as killing goes.
    let other = tokio::runtime::Runtime::new().unwrap();
    let second = other.spawn({
        let (config, kafka) = (both(), kafka.clone());
        async move { Running::start_on(config, &kafka) }
    });
    drop(second.await.unwrap());

    let store = SqlStore::open(&postgres.url()).await.unwrap();
    let senders = || async {
        let leases = store.live_leases("channel:", now_ms()).await.unwrap();
        let holders: BTreeSet<String> = leases.into_iter().map(|(_, holder)| holder).collect();
        (holders.len() == 2).then_some(())
    };
    eventually("each sends on one channel", senders).await;
    let began_ms = now_ms();
    write(&kafka, &[opened(&sink_at(began_ms), began_ms)]).await;
    for channel in ["red", "blue"] {
        // Between the message's arrival and the note of it, a death would have it sent again.
        let noted = || async {
            let record = store.channel_record(channel).await.unwrap();
            record.last_sent.map(drop)
        };
        eventually("the message is noted as sent", noted).await;
    }

    other.shutdown_background();
    write(&kafka, &[resolved(&sink_at(began_ms), began_ms + 60_000)]).await;
    for slack in [&red, &blue] {
        messages(slack, 2).await;
        let texts = slack.texts();
        assert_eq!(texts.len(), 2, "{texts:#?}");
        assert!(texts[1].contains("Resolved"), "{texts:#?}");
    }
    first.stop().await;
}

#[tokio::test]
async fn a_port_that_is_taken_is_one_clear_error() {
    let slack = Slack::start().await;
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let config = NotifierConfig {
        listen: taken.local_addr().unwrap(),
        ..config("sqlite::memory:", &slack)
    };
    let shutdown = Shutdown::new(Duration::from_secs(1));
    let refused = run(
        config,
        KafkaConfig::default(),
        shutdown,
        Knowledge::default(),
    )
    .await;
    let text = chain(&refused.unwrap_err());
    assert!(
        text.contains("set notifier.listen to a free address"),
        "{text}"
    );
}
