#!/usr/bin/env bash
# The demonstration: builds fixtures/node-app three times (cold, fully cached, one source file touched) and shows after each
# which steps hit or missed, why, and what it cost.
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"$repo/scripts/setup.sh" start
# shellcheck source=scripts/host-flags.sh
source "$repo/scripts/host-flags.sh"

demo=$(mktemp -d "${TMPDIR:-/tmp}/tsbuild-demo.XXXXXX")
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
root=$demo/root
app=$demo/node-app
cp -r "$repo/fixtures/node-app" "$app"
host_flags "$scratch"

main() {
  "$repo/scripts/make-bases.sh" "$root"
  title '1. Nothing is cached: every step runs'
  build
  title '2. Nothing has changed: every step is a hit'
  build
  title '3. One source file has changed: only what depends on it runs'
  sed -i 's/hello from node-app/hello again from node-app/' "$app/src/app.ts"
  build
  title 'Done'
  cat << TEXT
The image is $demo/node-app-1.0.tar. To load and run it:

  docker load -i $demo/node-app-1.0.tar && docker run --rm -p 3000:3000 node-app:1.0
  podman load -i $demo/node-app-1.0.tar && podman run --rm -p 3000:3000 node-app:1.0

then: curl http://127.0.0.1:3000/health. To try more: cd $demo, change something in node-app, and
  $repo/dist/cli/tsbuild.cjs --root $root -t node-app:1.0 node-app
(with the host's npm settings: --secret id=npmrc,src=\$HOME/.npmrc). To clean up: rm -rf $demo
TEXT
}

build() {
  (cd "$demo" && node "$repo/dist/cli/tsbuild.cjs" --root "$root" "${HOST_FLAGS[@]}" -t node-app:1.0 node-app < /dev/null)
}

title() {
  printf '\n== %s ==\n' "$1"
}

main
