//! How unevenly the subtasks are loaded, and whether key groups or hot keys explain it.

use crate::metric::SubtaskMetric::BytesIn;
use crate::schema::{Family, JobFeature, VertexFeature};
use crate::stats;
use crate::view::VertexView;

const MISSING: &str = "one subtask only, or no records";

/// Key groups of each subtask, as Flink shares them out.
fn key_groups(parallelism: usize, max_parallelism: u32) -> Vec<f64> {
    let (parallelism, groups) = (parallelism as u64, u64::from(max_parallelism));
    if parallelism == 0 || groups < parallelism {
        return Vec::new();
    }
    let start = |index: u64| (index * groups).div_ceil(parallelism);
    (0..parallelism)
        .map(|index| (start(index + 1) - start(index)) as f64)
        .collect()
}

/// Records of the subtasks divided by their key groups: even where only the key groups are uneven.
fn records_per_key_group(v: &VertexView<'_>) -> Vec<f64> {
    let groups = key_groups(v.own.parallelism, v.max_parallelism);
    v.handled()
        .into_iter()
        .zip(groups)
        .map(|(rate, groups)| stats::ratio(rate, groups))
        .collect()
}

pub(crate) const FAMILY: Family = Family {
    name: "skew",
    vertex: &[
        VertexFeature::new(
            "records_max_over_mean",
            "ratio",
            "records of the top subtask against the mean",
            "Records of the subtask with most of them against the mean of all.",
            MISSING,
            |v| stats::max_over_mean(&v.handled()),
        ),
        VertexFeature::new(
            "records_min_over_mean",
            "ratio",
            "records of the last subtask against the mean",
            "Records of the subtask with fewest of them against the mean of all.",
            MISSING,
            |v| stats::min_over_mean(&v.handled()),
        ),
        VertexFeature::new(
            "records_top_share",
            "ratio",
            "share of the top subtask",
            "Share of all records that go to one subtask.",
            MISSING,
            |v| {
                if v.own.parallelism < 2 {
                    f64::NAN
                } else {
                    stats::ratio(stats::max(&v.handled()), stats::sum(&v.handled()))
                }
            },
        ),
        VertexFeature::new(
            "records_second_over_top",
            "ratio",
            "second subtask against the top",
            "Records of the second against those of the top subtask: small where one stands alone, near 0.5 where key groups are shared out 2 to 1.",
            MISSING,
            |v| stats::second_over_top(&v.handled()),
        ),
        VertexFeature::new(
            "records_variation",
            "ratio",
            "variation of records over subtasks",
            "Standard deviation of the subtasks' records against their mean.",
            MISSING,
            |v| stats::variation(&v.handled()),
        ),
        VertexFeature::new(
            "records_none_share",
            "ratio",
            "subtasks without records",
            "Share of the subtasks that get no record.",
            "no rate could be measured yet",
            |v| stats::share(&v.handled(), |rate| rate <= 0.0),
        ),
        VertexFeature::new(
            "bytes_max_over_mean",
            "ratio",
            "bytes of the top subtask against the mean",
            "Bytes of the subtask with most of them against the mean of all.",
            MISSING,
            |v| stats::max_over_mean(v.own.of(BytesIn)),
        ),
        VertexFeature::new(
            "busy_spread",
            "ms/s",
            "busiest minus least busy subtask",
            "Difference of busy time between the busiest and the least busy subtask.",
            "one subtask only, or not reported",
            |v| {
                if v.own.parallelism < 2 {
                    f64::NAN
                } else {
                    stats::max(&v.own.busy) - stats::min(&v.own.busy)
                }
            },
        ),
        VertexFeature::new(
            "busy_max_over_mean",
            "ratio",
            "busiest subtask against the mean",
            "Busy time of the busiest subtask against the mean of all.",
            "one subtask only, or nobody is busy",
            |v| stats::max_over_mean(&v.own.busy),
        ),
        VertexFeature::new(
            "busy_second_over_top",
            "ratio",
            "second busiest against the busiest",
            "Busy time of the second busiest against the busiest subtask.",
            "one subtask only, or nobody is busy",
            |v| stats::second_over_top(&v.own.busy),
        ),
        VertexFeature::new(
            "busy_variation",
            "ratio",
            "variation of busy time over subtasks",
            "Standard deviation of the subtasks' busy time against their mean.",
            "one subtask only, or nobody is busy",
            |v| stats::variation(&v.own.busy),
        ),
        VertexFeature::new(
            "key_groups_max_over_min",
            "ratio",
            "key groups of the fullest subtask against the emptiest",
            "Key groups of the subtask with most of them against the one with fewest: 1 where the maximum parallelism is a multiple of the parallelism.",
            "maximum parallelism not known",
            |v| {
                let groups = key_groups(v.own.parallelism, v.max_parallelism);
                stats::ratio(stats::max(&groups), stats::min(&groups))
            },
        ),
        VertexFeature::new(
            "key_group_variation_left",
            "ratio",
            "variation that key groups leave unexplained",
            "Variation of the records for each key group against the variation of the records: near 0 where uneven key groups are the reason.",
            "records are even, or one subtask only",
            |v| {
                /// Less variation than this needs no reason.
                const EVEN: f64 = 0.05;
                let variation = stats::variation(&v.handled());
                if variation < EVEN {
                    f64::NAN
                } else {
                    stats::ratio(stats::variation(&records_per_key_group(v)), variation)
                }
            },
        ),
    ],
    job: &[
        JobFeature::new(
            "records_max_over_mean",
            "ratio",
            "worst skew of records in any step",
            "Records of the top subtask against the mean, in the most uneven step.",
            MISSING,
            |j| {
                stats::max_of(
                    j.vertices()
                        .map(|own| stats::max_over_mean(&own.records_in())),
                )
            },
        ),
        JobFeature::new(
            "busy_spread",
            "ms/s",
            "widest spread of busy time in any step",
            "Busiest minus least busy subtask, in the most uneven step.",
            "no step has two subtasks, or not reported",
            |j| {
                stats::max_of(
                    j.vertices()
                        .filter(|own| own.parallelism > 1)
                        .map(|own| stats::max(&own.busy) - stats::min(&own.busy)),
                )
            },
        ),
    ],
    taskmanager: &[],
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_groups_are_shared_out_as_flink_does() {
        assert_eq!(key_groups(3, 4), [2.0, 1.0, 1.0]);
        assert_eq!(key_groups(4, 128), [32.0; 4]);
        assert_eq!(key_groups(3, 128).iter().sum::<f64>(), 128.0);
        assert!(key_groups(4, 2).is_empty());
    }
}
