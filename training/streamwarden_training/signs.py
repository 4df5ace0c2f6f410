"""Where each problem shows: the features that may speak for it.

A few dozen runs a problem are too few to find out which of two hundred figures matter: trees then lean on whatever
happened beside the fault (the load of that day, the age of the job), and say little on a job of another shape. What an
engineer would look at is known. A problem that is not named here is not told by figures at all: its errors name it.
"""

from __future__ import annotations

from .choice import ONLY_AS_SIGNS, base_name, usable

PRESSURE = (
    "busy_mean", "busy_max", "busy_min", "backpressured_mean", "backpressured_max", "backpressured_min", "idle_mean",
    "idle_max", "idle_min", "saturated_share", "blocked_share", "busy_of_active", "upstream_backpressured_max",
    "ancestors_backpressured_max", "downstream_busy_max", "downstream_backpressured_max", "descendants_busy_max",
    "descendants_backpressured_max", "pressure_step", "busy_minus_downstream", "upstream_out_pool_usage_max",
    "in_pool_usage_max", "out_pool_usage_max", "is_sink", "is_source",
)
# Whether the busy time is spent in computing or in waiting.
COST = ("host_cpu_per_busy_max", "host_cpu_per_busy_min", "host_busy_share_of_tasks", "mailbox_latency_max")
# Not the least loaded subtask: how little is left for it depends on how many there are.
SPREAD = (
    "busy_spread", "busy_max_over_mean", "busy_second_over_top", "busy_variation", "records_max_over_mean",
    "records_top_share", "records_second_over_top", "records_variation", "bytes_max_over_mean",
    "true_rate_spread", "key_groups_max_over_min", "key_group_variation_left", "is_keyed",
)
CHECKPOINT = (
    "checkpoint_sync_share", "checkpoint_snapshot_share", "checkpoint_barrier_share", "checkpoint_holding_up_share",
    "checkpoint_holding_up_alone", "checkpoint_passed_on_share", "job_checkpoints_failed_minute",
    "job_checkpoint_open_share", "checkpoint_sync",
    "checkpoint_async", "checkpoint_alignment", "checkpoint_start_delay", "checkpoint_duration_over_interval",
    "checkpoint_duration_over_timeout", "checkpoint_since_completed_over_interval", "checkpoint_open_over_interval",
    "checkpoint_open_over_timeout", "checkpoints_expired_minute", "checkpoints_failed_in_a_row", "checkpoint_sync_max",
    "checkpoint_async_max", "checkpoint_alignment_max", "checkpoint_start_delay_max", "checkpoint_duration_growth",
)
# What a checkpoint that never completes still shows: where its barrier waits. A slow snapshot holds up its own task's mailbox,
# a queue of records before the barrier does not.
BARRIER = ("start_delay_gauge", "alignment_gauge", "mailbox_latency_max")
WATERMARK = (
    "event_time", "input_watermark_none_share", "output_watermark_none_share", "watermark_frozen_max",
    "watermark_frozen_share", "output_watermark_frozen_max", "output_watermark_frozen_share",
    "watermark_frozen_while_fed", "upstream_watermark_frozen_max", "upstream_watermark_none_share", "watermark_advance",
    "input_stands", "is_source",
)
HEAP = ("heap_share", "heap_floor_share", "gc_time", "gc_count", "gc_pause_mean", "errors_memory", "cpu_per_busy")

METASPACE = ("metaspace_share",)

# A reader that has lost what it reads from.
CUT_OFF = (
    "consumer_cut_off_share", "consumer_connections_min", "producer_cut_off_share", "commits_failed",
    "commits_failed_share", "consumed_rate", "source_idle_min", "source_idle_share", "output_stands", "is_source",
    "pending_records", "backlog", "job_checkpoint_open_share", "job_checkpoints_failed_minute",
)

# Every feature that models may ask.
EVERYTHING: tuple[str, ...] = ()

# slug -> features; each with its changes (`_vs_1m`, `_vs_5m`).
SIGNS: dict[str, tuple[str, ...]] = {
    "slow-sink": PRESSURE + COST + ("busy_spread",),
    "blocking-call-in-task": PRESSURE + COST + ("busy_spread",),
    "under-provisioned-operator": PRESSURE + COST + ("busy_spread",),
    "hot-key": SPREAD + ("busy_max", "pressure_step", "blocked_share"),
    "late-records-dropped": ("late_dropped_share",),
    "watermark-stalled": WATERMARK,
    "unbounded-state": ("state_growth", "is_keyed"),
    "checkpoint-timeout-alignment": CHECKPOINT + BARRIER + PRESSURE,
    "checkpoint-timeout-slow-snapshot": CHECKPOINT + BARRIER,
    "checkpoint-longer-than-interval": CHECKPOINT,
    "over-provisioned": (
        "busiest_mean", "busiest_max", "busy_mean", "idle_mean", "idle_min", "backpressured_max", "source_busy_max",
        "source_idle_min", "backlog_max", "out_pool_usage_max",
    ),
    "gc-pressure": HEAP,
    "key-group-skew": SPREAD + ("busy_max", "max_parallelism", "parallelism"),
    "source-lag-grows": PRESSURE + COST + ("pending_records", "backlog", "emit_lag_max"),
    "source-silently-stalled": CUT_OFF,
    "source-topic-gone": CUT_OFF,
    "source-parallelism-above-partitions": WATERMARK + (
        "unassigned_share", "partitions", "partitions_per_subtask", "records_none_share", "parallelism",
    ),
    "heap-exhausted": HEAP,
    "metaspace-exhausted": METASPACE,
    "taskmanager-frozen": EVERYTHING,
}

# What shows that something is wrong, in whatever job and of whatever kind: the more, the worse; and how much of it is no
# trouble anywhere, even where the lab's healthy jobs had less. Not what only says where or why (how a checkpoint's time
# divides, what computing costs), and not what a calm job shows as well (a busy source, a sparse topic's watermark).
TROUBLE = {
    # ms/s: a step that hands on nothing, all of it busy or blocked.
    "busy_min": 950, "busiest_mean": 950, "source_busy_max": 950, "backpressured_min": 950, "downstream_backpressured_max": 950,
    "descendants_backpressured_max": 950,
    # Ratios between subtasks; key groups differ by one, so that two to one is no accident.
    "records_max_over_mean": 3, "bytes_max_over_mean": 3, "records_top_share": 0.9, "key_groups_max_over_min": 1.9,
    # Shares of the records, of the state a minute, of what a client asked.
    "late_dropped_share": 0.01, "state_growth": 0.1, "consumer_cut_off_share": 0.3, "producer_cut_off_share": 0.3,
    "commits_failed_share": 0.3,
    # Seconds.
    "watermark_frozen_while_fed": 20,
    # Checkpoints: one failure happens, and half of the timeout is there to be used.
    "job_checkpoints_failed_minute": 1, "checkpoints_failed_in_a_row": 1, "checkpoints_expired_minute": 0,
    "job_checkpoint_open_share": 0.5, "checkpoint_duration_over_interval": 0.8, "checkpoint_duration_over_timeout": 0.5,
    "checkpoint_since_completed_over_interval": 4, "checkpoint_open_over_interval": 3, "checkpoint_open_over_timeout": 0.5,
    # Heap that is full after collection, and time spent in collecting (ms/s).
    "heap_floor_share": 0.85, "gc_time": 100, "errors_memory": 0,
}


def columns_for(label: str, features: list[dict]) -> list[int]:
    """Positions of the features that may speak for ``label``."""
    signs = SIGNS.get(label, EVERYTHING)
    return [index for index in usable(features, as_signs=True) if base_name(features[index]) in signs] or usable(features)


def more_is_worse(feature: dict) -> bool:
    """Whether more of it is never evidence against the problem that it shows."""
    return base_name(feature) in TROUBLE or base_name(feature) in ONLY_AS_SIGNS
