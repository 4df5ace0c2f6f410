#!/usr/bin/env bash
# Plays every tape through the whole core with models that never saw its topology, its Flink version or its kind of
# fault, and writes REPORT.md, report.json and MODEL_CARD.md beside the models. Run `make train` first.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
ensure_venv
binary="${LAB_BINARY:-}"
evaluate() {
    if [ -n "$binary" ]; then
        "$binary" --lab "$root/lab" --tapes "$root/tapes/lab" evaluate --models "$work/$1/{$2}" --out "$work/evaluation-$1.jsonl"
    else
        lab evaluate --models "$work/$1/{$2}" --out "$work/evaluation-$1.jsonl"
    fi
}
evaluate topology topology
evaluate flink flink
evaluate slug slug
training report --work "$work" --models "$models"
