#!/usr/bin/env bash
# Puts the cargo subcommands that `make check` needs under target/tools, at fixed versions.
#
# They are built without optimisation: each runs for seconds, and this way all three take about a minute and a half of
# two cores instead of seven. That is why CI can afford the real tools and needs no look-alike of ours.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=(cargo-hack@0.6.46 cargo-machete@0.9.2 cargo-deny@0.20.2)
root=$PWD/target/tools

export CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16
# Between the three builds only: most of what they need is the same.
export CARGO_TARGET_DIR=$root/build
unset RUSTFLAGS

for tool in "${tools[@]}"; do
    name=${tool%@*}
    if ! grep -qs "^\"$name ${tool#*@} " "$root/.crates.toml"; then
        cargo install --quiet --locked --root "$root" "$tool"
    fi
done
rm -rf "$root/build"
