//! The API as the page and programs see it.

use std::collections::BTreeMap;
use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use streamwarden_notifier::api::types::{
    ChannelList, FindingList, IncidentList, JobDetail, JobList, ModelList, ProblemList,
    SessionInfo, SilenceList, Status,
};
use streamwarden_proto::scope::Scope;

use crate::asking::{ask, ask_with, get};
use crate::figures::{an_hour, cluster, features, snapshot};
use crate::service::{ADMIN, OPERATOR, Service, slack_webhook};
use crate::support::{BEGAN_MS, HeldClock, eventually, opened, resolved, slow_sink};

pub(crate) async fn with_a_slow_sink() -> Service {
    let clock = HeldClock::at(BEGAN_MS + 60_000);
    let channels = vec![slack_webhook("slack", "http://127.0.0.1:1/x")];
    let service = Service::start("sqlite::memory:", channels, &clock).await;
    service.engine.on_features(&an_hour("orders"));
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service
}

/// Numbers by value, absent as null.
fn same(value: &Value) -> Value {
    match value {
        Value::Number(number) => json!(number.as_f64()),
        Value::Array(values) => values.iter().map(same).collect(),
        Value::Object(fields) => {
            let fields = fields.iter().filter(|(_, value)| !value.is_null());
            let fields: BTreeMap<String, Value> =
                fields.map(|(k, v)| (k.clone(), same(v))).collect();
            json!(fields)
        }
        other => other.clone(),
    }
}

fn reads_back<T: Serialize + DeserializeOwned>(file: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("web/fixtures")
        .join(file);
    let text = std::fs::read_to_string(path).unwrap();
    let read: T = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{file}: {error}"));
    let written = serde_json::to_value(&read).unwrap();
    let expected: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(same(&written), same(&expected), "{file}");
}

#[test]
fn the_pages_fixtures_are_of_the_shape_that_the_api_answers_in() {
    reads_back::<JobList>("jobs.json");
    reads_back::<JobDetail>("job.json");
    reads_back::<FindingList>("findings.json");
    reads_back::<IncidentList>("incidents.json");
    reads_back::<ProblemList>("problems.json");
    reads_back::<ModelList>("models.json");
    reads_back::<SessionInfo>("session.json");
    reads_back::<ChannelList>("channels.json");
    reads_back::<SilenceList>("silences.json");
    reads_back::<Status>("status.json");
}

#[tokio::test]
async fn a_sick_job_is_first_with_its_finding_and_the_deciding_figure() {
    let service = with_a_slow_sink().await;
    service.engine.on_features(&an_hour("calm"));
    let jobs = get(&service, "/api/v1/jobs").await;
    assert_eq!(jobs["total"], 2);
    assert_eq!(jobs["counts"]["critical"], 1);
    assert_eq!(jobs["counts"]["healthy"], 1);
    let first = &jobs["jobs"][0];
    assert_eq!(first["job_name"], "orders");
    assert_eq!(first["status"], "critical");
    assert!(first["health"].as_u64().unwrap() < 50);
    assert_eq!(first["finding"]["where"], "all 4 subtasks");
    assert_eq!(first["figure"]["value"], 985.0);
    assert_eq!(first["figure"]["before"], 744.0);
    assert_eq!(
        first["figure"]["series"]["values"]
            .as_array()
            .unwrap()
            .len(),
        60
    );
    let second = &jobs["jobs"][1];
    assert_eq!(second["health"], 100);
    assert_eq!(
        second["figure"]["feature"], "backpressured_mean",
        "the figure closest to its limit"
    );
    let only = get(&service, "/api/v1/jobs?status=healthy&limit=5&q=CAL").await;
    assert_eq!(only["jobs"].as_array().unwrap().len(), 1);
    service.stop().await;
}

#[tokio::test]
async fn a_jobs_own_page_has_graph_time_lines_configuration_and_how_to_apply() {
    let service = with_a_slow_sink().await;
    service
        .engine
        .on_features(&[snapshot("orders", BEGAN_MS + 50_000, "16")]);
    let job = get(&service, "/api/v1/jobs/id-orders").await;
    assert_eq!(
        job,
        get(&service, "/api/v1/jobs/orders-prod/id-orders").await
    );
    let _: JobDetail = serde_json::from_value(job.clone()).unwrap();
    assert_eq!(job["flink_version"], "2.2.1");
    assert_eq!(job["flink_url"], "http://jm:8081/#/job/running/id-orders");
    let sink = &job["graph"]["vertices"][1];
    assert_eq!(
        (&sink["busy"], &sink["idle"]),
        (&json!(985.0), &json!(15.0))
    );
    assert_eq!(job["graph"]["edges"][0]["blocked"], 893.0);
    let lines = job["series"]["lines"].as_array().unwrap();
    assert_eq!(lines[0]["label"], "Throughput");
    // The page puts the subject before the label.
    assert_eq!(
        (&lines[1]["subject"], &lines[1]["label"]),
        (&json!("Sink: warehouse"), &json!("sink busy"))
    );
    assert!(
        lines
            .iter()
            .any(|line| line["feature"] == "busy_max" && line["healthy_max"] == 800.0)
    );
    assert!(
        lines
            .iter()
            .all(|line| line["values"].as_array().unwrap().len() == 360)
    );
    let marks = job["series"]["marks"].as_array().unwrap();
    assert!(marks.iter().any(|mark| mark["kind"] == "opened"));
    assert!(
        marks
            .iter()
            .any(|mark| mark["label"] == "parallelism.default 8 → 16")
    );
    let secret = job["configuration"]
        .as_array()
        .unwrap()
        .iter()
        .find(|s| s["key"] == "s3.secret-key");
    assert_eq!(secret.unwrap()["value"], "");
    assert_eq!(secret.unwrap()["redacted"], true);
    let steps = job["findings"][0]["apply"]["steps"].as_array().unwrap();
    assert!(
        steps[0]
            .as_str()
            .unwrap()
            .contains("flink stop --savepointPath")
    );
    service.stop().await;
}

#[tokio::test]
async fn a_cluster_that_does_not_answer_has_no_health_and_keeps_its_findings() {
    let service = with_a_slow_sink().await;
    service
        .engine
        .on_features(&[cluster(BEGAN_MS + 61_000, false)]);
    let jobs = get(&service, "/api/v1/jobs").await;
    assert_eq!(jobs["jobs"][0]["status"], "no_data");
    assert_eq!(jobs["jobs"][0]["health"], Value::Null);
    assert_eq!(jobs["jobs"][0]["finding"]["slug"], "slow-sink");
    let status = get(&service, "/api/v1/status").await;
    assert_eq!(status["clusters"][0]["state"], "unreachable");
    assert_eq!(status["clusters"][0]["reason"], "connection refused");
    service.stop().await;
}

#[tokio::test]
async fn a_new_job_is_being_learned_and_has_no_health() {
    let clock = HeldClock::at(BEGAN_MS);
    let service = Service::start("sqlite::memory:", Vec::new(), &clock).await;
    service.engine.on_features(&[
        features(Scope::Job, "new", "id-new", BEGAN_MS, &[1.0, 1.0, 1.0]),
        features(
            Scope::Job,
            "new",
            "id-new",
            BEGAN_MS + 10_000,
            &[1.0, 1.0, 1.0],
        ),
    ]);
    let jobs = get(&service, "/api/v1/jobs").await;
    assert_eq!(jobs["jobs"][0]["status"], "learning");
    assert_eq!(jobs["jobs"][0]["health"], Value::Null);
    assert_eq!(jobs["jobs"][0]["learning"]["windows"], 2);
    assert_eq!(jobs["jobs"][0]["figure"], Value::Null);
    service.stop().await;
}

#[tokio::test]
async fn the_history_keeps_what_is_over_and_what_was_said_of_it() {
    let service = with_a_slow_sink().await;
    service
        .take(&[resolved(&slow_sink("orders"), BEGAN_MS + 120_000)])
        .await;
    let id = slow_sink("orders").finding_id;
    let path = format!("/api/v1/findings/{id}/feedback");
    let body = json!({ "verdict": "wrong", "actual_slug": "hot-key", "comment": "<b>reload</b>" });
    let said = ask(&service, "POST", &path, OPERATOR, Some(&body.to_string())).await;
    assert_eq!(said.status, 200, "{}", said.text);
    let incidents = get(&service, "/api/v1/incidents").await;
    let incident = &incidents["incidents"][0];
    assert_eq!(incident["status"], "resolved");
    assert_eq!(incident["ended"], "2026-11-22T02:48:20Z");
    assert_eq!(incident["feedback"]["verdict"], "wrong");
    assert_eq!(incident["feedback"]["comment"], "<b>reload</b>");
    let waiting = service.engine.store.unpublished_feedback(10).await.unwrap();
    assert_eq!(waiting[0].1.author, "dana");
    assert_eq!(
        get(&service, "/api/v1/status").await["calm_since"],
        "2026-11-22T02:48:20Z"
    );
    service.stop().await;
}

#[tokio::test]
async fn changes_need_a_token_with_the_right() {
    let service = with_a_slow_sink().await;
    let body = json!({ "matcher": { "job_name": "orders" }, "duration_s": 60 }).to_string();
    let without = ask(&service, "POST", "/api/v1/silences", "", Some(&body)).await;
    assert_eq!(
        (without.status, without.json()["right"].as_str()),
        (401, Some("silence"))
    );
    let wrong = ask(&service, "POST", "/api/v1/silences", "guess", Some(&body)).await;
    assert_eq!(wrong.status, 401);
    let test = ask(
        &service,
        "POST",
        "/api/v1/channels/slack/test",
        OPERATOR,
        Some("{}"),
    )
    .await;
    assert_eq!(
        (test.status, test.json()["right"].as_str()),
        (403, Some("channels"))
    );
    let test = ask(
        &service,
        "POST",
        "/api/v1/channels/slack/test",
        ADMIN,
        Some("{}"),
    )
    .await;
    assert_eq!(test.json()["outcome"], "failed");
    let rights = ask(&service, "GET", "/api/v1/status", OPERATOR, None)
        .await
        .json();
    assert_eq!(rights["rights"], json!(["read", "feedback", "silence"]));
    assert_eq!(
        get(&service, "/api/v1/status").await["rights"],
        json!(["read"])
    );
    service.stop().await;
}

#[tokio::test]
async fn a_silence_shows_on_the_job_and_ends_when_it_is_taken_away() {
    let service = with_a_slow_sink().await;
    let id = slow_sink("orders").finding_id;
    let body =
        json!({ "matcher": { "finding_id": id }, "duration_s": 3600, "reason": "load test" });
    let made = ask(
        &service,
        "POST",
        "/api/v1/silences",
        OPERATOR,
        Some(&body.to_string()),
    )
    .await;
    assert_eq!(made.status, 201, "{}", made.text);
    assert_eq!(made.json()["author"], "dana");
    let job = &get(&service, "/api/v1/jobs").await["jobs"][0];
    assert_eq!(job["silenced_until"], "2026-11-22T03:47:20Z");
    let silence = made.json()["id"].as_str().unwrap().to_owned();
    let path = format!("/api/v1/silences/{silence}");
    assert_eq!(
        ask(&service, "DELETE", &path, OPERATOR, None).await.status,
        204
    );
    assert_eq!(
        ask(&service, "DELETE", &path, OPERATOR, None).await.status,
        404
    );
    assert_eq!(
        get(&service, "/api/v1/jobs").await["jobs"][0]["silenced_until"],
        Value::Null
    );
    assert_eq!(
        get(&service, "/api/v1/silences").await["silences"],
        json!([])
    );
    service.stop().await;
}

#[tokio::test]
async fn malformed_silences_are_refused_with_a_reason() {
    let service = with_a_slow_sink().await;
    let cases = [
        ("not json", 400, "JSON"),
        (
            r#"{"matcher":{}, "duration_s": 60}"#,
            400,
            "matcher is empty",
        ),
        (
            r#"{"matcher":{"job_name":"*"}, "duration_s": 60}"#,
            400,
            "matcher is empty",
        ),
        (
            r#"{"matcher":{"job_name":"a"}, "duration_s": -5}"#,
            400,
            "end before it begins",
        ),
        (
            r#"{"matcher":{"job_name":"a"}, "duration_s": 99999999999}"#,
            400,
            "90 days",
        ),
        (
            r#"{"matcher":{"job_name":"a"}, "ends_at": "2001-01-01T00:00:00Z", "starts_at": "2000-01-01T00:00:00Z"}"#,
            400,
            "in the past",
        ),
        (
            r#"{"matcher":{"job_name":"a"}, "ends_at": "tomorrow"}"#,
            400,
            "no time",
        ),
        (
            r#"{"matcher":{"job_name":"a"}}"#,
            400,
            "duration_s or ends_at",
        ),
        (
            r#"{"matcher":{"finding_id":"f-none"}, "duration_s": 60}"#,
            404,
            "f-none",
        ),
        (
            r#"{"matcher":{"colour":"red"}, "duration_s": 60}"#,
            422,
            "colour",
        ),
        (
            r#"{"matcher":{"job_name":"a"}, "duration_s": "60"}"#,
            422,
            "duration_s",
        ),
    ];
    for (body, status, words) in cases {
        let refused = ask(&service, "POST", "/api/v1/silences", OPERATOR, Some(body)).await;
        assert_eq!(refused.status, status, "{body}: {}", refused.text);
        let error = refused.json()["error"].as_str().unwrap().to_owned();
        assert!(error.contains(words), "{body}: {error}");
    }
    service.stop().await;
}

#[tokio::test]
async fn huge_bodies_and_nonsense_are_refused_and_nothing_breaks() {
    let service = with_a_slow_sink().await;
    let huge = format!(
        r#"{{"matcher":{{"job_name":"{}"}},"duration_s":60}}"#,
        "x".repeat(1 << 20)
    );
    let refused = ask(&service, "POST", "/api/v1/silences", OPERATOR, Some(&huge)).await;
    assert_eq!(refused.status, 413);
    for path in [
        "/api/v1/jobs?limit=-1",
        "/api/v1/jobs?status=sick",
        "/api/v1/jobs?colour=red",
        "/api/v1/incidents?days=x",
    ] {
        let refused = ask(&service, "GET", path, "", None).await;
        assert_eq!(refused.status, 400, "{path}");
        assert!(refused.json()["error"].is_string());
    }
    for path in [
        "/api/v1/jobs/none",
        "/api/v1/findings/none",
        "/api/v1/nothing",
        "/api/v1/jobs/%00%ff",
    ] {
        let refused = ask(&service, "GET", path, "", None).await;
        assert!(
            matches!(refused.status, 400 | 404),
            "{path}: {}",
            refused.status
        );
    }
    assert_eq!(
        ask(&service, "PUT", "/api/v1/jobs", "", None).await.status,
        405
    );
    assert_eq!(
        ask(&service, "GET", "/api/v1/jobs", "", None).await.status,
        200
    );
    service.stop().await;
}

#[tokio::test]
async fn another_sites_page_cannot_change_anything() {
    let service = with_a_slow_sink().await;
    let body = json!({ "matcher": { "job_name": "orders" }, "duration_s": 60 }).to_string();
    let headers = [
        ("content-type", "application/json"),
        ("origin", "https://evil.example"),
    ];
    let path = "/api/v1/silences";
    let refused = ask_with(&service, "POST", path, OPERATOR, Some(&body), &headers).await;
    assert_eq!(refused.status, 403);
    let headers = [("content-type", "text/plain")];
    let refused = ask_with(&service, "POST", path, OPERATOR, Some(&body), &headers).await;
    assert_eq!(refused.status, 415);
    service.stop().await;
}

#[tokio::test]
async fn what_has_not_changed_is_not_sent_again() {
    let service = with_a_slow_sink().await;
    for path in ["/api/v1/jobs", "/api/v1/jobs/id-orders", "/", "/js/main.js"] {
        let first = ask(&service, "GET", path, "", None).await;
        assert_eq!(first.status, 200, "{path}");
        let tag = first.headers["etag"].as_str();
        let again = ask_with(&service, "GET", path, "", None, &[("if-none-match", tag)]).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""), "{path}");
    }
    service.stop().await;
}

#[tokio::test]
async fn the_page_is_served_under_a_strict_policy_and_compressed() {
    let service = with_a_slow_sink().await;
    let page = ask_with(
        &service,
        "GET",
        "/",
        "",
        None,
        &[("accept-encoding", "gzip")],
    )
    .await;
    assert_eq!(page.headers["content-type"], "text/html; charset=utf-8");
    assert_eq!(page.headers["content-encoding"], "gzip");
    let policy = &page.headers["content-security-policy"];
    assert!(
        policy.starts_with("default-src 'none'; script-src 'self'"),
        "{policy}"
    );
    assert!(!policy.contains("unsafe"));
    assert_eq!(page.headers["x-content-type-options"], "nosniff");
    for path in ["/../Cargo.toml", "/js/../../Cargo.toml", "/nothing.html"] {
        assert_eq!(
            ask(&service, "GET", path, "", None).await.status,
            404,
            "{path}"
        );
    }
    for path in ["/healthz", "/metrics"] {
        assert_eq!(
            ask(&service, "GET", path, "", None).await.status,
            200,
            "{path}"
        );
    }
    service.stop().await;
}

#[tokio::test]
async fn the_list_of_jobs_comes_packed_to_whoever_takes_it_so_and_plain_to_others() {
    let service = with_a_slow_sink().await;
    let path = "/api/v1/jobs";
    let coded = |coding: &'static str| [("accept-encoding", coding)];
    for coding in ["gzip", "deflate, gzip;q=0.5, br"] {
        let packed = ask_with(&service, "GET", path, "", None, &coded(coding)).await;
        assert_eq!(packed.headers["content-encoding"], "gzip", "{coding}");
        let tag = packed.headers["etag"].as_str();
        let again = [("accept-encoding", "gzip"), ("if-none-match", tag)];
        let again = ask_with(&service, "GET", path, "", None, &again).await;
        assert_eq!((again.status, again.text.as_str()), (304, ""));
    }
    for coding in ["identity", "br", "gzip;q=0"] {
        let plain = ask_with(&service, "GET", path, "", None, &coded(coding)).await;
        assert!(!plain.headers.contains_key("content-encoding"), "{coding}");
        assert_eq!(plain.json()["total"], 1);
    }
    // The test's own client unpacks nothing; reqwest's does.
    let unpacked = reqwest::get(format!("{}{path}", service.address)).await;
    let unpacked: Value = unpacked.unwrap().json().await.unwrap();
    assert_eq!(unpacked["jobs"][0]["job_name"], "orders");
    service.stop().await;
}

#[tokio::test]
async fn whoever_watches_sees_a_finding_open() {
    let clock = HeldClock::at(BEGAN_MS);
    let service = Service::start("sqlite::memory:", Vec::new(), &clock).await;
    let mut stream = reqwest::get(format!("{}/api/v1/events", service.address))
        .await
        .unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let watched = || async { service.engine.live.is_watched().then_some(()) };
    eventually("somebody watches", watched).await;
    service
        .take(&[opened(&slow_sink("orders"), BEGAN_MS)])
        .await;
    service.engine.on_features(&an_hour("orders"));
    streamwarden_notifier::api::jobs_rows::tell(&service.engine, &mut None);
    let mut text = String::new();
    while !text.contains("event: window") {
        text.push_str(&String::from_utf8_lossy(
            &stream.chunk().await.unwrap().unwrap(),
        ));
    }
    assert!(
        text.contains("event: finding\ndata: {\"type\":\"opened\""),
        "{text}"
    );
    assert!(text.contains("event: jobs\ndata: "), "{text}");
    let jobs = text
        .split("event: jobs\ndata: ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    let jobs: Value = serde_json::from_str(jobs).unwrap();
    assert_eq!(jobs["changed"][0]["status"], "critical");
    service.stop().await;
}

#[tokio::test]
async fn every_path_of_the_openapi_document_exists() {
    let service = with_a_slow_sink().await;
    let document = get(&service, "/api/v1/openapi.json").await;
    assert_eq!(document["openapi"], "3.1.0");
    for (path, methods) in document["paths"].as_object().unwrap() {
        if path == "/events" {
            continue;
        }
        let filled = path
            .replace("{cluster}/{job}", "orders-prod/id-orders")
            .replace("/jobs/{id}", "/jobs/id-orders")
            .replace("{name}", "slack")
            .replace("{id}", "none");
        for method in methods.as_object().unwrap().keys() {
            let method = method.to_uppercase();
            let asked = ask(
                &service,
                &method,
                &format!("/api/v1{filled}"),
                ADMIN,
                Some("{}"),
            )
            .await;
            let known = document["paths"][path][method.to_lowercase()]["responses"]
                .as_object()
                .unwrap();
            let status = asked.status.to_string();
            assert!(
                known.contains_key(&status),
                "{method} {path} answered {status}: {}",
                asked.text
            );
        }
    }
    service.stop().await;
}
