"""From feature records to ONNX models: the only part of Streamwarden that is written in Python.

The rows come from the Rust featurizer (``lab dataset``), so that a feature has one implementation.
What leaves is one folder a scope: ``model.onnx``, ``manifest.json`` and ``golden.json``, which the
inference service checks against each other before it scores anything.
"""
