"""Growing trees: gradient boosting, and the single decision tree that it is compared with."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import lightgbm
import numpy as np
from sklearn.tree import DecisionTreeClassifier

from .choice import usable
from .dataset import ELSEWHERE, HEALTHY, Rows
from .signs import columns_for
from .trees import Ensemble, Tree, from_lightgbm, round_down

SEED = 20261122
ROUNDS = 70
SIGN_ROUNDS = 40
HEALTHY_WEIGHT = 2.0


@dataclass
class Model:
    """Trees and the labels that they tell apart."""

    ensemble: Ensemble
    labels: list[str]
    importance: dict[str, float]

    def scores(self, values: np.ndarray) -> np.ndarray:
        """Raw scores of rows."""
        return fast_scores(self.ensemble, values)


def labels_of(rows: Rows) -> list[str]:
    """``healthy`` and ``elsewhere`` first, then the problems by name."""
    problems = sorted(set(rows.label) - {HEALTHY, ELSEWHERE})
    return [HEALTHY, ELSEWHERE, *problems]


def weights(rows: Rows, labels: list[str]) -> np.ndarray:
    """Every run counts the same within its label, whatever its length or its number of subjects; a rare label
    counts for more than its share, though not for as much as a frequent one."""
    pairs = list(zip(rows.label, rows.tape))
    rows_of_run = Counter(pairs)
    runs_of_label = Counter(label for label, _ in rows_of_run)
    weight = np.array([1.0 / (rows_of_run[pair] * runs_of_label[pair[0]] ** 0.8) for pair in pairs])
    # What is fine must stay fine: false alarms cost more than a late finding.
    weight[np.isin(rows.label, [HEALTHY])] *= HEALTHY_WEIGHT
    return weight / weight.mean()


def targets(rows: Rows, labels: list[str]) -> np.ndarray:
    index = {label: position for position, label in enumerate(labels)}
    return np.array([index[label] for label in rows.label])


def boosting(rows: Rows, labels: list[str], seed: int = SEED) -> Model:
    """Gradient boosting twice, scores added up: all labels against each other with every feature that may be asked,
    and each problem against all other rows with the features where it is known to show. The first knows how problems
    exclude each other, the second does not lean on what only happened beside a fault."""
    together, together_gains = _all_together(rows, labels, seed)
    signs, sign_gains = _by_their_signs(rows, labels, seed)
    trees = together + signs
    for tree in trees:
        _midway(tree, rows.values)
    gains = together_gains + sign_gains
    importance = {name: float(gain / (gains.sum() or 1.0)) for name, gain in zip(rows.names, gains)}
    return Model(Ensemble(trees, [0.0] * len(labels), len(rows.features)), labels, importance)


def _by_their_signs(rows: Rows, labels: list[str], seed: int) -> tuple[list[Tree], np.ndarray]:
    """Trees, and the gain of each feature."""
    weight, answer = weights(rows, labels), targets(rows, labels)
    trees, gains = [], np.zeros(len(rows.features))
    for index, label in enumerate(labels):
        if label in (HEALTHY, ELSEWHERE):
            continue
        columns = columns_for(label, rows.features)
        own = answer == index
        # Both sides weigh the same: how rare a problem is in the lab says nothing.
        balance = np.where(own, 0.5 / weight[own].sum(), 0.5 / weight[~own].sum()) * len(own)
        options = {
            "objective": "binary", "num_leaves": 4, "min_data_in_leaf": 4, "learning_rate": 0.1,
            "feature_fraction": 0.7, "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 3.0,
            "min_gain_to_split": 0.01, "max_bin": 63, "boost_from_average": False,
            "seed": seed, "deterministic": True, "force_row_wise": True, "num_threads": 1, "verbose": -1,
        }
        data = lightgbm.Dataset(rows.values[:, columns].astype(np.float64), own.astype(int), weight=weight * balance)
        booster = lightgbm.train(options, data, SIGN_ROUNDS)
        gains[columns] += booster.feature_importance("gain")
        grown = _widen(from_lightgbm(booster), columns, len(rows.features))
        for tree in grown.trees:
            tree.values = [{index: value for value in leaf.values()} for leaf in tree.values]
        trees += grown.trees
    return trees, gains


def _midway(tree: Tree, values: np.ndarray) -> None:
    """LightGBM parts zero from everything above it at once; halfway to the least value seen is what it knows."""
    for node, threshold in enumerate(tree.threshold):
        if tree.feature[node] >= 0 and 0.0 < abs(threshold) < 1e-20:
            column = values[:, tree.feature[node]]
            beyond = column[column > 0] if threshold > 0 else column[column < 0]
            if len(beyond):
                tree.threshold[node] = round_down(float(beyond.min() if threshold > 0 else beyond.max()) / 2)


def _all_together(rows: Rows, labels: list[str], seed: int) -> tuple[list[Tree], np.ndarray]:
    """Trees, and the gain of each feature."""
    columns = usable(rows.features)
    options = {
        "objective": "multiclass", "num_class": len(labels), "num_leaves": 8, "min_data_in_leaf": 4,
        "learning_rate": 0.1, "feature_fraction": 0.3, "feature_fraction_bynode": 0.7,
        "bagging_fraction": 0.8, "bagging_freq": 1, "lambda_l2": 1.0,
        "min_gain_to_split": 0.01, "max_bin": 63, "seed": seed, "deterministic": True, "force_row_wise": True,
        "num_threads": 1, "verbose": -1,
    }
    data = lightgbm.Dataset(rows.values[:, columns].astype(np.float64), targets(rows, labels),
                            weight=weights(rows, labels))
    booster = lightgbm.train(options, data, ROUNDS)
    ensemble = _widen(from_lightgbm(booster), columns, len(rows.features))
    gains = np.zeros(len(rows.features))
    gains[columns] = booster.feature_importance("gain")
    return ensemble.trees, gains


def constant(rows: Rows) -> Model:
    """Where all rows have one label there is nothing to tell apart."""
    tree = Tree()
    tree.values[tree.add(-1, 0.0, False, float(len(rows)))] = {0: 0.0}
    return Model(Ensemble([tree], [0.0], len(rows.features)), labels_of(rows)[:1], {})


def single_tree(rows: Rows, labels: list[str], seed: int = SEED) -> Model:
    """One tree that a person could read: the seed of the idea."""
    columns = usable(rows.features)
    tree = DecisionTreeClassifier(max_depth=8, min_samples_leaf=4, random_state=seed)
    tree.fit(rows.values[:, columns], targets(rows, labels), sample_weight=weights(rows, labels))
    ensemble = _widen(_from_sklearn(tree, len(labels)), columns, len(rows.features))
    importance = {rows.names[column]: float(part) for column, part in zip(columns, tree.feature_importances_)}
    return Model(ensemble, labels, importance)


def _from_sklearn(fitted: DecisionTreeClassifier, classes: int) -> Ensemble:
    source, tree = fitted.tree_, Tree()
    present = list(fitted.classes_)

    def copy(node: int) -> int:
        leaf = source.children_left[node] < 0
        here = tree.add(-1 if leaf else int(source.feature[node]), 0.0 if leaf else round_down(source.threshold[node]),
                        bool(source.missing_go_to_left[node]), float(source.weighted_n_node_samples[node]))
        if leaf:
            share = source.value[node][0] / source.value[node][0].sum()
            tree.values[here] = {int(present[at]): float(np.log(max(p, 1e-3))) for at, p in enumerate(share)}
            for missing in set(range(classes)) - set(present):
                tree.values[here][int(missing)] = float(np.log(1e-3))
            return here
        tree.left[here] = copy(source.children_left[node])
        tree.right[here] = copy(source.children_right[node])
        return here

    copy(0)
    return Ensemble([tree], [0.0] * classes, fitted.n_features_in_)


def _widen(ensemble: Ensemble, columns: list[int], width: int) -> Ensemble:
    """Trees that were grown on some columns, asked with whole rows."""
    for tree in ensemble.trees:
        tree.feature = [columns[feature] if feature >= 0 else -1 for feature in tree.feature]
    return Ensemble(ensemble.trees, ensemble.base, width)


def fast_scores(ensemble: Ensemble, values: np.ndarray) -> np.ndarray:
    """Raw scores, all rows at once."""
    values = values.astype(np.float32)
    scores = np.tile(np.asarray(ensemble.base, dtype=np.float64), (len(values), 1))
    for tree in ensemble.trees:
        feature, threshold = np.array(tree.feature), np.array(tree.threshold, dtype=np.float32)
        left, right, missing = np.array(tree.left), np.array(tree.right), np.array(tree.missing_left)
        node = np.zeros(len(values), dtype=int)
        while True:
            inner = feature[node] >= 0
            if not inner.any():
                break
            value = values[np.arange(len(values)), np.maximum(feature[node], 0)]
            goes_left = np.where(np.isnan(value), missing[node], value <= threshold[node])
            node = np.where(inner, np.where(goes_left, left[node], right[node]), node)
        classes = sorted({c for leaf in tree.values for c in leaf})
        table = np.array([[leaf.get(c, 0.0) for c in classes] for leaf in tree.values])
        scores[:, classes] += table[node]
    return scores


def softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def temperature(scores: np.ndarray, answer: np.ndarray, weight: np.ndarray) -> float:
    """The temperature under which held-out rows are likeliest: it makes probabilities honest without changing
    which label comes first."""
    best, found = np.inf, 1.0
    for candidate in np.exp(np.linspace(np.log(0.3), np.log(5.0), 80)):
        probability = softmax(scores / candidate)[np.arange(len(answer)), answer]
        loss = -(weight * np.log(np.maximum(probability, 1e-9))).sum()
        if loss < best:
            best, found = loss, float(candidate)
    return found
