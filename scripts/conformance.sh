#!/usr/bin/env bash
# Cross-checks by others' code, in tests/conformance. Arguments go to pytest, for example `-k sandbox`.
set -euo pipefail
cd "$(dirname "$0")/.."

python=${PYTHON:-python3}

# venv NAME REQUIREMENTS: a virtual environment in .venv that holds exactly these requirements.
venv() {
    local dir=.venv/$1 requirements=$2
    # Made anew when the list changed: pip does not remove what is no longer asked for.
    if ! cmp -s "$requirements" "$dir/requirements.txt"; then
        rm -rf "$dir"
        "$python" -m venv "$dir"
        "$dir/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
        cp "$requirements" "$dir/requirements.txt"
    fi
}

# Two, because ministack pins a botocore that the newest boto3 does not accept.
venv moto tests/conformance/requirements.txt
venv ministack tests/conformance/requirements-ministack.txt

cargo build --quiet
read_target='import json, sys; print(json.load(sys.stdin)["target_directory"])'
target=$(cargo metadata --format-version 1 --no-deps | "$python" -c "$read_target")

CACHE_DRIVER_BIN=$target/debug/cache-driver MINISTACK_BIN=$PWD/.venv/ministack/bin/ministack \
    .venv/moto/bin/pytest -c tests/conformance/pytest.ini tests/conformance "$@"
