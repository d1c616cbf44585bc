#!/usr/bin/env bash
# What the crate depends on: nothing banned, no foreign licence or source (deny.toml), nothing unused, and a build with
# one provider without the libraries of another.
#
# Advisories are left out: their database is a git repository that CI cannot reach. `cargo deny check advisories` is for
# whoever can.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/tools.sh
PATH=$PWD/target/tools/bin:$PATH

cargo deny --locked --all-features --log-level error check bans licenses sources
cargo machete

# aws-lc is the cryptography library of every build, not a part of the SDK.
declare -A own=([aws]='^aws-(config|credential|runtime|sdk|sig|smithy|types)' [gcp]='^(gcp|google)' [azure]='^azure')

# crates_of FEATURES: every crate that ends up in a build with these features, one a line.
crates_of() {
    cargo tree --locked --no-default-features --features "$1" --edges normal,build --prefix none --format '{p}'
}

failed=0
for provider in '' aws gcp azure; do
    crates=$(crates_of "$provider")
    for other in "${!own[@]}"; do
        if [[ $other == "$provider" ]]; then continue; fi
        if found=$(grep -E "${own[$other]}" <<<"$crates" | sort -u); then
            printf 'a build with the features "%s" contains a library of %s:\n%s\n' "$provider" "$other" "$found" >&2
            failed=1
        fi
    done
done

# The reverse, or the pattern above would also pass when it matches nothing at all.
crates=$(crates_of aws)
if ! grep -qE "${own[aws]}" <<<"$crates"; then
    echo 'the build with aws contains no library of aws: the pattern in this script is wrong' >&2
    failed=1
fi
exit "$failed"
