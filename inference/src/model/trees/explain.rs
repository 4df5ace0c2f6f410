//! Contributions and conditions of one row.

use std::collections::BTreeMap;

use super::{Tree, TreeEnsemble, value_of};

/// Why a row got its score for one class and not for another.
#[derive(Debug, Clone, PartialEq)]
pub struct Explanation {
    /// Score before anything was known about the row.
    pub base: f32,
    /// What each feature added; base plus all of them is the raw score.
    pub contributions: Vec<f32>,
    /// The tightest condition of each feature that raised the score, the strongest feature first.
    pub conditions: Vec<Condition>,
}

/// One condition that the row met.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// Index of the feature.
    pub feature: usize,
    /// What was asked and answered.
    pub test: Test,
    /// What the conditions on this feature in this direction added together.
    pub weight: f32,
}

/// What was asked of a value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Test {
    /// The value is at most this.
    AtMost(f32),
    /// The value is above this.
    Above(f32),
    /// There is no value.
    Missing,
}

#[derive(Default, Clone, Copy)]
struct Bounds {
    above: Option<f32>,
    above_weight: f32,
    at_most: Option<f32>,
    at_most_weight: f32,
    missing_weight: f32,
    missing: bool,
}

impl TreeEnsemble {
    /// Explains why `class` got its raw score.
    #[must_use]
    pub fn explain(&self, row: &[f32], class: usize) -> Explanation {
        self.weigh(row, &[(class, 1.0)])
    }

    /// Explains the distance between two classes: why `class` rather than `instead_of`.
    #[must_use]
    pub fn explain_against(&self, row: &[f32], class: usize, instead_of: usize) -> Explanation {
        self.weigh(row, &[(class, 1.0), (instead_of, -1.0)])
    }

    fn weigh(&self, row: &[f32], classes: &[(usize, f32)]) -> Explanation {
        let mut contributions = vec![0.0; row.len()];
        let mut bounds: BTreeMap<usize, Bounds> = BTreeMap::new();
        let mut base = 0.0;
        for (class, sign) in classes {
            base += sign * self.base[*class];
            for tree in self
                .trees
                .iter()
                .filter(|tree| tree.classes.contains(class))
            {
                base += sign * value_of(&tree.nodes[0].expected, *class);
                tree.walk(row, |feature, threshold, yes, before, after| {
                    let step = sign * (value_of(after, *class) - value_of(before, *class));
                    contributions[feature] += step;
                    bounds
                        .entry(feature)
                        .or_default()
                        .note(row[feature], threshold, yes, step);
                });
            }
        }
        let mut conditions: Vec<Condition> = bounds
            .iter()
            .filter(|(feature, _)| contributions[**feature] > 0.0)
            .filter_map(|(feature, bounds)| bounds.tightest(*feature))
            .collect();
        conditions.sort_by(|a, b| {
            contributions[b.feature]
                .total_cmp(&contributions[a.feature])
                .then(a.feature.cmp(&b.feature))
        });
        Explanation {
            base,
            contributions,
            conditions,
        }
    }
}

type Scores = [(usize, f32)];

impl Tree {
    /// Calls `visit` with feature, threshold, answer, and the expected scores before and after each node on the way.
    fn walk(&self, row: &[f32], mut visit: impl FnMut(usize, f32, bool, &Scores, &Scores)) {
        let mut at = 0;
        while !self.nodes[at].leaf {
            let node = &self.nodes[at];
            let next = node.next(row);
            let (before, after) = (&node.expected, &self.nodes[next].expected);
            visit(
                node.feature,
                node.threshold,
                next == node.yes,
                before,
                after,
            );
            at = next;
        }
    }
}

impl Bounds {
    /// Only a step that raised the score is a reason.
    fn note(&mut self, value: f32, threshold: f32, yes: bool, step: f32) {
        if step <= 0.0 {
            return;
        }
        if value.is_nan() {
            self.missing = true;
            self.missing_weight += step;
        } else if yes {
            self.at_most = Some(self.at_most.map_or(threshold, |now| now.min(threshold)));
            self.at_most_weight += step;
        } else {
            self.above = Some(self.above.map_or(threshold, |now| now.max(threshold)));
            self.above_weight += step;
        }
    }

    fn tightest(&self, feature: usize) -> Option<Condition> {
        let condition = |test, weight| {
            Some(Condition {
                feature,
                test,
                weight,
            })
        };
        if self.missing {
            return condition(Test::Missing, self.missing_weight);
        }
        match (self.above, self.at_most) {
            (Some(above), _) if self.above_weight >= self.at_most_weight => {
                condition(Test::Above(above), self.above_weight)
            }
            (_, Some(at_most)) => condition(Test::AtMost(at_most), self.at_most_weight),
            (Some(above), None) => condition(Test::Above(above), self.above_weight),
            (None, None) => None,
        }
    }
}
