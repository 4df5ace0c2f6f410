//! Messages about one finding: opened, changed, ended.

use streamwarden_proto::finding::{Evidence, FigureEvidence, Finding, Restart};

use crate::alerts::alert::{Alert, EndReason, Said};
use crate::message::chart::Chart;
use crate::message::parts::{NAME_LIMIT, SENTENCE_LIMIT, SHOWN, cause_and_effect, changes, why};
use crate::message::words::{
    clip, clock, date_and_clock, duration, figure, percent, sentence, stopped,
};
use crate::message::{Button, Deed, Message, Press, Section, Span, Tone, bold, plain};

/// What a message shows that is not in the finding.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Surroundings {
    /// Address of the page, without a slash at its end; empty: no links.
    pub public_url: String,
    /// Flink's version; empty if it is not known.
    pub flink_version: String,
    /// When the same problem of the same subject last began before, and how often it was seen.
    pub seen_before: Option<(i64, u32)>,
    /// Course of the deciding figure.
    pub chart: Option<Chart>,
}

/// The first message about an alert.
#[must_use]
pub fn opened(alert: &Alert, around: &Surroundings) -> Message {
    let finding = &alert.finding;
    let tone = Tone::from(finding.severity);
    let headline = format!("{}: {}", tone.word(), name_of(finding));
    let mut sections = vec![cause_and_effect(finding)];
    sections.extend(changes(finding));
    sections.extend(why(finding));
    Message {
        tone,
        lock_screen: lock_screen(&headline, finding),
        headline,
        sections,
        buttons: buttons(finding, around, false),
        small_print: small_print(alert, around),
        chart: around.chart.clone(),
    }
}

/// A changed, or a repeated, alert.
#[must_use]
pub fn updated(alert: &Alert, said: &Said, around: &Surroundings, now_ms: i64) -> Message {
    let finding = &alert.finding;
    let tone = Tone::from(finding.severity);
    let age = duration((now_ms - alert.received_ms).max(0).to_f64());
    let worse = is_worse(said, finding);
    let state = if worse {
        "Still open, getting worse"
    } else {
        "Still open"
    };
    let first = vec![
        bold(state),
        plain(format!(
            " after {age}: {}",
            clip(&finding.title, SENTENCE_LIMIT)
        )),
    ];
    let mut sections = vec![Section {
        lines: vec![first],
        items: differences(said, finding),
        after: Vec::new(),
    }];
    if Said::of(finding).changes == said.changes {
        sections[0]
            .after
            .push(vec![plain("The change to make is the same.")]);
    } else {
        sections.extend(changes(finding));
    }
    let headline = format!("{}: {}", tone.word(), name_of(finding));
    Message {
        tone,
        lock_screen: format!(
            "{headline}. {state}. {}",
            sentence(&clip(&finding.effect, SENTENCE_LIMIT))
        ),
        headline,
        sections,
        buttons: buttons(finding, around, false),
        small_print: small_print(alert, around),
        chart: None,
    }
}

/// The end of an alert.
#[must_use]
pub fn resolved(alert: &Alert, around: &Surroundings) -> Message {
    let finding = &alert.finding;
    let (ended_ms, reason) = alert
        .ended
        .map_or((alert.refreshed_ms, EndReason::Resolved), |ended| {
            (ended.at_ms, ended.reason)
        });
    let lasted = duration((ended_ms - alert.began_ms).max(0).to_f64());
    let headline = format!("Resolved: {}", name_of(finding));
    let from_to = format!(
        "From {} to {} UTC, {lasted}.",
        clock(alert.began_ms),
        clock(ended_ms)
    );
    let mut lines = vec![
        vec![bold(stopped(&clip(&finding.title, SENTENCE_LIMIT)))],
        vec![plain(from_to)],
    ];
    lines.extend(ending_words(reason).map(|words| vec![plain(words)]));
    let place = format!(
        "{} {} · cluster {}",
        finding.code, finding.slug, finding.cluster_id
    );
    Message {
        tone: Tone::Resolved,
        lock_screen: format!(
            "{headline} after {lasted}. {}",
            stopped(&clip(&finding.title, SENTENCE_LIMIT))
        ),
        headline,
        sections: vec![Section::lines(lines)],
        buttons: buttons(finding, around, true),
        small_print: vec![place],
        chart: None,
    }
}

/// A test of a channel.
#[must_use]
pub fn test(channel: &str, around: &Surroundings) -> Message {
    let text = format!("This is a test of the channel {channel}. Nothing is wrong.");
    let open = Button::link("Open Streamwarden", format!("{}/", around.public_url), true);
    Message {
        tone: Tone::Test,
        headline: "Test: Streamwarden reaches you here".to_owned(),
        lock_screen: format!("Test. {text}"),
        sections: vec![Section::lines(vec![vec![plain(text)]])],
        buttons: if around.public_url.is_empty() {
            Vec::new()
        } else {
            vec![open]
        },
        small_print: Vec::new(),
        chart: None,
    }
}

/// The job's name; the cluster's where the finding is about a cluster.
#[must_use]
pub fn name_of(finding: &Finding) -> String {
    let name = match (finding.job_name.trim(), finding.job_id.as_str()) {
        ("", "") => &finding.cluster_id,
        ("", job_id) => job_id,
        (name, _) => name,
    };
    clip(&name.replace('\n', " "), NAME_LIMIT)
}

/// Where the page shows a finding.
#[must_use]
pub fn link(finding: &Finding, around: &Surroundings) -> String {
    if finding.job_id.is_empty() {
        return format!("{}/", around.public_url);
    }
    let id: String = url::form_urlencoded::byte_serialize(finding.job_id.as_bytes()).collect();
    let finding_id: String =
        url::form_urlencoded::byte_serialize(finding.finding_id.as_bytes()).collect();
    format!("{}/#/jobs/{id}?finding={finding_id}", around.public_url)
}

fn lock_screen(headline: &str, finding: &Finding) -> String {
    let mut line = format!(
        "{headline}. {}",
        stopped(&clip(&finding.title, SENTENCE_LIMIT))
    );
    if let Some(action) = finding.actions.first().filter(|action| action.to.is_some()) {
        let restart = if action.restart > Restart::None {
            " (restart)"
        } else {
            ""
        };
        let to = action.to.as_deref().unwrap_or_default();
        let from = action
            .from
            .as_ref()
            .map_or_else(String::new, |from| format!("{from} → "));
        line.push_str(&format!(" Set {} {from}{to}{restart}.", action.key));
    }
    line
}

fn is_worse(said: &Said, finding: &Finding) -> bool {
    finding.severity > said.severity
        || finding.evidence.iter().any(|evidence| match evidence {
            Evidence::Figure(figure) => {
                let before = said.figures.get(&figure.feature);
                before.is_some_and(|before| moved_away(*before, figure))
            }
            Evidence::Log { .. } => false,
        })
}

/// Further away from what is healthy than before, by a tenth at least.
fn moved_away(before: f64, figure: &FigureEvidence) -> bool {
    match (figure.healthy_min, figure.healthy_max) {
        (_, Some(max)) if figure.value > max => figure.value > before * 1.1,
        (Some(min), _) if figure.value < min => figure.value < before * 0.9,
        _ => false,
    }
}

fn differences(said: &Said, finding: &Finding) -> Vec<Vec<Span>> {
    let mut items = Vec::new();
    for evidence in &finding.evidence {
        let Evidence::Figure(now) = evidence else {
            continue;
        };
        let (old, new) = match said.figures.get(&now.feature) {
            Some(before) => (figure(*before, &now.unit), figure(now.value, &now.unit)),
            None => continue,
        };
        if old != new && items.len() < SHOWN {
            let label = clip(&now.label, NAME_LIMIT);
            items.push(vec![plain(format!("{label}: {old} → ")), bold(new)]);
        }
    }
    let confidence = percent(finding.confidence);
    if confidence != said.confidence_percent {
        let old = said.confidence_percent;
        items.push(vec![
            plain(format!("Confidence: {old} % → ")),
            bold(format!("{confidence} %")),
        ]);
    }
    items
}

fn ending_words(reason: EndReason) -> Option<&'static str> {
    match reason {
        EndReason::Resolved => None,
        EndReason::Unconfirmed => {
            Some("The job reports, and its figures do not confirm the finding any more.")
        }
        EndReason::JobGone => Some("The cluster reports, and the job does not run on it any more."),
    }
}

fn buttons(finding: &Finding, around: &Surroundings, over: bool) -> Vec<Button> {
    if around.public_url.is_empty() {
        return Vec::new();
    }
    let link = link(finding, around);
    let button = |label: &str, deed: Deed| Button {
        label: label.to_owned(),
        url: format!("{link}&do={}", deed.as_str()),
        primary: false,
        press: Some(Press {
            deed,
            finding_id: finding.finding_id.clone(),
        }),
    };
    if over {
        return vec![
            button("It was right", Deed::Right),
            button("It was wrong", Deed::Wrong),
        ];
    }
    vec![
        Button::link("Open finding", link.clone(), true),
        button("Acknowledge", Deed::Acknowledge),
        button("Silence 1 h", Deed::Silence),
        button("This is right", Deed::Right),
        button("This is wrong", Deed::Wrong),
    ]
}

fn small_print(alert: &Alert, around: &Surroundings) -> Vec<String> {
    let finding = &alert.finding;
    let mut print = vec![
        format!("{} {}", finding.code, finding.slug),
        format!("confidence {} %", percent(finding.confidence)),
        format!("cluster {}", finding.cluster_id),
    ];
    if !around.flink_version.is_empty() {
        print.push(format!("Flink {}", around.flink_version));
    }
    print.push(format!("since {} UTC", clock(alert.began_ms)));
    if let Some((last_ms, times)) = around.seen_before {
        let often = match times {
            1 => "once".to_owned(),
            2 => "twice".to_owned(),
            times => format!("{times} times"),
        };
        print.push(format!("seen {often} before, {}", date_and_clock(last_ms)));
    }
    if alert.earlier_episodes > 1 {
        print.push("comes and goes".to_owned());
    }
    print
}

/// Milliseconds as a float; differences of times are far below 2^53.
pub(crate) trait AsF64 {
    /// The same number.
    fn to_f64(self) -> f64;
}

impl AsF64 for i64 {
    #[expect(
        clippy::cast_precision_loss,
        reason = "differences of times are far below 2^53"
    )]
    fn to_f64(self) -> f64 {
        self as f64
    }
}
