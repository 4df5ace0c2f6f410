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


# Stands for "any value": features that the model does not ask, and such that no training row had.
ANYTHING = 1e30


def label_profiles(rows: np.ndarray, answer: np.ndarray, labels: list[str], asked: list[int] | None = None) -> dict[str, dict]:
    """For each label, the range that each feature had in its training rows (null: never seen with this label)."""
    known = ~np.isnan(rows).all(axis=0)
    if asked is not None:
        known &= np.isin(np.arange(rows.shape[1]), asked)
    profiles = {}
    for index, label in enumerate(labels):
        own = rows[answer == index].astype(np.float64)
        if len(own) == 0:
            continue
        low, high = [], []
        for position, column in enumerate(own.T):
            seen = column[~np.isnan(column)]
            if not known[position]:
                low.append(-ANYTHING)
                high.append(ANYTHING)
            else:
                low.append(rounded(seen.min()) if len(seen) else None)
                high.append(rounded(seen.max()) if len(seen) else None)
        profiles[label] = {"rows": int(len(own)), "min": low, "max": high}
    return profiles


def strangeness(profile: dict, values: np.ndarray) -> np.ndarray:
    """Share of each row's present features that lie clearly outside of a label's profile: what inference computes."""
    low = np.array([np.nan if v is None else v for v in profile["min"]])
    high = np.array([np.nan if v is None else v for v in profile["max"]])
    slack = np.abs(high - low) * 0.1 + np.abs(high) * 0.02
    present = ~np.isnan(values)
    with np.errstate(invalid="ignore"):
        inside = (values >= low - slack) & (values <= high + slack)
    return (present & ~inside).sum(axis=1) / np.maximum(present.sum(axis=1), 1)


def _write_manifest(path: Path, value: dict) -> None:
    """One line an entry, so that a change of a model can be read as a change."""
    lines = []
    for key, entry in value.items():
        if key in ("features", "healthy", "profiles"):
            items = entry if isinstance(entry, list) else list(entry.items())
            texts = [json.dumps(item) if isinstance(entry, list) else f"{json.dumps(item[0])}: {json.dumps(item[1])}" for item in items]
            opening, closing = "[]" if isinstance(entry, list) else "{}"
            lines.append(f"{json.dumps(key)}: {opening}\n" + ",\n".join(texts) + f"\n{closing}")
        else:
            lines.append(f"{json.dumps(key)}: {json.dumps(entry)}")
    path.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


def write_model(folder: Path, ensemble: Ensemble, contents: Contents, golden_rows: np.ndarray) -> None:
    """Writes ``model.onnx``, ``manifest.json`` and ``golden.json`` into ``folder``."""
    meta = {"fingerprint": contents.fingerprint, "version": contents.version, "scope": contents.scope}
    model = onnx_file.model_proto(ensemble, contents.temperature, contents.labels, meta)
    onnx_file.write(model, folder / "model.onnx")
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    golden_rows = golden_rows.astype(np.float32)
    probabilities = session.run([onnx_file.OUTPUT], {onnx_file.INPUT: golden_rows})[0]
    _write_manifest(folder / "manifest.json", {
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
