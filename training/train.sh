#!/usr/bin/env bash
# Three ONNX models from the dataset (`make dataset`), into experience/models.
set -euo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/common.sh"
ensure_venv
training train --dataset "$dataset" --models "$models" --work "$work"
