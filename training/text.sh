#!/usr/bin/env bash
# The text model, for failures that no rule knows, into experience/models/text.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
ensure_venv
mkdir -p "$work"
# What clusters of this project's own experiments said while nothing was wrong.
gunzip --stdout "$root/experience/benches/logs/real-flink.log.gz" > "$work/calm.log"
cargo run --quiet --release --manifest-path "$root/Cargo.toml" --package streamwarden-experience --example text_examples -- \
    "$here/text/phrases.tsv" "$work/calm.log" "$here/text/calm.tsv" > "$work/text-examples.tsv"
training text --examples "$work/text-examples.tsv" --models "$models"
