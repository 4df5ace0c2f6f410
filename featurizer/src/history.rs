//! A subject's own past: the means of the last minute and the last five minutes.

use std::collections::VecDeque;

/// Windows of five minutes.
const FIVE_MINUTES: i64 = 30;
/// Windows of one minute.
const ONE_MINUTE: i64 = 6;
/// Fewer known windows say nothing of the last minute.
const LEAST_OF_MINUTE: usize = 2;
/// Fewer known windows say nothing of the last five minutes.
const LEAST_OF_FIVE_MINUTES: usize = 9;

/// How a figure is compared with its past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Trend {
    /// Now minus then, in the figure's own unit.
    Difference,
    /// Now against then: 1 is unchanged.
    Ratio,
}

/// Span of the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Span {
    Minute,
    FiveMinutes,
}

/// Tracked figures of the last windows, oldest first.
#[derive(Debug, Clone, Default)]
pub(crate) struct History {
    windows: VecDeque<(i64, Box<[f32]>)>,
}

impl History {
    /// Mean of a tracked figure over a span before `window`.
    pub(crate) fn mean(&self, figure: usize, window: i64, span: Span) -> f64 {
        let (windows, least) = match span {
            Span::Minute => (ONE_MINUTE, LEAST_OF_MINUTE),
            Span::FiveMinutes => (FIVE_MINUTES, LEAST_OF_FIVE_MINUTES),
        };
        let past = self
            .windows
            .iter()
            .filter(|(index, _)| *index >= window - windows && *index < window);
        let known = past
            .filter_map(|(_, row)| row.get(figure))
            .filter(|value| !value.is_nan());
        let (sum, count) = known.fold((0.0, 0), |(sum, count), value| {
            (sum + f64::from(*value), count + 1)
        });
        if count < least {
            f64::NAN
        } else {
            sum / count as f64
        }
    }

    /// Adds a window.
    pub(crate) fn push(&mut self, window: i64, figures: Box<[f32]>) {
        self.windows
            .retain(|(index, _)| *index > window - FIVE_MINUTES);
        self.windows.push_back((window, figures));
    }
}

impl Trend {
    /// Compares now with then.
    pub(crate) fn compare(self, now: f64, then: f64) -> f64 {
        match self {
            Self::Difference => now - then,
            Self::Ratio => crate::stats::ratio(now, then),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_missing_until_there_is_enough_of_it() {
        let mut history = History::default();
        history.push(1, Box::new([10.0]));
        assert!(history.mean(0, 2, Span::Minute).is_nan());
        history.push(2, Box::new([30.0]));
        assert_eq!(history.mean(0, 3, Span::Minute), 20.0);
        assert!(history.mean(0, 3, Span::FiveMinutes).is_nan());
    }

    #[test]
    fn nothing_older_than_five_minutes_is_kept() {
        let mut history = History::default();
        (0..100).for_each(|window| history.push(window, Box::new([window as f32])));
        assert_eq!(history.windows.len(), FIVE_MINUTES as usize);
        assert_eq!(history.mean(0, 100, Span::Minute), 96.5);
    }
}
