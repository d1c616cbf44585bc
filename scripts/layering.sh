#!/usr/bin/env bash
# The arrows between the rooms of the house (src/lib.rs): who may not import whom, and where `cfg(feature)` may stand.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0

# forbid REASON PATTERN PATH...: no line of these files, comments aside, matches.
forbid() {
    local reason=$1 pattern=$2 path found existing=()
    shift 2
    for path in "$@"; do
        if [[ -e $path ]]; then existing+=("$path"); fi
    done
    if [[ ${#existing[@]} -eq 0 ]]; then return; fi
    found=$(grep -rnE --include='*.rs' -- "$pattern" "${existing[@]}" | grep -vE '^[^:]+:[0-9]+:[[:space:]]*//' || true)
    if [[ -n $found ]]; then
        printf '%s:\n%s\n' "$reason" "$found" >&2
        failed=1
    fi
}

forbid 'the words import nothing of ours but words' \
    'crate::(backend|cli|config|driver|http|routing|sandbox|telemetry)\b|\baxum\b' src/cache
forbid 'a backend knows nothing above it' 'crate::(cli|http|routing|driver|sandbox)\b|\baxum\b' src/backend
forbid 'the driver knows no HTTP' 'crate::(cli|http|sandbox)\b|\baxum\b' src/driver src/routing.rs src/routing
forbid 'the driver and HTTP know no provider' 'backend::(aws|gcp|azure)\b|\b(aws_sdk|aws_config|aws_smithy)' \
    src/cache src/driver src/http src/config src/routing.rs src/routing
for provider in aws gcp azure; do
    others=$(printf '%s\n' aws gcp azure | grep -v "$provider" | paste -sd'|')
    forbid "provider $provider imports another" "backend::($others)\b|super::($others)\b" "src/backend/$provider"
done
forbid 'the sandbox shares code with what it tests' 'crate::(backend|driver|http)\b' src/sandbox
forbid 'only cli reads the command line' '\bclap\b|env::args' \
    src/backend src/cache src/config src/driver src/http src/sandbox src/routing.rs src/routing src/telemetry

mapfile -t elsewhere < <(find src -name '*.rs' ! -path src/backend/mod.rs ! -path src/lib.rs ! -path src/cli/mod.rs)
forbid 'cfg(feature) stands in backend/mod.rs, lib.rs and cli/mod.rs only' 'cfg(_attr)?\(.*feature *=|cfg!\(.*feature' \
    "${elsewhere[@]}"

exit "$failed"
