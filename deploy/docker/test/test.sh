#!/usr/bin/env bash
# docker-compose.yml on a real Docker engine of its own, without pulling an image: `make test-compose`.
#
# The public images are replaced by stand-ins of the same names, made here (images.sh); so this tests the compose file,
# the Dockerfile, the wiring and our services, not the public images. Says why and ends well where no engine can be started.
#
#   STREAMWARDEN_BINARY=FILE   a release build of streamwarden; otherwise cargo makes one
#   KEEP_LOGS=DIR              where the logs of all containers go when something fails
set -euo pipefail
cd "$(dirname "$0")/../../.."
export STREAMWARDEN_CACHE=${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}
for part in engine images stack; do
    # shellcheck source=/dev/null
    . "deploy/docker/test/$part.sh"
done

IMAGE_LIMIT_MB=150
STARTED=$SECONDS
lap() { printf '%5d s  %s\n' "$((SECONDS - STARTED))" "$*"; }

reason=$(engine_reason)
if [ -n "$reason" ]; then
    echo "test-compose: SKIPPED, docker-compose.yml was not tried: $reason"
    exit 0
fi
if ! engine_install; then
    echo "test-compose: SKIPPED, docker-compose.yml was not tried: the engine's packages (${PACKAGES[*]}) cannot be installed"
    exit 0
fi
BINARY=${STREAMWARDEN_BINARY:-}
if [ -z "$BINARY" ]; then
    cargo build --release --locked --quiet --package streamwarden
    BINARY=${CARGO_TARGET_DIR:-target}/release/streamwarden
fi
SUBSCRIBER=${STREAMWARDEN_SUBSCRIBER:-}
if [ -z "$SUBSCRIBER" ]; then
    # Tests have built it already.
    cargo build --locked --quiet --workspace --examples
    SUBSCRIBER=${CARGO_TARGET_DIR:-target}/debug/examples/subscribe
fi
LIBRARY=${ORT_DYLIB_PATH:?ORT_DYLIB_PATH names the onnxruntime library}

BEFORE=$(engine_traces)
DIR=$(mktemp -d "${TMPDIR:-/tmp}/streamwarden-engine.XXXXXX")
finish() {
    local code=$?
    set +e
    [ "$code" = 0 ] || stack_logs "${KEEP_LOGS:-}"
    stack_down > /dev/null 2>&1
    engine_stop
    [ "$code" = 0 ] && lap "the engine is gone"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM
if ! engine_start "$DIR"; then
    echo "test-compose: SKIPPED, docker-compose.yml was not tried: no Docker engine can be started here (see above)"
    trap - EXIT
    engine_stop
    exit 0
fi
tools/docker-compose.sh "$DOCKER_CONFIG/cli-plugins"
lap "engine $("$DOCKER" version --format '{{.Server.Version}}'), compose $("$DOCKER" compose version --short)"
images_ready "$STREAMWARDEN_CACHE/compose" "$BINARY" "$LIBRARY"
megabytes=$(image_megabytes streamwarden:latest)
# A named program may be any build.
[ -n "${STREAMWARDEN_BINARY:-}" ] || [ "$megabytes" -lt "$IMAGE_LIMIT_MB" ] || fail "the image has $megabytes MB"
lap "images; streamwarden has $megabytes MB"

. deploy/docker/test/scenarios.sh

stack_down
nothing_left_in_the_engine
engine_stop
after=$(engine_traces)
[ "$after" = "$BEFORE" ] || { diff <(echo "$BEFORE") <(echo "$after"); fail "the engine left something on this machine"; }
lap "everything is gone: containers, volumes, networks, links, mounts, firewall rules"
trap - EXIT
