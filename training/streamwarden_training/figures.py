"""Figures of the report, as SVG: the same figures give the same bytes."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import matplotlib
import numpy as np

matplotlib.use("svg")
from matplotlib import pyplot  # noqa: E402

# Letters stay letters, so that a browser can search them; ids do not change from run to run.
matplotlib.rcParams.update({"svg.fonttype": "none", "svg.hashsalt": "streamwarden", "font.family": "sans-serif", "font.size": 8,
                            "axes.spines.top": False, "axes.spines.right": False})
COLOURS = {"vertex": "#3b6fb6", "job": "#c8641e", "taskmanager": "#3d8f5f"}
# Nothing said, and trouble that fits nothing known, stand behind the problems.
LAST = ("unknown", "nothing")


def write(folder: Path, scopes: dict, runs: list[dict]) -> list[tuple[str, str]]:
    """Writes all of them; gives file names with what each shows. ``scopes`` are the figures of single rows by scope, ``runs``
    the judged replays of topologies that were left out."""
    folder.mkdir(parents=True, exist_ok=True)
    drawn = [
        ("calibration.svg", "Said and measured probability of single rows on topologies left out; a circle's area is the number of rows",
         _calibration(scopes)),
        ("confusion.svg", "Planted (down) and answered (across) by the whole line on topologies left out; shade is the share of a problem's replays",
         _confusion([run for run in runs if run["fault"]])),
        ("delay.svg", "Share of replays with a right finding by the time since planting and since the effect", _delay(runs)),
        ("importance.svg", "Features that the trees ask most: share of the gain", _importance(scopes)),
    ]
    for name, _, figure in drawn:
        figure.savefig(folder / name, format="svg", bbox_inches="tight", metadata={"Date": None, "Creator": None})
        pyplot.close(figure)
    return [(name, shows) for name, shows, _ in drawn]


def _calibration(scopes: dict):
    figure, axes = pyplot.subplots(figsize=(4, 4))
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=0.8)
    for scope, figures in scopes.items():
        _, counts, said, measured = zip(*figures["calibration"])
        area = 300 * np.array(counts) / max(counts) + 8
        axes.plot(said, measured, color=COLOURS[scope], linewidth=0.8)
        axes.scatter(said, measured, s=area, color=COLOURS[scope], alpha=0.6, label=scope)
    axes.set(xlabel="said", ylabel="measured", xlim=(0, 1.03), ylim=(0, 1.03))
    axes.legend(loc="upper left", frameon=False, markerscale=0.6)
    return figure


def _confusion(sick: list[dict]):
    planted = sorted({run["fault"]["slug"] for run in sick})
    said = {run["answer"] for run in sick} - set(LAST)
    answered = [*planted, *sorted(said - set(planted)), *LAST]
    counts = np.zeros((len(planted), len(answered)))
    for (slug, answer), count in Counter((run["fault"]["slug"], run["answer"]) for run in sick).items():
        counts[planted.index(slug), answered.index(answer)] = count
    figure, axes = pyplot.subplots(figsize=(0.14 * len(answered) + 2, 0.14 * len(planted) + 2))
    axes.imshow(counts / counts.sum(axis=1, keepdims=True), cmap="Blues", vmin=0, vmax=1, interpolation="nearest")
    axes.set_xticks(range(len(answered)), answered, rotation=90, fontsize=5)
    axes.set_yticks(range(len(planted)), planted, fontsize=5)
    axes.tick_params(length=0)
    return figure


def _delay(runs: list[dict]):
    sick = [run for run in runs if run["fault"]]
    figure, axes = pyplot.subplots(figsize=(5, 3))
    for key, label, colour in (("after_effect_s", "after the effect", "#3b6fb6"), ("after_planting_s", "after planting", "#c8641e")):
        seconds = np.sort([run[key] for run in sick if run[key] is not None])
        axes.step([0, *seconds], [0, *(np.arange(1, len(seconds) + 1) / len(sick))], where="post", color=colour, label=label)
    axes.set(xlabel="seconds", ylabel="share of replays with a fault", ylim=(0, 1), xlim=(0, None))
    axes.legend(loc="lower right", frameon=False)
    return figure


def _importance(scopes: dict):
    figure, panels = pyplot.subplots(1, len(scopes), figsize=(4 * len(scopes), 3.4), layout="constrained")
    for axes, (scope, figures) in zip(np.atleast_1d(panels), scopes.items()):
        names, shares = zip(*list(figures["importance"].items())[::-1])
        axes.barh(names, shares, color=COLOURS[scope])
        axes.set_title(scope, loc="left", fontsize=9)
        axes.tick_params(axis="y", labelsize=6)
    return figure
