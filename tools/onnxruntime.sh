#!/usr/bin/env bash
# Takes the onnxruntime library out of its Python wheel.
# Usage: tools/onnxruntime.sh VERSION PATH-OF-THE-LIBRARY
set -euo pipefail
version=$1 library=$2
[ -s "$library" ] && exit 0

folder=$(dirname "$library")
mkdir -p "$folder"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
echo "fetching onnxruntime $version" >&2
# Any CPython's wheel holds the same library; 3.11's is asked for whatever Python is here.
pip3 download --quiet --disable-pip-version-check --no-deps --only-binary :all: \
    --python-version 3.11 --implementation cp --abi cp311 --platform "manylinux_2_28_$(uname -m)" --platform "manylinux_2_27_$(uname -m)" \
    --dest "$work" "onnxruntime==$version"
python3 - "$work" "$(basename "$library")" <<'PY'
import pathlib, sys, zipfile
work, name = pathlib.Path(sys.argv[1]), sys.argv[2]
with zipfile.ZipFile(next(work.glob("*.whl"))) as wheel:
    (work / name).write_bytes(wheel.read(f"onnxruntime/capi/{name}"))
PY
# Renamed last, so that an interrupted call leaves no half library behind.
mv "$work/$(basename "$library")" "$library.part" && mv "$library.part" "$library"
