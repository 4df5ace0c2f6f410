"""What goes beside a model: its manifest and its golden rows."""

from __future__ import annotations

import json
import math
import warnings
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import onnxruntime

from . import onnx_file
from .choice import base_name, usable
from .dataset import ELSEWHERE, HEALTHY, Rows
from .signs import SIGNS, TROUBLE, columns_for, more_is_worse
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
    # problem -> limits of its own rows: {"rows": 1, "min": [...], "max": [...]}, by feature.
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


# Stands for "any value": of features that do not show whether a row is like those of its label.
ANYTHING = 1e30
# Beyond the range of a label's rows, as a share of the range that most rows of all labels have.
SLACK = 0.25
# A feature whose range left out more than this share of the rows of a topology that it was not made of, and more than one, says nothing. What is
# beyond the limits of healthy rows is told to people, who must not be called for nothing.
MOST_OUTSIDE = 0.05
MOST_HEALTHY_OUTSIDE = 0.005
# How long something took is a matter of the machine and of the job's size.
UNBOUNDED_UNITS = {"ms"}
# A share of a second in milliseconds is never more than all of it.
MOST_OF_UNIT = {"ms/s": 1000.0}


def label_profiles(rows: Rows, labels: list[str], brings: dict[str, set[str]] | None = None) -> dict[str, dict]:
    """For each problem, the limits within which its rows lie: of the features where it shows, and only of those whose
    range, taken from some topologies, held on each of the others. For ``healthy``, upper limits of what shows trouble of any
    kind, none below what is no trouble anywhere: a subject beyond them has a problem, whether a known one or not. And for each
    problem how much of that trouble goes with it: all that its own rows had, and any where a problem shows that it ``brings``
    along. What is beyond is another problem's."""
    trouble = _troubling(rows.features)
    profiles = {}
    no_trouble = _no_trouble([rows.features[column] for column in trouble])
    if healthy := _profile(rows, rows.label == HEALTHY, trouble, MOST_HEALTHY_OUTSIDE, no_trouble):
        profiles[HEALTHY] = healthy
    for label in labels:
        if label in (HEALTHY, ELSEWHERE):
            continue
        own = rows.label == label
        columns = _comparable(label, rows.features)
        profile = _profile(rows, own, columns, MOST_OUTSIDE, _of_problem([rows.features[column] for column in columns]))
        if profile and healthy:
            shown = _profile(rows, own, trouble, MOST_OUTSIDE)
            free = {column for one in (label, *(brings or {}).get(label, ())) if one in SIGNS
                    for column in columns_for(one, rows.features)}
            profile["trouble"] = [
                ANYTHING if column in free or most == ANYTHING else max(most, healthy["max"][column])
                for column, most in enumerate(shown["max"] if shown else [ANYTHING] * len(rows.features))]
        if profile:
            profiles[label] = profile
    return profiles


def _range(values: np.ndarray, slack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Least and greatest value of each feature with slack; NaN for a feature that was always missing."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return np.nanmin(values, axis=0) - slack, np.nanmax(values, axis=0) + slack


def _profile(rows: Rows, own: np.ndarray, columns: list[int], most_outside: float, limits_of=_range) -> dict | None:
    """Limits of the rows that ``own`` chooses, as ``limits_of`` finds them; none without rows or features."""
    values = rows.values[:, columns].astype(np.float64)
    if not own.any() or not columns:
        return None
    slack = SLACK * _width(values)
    limits = limits_of(values[own], slack)
    holds = _holds(values[own], rows.topology[own], lambda some: limits_of(some, slack), most_outside)
    low, high = [-ANYTHING] * rows.values.shape[1], [ANYTHING] * rows.values.shape[1]
    for at, column in enumerate(columns):
        if holds[at]:
            low[column], high[column] = rounded(limits[0][at]), rounded(limits[1][at])
    return {"rows": int(own.sum()), "min": low, "max": high}


def beyond(profile: dict, values: np.ndarray) -> np.ndarray:
    """Which rows have a value beyond the limits of a profile."""
    with np.errstate(invalid="ignore"):
        values = values.astype(np.float32)
        return ((values < np.float32(profile["min"])) | (values > np.float32(profile["max"]))).any(axis=1)


def _troubling(features: list[dict]) -> list[int]:
    """Positions of the features that show trouble of any kind."""
    return [column for column in usable(features) if features[column]["name"] in TROUBLE]


def _comparable(label: str, features: list[dict]) -> list[int]:
    """Positions of the features where a problem shows, without what says how its job is built, how fast it is, or how suddenly
    the problem came."""
    return [column for column in columns_for(label, features)
            if features[column]["unit"] not in UNBOUNDED_UNITS and "none_share" not in features[column]["name"]
            and features[column]["name"] == base_name(features[column])]


def _width(values: np.ndarray) -> np.ndarray:
    """What lies between most of the values of each feature; 0 where there are none."""
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        low, high = np.nanpercentile(values, [5, 95], axis=0)
    return np.nan_to_num(high - low)


def _of_problem(features: list[dict]):
    """As ``_range`` finds limits, but none above for what is only worse the more of it there is."""
    open_above = np.array([more_is_worse(feature) for feature in features])

    def limits_of(values: np.ndarray, slack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        low, high = _range(values, slack)
        return low, np.where(open_above, ANYTHING, high)

    return limits_of


def _no_trouble(features: list[dict]):
    """As ``_range`` finds limits, but upper ones only, none below what is no trouble anywhere, and none that a feature could not
    exceed at all because its unit has a most."""
    floor = np.array([TROUBLE[feature["name"]] for feature in features], dtype=np.float64)
    most = np.array([MOST_OF_UNIT.get(feature["unit"], np.inf) for feature in features])

    def limits_of(values: np.ndarray, slack: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        highest = _range(values, np.zeros_like(slack))[1]
        return np.full(len(features), -ANYTHING), np.fmax(np.fmin(highest + slack, (highest + most) / 2), floor)

    return limits_of


def _holds(values: np.ndarray, topology: np.ndarray, limits_of, most_outside: float) -> np.ndarray:
    """For which features the range of all other topologies holds the rows of each one, but for a share of them."""
    holds = np.full(values.shape[1], len(set(topology)) > 1)
    holds &= ~np.isnan(values).all(axis=0)
    for one in sorted(set(topology)):
        if len(set(topology)) < 2:
            break
        inside = topology == one
        low, high = limits_of(values[~inside])
        missing = np.isnan(values[inside])
        with np.errstate(invalid="ignore"):
            fits = missing | ((values[inside] >= low) & (values[inside] <= high))
        holds &= (~fits).sum(axis=0) <= max(1.0, most_outside * len(fits))
    return holds


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
