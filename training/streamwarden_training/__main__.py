"""``python -m streamwarden_training train|report|text``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path


def main() -> None:
    parser = argparse.ArgumentParser(prog="streamwarden_training", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    train = commands.add_parser("train", help="three models, and those with something left out")
    train.add_argument("--dataset", type=Path, required=True, help="folder that `lab dataset` wrote")
    train.add_argument("--models", type=Path, required=True, help="folder of the shipped models")
    train.add_argument("--work", type=Path, required=True, help="folder for models with something left out")
    train.add_argument("--only-topologies", action="store_true",
                       help="leave out the models without a Flink version or a kind of fault")
    report = commands.add_parser("report", help="lab/REPORT.md with figures, and what goes with the models, from evaluations")
    report.add_argument("--work", type=Path, required=True)
    report.add_argument("--models", type=Path, required=True)
    report.add_argument("--lab", type=Path, required=True, help="folder of REPORT.md and figures/")
    text = commands.add_parser("text", help="the text model")
    text.add_argument("--examples", type=Path, required=True, help="what `text_examples` wrote")
    text.add_argument("--models", type=Path, required=True, help="folder of the shipped models")
    options = parser.parse_args()
    start = time.monotonic()

    def note(text: str) -> None:
        print(f"[{time.monotonic() - start:6.1f} s] {text}", file=sys.stderr, flush=True)

    if options.command == "train":
        from .train import Trainer
        Trainer(options.dataset, options.models, options.work, note, options.only_topologies).run()
    elif options.command == "text":
        from .text import train as train_text
        train_text(options.examples, options.models / "text", note)
    else:
        from .report import write
        write(options.work, options.models, options.lab)
        note(f"{options.lab / 'REPORT.md'}")


if __name__ == "__main__":
    main()
