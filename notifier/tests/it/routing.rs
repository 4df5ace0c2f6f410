//! The tree that leads findings to channels.

use streamwarden_notifier::alerts::config::AlertingConfig;
use streamwarden_notifier::alerts::intent::Intent;
use streamwarden_notifier::alerts::matcher::Route;
use streamwarden_notifier::alerts::{AlertMachine, ChannelRoute};
use streamwarden_notifier::message::build::Surroundings;
use streamwarden_proto::Class;
use streamwarden_proto::finding::{Finding, Severity};

use crate::support::{BEGAN_MS, opened, resolved, slow_sink, updated};

const HOUR_MS: i64 = 3_600_000;
/// 02:46 UTC is when findings begin.
const NIGHT_MS: i64 = BEGAN_MS;
const MORNING_MS: i64 = BEGAN_MS + 6 * HOUR_MS;

/// Orders have a team with a pager and, by day, a desk; everything else goes to the platform's people.
fn machine() -> AlertMachine {
    let routes = serde_json::json!([
        {
            "when": { "jobs": ["orders*"] },
            "channels": ["orders"],
            "routes": [
                { "when": { "problems": ["config_*"] }, "channels": ["log"], "go_on": true },
                { "when": { "min_severity": "critical", "hours_utc": ["08:00", "18:00"] }, "channels": ["desk"] },
                { "when": { "min_severity": "critical" }, "channels": ["pager", "orders"] },
            ],
        },
        { "channels": ["platform"] },
    ]);
    let config = AlertingConfig {
        routes: serde_json::from_value(routes).unwrap(),
        ..AlertingConfig::default()
    };
    let channels = ["orders", "log", "desk", "pager", "platform", "audit"];
    let channel = |name: &str| ChannelRoute {
        name: name.into(),
        route: Route::default(),
        edits: false,
        lists: true,
    };
    AlertMachine::new(config, channels.map(channel).into())
}

fn sink(job: &str, severity: Severity) -> Finding {
    Finding {
        severity,
        ..slow_sink(job)
    }
}

fn names(told: &[Intent]) -> Vec<&str> {
    let mut names: Vec<&str> = told.iter().map(|intent| intent.channel.as_str()).collect();
    names.sort_unstable();
    names
}

/// What is said within twenty seconds.
fn wait(machine: &mut AlertMachine, now_ms: i64) -> Vec<Intent> {
    machine
        .on_tick(&Surroundings::default(), now_ms + 20_000)
        .intents
}

fn told(finding: &Finding, now_ms: i64) -> Vec<Intent> {
    let mut machine = machine();
    machine.on_event(&opened(finding, now_ms), &Surroundings::default(), now_ms);
    wait(&mut machine, now_ms)
}

#[test]
fn the_first_branch_that_fits_takes_a_finding_the_last_one_what_is_left_and_an_unnamed_channel_gets_all()
 {
    let orders = told(&sink("orders", Severity::Warning), NIGHT_MS);
    assert_eq!(names(&orders), ["audit", "orders"]);
    let others = told(&sink("payments", Severity::Critical), NIGHT_MS);
    assert_eq!(names(&others), ["audit", "platform"]);
}

#[test]
fn a_branch_within_takes_a_finding_from_its_team_at_its_hours() {
    let critical = sink("orders", Severity::Critical);
    assert_eq!(
        names(&told(&critical, NIGHT_MS)),
        ["audit", "orders", "pager"]
    );
    assert_eq!(names(&told(&critical, MORNING_MS)), ["audit", "desk"]);
}

#[test]
fn a_branch_that_goes_on_leaves_a_finding_to_those_behind_it_too() {
    let mut wrong = sink("orders", Severity::Critical);
    wrong.class = Class::ConfigInvalid;
    assert_eq!(
        names(&told(&wrong, NIGHT_MS)),
        ["audit", "log", "orders", "pager"]
    );
}

#[test]
fn what_is_still_open_in_the_morning_reaches_the_desk_and_its_end_all_who_were_told() {
    let critical = sink("orders", Severity::Critical);
    let mut machine = machine();
    machine.on_event(
        &opened(&critical, NIGHT_MS),
        &Surroundings::default(),
        NIGHT_MS,
    );
    assert_eq!(wait(&mut machine, NIGHT_MS).len(), 3);
    for minute in 1..=6 * 60 {
        let at_ms = NIGHT_MS + minute * 60_000;
        machine.on_event(&updated(&critical, at_ms), &Surroundings::default(), at_ms);
        let said = wait(&mut machine, at_ms);
        let desk = said.iter().filter(|intent| intent.channel == "desk");
        // 02:46 and 314 minutes are 08:00.
        assert_eq!(desk.count(), usize::from(minute == 314), "minute {minute}");
    }
    let end = machine.on_event(
        &resolved(&critical, MORNING_MS),
        &Surroundings::default(),
        MORNING_MS,
    );
    let mut said = end.intents;
    said.extend(wait(&mut machine, MORNING_MS));
    assert_eq!(names(&said), ["audit", "desk", "orders", "pager"]);
}
