"""Trains the models of all scopes, and those that are needed to judge them: each topology left out, each Flink
version left out, each kind of fault left out."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from . import manifest, pack
from .choice import usable
from .dataset import ELSEWHERE, HEALTHY, SCOPES, Rows, load
from .fit import SEED, Model, boosting, constant, labels_of, single_tree, softmax, targets, temperature, weights
from .thresholds import answers

GOLDEN_ROWS = 24
# As many windows in a row as the judgement asks for before it says "unknown".
UNKNOWN_WINDOWS = 3
# That something is wrong where nobody can say what.
MOST_CONFIDENT = 0.95
# Raw score of a label that a model never saw: below every score that trees give.
NEVER = -200.0


@dataclass
class HeldOut:
    """Raw scores of rows by models that never saw their topology."""

    labels: list[str]
    scores: np.ndarray
    tree_scores: np.ndarray


def fold_names(rows: Rows) -> list[str]:
    return sorted(set(rows.topology))


def fit_with_labels(rows: Rows, labels: list[str], fit) -> Model:
    """Fits on the labels that the rows have; classes that they lack get a score that never wins."""
    own = [label for label in labels if label in set(rows.label)]
    model = fit(rows, own) if len(own) > 1 else constant(rows)
    position = [labels.index(label) for label in own]
    for tree in model.ensemble.trees:
        tree.values = [{position[c]: value for c, value in leaf.items()} for leaf in tree.values]
    base = np.full(len(labels), NEVER)
    base[position] = model.ensemble.base
    model.ensemble.base = base.tolist()
    model.labels = labels
    return model


def fold(rows: Rows, labels: list[str], topology: str) -> tuple[Model, np.ndarray, np.ndarray]:
    """A model of all topologies but one, and the raw scores of that one's rows by it and by the single tree."""
    own = rows.topology == topology
    rest = rows.take(~own)
    model = fit_with_labels(rest, labels, boosting)
    tree = fit_with_labels(rest, labels, single_tree)
    return model, model.scores(rows.values[own]), tree.scores(rows.values[own])


def limits(rows: Rows, labels: list[str], probabilities: np.ndarray) -> dict[str, float]:
    """From which probability on a finding opens: what rows without a fault of their own hardly ever reach."""
    fine = np.isin(rows.label, [HEALTHY, ELSEWHERE])
    problems = np.array([label not in (HEALTHY, ELSEWHERE) for label in labels])
    loudest = probabilities[:, problems].max(axis=1) if problems.any() else np.zeros(len(rows))
    healthy = rows.label == HEALTHY
    quiet = np.percentile(loudest[healthy], 99.5) if healthy.any() else 0.5
    certain = np.percentile(loudest[fine], 99.5) if fine.any() else 0.9
    open_at = float(np.clip(quiet, 0.55, 0.75))
    return {
        "open": round(open_at, 3),
        "sure": round(float(np.clip(certain, 0.88, 0.97)), 3),
        "keep": round(open_at * 0.6, 3),
        "troubled": 0.15,
        "strange": round(strangers_are_sick(rows), 3),
        "elsewhere": round(float(np.clip(_longest_suffering(rows, probabilities[:, labels.index(ELSEWHERE)]), 0.7, 0.95)), 3),
    }


def _in_a_row(rows: Rows, chosen: np.ndarray):
    """Each ``UNKNOWN_WINDOWS`` chosen rows in a row of one subject, as their positions."""
    order = np.lexsort((rows.window_end_ms, rows.subject.astype(str), rows.tape.astype(str)))
    order = order[chosen[order]]
    for after in range(UNKNOWN_WINDOWS - 1, len(order)):
        windows = order[after - UNKNOWN_WINDOWS + 1:after + 1]
        first, last = windows[0], windows[-1]
        if rows.tape[first] == rows.tape[last] and rows.subject[first] == rows.subject[last]:
            yield windows


def _longest_suffering(rows: Rows, elsewhere: np.ndarray) -> float:
    """What the probability of ``elsewhere`` of healthy subjects exceeds for ``UNKNOWN_WINDOWS`` windows in a row in one
    tape of two hundred only: rows are healthy again while a job still catches up after a fault."""
    highest: dict[str, float] = {}
    for windows in _in_a_row(rows, rows.label == HEALTHY):
        tape = rows.tape[windows[0]]
        highest[tape] = max(highest.get(tape, 0.0), float(elsewhere[windows].min()))
    return float(np.percentile(list(highest.values()), 99.5)) if highest else 1.0


def strangers_are_sick(rows: Rows) -> float:
    """Of the tapes with a subject that is beyond the limits of healthy ones for ``UNKNOWN_WINDOWS`` windows in a row, the share
    where something had been planted; each topology by limits that were made without it. No more than is known of so few."""
    strange = np.zeros(len(rows), dtype=bool)
    for topology in fold_names(rows):
        own = rows.topology == topology
        limits_of = manifest.label_profiles(rows.take(~own), [HEALTHY]).get(HEALTHY)
        if limits_of:
            strange[own] = manifest.beyond(limits_of, rows.values[own])
    found = {label: {rows.tape[windows[0]] for windows in _in_a_row(rows, strange & chosen)}
             for label, chosen in ((HEALTHY, rows.label == HEALTHY), (ELSEWHERE, rows.label != HEALTHY))}
    sick, healthy = len(found[ELSEWHERE]), len(found[HEALTHY])
    return min(MOST_CONFIDENT, (sick + 1) / (sick + healthy + 2))


#: What a forked process was started with; the rows are not sent to it again and again.
_shared: list[Trainer] = []


def _share(trainer: Trainer) -> None:
    _shared.append(trainer)


def _without(what: tuple[str, str]) -> str:
    return _shared[0].without(*what)


def _fold(what: tuple[str, str]) -> tuple[Model, np.ndarray, np.ndarray]:
    scope, topology = what
    rows = _shared[0].rows[scope]
    return fold(rows, labels_of(rows), topology)


class Trainer:
    """Trains and writes everything of one dataset."""

    def __init__(self, dataset: Path, models: Path, work: Path, note, only_topologies: bool = False):
        self.rows = load(dataset)
        self.models, self.work, self.note = models, work, note
        self.only_topologies = only_topologies
        self.brings = pack.brings(models.parent / "problems")
        self.tapes = json.loads((dataset / "tapes.json").read_text())
        digest = hashlib.sha256()
        for scope in SCOPES:
            digest.update(self.rows[scope].values.tobytes())
            digest.update("\n".join(self.rows[scope].label).encode())
        newest = max(tape["recorded_at"] for tape in self.tapes.values())
        self.version = f"{newest[:10].replace('-', '.')}-{digest.hexdigest()[:8]}"

    def run(self) -> None:
        # Each is a training of its own, and alone on its processor.
        with ProcessPoolExecutor(mp_context=get_context("fork"), initializer=_share, initargs=(self,)) as processes:
            figures = {scope: self.scope(self.rows[scope], processes) for scope in SCOPES}
            self.work.mkdir(parents=True, exist_ok=True)
            (self.work / "rows.json").write_text(json.dumps({"version": self.version, "scopes": figures}))
            if self.only_topologies:
                return
            versions = sorted({tape["flink_version"] for tape in self.tapes.values()})
            slugs = sorted({fault["slug"] for tape in self.tapes.values() for fault in tape["label"]["faults"]})
            for done in processes.map(_without, [("flink", version) for version in versions] + [("slug", slug) for slug in slugs]):
                self.note(done)

    def held_out(self, rows: Rows, labels: list[str], processes: ProcessPoolExecutor) -> tuple[HeldOut, dict[str, Model]]:
        """Each topology scored by models that were trained on all the others."""
        scores = np.zeros((len(rows), len(labels)))
        tree_scores = np.zeros_like(scores)
        models = {}
        names = [name for name in fold_names(rows) if (rows.topology != name).any()]
        for name, (model, own, own_by_tree) in zip(names, processes.map(_fold, [(rows.scope, name) for name in names])):
            self.note(f"{rows.scope}: without {name}")
            models[name] = model
            scores[rows.topology == name], tree_scores[rows.topology == name] = own, own_by_tree
        return HeldOut(labels, scores, tree_scores), models

    def scope(self, rows: Rows, processes: ProcessPoolExecutor) -> dict:
        labels = labels_of(rows)
        out_of_fold, models = self.held_out(rows, labels, processes)
        answer, weight = targets(rows, labels), weights(rows, labels)
        # A label that only one topology has was never seen by the models that score it: nothing to calibrate.
        topologies = {label: set(rows.topology[rows.label == label]) for label in labels}
        seen = np.array([len(topologies[label]) > 1 for label in rows.label])
        if not seen.any():
            seen[:] = True
        warmth = temperature(out_of_fold.scores[seen], answer[seen], weight[seen])
        probabilities = softmax(out_of_fold.scores / warmth)
        thresholds = limits(rows, labels, probabilities)
        for topology, model in models.items():
            rest = rows.topology != topology
            # The temperature of a fold comes from the other folds' held-out rows.
            known = rest & seen if (rest & seen).any() else rest
            own = temperature(out_of_fold.scores[known], answer[known], weight[known])
            self.write(self.work / "topology" / topology / rows.scope, rows.take(rest), model, own, thresholds)
        self.note(f"{rows.scope}: on all {len(rows)} rows")
        final = fit_with_labels(rows, labels, boosting)
        self.write(self.models / rows.scope, rows, final, warmth, thresholds)
        return self.row_figures(rows, labels, out_of_fold, probabilities, warmth, thresholds, final)

    def without(self, kind: str, name: str) -> str:
        """Models that never saw a Flink version or a kind of fault."""
        gone = [tape for tape, known in self.tapes.items() if name in (
            {known["flink_version"]} if kind == "flink" else {fault["slug"] for fault in known["label"]["faults"]})]
        for scope in SCOPES:
            rows = self.rows[scope].take(~np.isin(self.rows[scope].tape, gone))
            labels = labels_of(rows)
            if len(rows) == 0:
                break
            shipped = json.loads((self.models / scope / "manifest.json").read_text())
            model = fit_with_labels(rows, labels, boosting)
            self.write(self.work / kind / name / scope, rows, model, shipped["temperature"], shipped["thresholds"],
                       pack.without(self.brings, name))
        return f"without {kind} {name}"

    def write(self, folder: Path, rows: Rows, model: Model, warmth: float, thresholds: dict[str, float],
              brings: dict[str, set[str]] | None = None) -> None:
        ranges = manifest.healthy_ranges(rows.values[rows.label == HEALTHY], rows.names)
        runs = {label: len(set(rows.tape[rows.label == label])) for label in model.labels}
        contents = manifest.Contents(
            scope=rows.scope, version=self.version, labels=model.labels, fingerprint=rows.fingerprint,
            features=[{key: feature[key] for key in ("name", "unit", "label")} for feature in rows.features],
            temperature=warmth, seed=SEED, thresholds=thresholds, healthy=ranges,
            profiles=manifest.label_profiles(rows, model.labels, self.brings if brings is None else brings),
            trained_on={
                "rows": len(rows), "tapes": len(set(rows.tape)), "runs": runs,
                "topologies": sorted(set(rows.topology)), "flink_versions": sorted(set(rows.flink_version)),
            },
        )
        step = max(1, len(rows) // GOLDEN_ROWS)
        manifest.write_model(folder, model.ensemble, contents, rows.values[::step][:GOLDEN_ROWS])

    def row_figures(self, rows, labels, out_of_fold, probabilities, warmth, thresholds, final) -> dict:
        """What the report says of single rows; the whole line is judged by replaying tapes."""
        names = np.array(labels, dtype=object)
        tree = softmax(out_of_fold.tree_scores)
        confident = probabilities.max(axis=1)
        right = names[probabilities.argmax(axis=1)] == rows.label
        bins = []
        for low in np.arange(0, 1, 0.1):
            inside = (confident >= low) & (confident < low + 0.1 + (low > 0.89))
            if inside.any():
                bins.append([round(float(low), 1), int(inside.sum()), float(confident[inside].mean()), float(right[inside].mean())])
        return {
            "labels": labels, "rows": len(rows), "tapes": len(set(rows.tape)), "temperature": warmth,
            "thresholds": thresholds,
            "planted": rows.label.tolist(),
            "boosting": names[probabilities.argmax(axis=1)].tolist(),
            "single_tree": names[tree.argmax(axis=1)].tolist(),
            "documentation": answers(rows).tolist(),
            "tape": rows.tape.tolist(),
            "calibration": bins,
            "importance": dict(sorted(final.importance.items(), key=lambda item: -item[1])[:15]),
            "never_asked": sorted(set(rows.names) - {rows.names[i] for i in usable(rows.features, as_signs=True)}),
        }
