"""Writes a tree ensemble as ONNX: trees, temperature, softmax.

The graph is built node by node instead of through a converter because the product needs what
converters leave out: the cover of each node (``nodes_hitrates``), from which the inference service
computes the share of each feature in a decision, and explicit routes for missing values.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from onnx import TensorProto, checker, helper, numpy_helper

from .trees import Ensemble

INPUT = "features"
OUTPUT = "probabilities"


def model_proto(ensemble: Ensemble, temperature: float, labels: list[str], meta: dict[str, str]):
    """The ONNX model: ``softmax(raw / temperature)`` over ``labels``, in their order."""
    if len(labels) != ensemble.class_count:
        raise ValueError(f"{len(labels)} labels for {ensemble.class_count} classes")
    scale = numpy_helper.from_array(np.asarray([1.0 / temperature], dtype=np.float32), "inverse_temperature")
    nodes = [
        _tree_node(ensemble),
        helper.make_node("Mul", ["raw", "inverse_temperature"], ["scaled"], name="temperature"),
        helper.make_node("Softmax", ["scaled"], [OUTPUT], name="softmax", axis=1),
    ]
    rows = helper.make_tensor_value_info(INPUT, TensorProto.FLOAT, ["rows", ensemble.feature_count])
    out = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, ["rows", ensemble.class_count])
    graph = helper.make_graph(nodes, "streamwarden", [rows], [out], [scale])
    opsets = [helper.make_opsetid("", 17), helper.make_opsetid("ai.onnx.ml", 3)]
    model = helper.make_model(graph, opset_imports=opsets, producer_name="streamwarden-training", ir_version=8)
    helper.set_model_props(model, {"labels": json.dumps(labels), **meta})
    checker.check_model(model)
    return model


def _tree_node(ensemble: Ensemble):
    nodes: dict[str, list] = {key: [] for key in _NODE_KEYS}
    leaves: dict[str, list] = {key: [] for key in ("target_treeids", "target_nodeids", "target_ids", "target_weights")}
    for tree_index, tree in enumerate(ensemble.trees):
        for node in range(len(tree.feature)):
            leaf = tree.feature[node] < 0
            nodes["nodes_treeids"].append(tree_index)
            nodes["nodes_nodeids"].append(node)
            nodes["nodes_featureids"].append(max(tree.feature[node], 0))
            nodes["nodes_values"].append(tree.threshold[node])
            nodes["nodes_hitrates"].append(tree.cover[node])
            nodes["nodes_modes"].append("LEAF" if leaf else "BRANCH_LEQ")
            nodes["nodes_truenodeids"].append(max(tree.left[node], 0))
            nodes["nodes_falsenodeids"].append(max(tree.right[node], 0))
            nodes["nodes_missing_value_tracks_true"].append(int(tree.missing_left[node]))
            for class_index, value in sorted(tree.values[node].items()):
                leaves["target_treeids"].append(tree_index)
                leaves["target_nodeids"].append(node)
                leaves["target_ids"].append(class_index)
                leaves["target_weights"].append(value)
    return helper.make_node(
        "TreeEnsembleRegressor", [INPUT], ["raw"], name="trees", domain="ai.onnx.ml",
        n_targets=ensemble.class_count, aggregate_function="SUM", post_transform="NONE",
        base_values=[float(value) for value in ensemble.base], **nodes, **leaves,
    )


_NODE_KEYS = (
    "nodes_treeids", "nodes_nodeids", "nodes_featureids", "nodes_values", "nodes_hitrates", "nodes_modes",
    "nodes_truenodeids", "nodes_falsenodeids", "nodes_missing_value_tracks_true",
)


def write(model, path: Path) -> None:
    """Writes the model deterministically: the same model gives the same bytes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString(deterministic=True))
