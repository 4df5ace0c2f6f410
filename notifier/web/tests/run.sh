#!/bin/sh
# Tests of the page in a real headless Chromium. Usage: run.sh [name of a test file ...]
#
# CHROMIUM                 the browser (default: chromium on the path)
# STREAMWARDEN_CACHE       where the tools of the tests are kept (default: ~/.cache/streamwarden)
# STREAMWARDEN_SCREENSHOTS where the pictures go (default: target/screenshots at the root of the repository)
set -eu
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
cache=${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}/web-tests

if [ -z "${CHROMIUM:-}" ]; then
    CHROMIUM=$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)
fi
if [ -z "$CHROMIUM" ]; then
    echo "the tests of the page need Chromium: apt-get install chromium, or set CHROMIUM" >&2
    exit 4
fi
command -v npm >/dev/null || { echo "the tests of the page need Node.js and npm: apt-get install nodejs npm" >&2; exit 4; }

# Installed once for each lock file, beside the clone, so that a fresh clone downloads nothing again.
wanted=$(cksum <"$here/package-lock.json")
if [ "$(cat "$cache/installed" 2>/dev/null || true)" != "$wanted" ]; then
    mkdir -p "$cache"
    cp "$here/package.json" "$here/package-lock.json" "$cache/"
    (cd "$cache" && npm ci --no-audit --no-fund --loglevel=error)
    printf '%s\n' "$wanted" >"$cache/installed"
fi

export CHROMIUM
export WEB_TESTS_MODULES="$cache"
export STREAMWARDEN_SCREENSHOTS="${STREAMWARDEN_SCREENSHOTS:-$root/target/screenshots}"
mkdir -p "$STREAMWARDEN_SCREENSHOTS"
node "$here/make-fixtures.mjs" --check
cd "$here"
if [ $# -eq 0 ]; then set -- *.test.mjs; fi
exec node --test --test-concurrency=1 --test-reporter=spec "$@"
