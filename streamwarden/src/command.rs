//! The commands, one file each.

mod demo;
mod diagnose;
mod explain;
mod features;
mod feedback;
mod playing;
mod problems;
mod record;
mod replay;
mod run;
mod service;

use std::process::ExitCode;

use streamwarden_service_runtime::{Exit, telemetry};

use crate::cli::{Cli, Command};
use crate::failure::Failure;
use crate::progress::tell;
use crate::settings::Settings;

/// Log level of commands that people watch.
const QUIET: &str = "warn";
/// Log level of services.
const SERVICE: &str = "info";

/// Runs a command to its exit code.
#[must_use]
pub fn main(cli: Cli) -> ExitCode {
    match dispatch(cli) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            tell(&format!("streamwarden: {failure}"));
            failure.exit.into()
        }
    }
}

fn dispatch(cli: Cli) -> Result<Exit, Failure> {
    let settings = Settings::load(cli.config.as_deref(), std::env::vars())?;
    let level = if is_service(&cli.command) {
        SERVICE
    } else {
        QUIET
    };
    telemetry::init(&settings.telemetry, level);
    match cli.command {
        Command::Explain(args) => explain::explain(&args, &settings),
        Command::Problems(args) => problems::problems(&args, &settings).map(|()| Exit::Done),
        Command::Features(args) => {
            features::features(args.format);
            Ok(Exit::Done)
        }
        command => runtime()?.block_on(long_running(command, settings)),
    }
}

async fn long_running(command: Command, settings: Settings) -> Result<Exit, Failure> {
    match command {
        Command::Run(args) => run::run(args, settings).await,
        Command::Demo(args) => demo::demo(args, settings).await,
        Command::Replay(args) => replay::replay(args, settings).await,
        Command::Record(args) => record::record(args, settings).await,
        Command::Diagnose(args) => return diagnose::diagnose(args, settings).await,
        Command::Feedback(args) => feedback::feedback(args).await,
        Command::Collector(args) => service::collector(&args, settings).await,
        Command::Featurizer => service::featurizer(settings).await,
        Command::Inference => service::inference(settings).await,
        Command::Notifier => service::notifier(settings).await,
        // Answered without a runtime.
        Command::Explain(_) | Command::Problems(_) | Command::Features(_) => Ok(()),
    }
    .map(|()| Exit::Done)
}

fn is_service(command: &Command) -> bool {
    matches!(
        command,
        Command::Collector(_) | Command::Featurizer | Command::Inference | Command::Notifier
    )
}

fn runtime() -> Result<tokio::runtime::Runtime, Failure> {
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::configuration(format!("threads cannot be started: {error}")))
}
