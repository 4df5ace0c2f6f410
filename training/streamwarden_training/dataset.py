"""Rows of the dataset that ``lab dataset`` wrote.

``<dataset>/<scope>.parquet`` holds the rows with the label that was planted, ``schema.json`` describes the
features of each scope, ``tapes.json`` the tapes. The label comes from the time and the subject of the planted
fault alone, never from a figure; the Rust code that makes the rows decides it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow.compute
import pyarrow.parquet

from .signs import SIGNS

HEALTHY = "healthy"
# The subject itself is fine, another one of the same job or cluster is not.
ELSEWHERE = "elsewhere"
SCOPES = ("vertex", "job", "taskmanager")


@dataclass
class Rows:
    """Rows of one scope, in a stable order."""

    scope: str
    features: list[dict]
    fingerprint: str
    values: np.ndarray
    label: np.ndarray
    tape: np.ndarray
    topology: np.ndarray
    flink_version: np.ndarray
    subject: np.ndarray
    window_end_ms: np.ndarray

    def __len__(self) -> int:
        return len(self.label)

    def take(self, mask: np.ndarray) -> "Rows":
        """The rows that ``mask`` chooses."""
        columns = {name: getattr(self, name)[mask] for name in (
            "values", "label", "tape", "topology", "flink_version", "subject", "window_end_ms")}
        return Rows(self.scope, self.features, self.fingerprint, **columns)

    @property
    def names(self) -> list[str]:
        return [feature["name"] for feature in self.features]


def load(folder: Path) -> dict[str, Rows]:
    """Reads all scopes."""
    schemas = json.loads((folder / "schema.json").read_text())
    return {scope: _load_scope(folder / f"{scope}.parquet", schemas[scope], scope) for scope in SCOPES}


def is_left_to_rules(label: str) -> bool:
    """Whether the errors of a problem name it: all that figures show of it is that tasks restart or wait, and a model that
    had to tell such problems apart by figures would only learn the topologies that they were recorded on."""
    return label != HEALTHY and label not in SIGNS


def _label(label: str, active_elsewhere: str) -> str:
    if is_left_to_rules(label):
        return ELSEWHERE
    return ELSEWHERE if label == HEALTHY and active_elsewhere else label


def _load_scope(path: Path, schema: dict, scope: str) -> Rows:
    table = pyarrow.parquet.read_table(path).filter(pyarrow.compute.field("_samples") > 0)
    if table.num_rows == 0:
        raise SystemExit(f"there are no rows in {path}")
    names = [feature["name"] for feature in schema["features"]]
    text = {name: np.array(table.column(name).to_pylist(), dtype=object) for name in (
        "scenario", "topology", "flink_version", "_subject_id", "label", "active_elsewhere")}
    values = np.column_stack([table.column(name).to_numpy().astype(np.float32) for name in names])
    ends = table.column("_window_end_ms").to_numpy()
    label = np.array([_label(*pair) for pair in zip(text["label"], text["active_elsewhere"])], dtype=object)
    order = np.lexsort((text["_subject_id"].astype(str), ends, text["scenario"].astype(str)))
    return Rows(
        scope=scope, features=schema["features"], fingerprint=schema["fingerprint"],
        values=values[order], label=label[order], tape=text["scenario"][order], topology=text["topology"][order],
        flink_version=text["flink_version"][order], subject=text["_subject_id"][order], window_end_ms=ends[order],
    )
