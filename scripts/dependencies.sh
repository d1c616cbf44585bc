#!/usr/bin/env bash
# What the crate depends on: nothing banned, no foreign licence or source (deny.toml), nothing unused, a build with one
# provider without the libraries of another, and in every build one HTTP, one TLS and one JSON stack.
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
    cargo tree --locked --no-default-features --features "$1" --edges normal,build --prefix none --format '{p}' |
        sed 's/ (\*)$//' | sort -u
}

# The one of each, and others that do the same. aws-smithy-json, with which the AWS SDK reads its own files, is no second
# choice: nothing else can use it.
stack=(axum http hyper reqwest rustls tokio-rustls aws-lc-rs serde_json)
others='^(actix-web|warp|rocket|isahc|surf|ureq|curl|attohttpc|native-tls|openssl|boring|ring|simd-json|sonic-rs|json|tinyjson|serde_yaml) v'

failed=0
for provider in '' aws gcp azure; do
    crates=$(crates_of "$provider")
    for other in "${!own[@]}"; do
        if [[ $other == "$provider" ]]; then continue; fi
        if found=$(grep -E "${own[$other]}" <<<"$crates"); then
            printf 'a build with the features "%s" contains a library of %s:\n%s\n' "$provider" "$other" "$found" >&2
            failed=1
        fi
    done
done

for features in '' aws gcp azure aws,gcp,azure,sandbox; do
    crates=$(crates_of "$features")
    for crate in "${stack[@]}"; do
        # reqwest is in every build: the commands call other drivers.
        versions=$(grep -cE "^$crate v" <<<"$crates" || true)
        if [[ $versions -ne 1 ]]; then
            echo "a build with the features \"$features\" has $versions versions of $crate, not one" >&2
            failed=1
        fi
    done
    if found=$(grep -E "$others" <<<"$crates"); then
        printf 'a build with the features "%s" has a second stack:\n%s\n' "$features" "$found" >&2
        failed=1
    fi
    # The driver itself speaks HTTP/1.1 only; aws' SDK and gcp's library for credentials bring their own way to ask in HTTP/2.
    case $features in *aws* | *gcp*) expected=1 ;; *) expected=0 ;; esac
    versions=$(grep -cE '^h2 v' <<<"$crates" || true)
    if [[ $versions -ne $expected ]]; then
        echo "a build with the features \"$features\" has $versions versions of h2, not $expected" >&2
        failed=1
    fi
done

# The reverse, or the pattern above would also pass when it matches nothing at all.
crates=$(crates_of aws)
if ! grep -qE "${own[aws]}" <<<"$crates"; then
    echo 'the build with aws contains no library of aws: the pattern in this script is wrong' >&2
    failed=1
fi
exit "$failed"
