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
/// From this confidence on, a rule knows a message, and no words are looked at.
const SURE_RULE: f64 = 0.93;
/// Known problems named beside a failure that is none of them.
const MOST_ALIKE: usize = 4;
const LONGEST_EVIDENCE_BYTES: usize = 400;

pub(super) fn healthy(lines: u64) -> Answer {
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let read = figure(lines as f64);
    Answer {
        code: HEALTHY_CODE.into(),
        slug: "healthy".into(),
        class: Class::Healthy,
        confidence: if lines == 0 { 0.5 } else { 0.9 },
        severity: Severity::Advice,
        title: "The log shows no failure".into(),
        effect: String::new(),
        explanation: format!("{read} lines were read, none of them shows a failure."),
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
    let (owner, words) = root.map_or((&event.logger, &event.text), |link| {
        (&link.exception, &link.message)
    });
    let known = experience.templates().is_mined(owner, words);
    let said = simple_name(owner);
    let judged = experience
        .text_model()
        .and_then(|model| model.judge_failed_event(event))
        .filter(|judged| judged.sure);
    let title = match (said, known, judged) {
        ("", _, _) => "A failure that no rule knows".to_owned(),
        (said, _, Some(judged)) => {
            format!(
                "{said}: no rule knows it; its words are those of {}",
                judged.class
            )
        }
        (said, true, None) => format!("{said}: a known message, but no known problem"),
        (said, false, None) => format!("{said}: a failure that no rule knows"),
    };
    Answer {
        code: UNKNOWN_CODE.into(),
        slug: "unknown".into(),
        class: judged.map_or(Class::Unknown, |judged| judged.class),
        confidence: judged.map_or(0.5, |judged| super::round(judged.probability)),
        severity: Severity::Warning,
        title,
        effect: String::new(),
        explanation: format!(
            "No expert rule fits this message. {}The lines before it in the same process, and the other processes' logs of the same minute, are what to look at next.",
            judged.map_or(String::new(), |judged| alike(experience, judged.class))
        ),
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

/// Whether a rule is overruled by words that clearly are those of something else.
pub(super) fn is_overruled(experience: &Experience, incident: &Incident<'_>) -> bool {
    let unsure = incident
        .matched
        .as_ref()
        .filter(|matched| matched.confidence < SURE_RULE);
    unsure.is_some_and(|matched| {
        let judged = experience
            .text_model()
            .and_then(|model| model.judge_failed_event(&incident.first));
        judged.is_some_and(|judged| {
            judged.class != matched.problem.class && judged.outweighs(matched.confidence)
        })
    })
}

/// Known problems of a class, for somebody who looks for what a failure may be.
fn alike(experience: &Experience, class: Class) -> String {
    let of_class = experience
        .problems()
        .iter()
        .filter(|one| one.class == class);
    let slugs: Vec<&str> = of_class
        .map(|one| one.slug.as_str())
        .take(MOST_ALIKE)
        .collect();
    match slugs.as_slice() {
        [] => String::new(),
        slugs => format!(
            "Its words are those of problems like {}; `streamwarden problems SLUG` tells of each. ",
            slugs.join(", ")
        ),
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
