//! What must hold for every scenario file and every tape of the corpus.

#![allow(clippy::unwrap_used, reason = "a test ends where something is missing")]

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use streamwarden_experience::Experience;
use streamwarden_lab::scenario::{self, FaultSpec, Scenario};
use streamwarden_lab::tapes;
use streamwarden_lab::topology::Topologies;

fn folder(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(name)
}

fn scenarios() -> Vec<Scenario> {
    scenario::load_all(&folder("scenarios")).unwrap()
}

/// What else listens to the control file: who writes to Kafka, and the service that is asked.
const BESIDE_THE_JOB: [&str; 2] = ["feed", "service"];
/// Shapes whose technology has faults of its own.
const OF_THEIR_OWN: [&str; 5] = [
    "async-lookup",
    "sql-top-n",
    "sql-join",
    "kafka-pipeline",
    "kafka-windows",
];

#[test]
fn every_fault_is_a_problem_of_the_catalogue_and_of_its_scope() {
    let experience = Experience::builtin().unwrap();
    for scenario in scenarios() {
        for fault in scenario.fault.iter().flat_map(FaultSpec::all) {
            let problem = experience.problem(&fault.slug);
            let problem = problem.unwrap_or_else(|| panic!("{}", scenario.name));
            assert_eq!(problem.scope, fault.scope, "{}", scenario.name);
        }
    }
}

#[test]
fn every_scenario_names_a_topology_and_vertices_that_exist() {
    let topologies = Topologies::shipped().unwrap();
    for scenario in scenarios() {
        let name = &scenario.name;
        let topology = topologies
            .get(&scenario.topology)
            .unwrap_or_else(|| panic!("{name}"));
        let faults: Vec<&FaultSpec> = scenario.fault.iter().flat_map(FaultSpec::all).collect();
        let faults = faults.iter();
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
            let known = topology.vertices.contains_key(vertex) || BESIDE_THE_JOB.contains(&vertex);
            assert!(known, "{name}: {vertex}");
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
        for fault in scenario.fault.iter().flat_map(FaultSpec::all) {
            assert!(!fault.check.is_empty(), "{}", scenario.name);
            topologies
                .entry(fault.slug.clone())
                .or_default()
                .insert(scenario.topology.clone());
        }
    }
    for (slug, shapes) in topologies {
        let elsewhere = shapes
            .iter()
            .any(|shape| !OF_THEIR_OWN.contains(&shape.as_str()));
        assert!(!elsewhere || shapes.len() >= 3, "{slug} only on {shapes:?}");
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
