#!/usr/bin/env bash
# The crate's tests, by cargo-nextest where it is installed; arguments go to the runner.
set -euo pipefail
cd "$(dirname "$0")/.."

if cargo nextest --version >/dev/null 2>&1; then
    cargo nextest run "$@"
    # nextest leaves the examples in the documentation out.
    cargo test --quiet --doc
else
    cargo test "$@"
fi
