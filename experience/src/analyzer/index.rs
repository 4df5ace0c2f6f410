//! Finds the rules that may fire without looking at all of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use super::spot::{CompiledRule, Event, Hit};
use crate::problem::{Problem, Rule, rule::RuleLevel};
use crate::template::simple_name;
use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// The rules of a pack, compiled, behind searches for their key texts.
#[derive(Debug)]
pub(crate) struct RuleIndex {
    rules: Vec<CompiledRule>,
    all: KeySearch,
    /// Only rules that say themselves that information is enough: most lines of a log are looked at by these alone.
    quiet: KeySearch,
}

#[derive(Debug)]
struct KeySearch {
    search: Option<AhoCorasick>,
    /// Rules of each key text, by the search's pattern number.
    of_key: Vec<Vec<usize>>,
}

impl RuleIndex {
    pub(crate) fn new(problems: &[Problem]) -> Self {
        let numbered = problems.iter().enumerate();
        let rules = numbered
            .flat_map(|(index, problem)| problem.rules.iter().map(move |rule| (index, rule)));
        let rules: Vec<CompiledRule> = rules
            .map(|(problem, rule)| compile(problem, rule))
            .collect();
        let quiet = |rule: &Rule| rule.level == Some(RuleLevel::Info);
        Self {
            all: KeySearch::new(&rules, |_| true, None),
            quiet: KeySearch::new(&rules, quiet, Some(AhoCorasickKind::DFA)),
            rules,
        }
    }

    /// The rules that fire on an event.
    pub(super) fn hits(&self, event: &Event<'_>) -> Vec<Hit> {
        let search = if event.is_quiet() {
            &self.quiet
        } else {
            &self.all
        };
        let candidates = search.candidates(event);
        candidates
            .into_iter()
            .filter_map(|rule| event.check(&self.rules[rule]))
            .collect()
    }
}

fn compile(problem: usize, rule: &Rule) -> CompiledRule {
    // Most patterns are never needed in one run, and compiling them all would cost every start.
    CompiledRule {
        problem,
        rule: rule.clone(),
        regex: OnceLock::new(),
    }
}

impl KeySearch {
    fn new(
        rules: &[CompiledRule],
        wanted: impl Fn(&Rule) -> bool,
        kind: Option<AhoCorasickKind>,
    ) -> Self {
        let mut of_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (index, compiled) in rules
            .iter()
            .enumerate()
            .filter(|(_, compiled)| wanted(&compiled.rule))
        {
            for key in keys(&compiled.rule) {
                of_key.entry(key).or_default().push(index);
            }
        }
        let (keys, of_key): (Vec<String>, Vec<Vec<usize>>) = of_key.into_iter().unzip();
        Self {
            search: AhoCorasick::builder().kind(kind).build(keys).ok(),
            of_key,
        }
    }

    fn candidates(&self, event: &Event<'_>) -> Vec<usize> {
        let mut candidates = Vec::new();
        if let Some(search) = &self.search {
            for text in event.texts() {
                for found in search.find_overlapping_iter(text) {
                    candidates.extend(&self.of_key[found.pattern().as_usize()]);
                }
            }
        }
        candidates.sort_unstable();
        candidates.dedup();
        candidates
    }
}

/// Texts one of which must occur in an event for the rule to fire. Names of exceptions are rarer than words.
fn keys(rule: &Rule) -> Vec<String> {
    if !rule.exception.is_empty() {
        return rule
            .exception
            .iter()
            .map(|class| simple_name(class).to_owned())
            .collect();
    }
    match rule.message_all.iter().max_by_key(|part| part.len()) {
        Some(longest) if rule.message.is_empty() => vec![longest.clone()],
        _ => rule.message.clone(),
    }
}
