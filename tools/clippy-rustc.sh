#!/usr/bin/env bash
# rustc for our own crates, as RUSTC_WORKSPACE_WRAPPER: compiles and lints in one go, so that nothing is built a second time
# only to be linted. A warning is an error.
set -euo pipefail
exec clippy-driver "$@" --deny warnings
