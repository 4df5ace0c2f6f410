#!/usr/bin/env bash
# Asks the API of a running notifier whatever its OpenAPI document allows, and much that it does not.
# Usage: schemathesis.sh [URL of the page]; without it, the demo is started on a free port.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
venv=${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}/schemathesis
program=${STREAMWARDEN_PROGRAM:-${CARGO_TARGET_DIR:-$root/target}/debug/streamwarden}

if [ ! -x "$venv/bin/schemathesis" ]; then
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --disable-pip-version-check 'schemathesis==4.*'
fi

page=${1:-}
work=$(mktemp -d)
demo=
finish() {
    if [ -n "$demo" ]; then
        kill "$demo" 2>/dev/null || true
        wait "$demo" 2>/dev/null || true
    fi
    rm -rf "$work"
}
trap finish EXIT

if [ -z "$page" ]; then
    port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
    page=http://127.0.0.1:$port
    "$program" demo --speed 60 --listen "127.0.0.1:$port" --data "$work" >"$work/demo.log" 2>&1 &
    demo=$!
    for _ in $(seq 120); do
        if curl --silent --fail "$page/readyz" >/dev/null; then break; fi
        kill -0 "$demo" 2>/dev/null || { cat "$work/demo.log" >&2; exit 1; }
        sleep 0.5
    done
fi

# What it remembers of its finds stays out of the checkout.
cd "$work"
# The stream of events never ends; it has a test of its own.
"$venv/bin/schemathesis" run "$page/api/v1/openapi.json" \
    --exclude-path /events \
    --checks not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance \
    --max-examples "${EXAMPLES:-30}" --request-timeout 10 --no-color
