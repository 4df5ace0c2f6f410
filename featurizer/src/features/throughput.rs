//! Records and bytes a second, and what becomes of a record on its way through a step.

use crate::history::Trend;
use crate::metric::SubtaskMetric::{BytesIn, BytesOut, FiredTimers, RecordsOut};
use crate::schema::{Family, JobFeature, VertexFeature};
use crate::stats;
use crate::view::VertexView;

const MISSING: &str = "no rate could be measured yet";

/// Records that a subtask handles in one second of work.
fn true_rates(v: &VertexView<'_>) -> Vec<f64> {
    /// Less work than this says nothing of how long a record takes.
    const LEAST_BUSY_MS: f64 = 20.0;
    let rates = v.handled().into_iter().zip(&v.own.busy);
    rates
        .map(|(rate, busy)| {
            if *busy < LEAST_BUSY_MS {
                f64::NAN
            } else {
                stats::ratio(rate * 1_000.0, *busy)
            }
        })
        .collect()
}

pub(crate) const FAMILY: Family = Family {
    name: "throughput",
    vertex: &[
        VertexFeature::new("records_in", "records/s", "records in", "Records a second that come into the step, all subtasks together.", MISSING, |v| stats::sum(&v.own.records_in()))
            .with_trend(Trend::Ratio),
        VertexFeature::new("records_out", "records/s", "records out", "Records a second that leave the step, all subtasks together.", MISSING, |v| stats::sum(&v.own.records_out()))
            .with_trend(Trend::Ratio),
        VertexFeature::new("bytes_in", "bytes/s", "bytes in", "Bytes a second that come into the step, all subtasks together.", MISSING, |v| stats::sum(v.own.of(BytesIn))),
        VertexFeature::new("bytes_out", "bytes/s", "bytes out", "Bytes a second that leave the step, all subtasks together.", MISSING, |v| stats::sum(v.own.of(BytesOut))),
        VertexFeature::new("bytes_per_record", "bytes", "size of a record", "Bytes of a record that comes in.", "no records come in", |v| stats::ratio(stats::sum(v.own.of(BytesIn)), stats::sum(&v.own.records_in()))),
        VertexFeature::new("selectivity", "ratio", "records out for each record in", "Records that leave for each record that comes in.", "no records come in", |v| stats::ratio(stats::sum(v.own.of(RecordsOut)), stats::sum(&v.own.records_in())))
            .with_trend(Trend::Ratio),
        VertexFeature::new("input_stands", "flag", "no records in", "1 if no record came in.", MISSING, |v| stats::flag_if_known(stats::sum(&v.handled()), |rate| rate <= 0.0)),
        VertexFeature::new("output_stands", "flag", "records in, none out", "1 if records came in and none left. Sinks never send records on.", "nothing came in, or not known", |v| {
            let coming = stats::sum(&v.own.records_in());
            if coming > 0.0 { stats::flag_if_known(stats::sum(&v.own.records_out()), |rate| rate <= 0.0) } else { f64::NAN }
        }),
        VertexFeature::new("true_rate", "records/s", "records in one second of work", "Records that one subtask handles in a second of work, on average: the rate that it could reach.", "too little work to tell", |v| stats::mean(&true_rates(v)))
            .with_trend(Trend::Ratio),
        VertexFeature::new("true_rate_spread", "ratio", "slowest subtask against the mean", "Rate in a second of work of the slowest subtask against the mean.", "one subtask, or too little work to tell", |v| stats::min_over_mean(&true_rates(v))),
        VertexFeature::new("work_per_record", "us", "work for one record", "Microseconds of work for one record.", "too little work to tell", |v| stats::ratio(1e6, stats::mean(&true_rates(v)))),
        VertexFeature::new("share_of_job_input", "ratio", "records in against the sources", "Records that come in against what the job's sources send.", "the sources send nothing", |v| {
            let sources = stats::sum_of(v.job.ends(true).map(|own| stats::sum(own.of(RecordsOut))));
            stats::ratio(stats::sum(&v.own.records_in()), sources)
        }),
        VertexFeature::new("timers_fired", "1/s", "timers fired", "Timers a second that fired, all subtasks together.", "Flink reported none", |v| stats::sum(v.own.of(FiredTimers))),
    ],
    job: &[
        JobFeature::new("source_records_out", "records/s", "records from the sources", "Records a second that the sources send.", MISSING, |j| stats::sum_of(j.ends(true).map(|own| stats::sum(own.of(RecordsOut)))))
            .with_trend(Trend::Ratio),
        JobFeature::new("sink_records_in", "records/s", "records into the sinks", "Records a second that reach the sinks.", MISSING, |j| stats::sum_of(j.ends(false).map(|own| stats::sum(&own.records_in()))))
            .with_trend(Trend::Ratio),
        JobFeature::new("sink_over_source", "ratio", "records into sinks for each from sources", "Records that reach the sinks for each record that the sources send.", "the sources send nothing", |j| {
            let sinks = stats::sum_of(j.ends(false).map(|own| stats::sum(&own.records_in())));
            stats::ratio(sinks, stats::sum_of(j.ends(true).map(|own| stats::sum(own.of(RecordsOut)))))
        })
            .with_trend(Trend::Ratio),
        JobFeature::new("source_stands", "flag", "no records from the sources", "1 if no source sent a record.", MISSING, |j| {
            stats::flag_if_known(stats::sum_of(j.ends(true).map(|own| stats::sum(own.of(RecordsOut)))), |rate| rate <= 0.0)
        }),
        JobFeature::new("sink_stands", "flag", "no records into the sinks", "1 if no sink got a record.", MISSING, |j| {
            stats::flag_if_known(stats::sum_of(j.ends(false).map(|own| stats::sum(&own.records_in()))), |rate| rate <= 0.0)
        }),
    ],
    taskmanager: &[],
};
