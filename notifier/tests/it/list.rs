//! The list of jobs, whose rows are kept and made again only when something changed.

use serde_json::{Value, json};

use streamwarden_proto::Class;
use streamwarden_proto::scope::Scope;

use crate::asking::{ask, get};
use crate::figures::{an_hour, cluster};
use crate::service::{OPERATOR, Service};
use crate::support::{BEGAN_MS, HeldClock, finding, opened, resolved};

async fn row(service: &Service) -> Value {
    let list = get(service, "/api/v1/jobs").await;
    assert_eq!(list["total"], 1);
    list["jobs"][0].clone()
}

#[tokio::test]
async fn whatever_changes_a_row_is_seen_in_the_next_answer() {
    let clock = HeldClock::at(BEGAN_MS + 60_000);
    let service = Service::start("sqlite::memory:", Vec::new(), &clock).await;
    service.engine.on_features(&an_hour("orders"));
    assert_eq!(row(&service).await["status"], "healthy");

    // What is wrong with a TaskManager is told without a job.
    let mut gone = finding(
        "",
        "taskmanager-killed",
        Class::TaskmanagerLost,
        BEGAN_MS + 60_000,
    );
    gone.job_id = String::new();
    gone.subject.scope = Scope::TaskManager;
    service.take(&[opened(&gone, BEGAN_MS + 60_000)]).await;
    assert_eq!(row(&service).await["status"], "critical");

    let silence =
        json!({ "matcher": { "finding_id": gone.finding_id }, "duration_s": 60 }).to_string();
    let made = ask(
        &service,
        "POST",
        "/api/v1/silences",
        OPERATOR,
        Some(&silence),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(
        row(&service).await["silenced_until"],
        made.json()["ends_at"]
    );
    clock.pass_s(61);
    assert_eq!(row(&service).await["silenced_until"], Value::Null);

    service.take(&[resolved(&gone, BEGAN_MS + 130_000)]).await;
    assert_eq!(row(&service).await["status"], "healthy");
    service
        .engine
        .on_features(&[cluster(BEGAN_MS + 140_000, false)]);
    assert_eq!(row(&service).await["status"], "no_data");
    service.stop().await;
}

#[tokio::test]
async fn two_jobs_of_one_id_are_told_apart_as_soon_as_there_are_two() {
    let clock = HeldClock::at(BEGAN_MS + 60_000);
    let service = Service::start("sqlite::memory:", Vec::new(), &clock).await;
    service.engine.on_features(&an_hour("orders"));
    assert_eq!(row(&service).await["id"], "id-orders");
    let mut other = finding(
        "orders",
        "slow-sink",
        Class::BackpressureStall,
        BEGAN_MS + 60_000,
    );
    other.cluster_id = "orders-test".into();
    service.take(&[opened(&other, BEGAN_MS + 60_000)]).await;
    let list = get(&service, "/api/v1/jobs").await;
    let ids: Vec<&str> = list["jobs"]
        .as_array()
        .unwrap()
        .iter()
        .map(|job| job["id"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["orders-test~id-orders", "orders-prod~id-orders"]);
    service.stop().await;
}
