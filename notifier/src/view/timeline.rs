//! A job's time lines: the figures that decide, on one axis.

use std::collections::BTreeMap;

use streamwarden_proto::cloud_event::{parse_rfc3339, rfc3339};
use streamwarden_proto::finding::Finding;

use crate::api::types::{JobSeries, Mark, SeriesLine};
use crate::view::job::JobView;
use crate::view::row::{figures, subject_of};
use crate::view::series::{SubjectView, WINDOW_MS, round, start_of_hour};
use crate::view::{FleetView, JobKey};

/// Time lines on one axis; more cannot be read together.
const LINES: usize = 4;
/// All of a second.
const FULL_MS_PER_S: f64 = 1000.0;

/// The hour of the figures that decide, or of the usual ones.
#[must_use]
pub fn series(
    view: &FleetView,
    key: &JobKey,
    job: &JobView,
    findings: &[&Finding],
    marks: Vec<Mark>,
) -> Option<JobSeries> {
    let end_ms = job.newest_window_ms()?;
    let opened_ms = findings
        .first()
        .and_then(|finding| parse_rfc3339(&finding.first_seen));
    let axis = Axis { end_ms, opened_ms };
    let mut lines: Vec<SeriesLine> = Vec::new();
    let throughput = ["source_records_out", "sink_records_in"];
    let throughput = throughput
        .into_iter()
        .find(|figure| job.own.value(figure).is_some());
    lines.extend(
        throughput.map(|figure| axis.line(&job.own, figure, ("Throughput", "", "records/s"))),
    );
    for finding in findings.iter().take(1) {
        let Some(subject) = subject_of(view, key, job, finding) else {
            continue;
        };
        for evidence in figures(finding) {
            let known = lines.iter().any(|line| line.feature == evidence.feature);
            if known || !subject.keeps(&evidence.feature) || lines.len() >= LINES - 1 {
                continue;
            }
            let words = (
                evidence.label.as_str(),
                finding.subject.name.as_str(),
                evidence.unit.as_str(),
            );
            let mut line = axis.line(subject, &evidence.feature, words);
            line.healthy_min = evidence.healthy_min;
            line.healthy_max = evidence.healthy_max;
            lines.push(line);
        }
    }
    let usual = [
        ("busiest_max", "Busiest subtask", "ms/s"),
        ("backpressured_max", "Blocked, worst step", "ms/s"),
        ("checkpoint_duration", "Checkpoint duration", "ms"),
    ];
    for (figure, label, unit) in usual.into_iter().rev() {
        if lines.len() < LINES && job.own.keeps(figure) {
            lines.push(axis.line(&job.own, figure, (label, "", unit)));
        }
    }
    for line in &mut lines {
        decorate(line, job);
    }
    Some(JobSeries {
        start: rfc3339(start_of_hour(end_ms)),
        step_s: u32::try_from(WINDOW_MS / 1000).unwrap_or(10),
        lines,
        marks: axis.within(marks),
    })
}

/// The time axis that all lines share.
struct Axis {
    end_ms: i64,
    opened_ms: Option<i64>,
}

impl Axis {
    fn line(
        &self,
        subject: &SubjectView,
        figure: &str,
        (label, name, unit): (&str, &str, &str),
    ) -> SeriesLine {
        SeriesLine {
            feature: figure.to_owned(),
            label: label.to_owned(),
            subject: name.to_owned(),
            unit: unit.to_owned(),
            kind: if figure == "checkpoint_duration" {
                "bars"
            } else {
                "line"
            }
            .to_owned(),
            values: subject.hour(figure, self.end_ms),
            healthy_min: None,
            healthy_max: None,
            scale_max: None,
            before: self
                .opened_ms
                .and_then(|at| subject.before(figure, at, self.end_ms)),
        }
    }

    fn within(&self, marks: Vec<Mark>) -> Vec<Mark> {
        let hour = start_of_hour(self.end_ms)..=self.end_ms + WINDOW_MS;
        let inside = |mark: &Mark| parse_rfc3339(&mark.at).is_some_and(|at| hour.contains(&at));
        marks.into_iter().filter(inside).collect()
    }
}

fn decorate(line: &mut SeriesLine, job: &JobView) {
    if line.unit == "ms/s" {
        line.scale_max = Some(FULL_MS_PER_S);
    }
    if line.feature == "checkpoint_duration" {
        let config = job.snapshot.as_ref().map(|snapshot| &snapshot.config);
        line.scale_max = config.and_then(checkpoint_timeout_ms);
        // A checkpoint's duration stays until the next one; a bar for each window would show it six times.
        let mut last = None;
        for value in &mut line.values {
            if *value == last {
                *value = None;
            } else if value.is_some() {
                last = *value;
            }
        }
    }
}

fn checkpoint_timeout_ms(config: &BTreeMap<String, String>) -> Option<f64> {
    duration_ms(config.get("execution.checkpointing.timeout")?)
}

/// A duration as Flink writes it: `10 min`, `600s`, `600000`.
fn duration_ms(text: &str) -> Option<f64> {
    let text = text.trim().to_lowercase();
    let digits = text.chars().take_while(char::is_ascii_digit).count();
    let number: f64 = text[..digits].parse().ok()?;
    let factor = match text[digits..].trim() {
        "" | "ms" | "milli" | "millis" | "millisecond" | "milliseconds" => 1.0,
        "s" | "sec" | "secs" | "second" | "seconds" => 1000.0,
        "m" | "min" | "minute" | "minutes" => 60_000.0,
        "h" | "hour" | "hours" => 3_600_000.0,
        "d" | "day" | "days" => 86_400_000.0,
        _ => return None,
    };
    Some(round(number * factor))
}

/// Changes of the configuration as marks on the time axis.
#[must_use]
pub fn change_marks(job: &JobView) -> Vec<Mark> {
    let mark = |change: &crate::view::job::ConfigChange| {
        let (from, to) = (change.from.as_deref(), change.to.as_deref());
        Mark {
            at: rfc3339(change.at_ms),
            label: format!(
                "{} {} → {}",
                change.key,
                from.unwrap_or("unset"),
                to.unwrap_or("unset")
            ),
            kind: "change".to_owned(),
            finding_id: None,
        }
    };
    job.changes.iter().map(mark).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_as_flink_writes_them() {
        assert_eq!(duration_ms("10 min"), Some(600_000.0));
        assert_eq!(duration_ms("600000"), Some(600_000.0));
        assert_eq!(duration_ms("30s"), Some(30_000.0));
        assert_eq!(duration_ms("soon"), None);
    }
}
