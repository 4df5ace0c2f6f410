#!/usr/bin/env bash
# The text model, for failures that no rule knows, into experience/models/text.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
ensure_venv
mkdir -p "$work"
cargo run --quiet --release --manifest-path "$root/Cargo.toml" --package streamwarden-experience --example text_examples -- \
    "$here/text/phrases.tsv" > "$work/text-examples.tsv"
training text --examples "$work/text-examples.tsv" --models "$models"
