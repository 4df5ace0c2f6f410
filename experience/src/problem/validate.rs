//! What can be wrong with a pack's problems that serde does not see.

use std::collections::{BTreeMap, BTreeSet};

use regex::Regex;

use super::Problem;
use crate::sizing;
use crate::words::{self, PLACES};

/// Shorter texts occur everywhere.
const SHORTEST_KEY_BYTES: usize = 4;

/// Everything that is wrong with the problems of a pack, one sentence a mistake.
#[must_use]
pub fn mistakes(problems: &[Problem]) -> Vec<String> {
    let mut found = Vec::new();
    let slugs: BTreeSet<&str> = problems
        .iter()
        .map(|problem| problem.slug.as_str())
        .collect();
    doubles(
        "code",
        problems.iter().map(|problem| &problem.code),
        &mut found,
    );
    doubles(
        "slug",
        problems.iter().map(|problem| &problem.slug),
        &mut found,
    );
    for problem in problems {
        let mut of_problem = Vec::new();
        names(problem, &slugs, &mut of_problem);
        figures(problem, &mut of_problem);
        sentences(problem, &mut of_problem);
        actions(problem, &mut of_problem);
        rules(problem, &mut of_problem);
        found.extend(
            of_problem
                .into_iter()
                .map(|mistake| format!("{}: {mistake}", problem.slug)),
        );
    }
    found
}

fn doubles<'p>(what: &str, values: impl Iterator<Item = &'p String>, found: &mut Vec<String>) {
    let mut seen = BTreeMap::new();
    for value in values {
        *seen.entry(value).or_insert(0) += 1;
    }
    let doubled = seen.into_iter().filter(|(_, count)| *count > 1);
    found.extend(doubled.map(|(value, count)| format!("{what} {value} is used {count} times")));
}

fn names(problem: &Problem, slugs: &BTreeSet<&str>, found: &mut Vec<String>) {
    let digits = problem.code.strip_prefix("SW").unwrap_or_default();
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        found.push(format!("code {} is not SW and four digits", problem.code));
    }
    let neighbours = problem.neighbours.iter().map(|neighbour| &neighbour.slug);
    for other in problem
        .explains
        .iter()
        .chain(&problem.explained_by)
        .chain(&problem.unexplained)
        .chain(neighbours)
    {
        if !slugs.contains(other.as_str()) {
            found.push(format!("there is no problem {other}"));
        }
        if *other == problem.slug {
            found.push("it names itself".to_owned());
        }
    }
}

fn figures(problem: &Problem, found: &mut Vec<String>) {
    let told_by = problem.told_by.as_ref();
    if let Some(told_by) = told_by.filter(|one| one.at_least.is_none() && one.at_most.is_none()) {
        let feature = &told_by.feature;
        found.push(format!(
            "told_by {feature} has neither at_least nor at_most"
        ));
    }
}

fn sentences(problem: &Problem, found: &mut Vec<String>) {
    let captures = captures(problem);
    for (what, variants) in [("title", &problem.title), ("effect", &problem.effect)] {
        let Some(last) = variants.last() else {
            found.push(format!("it has no {what}"));
            continue;
        };
        if let Some(place) = words::places(last).find(|place| *place != "subject") {
            found.push(format!(
                "the last {what} needs {{{place}}}, which is not always known"
            ));
        }
        for place in variants.iter().flat_map(|variant| words::places(variant)) {
            let known = PLACES.iter().any(|(name, _)| *name == place) || captures.contains(place);
            if !known {
                found.push(format!("{what}: there is no place {{{place}}}"));
            }
        }
    }
    for (what, text) in [("what", &problem.what), ("why", &problem.why)] {
        if text.trim().is_empty() {
            found.push(format!("{what} is empty"));
        }
    }
}

fn captures(problem: &Problem) -> BTreeSet<String> {
    let patterns = problem
        .rules
        .iter()
        .filter_map(|rule| rule.regex.as_deref());
    let compiled: Vec<Regex> = patterns
        .filter_map(|pattern| Regex::new(pattern).ok())
        .collect();
    let names = compiled.iter().flat_map(Regex::capture_names).flatten();
    names.map(str::to_owned).collect()
}

fn actions(problem: &Problem, found: &mut Vec<String>) {
    for action in &problem.actions {
        match &action.formula {
            Some(formula) if !sizing::is_formula(formula) => {
                found.push(format!("{}: there is no formula {formula}", action.key));
            }
            Some(_) if action.to.is_some() => {
                found.push(format!("{}: both a formula and a constant", action.key));
            }
            _ => {}
        }
    }
}

fn rules(problem: &Problem, found: &mut Vec<String>) {
    for (index, rule) in problem.rules.iter().enumerate() {
        if !(0.0..=1.0).contains(&rule.confidence) {
            found.push(format!("rule {index}: confidence is not between 0 and 1"));
        }
        if rule.exception.is_empty() && rule.message.is_empty() && rule.message_all.is_empty() {
            found.push(format!("rule {index}: neither exception nor message"));
        }
        let keys = if rule.exception.is_empty() {
            &rule.message
        } else {
            &rule.exception
        };
        if rule.message_all.is_empty() && keys.iter().any(|key| key.len() < SHORTEST_KEY_BYTES) {
            found.push(format!(
                "rule {index}: a text of less than {SHORTEST_KEY_BYTES} bytes says nothing"
            ));
        }
        if let Some(Err(error)) = rule.regex.as_deref().map(Regex::new) {
            found.push(format!("rule {index}: {error}"));
        }
    }
}
