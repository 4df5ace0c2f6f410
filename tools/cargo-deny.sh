#!/usr/bin/env bash
# Runs cargo-deny, built once into the cache.
set -euo pipefail
version=0.20.2
root="${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}/tools/cargo-deny-$version"
if [ ! -x "$root/bin/cargo-deny" ]; then
    echo "building cargo-deny $version once" >&2
    cargo install --quiet --locked --root "$root" --target-dir "$root/build" "cargo-deny@$version"
    rm -rf "$root/build"
fi
exec "$root/bin/cargo-deny" "$@"
