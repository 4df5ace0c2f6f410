//! The state machine by itself, with a held clock.

use std::collections::BTreeSet;

use streamwarden_notifier::alerts::alert::Acknowledgement;
use streamwarden_notifier::alerts::config::AlertingConfig;
use streamwarden_notifier::alerts::intent::{Intent, IntentKind, Step};
use streamwarden_notifier::alerts::matcher::Route;
use streamwarden_notifier::alerts::silence::{Silence, SilenceMatcher};
use streamwarden_notifier::alerts::{AlertMachine, ChannelRoute, Remembered};
use streamwarden_notifier::message::build::Surroundings;
use streamwarden_proto::Class;
use streamwarden_proto::cloud_event::FindingEvent;
use streamwarden_proto::finding::Severity;

use crate::support::{BEGAN_MS, finding, opened, rescale, resolved, slow_sink, updated};

/// A machine with its clock.
struct World {
    machine: AlertMachine,
    now_ms: i64,
    steps: Step,
}

fn channel(name: &str) -> ChannelRoute {
    ChannelRoute {
        name: name.into(),
        route: Route::default(),
        edits: false,
        lists: true,
    }
}

impl World {
    fn new() -> Self {
        Self::with(vec![channel("slack")])
    }

    fn with(channels: Vec<ChannelRoute>) -> Self {
        Self {
            machine: AlertMachine::new(AlertingConfig::default(), channels),
            now_ms: BEGAN_MS,
            steps: Step::default(),
        }
    }

    fn take(&mut self, event: &FindingEvent) -> Vec<Intent> {
        let step = self
            .machine
            .on_event(event, &Surroundings::default(), self.now_ms);
        self.keep(step)
    }

    fn pass_s(&mut self, seconds: i64) -> Vec<Intent> {
        self.now_ms += seconds * 1000;
        let step = self.machine.on_tick(&Surroundings::default(), self.now_ms);
        self.keep(step)
    }

    fn keep(&mut self, step: Step) -> Vec<Intent> {
        let intents = step.intents.clone();
        self.steps.append(step);
        intents
    }

    /// The job reports once in ten seconds of event time, for so long.
    fn reports_s(&mut self, job: &str, from_ms: i64, seconds: i64) {
        for at_ms in (from_ms..=from_ms + seconds * 1000).step_by(10_000) {
            self.machine
                .on_window("orders-prod", &format!("id-{job}"), at_ms);
        }
    }

    /// What a process that begins now would find in the store.
    fn restarted(&self) -> Self {
        let alerts: Vec<_> = self.machine.open_alerts().cloned().collect();
        let ended = self.steps.alerts.iter().filter_map(|alert| {
            let ended = alert.ended?;
            Some((alert.fingerprint.clone(), self.now_ms, ended.at_ms))
        });
        let remembered = Remembered {
            alerts,
            digests: self
                .steps
                .digests
                .iter()
                .filter(|d| !d.closed)
                .cloned()
                .collect(),
            silences: self.machine.silences().to_vec(),
            ends: ended.collect(),
        };
        let mut world = Self::new();
        world.now_ms = self.now_ms;
        world.machine.restore(remembered, self.now_ms);
        world
    }
}

fn kinds(intents: &[Intent]) -> Vec<IntentKind> {
    intents.iter().map(|intent| intent.kind).collect()
}

#[test]
fn a_finding_is_told_once_when_it_opens_and_once_when_it_is_over() {
    let mut world = World::new();
    let sink = slow_sink("orders");
    assert!(world.take(&opened(&sink, BEGAN_MS)).is_empty());
    let first = world.pass_s(5);
    assert_eq!(kinds(&first), [IntentKind::Opened]);
    assert_eq!(first[0].message.headline, "Critical: orders");
    for minute in 1..10 {
        assert!(
            world
                .take(&updated(&sink, BEGAN_MS + minute * 60_000))
                .is_empty()
        );
        assert!(world.pass_s(60).is_empty());
    }
    let last = world.take(&resolved(&sink, BEGAN_MS + 600_000));
    assert_eq!(kinds(&last), [IntentKind::Resolved]);
    assert_eq!(last[0].conversation, first[0].conversation);
    assert!(world.pass_s(3600).is_empty());
}

#[test]
fn the_line_on_a_locked_phone_has_job_cause_and_change() {
    let mut world = World::new();
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    let told = world.pass_s(5);
    assert_eq!(
        told[0].message.lock_screen,
        "Critical: orders. Sink: warehouse waits for its database and blocks everything before it. \
         Set sink.parallelism 4 → 8 (restart)."
    );
}

#[test]
fn a_repeated_event_does_nothing() {
    let mut world = World::new();
    let event = opened(&slow_sink("orders"), BEGAN_MS);
    world.take(&event);
    world.pass_s(5);
    world.take(&resolved(&slow_sink("orders"), BEGAN_MS + 60_000));
    assert!(world.take(&event).is_empty());
    assert!(world.pass_s(60).is_empty());
    assert_eq!(world.machine.open_alerts().count(), 0);
}

#[test]
fn events_that_come_again_after_a_restart_do_not_open_what_has_ended() {
    let mut world = World::new();
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    world.pass_s(5);
    world.take(&resolved(&slow_sink("orders"), BEGAN_MS + 60_000));
    let mut again = world.restarted();
    again.take(&opened(&slow_sink("orders"), BEGAN_MS));
    again.take(&resolved(&slow_sink("orders"), BEGAN_MS + 60_000));
    assert!(again.pass_s(60).is_empty());
}

#[test]
fn a_finding_under_another_id_after_a_restart_is_the_same_alert() {
    let mut world = World::new();
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    world.pass_s(5);
    let mut again = world.restarted();
    let anew = finding(
        "orders",
        "slow-sink",
        Class::BackpressureStall,
        BEGAN_MS + 90_000,
    );
    assert!(again.take(&opened(&anew, BEGAN_MS + 90_000)).is_empty());
    assert!(again.pass_s(60).is_empty());
    let end = again.take(&resolved(&anew, BEGAN_MS + 200_000));
    assert_eq!(kinds(&end), [IntentKind::Resolved]);
}

#[test]
fn the_subject_at_fault_may_change_without_a_second_message() {
    let mut world = World::new();
    let mut sink = slow_sink("orders");
    world.take(&opened(&sink, BEGAN_MS));
    world.pass_s(5);
    sink.subject.id = "v-join".into();
    assert!(world.take(&updated(&sink, BEGAN_MS + 30_000)).is_empty());
    assert!(world.pass_s(60).is_empty());
    assert_eq!(
        kinds(&world.take(&resolved(&sink, BEGAN_MS + 90_000))),
        [IntentKind::Resolved]
    );
}

#[test]
fn what_ends_before_anybody_was_told_is_not_told() {
    let mut world = World::new();
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    assert!(
        world
            .take(&resolved(&slow_sink("orders"), BEGAN_MS + 1_000))
            .is_empty()
    );
    assert!(world.pass_s(60).is_empty());
}

#[test]
fn an_alert_that_nobody_confirms_ends_while_its_job_reports() {
    let mut world = World::new();
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    world.pass_s(5);
    world.reports_s("orders", BEGAN_MS, 700);
    assert!(world.pass_s(700).is_empty());
    world.reports_s("orders", BEGAN_MS + 700_000, 60);
    assert_eq!(kinds(&world.pass_s(60)), [IntentKind::Resolved]);
}

#[test]
fn an_alert_stays_open_while_nothing_at_all_reports() {
    let mut world = World::new();
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    world.pass_s(5);
    assert!(world.pass_s(3 * 3600).is_empty());
    assert_eq!(world.machine.open_alerts().count(), 1);
}

#[test]
fn a_long_stop_of_the_process_does_not_end_alerts_by_itself() {
    let mut world = World::new();
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    world.pass_s(5);
    let mut again = world.restarted();
    again.now_ms += 3_600_000;
    again.reports_s("orders", BEGAN_MS + 3_600_000, 120);
    assert!(again.pass_s(10).is_empty());
    assert_eq!(again.machine.open_alerts().count(), 1);
}

#[test]
fn a_storm_of_five_thousand_findings_is_a_handful_of_messages() {
    let mut world = World::new();
    let mut told: Vec<Intent> = Vec::new();
    let slugs = [
        "slow-sink",
        "hot-key",
        "gc-pressure",
        "source-lag-grows",
        "watermark-stalled",
    ];
    for second in 0..60 {
        for number in 0..83 {
            let job = format!("job-{second}-{number}");
            let at_ms = BEGAN_MS + second * 1000;
            let class = Class::BackpressureStall;
            let slug = slugs[usize::try_from(number).unwrap() % slugs.len()];
            told.extend(world.take(&opened(&finding(&job, slug, class, at_ms), at_ms)));
        }
        told.extend(world.pass_s(1));
    }
    told.extend(world.pass_s(300));
    told.extend(world.pass_s(300));
    assert!((1..=12).contains(&told.len()), "{} messages", told.len());
    let counted: usize = world
        .machine
        .open_alerts()
        .filter(|a| a.announced.contains_key("slack"))
        .count();
    assert_eq!(counted, 83 * 60, "every finding is in some message");
    // Its end is a handful of messages, too.
    let open: Vec<_> = world
        .machine
        .open_alerts()
        .map(|alert| alert.finding.clone())
        .collect();
    let mut ends = Vec::new();
    for finding in open {
        ends.extend(world.take(&resolved(&finding, BEGAN_MS + 900_000)));
    }
    ends.extend(world.pass_s(300));
    ends.extend(world.pass_s(300));
    assert!(
        (1..=12).contains(&ends.len()),
        "{} messages at the end",
        ends.len()
    );
    assert!(
        ends.iter()
            .all(|intent| intent.kind == IntentKind::Resolved),
        "{:?}",
        kinds(&ends)
    );
}

#[test]
fn ten_jobs_with_one_problem_are_one_message_with_a_list() {
    let mut world = World::new();
    for number in 0..10 {
        world.take(&opened(&slow_sink(&format!("job-{number}")), BEGAN_MS));
    }
    let told = world.pass_s(5);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message.headline, "Critical: 10 jobs with slow-sink");
    assert_eq!(told[0].subjects.len(), 10);
}

#[test]
fn a_program_gets_each_finding_of_a_storm_by_itself() {
    let mut program = channel("alertmanager");
    program.lists = false;
    let mut world = World::with(vec![program]);
    for number in 0..50 {
        world.take(&opened(&slow_sink(&format!("job-{number}")), BEGAN_MS));
    }
    assert_eq!(world.pass_s(5).len(), 50);
}

#[test]
fn a_silenced_alert_is_told_when_the_silence_ends_and_it_is_still_there() {
    let mut world = World::new();
    let matcher = SilenceMatcher {
        job_name: Some("ord*".into()),
        ..SilenceMatcher::default()
    };
    let times = (BEGAN_MS, BEGAN_MS + 600_000);
    let silence = Silence::new(matcher, None, ("dana", "test"), times, BEGAN_MS).unwrap();
    world.machine.add_silence(silence);
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    world.take(&opened(&slow_sink("payments"), BEGAN_MS));
    let told = world.pass_s(5);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message.headline, "Critical: payments");
    assert!(world.pass_s(500).is_empty());
    let told = world.pass_s(120);
    assert_eq!(told.len(), 1);
    assert_eq!(told[0].message.headline, "Critical: orders");
}

#[test]
fn a_silence_survives_a_restart() {
    let mut world = World::new();
    let matcher = SilenceMatcher {
        slug: Some("slow-sink".into()),
        ..SilenceMatcher::default()
    };
    let times = (BEGAN_MS, BEGAN_MS + 600_000);
    world
        .machine
        .add_silence(Silence::new(matcher, None, ("a", ""), times, BEGAN_MS).unwrap());
    let mut again = world.restarted();
    again.take(&opened(&slow_sink("orders"), BEGAN_MS));
    assert!(again.pass_s(60).is_empty());
}

#[test]
fn what_follows_from_a_dead_taskmanager_is_not_told_beside_it() {
    let mut world = World::new();
    let death = finding(
        "orders",
        "taskmanager-lost",
        Class::TaskmanagerLost,
        BEGAN_MS,
    );
    let follows = finding(
        "orders",
        "checkpoint-timeout",
        Class::CheckpointTimeout,
        BEGAN_MS + 1_000,
    );
    let elsewhere = finding(
        "other",
        "checkpoint-timeout",
        Class::CheckpointTimeout,
        BEGAN_MS,
    );
    for finding in [&death, &follows, &elsewhere] {
        world.take(&opened(finding, BEGAN_MS + 1_000));
    }
    let jobs: BTreeSet<String> = world
        .pass_s(5)
        .iter()
        .map(|intent| intent.subjects[0].finding.slug.clone())
        .collect();
    assert_eq!(
        jobs,
        BTreeSet::from([
            "taskmanager-lost".to_owned(),
            "checkpoint-timeout".to_owned()
        ])
    );
    assert!(world.pass_s(60).is_empty(), "the consequence stays untold");
    // The cause is over, what it led to is not: now it is news.
    world.take(&resolved(&death, BEGAN_MS + 70_000));
    let told = world.pass_s(20);
    assert_eq!(kinds(&told), [IntentKind::Opened]);
    assert_eq!(told[0].subjects[0].finding.job_name, "orders");
}

#[test]
fn what_comes_and_goes_is_told_as_one_long_incident() {
    let mut world = World::new();
    let mut told = Vec::new();
    for round in 0..20_i64 {
        let began = BEGAN_MS + round * 60_000;
        let sink = finding("orders", "slow-sink", Class::BackpressureStall, began);
        told.extend(world.take(&opened(&sink, began)));
        told.extend(world.pass_s(30));
        told.extend(world.take(&resolved(&sink, began + 30_000)));
        told.extend(world.pass_s(30));
    }
    // Three short incidents, then one that is held open.
    assert_eq!(told.len(), 7, "{:?}", kinds(&told));
    let end = world.pass_s(600);
    assert_eq!(kinds(&end), [IntentKind::Resolved]);
}

#[test]
fn an_acknowledged_alert_is_not_repeated_and_its_end_is_told() {
    let mut world = World::new();
    let sink = slow_sink("orders");
    world.take(&opened(&sink, BEGAN_MS));
    world.pass_s(5);
    let by = Acknowledgement {
        author: "dana".into(),
        at_ms: world.now_ms,
        comment: String::new(),
    };
    assert!(
        world
            .machine
            .acknowledge(&sink.finding_id, by, world.now_ms)
            .is_some()
    );
    assert!(world.pass_s(5 * 3600).is_empty());
    assert_eq!(
        kinds(&world.take(&resolved(&sink, BEGAN_MS + 1))),
        [IntentKind::Resolved]
    );
}

#[test]
fn an_alert_that_nobody_takes_care_of_is_repeated_after_four_hours() {
    let mut world = World::new();
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    world.pass_s(5);
    assert!(world.pass_s(3 * 3600).is_empty());
    assert_eq!(kinds(&world.pass_s(3600 + 10)), [IntentKind::Updated]);
}

#[test]
fn another_change_to_make_is_told_but_at_most_every_quarter_of_an_hour() {
    let mut world = World::new();
    let mut sink = slow_sink("orders");
    world.take(&opened(&sink, BEGAN_MS));
    world.pass_s(5);
    sink.actions = vec![rescale("4", "12")];
    world.now_ms += 60_000;
    assert!(world.take(&updated(&sink, BEGAN_MS + 60_000)).is_empty());
    world.now_ms += 900_000;
    assert_eq!(
        kinds(&world.take(&updated(&sink, BEGAN_MS + 960_000))),
        [IntentKind::Updated]
    );
    world.now_ms += 60_000;
    assert!(world.take(&updated(&sink, BEGAN_MS + 1_020_000)).is_empty());
}

#[test]
fn a_channel_gets_only_what_its_route_takes() {
    let mut page = channel("pager");
    page.route.min_severity = Severity::Critical;
    page.route.jobs = vec!["payments-*".into()];
    let mut world = World::with(vec![page, channel("slack")]);
    let mut mild = slow_sink("payments-fraud");
    mild.severity = Severity::Warning;
    world.take(&opened(&mild, BEGAN_MS));
    world.take(&opened(&slow_sink("payments-book"), BEGAN_MS));
    world.take(&opened(&slow_sink("orders"), BEGAN_MS));
    let told = world.pass_s(15);
    let on = |name: &str| told.iter().filter(|intent| intent.channel == name).count();
    assert_eq!(on("slack"), 3);
    assert_eq!(on("pager"), 1);
}

#[test]
fn a_warning_that_becomes_critical_reaches_the_channel_for_critical_ones() {
    let mut pager = channel("pager");
    pager.route.min_severity = Severity::Critical;
    let mut world = World::with(vec![pager]);
    let mut sink = slow_sink("orders");
    sink.severity = Severity::Warning;
    world.take(&opened(&sink, BEGAN_MS));
    assert!(world.pass_s(60).is_empty());
    sink.severity = Severity::Critical;
    world.take(&updated(&sink, BEGAN_MS + 60_000));
    assert_eq!(kinds(&world.pass_s(5)), [IntentKind::Opened]);
}

proptest::proptest! {
    /// Whatever comes in whatever order: a conversation begins at most once, ends at most once, and never ends first.
    #[test]
    fn no_conversation_begins_or_ends_twice(events in proptest::collection::vec((0u8..4, 0u8..3, 0i64..40), 1..120)) {
        let mut world = World::new();
        let mut told: Vec<Intent> = Vec::new();
        for (job, what, wait) in events {
            let at_ms = world.now_ms;
            let sink = finding(&format!("job-{job}"), "slow-sink", Class::BackpressureStall, BEGAN_MS);
            told.extend(world.take(&match what {
                0 => opened(&sink, at_ms),
                1 => updated(&sink, at_ms),
                _ => resolved(&sink, at_ms),
            }));
            told.extend(world.pass_s(wait));
        }
        let conversations: BTreeSet<&str> = told.iter().map(|i| i.conversation.as_str()).collect();
        for conversation in conversations {
            let said: Vec<IntentKind> = told.iter().filter(|i| i.conversation == conversation).map(|i| i.kind).collect();
            let count = |kind| said.iter().filter(|k| **k == kind).count();
            proptest::prop_assert_eq!(said[0], IntentKind::Opened);
            proptest::prop_assert_eq!(count(IntentKind::Opened), 1);
            proptest::prop_assert!(count(IntentKind::Resolved) <= 1);
            if count(IntentKind::Resolved) == 1 {
                proptest::prop_assert_eq!(said.last(), Some(&IntentKind::Resolved));
            }
        }
    }
}
