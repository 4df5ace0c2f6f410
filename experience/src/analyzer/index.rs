//! Finds the rules that may fire without looking at all of them.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use streamwarden_proto::Class;

use super::spot::{CompiledRule, Event, Hit, Side};
use crate::log::Needles;
use crate::problem::{Problem, Rule, rule::RuleLevel};
use crate::template::simple_name;
use aho_corasick::{AhoCorasick, AhoCorasickKind};

/// The rules of a pack, compiled, behind searches for their key texts.
#[derive(Debug)]
pub(crate) struct RuleIndex {
    rules: Vec<CompiledRule>,
    /// Made when the first line comes that is more than information.
    all: OnceLock<KeySearch>,
    /// Only rules that say themselves that information is enough: most lines of a log are looked at by these alone.
    quiet: KeySearch,
    needles: Needles,
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
            .map(|(problem, rule)| compile(problem, rule, problems[problem].class))
            .collect();
        let quiet = |rule: &Rule| rule.level == Some(RuleLevel::Info);
        let quiet_keys = key_texts(&rules, quiet);
        Self {
            all: OnceLock::new(),
            needles: Needles::new(quiet_keys.keys().copied()),
            quiet: KeySearch::new(quiet_keys, Some(AhoCorasickKind::DFA)),
            rules,
        }
    }

    /// Texts one of which a line of information has if any rule fires on it.
    pub(crate) fn needles(&self) -> &Needles {
        &self.needles
    }

    /// The rules that fire on an event.
    pub(super) fn hits(&self, event: &Event<'_>) -> Vec<Hit> {
        let search = if event.is_quiet() {
            &self.quiet
        } else {
            self.all
                .get_or_init(|| KeySearch::new(key_texts(&self.rules, |_| true), None))
        };
        let candidates = search.candidates(event);
        if candidates.is_empty() {
            return Vec::new();
        }
        let side = event.side();
        candidates
            .into_iter()
            .filter_map(|rule| event.check(&self.rules[rule], side))
            .collect()
    }
}

fn compile(problem: usize, rule: &Rule, class: Class) -> CompiledRule {
    // Most patterns are never needed in one run, and compiling them all would cost every start.
    CompiledRule {
        problem,
        rule: rule.clone(),
        side: Side::of_class(class),
        regex: OnceLock::new(),
    }
}

/// The rules of each key text.
fn key_texts(rules: &[CompiledRule], wanted: impl Fn(&Rule) -> bool) -> BTreeMap<&str, Vec<usize>> {
    let mut of_key: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (index, compiled) in rules.iter().enumerate() {
        if wanted(&compiled.rule) {
            for key in keys(&compiled.rule) {
                of_key.entry(key).or_default().push(index);
            }
        }
    }
    of_key
}

impl KeySearch {
    fn new(of_key: BTreeMap<&str, Vec<usize>>, kind: Option<AhoCorasickKind>) -> Self {
        let (keys, of_key): (Vec<&str>, Vec<Vec<usize>>) = of_key.into_iter().unzip();
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
fn keys(rule: &Rule) -> Vec<&str> {
    if !rule.exception.is_empty() {
        let classes = rule.exception.iter();
        return classes.map(|class| simple_name(class)).collect();
    }
    match rule.message_all.iter().max_by_key(|part| part.len()) {
        Some(longest) if rule.message.is_empty() => vec![longest],
        _ => rule.message.iter().map(String::as_str).collect(),
    }
}
