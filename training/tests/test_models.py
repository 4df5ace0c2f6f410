"""What is written to ONNX is what was grown."""

import json
import sys
import tempfile
import unittest
from pathlib import Path

import lightgbm
import numpy as np
import onnxruntime

sys.path.insert(0, str(Path(__file__).parent))
import tiny_model  # noqa: E402
from streamwarden_training import manifest, onnx_file, trees  # noqa: E402
from streamwarden_training.dataset import Rows  # noqa: E402
from streamwarden_training.fit import boosting, fast_scores, labels_of, single_tree, softmax, temperature  # noqa: E402
from streamwarden_training.choice import usable  # noqa: E402


def grown(seed: int = 3):
    values, answer = tiny_model.rows(seed, 1500)
    options = {"objective": "multiclass", "num_class": 3, "num_leaves": 6, "seed": 7, "verbose": -1, "num_threads": 1,
               "deterministic": True}
    return values, answer, lightgbm.train(options, lightgbm.Dataset(values.astype(np.float64), answer), 10)


def rows_of(values, answer) -> Rows:
    labels = np.array(tiny_model.LABELS, dtype=object)[answer]
    runs = np.array([f"run-{index % 12}" for index in range(len(answer))], dtype=object)
    topology = np.array([f"shape-{index % 4}" for index in range(len(answer))], dtype=object)
    return Rows("vertex", tiny_model.SCHEMA, "f", values, labels, runs, topology, topology, runs,
                np.arange(len(answer)))


class OnnxIsTheModel(unittest.TestCase):
    def test_trees_read_from_lightgbm_give_its_scores_with_missing_values_too(self):
        values, _, booster = grown()
        expected = booster.predict(values.astype(np.float64), raw_score=True)
        ensemble = trees.from_lightgbm(booster)
        np.testing.assert_allclose(fast_scores(ensemble, values), expected, atol=1e-6)
        np.testing.assert_allclose(ensemble.raw_scores(values[:50]), expected[:50], atol=1e-6)

    def test_the_runtime_gives_the_probabilities_of_the_trees(self):
        values, _, booster = grown()
        ensemble = trees.from_lightgbm(booster)
        model = onnx_file.model_proto(ensemble, 1.7, tiny_model.LABELS, {})
        session = onnxruntime.InferenceSession(model.SerializeToString())
        found = session.run([onnx_file.OUTPUT], {onnx_file.INPUT: values})[0]
        np.testing.assert_allclose(found, softmax(fast_scores(ensemble, values) / 1.7), atol=1e-5)

    def test_a_single_tree_is_written_just_as_well(self):
        values, answer = tiny_model.rows(5, 800)
        rows = rows_of(values, answer)
        model = single_tree(rows, tiny_model.LABELS)
        proto = onnx_file.model_proto(model.ensemble, 1.0, tiny_model.LABELS, {})
        found = onnxruntime.InferenceSession(proto.SerializeToString()).run(None, {onnx_file.INPUT: values})[0]
        np.testing.assert_allclose(found, softmax(model.scores(values)), atol=1e-5)

    def test_cover_of_a_node_is_that_of_its_children(self):
        _, _, booster = grown()
        for tree in trees.from_lightgbm(booster).trees:
            for node, feature in enumerate(tree.feature):
                if feature >= 0:
                    self.assertEqual(tree.cover[node], tree.cover[tree.left[node]] + tree.cover[tree.right[node]])

    def test_a_limit_is_rounded_to_the_side_on_which_nothing_changes(self):
        for limit in (0.1, 800.3, -0.7, 1e-9):
            rounded = trees.round_down(limit)
            self.assertLessEqual(rounded, limit)
            above = np.nextafter(np.float32(rounded), np.float32(np.inf))
            self.assertGreater(float(above), limit)


class TheSameSeedGivesTheSameFiles(unittest.TestCase):
    def test_twice_the_same_rows_give_the_same_bytes(self):
        values, answer = tiny_model.rows(9, 600)
        rows = rows_of(values, answer)
        written = []
        for _ in range(2):
            with tempfile.TemporaryDirectory() as folder:
                model = boosting(rows, labels_of(rows)[:1] + labels_of(rows)[2:])
                contents = manifest.Contents(
                    scope="vertex", version="1", labels=model.labels, features=tiny_model.SCHEMA, fingerprint="f",
                    temperature=1.0, seed=1, healthy=manifest.healthy_ranges(values, rows.names),
                    profiles=manifest.label_profiles(values, answer, model.labels), trained_on={})
                manifest.write_model(Path(folder), model.ensemble, contents, values[:4])
                written.append({path.name: path.read_bytes() for path in Path(folder).iterdir()})
        self.assertEqual(written[0], written[1])
        self.assertEqual(json.loads(written[0]["manifest.json"])["labels"], model.labels)


class Calibration(unittest.TestCase):
    def test_scores_that_claim_too_much_get_a_temperature_above_one(self):
        random = np.random.default_rng(1)
        answer = random.integers(0, 2, 4000)
        said = np.where(random.random(4000) < 0.8, answer, 1 - answer)
        scores = np.zeros((4000, 2))
        scores[np.arange(4000), said] = 5.0
        found = temperature(scores, answer, np.ones(4000))
        confidence = softmax(scores / found).max()
        self.assertAlmostEqual(confidence, 0.8, delta=0.03)


class Choice(unittest.TestCase):
    def test_absolute_figures_are_never_asked(self):
        features = [{"name": "busy_max", "unit": "ms/s"}, {"name": "records_in", "unit": "records/s"},
                    {"name": "parallelism", "unit": "count"}, {"name": "records_in_vs_1m", "unit": "ratio"}]
        self.assertEqual(usable(features), [0, 3])


class Profiles(unittest.TestCase):
    def test_a_row_far_from_its_labels_rows_is_strange(self):
        values = np.array([[1.0, 5.0], [2.0, 6.0]], dtype=np.float32)
        profile = manifest.label_profiles(values, np.array([0, 0]), ["a"])["a"]
        found = manifest.strangeness(profile, np.array([[1.5, 5.5], [9.0, 5.5]], dtype=np.float32))
        np.testing.assert_allclose(found, [0.0, 0.5])


if __name__ == "__main__":
    unittest.main()
