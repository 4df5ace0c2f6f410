//! Logs from a directory on this machine.

use std::fs;
use std::io::Write;
use std::path::Path;

use streamwarden_collector::{ClusterWatcher, CollectorConfig, LogConfig};
use streamwarden_proto::v1::{LogBatch, Observation};

use crate::seen;
use crate::stand_in::StandIn;

const LOG: &str = "flink-x-taskexecutor-0-h.log";
const OUT: &str = "flink-x-taskexecutor-0-h.out";
const START: &str = "2026-11-22 22:00:00,000 INFO  org.apache.flink.runtime.taskexecutor.TaskManagerRunner [] - Starting TaskManager with ResourceID: h:1-a\n";

struct Directory {
    path: tempfile::TempDir,
    watcher: ClusterWatcher,
}

impl Directory {
    /// Nobody listens at port 1: logs are read all the same.
    fn new(logs: LogConfig) -> Self {
        let path = tempfile::tempdir().unwrap();
        let config = CollectorConfig {
            logs,
            ..seen::quick()
        };
        let watcher = seen::watcher_of("http://127.0.0.1:1", Some(path.path()), config);
        Self { path, watcher }
    }

    fn file(&self, name: &str) -> std::path::PathBuf {
        self.path.path().join(name)
    }

    fn append(&self, name: &str, text: &str) {
        append(&self.file(name), text);
    }

    /// Two polls: what may still grow is told by the second.
    async fn poll(&mut self) -> Vec<Observation> {
        let mut observations = self.watcher.poll().await;
        observations.extend(self.watcher.poll().await);
        observations
    }
}

fn append(path: &Path, text: &str) {
    let mut file = fs::OpenOptions::new()
        .append(true)
        .create(true)
        .open(path)
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

fn error(text: &str) -> String {
    format!("2026-11-22 22:00:01,000 ERROR org.example.Thing [] - {text}\n")
}

fn texts(observations: &[Observation]) -> Vec<&str> {
    let events = seen::logs(observations)
        .into_iter()
        .flat_map(|batch| &batch.events);
    events
        .filter(|event| event.level >= 4)
        .map(|event| event.text.as_str())
        .collect()
}

fn batches<'o>(observations: &'o [Observation], file: &str) -> Vec<&'o LogBatch> {
    seen::logs(observations)
        .into_iter()
        .filter(|batch| batch.file == file)
        .collect()
}

#[tokio::test]
async fn a_line_that_is_still_being_written_is_told_when_it_is_whole() {
    let mut directory = Directory::new(LogConfig::default());
    directory.append(LOG, START);
    directory.append(
        LOG,
        "2026-11-22 22:00:01,000 ERROR org.example.Thing [] - half",
    );
    assert_eq!(texts(&directory.poll().await), [""; 0]);
    directory.append(LOG, " and half\n");
    assert_eq!(texts(&directory.poll().await), ["half and half"]);
    assert_eq!(texts(&directory.poll().await), [""; 0], "told twice");
}

#[tokio::test]
async fn a_rotation_between_two_polls_loses_and_repeats_nothing() {
    let mut directory = Directory::new(LogConfig::default());
    directory.append(LOG, &format!("{START}{}", error("first")));
    assert_eq!(texts(&directory.poll().await), ["first"]);
    directory.append(LOG, &error("just before"));
    fs::rename(directory.file(LOG), directory.file(&format!("{LOG}.1"))).unwrap();
    directory.append(LOG, &error("just after"));
    assert_eq!(
        texts(&directory.poll().await),
        ["just before", "just after"]
    );
}

#[tokio::test]
async fn a_file_that_was_emptied_is_read_from_its_start() {
    let mut directory = Directory::new(LogConfig::default());
    directory.append(
        LOG,
        &format!(
            "{START}{}",
            error("a long first message that fills the file")
        ),
    );
    directory.poll().await;
    fs::write(directory.file(LOG), error("new")).unwrap();
    assert_eq!(texts(&directory.poll().await), ["new"]);
}

#[tokio::test]
async fn the_last_words_of_a_process_belong_to_the_taskmanager_that_wrote_its_log() {
    let mut directory = Directory::new(LogConfig::default());
    directory.append(LOG, START);
    directory.append(
        OUT,
        "java.lang.OutOfMemoryError: Java heap space\n\tat org.example.Leak.add(Leak.java:7)\n",
    );
    let observations = directory.poll().await;
    let batch = batches(&observations, OUT)[0];
    assert_eq!(batch.process_id, "h:1-a");
    let throwable = batch.events[0].throwable.as_ref().unwrap();
    assert_eq!(throwable.chain[0].exception, "java.lang.OutOfMemoryError");
}

#[tokio::test]
async fn of_a_long_old_log_only_the_end_is_read_but_line_numbers_count_from_its_start() {
    let logs = LogConfig {
        first_read_bytes: 100,
        ..LogConfig::default()
    };
    let mut directory = Directory::new(logs);
    directory.append(LOG, START);
    for number in 0..1_000 {
        directory.append(LOG, &error(&format!("old {number}")));
    }
    let observations = directory.poll().await;
    let batch = batches(&observations, LOG)[0];
    assert_eq!(
        batch.process_id, "h:1-a",
        "although the line that tells it was not read as an event"
    );
    assert_eq!(batch.events.last().unwrap().text, "old 999");
    assert_eq!(batch.events.last().unwrap().line, 1_001);
    assert!(batch.events.len() < 5);
    assert_eq!(batch.dropped_lines, 0, "history is no loss");
}

#[tokio::test]
async fn what_a_chatty_process_writes_beyond_the_limit_is_counted_as_dropped() {
    let logs = LogConfig {
        max_bytes_per_read: 1_000,
        first_read_bytes: 1_000,
        ..LogConfig::default()
    };
    let mut directory = Directory::new(logs);
    directory.append(LOG, START);
    directory.poll().await;
    let lines: String = (0..1_000)
        .map(|number| error(&format!("flood {number}")))
        .collect();
    directory.append(LOG, &lines);
    let observations = directory.poll().await;
    let told = batches(&observations, LOG);
    let count = |batch: &&LogBatch| {
        let counted: u64 = batch.counts.iter().map(|count| count.count).sum();
        batch.dropped_lines + counted + batch.events.len() as u64
    };
    let total: u64 = told.iter().map(count).sum();
    // The line at the cut is neither whole before nor after it.
    assert!((999..=1_000).contains(&total), "{total}");
    assert!(told.iter().map(|batch| batch.dropped_lines).sum::<u64>() > 900);
}

#[tokio::test]
async fn a_directory_that_is_not_there_harms_nothing() {
    let mut watcher = seen::watcher_of(
        "http://127.0.0.1:1",
        Some(Path::new("/nonexistent")),
        seen::quick(),
    );
    assert!(seen::cluster(&watcher.poll().await).is_some());
}

const KILLED: &str = "Nov 22 22:46:31 node-1 kernel: [  337.429580] Memory cgroup out of memory: Killed process 8258 (java) \
    total-vm:3114224kB, anon-rss:1228800kB, file-rss:6604kB, shmem-rss:0kB, UID:0 pgtables:116kB oom_score_adj:0\n";
const KILLED_AT_MS: i64 = 1_795_387_591_000;

/// Processes whose logs were told, each once.
fn processes(observations: &[Observation]) -> std::collections::BTreeSet<&str> {
    let batches = seen::logs(observations).into_iter();
    batches.map(|batch| batch.process_id.as_str()).collect()
}

#[tokio::test]
async fn the_kernels_log_is_read_beside_rest_and_is_no_process_of_flinks() {
    let stand_in = StandIn::serving("2.2.1").await;
    let over_rest = seen::watcher(&stand_in).poll().await;
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("kern.log"), "");
    append(&folder.path().join("auth.log"), &error("login"));
    let mut watcher = seen::watcher_of(&stand_in.url(), Some(folder.path()), seen::quick());
    assert_eq!(processes(&watcher.poll().await), processes(&over_rest));

    append(&folder.path().join("kern.log"), KILLED);
    let mut observations = watcher.poll().await;
    observations.extend(watcher.poll().await);
    assert!(batches(&observations, "auth.log").is_empty());
    let [batch] = batches(&observations, "kern.log")[..] else {
        panic!("the kernel's line should be told once");
    };
    assert_eq!(batch.process_id, "");
    let [line] = &batch.events[..] else {
        panic!("one line was written: {:?}", batch.events);
    };
    assert_eq!(line.at_ms, KILLED_AT_MS, "syslog leaves the year out");
    assert!(line.text.contains("Killed process 8258 (java)"));
}

#[tokio::test]
async fn where_flink_writes_beside_the_kernel_nothing_is_asked_for_over_rest() {
    let stand_in = StandIn::serving("2.2.1").await;
    let folder = tempfile::tempdir().unwrap();
    append(&folder.path().join("kern.log"), KILLED);
    append(
        &folder.path().join(LOG),
        &format!("{START}{}", error("own")),
    );
    let mut watcher = seen::watcher_of(&stand_in.url(), Some(folder.path()), seen::quick());
    let mut observations = watcher.poll().await;
    observations.extend(watcher.poll().await);
    assert_eq!(processes(&observations), ["", "h:1-a"].into());
    let asked = stand_in.asked();
    assert!(!asked.iter().any(|path| path.contains("/log")), "{asked:?}");
}

#[tokio::test]
async fn each_time_that_the_kernel_kills_is_told() {
    let mut directory = Directory::new(LogConfig::default());
    for minute in ["46", "47"] {
        directory.append(
            "kern.log",
            &KILLED.replace("22:46", &format!("22:{minute}")),
        );
        let observations = directory.poll().await;
        let told = batches(&observations, "kern.log");
        assert_eq!(told.len(), 1, "at minute {minute}");
        assert_eq!(told[0].events.len(), 1, "at minute {minute}");
    }
}
