//! `streamwarden replay`: a tape through the whole system, or into a Kafka.

use std::time::Duration;

use streamwarden_service_runtime::Shutdown;

use crate::cli::ReplayArgs;
use crate::command::playing::{Play, SinkTarget, moved, play_as_live};
use crate::failure::Failure;
use crate::line::ensure_topics;
use crate::progress::say;
use crate::settings::Settings;
use crate::tape::{Tape, play};

/// Plays the tape.
pub(super) async fn replay(args: ReplayArgs, mut settings: Settings) -> Result<(), Failure> {
    let play = Play {
        tape: Tape::open(&args.tape)?,
        speed: args.speed,
        keep_times: args.keep_times,
        exit_at_end: args.exit_at_end,
    };
    match &args.place.kafka {
        Some(brokers) if args.only_publish => {
            settings.kafka.brokers.clone_from(brokers);
            publish(play, &settings).await
        }
        _ => play_as_live(play, &args.place, settings).await,
    }
}

async fn publish(play: Play, settings: &Settings) -> Result<(), Failure> {
    ensure_topics(&settings.kafka).await?;
    let grace = Duration::from_millis(settings.process.grace_period_ms);
    let shutdown = Shutdown::on_signals(grace)
        .map_err(|error| Failure::configuration(format!("signals cannot be handled: {error}")))?;
    let records = moved(&play)?;
    let mut target = SinkTarget::new(&settings.kafka)?;
    let clock = play::MachineClock::start();
    play::play(&records, play.speed, &clock, &mut target, &shutdown).await?;
    say(&format!("{} records published", target.taken()));
    Ok(())
}
