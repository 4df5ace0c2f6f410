"""What goes beside a model: its manifest and its golden rows."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime

from . import onnx_file
from .trees import Ensemble

# Two builds of the runtime may add up in another order.
TOLERANCE = 1e-4


@dataclass
class Contents:
    """Everything about a model that is not in its trees."""

    scope: str
    version: str
    labels: list[str]
    # {"name", "unit", "label"} of each feature.
    features: list[dict]
    fingerprint: str
    temperature: float
    seed: int
    # feature -> {"p01": ..., "p99": ...} of healthy rows; a feature without an entry was always missing.
    healthy: dict[str, dict[str, float]]
    # label -> how its own rows look: {"outside_p99": ...}
    profiles: dict[str, dict]
    trained_on: dict
    thresholds: dict[str, float] = field(default_factory=dict)


def rounded(value: float) -> float | None:
    """Six significant digits: enough for a limit, and the same on every machine."""
    if value is None or math.isnan(value) or math.isinf(value):
        return None
    return float(f"{value:.6g}")


def healthy_ranges(rows: np.ndarray, features: list[str]) -> dict[str, dict[str, float]]:
    """First and 99th percentile of each feature over healthy rows, missing values left out."""
    ranges = {}
    for index, name in enumerate(features):
        column = rows[:, index]
        column = column[~np.isnan(column)]
        if len(column) == 0:
            continue
        low, high = np.percentile(column.astype(np.float64), [1, 99])
        ranges[name] = {"p01": rounded(low), "p99": rounded(high)}
    return ranges


def label_profiles(rows: np.ndarray, answer: np.ndarray, labels: list[str]) -> dict[str, dict]:
    """For each label, the range that each feature had in its training rows (null: never seen)."""
    profiles = {}
    for index, label in enumerate(labels):
        own = rows[answer == index].astype(np.float64)
        if len(own) == 0:
            continue
        low, high = [], []
        for column in own.T:
            seen = column[~np.isnan(column)]
            low.append(rounded(seen.min()) if len(seen) else None)
            high.append(rounded(seen.max()) if len(seen) else None)
        profiles[label] = {"rows": int(len(own)), "min": low, "max": high}
    return profiles


def _write_json(path: Path, value) -> None:
    path.write_text(json.dumps(value, indent=1, sort_keys=False) + "\n", encoding="utf-8")


def write_model(folder: Path, ensemble: Ensemble, contents: Contents, golden_rows: np.ndarray) -> None:
    """Writes ``model.onnx``, ``manifest.json`` and ``golden.json`` into ``folder``."""
    meta = {"fingerprint": contents.fingerprint, "version": contents.version, "scope": contents.scope}
    model = onnx_file.model_proto(ensemble, contents.temperature, contents.labels, meta)
    onnx_file.write(model, folder / "model.onnx")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    golden_rows = golden_rows.astype(np.float32)
    probabilities = session.run([onnx_file.OUTPUT], {onnx_file.INPUT: golden_rows})[0]
    _write_json(folder / "manifest.json", {
        "name": contents.scope,
        "scope": contents.scope,
        "version": contents.version,
        "input": onnx_file.INPUT,
        "output": onnx_file.OUTPUT,
        "labels": contents.labels,
        "features": contents.features,
        "fingerprint": contents.fingerprint,
        "temperature": rounded(contents.temperature),
        "seed": contents.seed,
        "thresholds": contents.thresholds,
        "trained_on": contents.trained_on,
        "healthy": contents.healthy,
        "profiles": contents.profiles,
    })
    golden = [
        {"values": [None if np.isnan(v) else float(v) for v in row], "probabilities": [float(f"{p:.7g}") for p in out]}
        for row, out in zip(golden_rows, probabilities)
    ]
    (folder / "golden.json").write_text(
        json.dumps({"tolerance": TOLERANCE, "rows": golden}) + "\n", encoding="utf-8"
    )
