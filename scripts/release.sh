#!/usr/bin/env bash
# The binary as it is shipped, for one cloud or several: `FEATURES=gcp scripts/release.sh`. Prints where it is.
#
# Two things that the linker can do and cargo's profile cannot say: addresses that are set at start are stored packed (glibc
# 2.36 reads that; 0.35 MB), and functions that are the same are kept once (only where Rust links with lld).
set -euo pipefail
cd "$(dirname "$0")/.."

features=${FEATURES:-aws,gcp,azure}
if [[ ,$features, == *,sandbox,* || ,$features, == *,default,* ]]; then
    echo "FEATURES=$features: a binary for clusters holds no emulated clouds" >&2
    exit 2
fi

RUSTFLAGS='-C link-arg=-Wl,-z,pack-relative-relocs'
if [[ $(uname -m) == x86_64 ]]; then RUSTFLAGS+=' -C link-arg=-Wl,--icf=all'; fi
export RUSTFLAGS

cargo build --quiet --locked --release --bin cache-driver --no-default-features --features "$features"
read_target='import json, sys; print(json.load(sys.stdin)["target_directory"])'
target=$(cargo metadata --format-version 1 --no-deps | python3 -c "$read_target")
# Each set of clouds under a name of its own: cargo gives all of them the same.
mkdir -p "$target/shipped"
cp "$target/release/cache-driver" "$target/shipped/cache-driver-${features//,/-}"
echo "$target/shipped/cache-driver-${features//,/-}"
