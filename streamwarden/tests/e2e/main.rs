//! The whole line on a real Flink and a real Kafka: from a sick job to a recommendation and an alert.
//!
//! `make e2e` runs it. Flink and Kafka are fetched into the cache; Slack is a stand-in that keeps Slack's rules.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

mod flink;
mod kafka;
mod processes;
mod slack;
mod topic;

use std::io::Write as _;
use std::time::Duration;

use flink::{Job, RealFlink};
use kafka::Kafka;
use processes::Home;
use slack::Slack;
use tokio::time::{Instant, sleep};

/// From planting to the message: the promise.
const ALERT_LIMIT: Duration = Duration::from_secs(60);
/// From taking away to the message of the end: queues drain, then the evidence must stay away for a while.
const RESOLVED_LIMIT: Duration = Duration::from_secs(180);
/// A job is judged when it has been watched for a while.
const LEARNING: Duration = Duration::from_secs(60);
/// From a message on Slack to the note that it was sent.
const NOTED_LIMIT: Duration = Duration::from_secs(10);
const SINK: &str = "Sink: warehouse: Writer";

/// Waits until `condition` holds; panics with what `explain` says after `limit`.
async fn within(
    limit: Duration,
    what: &str,
    condition: impl AsyncFn() -> bool,
    explain: impl Fn() -> String,
) -> Duration {
    let started = Instant::now();
    while !condition().await {
        assert!(
            started.elapsed() < limit,
            "not within {limit:?}: {what}\n{}",
            explain()
        );
        sleep(Duration::from_millis(250)).await;
    }
    started.elapsed()
}

async fn slack_says(slack: &Slack, home: &Home, limit: Duration, count: usize) -> Duration {
    let explain = || format!("{:#?}\n{}", slack.texts(), home.logs());
    let what = format!("{count} messages on Slack");
    within(limit, &what, async || slack.texts().len() >= count, explain).await
}

async fn jobs(flink: &RealFlink) -> (Job, Job) {
    let sick = flink.submit("slow-sink-keyed-aggregation", "strong").await;
    let healthy = flink.submit("healthy-map-chain", "steady").await;
    (sick, healthy)
}

fn report(what: &str, took: Duration) {
    // The harness runs with --nocapture, so that the figure is in the log of the run.
    let mut out = std::io::stdout();
    writeln!(out, "{what}: {:.1} s", took.as_secs_f64()).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_sink_reaches_the_public_topic_and_slack_once_and_its_end_once() {
    let kafka = Kafka::start();
    let flink = RealFlink::start().await;
    let slack = Slack::start().await;
    let home = Home::new(
        &slack.url,
        &format!(
            "[kafka]\nbrokers = \"{}\"\npartitions = 3\nreplication = 1\n",
            kafka.brokers
        ),
    );
    let (sick, healthy) = jobs(&flink).await;
    let _services = [
        home.start(&["collector", "--flink", flink.url()]),
        home.start(&["featurizer"]),
        home.start(&["inference"]),
        home.start(&["notifier"]),
    ];
    sleep(LEARNING).await;
    assert!(
        slack.texts().is_empty(),
        "{:#?}\n{}",
        slack.texts(),
        home.logs()
    );

    sick.plant();
    report(
        "from planting to Slack",
        slack_says(&slack, &home, ALERT_LIMIT, 1).await,
    );
    sick.take_away();
    report(
        "from taking away to Slack",
        slack_says(&slack, &home, RESOLVED_LIMIT, 2).await,
    );

    let texts = slack.texts();
    assert_eq!(texts.len(), 2, "{texts:#?}");
    assert!(
        texts[0].contains(SINK) && texts[0].contains("order-totals"),
        "{texts:#?}"
    );
    assert!(texts[1].contains("Resolved"), "{texts:#?}");

    let events = topic::findings(&kafka.brokers).await;
    assert!(
        events.iter().all(|event| event.data.job_id != healthy.id),
        "{events:#?}"
    );
    let opened = events
        .iter()
        .filter(|event| event.event_type.contains("opened"));
    let opened: Vec<_> = opened.map(|event| &event.data).collect();
    assert_eq!(opened.len(), 1, "{events:#?}");
    assert_eq!(opened[0].slug, "slow-sink");
    assert_eq!(opened[0].subject.id, sick.vertex(SINK));
    assert!(
        !opened[0].actions.is_empty() && !opened[0].decision.is_empty(),
        "{opened:#?}"
    );
    let resolved = events
        .iter()
        .filter(|event| event.event_type.contains("resolved"));
    assert_eq!(resolved.count(), 1, "{events:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_process_with_everything_in_it_alerts_once_even_if_it_is_killed_in_between() {
    let flink = RealFlink::start().await;
    let slack = Slack::start().await;
    let home = Home::new(&slack.url, "");
    let (sick, _healthy) = jobs(&flink).await;
    let data = home.path("data").display().to_string();
    let run = ["run", "--flink", flink.url(), "--data", &data];

    let first = home.start(&run);
    sleep(LEARNING).await;
    assert!(
        slack.texts().is_empty(),
        "{:#?}\n{}",
        slack.texts(),
        home.logs()
    );
    sick.plant();
    report(
        "from planting to Slack, one process",
        slack_says(&slack, &home, ALERT_LIMIT, 1).await,
    );
    assert!(slack.texts()[0].contains(SINK), "{:#?}", slack.texts());

    let noted = async || home.noted(1);
    within(NOTED_LIMIT, "the message is noted", noted, || home.logs()).await;

    // Its broker dies with it; what was alerted is in the database.
    first.kill();
    let second = home.start(&run);
    // The job is not young any more: a second alert would come as fast as the first one did.
    sleep(ALERT_LIMIT).await;
    assert_eq!(
        slack.texts().len(),
        1,
        "{:#?}\n{}",
        slack.texts(),
        home.logs()
    );

    // Killed between the polls that show a problem and its alert: it is alerted after all, once.
    sick.take_away();
    slack_says(&slack, &home, RESOLVED_LIMIT, 2).await;
    sick.plant();
    sleep(Duration::from_secs(12)).await;
    second.kill();
    assert_eq!(
        slack.texts().len(),
        2,
        "killed too late: {:#?}",
        slack.texts()
    );
    let _third = home.start(&run);
    slack_says(&slack, &home, LEARNING + ALERT_LIMIT, 3).await;
    sleep(Duration::from_secs(30)).await;
    assert_eq!(
        slack.texts().len(),
        3,
        "{:#?}\n{}",
        slack.texts(),
        home.logs()
    );
}
