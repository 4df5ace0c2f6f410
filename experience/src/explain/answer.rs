//! Parts of an answer.

use streamwarden_proto::Class;
use streamwarden_proto::finding::Severity;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::LogEvent;

use super::{Answer, LineEvidence, RootCause};
use crate::analyzer::ranking::Incident;
use crate::analyzer::{root_cause, user_frame};
use crate::pack::Experience;
use crate::sizing::Measured;
use crate::sizing::units::figure;
use crate::template::simple_name;
use crate::words::Context;

/// Code of the answer that nothing is wrong.
pub(super) const HEALTHY_CODE: &str = "SW0000";
/// Code of the answer that nobody knows.
pub(super) const UNKNOWN_CODE: &str = "SW0001";
const LONGEST_EVIDENCE_BYTES: usize = 400;

pub(super) fn healthy(lines: u64, events: u64) -> Answer {
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let figures = (figure(lines as f64), figure(events as f64));
    Answer {
        code: HEALTHY_CODE.into(),
        slug: "healthy".into(),
        class: Class::Healthy,
        confidence: if lines == 0 { 0.5 } else { 0.9 },
        severity: Severity::Advice,
        title: "The log shows no failure".into(),
        effect: String::new(),
        explanation: format!(
            "{} lines were read, {} events, none of them a failure.",
            figures.0, figures.1
        ),
        root_cause: None,
        evidence: Vec::new(),
        actions: Vec::new(),
        avoid: Vec::new(),
        links: Vec::new(),
        count: 0,
    }
}

pub(super) fn unknown(experience: &Experience, incident: &Incident<'_>) -> Answer {
    let event = &incident.first;
    let root = event
        .throwable
        .as_ref()
        .and_then(|throwable| throwable.chain.get(root_cause(throwable)));
    let (exception, message, template) = root.map_or_else(
        || (String::new(), event.text.clone(), event.code.clone()),
        |link| {
            (
                link.exception.clone(),
                link.message.clone(),
                link.code.clone(),
            )
        },
    );
    let known = experience
        .templates()
        .template(&template)
        .map(|mined| mined.owner().to_owned());
    let said = if exception.is_empty() {
        simple_name(&event.logger)
    } else {
        simple_name(&exception)
    };
    let title = match (said, known) {
        ("", _) => "A failure that no rule knows".to_owned(),
        (said, Some(_)) => format!("{said}: a known message, but no known problem"),
        (said, None) => format!("{said}: a failure that no rule knows"),
    };
    Answer {
        code: UNKNOWN_CODE.into(),
        slug: "unknown".into(),
        class: Class::Unknown,
        confidence: 0.5,
        severity: Severity::Warning,
        title,
        effect: String::new(),
        explanation: "No expert rule fits this message. The lines before it in the same process, and the other processes' logs of the same minute, are what to look at next.".into(),
        root_cause: Some(RootCause {
            exception,
            message,
            template,
            line: event.line,
            frame: event.throwable.as_ref().and_then(user_frame),
        }),
        evidence: evidence(incident),
        actions: Vec::new(),
        avoid: Vec::new(),
        links: Vec::new(),
        count: incident.count,
    }
}

pub(super) fn evidence(incident: &Incident<'_>) -> Vec<LineEvidence> {
    std::iter::once(&incident.first)
        .chain(&incident.evidence)
        .map(line_evidence)
        .collect()
}

fn line_evidence(event: &LogEvent) -> LineEvidence {
    let chain = event.throwable.as_ref().map(|throwable| &throwable.chain);
    let text = match chain.and_then(|chain| chain.first()) {
        Some(first) if event.text.is_empty() => format!("{}: {}", first.exception, first.message),
        _ => event.text.clone(),
    };
    let at = jiff::Timestamp::from_millisecond(event.at_ms)
        .ok()
        .filter(|_| event.at_ms > 0);
    LineEvidence {
        line: event.line,
        at: at.map(|at| at.to_string()).unwrap_or_default(),
        template: event.code.clone(),
        text: crate::log::cut(text.trim(), LONGEST_EVIDENCE_BYTES).to_owned(),
    }
}

/// Whom the sentence is about: the task that the line names, else the kind of thing.
pub(super) fn subject(event: &LogEvent, scope: Scope) -> String {
    if let Some(task) = task_name(event) {
        return task;
    }
    let words = match scope {
        Scope::Job => "the job",
        Scope::Vertex => "a task",
        Scope::TaskManager => "a TaskManager",
        Scope::Cluster => "the cluster",
    };
    words.to_owned()
}

/// `Source: a -> b (1/2)#3 (id) switched from RUNNING to FAILED` names its vertex.
fn task_name(event: &LogEvent) -> Option<String> {
    let (before, _) = event.text.split_once(" switched from ")?;
    let end = before.find(" (")?;
    let name = before[..end].trim();
    let plausible = !name.is_empty() && name.len() < 200 && !name.starts_with("Job ");
    plausible.then(|| name.to_owned())
}

/// Figures that messages carry.
pub(super) fn measured(context: &Context) -> Measured {
    let number = |place: &str| {
        context
            .get(place)
            .and_then(|text| text.replace(',', "").parse::<f64>().ok())
    };
    Measured {
        buffers_required: number("buffers_required"),
        buffers_available: number("buffers_available"),
        buffers_total: number("buffers_total"),
        parallelism: number("parallelism"),
        max_parallelism: number("max_parallelism"),
        slots_needed: number("slots_needed"),
        slots_total: number("slots_total"),
        checkpoint_failures_in_a_row: number("failed_in_a_row"),
        rpc_ms: number("rpc_ms"),
        ..Measured::default()
    }
}

/// A sentence begins with a capital, also where its subject is only "a task".
pub(super) fn sentence(text: String) -> String {
    let general = ["a task", "a TaskManager", "the job", "the cluster"];
    match text.chars().next() {
        Some(first) if general.iter().any(|subject| text.starts_with(subject)) => {
            first.to_uppercase().chain(text.chars().skip(1)).collect()
        }
        _ => text,
    }
}
