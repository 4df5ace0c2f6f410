//! What a second instance adds: one and two of each service work off the same backlog.
//!
//! The records of the jobs before are poured into topics of their own for each run, once all instances have found their
//! partitions, so that nothing is read twice and nobody is known yet; a run in which partitions move or records are counted
//! twice is said to be spoiled. Each instance gets the same part of a core, where this process may limit it, so that there
//! are cores enough for two; otherwise they share what there is.

use std::collections::BTreeMap;
use std::time::Duration;

use streamwarden_kafka_io::{KafkaConfig, RecordSink, RecordStream, StreamEvent, topics};
use streamwarden_proto::v1::Observation;
use streamwarden_proto::{FeatureEvent, Record, StoredRecord, Topic};
use tokio::time::{Instant, sleep, timeout};

use crate::processes::{Home, Process};
use crate::{Ground, PARTITIONS, say};

/// Part of a core for each instance.
const CORES: f64 = 0.25;
/// One and two in turn, so that what drifts meets both.
const INSTANCES: [usize; 6] = [1, 2, 1, 2, 1, 2];
/// Counted up to here: behind it, one of two may have nothing left to do.
const TO: f64 = 0.85;
const LOOK_EVERY: Duration = Duration::from_millis(250);
const LIMIT: Duration = Duration::from_secs(400);
/// Nothing more came, or moved, for so long: that was all.
const QUIET: Duration = Duration::from_secs(5);
const REBALANCES: &str = "streamwarden_kafka_rebalances_total";

/// A service and what it reads.
struct Service {
    name: &'static str,
    topic: Topic,
    /// Names the variable of its consumer group.
    group: &'static str,
    /// Its metric that counts records.
    counter: &'static str,
}

const SERVICES: [Service; 2] = [
    Service {
        name: "featurizer",
        topic: Topic::Raw,
        group: "STREAMWARDEN_FEATURIZER__GROUP",
        counter: "streamwarden_featurizer_observations_total",
    },
    Service {
        name: "inference",
        topic: Topic::Features,
        group: "STREAMWARDEN_INFERENCE__GROUP",
        counter: "streamwarden_inference_records_total",
    },
];

pub(crate) async fn measure(ground: &Ground, prefix: &str) {
    say(
        "| service | instances | records | records/s | of a core | records/s a core |\n|---|---|---|---|---|---|",
    );
    for service in &SERVICES {
        let backlog = everything(&kafka(ground, prefix), service.topic).await;
        let mut rates: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
        for (run, instances) in INSTANCES.into_iter().enumerate() {
            let own = format!("scale-{}-{run}", service.name);
            let rate = worked_off(ground, service, &own, instances, &backlog).await;
            rates.entry(instances).or_default().push(rate);
        }
        let mean = |instances| {
            let rates: &Vec<f64> = &rates[&instances];
            rates.iter().sum::<f64>() / rates.len() as f64
        };
        let times = mean(2) / mean(1);
        say(&format!("{}: two give {times:.2} times", service.name));
    }
}

fn kafka(ground: &Ground, prefix: &str) -> KafkaConfig {
    KafkaConfig {
        brokers: ground.broker.address.clone(),
        topic_prefix: prefix.to_owned(),
        partitions: PARTITIONS,
        replication: 1,
        ..KafkaConfig::default()
    }
}

/// What lies on a topic, in the order of each partition.
async fn everything(kafka: &KafkaConfig, topic: Topic) -> Vec<StoredRecord> {
    let mut stream = RecordStream::subscribe(kafka, "scale-backlog", &[topic]).unwrap();
    let mut records = BTreeMap::new();
    while let Ok(event) = timeout(QUIET, stream.next()).await {
        let StreamEvent::Batch(batch) = event.unwrap() else {
            continue;
        };
        for received in batch {
            let stored = match topic {
                Topic::Raw => received.decode::<Observation>().unwrap().store(),
                _ => received.decode::<FeatureEvent>().unwrap().store(),
            };
            records.insert(received.position, stored);
        }
    }
    stream.close().await;
    records.into_values().collect()
}

/// Records a second that so many instances work off.
async fn worked_off(
    ground: &Ground,
    service: &Service,
    own: &str,
    instances: usize,
    backlog: &[StoredRecord],
) -> f64 {
    let kafka = kafka(ground, own);
    topics::ensure(&kafka).await.unwrap();
    let home = Home::new(&ground.configuration(own, 0));
    let started: Vec<Process> = (0..instances)
        .map(|number| {
            let id = format!("{own}-{number}");
            let variables = [
                (service.group, own),
                ("STREAMWARDEN_INFERENCE__TRANSACTIONAL_ID", id.as_str()),
            ];
            home.start(
                &format!("{}-{number}", service.name),
                &variables,
                Some(CORES),
            )
        })
        .collect();
    let sum = |metric: &str| -> f64 { started.iter().map(|process| process.metric(metric)).sum() };
    let cpu = || started.iter().map(Process::cpu_s).sum::<f64>();
    let is_member = |process: &Process| process.metric(REBALANCES) > 0.0;
    until_quiet(|| {
        let all_in = started.iter().all(is_member);
        if all_in { sum(REBALANCES) } else { f64::NAN }
    })
    .await;
    let moves = sum(REBALANCES);
    RecordSink::new(&kafka)
        .unwrap()
        .send_all(backlog)
        .await
        .unwrap();
    let all = backlog.len() as f64;
    let (began, read, used) = (Instant::now(), sum(service.counter), cpu());
    let mut now = read;
    while now < all * TO && began.elapsed() < LIMIT {
        sleep(LOOK_EVERY).await;
        now = sum(service.counter);
    }
    let (seconds, used) = (began.elapsed().as_secs_f64(), cpu() - used);
    until_quiet(|| sum(service.counter)).await;
    let (counted, moved) = (sum(service.counter), sum(REBALANCES) - moves);
    let limited = started.iter().all(Process::is_limited);
    let rate = (now - read) / seconds;
    say(&format!(
        "| {} | {instances} | {:.0} of {all:.0} | {rate:.0} | {:.2} | {:.0} |{}{}",
        service.name,
        now - read,
        used / seconds,
        (now - read) / used,
        if counted == all && moved == 0.0 {
            String::new()
        } else {
            format!(" spoiled: {counted:.0} counted, {moved:.0} rebalances")
        },
        if limited { "" } else { " (not limited)" },
    ));
    rate
}

/// Waits until a figure, once it is one, has stayed the same for a while.
async fn until_quiet(figure: impl Fn() -> f64) {
    let began = Instant::now();
    let (mut last, mut changed) = (f64::NAN, Instant::now());
    while began.elapsed() < LIMIT && (last.is_nan() || changed.elapsed() < QUIET) {
        sleep(LOOK_EVERY).await;
        let now = figure();
        if now != last && !(now.is_nan() && last.is_nan()) {
            (last, changed) = (now, Instant::now());
        }
    }
}
