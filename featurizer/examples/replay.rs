//! Shows what the featurizer makes of a tape, for people:
//! `cargo run -p streamwarden-featurizer --example replay -- TAPE [SCOPE] [FEATURE...]`.

use std::error::Error;
use std::io::{self, Write};
use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_featurizer::{Featurizer, FeaturizerConfig, schema};
use streamwarden_proto::scope::Scope;
use streamwarden_proto::tape::TapeReader;
use streamwarden_proto::v1::{FeatureRecord, Observation};
use streamwarden_proto::{FeatureEvent, Record};

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = std::env::args().skip(1);
    let path = args
        .next()
        .ok_or("usage: replay TAPE [SCOPE] [FEATURE...]")?;
    let wanted = args.next();
    let names: Vec<String> = args.collect();
    let tape = TapeReader::new(std::fs::File::open(path)?)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{:#?}", tape.header().label)?;
    let mut featurizer = Featurizer::new(
        FeaturizerConfig::default(),
        Arc::new(Experience::builtin()?),
    );
    let mut start_ms = None;
    for record in tape {
        let record = record?;
        let Some(payload) = &record.payload else {
            continue;
        };
        let observation = Observation::decode_payload(&record.kind, payload)?;
        let start_ms = *start_ms.get_or_insert(observation.observed_at_ms);
        for event in featurizer.push(&observation) {
            show(&mut out, &event, start_ms, wanted.as_deref(), &names)?;
        }
    }
    for event in featurizer.finish() {
        show(
            &mut out,
            &event,
            start_ms.unwrap_or_default(),
            wanted.as_deref(),
            &names,
        )?;
    }
    Ok(())
}

fn show(
    out: &mut impl Write,
    event: &FeatureEvent,
    start_ms: i64,
    wanted: Option<&str>,
    names: &[String],
) -> Result<(), Box<dyn Error>> {
    match event {
        FeatureEvent::Features(record) => show_features(out, record, start_ms, wanted, names),
        FeatureEvent::Error(error) => {
            let subject = error
                .subject
                .as_ref()
                .map_or("", |subject| subject.name.as_str());
            let at_s = (error.at_ms - start_ms) as f64 / 1_000.0;
            let mut message = error.message.replace('\n', " ");
            message.truncate(
                message
                    .char_indices()
                    .nth(110)
                    .map_or(message.len(), |(at, _)| at),
            );
            Ok(writeln!(
                out,
                "{at_s:7.1} s  {} {:28} {:.2} {} [{subject}] {}: {message}{}",
                error.code,
                error.problem_slug,
                error.confidence,
                error.origin().as_str_name(),
                error.exception,
                if error.consequence { " (follows)" } else { "" },
            )?)
        }
        FeatureEvent::Context(_) => Ok(()),
    }
}

fn show_features(
    out: &mut impl Write,
    record: &FeatureRecord,
    start_ms: i64,
    wanted: Option<&str>,
    names: &[String],
) -> Result<(), Box<dyn Error>> {
    let subject = record.subject.clone().unwrap_or_default();
    let scope = Scope::try_from(subject.scope())?;
    if wanted.is_some_and(|wanted| wanted != scope.as_str()) {
        return Ok(());
    }
    let end_s = (record.window_end_ms - start_ms) as f64 / 1_000.0;
    write!(
        out,
        "{end_s:7.1} s  {:11} {:32} n={}",
        scope.as_str(),
        subject.name,
        record.samples
    )?;
    for (feature, value) in schema(scope).features.iter().zip(&record.values) {
        let listed = names.contains(&feature.name);
        if listed || (names.is_empty() && !value.is_nan()) {
            write!(out, "  {}={value:.3}", feature.name)?;
        }
    }
    Ok(writeln!(out)?)
}
