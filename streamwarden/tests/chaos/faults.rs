//! Faults beside kills, each with two of each service at work: `make chaos`. Minutes, so not among the other tests.

use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use streamwarden_kafka_io::KafkaConfig;
use streamwarden_proto::Topic;

use crate::broker::{Broker, Cluster, let_retention_pass};
use crate::database::Database;
use crate::fleet::NAMES;
use crate::load::STEP;
use crate::proxy::{Proxy, Weather};
use crate::scene::{Addresses, LONG, Scene, WHILE};
use crate::verdict;

/// A disk that is full after some alerts.
const DISK_KILOBYTES: usize = 1_024;
const DAY: u32 = 24;
const HOUR: Duration = Duration::from_secs(3600);
const TWO_HOURS_MS: i64 = 2 * 3_600_000;

fn steps_in(time: Duration) -> usize {
    usize::try_from(time.as_millis() / STEP.as_millis()).unwrap()
}

fn directly(broker: &Broker, database: String) -> Addresses {
    Addresses {
        kafka: crate::kafka(&broker.address, 1),
        brokers: broker.address.clone(),
        database,
    }
}

fn on_three(cluster: &Cluster, database: &Database) -> Addresses {
    Addresses {
        kafka: crate::kafka(&cluster.address, 3),
        brokers: cluster.address.clone(),
        database: database.url(),
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn one_of_three_brokers_is_killed() {
    let (cluster, database) = (Cluster::start(2), Database::start());
    let what = "one of three brokers killed for 20 s, two copies are enough";
    let mut scene = Scene::begin(what, &on_three(&cluster, &database)).await;
    scene.warm_up().await;
    cluster.kill(2);
    scene.steps(WHILE).await;
    cluster.start_again(2);
    scene.steps(WHILE / 2).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn topics_have_too_few_copies_in_sync() {
    let (cluster, database) = (Cluster::start(3), Database::start());
    let what = "one of three brokers killed for 20 s, three copies are asked for: nobody can write";
    let mut scene = Scene::begin(what, &on_three(&cluster, &database)).await;
    scene.warm_up().await;
    cluster.kill(3);
    tokio::time::sleep(LONG).await;
    cluster.start_again(3);
    scene.steps(WHILE).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn the_network_is_cut_and_slow() {
    let (to_kafka, to_database) = (Proxy::start().await, Proxy::start().await);
    let (broker, database) = (Broker::start_behind(to_kafka.port), Database::start());
    to_kafka.lead_to(broker.behind_proxy.as_ref().unwrap());
    to_database.lead_to(&database.address());
    let addresses = Addresses {
        kafka: crate::kafka(&broker.address, 1),
        brokers: format!("127.0.0.1:{}", to_kafka.port),
        database: Database::url_at(to_database.port),
    };
    let what =
        "network between services, Kafka and PostgreSQL cut for 20 s twice, 200 ms slow for 20 s";
    let mut scene = Scene::begin(what, &addresses).await;
    scene.warm_up().await;
    let both = |weather| {
        to_kafka.set(weather);
        to_database.set(weather);
    };
    for _ in 0..2 {
        both(Weather::Cut);
        scene.steps(steps_in(LONG)).await;
        both(Weather::Fine);
        scene.steps(WHILE / 2).await;
    }
    both(Weather::Slow(Duration::from_millis(200)));
    scene.steps(WHILE).await;
    both(Weather::Fine);
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn postgres_has_no_connection_left() {
    let (broker, database) = (Broker::start(), Database::start());
    let what = "PostgreSQL without a free connection for 20 s, both notifiers killed meanwhile";
    let mut scene = Scene::begin(what, &directly(&broker, database.url())).await;
    scene.warm_up().await;
    for notifier in ["notifier-1", "notifier-2"] {
        scene.fleet.kill(notifier);
    }
    let taken = database.fill();
    assert!(!taken.is_empty(), "there was no connection to take");
    scene.steps(WHILE).await;
    drop(taken);
    scene.steps(WHILE / 2).await;
    scene.end().await;
}

/// A file system of its own; gone with the test.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let size = format!("size={DISK_KILOBYTES}k");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &size, "tmpfs"])
            .arg(folder.path())
            .status();
        assert!(mounted.unwrap().success(), "a small disk takes root: mount");
        Self(folder)
    }

    /// Takes what is left.
    fn fill(&self) {
        let file = self.0.path().join("filler");
        let full = std::fs::write(file, vec![7; DISK_KILOBYTES << 10]);
        assert!(full.is_err(), "the disk is larger than it should be");
    }

    fn clear(&self) {
        std::fs::remove_file(self.0.path().join("filler")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0.path()).status();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn the_disk_under_sqlite_is_full() {
    let (broker, disk) = (Broker::start(), SmallDisk::make());
    let database = format!("sqlite:{}", disk.0.path().join("sw.db").display());
    let what = "disk under SQLite full for 20 s";
    let mut scene = Scene::begin(what, &directly(&broker, database)).await;
    // One file, one notifier.
    scene.fleet.leave_out("notifier-2");
    scene.warm_up().await;
    disk.fill();
    scene.steps(WHILE).await;
    disk.clear();
    scene.steps(WHILE / 2).await;
    scene.end().await;
}

async fn the_clock_jumps(what: &'static str, jump_ms: i64) {
    let (broker, database) = (Broker::start(), Database::start());
    let mut scene = Scene::begin(what, &directly(&broker, database.url())).await;
    scene.load.clock_jump_ms = jump_ms;
    scene.steps(WHILE).await;
    scene.fleet.kill("featurizer-1");
    scene.steps(WHILE).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn the_clock_that_stamps_records_jumps_ahead() {
    let what = "the clock that stamps records goes two hours ahead and back, every 2.5 s";
    the_clock_jumps(what, TWO_HOURS_MS).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn the_clock_that_stamps_records_jumps_back() {
    let what = "the clock that stamps records goes two hours back and ahead, every 2.5 s";
    the_clock_jumps(what, -TWO_HOURS_MS).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn records_of_a_newer_version_come_in() {
    let (broker, database) = (Broker::start(), Database::start());
    let what =
        "records of a newer version: an unknown field in each, and records of an unknown kind";
    let mut scene = Scene::begin(what, &directly(&broker, database.url())).await;
    scene.load.of_newer_version = true;
    for _ in 0..4 {
        scene.steps(WHILE / 4).await;
        scene.load.kind_of_tomorrow().await;
        scene.load.older_version().await;
    }
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn readers_are_a_day_behind() {
    let (broker, database) = (Broker::start(), Database::start());
    let what = "featurizers and inferences away for a day: records of 24 hours at once";
    let mut scene = Scene::begin(what, &directly(&broker, database.url())).await;
    scene.warm_up().await;
    let away = ["featurizer-1", "featurizer-2", "inference-1", "inference-2"];
    for name in away {
        scene.fleet.kill(name);
    }
    let ages = (1..=DAY).rev().map(|hours| HOUR * hours);
    scene.load.long_ago(ages).await;
    scene.steps(WHILE / 2).await;
    scene.end().await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make chaos"]
async fn retention_passes_over_unread_records() {
    let (broker, database) = (Broker::start(), Database::start());
    let what = "Kafka's retention deletes raw records while both featurizers are away";
    let addresses = directly(&broker, database.url());
    let mut scene = Scene::begin(what, &addresses).await;
    // It asks a Flink that is not there, and says so on the raw topic.
    scene.fleet.leave_out("collector-1");
    scene.warm_up().await;
    // Everything that came in so far is done.
    let before = scene.settle().await;
    assert_eq!(before.faults(), None);
    for name in ["featurizer-1", "featurizer-2"] {
        scene.fleet.stop(name);
    }
    let (read, sent) = (scene.topics.raw.places(), scene.load.sent);
    scene.load.long_ago([Duration::ZERO; 3].into_iter()).await;
    let unread = scene.load.sent - sent;
    scene.read_raw(read.len() + unread).await;
    let_retention_pass(&broker.address, Topic::Raw);
    scene.topics.raw.keep_only(&read);
    scene.steps(WHILE).await;
    let verdict = scene.settle().await;
    let lost = verdict::lost(&scene.topics, &KafkaConfig::default().group("featurizer"));
    println!("{unread} raw records deleted unread, {lost} named as lost by retention");
    assert_eq!(lost, unread, "{}", scene.fleet.logs());
    let logs = scene.fleet.logs();
    assert!(logs.contains("records are lost"), "{logs}");
    scene.tell(&verdict);
}

/// `make upgrade-test` names the program of the version before.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "minutes: make upgrade-test"]
async fn services_of_the_version_before_and_of_this_one_share_the_work() {
    let before = std::env::var_os("STREAMWARDEN_BEFORE").map(PathBuf::from);
    let before = before.expect("STREAMWARDEN_BEFORE names the program of the version before");
    let (broker, database) = (Broker::start(), Database::start());
    let what = "version before and this one side by side, upgraded one by one, one half taken back";
    let mut scene = Scene::begin(what, &directly(&broker, database.url())).await;
    for name in NAMES {
        scene.fleet.replace(name, Some(&before));
    }
    scene.warm_up().await;
    for half in ["1", "2"] {
        for name in NAMES.into_iter().filter(|name| name.ends_with(half)) {
            scene.fleet.replace(name, None);
            scene.steps(WHILE / 4).await;
        }
        scene.steps(WHILE / 2).await;
    }
    for name in ["featurizer-1", "inference-1", "notifier-1"] {
        scene.fleet.replace(name, Some(&before));
        scene.steps(WHILE / 4).await;
    }
    scene.end().await;
}
