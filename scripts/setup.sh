#!/usr/bin/env bash
# Installs what tsbuild needs on this machine and builds it: setup.sh start|test
#
# As root on Debian the missing packages are installed, and named first. As an ordinary user nothing is installed: the one
# line that is missing is printed, and the exit code is 2.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
purpose=${1:?usage: setup.sh start|test}

# A package and what tells that it is there: a program, or a file.
START_PACKAGES=(
  runc:runc uidmap:newuidmap slirp4netns:slirp4netns util-linux:unshare mmdebstrap:mmdebstrap busybox-static:/usr/share/doc/busybox-static
  ca-certificates:/etc/ssl/certs/ca-certificates.crt xz-utils:xz bzip2:bzip2 zstd:zstd git:git openssh-client:ssh-keygen
)
TEST_PACKAGES=(
  skopeo:skopeo podman:podman umoci:umoci docker-registry:docker-registry tmux:tmux iproute2:ip curl:curl attr:setfattr openssl:openssl
  libcap2-bin:setcap
)

main() {
  check_node
  local wanted=("${START_PACKAGES[@]}")
  [ "$purpose" = test ] && wanted+=("${TEST_PACKAGES[@]}")
  install_packages "${wanted[@]}"
  cd "$repo"
  install_modules
  npm run --silent build
}

check_node() {
  command -v node > /dev/null || fail 'Node.js is missing; tsbuild needs Node 20.11 or newer (https://nodejs.org)'
  node -e 'const [major, minor] = process.versions.node.split("."); process.exit(+major > 20 || (+major === 20 && +minor >= 11) ? 0 : 1)' \
    || fail "this is Node $(node --version); tsbuild needs Node 20.11 or newer (https://nodejs.org)"
  [ "$(uname -s)" = Linux ] || fail 'tsbuild runs on Linux; on macOS use Lima, on Windows WSL2, or a devcontainer on either'
}

install_packages() {
  local missing=() pair
  for pair in "$@"; do
    is_there "${pair#*:}" || missing+=("${pair%%:*}")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    echo "tsbuild needs packages that are not installed. Run this once, then again what you ran:" >&2
    echo "  sudo apt-get update && sudo apt-get install -y --no-install-recommends ${missing[*]}" >&2
    exit 2
  fi
  command -v apt-get > /dev/null || fail "install these packages with the package manager of this system: ${missing[*]}"
  echo "setup: installing ${missing[*]}"
  local log
  log=$(mktemp)
  if ! (apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}") \
    > "$log" 2>&1 < /dev/null; then
    tail -n 30 "$log" >&2
    fail "apt-get failed; the whole log is $log"
  fi
  rm -f "$log"
}

# An ordinary user's PATH on Debian has no sbin, where runc lies.
is_there() {
  [ -e "$1" ] || PATH=$PATH:/usr/local/sbin:/usr/sbin:/sbin command -v "$1" > /dev/null
}

# node_modules/.package-lock.json is npm's own record of what it installed last.
install_modules() {
  if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    echo 'setup: npm ci'
    npm ci --no-audit --no-fund --loglevel=error < /dev/null
    touch node_modules/.package-lock.json
  fi
}

fail() {
  echo "setup: $1" >&2
  exit 2
}

main
