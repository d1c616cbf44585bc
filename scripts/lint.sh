#!/usr/bin/env bash
# clippy, with no warning left: all targets as they are by default, and the crate in every combination of its features.
set -euo pipefail
cd "$(dirname "$0")/.."

if command -v shellcheck >/dev/null; then
    shellcheck scripts/*.sh .ci/run
else
    echo "no shellcheck on PATH: the scripts are not checked"
fi

cargo clippy --quiet --all-targets -- -D warnings

# Tests and benches are built for the default features; every other build is what somebody ships. `default` is no
# feature of its own but the set of all of them, and would double the work.
scripts/tools.sh
PATH=$PWD/target/tools/bin:$PATH cargo hack clippy --quiet --feature-powerset --exclude-features default --lib --bins --test slim \
    -- -D warnings
