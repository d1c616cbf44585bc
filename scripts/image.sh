#!/usr/bin/env bash
# Builds deploy/Dockerfile with buildah and runs what comes out as a cluster would: as nobody, on a read-only file
# system, with the configuration of one overlay. Nothing is pulled: a stand-in made from Debian's packages takes the
# place of the base image, a Debian with a C compiler and this machine's Rust.
#
#   FEATURES=aws,gcp,azure PROFILE=release scripts/image.sh
#
# The default, one cloud without optimisation, is what CI can afford: it proves this file, not the size of the binary.
set -euo pipefail
cd "$(dirname "$0")/.."

features=${FEATURES:-gcp}
profile=${PROFILE:-dev}
# Longer than a cold build on two cores takes; a build that hangs has to end.
limit=${LIMIT:-1800}

say() { echo "image: $*"; }
fail() {
    echo "image: $*" >&2
    exit 1
}

install_tools() {
    local missing=() pair
    # command=package
    for pair in buildah=buildah mmdebstrap=mmdebstrap curl=curl; do
        if ! command -v "${pair%=*}" >/dev/null; then missing+=("${pair#*=}"); fi
    done
    if [[ ${#missing[@]} -eq 0 ]]; then return; fi
    if [[ $EUID -ne 0 ]] || ! command -v apt-get >/dev/null; then
        fail "these packages are missing, and only root with apt-get can install them: ${missing[*]}"
    fi
    say "installing ${missing[*]}"
    apt-get -qq update
    DEBIAN_FRONTEND=noninteractive apt-get -qq install -y --no-install-recommends "${missing[@]}" >/dev/null
}

if [[ $EUID -ne 0 ]]; then
    fail "needs root: it makes a root file system and changes into it as another user"
fi
install_tools

# Under target, so that the stand-in and compiled crates are still there next time and `cargo clean` removes them.
kept=$PWD/target/image
mkdir -p "$kept/tmp"
# buildah keeps its cache mounts below TMPDIR.
export TMPDIR=$kept/tmp BUILDAH_ISOLATION=chroot
build() { buildah --root "$kept/store" --runroot "$kept/run" "$@"; }

work=$(mktemp -d)
server='' mounted=''
finish() {
    if [[ -n $server ]]; then kill "$server" 2>/dev/null || true; fi
    if [[ -n $mounted ]]; then build umount "$mounted" >/dev/null || true; fi
    # The store is this script's own. What a build left behind goes; the stand-in and the compiled crates stay.
    build rm --all >/dev/null 2>&1 || true
    build rmi --prune >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT

debian=$(sed -n 's/^ARG DEBIAN=//p' deploy/Dockerfile)
rust=$(sed -n 's/^ARG RUST=//p' deploy/Dockerfile)
# buildah looks for a short name among the local ones first.
builder=localhost/rust:$rust-slim-$debian

# stand_in IMAGE TREE [OPTION...]: a tree of files as an image, with these settings.
stand_in() {
    local image=$1 tree=$2 container
    shift 2
    container=$(build from scratch)
    build copy --quiet "$container" "$tree" / >/dev/null
    if [[ $# -gt 0 ]]; then build config "$@" "$container"; fi
    build commit --quiet "$container" "$image" >/dev/null
    build rm "$container" >/dev/null
}

# packages VARIANT INCLUDE FILE: these packages of Debian, unpacked into an archive.
packages() {
    mmdebstrap --quiet --variant="$1" --include="$2" --aptopt='Acquire::Retries "3"' "$debian" "$3"
}

if ! build inspect --type image "$builder" >/dev/null 2>&1; then
    say "making a stand-in for $builder"
    packages minbase gcc,libc6-dev,ca-certificates "$work/builder.tar"
    mkdir "$work/builder"
    tar -C "$work/builder" -xf "$work/builder.tar" --exclude='./dev/*'
    # As in the real image, but for CARGO_HOME: that one is this machine's, with what it has downloaded.
    stand_in "$builder" "$work/builder" --env "PATH=/opt/rust/bin:/usr/sbin:/usr/bin:/sbin:/bin" --env CARGO_HOME=/opt/cargo
fi

image=localhost/cache-driver:check
say "building $image with FEATURES=$features PROFILE=$profile"
sysroot=$(rustc --print sysroot)
started=$SECONDS
timeout --kill-after=30 "$limit" buildah --root "$kept/store" --runroot "$kept/run" bud --quiet --pull-never \
    --volume "$sysroot:/opt/rust:ro" --volume "${CARGO_HOME:-$HOME/.cargo}:/opt/cargo" \
    --build-arg "FEATURES=$features" --build-arg "PROFILE=$profile" \
    --build-arg "REVISION=$(git rev-parse --short HEAD 2>/dev/null || echo unknown)" \
    --file deploy/Dockerfile --tag "$image" . >/dev/null
say "built in $((SECONDS - started)) s"

# An image with the sandbox must not come into being.
if build bud --quiet --pull-never --target build --build-arg FEATURES=gcp,sandbox --file deploy/Dockerfile . \
    >/dev/null 2>"$work/refused"; then
    fail "FEATURES=gcp,sandbox was built"
fi
grep -q 'holds no emulated clouds' "$work/refused" || fail "FEATURES=gcp,sandbox failed for another reason: $(cat "$work/refused")"

setting() { build inspect --type image --format "{{ $1 }}" "$image"; }
user=$(setting .OCIv1.Config.User)
[[ $user =~ ^[1-9][0-9]*:[1-9][0-9]*$ ]] || fail "the image's user is '$user': expected a uid and a gid that are not 0"
[[ $(setting .OCIv1.Config.StopSignal) == SIGTERM ]] || fail "the image does not stop at SIGTERM"
entry=$(setting '(index .OCIv1.Config.Entrypoint 0)')
directory=$(setting .OCIv1.Config.WorkingDir)

mounted=$(build from --pull-never "$image")
root=$(build mount "$mounted")
# Nothing but the binary, the authorities, and a directory for the configuration.
[[ ! -e $root/bin/sh && ! -e $root/lib64 ]] || fail "the image holds more than it has to"
[[ $(readelf --wide --dynamic "$root$entry") == *RELR* ]] || fail "the binary was not linked with the flags of scripts/release-flags.sh"
[[ -s $root/etc/ssl/certs/ca-certificates.crt ]] || fail "the image has no certificate authorities"

# in_image MOUNT ARGUMENT...: runs the entry point as the image's user, on its files, read-only, with a directory mounted
# on its working directory, without privileges and with only the variables that a caller exports as CACHE_DRIVER__….
in_image() {
    local mount=$1
    shift
    # shellcheck disable=SC2016 # the inner shell's variables
    exec unshare --mount --propagation private -- bash -euc '
        root=$1 user=$2 from=$3 to=$4
        shift 4
        mount --bind "$root" "$root"
        mount --bind "$from" "$root$to"
        mount -o remount,bind,ro "$root$to"
        mount -o remount,bind,ro "$root"
        exec setpriv --no-new-privs --clear-groups -- \
            unshare --root="$root" --wd="$to" --setgid="${user#*:}" --setuid="${user%:*}" -- "$@"
    ' in-image "$root" "$user" "$mount" "$directory" "$@"
}

configuration=$work/configuration
mkdir -p "$configuration/secrets"
cp deploy/kustomize/base/driver.toml "$configuration/"
cloud=${features%%,*}
cp "deploy/kustomize/overlays/$cloud/cloud.toml" "$configuration/"
# Synthetic, made here and gone afterwards.
head -c 32 /dev/urandom | od -An -v -tx1 | tr -d ' \n' >"$configuration/secrets/k1"
head -c 32 /dev/urandom | sha256sum | cut -d' ' -f1 >"$configuration/secrets/orchestrator.sha256"
chmod -R a+rX "$configuration"
export CACHE_DRIVER_CONFIG=driver.toml:cloud.toml CACHE_DRIVER__SERVER__LISTEN=127.0.0.1:0

version=$(in_image "$configuration" "$entry" --version)
say "$version"
expected=$(tr ',' '\n' <<<"$features" | sort | paste -sd' ')
compiled=${version#*providers: }
compiled=$(tr -d ' )' <<<"$compiled" | tr ',' '\n' | sort | paste -sd' ')
[[ $compiled == "$expected" ]] || fail "the image can drive '$compiled', asked for was '$expected'"

status=0
(in_image "$configuration" "$entry" serve --sandbox) >"$work/sandbox" 2>&1 || status=$?
[[ $status -eq 2 ]] || fail "serve --sandbox ended with $status, expected 2: $(cat "$work/sandbox")"
grep -q 'built without the feature .sandbox.' "$work/sandbox" || fail "serve --sandbox said: $(cat "$work/sandbox")"

# Nothing but the working directory's mount may be needed, and nothing may be written.
: >"$work/out"
(in_image "$configuration" "$entry" serve) >"$work/out" 2>"$work/err" &
server=$!
address=''
for _ in {1..100}; do
    address=$(sed -n 's#^listening on http://##p' "$work/out")
    if [[ -n $address ]]; then break; fi
    kill -0 "$server" 2>/dev/null || fail "the server ended: $(cat "$work/err")"
    sleep 0.1
done
[[ -n $address ]] || fail "the server does not listen after ten seconds: $(cat "$work/err")"
uid=$(awk '/^Uid:/ { print $2 }' "/proc/$server/status")
[[ $uid == "${user%:*}" ]] || fail "the server runs as uid $uid, the image says $user"
grep -q ' / .*\bro\b' "/proc/$server/mountinfo" || fail "the server's root is not read-only"
alive=$(curl --silent --show-error --fail --max-time 5 "http://$address/alive") || fail "/alive: $(cat "$work/err")"
say "uid $uid, read-only root: /alive answers $alive"
denied=$(curl --silent --output "$work/denied" --write-out '%{http_code}' --max-time 5 "http://$address/redis/image-check")
[[ $denied == 401 ]] || fail "a caller without a token got $denied, expected 401: $(cat "$work/denied")"

kill -TERM "$server"
status=0
wait "$server" || status=$?
server=''
[[ $status -eq 0 ]] || fail "the server ended with $status at SIGTERM, expected 0: $(cat "$work/err")"
say "stopped at SIGTERM; all of it in $SECONDS s"
