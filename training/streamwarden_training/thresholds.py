"""Plain thresholds out of Flink's documentation and vendors' guides: what a model has to beat.

Each rule is a condition on a row; the first that holds gives the answer. Figures that are missing hold nowhere.
"""

from __future__ import annotations

import numpy as np

from .dataset import HEALTHY, Rows

# (label, scope, {feature: (low, high)}): every feature within its limits.
INFINITE = float("inf")
RULES: list[tuple[str, str, dict[str, tuple[float, float]]]] = [
    ("user-exception-loop", "vertex", {"errors_user_code": (1, INFINITE), "failed_share": (0.01, INFINITE)}),
    ("late-records-dropped", "vertex", {"late_dropped": (0.01, INFINITE)}),
    ("watermark-stalled", "vertex", {"watermark_frozen_while_fed": (10, INFINITE)}),
    ("hot-key", "vertex", {"busy_max": (900, INFINITE), "busy_min": (0, 300), "is_keyed": (1, 1)}),
    ("checkpoint-timeout-alignment", "vertex", {"job_checkpoints_failed_minute": (1, INFINITE),
                                                "ancestors_backpressured_max": (500, INFINITE)}),
    ("checkpoint-timeout-slow-snapshot", "vertex", {"job_checkpoints_failed_minute": (1, INFINITE),
                                                    "checkpoint_sync_share": (0.5, INFINITE)}),
    ("slow-sink", "vertex", {"is_sink": (1, 1), "busy_max": (900, INFINITE), "upstream_backpressured_max": (500, INFINITE),
                             "host_cpu_per_busy_max": (0, 0.5)}),
    ("blocking-call-in-task", "vertex", {"busy_max": (900, INFINITE), "upstream_backpressured_max": (500, INFINITE),
                                         "host_cpu_per_busy_max": (0, 0.3)}),
    ("under-provisioned-operator", "vertex", {"busy_mean": (900, INFINITE),
                                              "upstream_backpressured_max": (500, INFINITE)}),
    ("unbounded-state", "vertex", {"state_growth": (0.2, INFINITE)}),
    ("not-enough-slots", "job", {"slots_lacking": (1, INFINITE)}),
    ("checkpoint-longer-than-interval", "job", {"checkpoint_duration_over_interval": (0.5, INFINITE)}),
    ("checkpoint-directory-unusable", "job", {"checkpoints_declined_minute": (1, INFINITE)}),
    ("over-provisioned", "job", {"idle_min": (950, INFINITE), "source_records_out": (0.01, INFINITE)}),
    ("heap-exhausted", "taskmanager", {"heap_share": (0.95, INFINITE), "gc_time": (300, INFINITE)}),
    ("gc-pressure", "taskmanager", {"gc_time": (300, INFINITE)}),
    ("taskmanager-killed", "taskmanager", {"present": (0, 0)}),
    ("taskmanager-frozen", "taskmanager", {"heartbeat_age": (20, INFINITE)}),
]


def answers(rows: Rows) -> np.ndarray:
    """The label of each row by the first rule that holds."""
    names = {name: index for index, name in enumerate(rows.names)}
    answer = np.full(len(rows), HEALTHY, dtype=object)
    open_rows = np.ones(len(rows), dtype=bool)
    for label, scope, limits in RULES:
        if scope != rows.scope or not all(name in names for name in limits):
            continue
        holds = open_rows.copy()
        for name, (low, high) in limits.items():
            value = rows.values[:, names[name]]
            with np.errstate(invalid="ignore"):
                holds &= (value >= low) & (value <= high)
        answer[holds] = label
        open_rows &= ~holds
    return answer
