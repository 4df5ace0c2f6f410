//! The commands of `lab`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, bail};
use clap::{Parser, Subcommand};
use tokio::time::Instant;

use crate::corpus::{self, Claim, Progress, Recorder};
use crate::demo;
use crate::scenario::{self, Scenario};

/// Records labelled incidents of real Flink.
#[derive(Debug, Parser)]
#[command(name = "lab", version)]
pub struct Cli {
    /// Folder with `flink.sh` and `scenarios/`.
    #[arg(long, global = true, default_value = "lab")]
    pub lab: PathBuf,
    /// Folder of the tapes.
    #[arg(long, global = true, default_value = "tapes/lab")]
    pub tapes: PathBuf,
    /// Levels of the log on standard error.
    #[arg(
        long,
        global = true,
        env = "LAB_LOG",
        default_value = "warn,streamwarden_lab=info"
    )]
    pub log: String,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Record scenarios: those named, or all that have no tape yet.
    Run {
        /// Names as `lab list` prints them; a name's beginning means all that begin so.
        scenarios: Vec<String>,
        /// Only scenarios without a tape.
        #[arg(long)]
        missing: bool,
    },
    /// Check all tapes: readable, labelled, effect seen.
    Check,
    /// Print what a tape holds, record by record.
    Show {
        /// The tape.
        tape: PathBuf,
    },
    /// List the scenarios and which of them have a tape.
    List,
    /// Play all tapes through the featurizer into Parquet, for training.
    Dataset {
        /// Folder of the dataset.
        #[arg(long)]
        out: PathBuf,
        /// What people said of findings: lines of the topic streamwarden.feedback, or the answer of /api/v1/feedback.
        #[arg(long, requires = "recorded")]
        feedback: Option<PathBuf>,
        /// Folder with tapes of the clusters that they spoke of, recorded under the clusters' own names.
        #[arg(long, requires = "feedback")]
        recorded: Option<PathBuf>,
    },
    /// Play all tapes through featurizer and judgement; one JSON object a tape says what was found.
    Evaluate {
        /// Folder with the models; `{topology}`, `{flink}` and `{slug}` stand for the tape's own. Absent: the built-in ones.
        #[arg(long)]
        models: Option<String>,
        /// The file to write.
        #[arg(long)]
        out: PathBuf,
    },
    /// Start a real Flink with a job that is sick on purpose, until ctrl-C.
    Flink {
        /// Version of Flink.
        #[arg(long, default_value = "2.2.1")]
        version: String,
        /// Seconds of health before the sink gets slow.
        #[arg(long, default_value_t = 20)]
        healthy_s: u64,
        /// Healthy jobs that run beside the sick one.
        #[arg(long, default_value_t = 0)]
        beside: u32,
    },
}

/// Runs one command; an interrupt ends it and everything that it started.
///
/// # Errors
/// Whatever the command could not do.
pub async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let work = async {
        match &cli.command {
            Command::Run { scenarios, missing } => record(&cli, scenarios, *missing).await,
            Command::Check => check(&cli),
            Command::List => list(&cli),
            Command::Show { tape } => show(tape),
            Command::Dataset {
                out,
                feedback,
                recorded,
            } => {
                let people = feedback.as_deref().zip(recorded.as_deref());
                dataset(&cli.tapes, people, out)
            }
            Command::Evaluate { models, out } => evaluate(&cli.tapes, models.as_deref(), out),
            Command::Flink {
                version,
                healthy_s,
                beside,
            } => {
                demo::sick_flink(&cli.lab, version, *healthy_s, *beside).await?;
                Ok(ExitCode::SUCCESS)
            }
        }
    };
    tokio::select! {
        outcome = work => outcome,
        () = interrupted() => Ok(ExitCode::SUCCESS),
    }
}

async fn interrupted() {
    use tokio::signal::unix::{SignalKind, signal};
    let Ok(mut terminate) = signal(SignalKind::terminate()) else {
        return;
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        _ = terminate.recv() => {}
    }
}

async fn record(cli: &Cli, names: &[String], only_missing: bool) -> anyhow::Result<ExitCode> {
    let mut chosen = choose(load(&cli.lab)?, names)?;
    if only_missing {
        chosen = corpus::missing(chosen, &cli.tapes);
    }
    let chosen = corpus::by_cluster(chosen);
    let mut recorder = Recorder::new(&cli.lab, &cli.tapes)?;
    let mut progress = Progress::new(chosen.len());
    let started = Instant::now();
    let mut failed = Vec::new();
    for scenario in &chosen {
        let claim = Claim::take(&cli.tapes, scenario)
            .with_context(|| format!("cannot write to {}", cli.tapes.display()))?;
        // Another recorder is at it, or was while this one did something else.
        let is_done = only_missing && corpus::tape_path(&cli.tapes, scenario).exists();
        let (Some(_claim), false) = (claim, is_done) else {
            progress.leave_out();
            continue;
        };
        tracing::info!("{} {}", progress.line(started.elapsed()), scenario.name);
        match recorder.record(scenario).await {
            Ok(tape) => report_tape(&tape),
            Err(error) => {
                tracing::warn!(
                    "{}: thrown away: {:#}",
                    scenario.name,
                    anyhow::Error::new(error)
                );
                failed.push(scenario.name.as_str());
            }
        }
        progress.step();
    }
    if failed.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    tracing::warn!("{} without a tape: {}", failed.len(), failed.join(" "));
    Ok(ExitCode::FAILURE)
}

fn report_tape(tape: &Path) {
    let bytes = tape.metadata().map(|file| file.len()).unwrap_or_default();
    tracing::info!("{} ({} kB)", tape.display(), bytes / 1_000);
}

fn load(lab: &Path) -> anyhow::Result<Vec<Scenario>> {
    let folder = lab.join("scenarios");
    scenario::load_all(&folder).with_context(|| format!("no scenarios in {}", folder.display()))
}

fn choose(all: Vec<Scenario>, names: &[String]) -> anyhow::Result<Vec<Scenario>> {
    if names.is_empty() {
        return Ok(all);
    }
    for name in names {
        if !all.iter().any(|one| one.name.starts_with(name.as_str())) {
            bail!("there is no scenario {name}; `lab list` prints them all");
        }
    }
    let wanted = |one: &Scenario| names.iter().any(|name| one.name.starts_with(name.as_str()));
    Ok(all.into_iter().filter(wanted).collect())
}

fn list(cli: &Cli) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    for scenario in load(&cli.lab)? {
        let recorded = corpus::tape_path(&cli.tapes, &scenario).exists();
        let mark = if recorded { "recorded" } else { "missing" };
        let slug = scenario
            .fault
            .as_ref()
            .map_or("healthy", |fault| &fault.slug);
        writeln!(
            out,
            "{mark:9} {:44} {slug:32} {}",
            scenario.name, scenario.topology
        )?;
    }
    Ok(ExitCode::SUCCESS)
}

fn show(tape: &Path) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    crate::tapes::show(tape, &mut out)
        .with_context(|| format!("cannot show {}", tape.display()))?;
    Ok(ExitCode::SUCCESS)
}

fn dataset(tapes: &Path, people: Option<(&Path, &Path)>, out: &Path) -> anyhow::Result<ExitCode> {
    let people = people.map(|(feedback, tapes)| crate::dataset::People { feedback, tapes });
    let written = crate::dataset::write(tapes, people, out)?;
    if people.is_some() {
        tracing::info!(
            "people spoke of {} records; {} of them are on a tape and have a label",
            written.spoken_of,
            written.said
        );
    }
    tracing::info!(
        "{} rows of {} tapes in {}",
        written.rows,
        written.tapes,
        out.display()
    );
    Ok(ExitCode::SUCCESS)
}

fn evaluate(tapes: &Path, models: Option<&str>, out: &Path) -> anyhow::Result<ExitCode> {
    let file =
        std::fs::File::create(out).with_context(|| format!("cannot write {}", out.display()))?;
    let mut file = io::BufWriter::new(file);
    let count = crate::evaluate::evaluate(tapes, models, &mut file)?;
    file.flush()?;
    tracing::info!("{count} tapes judged, see {}", out.display());
    Ok(ExitCode::SUCCESS)
}

fn check(cli: &Cli) -> anyhow::Result<ExitCode> {
    let report = crate::tapes::check_all(&cli.tapes, &load(&cli.lab)?)?;
    let mut out = io::stdout().lock();
    for problem in &report.problems {
        writeln!(out, "{problem}")?;
    }
    writeln!(
        out,
        "{} tapes, {} kB, {} problems",
        report.tapes,
        report.bytes / 1_000,
        report.problems.len()
    )?;
    Ok(if report.problems.is_empty() {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}
