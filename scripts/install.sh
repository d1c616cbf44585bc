#!/usr/bin/env bash
# Installs commands where they are missing and apt can, for example `scripts/install.sh redis-server zsh`. A Redis or Valkey
# server stands behind the endpoints of the sandbox; without one a small server of its own does. In the shells the tests try
# the completions. Nothing here is fatal: whoever needs what is not there says so.
set -euo pipefail

missing=()
for wanted in "$@"; do
    # Debian's packages have the names of their commands.
    if command -v "$wanted" >/dev/null; then continue; fi
    if [[ $wanted == redis-server ]] && command -v valkey-server >/dev/null; then continue; fi
    missing+=("$wanted")
done
if [[ ${#missing[@]} -eq 0 ]]; then exit 0; fi

if ! command -v apt-get >/dev/null; then
    echo "not on PATH, and no apt-get to install them: ${missing[*]}; going on without" >&2
    exit 0
fi

as_root=()
if [[ $EUID -ne 0 ]]; then
    # Never ask for a password: a demo that stops at a prompt helps nobody.
    if ! sudo -n true 2>/dev/null; then
        echo "not on PATH (sudo apt-get install ${missing[*]}): going on without" >&2
        exit 0
    fi
    as_root=(sudo -n)
fi

export DEBIAN_FRONTEND=noninteractive
install() {
    # A fresh machine has no package lists; an old list may name versions that are gone.
    "${as_root[@]}" apt-get -qq update && "${as_root[@]}" apt-get -qq install -y --no-install-recommends "${missing[@]}"
}
if ! install >/dev/null </dev/null; then
    echo "could not be installed: ${missing[*]}; going on without" >&2
fi
