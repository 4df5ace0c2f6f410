//! What is known of the case, in the places of the problems' sentences.

use streamwarden_experience::Context;
use streamwarden_experience::sizing::units::{duration, figure, size};

use super::figures::Facts;
use super::measured::{growth_per_hour, rate};
use crate::diagnosis::candidate::Candidate;

/// Trends compare with the mean of the minute before, whose middle lies this far back.
const TREND_SPAN_S: f64 = 40.0;
/// Less than this behind is not worth a sentence.
const LEAST_BEHIND_S: f64 = 2.0;

pub(super) fn context(facts: &Facts<'_>, candidate: &Candidate) -> Context {
    let mut words = Context::of_subject(candidate.subject.name.clone());
    words.set_default("subject", format!("a job of {}", facts.job.cluster_id));
    words.set("job", facts.job.name.clone());
    if let Some(subtask) = candidate.subject.subtask {
        words.set("subtask", subtask.to_string());
    }
    load(facts, &mut words);
    delay(facts, &mut words);
    memory(facts, &mut words);
    checkpoints(facts, &mut words);
    errors(candidate, &mut words);
    words
}

/// Notes a value if it is known.
fn note(words: &mut Context, place: &str, value: Option<f64>, show: impl Fn(f64) -> String) {
    if let Some(value) = value {
        words.set(place, show(value));
    }
}

fn per_second(value: f64) -> String {
    format!("{} records/s", figure(value))
}

fn time_share(value: f64) -> String {
    format!("{} ms/s", figure(value))
}

fn load(facts: &Facts<'_>, words: &mut Context) {
    note(words, "rate", rate(facts), per_second);
    let capacity = facts.figure("true_rate").zip(facts.vertex());
    note(
        words,
        "capacity",
        capacity.map(|(rate, vertex)| rate * f64::from(vertex.parallelism)),
        per_second,
    );
    let busy = facts
        .figure("busy_max")
        .or_else(|| facts.figure("busiest_max"));
    note(words, "busy", busy, time_share);
    let blocked = facts
        .figure("ancestors_backpressured_max")
        .or_else(|| facts.of_job("backpressured_max"));
    note(words, "blocked", blocked, time_share);
    note(words, "idle", facts.any("idle_mean"), time_share);
    let parallelism = facts
        .vertex()
        .map(|vertex| f64::from(vertex.parallelism))
        .or_else(|| facts.of_job("parallelism_max"));
    note(words, "parallelism", parallelism, figure);
    note(words, "share", facts.figure("records_top_share"), |share| {
        format!("{} %", figure(share * 100.0))
    });
    let late = facts.any("late_dropped").filter(|late| *late > 0.0);
    note(words, "late", late, per_second);
    note(
        words,
        "restarts",
        facts.of_job("restarts_last_five_minutes"),
        figure,
    );
    if let Some(cluster) = facts.cluster {
        let needed = facts.of_job("parallelism_max");
        note(words, "slots", needed, |needed| {
            format!("{} of {}", figure(needed), cluster.slots_total)
        });
    }
}

fn delay(facts: &Facts<'_>, words: &mut Context) {
    let backlog = facts
        .figure("backlog")
        .or_else(|| facts.of_job("backlog_max"));
    let watermark = || facts.of_job("watermark_lag_max");
    let behind = backlog
        .or_else(watermark)
        .filter(|seconds| *seconds >= LEAST_BEHIND_S);
    note(words, "behind", behind, |seconds| {
        duration(seconds * 1_000.0)
    });
    let trend = facts
        .figure("backlog_vs_1m")
        .or_else(|| facts.of_job("backlog_max_vs_1m"))
        .or_else(|| facts.of_job("watermark_lag_max_vs_1m"));
    let loss = trend
        .map(|grown| grown * 60.0 / TREND_SPAN_S)
        .filter(|loss| *loss >= 1.0 && behind.is_some());
    note(words, "loss_per_minute", loss, |seconds| {
        duration(seconds * 1_000.0)
    });
    let pending = facts.any("pending_records").filter(|count| *count >= 1.0);
    note(words, "lag", pending, |count| {
        format!("{} records", figure(count))
    });
    let stalled = facts
        .any("watermark_frozen_max")
        .filter(|seconds| *seconds >= LEAST_BEHIND_S);
    note(words, "stalled", stalled, |seconds| {
        duration(seconds * 1_000.0)
    });
}

fn memory(facts: &Facts<'_>, words: &mut Context) {
    if let (Some(used), Some(limit)) = (facts.worst_host("heap_used"), facts.worst_host("heap_max"))
    {
        words.set("heap", format!("{} of {}", size(used), size(limit)));
    }
    note(words, "gc", facts.worst_host("gc_time"), time_share);
    let metaspace = facts.worst_host("metaspace_committed");
    note(words, "metaspace", metaspace, size);
    note(words, "direct", facts.worst_host("direct_used"), size);
}

fn checkpoints(facts: &Facts<'_>, words: &mut Context) {
    note(words, "state", facts.of_job("checkpoint_state_size"), size);
    note(words, "growth", growth_per_hour(facts), |bytes| {
        format!("{} an hour", size(bytes))
    });
    note(
        words,
        "duration",
        facts.of_job("checkpoint_duration"),
        duration,
    );
    let interval = facts.of_job("checkpoint_interval");
    note(words, "interval", interval, duration);
    note(
        words,
        "timeout",
        facts.of_job("checkpoint_timeout"),
        duration,
    );
    if let Some(path) = facts
        .option("execution.checkpointing.dir")
        .or_else(|| facts.option("state.checkpoints.dir"))
    {
        words.set_default("path", path);
    }
}

fn errors(candidate: &Candidate, words: &mut Context) {
    let Some(newest) = candidate.errors.last() else {
        return;
    };
    let short = newest
        .exception
        .rsplit(['.', '$'])
        .next()
        .unwrap_or_default();
    words.set("exception", short);
    words.set("message", newest.message.lines().next().unwrap_or_default());
    words.set("frame", newest.frame.clone());
}
