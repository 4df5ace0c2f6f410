//! What the notifier shows and cannot know by itself: names of features, the catalogue, the models, the tape that is
//! played.

use std::path::Path;

use streamwarden_experience::words::{Context, places};
use streamwarden_experience::{Experience, Problem};
use streamwarden_featurizer::schema;
use streamwarden_notifier::Knowledge;
use streamwarden_notifier::api::types::{PackNote, ProblemList, ProblemRow, TapeNote};
use streamwarden_notifier::view::FeatureNames;
use streamwarden_proto::scope::Scope;

use crate::model_cards;

/// Collects it. `models` is the folder of the models, if they are not the built-in ones.
#[must_use]
pub fn of(experience: &Experience, models: Option<&Path>, tape: Option<TapeNote>) -> Knowledge {
    let names = FeatureNames::new(Scope::MODELLED.map(schema));
    Knowledge {
        names,
        catalogue: catalogue(experience),
        models: model_cards::of(models),
        tape,
        ..Knowledge::default()
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
        title: title(problem),
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

/// The title of any finding of a problem: the subject is a kind of thing, and what only a measurement knows is left open.
#[must_use]
pub fn title(problem: &Problem) -> String {
    let subject = match problem.scope {
        Scope::Vertex => "An operator",
        Scope::TaskManager => "A TaskManager",
        Scope::Job => "A job",
        Scope::Cluster => "A cluster",
    };
    let mut context = Context::of_subject(subject);
    let known = problem.title(&context);
    if !known.is_empty() {
        return known;
    }
    for place in problem.title.iter().flat_map(|variant| places(variant)) {
        context.set_default(place, "…");
    }
    problem.title(&context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_problem_of_the_catalogue_has_a_title_without_open_places() {
        let experience = Experience::builtin().unwrap();
        for problem in of(&experience, None, None).catalogue.problems {
            assert!(!problem.title.is_empty(), "{}", problem.slug);
            assert!(!problem.title.contains(['{', '}']), "{}", problem.title);
        }
    }
}
