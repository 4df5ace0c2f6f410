"""The text model on a language of a few words."""

import sys
import unittest
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))
from streamwarden_training import text  # noqa: E402


def examples(words: dict[str, list[int]], copies: int) -> list[str]:
    """Lines as `text_examples` writes them; each copy has a word of its own beside those of its class."""
    lines = []
    for label, numbers in words.items():
        for copy in range(copies):
            row = sorted({*numbers, 1_000 + copy})
            lines.append(f"phrase\t{label}\t{label}\t1\t{','.join(map(str, row))}")
    return lines


class TextModel(unittest.TestCase):
    def setUp(self):
        self.folder = TemporaryDirectory()
        self.addCleanup(self.folder.cleanup)
        path = Path(self.folder.name) / "examples.tsv"
        path.write_text("\n".join(examples({"disk_full": [1, 2], "port_conflict": [3, 4], "unknown": [9]}, 12)) + "\n")
        self.examples = text.read(path)

    def fitted(self):
        return text.fit(self.examples, np.ones(len(self.examples), dtype=bool))

    def test_words_that_were_learned_name_their_class_beside_new_ones(self):
        model = self.fitted()
        said = model.predict(text.matrix([np.array([1, 2, 7_777]), np.array([3, 4, 8_888])]))
        self.assertEqual(list(said), ["disk_full", "port_conflict"])

    def test_words_that_nobody_ever_used_are_unknown(self):
        examples = text.with_nonsense(self.examples)
        model = text.fit(examples, np.ones(len(examples), dtype=bool))
        self.assertEqual(list(model.predict(text.matrix([np.array([5_555, 6_666, 30_000])]))), ["unknown"])

    def test_the_same_examples_give_the_same_bytes(self):
        files = [text.model_proto(self.fitted(), 1.0, 0.4).SerializeToString(deterministic=True) for _ in range(2)]
        self.assertEqual(files[0], files[1])

    def test_one_byte_a_weight_says_what_the_weights_say(self):
        model = self.fitted()
        golden = text.golden(self.examples, text.model_proto(model, 1.0, 0.4).SerializeToString(deterministic=True))
        for row in golden:
            exact = text.softmax(model.decision_function(text.matrix([np.array(row["features"])])))[0]
            self.assertLess(np.abs(exact - np.array(row["probabilities"])).max(), 0.02)

    def test_a_class_is_named_only_where_it_is_rather_right_than_wrong(self):
        raw = np.log(np.array([[0.35, 0.65], [0.45, 0.55]] * 20 + [[0.9, 0.1]] * 20))
        truth = np.array([0, 0] * 20 + [0] * 20)
        part = text.HeldOut("x", raw, truth, np.ones(len(truth)))
        self.assertGreaterEqual(text.threshold([part], 1.0, -1), 0.6)


if __name__ == "__main__":
    unittest.main()
