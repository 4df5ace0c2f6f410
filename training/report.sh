#!/usr/bin/env bash
# Plays every tape through the whole core with models that never saw its topology, its Flink version or its kind of
# fault, and writes lab/REPORT.md with lab/figures, and REPORT.md, report.json and MODEL_CARD.md beside the models. Run
# `make train` first.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
ensure_venv
binary="${LAB_BINARY:-}"
run_lab() {
    if [ -n "$binary" ]; then
        "$binary" --lab "$root/lab" --tapes "$root/tapes/lab" "$@"
    else
        lab "$@"
    fi
}
evaluate() {
    run_lab evaluate --models "$work/$1/{$2}" --out "$work/evaluation-$1.jsonl"
}
evaluate topology topology
evaluate flink flink
evaluate slug slug
run_lab list > "$work/scenarios.txt"
training report --work "$work" --models "$models" --lab "$root/lab"
