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
from streamwarden_training import manifest, onnx_file, pack, trees  # noqa: E402
from streamwarden_training.dataset import Rows  # noqa: E402
from streamwarden_training.fit import boosting, fast_scores, labels_of, single_tree, softmax, temperature  # noqa: E402
from streamwarden_training.choice import usable  # noqa: E402
from streamwarden_training.signs import columns_for  # noqa: E402


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
                    profiles=manifest.label_profiles(rows, model.labels), trained_on={})
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

    def test_how_near_a_limit_is_that_some_jobs_are_always_near_is_asked_of_its_own_problem_only(self):
        features = [{"name": name, "unit": "ratio"} for name in ("metaspace_share", "metaspace_share_vs_1m", "heap_share")]
        self.assertEqual(usable(features), [2])
        self.assertEqual(columns_for("metaspace-exhausted", features), [0, 1])
        self.assertEqual(columns_for("gc-pressure", features), [2])


class Profiles(unittest.TestCase):
    FEATURES = [{"name": name, "unit": unit} for name, unit in (
        ("busy_max", "ms/s"), ("idle_mean", "ms/s"), ("mailbox_latency_max", "ms"), ("gc_time", "ms/s"))]

    def limits(self, brings: dict | None = None) -> dict:
        """Of a slow sink on two topologies: busy alike, idle apart; never without latency and garbage collection."""
        sick = [[950, 10, 5, 1], [960, 12, 5, 1], [955, 500, 5, 1], [965, 510, 5, 1]]
        fine = [[100, 300, 9, 2], [300, 700, 9, 2]]
        labels = np.array(["slow-sink"] * 4 + ["healthy"] * 2, dtype=object)
        shape = np.array(["a", "a", "b", "b", "a", "b"], dtype=object)
        rows = Rows("vertex", self.FEATURES, "f", np.array(sick + fine, dtype=np.float32), labels, shape, shape, shape, shape,
                    np.arange(6))
        return manifest.label_profiles(rows, ["healthy", "elsewhere", "slow-sink"], brings)

    def test_what_is_alike_on_all_topologies_limits_a_problem(self):
        profile = self.limits()["slow-sink"]
        self.assertLess(profile["min"][0], 950)
        self.assertGreater(profile["min"][0], 700)

    def test_what_differs_between_topologies_or_is_no_sign_of_the_problem_limits_nothing(self):
        profile = self.limits()["slow-sink"]
        for column in (1, 2, 3):
            self.assertEqual((profile["min"][column], profile["max"][column]), (-manifest.ANYTHING, manifest.ANYTHING))

    def test_healthy_rows_have_upper_limits_of_what_shows_trouble(self):
        healthy = self.limits()["healthy"]
        self.assertEqual(set(healthy["min"]), {-manifest.ANYTHING})
        self.assertEqual(healthy["max"][3], 100, "no collection below a tenth of the time is trouble")
        self.assertEqual(healthy["max"][:3], [manifest.ANYTHING] * 3)
        rows = np.array([[950, 300, 9, 101], [950, 300, 900, 99], [950, 300, 9, np.nan]], dtype=np.float32)
        self.assertEqual(manifest.beyond(healthy, rows).tolist(), [True, False, False])

    def test_more_of_what_shows_a_problem_is_no_evidence_against_it(self):
        features = [{"name": "heap_floor_share", "unit": "ratio"}, {"name": "cpu_per_busy", "unit": "ratio"}]
        values = np.array([[0.9, 0.4], [0.92, 0.5], [0.91, 0.4], [0.93, 0.5], [0.3, 0.1], [0.4, 0.9]], dtype=np.float32)
        labels = np.array(["gc-pressure"] * 4 + ["healthy"] * 2, dtype=object)
        shape = np.array(["a", "a", "b", "b", "a", "b"], dtype=object)
        rows = Rows("taskmanager", features, "f", values, labels, shape, shape, shape, shape, np.arange(6))
        profile = manifest.label_profiles(rows, ["gc-pressure"])["gc-pressure"]
        self.assertGreater(profile["min"][0], 0.5)
        self.assertEqual(profile["max"][0], manifest.ANYTHING)
        self.assertLess(profile["max"][1], 0.8)

    def test_trouble_that_a_problem_never_had_is_not_its_own_unless_it_is_known_to_bring_it_along(self):
        self.assertEqual(self.limits()["slow-sink"]["trouble"], [manifest.ANYTHING] * 3 + [100])
        brought = self.limits({"slow-sink": {"gc-pressure", "disk-full"}})["slow-sink"]["trouble"]
        self.assertEqual(brought, [manifest.ANYTHING] * 4)
        self.assertNotIn("trouble", self.limits()["healthy"])

    def test_what_suffers_from_another_has_no_limits(self):
        self.assertEqual(list(self.limits()), ["healthy", "slow-sink"])


class WhatAPackSays(unittest.TestCase):
    def test_what_a_problem_brings_along_is_read_from_either_side(self):
        with tempfile.TemporaryDirectory() as folder:
            Path(folder, "slow-sink.toml").write_text('explains = ["source-lag-grows"]\n')
            Path(folder, "checkpoint-timeout-alignment.toml").write_text('explained_by = ["slow-sink"]\n')
            brought = pack.brings(Path(folder))
        self.assertEqual(brought["slow-sink"], {"source-lag-grows", "checkpoint-timeout-alignment"})
        self.assertEqual(pack.without(brought, "source-lag-grows")["slow-sink"], {"checkpoint-timeout-alignment"})
        self.assertNotIn("slow-sink", pack.without(brought, "slow-sink"))

    def test_a_folder_without_problems_is_refused_instead_of_training_as_if_nothing_brought_anything_along(self):
        with tempfile.TemporaryDirectory() as folder, self.assertRaises(FileNotFoundError):
            pack.brings(Path(folder))


if __name__ == "__main__":
    unittest.main()
