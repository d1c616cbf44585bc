#!/usr/bin/env bash
# Installs a Redis server where there is none and apt can: the data plane of the sandbox, and of the tests on it.
# Without one the sandbox falls back to a small server of its own, so nothing here is fatal.
set -euo pipefail

if command -v valkey-server >/dev/null || command -v redis-server >/dev/null; then
    exit 0
fi

if ! command -v apt-get >/dev/null; then
    echo "no valkey-server or redis-server on PATH, and no apt-get to install one: going on without" >&2
    exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
    # Never ask for a password: a demo that stops at a prompt helps nobody.
    if ! sudo -n true 2>/dev/null; then
        echo "no valkey-server or redis-server on PATH (sudo apt-get install redis-server): going on without" >&2
        exit 0
    fi
    as_root=(sudo -n)
fi

export DEBIAN_FRONTEND=noninteractive
install() {
    # A fresh machine has no package lists; an old list may name versions that are gone.
    "${as_root[@]}" apt-get -qq update && "${as_root[@]}" apt-get -qq install -y --no-install-recommends redis-server
}
if ! install >/dev/null </dev/null; then
    echo "redis-server could not be installed: going on without" >&2
fi
