//! A tape through all services of this process.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use streamwarden_kafka_io::{KafkaConfig, KafkaError, RecordSink};
use streamwarden_notifier::api::types::TapeNote;
use streamwarden_proto::StoredRecord;
use streamwarden_service_runtime::chain;

use crate::cli::PlaceArgs;
use crate::failure::Failure;
use crate::knowledge;
use crate::line::place::{data_directory, prepare};
use crate::line::{Line, ensure_topics};
use crate::look::experience;
use crate::progress::say;
use crate::settings::Settings;
use crate::tape::play::{MachineClock, RecordTarget, play};
use crate::tape::{Tape, shift};

/// A tape starts with nothing remembered, whatever was played before.
const DATABASE: &str = "tape.db";
/// What the last records lead to needs so long to be said.
const END_LINGER: Duration = Duration::from_secs(5);

/// What is to be played, and how.
pub(super) struct Play {
    pub(super) tape: Tape,
    pub(super) speed: f64,
    pub(super) keep_times: bool,
    pub(super) exit_at_end: bool,
}

/// Writes to the raw topic.
pub(super) struct SinkTarget {
    sink: RecordSink,
    taken: usize,
}

impl SinkTarget {
    pub(super) fn new(kafka: &KafkaConfig) -> Result<Self, KafkaError> {
        Ok(Self {
            sink: RecordSink::new(kafka)?,
            taken: 0,
        })
    }

    pub(super) fn taken(&self) -> usize {
        self.taken
    }
}

impl RecordTarget for SinkTarget {
    type Error = KafkaError;

    async fn take(&mut self, records: &[StoredRecord]) -> Result<(), KafkaError> {
        self.sink.send_all(records).await?;
        self.taken += records.len();
        Ok(())
    }
}

/// The records at the times at which they are played. Played faster than it was, a recording begins in the past and ends
/// now: nothing may be seen before it happens.
pub(super) fn moved(play: &Play) -> Result<Vec<StoredRecord>, Failure> {
    if play.keep_times {
        return Ok(play.tape.records.clone());
    }
    let (first_ms, last_ms) = play.tape.span_ms();
    let length_ms = (last_ms - first_ms) as f64;
    let ends_in_ms = (length_ms / play.speed) as i64;
    let now_ms = Timestamp::now().as_millisecond();
    let span_ms = shift::whole_windows(now_ms + ends_in_ms - last_ms);
    let records = play
        .tape
        .records
        .iter()
        .map(|record| shift::record(record, span_ms));
    records.collect::<Result<_, _>>().map_err(|error| {
        Failure::configuration(format!("the tape {}: {}", play.tape.name, chain(&error)))
    })
}

/// Starts all services but the collector and plays the tape to them.
pub(super) async fn play_as_live(
    play: Play,
    place: &PlaceArgs,
    mut settings: Settings,
) -> Result<(), Failure> {
    if place.database.is_none() {
        forget_earlier(place)?;
    }
    let kafka = prepare(&mut settings, place, DATABASE)?;
    let experience = experience(&settings)?;
    let note = TapeNote {
        name: play.tape.name.clone(),
        speed: play.speed,
        ended: false,
    };
    let models = settings.inference.models.as_deref();
    let knowledge = knowledge::of(&experience, models, Some(note));
    let ended = Arc::clone(&knowledge.tape_ended);
    ensure_topics(&kafka).await?;
    let line = Line::begin(&settings).await?;
    line.start_judging(&settings, &kafka, knowledge);
    if line.ready().await {
        announce(&play, &settings);
        play_to_the_end(&play, &kafka, &line, &ended).await?;
    }
    line.finish().await
}

fn forget_earlier(place: &PlaceArgs) -> Result<(), Failure> {
    let directory = data_directory(place)?;
    for ending in ["", "-wal", "-shm"] {
        let file = directory.join(format!("{DATABASE}{ending}"));
        match std::fs::remove_file(&file) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                let shown = file.display();
                return Err(Failure::configuration(format!(
                    "{shown} cannot be replaced: {error}"
                )));
            }
            _ => {}
        }
    }
    Ok(())
}

fn announce(play: &Play, settings: &Settings) {
    let header = &play.tape.header;
    say(&format!(
        "page and API: http://{}",
        settings.notifier.listen
    ));
    say(&format!(
        "This is a recording, played as if live, {} times as fast as it was: {}",
        play.speed, header.description
    ));
    let (first_ms, last_ms) = play.tape.span_ms();
    say(&format!(
        "recorded {} on Flink {}, {} s long; alerts appear here and on the page; ctrl-C ends",
        header.recorded_at,
        header.flink_version,
        (last_ms - first_ms) / 1_000
    ));
}

async fn play_to_the_end(
    what: &Play,
    kafka: &KafkaConfig,
    line: &Line,
    ended: &AtomicBool,
) -> Result<(), Failure> {
    let records = moved(what)?;
    let mut target = SinkTarget::new(kafka)?;
    let clock = MachineClock::start();
    let complete = play(&records, what.speed, &clock, &mut target, &line.shutdown).await?;
    if !complete {
        return Ok(());
    }
    ended.store(true, Ordering::Relaxed);
    if what.exit_at_end {
        tokio::select! {
            () = tokio::time::sleep(END_LINGER) => {}
            () = line.shutdown.requested() => {}
        }
        line.shutdown.request();
    } else {
        say("the recording is over; the page stays until ctrl-C");
    }
    Ok(())
}
