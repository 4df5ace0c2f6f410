# Sourced by the scripts beside it: places, and a virtual environment with the pinned versions.
here="$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)"
root="$(dirname "$here")"
cache="${STREAMWARDEN_CACHE:-$HOME/.cache/streamwarden}"
dataset="${STREAMWARDEN_DATASET:-$cache/dataset}"
work="${STREAMWARDEN_TRAINING:-$cache/training}"
models="$root/experience/models"
venv="$cache/venv"

# Makes the environment once; again when the pinned versions change.
ensure_venv() {
    if [ -f "$venv/requirements.txt" ] && cmp -s "$here/requirements.txt" "$venv/requirements.txt"; then
        return
    fi
    echo "getting the Python packages of training/requirements.txt (about 400 MB)" >&2
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --requirement "$here/requirements.txt"
    cp "$here/requirements.txt" "$venv/requirements.txt"
}

training() {
    (cd "$here" && PYTHONDONTWRITEBYTECODE=1 "$venv/bin/python" -m streamwarden_training "$@")
}

lab() {
    cargo run --quiet --release --manifest-path "$root/Cargo.toml" --package streamwarden-lab -- \
        --lab "$root/lab" --tapes "$root/tapes/lab" "$@"
}
