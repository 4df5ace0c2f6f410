#!/usr/bin/env bash
# Puts Docker Compose 2, built once into the cache from its Go module, into a folder of CLI plugins.
# Usage: tools/docker-compose.sh FOLDER      or --at-hand: is it in the cache?
set -euo pipefail
version=2.40.3
here=$(cd "$(dirname "$0")" && pwd)
program=${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}/tools/docker-compose-$version
if [ "$1" = --at-hand ]; then [ -x "$program" ] && exit 0 || exit 1; fi
if [ ! -x "$program" ]; then
    command -v go > /dev/null || { echo "building Docker Compose needs Go" >&2; exit 1; }
    echo "building Docker Compose $version once" >&2
    mkdir -p "$(dirname "$program")"
    (cd "$here/compose" && CGO_ENABLED=0 go build -trimpath -o "$program.part" \
        -ldflags "-s -w -X github.com/docker/compose/v2/internal.Version=v$version" github.com/docker/compose/v2/cmd)
    mv "$program.part" "$program"
fi
mkdir -p "$1"
ln -sf "$program" "$1/docker-compose"
