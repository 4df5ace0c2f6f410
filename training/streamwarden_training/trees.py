"""A tree ensemble in one plain form, whatever library grew it."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass
class Tree:
    """One binary tree. A node without a feature is a leaf.

    An inner node asks ``x[feature] <= threshold``; a missing value goes to the side that
    ``missing_left`` names. ``cover`` is the weight of training rows that passed a node.
    """

    feature: list[int] = field(default_factory=list)
    threshold: list[float] = field(default_factory=list)
    left: list[int] = field(default_factory=list)
    right: list[int] = field(default_factory=list)
    missing_left: list[bool] = field(default_factory=list)
    cover: list[float] = field(default_factory=list)
    # Leaf values: node -> {class index: value}.
    values: list[dict[int, float]] = field(default_factory=list)

    def add(self, feature: int, threshold: float, missing_left: bool, cover: float) -> int:
        """Appends a node and returns its index; children are linked later."""
        self.feature.append(feature)
        self.threshold.append(threshold)
        self.left.append(-1)
        self.right.append(-1)
        self.missing_left.append(missing_left)
        self.cover.append(cover)
        self.values.append({})
        return len(self.feature) - 1


@dataclass
class Ensemble:
    """Trees whose leaf values add up to one raw score a class."""

    trees: list[Tree]
    base: list[float]
    feature_count: int

    @property
    def class_count(self) -> int:
        return len(self.base)

    def raw_scores(self, rows: np.ndarray) -> np.ndarray:
        """Scores as the ONNX runtime computes them: 32-bit comparisons, NaN routed explicitly."""
        rows = rows.astype(np.float32)
        scores = np.tile(np.asarray(self.base, dtype=np.float64), (len(rows), 1))
        for tree in self.trees:
            for index, row in enumerate(rows):
                node = 0
                while tree.feature[node] >= 0:
                    value = row[tree.feature[node]]
                    if np.isnan(value):
                        left = tree.missing_left[node]
                    else:
                        left = value <= np.float32(tree.threshold[node])
                    node = tree.left[node] if left else tree.right[node]
                for class_index, value in tree.values[node].items():
                    scores[index, class_index] += value
        return scores


def round_down(threshold: float) -> float:
    """The largest 32-bit number that is not above ``threshold``: ``x <= threshold`` keeps its meaning for 32-bit x."""
    rounded = np.float32(np.clip(threshold, np.finfo(np.float32).min, np.finfo(np.float32).max))
    if float(rounded) > threshold:
        rounded = np.nextafter(rounded, np.float32(-np.inf), dtype=np.float32)
    return float(rounded)


def from_lightgbm(booster) -> Ensemble:
    """Reads a multi-class LightGBM booster; tree ``i`` speaks for class ``i mod classes``."""
    dump = booster.dump_model()
    classes = dump["num_tree_per_iteration"]
    trees = []
    for index, info in enumerate(dump["tree_info"]):
        tree = Tree()
        _copy_lightgbm(tree, info["tree_structure"], index % classes)
        trees.append(tree)
    return Ensemble(trees, [0.0] * classes, dump["max_feature_idx"] + 1)


def _copy_lightgbm(tree: Tree, node: dict, class_index: int) -> int:
    if "split_feature" not in node:
        here = tree.add(-1, 0.0, False, float(node.get("leaf_count", 0)))
        tree.values[here] = {class_index: float(node["leaf_value"])}
        return here
    if node["decision_type"] != "<=":
        raise ValueError(f"a split of type {node['decision_type']!r} cannot be written to ONNX")
    threshold = float(node["threshold"])
    # Without NaN in training LightGBM reads NaN as 0.
    missing_left = node["default_left"] if node["missing_type"] == "NaN" else 0.0 <= threshold
    here = tree.add(node["split_feature"], round_down(threshold), bool(missing_left), float(node["internal_count"]))
    tree.left[here] = _copy_lightgbm(tree, node["left_child"], class_index)
    tree.right[here] = _copy_lightgbm(tree, node["right_child"], class_index)
    return here
