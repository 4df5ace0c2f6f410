//! `lab check`: is every tape of the corpus whole, labelled and believable?

use std::fs::{self, File};
use std::io::{self, BufReader, Write};
use std::path::Path;

use streamwarden_proto::DecodeError;
use streamwarden_proto::record::Record;
use streamwarden_proto::scope::Scope;
use streamwarden_proto::tape::{TapeError, TapeLabel, TapeReader};
use streamwarden_proto::v1::Observation;

use crate::scenario::{FaultSpec, Scenario};

/// A tape with fewer records saw nothing.
const FEWEST_RECORDS: u64 = 10;

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Tapes looked at.
    pub tapes: usize,
    /// Their size.
    pub bytes: u64,
    /// One line each.
    pub problems: Vec<String>,
}

/// Reads every tape of a folder to its end.
///
/// # Errors
/// If the folder cannot be read; a bad tape is a problem in the report.
pub fn check_all(folder: &Path, scenarios: &[Scenario]) -> io::Result<Report> {
    let mut report = Report::default();
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        paths.push(entry?.path());
    }
    paths.sort();
    for path in paths
        .iter()
        .filter(|path| path.extension().is_some_and(|end| end == "tape"))
    {
        report.tapes += 1;
        report.bytes += path.metadata()?.len();
        let name = path.file_stem().unwrap_or_default().to_string_lossy();
        let found = match check_one(path, &name, scenarios) {
            Ok(found) => found,
            Err(error) => vec![error.to_string()],
        };
        report.problems.extend(
            found
                .into_iter()
                .map(|problem| format!("{name}: {problem}")),
        );
    }
    Ok(report)
}

fn check_one(path: &Path, name: &str, scenarios: &[Scenario]) -> Result<Vec<String>, TapeError> {
    let mut reader = TapeReader::new(BufReader::new(File::open(path)?))?;
    let label = reader.header().label.clone();
    let mut records = 0;
    let mut last_ms = i64::MIN;
    for record in reader.by_ref() {
        last_ms = last_ms.max(record?.timestamp_ms);
        records += 1;
    }
    let mut problems = Vec::new();
    if records < FEWEST_RECORDS {
        problems.push(format!("only {records} records"));
    }
    match label {
        None => problems.push("no label".to_owned()),
        Some(label) => problems.extend(check_label(&label, name, last_ms, scenarios)),
    }
    Ok(problems)
}

fn check_label(label: &TapeLabel, name: &str, last_ms: i64, scenarios: &[Scenario]) -> Vec<String> {
    let mut problems = Vec::new();
    if label.scenario != name {
        problems.push(format!("its label says {}", label.scenario));
    }
    match scenarios.iter().find(|scenario| scenario.name == name) {
        None => problems.push("no scenario describes it".to_owned()),
        Some(scenario) => {
            let planted = scenario.fault.iter().flat_map(FaultSpec::all);
            let planted = planted.map(|fault| fault.slug.as_str());
            if !planted.eq(label.faults.iter().map(|fault| fault.slug.as_str())) {
                problems.push("its label names other faults than the scenario".to_owned());
            }
        }
    }
    for fault in &label.faults {
        // A job that Flink never took has no id.
        if fault.subject_id.is_empty() && fault.scope != Scope::Job {
            problems.push(format!("{} has no subject", fault.slug));
        }
        if fault.effect_at_ms < fault.planted_at_ms || fault.effect_at_ms > last_ms {
            problems.push(format!(
                "{}: the effect is not within the recording",
                fault.slug
            ));
        }
    }
    problems
}

/// Why a tape cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum ShowError {
    /// The tape is damaged.
    #[error(transparent)]
    Tape(#[from] TapeError),
    /// A record is damaged.
    #[error(transparent)]
    Record(#[from] DecodeError),
    /// The output is closed, or the tape cannot be opened.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Prints the header as JSON, then one line for each record: its time and what it says.
///
/// # Errors
/// [`ShowError`] at the first record that cannot be read or printed.
pub fn show(path: &Path, out: &mut impl Write) -> Result<(), ShowError> {
    let mut reader = TapeReader::new(BufReader::new(File::open(path)?))?;
    writeln!(
        out,
        "{}",
        serde_json::to_string_pretty(reader.header()).map_err(TapeError::Header)?
    )?;
    let mut first_ms = None;
    for record in reader.by_ref() {
        let record = record?;
        let since_ms = record.timestamp_ms - *first_ms.get_or_insert(record.timestamp_ms);
        let payload = record.payload.unwrap_or_default();
        let observation = Observation::decode_payload(&record.kind, &payload)?;
        writeln!(
            out,
            "{:8.1} s {:?}",
            since_ms as f64 / 1_000.0,
            observation.body
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use streamwarden_proto::tape::PlantedFault;

    fn label(effect_at_ms: i64) -> TapeLabel {
        TapeLabel {
            scenario: "a".into(),
            topology: "map-chain".into(),
            warm_until_ms: 0,
            faults: vec![PlantedFault {
                slug: "slow-sink".into(),
                scope: Scope::Vertex,
                subject_id: "x".into(),
                subject_name: "x".into(),
                strength: String::new(),
                planted_at_ms: 100,
                effect_at_ms,
                removed_at_ms: None,
            }],
            machine_load: (0.0, 0.0),
        }
    }

    #[test]
    fn a_label_without_evidence_is_a_problem() {
        let problems = check_label(&label(99), "a", 1_000, &[]);
        assert!(
            problems.iter().any(|one| one.contains("not within")),
            "{problems:?}"
        );
        let problems = check_label(&label(200), "a", 1_000, &[]);
        assert_eq!(problems, ["no scenario describes it"]);
    }

    #[test]
    fn a_file_that_is_no_tape_is_reported_by_name() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("broken.tape"), "no tape").unwrap();
        let report = check_all(folder.path(), &[]).unwrap();
        assert_eq!(report.tapes, 1);
        assert!(report.problems[0].starts_with("broken: this is no tape"));
    }
}
