"""Which features a model may ask.

Absolute figures (records a second, bytes, parallelism) tell the lab's jobs from each other instead of
telling problems from each other: a model that asks them is good on the shapes that it was trained on and
on no other. They stay in the rows, for people and for computed values, and out of the trees.
"""

from __future__ import annotations

# Units of absolute figures.
ABSOLUTE_UNITS = {"records/s", "bytes", "bytes/s", "records", "code", "us", "cores", "tasks"}
# Absolute figures whose unit does not say so, and options that the lab set once for all runs of a kind.
ABSOLUTE = {
    "steps", "subtasks", "parallelism", "parallelism_max", "max_parallelism", "upstream_count", "downstream_count",
    "slots", "slots_total", "slots_free", "taskmanagers", "others_present", "threads", "classes_loaded", "partitions",
    "checkpoint_interval", "checkpoint_timeout", "tolerable_failed_checkpoints", "unaligned_checkpoints",
    "buffer_debloat", "incremental_checkpoints", "selectivity", "share_of_job_input", "sink_over_source",
    "parallelism_over_job", "jvm_overhead_share", "input_queue_mean", "output_queue_mean", "timers_fired",
    "tasks_running", "committables_pending", "jobmanager_heap_share", "jobmanager_gc", "checkpoints_completed_minute",
    "state_share", "state_backend", "restart_strategy", "slots_used_share", "upstream_backlog", "managed_share",
    # What else runs on the lab's machine, and how long ago the processes were started.
    "cpu_load", "host_cpu_load_max", "host_cpu_cores_share_max", "host_cpu_cores_share", "cpu_cores_share",
    "cpu_over_others", "direct_over_capacity", "direct_beyond_network_share", "heap_committed_share",
    "direct_used", "segments_available_share", "network_share",
}
# Shares of a limit that some jobs are close to for good: only their own problem asks for them.
ONLY_AS_SIGNS = {"metaspace_share"}
# Late records are counted in records a second, and any at all matter.
RELATIVE = {"late_dropped"}


def base_name(feature: dict) -> str:
    """Name of a feature, without what says that it is the change of it."""
    return feature["name"].removesuffix("_vs_1m").removesuffix("_vs_5m")


def usable(features: list[dict], as_signs: bool = False) -> list[int]:
    """Positions of the features that a model may ask; with those that it may ask of their own problem only."""
    def allowed(feature: dict) -> bool:
        if feature["name"] in RELATIVE:
            return True
        if feature["unit"] in ABSOLUTE_UNITS or not as_signs and base_name(feature) in ONLY_AS_SIGNS:
            return False
        return base_name(feature) not in ABSOLUTE
    return [index for index, feature in enumerate(features) if allowed(feature)]
