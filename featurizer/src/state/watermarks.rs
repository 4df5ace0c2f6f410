//! Watermarks of one vertex: where they stand, since when, and how far they moved.

use crate::metric::SubtaskMetric;
use crate::sample::Readings;
use crate::series::Step;
use crate::stats;

/// Below this Flink means "none yet" (`Long.MIN_VALUE`).
const NONE_YET: f64 = -9.0e18;
/// Above this Flink means "no more input" (`Long.MAX_VALUE`).
const FINISHED: f64 = 9.0e18;
/// Longer standstills all look alike; it also bounds what a restarted featurizer must read again.
const LONGEST_S: f64 = 300.0;

#[derive(Debug, Clone, Copy, PartialEq)]
enum Mark {
    Unknown,
    NoneYet,
    At(f64),
    Finished,
}

impl Mark {
    fn of(reading: f64) -> Self {
        match reading {
            reading if reading.is_nan() => Self::Unknown,
            reading if reading <= NONE_YET => Self::NoneYet,
            reading if reading >= FINISHED => Self::Finished,
            reading => Self::At(reading),
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Track {
    mark: Mark,
    since_ms: i64,
    read_at_ms: i64,
    window_start: Option<(f64, i64)>,
}

/// Watermarks of one vertex in one closed window.
#[derive(Debug, Clone, Default)]
pub(crate) struct WatermarkFigures {
    /// Share of the subtasks without a watermark yet, coming in and going out.
    pub(crate) input_none_share: f64,
    pub(crate) output_none_share: f64,
    /// Seconds that the watermark of a subtask has stood still, at most 300; only subtasks that have one.
    pub(crate) input_frozen_s: Vec<f64>,
    pub(crate) output_frozen_s: Vec<f64>,
    /// Event time between the first and the last subtask.
    pub(crate) input_spread_s: f64,
    pub(crate) output_spread_s: f64,
    /// Observation time minus watermark of the subtask that is furthest behind.
    pub(crate) lag_s: f64,
    /// Event time gained per second of the slowest subtask: 1 keeps up, 0 stands.
    pub(crate) advance: f64,
}

#[derive(Debug, Clone)]
pub(crate) struct Watermarks {
    input: Vec<Option<Track>>,
    output: Vec<Option<Track>>,
}

impl Watermarks {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            input: vec![None; columns],
            output: vec![None; columns],
        }
    }

    pub(crate) fn observe(
        &mut self,
        at_ms: i64,
        readings: &Readings<SubtaskMetric>,
        steps: &[Step],
    ) {
        follow(
            &mut self.input,
            readings.row(SubtaskMetric::InputWatermark),
            at_ms,
            steps,
        );
        follow(
            &mut self.output,
            readings.row(SubtaskMetric::OutputWatermark),
            at_ms,
            steps,
        );
    }

    pub(crate) fn close(&mut self, end_ms: i64) -> WatermarkFigures {
        let marks = if self.input.iter().any(has_watermark) {
            &self.input
        } else {
            &self.output
        };
        let figures = WatermarkFigures {
            input_none_share: none_share(&self.input),
            output_none_share: none_share(&self.output),
            input_frozen_s: frozen_s(&self.input, end_ms),
            output_frozen_s: frozen_s(&self.output, end_ms),
            input_spread_s: spread_s(&self.input),
            output_spread_s: spread_s(&self.output),
            lag_s: stats::max_of(marks.iter().filter_map(|track| lag_s(track.as_ref()?))),
            advance: stats::min_of(marks.iter().filter_map(|track| advance(track.as_ref()?))),
        };
        for track in self.input.iter_mut().chain(&mut self.output).flatten() {
            if let Mark::At(mark) = track.mark {
                track.window_start = Some((mark, track.read_at_ms));
            }
        }
        figures
    }
}

fn follow(tracks: &mut [Option<Track>], readings: &[f64], at_ms: i64, steps: &[Step]) {
    for ((track, reading), step) in tracks.iter_mut().zip(readings).zip(steps) {
        let mark = Mark::of(*reading);
        match track {
            _ if mark == Mark::Unknown => *track = None,
            Some(known) if *step != Step::Restarted => {
                if known.mark != mark {
                    known.since_ms = at_ms;
                }
                (known.mark, known.read_at_ms) = (mark, at_ms);
            }
            _ => {
                *track = Some(Track {
                    mark,
                    since_ms: at_ms,
                    read_at_ms: at_ms,
                    window_start: None,
                });
            }
        }
    }
}

fn has_watermark(track: &Option<Track>) -> bool {
    track.is_some_and(|track| matches!(track.mark, Mark::At(_)))
}

fn none_share(tracks: &[Option<Track>]) -> f64 {
    let known = tracks.iter().flatten();
    let none = known
        .clone()
        .filter(|track| track.mark == Mark::NoneYet)
        .count();
    stats::ratio(none as f64, known.count() as f64)
}

fn frozen_s(tracks: &[Option<Track>], end_ms: i64) -> Vec<f64> {
    let standing = tracks
        .iter()
        .flatten()
        .filter(|track| matches!(track.mark, Mark::At(_)));
    standing
        .map(|track| ((end_ms - track.since_ms).max(0) as f64 / 1_000.0).min(LONGEST_S))
        .collect()
}

fn marks(tracks: &[Option<Track>]) -> Vec<f64> {
    let mark = |track: &Track| {
        if let Mark::At(mark) = track.mark {
            Some(mark)
        } else {
            None
        }
    };
    tracks.iter().flatten().filter_map(mark).collect()
}

fn spread_s(tracks: &[Option<Track>]) -> f64 {
    let marks = marks(tracks);
    if marks.len() < 2 {
        f64::NAN
    } else {
        (stats::max(&marks) - stats::min(&marks)) / 1_000.0
    }
}

fn lag_s(track: &Track) -> Option<f64> {
    let Mark::At(mark) = track.mark else {
        return None;
    };
    Some((track.read_at_ms as f64 - mark) / 1_000.0)
}

fn advance(track: &Track) -> Option<f64> {
    let (Mark::At(mark), Some((before, before_at_ms))) = (track.mark, track.window_start) else {
        return None;
    };
    let elapsed_ms = (track.read_at_ms - before_at_ms) as f64;
    (elapsed_ms > 0.0).then(|| (mark - before) / elapsed_ms)
}
