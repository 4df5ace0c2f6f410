"""``lab/REPORT.md`` with its figures, and what goes with the models: ``REPORT.md`` (how good they are, without the rows behind
it), ``report.json`` and ``MODEL_CARD.md``. Every figure comes out of files that other commands wrote."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from pathlib import Path

import numpy as np

from . import figures, pack
from .dataset import ELSEWHERE, HEALTHY, SCOPES, is_left_to_rules

HOUR_MS = 3_600_000
# From which difference of the share of right rows on a problem is named.
LOSS_TOLD = 0.05


def write(work: Path, models: Path, lab: Path) -> None:
    """Writes all of them. ``work`` holds the evaluations, ``rows.json`` and ``scenarios.txt`` (what ``lab list`` prints)."""
    rows = json.loads((work / "rows.json").read_text())
    manifests = {scope: json.loads((models / scope / "manifest.json").read_text()) for scope in SCOPES}
    head = ["# How good the models are", "", f"Models `{rows['version']}`. Written by `make report`; no figure is typed by hand.", ""]
    summary = _corpus(manifests)
    problems: list[dict] = []
    judged: dict[str, list[dict]] = {}
    for kind, title in (("topology", "On topologies never trained on"), ("flink", "On the Flink version never trained on")):
        path = work / f"evaluation-{kind}.jsonl"
        if path.exists():
            runs = judged[kind] = _runs(path)
            summary += [f"## {title}", "", *_whole_line(runs), ""]
            if kind == "topology":
                problems = _problems(runs)
                summary += _by_problem(problems, runs)
    path = work / "evaluation-slug.jsonl"
    if path.exists():
        summary += _unknown(_runs(path), pack.brings(models.parent / "problems"))
    more = ["Single rows, confusion matrices, calibration, and what was not recorded: `lab/REPORT.md` of the source.", ""]
    (models / "REPORT.md").write_text("\n".join([*head, *more, *summary]) + "\n", encoding="utf-8")
    drawn = figures.write(lab / "figures", rows["scopes"], judged.get("topology", []))
    lines = [*head, *summary, *_drawn(drawn), *_rows(rows), *_left_out(work / "scenarios.txt", problems)]
    (lab / "REPORT.md").write_text("\n".join(lines) + "\n", encoding="utf-8")
    # What programs read: the page's table of the models.
    report = {"version": rows["version"], "problems": problems}
    (models / "report.json").write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    (models / "MODEL_CARD.md").write_text(_card(rows["version"], manifests), encoding="utf-8")


def _drawn(drawn: list[tuple[str, str]]) -> list[str]:
    lines = ["## Figures", ""]
    for name, shows in drawn:
        lines += [f"![{shows}](figures/{name})", "", f"{shows}.", ""]
    return lines


def _left_out(path: Path, problems: list[dict]) -> list[str]:
    """Planned runs without a tape: nothing that is hard may go missing in silence."""
    if not path.exists():
        return []
    missing = [line.split()[1:3] for line in path.read_text().splitlines() if line.startswith("missing")]
    of_slug = defaultdict(list)
    for name, slug in missing:
        of_slug[slug].append(name)
    recorded = {row["slug"] for row in problems} | {HEALTHY}
    lines = ["## What is not in these figures", "",
             f"{len(missing)} planned runs have no tape: not recorded yet, or thrown away each time because the planted effect did not show. "
             "Problems that cannot be planted, with the reason for each: "
             "[README.md](README.md#what-is-not-planted-and-why).", ""]
    never = sorted(set(of_slug) - recorded)
    if never:
        lines += ["Planned, and without any tape: " + ", ".join(never) + ".", ""]
    if missing:
        lines += ["| problem | planned runs without a tape |", "|---|---|"]
        lines += [f"| {slug} | {', '.join(name.removeprefix(slug + '-') for name in names)} |" for slug, names in sorted(of_slug.items())]
        lines.append("")
    return lines


def _runs(path: Path) -> list[dict]:
    return [_judge(json.loads(line)) for line in path.read_text().splitlines()]


def _judge(run: dict) -> dict:
    """What one replay gave, against what was planted."""
    label = run["label"]
    opened = [event for event in run["events"] if event["type"].endswith("opened.v1")]
    healthy_from = label["warm_until_ms"]
    fault = label["faults"][0] if label["faults"] else None
    result = {"tape": run["tape"], "topology": label["topology"], "fault": fault, "flink": run["flink_version"],
              "healthy_ms": (fault["planted_at_ms"] if fault else run["last_ms"]) - healthy_from}
    # Of two faults, the second may be there before the first.
    there = {one["slug"] for one in label["faults"][1:]}
    before = [event for event in opened if not fault or event["at_ms"] < fault["planted_at_ms"] and event["slug"] not in there]
    result["false_alarms"] = [event["slug"] for event in before]
    if fault:
        after = [event for event in opened if event["at_ms"] >= fault["planted_at_ms"]]
        # The answer is what is believed at the end: the surest finding that is still open, else the last one.
        resolved = {event["finding_id"] for event in run["events"] if event["type"].endswith("resolved.v1")}
        standing = [event for event in after if event["finding_id"] not in resolved] or after[-1:]
        best = max(standing, key=lambda event: event["confidence"], default=None)
        planted = {one["slug"] for one in label["faults"]}
        result["answer"] = best["slug"] if best else "nothing"
        result["right"] = bool(best) and best["slug"] in planted
        # A finding may learn later where it is; what is believed at the end counts here, too.
        said = [event for event in run["events"] if best and event["finding_id"] == best["finding_id"]]
        told = [event for event in said if not event["type"].endswith("resolved.v1")]
        result["subject_right"] = result["right"] and any(
            told[-1]["subject"]["id"] == one["subject_id"] for one in label["faults"] if one["slug"] == best["slug"])
        hits = [event["at_ms"] for event in after if event["slug"] in planted]
        result["after_effect_s"] = max(0, min(hits) - fault["effect_at_ms"]) / 1000 if hits else None
        result["after_planting_s"] = (min(hits) - fault["planted_at_ms"]) / 1000 if hits else None
        result["others"] = sorted({event["slug"] for event in after if event["slug"] not in planted})
    return result


def _percent(part: int, whole: int) -> str:
    return f"{part} of {whole} ({100 * part / whole:.0f} %)" if whole else "none"


def _macro_f1(runs: list[dict]) -> float:
    sick = [run for run in runs if run["fault"]]
    scores = []
    for slug in {run["fault"]["slug"] for run in sick}:
        hit = sum(run["answer"] == slug == run["fault"]["slug"] for run in sick)
        said = sum(run["answer"] == slug for run in sick)
        said += sum(slug in run["false_alarms"] for run in runs)
        planted = sum(run["fault"]["slug"] == slug for run in sick)
        scores.append(2 * hit / (said + planted) if said + planted else 0.0)
    return float(np.mean(scores)) if scores else 0.0


def _whole_line(runs: list[dict]) -> list[str]:
    sick = [run for run in runs if run["fault"]]
    right = [run for run in sick if run["right"]]
    hours = sum(max(run["healthy_ms"], 0) for run in runs) / HOUR_MS
    alarms = sum(len(run["false_alarms"]) for run in runs)
    lines = ["Each tape is played through featurizer and judgement by models that were trained without its kind, four "
             "times with the windows laid differently over it.", "",
             "| what | measured |", "|---|---|",
             f"| replays | {len(runs)}, {len(sick)} of them with a fault |",
             f"| problem right | {_percent(len(right), len(sick))} |",
             f"| macro F1 | {_macro_f1(runs):.2f} |",
             f"| subject right, of those | {_percent(sum(run['subject_right'] for run in right), len(right))} |",
             f"| false alarms | {alarms} in {hours:.2f} healthy hours |"]
    delays = [run["after_effect_s"] for run in sick if run["after_effect_s"] is not None]
    planting = [run["after_planting_s"] for run in sick if run["after_planting_s"] is not None]
    if delays:
        lines.append(f"| from the effect to the finding | median {np.median(delays):.0f} s, p95 {np.percentile(delays, 95):.0f} s |")
        lines.append(f"| from planting to the finding | median {np.median(planting):.0f} s, p95 {np.percentile(planting, 95):.0f} s |")
    return lines


def _problems(runs: list[dict]) -> list[dict]:
    """How often each planted problem was named."""
    groups = defaultdict(list)
    for run in runs:
        if run["fault"]:
            groups[run["fault"]["slug"]].append(run)
    return [{"slug": slug,
             "topologies": len({run["topology"] for run in group}),
             "replays": len(group),
             "right": sum(run["right"] for run in group),
             "subject_right": sum(run["subject_right"] for run in group),
             "answers": ", ".join(f"{answer} {count}" for answer, count in Counter(run["answer"] for run in group).most_common())}
            for slug, group in sorted(groups.items())]


def _by_problem(problems: list[dict], runs: list[dict]) -> list[str]:
    lines = ["### By problem", "",
             "A problem that was recorded on one topology only has never been seen by the models that judge it here.", "",
             "| planted | topologies | replays | right | subject right | answers |", "|---|---|---|---|---|---|"]
    for row in problems:
        lines.append(f"| {row['slug']} | {row['topologies']} | {row['replays']} | {row['right']} | {row['subject_right']} | {row['answers']} |")
    left = filter(is_left_to_rules, (row["slug"] for row in problems))
    lines += ["", "Left to the rules, because their errors name them: " + ", ".join(left) + "."]
    alarms = Counter(slug for run in runs for slug in run["false_alarms"])
    lines += ["", "False alarms: " + (", ".join(f"{slug} {count}" for slug, count in alarms.most_common()) or "none") + ".", ""]
    return lines


def _unknown(runs: list[dict], brings: dict[str, set[str]]) -> list[str]:
    """A kind of fault that training never saw at all."""
    sick = [run for run in runs if run["fault"]]

    def linked(one: str, other: str) -> bool:
        return other in brings.get(one, ()) or one in brings.get(other, ())

    def answer(run: dict) -> str:
        planted = run["fault"]["slug"]
        if run["right"]:
            return "right, by the rules of its errors" if run["answer"] == planted else "the other fault of the run"
        if run["answer"] in ("unknown", "nothing"):
            return {"unknown": "`unknown`"}.get(run["answer"], "nothing")
        return "its cause or its consequence, as the pack has it" if linked(planted, run["answer"]) else "another problem"

    counts = {by_rules: Counter(answer(run) for run in sick if is_left_to_rules(run["fault"]["slug"]) == by_rules)
              for by_rules in (False, True)}
    lines = ["## A kind of fault that training never saw", "",
             "Each kind is left out in turn. A problem whose errors name it is still found by the rules; one that only shows "
             "in figures should come out as `unknown`, never as another problem.", "",
             "| answer | replays of kinds that figures tell | of kinds left to rules |", "|---|---|---|"]
    lines += [f"| {said} | {counts[False][said]} | {counts[True][said]} |" for said in sorted(set(counts[False]) | set(counts[True]))]
    for title, chosen in (
            ("Called `unknown`", lambda run: run["answer"] == "unknown"),
            ("Nothing was said of", lambda run: run["answer"] == "nothing")):
        found = Counter(run["fault"]["slug"] for run in sick if not run["right"] and chosen(run))
        if found:
            lines += ["", f"{title}: " + ", ".join(f"{slug} {count}" for slug, count in found.most_common()) + "."]
    for title, said in (("Taken for another problem", "another problem"),
                        ("Named by its cause or its consequence", "its cause or its consequence, as the pack has it")):
        wrong = Counter((run["fault"]["slug"], run["answer"]) for run in sick if answer(run) == said)
        if wrong:
            lines += ["", f"{title}: " + ", ".join(f"{slug} as {name} ({count})" for (slug, name), count in wrong.most_common()) + "."]
    lines += ["", "What is taken for another problem shares its figures: another kind of slow step, or a consequence that is really there, as "
              "records that are dropped late. Runs of more kinds of slow steps would narrow the limits of both. Nothing can be said of "
              "what looks like a healthy job to all who do not know it, as capacity that nobody needs."]
    return [*lines, ""]


def _corpus(manifests: dict) -> list[str]:
    lines = ["## What they were trained on", "", "| model | rows | tapes | topologies | Flink | temperature |", "|---|---|---|---|---|---|"]
    for scope, manifest in manifests.items():
        trained = manifest["trained_on"]
        lines.append(f"| {scope} | {trained['rows']} | {trained['tapes']} | {len(trained['topologies'])} | "
                     f"{', '.join(trained['flink_versions'])} | {manifest['temperature']} |")
    lines += ["", "Runs of each label:", ""]
    for scope, manifest in manifests.items():
        runs = manifest["trained_on"]["runs"]
        lines.append(f"- {scope}: " + ", ".join(f"{label} {count}" for label, count in runs.items()))
    return [*lines, ""]


def _rows(rows: dict) -> list[str]:
    lines = ["## Single rows", "",
             "Each row scored by a model that never saw its topology. This is not what a user sees (windows are joined with "
             "errors and over time); it shows what the figures alone can tell, and compares the models.", "",
             "| scope | rows | gradient boosting | one decision tree | thresholds of the documentation |", "|---|---|---|---|---|"]
    for scope, figures in rows["scopes"].items():
        planted = np.array(figures["planted"], dtype=object)
        shares = [f"{_right(planted, np.array(figures[model], dtype=object)):.3f}" for model in ("boosting", "single_tree", "documentation")]
        lines.append(f"| {scope} | {len(planted)} | " + " | ".join(shares) + " |")
    lines += ["", f"`{ELSEWHERE}` (the subject is fine, another one is not) and `{HEALTHY}` count as one here.", ""]
    lines += _what_the_tree_loses(rows)
    for scope, figures in rows["scopes"].items():
        lines += _confusion(scope, figures)
        lines += ["Calibration (said, measured): " + ", ".join(
            f"{said:.2f} → {measured:.2f} ({count})" for _, count, said, measured in figures["calibration"]) + ".", ""]
        lines += ["Asked most: " + ", ".join(f"`{name}` {share:.2f}" for name, share in figures["importance"].items()) + ".", ""]
    return lines


def _what_the_tree_loses(rows: dict) -> list[str]:
    """Problems whose rows one tree names less often than boosting does."""
    losses = []
    for scope_figures in rows["scopes"].values():
        planted = np.array(scope_figures["planted"], dtype=object)
        share = {model: np.array(scope_figures[model], dtype=object) == planted for model in ("boosting", "single_tree")}
        for label in set(planted) - {HEALTHY, ELSEWHERE}:
            own = planted == label
            boosting, tree = float(share["boosting"][own].mean()), float(share["single_tree"][own].mean())
            if boosting - tree >= LOSS_TOLD:
                losses.append((boosting - tree, f"{label} ({100 * tree:.0f} instead of {100 * boosting:.0f} %)"))
    if not losses:
        return []
    return ["What the one tree loses, of a problem's rows: " + ", ".join(text for _, text in sorted(losses, reverse=True)) + ".", ""]


def _fine(labels: np.ndarray) -> np.ndarray:
    return np.where(np.isin(labels, [HEALTHY, ELSEWHERE]), HEALTHY, labels)


def _right(planted: np.ndarray, answered: np.ndarray) -> float:
    return float((_fine(planted) == _fine(answered)).mean())


def _confusion(scope: str, figures: dict) -> list[str]:
    planted, answered = np.array(figures["planted"], dtype=object), np.array(figures["boosting"], dtype=object)
    labels = [label for label in figures["labels"] if label in set(planted) | set(answered)]
    lines = [f"### Confusion matrix, {scope}", "", "Down: planted. Across: answered by gradient boosting.", "",
             "| | " + " | ".join(labels) + " |", "|---|" + "---|" * len(labels)]
    for label in labels:
        counts = Counter(answered[planted == label])
        lines.append(f"| **{label}** | " + " | ".join(str(counts.get(other, 0) or "") for other in labels) + " |")
    return [*lines, ""]


def _card(version: str, manifests: dict) -> str:
    labels = {scope: [label for label in manifest["labels"] if label not in (HEALTHY, ELSEWHERE)] for scope, manifest in manifests.items()}
    lines = ["# Model card", "", f"Version `{version}`, one model a scope: " + ", ".join(manifests) + ".", "",
             "- **What they do**: from the figures of one subject (a vertex, a job, a TaskManager) in ten seconds to the probability "
             "of each problem, of `healthy`, and of `elsewhere` (the subject suffers from a problem of another one).",
             "- **How they were made**: gradient boosting (LightGBM) on runs of real Flink with faults planted on purpose; the label is "
             "what was planted. Probabilities are calibrated by temperature on topologies that were held out.",
             "- **What they know**:"]
    lines += [f"  - {scope}: {', '.join(known) or 'nothing yet'}" for scope, known in labels.items()]
    lines += ["- **What they do not know**: every other problem of the catalogue; those are found by their errors, or come out as `unknown`. "
              "The corpus is small and was recorded on one shared machine; runs are under a minute long, so that slow developments "
              "are barely covered.",
              "- **What they ask**: shares, ratios and times, no absolute rates or sizes, so that they carry over to other jobs.",
              "- **How good they are**: REPORT.md.", ""]
    return "\n".join(lines)


__all__ = ["write"]
