#!/bin/bash
# The engine of a conformance run as an ordinary user; the run itself is root's, which can clean up after it:
#   run.mjs --tsbuild test/conformance/as-user.sh --only 'area:(run|mounts)$' --bases DIR
# TSBUILD_TEST_USER has sub-ids; TSBUILD_TEST_CLI (dist/cli/tsbuild.cjs of a copy) can be read by it.
user=${TSBUILD_TEST_USER:-tsbuild-test}
cli=${TSBUILD_TEST_CLI:-$(dirname "$0")/../../dist/cli/tsbuild.cjs}
previous=
for argument in "$@"; do
  [ "$previous" = --root ] && place=$(dirname "$argument")
  previous=$argument
done
# The copies of the cases become the user's; what a root holds belongs to sub-ids already.
chown "$user:" "$place"
for entry in "$place"/*; do
  [[ $entry == *.root || $(stat -c %u "$entry") != 0 ]] || chown -hR "$user:" "$entry"
done
exec runuser -u "$user" -- env HOME="$(getent passwd "$user" | cut -d: -f6)" node "$cli" "$@"
