//! A job's own page: graph, configuration, log lines, how to apply a change.

use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::finding::{Action, ActionKind, Finding, Restart};
use streamwarden_proto::v1::JobSnapshot;

use crate::api::types::{Apply, Graph, GraphEdge, GraphVertex, LogLine, Setting};
use crate::view::job::JobView;

/// What the collector puts in place of a secret.
const REDACTED: &str = "******";

/// The graph with its figures; nothing while it is not known.
#[must_use]
pub fn graph(job: &JobView) -> Option<Graph> {
    let snapshot = job.snapshot.as_ref()?;
    let value = |id: &str, figure: &str| job.vertices.get(id).and_then(|view| view.value(figure));
    let vertices = snapshot.vertices.iter().map(|vertex| GraphVertex {
        id: vertex.id.clone(),
        name: vertex.name.clone(),
        parallelism: vertex.parallelism,
        busy: value(&vertex.id, "busy_mean"),
        busy_max: value(&vertex.id, "busy_max"),
        blocked: value(&vertex.id, "backpressured_mean"),
        idle: value(&vertex.id, "idle_mean"),
        records_in_per_s: value(&vertex.id, "records_in")
            .filter(|_| has_inputs(snapshot, &vertex.id)),
        records_out_per_s: value(&vertex.id, "records_out")
            .filter(|_| has_outputs(snapshot, &vertex.id)),
        status: snapshot.state.clone(),
    });
    Some(Graph {
        window: job.newest_window_ms().map(rfc3339),
        vertices: vertices.collect(),
        edges: edges(job, snapshot),
    })
}

fn has_inputs(snapshot: &JobSnapshot, id: &str) -> bool {
    snapshot.edges.iter().any(|edge| edge.to == id)
}

fn has_outputs(snapshot: &JobSnapshot, id: &str) -> bool {
    snapshot.edges.iter().any(|edge| edge.from == id)
}

fn edges(job: &JobView, snapshot: &JobSnapshot) -> Vec<GraphEdge> {
    let value = |id: &str, figure: &str| job.vertices.get(id).and_then(|view| view.value(figure));
    let occupied = |id: &str| {
        let busy = value(id, "busy_max").unwrap_or(0.0);
        busy.max(value(id, "backpressured_mean").unwrap_or(0.0))
    };
    let edge = |edge: &streamwarden_proto::v1::Edge| {
        let siblings = snapshot
            .edges
            .iter()
            .filter(|other| other.from == edge.from);
        let most = siblings
            .clone()
            .map(|other| occupied(&other.to))
            .fold(0.0, f64::max);
        // Only the lower end that is occupied most holds the upper one up.
        let reason = occupied(&edge.to) >= most;
        let alone_below = siblings.count() == 1;
        let alone_above = snapshot
            .edges
            .iter()
            .filter(|other| other.to == edge.to)
            .count()
            == 1;
        let rate = if alone_above {
            value(&edge.to, "records_in")
        } else {
            None
        };
        let rate = rate.or_else(|| value(&edge.from, "records_out").filter(|_| alone_below));
        GraphEdge {
            from: edge.from.clone(),
            to: edge.to.clone(),
            ship: edge.ship_strategy.clone(),
            records_per_s: rate,
            blocked: if reason {
                value(&edge.from, "backpressured_mean").unwrap_or(0.0)
            } else {
                0.0
            },
        }
    };
    snapshot.edges.iter().map(edge).collect()
}

/// What is in effect, by key.
#[must_use]
pub fn configuration(job: &JobView) -> Vec<Setting> {
    let Some(snapshot) = &job.snapshot else {
        return Vec::new();
    };
    let mut settings: Vec<Setting> = snapshot
        .config
        .iter()
        .map(|(key, value)| {
            let redacted = value.contains(REDACTED);
            let by_cluster = job.set_by_cluster.get(key).copied().unwrap_or(false);
            Setting {
                key: key.clone(),
                value: if redacted {
                    String::new()
                } else {
                    value.clone()
                },
                set_by: if by_cluster { "cluster" } else { "job" }.to_owned(),
                changed_at: job.changed_ms(key).map(rfc3339),
                redacted,
            }
        })
        .collect();
    settings.sort_by(|a, b| a.key.cmp(&b.key));
    settings
}

/// Log lines that stand out, newest first.
#[must_use]
pub fn logs(job: &JobView, findings: &[&Finding]) -> Vec<LogLine> {
    let explained = |template: &str, slug: &str| {
        let names_it = |finding: &&&Finding| {
            let in_evidence = finding.evidence.iter().any(|evidence| {
                matches!(evidence, streamwarden_proto::finding::Evidence::Log { log } if log.template == template)
            });
            in_evidence || finding.slug == slug
        };
        findings
            .iter()
            .find(names_it)
            .map(|finding| finding.code.clone())
    };
    let lines = job.logs.newest_first().into_iter();
    lines
        .map(|line| LogLine {
            template: line.template.clone(),
            level: line.level.clone(),
            text: line.text.clone(),
            count: line.count,
            first_at: rfc3339(line.first_ms),
            last_at: rfc3339(line.last_ms),
            processes: line.processes.clone(),
            explained_by: explained(&line.template, &line.problem_slug),
        })
        .collect()
}

/// How to make the change that a finding proposes; nothing where it proposes none.
#[must_use]
pub fn apply(job: &JobView, finding: &Finding) -> Option<Apply> {
    let settable: Vec<&Action> = finding
        .actions
        .iter()
        .filter(|action| matches!(action.kind, ActionKind::SetConfig | ActionKind::Rescale))
        .filter(|action| action.to.is_some())
        .collect();
    let restart = settable.iter().map(|action| action.restart).max()?;
    let mut steps = Vec::new();
    let needs_job = restart >= Restart::Job;
    if needs_job {
        let directory = savepoint_directory(job);
        let job_id = &finding.job_id;
        steps.push(format!(
            "Stop with a savepoint: `flink stop --savepointPath {directory} {job_id}`"
        ));
    }
    for action in &settable {
        let to = action.to.as_deref().unwrap_or_default();
        steps.push(match action.kind {
            ActionKind::Rescale => format!("Set the parallelism `{}` to `{to}`.", action.key),
            _ => format!("Set `{}: {to}`.", action.key),
        });
    }
    match restart {
        Restart::TaskManager => steps.push("Restart the TaskManagers.".to_owned()),
        Restart::Cluster => steps.push("Restart the cluster.".to_owned()),
        Restart::None | Restart::Job => {}
    }
    if needs_job {
        steps.push("Start the job from the savepoint that the first step printed.".to_owned());
    }
    Some(Apply {
        steps,
        restart_s: None,
        catch_up_s: None,
    })
}

fn savepoint_directory(job: &JobView) -> String {
    let keys = [
        "execution.checkpointing.savepoint-dir",
        "state.savepoints.dir",
    ];
    let config = job.snapshot.as_ref().map(|snapshot| &snapshot.config);
    let found = keys.iter().find_map(|key| config?.get(*key));
    found.map_or_else(|| "<directory>".to_owned(), Clone::clone)
}

/// Restarts of the job, if they are known.
#[must_use]
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of restarts"
)]
pub fn restarts(job: &JobView) -> Option<u64> {
    job.own
        .value("restarts")
        .map(|restarts| restarts.max(0.0) as u64)
}
