//! The parts of a message about one finding: cause and effect, what to change, why.

use streamwarden_proto::finding::{
    Action, Evidence, FigureEvidence, Finding, LogEvidence, Restart, Risk,
};

use crate::message::words::{clip, figure, sentence, stopped};
use crate::message::{Section, Span, bold, code, plain};

/// Changes, and figures, that a message shows; the page shows all.
pub(super) const SHOWN: usize = 3;
/// Names and titles longer than this do not fit a line of a phone ten times over.
pub(super) const NAME_LIMIT: usize = 150;
/// A title, an effect, a reason.
pub(super) const SENTENCE_LIMIT: usize = 400;

pub(super) fn cause_and_effect(finding: &Finding) -> Section {
    let mut lines = vec![vec![bold(stopped(&clip(&finding.title, SENTENCE_LIMIT)))]];
    if !finding.effect.trim().is_empty() {
        lines.push(vec![plain(sentence(&clip(
            &finding.effect,
            SENTENCE_LIMIT,
        )))]);
    }
    Section::lines(lines)
}

pub(super) fn changes(finding: &Finding) -> Option<Section> {
    let after = finding.avoid.iter().take(1).map(|avoid| {
        let why = sentence(&clip(&avoid.why, SENTENCE_LIMIT));
        vec![plain(format!(
            "Do not {}. {why}",
            clip(&avoid.what, NAME_LIMIT)
        ))]
    });
    let after: Vec<_> = after.collect();
    if finding.actions.is_empty() && after.is_empty() {
        return None;
    }
    let shown = &finding.actions[..finding.actions.len().min(SHOWN)];
    let title = vec![bold("Change"), plain(cost(shown))];
    Some(Section {
        lines: if shown.is_empty() {
            Vec::new()
        } else {
            vec![title]
        },
        items: shown.iter().map(change).collect(),
        after,
    })
}

/// ` (one restart of the job, risk medium)`
fn cost(actions: &[Action]) -> String {
    let restart = actions.iter().map(|action| action.restart).max();
    let risk = actions.iter().map(|action| action.risk).max();
    let restart = match restart.unwrap_or(Restart::None) {
        Restart::None => "no restart",
        Restart::Job => "one restart of the job",
        Restart::TaskManager => "restart of the TaskManagers",
        Restart::Cluster => "restart of the cluster",
    };
    let risk = match risk.unwrap_or(Risk::Low) {
        Risk::Low => "low",
        Risk::Medium => "medium",
        Risk::High => "high",
    };
    format!(" ({restart}, risk {risk})")
}

fn change(action: &Action) -> Vec<Span> {
    let unit = match action.unit.trim() {
        "" => String::new(),
        unit => format!(" {unit}"),
    };
    match (&action.from, &action.to) {
        (Some(from), Some(to)) => vec![
            code(clip(&action.key, NAME_LIMIT)),
            plain(format!(" {} → ", clip(from, NAME_LIMIT))),
            bold(clip(to, NAME_LIMIT)),
            plain(unit),
        ],
        (None, Some(to)) => {
            vec![
                code(clip(&action.key, NAME_LIMIT)),
                plain(" → "),
                bold(clip(to, NAME_LIMIT)),
                plain(unit),
            ]
        }
        (_, None) => {
            let why = clip(&action.why, SENTENCE_LIMIT);
            vec![
                bold(clip(&action.key, NAME_LIMIT)),
                plain(format!(". {}", sentence(&why))),
            ]
        }
    }
}

pub(super) fn why(finding: &Finding) -> Option<Section> {
    let mut figures: Vec<&FigureEvidence> = Vec::new();
    let mut logs: Vec<&LogEvidence> = Vec::new();
    for evidence in &finding.evidence {
        match evidence {
            Evidence::Figure(figure) => figures.push(figure),
            Evidence::Log { log } => logs.push(log),
        }
    }
    figures.sort_by(|a, b| b.contribution.total_cmp(&a.contribution));
    let logs = logs.into_iter().take(1).map(log_line);
    let room = SHOWN - logs.len();
    let items: Vec<_> = figures
        .into_iter()
        .take(room)
        .map(figure_line)
        .chain(logs)
        .collect();
    (!items.is_empty()).then(|| Section {
        lines: vec![vec![bold("Why")]],
        items,
        after: Vec::new(),
    })
}

fn figure_line(evidence: &FigureEvidence) -> Vec<Span> {
    let said = figure(evidence.value, &evidence.unit);
    let mut spans = vec![
        plain(format!("{} ", clip(&evidence.label, NAME_LIMIT))),
        bold(said),
    ];
    spans.extend(healthy_range(evidence).map(|range| plain(format!(", healthy {range}"))));
    spans
}

fn healthy_range(evidence: &FigureEvidence) -> Option<String> {
    let say = |value: f64| figure(value, &evidence.unit);
    match (evidence.healthy_min, evidence.healthy_max) {
        (None, Some(max)) => Some(format!("below {}", say(max))),
        (Some(min), None) => Some(format!("above {}", say(min))),
        (Some(min), Some(max)) => Some(format!("{} to {}", say(min), say(max))),
        (None, None) => None,
    }
}

fn log_line(log: &LogEvidence) -> Vec<Span> {
    let text = log.text.lines().next().unwrap_or_default();
    vec![
        plain("log: "),
        code(clip(text, NAME_LIMIT)),
        plain(format!(" ({})", log.template)),
    ]
}
