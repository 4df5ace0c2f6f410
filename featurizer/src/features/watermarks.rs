//! Event time: whether it moves, how far the subtasks are apart, and what arrives too late.

use crate::metric::SubtaskMetric::LateRecordsDropped;
use crate::schema::{Family, JobFeature, VertexFeature};
use crate::state::vertex::VertexFigures;
use crate::stats;

const NONE: &str = "no subtask has a watermark";
/// A watermark that stands this long is no pause between two polls.
const FROZEN_S: f64 = 15.0;

/// Worst standstill of a vertex, by its input where it has one.
fn frozen_s(own: &VertexFigures) -> f64 {
    let input = stats::max(&own.watermarks.input_frozen_s);
    if input.is_nan() {
        stats::max(&own.watermarks.output_frozen_s)
    } else {
        input
    }
}

fn is_fed(own: &VertexFigures) -> bool {
    stats::sum(&own.records_in()) > 0.0
}

pub(crate) const FAMILY: Family = Family {
    name: "watermarks",
    vertex: &[
        VertexFeature::new(
            "event_time",
            "flag",
            "the job uses event time",
            "1 if any step of the job has a watermark.",
            "never",
            |v| stats::flag(v.job.own.uses_event_time()),
        ),
        VertexFeature::new(
            "input_watermark_none_share",
            "ratio",
            "subtasks without an input watermark",
            "Share of the subtasks whose input has no watermark yet.",
            "Flink reported none",
            |v| v.own.watermarks.input_none_share,
        ),
        VertexFeature::new(
            "output_watermark_none_share",
            "ratio",
            "subtasks without an output watermark",
            "Share of the subtasks that have sent no watermark yet.",
            "Flink reported none",
            |v| v.own.watermarks.output_none_share,
        ),
        VertexFeature::new(
            "watermark_frozen_max",
            "s",
            "watermark stands, worst subtask",
            "Seconds that the watermark has stood still, in the worst subtask; at most 300.",
            NONE,
            |v| frozen_s(v.own),
        ),
        VertexFeature::new(
            "watermark_frozen_share",
            "ratio",
            "subtasks whose watermark stands",
            "Share of the subtasks whose watermark has stood still for more than 15 s.",
            NONE,
            |v| stats::share(&v.own.watermarks.input_frozen_s, |frozen| frozen > FROZEN_S),
        ),
        VertexFeature::new(
            "output_watermark_frozen_max",
            "s",
            "output watermark stands, worst subtask",
            "Seconds that the watermark sent on has stood still, in the worst subtask; at most 300.",
            NONE,
            |v| stats::max(&v.own.watermarks.output_frozen_s),
        ),
        VertexFeature::new(
            "output_watermark_frozen_share",
            "ratio",
            "subtasks whose output watermark stands",
            "Share of the subtasks whose watermark sent on has stood still for more than 15 s.",
            NONE,
            |v| {
                stats::share(&v.own.watermarks.output_frozen_s, |frozen| {
                    frozen > FROZEN_S
                })
            },
        ),
        VertexFeature::new(
            "watermark_frozen_while_fed",
            "s",
            "watermark stands while records come",
            "Seconds that the watermark has stood still, where records come in all the same.",
            "no watermark, or no records come in",
            |v| {
                if is_fed(v.own) {
                    frozen_s(v.own)
                } else {
                    f64::NAN
                }
            },
        ),
        VertexFeature::new(
            "upstream_watermark_frozen_max",
            "s",
            "watermark stands right above",
            "Seconds that the watermark of a step right above has stood still; at most 300.",
            "a source, or no watermark above",
            |v| {
                stats::max_of(
                    v.upstream()
                        .map(|own| stats::max(&own.watermarks.output_frozen_s)),
                )
            },
        ),
        VertexFeature::new(
            "upstream_watermark_none_share",
            "ratio",
            "subtasks right above without a watermark",
            "Largest share of subtasks without a watermark in a step right above.",
            "a source, or not reported",
            |v| stats::max_of(v.upstream().map(|own| own.watermarks.output_none_share)),
        ),
        VertexFeature::new(
            "watermark_spread",
            "s",
            "watermarks of the subtasks apart",
            "Event time between the first and the last subtask.",
            "fewer than two subtasks have a watermark",
            |v| {
                v.own
                    .watermarks
                    .input_spread_s
                    .max(v.own.watermarks.output_spread_s)
            },
        ),
        VertexFeature::new(
            "watermark_lag",
            "s",
            "watermark behind the clock",
            "Clock time minus watermark of the subtask that is furthest behind.",
            NONE,
            |v| v.own.watermarks.lag_s,
        ),
        VertexFeature::new(
            "watermark_advance",
            "ratio",
            "event time gained per second",
            "Event time that the slowest subtask gains in a second: 1 keeps up with the clock, 0 stands.",
            "no watermark in two windows",
            |v| v.own.watermarks.advance,
        ),
        VertexFeature::new(
            "late_dropped",
            "records/s",
            "late records dropped",
            "Records a second that came after their window and were dropped.",
            "no step that drops late records",
            |v| stats::sum(v.own.of(LateRecordsDropped)),
        ),
        VertexFeature::new(
            "late_dropped_share",
            "ratio",
            "share of late records",
            "Share of the records that came after their window and were dropped.",
            "no step that drops late records, or no records",
            // Two counters, read one after the other: the share may seem to be a little above 1.
            |v| {
                let late = stats::sum(v.own.of(LateRecordsDropped));
                let share = stats::ratio(late, stats::sum(&v.own.records_in()));
                if share > 1.0 { 1.0 } else { share }
            },
        ),
    ],
    job: &[
        JobFeature::new(
            "event_time",
            "flag",
            "uses event time",
            "1 if any step of the job has a watermark.",
            "never",
            |j| stats::flag(j.own.uses_event_time()),
        ),
        JobFeature::new(
            "watermark_frozen_max",
            "s",
            "watermark stands in any step",
            "Seconds that the watermark of the worst subtask has stood still; at most 300.",
            NONE,
            |j| stats::max_of(j.vertices().map(frozen_s)),
        ),
        JobFeature::new(
            "watermark_frozen_while_fed",
            "s",
            "watermark stands while records come",
            "Seconds that the watermark of the worst step has stood still, where records come in all the same.",
            NONE,
            |j| stats::max_of(j.vertices().filter(|own| is_fed(own)).map(frozen_s)),
        ),
        JobFeature::new(
            "watermark_lag_max",
            "s",
            "watermark behind the clock",
            "Clock time minus watermark of the subtask that is furthest behind.",
            NONE,
            |j| stats::max_of(j.vertices().map(|own| own.watermarks.lag_s)),
        ),
        JobFeature::new(
            "watermark_advance_min",
            "ratio",
            "event time gained per second",
            "Event time that the slowest step gains in a second.",
            "no watermark in two windows",
            |j| stats::min_of(j.vertices().map(|own| own.watermarks.advance)),
        ),
        JobFeature::new(
            "late_dropped",
            "records/s",
            "late records dropped",
            "Records a second that came after their window and were dropped, in all steps.",
            "no step that drops late records",
            |j| {
                stats::sum_of(
                    j.vertices()
                        .map(|own| stats::sum(own.of(LateRecordsDropped))),
                )
            },
        ),
    ],
    taskmanager: &[],
};
