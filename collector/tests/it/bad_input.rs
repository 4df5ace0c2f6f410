//! Whatever a cluster does, the watcher lives on and says what is wrong.

use std::time::Duration;

use serde_json::{Value, json};
use streamwarden_collector::{ClusterTarget, ClusterWatcher, CollectorConfig, Credentials};
use streamwarden_proto::v1::Observation;
use streamwarden_service_runtime::Secret;

use crate::seen;
use crate::stand_in::{Answer, StandIn, recorded};

fn error(observations: &[Observation]) -> &str {
    let cluster = seen::cluster(observations).expect("that a cluster does not answer is told");
    assert!(!cluster.reachable);
    assert!(cluster.unreachable_since_ms.is_some());
    &cluster.error
}

fn first_job() -> (String, String) {
    let answers = recorded("2.2.1");
    let job = answers["/jobs/overview"]["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .find(|job| job["name"] == "healthy")
        .unwrap();
    let job_id = job["jid"].as_str().unwrap().to_owned();
    let vertex = answers[&format!("/jobs/{job_id}")]["vertices"][1]["id"]
        .as_str()
        .unwrap()
        .to_owned();
    (job_id, vertex)
}

#[tokio::test]
async fn a_cluster_that_is_away_at_the_start_is_seen_when_it_comes() {
    let gone = StandIn::serving("2.2.1").await;
    let address = gone.address();
    let url = gone.url();
    drop(gone);
    let mut watcher = seen::watcher_of(&url, None, seen::quick());
    let first = watcher.poll().await;
    assert!(
        error(&first).contains("cannot reach Flink"),
        "{}",
        error(&first)
    );
    let short = watcher.pause();
    watcher.poll().await;
    watcher.poll().await;
    assert!(watcher.pause() > short * 2, "pauses grow");
    let _back = StandIn::serving_at("2.2.1", address).await;
    let observations = watcher.poll().await;
    assert!(seen::cluster(&observations).unwrap().reachable);
    assert!(seen::job(&observations, "healthy").is_some());
}

#[tokio::test]
async fn a_cluster_that_goes_and_comes_back_is_told_in_full_again() {
    let stand_in = StandIn::serving("2.2.1").await;
    let (address, mut watcher) = (stand_in.address(), seen::watcher(&stand_in));
    watcher.poll().await;
    drop(stand_in);
    let since = seen::cluster(&watcher.poll().await)
        .unwrap()
        .unreachable_since_ms;
    assert_eq!(
        seen::cluster(&watcher.poll().await)
            .unwrap()
            .unreachable_since_ms,
        since
    );
    let _back = StandIn::serving_at("1.20.5", address).await;
    let observations = watcher.poll().await;
    assert_eq!(
        seen::cluster(&observations).unwrap().flink_version,
        "1.20.5",
        "it was upgraded meanwhile"
    );
    assert!(seen::job(&observations, "orders").is_some());
}

#[tokio::test]
async fn an_overview_of_garbage_is_told_as_such() {
    let stand_in = StandIn::serving("2.2.1").await;
    let mut watcher = seen::watcher(&stand_in);
    for garbage in [
        "<html>login</html>",
        "",
        "{\"jobs\": 7}",
        "[]",
        "\u{0}\u{1}",
    ] {
        stand_in.answer("/jobs/overview", Answer::Text(garbage.as_bytes().to_vec()));
        let observations = watcher.poll().await;
        assert!(
            error(&observations).contains("not what Flink answers"),
            "{garbage:?}: {}",
            error(&observations)
        );
    }
    for (answer, part) in [
        (Answer::Status(401), "401"),
        (Answer::Status(503), "503"),
        (Answer::CutOff, "/jobs/overview"),
    ] {
        stand_in.answer("/jobs/overview", answer);
        let observations = watcher.poll().await;
        assert!(
            error(&observations).contains(part),
            "{}",
            error(&observations)
        );
    }
}

#[tokio::test]
async fn an_overview_that_does_not_come_is_told_as_such() {
    let stand_in = StandIn::serving("2.2.1").await;
    let late = Answer::Late(Duration::from_secs(60), Box::new(Answer::Json(json!({}))));
    stand_in.answer("/jobs/overview", late);
    let config = CollectorConfig {
        request_timeout_ms: 300,
        ..seen::quick()
    };
    let observations = seen::watcher_of(&stand_in.url(), None, config).poll().await;
    assert!(
        error(&observations).contains("in time"),
        "{}",
        error(&observations)
    );
}

#[tokio::test]
async fn an_answer_without_end_is_refused() {
    let stand_in = StandIn::serving("2.2.1").await;
    stand_in.answer("/jobs/overview", Answer::Text(vec![b' '; 200_000]));
    let config = CollectorConfig {
        max_answer_bytes: 100_000,
        ..seen::quick()
    };
    let observations = seen::watcher_of(&stand_in.url(), None, config).poll().await;
    assert!(
        error(&observations).contains("longer than 100000 bytes"),
        "{}",
        error(&observations)
    );
}

#[tokio::test]
async fn one_bad_answer_does_not_hide_the_others() {
    let (job_id, vertex) = first_job();
    let bad = [
        format!("/jobs/{job_id}/vertices/{vertex}/metrics"),
        format!("/jobs/{job_id}/vertices/{vertex}"),
        format!("/jobs/{job_id}/checkpoints"),
        format!("/jobs/{job_id}/exceptions"),
        format!("/jobs/{job_id}/config"),
        format!("/jobs/{job_id}/metrics"),
        "/jobmanager/config".to_owned(),
        "/jobmanager/logs".to_owned(),
        "/jobmanager/metrics".to_owned(),
    ];
    let answers = [
        Answer::Text(b"<html>".to_vec()),
        Answer::Json(json!({"errors": ["java.lang.NullPointerException"]})),
        Answer::Json(Value::Null),
        Answer::Status(500),
        Answer::CutOff,
    ];
    for path in &bad {
        for answer in &answers {
            let stand_in = StandIn::serving("2.2.1").await;
            stand_in.answer(path, answer.clone());
            let observations = seen::watcher(&stand_in).poll().await;
            assert!(seen::cluster(&observations).unwrap().reachable, "{path}");
            let batch = seen::metrics(&observations, &job_id)
                .unwrap_or_else(|| panic!("{path} {answer:?}"));
            let vertices = batch
                .groups
                .iter()
                .filter(|group| !group.vertex_id.is_empty())
                .count();
            assert!(vertices >= 2, "{path} {answer:?}");
        }
    }
}

#[tokio::test]
async fn a_job_that_vanishes_in_the_middle_of_a_poll_leaves_no_trace() {
    let (job_id, _) = first_job();
    let stand_in = StandIn::serving("2.2.1").await;
    let mut watcher = seen::watcher(&stand_in);
    stand_in.answer(&format!("/jobs/{job_id}"), Answer::Status(404));
    let observations = watcher.poll().await;
    assert_eq!(seen::metrics(&observations, &job_id), None);
    assert!(
        seen::job(&observations, "failing").is_some(),
        "the other job is still told"
    );
}

#[tokio::test]
async fn vertices_that_vanish_in_the_middle_of_a_poll_are_left_out() {
    let (job_id, vertex) = first_job();
    let stand_in = StandIn::serving("2.2.1").await;
    stand_in.answer(
        &format!("/jobs/{job_id}/vertices/{vertex}"),
        Answer::Status(404),
    );
    let observations = seen::watcher(&stand_in).poll().await;
    let batch = seen::metrics(&observations, &job_id).unwrap();
    assert!(batch.groups.iter().all(|group| group.vertex_id != vertex));
    assert_eq!(batch.groups.len(), 3, "the job and two vertices");
}

#[tokio::test]
async fn a_slow_vertex_does_not_hold_up_the_poll() {
    let (job_id, vertex) = first_job();
    let stand_in = StandIn::serving("2.2.1").await;
    let late = Answer::Late(Duration::from_secs(60), Box::new(Answer::Json(json!({}))));
    stand_in.answer(&format!("/jobs/{job_id}/vertices/{vertex}"), late);
    let config = CollectorConfig {
        request_timeout_ms: 20_000,
        poll_deadline_ms: 3_000,
        ..seen::quick()
    };
    let mut watcher = seen::watcher_of(&stand_in.url(), None, config);
    let started = tokio::time::Instant::now();
    let observations = watcher.poll().await;
    assert!(started.elapsed() < Duration::from_secs(20));
    let batch = seen::metrics(&observations, &job_id).unwrap();
    assert_eq!(
        batch.groups.len(),
        3,
        "the job and the two vertices that answered"
    );
}

#[tokio::test]
async fn no_request_is_longer_than_flink_reads() {
    let (job_id, vertex) = first_job();
    let stand_in = StandIn::serving("2.2.1").await;
    let path = format!("/jobs/{job_id}/vertices/{vertex}");
    let ids = (0..500).map(|i| json!({"id": format!("{i}.busyTimeMsPerSecond"), "value": "7"}));
    stand_in.answer(&format!("{path}/metrics"), Answer::Json(ids.collect()));
    let subtasks = (0..500).map(|i| json!({"subtask": i, "status": "RUNNING"}));
    stand_in.answer(
        &path,
        Answer::Json(json!({"subtasks": subtasks.collect::<Vec<_>>()})),
    );
    let observations = seen::watcher(&stand_in).poll().await;
    let batch = seen::metrics(&observations, &job_id).unwrap();
    let group = batch
        .groups
        .iter()
        .find(|group| group.vertex_id == vertex)
        .unwrap();
    assert_eq!(seen::row(group, "busyTimeMsPerSecond"), [7.0; 500]);
}

#[tokio::test]
async fn the_password_of_an_address_is_not_told() {
    let observations = seen::watcher_of("http://bob:hunter2@127.0.0.1:1", None, seen::quick())
        .poll()
        .await;
    assert!(!seen::everything(&observations).contains("hunter2"));
}

#[tokio::test]
async fn every_request_is_logged_in_and_a_rotated_token_is_seen() {
    let stand_in = StandIn::serving("2.2.1").await;
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), "first\n").unwrap();
    let token = Secret::File(file.path().to_owned());
    let target = ClusterTarget {
        credentials: Some(Credentials::Bearer { token }),
        ..ClusterTarget::new("c", stand_in.url())
    };
    let mut watcher = ClusterWatcher::new(target, seen::quick()).unwrap();
    watcher.poll().await;
    let all = stand_in.authorizations();
    assert_eq!(all.len(), stand_in.asked().len());
    assert!(all.iter().all(|value| value == "Bearer first"));
    std::fs::write(file.path(), "second\n").unwrap();
    watcher.poll().await;
    assert_eq!(stand_in.authorizations().last().unwrap(), "Bearer second");
    std::fs::remove_file(file.path()).unwrap();
    let observations = watcher.poll().await;
    assert!(
        error(&observations).contains("secret file"),
        "{}",
        error(&observations)
    );
}
