#!/usr/bin/env bash
# The binary as it is shipped, for one cloud or several: `FEATURES=gcp scripts/release.sh`. Prints where it is.
set -euo pipefail
cd "$(dirname "$0")/.."

features=${FEATURES:-aws,gcp,azure}
if [[ ,$features, == *,sandbox,* || ,$features, == *,default,* ]]; then
    echo "FEATURES=$features: a binary for clusters holds no emulated clouds" >&2
    exit 2
fi

RUSTFLAGS=$(scripts/release-flags.sh)
export RUSTFLAGS
# No panic passes through what is written in C (the cryptography): it needs no tables to be unwound by (0.07 MB).
export CFLAGS="${CFLAGS:-} -fno-asynchronous-unwind-tables"

cargo build --quiet --locked --release --bin cache-driver --no-default-features --features "$features"
read_target='import json, sys; print(json.load(sys.stdin)["target_directory"])'
target=$(cargo metadata --format-version 1 --no-deps | python3 -c "$read_target")
# Each set of clouds under a name of its own: cargo gives all of them the same.
mkdir -p "$target/shipped"
cp "$target/release/cache-driver" "$target/shipped/cache-driver-${features//,/-}"
echo "$target/shipped/cache-driver-${features//,/-}"
