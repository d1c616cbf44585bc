#!/usr/bin/env bash
# Prints a virtual environment of Python that holds exactly the requirements of a file: `scripts/venv.sh NAME REQUIREMENTS`.
set -euo pipefail
cd "$(dirname "$0")/.."

name=$1 requirements=$2
dir=$PWD/.venv/$name
# Made anew when the list changed: pip does not remove what is no longer asked for.
if ! cmp -s "$requirements" "$dir/requirements.txt"; then
    rm -rf "$dir"
    "${PYTHON:-python3}" -m venv "$dir"
    "$dir/bin/pip" install --quiet --disable-pip-version-check --requirement "$requirements"
    cp "$requirements" "$dir/requirements.txt"
fi
echo "$dir"
