//! One subject's newest values, and an hour of those that time lines are drawn of.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use streamwarden_proto::cloud_event::rfc3339;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::v1::FeatureRecord;

use crate::api::types::SeriesData;
use crate::view::names::ScopeNames;

/// Length of a window.
pub const WINDOW_MS: i64 = 10_000;
/// An hour of windows.
pub const WINDOWS: usize = 360;
/// Windows in a step of the short series of a row.
const WINDOWS_PER_MINUTE: usize = 6;

/// Figures of a job that are kept for an hour.
const JOB_FIGURES: &[&str] = &[
    "source_records_out",
    "sink_records_in",
    "busiest_max",
    "backpressured_max",
    "checkpoint_duration",
    "checkpoint_alignment_max",
    "checkpoint_state_size",
    "backlog_max",
    "pending_records",
    "watermark_lag_max",
    "restarts_last_five_minutes",
];
/// Figures of a vertex that are kept for an hour.
const VERTEX_FIGURES: &[&str] = &[
    "busy_max",
    "busy_mean",
    "backpressured_mean",
    "records_in",
    "records_out",
    "records_max_over_mean",
    "watermark_lag",
    "pending_records",
    "checkpoint_alignment",
];
/// Figures of a TaskManager that are kept for an hour.
const TASKMANAGER_FIGURES: &[&str] = &[
    "cpu_load",
    "heap_share",
    "heap_floor_share",
    "gc_time",
    "metaspace_share",
];

fn figures(scope: Scope) -> &'static [&'static str] {
    match scope {
        Scope::Job => JOB_FIGURES,
        Scope::Vertex => VERTEX_FIGURES,
        Scope::TaskManager => TASKMANAGER_FIGURES,
        Scope::Cluster => &[],
    }
}

/// One subject.
#[derive(Debug, Clone, Default)]
pub struct SubjectView {
    /// As Flink prints it.
    pub name: String,
    names: Option<Arc<ScopeNames>>,
    latest: Vec<f32>,
    newest_ms: i64,
    series: HashMap<&'static str, VecDeque<f32>>,
}

impl SubjectView {
    /// Takes a window. Values without names are kept unread: another schema would put figures under wrong names.
    pub fn push(&mut self, scope: Scope, names: Option<&Arc<ScopeNames>>, record: &FeatureRecord) {
        if let Some(subject) = &record.subject {
            subject.name.clone_into(&mut self.name);
        }
        let gap = (record.window_end_ms - self.newest_ms).div_euclid(WINDOW_MS);
        if gap < 0 || (gap == 0 && self.newest_ms > 0) {
            return;
        }
        let first = self.newest_ms == 0;
        self.newest_ms = record.window_end_ms;
        let Some(names) = names else {
            self.names = None;
            return;
        };
        self.names = Some(Arc::clone(names));
        self.latest.clone_from(&record.values);
        let missing = if first {
            0
        } else {
            usize::try_from(gap - 1).unwrap_or(0).min(WINDOWS)
        };
        for figure in figures(scope) {
            let Some(at) = names.index_of(figure) else {
                continue;
            };
            let value = record.values.get(at).copied().unwrap_or(f32::NAN);
            let line = self.series.entry(figure).or_default();
            line.extend(std::iter::repeat_n(f32::NAN, missing));
            line.push_back(value);
            while line.len() > WINDOWS {
                line.pop_front();
            }
        }
    }

    /// End of the newest window.
    #[must_use]
    pub fn newest_ms(&self) -> i64 {
        self.newest_ms
    }

    /// The newest value of a figure; nothing if it is missing.
    #[must_use]
    pub fn value(&self, figure: &str) -> Option<f64> {
        let at = self.names.as_ref()?.index_of(figure)?;
        self.latest.get(at).copied().and_then(shown)
    }

    /// Ends of the windows from one time to another in which something was measured, oldest first; of the last hour.
    #[must_use]
    pub fn windows_between(&self, from_ms: i64, to_ms: i64) -> Vec<i64> {
        let mut ends = Vec::new();
        for back in (0..WINDOWS).rev() {
            let end_ms = self.newest_ms - i64::try_from(back).unwrap_or(0) * WINDOW_MS;
            let measured = |line: &VecDeque<f32>| {
                let at = line.len().checked_sub(back + 1);
                at.is_some_and(|at| line[at].is_finite())
            };
            if (from_ms..=to_ms).contains(&end_ms) && self.series.values().any(measured) {
                ends.push(end_ms);
            }
        }
        ends
    }

    /// Is there an hour of this figure?
    #[must_use]
    pub fn keeps(&self, figure: &str) -> bool {
        self.series.contains_key(figure)
    }

    /// The last hour, window by window, up to `end_ms`.
    #[must_use]
    pub fn hour(&self, figure: &str, end_ms: i64) -> Vec<Option<f64>> {
        let measured = self.measured(figure, end_ms);
        measured.into_iter().map(shown).collect()
    }

    /// The last hour, minute by minute, up to `end_ms`.
    #[must_use]
    pub fn minutes(&self, figure: &str, end_ms: i64) -> Option<SeriesData> {
        if !self.keeps(figure) {
            return None;
        }
        let hour = self.measured(figure, end_ms);
        let values = hour
            .chunks(WINDOWS_PER_MINUTE)
            .map(|windows| mean(windows).map(round));
        Some(SeriesData {
            start: rfc3339(start_of_hour(end_ms) + 60_000 - WINDOW_MS),
            step_s: 60,
            values: values.collect(),
        })
    }

    /// The last hour as it was measured; what is missing is not a number.
    fn measured(&self, figure: &str, end_ms: i64) -> Vec<f32> {
        let mut values = vec![f32::NAN; WINDOWS];
        let Some(line) = self.series.get(figure) else {
            return values;
        };
        let behind = usize::try_from((end_ms - self.newest_ms).div_euclid(WINDOW_MS)).unwrap_or(0);
        for (back, value) in line.iter().rev().enumerate() {
            if let Some(place) = (WINDOWS - 1).checked_sub(back + behind) {
                values[place] = *value;
            }
        }
        values
    }

    /// Typical value over the minutes before a time: the median.
    #[must_use]
    pub fn before(&self, figure: &str, at_ms: i64, end_ms: i64) -> Option<f64> {
        let hour = self.hour(figure, end_ms);
        let start_ms = start_of_hour(end_ms);
        let index = usize::try_from((at_ms - start_ms).div_euclid(WINDOW_MS)).ok()?;
        // The windows right before a finding already show the trouble.
        let until = index.saturating_sub(6).min(hour.len());
        let mut known: Vec<f64> = hour[..until].iter().flatten().copied().collect();
        known.sort_by(f64::total_cmp);
        known.get(known.len() / 2).copied().map(round)
    }
}

/// Time of the first value of an hour that ends there.
#[must_use]
pub fn start_of_hour(end_ms: i64) -> i64 {
    end_ms - (i64::try_from(WINDOWS).unwrap_or(0) - 1) * WINDOW_MS
}

fn mean(values: &[f32]) -> Option<f64> {
    let (sum, count) = values
        .iter()
        .filter(|value| value.is_finite())
        .fold((0.0, 0.0), |(sum, count), value| {
            (sum + f64::from(*value), count + 1.0)
        });
    (count > 0.0).then(|| sum / count)
}

fn shown(value: f32) -> Option<f64> {
    value.is_finite().then(|| round(f64::from(value)))
}

/// Four significant digits: more is noise, and it makes answers small.
#[must_use]
pub fn round(value: f64) -> f64 {
    if value == 0.0 || !value.is_finite() {
        return value;
    }
    #[expect(clippy::cast_possible_truncation, reason = "an exponent of ten")]
    let digits = 3 - value.abs().log10().floor() as i32;
    if digits >= 0 {
        let factor = 10f64.powi(digits.min(15));
        (value * factor).round() / factor
    } else {
        let factor = 10f64.powi(-digits);
        (value / factor).round() * factor
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::feature::{FeatureDef, FeatureSchema};
    use streamwarden_proto::v1::{self, Subject};

    use crate::view::names::FeatureNames;

    fn schema() -> FeatureSchema {
        let feature = FeatureDef {
            name: "busy_max".into(),
            unit: "ms/s",
            family: "time",
            label: "busy".into(),
            description: String::new(),
            missing: "",
        };
        FeatureSchema {
            scope: Scope::Vertex,
            features: vec![feature],
        }
    }

    fn pushed(windows: &[(i64, f32)]) -> SubjectView {
        let schema = schema();
        let names = FeatureNames::new([&schema]);
        let names = names.scope(Scope::Vertex, &schema.fingerprint());
        let mut view = SubjectView::default();
        for (end_ms, value) in windows {
            let record = FeatureRecord {
                subject: Some(Subject {
                    scope: v1::Scope::Vertex.into(),
                    ..Subject::default()
                }),
                window_end_ms: *end_ms,
                values: vec![*value],
                ..FeatureRecord::default()
            };
            view.push(Scope::Vertex, names.as_ref(), &record);
        }
        view
    }

    #[test]
    fn a_missing_window_is_a_gap_and_not_a_zero() {
        let view = pushed(&[(1_000_000, 1.0), (1_030_000, 4.0)]);
        let hour = view.hour("busy_max", 1_030_000);
        assert_eq!(hour[WINDOWS - 4..], [Some(1.0), None, None, Some(4.0)]);
    }

    #[test]
    fn only_windows_that_were_measured_are_told() {
        let view = pushed(&[(1_000_000, 1.0), (1_030_000, 4.0), (1_040_000, 5.0)]);
        let told = view.windows_between(1_000_000, 1_030_000);
        assert_eq!(told, [1_000_000, 1_030_000]);
    }

    #[test]
    fn a_repeated_or_older_window_changes_nothing() {
        let view = pushed(&[
            (1_000_000, 1.0),
            (1_010_000, 2.0),
            (1_010_000, 9.0),
            (1_000_000, 9.0),
        ]);
        assert_eq!(view.value("busy_max"), Some(2.0));
    }

    #[test]
    fn values_of_another_schema_are_not_shown_under_wrong_names() {
        let mut view = pushed(&[(1_000_000, 1.0)]);
        let record = FeatureRecord {
            window_end_ms: 1_010_000,
            values: vec![5.0],
            ..FeatureRecord::default()
        };
        view.push(Scope::Vertex, None, &record);
        assert_eq!(view.value("busy_max"), None);
    }

    #[test]
    fn an_hour_is_all_that_is_kept() {
        let windows: Vec<(i64, f32)> = (1..1000).map(|at| (at * WINDOW_MS, 1.0)).collect();
        let view = pushed(&windows);
        assert_eq!(view.series["busy_max"].len(), WINDOWS);
    }

    #[test]
    fn figures_have_four_digits() {
        assert_eq!(round(978.654), 978.7);
        assert_eq!(round(4_461_234_567.0), 4_461_000_000.0);
        assert_eq!(round(0.055_951), 0.05595);
    }
}
