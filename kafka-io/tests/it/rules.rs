//! What holds on every broker.

use std::collections::BTreeSet;
use std::time::Duration;

use streamwarden_kafka_io::{
    ErrorClass, KafkaConfig, KafkaError, RecordSink, RecordStream, StreamEvent, TransactionalSink,
    restore, topics,
};
use streamwarden_proto::Topic;

use crate::support::{LIMIT, behind, ids, next, read, record, records, with_own_prefix};

pub(crate) async fn records_arrive_in_order_with_kind_id_and_key(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let sent = records(Topic::Raw, "prod", 1200);
    RecordSink::new(&config)
        .unwrap()
        .send_all(&sent)
        .await
        .unwrap();
    let mut stream = RecordStream::subscribe(&config, &config.group("a"), &[Topic::Raw]).unwrap();
    let received = read(&mut stream, sent.len()).await;
    let expected: Vec<String> = sent.iter().map(|record| record.id.0.clone()).collect();
    assert_eq!(ids(&received), expected);
    assert_eq!(
        (received[7].kind.as_str(), received[7].key.as_str()),
        ("metrics", "prod")
    );
    assert_eq!(received[7].payload.as_deref(), Some(&b"7"[..]));
    stream.close().await;
}

pub(crate) async fn a_new_reader_goes_on_where_the_last_one_committed(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let group = config.group("a");
    RecordSink::new(&config)
        .unwrap()
        .send_all(&records(Topic::Raw, "prod", 10))
        .await
        .unwrap();
    let mut first = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let received = read(&mut first, 10).await;
    first.commit(&behind(&received[..4])).await.unwrap();
    first.close().await;
    let mut second = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let rest = read(&mut second, 6).await;
    assert_eq!(ids(&rest), ids(&received[4..]));
    second.close().await;
}

pub(crate) async fn a_second_member_takes_its_part_and_gets_everything_back(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let group = config.group("a");
    let mut first = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let StreamEvent::Assigned(all) = next(&mut first).await else {
        panic!("the first event is the assignment")
    };
    assert_eq!(all.len(), usize::try_from(config.partitions).unwrap());
    let mut second = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let StreamEvent::Revoked(revoked) = next(&mut first).await else {
        panic!("the old owner is asked to finish first")
    };
    assert_eq!(revoked, all);
    let (mine, theirs) = tokio::join!(next(&mut first), next(&mut second));
    let (StreamEvent::Assigned(mine), StreamEvent::Assigned(theirs)) = (mine, theirs) else {
        panic!("both are assigned their part")
    };
    let together: BTreeSet<_> = mine.iter().chain(&theirs).copied().collect();
    assert_eq!(together, all.iter().copied().collect());
    assert_eq!(mine.len() + theirs.len(), all.len());
    second.close().await;
    let StreamEvent::Revoked(_) = next(&mut first).await else {
        panic!("what is left is given out anew")
    };
    assert_eq!(next(&mut first).await, StreamEvent::Assigned(all));
    first.close().await;
}

pub(crate) async fn a_commit_while_partitions_are_revoked_is_kept(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let group = config.group("a");
    let sent = records(Topic::Raw, "prod", 5);
    RecordSink::new(&config)
        .unwrap()
        .send_all(&sent)
        .await
        .unwrap();
    let mut first = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let received = read(&mut first, 5).await;
    let mut second = RecordStream::subscribe(&config, &group, &[Topic::Raw]).unwrap();
    let StreamEvent::Revoked(_) = next(&mut first).await else {
        panic!("the old owner is asked to finish first")
    };
    first.commit(&behind(&received)).await.unwrap();
    first.close().await;
    let more = record(Topic::Raw, "prod", 99);
    RecordSink::new(&config)
        .unwrap()
        .send_all(&[more])
        .await
        .unwrap();
    let rest = read(&mut second, 1).await;
    assert_eq!(ids(&rest), ["prod-99"]);
    second.close().await;
}

pub(crate) async fn a_slow_reader_gets_everything_and_stays_in_its_group(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let sink = RecordSink::new(&config).unwrap();
    sink.send_all(&records(Topic::Raw, "prod", 6000))
        .await
        .unwrap();
    let mut stream = RecordStream::subscribe(&config, &config.group("a"), &[Topic::Raw]).unwrap();
    let mut seen = Vec::new();
    while seen.len() < 6000 {
        let StreamEvent::Batch(batch) = next(&mut stream).await else {
            continue;
        };
        seen.extend(batch);
        // Long enough for the poll thread to find its channel full and to pause.
        tokio::time::sleep(Duration::from_millis(150)).await;
    }
    let distinct: BTreeSet<_> = ids(&seen).into_iter().collect();
    assert_eq!((seen.len(), distinct.len()), (6000, 6000));
    stream.commit(&behind(&seen)).await.unwrap();
    stream.close().await;
}

pub(crate) async fn a_record_that_was_put_aside_says_why_and_where_from(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let sink = RecordSink::new(&config).unwrap();
    sink.send_all(&records(Topic::Raw, "prod", 1))
        .await
        .unwrap();
    let mut stream = RecordStream::subscribe(&config, &config.group("a"), &[Topic::Raw]).unwrap();
    let received = read(&mut stream, 1).await;
    sink.dead_letter(&received[0], "not a protobuf message")
        .await
        .unwrap();
    let group = config.group("b");
    let mut aside = RecordStream::subscribe(&config, &group, &[Topic::DeadLetter]).unwrap();
    let letter = read(&mut aside, 1).await.remove(0);
    assert_eq!(letter.key, Topic::Raw.name(&config.topic_prefix));
    assert_eq!(
        (letter.payload, letter.id),
        (received[0].payload.clone(), received[0].id.clone())
    );
    stream.close().await;
    aside.close().await;
}

pub(crate) async fn records_and_offsets_of_a_transaction_come_together(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let group = config.group("inference");
    let sink = RecordSink::new(&config).unwrap();
    sink.send_all(&records(Topic::Features, "prod", 3))
        .await
        .unwrap();
    let mut stream = RecordStream::subscribe(&config, &group, &[Topic::Features]).unwrap();
    let received = read(&mut stream, 3).await;
    let mut out = TransactionalSink::new(&config, &config.group("tx"))
        .await
        .unwrap();
    let written = records(Topic::Recommendations, "job", 2);
    out.commit(&written, &stream, &behind(&received))
        .await
        .unwrap();
    out.commit(&records(Topic::Recommendations, "other", 1), &stream, &[])
        .await
        .unwrap();
    stream.close().await;
    let mut public =
        RecordStream::subscribe(&config, &config.group("p"), &[Topic::Recommendations]).unwrap();
    let mut found = ids(&read(&mut public, 3).await);
    found.sort();
    assert_eq!(found, ["job-0", "job-1", "other-0"]);
    public.close().await;
    sink.send_all(&[record(Topic::Features, "prod", 3)])
        .await
        .unwrap();
    let mut again = RecordStream::subscribe(&config, &group, &[Topic::Features]).unwrap();
    assert_eq!(ids(&read(&mut again, 1).await), ["prod-3"]);
    again.close().await;
}

pub(crate) async fn a_fenced_process_is_told_to_stop(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let stream = RecordStream::subscribe(&config, &config.group("a"), &[Topic::Features]).unwrap();
    let id = config.group("tx");
    let mut old = TransactionalSink::new(&config, &id).await.unwrap();
    old.commit(&records(Topic::Recommendations, "a", 1), &stream, &[])
        .await
        .unwrap();
    let mut new = TransactionalSink::new(&config, &id).await.unwrap();
    let error = old
        .commit(&records(Topic::Recommendations, "b", 1), &stream, &[])
        .await;
    let error = error.unwrap_err();
    assert!(matches!(error, KafkaError::Fenced { .. }), "{error:?}");
    assert_eq!(error.class(), ErrorClass::Fatal);
    new.commit(&records(Topic::Recommendations, "c", 1), &stream, &[])
        .await
        .unwrap();
    stream.close().await;
    let mut public =
        RecordStream::subscribe(&config, &config.group("p"), &[Topic::Recommendations]).unwrap();
    assert_eq!(sorted_ids(&read(&mut public, 2).await), ["a-0", "c-0"]);
    public.close().await;
}

fn sorted_ids(records: &[streamwarden_kafka_io::Received]) -> Vec<String> {
    let mut ids = ids(records);
    ids.sort();
    ids
}

pub(crate) async fn a_compacted_topic_gives_the_newest_of_each_key(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    let finding = |key: &str, payload: Option<&str>| {
        let mut record = record(Topic::Findings, "prod", 0);
        record.key = key.to_owned();
        record.payload = payload.map(|text| text.as_bytes().to_vec());
        record
    };
    let written = [
        finding("f-1", Some("old")),
        finding("f-2", Some("gone")),
        finding("f-1", Some("new")),
        finding("f-2", None),
        finding("f-3", Some("only")),
    ];
    RecordSink::new(&config)
        .unwrap()
        .send_all(&written)
        .await
        .unwrap();
    let all: Vec<i32> = (0..config.partitions).collect();
    let restored = tokio::time::timeout(LIMIT, restore(&config, Topic::Findings, &all)).await;
    let restored = restored.unwrap().unwrap();
    let found: Vec<(&str, &[u8])> = restored
        .iter()
        .map(|r| (r.key.as_str(), r.payload.as_slice()))
        .collect();
    assert_eq!(found, [("f-1", &b"new"[..]), ("f-3", &b"only"[..])]);
    let nothing = restore(&config, Topic::Clusters, &all).await.unwrap();
    assert!(nothing.is_empty());
}

pub(crate) async fn topics_that_exist_otherwise_are_refused(base: KafkaConfig) {
    let config = with_own_prefix(&base);
    topics::ensure(&config).await.unwrap();
    topics::ensure(&config).await.unwrap();
    let other = KafkaConfig {
        partitions: config.partitions + 2,
        ..config.clone()
    };
    let error = topics::ensure(&other).await.unwrap_err();
    assert!(error.to_string().contains("kafka.partitions ="), "{error}");
    assert_eq!(error.class(), ErrorClass::Fatal);
}
