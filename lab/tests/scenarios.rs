//! What must hold for every scenario file and every tape of the corpus.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use streamwarden_lab::scenario::{self, Scenario};
use streamwarden_lab::tapes;
use streamwarden_lab::topology::Topologies;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn scenarios() -> Vec<Scenario> {
    scenario::load_all(&folder("scenarios")).unwrap()
}

#[test]
fn every_scenario_names_a_topology_and_vertices_that_exist() {
    let topologies = Topologies::shipped().unwrap();
    for scenario in scenarios() {
        let name = &scenario.name;
        let topology = topologies
            .get(&scenario.topology)
            .unwrap_or_else(|| panic!("{name}"));
        let faults = scenario.fault.iter();
        let knobs = faults
            .clone()
            .flat_map(|fault| fault.knobs.keys())
            .chain(scenario.knobs.keys());
        let keys = knobs
            .chain(scenario.args.keys())
            .filter_map(|key| key.split_once('.'));
        let checked = faults
            .clone()
            .flat_map(|fault| &fault.check)
            .filter_map(|check| check.vertex());
        let at_fault = faults.filter_map(|fault| fault.vertex.as_deref());
        for vertex in keys
            .map(|(vertex, _)| vertex)
            .chain(checked)
            .chain(at_fault)
        {
            assert!(topology.vertices.contains_key(vertex), "{name}: {vertex}");
        }
    }
}

#[test]
fn no_two_scenarios_write_the_same_tape() {
    let all = scenarios();
    let names: BTreeSet<_> = all.iter().map(|one| &one.name).collect();
    assert_eq!(names.len(), all.len());
}

#[test]
fn every_fault_is_planted_on_three_topologies_and_checked_by_something() {
    let mut topologies: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for scenario in scenarios() {
        let Some(fault) = scenario.fault else {
            continue;
        };
        assert!(!fault.check.is_empty(), "{}", scenario.name);
        topologies
            .entry(fault.slug)
            .or_default()
            .insert(scenario.topology);
    }
    for (slug, shapes) in topologies {
        assert!(shapes.len() >= 3, "{slug} only on {shapes:?}");
    }
}

#[test]
fn every_problem_has_its_first_run_early() {
    let mut first: BTreeMap<String, u32> = BTreeMap::new();
    for scenario in scenarios() {
        let slug = scenario
            .fault
            .map_or("healthy".to_owned(), |fault| fault.slug);
        first.entry(slug).or_insert(scenario.order);
    }
    assert!(first.values().all(|order| *order == 1), "{first:?}");
}

#[test]
fn faults_are_planted_before_they_are_taken_away() {
    for scenario in scenarios() {
        let timeline = &scenario.timeline;
        assert!(timeline.plant_s < timeline.remove_s, "{}", scenario.name);
        assert!(timeline.remove_s <= timeline.end_s, "{}", scenario.name);
    }
}

#[test]
fn every_tape_of_the_corpus_is_whole_and_carries_evidence() {
    let corpus = folder("../tapes/lab");
    if !corpus.exists() {
        return;
    }
    let report = tapes::check_all(&corpus, &scenarios()).unwrap();
    assert_eq!(report.problems, Vec::<String>::new());
}
