//! Messages about many findings at once: a storm becomes a list.

use std::collections::BTreeSet;

use crate::alerts::alert::Alert;
use crate::message::build::{Surroundings, name_of};
use crate::message::words::clip;
use crate::message::{Button, Message, Section, Span, Tone, bold, plain};

/// Entries of a list; the page shows all.
const LISTED: usize = 12;
/// Longest title in a list.
const TITLE_LIMIT: usize = 110;

/// How a list stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    /// Findings that were ever in it.
    pub total: usize,
    /// Findings that are open now.
    pub open: usize,
    /// Findings since the last message about it.
    pub added: usize,
}

/// A new list, or one that grew. `alerts` are some of the open ones, worst first.
#[must_use]
pub fn open(topic: &str, alerts: &[&Alert], tally: Tally, around: &Surroundings) -> Message {
    let tone = alerts
        .iter()
        .map(|alert| alert.finding.severity)
        .max()
        .map_or(Tone::Warning, Tone::from);
    let what = what_of(topic, alerts);
    let headline = format!("{}: {}", tone.word(), count_words(alerts, tally, &what));
    let state = if tally.added < tally.total {
        format!(
            "{} more; {} of {} are open.",
            tally.added, tally.open, tally.total
        )
    } else {
        format!(
            "{} at nearly the same time: look for one cause behind them.",
            tally.total
        )
    };
    let mut section = Section::lines(vec![
        vec![bold(headline_cause(alerts, &what))],
        vec![plain(state.clone())],
    ]);
    section.items = alerts
        .iter()
        .take(LISTED)
        .map(|alert| entry(alert))
        .collect();
    if tally.open > LISTED {
        section.after.push(vec![plain(format!(
            "and {} more",
            tally.open - section.items.len()
        ))]);
    }
    Message {
        tone,
        lock_screen: format!("{headline}. {state}"),
        headline,
        sections: vec![section],
        buttons: overview(around),
        small_print: small_print(alerts),
        chart: None,
    }
}

/// The end of the last finding in a list.
#[must_use]
pub fn resolved(topic: &str, total: usize, around: &Surroundings) -> Message {
    let what = if topic.is_empty() {
        "several problems"
    } else {
        topic
    };
    let headline = format!("Resolved: all {total} findings of {what}");
    Message {
        tone: Tone::Resolved,
        lock_screen: format!("{headline}."),
        sections: vec![Section::lines(vec![vec![plain(format!(
            "All {total} findings of the list are over."
        ))]])],
        headline,
        buttons: overview(around),
        small_print: Vec::new(),
        chart: None,
    }
}

fn what_of(topic: &str, alerts: &[&Alert]) -> String {
    let slugs: BTreeSet<&str> = alerts
        .iter()
        .map(|alert| alert.finding.slug.as_str())
        .collect();
    match (topic, slugs.len()) {
        ("", 1) => slugs
            .first()
            .map_or_else(String::new, |slug| (*slug).to_owned()),
        ("", _) => "several problems".to_owned(),
        (topic, _) => topic.to_owned(),
    }
}

fn count_words(alerts: &[&Alert], tally: Tally, what: &str) -> String {
    let jobs: BTreeSet<(&str, &str)> = alerts
        .iter()
        .map(|a| (a.finding.cluster_id.as_str(), a.finding.job_id.as_str()))
        .collect();
    if jobs.len() == alerts.len() && alerts.len() == tally.open {
        format!("{} jobs with {what}", tally.open)
    } else {
        format!("{} findings of {what}", tally.open)
    }
}

fn headline_cause(alerts: &[&Alert], what: &str) -> String {
    let clusters: BTreeSet<&str> = alerts
        .iter()
        .map(|a| a.finding.cluster_id.as_str())
        .collect();
    match clusters.len() {
        1 => format!("{what} on cluster {}", clusters.first().unwrap_or(&"")),
        many => format!("{what} on {many} clusters"),
    }
}

fn entry(alert: &Alert) -> Vec<Span> {
    let finding = &alert.finding;
    let title = clip(&finding.title.replace('\n', " "), TITLE_LIMIT);
    vec![bold(name_of(finding)), plain(format!(": {title}"))]
}

fn overview(around: &Surroundings) -> Vec<Button> {
    if around.public_url.is_empty() {
        return Vec::new();
    }
    let url = format!("{}/", around.public_url);
    vec![Button::link("Open all jobs", url, true)]
}

fn small_print(alerts: &[&Alert]) -> Vec<String> {
    let codes: BTreeSet<String> = alerts
        .iter()
        .map(|a| format!("{} {}", a.finding.code, a.finding.slug))
        .collect();
    codes.into_iter().take(5).collect()
}
