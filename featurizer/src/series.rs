//! Readings over time: rates of counters and means of gauges, window by window.

use std::marker::PhantomData;

use crate::metric::{Behaviour, Metric};
use crate::sample::Readings;

/// A window without a fresh reading shows the last window's figures this many times: polls and Flink's own refreshes go
/// by clocks of their own, and now and then none falls into a window.
const CARRIED_WINDOWS: u8 = 1;

/// What a new reading of a subtask's counters means.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Step {
    /// Measured over this many milliseconds since the last reading.
    Fresh(f64),
    /// Flink answered with what it had answered before.
    Stale,
    /// Counters began anew; there is nothing to compare with.
    Restarted,
}

#[derive(Debug, Clone, Copy)]
struct Cell {
    last: f64,
    sum: f64,
    weight: f64,
    shown: f64,
    carried: u8,
}

impl Default for Cell {
    fn default() -> Self {
        Self {
            last: f64::NAN,
            sum: 0.0,
            weight: 0.0,
            shown: f64::NAN,
            carried: 0,
        }
    }
}

impl Cell {
    fn count(&mut self, reading: f64, step: Step) {
        if reading.is_nan() || step == Step::Stale {
            return;
        }
        if let Step::Fresh(elapsed_ms) = step {
            // A counter that went down began anew without saying so.
            if elapsed_ms > 0.0 && reading >= self.last {
                self.sum += reading - self.last;
                self.weight += elapsed_ms / 1_000.0;
            }
        }
        self.last = reading;
    }

    fn gauge(&mut self, reading: f64) {
        if !reading.is_nan() {
            self.sum += reading;
            self.weight += 1.0;
            self.last = reading;
        }
    }

    fn close(&mut self) -> f64 {
        if self.weight > 0.0 {
            self.shown = self.sum / self.weight;
            self.carried = 0;
        } else if self.carried >= CARRIED_WINDOWS {
            self.shown = f64::NAN;
        } else {
            self.carried += 1;
        }
        (self.sum, self.weight) = (0.0, 0.0);
        self.shown
    }
}

/// All figures of one subject, a cell a subtask.
#[derive(Debug, Clone)]
pub(crate) struct Series<M> {
    columns: usize,
    /// Only figures that were reported take space.
    rows: Vec<Option<Row>>,
    metric: PhantomData<M>,
}

#[derive(Debug, Clone)]
struct Row {
    behaviour: Behaviour,
    cells: Box<[Cell]>,
}

impl Row {
    fn observe(&mut self, readings: &[f64], steps: &[Step]) {
        for ((cell, reading), step) in self.cells.iter_mut().zip(readings).zip(steps) {
            match self.behaviour {
                Behaviour::Counter => cell.count(*reading, *step),
                Behaviour::Gauge => cell.gauge(*reading),
            }
        }
    }

    fn close(&mut self) -> Box<[f64]> {
        self.cells.iter_mut().map(Cell::close).collect()
    }
}

impl<M: Metric> Series<M> {
    pub(crate) fn new(columns: usize) -> Self {
        Self {
            columns,
            rows: vec![None; M::COUNT],
            metric: PhantomData,
        }
    }

    pub(crate) fn columns(&self) -> usize {
        self.columns
    }

    /// Takes a poll in. `steps` has one entry a column.
    pub(crate) fn observe(&mut self, readings: &Readings<M>, steps: &[Step]) {
        for (metric, readings) in readings.rows() {
            let row = self.rows[metric.index()].get_or_insert_with(|| Row {
                behaviour: metric.behaviour(),
                cells: vec![Cell::default(); self.columns].into_boxed_slice(),
            });
            row.observe(readings, steps);
        }
    }

    /// Ends the window: rates a second of counters, means of gauges.
    pub(crate) fn close(&mut self) -> WindowFigures<M> {
        let close = |row: &mut Option<Row>| row.as_mut().map(Row::close).unwrap_or_default();
        WindowFigures {
            rows: self.rows.iter_mut().map(close).collect(),
            metric: PhantomData,
        }
    }
}

/// Figures of one closed window.
#[derive(Debug, Clone)]
pub(crate) struct WindowFigures<M> {
    rows: Vec<Box<[f64]>>,
    metric: PhantomData<M>,
}

impl<M> Default for WindowFigures<M> {
    fn default() -> Self {
        Self {
            rows: Vec::new(),
            metric: PhantomData,
        }
    }
}

impl<M: Metric> WindowFigures<M> {
    /// One value a subtask; empty if the figure was never reported.
    pub(crate) fn of(&self, metric: M) -> &[f64] {
        self.rows.get(metric.index()).map_or(&[], |row| row)
    }

    /// The value of a subject with one column.
    pub(crate) fn one(&self, metric: M) -> f64 {
        self.of(metric).first().copied().unwrap_or(f64::NAN)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::SubtaskMetric;
    use crate::metric::SubtaskMetric::{InPoolUsage, RecordsIn};
    use streamwarden_proto::v1::MetricGroup;

    fn readings(records: f64, usage: f64) -> Readings<SubtaskMetric> {
        Readings::of_group(&MetricGroup {
            columns: 1,
            names: vec!["read-records".into(), "inPoolUsage".into()],
            values: vec![records, usage],
            ..MetricGroup::default()
        })
    }

    fn rate_after(polls: &[(f64, Step)]) -> f64 {
        let mut series = Series::new(1);
        for (records, step) in polls {
            series.observe(&readings(*records, 0.5), &[*step]);
        }
        series.close().one(RecordsIn)
    }

    #[test]
    fn a_counter_becomes_a_rate_a_second() {
        let polls = [(100.0, Step::Restarted), (350.0, Step::Fresh(5_000.0))];
        assert_eq!(rate_after(&polls), 50.0);
    }

    #[test]
    fn a_counter_that_begins_anew_never_gives_a_negative_rate() {
        let silent = [
            (900.0, Step::Restarted),
            (10.0, Step::Fresh(5_000.0)),
            (60.0, Step::Fresh(5_000.0)),
        ];
        assert_eq!(rate_after(&silent), 10.0);
        let announced = [(900.0, Step::Restarted), (10.0, Step::Restarted)];
        assert!(rate_after(&announced).is_nan());
    }

    #[test]
    fn an_answer_that_flink_had_given_before_is_no_standstill() {
        let polls = [
            (0.0, Step::Restarted),
            (50.0, Step::Fresh(5_000.0)),
            (50.0, Step::Stale),
        ];
        assert_eq!(rate_after(&polls), 10.0);
    }

    #[test]
    fn a_figure_is_carried_into_one_window_without_a_reading_and_then_missing() {
        let mut series = Series::new(1);
        series.observe(&readings(0.0, 0.5), &[Step::Restarted]);
        series.observe(&readings(50.0, 0.5), &[Step::Fresh(5_000.0)]);
        let windows: Vec<_> = (0..3).map(|_| series.close()).collect();
        assert_eq!(
            [windows[0].one(RecordsIn), windows[1].one(RecordsIn)],
            [10.0, 10.0]
        );
        assert!(windows[2].one(RecordsIn).is_nan());
        assert_eq!(windows[1].one(InPoolUsage), 0.5);
    }
}
