"""Writes the small model that the inference service's tests read: ``python tests/tiny_model.py OUT_DIR``.

Four features, three classes, missing values on purpose. It says nothing about Flink.
"""

import sys
from pathlib import Path

import lightgbm
import numpy as np

sys.path.insert(0, str(Path(__file__).parent.parent))
from streamwarden_training import manifest, onnx_file, trees  # noqa: E402

LABELS = ["healthy", "slow-sink", "under-provisioned-operator"]
FEATURES = ["busy_max", "backpressured_max", "cpu_load", "pending_records"]

SCHEMA = [{"name": name, "unit": unit, "label": name.replace("_", " ")}
          for name, unit in zip(FEATURES, ["ms/s", "ms/s", "ratio", "records"])]


def rows(seed: int, count: int) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    values = random.uniform(0, 1000, (count, 4)).astype(np.float32)
    values[:, 2] /= 1000
    sick = values[:, 0] > 800
    answer = np.where(sick, np.where(values[:, 2] > 0.5, 2, 1), 0)
    values[random.random((count, 4)) < 0.1] = np.nan
    return values, answer


def main() -> None:
    out = Path(sys.argv[1])
    values, answer = rows(7, 2000)
    options = {"objective": "multiclass", "num_class": 3, "num_leaves": 6, "learning_rate": 0.2, "seed": 7,
               "deterministic": True, "num_threads": 1, "verbose": -1}
    booster = lightgbm.train(options, lightgbm.Dataset(values, answer), 12)
    ensemble = trees.from_lightgbm(booster)
    contents = manifest.Contents(
        scope="vertex", version="0.0.1", labels=LABELS, features=SCHEMA, fingerprint="0123456789abcdef",
        temperature=1.3, seed=7,
        healthy=manifest.healthy_ranges(values[answer == 0], FEATURES),
        profiles={},
        trained_on={"tapes": 0, "rows": len(values)},
    )
    manifest.write_model(out, ensemble, contents, values[:8])


if __name__ == "__main__":
    main()
