#!/usr/bin/env bash
# A rolling upgrade: services of the version before and of this one on the same topics, upgraded one by one, half of them
# taken back. The version before is BEFORE (a tag or commit), else the last tag, else twenty commits ago. It is built once
# into the cache; STREAMWARDEN_BEFORE=PROGRAM saves that.
set -euo pipefail
cd "$(dirname "$0")/.."
cache=${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}

if [ -z "${STREAMWARDEN_BEFORE:-}" ]; then
    before=${BEFORE:-$(git describe --tags --abbrev=0 HEAD^ 2> /dev/null || true)}
    before=${before:-HEAD~20}
    commit=$(git rev-parse --verify --quiet "$before^{commit}") || { echo "upgrade-test: there is no version $before" >&2; exit 1; }
    STREAMWARDEN_BEFORE=$cache/before/streamwarden-${commit:0:12}
    if [ ! -x "$STREAMWARDEN_BEFORE" ]; then
        echo "upgrade-test: building $before (${commit:0:12}) once" >&2
        source=$(mktemp -d)
        trap 'rm -rf "$source"' EXIT
        git archive "$commit" | tar -x -C "$source"
        (cd "$source" && CARGO_TARGET_DIR=$cache/before/target cargo build --locked --quiet --package streamwarden)
        cp "$cache/before/target/debug/streamwarden" "$STREAMWARDEN_BEFORE"
        rm -rf "$source"
    fi
fi
echo "upgrade-test: the version before is $STREAMWARDEN_BEFORE" >&2
export STREAMWARDEN_BEFORE
cargo test --workspace --test chaos -- --nocapture --ignored version_before
