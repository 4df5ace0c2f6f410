//! `streamwarden problems`: the catalogue.

use std::fmt::Write;

use serde_json::{Value, json};
use streamwarden_experience::Problem;

use crate::cli::{Format, ProblemsArgs};
use crate::failure::Failure;
use crate::knowledge::title;
use crate::look::experience;
use crate::progress::say;
use crate::settings::Settings;

/// Names less alike than this are no suggestion.
const SUGGESTION_LIKENESS: f64 = 0.7;

/// Lists all problems, or shows one.
pub(super) fn problems(args: &ProblemsArgs, settings: &Settings) -> Result<(), Failure> {
    let experience = experience(settings)?;
    match &args.slug {
        None => list(experience.problems(), args.format),
        Some(slug) => match experience.problem(slug) {
            Some(problem) => show(problem, args.format),
            None => return Err(unknown(slug, experience.problems())),
        },
    }
    Ok(())
}

fn unknown(slug: &str, problems: &[Problem]) -> Failure {
    let likeness = |problem: &&Problem| strsim::jaro_winkler(slug, &problem.slug);
    let best = problems
        .iter()
        .max_by(|a, b| likeness(a).total_cmp(&likeness(b)));
    let hint = match best.filter(|problem| likeness(problem) >= SUGGESTION_LIKENESS) {
        Some(problem) => format!("did you mean {}?", problem.slug),
        None => "`streamwarden problems` lists them all".to_owned(),
    };
    Failure::usage(format!("there is no problem {slug:?}; {hint}"))
}

fn list(problems: &[Problem], format: Format) {
    for problem in problems {
        match format {
            Format::Json => say(&object(problem).to_string()),
            Format::Text => {
                let Problem {
                    code, slug, class, ..
                } = problem;
                say(&format!("{code}  {slug:<42} {class}"));
            }
        }
    }
}

fn show(problem: &Problem, format: Format) {
    match format {
        Format::Json => say(&object(problem).to_string()),
        Format::Text => say(page(problem).trim_end()),
    }
}

fn severity(problem: &Problem) -> String {
    format!("{:?}", problem.severity).to_lowercase()
}

fn page(problem: &Problem) -> String {
    let mut out = String::new();
    let scope = problem.scope.as_str();
    let _ = writeln!(
        out,
        "{} {} ({}, {scope}, {})",
        problem.code,
        problem.slug,
        problem.class,
        severity(problem)
    );
    let _ = writeln!(out, "\n{}\n{}", problem.what, problem.why);
    section(
        &mut out,
        "What to change",
        problem
            .actions
            .iter()
            .map(|a| format!("{}: {}", a.key, a.why)),
    );
    section(
        &mut out,
        "What does not help",
        problem
            .avoid
            .iter()
            .map(|a| format!("{}: {}", a.what, a.why)),
    );
    section(
        &mut out,
        "How to tell it apart",
        problem
            .neighbours
            .iter()
            .map(|n| format!("{}: {}", n.slug, n.differs)),
    );
    section(&mut out, "Read more", problem.links.iter().cloned());
    out
}

fn section(out: &mut String, title: &str, lines: impl Iterator<Item = String>) {
    let lines: Vec<String> = lines.map(|line| format!("  - {line}\n")).collect();
    if !lines.is_empty() {
        let _ = write!(out, "\n{title}\n{}", lines.concat());
    }
}

fn object(problem: &Problem) -> Value {
    let actions = problem.actions.iter();
    let actions: Vec<Value> = actions
        .map(|a| json!({ "kind": a.kind, "key": a.key, "why": a.why }))
        .collect();
    let avoid: Vec<Value> = problem
        .avoid
        .iter()
        .map(|a| json!({ "what": a.what, "why": a.why }))
        .collect();
    json!({
        "code": problem.code,
        "slug": problem.slug,
        "class": problem.class,
        "scope": problem.scope,
        "severity": problem.severity,
        "title": title(problem),
        "what": problem.what,
        "why": problem.why,
        "actions": actions,
        "avoid": avoid,
        "links": problem.links,
    })
}
