//! Finds the rules that may fire without looking at all of them.

use std::collections::BTreeMap;

use aho_corasick::AhoCorasick;
use regex::Regex;

use super::spot::{CompiledRule, Event, Hit};
use crate::problem::{Problem, Rule};
use crate::template::simple_name;

/// The rules of a pack, compiled, behind a search for their key texts.
#[derive(Debug)]
pub(crate) struct RuleIndex {
    rules: Vec<CompiledRule>,
    search: Option<AhoCorasick>,
    /// Rules of each key text, by the search's pattern number.
    of_key: Vec<Vec<usize>>,
}

impl RuleIndex {
    pub(crate) fn new(problems: &[Problem]) -> Self {
        let mut rules = Vec::new();
        let mut of_key: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (problem, rule) in problems
            .iter()
            .enumerate()
            .flat_map(|(i, p)| p.rules.iter().map(move |r| (i, r)))
        {
            for key in keys(rule) {
                of_key.entry(key).or_default().push(rules.len());
            }
            let regex = rule
                .regex
                .as_deref()
                .and_then(|pattern| Regex::new(pattern).ok());
            rules.push(CompiledRule {
                problem,
                rule: rule.clone(),
                regex,
            });
        }
        let (keys, of_key): (Vec<String>, Vec<Vec<usize>>) = of_key.into_iter().unzip();
        Self {
            rules,
            search: AhoCorasick::new(keys).ok(),
            of_key,
        }
    }

    /// The rules that fire on an event.
    pub(super) fn hits(&self, event: &Event<'_>) -> Vec<Hit> {
        let mut candidates: Vec<usize> = Vec::new();
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
            .into_iter()
            .filter_map(|rule| event.check(&self.rules[rule]))
            .collect()
    }
}

/// Texts one of which must occur in an event for the rule to fire.
fn keys(rule: &Rule) -> Vec<String> {
    if let Some(longest) = rule.message_all.iter().max_by_key(|part| part.len()) {
        return vec![longest.clone()];
    }
    if !rule.message.is_empty() {
        return rule.message.clone();
    }
    rule.exception
        .iter()
        .map(|class| simple_name(class).to_owned())
        .collect()
}
