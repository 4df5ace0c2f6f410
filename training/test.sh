#!/usr/bin/env bash
# Tests of the training code.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
ensure_venv
cd "$here"
PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m unittest discover --start-directory tests --pattern 'test_*.py'
