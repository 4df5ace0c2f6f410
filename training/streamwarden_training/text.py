"""The text model: from the words of a failure to its class, for what no rule knows.

Reads the examples that ``experience/examples/text_examples.rs`` writes (one implementation of the features, in Rust),
fits a linear model, calibrates it on what it was not trained on, and writes it as ONNX with one signed byte a weight:
``softmax(features / sqrt(n) @ (table * scale) + bias)``. The same examples give the same bytes.
"""

from __future__ import annotations

import json
import zlib
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper
from scipy import sparse
from scipy.optimize import minimize_scalar
from sklearn.linear_model import LogisticRegression

WIDTH = 1 << 15
FOLDS = 5
#: How much an example of a kind counts: phrases and real logs are what strangers' failures look like.
KIND_WEIGHT = {"rule": 1.0, "template": 0.5, "phrase": 2.0, "sentence": 1.0, "corpus": 2.0, "calm": 1.0, "nonsense": 1.0}
#: Libraries with fewer templates that a rule knows say little about being left out.
LEAST_OF_LIBRARY = 40
#: Width of the band of probabilities that is looked at to find from where on a name is rather right than wrong.
BAND = 0.1
LEAST_THRESHOLD = 0.3
#: Failures of words that nobody ever used, which are ``unknown``: how many, and of how many features.
NONSENSE, LEAST_NONSENSE, MOST_NONSENSE = 400, 3, 24
SEED = 20261122


@dataclass
class Examples:
    kinds: np.ndarray
    groups: list[set[str]]
    labels: np.ndarray
    weights: np.ndarray
    rows: list[np.ndarray]

    def __len__(self) -> int:
        return len(self.rows)


def read(path: Path) -> Examples:
    kinds, groups, labels, weights, rows = [], [], [], [], []
    for line in path.read_text().splitlines():
        kind, group, label, weight, numbers = line.split("\t")
        row = np.array([int(number) for number in numbers.split(",") if number], dtype=np.int32)
        if not len(row):
            continue
        kinds.append(kind)
        groups.append(set(group.split(",")))
        labels.append(label)
        weights.append(float(weight) * KIND_WEIGHT[kind])
        rows.append(row)
    return Examples(np.array(kinds), groups, np.array(labels), np.array(weights), rows)


def with_nonsense(examples: Examples) -> Examples:
    """The examples and made-up ones of random features: what a model says of words that it never met must be `unknown`."""
    random = np.random.default_rng(SEED)
    sizes = random.integers(LEAST_NONSENSE, MOST_NONSENSE, NONSENSE)
    rows = [np.unique(random.integers(0, WIDTH, size)).astype(np.int32) for size in sizes]
    return Examples(
        np.concatenate([examples.kinds, np.full(NONSENSE, "nonsense")]), examples.groups + [{""}] * NONSENSE,
        np.concatenate([examples.labels, np.full(NONSENSE, "unknown")]),
        np.concatenate([examples.weights, np.full(NONSENSE, KIND_WEIGHT["nonsense"])]), examples.rows + rows)


def matrix(rows: list[np.ndarray]) -> sparse.csr_matrix:
    """One row an example, of length 1."""
    lengths = np.array([len(row) for row in rows])
    values = np.repeat(1.0 / np.sqrt(np.maximum(lengths, 1)), lengths)
    starts = np.concatenate([[0], np.cumsum(lengths)])
    return sparse.csr_matrix((values, np.concatenate(rows), starts), shape=(len(rows), WIDTH))


def fit(examples: Examples, chosen: np.ndarray) -> LogisticRegression:
    """A linear model of the chosen examples. Copies of them with words missing made it worse on strangers' logs."""
    rows = [examples.rows[index] for index in np.flatnonzero(chosen)]
    labels, weights = examples.labels[chosen], examples.weights[chosen].copy()
    names, number = np.unique(labels, return_inverse=True)
    of_class = np.bincount(number, weights)
    weights *= (of_class.mean() / of_class[number]) ** 0.5
    # To its optimum: stopped early, it is worst on words that only one library uses.
    model = LogisticRegression(C=20.0, max_iter=400, tol=1e-4)
    return model.fit(matrix(rows), labels, sample_weight=weights)


def scores(model: LogisticRegression, examples: Examples, chosen: np.ndarray, names: np.ndarray) -> np.ndarray:
    """Raw scores in the order of all classes; a class that was not trained on has a very low one."""
    raw = model.decision_function(matrix([examples.rows[index] for index in np.flatnonzero(chosen)]))
    out = np.full((raw.shape[0], len(names)), -30.0)
    out[:, np.searchsorted(names, model.classes_)] = raw
    return out


def softmax(raw: np.ndarray) -> np.ndarray:
    power = np.exp(raw - raw.max(axis=1, keepdims=True))
    return power / power.sum(axis=1, keepdims=True)


@dataclass
class HeldOut:
    """What models said of examples that they were not trained on."""
    what: str
    raw: np.ndarray
    truth: np.ndarray
    weights: np.ndarray


def fold(examples: Examples, index: int) -> int:
    """By the words themselves, so that the same message in two libraries is held out with its twin."""
    return zlib.crc32(examples.rows[index].tobytes()) % FOLDS


#: What a forked process was started with; the examples are not sent to it again and again.
_shared: list[tuple[Examples, np.ndarray]] = []


def _share(examples: Examples, names: np.ndarray) -> None:
    _shared.append((examples, names))


def _said(parts: tuple[str, list[tuple[np.ndarray, np.ndarray]]]) -> HeldOut:
    """One model a part: what it says of rows (second mask) that it was not trained on (first mask)."""
    examples, names = _shared[0]
    what, masks = parts
    truth = np.searchsorted(names, examples.labels)
    raw = [scores(fit(examples, chosen), examples, test, names) for chosen, test in masks]
    order = np.concatenate([np.flatnonzero(test) for _, test in masks])
    return HeldOut(what, np.concatenate(raw), truth[order], examples.weights[order])


def _parts(examples: Examples) -> list[tuple[str, list[tuple[np.ndarray, np.ndarray]]]]:
    folds = np.array([fold(examples, index) for index in range(len(examples))])
    found = []
    for kind, what in (("template", "templates held out"), ("corpus", "looked-at logs, rules switched off, held out")):
        inside = examples.kinds == kind
        found.append((what, [(folds != number, inside & (folds == number)) for number in range(FOLDS)]))
    templates = examples.kinds == "template"
    for library in sorted({next(iter(examples.groups[i])) for i in np.flatnonzero(templates)}):
        inside = np.array([library in groups for groups in examples.groups])
        if (inside & templates).sum() >= LEAST_OF_LIBRARY:
            found.append((f"library {library} left out", [(~inside, inside & templates)]))
    return found


def hold_out(examples: Examples, names: np.ndarray, note) -> list[HeldOut]:
    """What was left out in turn: a fifth of templates and of logs, and each library; each is a training of its own."""
    found = []
    with ProcessPoolExecutor(mp_context=get_context("fork"), initializer=_share, initargs=(examples, names)) as processes:
        for part in processes.map(_said, _parts(examples)):
            note(f"{part.what}: {len(part.truth)}")
            found.append(part)
    return found


def calibrate(held_out: list[HeldOut]) -> float:
    """The temperature under which the probabilities of what was held out are likeliest; each part counts the same."""
    def loss(logarithm: float) -> float:
        temperature = np.exp(logarithm)
        total = 0.0
        for part in held_out:
            probability = softmax(part.raw / temperature)[np.arange(len(part.truth)), part.truth]
            total -= np.log(np.maximum(probability, 1e-9)).mean()
        return total
    return float(np.exp(minimize_scalar(loss, bounds=(-2.0, 3.0), method="bounded").x))


def threshold(held_out: list[HeldOut], temperature: float, unknown: int) -> float:
    """The lowest probability at which a name is right more often than not, where each part counts the same."""
    parts = []
    for part in held_out:
        probability = softmax(part.raw / temperature)
        best = probability.argmax(axis=1)
        named = best != unknown
        parts.append((probability.max(axis=1)[named], (best == part.truth)[named]))
    for low in np.arange(LEAST_THRESHOLD, 0.9, 0.01):
        bands = [(sure >= low) & (sure < low + BAND) for sure, _ in parts]
        right = [right[band].mean() for band, (_, right) in zip(bands, parts) if band.sum() >= 3]
        if right and np.mean(right) > 0.5:
            return round(float(low), 2)
    return 0.9


def judge(part: HeldOut, temperature: float, limit: float, unknown: int) -> dict:
    probability = softmax(part.raw / temperature)
    best = probability.argmax(axis=1)
    named = (probability.max(axis=1) >= limit) & (best != unknown)
    right = best == part.truth
    return {"what": part.what, "count": len(right), "right_if_forced": round(float(right.mean()), 3),
            "named": round(float(named.mean()), 3),
            "right_of_named": round(float(right[named].mean()), 3) if named.any() else None}


def model_proto(model: LogisticRegression, temperature: float, limit: float):
    names = [str(name) for name in model.classes_]
    weights = model.coef_.T / temperature
    scale = (np.abs(weights).max(axis=0) / 127.0).astype(np.float32)
    table = np.clip(np.rint(weights / scale), -127, 127).astype(np.int8)
    bias = (model.intercept_ / temperature).astype(np.float32)
    constants = [
        numpy_helper.from_array(table, "table"), numpy_helper.from_array(scale, "scale"),
        numpy_helper.from_array(bias, "bias"),
    ]
    nodes = [
        helper.make_node("ReduceSum", ["features", "one"], ["count"], name="count", keepdims=1),
        helper.make_node("Sqrt", ["count"], ["length"], name="length"),
        helper.make_node("Div", ["features", "length"], ["row"], name="row"),
        helper.make_node("DequantizeLinear", ["table", "scale"], ["weights"], name="weights", axis=1),
        helper.make_node("MatMul", ["row", "weights"], ["product"], name="product"),
        helper.make_node("Add", ["product", "bias"], ["raw"], name="raw"),
        helper.make_node("Softmax", ["raw"], ["probabilities"], name="softmax", axis=1),
    ]
    constants.append(numpy_helper.from_array(np.array([1], dtype=np.int64), "one"))
    rows = helper.make_tensor_value_info("features", TensorProto.FLOAT, ["rows", WIDTH])
    out = helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["rows", len(names)])
    graph = helper.make_graph(nodes, "streamwarden-text", [rows], [out], constants)
    proto = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], producer_name="streamwarden-training", ir_version=8)
    helper.set_model_props(proto, {"labels": json.dumps(names), "threshold": str(limit)})
    checker.check_model(proto)
    return proto


def golden(examples: Examples, model_bytes: bytes) -> list[dict]:
    """What the ONNX runtime itself says of a few rows: the product computes the same sum by itself."""
    import onnxruntime
    session = onnxruntime.InferenceSession(model_bytes, providers=["CPUExecutionProvider"])
    found = []
    for index in range(0, len(examples), max(len(examples) // 12, 1)):
        row = np.zeros((1, WIDTH), dtype=np.float32)
        row[0, examples.rows[index]] = 1.0
        said = session.run(["probabilities"], {"features": row})[0][0]
        found.append({"features": examples.rows[index].tolist(), "probabilities": [round(float(p), 6) for p in said]})
    return found


def train(path: Path, folder: Path, note) -> None:
    examples = with_nonsense(read(path))
    names = np.unique(examples.labels)
    unknown = int(np.searchsorted(names, "unknown"))
    note(f"{len(examples)} examples of {len(names)} classes")
    held_out = hold_out(examples, names, note)
    temperature = calibrate(held_out)
    limit = threshold(held_out, temperature, unknown)
    figures = [judge(part, temperature, limit, unknown) for part in held_out]
    for one in figures:
        note(json.dumps(one))
    model = fit(examples, np.ones(len(examples), dtype=bool))
    proto = model_proto(model, temperature, limit)
    folder.mkdir(parents=True, exist_ok=True)
    data = proto.SerializeToString(deterministic=True)
    (folder / "model.onnx").write_bytes(data)
    counts = {kind: int((examples.kinds == kind).sum()) for kind in sorted(set(examples.kinds))}
    report = {"examples": counts, "classes": len(names), "temperature": round(temperature, 3), "threshold": limit, "held_out": figures}
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    (folder / "golden.json").write_text(json.dumps({"rows": golden(examples, data)}) + "\n")
    note(f"{folder}: {len(data)} bytes")
