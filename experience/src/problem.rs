//! One thing that goes wrong with Flink jobs: what it is, how it shows in logs, what to change.
//!
//! Each problem is one file, `problems/<slug>.toml`. Unknown keys are refused, and [`validate`] finds what serde cannot.

use serde::Deserialize;
use streamwarden_proto::Class;
use streamwarden_proto::finding::{Action, ActionKind, Avoid, Restart, Risk, Severity};
use streamwarden_proto::scope::Scope;

use crate::sizing::{self, Measured};
use crate::words::Context;

pub mod rule;
pub mod validate;

pub use rule::{Rule, RuleTarget};

/// One problem of the catalogue.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Problem {
    /// `SW1101`; never used twice.
    pub code: String,
    /// `slow-sink`; the name of its file.
    pub slug: String,
    /// Class of the vocabulary.
    pub class: Class,
    /// Kind of thing at fault.
    pub scope: Scope,
    /// How urgent it is when it is there.
    pub severity: Severity,
    /// The cause in one sentence, subject first; variants, richest first.
    pub title: Vec<String>,
    /// What it does to the people who wait for the data; variants, richest first.
    pub effect: Vec<String>,
    /// What it is, for a reader who does not know Flink.
    pub what: String,
    /// Why it happens.
    pub why: String,
    /// How to tell it from its neighbours.
    #[serde(default)]
    pub neighbours: Vec<Neighbour>,
    /// Problems that are only followers when this one is there.
    #[serde(default)]
    pub explains: Vec<String>,
    /// Problems whose follower this one is when they are there.
    #[serde(default)]
    pub explained_by: Vec<String>,
    /// It is a follower more often than a cause: anything else in the same log comes first.
    #[serde(default)]
    pub symptom: bool,
    /// Age of a job, in seconds, before which its figures prove nothing of it: what fills up first looks the same.
    #[serde(default)]
    pub not_before_s: u32,
    /// Its errors say only that something failed: the figure that tells it from others of its class. Until figures do, or had
    /// time to, it is not named.
    #[serde(default)]
    pub told_by: Option<ToldBy>,
    /// What a symptom stands for when nothing else in sight explains it: slug of another problem of its class.
    #[serde(default)]
    pub unexplained: Option<String>,
    /// What to change, most useful first.
    #[serde(default)]
    pub actions: Vec<ActionTemplate>,
    /// Likely but wrong moves.
    #[serde(default)]
    pub avoid: Vec<AvoidTemplate>,
    /// Official documentation.
    #[serde(default)]
    pub links: Vec<String>,
    /// How it shows in logs and exceptions.
    #[serde(default)]
    pub rules: Vec<Rule>,
}

/// The figure of a subject that tells a problem from others that fail with the same error.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ToldBy {
    /// Name of a feature of the problem's scope.
    pub feature: String,
    /// It is this problem from here on.
    #[serde(default)]
    pub at_least: Option<f32>,
    /// It is this problem up to here.
    #[serde(default)]
    pub at_most: Option<f32>,
}

impl ToldBy {
    /// Whether a value of the feature says that it is this problem. What was not measured says nothing.
    #[must_use]
    pub fn holds(&self, value: f32) -> bool {
        !value.is_nan()
            && self.at_least.is_none_or(|least| value >= least)
            && self.at_most.is_none_or(|most| value <= most)
    }
}

/// How to tell a problem from another one.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// The other problem.
    pub slug: String,
    /// What is different.
    pub differs: String,
}

/// A likely but wrong move.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AvoidTemplate {
    /// The move.
    pub what: String,
    /// Why it does not help.
    pub why: String,
}

/// A change whose value is computed for the case at hand.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ActionTemplate {
    /// Kind of change.
    pub kind: ActionKind,
    /// Option key, or what is changed; may have places.
    pub key: String,
    /// Name of the formula of [`sizing`] that computes the value.
    #[serde(default)]
    pub formula: Option<String>,
    /// A value that is right for everyone: a switch. Only without a formula.
    #[serde(default)]
    pub to: Option<String>,
    /// Unit of a constant `to`.
    #[serde(default)]
    pub unit: String,
    /// What has to be restarted.
    pub restart: Restart,
    /// How much could go wrong.
    pub risk: Risk,
    /// Why it helps; may have places.
    pub why: String,
    /// What to measure or look up where no value can be computed.
    #[serde(default)]
    pub measure: String,
}

impl Problem {
    /// The cause in one sentence.
    #[must_use]
    pub fn title(&self, context: &Context) -> String {
        context.render(&self.title)
    }

    /// What it does to the people who wait for the data.
    #[must_use]
    pub fn effect(&self, context: &Context) -> String {
        context.render(&self.effect)
    }

    /// What it is and why it happens.
    #[must_use]
    pub fn explanation(&self) -> String {
        format!("{} {}", self.what.trim(), self.why.trim())
    }

    /// What to change, with values computed from `measured` where they can be.
    #[must_use]
    pub fn actions(&self, measured: &Measured, context: &Context) -> Vec<Action> {
        let actions = self
            .actions
            .iter()
            .map(|action| action.compute(measured, context));
        actions.collect()
    }

    /// Likely but wrong moves.
    #[must_use]
    pub fn avoid(&self) -> Vec<Avoid> {
        let avoid = self.avoid.iter().map(|move_| Avoid {
            what: move_.what.clone(),
            why: move_.why.clone(),
        });
        avoid.collect()
    }
}

impl ActionTemplate {
    fn compute(&self, measured: &Measured, context: &Context) -> Action {
        let sized = match &self.formula {
            Some(formula) => sizing::compute(formula, measured),
            None => sizing::constant(&self.key, self.to.as_deref(), &self.unit, measured),
        };
        let computation = match (&sized.to, sized.computation.is_empty()) {
            (None, true) => self.measure.clone(),
            _ => sized.computation,
        };
        Action {
            kind: self.kind,
            key: context.fill(&self.key).unwrap_or_else(|| self.key.clone()),
            from: sized.from,
            to: sized.to,
            unit: sized.unit,
            computation,
            restart: self.restart,
            risk: self.risk,
            why: context.fill(&self.why).unwrap_or_else(|| self.why.clone()),
        }
    }
}
