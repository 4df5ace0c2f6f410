//! The rules on the embedded broker, and what is its own.

use std::time::Duration;

use streamwarden_kafka_io::{EmbeddedBroker, KafkaConfig, RecordSink, RecordStream, topics};
use streamwarden_proto::Topic;

use crate::rules;
use crate::support::{next, record, records};

const RETENTION_BYTES: u64 = 4 << 20;

fn broker() -> KafkaConfig {
    let broker = EmbeddedBroker::start(RETENTION_BYTES).unwrap();
    broker.config(&KafkaConfig::default())
}

/// Rebalances need partitions to move.
fn broker_with_partitions() -> KafkaConfig {
    KafkaConfig {
        partitions: 4,
        ..broker()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_arrive_in_order_with_kind_id_and_key() {
    rules::records_arrive_in_order_with_kind_id_and_key(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_reader_goes_on_where_the_last_one_committed() {
    rules::a_new_reader_goes_on_where_the_last_one_committed(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_second_member_takes_its_part_and_gets_everything_back() {
    rules::a_second_member_takes_its_part_and_gets_everything_back(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_commit_while_partitions_are_revoked_is_kept() {
    rules::a_commit_while_partitions_are_revoked_is_kept(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slow_reader_gets_everything_and_stays_in_its_group() {
    rules::a_slow_reader_gets_everything_and_stays_in_its_group(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_record_that_was_put_aside_says_why_and_where_from() {
    rules::a_record_that_was_put_aside_says_why_and_where_from(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn records_and_offsets_of_a_transaction_come_together() {
    rules::records_and_offsets_of_a_transaction_come_together(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fenced_process_is_told_to_stop() {
    rules::a_fenced_process_is_told_to_stop(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_compacted_topic_gives_the_newest_of_each_key() {
    rules::a_compacted_topic_gives_the_newest_of_each_key(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn topics_that_exist_otherwise_are_refused() {
    rules::topics_that_exist_otherwise_are_refused(broker_with_partitions()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn old_records_make_room_for_new_ones() {
    let config = broker();
    topics::ensure(&config).await.unwrap();
    let sink = RecordSink::new(&config).unwrap();
    for number in 0..40 {
        let mut large = record(Topic::Raw, "prod", number);
        // Random enough for the compression to leave its size.
        let noise = |at: u64| (at.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 32) as u8;
        large.payload = Some((0..500_000).map(|at| noise(at + number as u64)).collect());
        large
            .payload
            .as_mut()
            .unwrap()
            .extend_from_slice(&number.to_be_bytes());
        sink.send_all(&[large]).await.unwrap();
    }
    // The broker cleans up once a second.
    let limit = tokio::time::Instant::now() + crate::support::LIMIT;
    loop {
        let group = config.group(&format!("{:?}", tokio::time::Instant::now()));
        let mut stream = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
        next(&mut stream).await;
        let first = crate::support::read(&mut stream, 1).await.remove(0);
        stream.close().await;
        if first.position.offset > 0 {
            return;
        }
        assert!(tokio::time::Instant::now() < limit, "nothing was deleted");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_idle_reader_costs_almost_no_cpu_and_still_sees_a_record_at_once() {
    let config = broker();
    topics::ensure(&config).await.unwrap();
    let mut stream = RecordStream::subscribe(&config, &config.group("a"), &[Topic::Raw]).unwrap();
    next(&mut stream).await;
    let requests_before = switches_of_broker();
    tokio::time::sleep(Duration::from_secs(3)).await;
    let requests = switches_of_broker() - requests_before;
    // Two fetches a second, and heartbeats; without the relay it is tens of thousands.
    assert!(
        requests < 400,
        "the broker's threads woke up {requests} times in three idle seconds"
    );
    let sent_at = tokio::time::Instant::now();
    let sink = RecordSink::new(&config).unwrap();
    sink.send_all(&records(Topic::Raw, "prod", 1))
        .await
        .unwrap();
    crate::support::read(&mut stream, 1).await;
    assert!(
        sent_at.elapsed() < Duration::from_secs(2),
        "took {:?}",
        sent_at.elapsed()
    );
    stream.close().await;
}

/// How often the threads that serve connections of embedded brokers woke up.
fn switches_of_broker() -> u64 {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let of_task = |task: std::fs::DirEntry| {
        let status = std::fs::read_to_string(task.path().join("status")).ok()?;
        let name = status.lines().next()?;
        let line = status
            .lines()
            .find(|line| line.starts_with("voluntary_ctxt_switches"))?;
        name.contains("broker")
            .then(|| line.split_whitespace().last()?.parse::<u64>().ok())?
    };
    tasks.filter_map(of_task).sum()
}
