//! Very much at once, and very much over time.

use streamwarden_proto::Class;

use crate::asking::get;
use crate::service::Service;
use crate::slack::Slack;
use crate::support::{BEGAN_MS, HeldClock, eventually, finding, opened, resolved, slow_sink};

const DAY_MS: i64 = 86_400_000;

#[tokio::test]
async fn a_storm_reaches_slack_as_a_handful_of_messages_and_never_too_fast() {
    let slack = Slack::start().await;
    let service = Service::to_slack(&slack, BEGAN_MS).await;
    let problems = ["slow-sink", "hot-key", "gc-pressure"];
    let storm: Vec<_> = (0..900)
        .map(|number| {
            let job = format!("job-{number}");
            let slug = problems[number % problems.len()];
            let finding = finding(&job, slug, Class::BackpressureStall, BEGAN_MS);
            opened(&finding, BEGAN_MS)
        })
        .collect();
    service.take(&storm).await;
    service.pass_s(5).await;
    let all_sent = || async {
        let channels = get(&service, "/api/v1/channels").await;
        let channel = &channels["channels"][0];
        (channel["waiting"] == 0 && !channel["last_sent"].is_null()).then_some(())
    };
    eventually("all is sent", all_sent).await;
    let told = slack.texts();
    assert!((3..=9).contains(&told.len()), "{told:?}");
    assert_eq!(slack.seen(|seen| seen.too_fast), 0);
    let in_a_message = {
        let state = service.engine.state();
        let alerts = state.machine.open_alerts();
        alerts
            .filter(|alert| alert.announced.contains_key("slack"))
            .count()
    };
    assert_eq!(in_a_message, storm.len());
    service.stop().await;
}

#[tokio::test]
async fn what_is_over_for_long_is_forgotten_and_what_is_open_is_not() {
    let clock = HeldClock::at(BEGAN_MS);
    let service = Service::start("sqlite::memory:", Vec::new(), &clock).await;
    let over = slow_sink("orders");
    let lasting = slow_sink("payments");
    service
        .take(&[opened(&over, BEGAN_MS), opened(&lasting, BEGAN_MS)])
        .await;
    service.take(&[resolved(&over, BEGAN_MS + 60_000)]).await;
    let incidents = get(&service, "/api/v1/incidents").await;
    assert_eq!(incidents["incidents"].as_array().unwrap().len(), 2);
    service
        .engine
        .store
        .retain(BEGAN_MS + DAY_MS)
        .await
        .unwrap();
    let incidents = get(&service, "/api/v1/incidents").await;
    let left = incidents["incidents"].as_array().unwrap();
    assert_eq!(left.len(), 1);
    assert_eq!(left[0]["job_name"], "payments");
    service.stop().await;
}
