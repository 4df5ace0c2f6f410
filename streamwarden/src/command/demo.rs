//! `streamwarden demo`: a recorded incident, as if live.

use crate::cli::DemoArgs;
use crate::command::playing::{Play, play_as_live};
use crate::failure::Failure;
use crate::settings::Settings;
use crate::tape::Tape;

/// Plays the shipped tape, or the named one.
pub(super) async fn demo(args: DemoArgs, settings: Settings) -> Result<(), Failure> {
    let tape = match &args.tape {
        Some(path) => Tape::open(path)?,
        None => Tape::shipped()?,
    };
    let play = Play {
        tape,
        speed: args.speed,
        keep_times: false,
        exit_at_end: args.exit_at_end,
    };
    play_as_live(play, &args.place, settings).await
}
