#!/usr/bin/env bash
# Prints RUSTFLAGS for what is shipped, as a binary (scripts/release.sh) or an image (deploy/Dockerfile): two things that the
# linker can do and cargo's profile cannot say. Addresses that are set at start are stored packed (glibc 2.36 reads that, and
# a static binary brings it along; 0.35 MB), and functions that are the same are kept once (only where Rust links with lld).
set -euo pipefail

flags='-C link-arg=-Wl,-z,pack-relative-relocs'
if [[ $(uname -m) == x86_64 ]]; then flags+=' -C link-arg=-Wl,--icf=all'; fi
echo "$flags"
