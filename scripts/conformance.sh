#!/usr/bin/env bash
# Cross-checks by others' code, in tests/conformance. Arguments go to pytest, for example `-k sandbox`.
set -euo pipefail
cd "$(dirname "$0")/.."

# Two, because ministack pins a botocore that the newest boto3 does not accept.
moto=$(scripts/venv.sh moto tests/conformance/requirements.txt)
ministack=$(scripts/venv.sh ministack tests/conformance/requirements-ministack.txt)

cargo build --quiet
target=$(cargo metadata --format-version 1 --no-deps | jq -r .target_directory)

CACHE_DRIVER_BIN=$target/debug/cache-driver MINISTACK_BIN=$ministack/bin/ministack "$moto/bin/pytest" -c tests/conformance/pytest.ini tests/conformance "$@"
