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
        large.payload = Some(noise(number as u64, 500_000));
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
    let before = wake_ups(&config.brokers);
    tokio::time::sleep(Duration::from_secs(3)).await;
    let wake_ups = wake_ups(&config.brokers).saturating_sub(before);
    // Two fetches a second, and heartbeats; without the relay it is tens of thousands.
    assert!(
        (1..400).contains(&wake_ups),
        "{wake_ups} wake-ups in three idle seconds"
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

/// How often the threads that serve connections of this broker woke up.
fn wake_ups(brokers: &str) -> u64 {
    let (_, port) = brokers.rsplit_once(':').unwrap();
    let own = format!("Name:\tbroker {port}\n");
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().flatten();
    let of_task = |task: std::fs::DirEntry| {
        let status = std::fs::read_to_string(task.path().join("status")).ok()?;
        let line = status
            .lines()
            .find(|line| line.starts_with("voluntary_ctxt_switches"))?;
        let count = line.split_whitespace().last()?.parse::<u64>().ok()?;
        status.starts_with(&own).then_some(count)
    };
    tasks.filter_map(of_task).sum()
}

/// Bytes that no compression makes smaller (splitmix64).
fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut word = || {
        state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)).to_le_bytes()
    };
    std::iter::repeat_with(&mut word)
        .flatten()
        .take(length)
        .collect()
}
