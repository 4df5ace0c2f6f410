//! What the notifier shows and cannot know by itself: names of features, the catalogue, the tape that is played.

use streamwarden_experience::words::Context;
use streamwarden_experience::{Experience, Problem};
use streamwarden_featurizer::schema;
use streamwarden_notifier::Knowledge;
use streamwarden_notifier::api::types::{PackNote, ProblemList, ProblemRow, TapeNote};
use streamwarden_notifier::view::FeatureNames;
use streamwarden_proto::scope::Scope;

/// Collects it.
#[must_use]
pub fn of(experience: &Experience, tape: Option<TapeNote>) -> Knowledge {
    let names = FeatureNames::new(Scope::MODELLED.map(schema));
    Knowledge {
        names,
        catalogue: catalogue(experience),
        tape,
    }
}

fn catalogue(experience: &Experience) -> ProblemList {
    ProblemList {
        pack: PackNote {
            name: "builtin".to_owned(),
            version: experience.version().to_owned(),
        },
        problems: experience.problems().iter().map(row).collect(),
    }
}

fn row(problem: &Problem) -> ProblemRow {
    let change = |action: &streamwarden_experience::problem::ActionTemplate| {
        if action.key.is_empty() {
            action.why.clone()
        } else {
            action.key.clone()
        }
    };
    ProblemRow {
        code: problem.code.clone(),
        slug: problem.slug.clone(),
        class: problem.class,
        scope: problem.scope,
        severity: problem.severity,
        title: problem.title(&Context::default()),
        summary: problem.what.clone(),
        signals: problem
            .neighbours
            .iter()
            .map(|neighbour| neighbour.differs.clone())
            .collect(),
        changes: problem.actions.iter().map(change).collect(),
        open: 0,
    }
}
