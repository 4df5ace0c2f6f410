//! The dashboard and the rules in `deploy/` ask only for what the notifier exports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::asking::ask;
use crate::service::Service;
use crate::slack::Slack;
use crate::support::{BEGAN_MS, eventually};

fn read(path: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../deploy");
    std::fs::read_to_string(root.join(path)).unwrap()
}

/// Labels of every metric, of a notifier that has told of a finding.
async fn exported() -> BTreeMap<String, BTreeSet<String>> {
    let slack = Slack::start().await;
    let service = Service::to_slack(&slack, BEGAN_MS + 60_000).await;
    service.tell_of_a_slow_sink().await;
    service.engine.metrics.refresh(&service.engine);
    let text = || async {
        let text = ask(&service, "GET", "/metrics", "", None).await.text;
        text.contains("outcome=\"sent\"").then_some(text)
    };
    let text = eventually("a message that was sent", text).await;
    service.stop().await;
    let mut metrics: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    // Whoever reads from Kafka exports this one, and kafka-io's tests hold its name and label; here nothing is read from Kafka.
    let lost = "streamwarden_kafka_lost_records_total".to_owned();
    metrics.insert(lost, BTreeSet::from(["group".to_owned()]));
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let name = line.split(['{', ' ']).next().unwrap();
        let labels = metrics.entry(name.to_owned()).or_default();
        labels.extend(selectors(line).remove(0).1);
    }
    metrics
}

/// Every metric in an expression, with the labels that are asked of it.
fn selectors(expression: &str) -> Vec<(String, BTreeSet<String>)> {
    let is_of_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    for (at, _) in expression.match_indices("streamwarden_") {
        let rest = &expression[at..];
        let end = rest.find(|c| !is_of_name(c)).unwrap_or(rest.len());
        let inside = rest[end..].strip_prefix('{');
        let inside = inside.and_then(|inside| inside.split('}').next());
        let matchers = inside.unwrap_or_default().split(',');
        let labels = matchers.filter_map(|matcher| {
            let (label, _) = matcher.split_once(['=', '!'])?;
            Some(label.trim().to_owned())
        });
        found.push((rest[..end].to_owned(), labels.collect()));
    }
    found
}

/// Labels that are grouped by.
fn grouped(expression: &str) -> Vec<String> {
    let groups = expression.split("by (").skip(1);
    let groups = groups.filter_map(|rest| rest.split(')').next());
    groups
        .flat_map(|group| group.split(','))
        .map(|label| label.trim().to_owned())
        .collect()
}

fn expressions_of_rules() -> Vec<String> {
    let rules = read("prometheus/streamwarden-rules.yml");
    let lines = rules
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "));
    lines.map(str::to_owned).collect()
}

fn dashboard() -> Value {
    serde_json::from_str(&read("grafana/streamwarden.json")).unwrap()
}

fn expressions_of_dashboard() -> Vec<String> {
    let dashboard = dashboard();
    let panels = dashboard["panels"].as_array().unwrap().iter();
    let targets = panels.flat_map(|panel| panel["targets"].as_array().cloned().unwrap_or_default());
    let expressions = targets.map(|target| target["expr"].as_str().unwrap().to_owned());
    expressions.collect()
}

#[tokio::test]
async fn the_dashboard_and_the_rules_ask_for_metrics_and_labels_that_are_exported() {
    let exported = exported().await;
    let (panels, rules) = (expressions_of_dashboard(), expressions_of_rules());
    assert!(
        panels.len() >= 8 && rules.len() >= 4,
        "{panels:?} {rules:?}"
    );
    for expression in panels.iter().chain(&rules) {
        let selectors = selectors(expression);
        assert!(!selectors.is_empty(), "{expression}");
        for (name, labels) in selectors {
            let known = exported
                .get(&name)
                .unwrap_or_else(|| panic!("nothing exports {name}: {expression}"));
            let asked = labels.into_iter().chain(grouped(expression));
            for label in asked {
                assert!(
                    known.contains(&label),
                    "{name} has no {label}: {expression}"
                );
            }
        }
    }
}

#[test]
fn the_dashboard_is_whole() {
    let dashboard = dashboard();
    assert!(dashboard["title"].is_string() && dashboard["uid"].is_string());
    assert!(dashboard["schemaVersion"].as_u64().unwrap() >= 36);
    let variables: BTreeSet<&str> = dashboard["templating"]["list"]
        .as_array()
        .unwrap()
        .iter()
        .map(|variable| variable["name"].as_str().unwrap())
        .collect();
    let mut ids = BTreeSet::new();
    let mut taken = BTreeSet::new();
    for panel in dashboard["panels"].as_array().unwrap() {
        let title = panel["title"].as_str().unwrap();
        assert!(ids.insert(panel["id"].as_u64().unwrap()), "{title}");
        assert!(panel["type"].is_string() && !panel["targets"].as_array().unwrap().is_empty());
        let place = |key: &str| panel["gridPos"][key].as_u64().unwrap();
        assert!(
            place("x") + place("w") <= 24,
            "{title} is wider than the grid"
        );
        for x in place("x")..place("x") + place("w") {
            for y in place("y")..place("y") + place("h") {
                assert!(taken.insert((x, y)), "{title} lies over another panel");
            }
        }
    }
    for expression in expressions_of_dashboard() {
        for variable in expression.split('$').skip(1) {
            let end = variable.find(|c: char| !c.is_ascii_alphanumeric() && c != '_');
            let name = &variable[..end.unwrap_or(variable.len())];
            let known = variables.contains(name) || name.starts_with("__");
            assert!(known, "nobody sets ${name}: {expression}");
        }
    }
}
