//! `streamwarden explain`: logs in, causes out; or the log with codes, or what a code means.

use std::fs::File;
use std::io::{self, BufWriter, ErrorKind, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use streamwarden_experience::Experience;
use streamwarden_experience::explain::coded::{Meaning, is_code, look_up, look_up_in, rewrite};
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
    let experience = match &args.experience {
        Some(folder) => Arc::new(tried(folder)?),
        None => experience(settings)?,
    };
    let (codes, logs) = codes_and_logs(&args.files);
    if !codes.is_empty() {
        return meanings(&experience, &codes, &logs, args).map(|()| Exit::Done);
    }
    if args.codes {
        return with_codes(&experience, &logs).map(|()| Exit::Done);
    }
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

/// A pack that somebody works on.
fn tried(folder: &Path) -> Result<Experience, Failure> {
    if !folder.is_dir() {
        let said = format!(
            "{} is no folder; --experience takes one with problems/, templates/ or models/text/",
            folder.display()
        );
        return Err(Failure::usage(&said));
    }
    Experience::load(folder).map_err(|error| Failure::caused(Exit::Configuration, &error))
}

/// A word that looks like a code is one, unless a file has that name.
fn codes_and_logs(words: &[PathBuf]) -> (Vec<String>, Vec<&Path>) {
    let (mut codes, mut logs) = (Vec::new(), Vec::new());
    for word in words {
        match word.to_str().filter(|word| is_code(word)) {
            Some(code) if !word.exists() => codes.push(code.to_ascii_uppercase()),
            _ => logs.push(word.as_path()),
        }
    }
    (codes, logs)
}

/// Says what each code means; of messages that were never mined, the logs named beside it tell.
fn meanings(
    experience: &Experience,
    codes: &[String],
    logs: &[&Path],
    args: &ExplainArgs,
) -> Result<(), Failure> {
    if args.codes {
        return Err(Failure::usage(
            "--codes rewrites logs; name a code without it to learn what the code means",
        ));
    }
    for code in codes {
        let meaning = match look_up(experience, code) {
            Some(meaning) => meaning,
            None => meaning_in(experience, code, logs)?,
        };
        match args.format {
            Format::Text => say(&meaning.to_string()),
            // Strings only, so that serde_json cannot refuse it.
            Format::Json => say(&serde_json::to_string(&meaning).unwrap_or_default()),
        }
    }
    Ok(())
}

fn meaning_in(experience: &Experience, code: &str, logs: &[&Path]) -> Result<Meaning, Failure> {
    for path in logs {
        let found = look_up_in(experience, code, open(path)?)
            .map_err(|error| unreadable(&path.display().to_string(), &error))?;
        if let Some(meaning) = found {
            return Ok(meaning);
        }
    }
    Err(Failure::usage(match logs {
        [] => format!(
            "{code} is no code of a known message or problem; name the log that has it: \
             streamwarden explain {code} FILE"
        ),
        _ => format!(
            "{code} is no code of a known message or problem, and no message of the logs has it"
        ),
    }))
}

/// Writes each log again, one line a message, with codes.
fn with_codes(experience: &Experience, logs: &[&Path]) -> Result<(), Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    let mut written = Ok(());
    if logs.is_empty() {
        written = recode(experience, "standard input", io::stdin().lock(), &mut out)?;
    }
    for path in logs {
        if written.is_ok() {
            written = recode(
                experience,
                &path.display().to_string(),
                open(path)?,
                &mut out,
            )?;
        }
    }
    match written.and_then(|()| out.flush()) {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => Err(Failure::unreachable(format!(
            "standard output cannot be written: {error}"
        ))),
        // A reader that has seen enough went away.
        _ => Ok(()),
    }
}

/// The outer result is about the log, the inner one about standard output.
fn recode(
    experience: &Experience,
    name: &str,
    log: impl Read,
    out: &mut impl Write,
) -> Result<io::Result<()>, Failure> {
    let mut log = Noting { log, failed: None };
    let written = rewrite(experience, &mut log, out);
    match log.failed {
        Some(error) => Err(unreadable(name, &error)),
        None => Ok(written),
    }
}

/// Notes that it was reading that failed.
struct Noting<R> {
    log: R,
    failed: Option<io::Error>,
}

impl<R: Read> Read for Noting<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.log.read(buffer).map_err(|error| {
            let kind = error.kind();
            self.failed = Some(error);
            kind.into()
        })
    }
}

fn unreadable(name: &str, error: &io::Error) -> Failure {
    Failure::unreachable(format!("{name} cannot be read: {error}"))
}

fn open(path: &Path) -> Result<File, Failure> {
    let file = File::open(path).map_err(|error| unreadable(&path.display().to_string(), &error))?;
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
