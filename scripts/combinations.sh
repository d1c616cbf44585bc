#!/usr/bin/env bash
# The tests that every combination of features has (those inside the crate, and tests/slim.rs of the binary as a whole), for
# no cloud and for each alone, without the sandbox. `make test` runs them, and all others, on all features; `make lint` compiles
# every combination there is. `scripts/combinations.sh aws,gcp gcp,sandbox` takes others.
#
# Not all sixteen by default: half of the dependencies are compiled anew for each, two minutes of two cores.
set -euo pipefail
cd "$(dirname "$0")/.."

# Each combination is compiled for this one run.
export CARGO_INCREMENTAL=0 CARGO_PROFILE_DEV_DEBUG=false

runner=(test)
if cargo nextest --version >/dev/null 2>&1; then runner=(nextest run); fi
if [[ $# -eq 0 ]]; then set -- '' aws gcp azure; fi
for features in "$@"; do
    echo "features: ${features:-none}"
    cargo "${runner[@]}" --locked --no-default-features --features "$features" --lib --test slim
done
