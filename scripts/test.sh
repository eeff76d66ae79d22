#!/usr/bin/env bash
# npm test: sets the machine up, then runs the unit, rig and end-to-end tests with real runc and overlayfs. Arguments go to
# vitest: npm test -- test/ops/copy.test.ts
set -euo pipefail

repo=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$repo"
scripts/setup.sh test
exec npx vitest run "$@" < /dev/null
