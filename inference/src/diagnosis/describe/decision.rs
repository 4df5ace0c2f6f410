//! IF and AND: the model's own conditions that the row met.

use streamwarden_proto::finding::DecisionStep;

use super::figures::Facts;
use super::text::with_unit;
use crate::model::manifest::ManifestFeature;
use crate::model::trees::{Condition, Explanation, Test};

/// More conditions than this nobody reads.
const MOST_STEPS: usize = 5;
/// A feature that adds less than this part of what the strongest adds is left out.
const LEAST_PART: f32 = 0.05;

/// The strongest conditions, one a feature.
pub(super) fn decision(facts: &Facts<'_>, explanation: Option<&Explanation>) -> Vec<DecisionStep> {
    let (Some((model, row)), Some(explanation)) = (facts.own(), explanation) else {
        return Vec::new();
    };
    let part = |condition: &Condition| explanation.contributions[condition.feature];
    let strongest = explanation.conditions.first().map_or(0.0, part);
    explanation
        .conditions
        .iter()
        .filter(|condition| part(condition) >= strongest * LEAST_PART)
        .take(MOST_STEPS)
        .map(|condition| {
            let feature = &model.manifest.features[condition.feature];
            step(feature, condition.test, row.values[condition.feature])
        })
        .collect()
}

fn step(feature: &ManifestFeature, test: Test, value: f32) -> DecisionStep {
    let (op, threshold, words) = match test {
        Test::Above(threshold) => (">", threshold, "is above"),
        Test::AtMost(threshold) => ("<=", threshold, "is at most"),
        Test::Missing => ("missing", f32::NAN, "is missing"),
    };
    let threshold = f64::from(threshold);
    let label = &feature.label;
    let text = if feature.unit == "flag" && !value.is_nan() {
        let answer = if value > 0.5 { "yes" } else { "no" };
        format!("{label}: {answer}")
    } else if threshold.is_nan() {
        format!("{label} {words}")
    } else {
        let limit = with_unit(threshold, &feature.unit);
        let now = with_unit(f64::from(value), &feature.unit);
        format!("{label} {words} {limit}: {now}")
    };
    DecisionStep {
        feature: feature.name.clone(),
        op: op.to_owned(),
        // JSON has no NaN; with `missing` the threshold means nothing.
        threshold: if threshold.is_nan() {
            0.0
        } else {
            rounded(threshold)
        },
        unit: feature.unit.clone(),
        value: (!value.is_nan()).then(|| rounded(f64::from(value))),
        text,
    }
}

/// Seven digits, as many as a 32-bit figure has.
pub(super) fn rounded(value: f64) -> f64 {
    format!("{value:.6e}").parse().unwrap_or(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(unit: &str, test: Test, value: f32, expect: &str) {
        let feature = ManifestFeature {
            name: "f".into(),
            unit: unit.into(),
            label: "busy of the busiest subtask".into(),
        };
        assert_eq!(step(&feature, test, value).text, expect);
    }

    #[test]
    fn a_condition_reads_as_a_sentence_with_the_measured_value() {
        check(
            "ms/s",
            Test::Above(950.0),
            985.0,
            "busy of the busiest subtask is above 950 ms/s: 985 ms/s",
        );
        check(
            "ratio",
            Test::AtMost(0.25),
            0.21,
            "busy of the busiest subtask is at most 25 %: 21 %",
        );
        check(
            "ms",
            Test::Missing,
            f32::NAN,
            "busy of the busiest subtask is missing",
        );
        check(
            "flag",
            Test::Above(0.5),
            1.0,
            "busy of the busiest subtask: yes",
        );
    }
}
