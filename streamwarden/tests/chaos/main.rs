//! What happens when everything is killed: `make chaos`, and a short version of it with the other tests.
//!
//! Two of each service share the work on a real Kafka and a real PostgreSQL, while recorded incidents come in. Services
//! are killed at random moments and restarted as docker compose would, broker and database lose their power, records come
//! that nobody can read. Afterwards every record must be accounted for, and findings and alerts must be those that the
//! same records give in one calm run.
//!
//! Other faults (brokers, network, disks, clocks, versions, retention) have a scene each, in `faults`; `make chaos` plays them.
//!
//! `STREAMWARDEN_CHAOS_KILLS` is how often a service is killed, `STREAMWARDEN_CHAOS_SEED` repeats a run as far as chance
//! goes, `STREAMWARDEN_CHAOS_REPORT` names a file for the report, `STREAMWARDEN_CHAOS_FAULTS` one for a line about each scene.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod accounts;
mod broker;
mod chance;
mod database;
mod faults;
mod fleet;
mod load;
mod proxy;
mod receiver;
mod scene;
mod verdict;

use std::time::Duration;

use broker::Broker;
use chance::Chance;
use database::Database;
use fleet::{Fleet, Membership, NAMES};
use load::{Load, STEP};
use receiver::Receiver;
use streamwarden_kafka_io::{KafkaConfig, topics};
use tokio::time::{Instant, sleep};
use verdict::{Done, Topics, Verdict};

/// Of the short version: one for each misfortune.
const KILLS: usize = 5;
/// Steps of load between two kills, at most.
const STEPS_BETWEEN: usize = 4;
/// Steps of load between two instances that come or go.
const STEPS_BETWEEN_CHANGES: usize = 10;
/// After everything: a dead notifier's lease has to end, an alert waits for its like, and all are started anew.
const SETTLE_LIMIT: Duration = Duration::from_secs(150);

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn kafka(brokers: &str, replication: i32) -> KafkaConfig {
    KafkaConfig {
        brokers: brokers.to_owned(),
        partitions: 6,
        replication,
        ..KafkaConfig::default()
    }
}

fn configuration(brokers: &str, replication: i32, database: &str, receiver: &Receiver) -> String {
    format!(
        "[kafka]\nbrokers = \"{brokers}\"\npartitions = 6\nreplication = {replication}\n\
         [telemetry]\nlevel = \"info\"\n\
         [collector]\npoll_interval_ms = 2000\n\
         [[collector.clusters]]\nid = \"nobody-home\"\nurl = \"http://127.0.0.1:9\"\n\
         [notifier]\nlisten = \"127.0.0.1:0\"\ndatabase = \"{database}\"\n\
         [notifier.alerting]\ndigest_from = 100000\nsingles_per_minute = 100000\ncritical_wait_s = 1\nwarning_wait_s = 1\nadvice_wait_s = 1\n\
         [[notifier.channels]]\nname = \"receiver\"\nto.webhook.url = \"{}\"\n",
        receiver.url
    )
}

/// One round of what can go wrong beside kills; `round` decides what.
async fn misfortune(
    round: usize,
    broker: &Broker,
    database: &Database,
    load: &mut Load,
    chance: &mut Chance,
    done: &mut Done,
) {
    match round % 5 {
        0 => load.poison(chance).await,
        1 => {
            database.crash_and_start();
            done.database_crashes += 1;
        }
        2 => {
            broker.crash_and_start();
            done.broker_crashes += 1;
        }
        3 => load.too_large(chance).await,
        _ => load.older_version().await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_lost_and_nothing_is_said_twice_when_everything_is_killed() {
    let kills = number("STREAMWARDEN_CHAOS_KILLS").map_or(KILLS, |kills| kills as usize);
    let seed = number("STREAMWARDEN_CHAOS_SEED").unwrap_or_else(|| u64::from(std::process::id()));
    println!("chaos: {kills} kills, seed {seed}");
    let mut chance = Chance::new(seed);
    let (broker, database) = (Broker::start(), Database::start());
    let receiver = Receiver::start().await;
    let kafka = kafka(&broker.address, 1);
    topics::ensure(&kafka).await.unwrap();
    let topics = Topics::read(&kafka);
    let configuration = configuration(&broker.address, 1, &database.url(), &receiver);
    let mut fleet = Fleet::start(&configuration, &NAMES, Membership::Static);
    let mut load = Load::new(&kafka);
    let mut done = Done::begin(seed);

    let between = (kills / 20).max(1);
    while done.kills() < kills {
        for _ in 0..=chance.below(STEPS_BETWEEN) {
            load.step(true).await;
            sleep(STEP).await;
        }
        let victim = NAMES[chance.below(NAMES.len())];
        fleet.kill(victim);
        done.killed(victim);
        if chance.below(2) == 0 {
            load.step(true).await;
        }
        if done.kills().is_multiple_of(between) {
            let round = done.kills() / between - 1;
            misfortune(round, &broker, &database, &mut load, &mut chance, &mut done).await;
        }
        fleet.restart_ended();
    }
    while load.step(false).await {
        fleet.restart_ended();
        sleep(STEP).await;
    }
    let verdict = settled(&topics, &receiver, &load, || fleet.restart_ended()).await;
    done.ended_by_itself.clone_from(&fleet.ended_by_itself);
    println!("{}", verdict.report(&done));
    finish(&verdict, &done, &fleet);
}

/// More of a service while records come in, then fewer: partitions move there and back, and state with them.
#[tokio::test(flavor = "multi_thread")]
async fn instances_that_come_and_go_under_load_change_nothing_of_what_comes_out() {
    let (broker, database) = (Broker::start(), Database::start());
    let receiver = Receiver::start().await;
    let kafka = kafka(&broker.address, 1);
    topics::ensure(&kafka).await.unwrap();
    let topics = Topics::read(&kafka);
    let configuration = configuration(&broker.address, 1, &database.url(), &receiver);
    let first = ["featurizer-1", "inference-1", "notifier-1"];
    let mut fleet = Fleet::start(&configuration, &first, Membership::Dynamic);
    let mut load = Load::new(&kafka);
    let done = Done::begin(0);
    let changes: [fn(&mut Fleet); 4] = [
        |fleet| fleet.start_one("featurizer-2"),
        |fleet| fleet.start_one("inference-2"),
        |fleet| fleet.stop("featurizer-1"),
        |fleet| fleet.stop("inference-1"),
    ];
    for change in changes {
        for _ in 0..STEPS_BETWEEN_CHANGES {
            load.step(true).await;
            sleep(STEP).await;
        }
        change(&mut fleet);
    }
    while load.step(false).await {
        sleep(STEP).await;
    }
    let verdict = settled(&topics, &receiver, &load, || {}).await;
    println!("{}", verdict.report(&done));
    finish(&verdict, &done, &fleet);
    let moved = fleet
        .logs()
        .matches("rebuilding state from the raw topic")
        .count();
    assert!(
        moved > 0,
        "no partition moved with its state:\n{}",
        fleet.logs()
    );
}

/// Waits until nothing is on its way any more, or for too long.
async fn settled(
    topics: &Topics,
    receiver: &Receiver,
    load: &Load,
    mut look_after: impl FnMut(),
) -> Verdict {
    let since = Instant::now();
    loop {
        look_after();
        let verdict = verdict::of(topics, receiver, load);
        if verdict.is_settled() || since.elapsed() > SETTLE_LIMIT {
            return verdict;
        }
        sleep(Duration::from_secs(3)).await;
    }
}

/// Writes the report where one is wanted; fails, with what all services said, if something is not as it should be.
fn finish(verdict: &Verdict, done: &Done, fleet: &Fleet) {
    if let Ok(file) = std::env::var("STREAMWARDEN_CHAOS_REPORT") {
        std::fs::write(file, verdict.report(done)).unwrap();
    }
    if let Some(faults) = verdict.faults() {
        let logs =
            std::env::temp_dir().join(format!("streamwarden-chaos-{}.log", std::process::id()));
        std::fs::write(&logs, fleet.logs()).unwrap();
        panic!("{faults}\nlogs of all services: {}", logs.display());
    }
}
