//! `streamwarden explain`: logs in, causes out.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use streamwarden_experience::Experience;
use streamwarden_experience::explain::{Answer, explain as causes, text};
use streamwarden_proto::finding::Severity;
use streamwarden_service_runtime::Exit;

use crate::cli::{ExplainArgs, Format};
use crate::failure::Failure;
use crate::look::experience;
use crate::progress::say;
use crate::settings::Settings;

/// Explains each log by itself.
pub(super) fn explain(args: &ExplainArgs, settings: &Settings) -> Result<Exit, Failure> {
    let experience = experience(settings)?;
    let mut critical = false;
    if args.files.is_empty() {
        critical |= one(
            &experience,
            "standard input",
            io::stdin().lock(),
            args.format,
        )?;
    }
    for path in &args.files {
        if args.files.len() > 1 && args.format == Format::Text {
            say(&format!("{}:", path.display()));
        }
        critical |= one(
            &experience,
            &path.display().to_string(),
            open(path)?,
            args.format,
        )?;
    }
    Ok(if critical && args.fail_on.is_some() {
        Exit::CriticalFindings
    } else {
        Exit::Done
    })
}

fn open(path: &Path) -> Result<File, Failure> {
    let unreadable =
        |error| Failure::unreachable(format!("{} cannot be read: {error}", path.display()));
    let file = File::open(path).map_err(unreadable)?;
    if file.metadata().is_ok_and(|metadata| metadata.is_dir()) {
        return Err(Failure::usage(format!(
            "{} is a directory; name log files",
            path.display()
        )));
    }
    Ok(file)
}

/// True if something critical was found.
fn one(
    experience: &Experience,
    name: &str,
    log: impl Read,
    format: Format,
) -> Result<bool, Failure> {
    let answers = causes(experience, log).map_err(|error| {
        Failure::unreachable(format!(
            "{name}: {}",
            streamwarden_service_runtime::chain(&error)
        ))
    })?;
    match format {
        Format::Text => say(text(&answers).trim_end()),
        Format::Json => answers.iter().for_each(|answer| say(&json(answer))),
    }
    Ok(answers.iter().any(is_critical))
}

fn json(answer: &Answer) -> String {
    // Its types have string keys and no failing serializers, so that serde_json cannot refuse them.
    serde_json::to_string(answer).unwrap_or_default()
}

fn is_critical(answer: &Answer) -> bool {
    answer.severity == Severity::Critical && !matches!(answer.slug.as_str(), "healthy" | "unknown")
}
