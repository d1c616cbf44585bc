#!/usr/bin/env bash
# What deploy/ holds: manifests render, keep to Kubernetes' schemas and agree with each other, the driver accepts every
# configuration, the orchestrator's definitions are what the driver takes, registrations are what it prints, and Terraform
# makes the same of them. Arguments go to pytest, for example `-k kustomize`.
#
#   scripts/deploy.sh --write    writes the registrations anew, after a change of the inputs
#
# Terraform's own validation needs the providers, which CI cannot download: it is read by another parser, its formatting is
# checked, and what it computes.
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet
target=$(cargo metadata --format-version 1 --no-deps | jq -r .target_directory)
export CACHE_DRIVER_BIN=$target/debug/cache-driver

# Each route is a driver of its own.
if [[ ${1:-} == --write ]]; then
    for file in deploy/humanitec/drivers/*.json; do
        "$CACHE_DRIVER_BIN" register --url https://cache-driver.example.com --config deploy/humanitec/register.toml \
            --route "$(basename "$file" .json)" >"$file.new"
        mv "$file.new" "$file"
    done
    exit
fi

if ! command -v kubectl >/dev/null; then
    echo "no kubectl on PATH: it renders the manifests (\`kubectl kustomize\`, no cluster needed)" >&2
    exit 1
fi

venv=$(scripts/venv.sh deploy tests/deploy/requirements.txt)
"$venv/bin/pytest" -c tests/deploy/pytest.ini tests/deploy "$@"
