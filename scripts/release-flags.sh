#!/usr/bin/env bash
# Prints RUSTFLAGS for what is shipped, as a binary (scripts/release.sh) or an image (deploy/Dockerfile): what cargo's profile
# cannot say.
# - The linker stores addresses that are set at start packed (glibc 2.36 reads that, and a static binary brings it along;
#   0.35 MB), and keeps functions that are the same once (only where Rust links with lld).
# - Each function keeps a frame pointer. The tables that a panic is unwound by have less to tell then (about 0.4 MB), and
#   profilers find their way.
# - Places in dependencies are named without the folder of the machine that builds (0.03 MB).
set -euo pipefail
cd "$(dirname "$0")/.."

flags='-C link-arg=-Wl,-z,pack-relative-relocs -C force-frame-pointers=yes'
if [[ $(uname -m) == x86_64 ]]; then flags+=' -C link-arg=-Wl,--icf=all'; fi
# The folder is there once something was fetched.
cargo fetch --quiet --locked --target "$(rustc --version --verbose | sed -n 's/^host: //p')"
for sources in "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*; do flags+=" --remap-path-prefix=$sources/="; done
echo "$flags"
