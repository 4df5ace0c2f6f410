//! What real Flink answered becomes the observations that it should.

use serde_json::{Value, json};
use streamwarden_proto::v1::{CheckpointStatus, ExecutionState};

use crate::seen::{self, row};
use crate::stand_in::{Answer, StandIn, recorded};

const VERSIONS: [(&str, &str); 2] = [("2.2.1", "healthy"), ("1.20.5", "orders")];

fn job_id(version: &str, name: &str) -> String {
    let overview = &recorded(version)["/jobs/overview"];
    let job = overview["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["name"] == name);
    job.unwrap()["jid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_graph_of_a_job_is_told_with_its_edges() {
    for (version, name) in VERSIONS {
        let stand_in = StandIn::serving(version).await;
        let observations = seen::watcher(&stand_in).poll().await;
        let cluster = seen::cluster(&observations).unwrap();
        assert_eq!(cluster.flink_version, version);
        assert!(cluster.reachable && cluster.slots_total > 0);
        let job = seen::job(&observations, name).unwrap();
        let names: Vec<_> = job
            .vertices
            .iter()
            .map(|vertex| vertex.name.as_str())
            .collect();
        assert_eq!(
            names,
            ["Source: orders", "enrich", "totals -> orders-sink: Writer"]
        );
        let edge =
            |from: usize, to: usize| (job.vertices[from].id.as_str(), job.vertices[to].id.as_str());
        let edges: Vec<_> = job
            .edges
            .iter()
            .map(|e| (e.from.as_str(), e.to.as_str()))
            .collect();
        assert_eq!(edges, [edge(0, 1), edge(1, 2)]);
        assert_eq!(job.edges[1].ship_strategy, "HASH");
    }
}

#[tokio::test]
async fn every_subtask_has_the_figures_that_flink_reported() {
    for (version, name) in VERSIONS {
        let stand_in = StandIn::serving(version).await;
        let observations = seen::watcher(&stand_in).poll().await;
        let job_id = job_id(version, name);
        let batch = seen::metrics(&observations, &job_id).unwrap();
        let map = &seen::job(&observations, name).unwrap().vertices[1].id;
        let group = batch
            .groups
            .iter()
            .find(|group| group.vertex_id == *map)
            .unwrap();
        assert_eq!(group.columns, 2);
        assert!(
            group
                .placements
                .iter()
                .all(|at| at.state() == ExecutionState::Running && at.taskmanager > 0)
        );
        let path = format!("/jobs/{job_id}/vertices/{map}");
        let answers = recorded(version);
        for subtask in 0..2 {
            let id = format!("{subtask}.busyTimeMsPerSecond");
            let metrics = answers[&format!("{path}/metrics")].as_array().unwrap();
            let metric = metrics.iter().find(|metric| metric["id"] == *id).unwrap();
            let busy: f64 = metric["value"].as_str().unwrap().parse().unwrap();
            assert_eq!(
                row(group, "busyTimeMsPerSecond")[subtask],
                busy,
                "{version}"
            );
            let counters = &answers[&path]["subtasks"][subtask]["metrics"];
            let read = counters["read-records"].as_f64().unwrap();
            assert_eq!(row(group, "read-records")[subtask], read, "{version}");
        }
        assert!(row(group, "currentInputWatermark")[0] > 1.7e12);
    }
}

#[tokio::test]
async fn processes_report_heap_garbage_collection_and_network_memory() {
    for (version, _) in VERSIONS {
        let stand_in = StandIn::serving(version).await;
        let observations = seen::watcher(&stand_in).poll().await;
        let taskmanager = &seen::cluster(&observations).unwrap().taskmanagers[0];
        assert!(taskmanager.task_heap_bytes.unwrap() > 0);
        let batch = seen::metrics(&observations, &taskmanager.id).unwrap();
        for name in [
            "Status.JVM.Memory.Heap.Used",
            "Status.JVM.GarbageCollector.G1_Young_Generation.Time",
            "Status.JVM.CPU.Load",
            "Status.Shuffle.Netty.AvailableMemorySegments",
            "Status.Flink.Memory.Managed.Total",
        ] {
            assert!(row(&batch.groups[0], name)[0] >= 0.0, "{name}");
        }
        let jobmanager = seen::metrics(&observations, "jobmanager").unwrap();
        assert!(row(&jobmanager.groups[0], "Status.JVM.Memory.Heap.Used")[0] > 0.0);
    }
}

#[tokio::test]
async fn checkpoints_come_with_the_phases_of_each_vertex_and_only_once() {
    for (version, name) in VERSIONS {
        let stand_in = StandIn::serving(version).await;
        let mut watcher = seen::watcher(&stand_in);
        let observations = watcher.poll().await;
        let job_id = job_id(version, name);
        let snapshot = seen::checkpoints(&observations, &job_id).unwrap();
        assert!(snapshot.completed > 0);
        let newest = snapshot.checkpoints.last().unwrap();
        assert_eq!(newest.status(), CheckpointStatus::CheckpointCompleted);
        assert_eq!(newest.vertices.len(), 3);
        assert!(
            newest
                .vertices
                .iter()
                .all(|vertex| vertex.sync_duration_ms.is_some()
                    && vertex.async_duration_ms.is_some()
                    && vertex.alignment_duration_ms.is_some()
                    && vertex.start_delay_ms.is_some())
        );
        assert!(
            snapshot
                .checkpoints
                .is_sorted_by_key(|checkpoint| checkpoint.id)
        );
        assert_eq!(
            seen::checkpoints(&watcher.poll().await, &job_id),
            None,
            "{version}: told twice"
        );
    }
}

#[tokio::test]
async fn a_checkpoint_under_way_says_who_has_not_acknowledged() {
    let stand_in = StandIn::serving("2.2.1").await;
    let job_id = job_id("2.2.1", "healthy");
    let path = format!("/jobs/{job_id}/checkpoints");
    let id = recorded("2.2.1")[&path]["history"][0]["id"].clone();
    let under_way = |checkpoint: &mut Value| {
        checkpoint["status"] = json!("IN_PROGRESS");
        checkpoint["num_acknowledged_subtasks"] = json!(4);
    };
    let mut late = String::new();
    stand_in.change(&path, |answer| under_way(&mut answer["history"][0]));
    stand_in.change(&format!("{path}/details/{id}"), |answer| {
        under_way(answer);
        let (vertex, task) = answer["tasks"]
            .as_object_mut()
            .unwrap()
            .iter_mut()
            .next()
            .unwrap();
        task["num_acknowledged_subtasks"] = json!(0);
        late.clone_from(vertex);
    });
    let mut watcher = seen::watcher(&stand_in);
    for _ in 0..2 {
        let observations = watcher.poll().await;
        let newest = seen::checkpoints(&observations, &job_id)
            .unwrap()
            .checkpoints
            .last()
            .unwrap()
            .clone();
        assert_eq!(newest.status(), CheckpointStatus::InProgress);
        let waiting: Vec<_> = newest
            .vertices
            .iter()
            .filter(|vertex| vertex.subtasks_acknowledged < vertex.subtasks)
            .collect();
        assert_eq!(waiting.len(), 1);
        assert_eq!(waiting[0].vertex_id, late);
    }
}

#[tokio::test]
async fn failures_come_with_their_causes_once_and_without_secrets() {
    for (version, _) in VERSIONS {
        let stand_in = StandIn::serving(version).await;
        let mut watcher = seen::watcher(&stand_in);
        let observations = watcher.poll().await;
        let job_id = job_id(version, "failing");
        let failures = seen::exceptions(&observations, &job_id).unwrap();
        let newest = failures.entries.last().unwrap();
        let map = &seen::job(&observations, "failing").unwrap().vertices[1];
        assert_eq!(newest.vertex_id, map.id);
        assert!(failures.entries.is_sorted_by_key(|entry| entry.at_ms));
        let chain = &newest.throwable.as_ref().unwrap().chain;
        assert_eq!(chain[0].exception, "java.lang.IllegalStateException");
        assert!(chain[0].frames[0].contains("DevJob"));
        assert_eq!(chain[1].exception, "java.lang.RuntimeException");
        assert!(chain[1].message.starts_with("amount is negative"));
        assert!(
            !seen::everything(&observations).contains("hunter2"),
            "{version}: a password left"
        );
        assert_eq!(
            seen::exceptions(&watcher.poll().await, &job_id),
            None,
            "{version}: told twice"
        );
    }
}

#[tokio::test]
async fn a_failure_of_another_task_at_the_same_time_is_told_with_it() {
    let stand_in = StandIn::serving("1.20.5").await;
    let job_id = job_id("1.20.5", "failing");
    let mut watcher = seen::watcher(&stand_in);
    watcher.poll().await;
    stand_in.change(&format!("/jobs/{job_id}/exceptions"), |answer| {
        let entries = answer["exceptionHistory"]["entries"]
            .as_array_mut()
            .unwrap();
        let mut newest = entries[0].clone();
        newest["timestamp"] = json!(1_795_387_590_000_i64);
        let mut beside = newest.clone();
        beside["taskName"] = json!("Source: orders (1/1) - execution #9");
        newest["concurrentExceptions"] = json!([beside]);
        entries.insert(0, newest);
    });
    let observations = watcher.poll().await;
    let entries = &seen::exceptions(&observations, &job_id).unwrap().entries;
    assert_eq!(
        entries
            .iter()
            .map(|entry| entry.concurrent)
            .collect::<Vec<_>>(),
        [false, true]
    );
    assert!(entries[1].task_name.starts_with("Source"));
}

#[tokio::test]
async fn snapshots_that_did_not_change_are_not_sent_again() {
    let stand_in = StandIn::serving("2.2.1").await;
    let mut watcher = seen::watcher(&stand_in);
    watcher.poll().await;
    stand_in.change("/taskmanagers", |answer| {
        answer["taskmanagers"][0]["timeSinceLastHeartbeat"] = json!(1_795_387_599_000_i64);
    });
    let second = watcher.poll().await;
    assert_eq!(seen::cluster(&second), None, "a heartbeat is no change");
    assert_eq!(seen::job(&second, "healthy"), None);
    assert!(
        seen::metrics(&second, &job_id("2.2.1", "healthy")).is_some(),
        "figures are sent at each poll"
    );
    stand_in.change("/taskmanagers", |answer| answer["taskmanagers"] = json!([]));
    assert!(
        seen::cluster(&watcher.poll().await)
            .unwrap()
            .taskmanagers
            .is_empty()
    );
}

#[tokio::test]
async fn secrets_in_the_configuration_do_not_leave() {
    let stand_in = StandIn::serving("2.2.1").await;
    stand_in.change("/jobmanager/config", |answer| {
        let options = answer.as_array_mut().unwrap();
        options.push(json!({"key": "s3.secret-key", "value": "tr0ub4dor"}));
        options.push(json!({"key": "table.url", "value": "jdbc:postgresql://db/x?user=bob&password=tr0ub4dor"}));
    });
    let observations = seen::watcher(&stand_in).poll().await;
    let config = &seen::cluster(&observations).unwrap().config;
    assert!(
        config.contains_key("s3.secret-key"),
        "that it is set is told"
    );
    assert!(!seen::everything(&observations).contains("tr0ub4dor"));
}

#[tokio::test]
async fn the_jobs_own_checkpoint_settings_are_in_its_configuration() {
    for (version, name) in VERSIONS {
        let stand_in = StandIn::serving(version).await;
        let observations = seen::watcher(&stand_in).poll().await;
        let config = &seen::job(&observations, name).unwrap().config;
        let expected = [
            ("execution.checkpointing.interval", "5 s"),
            ("execution.checkpointing.timeout", "10 min"),
            ("execution.checkpointing.mode", "EXACTLY_ONCE"),
            ("state.backend.type", "hashmap"),
            ("parallelism.default", "2"),
            ("taskmanager.memory.process.size", "1200m"),
        ];
        for (key, value) in expected {
            assert_eq!(
                config.get(key).map(String::as_str),
                Some(value),
                "{version}: {key}"
            );
        }
    }
}

#[tokio::test]
async fn logs_over_rest_are_told_once_under_the_process_that_wrote_them() {
    for (version, _) in VERSIONS {
        let stand_in = StandIn::serving(version).await;
        let mut watcher = seen::watcher(&stand_in);
        let observations = watcher.poll().await;
        let batches = seen::logs(&observations);
        let mut processes: Vec<_> = batches
            .iter()
            .map(|batch| batch.process_id.as_str())
            .collect();
        processes.sort_unstable();
        let mut expected: Vec<_> = seen::cluster(&observations)
            .unwrap()
            .taskmanagers
            .iter()
            .map(|tm| tm.id.as_str())
            .collect();
        expected.push("jobmanager");
        expected.sort_unstable();
        assert_eq!(processes, expected, "{version}");
        let errors = batches
            .iter()
            .flat_map(|batch| &batch.events)
            .filter(|event| event.throwable.is_some());
        assert!(errors.count() > 0, "{version}");
        assert!(
            seen::logs(&watcher.poll().await).is_empty(),
            "{version}: told twice"
        );
    }
}

#[tokio::test]
async fn only_what_is_new_in_a_log_is_told() {
    let stand_in = StandIn::serving("2.2.1").await;
    let mut watcher = seen::watcher(&stand_in);
    watcher.poll().await;
    let name = "flink--standalonesession-0-vm.log";
    let path = format!("/jobmanager/logs/{name}");
    let line = "2026-11-22 22:46:40,000 ERROR org.example.Thing [] - it broke\n";
    let text = format!("{}{line}", recorded("2.2.1")[&path].as_str().unwrap());
    let size = text.len();
    stand_in.answer(&path, Answer::Text(text.into_bytes()));
    stand_in.change("/jobmanager/logs", |answer| {
        let files = answer["logs"].as_array_mut().unwrap();
        files.iter_mut().find(|file| file["name"] == name).unwrap()["size"] = json!(size);
    });
    let observations = watcher.poll().await;
    let batches = seen::logs(&observations);
    let texts: Vec<_> = batches
        .iter()
        .flat_map(|batch| &batch.events)
        .map(|event| event.text.as_str())
        .collect();
    assert_eq!(texts, ["it broke"]);
}

#[tokio::test]
async fn the_list_of_metrics_is_read_once_and_again_after_a_restart() {
    let stand_in = StandIn::serving("2.2.1").await;
    let mut watcher = seen::watcher(&stand_in);
    let lists = |asked: Vec<String>| {
        asked
            .iter()
            .filter(|path| path.contains("/vertices/") && path.ends_with("/metrics"))
            .count()
    };
    watcher.poll().await;
    assert_eq!(lists(stand_in.asked()), 6, "three vertices of two jobs");
    watcher.poll().await;
    assert_eq!(lists(stand_in.asked()), 0);
    let job_id = job_id("2.2.1", "healthy");
    let vertex = recorded("2.2.1")[&format!("/jobs/{job_id}")]["vertices"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    stand_in.change(&format!("/jobs/{job_id}/vertices/{vertex}"), |answer| {
        answer["subtasks"][0]["attempt"] = json!(1);
    });
    watcher.poll().await;
    assert_eq!(lists(stand_in.asked()), 1);
}

#[tokio::test]
async fn a_job_that_ended_is_told_once_more_and_then_left_alone() {
    let stand_in = StandIn::serving("2.2.1").await;
    let mut watcher = seen::watcher(&stand_in);
    watcher.poll().await;
    let job_id = job_id("2.2.1", "failing");
    stand_in.change("/jobs/overview", |answer| {
        let jobs = answer["jobs"].as_array_mut().unwrap();
        let job = jobs
            .iter_mut()
            .find(|job| job["name"] == "failing")
            .unwrap();
        job["state"] = json!("FAILED");
        job["end-time"] = json!(1_795_387_599_000_i64);
    });
    stand_in.change(&format!("/jobs/{job_id}"), |answer| {
        answer["state"] = json!("FAILED");
    });
    let last = watcher.poll().await;
    assert_eq!(seen::job(&last, "failing").unwrap().state, "FAILED");
    stand_in.asked();
    watcher.poll().await;
    let asked = stand_in.asked();
    assert!(
        !asked.iter().any(|path| path.contains(&job_id)),
        "{asked:?}"
    );
}

#[tokio::test]
async fn the_only_taskmanager_log_in_a_taskmanagers_directory_is_its_own() {
    let stand_in = StandIn::serving("2.2.1").await;
    let id = recorded("2.2.1")["/taskmanagers"]["taskmanagers"][0]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let text = "2026-11-22 22:46:00,000 ERROR org.example.Thing [] - it broke\n";
    let list = json!({"logs": [{"name": "taskmanager.log", "size": text.len(), "mtime": 1_795_387_560_000_i64}]});
    stand_in.answer("/jobmanager/logs", Answer::Json(json!({"logs": []})));
    stand_in.answer(&format!("/taskmanagers/{id}/logs"), Answer::Json(list));
    stand_in.answer(
        &format!("/taskmanagers/{id}/logs/taskmanager.log"),
        Answer::Text(text.into()),
    );
    let observations = seen::watcher(&stand_in).poll().await;
    let batches = seen::logs(&observations);
    assert_eq!(batches.len(), 1);
    assert_eq!(batches[0].process_id, id);
    assert_eq!(batches[0].events[0].text, "it broke");
}
