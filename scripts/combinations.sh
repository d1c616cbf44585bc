#!/usr/bin/env bash
# The tests that every combination of features has: those inside the crate, and of the binary as a whole (tests/slim.rs).
# The other integration tests need emulated clouds; `make test` runs them on the default features, which are all.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/tools.sh
PATH=$PWD/target/tools/bin:$PATH
# Each combination is compiled for this one run.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=false

runner=(test)
if cargo nextest --version >/dev/null 2>&1; then runner=(nextest run); fi
# `default` is no feature of its own but the set of all of them, which `make test` has.
cargo hack --feature-powerset --exclude-features default --exclude-all-features "${runner[@]}" --lib --test slim "$@"
