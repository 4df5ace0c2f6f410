//! The rules on a real Kafka, and what only a real one does.

use std::collections::BTreeSet;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use rdkafka::TopicPartitionList;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::topic_partition_list::Offset;
use streamwarden_kafka_io::{
    ErrorClass, KafkaConfig, Partition, RecordSink, RecordStream, SaslConfig, SaslMechanism,
    StreamEvent, TlsConfig, partition_of, topics,
};
use streamwarden_proto::Topic;
use streamwarden_service_runtime::Secret;

use crate::rules;
use crate::support::{LIMIT, behind, next, read, records, with_own_prefix};

/// Long enough for a rebalance that should not come.
const SHORT: Duration = Duration::from_secs(3);

/// Addresses of the broker. It lives until this process ends: then its standard input does.
struct Broker {
    plain: String,
    secure: Option<(String, String)>,
    _script: Option<Child>,
}

fn broker() -> &'static Broker {
    static BROKER: OnceLock<Broker> = OnceLock::new();
    BROKER.get_or_init(|| match std::env::var("STREAMWARDEN_TEST_KAFKA") {
        Ok(plain) => Broker {
            plain,
            secure: None,
            _script: None,
        },
        Err(_) => started(),
    })
}

fn started() -> Broker {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy/dev/kafka.sh");
    let mut child = Command::new(script)
        .arg("run")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("deploy/dev/kafka.sh cannot be started");
    let mut line = String::new();
    BufReader::new(child.stdout.take().unwrap())
        .read_line(&mut line)
        .unwrap();
    let value = |key: &str| {
        let found = line
            .split_whitespace()
            .find_map(|word| word.strip_prefix(key));
        found
            .unwrap_or_else(|| panic!("a real Kafka is needed and did not start: {line:?}"))
            .to_owned()
    };
    Broker {
        plain: value("plain="),
        secure: Some((value("secure="), value("ca="))),
        _script: Some(child),
    }
}

pub(crate) fn kafka() -> KafkaConfig {
    KafkaConfig {
        brokers: broker().plain.clone(),
        partitions: 4,
        replication: 1,
        ..KafkaConfig::default()
    }
}

/// The jars that the broker was started from.
pub(crate) fn libraries() -> PathBuf {
    let home = || PathBuf::from(std::env::var_os("HOME").unwrap()).join(".cache/streamwarden");
    let cache = std::env::var_os("STREAMWARDEN_CACHE").map_or_else(home, PathBuf::from);
    let versions = std::fs::read_dir(cache).unwrap().flatten();
    let mut found = versions.map(|entry| entry.path().join("libs"));
    found
        .find(|path| path.to_string_lossy().contains("/kafka-") && path.exists())
        .expect("deploy/dev/kafka.sh fetches Kafka")
}

/// With a login; `None` if a broker was named from outside, whose login nobody knows.
pub(crate) fn secure_kafka(
    mechanism: SaslMechanism,
    user: &str,
    password: &str,
) -> Option<KafkaConfig> {
    let (brokers, ca) = broker().secure.clone()?;
    let mut config = with_own_prefix(&KafkaConfig { brokers, ..kafka() });
    // Each caller's own file: another test must not read it while it is being written.
    let file = std::env::temp_dir().join(format!("{}-{password}", config.topic_prefix));
    std::fs::write(&file, password).unwrap();
    config.security.tls = Some(TlsConfig {
        ca_file: Some(ca.into()),
        ..TlsConfig::default()
    });
    config.security.sasl = Some(SaslConfig {
        mechanism,
        username: user.to_owned(),
        password: Secret::File(file),
    });
    Some(config)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_arrive_in_order_with_kind_id_and_key() {
    rules::records_arrive_in_order_with_kind_id_and_key(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_reader_goes_on_where_the_last_one_committed() {
    rules::a_new_reader_goes_on_where_the_last_one_committed(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_member_takes_its_part_and_gets_everything_back() {
    let config = with_own_prefix(&kafka());
    topics::ensure(&config).await.unwrap();
    let group = config.group("a");
    let mut first = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let StreamEvent::Assigned(all) = next(&mut first).await else {
        panic!("the first event is the assignment")
    };
    let mut second = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    // Only what the second one takes stops; the rest is read on.
    let StreamEvent::Revoked(given) = next(&mut first).await else {
        panic!("the old owner is asked to finish first")
    };
    assert_eq!(given.len(), all.len() / 2);
    let (_, taken) = tokio::join!(
        tokio::time::timeout(SHORT, next(&mut first)),
        next(&mut second)
    );
    assert_eq!(
        partitions(taken),
        partitions(StreamEvent::Assigned(given.clone()))
    );
    let rest = all
        .iter()
        .find(|partition| !given.contains(partition))
        .unwrap();
    let cluster = cluster_in(rest.partition, config.partitions);
    let sink = RecordSink::new(&config).unwrap();
    sink.send_all(&records(Topic::Raw, &cluster, 3))
        .await
        .unwrap();
    assert_eq!(read(&mut first, 3).await.len(), 3);
    second.close().await;
    assert_eq!(
        partitions(next(&mut first).await),
        partitions(StreamEvent::Assigned(given))
    );
    first.close().await;
}

/// What was assigned, in no order.
fn partitions(event: StreamEvent) -> BTreeSet<Partition> {
    match event {
        StreamEvent::Assigned(partitions) => partitions.into_iter().collect(),
        other => panic!("{other:?} is no assignment"),
    }
}

/// A cluster whose records lie in this partition.
fn cluster_in(partition: i32, count: i32) -> String {
    let mut names = (0..).map(|number| format!("cluster-{number}"));
    names
        .find(|name| partition_of(name, count) == partition)
        .unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_static_member_that_comes_back_finds_its_partitions_and_disturbs_nobody() {
    let config = with_own_prefix(&kafka());
    topics::ensure(&config).await.unwrap();
    let group = config.group("a");
    let member = |name: &str| {
        let instance_id = Some(name.to_owned());
        let config = KafkaConfig {
            instance_id,
            ..config.clone()
        };
        RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap()
    };
    let mut first = member("one");
    next(&mut first).await;
    let mut second = member("two");
    next(&mut first).await;
    let (_, assigned) = tokio::join!(
        tokio::time::timeout(SHORT, next(&mut first)),
        next(&mut second)
    );
    second.close().await;
    let mut back = member("two");
    assert_eq!(partitions(next(&mut back).await), partitions(assigned));
    let disturbed = tokio::time::timeout(SHORT, next(&mut first)).await;
    assert!(disturbed.is_err(), "{disturbed:?}");
    first.close().await;
    back.close().await;
}

/// A member that can be stopped between the two rounds in which partitions change hands: when it is not polled.
fn bare_member(config: &KafkaConfig, group: &str, name: &str) -> BaseConsumer {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        .set("group.id", group)
        .set("group.instance.id", name)
        .set("partition.assignment.strategy", "cooperative-sticky")
        .set("session.timeout.ms", "45000")
        .create()
        .unwrap();
    let topic = Topic::Raw.name(&config.topic_prefix);
    consumer.subscribe(&[topic.as_str()]).unwrap();
    consumer
}

fn poll_until(consumer: &BaseConsumer, done: impl Fn() -> bool) {
    let since = Instant::now();
    while !done() {
        assert!(since.elapsed() < LIMIT, "nothing happened in time");
        let _ = consumer.poll(Duration::from_millis(100));
    }
}

fn owned(consumer: &BaseConsumer) -> usize {
    consumer.assignment().unwrap().count()
}

/// Whether the group has agreed on who gets what, with so many members.
fn is_settled(consumer: &BaseConsumer, group: &str, members: usize) -> bool {
    let list = consumer.fetch_group_list(Some(group), LIMIT).unwrap();
    let known = |found: &rdkafka::groups::GroupInfo| {
        found.state() == "Stable" && found.members().len() == members
    };
    list.groups().iter().any(known)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn partitions_whose_old_owner_died_while_it_handed_them_over_are_read_all_the_same() {
    let config = with_own_prefix(&kafka());
    topics::ensure(&config).await.unwrap();
    let group = config.group("a");
    let old_owner = tokio::task::block_in_place(|| {
        let old_owner = bare_member(&config, &group, "one");
        poll_until(&old_owner, || owned(&old_owner) == 4);
        old_owner
    });
    let heir = KafkaConfig {
        instance_id: Some("two".to_owned()),
        ..config.clone()
    };
    let mut heir = RecordStream::subscribe(&heir, &group, &[Topic::Raw]).unwrap();
    let back = tokio::task::block_in_place(|| {
        let since = Instant::now();
        while !is_settled(&old_owner, &group, 2) {
            assert!(since.elapsed() < LIMIT, "the group does not settle");
        }
        drop(old_owner);
        let back = bare_member(&config, &group, "one");
        poll_until(&back, || owned(&back) > 0);
        back
    });
    assert_eq!(owned(&back), 2, "it comes back to what it was to keep");
    let heir_reads = tokio::spawn(async move { partitions(next(&mut heir).await).len() });
    tokio::task::block_in_place(|| poll_until(&back, || heir_reads.is_finished()));
    assert_eq!(heir_reads.await.unwrap(), 2);
    assert_eq!(owned(&back), 2, "who reads keeps what it has");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_while_partitions_are_revoked_is_kept() {
    rules::a_commit_while_partitions_are_revoked_is_kept(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_everything_and_stays_in_its_group() {
    rules::a_slow_reader_gets_everything_and_stays_in_its_group(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_was_put_aside_says_why_and_where_from() {
    rules::a_record_that_was_put_aside_says_why_and_where_from(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_and_offsets_of_a_transaction_come_together() {
    rules::records_and_offsets_of_a_transaction_come_together(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fenced_process_is_told_to_stop() {
    rules::a_fenced_process_is_told_to_stop(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compacted_topic_gives_the_newest_of_each_key() {
    rules::a_compacted_topic_gives_the_newest_of_each_key(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_that_exist_otherwise_are_refused() {
    rules::topics_that_exist_otherwise_are_refused(kafka()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_by_scram_or_plain_under_tls_works() {
    for mechanism in [SaslMechanism::ScramSha256, SaslMechanism::Plain] {
        let Some(config) = secure_kafka(mechanism, "alice", "alice-secret") else {
            return;
        };
        topics::ensure(&config).await.unwrap();
        let sink = RecordSink::new(&config).unwrap();
        sink.send_all(&records(Topic::Raw, "prod", 3))
            .await
            .unwrap();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_login_is_said_to_be_one() {
    let Some(config) = secure_kafka(SaslMechanism::ScramSha256, "alice", "wrong") else {
        return;
    };
    let error = topics::ensure(&config).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Fatal, "{error:?}");
    assert!(error.to_string().contains("refuses the login"), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_broker_whose_certificate_nobody_vouches_for_gets_no_login_and_is_named() {
    let config = secure_kafka(SaslMechanism::ScramSha256, "alice", "alice-secret");
    let Some(mut config) = config else { return };
    // Authorities of the world, none of which has signed it.
    config.security.tls = Some(TlsConfig {
        ca_file: Some("/etc/ssl/certs/ca-certificates.crt".into()),
        ..TlsConfig::default()
    });
    let error = topics::ensure(&config).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Fatal, "{error:?}");
    let said = error.to_string();
    for part in ["certificate", &config.brokers, "[kafka.security]"] {
        assert!(said.contains(part), "{part} is not in: {said}");
    }
    assert!(!said.contains("alice-secret"), "{said}");
}

/// As retention does.
async fn delete_before(config: &KafkaConfig, partition: i32, offset: i64) {
    let admin: AdminClient<DefaultClientContext> = ClientConfig::new()
        .set("bootstrap.servers", &config.brokers)
        .create()
        .unwrap();
    let mut offsets = TopicPartitionList::new();
    let topic = Topic::Raw.name(&config.topic_prefix);
    offsets
        .add_partition_offset(&topic, partition, Offset::Offset(offset))
        .unwrap();
    let deleted = admin.delete_records(&offsets, &AdminOptions::new()).await;
    assert!(deleted.unwrap().elements()[0].error().is_ok());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_that_retention_deleted_unread_are_named_and_counted() {
    let config = with_own_prefix(&kafka());
    topics::ensure(&config).await.unwrap();
    let group = config.group("slow");
    let sink = RecordSink::new(&config).unwrap();
    let all = records(Topic::Raw, "prod", 20);
    sink.send_all(&all[..10]).await.unwrap();
    let mut stream = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let first = read(&mut stream, 10).await;
    stream.commit(&behind(&first[..4])).await.unwrap();
    stream.close().await;

    let partition = first[0].position.partition.partition;
    delete_before(&config, partition, 7).await;
    sink.send_all(&all[10..]).await.unwrap();
    let mut stream = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let rest = read(&mut stream, 13).await;
    assert_eq!(rest[0].position.offset, 7, "reading goes on behind the gap");
    stream.close().await;

    let note_group = config.group("look");
    let mut notes = RecordStream::subscribe(&config, &note_group, &[Topic::DeadLetter]).unwrap();
    let note = read(&mut notes, 1).await.remove(0);
    notes.close().await;
    assert_eq!(note.kind, "lost");
    assert_eq!(note.id, format!("lost-{group}-raw-{partition}-4-6"));
    let counted = format!("streamwarden_kafka_lost_records_total{{group=\"{group}\"}} 3");
    let metrics = streamwarden_service_runtime::metrics::text();
    assert!(metrics.contains(&counted), "{metrics}");
}
